/* SPDX-License-Identifier: Apache-2.0
 *
 * The head file, beside the log: sequence and hash of the last durable record, under the key. A hash chain alone
 * cannot show that its last records were cut off; the head does. Written after each commit and before anyone is
 * told, not synced itself: it is never ahead of what is durable in the log.
 */
#ifndef AUDIT_HEAD_H
#define AUDIT_HEAD_H

#include "audit_hash.h"

#include <stdint.h>

struct audit_head {
    bool found;
    uint64_t seq;
    char hash[AUDIT_HEX_LEN + 1];
};

/* fd of "<path>.head", created and locked for this process alone; -1 with a reason. */
int audit_head_open(const char *path, const char **reason);
/* "<path>.head" is the file that fd is open on. */
bool audit_head_present(const char *path, int fd);
/* 0: out says what is there (found is false for an empty file). -1: unreadable or damaged. keyed: the MAC is
 * checked too. */
MUST_CHECK int audit_head_read(int fd, struct audit_hasher *h, bool keyed, struct audit_head *out);
/* As audit_head_read for a reader: a missing file is 0 and not found. */
MUST_CHECK int audit_head_load(const char *path, struct audit_hasher *h, bool keyed, struct audit_head *out);
MUST_CHECK int audit_head_write(int fd, struct audit_hasher *h, uint64_t seq, const char *hash);

#endif
