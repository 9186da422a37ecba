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
#include "word_trie.h"

enum { LONG_RUN = 10 };

/* What an opening leads to. */
struct target {
    uint32_t rule;
    struct outline_mark mark; /* of its outline, behind what a glance has seen */
};

struct dispatch {
    const struct phi_pattern *const *patterns;
    const struct trigger *const *triggers;
    uint32_t n;
    struct words {
        struct word_trie trie;
        const struct opening **openings;
        struct target *targets; /* per opening */
    } words; /* at ASCII letters that no such letter stands before */
    struct openings {
        struct automaton automaton;
        struct target *targets;
    } usual, long_runs; /* elsewhere; those that begin with LONG_RUN letters or digits, anywhere */
    uint32_t *full, n_full; /* rules searched in turn */
    bool caseless;
};

/* ---- building ---- */

/* Does it begin with so many letters or digits that few words have them? */
static bool opening_is_long(const struct opening *o)
{
    static const uint64_t other[2] = {~0x03FF000000000000u, ~0x07FFFFFE07FFFFFEu};
    for (int k = 0; k < LONG_RUN; k++)
        if (k >= o->n || o->set[k].bits[0] & other[0] || o->set[k].bits[1] & other[1] || o->set[k].bits[2] | o->set[k].bits[3])
            return false;
    return true;
}

/* The openings of all rules that are long, or not. */
static bool openings_are_long(const struct opening *v, int n)
{
    for (int k = 0; k < n; k++)
        if (!opening_is_long(&v[k]))
            return false;
    return n > 0;
}

/* May it begin elsewhere than at the first letter of a word? */
static bool opening_is_inner(const struct opening *o)
{
    static const uint64_t letters = 0x07FFFFFE07FFFFFEu;
    bool follows = false;
    for (unsigned before = 'A'; before <= 'z'; before++)
        follows |= (letters >> (before & 63) & 1) && opening_follows(o, before);
    return follows || o->set[0].bits[0] | (o->set[0].bits[1] & ~letters) | o->set[0].bits[2] | o->set[0].bits[3];
}

enum part { PART_WORDS, PART_USUAL, PART_LONG };

static bool opening_in_part(const struct opening *o, bool is_long, enum part part)
{
    return is_long == (part == PART_LONG) && (part != PART_USUAL || opening_is_inner(o));
}

/* The openings of a part, and where each leads. Returns how many; -1 when out of memory. */
static int64_t collect_openings(const struct dispatch *d, enum part part, const struct opening ***openings, struct target **targets)
{
    uint32_t total = 0, n = 0;
    for (uint32_t i = 0; i < d->n; i++)
        total += (uint32_t)(d->triggers[i]->pivot.n ? d->triggers[i]->pivot.n : d->triggers[i]->n);
    *openings = phi_memory_new((total + 1) * sizeof **openings);
    *targets = phi_memory_new((total + 1) * sizeof **targets);
    for (uint32_t i = 0; i < d->n && *openings && *targets; i++) {
        const struct trigger *t = d->triggers[i];
        const struct opening *v = t->pivot.n ? t->pivot.openings : t->openings;
        int count = t->n == 0 ? 0 : t->pivot.n ? t->pivot.n : t->n;
        /* A rule is tried from left to right, so all its openings wait, or none does. */
        bool is_long = openings_are_long(v, count);
        for (int k = 0; k < count; k++)
            if (opening_in_part(&v[k], is_long, part)) {
                (*targets)[n] = (struct target){i, outline_behind(&t->outline, v[k].set, automaton_glance_of(&v[k], 0, 0).exact)};
                (*openings)[n++] = &v[k];
            }
    }
    return *openings && *targets ? (int64_t)n : -1;
}

static int build_openings(const struct dispatch *d, struct openings *all, enum part part)
{
    const struct opening **openings;
    int64_t n = collect_openings(d, part, &openings, &all->targets);
    if (n >= 0)
        return automaton_build(&all->automaton, openings, (uint32_t)n);
    phi_memory_free(openings);
    return -1;
}

static int build_words(const struct dispatch *d, struct words *w)
{
    int64_t n = collect_openings(d, PART_WORDS, &w->openings, &w->targets);
    return n < 0 ? -1 : word_trie_build(&w->trie, w->openings, (uint32_t)n);
}

