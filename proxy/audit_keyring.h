/* SPDX-License-Identifier: Apache-2.0
 *
 * "<log>.keys": for each month a random key of its own that encrypts the records of that month, wrapped under the encryption key.
 * Without a month's key its records cannot be read any more, wherever copies of the log are; their hashes stay, so that chain,
 * tree and proofs hold.
 *
 *   phigate-audit-keys 1
 *   2026-11 <base64: nonce, AES-256-GCM of the key, tag>
 *   2020-10 destroyed
 */
#ifndef AUDIT_KEYRING_H
#define AUDIT_KEYRING_H

#include "span.h"

#define AUDIT_EPOCH_LEN 7 /* "2026-11" */
#define AUDIT_EPOCH_KEY 32

struct audit_keyring;

/* master: the encryption key. create: a missing file is an empty one; else it is an error. NULL with a constant reason. */
struct audit_keyring *audit_keyring_open(const char *log, const unsigned char master[32], bool create, const char **reason);
void audit_keyring_free(struct audit_keyring *k);
/* The key of a month. NULL: there is none. */
const unsigned char *audit_keyring_find(const struct audit_keyring *k, struct span epoch);
/* A new one for a month that has none; it is durable when this returns. -1: not made (also for a month whose key was destroyed). */
MUST_CHECK int audit_keyring_make(struct audit_keyring *k, struct span epoch);
/* For good: the file is made anew without it, and what it was in is overwritten. -1: there is none, or it cannot be done. */
MUST_CHECK int audit_keyring_destroy(struct audit_keyring *k, struct span epoch);

#endif
