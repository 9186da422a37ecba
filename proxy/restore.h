/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts values back for tokens in text that arrives in pieces. One restorer per channel of an answer (a choice's
 * content, one tool call's arguments, ...). Whatever way the text is cut, the output is the same: only a tail that
 * could be the beginning of a token or a surrogate is held back, at most SURROGATE_MAX + 7 bytes.
 *
 * Not restored, and counted: tokens that this request did not make; tokens inside a URL, a Markdown link or
 * image destination, a reference definition, an HTML attribute (text from an answer that a reader's browser
 * fetches would carry the value away).
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "span.h"

#include <stdint.h>

struct buf;
struct tokens;

enum restore_mode {
    RESTORE_TEXT, /* prose: the value as it is */
    RESTORE_OFF,  /* nothing is put back */
    RESTORE_JSON  /* the text is JSON (tool arguments, JSON mode): the value is escaped once per string level it
                     stands in */
};

struct restore_counts {
    uint32_t restored, unknown, in_link;
};

struct restore; /* heap; wiped when freed */
struct screen_ground;

/* NULL when out of memory. tokens and counts outlive it. */
struct restore *restore_new(const struct tokens *t, enum restore_mode mode, struct restore_counts *counts);
void restore_free(struct restore *r);
/* Before the first text: what the model wrote by itself is screened on its way out. */
MUST_CHECK int restore_screen(struct restore *r, struct screen_ground *g);

/* text: decoded, any cut (also inside a UTF-8 character). Output is appended; a restorer or an out that failed
 * (memory, ceiling) shows in out->failed. */
void restore_push(struct restore *r, struct span text, struct buf *out);
/* The end of the channel: what was held back goes out as it is. */
void restore_flush(struct restore *r, struct buf *out);
bool restore_holds(const struct restore *r); /* something is held back */

/* Where the character at index (code points, as annotations count) of the text that came in stands in the text that
 * went out; an index inside a token is that of the end of its value. */
uint64_t restore_index(const struct restore *r, uint64_t index);

#endif
