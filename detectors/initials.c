/* SPDX-License-Identifier: Apache-2.0
 *
 *     finding "Fitzwilliam Osei-Tutu"   ->  fot, fo
 *     text    "DCBH0917734     FOT/lw"  ->  FOT, lw
 *
 * Two or three letters say nothing, and PT/OT is a service; but initials of a name in the same document, a stroke, and the
 * typist's behind it, set apart from the text around them, are how a report ends; or a line of nothing else, or "by" before.
 */
#include "initials.h"

#include <string.h>

#include "resolve.h"
#include "scratch.h"
#include "text.h"

enum { NAMES_MOST = 256, LETTERS_MOST = 4, WORDS_MOST = 6, TYPIST_DIGITS = 5, PROGRAM_MOST = 10, NAME_SCORE = 60, SCORE = 70, ROW_LEAST = 3, ROW_MOST = 12 };

static const struct phi_detector_rule rules[] = {
    {"initials-of-name", "initials of a name found elsewhere, with a stroke and others, in their own line or behind \"by\"", PHI_NAME_UNKNOWN},
};

const struct phi_detector phi_initials = {rules, sizeof rules / sizeof *rules, NULL};

/* Small letters as the bytes of a number, the first lowest, and what kind of name they are of. */
struct known {
    struct {
        uint32_t letters;
        uint16_t kind;
    } v[2 * NAMES_MOST];
    unsigned n;
};

static uint32_t packed(const char *letters, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint32_t)(unsigned char)text_lower(letters[i]) << 8 * i;
    return v;
}

static void known_add(struct known *k, const char *letters, unsigned n, uint16_t kind)
{
    if (n < 2 || n > LETTERS_MOST || k->n == sizeof k->v / sizeof *k->v)
        return;
    k->v[k->n].letters = packed(letters, n);
    k->v[k->n++].kind = kind;
}

/* "Osei-Tutu, Fitzwilliam": what stands behind the comma is said first. */
static void words_turn(char *letters, unsigned n, unsigned comma)
{
    char turned[WORDS_MOST];
    for (unsigned i = 0; i < n; i++)
        turned[i] = letters[(i + comma) % n];
    memcpy(letters, turned, n);
}

/* All initials of a name, and those of its first and its family name. */
static void name_add(struct known *k, const char *text, const struct phi_finding *f)
{
    char letters[WORDS_MOST];
    unsigned n = 0, comma = 0, family = 0;
    for (uint32_t i = f->begin; i < f->end && n < WORDS_MOST; i++) {
        bool starts = text_is_letter(text[i]) && (i == f->begin || !(text_is_alnum(text[i - 1]) || text[i - 1] == '\''));
        if (text[i] == ',')
            comma = n;
        if (!starts)
            continue;
        if (i == f->begin || text[i - 1] != '-')
            family = n;
        letters[n++] = text[i];
    }
    if (comma && comma < n) {
        words_turn(letters, n, comma);
        family = n - comma;
    }
    known_add(k, letters, n, f->kind);
    if (n > 2 && family) {
        char two[] = {letters[0], letters[family]};
        known_add(k, two, sizeof two, f->kind);
    }
}

/* The kind of the name with these initials, PHI_NONE when there is none. A professional's is the weakest claim. */
static uint16_t known_kind(const struct known *k, const char *text, uint32_t begin, uint32_t end)
{
    uint32_t letters = packed(text + begin, end - begin);
    uint16_t kind = PHI_NONE;
    for (unsigned i = 0; i < k->n; i++)
        if (k->v[i].letters == letters && (kind == PHI_NONE || kind == PHI_NAME_PROVIDER))
            kind = k->v[i].kind;
    return kind;
}

/* The letters right before `at`, all of one case: where they begin, or `at` when they are too few or too many. */
static uint32_t letters_before(const char *text, uint32_t at)
{
    uint32_t begin = at;
    while (begin > 0 && at - begin <= LETTERS_MOST && text_is_letter(text[begin - 1]) &&
           text_is_upper(text[begin - 1]) == text_is_upper(text[at - 1]))
        begin--;
    return (begin == 0 || !text_is_alnum(text[begin - 1])) && at - begin >= 2 && at - begin <= LETTERS_MOST ? begin : at;
}

/* Line start, wide blank, or the end of a clause. */
static bool is_apart_before(const char *text, uint32_t at)
{
    if (at == 0 || strchr("\n\t(", text[at - 1]))
        return true;
    return text[at - 1] == ' ' && (at == 1 || strchr(" \n\t.,;/|", text[at - 2]));
}

