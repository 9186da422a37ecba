/* SPDX-License-Identifier: Apache-2.0
 *
 * A small file beside the vault, never part of its backup, that knows how far the vault had got: an older copy of the vault is
 * told from the latest, and numbers that may have been given out since are never given out again.
 */
#ifndef VAULT_ANCHOR_H
#define VAULT_ANCHOR_H

#include "span.h"

#include <stdint.h>

#define VAULT_ANCHOR_ID 16

struct vault_anchor {
    int fd; /* locked while it is open */
    uint64_t turn;
    /* what it says */
    unsigned char vault[VAULT_ANCHOR_ID];
    int64_t ceiling;  /* no number above it was ever given out */
    int64_t floor;    /* every number to come is above it */
    int64_t sequence; /* how many tokens the vault has made, at least; exactly when clean */
    bool clean;       /* nothing was made since */
    /* A person accepted the vault as it is: how far the audit log was then (0: nobody did, or a start has used it up), and what
     * `sequence` was before. A copy of this file that is put back later names a record that is not the log's last any more. */
    int64_t accepted, accepted_over;
};

enum vault_anchor_found { VAULT_ANCHOR_FAILED = 0, VAULT_ANCHOR_NEW, VAULT_ANCHOR_OLD };

/* Makes an empty one when there is none. FAILED: a sentence in err (another process has it, damaged). */
enum vault_anchor_found vault_anchor_open(struct vault_anchor *a, const char *path, char *err, size_t err_size);
/* The newer whole slot of a file's bytes; fd stays. -1: none. */
MUST_CHECK int vault_anchor_read(struct vault_anchor *a, struct span bytes);
MUST_CHECK int vault_anchor_write(struct vault_anchor *a); /* durable when it returns 0 */
void vault_anchor_close(struct vault_anchor *a);

#endif
