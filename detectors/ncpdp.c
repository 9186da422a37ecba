/* SPDX-License-Identifier: Apache-2.0
 *
 * NCPDP Telecommunication (D.0), the claims of pharmacies: segments begin with AM and two digits, a field is two characters
 * that name it and its value, and control characters part them (FS, GS, RS). Printed for people, those become blanks,
 * bars or the pictures of control characters; behind a blank only a field that is known begins.
 */
#include <string.h>

#include "fields.h"
#include "structured.h"
#include "text.h"

enum { NCPDP_VALUE_MAX = 80 };

static const struct {
    char id[3];
    struct structured_field field;
} fields[] = {
    {"A7", {PHI_OTHER_CODE, FIELD_ID, false}},        {"AM", {PHI_NONE, 0, false}},
    {"C1", {PHI_PLAN_GROUP, FIELD_ID, false}},        {"C2", {PHI_PLAN_ID, FIELD_ID, false}},
    {"C4", {PHI_DATE_DOB, FIELD_DATE, false}},        {"C5", {PHI_NONE, 0, false}},
    {"C6", {PHI_NONE, 0, false}},                     {"CA", {PHI_NAME_PATIENT, FIELD_NAME, false}},
    {"CB", {PHI_NAME_PATIENT, FIELD_NAME, false}},    {"CC", {PHI_NAME_PATIENT, FIELD_NAME, false}},
    {"CD", {PHI_NAME_PATIENT, FIELD_NAME, false}},    {"CF", {PHI_NAME_EMPLOYER, FIELD_PLACE, false}},
    {"CG", {PHI_GEO_STREET, FIELD_PLACE, false}},     {"CH", {PHI_GEO_CITY, FIELD_NAME, false}},
    {"CJ", {PHI_GEO_ZIP, FIELD_ZIP, false}},          {"CK", {PHI_PHONE, FIELD_PHONE, false}},
    {"CL", {PHI_NAME_UNKNOWN, FIELD_NAME, false}},    {"CM", {PHI_GEO_STREET, FIELD_PLACE, false}},
    {"CN", {PHI_GEO_CITY, FIELD_NAME, false}},        {"CO", {PHI_NONE, 0, false}},
    {"CP", {PHI_GEO_ZIP, FIELD_ZIP, false}},          {"CQ", {PHI_PHONE, FIELD_PHONE, false}},
    {"CX", {PHI_NONE, 0, false}},                     {"CY", {PHI_MRN, FIELD_ID, false}},
    {"D1", {PHI_DATE_SERVICE, FIELD_DATE, false}},    {"D2", {PHI_OTHER_RX, FIELD_ID, false}},
    {"DB", {PHI_LICENSE_PROVIDER, FIELD_ID, false}},  {"DR", {PHI_NAME_PROVIDER, FIELD_NAME, false}},
    {"D3", {PHI_NONE, 0, false}},                     {"D5", {PHI_NONE, 0, false}},
    {"D6", {PHI_NONE, 0, false}},                     {"D7", {PHI_NONE, 0, false}},
    {"D8", {PHI_NONE, 0, false}},                     {"DE", {PHI_NONE, 0, false}},
    {"DQ", {PHI_NONE, 0, false}},                     {"DU", {PHI_NONE, 0, false}},
    {"E1", {PHI_NONE, 0, false}},                     {"E7", {PHI_NONE, 0, false}},
    {"DY", {PHI_DATE_OTHER, FIELD_DATE, false}},      {"DZ", {PHI_OTHER_CLAIM, FIELD_ID, false}},
    {"EM", {PHI_NONE, 0, false}},                     {"EN", {PHI_OTHER_RX, FIELD_ID, false}},
    {"EV", {PHI_OTHER_AUTH, FIELD_ID, false}},        {"F3", {PHI_OTHER_AUTH, FIELD_ID, false}},
    {"HN", {PHI_EMAIL, FIELD_PLAIN, false}},          {"PM", {PHI_PHONE, FIELD_PHONE, false}},
    {"2J", {PHI_NAME_PROVIDER, FIELD_NAME, false}},
};

/* The bytes of the mark at i: a control character, a bar, the picture of FS, GS or RS; 0: none. A blank is none. */
static uint32_t mark_at(const struct structured *t, uint32_t i)
{
    unsigned char c = (unsigned char)t->text[i];
    if (c < 0x20 || c == '|')
        return 1;
    return i + 2 < t->len && memcmp(t->text + i, "\342\220", 2) == 0 && (unsigned char)t->text[i + 2] >= 0x9C &&
           (unsigned char)t->text[i + 2] <= 0x9E ? 3 : 0;
}

