/* SPDX-License-Identifier: Apache-2.0
 *
 * Text as words: maximal runs of letters or digits, each with its shape, what stands between it and the word before,
 * and a hash of its folded form (lower-case ASCII where the letter is Latin), by which the lexicon and the dictionary
 * know it. Works through a text of any length in chunks of fixed size, so that nothing is allocated.
 *
 *     "Dr. O'Neill's 2nd visit"  ->  [Dr] [O'Neill +possessive] [2nd] [visit]
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lexicon.h"
#include "marks.h"

enum word_shape {
    SHAPE_OTHER = 0, /* letters without case (CJK, Arabic, ...) */
    SHAPE_LOWER,
    SHAPE_TITLE,   /* Smith */
    SHAPE_UPPER,   /* SMITH */
    SHAPE_INITIAL, /* S */
    SHAPE_MIXED,   /* McDonald, iPhone */
    SHAPE_NUMBER,  /* 12 */
    SHAPE_ALNUM,   /* B12 */
};

/* What stands before a word, bits of word.gap. */
enum word_gap {
    GAP_START = 1, /* nothing: the text begins */
    GAP_SPACE = 2,
    GAP_LINE = 4,   /* a line break */
    GAP_BLANK = 8,  /* an empty line, or columns: two or more spaces, a tab */
    GAP_COMMA = 16,
    GAP_PERIOD = 32,
    GAP_STOP = 64, /* ! ? ; and bullets */
    GAP_HYPHEN = 128,
    GAP_APOSTROPHE = 256,
    GAP_COLON = 512,
    GAP_SLASH = 1024,
    GAP_OPEN = 2048, /* ( [ { < */
    GAP_CLOSE = 4096,
    GAP_QUOTE = 8192,
    GAP_UNDERSCORE = 16384,
    GAP_OTHER = 32768,
};

enum word_flag {
    WORD_POSSESSIVE = 1,  /* 's follows */
    WORD_CONTRACTED = 2,  /* 'll, 're, 've, 't, 'm, 'd follows */
    WORD_FOREIGN = 4,     /* has a letter outside ASCII */
    WORD_LINE_UPPER = 8,  /* its line is written in capitals */
    WORD_LINE_LOWER = 16, /* its line has no capitals */
    WORD_LINE_TITLE = 32, /* most long words of its line begin with a capital */
    WORD_LINE_FIRST = 64, /* first of its line */
    WORD_PREFIXED = 128,  /* O'Neill, D'Angelo */
    WORD_TAKEN = 256,     /* part of a date or an age */
    WORD_SURE = 512,      /* a place, as the tagger is sure by what surrounds it */
};

struct word {
    uint64_t hash;
    uint64_t classes; /* lexicon.h */
    uint32_t begin, end;
    uint32_t facts;   /* dictionary.h; 0 when not looked up or unknown */
    uint16_t gap, flags;
    uint8_t shape, letters;
    uint8_t label;    /* what the detectors decided: enum word_label in evidence.h */
    uint8_t score;    /* 0..100 of that decision */
};

#define WORDS_KEEP 48 /* context that stays visible on both sides of a chunk */
#define WORDS_MAX 4096

struct words {
    const char *text;
    uint32_t len, at;    /* at: where splitting goes on */
    uint32_t line;       /* where the line of the last word begins */
    uint32_t first, last; /* words of this chunk that are to be decided: v[first..last) */
    uint32_t n;
    const struct marks *marks; /* of the text, or NULL; set behind words_start */
    int year; /* the current one; set behind words_start */
    uint8_t days[3]; /* dates that were found in the text with / - . between their numbers; 2: or more */
    /* Words of this chunk, a bit for each: */
    uint64_t forms[WORDS_MAX / 64]; /* word_begins_form */
    uint64_t open[WORDS_MAX / 64];  /* not word_is_everyday */
    uint64_t told[WORDS_MAX / 64];  /* decided to be something, of one letter, a given name and an everyday word, a greeting */
    uint64_t named[WORDS_MAX / 64]; /* a name in the lists may begin with it (brands.h); set by candidates_prepare */
    uint64_t small[WORDS_MAX / 64]; /* small_name_may_be; set by candidates_prepare */
    struct word v[WORDS_MAX];
};

