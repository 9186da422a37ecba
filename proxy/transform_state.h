/* SPDX-License-Identifier: Apache-2.0
 *
 * What the passes of transform.h share while one body is decided and edited.
 */
#ifndef TRANSFORM_STATE_H
#define TRANSFORM_STATE_H

#include "json.h"
#include "transform.h"
#include "transform_rows.h"

struct transformer {
    struct arena *arena;
    const struct walk *w;
    const struct phi_result *found;
    const struct policy_view *base, *view; /* of the request; of the text that is decided about */
    struct policy_view *views[LANGUAGES];  /* where the policy asks for the language */
    const struct policy *policy; /* of the view */
    const char *model;
    long today;
    unsigned subjects; /* added to those that are claimed */
    bool monitor, claiming; /* claiming: nothing is edited yet; a kept table learns what will be asked of it */
    struct tokens *tokens;
    struct transform *t;
    unsigned char *plan; /* enum policy_action of each finding as it will be done */
    struct json_edit *edits;
    size_t edits_size;
    struct transform_rows rows;
};

/* transform_decide.c: rows, counts, the plan, and whether the request may go. Findings that do not fit the walk: -1. */
MUST_CHECK int transform_decide(struct transformer *x);
void transform_block(struct transformer *x, enum phi_kind kind, uint32_t path, const char *reason); /* the first counts */
bool transform_in_clear(enum policy_action action);
bool transform_comes_back(enum policy_action action);
bool transform_loose_number(const struct walk_leaf *leaf); /* in JSON text inside a string: it becomes a string there */
/* In sound nothing comes back: a token would be said aloud, a surrogate be taken for the truth. */
enum policy_action transform_unless_spoken(const struct transformer *x, enum policy_action action);

/* transform_edit.c: x->edits, as planned; or, while claiming, what a kept table will be asked for. */
MUST_CHECK int transform_edit(struct transformer *x);
MUST_CHECK int transform_claim_all(struct transformer *x); /* before they are made, with one question to the table */

#endif
