/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the bytes. ASCII goes through a table of byte kinds; other characters are decoded, and Latin letters
 * are folded by a table to the same ASCII that the dictionaries were folded to (dictionaries/folding.py).
 */
#include "words.h"

#include <string.h>
#include <strings.h>

#include "dictionaries/fold.inc"
#include "lexicon.h"

#define FNV_START UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

enum { KIND_LOWER = 1, KIND_UPPER, KIND_DIGIT, KIND_MARK, KIND_OTHER };

struct letter {
    unsigned size;   /* bytes in the text */
    unsigned kind;   /* 0: no part of a word */
    char fold[4];    /* what is hashed; empty for marks */
    unsigned folded; /* how many of it */
    uint16_t gap;    /* when kind is 0 */
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ (h >> 32);
}

uint64_t words_hash(const char *folded, size_t len)
{
    uint64_t h = FNV_START;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)folded[i]) * FNV_PRIME;
    return mix(h);
}

uint64_t words_phrase(uint64_t phrase, uint64_t next)
{
    return mix(phrase * UINT64_C(0x9E3779B97F4A7C15) + next);
}

static uint16_t gap_of_ascii(uint8_t c)
{
    switch (c) {
    case ' ': return GAP_SPACE;
    case '\t': case '|': return GAP_BLANK;
    case '\n': case '\r': return GAP_LINE;
    case ',': return GAP_COMMA;
    case '.': return GAP_PERIOD;
    case '!': case '?': case ';': case '*': return GAP_STOP;
    case '-': return GAP_HYPHEN;
    case '\'': case '`': return GAP_APOSTROPHE;
    case ':': case '=': return GAP_COLON;
    case '/': case '\\': return GAP_SLASH;
    case '(': case '[': case '{': case '<': return GAP_OPEN;
    case ')': case ']': case '}': case '>': return GAP_CLOSE;
    case '"': return GAP_QUOTE;
    case '_': return GAP_UNDERSCORE;
    }
    return GAP_OTHER;
}

static uint16_t gap_of_wide(uint32_t c)
{
    switch (c) {
    case 0xA0: case 0x2002: case 0x2003: case 0x2009: case 0x202F: case 0x3000: return GAP_SPACE;
    case 0x2010: case 0x2011: return GAP_HYPHEN;
    case 0x2013: case 0x2014: case 0x2015: return GAP_OTHER;
    case 0x2018: case 0x2019: case 0xB4: case 0x2BC: return GAP_APOSTROPHE;
    case 0x201C: case 0x201D: case 0xAB: case 0xBB: return GAP_QUOTE;
    case 0x2022: case 0x25CF: case 0x25AA: case 0xB7: return GAP_STOP;
    case 0x2028: case 0x2029: case 0x85: return GAP_LINE;
    }
    return GAP_OTHER;
}

static bool is_letter(uint32_t c)
{
    if (c < 0x370)
        return c >= 0x250 && !(c >= 0x2B0 && c < 0x300); /* IPA; marks are handled before */
    return !(c >= 0x2000 && c < 0x2C00) && !(c >= 0x3000 && c < 0x3041) && !(c >= 0xE000 && c < 0xF900) &&
           !(c >= 0xFE00 && c < 0xFE70) && !(c >= 0xFF00 && c < 0xFF21) && c < 0x1F000;
}

/* Decodes valid UTF-8 of two bytes or more; never reads past left. */
static uint32_t decode(const uint8_t *p, size_t left, unsigned *size)
{
    unsigned n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 1;
    uint32_t c = n == 4 ? p[0] & 7u : n == 3 ? p[0] & 15u : p[0] & 31u;

    if (n > left)
        n = (unsigned)left;
    for (unsigned k = 1; k < n; k++)
        c = c << 6 | (p[k] & 63u);
    *size = n;
    return c;
}

