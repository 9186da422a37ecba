/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing; removal moves the followers back, so that there are no graves and the
 * table stays as small as the number of requests in flight.
 */
#include "audit_ids.h"

#include "audit_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 64u

struct entry {
    unsigned char len; /* 0: free */
    char id[AUDIT_ID_MAX];
};

struct audit_ids {
    struct entry *v;
    size_t size, n; /* size is a power of two */
};

/* FNV-1a */
static size_t hash(struct span id) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < id.len; i++)
        h = (h ^ (unsigned char)id.ptr[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

struct audit_ids *audit_ids_new(void) {
    struct audit_ids *ids = calloc(1, sizeof *ids);
    if (!ids) return NULL;

    ids->v = calloc(SMALLEST, sizeof *ids->v);
    ids->size = SMALLEST;
    if (ids->v) return ids;
    free(ids);
    return NULL;
}

void audit_ids_free(struct audit_ids *ids) {
    if (!ids) return;
    free(ids->v);
    free(ids);
}

void audit_ids_clear(struct audit_ids *ids) {
    memset(ids->v, 0, ids->size * sizeof *ids->v);
    ids->n = 0;
}

static struct span id_of(const struct entry *e) {
    return span_make(e->id, e->len);
}

/* Where id is or belongs. */
static size_t find(const struct audit_ids *ids, struct span id) {
    size_t i = hash(id) & (ids->size - 1);

    while (ids->v[i].len && !span_equal(id_of(&ids->v[i]), id))
        i = (i + 1) & (ids->size - 1);
    return i;
}

static int grow(struct audit_ids *ids) {
    struct audit_ids larger = {.size = ids->size * 2, .n = ids->n};

    larger.v = calloc(larger.size, sizeof *larger.v);
    if (!larger.v) return -1;
    for (size_t i = 0; i < ids->size; i++)
        if (ids->v[i].len) larger.v[find(&larger, id_of(&ids->v[i]))] = ids->v[i];
    free(ids->v);
    *ids = larger;
    return 0;
}

int audit_ids_put(struct audit_ids *ids, struct span id) {
    if (id.len == 0 || id.len > AUDIT_ID_MAX) return -1;
    if ((ids->n + 1) * 2 > ids->size && grow(ids) < 0) return -1;

    struct entry *e = &ids->v[find(ids, id)];
    if (e->len) return 0;
    e->len = (unsigned char)id.len;
    memcpy(e->id, id.ptr, id.len);
    ids->n++;
    return 0;
}

void audit_ids_remove(struct audit_ids *ids, struct span id) {
    size_t mask = ids->size - 1, hole = find(ids, id);

    if (!ids->v[hole].len) return;
    for (size_t i = (hole + 1) & mask; ids->v[i].len; i = (i + 1) & mask) {
        size_t home = hash(id_of(&ids->v[i])) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue; /* it may not move before its home */
        ids->v[hole] = ids->v[i];
        hole = i;
    }
    ids->v[hole].len = 0;
    ids->n--;
}

size_t audit_ids_count(const struct audit_ids *ids) {
    return ids->n;
}

bool audit_ids_next(const struct audit_ids *ids, size_t *at, struct span *id) {
    while (*at < ids->size) {
        const struct entry *e = &ids->v[(*at)++];
        if (!e->len) continue;
        *id = id_of(e);
        return true;
    }
    return false;
}

int audit_ids_follow(struct audit_ids *ids, struct span type, struct span request_id, struct span decision) {
    bool opens = span_is(type, "open");

    if (request_id.len == 0) return 0;
    if (span_is(type, "decision")) opens = span_is(decision, "forward") || span_is(decision, "edit");
    if (span_is(type, "outcome")) audit_ids_remove(ids, request_id);
    return opens ? audit_ids_put(ids, request_id) : 0;
}
