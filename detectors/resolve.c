/* SPDX-License-Identifier: Apache-2.0
 *
 * 1. What is below its threshold or allowed is dropped, and departments that every hospital has.
 * 2. Overlapping candidates of one family unite: the span of all, the kind of the one that says most about whose it is.
 *    A name or a town inside an e-mail or street address is part of the address.
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
#include "generic_place.h"
#include "prose.h"
#include "roster_scan.h"
#include "text.h"

enum { BESIDE = 3 }; /* ", ", " - " */

unsigned resolve_family(unsigned kind)
{
    if (kind >= PHI_NAME_PATIENT && kind <= PHI_NAME_UNKNOWN)
        return PHI_NAME_PATIENT;
    if (kind >= PHI_DATE_DOB && kind <= PHI_DATE_OTHER)
        return PHI_DATE_DOB;
    return kind;
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

/* ---- sorting: by a key of 64 bits, then by rank, then as they came ---- */

enum { SORT_RUN = 8 };

struct sort_item {
    uint64_t key;
    uint32_t at;
};

static bool item_less(const struct candidate *v, const struct sort_item *a, const struct sort_item *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    int rank = candidate_rank(&v[a->at], &v[b->at]);
    return rank ? rank < 0 : a->at < b->at;
}

/* By leaf, family where it counts, and place. */
static uint64_t sort_key(const struct candidate *c, bool families)
{
    unsigned family = families ? resolve_family(c->kind) : 0;
    return (uint64_t)c->leaf << 39 | (uint64_t)family << 31 | c->begin; /* a text has less than 2^31 bytes */
}

static void items_insert(const struct candidate *v, struct sort_item *items, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct sort_item item = items[i];
        uint32_t k = i;
        for (; k > 0 && item_less(v, &item, &items[k - 1]); k--)
            items[k] = items[k - 1];
        items[k] = item;
    }
}

static void items_merge(const struct candidate *v, const struct sort_item *from, uint32_t n, uint32_t middle, struct sort_item *to)
{
    uint32_t a = 0, b = middle;
    for (uint32_t i = 0; i < n; i++) {
        bool right = a == middle || (b < n && item_less(v, &from[b], &from[a]));
        to[i] = from[right ? b++ : a++];
    }
}

/* Moves each candidate to its place, along the cycles. */
static void items_apply(struct candidate *v, uint32_t n, struct sort_item *items)
{
    for (uint32_t i = 0; i < n; i++) {
        struct candidate first = v[i];
        uint32_t to = i;
        while (items[to].at != i) {
            uint32_t from = items[to].at;
            v[to] = v[from];
            items[to].at = to;
            to = from;
        }
        v[to] = first;
        items[to].at = to;
    }
}

/* spare: room for as many. */
static void candidates_sort(struct candidate *v, uint32_t n, bool families, struct candidate *spare)
{
    _Static_assert(sizeof(struct candidate) >= 2 * sizeof(struct sort_item), "two items fit into a candidate");
    struct sort_item *items = (struct sort_item *)(void *)spare, *other = items + n;
    bool sorted = true;
    for (uint32_t i = 0; i < n; i++) {
        items[i] = (struct sort_item){sort_key(&v[i], families), i};
        sorted = sorted && (i == 0 || item_less(v, &items[i - 1], &items[i]));
    }
    if (sorted)
        return;
    for (uint32_t i = 0; i < n; i += SORT_RUN)
        items_insert(v, items + i, n - i < SORT_RUN ? n - i : SORT_RUN);
    for (uint32_t run = SORT_RUN; run < n; run *= 2) {
        for (uint32_t i = 0; i < n; i += 2 * run) {
            uint32_t size = n - i < 2 * run ? n - i : 2 * run;
            items_merge(v, items + i, size, size < run ? size : run, other + i);
        }
        struct sort_item *swap = items;
        items = other;
        other = swap;
    }
    items_apply(v, n, items);
}

