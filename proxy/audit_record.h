/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the audit writer: a record becomes a line. What callers use is in audit.h.
 */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include "audit.h"

struct audit_hasher;

/* What the log adds to each record. */
struct audit_stamp {
    uint64_t seq, mono;
    const char *boot, *id, *node, *prev, *ts;
};

/* Nothing was refused and the line will not be longer than AUDIT_RECORD_MAX. */
bool audit_record_fits(const struct audit_record *r, const char *node);
/* The inside of a string member, as it is written; len 0 when there is none. */
struct span audit_record_text(const struct audit_record *r, const char *name);
/* A number member that is not negative; -1: there is none. */
int64_t audit_record_number(const struct audit_record *r, const char *name);
/* A name that can be written without an escape and has a sensible length. */
bool audit_record_node_valid(const char *node);
/* Appends the line, without a newline, to out. -1: out is as before. */
MUST_CHECK int audit_record_write(const struct audit_record *r, const struct audit_stamp *stamp,
                                  struct audit_hasher *h, struct buf *out);

#endif
