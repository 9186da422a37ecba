/* SPDX-License-Identifier: Apache-2.0
 *
 * How the commands read a log: its files in order.
 */
#ifndef PHI_AUDIT_READ_H
#define PHI_AUDIT_READ_H

#include "audit_set.h"

struct phi_read_options {
    const char *log; /* NULL: audit/decisions.log */
};

#define PHI_READ_OPTIONS(r) {"--log", &(r).log, NULL}

struct phi_reader;

/* NULL with a sentence. */
struct phi_reader *phi_reader_open(const struct phi_read_options *o);
void phi_reader_free(struct phi_reader *r);
const struct audit_set *phi_reader_set(const struct phi_reader *r);
/* false at the end or on a failure. */
bool phi_reader_next(struct phi_reader *r, struct span *line);
/* -1 with a sentence when reading ended in a failure. */
MUST_CHECK int phi_reader_end(const struct phi_reader *r);

#endif
