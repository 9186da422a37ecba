/* SPDX-License-Identifier: Apache-2.0 */
#include "spelled_code.h"

#include "dates.h"
#include "lexicon.h"
#include "phi.h"
#include "spelled_name.h"
#include "text.h"

enum { SIGNS_FEWEST = 6, DIGITS_FEWEST = 3, ROW_FEWEST = 3, MIXED_FEWEST = 9, LONG_FEWEST = 9, BOTH_MOST = 2, ALPHABET_LEAST = 4, SCORE = 82 };

/* SIGN_BOTH: a letter and a digit written together, "9K". */
enum sign { SIGN_NONE, SIGN_LETTER, SIGN_DIGIT, SIGN_BOTH };

/* What has been read of a number. */
struct code {
    uint32_t last; /* the last word of it */
    unsigned letters, digits, links;
    unsigned row, longest_row; /* of digits */
    unsigned pairs; /* of digits that were said together: "24 D V" */
    unsigned both;  /* SIGN_BOTH */
    unsigned commas;
    unsigned beside; /* letters right behind letters */
    enum sign sign;  /* the last one */
    uint32_t values; /* a bit for each digit that is written as one */
};

static bool is_digit_word(const struct words *w, uint32_t i)
{
    unsigned used;
    bool ordinal;
    int value = w->v[i].classes & LEX(NUMBER) ? dates_read_number(w, i, &used, &ordinal) : -1;

    return (value >= 0 && value <= 9 && used == 1 && !ordinal) || words_is(w, i, "oh") || words_is(w, i, "niner");
}

/* "whiskey", "bravo": the letters of the radio alphabet (ITU, ICAO), among other signs. */
static bool is_alphabet_word(const struct words *w, uint32_t i)
{
    static const char *const alphabet[] = {"alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "juliett", "kilo", "lima", "mike",
                                           "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "xray", "yankee", "zulu"};
    return i < w->n && w->v[i].letters >= ALPHABET_LEAST && words_is_any(w, i, alphabet, sizeof alphabet / sizeof *alphabet);
}

static enum sign sign_of(const struct words *w, uint32_t i)
{
    if (i >= w->n || w->v[i].flags & (WORD_TAKEN | WORD_CONTRACTED | WORD_POSSESSIVE))
        return SIGN_NONE;
    if (w->v[i].shape == SHAPE_NUMBER)
        return w->v[i].letters <= 2 ? SIGN_DIGIT : SIGN_NONE;
    if (w->v[i].shape == SHAPE_ALNUM && w->v[i].letters == 2)
        return SIGN_BOTH;
    if (w->v[i].end - w->v[i].begin == 1)
        return text_is_letter(w->text[w->v[i].begin]) ? SIGN_LETTER : SIGN_NONE;
    return is_digit_word(w, i) ? SIGN_DIGIT : SIGN_NONE;
}

static bool goes_on(const struct words *w, uint32_t i)
{
    return words_joined(w, i, GAP_SPACE | GAP_COMMA) && w->v[i].gap;
}

/* "9K F4 - P U 7": groups with a mark between. */
static bool is_dashed(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].gap == (GAP_SPACE | GAP_HYPHEN);
}

static bool is_pair(const struct words *w, uint32_t i)
{
    return w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 2;
}

static void add(const struct words *w, struct code *c, enum sign sign, uint32_t i)
{
    c->letters += sign == SIGN_LETTER || sign == SIGN_BOTH;
    c->digits += sign == SIGN_DIGIT || sign == SIGN_BOTH;
    c->both += sign == SIGN_BOTH;
    c->beside += sign == SIGN_LETTER && c->sign == SIGN_LETTER;
    c->sign = sign;
    c->commas += c->digits + c->letters > 1 && w->v[i].gap & GAP_COMMA;
    char digit = w->text[w->v[i].end - 1]; /* a mark may stand in front of it */
    if (w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 1 && text_is_digit(digit))
        c->values |= 1u << (digit - '0');
    c->pairs += is_pair(w, i);
    c->row = sign == SIGN_DIGIT ? c->row + 1 : 0;
    c->longest_row = c->row > c->longest_row ? c->row : c->longest_row;
    c->last = i;
}

static bool is_link(const struct words *w, uint32_t i)
{
    return words_is(w, i, "dash") || words_is(w, i, "hyphen");
}

