/* SPDX-License-Identifier: Apache-2.0
 *
 * Which records are asked for. All that is given must hold. A line is first searched for the bytes that it must contain, and
 * read only when they are there.
 */
#ifndef AUDIT_FILTER_H
#define AUDIT_FILTER_H

#include "buf.h"

#include <stdint.h>

#define AUDIT_NEEDLES_MAX 12

struct audit_filter {
    /* NULL: any. Times are prefixes of RFC 3339 in UTC, both inclusive: to 2026-03 is to the end of March. */
    const char *from, *to, *user, *client, *role, *purpose, *model, *endpoint, *upstream, *decision, *code, *type, *id;
    const char *kind;             /* "SSN", or "NAME" for all that begin with "NAME." */
    const struct span *values;    /* "WORD:hash" as in the record; any of them */
    size_t n_values;

    struct buf needle_text; /* the filter's own */
    struct { size_t begin, end; } needles[AUDIT_NEEDLES_MAX];
    size_t n_needles;
};

/* -1 with a constant reason: a time is not in its form. */
MUST_CHECK int audit_filter_prepare(struct audit_filter *f, const char **reason);
void audit_filter_free(struct audit_filter *f);
bool audit_filter_matches(const struct audit_filter *f, struct span line);
/* The times alone: for records that belong to one that matched. */
bool audit_filter_in_time(const struct audit_filter *f, struct span line);

#endif
