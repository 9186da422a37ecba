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
#include "margin.h"
#include "phi.h"
#include "speaker.h"

#define HASH_START UINT64_C(0xCBF29CE484222325)
#define LANE_PRIME UINT64_C(0xD6E8FEB86659FD93)

enum { LINE_WORDS = 64, LANE = 8 };
enum { KIND_LOWER = 1, KIND_UPPER, KIND_DIGIT, KIND_MARK, KIND_OTHER };

struct letter {
    unsigned size;   /* bytes in the text */
    unsigned kind;   /* 0: no part of a word */
    char fold[4];    /* what is hashed; empty for marks */
    unsigned folded; /* how many of it */
    uint16_t gap;    /* when kind is 0 */
};

static inline uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ (h >> 32);
}

/* Words are hashed by eight folded bytes at a time, the first lowest, the last eight filled up with zeroes. */
static inline uint64_t hash_lane(uint64_t h, uint64_t lane)
{
    h = (h ^ lane) * LANE_PRIME;
    return h ^ h >> 32;
}

static inline uint64_t hash_end(uint64_t h)
{
    h *= LANE_PRIME;
    return h ^ h >> 32;
}

static inline uint64_t lane_load(const char *bytes, size_t n)
{
    uint64_t lane = 0;
    if (n >= LANE)
        memcpy(&lane, bytes, LANE);
    else
        for (size_t i = 0; i < n; i++)
            lane |= (uint64_t)(uint8_t)bytes[i] << 8 * i;
    return lane;
}

uint64_t words_hash(const char *folded, size_t len)
{
    uint64_t h = HASH_START;
    for (size_t i = 0; i < len; i += LANE)
        h = hash_lane(h, lane_load(folded + i, len - i));
    return hash_end(h);
}

uint64_t words_phrase(uint64_t phrase, uint64_t next)
{
    return mix(phrase * UINT64_C(0x9E3779B97F4A7C15) + next);
}

/* What an ASCII byte says as a part of a gap; 0 for letters and digits. */
static const uint16_t gap_of_ascii[128] = {
    [0 ... 8] = GAP_OTHER, ['\t'] = GAP_BLANK, ['\n'] = GAP_LINE, [11 ... 12] = GAP_OTHER, ['\r'] = GAP_LINE,
    [14 ... 31] = GAP_OTHER, [' '] = GAP_SPACE, ['!'] = GAP_STOP, ['"'] = GAP_QUOTE, [35 ... 38] = GAP_OTHER,
    ['\''] = GAP_APOSTROPHE, ['('] = GAP_OPEN, [')'] = GAP_CLOSE, ['*'] = GAP_STOP, [43] = GAP_OTHER,
    [','] = GAP_COMMA, ['-'] = GAP_HYPHEN, ['.'] = GAP_PERIOD, ['/'] = GAP_SLASH, [':'] = GAP_COLON, [';'] = GAP_STOP,
    ['<'] = GAP_OPEN, ['='] = GAP_COLON, ['>'] = GAP_CLOSE, ['?'] = GAP_STOP, [64] = GAP_OTHER, ['['] = GAP_OPEN,
    ['\\'] = GAP_SLASH, [']'] = GAP_CLOSE, [94] = GAP_OTHER, ['_'] = GAP_UNDERSCORE, ['`'] = GAP_APOSTROPHE,
    ['{'] = GAP_OPEN, ['|'] = GAP_BLANK, ['}'] = GAP_CLOSE, [126 ... 127] = GAP_OTHER,
};

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
        out->gap = gap_of_ascii[c];
    }
}

/* What a run of letters looked like, gathered while it is read. */
struct run {
    uint64_t hash, lane; /* lane: the bytes behind the last whole eight */
    unsigned bytes;      /* hashed or in the lane */
    unsigned lower, upper, digits, others, inner; /* inner: capitals after the first letter */
    bool first_upper, foreign;
};

static void run_hash(struct run *r, uint8_t byte)
{
    r->lane |= (uint64_t)byte << 8 * (r->bytes++ % LANE);
    if (r->bytes % LANE == 0) {
        r->hash = hash_lane(r->hash, r->lane);
        r->lane = 0;
    }
}

