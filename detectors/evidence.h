/* SPDX-License-Identifier: Apache-2.0
 *
 * The evidence for "this word is part of a name" and "... of a place": features of the word, its neighbours and its
 * line, each with two weights that dictionaries/fit.py fitted on annotated text (dictionaries/weights.inc, readable).
 * The sum decides; phi_explain can name its parts.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

enum word_label { LABEL_NONE = 0, LABEL_NAME, LABEL_PLACE, LABELS };

struct phi_dictionary;

enum { EVIDENCE_MAX = 128, SEEN_SLOTS = 256 };

/* Words of this text that were decided to be names, so that later mentions know. */
struct seen {
    uint64_t hash[SEEN_SLOTS];
};

struct evidence {
    uint16_t v[EVIDENCE_MAX];
    unsigned n;
    int32_t name, place; /* what they add up to, in 1/256 */
};

void evidence_gather(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen,
                     struct evidence *out);
/* What evidence_gather and evidence_weigh say together. */
void evidence_sum(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen, int32_t sum[LABELS]);
/* A capitalized word that is in no list but those of names: beside a name it is part of it. */
bool evidence_fits(const struct words *w, uint32_t i);
/* A scientific or English word that is in no list of names. */
bool evidence_plain(const struct words *w, uint32_t i);
/* A capitalized word inside a sentence that is no word of any list, or of the names alone. */
bool evidence_unknown(const struct words *w, uint32_t i);
/* Sums in 1/256; sum[LABEL_NONE] is 0. */
void evidence_weigh(const struct evidence *f, int32_t sum[LABELS]);
/* The parts of a label's sum, strongest first, as "before.150 +412, given.7 +96": as many as fit. Never quotes. */
int evidence_explain(const struct evidence *f, enum word_label label, char *out, size_t size);
/* The percentage that belongs to a sum. */
uint8_t evidence_percent(int32_t margin);

extern const int16_t evidence_weights[][2]; /* for name and place, by feature */
unsigned evidence_count(void);
/* "before.doctor.space"; returns the length. */
int evidence_name(unsigned feature, char *out, size_t size);

void seen_add(struct seen *s, uint64_t hash);
bool seen_has(const struct seen *s, uint64_t hash);

#endif
