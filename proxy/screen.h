/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks for identifiers that the model wrote by itself in the text of an answer, behind the restorer: it is told which pieces are
 * the caller's own values, and never touches those. One screen per channel. Whatever way the text is cut, the output is the same.
 *
 * What may still become an identifier is held back: a run of words with capitals, digits or signs in them, until a plain word
 * or a line end follows, and at most SCREEN_HOLD bytes. Where nothing is masked or blocked, only counted, nothing is held back.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "../detectors/phi.h"
#include "keyed_hash.h"
#include "span.h"

#include <stdint.h>

#define SCREEN_HOLD 256u

struct arena;
struct buf;
struct phi_scratch;
struct policy;

struct screen_counts {
    uint32_t found[PHI_KINDS];
    uint32_t monitored, masked, blocked;
};

/* Each to the larger of the two. */
void screen_counts_raise(struct screen_counts *c, const struct screen_counts *other);

/* What the screens of one answer share. */
struct screen_ground {
    const struct policy *policy;
    struct phi_scratch *scratch; /* of the thread that relays */
    struct keyed_hash hash;
    uint64_t *known; /* hashes of values that stood in the request, sorted */
    size_t n_known;
    struct screen_counts counts;
    bool mute;    /* what is screened now is a copy of something that was counted */
    bool blocked; /* nothing more may go out */
    bool failed;  /* because the detectors failed */
    enum phi_kind block_kind;
};

/* NULL when the policy asks for no screening, or, with *failed set, out of memory. Lives in the arena; the policy outlives it. */
struct screen_ground *screen_ground_new(struct arena *a, const struct policy *policy, struct phi_scratch *scratch, bool *failed);
/* A value of the request: when the model writes it again, it is the caller's. Before the first screen; max in all. */
MUST_CHECK int screen_ground_reserve(struct screen_ground *g, struct arena *a, size_t max);
void screen_ground_know(struct screen_ground *g, struct span value);
void screen_ground_ready(struct screen_ground *g);

struct screen; /* heap; wiped when freed */

/* json: the text is JSON. NULL when out of memory. */
struct screen *screen_new(struct screen_ground *g, bool json);
void screen_free(struct screen *s);

void screen_text(struct screen *s, struct span text, struct buf *out); /* of the model; any cut */
void screen_own(struct screen *s, struct span value, struct buf *out); /* of the caller, as it stands in the text */
void screen_flush(struct screen *s, struct buf *out);                  /* the end of the channel */
bool screen_holds(const struct screen *s);
/* Where the character at index of what came in stands in what went out (code points). */
uint64_t screen_index(const struct screen *s, uint64_t index);

#endif