static int build(struct dispatch *d)
{
    d->full = phi_memory_new((d->n + 1) * sizeof *d->full);
    if (!d->full)
        return -1;
    for (uint32_t i = 0; i < d->n; i++) {
        d->caseless |= d->triggers[i]->caseless;
        if (d->triggers[i]->n == 0)
            d->full[d->n_full++] = i;
    }
    if (build_words(d, &d->words) < 0 || build_openings(d, &d->usual, PART_USUAL) < 0)
        return -1;
    return build_openings(d, &d->long_runs, PART_LONG);
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

static void openings_free(struct openings *all)
{
    automaton_free(&all->automaton);
    phi_memory_free(all->targets);
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    word_trie_free(&d->words.trie);
    phi_memory_free(d->words.openings);
    phi_memory_free(d->words.targets);
    openings_free(&d->usual);
    openings_free(&d->long_runs);
    phi_memory_free(d->full);
    phi_memory_free(d);
}

bool dispatch_looks_inside(const struct dispatch *d)
{
    return d->usual.automaton.inner;
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

/* Is there a digit in the `within` bytes from `at` on, or a little later? */
static bool has_digit(const struct pass *p, uint32_t at, uint32_t within)
{
    const struct marks *m = p->state->marks;
    uint32_t block = at / MARKS_BYTES, last = (p->len - at > within ? at + within - 1 : p->len - 1) / MARKS_BYTES;
    uint64_t digits = m[block].digits >> at % MARKS_BYTES;
    while (!digits && block < last)
        digits = m[++block].digits;
    return digits != 0;
}

/* Tries one rule at one place; keeps where it may match again. */
static int try_at(const struct pass *p, const struct target *target, uint32_t at)
{
    uint32_t rule = target->rule;
    uint64_t *next = &p->state->next[rule];
    struct phi_match match;
    if (*next > p->state->base + at)
        return 0;
    const struct trigger *trigger = p->d->triggers[rule];
    if (trigger->digit_within && !has_digit(p, at, trigger->digit_within))
        return 0;
    if (!outline_fits(&trigger->outline, target->mark, p->text, p->len, at))
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
    const struct target target = {rule, {OUTLINE_FIRST, 0}};
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
        if (fits && (text[i] & 0xC0) != 0x80 && try_at(p, &target, i) < 0)
            return -1;
    }
    return 0;
}

static int try_leaf(const struct pass *p, const struct openings *all, const struct automaton_leaf *leaf, uint32_t at)
{
    const struct automaton_glance *g = all->automaton.glances + leaf->first, *end = g + leaf->n;
    uint64_t bytes = automaton_bytes(p->text, p->len, at + leaf->depth);
    for (; g < end; g++) {
        if (!automaton_glance(g, bytes))
            continue;
        if (!automaton_fits(all->automaton.openings[g->opening], g->whole ? OPENING_BYTES : leaf->depth, p->text, p->len, at))
            continue;
        const struct target *target = &all->targets[g->opening];
        int rc = p->d->triggers[target->rule]->pivot.n ? try_before(p, target->rule, at) : try_at(p, target, at);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int try_place(const struct pass *p, const struct openings *all, uint32_t at)
{
    const struct automaton *a = &all->automaton;
    unsigned before = at ? (unsigned char)p->text[at - 1] : BEFORE_START;
    uint32_t code = a->start[a->group[before]][(unsigned char)p->text[at]];
    const struct automaton_leaf *leaf = automaton_walk(a, code, p->text, p->len, at);
    return leaf ? try_leaf(p, all, leaf, at) : 0;
}

/* At a word. What is left of an opening behind its first bytes is read by the outline of its rule. */
static int try_word(const struct pass *p, uint32_t at)
{
    const struct words *w = &p->d->words;
    uint64_t bytes = automaton_bytes(p->text, p->len, at);
    const struct word_leaf *leaf = word_trie_walk(&w->trie, bytes);
    if (!leaf)
        return 0;
    const struct automaton_glance *g = w->trie.glances + leaf->first, *end = g + leaf->n;
    for (; g < end; g++) {
        if (!automaton_glance(g, bytes))
            continue;
        const struct target *target = &w->targets[g->opening];
        const struct trigger *t = p->d->triggers[target->rule];
        if ((t->pivot.n || !t->outline.rows) &&
            !automaton_fits(w->openings[g->opening], g->whole ? OPENING_BYTES : 0, p->text, p->len, at))
            continue;
        if ((t->pivot.n ? try_before(p, target->rule, at) : try_at(p, target, at)) < 0)
            return -1;
    }
    return 0;
}

/* What may be read at places of 64 bytes. */
struct places {
    uint32_t base;
    uint64_t words, others; /* ASCII letters that no such letter stands before; the rest */
    uint64_t behind;        /* bytes with an ASCII letter before them */
};

/* The places that are not dead by their first bytes. No branch is taken for a place, for none of them could be foretold. */
static uint64_t places_alive(const struct pass *p, const struct openings *all, const struct places *at)
{
    const char *text = p->text + at->base;
    uint32_t left = p->len - at->base;
    uint64_t sure = left >= MARKS_BYTES + WORD_TRIE_BYTES ? 0 : left < WORD_TRIE_BYTES ? ~(uint64_t)0 : ~(uint64_t)0 << (left - WORD_TRIE_BYTES);
    uint64_t alive = (at->words | at->others) & sure, bytes;
    for (uint64_t words = at->words & ~sure; words; words &= words - 1) {
        unsigned k = (unsigned)__builtin_ctzll(words);
        memcpy(&bytes, text + k, sizeof bytes);
        alive |= (uint64_t)(word_trie_enter(&p->d->words.trie, bytes) != 0) << k;
    }
    for (uint64_t others = at->others & ~sure; others; others &= others - 1) {
        unsigned k = (unsigned)__builtin_ctzll(others);
        alive |= (uint64_t)automaton_alive(&all->automaton, at->behind >> k & 1, text + k) << k;
    }
    return alive;
}

static int try_places(const struct pass *p, const struct openings *all, const struct places *at)
{
    for (uint64_t alive = places_alive(p, all, at); alive; alive &= alive - 1) {
        unsigned k = (unsigned)__builtin_ctzll(alive);
        if ((at->words >> k & 1 ? try_word(p, at->base + k) : try_place(p, all, at->base + k)) < 0)
            return -1;
    }
    return 0;
}

/* Of bits and those that follow them: where LONG_RUN begin. */
static uint64_t runs_long(uint64_t bits, uint64_t more)
{
    uint64_t two = bits & (bits >> 1 | more << 63), two_more = more & more >> 1;
    uint64_t four = two & (two >> 2 | two_more << 62), four_more = two_more & two_more >> 2;
    uint64_t eight = four & (four >> 4 | four_more << 60);
    return eight & (two >> 8 | two_more << 56);
}

static int scan_openings(const struct pass *p)
{
    const struct marks *m = p->state->marks;
    uint64_t behind_next = 0;
    for (uint32_t base = 0; base < p->len; base += MARKS_BYTES, m++) {
        const struct marks *next = m + 1;
        uint64_t letters = m->letters & ~m->high, behind = letters << 1 | behind_next, inner = m->lower & behind;
        uint64_t places = p->len - base < MARKS_BYTES ? ((uint64_t)1 << (p->len - base)) - 1 : ~(uint64_t)0;
        uint64_t runs = runs_long(letters | m->digits, (next->letters & ~next->high) | next->digits), words = letters & ~behind;
        behind_next = letters >> 63;
        places = p->d->usual.automaton.inner ? places : places & ~inner;
        if (try_places(p, &p->d->usual, &(struct places){base, words, places & ~words, behind}) < 0)
            return -1;
        runs = p->d->long_runs.automaton.inner ? runs : runs & ~inner;
        if (runs && try_places(p, &p->d->long_runs, &(struct places){base, 0, runs, behind}) < 0)
            return -1;
    }
    return 0;
}

/* U+017F is a small s and U+212A a capital K to a caseless pattern; openings are ASCII. */
static bool text_has_caseless_strays(const struct marks *m, const char *text, uint32_t len)
{
    for (uint32_t base = 0; base < len; base += MARKS_BYTES, m++)
        for (uint64_t high = m->high; high; high &= high - 1) {
            const char *at = text + base + (unsigned)__builtin_ctzll(high);
            size_t left = len - (size_t)(at - text);
            if ((left >= 2 && memcmp(at, "\xC5\xBF", 2) == 0) || (left >= 3 && memcmp(at, "\xE2\x84\xAA", 3) == 0))
                return true;
        }
    return false;
}

int dispatch_scan(const struct dispatch *d, struct phi_matcher *m, struct dispatch_state *state,
                  const char *text, uint32_t len, dispatch_found *found, void *context)
{
    struct pass p = {d, m, state, text, len, found, context};
    if (d->caseless && text_has_caseless_strays(state->marks, text, len))
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
