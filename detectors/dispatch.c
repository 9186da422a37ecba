/* SPDX-License-Identifier: Apache-2.0
 *
 * The idea:
 *
 *     byte before --class--> row --+
 *     byte here ------------------ hot? --no--> next byte                       (nearly always)
 *     byte here, byte after --classes--> cell: words of 64 openings that fit both
 *     word &= fits before; word &= fits third byte; &= fourth ... until it is 0  (nearly always)
 *     each bit left: a rule --> PCRE2, anchored here
 *
 * All openings of all rules are numbered so that those that begin alike are neighbours; a cell then holds few
 * words however many rules there are. Rules whose openings begin with nearly any byte but that need a certain
 * character (the @ of a mail address) wait for that character and look back. Rules without a trigger are
 * searched in turn.
 *
 * A rule's matches do not overlap: after one, `next` says from where it may match again, as a search that goes
 * on behind its match would.
 */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"

enum { BEFORE_CLASSES = 32 };

struct word_bits {
    uint32_t word;
    uint64_t bits;
};

struct dispatch {
    const struct phi_pattern *const *patterns;
    const struct trigger *const *triggers;
    uint32_t n;
    uint32_t *rule_of; /* per opening */
    uint32_t n_probes; /* openings, and words of 64 of them */
    uint32_t n_words;
    uint8_t before_class[257];
    unsigned n_before;
    uint16_t class[OPENING_BYTES][256]; /* 0: no opening has it */
    unsigned n_class[OPENING_BYTES];
    uint64_t *fits[OPENING_BYTES]; /* [class * n_words + word]; of the end of the text, class 0 */
    uint64_t *fits_before;         /* the same by class of the byte before */
    uint8_t hot[BEFORE_CLASSES][256];
    uint32_t *cells; /* n_class[0] * n_class[1] + 1 starts into lists */
    struct word_bits *lists;
    uint32_t *pivots, n_pivots; /* rules that wait for a character */
    uint32_t *full, n_full;     /* rules searched in turn */
    bool caseless;
};

/* ---- building ---- */

static bool trigger_uses_pivot(const struct trigger *t)
{
    if (t->pivot.byte < 0 || t->pivot.max == 0)
        return false;
    for (int i = 0; i < t->n; i++) {
        unsigned members = 0;
        for (int k = 0; k < 4; k++)
            members += (unsigned)__builtin_popcountll(t->openings[i].set[0].bits[k]);
        if (members > 12)
            return true;
    }
    return false;
}

static bool before_allowed(const struct opening *o, unsigned before)
{
    return before == BEFORE_START ? !o->start : !byte_set_has(&o->before, before);
}

/* A different odd number for each opening, so that sums tell sets of them apart. Where they should not, two
 * classes fall together, and what fits either is tried: slower, never less. */
static uint64_t opening_weight(uint32_t i)
{
    uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 31) * 0xBF58476D1CE4E5B9u;
    return (x ^ x >> 29) | 1;
}

/* Bytes before that no opening tells apart share a class. */
static void build_before_classes(struct dispatch *d, const struct opening *const *openings)
{
    uint64_t head[BEFORE_CLASSES];
    d->n_before = 0;
    for (unsigned b = 0; b <= 256; b++) {
        uint64_t sum = 0;
        unsigned c = 0;
        for (uint32_t i = 0; i < d->n_probes; i++)
            sum += before_allowed(openings[i], b) ? opening_weight(i) : 0;
        while (c < d->n_before && head[c] != sum)
            c++;
        if (c == BEFORE_CLASSES)
            c = BEFORE_CLASSES - 1; /* the last class is then a mixed one */
        else if (c == d->n_before)
            head[d->n_before++] = sum;
        d->before_class[b] = (uint8_t)c;
    }
}

