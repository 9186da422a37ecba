/* SPDX-License-Identifier: Apache-2.0
 *
 * 1. What is below its threshold or allowed is dropped.
 * 2. Overlapping candidates of one family unite: the span of all, the kind of the best that says whose it is.
 * 3. Where families overlap, each byte belongs to the best candidate over it (score, then length, then the
 *    earlier rule). What a loser covered beside the winner stays covered, as its own finding: no byte that
 *    somebody held for PHI is given up.
 *
 *        STREET  =====================
 *        DATE          ========            --> STREET ===== DATE ======== STREET =====
 *
 * SENS.* is about meaning, not identity: it stays beside the others and may overlap them.
 */
#include "resolve.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "roster_scan.h"
#include "text.h"

unsigned resolve_family(unsigned kind)
{
    if (kind >= PHI_NAME_PATIENT && kind <= PHI_NAME_UNKNOWN)
        return PHI_NAME_PATIENT;
    if (kind >= PHI_DATE_DOB && kind <= PHI_DATE_OTHER)
        return PHI_DATE_DOB;
    return kind;
}

static bool kind_is_category(unsigned kind)
{
    return kind >= PHI_SENS_SUD && kind <= PHI_SENS_STATUS;
}

static int compare_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Negative: a is the better one. A total order, so that the result does not depend on who found what first. */
static int candidate_rank(const struct candidate *a, const struct candidate *b)
{
    int rc = (int)b->score - a->score;
    if (!rc)
        rc = compare_u32(b->end - b->begin, a->end - a->begin);
    if (!rc)
        rc = (int)a->rule - b->rule;
    if (!rc)
        rc = (int)a->via - b->via;
    if (!rc)
        rc = compare_u32(a->begin, b->begin);
    if (!rc)
        rc = (int)b->base - a->base;
    if (!rc)
        rc = (int)a->kind - b->kind;
    if (!rc)
        rc = compare_u32(b->family_end, a->family_end);
    if (!rc)
        rc = compare_u32(b->given_end, a->given_end);
    return rc;
}

static int by_family(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    int rc = compare_u32(a->leaf, b->leaf);
    if (!rc)
        rc = compare_u32(resolve_family(a->kind), resolve_family(b->kind));
    if (!rc)
        rc = compare_u32(a->begin, b->begin);
    return rc ? rc : candidate_rank(a, b);
}

static int by_place(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    int rc = compare_u32(a->leaf, b->leaf);
    if (!rc)
        rc = compare_u32(a->begin, b->begin);
    return rc ? rc : candidate_rank(a, b);
}

/* The candidates worth keeping, copied behind each other; the count. */
static uint32_t candidates_filter(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves,
                                  struct candidate *out)
{
    const struct candidate *v = candidates(s);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->found.n; i++) {
        int score = engine_score(e, v[i].rule, v[i].kind, v[i].score);
        if (score < engine_threshold(e, v[i].kind))
            continue;
        if (allow_has(&e->allow, leaves[v[i].leaf].text + v[i].begin, v[i].end - v[i].begin))
            continue;
        out[n] = v[i];
        out[n++].score = (uint8_t)score;
    }
    return n;
}

/* Knows that it is a name or a date, not whose. */
static bool kind_is_vague(unsigned kind)
{
    return kind == PHI_NAME_UNKNOWN || kind == PHI_DATE_OTHER;
}

/* The practice knows its patients: whatever else says of the name, it is theirs. Not so of its staff, who may be patients. */
static bool is_certain(const struct candidate *c, uint32_t person)
{
    return c->rule >= person && c->rule <= person + ROSTER_RULE_NEAR && c->kind != PHI_NAME_PROVIDER;
}

static uint32_t candidates_unite(const struct phi_engine *e, struct candidate *v, uint32_t n)
{
    uint32_t kept = 0, person = engine_detector_rule(e, &phi_roster_detector, ROSTER_RULE_PERSON);
    qsort(v, n, sizeof *v, by_family);
    for (uint32_t i = 0; i < n;) {
        struct candidate best = v[i], telling = v[i];
        uint32_t begin = v[i].begin, end = v[i].end, k = i + 1;
        for (; k < n && v[k].leaf == v[i].leaf && resolve_family(v[k].kind) == resolve_family(v[i].kind) &&
               v[k].begin < end;
             k++) {
            end = v[k].end > end ? v[k].end : end;
            bool certain = is_certain(&v[k], person);
            if (certain == is_certain(&best, person) ? candidate_rank(&v[k], &best) < 0 : certain)
                best = v[k];
            if (kind_is_vague(telling.kind) || (!kind_is_vague(v[k].kind) && candidate_rank(&v[k], &telling) < 0))
                telling = v[k];
        }
        if (kind_is_vague(best.kind))
            best.kind = telling.kind;
        best.begin = begin;
        best.end = end;
        v[kept++] = best;
        i = k;
    }
    return kept;
}

/* ---- who owns each byte: a sweep with a heap of the candidates over the place at hand ---- */

struct sweep {
    const struct candidate *v; /* by place */
    uint32_t *heap, n_heap;
    struct candidate *out;
    uint32_t n_out, out_max;
};

static bool heap_better(const struct sweep *w, uint32_t a, uint32_t b)
{
    return candidate_rank(&w->v[a], &w->v[b]) < 0;
}

static void heap_push(struct sweep *w, uint32_t item)
{
    uint32_t i = w->n_heap++;
    w->heap[i] = item;
    for (; i > 0 && heap_better(w, w->heap[i], w->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        uint32_t up = w->heap[(i - 1) / 2];
        w->heap[(i - 1) / 2] = w->heap[i];
        w->heap[i] = up;
    }
}

static void heap_pop(struct sweep *w)
{
    w->heap[0] = w->heap[--w->n_heap];
    for (uint32_t i = 0;;) {
        uint32_t best = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->n_heap; child++)
            if (heap_better(w, w->heap[child], w->heap[best]))
                best = child;
        if (best == i)
            return;
        uint32_t down = w->heap[i];
        w->heap[i] = w->heap[best];
        w->heap[best] = down;
        i = best;
    }
}

