/* SPDX-License-Identifier: Apache-2.0
 *
 * A second opinion on words: a linear-chain conditional random field (Lafferty, McCallum and Pereira, 2001) over runs of
 * words that may be something. The scores of a word come from one layer of cells between its features and the tags, so that
 * two features together may mean what neither does alone. Weights are fitted by dictionaries/tag.py on annotated text
 * (dictionaries/tagger.inc). It knows names, places, dates and numbers by what surrounds them where evidence.c and the
 * rules have no cue. All sums of a word are whole numbers: the same on every machine.
 *
 *     went to | blue heron freight | when it ...      words outside a run are nothing for sure
 *
 * What costs most comes last: words that may be something by themselves ("open") are summed up first, those beside them
 * and the run as a whole only where one of them has hope.
 */
#ifndef TAGGER_H
#define TAGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

enum tag { TAG_NONE = 0, TAG_NAME, TAG_PLACE, TAG_DATE, TAG_NUMBER, TAGS };

enum { TAG_FEATURES_MAX = 160, TAG_RUN_MAX = 64, TAG_CELLS = 64 };

/* A feature: its number, or TAG_HASHED and a hash. */
#define TAG_HASHED 0x100000000ull

struct tag_features {
    uint64_t v[TAG_FEATURES_MAX];
    unsigned n, numbered; /* those with a number come first */
};

/* What the features of a word add up to in each cell, in 1/64; nothing where it is below nothing. */
struct tag_cells {
    int16_t v[TAG_CELLS];
};

/* What the tagger says of a word. */
struct tagging {
    uint8_t tag;     /* the likeliest, except none */
    uint8_t percent; /* that it is anything */
};

/* Words of a chunk that may be something by themselves, a bit for each. */
struct tagger_open {
    uint64_t v[WORDS_MAX / 64];
};

/* What is worked out of one word; here, so that it is not cleared for each. */
struct tagger_work {
    struct tag_features features;
    struct tag_cells cells;
};

/* What is worked out while a run is read. */
struct tagger_lattice {
    struct tagger_work work;
    int32_t sum[TAG_RUN_MAX][TAGS - 1];
    float emit[TAG_RUN_MAX][TAGS], forward[TAG_RUN_MAX][TAGS], backward[TAG_RUN_MAX][TAGS];
    bool told[TAG_RUN_MAX], hope[TAG_RUN_MAX]; /* has a sum; may be something */
};

struct tagger_run {
    uint32_t first, end; /* words [first, end) */
    struct tagging v[TAG_RUN_MAX];
    struct tagger_lattice lattice; /* the tagger's own */
};

/* Among words [first, end), which are decided by now. */
void tagger_open(const struct words *w, uint32_t first, uint32_t end, struct tagger_open *out);
/* The next run in [i, end); false: there is none. */
bool tagger_next(const struct words *w, const struct tagger_open *open, uint32_t i, uint32_t end, struct tagger_run *run);
/* Reads a run; false when no word of it has hope, and nothing was read. */
bool tagger_read(const struct words *w, const struct tagger_open *open, struct tagger_run *run);

void tagger_features(const struct words *w, uint32_t i, struct tag_features *out);
/* The features' sums. */
void tagger_cells(const struct tag_features *f, struct tag_cells *out);
/* What a feature says for a tag against none, in 1/256, where the cells are these: features together make them. */
int32_t tagger_weight(uint64_t feature, const struct tag_cells *cells, enum tag tag);
/* What the words on both sides of words first to last say for a tag against none, in 1/256; other numbers say nothing. */
int32_t tagger_beside(const struct words *w, uint32_t first, uint32_t last, enum tag tag);
/* "class-1.DOCTOR", "word-1.3f"; returns the length. */
int tagger_name(uint64_t feature, char *out, size_t size);
/* What speaks for the tag at word i and what against it, strongest first, as many as fit. Never quotes. */
void tagger_explain(const struct words *w, uint32_t i, enum tag tag, char *out, size_t size);

#endif
