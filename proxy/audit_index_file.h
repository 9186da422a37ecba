/* SPDX-License-Identifier: Apache-2.0
 *
 * The database of an index: blocks in order, each with a code under the audit key over itself and the code before.
 */
#ifndef AUDIT_INDEX_FILE_H
#define AUDIT_INDEX_FILE_H

#include "audit_hash.h"
#include "audit_index.h"

struct sqlite3;

/* "<log>.index". NULL with a constant reason. create: makes it when it is not there. */
struct sqlite3 *audit_index_file_open(const char *log, bool create, const char **reason);
void audit_index_file_close(struct sqlite3 *db);

/* Each block in order; bloom is borrowed for the call. A callback's -1 ends it. -1 with a reason: damaged, or another key. mac is
 * that of the last block, "" when there is none. */
typedef int audit_index_take(void *context, const struct audit_index_block *b);
MUST_CHECK int audit_index_file_read(struct sqlite3 *db, struct audit_hasher *h, audit_index_take *take, void *context,
                                     char mac[AUDIT_HEX_LEN + 1], const char **reason);

MUST_CHECK int audit_index_file_begin(struct sqlite3 *db, bool anew);
/* number: 0, 1, 2 ...; mac: of the block before, and then of this one. */
MUST_CHECK int audit_index_file_add(struct sqlite3 *db, struct audit_hasher *h, uint64_t number, const struct audit_index_block *b,
                                    char mac[AUDIT_HEX_LEN + 1]);
MUST_CHECK int audit_index_file_commit(struct sqlite3 *db);

#endif