static bool is_apart_behind(const char *text, uint32_t len, uint32_t at)
{
    if (at == len || strchr("\r\n\t;,)", text[at]))
        return true;
    return text[at] == ' ' && (at + 1 == len || strchr(" /|\n-\xE2", text[at + 1])); /* \xE2: a dash */
}

/* What stands behind the stroke: letters, perhaps digits, or letters with periods. Its end, or 0. */
static uint32_t typist_end(const char *text, uint32_t len, uint32_t at)
{
    if (len - at >= 4 && text_is_letter(text[at]) && text[at + 1] == '.' && text_is_letter(text[at + 2]) && text[at + 3] == '.')
        return is_apart_behind(text, len, at + 4) ? at + 4 : 0;
    uint32_t digits = at + (uint32_t)text_letters(text + at, len - at), i = digits;
    while (i < len && text_is_digit(text[i]))
        i++;
    return digits - at >= 2 && i - digits <= TYPIST_DIGITS && is_apart_behind(text, len, i) ? i : 0;
}

/* "ZK/MedQ/bls": the program in between. Where the typist begins. */
static uint32_t program_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at;
    while (i < len && i - at < PROGRAM_MOST && text_is_alnum(text[i]))
        i++;
    return i < len && text[i] == '/' && i - at > 2 ? i + 1 : at;
}

/* A candidate on each side of the stroke at `at`. The number added, or -1. */
static int pair_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = at > 1 && text[at - 1] == ' ' ? at - 1 : at, begin = letters_before(text, end);
    uint32_t behind = at + 1 < len && text[at + 1] == ' ' ? at + 2 : at + 1;
    behind = text_is_upper(text[begin]) ? program_end(text, len, behind) : behind;
    uint32_t last = behind < len ? typist_end(text, len, behind) : 0;
    uint16_t kind = begin < end && last && is_apart_before(text, begin) ? known_kind(k, text, begin, end) : PHI_NONE;
    if (kind == PHI_NONE)
        return 0;
    struct phi_candidate c = {.begin = begin, .end = end, .kind = kind, .score = SCORE, .via = PHI_VIA_REPEAT};
    if (phi_candidate_add(sink, &c) < 0)
        return -1;
    bool program = last - behind > LETTERS_MOST && !text_is_digit(text[last - 1]); /* "/nuance" */
    c.begin = behind;
    c.end = last;
    c.kind = PHI_NAME_PROVIDER;
    return program ? 1 : phi_candidate_add(sink, &c) < 0 ? -1 : 1;
}

static uint32_t capitals_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = at;
    while (end < len && end - at <= LETTERS_MOST && text_is_upper(text[end]))
        end++;
    return end;
}

static bool is_line_end(const char *text, uint32_t len, uint32_t at)
{
    return at == len || text[at] == '\n' || text[at] == '\r';
}

/* Large letters that are the initials of a name. 1, 0 or -1. */
static int letters_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t begin, uint32_t end)
{
    uint16_t kind = end - begin >= 2 && end - begin <= LETTERS_MOST ? known_kind(k, text, begin, end) : PHI_NONE;
    if (kind == PHI_NONE)
        return 0;
    struct phi_candidate c = {.begin = begin, .end = end, .kind = kind, .score = SCORE, .via = PHI_VIA_REPEAT};
    return phi_candidate_add(sink, &c) < 0 ? -1 : 1;
}

/* Alone in their line, or behind "by". */
static int lone_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = capitals_end(text, len, at);
    bool numbered = end + 2 < len && text[end] == '/' && text_is_digit(text[end + 1]); /* "HJP/0417" */
    bool apart = end == len || numbered || (strchr("\r\n.,;", text[end]) && !(end + 1 < len && text[end] == '.' && text_is_alnum(text[end + 1])));
    return apart ? letters_add(k, sink, text, at, end) : 0;
}

/* "FS 2/14/24 1105" and no more in the line. */
static bool is_dated(const char *text, uint32_t len, uint32_t end)
{
    uint32_t i = end, strokes = 0;
    for (; i < len && text[i] && (text_is_digit(text[i]) || strchr(" /:", text[i])); i++)
        strokes += text[i] == '/';
    return i > end && text[end] == ' ' && strokes > 0 && is_line_end(text, len, i);
}

