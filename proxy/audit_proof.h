/* SPDX-License-Identifier: Apache-2.0
 *
 * A proof that one record is in the log, as one text file that is checked without the log (c2sp.org/tlog-proof): the record,
 * its index, the path to the root, the signed checkpoint.
 */
#ifndef AUDIT_PROOF_H
#define AUDIT_PROOF_H

#include "audit_note.h"

#define AUDIT_PROOF_MAGIC "c2sp.org/tlog-proof@v1\n"

/* path is complete. */
void audit_proof_write(struct span record, uint64_t index, const struct audit_path *path, struct span note, struct buf *out);

struct audit_proof {
    struct buf record; /* the line, without a newline */
    uint64_t index;
    struct audit_node path[AUDIT_PATH_MAX];
    size_t n;
    struct span note; /* in the text */
    struct audit_checkpoint checkpoint;
};

/* -1 with a constant reason. The record is freed by the caller in every case. */
MUST_CHECK int audit_proof_read(struct span text, struct audit_proof *p, const char **reason);
/* Signature, path and the record's own sequence. */
MUST_CHECK int audit_proof_check(const struct audit_proof *p, const struct audit_note_key *key, const char **reason);

#endif
