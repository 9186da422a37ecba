/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical JSON (RFC 8785) as the audit log uses it: there is one way to write a value, so that a hash of the
 * bytes is a hash of the meaning. Narrower than the RFC: numbers are integers of at most 2^53 - 1, member names
 * need no escape, U+0000 does not occur.
 */
#ifndef AUDIT_CANON_H
#define AUDIT_CANON_H

#include "span.h"

#include <stdint.h>

#define AUDIT_NUMBER_MAX INT64_C(9007199254740991) /* what a reader with doubles reads exactly */

struct audit_canon {
    struct span text;
    size_t at;
    const char *reason; /* constant; set by the first failure */
};

/* Each reads one value at c->at and moves behind it; -1 with a reason when it is not in canonical form. */
MUST_CHECK int audit_canon_value(struct audit_canon *c, unsigned depth);
/* raw: between the quotes. */
MUST_CHECK int audit_canon_string(struct audit_canon *c, struct span *raw, bool *escaped);
MUST_CHECK int audit_canon_number(struct audit_canon *c, int64_t *out);
/* A member's name and its colon. previous: the name before it, or len 0; names ascend. */
MUST_CHECK int audit_canon_name(struct audit_canon *c, struct span previous, struct span *name);

/* Order of UTF-16 code units (RFC 8785 section 3.2.3), which is not that of UTF-8 bytes above U+FFFF. */
int audit_canon_compare(struct span a, struct span b);

/* Whole text is one canonical value. */
bool audit_canon_valid(struct span text);
/* Valid UTF-8 without U+0000. */
bool audit_canon_text_valid(struct span text);

#endif
