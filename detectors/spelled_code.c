/* SPDX-License-Identifier: Apache-2.0 */
#include "spelled_code.h"

#include "dates.h"
#include "lexicon.h"
#include "phi.h"
#include "spelled_name.h"
#include "text.h"

enum { SIGNS_FEWEST = 6, DIGITS_FEWEST = 3, ROW_FEWEST = 3, SCORE = 82 };

enum sign { SIGN_NONE, SIGN_LETTER, SIGN_DIGIT };

/* What has been read of a number. */
struct code {
    uint32_t last; /* the last word of it */
    unsigned letters, digits, links;
    unsigned row, longest_row; /* of digits */
    unsigned pairs; /* of digits that were said together: "24 D V" */
};

static bool is_digit_word(const struct words *w, uint32_t i)
{
    unsigned used;
    bool ordinal;
    int value = w->v[i].classes & LEX(NUMBER) ? dates_read_number(w, i, &used, &ordinal) : -1;

    return (value >= 0 && value <= 9 && used == 1 && !ordinal) || words_is(w, i, "oh");
}

static enum sign sign_of(const struct words *w, uint32_t i)
{
    if (i >= w->n || w->v[i].flags & (WORD_TAKEN | WORD_CONTRACTED | WORD_POSSESSIVE))
        return SIGN_NONE;
    if (w->v[i].shape == SHAPE_NUMBER)
        return w->v[i].letters <= 2 ? SIGN_DIGIT : SIGN_NONE;
    if (w->v[i].end - w->v[i].begin == 1)
        return text_is_letter(w->text[w->v[i].begin]) ? SIGN_LETTER : SIGN_NONE;
    return is_digit_word(w, i) ? SIGN_DIGIT : SIGN_NONE;
}

static bool goes_on(const struct words *w, uint32_t i)
{
    return words_joined(w, i, GAP_SPACE | GAP_COMMA) && w->v[i].gap;
}

static bool is_pair(const struct words *w, uint32_t i)
{
    return w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 2;
}

static void add(const struct words *w, struct code *c, enum sign sign, uint32_t i)
{
    c->letters += sign == SIGN_LETTER;
    c->digits += sign == SIGN_DIGIT;
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
        enum sign sign = sign_of(w, i);
        if (sign == SIGN_NONE || is_word_again(w, i))
            return;
        add(w, c, sign, i++);
        if (!goes_on(w, i))
            return;
        uint32_t skip = sign_of(w, i) ? 0 : sign == SIGN_LETTER ? spelled_aside(w, i) : is_link(w, i);
        c->links += is_link(w, i) && sign_of(w, i + skip);
        i += skip;
        if (!goes_on(w, i))
            return;
    }
}

/* "g three p one zero one one": how often somebody was with child. */
static bool is_pregnancies(const struct words *w, uint32_t i)
{
    return words_is(w, i, "g") && words_is(w, i + 2, "p");
}

/* "so i a one" is no number: signs enough, digits in a row, and letters or dashes between them, which no count has. */
static bool is_code(const struct code *c)
{
    return c->letters + c->digits + c->pairs >= SIGNS_FEWEST && c->digits >= DIGITS_FEWEST && c->longest_row >= ROW_FEWEST &&
           c->letters + c->links > 0 && c->pairs <= 1;
}

/* A cheap look before the long one: nearly all numbers and names stand among words. */
static bool may_begin(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *n = x + 1;
    bool sign = x->letters == 1 || x->classes & LEX(NUMBER) || (x->shape == SHAPE_NUMBER && x->letters == 2);
    return sign && i + 1 < w->n && n->gap & (GAP_SPACE | GAP_COMMA) &&
           (n->letters <= 2 || n->classes & LEX(NUMBER) || (n->shape == SHAPE_LOWER && n->letters <= 6));
}

static bool begins(const struct words *w, uint32_t i)
{
    return may_begin(w, i) && sign_of(w, i) && !(i && goes_on(w, i) && sign_of(w, i - 1)) && !words_is(w, i, "a") && !words_is(w, i, "i");
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

    for (uint32_t i = next_place(w, w->first); i < w->last; i = next_place(w, i + 1)) {
        if (!begins(w, i))
            continue;
        read(w, i, &code);
        if (!is_code(&code) || is_pregnancies(w, i))
            continue;
        struct phi_candidate c = {.kind = PHI_OTHER_CODE, .rule = rule, .score = SCORE, .begin = w->v[i].begin, .end = w->v[code.last].end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
        i = code.last;
    }
    return 0;
}
