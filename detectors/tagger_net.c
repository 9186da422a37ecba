/* SPDX-License-Identifier: Apache-2.0
 *
 * What the features of a word add up to: a row of small numbers for each feature, summed in the cells, and what the cells
 * above nothing say for each tag.
 */
#include <string.h>

#include "tagger.h"
#include "tagger_groups.h"
#include "tagger_sum.h"

enum { LANES = 16, VECTORS = TAG_CELLS / 2 / LANES, CELL_UNIT = 64 };

/* Two cells in each: rows are bytes, sums are not. */
typedef int16_t lanes __attribute__((vector_size(2 * LANES), may_alias));

#include "dictionaries/tagger.inc"

/* The same with twice as many at once where the processor can; sanitizers know no such choice at load. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(PHIGATE_SANITIZED)
#define TAGGER_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TAGGER_WIDE
#endif

_Static_assert(sizeof numbered / sizeof *numbered == TAG_NUMBERED, "a row for each feature");
_Static_assert(TAG_FEATURES_MAX * 127 <= INT16_MAX, "no sum of rows, which tag.py keeps within 127, is too large");

static const int8_t *row_of_key(uint32_t key)
{
    enum { MASK = sizeof slot_keys / sizeof *slot_keys - 1 };

    for (uint32_t at = key >> 4 & MASK; slot_keys[at]; at = (at + 1) & MASK)
        if (slot_keys[at] == key)
            return hashed[slot_rows[at]];
    return NULL;
}

/* NULL: it says nothing. */
static inline const int8_t *row_of(uint64_t feature)
{
    return feature < TAG_NUMBERED ? numbered[feature] : feature >= TAG_HASHED ? row_of_key((uint32_t)feature) : NULL;
}

static inline __attribute__((always_inline)) void row_add(const int8_t *cells, lanes even[VECTORS], lanes odd[VECTORS])
{
    const lanes *row = (const lanes *)cells;
#pragma GCC unroll 4
    for (unsigned c = 0; c < VECTORS; c++) {
        even[c] += row[c] << 8 >> 8;
        odd[c] += row[c] >> 8;
    }
}

/* What the cells have below nothing is nothing. */
TAGGER_WIDE void tagger_cells(const struct tag_features *f, struct tag_cells *out)
{
    lanes even[VECTORS] = {{0}}, odd[VECTORS] = {{0}};

    for (unsigned k = 0; k < f->numbered; k++)
        row_add(numbered[f->v[k]], even, odd);
    for (unsigned k = f->numbered; k < f->n; k++) {
        const int8_t *row = row_of_key((uint32_t)f->v[k]);
        if (row)
            row_add(row, even, odd);
    }
    for (unsigned c = 0; c < VECTORS; c++)
        for (unsigned k = 0; k < LANES; k++) {
            out->v[(c * LANES + k) * 2] = even[c][k] > 0 ? even[c][k] : 0;
            out->v[(c * LANES + k) * 2 + 1] = odd[c][k] > 0 ? odd[c][k] : 0;
        }
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
    const int8_t *row = row_of(feature);
    int32_t sum = 0;

    if (tag == TAG_NONE || !row)
        return 0;
    for (unsigned c = 0; c < TAG_CELLS; c++)
        sum += cells->v[c] ? row[c] * tag_out[tag - 1][c] : 0;
    return sum / CELL_UNIT;
}
