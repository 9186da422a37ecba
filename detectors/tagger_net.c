/* SPDX-License-Identifier: Apache-2.0
 *
 * What the features of a word add up to: a row of small numbers for each feature, summed in the cells, and what the cells
 * above nothing say for each tag.
 */
#include <string.h>

#include "tagger.h"
#include "tagger_groups.h"
#include "tagger_sum.h"

enum { LANES = 8, VECTORS = TAG_CELLS / LANES, CELL_UNIT = 64 };

typedef int16_t lanes __attribute__((vector_size(2 * LANES), may_alias));

/* Where the row of a hashed feature is. */
struct slot {
    uint32_t key; /* 0: empty */
    uint32_t row;
};

#include "dictionaries/tagger.inc"

_Static_assert(sizeof numbered / sizeof *numbered == TAG_NUMBERED, "a row for each feature");
_Static_assert(TAG_FEATURES_MAX * 127 <= INT16_MAX, "no sum of rows, which tag.py keeps within 127, is too large");

static const int16_t *row_of_key(uint32_t key)
{
    enum { MASK = sizeof slots / sizeof *slots - 1 };

    for (uint32_t at = key >> 4 & MASK; slots[at].key; at = (at + 1) & MASK)
        if (slots[at].key == key)
            return hashed[slots[at].row];
    return NULL;
}

/* NULL: it says nothing. */
static inline const int16_t *row_of(uint64_t feature)
{
    return feature < TAG_NUMBERED ? numbered[feature] : feature >= TAG_HASHED ? row_of_key((uint32_t)feature) : NULL;
}

void tagger_cells(const struct tag_features *f, struct tag_cells *out)
{
    lanes sum[VECTORS] = {{0}};

    for (unsigned k = 0; k < f->n; k++) {
        const lanes *row = (const lanes *)row_of(f->v[k]);
        if (!row)
            continue;
#pragma GCC unroll 8
        for (unsigned c = 0; c < VECTORS; c++)
            sum[c] += row[c];
    }
    for (unsigned c = 0; c < VECTORS; c++)
        sum[c] &= sum[c] > 0;
    memcpy(out->v, sum, sizeof sum);
}

/* Products of 16 bits in sums of 32: one instruction for eight where the processor has it. */
static int32_t score_of(const int16_t *restrict cells, const int16_t *restrict out)
{
    int32_t sum = 0;

    for (unsigned c = 0; c < TAG_CELLS; c++)
        sum += (int32_t)cells[c] * out[c];
    return sum;
}

bool tagger_sum(const struct words *w, uint32_t i, int32_t least, struct tagger_work *work, int32_t sum[TAGS - 1])
{
    bool hope = false;

    tagger_features(w, i, &work->features);
    tagger_cells(&work->features, &work->cells);
    for (unsigned t = 0; t < TAGS - 1; t++) {
        sum[t] = tag_bias[t] + score_of(work->cells.v, tag_out[t]) / CELL_UNIT;
        hope |= sum[t] >= least;
    }
    return hope;
}

int32_t tagger_weight(uint64_t feature, const struct tag_cells *cells, enum tag tag)
{
    const int16_t *row = row_of(feature);
    int32_t sum = 0;

    if (tag == TAG_NONE || !row)
        return 0;
    for (unsigned c = 0; c < TAG_CELLS; c++)
        sum += cells->v[c] ? row[c] * tag_out[tag - 1][c] : 0;
    return sum / CELL_UNIT;
}