static void read_wide(const uint8_t *p, size_t left, struct letter *out)
{
    uint32_t c = decode(p, left, &out->size);
    const char *fold = c >= 0xC0 && c <= 0x24F       ? fold_latin[c - 0xC0]
                       : c >= 0x1E00 && c <= 0x1EFF ? fold_additional[c - 0x1E00]
                                                     : NULL;
    out->folded = 0;
    out->gap = 0;
    if (fold && fold[0]) {
        bool upper = fold[0] >= 'A' && fold[0] <= 'Z';
        out->kind = upper ? KIND_UPPER : KIND_LOWER;
        out->fold[out->folded++] = (char)(fold[0] | 0x20);
        if (fold[1])
            out->fold[out->folded++] = fold[1];
    } else if (c >= 0x300 && c < 0x370) {
        out->kind = KIND_MARK;
    } else if (is_letter(c)) {
        out->kind = KIND_OTHER;
        for (unsigned k = 0; k < out->size && k < 4; k++)
            out->fold[out->folded++] = (char)p[k];
    } else {
        out->kind = 0;
        out->gap = gap_of_wide(c);
    }
}

static void read_letter(const char *text, uint32_t at, uint32_t len, struct letter *out)
{
    uint8_t c = (uint8_t)text[at];

    if (c >= 0x80) {
        read_wide((const uint8_t *)text + at, len - at, out);
        return;
    }
    out->size = 1;
    out->folded = 1;
    out->gap = 0;
    out->fold[0] = (char)c;
    if (c >= 'a' && c <= 'z') {
        out->kind = KIND_LOWER;
    } else if (c >= 'A' && c <= 'Z') {
        out->kind = KIND_UPPER;
        out->fold[0] = (char)(c | 0x20);
    } else if (c >= '0' && c <= '9') {
        out->kind = KIND_DIGIT;
    } else {
        out->kind = 0;
        out->gap = gap_of_ascii(c);
    }
}

/* What a run of letters looked like, gathered while it is read. */
struct run {
    uint64_t hash;
    unsigned lower, upper, digits, others, inner; /* inner: capitals after the first letter */
    bool first_upper, foreign;
};

static void run_add(struct run *r, const struct letter *l)
{
    bool first = !(r->lower + r->upper + r->digits + r->others);

    if (l->size > 1)
        r->foreign = true;
    r->lower += l->kind == KIND_LOWER;
    r->digits += l->kind == KIND_DIGIT;
    r->others += l->kind == KIND_OTHER;
    if (l->kind == KIND_UPPER) {
        r->upper++;
        r->first_upper |= first;
        r->inner += !first;
    }
    for (unsigned k = 0; k < l->folded; k++)
        r->hash = (r->hash ^ (uint8_t)l->fold[k]) * FNV_PRIME;
}

static enum word_shape run_shape(const struct run *r)
{
    if (r->digits)
        return r->lower + r->upper + r->others ? SHAPE_ALNUM : SHAPE_NUMBER;
    if (!r->lower && !r->upper)
        return SHAPE_OTHER;
    if (!r->upper)
        return SHAPE_LOWER;
    if (!r->lower)
        return r->upper == 1 ? SHAPE_INITIAL : SHAPE_UPPER;
    return r->first_upper && !r->inner ? SHAPE_TITLE : SHAPE_MIXED;
}

/* The same for a run of ASCII, which nearly all text is. */
static uint32_t run_read_ascii(const struct words *w, uint32_t at, struct run *r)
{
    uint64_t hash = r->hash;
    unsigned lower = 0, upper = 0, digits = 0;
    uint32_t begin = at;

    for (; at < w->len; at++) {
        uint8_t c = (uint8_t)w->text[at], low = c | 0x20;
        bool letter = (uint8_t)(low - 'a') < 26, digit = (uint8_t)(c - '0') < 10;
        if (!letter && !digit)
            break;
        lower += letter && c == low;
        upper += letter && c != low;
        digits += digit;
        hash = (hash ^ (digit ? c : low)) * FNV_PRIME;
    }
    if (at == begin)
        return at;
    if (!(r->lower + r->upper + r->digits + r->others))
        r->first_upper = (uint8_t)(w->text[begin] - 'A') < 26;
    r->inner += upper - (unsigned)(r->first_upper && !(r->lower + r->upper + r->digits + r->others));
    r->lower += lower;
    r->upper += upper;
    r->digits += digits;
    r->hash = hash;
    return at;
}

