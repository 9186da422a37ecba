/* SPDX-License-Identifier: Apache-2.0
 *
 * A body of a thousand findings has few rows; they are found by their key.
 */
#include "transform_rows.h"

#include "arena.h"

#define ROWS_FIRST 16u

static bool same_row(const struct transform_row *a, const struct transform_row *b) {
    return a->kind == b->kind && a->action == b->action && a->path == b->path && a->rule == b->rule;
}

static uint32_t *slot_find(const struct transform *t, const struct transform_rows *r, const struct transform_row *row) {
    uint64_t h = ((uint64_t)row->path << 32 | (uint64_t)row->rule << 16 | (uint64_t)row->kind << 4 | row->action);
    size_t mask = r->size * 2 - 1, i;

    h *= 0x9E3779B97F4A7C15u;
    for (i = (size_t)(h >> 32) & mask; r->slots[i]; i = (i + 1) & mask)
        if (same_row(&t->rows[r->slots[i] - 1], row)) break;
    return &r->slots[i];
}

static int rows_grow(struct arena *a, struct transform *t, struct transform_rows *r) {
    size_t old = r->size, size = old ? old * 2 : ROWS_FIRST;
    struct transform_row *rows = arena_grow(a, t->rows, old * sizeof *rows, size * sizeof *rows);
    uint32_t *slots = arena_array(a, size * 2, sizeof *slots);

    if (!rows || !slots) return -1;
    t->rows = rows;
    r->slots = slots;
    r->size = size;
    for (size_t i = 0; i < t->n_rows; i++)
        *slot_find(t, r, &rows[i]) = (uint32_t)i + 1;
    return 0;
}

int transform_rows_count(struct arena *a, struct transform *t, struct transform_rows *r, struct transform_row row) {
    if (t->n_rows == r->size && rows_grow(a, t, r) < 0) return -1;
    uint32_t *slot = slot_find(t, r, &row);
    if (!*slot) {
        t->rows[t->n_rows++] = row;
        *slot = (uint32_t)t->n_rows;
    }
    struct transform_row *known = &t->rows[*slot - 1];
    known->count++;
    known->via |= row.via;
    if (row.score > known->score) known->score = row.score;
    return 0;
}
