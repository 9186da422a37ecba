/* SPDX-License-Identifier: Apache-2.0
 *
 * The checker behind audit_verify and behind opening a log: bytes go in, in pieces of any size; it stops at the
 * first bad record.
 */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "audit_head.h"

struct audit_checkpoint;
struct audit_ids;
struct audit_macs;
struct audit_note_key;
struct audit_sealer;
struct audit_verifier;

struct audit_verifier_options {
    struct audit_hasher *hasher;
    bool keyed;                   /* the hasher has the key: line MACs are checked */
    struct audit_hasher *const *old; /* with keyed: keys that were used before, oldest first; a file may begin under the next */
    size_t n_old;
    struct audit_macs *macs;      /* with keyed: checks the line MACs meanwhile; a line that it refuses is not named */
    bool midway;                  /* the first line need not be the first of a log */
    const struct audit_head *head; /* not NULL and found: the log must contain that record */
    struct audit_sealer *sealer;  /* opens what is encrypted; NULL: of such records the envelope is checked */
    const struct audit_note_key *log_key;       /* not NULL: checkpoint records are checked */
    const struct audit_checkpoint *checkpoint;  /* not NULL: the tree of that size must have that root */
};

struct audit_verifier *audit_verifier_new(const struct audit_verifier_options *o); /* NULL when out of memory */
void audit_verifier_free(struct audit_verifier *v);
/* -1: a bad record was met, the rest is not looked at. */
MUST_CHECK int audit_verifier_feed(struct audit_verifier *v, struct span bytes);
/* One line without its newline. */
MUST_CHECK int audit_verifier_line(struct audit_verifier *v, struct span line);
/* Nothing more follows. 0 verified, 1 bad. */
MUST_CHECK int audit_verifier_end(struct audit_verifier *v, struct audit_check *c);

/* Decisions to forward that have no outcome yet. */
struct audit_ids *audit_verifier_open_ids(struct audit_verifier *v);
/* Hash of the last good line; where it ends, in bytes fed; where the line named by the head ends (0: not met). */
const char *audit_verifier_last_hash(const struct audit_verifier *v);
uint64_t audit_verifier_good_end(const struct audit_verifier *v);
uint64_t audit_verifier_head_end(const struct audit_verifier *v);

#endif
