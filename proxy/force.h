/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway itself changes in a body, whatever it holds: an upstream that would keep what it is sent is told not
 * to; text that came cut into a model's tokens is taken out; a model that the path named is named in the body. Each change
 * has a name for the audit record.
 */
#ifndef FORCE_H
#define FORCE_H

#include "json.h"
#include "walk.h"

#define FORCE_NAMES 3u

struct arena;

struct force {
    struct json_edit *edits; /* ascending */
    size_t n;
    const char *names[FORCE_NAMES]; /* constants */
    size_t n_names;
    bool store; /* made false */
};

struct force_wish {
    bool store_false;  /* "store" is false in what leaves, however the body has it */
    struct span model; /* to be named where the body names none; letters of an identifier only */
};

/* -1: the arena is full. */
MUST_CHECK int force_plan(struct arena *a, const struct walk *w, struct span body, const struct force_wish *wish,
                          struct force *f);

#endif
