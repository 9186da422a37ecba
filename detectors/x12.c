/* SPDX-License-Identifier: Apache-2.0
 *
 * ASC X12 (005010) claims, eligibility, remittance and enrollment: segments end with '~' or a line break, elements
 * are parted by '*'. What an element holds depends on the segment and on its qualifier.
 */
#include <string.h>

#include "fields.h"
#include "structured.h"
#include "text.h"

enum { ELEMENTS_MAX = 24 };

struct segment {
    const char *text;
    struct phi_part v[ELEMENTS_MAX]; /* [0] is the name */
    unsigned n;
};

struct x12_element {
    char segment[4];
    char qualifiers[56]; /* of element 1, blank on both sides; empty: any */
    uint8_t number;
    uint16_t kind;
    uint8_t shape;
};

/* The entities that are persons under care or insured, and those that give care. */
#define PERSONS " IL QC 74 03 70 31 IN GD S1 E1 EI EXS P5 X4 LR QD "
#define PROVIDERS " 82 DN P3 77 DK DQ 71 72 73 ZZ DD "
#define FACILITIES " 85 87 1P FA "

static const struct x12_element elements[] = {
    {"NM1", PERSONS, 3, PHI_NAME_PATIENT, FIELD_NAME},    {"NM1", PERSONS, 4, PHI_NAME_PATIENT, FIELD_NAME},
    {"NM1", PERSONS, 5, PHI_NAME_PATIENT, FIELD_NAME},    {"NM1", PERSONS, 9, PHI_PLAN_ID, FIELD_ID},
    {"NM1", PROVIDERS, 3, PHI_NAME_PROVIDER, FIELD_NAME}, {"NM1", PROVIDERS, 4, PHI_NAME_PROVIDER, FIELD_NAME},
    {"NM1", PROVIDERS FACILITIES, 5, PHI_NAME_PROVIDER, FIELD_NAME}, {"NM1", PROVIDERS FACILITIES, 9, PHI_LICENSE_PROVIDER, FIELD_ID},
    {"NM1", FACILITIES " 40 41 ", 3, PHI_GEO_FACILITY, FIELD_PLACE},
    {"N1", FACILITIES " PE SJ 77 ", 2, PHI_GEO_FACILITY, FIELD_PLACE}, {"N1", FACILITIES " PE ", 4, PHI_LICENSE_PROVIDER, FIELD_ID},
    {"N1", PERSONS, 2, PHI_NAME_PATIENT, FIELD_NAME},     {"N1", PERSONS, 4, PHI_PLAN_ID, FIELD_ID},
    {"NM1", " SJ 1P 85 87 FA 41 40 36 ", 4, PHI_NAME_PROVIDER, FIELD_NAME}, {"NM1", " SJ ", 3, PHI_NAME_PROVIDER, FIELD_NAME},
    {"NM1", " SJ ", 9, PHI_LICENSE_PROVIDER, FIELD_ID},
    {"BHT", "", 3, PHI_OTHER_CLAIM, FIELD_ID},            {"ISA", "", 9, PHI_DATE_OTHER, FIELD_DATE},
    {"N3", "", 1, PHI_GEO_STREET, FIELD_PLACE},           {"N3", "", 2, PHI_GEO_STREET, FIELD_PLACE},
    {"N4", "", 1, PHI_GEO_CITY, FIELD_NAME},              {"N4", "", 3, PHI_GEO_ZIP, FIELD_ZIP},
    {"DMG", "", 2, PHI_DATE_DOB, FIELD_DATE},             {"PAT", "", 6, PHI_DATE_DEATH, FIELD_DATE},
    {"SBR", "", 3, PHI_PLAN_GROUP, FIELD_PLAIN},        {"SBR", "", 4, PHI_NAME_EMPLOYER, FIELD_PLACE},
              {"CLM", "", 1, PHI_OTHER_CLAIM, FIELD_ID},
    {"CLP", "", 1, PHI_OTHER_CLAIM, FIELD_ID},            {"CLP", "", 7, PHI_OTHER_CLAIM, FIELD_ID},
    {"TRN", "", 2, PHI_OTHER_CLAIM, FIELD_ID},            {"INS", "", 12, PHI_DATE_DEATH, FIELD_DATE},
    {"REF", " SY ", 2, PHI_SSN, FIELD_ID},                {"REF", " EA ", 2, PHI_MRN, FIELD_ID},
    {"REF", " F8 D9 Y4 ", 2, PHI_OTHER_CLAIM, FIELD_ID},  {"REF", " G1 9F ", 2, PHI_OTHER_AUTH, FIELD_ID},
    {"REF", " 1W 0F IG 17 Q4 3H ", 2, PHI_PLAN_ID, FIELD_ID}, {"REF", " 1L 6P ", 2, PHI_PLAN_GROUP, FIELD_ID},
    {"REF", " EJ 23 ", 2, PHI_ACCOUNT_PATIENT, FIELD_ID}, {"REF", " EI TJ ", 2, PHI_ITIN, FIELD_ID},
    {"REF", " 1G 0B LU ", 2, PHI_LICENSE_PROVIDER, FIELD_ID}, {"REF", " XZ ", 2, PHI_OTHER_RX, FIELD_ID},
    {"DTP", "", 3, PHI_DATE_SERVICE, FIELD_DATE},         {"DTM", "", 2, PHI_DATE_SERVICE, FIELD_DATE},
    {"PER", "", 2, PHI_NAME_UNKNOWN, FIELD_NAME},
};

