/* SPDX-License-Identifier: Apache-2.0
 *
 * The idea:
 *
 *     byte before, byte here ------> start: dead? --yes--> next byte           (nearly always)
 *     the bytes that follow --------> automaton: dead within a byte or two      (nearly always)
 *     a few openings left: compare them whole
 *     an opening fits: its rule --> PCRE2, anchored here
 *     a pivot fits: its rule ----> PCRE2, anchored at each place before it that may begin a match
 *
 * Rules without a trigger are searched in turn.
 *
 * A rule's matches do not overlap: after one, `next` says from where it may match again, as a search that goes
 * on behind its match would.
 */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "marks.h"
#include "memory.h"
#include "text.h"

struct dispatch {
    const struct phi_pattern *const *patterns;
    const struct trigger *const *triggers;
    uint32_t n;
    struct automaton automaton;
    uint32_t *rule_of; /* per opening */
    uint32_t *full, n_full; /* rules searched in turn */
    bool caseless;
};

/* ---- building ---- */

static const struct opening *trigger_opening(const struct trigger *t, int i)
{
    return t->pivot.n ? &t->pivot.openings[i] : &t->openings[i];
}

static int build(struct dispatch *d)
{
    uint32_t total = 0, n = 0;
    for (uint32_t i = 0; i < d->n; i++)
        total += (uint32_t)(d->triggers[i]->pivot.n ? d->triggers[i]->pivot.n : d->triggers[i]->n);
    const struct opening **openings = phi_memory_new((total + 1) * sizeof *openings);
    d->rule_of = phi_memory_new((total + 1) * sizeof *d->rule_of);
    d->full = phi_memory_new((d->n + 1) * sizeof *d->full);
    if (!openings || !d->rule_of || !d->full) {
        phi_memory_free(openings);
        return -1;
    }
    for (uint32_t i = 0; i < d->n; i++) {
        const struct trigger *t = d->triggers[i];
        int count = t->pivot.n ? t->pivot.n : t->n;
        d->caseless |= t->caseless;
        if (t->n == 0)
            d->full[d->n_full++] = i;
        for (int k = 0; k < count && t->n; k++) {
            d->rule_of[n] = i;
            openings[n++] = trigger_opening(t, k);
        }
    }
    return automaton_build(&d->automaton, openings, n);
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
    automaton_free(&d->automaton);
    phi_memory_free(d->rule_of);
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

/* A rare part of the rule begins at `at`: tries all places before it where a match that holds it can begin. */
static int try_before(const struct pass *p, uint32_t rule, uint32_t at)
{
    const struct pivot *pivot = &p->d->triggers[rule]->pivot;
    const unsigned char *text = (const unsigned char *)p->text;
    uint64_t next = p->state->next[rule], base = p->state->base;
    uint32_t most = at > pivot->max ? at - pivot->max : 0, low = at;
    if (next > base + most)
        most = next - base < at ? (uint32_t)(next - base) : at;
    while (low > most && byte_set_has(&pivot->between, text[low - 1]))
        low--;
    for (uint32_t i = low; i + pivot->min <= at; i++) {
        bool fits = byte_set_has(&pivot->first, text[i]) &&
                    (i ? !byte_set_has(&pivot->before, text[i - 1]) : !pivot->start);
        if (fits && (text[i] & 0xC0) != 0x80 && try_at(p, rule, i) < 0)
            return -1;
    }
    return 0;
}

static int try_leaf(const struct pass *p, const uint32_t *leaf, uint32_t at)
{
    const struct automaton *a = &p->d->automaton;
    for (uint32_t i = 0; i < leaf[1]; i++) {
        uint32_t id = leaf[2 + i];
        if (!automaton_fits(a->openings[id], leaf[0], p->text, p->len, at))
            continue;
        uint32_t rule = p->d->rule_of[id];
        int rc = p->d->triggers[rule]->pivot.n ? try_before(p, rule, at) : try_at(p, rule, at);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int try_place(const struct pass *p, uint32_t at)
{
    const struct automaton *a = &p->d->automaton;
    unsigned before = at ? (unsigned char)p->text[at - 1] : BEFORE_START;
    uint32_t code = a->start[a->group[before]][(unsigned char)p->text[at]];
    const uint32_t *leaf = automaton_walk(a, code, p->text, p->len, at);
    return leaf ? try_leaf(p, leaf, at) : 0;
}

/* The places among 64 bytes from `base` on that are worth two looks. */
static uint64_t places_at(const struct pass *p, uint32_t base)
{
    struct marks m = marks_at(p->text, p->len, base);
    uint64_t all = p->len - base < MARKS_BYTES ? ((uint64_t)1 << (p->len - base)) - 1 : ~(uint64_t)0;
    return p->d->automaton.inner ? all : all & ~marks_inner_letters(&m);
}

static int scan_openings(const struct pass *p)
{
    const struct automaton *a = &p->d->automaton;
    const unsigned char *text = (const unsigned char *)p->text;
    for (uint32_t base = 0; base < p->len; base += MARKS_BYTES)
        for (uint64_t places = places_at(p, base); places; places &= places - 1) {
            uint32_t i = base + (uint32_t)__builtin_ctzll(places);
            bool letter = i && (unsigned char)((text[i - 1] | 0x20) - 'a') < 26;
            bool alive = i + 1 == p->len || automaton_alive(a, letter, text[i], text[i + 1]);
            if (alive && try_place(p, i) < 0)
                return -1;
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
    int rc = scan_openings(&p);
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