/* Reads letters and digits from at; returns where they end. */
static uint32_t run_read(const struct words *w, uint32_t at, struct run *r)
{
    struct letter l;

    while (at < w->len) {
        at = run_read_ascii(w, at, r);
        if (at >= w->len || (uint8_t)w->text[at] < 0x80)
            break;
        read_letter(w->text, at, w->len, &l);
        if (!l.kind)
            break;
        run_add(r, &l);
        at += l.size;
    }
    return at;
}

/* The apostrophe at a place, in bytes; 0 when there is none. */
static unsigned apostrophe(const struct words *w, uint32_t at)
{
    if (at < w->len && w->text[at] == '\'')
        return 1;
    if (w->len - at >= 3 && !memcmp(w->text + at, "\xE2\x80\x99", 3))
        return 3;
    return 0;
}

static unsigned letters_at(const struct words *w, uint32_t at)
{
    unsigned n = 0;
    while (n < 4 && at + n < w->len) {
        uint8_t c = (uint8_t)w->text[at + n], low = c | 0x20;
        if (!(low >= 'a' && low <= 'z') && c < 0xC3)
            break;
        n++;
    }
    return n;
}

/* Takes 's and 'll and the like off the end of a word; returns where splitting goes on. */
static uint32_t read_suffix(const struct words *w, uint32_t at, struct word *word)
{
    unsigned size = apostrophe(w, at), n = size ? letters_at(w, at + size) : 0;
    const char *s = w->text + at + size;

    if (!size || n > 2 || !n)
        return at;
    if (n == 1 && (*s | 0x20) == 's')
        word->flags |= WORD_POSSESSIVE;
    else if ((n == 1 && strchr("tmdTMD", *s)) || (n == 2 && (s[1] | 0x20) == 'l') || (n == 2 && (s[1] | 0x20) == 'e'))
        word->flags |= WORD_CONTRACTED;
    else
        return at;
    return at + size + n;
}

/* One word at w->at, which stands on a letter. */
static void read_word(struct words *w, uint16_t gap)
{
    struct word *word = &w->v[w->n++];
    struct run r = {.hash = FNV_START};
    uint32_t end = run_read(w, w->at, &r);
    unsigned size, letters = r.lower + r.upper;

    *word = (struct word){.begin = w->at, .gap = gap};
    size = apostrophe(w, end);
    if (size && letters == 1 && !r.digits && strchr("odlODL", w->text[w->at]) && letters_at(w, end + size) > 2) {
        end = run_read(w, end + size, &r);
        word->flags |= WORD_PREFIXED;
        r.inner = r.lower ? 0 : r.inner;
    }
    word->end = end;
    word->hash = mix(r.hash);
    word->shape = (uint8_t)run_shape(&r);
    letters = r.lower + r.upper + r.others + r.digits;
    word->letters = (uint8_t)(letters > 255 ? 255 : letters);
    word->flags |= r.foreign ? WORD_FOREIGN : 0;
    word->classes = r.digits && !(r.lower + r.upper) ? 0 : lexicon_find(word->hash);
    w->at = read_suffix(w, end, word);
}

static bool is_ascii_letter(char c)
{
    return (uint8_t)((uint8_t)(c | 0x20) - 'a') < 26;
}

