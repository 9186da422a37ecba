/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and banners. A label is folded ("Patient's Name", "patient_name", "patientName" -> "patientname") and
 * looked up in fields.def; what follows must look like a value of that field, and not like a word of a schema
 * or a form ("unknown", "string", "see below").
 */
#include "fields.h"

#include <string.h>

#include "engine.h"
#include "field_cell.h"
#include "label_index.h"
#include "lexicon.h"
#include "name_words.h"
#include "scratch.h"
#include "speaker.h"
#include "text.h"

enum { LABEL_MAX = 48, VALUE_MAX = 256, SCORE_KEY = 90, SCORE_BANNER = 85, LEADER_DOTS = 4 };

static const struct field fields[] = {
#define FIELD(label, kind, shape, where) {label, kind, shape, where},
#include "fields.def"
#undef FIELD
};

/* ---- labels ---- */

static uint32_t label_fold(const char *label, uint32_t len, char out[LABEL_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < len; i++) {
        char c = text_lower(label[i]);
        if (!text_is_digit(c) && !(c >= 'a' && c <= 'z')) {
            if ((unsigned char)c >= 0x80)
                return 0;
            continue;
        }
        if (n == LABEL_MAX - 1)
            return 0;
        out[n++] = c;
    }
    out[n] = 0;
    return n;
}

#include "dictionaries/fields.inc"

_Static_assert(sizeof fields / sizeof *fields == FIELDS_INDEXED, "run detectors/dictionaries/lists.py after a change of fields.def");

/* The field whose label folds to this, by its hash. */
static const struct field *field_look(uint64_t hash, const char *folded, uint32_t len, unsigned where)
{
    uint32_t number = label_index_find(fields_index, FIELDS_BITS, hash);
    const struct field *f = number ? &fields[number - 1] : NULL;
    return f && f->where & where && strncmp(f->label, folded, len) == 0 && !f->label[len] ? f : NULL;
}

const struct field *field_find(const char *label, uint32_t len, unsigned where)
{
    char folded[LABEL_MAX];
    uint32_t n = label_fold(label, len, folded);
    return n ? field_look(label_hash(folded, n), folded, n, where) : NULL;
}

/* ---- values ---- */

bool field_value_is_empty(const char *value, uint32_t len)
{
    static const char none[] =
        " unknown none null nil na n/a tbd true false yes no string number integer boolean array object date "
        "datetime date-time text varchar int float char required optional undefined nan pending same self other "
        "declined refused see below above unavailable confidential redacted withheld deferred denied not "
        "uuid email uri url format pattern hidden test default example empty blank male female m f "
        "normal negative positive stable unremarkable unchanged never former current unk ";
    return len == 0 || text_among(none, value, len);
}

struct counts {
    uint32_t letters, digits, words;
};

static struct counts value_counts(const char *value, uint32_t len)
{
    struct counts c = {0};
    for (uint32_t i = 0; i < len; i++) {
        c.letters += text_is_letter(value[i]);
        c.digits += text_is_digit(value[i]);
        c.words += text_is_alnum(value[i]) && (i == 0 || !text_is_alnum(value[i - 1]));
    }
    return c;
}

/* "92", "101 y" */
static bool is_age_over_89(const char *value, uint32_t len)
{
    unsigned age = 0;
    uint32_t i = 0;
    while (i < len && i < 4 && text_is_digit(value[i]))
        age = age * 10 + (unsigned)(value[i++] - '0');
    return age >= 90 && age <= 130 && (i == len || value[i] == ' ' || (value[i] | 0x20) == 'y');
}

bool field_value_fits(const struct field *field, const char *value, uint32_t len)
{
    struct counts c = value_counts(value, len);
    if (field_value_is_empty(value, len) || c.letters + c.digits == 0)
        return false;
    switch ((enum field_shape)field->shape) {
    case FIELD_NAME:
        return c.letters > 0 && c.words <= 8 && c.letters > c.digits;
    case FIELD_DATE:
        return c.digits > 0 && len <= 64;
    case FIELD_ID:
        return c.digits >= 3 && c.words <= 8 && len <= 64; /* "Apache-2.0" is no number of a license */
    case FIELD_PHONE:
        return c.digits >= 7 && len <= 48;
    case FIELD_ZIP:
        return c.digits >= 5 && len <= 12;
    case FIELD_AGE:
        return c.letters <= 5 && is_age_over_89(value, len);
    case FIELD_PLACE:
    case FIELD_PLAIN:
        return c.letters + c.digits >= 2;
    }
    return false;
}