static uint64_t run_hash_end(const struct run *r)
{
    return hash_end(r->bytes % LANE ? hash_lane(r->hash, r->lane) : r->hash);
}

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
        run_hash(r, (uint8_t)l->fold[k]);
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
        run_hash(r, digit ? c : low);
    }
    if (at == begin)
        return at;
    if (!(r->lower + r->upper + r->digits + r->others))
        r->first_upper = (uint8_t)(w->text[begin] - 'A') < 26;
    r->inner += upper - (unsigned)(r->first_upper && !(r->lower + r->upper + r->digits + r->others));
    r->lower += lower;
    r->upper += upper;
    r->digits += digits;
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

/* Into the sets that it is in. */
static inline void sets_put(struct words *w, uint32_t i, bool form, bool everyday, bool told)
{
    w->forms[i / 64] |= (uint64_t)form << i % 64;
    w->open[i / 64] |= (uint64_t)!everyday << i % 64;
    w->told[i / 64] |= (uint64_t)told << i % 64;
}

static void sets_add(struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    sets_put(w, i, word_begins_form(x), word_is_everyday(x), x->letters == 1 || x->label || x->score || x->classes & (LEX(AMBIGUOUS) | LEX(GREETING)));
}

/* One word of any letters at w->at. */
static void read_wide_word(struct words *w, uint16_t gap, uint16_t flags)
{
    struct word *word = &w->v[w->n++];
    struct run r = {.hash = HASH_START};
    uint32_t end = run_read(w, w->at, &r);
    unsigned size, letters = r.lower + r.upper;

    *word = (struct word){.begin = w->at, .gap = gap, .flags = flags};
    size = apostrophe(w, end);
    if (size && letters == 1 && !r.digits && strchr("odlODL", w->text[w->at]) && letters_at(w, end + size) > 2) {
        end = run_read(w, end + size, &r);
        word->flags |= WORD_PREFIXED;
        r.inner = r.lower ? 0 : r.inner;
    }
    word->end = end;
    word->hash = run_hash_end(&r);
    word->shape = (uint8_t)run_shape(&r);
    letters = r.lower + r.upper + r.others + r.digits;
    word->letters = (uint8_t)(letters > 255 ? 255 : letters);
    word->flags |= r.foreign ? WORD_FOREIGN : 0;
    word->classes = r.digits && !(r.lower + r.upper) ? 0 : lexicon_find(word->hash);
    w->at = read_suffix(w, end, word);
    sets_add(w, w->n - 1);
}

/* The 64 bytes that are split at the moment. Apart from the words: what is written there would have it read again. */
struct here {
    uint64_t ascii, digits, upper; /* letters and digits of ASCII; digits; capitals, and parts of longer characters */
    uint32_t at;
};

static inline uint64_t bits_join(uint64_t first, uint64_t next, unsigned shift)
{
    return shift ? first >> shift | next << (64 - shift) : first;
}

static void here_move(struct here *h, const struct words *w, uint32_t at)
{
    const struct marks *m = w->marks ? w->marks + at / MARKS_BYTES : NULL;
    unsigned shift = at % MARKS_BYTES;
    struct marks read;

    if (m)
        read = (struct marks){.letters = bits_join(m->letters, m[1].letters, shift), .digits = bits_join(m->digits, m[1].digits, shift),
                              .high = bits_join(m->high, m[1].high, shift), .lower = bits_join(m->lower, m[1].lower, shift)};
    else
        read = marks_at(w->text, w->len, at);
    *h = (struct here){(read.letters & ~read.high) | read.digits, read.digits, read.letters & ~read.lower, at};
}

/* Moves on when the word at `at` does not end in these bytes. Returns where among them it begins. */
static inline unsigned here_reach(struct here *h, const struct words *w, uint32_t at)
{
    uint32_t k = at - h->at;

    if (k < MARKS_BYTES && ~(h->ascii >> k) << k)
        return k;
    here_move(h, w, at);
    return 0;
}

/* n letters and digits of a text of len bytes from here. The bit that makes letters small is set in digits. */
static inline uint64_t hash_ascii(const char *text, uint32_t n, uint32_t len)
{
    const uint64_t small = UINT64_C(0x2020202020202020);
    uint64_t h = HASH_START;
    for (; n > LANE; n -= LANE, len -= LANE, text += LANE)
        h = hash_lane(h, lane_load(text, LANE) | small);
    uint64_t lane = lane_load(text, len) | small;
    return hash_end(hash_lane(h, lane & UINT64_MAX >> (64 - 8 * n)));
}

