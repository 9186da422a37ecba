/* SPDX-License-Identifier: Apache-2.0
 *
 * The idea:
 *
 *     byte before --class--> row --+
 *     byte here ------------------ hot? --no--> next byte          (nearly always)
 *     byte here, byte after --classes--> cell: a list of probes
 *     eight bytes here & probe.mask == probe.want  --> PCRE2, anchored here
 *
 * A probe is an opening in a form that one comparison tests: for each byte, the bits on which all members of
 * its set agree. That admits a little more than the set, never less. Rules whose openings begin with nearly
 * any byte but that need a certain character (the @ of a mail address) wait for that character and look back.
 * Rules without a trigger are searched in turn.
 *
 * A rule's matches do not overlap: after one, `next` says from where it may match again, as a search that goes
 * on behind its match would.
 */
#include "dispatch.h"

#include <endian.h>
#include <string.h>

#include "memory.h"

enum { BEFORE_CLASSES = 32 };

struct probe {
    uint64_t mask, want;
    uint32_t before; /* bit per class of the byte before */
    uint32_t rule;
};

struct dispatch {
    const struct phi_pattern *const *patterns;
    const struct trigger *const *triggers;
    uint32_t n;
    struct probe *probes;
    uint32_t n_probes;
    uint8_t before_class[257];
    unsigned n_before, n_first, n_second;
    uint16_t first_class[256], second_class[256]; /* 0: no probe has it */
    uint8_t hot[BEFORE_CLASSES][256];
    uint32_t *cells; /* n_first * n_second + 1 starts into lists */
    uint32_t *lists;
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

/* Bytes before that no opening tells apart share a class. */
static void build_before_classes(struct dispatch *d, const struct opening *const *openings)
{
    unsigned head[BEFORE_CLASSES];
    d->n_before = 0;
    for (unsigned b = 0; b <= 256; b++) {
        unsigned c = 0;
        for (; c < d->n_before; c++) {
            bool same = true;
            for (uint32_t i = 0; i < d->n_probes && same; i++)
                same = before_allowed(openings[i], b) == before_allowed(openings[i], head[c]);
            if (same)
                break;
        }
        if (c == BEFORE_CLASSES)
            c = BEFORE_CLASSES - 1; /* mixed: see below, admits what any member admits */
        else if (c == d->n_before)
            head[d->n_before++] = b;
        d->before_class[b] = (uint8_t)c;
    }
    for (uint32_t i = 0; i < d->n_probes; i++)
        for (unsigned b = 0; b <= 256; b++)
            if (before_allowed(openings[i], b))
                d->probes[i].before |= 1u << d->before_class[b];
}

static void build_probe(struct probe *p, const struct opening *o, uint32_t rule)
{
    *p = (struct probe){.rule = rule};
    for (int k = 0; k < o->n; k++) {
        unsigned all_or = 0, all_and = 0xFF;
        for (unsigned b = 0; b < 256; b++)
            if (byte_set_has(&o->set[k], b)) {
                all_or |= b;
                all_and &= b;
            }
        unsigned mask = ~(all_or ^ all_and) & 0xFF;
        p->mask |= (uint64_t)mask << (8 * k);
        p->want |= (uint64_t)(all_and & mask) << (8 * k);
    }
}

/* Class 0 is kept for bytes in no set; returns the number of classes. */
static unsigned build_byte_classes(const struct opening *const *openings, uint32_t n, int at, uint16_t class[256])
{
    unsigned head[257], classes = 1;
    for (unsigned b = 0; b < 256; b++) {
        bool any = false;
        for (uint32_t i = 0; i < n && !any; i++)
            any = openings[i]->n <= at || byte_set_has(&openings[i]->set[at], b);
        class[b] = 0;
        if (!any)
            continue;
        unsigned c = 1;
        for (; c < classes; c++) {
            bool same = true;
            for (uint32_t i = 0; i < n && same; i++)
                same = openings[i]->n <= at || byte_set_has(&openings[i]->set[at], b) ==
                                                   byte_set_has(&openings[i]->set[at], head[c]);
            if (same)
                break;
        }
        if (c == classes)
            head[classes++] = b;
        class[b] = (uint16_t)c;
    }
    return classes;
}

static unsigned class_head(const uint16_t class[256], unsigned c)
{
    for (unsigned b = 0; b < 256; b++)
        if (class[b] == c)
            return b;
    return 0;
}

static bool opening_fits(const struct opening *o, int at, const uint16_t class[256], unsigned c)
{
    if (o->n <= at)
        return true;
    return c != 0 && byte_set_has(&o->set[at], class_head(class, c));
}

/* Lists of all cells; with lists NULL only counts. */
static uint32_t build_cells(struct dispatch *d, const struct opening *const *openings, uint32_t *lists)
{
    uint32_t used = 0;
    for (unsigned a = 0; a < d->n_first; a++)
        for (unsigned b = 0; b < d->n_second; b++) {
            d->cells[a * d->n_second + b] = used;
            for (uint32_t i = 0; i < d->n_probes && a; i++) {
                if (!opening_fits(openings[i], 0, d->first_class, a) ||
                    !opening_fits(openings[i], 1, d->second_class, b))
                    continue;
                if (lists)
                    lists[used] = i;
                used++;
            }
        }
    d->cells[d->n_first * d->n_second] = used;
    return used;
}

static int build_tables(struct dispatch *d, const struct opening *const *openings)
{
    build_before_classes(d, openings);
    d->n_first = build_byte_classes(openings, d->n_probes, 0, d->first_class);
    d->n_second = build_byte_classes(openings, d->n_probes, 1, d->second_class);
    for (uint32_t i = 0; i < d->n_probes; i++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0; c < d->n_before; c++)
                if (byte_set_has(&openings[i]->set[0], b) && d->probes[i].before >> c & 1)
                    d->hot[c][b] = 1;
    d->cells = phi_memory_new((d->n_first * d->n_second + 1) * sizeof *d->cells);
    if (!d->cells)
        return -1;
    uint32_t size = build_cells(d, openings, NULL);
    d->lists = phi_memory_new((size + 1) * sizeof *d->lists);
    if (!d->lists)
        return -1;
    build_cells(d, openings, d->lists);
    return 0;
}

static int build(struct dispatch *d)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < d->n; i++)
        total += (uint32_t)d->triggers[i]->n;
    const struct opening **openings = phi_memory_new((total + 1) * sizeof *openings);
    d->probes = phi_memory_new((total + 1) * sizeof *d->probes);
    d->pivots = phi_memory_new((d->n + 1) * sizeof *d->pivots);
    d->full = phi_memory_new((d->n + 1) * sizeof *d->full);
    int rc = openings && d->probes && d->pivots && d->full ? 0 : -1;
    for (uint32_t i = 0; i < d->n && rc == 0; i++) {
        const struct trigger *t = d->triggers[i];
        d->caseless |= t->caseless;
        if (t->n == 0)
            d->full[d->n_full++] = i;
        else if (trigger_uses_pivot(t))
            d->pivots[d->n_pivots++] = i;
        else
            for (int k = 0; k < t->n; k++) {
                openings[d->n_probes] = &t->openings[k];
                build_probe(&d->probes[d->n_probes++], &t->openings[k], i);
            }
    }
    if (rc == 0)
        rc = build_tables(d, openings);
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
    phi_memory_free(d->probes);
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

static inline uint64_t eight_bytes(const char *text, uint32_t len, uint32_t at)
{
    uint64_t word = 0;
    if (len - at >= 8) {
        memcpy(&word, text + at, 8);
        return le64toh(word);
    }
    memcpy(&word, text + at, len - at);
    return le64toh(word);
}

static int try_cell(const struct pass *p, uint32_t at, unsigned before)
{
    const struct dispatch *d = p->d;
    unsigned char first = (unsigned char)p->text[at];
    unsigned second = at + 1 < p->len ? d->second_class[(unsigned char)p->text[at + 1]] : 0;
    const uint32_t *cell = &d->cells[d->first_class[first] * d->n_second + second];
    if (cell[0] == cell[1])
        return 0;
    uint64_t word = eight_bytes(p->text, p->len, at);
    for (uint32_t i = cell[0]; i < cell[1]; i++) {
        const struct probe *probe = &d->probes[d->lists[i]];
        if ((word & probe->mask) == probe->want && probe->before >> before & 1 && try_at(p, probe->rule, at) < 0)
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
    if (d->caseless && text_has_caseless_strays(text, len))
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