static void trim(const char *text, uint32_t *begin, uint32_t *end)
{
    while (*begin < *end && text_is_space(text[*begin]))
        ++*begin;
    while (*end > *begin && (text_is_space(text[*end - 1]) || text[*end - 1] == ',' || text[*end - 1] == ';'))
        --*end;
}

static void name_parts(const char *text, uint32_t begin, uint32_t end, struct phi_candidate *c)
{
    struct name_span name;
    if (!name_read(text, end, begin, true, true, &name) || name.end != end)
        return;
    c->family = name.family;
    c->given = name.given;
    if (name.words == 1 && c->kind == PHI_NAME_RELATIVE)
        c->family = (struct phi_part){0};
}

int fields_label(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number)
{
    uint32_t begin = 0, end = leaf->len;
    if (!leaf->label || leaf->len == 0 || leaf->len > VALUE_MAX)
        return 0;
    const struct field *field = field_find(leaf->label, leaf->label_len, FIELD_IN_KEY);
    trim(leaf->text, &begin, &end);
    if (!field || !field_value_fits(field, leaf->text + begin, end - begin))
        return 0;
    struct phi_candidate c = {.begin = begin, .end = end, .kind = field->kind, .rule = FIELD_KEY, .score = SCORE_KEY,
                              .via = PHI_VIA_LABEL};
    if (field->shape == FIELD_NAME)
        name_parts(leaf->text, begin, end, &c);
    scratch_aim(s, e, &phi_fields, leaf, number);
    return phi_candidate_add(&s->found, &c);
}

/* ---- banners ---- */

static bool is_label_byte(char c)
{
    return text_is_alnum(c) || c == ' ' || c == '_' || c == '.' || c == '\'' || c == '/' || c == '#' || c == '-' ||
           c == '(' || c == ')' || c == '*';
}

enum { LABEL_TRIES = 6 };

/* Where the label before `colon` may begin: at `begin` or at one of the words behind it. How many. */
static unsigned banner_starts(const char *text, uint32_t begin, uint32_t colon, uint32_t starts[LABEL_TRIES])
{
    unsigned n = 0;
    while (begin < colon && n < LABEL_TRIES) {
        starts[n++] = begin;
        while (begin < colon && text_is_alnum(text[begin]))
            begin++;
        while (begin < colon && !text_is_alnum(text[begin]))
            begin++;
    }
    return n;
}

/* The field whose label ends before `colon`: the longest run of words that is one. They are folded from the last letter
 * to the first, so that the hash of each run is at hand. */
static const struct field *banner_field(const char *text, uint32_t colon)
{
    uint32_t begin = colon, low = colon > LABEL_MAX ? colon - LABEL_MAX : 0, starts[LABEL_TRIES];
    while (begin > low && is_label_byte(text[begin - 1]) &&
           !(text[begin - 1] == ' ' && begin > 1 && text[begin - 2] == ' ' && begin < colon))
        begin--;
    unsigned n = banner_starts(text, begin, colon, starts);
    const struct field *found = NULL;
    char folded[LABEL_MAX];
    uint32_t at = LABEL_MAX, i = colon;
    uint64_t hash = LABEL_HASH;
    while (n-- > 0) {
        for (; i > starts[n]; i--) {
            char c = text_lower(text[i - 1]);
            if ((unsigned char)c >= 0x80 || (at == 1 && text_is_alnum(c)))
                return found; /* no longer run is one */
            if (text_is_alnum(c)) {
                folded[--at] = c;
                hash = label_hash_add(hash, c);
            }
        }
        const struct field *f = at < LABEL_MAX ? field_look(hash, folded + at, LABEL_MAX - at, FIELD_IN_BANNER) : NULL;
        found = f ? f : found;
    }
    return found;
}

/* "Client: Honestly rough", "Therapist: Priya, how was": behind its first word a turn of a dialogue goes on, as a form
 * does not ("Patient: Rosa dob 3/4/58"). Whether that word is a name, and whose, is for the words around it to say. */
static bool opens_speech(const char *word, uint32_t len)
{
    static const char openers[] = " so oh well and but okay ok yes no yeah he she it they we you um uh right good great how what when any"
                                  " thanks sure that this my hi hello mhm now i'm it's he's she's ";
    return len >= 2 && len <= 8 && text_among(openers, word, len);
}

