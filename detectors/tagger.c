/* SPDX-License-Identifier: Apache-2.0
 *
 * Which words are read, and what the sums of a run mean together (forward and backward sums, scaled at each word).
 */
#include "tagger.h"

#include <math.h>
#include <string.h>

#include "candidate.h"
#include "dictionary.h"
#include "lexicon.h"
#include "tagger_sum.h"

/* A word is without hope when none is likelier by far: e^-2, in 1/256. */
enum { HOPELESS = -512 };

static bool lower_is_open(const struct words *w, uint32_t i)
{
    const uint64_t cues = LEX(PLACE) | LEX(DOCTOR) | LEX(TITLE) | LEX(RELATION) | LEX(NAMED) | LEX(WORKPLACE) | LEX(RESIDENCE) | LEX(GREETING);
    const struct word *x = &w->v[i];
    bool english = fact_is_word(x->facts), lower = x->flags & WORD_LINE_LOWER;

    if (i && x[-1].classes & cues)
        return true;
    if (lower)
        return !english || fact_is_name_or_city(x->facts) || x->classes & LEX(FACILITY);
    return !english && !(x->classes & (LEX(EPONYM_HEAD) | LEX(PATIENT))); /* where names have capitals, "hand" and "rose" are words */
}

/* A number of four digits, or part of what is written with others: counts, doses and values are not. */
static bool number_is_open(const struct words *w, uint32_t i)
{
    const uint16_t tight = GAP_HYPHEN | GAP_SLASH | GAP_PERIOD;
    const struct word *x = &w->v[i], *n = x + 1;

    if (i + 1 < w->n && n->classes & (LEX(DOSE) | LEX(AGE)))
        return false;
    if (x->end - x->begin >= 4)
        return true;
    if (i && x->gap && !(x->gap & ~tight) && x[-1].shape >= SHAPE_NUMBER)
        return true;
    if (i + 1 < w->n && n->gap && !(n->gap & ~tight) && n->shape >= SHAPE_NUMBER)
        return true;
    return (i && x[-1].classes & (LEX(MONTH) | LEX(CALENDAR) | LEX(LABEL))) || (i + 1 < w->n && n->classes & (LEX(MONTH) | LEX(STREET)));
}

static bool is_open(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->flags & (WORD_TAKEN | WORD_CONTRACTED))
        return false;
    if (x->label)
        return true;
    if (x->classes & (LEX(HONORIFIC) | LEX(DOCTOR) | LEX(CHAT) | LEX(DRUG)) || (x->classes & LEX(HEADING) && x->shape == SHAPE_UPPER))
        return false;
    if (x->shape == SHAPE_LOWER)
        return lower_is_open(w, i);
    if (x->shape == SHAPE_NUMBER)
        return number_is_open(w, i);
    if (candidate_is_small(w, i))
        return false;
    return !(x->classes & LEX(COMMON)) || x->facts & FACT_HEAD || x->classes & (LEX(FACILITY) | LEX(FACILITY_PART) | LEX(STREET) | LEX(MONTH));
}

static bool in_set(const struct tagger_open *s, uint32_t i)
{
    return s->v[i / 64] >> i % 64 & 1;
}

/* Everyday words and numbers are left out of w->open; the numbers among them are in w->forms. */
void tagger_open(const struct words *w, uint32_t first, uint32_t end, struct tagger_open *out)
{
    memset(out->v + first / 64, 0, ((size_t)end / 64 + 1 - first / 64) * sizeof *out->v);
    for (uint32_t base = first / 64; base * 64 < end; base++) {
        uint64_t bits = w->open[base] | w->forms[base], open = 0;
        for (; bits; bits &= bits - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(bits), i = base * 64 + bit;
            if (i >= first && i < end)
                open |= (uint64_t)is_open(w, i) << bit;
        }
        out->v[base] = open;
    }
}

static bool goes_with(const struct words *w, uint32_t i)
{
    return !(w->v[i].gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START)) && !(w->v[i].flags & (WORD_TAKEN | WORD_CONTRACTED));
}

/* Open, or beside a word that is. */
static bool is_read(const struct words *w, const struct tagger_open *open, uint32_t i, uint32_t end)
{
    if (in_set(open, i))
        return true;
    if (w->v[i].flags & (WORD_TAKEN | WORD_CONTRACTED))
        return false;
    return (i && goes_with(w, i) && in_set(open, i - 1)) || (i + 1 < end && goes_with(w, i + 1) && in_set(open, i + 1));
}

