/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading members of a record's line as borrowed spans. For lines that the log wrote: nothing is checked beyond what keeps
 * the reader inside its bytes (audit_line.h and the verifier check).
 */
#ifndef AUDIT_VIEW_H
#define AUDIT_VIEW_H

#include "span.h"

#include <stdint.h>

struct audit_member {
    struct span name, value; /* value: as written, quotes included */
};

#define AUDIT_MEMBERS_MAX 64

/* Members of an object; at most max. 0 also for anything that is no object. */
size_t audit_view_members(struct span object, struct audit_member *v, size_t max);
/* The value of a member, len 0 when it is not there. */
struct span audit_view_get(struct span object, const char *name);
/* The inside of a string (escapes as written), len 0 when the member is not a string. */
struct span audit_view_text(struct span object, const char *name);
int64_t audit_view_number(struct span object, const char *name); /* 0 when it is none */
/* Walks an array: *at starts at 0. false at its end. */
bool audit_view_next(struct span array, size_t *at, struct span *value);
struct span audit_view_unquote(struct span value);
int64_t audit_view_integer(struct span value);

/* Of a line, without reading all of it: the sequence (0: none) and the time. */
uint64_t audit_view_seq(struct span line);
struct span audit_view_time(struct span line);

#endif
