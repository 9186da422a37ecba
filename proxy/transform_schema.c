/* SPDX-License-Identifier: Apache-2.0
 *
 *   {"properties": {"mrn": {"type": "string", "pattern": "^\\d{8}$"}}}
 *                    |                          |
 *                    what it is for             bars [MRN_1]
 *
 * A field is told by its name or by its "format". Other constraints on other fields (the form of a code) bar nothing: what
 * goes there is no token.
 */
#include "transform_schema.h"

#include <string.h>

#define TOKEN_SHORTEST 7u /* "[MRN_1]" */

static const char *const keywords[] = {
    "type", "pattern", "format", "maxLength", "minLength", "enum", "const", "title", "description", "properties", "items",
    "required", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "minimum", "maximum", "minItems", "maxItems",
    "examples", "default", "nullable", "name", "strict", "schema", "parameters", "input_schema", "json_schema", "function",
    "tools", "response_format", "text", "$schema", "$defs", "$ref", "definitions",
};

/* Words in the name of a field, and the kinds whose values stand there. */
static const struct field {
    const char *word;
    enum phi_kind first, last;
} fields[] = {
    {"mrn", PHI_MRN, PHI_MRN}, {"record", PHI_MRN, PHI_MRN}, {"chart", PHI_MRN, PHI_MRN},
    {"encounter", PHI_ENCOUNTER, PHI_ENCOUNTER}, {"visit", PHI_ENCOUNTER, PHI_ENCOUNTER},
    {"birth", PHI_DATE_DOB, PHI_DATE_OTHER}, {"dob", PHI_DATE_DOB, PHI_DATE_OTHER}, {"date", PHI_DATE_DOB, PHI_DATE_OTHER},
    {"phone", PHI_PHONE, PHI_FAX}, {"tel", PHI_PHONE, PHI_FAX}, {"fax", PHI_PHONE, PHI_FAX}, {"mobile", PHI_PHONE, PHI_FAX},
    {"email", PHI_EMAIL, PHI_EMAIL}, {"zip", PHI_GEO_ZIP, PHI_GEO_ZIP}, {"postal", PHI_GEO_ZIP, PHI_GEO_ZIP},
    {"name", PHI_NAME_PATIENT, PHI_NAME_UNKNOWN}, {"patient", PHI_NAME_PATIENT, PHI_NAME_UNKNOWN},
    {"street", PHI_GEO_STREET, PHI_GEO_STREET}, {"address", PHI_GEO_STREET, PHI_GEO_CITY}, {"city", PHI_GEO_CITY, PHI_GEO_CITY},
    {"member", PHI_PLAN_ID, PHI_PLAN_GROUP}, {"policy", PHI_PLAN_ID, PHI_PLAN_GROUP}, {"plan", PHI_PLAN_ID, PHI_PLAN_GROUP},
    {"group", PHI_PLAN_ID, PHI_PLAN_GROUP}, {"account", PHI_ACCOUNT_PATIENT, PHI_ACCOUNT_PATIENT},
    {"claim", PHI_OTHER_CLAIM, PHI_OTHER_CLAIM}, {"auth", PHI_OTHER_AUTH, PHI_OTHER_AUTH},
    {"serial", PHI_DEVICE_SERIAL, PHI_DEVICE_SERIAL}, {"url", PHI_URL, PHI_URL}, {"ip", PHI_IP, PHI_IP},
    {"npi", PHI_LICENSE_PROVIDER, PHI_LICENSE_PROVIDER}, {"license", PHI_LICENSE_PROVIDER, PHI_LICENSE_PROVIDER},
};

/* Formats of JSON Schema that say what a string is. */
static const struct field formats[] = {
    {"date", PHI_DATE_DOB, PHI_DATE_OTHER}, {"date-time", PHI_DATE_DOB, PHI_DATE_OTHER}, {"email", PHI_EMAIL, PHI_EMAIL},
    {"ipv4", PHI_IP, PHI_IP}, {"ipv6", PHI_IP, PHI_IP}, {"uri", PHI_URL, PHI_URL},
};

static bool is_keyword(struct span key) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (span_is(key, keywords[i])) return true;
    return false;
}

static enum phi_kind used(const struct field *f, const bool tokens[PHI_KINDS]) {
    for (enum phi_kind k = f->first; k <= f->last; k++)
        if (tokens[k]) return k;
    return PHI_NONE;
}

/* "patientMrn", "date_of_birth": the word anywhere in the name. */
static bool has_word(struct span name, const char *word) {
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= name.len; i++)
        if (span_is_nocase(span_sub(name, i, i + len), word)) return true;
    return false;
}

static enum phi_kind field_kind(struct span name, const bool tokens[PHI_KINDS]) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        enum phi_kind kind = has_word(name, fields[i].word) ? used(&fields[i], tokens) : PHI_NONE;
        if (kind != PHI_NONE) return kind;
    }
    return PHI_NONE;
}

static enum phi_kind format_kind(struct span format, const bool tokens[PHI_KINDS]) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (span_is(format, formats[i].word)) return used(&formats[i], tokens);
    return PHI_NONE;
}

/* A field of this name has a form that a token has not. */
static enum phi_kind barred(const struct walk_leaf *leaf, struct span name, const bool tokens[PHI_KINDS]) {
    unsigned long long n;

    if (leaf->what == WALK_STRING && span_is(leaf->label, "format")) return format_kind(leaf->text, tokens);
    bool pattern = leaf->what == WALK_STRING && span_is(leaf->label, "pattern");
    bool narrow = leaf->what == WALK_NUMBER && span_is(leaf->label, "maxLength") && span_decimal(leaf->text, &n) == 0 &&
                  n < TOKEN_SHORTEST;
    return pattern || narrow ? field_kind(name, tokens) : PHI_NONE;
}

/* The member "strict" of the body with the value true. */
static bool says_strict(const struct walk_leaf *leaf, struct span body) {
    if (leaf->what != WALK_KEY || leaf->parent >= 0 || !span_is(leaf->text, "strict")) return false;
    struct span rest = span_sub(body, leaf->end, body.len);
    size_t at = span_find(rest, ':', 0) + 1;
    while (at < rest.len && strchr(" \t\r\n", rest.ptr[at]) && rest.ptr[at])
        at++;
    return span_starts(span_sub(rest, at, rest.len), "true");
}

static bool is_strict(const struct walk *w, struct span body) {
    if (w->json_mode && (shape_is_ollama(w->endpoint) || shape_is_gemini(w->endpoint))) return true; /* always by the letter */
    for (size_t i = 0; i < w->n; i++)
        if (says_strict(&w->v[i], body)) return true;
    return false;
}

bool transform_schema_bars(const struct walk *w, struct span body, const bool tokens[PHI_KINDS], enum phi_kind *kind,
                           uint32_t *path) {
    struct span name = {0};

    if (!is_strict(w, body)) return false;
    for (size_t i = 0; i < w->n; i++) {
        const struct walk_leaf *leaf = &w->v[i];
        if (leaf->part != WALK_SCHEMA || leaf->parent >= 0) continue;
        if (leaf->what == WALK_KEY && !is_keyword(leaf->text)) name = leaf->text;
        *kind = barred(leaf, name, tokens);
        *path = leaf->path;
        if (*kind != PHI_NONE) return true;
    }
    return false;
}

bool transform_schema_is_pattern(const struct walk_leaf *leaf) {
    return leaf->part == WALK_SCHEMA && leaf->what == WALK_STRING && span_is(leaf->label, "pattern");
}