/* The shape of n letters and digits, whose capitals and digits are these bits. */
static inline enum word_shape shape_ascii(uint32_t n, uint64_t upper, uint64_t digits, uint64_t all)
{
    if (digits)
        return digits == all ? SHAPE_NUMBER : SHAPE_ALNUM;
    if (!upper)
        return SHAPE_LOWER;
    if (upper == all)
        return n == 1 ? SHAPE_INITIAL : SHAPE_UPPER;
    return upper == 1 ? SHAPE_TITLE : SHAPE_MIXED;
}

/* What the words of a line look like: how many are lower, upper, title; lower ones that are long. Sixteen bits each. */
static inline uint64_t line_count(unsigned shape, unsigned letters)
{
    static const uint64_t by_shape[] = {[SHAPE_LOWER] = 1, [SHAPE_UPPER] = UINT64_C(1) << 16, [SHAPE_TITLE] = UINT64_C(1) << 32,
                                        [SHAPE_MIXED] = UINT64_C(1) << 32, [SHAPE_ALNUM] = 0};
    return by_shape[shape] + ((uint64_t)(shape == SHAPE_LOWER && letters > 3) << 48);
}

/* Skips what is no word; returns its bits. */
static uint16_t read_gap(const struct words *w, uint32_t *from)
{
    const uint8_t *text = (const uint8_t *)w->text;
    uint32_t at = *from, len = w->len;
    unsigned gap = at ? 0 : GAP_START, lines = 0, spaces = 0, last = 0;

    while (at < len) {
        unsigned here = text[at] < 0x80 ? gap_of_ascii[text[at]] : 0, size = 1;
        if (text[at] >= 0x80) {
            struct letter l;
            read_wide(text + at, len - at, &l);
            here = l.kind ? 0 : l.gap;
            size = l.size;
        }
        if (!here)
            break;
        spaces |= here & last & GAP_SPACE;
        last = here;
        if (text[at] == '\n' && lines++)
            gap |= GAP_BLANK;
        gap |= here;
        at += size;
    }
    *from = at;
    if (spaces && !(gap & (GAP_LINE | GAP_PERIOD | GAP_STOP)))
        gap |= GAP_BLANK;
    return (uint16_t)gap;
}

static uint16_t line_flags(uint64_t counts)
{
    unsigned lower = counts & 0xFFFF, upper = counts >> 16 & 0xFFFF, title = counts >> 32 & 0xFFFF, large = (unsigned)(counts >> 48);
    uint16_t flags = 0;

    if (upper > 1 && upper > 3 * lower && upper > 2 * title)
        flags |= WORD_LINE_UPPER;
    if (!upper && !title && lower > 1)
        flags |= WORD_LINE_LOWER;
    if (title + upper > 2 * large && title)
        flags |= WORD_LINE_TITLE;
    return flags;
}

/* A line, or 64 words of a long one: marks its words with what they have in common; who speaks is left out ("DR: so you"). */
static void mark_line(struct words *w, uint32_t begin, uint64_t counts)
{
    const struct word *x = &w->v[begin];
    for (unsigned k = speaker_words(w, begin); k > 0; k--)
        counts -= line_count(x[k - 1].shape, x[k - 1].letters);
    uint16_t flags = line_flags(counts);

    for (uint32_t i = begin; flags && i < w->n; i++)
        w->v[i].flags |= flags;
    if (x->gap & (GAP_LINE | GAP_START))
        speaker_begins(w, begin);
}

bool words_equal(const struct words *w, uint32_t i, const char *text, size_t len)
{
    return (w->text[w->v[i].begin] | 0x20) == (*text | 0x20) && strncasecmp(w->text + w->v[i].begin, text, len) == 0;
}

uint32_t words_possessive_end(const struct words *w, uint32_t i)
{
    uint32_t end = w->v[i].end;

    while (end < w->len && (w->text[end] | 0x20) != 's')
        end++;
    return end < w->len ? end + 1 : end;
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
    w->at = w->line = w->first = w->last = w->n = 0;
    w->marks = NULL;
    w->year = PHI_YEAR;
    memset(w->days, 0, sizeof w->days);
}

/* One word at `at`, which stands on a letter or digit: nearly all are short, of ASCII, and end at another mark than an
 * apostrophe. Adds what it is to its line. Returns where splitting goes on. */
