/* SPDX-License-Identifier: Apache-2.0
 *
 * The words by which a policy names kinds: one kind ("SSN", "NAME.PATIENT"), a group ("NAME.*", or "NAME" where no
 * kind has that name) or all of them ("*").
 */
#ifndef KIND_SET_H
#define KIND_SET_H

#include "../../detectors/phi.h"

enum kind_reach { KIND_REACH_NONE = 0, KIND_REACH_ALL, KIND_REACH_GROUP, KIND_REACH_ONE }; /* nearer wins */

struct kind_set {
    enum kind_reach reach;
    bool has[PHI_KINDS];
};

/* -1 when the word names no kind. */
int kind_set_find(const char *word, struct kind_set *out);
/* The nearest kind or group to a mistyped word, or NULL. Points into out. */
const char *kind_set_nearest(const char *word, char *out, size_t out_size);

/* Kinds that no policy decides: none, and token-shaped text, which is always tokenized. */
bool kind_is_fixed(enum phi_kind kind);
/* Kinds that may never leave in clear, whatever the policy says. */
bool kind_in_hard_floor(enum phi_kind kind);

#endif
