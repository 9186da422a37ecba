/* SPDX-License-Identifier: Apache-2.0
 *
 * Legal holds, as the auditors' log has them: placed, and not released since.
 */
#ifndef PHI_AUDIT_HOLD_H
#define PHI_AUDIT_HOLD_H

#include "span.h"

#define PHI_HOLDS_MAX 256
#define PHI_HOLD_NAME 64

struct phi_holds {
    struct phi_hold {
        char name[PHI_HOLD_NAME + 1], from[28], to[28];
    } v[PHI_HOLDS_MAX];
    size_t n;
};

/* -1 with a sentence: the auditors' log cannot be read, or there are too many. */
MUST_CHECK int phi_holds_read(struct phi_holds *h, const char *log);
/* A hold on any of this time; times are prefixes, both ends belong to it. NULL: none. */
const struct phi_hold *phi_holds_over(const struct phi_holds *h, const char *begin, const char *end);

#endif