/* The owner holds [from, to): a new piece, or more of its last one. */
static void sweep_emit(struct sweep *w, const struct candidate *owner, uint32_t from, uint32_t to)
{
    struct candidate *last = w->n_out ? &w->out[w->n_out - 1] : NULL;
    if (from >= to)
        return;
    if (last && last->leaf == owner->leaf && last->end == from && last->rule == owner->rule &&
        last->kind == owner->kind && last->score == owner->score && last->family_end == owner->family_end &&
        from > owner->begin) {
        last->end = to;
        return;
    }
    if (w->n_out == w->out_max) /* cannot be: each end and each begin makes at most one piece */
        abort();
    w->out[w->n_out] = *owner;
    w->out[w->n_out].begin = from;
    w->out[w->n_out++].end = to;
}

/* Lets the heap own the bytes up to limit. */
static uint32_t sweep_until(struct sweep *w, uint32_t at, uint32_t limit)
{
    while (w->n_heap && at < limit) {
        const struct candidate *owner = &w->v[w->heap[0]];
        uint32_t to = owner->end < limit ? owner->end : limit;
        sweep_emit(w, owner, at, to);
        at = to > at ? to : at;
        while (w->n_heap && w->v[w->heap[0]].end <= at)
            heap_pop(w);
    }
    return at;
}

static void sweep_leaf(struct sweep *w, uint32_t from, uint32_t to)
{
    uint32_t at = 0;
    for (uint32_t i = from; i < to; i++) {
        at = sweep_until(w, at, w->v[i].begin);
        at = w->v[i].begin > at ? w->v[i].begin : at;
        heap_push(w, i);
    }
    sweep_until(w, at, UINT32_MAX);
}

/* A remainder of a candidate keeps its letters and digits, not the marks around them. False: nothing is left. */
static bool piece_trim(struct candidate *c, const char *text)
{
    while (c->begin < c->end && !text_is_alnum(text[c->begin]))
        c->begin++;
    while (c->end > c->begin && !text_is_alnum(text[c->end - 1]))
        c->end--;
    return c->begin < c->end;
}

static bool piece_is_whole(const struct candidate *piece, const struct candidate *v, uint32_t n)
{
    uint32_t low = 0, high = n; /* the candidates by place: find one that begins here */
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        bool less = v[mid].leaf < piece->leaf || (v[mid].leaf == piece->leaf && v[mid].begin < piece->begin);
        if (less)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < n && v[low].leaf == piece->leaf && v[low].begin == piece->begin; low++)
        if (v[low].end == piece->end)
            return true;
    return false;
}

static uint32_t candidates_sweep(struct candidate *v, uint32_t n, uint32_t *heap, struct candidate *out,
                                 const struct phi_leaf *leaves)
{
    struct sweep w = {.v = v, .heap = heap, .out = out, .out_max = 2 * n};
    qsort(v, n, sizeof *v, by_place);
    for (uint32_t i = 0; i < n;) {
        uint32_t k = i;
        while (k < n && v[k].leaf == v[i].leaf)
            k++;
        sweep_leaf(&w, i, k);
        i = k;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < w.n_out; i++)
        if (piece_is_whole(&out[i], v, n) || piece_trim(&out[i], leaves[out[i].leaf].text))
            out[kept++] = out[i];
    return kept;
}

/* ---- the result ---- */

static int findings_write(struct phi_scratch *s, const struct candidate *v, uint32_t n)
{
    if (phi_array_reserve(&s->findings, (n + 1) * sizeof(struct phi_finding)) < 0 ||
        phi_array_reserve(&s->notes, (n + 1) * sizeof(struct finding_note)) < 0)
        return -1;
    struct phi_finding *out = s->findings.v;
    struct finding_note *notes = s->notes.v;
    for (uint32_t i = 0; i < n; i++) {
        const struct candidate *c = &v[i];
        out[i] = (struct phi_finding){.leaf = c->leaf, .begin = c->begin, .end = c->end, .kind = c->kind,
                                      .rule = c->rule, .score = c->score, .via = c->via};
        notes[i] = (struct finding_note){c->family_begin, c->family_end, c->given_begin, c->given_end, c->base};
    }
    s->n_findings = n;
    return 0;
}

int resolve(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves)
{
    size_t size = ((size_t)s->found.n + 1) * sizeof(struct candidate);
    s->n_findings = 0;
    if (s->found.n == 0)
        return 0;
    if (phi_array_reserve(&s->work[0], size) < 0 || phi_array_reserve(&s->work[1], 3 * size) < 0 ||
        phi_array_reserve(&s->work[2], ((size_t)s->found.n + 1) * sizeof(uint32_t)) < 0)
        return -1;
    struct candidate *v = s->work[0].v, *out = s->work[1].v;
    uint32_t n = candidates_unite(e, v, candidates_filter(e, s, leaves, v));
    uint32_t identity = 0, category = 0;
    struct candidate *categories = out + 2 * (size_t)(n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (kind_is_category(v[i].kind))
            categories[category++] = v[i];
        else
            v[identity++] = v[i];
    }
    uint32_t total = candidates_sweep(v, identity, s->work[2].v, out, leaves);
    memmove(out + total, categories, category * sizeof *out);
    total += category;
    qsort(out, total, sizeof *out, by_place);
    return findings_write(s, out, total);
}