static inline uint32_t read_word(struct words *w, struct here *here, uint32_t at, uint16_t gap, uint16_t flags, uint64_t *counts)
{
    unsigned shift = here_reach(here, w, at), n, shape;
    uint64_t in = here->ascii >> shift, all, digits, hash, classes;
    uint8_t behind;
    struct word *word;

    n = ~in ? (unsigned)__builtin_ctzll(~in) : MARKS_BYTES;
    behind = w->len - at > n ? (uint8_t)w->text[at + n] : 0;
    if (n == 0 || n == MARKS_BYTES || behind >= 0x80 || behind == '\'') {
        w->at = at;
        read_wide_word(w, gap, flags);
        word = &w->v[w->n - 1];
        *counts += line_count(word->shape, word->letters);
        return w->at;
    }
    all = (UINT64_C(1) << n) - 1;
    digits = here->digits >> shift & all;
    shape = shape_ascii(n, here->upper >> shift & all, digits, all);
    hash = hash_ascii(w->text + at, n, w->len - at);
    classes = shape == SHAPE_NUMBER ? 0 : lexicon_find(hash);
    if (classes & LEX(TITLE) && (w->text[at] | 0x20) == 'f' && n == 2 && w->n && w->v[w->n - 1].shape == SHAPE_NUMBER && gap == GAP_SPACE)
        classes = LEX(DOSE); /* "16 Fr": the size of a catheter, no priest */
    word = &w->v[w->n];
    *word = (struct word){.hash = hash, .classes = classes, .begin = at, .end = at + n, .gap = gap, .flags = flags,
                          .letters = (uint8_t)n, .shape = (uint8_t)shape};
    sets_put(w, w->n++, shape_begins_form(shape, classes), shape_is_everyday(shape, classes), n == 1 || classes & (LEX(AMBIGUOUS) | LEX(GREETING)));
    *counts += line_count(shape, n);
    return at + n;
}

static void fill(struct words *w)
{
    struct here here = {.ascii = UINT64_MAX, .at = UINT32_MAX}; /* none yet: the first word moves there */
    uint32_t line = w->n, at = w->at;
    uint64_t counts = 0;
    bool spaced = false; /* one blank before an ASCII letter or digit: the commonest gap */

    while (w->n < WORDS_MAX) {
        uint32_t end = at;
        uint16_t gap = spaced ? GAP_SPACE : read_gap(w, &at);
        if (gap & GAP_LINE) {
            if (!(gap & ~(GAP_LINE | GAP_SPACE | GAP_COMMA)) && at < w->len && margin_broke(w, w->line, w->text[end] == ',' ? end + 1 : end, at))
                gap = (gap & GAP_COMMA) | GAP_SPACE;
            w->line = at;
        }
        bool broken = gap & (GAP_LINE | GAP_START);
        if ((broken || w->n - line >= LINE_WORDS) && w->n > line) {
            mark_line(w, line, counts);
            line = w->n;
            counts = 0;
        }
        if (at >= w->len)
            break;
        at = read_word(w, &here, at, gap, broken ? WORD_LINE_FIRST : 0, &counts);
        uint32_t k = at - here.at + 1;
        spaced = k < MARKS_BYTES && here.ascii >> k & 1 && w->text[at] == ' ';
        at += spaced;
    }
    w->at = at;
    if (w->n > line)
        mark_line(w, line, counts);
}

/* Moves the last words to the front. */
static void keep_last(struct words *w, uint32_t keep)
{
    memmove(w->v, w->v + (w->n - keep), keep * sizeof *w->v);
    w->n = keep;
    memset(w->forms, 0, sizeof w->forms);
    memset(w->open, 0, sizeof w->open);
    memset(w->told, 0, sizeof w->told);
    for (uint32_t i = 0; i < keep; i++)
        sets_add(w, i);
}

bool words_next(struct words *w)
{
    uint32_t keep = w->n - w->last + WORDS_KEEP; /* undecided words and the context before them */

    if (w->n && w->last == w->n)
        return false;
    if (keep > w->n)
        keep = w->n;
    w->first = keep - (w->n - w->last);
    keep_last(w, keep);
    fill(w);
    w->last = w->at >= w->len ? w->n : w->n - WORDS_KEEP;
    return w->n > w->first;
}
