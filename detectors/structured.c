/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of pasted structure, as one detector. Each looks first whether its structure is there at all.
 */
#include "structured.h"

#include <string.h>

#include "fields.h"
#include "labels.h"
#include "name_words.h"
#include "text.h"

enum { SCORE_STRUCTURED = 90, PLAIN_MAX = 8 };

static uint8_t label_field_shape(const struct label *label)
{
    switch ((enum label_shape)label->shape) {
    case LABEL_CODE:
    case LABEL_CARD:
    case LABEL_PLATE:
    case LABEL_POST:
        return FIELD_ID;
    case LABEL_PHONE:
    case LABEL_PAGER:
        return FIELD_PHONE;
    }
    return FIELD_ID;
}

/* Names of columns and keys that code, lists of drugs and results use as well. */
static bool is_plain(const char *label, uint32_t len)
{
    static const char plain[] = " age name date id time order code group visit re status number ";
    char word[PLAIN_MAX + 3] = " ";
    if (len > PLAIN_MAX)
        return false;
    for (uint32_t i = 0; i < len; i++)
        word[i + 1] = text_lower(label[i]);
    word[len + 1] = ' ';
    word[len + 2] = 0;
    return strstr(plain, word) != NULL;
}

static struct structured_field find_exact(const char *label, uint32_t len)
{
    const struct field *field = field_find(label, len, FIELD_IN_KEY | FIELD_IN_BANNER);
    if (field)
        return (struct structured_field){field->kind, field->shape, is_plain(label, len)};
    const struct label *known = label_find(label, len);
    if (!known)
        return (struct structured_field){0};
    return (struct structured_field){known->kind, label_field_shape(known), known->how == LABEL_MARKED || is_plain(label, len)};
}

struct structured_field structured_find(const char *label, uint32_t len)
{
    struct structured_field f = find_exact(label, len);
    while (f.kind == PHI_NONE && len > 3 && text_is_digit(label[len - 1])) /* TEL1, POL_2 */
        f = find_exact(label, --len);
    return f;
}

static struct phi_part value_trim(const char *text, struct phi_part v)
{
    while (v.begin < v.end && strchr(" \t\r\n\"'*`", text[v.begin]))
        v.begin++;
    while (v.end > v.begin && strchr(" \t\r\n\"'*`,;\\", text[v.end - 1]))
        v.end--;
    return v;
}

/* "MRN", "DOB: 9/2/70": is it the name of a field, or does it begin with one? A longer word may be somebody's, too: Street, Ward. */
static bool is_label(const char *text, struct phi_part v)
{
    const char *colon = memchr(text + v.begin, ':', v.end - v.begin);
    uint32_t end = colon ? (uint32_t)(colon - text) : v.end;
    bool plain = colon || (v.end - v.begin <= 3 && text_is_upper(text[v.begin]) && text_is_upper(text[v.end - 1]));
    return plain && end - v.begin > 1 && field_find(text + v.begin, end - v.begin, FIELD_IN_KEY | FIELD_IN_BANNER);
}

int structured_add(const struct structured *t, struct phi_part value, struct structured_field field, unsigned rule)
{
    struct phi_part v = value_trim(t->text, value);
    const struct field shape = {.kind = field.kind, .shape = field.shape};
    struct name_span name;
    if (field.kind == PHI_NONE || v.end <= v.begin || v.end - v.begin > 256 ||
        !field_value_fits(&shape, t->text + v.begin, v.end - v.begin))
        return 0;
    if (rule == STRUCTURED_TABLE && is_label(t->text, v)) /* pairs of labels and values, not rows below a header */
        return 0;
    struct phi_candidate c = {.begin = v.begin, .end = v.end, .kind = field.kind, .rule = (uint16_t)rule,
                              .score = SCORE_STRUCTURED, .via = PHI_VIA_LABEL};
    if (field.shape == FIELD_NAME && name_read(t->text, v.end, v.begin, true, true, &name) && name.end == v.end) {
        c.family = name.family;
        c.given = name.given;
    }
    return phi_candidate_add(t->sink, &c);
}

static int structured_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
                          struct phi_candidates *sink)
{
    const struct structured t = {text, len, sink};
    (void)e;
    (void)s;
    if (memchr(text, '"', len) && json_keys_run(&t) < 0)
        return -1;
    if (memchr(text, '<', len) && tags_run(&t) < 0)
        return -1;
    if (tables_run(&t) < 0)
        return -1;
    if (ncpdp_run(&t) < 0)
        return -1;
    return memchr(text, '*', len) ? x12_run(&t) : 0;
}

static const struct phi_detector_rule rules[] = {
    [STRUCTURED_KEY] = {"structured-key", "quoted key before a colon", PHI_NONE},
    [STRUCTURED_TAG] = {"structured-tag", "XML element or attribute", PHI_NONE},
    [STRUCTURED_TABLE] = {"structured-table", "cell below the name of its column", PHI_NONE},
    [STRUCTURED_X12] = {"structured-x12", "X12 segment and element", PHI_NONE},
    [STRUCTURED_NCPDP] = {"structured-ncpdp", "NCPDP field behind a segment", PHI_NONE},
};

const struct phi_detector phi_structured = {rules, sizeof rules / sizeof *rules, structured_run};
