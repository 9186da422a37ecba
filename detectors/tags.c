/* SPDX-License-Identifier: Apache-2.0
 *
 * XML in text: the names of C-CDA R2.1 and NCPDP SCRIPT elements, and those that fields.def knows. A value stands
 * between <tag> and the next '<', or in the attribute value="..." or extension="...".
 */
#include <string.h>

#include "fields.h"
#include "structured.h"
#include "text.h"

enum { TAG_MAX = 40, VALUE_MAX = 200 };

static const struct {
    const char *tag; /* lower case */
    struct structured_field field;
} tags[] = {
    {"given", {PHI_NAME_PATIENT, FIELD_NAME, false}},
    {"family", {PHI_NAME_PATIENT, FIELD_NAME, false}},
    {"birthtime", {PHI_DATE_DOB, FIELD_DATE, false}},
    {"deceasedtime", {PHI_DATE_DEATH, FIELD_DATE, false}},
    {"effectivetime", {PHI_DATE_SERVICE, FIELD_DATE, false}},
    {"low", {PHI_DATE_SERVICE, FIELD_DATE, false}},
    {"high", {PHI_DATE_SERVICE, FIELD_DATE, false}},
    {"center", {PHI_DATE_SERVICE, FIELD_DATE, false}},
    {"time", {PHI_DATE_SERVICE, FIELD_DATE, false}},
    {"streetaddressline", {PHI_GEO_STREET, FIELD_PLACE, false}},
    {"telecom", {PHI_PHONE, FIELD_PHONE, false}},
    {"id", {PHI_MRN, FIELD_ID, false}},
};

struct tag {
    struct phi_part name; /* without its prefix */
    uint32_t end;         /* after the '>' */
    bool close, empty;
};

static bool tag_at(const struct structured *t, uint32_t at, struct tag *tag)
{
    uint32_t i = at + 1;
    *tag = (struct tag){.close = i < t->len && t->text[i] == '/'};
    i += tag->close;
    tag->name.begin = i;
    for (; i < t->len && i - at < TAG_MAX; i++) {
        if (t->text[i] == ':')
            tag->name.begin = i + 1;
        else if (!text_is_alnum(t->text[i]) && t->text[i] != '_' && t->text[i] != '-')
            break;
    }
    tag->name.end = i;
    if (tag->name.end <= tag->name.begin || i >= t->len || (t->text[i] != '>' && t->text[i] != '/' && !text_is_space(t->text[i])))
        return false;
    while (i < t->len && i - at < 512 && t->text[i] != '>' && t->text[i] != '<')
        i++;
    tag->end = i + 1;
    tag->empty = i > at && t->text[i - 1] == '/';
    return i < t->len && t->text[i] == '>';
}

static struct structured_field tag_field(const struct structured *t, const struct tag *tag)
{
    uint32_t len = tag->name.end - tag->name.begin;
    const char *name = t->text + tag->name.begin;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strlen(tags[i].tag) == len && text_equal_nocase(name, tags[i].tag, len))
            return tags[i].field;
    const struct field *known = field_find(name, len, FIELD_IN_KEY);
    return known ? (struct structured_field){known->kind, known->shape, false} : (struct structured_field){0};
}

/* The attribute's value between its quotes. */
static struct phi_part attribute(const struct structured *t, const struct tag *tag, const char *name)
{
    uint32_t len = (uint32_t)strlen(name);
    for (uint32_t i = tag->name.end; i + len + 2 < tag->end; i++) {
        if (!text_is_space(t->text[i]) || memcmp(t->text + i + 1, name, len) != 0 || t->text[i + 1 + len] != '=')
            continue;
        char quote = t->text[i + 2 + len];
        uint32_t begin = i + 3 + len, end = begin;
        while (end < tag->end && t->text[end] != quote)
            end++;
        return quote == '"' || quote == '\'' ? (struct phi_part){begin, end < tag->end ? end : begin} : (struct phi_part){0};
    }
    return (struct phi_part){0};
}

static int tag_values(const struct structured *t, const struct tag *tag, struct structured_field field)
{
    struct phi_part value = attribute(t, tag, "value"), extension = attribute(t, tag, "extension");
    if (value.end > value.begin + 4 && memcmp(t->text + value.begin, "tel:", 4) == 0)
        value.begin += 4;
    bool dated = field.shape != FIELD_DATE || (value.end - value.begin >= 4 && text_is_digit(t->text[value.begin]) &&
                                               text_is_digit(t->text[value.begin + 3]));
    if (value.end > value.begin && dated && structured_add(t, value, field, STRUCTURED_TAG) < 0)
        return -1;
    if (extension.end > extension.begin && structured_add(t, extension, field, STRUCTURED_TAG) < 0)
        return -1;
    if (tag->empty || tag->name.end - tag->name.begin == 2) /* <id>: of anything */
        return 0;
    uint32_t end = tag->end;
    while (end < t->len && end - tag->end < VALUE_MAX && t->text[end] != '<')
        end++;
    bool closed = end + 1 < t->len && t->text[end] == '<' && t->text[end + 1] == '/';
    return closed ? structured_add(t, (struct phi_part){tag->end, end}, field, STRUCTURED_TAG) : 0;
}

int tags_run(const struct structured *t)
{
    struct tag tag;
    for (uint32_t i = 0; i < t->len;) {
        const char *open = memchr(t->text + i, '<', t->len - i);
        if (!open)
            return 0;
        i = (uint32_t)(open - t->text);
        if (!tag_at(t, i, &tag) || tag.close) {
            i++;
            continue;
        }
        struct structured_field field = tag_field(t, &tag);
        if (field.kind != PHI_NONE && tag_values(t, &tag, field) < 0)
            return -1;
        i = tag.end;
    }
    return 0;
}
