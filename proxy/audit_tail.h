/* SPDX-License-Identifier: Apache-2.0
 *
 * What an existing log says when it is opened: where its chain ends, what a crash left behind it, which requests
 * of the last run have no outcome. Only the last run is read.
 */
#ifndef AUDIT_TAIL_H
#define AUDIT_TAIL_H

#include "audit_head.h"

struct audit_ids;
struct audit_sealer;

struct audit_tail {
    uint64_t seq; /* of the last good record; 0: there is none */
    char hash[AUDIT_HEX_LEN + 1];
    uint64_t good_end;  /* bytes of the file up to it */
    uint64_t known_end; /* bytes up to the record that the head names; 0 without a head */
    int64_t vault_seq;  /* how many tokens the vault had made; 0: the run does not say */
    struct audit_ids *open_ids; /* the caller frees */
};

/* sealer: NULL for a log that is not encrypted. -1 with a reason: the run was changed, or records are missing. Bytes behind good_end are a torn tail. */
MUST_CHECK int audit_tail_read(int fd, uint64_t size, struct audit_hasher *h, struct audit_sealer *sealer,
                               const struct audit_head *head, struct audit_tail *t, const char **reason);

#endif
