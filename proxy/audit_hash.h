/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests of the audit log with everything reusable prepared once: a fetched SHA-256, a keyed HMAC context. One
 * hasher per thread.
 */
#ifndef AUDIT_HASH_H
#define AUDIT_HASH_H

#include "audit.h"

#define AUDIT_KEY_LEN 32
#define AUDIT_DIGEST_LEN 32
#define AUDIT_HEX_LEN 64

struct audit_hasher;

/* key: AUDIT_KEY_LEN bytes, copied; NULL makes a hasher that can only do SHA-256. NULL when out of memory. */
struct audit_hasher *audit_hasher_new(const unsigned char *key);
void audit_hasher_free(struct audit_hasher *h);

/* Lower-case hex and a NUL. */
MUST_CHECK int audit_hasher_sha256(struct audit_hasher *h, struct span s, char out[AUDIT_HEX_LEN + 1]);
/* Of a file's bytes from offset to end. */
MUST_CHECK int audit_hasher_file(struct audit_hasher *h, int fd, uint64_t offset, uint64_t end,
                                 char out[AUDIT_HEX_LEN + 1]);
/* HMAC-SHA256 over a followed by b. */
MUST_CHECK int audit_hasher_mac(struct audit_hasher *h, struct span a, struct span b, char out[AUDIT_HEX_LEN + 1]);
/* audit_value_hash with the prepared key: several times faster than the one-shot form. */
MUST_CHECK int audit_hasher_value(struct audit_hasher *h, const char *kind, struct span value,
                                  char out[AUDIT_HASH_LEN + 1]);

bool audit_hex_valid(struct span s); /* AUDIT_HEX_LEN lower-case hex digits */

#endif