static bool is_turn(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t i = end < len && text[end] == ',' ? end + 1 : end, word;
    if (end - begin < 2 || !text_is_upper(text[begin]) || text_is_upper(text[begin + 1]) || i + 2 >= len || text[i] != ' ')
        return false;
    for (word = ++i; i < len && text[i] >= 'a' && text[i] <= 'z'; i++)
        ;
    if (i == word || (i < len && text[i] == ':'))
        return false;
    return i + 1 >= len || text[i] != ' ' || !text_is_digit(text[i + 1]);
}

/* "cc: Dr. Nakagawa": the title is no name; the name behind it is found without the label. */
static bool is_title(const char *text, uint32_t begin, uint32_t end)
{
    static const char *const titles[] = {"dr", "mr", "ms", "mrs", "drs", "dra", "sra"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strlen(titles[i]) == end - begin && text_equal_nocase(text + begin, titles[i], end - begin))
            return true;
    return false;
}

/* "Email: pt missed her visit" announces none. */
static bool is_address(const char *value, uint32_t len)
{
    return memchr(value, '@', len) || memmem(value, len, " at ", 4) || memmem(value, len, "(at)", 4) || memmem(value, len, "[at]", 4);
}

static uint32_t first_word(const char *text, uint32_t at, uint32_t end)
{
    uint32_t i = at;
    while (i < end && text[i] != ' ' && text[i] != ',')
        i++;
    return i - at;
}

static bool is_line_end(const char *text, uint32_t len, uint32_t at)
{
    while (at < len && text[at] == ' ')
        at++;
    return at >= len || text[at] == '\n' || text[at] == '\r';
}

/* An address has no blank: "x@example.org. Pt portal". One that is spelled goes on. */
static uint32_t address_end(const char *text, uint32_t at, uint32_t end)
{
    const char *sign = memchr(text + at, '@', end - at);
    if (!sign || sign[1] == ' ')
        return end;
    uint32_t i = (uint32_t)(sign - text);
    while (i < end && text[i] != ' ' && text[i] != ',' && text[i] != ';')
        i++;
    while (i > at && text[i - 1] == '.')
        i--;
    return i;
}

/* "CC: MVC", "cc: Fr. Quill", "CONTACT: SON 773-...": what it is about, a rank, a relative. "Provider: Judge" may be a name. */
static bool is_no_person(const char *text, uint32_t len, const struct name_span *name)
{
    uint64_t classes = name_word_classes(text, name->end, name->begin);
    char behind = name->end < len ? text[name->end] : '\n', next = name->end + 1 < len ? text[name->end + 1] : '\n';
    if (classes & LEX(TITLE) && (behind == '.' || (behind == ' ' && next == '(')))
        return true;
    if (classes & LEX(ACRONYM) && text_is_upper(text[name->end - 1]) && behind == ' ' && !text_is_upper(next) && text_is_alnum(next))
        return true; /* "CC: DM follow up", "ANES: IV 22g" */
    return (classes & LEX(RELATION) && behind == ' ' && text_is_digit(next)) || name_word_is_short(text, name->end, name->begin);
}

/* A title, or what is said: the name in the value of a field is none, or the words around it have to tell. */
static bool names_nobody(const char *text, uint32_t len, uint32_t mark, const struct name_span *name)
{
    bool alone = name->words == 1;
    if (opens_speech(text + name->begin, first_word(text, name->begin, name->end)))
        return true;
    if (alone && (is_title(text, name->begin, name->end) || is_turn(text, len, name->begin, name->end) || is_no_person(text, len, name)))
        return true;
    return (alone || !is_line_end(text, len, name->end)) && speaker_marked(text, len, mark);
}

/* "CC: Headache", "Mother: HTN, DM", "Contact: Precautions"; a patient of two words may be called by any. */
static bool is_complaint(const struct phi_dictionary *d, const struct field *f, const char *text, const struct name_span *name)
{
    return f->kind != PHI_NAME_PROVIDER && (f->kind != PHI_NAME_PATIENT || name->words == 1) && name_is_complaint(d, text, name);
}

/* Behind a word: the end of the line, a comma, a bracket, a column, another label. */
static bool ends_value(const char *text, uint32_t len, uint32_t at)
{
    uint32_t next = at;

    if (is_line_end(text, len, at) || strchr(",;(|", text[at]))
        return true;
    while (next < len && text[next] == ' ')
        next++;
    uint32_t end = next + (uint32_t)text_letters(text + next, len - next);
    return next > at + 1 || (next < len && text[next] == '(') || (next > at && end > next && end < len && text[end] == ':');
}

