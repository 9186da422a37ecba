/* SPDX-License-Identifier: Apache-2.0
 *
 * How the commands read a log: its files in order, and with the audit key by its index, so that what cannot match is skipped.
 */
#ifndef PHI_AUDIT_READ_H
#define PHI_AUDIT_READ_H

#include "audit_filter.h"
#include "audit_index.h"
#include "audit_set.h"

struct phi_read_options {
    const char *log;      /* NULL: audit/decisions.log */
    const char *key_path; /* the audit key; NULL: no index is used, because it could not be believed */
    bool no_index;
    const char *encryption_path; /* NULL: encrypted records cannot be read */
};

#define PHI_READ_OPTIONS(r) {"--log", &(r).log, NULL}, {"--key", &(r).key_path, NULL}, {"--no-index", NULL, &(r).no_index}, \
        {"--encryption-key", &(r).encryption_path, NULL}

struct phi_reader;

/* NULL with a sentence. */
struct phi_reader *phi_reader_open(const struct phi_read_options *o);
void phi_reader_free(struct phi_reader *r);
const struct audit_set *phi_reader_set(const struct phi_reader *r);

/* Blocks that cannot hold what the filter asks for are skipped from now on. also: a block is read nevertheless; skipped: is told
 * of each that is not. Both may be NULL. The filter is prepared and stays. */
struct phi_reader_choice {
    const struct audit_filter *filter;
    bool (*also)(void *context, const struct audit_index *x, const struct audit_index_block *b);
    void (*skipped)(void *context, const struct audit_index_block *b);
    void *context;
};
MUST_CHECK int phi_reader_choose(struct phi_reader *r, const struct phi_reader_choice *c);

/* false at the end or on a failure. */
bool phi_reader_next(struct phi_reader *r, struct span *line);
/* -1 with a sentence when reading ended in a failure. */
MUST_CHECK int phi_reader_end(const struct phi_reader *r);

#endif