/* "five one oh one four two i know it by heart" */
static bool is_word_again(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return x->shape == SHAPE_LOWER && x->letters == 1 && (w->text[x->begin] == 'i' || w->text[x->begin] == 'a') && i + 1 < w->n &&
           x[1].gap == GAP_SPACE && x[1].shape == SHAPE_LOWER && !sign_of(w, i + 1);
}

static void read(const struct words *w, uint32_t i, struct code *c)
{
    *c = (struct code){.last = i};
    for (;;) {
        enum sign sign = is_alphabet_word(w, i) ? SIGN_LETTER : sign_of(w, i);
        if (sign == SIGN_NONE || is_word_again(w, i))
            return;
        add(w, c, sign, i++);
        if (!goes_on(w, i) && !is_dashed(w, i))
            return;
        uint32_t skip = sign_of(w, i) || is_alphabet_word(w, i) ? 0 : sign == SIGN_LETTER ? spelled_aside(w, i) : is_link(w, i);
        c->links += is_link(w, i) && sign_of(w, i + skip);
        i += skip;
        if (!goes_on(w, i) && !is_dashed(w, i))
            return;
    }
}

/* "g three p one zero one one": how often somebody was with child; "pain 5 6 7 8 4": scores. */
static bool is_counted(const struct words *w, uint32_t i)
{
    static const char *const scored[] = {"pain", "score", "scores", "scored", "strength", "ratings", "levels"};
    return (words_is(w, i, "g") && words_is(w, i + 2, "p")) || (i && words_is_any(w, i - 1, scored, sizeof scored / sizeof *scored));
}

/* "9 3 5 0 8 4 2 2 9 0": as long as only numbers are; no list of teeth, no scores, which are small and alike. */
static bool is_long(const struct code *c)
{
    return c->digits >= LONG_FEWEST && c->letters == 0 && c->pairs == 0 && c->commas == 0 && __builtin_popcount(c->values) > 4;
}

/* "so i a one" is no number: signs enough, digits in a row, and letters or dashes between them, which no count has; or so many of
 * both that no row is needed. */
static bool is_code(const struct code *c)
{
    unsigned signs = c->letters + c->digits;
    if (c->both > BOTH_MOST || (c->both && c->commas)) /* "V1 V2 V3 V4", "D0,3,7,14" */
        return false;
    bool row = c->longest_row >= ROW_FEWEST || (signs >= MIXED_FEWEST && c->beside > 1 && c->digits > 3); /* not "T 4 N 2 M 0" */
    return is_long(c) || (signs + c->pairs + (c->links > 0) >= SIGNS_FEWEST && c->digits >= DIGITS_FEWEST && row && c->letters + c->links > 0 && c->pairs <= 1);
}

/* A cheap look before the long one: nearly all numbers and names stand among words. */
static bool may_begin(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *n = x + 1;
    bool sign = x->letters == 1 || x->classes & LEX(NUMBER) || (x->shape >= SHAPE_NUMBER && x->letters == 2) || words_is(w, i, "oh");
    return sign && i + 1 < w->n && n->gap & (GAP_SPACE | GAP_COMMA) &&
           (n->letters <= 2 || n->classes & LEX(NUMBER) || (n->shape == SHAPE_LOWER && n->letters <= 6));
}

static bool begins(const struct words *w, uint32_t i)
{
    if (!may_begin(w, i) || !sign_of(w, i))
        return false;
    bool inside = i && (goes_on(w, i) || is_dashed(w, i)) && (sign_of(w, i - 1) || is_alphabet_word(w, i - 1));
    return !inside && !words_is(w, i, "a") && !words_is(w, i, "i");
}

/* Where one may begin: at words that stand for numbers or are letters. */
static uint32_t next_place(const struct words *w, uint32_t i)
{
    uint32_t form = words_in_set(w->forms, i, w->last);
    return words_in_set(w->told, i, form);
}

int spelled_code_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    struct code code;

    for (uint32_t i = next_place(w, w->first), at; i < w->last; i = next_place(w, at + 1)) {
        at = i;
        if (i && goes_on(w, i) && words_is(w, i - 1, "oh")) /* which begins no form */
            i--;
        if (!begins(w, i))
            continue;
        read(w, i, &code);
        if (!is_code(&code) || is_counted(w, i))
            continue;
        struct phi_candidate c = {.kind = PHI_OTHER_CODE, .rule = rule, .score = SCORE, .begin = w->v[i].begin, .end = w->v[code.last].end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
        at = code.last;
    }
    return 0;
}