static bool is_generic(const struct candidate *c, const char *text)
{
    bool place = c->kind == PHI_GEO_FACILITY || c->kind == PHI_GEO_CITY;
    bool addressed = (c->kind == PHI_NAME_UNKNOWN || c->kind == PHI_NAME_PROVIDER) && memchr(text + c->begin, ' ', c->end - c->begin); /* "cc: Risk Management" */
    return (addressed && place_has_only_departments(text, c->begin, c->end)) ||
           (place && !(c->via & PHI_VIA_LABEL) && place_is_generic(text, c->begin, c->end));
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
        if (e->allow.n && allow_has(&e->allow, leaves[v[i].leaf].text + v[i].begin, v[i].end - v[i].begin))
            continue;
        out[n] = v[i];
        out[n++].score = (uint8_t)score;
    }
    return n;
}

/* Houses that are named, by place; each ends where the furthest of its text so far does. The count. */
static uint32_t houses_collect(const struct phi_scratch *s, const struct phi_leaf *leaves, struct candidate *houses, struct candidate *spare)
{
    const struct candidate *v = candidates(s);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->found.n; i++)
        if (v[i].kind == PHI_GEO_FACILITY && !is_generic(&v[i], leaves[v[i].leaf].text))
            houses[n++] = v[i];
    candidates_sort(houses, n, false, spare);
    for (uint32_t i = 1; i < n; i++)
        if (houses[i].leaf == houses[i - 1].leaf && houses[i].end < houses[i - 1].end)
            houses[i].end = houses[i - 1].end;
    return n;
}

/* "Dept of Pathology, Quill Hospital": is it a part of a house that is named? */
static bool is_beside_house(const struct candidate *c, const struct candidate *houses, uint32_t n)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool before = houses[middle].leaf != c->leaf ? houses[middle].leaf < c->leaf : houses[middle].begin <= c->end + BESIDE;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low && houses[low - 1].leaf == c->leaf && c->begin <= houses[low - 1].end + BESIDE;
}