/* Behind a sentence or a wide blank at the end of the line, or where a bracket closes. */
static int last_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = capitals_end(text, len, at);
    bool closed = end < len && text[end] == ')', comma = at > 1 && text[at - 2] == ',';
    bool last = closed || (!comma && (is_line_end(text, len, end) || is_dated(text, len, end)));
    return last ? letters_add(k, sink, text, at, end) : 0;
}

/* "present: TB, PR, KM, son": several in a row, each somebody's. */
static int row_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at)
{
    uint32_t begin = at, count = 0, ends[ROW_MOST];
    while (count < ROW_MOST && at + 2 <= len) {
        uint32_t end = capitals_end(text, len, at);
        if (end - at < 2 || end - at > 3 || known_kind(k, text, at, end) == PHI_NONE || (end < len && text_is_alnum(text[end])))
            break;
        ends[count++] = end;
        if (end + 2 >= len || text[end] != ',' || text[end + 1] != ' ')
            break;
        at = end + 2;
    }
    if (count < ROW_LEAST)
        return 0;
    for (uint32_t i = 0; i < count; begin = ends[i++] + 2)
        if (letters_add(k, sink, text, begin, ends[i]) < 0)
            return -1;
    return 1;
}

/* "/EKM" at the end of a line, "_JH_" on a line to sign on. */
static int stroke_add(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = capitals_end(text, len, at);
    bool begins = at < 2 || strchr(" \n\t_", text[at - 2]);
    bool last = text[at - 1] == '_' ? end < len && text[end] == '_' : is_line_end(text, len, end);
    return begins && last ? letters_add(k, sink, text, at, end) : 0;
}

typedef int add_at(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at);

/* What initials stand at, and where from there. */
struct mark {
    const char *text;
    uint32_t rare; /* the byte of it that is sought */
    uint32_t skip;
    add_at *add;
};

static const char *mark_find(const struct mark *m, const char *from, const char *end)
{
    size_t n = strlen(m->text);
    if (m->text[0] == ' ' && m->text[1] == ' ') {
        from += text_two_blanks(from, (size_t)(end - from));
        return from < end ? from : NULL;
    }
    for (const char *p = from + m->rare; p < end && (p = memchr(p, m->text[m->rare], (size_t)(end - p))); p++) {
        const char *begin = p - m->rare;
        if ((size_t)(end - begin) >= n && memcmp(begin, m->text, n) == 0)
            return begin;
    }
    return NULL;
}

/* Adds at each of these marks, or behind it. */
static int mark_scan(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len, const struct mark *m)
{
    int added = 0;
    for (const char *p = text, *end = text + len; p < end && (p = mark_find(m, p, end)); p++) {
        int rc = m->add(k, sink, text, len, (uint32_t)(p - text) + m->skip);
        if (rc < 0)
            return -1;
        added |= rc;
    }
    return added;
}

static int leaf_scan(const struct known *k, struct phi_candidates *sink, const char *text, uint32_t len)
{
    static const struct mark marks[] = {{"/", 0, 0, pair_add},  {":", 0, 0, pair_add}, {"\n", 0, 1, lone_add},  {" by ", 1, 4, lone_add}, {". ", 0, 2, last_add}, {"  ", 0, 2, last_add},
                                        {", ", 0, 2, last_add}, {"(", 0, 1, last_add}, {"/", 0, 1, stroke_add}, {"_", 0, 1, stroke_add},  {": ", 0, 2, row_add}};
    int added = 0;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        int rc = mark_scan(k, sink, text, len, &marks[i]);
        if (rc < 0)
            return -1;
        added |= rc;
    }
    return added;
}

static void names_collect(struct known *k, const struct phi_scratch *s, const struct phi_leaf *leaves)
{
    const struct phi_finding *v = s->findings.v;
    for (uint32_t i = 0; i < s->n_findings; i++)
        if (v[i].score >= NAME_SCORE && resolve_is_name(v[i].kind))
            name_add(k, leaves[v[i].leaf].text, &v[i]);
}

int initials_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n)
{
    struct known k = {.n = 0};
    int added = 0;
    names_collect(&k, s, leaves);
    for (size_t i = 0; i < n && k.n && added >= 0; i++) {
        scratch_aim(s, e, &phi_initials, &leaves[i], (uint32_t)i);
        int rc = leaf_scan(&k, &s->found, leaves[i].text, leaves[i].len);
        added = rc < 0 ? -1 : added | rc;
    }
    explicit_bzero(&k, sizeof k);
    return added;
}
