/* SPDX-License-Identifier: Apache-2.0
 *
 * "<log>.index", an SQLite database: which parts of a log cannot hold what is searched for. The log is cut into blocks of about
 * a megabyte; each has its times, its place, and a Bloom filter over who, what and which values occur in its records. A search
 * skips the blocks that cannot match and reads the others as always, so that the index never answers anything itself.
 *
 * An index that lies could hide records. Each block is under the audit key, chained to the block before, and names the record that
 * it begins with and the hash of the one before it: an index of another log, of other keys, or of a log that was changed since is
 * not used. Records behind its last block are read.
 */
#ifndef AUDIT_INDEX_H
#define AUDIT_INDEX_H

#include "audit_filter.h"
#include "audit_set.h"
#include "span.h"

#include <stdint.h>

struct audit_index;
struct audit_index_query;

struct audit_index_block {
    uint64_t file_first, offset, bytes; /* file that begins with this record; place in it */
    uint64_t first_seq, last_seq;
    char begin[28], end[28];            /* earliest and latest time */
    char prev[65];                      /* hash of the record before */
    struct span bloom;
};

/* NULL with a constant reason: there is none, or it cannot be believed. */
struct audit_index *audit_index_open(const char *log, const struct audit_set *set, const unsigned char key[32], const char **reason);
void audit_index_free(struct audit_index *x);
size_t audit_index_count(const struct audit_index *x);
const struct audit_index_block *audit_index_at(const struct audit_index *x, size_t i);

/* What a filter needs of a block. NULL when out of memory. */
struct audit_index_query *audit_index_query_new(const struct audit_index *x, const struct audit_filter *f);
void audit_index_query_free(struct audit_index_query *q);
/* false: no record of the block matches. */
bool audit_index_may_match(const struct audit_index_query *q, const struct audit_index_block *b);
/* false: no record of the block has this id or request id. */
bool audit_index_may_hold_id(const struct audit_index *x, const struct audit_index_block *b, struct span id);

struct audit_index_result {
    uint64_t records, blocks, old_blocks;
    bool anew; /* the one that was there could not be continued */
};

/* Makes it, or continues it with what the log has got since. -1 with a constant reason. */
MUST_CHECK int audit_index_update(const char *log, const struct audit_set *set, const unsigned char key[32],
                                  struct audit_index_result *out, const char **reason);

#endif