/* Skips what is no word; returns its bits. */
static uint16_t read_gap(struct words *w)
{
    uint16_t gap = w->at ? 0 : GAP_START, lines = 0, spaces = 0, last = 0;
    struct letter l;

    if (w->at + 1 < w->len && w->text[w->at] == ' ' && is_ascii_letter(w->text[w->at + 1])) {
        w->at++;
        return gap | GAP_SPACE;
    }
    while (w->at < w->len) {
        read_letter(w->text, w->at, w->len, &l);
        if (l.kind)
            break;
        if (l.gap == GAP_SPACE && last == GAP_SPACE)
            spaces++;
        last = l.gap;
        if (w->text[w->at] == '\n' && lines++)
            gap |= GAP_BLANK;
        gap |= l.gap;
        w->at += l.size;
    }
    if (spaces && !(gap & (GAP_LINE | GAP_PERIOD | GAP_STOP)))
        gap |= GAP_BLANK;
    return gap;
}

static uint16_t line_flags(const struct word *v, uint32_t n)
{
    unsigned lower = 0, upper = 0, title = 0, large = 0;
    uint16_t flags = 0;

    for (uint32_t i = 0; i < n; i++) {
        lower += v[i].shape == SHAPE_LOWER;
        upper += v[i].shape == SHAPE_UPPER && v[i].letters > 1;
        title += v[i].shape == SHAPE_TITLE || v[i].shape == SHAPE_MIXED;
        large += v[i].shape == SHAPE_LOWER && v[i].letters > 3;
    }
    if (upper > 1 && upper > 3 * lower && upper > 2 * title)
        flags |= WORD_LINE_UPPER;
    if (!upper && !title && lower > 1)
        flags |= WORD_LINE_LOWER;
    if (title + upper > 2 * large && title)
        flags |= WORD_LINE_TITLE;
    return flags;
}

/* A line, or 64 words of a long one: marks its words with what they have in common. */
static void mark_line(struct words *w, uint32_t begin)
{
    uint16_t flags = line_flags(w->v + begin, w->n - begin);

    for (uint32_t i = begin; i < w->n; i++)
        w->v[i].flags |= flags;
}

bool words_is(const struct words *w, uint32_t i, const char *text)
{
    size_t n;

    if (i >= w->n || (w->text[w->v[i].begin] | 0x20) != (*text | 0x20))
        return false;
    n = strlen(text);
    return w->v[i].end - w->v[i].begin == n && strncasecmp(w->text + w->v[i].begin, text, n) == 0;
}

bool words_is_any(const struct words *w, uint32_t i, const char *const *list)
{
    for (; *list; list++)
        if (words_is(w, i, *list))
            return true;
    return false;
}

uint32_t words_fold(const struct words *w, uint32_t i, char *out, uint32_t max)
{
    uint32_t n = 0;
    struct letter l;

    for (uint32_t at = w->v[i].begin; at < w->v[i].end; at += l.size) {
        read_letter(w->text, at, w->len, &l);
        for (unsigned k = 0; l.kind && k < l.folded && n < max; k++)
            out[n++] = l.fold[k];
    }
    return n;
}

void words_start(struct words *w, const char *text, uint32_t len)
{
    w->text = text;
    w->len = len;
    w->at = w->first = w->last = w->n = 0;
}

static void fill(struct words *w)
{
    uint32_t line = w->n;

    while (w->n < WORDS_MAX) {
        uint16_t gap = read_gap(w);
        bool broken = gap & (GAP_LINE | GAP_START);
        if (w->n > line && (broken || w->n - line >= 64)) {
            mark_line(w, line);
            line = w->n;
        }
        if (w->at >= w->len)
            break;
        read_word(w, gap);
        if (broken)
            w->v[w->n - 1].flags |= WORD_LINE_FIRST;
    }
    if (w->n > line)
        mark_line(w, line);
}

bool words_next(struct words *w)
{
    uint32_t keep = w->n - w->last + WORDS_KEEP; /* undecided words and the context before them */

    if (w->n && w->last == w->n)
        return false;
    if (keep > w->n)
        keep = w->n;
    memmove(w->v, w->v + (w->n - keep), keep * sizeof *w->v);
    w->first = keep - (w->n - w->last);
    w->n = keep;
    fill(w);
    w->last = w->at >= w->len ? w->n : w->n - WORDS_KEEP;
    return w->n > w->first;
}
