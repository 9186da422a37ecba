/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer's tree over its own log and the checkpoints that it signs. Two files beside the log: "<log>.tree" (the tree's
 * right edge, under the audit key) lets a start continue without reading the whole log; "<log>.checkpoint" is the last signed
 * note. Only durable records are signed, and only a tree that continues what was signed before. One thread.
 */
#ifndef AUDIT_SIGNING_H
#define AUDIT_SIGNING_H

#include "audit_hash.h"
#include "audit_note.h"

struct audit_signing;

struct audit_signing_options {
    const char *path;             /* of the log; borrowed */
    struct audit_hasher *hasher;  /* borrowed */
    const struct audit_note_key *key;
    uint32_t every;               /* records */
    uint64_t every_us;
};

/* NULL when out of memory. */
struct audit_signing *audit_signing_new(const struct audit_signing_options *o);
void audit_signing_free(struct audit_signing *s);
/* Reads what is needed to stand behind record `seq`, the last durable one, at the end of the log as it is. -1 with a reason: nothing will be signed. */
MUST_CHECK int audit_signing_start(struct audit_signing *s, uint64_t seq, uint64_t file_size, const char **reason);
/* These lines became durable; the log is now so many bytes long. */
void audit_signing_follow(struct audit_signing *s, struct span lines, uint64_t file_size);
/* There is something to sign, and it is time. */
bool audit_signing_due(const struct audit_signing *s, uint64_t mono);
/* Signs what is durable and writes both files. */
MUST_CHECK int audit_signing_sign(struct audit_signing *s, uint64_t mono, bool sync);
/* The record of the last checkpoint; NULL when out of memory. */
struct audit_record *audit_signing_record(const struct audit_signing *s);

#endif
