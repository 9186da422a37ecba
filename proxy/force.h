/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway itself changes in a body, whatever it holds: an upstream that would keep what it is sent is told not
 * to. Each change has a name for the audit record.
 */
#ifndef FORCE_H
#define FORCE_H

#include "json.h"
#include "walk.h"

#define FORCE_MAX 2u

struct force {
    struct json_edit edits[FORCE_MAX]; /* ascending */
    const char *names[FORCE_MAX];      /* constants */
    size_t n;
};

/* may_store: the site lets this upstream keep what it is sent. */
void force_plan(const struct walk *w, struct span body, bool may_store, struct force *f);

#endif