static bool qualifies(const char *list, const char *text, struct phi_part q)
{
    uint32_t len = q.end - q.begin;
    char word[8] = " ";
    if (!*list)
        return true;
    if (len == 0 || len > 4)
        return false;
    memcpy(word + 1, text + q.begin, len);
    word[len + 1] = ' ';
    return strstr(list, word) != NULL;
}

/* PER: pairs of a qualifier and a number from element 3 on. */
static int contacts_read(const struct structured *t, const struct segment *s)
{
    for (unsigned i = 3; i + 1 < s->n; i += 2) {
        struct structured_field field = {PHI_PHONE, FIELD_PHONE, false};
        if (qualifies(" FX ", s->text, s->v[i]))
            field.kind = PHI_FAX;
        else if (qualifies(" EM ", s->text, s->v[i]))
            field = (struct structured_field){PHI_EMAIL, FIELD_PLAIN, false};
        else if (!qualifies(" TE HP WP CP AP BN EX PC ", s->text, s->v[i]))
            continue;
        if (structured_add(t, s->v[i + 1], field, STRUCTURED_X12) < 0)
            return -1;
    }
    return 0;
}

/* NM1: what number it is says the element before it, which senders do not always put into its place. */
static int identity_read(const struct structured *t, const struct segment *s)
{
    for (unsigned i = 5; i + 1 < s->n; i++) {
        uint16_t kind = qualifies(" XX ", s->text, s->v[i]) ? PHI_LICENSE_PROVIDER : qualifies(" MI ", s->text, s->v[i]) ? PHI_PLAN_ID : PHI_NONE;
        if (kind != PHI_NONE && structured_add(t, s->v[i + 1], (struct structured_field){kind, FIELD_ID, false}, STRUCTURED_X12) < 0)
            return -1;
    }
    return 0;
}

static int segment_read(const struct structured *t, const struct segment *s)
{
    uint32_t len = s->v[0].end - s->v[0].begin;
    const char *name = s->text + s->v[0].begin;
    if (len < 2 || len > 3 || s->n < 2)
        return 0;
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        const struct x12_element *e = &elements[i];
        if (e->number >= s->n || strlen(e->segment) != len || memcmp(e->segment, name, len) != 0 ||
            !qualifies(e->qualifiers, s->text, s->v[1]))
            continue;
        struct structured_field field = {e->kind, e->shape, false};
        if (structured_add(t, s->v[e->number], field, STRUCTURED_X12) < 0)
            return -1;
    }
    if (len == 3 && memcmp(name, "NM1", 3) == 0)
        return identity_read(t, s);
    return len == 3 && memcmp(name, "PER", 3) == 0 ? contacts_read(t, s) : 0;
}

static struct segment segment_split(const struct structured *t, uint32_t begin, uint32_t end)
{
    struct segment s = {.text = t->text};
    while (begin < end && text_is_space(t->text[begin]))
        begin++;
    for (uint32_t i = begin; i <= end && s.n < ELEMENTS_MAX; i++) {
        if (i < end && t->text[i] != '*')
            continue;
        s.v[s.n++] = (struct phi_part){begin, i};
        begin = i + 1;
    }
    return s;
}

/* All names of segments end so: a capital, a letter or digit, a star. */
static bool has_element(const struct structured *t)
{
    const char *at = t->text, *end = t->text + t->len;
    while ((at = memchr(at, '*', (size_t)(end - at)))) {
        if (at - t->text > 1 && text_is_alnum(at[-1]) && text_is_upper(at[-2]))
            return true;
        at++;
    }
    return false;
}

/* A heading of X12, or two segments that little else looks like. */
static bool is_x12(const struct structured *t)
{
    static const char *const marks[] = {"ISA*", "NM1*", "CLM*", "DMG*", "REF*", "CLP*", "SBR*", "N4*", "DTP*", "INS*"};
    unsigned n = 0;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        n += memmem(t->text, t->len, marks[i], strlen(marks[i])) != NULL;
    return n >= 2 || memmem(t->text, t->len, "NM1*IL*", 7) || memmem(t->text, t->len, "NM1*QC*", 7);
}

int x12_run(const struct structured *t)
{
    if (!has_element(t) || !is_x12(t))
        return 0;
    for (uint32_t i = 0; i < t->len;) {
        uint32_t end = i;
        while (end < t->len && t->text[end] != '~' && t->text[end] != '\n' && t->text[end] != '\r')
            end++;
        struct segment s = segment_split(t, i, end);
        if (s.n > 1 && segment_read(t, &s) < 0)
            return -1;
        i = end + 1;
    }
    return 0;
}