static int field_at(const struct structured *t, uint32_t i)
{
    if (i + 2 >= t->len || t->text[i + 2] == ' ' || mark_at(t, i + 2))
        return -1;
    for (unsigned k = 0; k < sizeof fields / sizeof *fields; k++)
        if (memcmp(fields[k].id, t->text + i, 2) == 0)
            return (int)k;
    return -1;
}

/* Does a field begin behind the blank at i? In an address no name does ("118 CAMELLIA CT"), and "CO" only with a state
 * ("ST COLUMBUS"). */
static bool begins_field(const struct structured *t, uint32_t i, const struct structured_field *in)
{
    int k = field_at(t, i + 1);
    if (k < 0)
        return false;
    if ((in->kind == PHI_GEO_STREET || in->kind == PHI_GEO_CITY) && fields[k].field.shape == FIELD_NAME && fields[k].field.kind != PHI_GEO_CITY)
        return false;
    return memcmp(fields[k].id, "CO", 2) != 0 || i + 5 >= t->len || t->text[i + 5] == ' ' || mark_at(t, i + 5);
}

static uint32_t value_end(const struct structured *t, uint32_t i, const struct structured_field *in, bool blanks)
{
    uint32_t begin = i;
    while (i < t->len && i - begin < NCPDP_VALUE_MAX && !mark_at(t, i) && !(blanks && t->text[i] == ' ' && begins_field(t, i, in)))
        i++;
    return i;
}

/* "AM" and two digits where a field can begin. */
static bool is_segment(const struct structured *t, uint32_t i)
{
    return i + 4 <= t->len && text_is_digit(t->text[i + 2]) && text_is_digit(t->text[i + 3]) &&
           (i + 4 == t->len || t->text[i + 4] == ' ' || mark_at(t, i + 4)) && (i == 0 || !text_is_alnum(t->text[i - 1]) || (i >= 3 && mark_at(t, i - 3) == 3));
}

/* The fields of one segment, as far as they follow one another. Returns where it ends. */
static int segment_read(const struct structured *t, uint32_t *at)
{
    static const struct structured_field unknown = {0};
    uint32_t i = *at + 4;
    bool blanks = i < t->len && t->text[i] == ' ';
    while (i < t->len) {
        uint32_t mark = t->text[i] == ' ' ? 1 : mark_at(t, i);
        if (mark) {
            i += mark;
            continue;
        }
        int k = field_at(t, i);
        if (k >= 0 && memcmp(fields[k].id, "AM", 2) == 0)
            break;
        uint32_t end = value_end(t, i + 2 < t->len ? i + 2 : t->len, k < 0 ? &unknown : &fields[k].field, blanks);
        if (k >= 0 && fields[k].field.kind != PHI_NONE &&
            structured_add(t, (struct phi_part){i + 2, end}, fields[k].field, STRUCTURED_NCPDP) < 0)
            return -1;
        i = end;
    }
    *at = i;
    return 0;
}

/* Two segments or more: one alone may be anything. */
static bool is_ncpdp(const struct structured *t, uint32_t at)
{
    unsigned n = 0;
    for (uint32_t i = at; i + 4 <= t->len && n < 2; i++) {
        const char *found = memmem(t->text + i, t->len - i, "AM", 2);
        if (!found)
            break;
        i = (uint32_t)(found - t->text);
        n += is_segment(t, i);
    }
    return n >= 2;
}

/* "AM0"; a large A is rarer than memmem is quick. */
static const char *segment_first(const struct structured *t)
{
    const char *end = t->text + t->len, *found = t->text;
    while (end - found >= 3 && (found = memchr(found, 'A', (size_t)(end - found) - 2)) && (found[1] != 'M' || found[2] != '0'))
        found++;
    return found && end - found >= 3 ? found : NULL;
}

int ncpdp_run(const struct structured *t)
{
    const char *found = segment_first(t);
    if (!found || !is_ncpdp(t, (uint32_t)(found - t->text)))
        return 0;
    for (uint32_t i = (uint32_t)(found - t->text); i < t->len;) {
        found = memmem(t->text + i, t->len - i, "AM", 2);
        if (!found)
            return 0;
        i = (uint32_t)(found - t->text);
        if (!is_segment(t, i))
            i += 2;
        else if (segment_read(t, &i) < 0)
            return -1;
    }
    return 0;
}