/* "Attending: Black", "PATIENT: YOUNG", "Patient: White, BP": families that are everyday words, where nobody speaks. Where it ends, or `at`. */
static uint32_t lone_family(const char *text, uint32_t len, uint32_t mark, uint32_t at)
{
    static const char families[] = " bell bill black brown case chase day grant gray green hope le long mark may page rose short white will young ";
    uint32_t end = name_word_end(text, len, at);
    bool named = text_is_upper(text[at]) && text_among(families, text + at, end - at);
    return named && ends_value(text, len, end) && !speaker_marked(text, len, mark) ? end : at;
}

/* Where the value of the field that begins at `at` ends; `at` when there is none. */
static uint32_t value_end(const struct phi_dictionary *d, const struct field *f, const char *text, uint32_t len, uint32_t mark, uint32_t at,
                          struct phi_candidate *c)
{
    struct name_span name;
    uint32_t end;
    switch ((enum field_shape)f->shape) {
    case FIELD_NAME:
        if (!name_read(text, len, at, true, false, &name))
            return lone_family(text, len, mark, at);
        if (names_nobody(text, len, mark, &name) || is_complaint(d, f, text, &name))
            return at;
        c->family = name.family;
        c->given = name.given;
        return name.end;
    case FIELD_DATE:
        return cell_date_end(text, len, at);
    case FIELD_ID:
        return cell_is_moment(text, len, at) ? at : cell_id_end(text, len, at);
    case FIELD_ZIP:
    case FIELD_AGE:
        return cell_id_end(text, len, at);
    case FIELD_PHONE:
        return cell_phone_end(text, len, at);
    case FIELD_PLACE:
    case FIELD_PLAIN:
        end = cell_end(text, len, at, f->shape == FIELD_PLACE ? 120 : 60);
        if (f->kind == PHI_EMAIL && !is_address(text + at, end - at))
            return at;
        end = f->kind == PHI_EMAIL ? address_end(text, at, end) : f->kind == PHI_NAME_EMPLOYER ? cell_before_bracket(text, at, end) : end;
        return cell_before_label(text, at, end);
    }
    return at;
}

/* "PHARMACY: Okay. Name?": what ends as a sentence does, or begins another, is no place. */
static bool is_said(const char *text, uint32_t len, uint32_t at, uint32_t end)
{
    uint32_t last = end < len && text[end] != '\n' ? end : end - 1;
    if (end < len && text_is_alnum(text[end])) /* too long for a name */
        return true;
    for (uint32_t i = at + 3; i + 2 < end; i++)
        if ((text[i] == '.' || text[i] == '?' || text[i] == '!') && text[i + 1] == ' ' && text_is_upper(text[i + 2]) && text[i - 3] >= 'a' && text[i - 3] <= 'z')
            return true;
    return strchr(".?!,]", text[last]) != NULL;
}

/* "Employer: none. Lives alone.", "Pharmacy: none on file", "Residence: SNF": a place that is none, or none by name. */
static bool is_no_house(const char *value, uint32_t len)
{
    static const char none[] = " none retired unemployed homeless disabled unknown n/a snf student online currently ";
    uint32_t n = 0;

    while (n < len && (text_is_letter(value[n]) || value[n] == '/'))
        n++;
    return n > 2 && (n == len || strchr(" .,;(", value[n])) && text_among(none, value, n);
}

/* label: where it ends; mark: the colon, the equals sign or the last dot behind it; len: where a value ends at the latest */
static int banner_found(const struct phi_dictionary *d, const char *text, uint32_t len, uint32_t label, uint32_t mark, struct phi_candidates *sink)
{
    const struct field *f = banner_field(text, label);
    uint32_t at = mark + 1;
    if (!f)
        return 0;
    while (at < len && (text[at] == ' ' || text[at] == '\t' || text[at] == '*' || text[at] == '#') && at - mark < 24)
        at++;
    if (at >= len || text[at] == '\n')
        return 0;
    struct phi_candidate c = {.kind = f->kind, .rule = FIELD_BANNER, .score = SCORE_BANNER, .via = PHI_VIA_LABEL};
    uint32_t end = value_end(d, f, text, len, mark, at, &c);
    trim(text, &at, &end);
    if (end <= at || !field_value_fits(f, text + at, end - at))
        return 0;
    if ((f->shape == FIELD_PLACE || f->shape == FIELD_PLAIN) && is_said(text, len, at, end) && speaker_marked(text, len, mark))
        return 0;
    if ((f->shape == FIELD_PLACE || f->shape == FIELD_PLAIN) && is_no_house(text + at, end - at))
        return 0;
    if ((f->shape == FIELD_PLACE) && value_counts(text + at, end - at).digits == 0 && end - at > 80)
        return 0;
    c.begin = at;
    c.end = end;
    return phi_candidate_add(sink, &c);
}