bool tagger_next(const struct words *w, const struct tagger_open *open, uint32_t i, uint32_t end, struct tagger_run *run)
{
    uint32_t at = words_in_set(open->v, i, end);

    if (at >= end)
        return false;
    run->first = at > i && is_read(w, open, at - 1, end) ? at - 1 : at;
    for (i = at + 1; i < end && i - run->first < TAG_RUN_MAX; i++)
        if (w->v[i].gap & (GAP_BLANK | GAP_STOP | GAP_START) || !is_read(w, open, i, end))
            break;
    run->end = i;
    return true;
}

static float odds_of(int32_t sum)
{
    return expf((float)(sum < -4096 ? -4096 : sum > 4096 ? 4096 : sum) / 256);
}

/* False when no open word of the run has hope. */
static bool sum_open(const struct words *w, const struct tagger_open *open, const struct tagger_run *run, struct tagger_lattice *l)
{
    bool hope = false;

    for (uint32_t i = run->first; i < run->end; i++) {
        uint32_t k = i - run->first;
        l->hope[k] = l->told[k] = in_set(open, i) && tagger_sum(w, i, HOPELESS, &l->work, l->sum[k]);
        hope |= l->hope[k];
    }
    return hope;
}

static void emit_word(struct tagger_lattice *l, uint32_t k)
{
    l->emit[k][TAG_NONE] = 1;
    for (unsigned t = 1; t < TAGS; t++)
        l->emit[k][t] = odds_of(l->sum[k][t - 1]);
}

/* The words with hope and those beside them. */
static void emit_words(const struct words *w, const struct tagger_run *run, struct tagger_lattice *l)
{
    uint32_t n = run->end - run->first;

    for (uint32_t k = 0; k < n; k++) {
        bool beside = (k && l->hope[k - 1]) || (k + 1 < n && l->hope[k + 1]);
        if (beside && !l->told[k])
            l->told[k] = tagger_sum(w, run->first + k, INT32_MIN / 2, &l->work, l->sum[k]);
        if (l->told[k])
            emit_word(l, k);
    }
}

static void scale(float v[TAGS])
{
    float total = 0;

    for (unsigned k = 0; k < TAGS; k++)
        total += v[k];
    for (unsigned k = 0; k < TAGS; k++)
        v[k] /= total;
}

/* Outside [first, end) is none. */
static void go_forward(struct tagger_lattice *l, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        for (unsigned k = 0; k < TAGS; k++) {
            float sum = i > first ? 0 : tagger_steps[TAG_NONE][k];
            for (unsigned j = 0; i > first && j < TAGS; j++)
                sum += l->forward[i - 1][j] * tagger_steps[j][k];
            l->forward[i][k] = sum * l->emit[i][k];
        }
        scale(l->forward[i]);
    }
}

static void go_backward(struct tagger_lattice *l, uint32_t first, uint32_t end)
{
    for (uint32_t i = end; i-- > first;) {
        for (unsigned k = 0; k < TAGS; k++) {
            float sum = i + 1 < end ? 0 : tagger_steps[k][TAG_NONE];
            for (unsigned j = 0; i + 1 < end && j < TAGS; j++)
                sum += tagger_steps[k][j] * l->emit[i + 1][j] * l->backward[i + 1][j];
            l->backward[i][k] = sum;
        }
        scale(l->backward[i]);
    }
}

static struct tagging tagging_of(const struct tagger_lattice *l, uint32_t i)
{
    float p[TAGS];
    unsigned best = 1;

    for (unsigned k = 0; k < TAGS; k++)
        p[k] = l->forward[i][k] * l->backward[i][k];
    scale(p);
    for (unsigned k = 2; k < TAGS; k++)
        if (p[k] > p[best])
            best = k;
    return (struct tagging){(uint8_t)best, (uint8_t)((1 - p[TAG_NONE]) * 100)};
}

/* Reads the words that have odds, stretch by stretch; the others are none. */
static void read_stretches(struct tagger_lattice *l, struct tagger_run *run)
{
    uint32_t n = run->end - run->first, first, end;

    for (first = 0; first < n; first = end + 1) {
        for (end = first; end < n && l->told[end]; end++)
            ;
        go_forward(l, first, end);
        go_backward(l, first, end);
        for (uint32_t k = first; k < end; k++)
            run->v[k] = tagging_of(l, k);
        if (end < n)
            run->v[end] = (struct tagging){TAG_NAME, 0};
    }
}

bool tagger_read(const struct words *w, const struct tagger_open *open, struct tagger_run *run)
{
    if (!sum_open(w, open, run, &run->lattice))
        return false;
    emit_words(w, run, &run->lattice);
    read_stretches(&run->lattice, run);
    return true;
}
