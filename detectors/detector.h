/* SPDX-License-Identifier: Apache-2.0
 *
 * What a built-in detector is to the engine: a function that reads one text and puts candidates into a sink.
 * Rules find what has a shape; detectors find what has none (names, places, dates in words).
 *
 * A detector keeps nothing between calls: what it needs of the engine is immutable, what it needs while
 * working comes from the scratch. It lists its rules, so that every finding can be explained by an id.
 * The engine's table (engine.c) names all detectors; adding one is a line there.
 */
#ifndef DETECTOR_H
#define DETECTOR_H

#include <stdint.h>

#include "phi.h"

/* A run of bytes in the text under the scan; empty when begin == end. */
struct phi_part {
    uint32_t begin, end;
};

struct phi_candidate {
    uint32_t begin, end; /* bytes, on character borders, begin < end <= len */
    uint16_t kind;       /* enum phi_kind */
    uint16_t rule;       /* index into the detector's own rules */
    uint8_t score;       /* 0..100, context included */
    uint8_t base;        /* the score without its context, for explain; 0 means the same */
    uint8_t via;         /* enum phi_via bits */
    struct phi_part family, given; /* names only: the parts that are looked for elsewhere; may be empty */
};

struct phi_candidates; /* the sink; grows in the scratch */

/* Copies the candidate. 0, or -1 when out of memory or when the candidate is malformed; the detector then
 * returns -1 at once. */
int phi_candidate_add(struct phi_candidates *sink, const struct phi_candidate *candidate);

struct phi_detector_rule {
    const char *id;      /* "name-title" */
    const char *trigger; /* "capitalized word after a title", for phi_rule_trigger */
    uint16_t kind;       /* what it finds, up to its family; 0: several */
};

struct phi_detector {
    const struct phi_detector_rule *rules;
    unsigned n;
    /* text is valid UTF-8 without NUL. 0 or -1. */
    int (*run)(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
               struct phi_candidates *sink);
};

/* The dictionary that the engine was given, or NULL: names are then found by title and label only. */
struct phi_dictionary;
const struct phi_dictionary *phi_engine_words(const struct phi_engine *e);

/* A block for the detector's own use during this call, at least size bytes, reused by the next call of any
 * detector with the same slot (0..7). What comes from text must lie in the first BLOCK_HEAD bytes and BLOCK_PER_BYTE
 * more for each byte of the text: phi_scratch_clear wipes so far, and phi_scratch_free all. NULL when out of memory. */
enum { BLOCK_HEAD = 1024, BLOCK_PER_BYTE = 64 };
void *phi_scratch_block(struct phi_scratch *s, unsigned slot, size_t size);

#endif