/* Digits, months, number words and the first words of the lists: all that a date, an age or an address begins with. */
static inline bool shape_begins_form(unsigned shape, uint64_t classes)
{
    return shape >= SHAPE_NUMBER || classes & (LEX(CALENDAR) | LEX(MONTH) | LEX(NUMBER));
}
static inline bool word_begins_form(const struct word *x)
{
    return shape_begins_form(x->shape, x->classes);
}

/* A number or a common word in lower case, as nearly half of all words: never a part of a name by itself. What heads a facility
 * ("hospital") is read on, for what stands before it. */
static inline bool shape_is_everyday(unsigned shape, uint64_t classes)
{
    return shape == SHAPE_NUMBER || (shape == SHAPE_LOWER && classes & LEX(COMMON) && !(classes & LEX(FACILITY)));
}
static inline bool word_is_everyday(const struct word *x)
{
    return shape_is_everyday(x->shape, x->classes);
}

/* Of / - . what alone stands before the word, as 0 1 2; -1: something else. */
static inline int words_tight_gap(const struct word *x)
{
    return x->gap == GAP_SLASH ? 0 : x->gap == GAP_HYPHEN ? 1 : x->gap == GAP_PERIOD ? 2 : -1;
}

/* Written as a name is: Smith, SMITH, McDonald. */
static inline bool word_is_capital(const struct word *x)
{
    return x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER || x->shape == SHAPE_MIXED;
}

/* The first word of a set from i on, or end. */
static inline uint32_t words_in_set(const uint64_t *set, uint32_t i, uint32_t end)
{
    while (i < end) {
        uint64_t bits = set[i / 64] >> i % 64;
        if (bits) {
            i += (uint32_t)__builtin_ctzll(bits);
            return i < end ? i : end;
        }
        i = (i / 64 + 1) * 64;
    }
    return end;
}

/* Is there a word i, and do only these separators stand before it? */
static inline bool words_joined(const struct words *w, uint32_t i, uint16_t gaps)
{
    return i < w->n && !(w->v[i].gap & ~gaps);
}

void words_start(struct words *w, const char *text, uint32_t len);
/* Splits the next chunk; false at the end of the text. */
bool words_next(struct words *w);

/* Does word i, of as many bytes, have the letters of this ASCII text, in any case? */
bool words_equal(const struct words *w, uint32_t i, const char *text, size_t len);
/* Is word i (there may be none) this ASCII text, in any case? Many at once: word_lists.h. */
static inline bool words_is(const struct words *w, uint32_t i, const char *text)
{
    if (i >= w->n || (w->text[w->v[i].begin] | 0x20) != (*text | 0x20)) /* nearly all */
        return false;
    size_t len = strlen(text);
    return w->v[i].end - w->v[i].begin == len && words_equal(w, i, text, len);
}

/* Is it one of these? */
static inline bool words_is_any(const struct words *w, uint32_t i, const char *const *texts, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (words_is(w, i, texts[k]))
            return true;
    return false;
}

/* "16 Fr": the size of a catheter, which words.c tells from a priest by the number before it. */
static inline bool words_is_size(const struct words *w, uint32_t i)
{
    return w->v[i].classes & LEX(DOSE) && words_is(w, i, "fr");
}

/* Where word i ends with its possessive "'s". */
uint32_t words_possessive_end(const struct words *w, uint32_t i);

/* The letters of a word as they are hashed, at most max bytes; how many. */
uint32_t words_fold(const struct words *w, uint32_t i, char *out, uint32_t max);
/* The hash of a phrase is made of those of its words. */
uint64_t words_phrase(uint64_t phrase, uint64_t next);
/* The hash of ASCII letters, as for a word. */
uint64_t words_hash(const char *folded, size_t len);

#endif
