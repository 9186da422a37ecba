/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing. Rows are never removed; entries of the pending table are, with their followers moved
 * back, so that it stays as small as the number of requests in flight.
 */
#include "audit_tally.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 64u
#define LIMIT 100000u
#define NAME_MAX_BYTES 1024u

static uint64_t hash_more(uint64_t h, struct span s) {
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t finish(uint64_t h) {
    h ^= h >> 32;
    return h ? h : 1;
}

void tally_free(struct tally *t) {
    for (size_t i = 0; i < t->size; i++)
        free(t->slots[i]);
    free(t->slots);
    *t = (struct tally){.slots = NULL};
}

static int grow(struct tally *t) {
    size_t size = t->size ? t->size * 2 : SMALLEST;
    struct tally_row **slots = calloc(size, sizeof *slots);

    if (!slots) return -1;
    for (size_t i = 0; i < t->size; i++) {
        if (!t->slots[i]) continue;
        size_t at = t->slots[i]->hash & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = t->slots[i];
    }
    free(t->slots);
    t->slots = slots;
    t->size = size;
    return 0;
}

static size_t join(char out[NAME_MAX_BYTES], const struct span *parts, size_t n) {
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (i && len < NAME_MAX_BYTES) out[len++] = TALLY_SEPARATOR;
        size_t take = parts[i].len < NAME_MAX_BYTES - len ? parts[i].len : NAME_MAX_BYTES - len;
        if (take) memcpy(out + len, parts[i].ptr, take);
        len += take;
    }
    return len;
}

static struct tally_row *row_of(struct tally *t, struct span name) {
    uint64_t hash = finish(hash_more(UINT64_C(0xcbf29ce484222325), name));

    if ((t->n + 1) * 2 > t->size && grow(t) < 0) return NULL;
    size_t at = hash & (t->size - 1);
    for (; t->slots[at]; at = (at + 1) & (t->size - 1)) {
        struct tally_row *r = t->slots[at];
        if (r->hash == hash && span_equal(span_make(r->name, r->len), name)) return r;
    }
    struct tally_row *r = calloc(1, sizeof *r + name.len + 1);
    if (!r) return NULL;
    r->hash = hash;
    r->len = (uint32_t)name.len;
    if (name.len) memcpy(r->name, name.ptr, name.len);
    t->slots[at] = r;
    t->n++;
    return r;
}

struct tally_row *tally_row(struct tally *t, const struct span *parts, size_t n) {
    char name[NAME_MAX_BYTES];
    bool full = t->n >= (t->limit ? t->limit : LIMIT);
    struct tally_row *r = row_of(t, full ? span_of("(others)") : span_make(name, join(name, parts, n)));

    if (!r) t->failed = true;
    return r;
}

void tally_time(struct tally_row *r, struct span time) {
    if (time.len != TALLY_TIME) return;
    if (!r->first[0] || memcmp(time.ptr, r->first, TALLY_TIME) < 0) memcpy(r->first, time.ptr, TALLY_TIME);
    if (memcmp(time.ptr, r->last, TALLY_TIME) > 0) memcpy(r->last, time.ptr, TALLY_TIME);
}

static int compare(const void *a, const void *b, void *context) {
    const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;
    int column = *(const int *)context;

    if (column >= 0 && x->number[column] != y->number[column]) return x->number[column] < y->number[column] ? 1 : -1;
    return strcmp(x->name, y->name);
}

struct tally_row **tally_sorted(const struct tally *t, int column) {
    struct tally_row **v = t->n ? calloc(t->n, sizeof *v) : NULL;
    size_t n = 0;

    if (!v) return NULL;
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i]) v[n++] = t->slots[i];
    qsort_r(v, n, sizeof *v, compare, &column);
    return v;
}

/* ---- pending ---- */

void tally_pending_free(struct tally_pending *p) {
    free(p->v);
    *p = (struct tally_pending){.v = NULL};
}

static size_t place(const struct tally_pending *p, uint64_t key) {
    size_t at = key & (p->size - 1);

    while (p->v[at].key && p->v[at].key != key)
        at = (at + 1) & (p->size - 1);
    return at;
}

static int grow_pending(struct tally_pending *p) {
    struct tally_pending larger = {.size = p->size ? p->size * 2 : SMALLEST, .n = p->n};

    larger.v = calloc(larger.size, sizeof *larger.v);
    if (!larger.v) return -1;
    for (size_t i = 0; i < p->size; i++)
        if (p->v[i].key) larger.v[place(&larger, p->v[i].key)] = p->v[i];
    free(p->v);
    *p = larger;
    return 0;
}

int tally_pending_put(struct tally_pending *p, struct span id, void *a, void *b) {
    uint64_t key = finish(hash_more(UINT64_C(0xcbf29ce484222325), id));

    if ((p->n + 1) * 2 > p->size && grow_pending(p) < 0) return -1;
    struct tally_entry *e = &p->v[place(p, key)];
    if (!e->key) p->n++;
    *e = (struct tally_entry){key, {a, b}};
    return 0;
}

bool tally_pending_take(struct tally_pending *p, struct span id, void **a, void **b) {
    uint64_t key = finish(hash_more(UINT64_C(0xcbf29ce484222325), id));
    size_t mask = p->size - 1, hole = p->size ? place(p, key) : 0;

    if (p->size == 0 || !p->v[hole].key) return false;
    *a = p->v[hole].row[0];
    *b = p->v[hole].row[1];
    for (size_t i = (hole + 1) & mask; p->v[i].key; i = (i + 1) & mask) {
        size_t home = p->v[i].key & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        p->v[hole] = p->v[i];
        hole = i;
    }
    p->v[hole].key = 0;
    p->n--;
    return true;
}