/* Class 0 is kept for bytes in no set; returns the number of classes. */
static unsigned build_byte_classes(const struct opening *const *openings, uint32_t n, int at, uint16_t class[256])
{
    uint64_t head[257];
    unsigned classes = 1;
    for (unsigned b = 0; b < 256; b++) {
        uint64_t sum = 0;
        unsigned c = 1;
        for (uint32_t i = 0; i < n; i++)
            if (openings[i]->n <= at || byte_set_has(&openings[i]->set[at], b))
                sum += opening_weight(i);
        class[b] = 0;
        if (sum == 0)
            continue;
        while (c < classes && head[c] != sum)
            c++;
        if (c == classes)
            head[classes++] = sum;
        class[b] = (uint16_t)c;
    }
    return classes;
}

/* Whatever fits a member of a class fits the class. */
static int build_fits(struct dispatch *d, const struct opening *const *openings)
{
    d->fits_before = phi_memory_new(d->n_before * d->n_words * sizeof *d->fits_before + 8);
    if (!d->fits_before)
        return -1;
    for (uint32_t i = 0; i < d->n_probes; i++)
        for (unsigned b = 0; b <= 256; b++)
            if (before_allowed(openings[i], b))
                d->fits_before[d->before_class[b] * d->n_words + i / 64] |= (uint64_t)1 << i % 64;
    for (int at = 0; at < OPENING_BYTES; at++) {
        uint64_t *fits = phi_memory_new(d->n_class[at] * d->n_words * sizeof *fits + 8);
        d->fits[at] = fits;
        if (!fits)
            return -1;
        for (uint32_t i = 0; i < d->n_probes; i++) {
            uint64_t bit = (uint64_t)1 << i % 64;
            if (openings[i]->n <= at)
                fits[i / 64] |= bit;
            for (unsigned b = 0; b < 256; b++)
                if (openings[i]->n <= at || byte_set_has(&openings[i]->set[at], b))
                    fits[d->class[at][b] * d->n_words + i / 64] |= bit;
        }
    }
    return 0;
}

/* With lists NULL only counts. */
static uint32_t build_cells(struct dispatch *d, struct word_bits *lists)
{
    uint32_t used = 0, words = d->n_words;
    for (unsigned a = 0; a < d->n_class[0]; a++)
        for (unsigned b = 0; b < d->n_class[1]; b++) {
            d->cells[a * d->n_class[1] + b] = used;
            for (uint32_t w = 0; w < words; w++) {
                uint64_t bits = d->fits[0][a * words + w] & d->fits[1][b * words + w];
                if (bits && lists)
                    lists[used] = (struct word_bits){w, bits};
                used += bits != 0;
            }
        }
    d->cells[d->n_class[0] * d->n_class[1]] = used;
    return used;
}

static int build_tables(struct dispatch *d, const struct opening *const *openings)
{
    d->n_words = (d->n_probes + 63) / 64;
    build_before_classes(d, openings);
    for (int at = 0; at < OPENING_BYTES; at++)
        d->n_class[at] = build_byte_classes(openings, d->n_probes, at, d->class[at]);
    if (build_fits(d, openings) < 0)
        return -1;
    for (unsigned c = 0; c < d->n_before; c++)
        for (unsigned b = 0; b < 256; b++)
            for (uint32_t w = 0; w < d->n_words; w++)
                d->hot[c][b] |= (d->fits_before[c * d->n_words + w] & d->fits[0][d->class[0][b] * d->n_words + w]) != 0;
    d->cells = phi_memory_new((d->n_class[0] * d->n_class[1] + 1) * sizeof *d->cells);
    if (!d->cells)
        return -1;
    uint32_t size = build_cells(d, NULL);
    d->lists = phi_memory_new((size + 1) * sizeof *d->lists);
    if (!d->lists)
        return -1;
    build_cells(d, d->lists);
    return 0;
}

struct numbered {
    const struct opening *opening;
    uint32_t rule;
};

