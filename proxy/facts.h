/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway must know of a request beside its text: the model, whether the answer streams, how many
 * answers there are, what cannot be read. Filled while the walk passes each value.
 */
#ifndef FACTS_H
#define FACTS_H

#include "walk.h"

enum facts_verdict {
    FACTS_ERROR = -1, /* a value that we act on is not of its documented type: w->error is set */
    FACTS_SEARCH = 0, /* the text is searched like any other */
    FACTS_CONSTANT,   /* a word of the specification */
    FACTS_BLOB        /* encoded pixels, sound or file bytes: no text */
};

/* A scalar of the body at a place, or the begin of a container. text: decoded for a string, else as written. */
enum facts_verdict facts_take(struct walk *w, enum shape_place place, uint32_t path, enum json_type type,
                              struct span text);

/* The first of them as a word for an error: "image", "stored_object", ... */
const char *facts_unreadable_reason(uint32_t bits);

/* The i-th of them, alone; NULL behind the last. */
const char *facts_unreadable_word(uint32_t bits, size_t i);

/* Notes that something cannot be read. */
void facts_unreadable(struct walk *w, enum walk_unreadable what, uint32_t path);

enum walk_part facts_role(struct span role);
enum walk_part facts_item_part(struct span type); /* of an item of /v1/responses without a role */
bool facts_tool_is_local(struct span type);       /* run by the app, not by the upstream */
bool facts_tool_without_type_is_local(enum shape_endpoint e);

#endif
