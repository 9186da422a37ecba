/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in text: "mrn": "00482193", also with escaped quotes. A string or a list of strings belongs to its key. In
 * FHIR (R4) "value" says nothing by itself: the "system" beside it tells a telephone from a record number, and
 * "display" is a name when the "reference" beside it is to a person.
 */
#include <string.h>

#include "fields.h"
#include "structured.h"
#include "text.h"

enum { KEY_MAX = 48, IDENTIFIER_MAX = 200, OBJECT_MAX = 400, LIST_MAX = 12 };

struct string {
    struct phi_part inner; /* between the quotes */
    uint32_t after;
};

/* The quote at `at`, plain or escaped: its bytes, or 0. */
static uint32_t quote_at(const struct structured *t, uint32_t at)
{
    uint32_t i = at;
    while (i < t->len && t->text[i] == '\\' && i - at < 4)
        i++;
    return i < t->len && t->text[i] == '"' ? i + 1 - at : 0;
}

static bool string_at(const struct structured *t, uint32_t at, uint32_t most, struct string *s)
{
    uint32_t quote = quote_at(t, at);
    if (!quote)
        return false;
    for (uint32_t i = at + quote; i < t->len && i - at <= most; i++) {
        uint32_t end = quote_at(t, i);
        if (end == quote) {
            *s = (struct string){{at + quote, i}, i + end};
            return true;
        }
        if (t->text[i] == '\n')
            return false;
        if (t->text[i] == '\\')
            i += end ? end - 1 : 1;
    }
    return false;
}

static uint32_t skip_blank(const struct structured *t, uint32_t at)
{
    while (at < t->len && text_is_space(t->text[at]))
        at++;
    return at;
}

/* The braces around `at`, not looking far. */
static struct phi_part object_around(const struct structured *t, uint32_t at)
{
    struct phi_part o = {at, at};
    while (o.begin > 0 && at - o.begin < OBJECT_MAX && t->text[o.begin - 1] != '{' && t->text[o.begin - 1] != '}')
        o.begin--;
    while (o.end < t->len && o.end - at < OBJECT_MAX && t->text[o.end] != '}' && t->text[o.end] != '{')
        o.end++;
    return o;
}

static bool object_has(const struct structured *t, struct phi_part object, const char *word)
{
    return memmem(t->text + object.begin, object.end - object.begin, word, strlen(word)) != NULL;
}

/* Who did something to a patient's record, as programs log it. */
static bool is_login(const char *key, uint32_t len)
{
    static const char *const keys[] = {"user", "userId", "user_id", "login", "actor", "operator", "performedBy", "accessedBy", "viewedBy"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strlen(keys[i]) == len && memcmp(keys[i], key, len) == 0)
            return true;
    return false;
}

/* An Identifier without its system: its key stands not far before. In a part of a record it has its type or use. */
static bool is_identifier(const struct structured *t, struct phi_part object, uint32_t at)
{
    uint32_t low = at > IDENTIFIER_MAX ? at - IDENTIFIER_MAX : 0;
    const char *key = memmem(t->text + low, at - low, "dentifier\"", 10);
    return key && memmem(key, (size_t)(t->text + at - key), "]", 1) == NULL &&
           (object_has(t, object, "type\"") || object_has(t, object, "use\"") || memmem(t->text, t->len, "\"resourceType\"", 14));
}

