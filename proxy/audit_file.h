/* SPDX-License-Identifier: Apache-2.0
 *
 * The file under the log: append, sync, and notice what others do to it. One thread.
 */
#ifndef AUDIT_FILE_H
#define AUDIT_FILE_H

#include "span.h"

#include <stdint.h>
#include <sys/types.h>

enum audit_fault {
    AUDIT_FAULT_IO, /* write or sync failed: the file is never written again */
    AUDIT_FAULT_SPACE,
    AUDIT_FAULT_REMOVED,
    AUDIT_FAULT_REPLACED,
    AUDIT_FAULT_SIZE
};
const char *audit_fault_name(enum audit_fault f);

struct audit_file {
    const char *path; /* borrowed */
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t size;      /* durable bytes; the file is never longer while it is healthy */
    uint64_t allocated; /* blocks are reserved up to here */
    uint32_t step;
    enum audit_fault fault; /* of the last failure */
};

/* Opens or creates (0600, its directory 0700) and locks. The file must be ours alone: a regular file, no link.
 * create_new: it must not exist. -1 with a reason. */
MUST_CHECK int audit_file_open(struct audit_file *f, const char *path, uint32_t step, bool create_new,
                               const char **reason);
/* Gives reserved blocks back when the file is whole. */
void audit_file_close(struct audit_file *f);
/* path still names this file and nobody changed its length. */
MUST_CHECK int audit_file_check(struct audit_file *f);
/* All bytes are durable when this returns 0. On -1 the file may hold any part of them. */
MUST_CHECK int audit_file_append(struct audit_file *f, struct span bytes, uint64_t *sync_us);
/* A whole step of blocks behind the end; -1 when the disk has no room for it. */
MUST_CHECK int audit_file_reserve(struct audit_file *f);
/* Cuts what a failed append left. Only after AUDIT_FAULT_SPACE. */
MUST_CHECK int audit_file_cut(struct audit_file *f);
/* Bytes from offset to the end are copied to "<path>.torn-<seq>" and synced, then cut off. */
MUST_CHECK int audit_file_seal(struct audit_file *f, uint64_t offset, uint64_t seq);
/* Writes the same bytes again and syncs: what a crash or a failed sync left in the page cache only becomes
 * durable, or fails. */
MUST_CHECK int audit_file_rewrite(struct audit_file *f, uint64_t offset);
/* A file that lost its last name lives on in our descriptor: it is copied to "<path>.aside-<seq>-<n>". 0 also when
 * it still has a name. */
MUST_CHECK int audit_file_salvage(struct audit_file *f, uint64_t seq);
/* Moves whatever path names now to "<path>.aside-<seq>-<n>"; 0 also when there is nothing. */
MUST_CHECK int audit_file_set_aside(const char *path, uint64_t seq);
MUST_CHECK int audit_file_sync_directory(const char *path);

/* "<path>.reserve": blocks that are there when the disk is full. */
MUST_CHECK int audit_reserve_make(const char *path, uint32_t size);
void audit_reserve_release(const char *path);

#endif