/* Openings that begin alike become neighbours. */
static int by_opening(const void *pa, const void *pb)
{
    const struct numbered *a = pa, *b = pb;
    for (int k = 0; k < 3; k++) {
        int rc = memcmp(&a->opening->set[k], &b->opening->set[k], sizeof a->opening->set[k]);
        if (rc)
            return rc;
    }
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static int build_numbers(struct dispatch *d, struct numbered *all, const struct opening **openings)
{
    qsort(all, d->n_probes, sizeof *all, by_opening);
    d->rule_of = phi_memory_new((d->n_probes + 1) * sizeof *d->rule_of);
    if (!d->rule_of)
        return -1;
    for (uint32_t i = 0; i < d->n_probes; i++) {
        openings[i] = all[i].opening;
        d->rule_of[i] = all[i].rule;
    }
    return build_tables(d, openings);
}

static int build(struct dispatch *d)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < d->n; i++)
        total += (uint32_t)d->triggers[i]->n;
    const struct opening **openings = phi_memory_new((total + 1) * sizeof *openings);
    struct numbered *all = phi_memory_new((total + 1) * sizeof *all);
    d->pivots = phi_memory_new((d->n + 1) * sizeof *d->pivots);
    d->full = phi_memory_new((d->n + 1) * sizeof *d->full);
    int rc = openings && all && d->pivots && d->full ? 0 : -1;
    for (uint32_t i = 0; i < d->n && rc == 0; i++) {
        const struct trigger *t = d->triggers[i];
        d->caseless |= t->caseless;
        if (t->n == 0)
            d->full[d->n_full++] = i;
        else if (trigger_uses_pivot(t))
            d->pivots[d->n_pivots++] = i;
        else
            for (int k = 0; k < t->n; k++)
                all[d->n_probes++] = (struct numbered){&t->openings[k], i};
    }
    if (rc == 0)
        rc = build_numbers(d, all, openings);
    phi_memory_free(all);
    phi_memory_free(openings);
    return rc;
}

struct dispatch *dispatch_new(const struct phi_pattern *const *patterns, const struct trigger *const *triggers,
                              uint32_t n)
{
    struct dispatch *d = phi_memory_new(sizeof *d);
    if (!d)
        return NULL;
    d->patterns = patterns;
    d->triggers = triggers;
    d->n = n;
    if (build(d) == 0)
        return d;
    dispatch_free(d);
    return NULL;
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    phi_memory_free(d->rule_of);
    phi_memory_free(d->fits_before);
    for (int at = 0; at < OPENING_BYTES; at++)
        phi_memory_free(d->fits[at]);
    phi_memory_free(d->cells);
    phi_memory_free(d->lists);
    phi_memory_free(d->pivots);
    phi_memory_free(d->full);
    phi_memory_free(d);
}

/* ---- scanning ---- */

struct pass {
    const struct dispatch *d;
    struct phi_matcher *m;
    struct dispatch_state *state;
    const char *text;
    uint32_t len;
    dispatch_found *found;
    void *context;
};