static bool is_pair_border(char c)
{
    return c == ';' || c == '&' || c == '\n' || c == '\r';
}

/* "Last=Oduya;HomePh=8475550116;": where the value of a pair ends, or 0 when this is no pair of a list. Code has quotes, calls
 * and blanks around its equals signs. */
static uint32_t pair_end(const char *text, uint32_t len, uint32_t equals)
{
    uint32_t begin = equals, end = equals + 1;
    while (begin > 0 && equals - begin < LABEL_MAX && (text_is_alnum(text[begin - 1]) || text[begin - 1] == '_'))
        begin--;
    while (end < len && end - equals < VALUE_MAX && !is_pair_border(text[end])) {
        if (strchr("\"'(){}[]<>=$%|", text[end]))
            return 0;
        end++;
    }
    bool first = begin == 0 || text[begin - 1] == '\n' || text[begin - 1] == '?', last = end == len || text[end] == '\n' || text[end] == '\r';
    bool bounded = (first || is_pair_border(text[begin - 1])) && (last || is_pair_border(text[end]));
    return bounded && !(first && last) && begin < equals && end > equals + 1 && text[equals + 1] != ' ' ? end : 0;
}

/* Lists of pairs, as old systems write and query strings are. */
static int pairs_run(const struct phi_dictionary *d, const char *text, uint32_t len, struct phi_candidates *sink)
{
    const char *at = text, *end = text + len;
    for (; (at = memchr(at, '=', (size_t)(end - at))); at++) {
        uint32_t equals = (uint32_t)(at - text), last = pair_end(text, len, equals);
        if (last && banner_found(d, text, last, equals, equals, sink) < 0)
            return -1;
    }
    return 0;
}

/* "....", or NULL: most periods end a sentence. */
static const char *find_dots(const char *at, const char *end)
{
    while (end - at >= LEADER_DOTS && (at = memchr(at, '.', (size_t)(end - at))) && end - at >= LEADER_DOTS) {
        if (memcmp(at, "....", LEADER_DOTS) == 0)
            return at;
        at++;
    }
    return NULL;
}

/* "Legal name ........ Jane Roe": dots lead from the label to the value. */
static int leaders_run(const struct phi_dictionary *d, const char *text, uint32_t len, struct phi_candidates *sink)
{
    for (uint32_t i = 0; i < len;) {
        const char *dots = find_dots(text + i, text + len);
        if (!dots)
            return 0;
        uint32_t begin = (uint32_t)(dots - text), end = begin;
        while (end < len && text[end] == '.')
            end++;
        i = end;
        if (end < len && text[end] == ':')
            end++;
        while (begin > 0 && text[begin - 1] == ' ')
            begin--;
        if (banner_found(d, text, len, begin, end - 1, sink) < 0)
            return -1;
    }
    return 0;
}

static int fields_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
                      struct phi_candidates *sink)
{
    const struct phi_dictionary *d = phi_engine_words(e);
    const char *at = text, *end = text + len;
    (void)s;
    while ((at = memchr(at, ':', (size_t)(end - at)))) {
        uint32_t colon = (uint32_t)(at - text);
        if (banner_found(d, text, len, colon, colon, sink) < 0)
            return -1;
        at++;
    }
    if (pairs_run(d, text, len, sink) < 0 || leaders_run(d, text, len, sink) < 0)
        return -1;
    bool bars = memchr(text, '|', len) != NULL; /* every sender's field separator, though MSH-1 may name another */
    return bars ? hl7_run(text, len, sink) : 0;
}

static const struct phi_detector_rule rules[] = {
    [FIELD_KEY] = {"field-key", "name of the JSON key", PHI_NONE},
    [FIELD_BANNER] = {"field-banner", "character ':' or dots behind a known label, or '=' in a list of pairs", PHI_NONE},
    [FIELD_HL7] = {"field-hl7", "HL7 v2 segment and field", PHI_NONE},
};

const struct phi_detector phi_fields = {rules, sizeof rules / sizeof *rules, fields_run};