/* HumanName, Address, ContactPoint, Identifier and Reference of FHIR. */
static struct structured_field fhir_field(const struct structured *t, struct phi_part key)
{
    static const struct {
        const char *word;
        struct structured_field field;
    } systems[] = {
        {"\"phone", {PHI_PHONE, FIELD_PHONE, false}},  {"\"sms", {PHI_PHONE, FIELD_PHONE, false}},
        {"\"pager", {PHI_PHONE, FIELD_PHONE, false}},  {"\"fax", {PHI_FAX, FIELD_PHONE, false}},
        {"\"email", {PHI_EMAIL, FIELD_PLAIN, false}},  {"us-ssn", {PHI_SSN, FIELD_ID, false}},
        {"113883.4.1\"", {PHI_SSN, FIELD_ID, false}},  {"us-npi", {PHI_LICENSE_PROVIDER, FIELD_ID, false}},
        {"us-mbi", {PHI_PLAN_ID, FIELD_ID, false}},    {"us-medicare", {PHI_PLAN_ID, FIELD_ID, false}},
        {"loinc", {PHI_NONE, 0, false}},               {"snomed", {PHI_NONE, 0, false}},
        {"rxnorm", {PHI_NONE, 0, false}},              {"unitsofmeasure", {PHI_NONE, 0, false}},
        {"ndc", {PHI_NONE, 0, false}},                 {"icd-10", {PHI_NONE, 0, false}},
    };
    const char *name = t->text + key.begin;
    uint32_t len = key.end - key.begin;
    struct phi_part object = object_around(t, key.begin);
    if (len == 5 && memcmp(name, "value", 5) == 0 && object_has(t, object, "system")) {
        for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
            if (object_has(t, object, systems[i].word))
                return systems[i].field;
        return (struct structured_field){PHI_MRN, FIELD_ID, false};
    }
    if (len == 5 && memcmp(name, "value", 5) == 0 && is_identifier(t, object, key.begin))
        return (struct structured_field){PHI_MRN, FIELD_ID, false};
    if (is_login(name, len) && (object_has(t, object, "mrn\"") || object_has(t, object, "MRN\"") || object_has(t, object, "atient")))
        return (struct structured_field){PHI_NAME_UNKNOWN, FIELD_PLAIN, false};
    if (len == 7 && memcmp(name, "display", 7) == 0 && object_has(t, object, "reference")) {
        if (object_has(t, object, "Practitioner/"))
            return (struct structured_field){PHI_NAME_PROVIDER, FIELD_NAME, false};
        if (object_has(t, object, "Patient/") || object_has(t, object, "RelatedPerson/"))
            return (struct structured_field){PHI_NAME_PATIENT, FIELD_NAME, false};
    }
    if (len == 4 && memcmp(name, "line", 4) == 0 && (object_has(t, object, "postalCode") || object_has(t, object, "city")))
        return (struct structured_field){PHI_GEO_STREET, FIELD_PLACE, false};
    if (len == 6 && memcmp(name, "family", 6) == 0)
        return (struct structured_field){PHI_NAME_PATIENT, FIELD_NAME, false};
    if (len == 5 && memcmp(name, "given", 5) == 0)
        return (struct structured_field){PHI_NAME_PATIENT, FIELD_NAME, false};
    return (struct structured_field){0};
}

static struct structured_field key_field(const struct structured *t, struct phi_part key)
{
    struct structured_field field = fhir_field(t, key);
    if (field.kind != PHI_NONE)
        return field;
    const struct field *known = field_find(t->text + key.begin, key.end - key.begin, FIELD_IN_KEY);
    if (known)
        return (struct structured_field){known->kind, known->shape, false};
    field = structured_find(t->text + key.begin, key.end - key.begin);
    return field.plain || field.shape != FIELD_ID ? (struct structured_field){0} : field;
}

/* A bare number: "mrn": 482193 */
static struct phi_part number_at(const struct structured *t, uint32_t at)
{
    uint32_t end = at;
    while (end < t->len && text_is_digit(t->text[end]))
        end++;
    return (struct phi_part){at, end < t->len && (t->text[end] == '.' || text_is_letter(t->text[end])) ? at : end};
}

static int key_value(const struct structured *t, struct structured_field field, uint32_t at)
{
    struct string s;
    bool list = at < t->len && t->text[at] == '[';
    if (list)
        at = skip_blank(t, at + 1);
    if (!list && at < t->len && text_is_digit(t->text[at]) && (field.shape == FIELD_ID || field.shape == FIELD_ZIP || field.shape == FIELD_AGE)) {
        struct phi_part number = number_at(t, at);
        return number.end - number.begin >= (field.shape == FIELD_AGE ? 2 : 4) ? structured_add(t, number, field, STRUCTURED_KEY) : 0;
    }
    for (unsigned n = 0; n < (list ? LIST_MAX : 1) && string_at(t, at, 256, &s); n++) {
        if (structured_add(t, s.inner, field, STRUCTURED_KEY) < 0)
            return -1;
        at = skip_blank(t, s.after);
        if (at >= t->len || t->text[at] != ',')
            break;
        at = skip_blank(t, at + 1);
    }
    return 0;
}

int json_keys_run(const struct structured *t)
{
    struct string key;
    for (uint32_t i = 0; i < t->len;) {
        const char *quote = memchr(t->text + i, '"', t->len - i);
        if (!quote)
            return 0;
        uint32_t at = (uint32_t)(quote - t->text);
        while (at > i && t->text[at - 1] == '\\')
            at--;
        i = (uint32_t)(quote - t->text) + 1;
        if (!string_at(t, at, KEY_MAX, &key))
            continue;
        uint32_t colon = skip_blank(t, key.after);
        if (colon >= t->len || t->text[colon] != ':' || key.inner.begin >= key.inner.end)
            continue;
        struct structured_field field = key_field(t, key.inner);
        i = colon + 1;
        if (field.kind != PHI_NONE && key_value(t, field, skip_blank(t, colon + 1)) < 0)
            return -1;
    }
    return 0;
}