static uint32_t next_character(const char *text, uint32_t len, uint32_t at)
{
    at++;
    while (at < len && ((unsigned char)text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static int scan_rule(const struct pass *p, uint32_t rule)
{
    struct phi_match match;
    for (uint32_t at = 0; at <= p->len;) {
        int rc = phi_pattern_find(p->d->patterns[rule], p->m, p->text, p->len, at, &match);
        if (rc <= 0)
            return rc;
        if (p->found(p->context, rule, &match) < 0)
            return -1;
        at = match.end > match.begin ? match.end : next_character(p->text, p->len, match.end);
    }
    return 0;
}

/* Tries one rule at one place; keeps where it may match again. */
static int try_at(const struct pass *p, uint32_t rule, uint32_t at)
{
    uint64_t *next = &p->state->next[rule];
    struct phi_match match;
    if (*next > p->state->base + at)
        return 0;
    const struct head_run *run = &p->d->triggers[rule]->run;
    if (run->max && !trigger_run_fits(run, p->text, p->len, at))
        return 0;
    int rc = phi_pattern_at(p->d->patterns[rule], p->m, p->text, p->len, at, &match);
    if (rc < 0)
        return -1;
    *next = p->state->base + at + 1; /* not twice here */
    if (rc == 0)
        return 0;
    if (match.end > match.begin)
        *next = p->state->base + match.end;
    return p->found(p->context, rule, &match);
}

static int scan_pivot(const struct pass *p, uint32_t rule)
{
    const struct pivot *pivot = &p->d->triggers[rule]->pivot;
    const char *at = p->text, *end = p->text + p->len;
    while ((at = memchr(at, pivot->byte, (size_t)(end - at)))) {
        uint32_t q = (uint32_t)(at - p->text), low = q;
        while (low > 0 && q - low < pivot->max && byte_set_has(&pivot->between, (unsigned char)p->text[low - 1]))
            low--;
        for (uint32_t i = low; i + pivot->min <= q; i++)
            if (((unsigned char)p->text[i] & 0xC0) != 0x80 && try_at(p, rule, i) < 0)
                return -1;
        at++;
    }
    return 0;
}

/* What is left of a word of openings when all bytes from the third on have been looked at. */
static inline uint64_t word_narrow(const struct pass *p, uint32_t at, uint32_t word, uint64_t bits)
{
    const struct dispatch *d = p->d;
    for (uint32_t k = 2; k < OPENING_BYTES && bits; k++) {
        unsigned class = at + k < p->len ? d->class[k][(unsigned char)p->text[at + k]] : 0;
        bits &= d->fits[k][class * d->n_words + word];
        if (at + k >= p->len)
            break; /* what needs no more bytes here needs none behind */
    }
    return bits;
}

static int try_cell(const struct pass *p, uint32_t at, unsigned before)
{
    const struct dispatch *d = p->d;
    unsigned first = d->class[0][(unsigned char)p->text[at]];
    unsigned second = at + 1 < p->len ? d->class[1][(unsigned char)p->text[at + 1]] : 0;
    const uint32_t *cell = &d->cells[first * d->n_class[1] + second];
    for (uint32_t i = cell[0]; i < cell[1]; i++) {
        uint32_t word = d->lists[i].word;
        uint64_t bits = d->lists[i].bits & d->fits_before[before * d->n_words + word];
        if (at + 1 < p->len)
            bits = word_narrow(p, at, word, bits);
        for (; bits; bits &= bits - 1)
            if (try_at(p, d->rule_of[word * 64 + (uint32_t)__builtin_ctzll(bits)], at) < 0)
                return -1;
    }
    return 0;
}

static int scan_probes(const struct pass *p)
{
    const struct dispatch *d = p->d;
    unsigned before = d->before_class[BEFORE_START];
    for (uint32_t i = 0; i < p->len; i++) {
        unsigned char byte = (unsigned char)p->text[i];
        if (d->hot[before][byte] && try_cell(p, i, before) < 0)
            return -1;
        before = d->before_class[byte];
    }
    return 0;
}

/* U+017F is a small s and U+212A a capital K to a caseless pattern; openings are ASCII. */
static bool text_has_caseless_strays(const char *text, uint32_t len)
{
    return memmem(text, len, "\xC5\xBF", 2) || memmem(text, len, "\xE2\x84\xAA", 3);
}

int dispatch_scan(const struct dispatch *d, struct phi_matcher *m, struct dispatch_state *state,
                  const char *text, uint32_t len, dispatch_found *found, void *context)
{
    struct pass p = {d, m, state, text, len, found, context};
    if (d->caseless && !text_is_ascii(text, len) && text_has_caseless_strays(text, len))
        return dispatch_scan_in_turn(d, m, text, len, found, context);
    int rc = scan_probes(&p);
    for (uint32_t i = 0; i < d->n_pivots && rc == 0; i++)
        rc = scan_pivot(&p, d->pivots[i]);
    for (uint32_t i = 0; i < d->n_full && rc == 0; i++)
        rc = scan_rule(&p, d->full[i]);
    state->base += (uint64_t)len + 1;
    return rc;
}

int dispatch_scan_in_turn(const struct dispatch *d, struct phi_matcher *m, const char *text, uint32_t len,
                          dispatch_found *found, void *context)
{
    struct pass p = {d, m, NULL, text, len, found, context};
    for (uint32_t i = 0; i < d->n; i++)
        if (scan_rule(&p, i) < 0)
            return -1;
    return 0;
}
