/* SPDX-License-Identifier: Apache-2.0
 *
 * The edits of one JSON document of an answer: texts restored, numbers that count their characters moved along.
 */
#ifndef RELAY_TEXT_H
#define RELAY_TEXT_H

#include "answer.h"
#include "buf.h"
#include "relay_tools.h"
#include "restore.h"
#include "span.h"

struct arena;
struct json_edit;
struct screen_ground;
struct tokens;

struct relay_text {
    struct arena *arena; /* of the document */
    const struct tokens *tokens;
    struct restore_counts *counts;
    bool json_text; /* the text at hand was seen to be JSON */
    struct screen_ground *screen; /* NULL: the model's own text passes as it is */
    bool json_mode, signed_thinking; /* signed_thinking: goes back under a signature, so it stays as it came */
    struct relay_tools tools;
    struct buf scratch, escaped;
    struct json_edit *edits;
    size_t n, size;
};

void relay_text_init(struct relay_text *x, struct arena *a, const struct tokens *t, struct restore_counts *counts,
                     bool json_mode, size_t ceiling);
void relay_text_free(struct relay_text *x);
/* A restorer that screens where that is asked for; NULL when out of memory. */
struct restore *relay_text_restorer(const struct relay_text *x, enum restore_mode mode, struct restore_counts *counts);
/* What a restorer still holds, escaped and between two parts of an event. 1: it is in event; 0: it held nothing; -1. */
int relay_text_flush(struct relay_text *x, struct restore *r, struct span before, struct span after, struct buf *event);
/* The screen has put an end to the answer. */
bool relay_text_blocked(const struct relay_text *x);
const char *relay_text_block_code(const struct relay_text *x);
const char *relay_text_block_message(const struct relay_text *x);
/* Nothing of this leaf may be changed. */
bool relay_text_signed(const struct relay_text *x, const struct answer_leaf *leaf);
/* The arena was reset: no edits. */
void relay_text_begin(struct relay_text *x);

/* All of these: -1 when the arena or a ceiling is exhausted. */
MUST_CHECK int relay_text_decode(struct relay_text *x, const struct answer_leaf *leaf, struct span *decoded);
/* Replaces the text of a leaf where now differs from it. */
MUST_CHECK int relay_text_set(struct relay_text *x, const struct answer_leaf *leaf, struct span decoded,
                              struct span now);
/* Restores a text that is complete in this document. */
MUST_CHECK int relay_text_whole(struct relay_text *x, const struct answer *w, const struct answer_leaf *leaf);
/* The same with its tokens left as they are: what the model wrote by itself is screened all the same. */
MUST_CHECK int relay_text_unrestored(struct relay_text *x, const struct answer *w, const struct answer_leaf *leaf);
/* Moves a number that counts characters of the text of r. */
MUST_CHECK int relay_text_index(struct relay_text *x, const struct answer_leaf *leaf, const struct restore *r);
/* Where text may be masked, what spells it again token by token is emptied. */
MUST_CHECK int relay_text_cut_repeats(struct relay_text *x, const struct answer *w);
/* Padding against size side channels does not fit an event that was edited. */
MUST_CHECK int relay_text_cut_padding(struct relay_text *x, const struct answer *w);
MUST_CHECK int relay_text_splice(struct relay_text *x, struct span text, struct buf *out);

#endif