/* "Refer to Sports Medicine": every hospital has one. What a field names stays. `spare` has room for twice what was found. */
static uint32_t departments_drop(const struct phi_scratch *s, const struct phi_leaf *leaves, struct candidate *v, uint32_t n, struct candidate *spare)
{
    struct candidate *houses = spare + s->found.n;
    uint32_t kept = 0, n_houses = 0;
    bool collected = false;
    for (uint32_t i = 0; i < n; i++) {
        bool generic = is_generic(&v[i], leaves[v[i].leaf].text);
        if (generic && !collected)
            n_houses = houses_collect(s, leaves, houses, spare);
        collected |= generic;
        if (!generic || is_beside_house(&v[i], houses, n_houses))
            v[kept++] = v[i];
    }
    return kept;
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

/* How much a candidate's kind is worth for the union that begins at `begin`. A professional's name may pass where others
 * are hidden, so that its word is the weakest, and holds only for a name that begins where it does: "Dr. Raman" in front
 * says nothing about "Nora Raman". */
static unsigned kind_weight(const struct candidate *c, uint32_t begin, uint32_t person)
{
    bool provider = c->kind == PHI_NAME_PROVIDER;
    if (is_certain(c, person))
        return 4;
    if (kind_is_vague(c->kind) || (provider && c->begin != begin))
        return 0;
    if (c->via & PHI_VIA_REPEAT)
        return 1;
    return provider ? 2 : 3;
}

static bool kind_tells_more(const struct candidate *a, const struct candidate *b, uint32_t begin, uint32_t person)
{
    unsigned wa = kind_weight(a, begin, person), wb = kind_weight(b, begin, person);
    return wa != wb ? wa > wb : candidate_rank(a, b) < 0;
}

static uint16_t kind_of_union(const struct candidate *best, const struct candidate *telling, uint32_t begin, uint32_t person)
{
    if (resolve_is_name(best->kind))
        return kind_weight(telling, begin, person) ? telling->kind : PHI_NAME_UNKNOWN;
    return kind_is_vague(best->kind) ? telling->kind : best->kind;
}

static uint32_t candidates_unite(const struct phi_engine *e, struct candidate *v, uint32_t n, struct candidate *spare)
{
    uint32_t kept = 0, person = engine_detector_rule(e, &phi_roster_detector, ROSTER_RULE_PERSON);
    candidates_sort(v, n, true, spare);
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
            if (kind_tells_more(&v[k], &telling, begin, person))
                telling = v[k];
        }
        best.kind = kind_of_union(&best, &telling, begin, person);
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

static bool has_digit(const char *text, uint32_t begin, uint32_t end)
{
    while (begin < end && !text_is_digit(text[begin]))
        begin++;
    return begin < end;
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

static bool kind_is_address(unsigned kind)
{
    return kind == PHI_EMAIL || kind == PHI_GEO_STREET;
}

static bool kind_may_be_in_address(unsigned kind)
{
    return resolve_is_name(kind) || kind == PHI_GEO_CITY;
}

/* "Anna Quill Clinic" is one place. Who was said to be a patient or a relative stays, whatever stands around: a policy may
 * let facilities pass. */
static bool kind_may_be_in_facility(unsigned kind)
{
    return kind == PHI_GEO_CITY || kind == PHI_NAME_UNKNOWN || kind == PHI_NAME_PROVIDER;
}

/* How far what begins up to here goes: addresses, and the facility that goes farthest. */
struct reach {
    uint32_t address, facility, facility_begin;
};

static void reach_add(struct reach *r, const struct candidate *c)
{
    if (kind_is_address(c->kind) && c->end > r->address)
        r->address = c->end;
    if (c->kind == PHI_GEO_FACILITY && c->end > r->facility) {
        r->facility = c->end;
        r->facility_begin = c->begin;
    }
}

static bool reach_has(const struct reach *r, const struct candidate *c)
{
    bool part = c->end < r->facility || (c->end == r->facility && c->begin > r->facility_begin);
    return (c->end <= r->address && kind_may_be_in_address(c->kind)) || (part && kind_may_be_in_facility(c->kind));
}

/* v is by place. The count of those kept. */
static uint32_t parts_of_addresses_drop(struct candidate *v, uint32_t n)
{
    uint32_t kept = 0;
    struct reach reach = {0};
    for (uint32_t i = 0, k = 0; i < n; i++) {
        if (i == 0 || v[i].leaf != v[i - 1].leaf)
            reach = (struct reach){0};
        for (k = k > i ? k : i; k < n && v[k].leaf == v[i].leaf && v[k].begin <= v[i].begin; k++)
            reach_add(&reach, &v[k]);
        if (reach_has(&reach, &v[i]))
            v[i].end = v[i].begin;
    }
    for (uint32_t i = 0; i < n; i++)
        if (v[i].begin < v[i].end)
            v[kept++] = v[i];
    return kept;
}

/* tagged: the rule of numbers that only the tagger knows; the letters that others leave of one ("lic OH") say nothing. */
static uint32_t candidates_sweep(struct candidate *v, uint32_t n, uint32_t *heap, struct candidate *out,
                                 const struct phi_leaf *leaves, uint32_t tagged)
{
    struct sweep w = {.v = v, .heap = heap, .out = out, .out_max = 2 * n};
    candidates_sort(v, n, false, out); /* which is empty yet */
    n = parts_of_addresses_drop(v, n);
    for (uint32_t i = 0; i < n;) {
        uint32_t k = i;
        while (k < n && v[k].leaf == v[i].leaf)
            k++;
        sweep_leaf(&w, i, k);
        i = k;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < w.n_out; i++) {
        const char *text = leaves[out[i].leaf].text;
        bool told = out[i].rule != tagged || has_digit(text, out[i].begin, out[i].end);
        if (piece_is_whole(&out[i], v, n) || (told && piece_trim(&out[i], text)))
            out[kept++] = out[i];
    }
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
    uint32_t n = departments_drop(s, leaves, v, candidates_filter(e, s, leaves, v), out);
    n = candidates_unite(e, v, n, out);
    uint32_t identity = 0, category = 0;
    struct candidate *categories = out + 2 * (size_t)(n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (resolve_is_category(v[i].kind))
            categories[category++] = v[i];
        else
            v[identity++] = v[i];
    }
    uint32_t total = candidates_sweep(v, identity, s->work[2].v, out, leaves, engine_detector_rule(e, &prose_detector, PROSE_RULE_NUMBER));
    memmove(out + total, categories, category * sizeof *out);
    total += category;
    candidates_sort(out, total, false, v); /* which are done with */
    return findings_write(s, out, total);
}
