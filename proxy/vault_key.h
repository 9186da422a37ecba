/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a vault and what they do. The master key (a file of the site) only wraps; rows are sealed and found with keys
 * derived from a random one, the epoch's, so that a rotation does not need the old master for ever.
 *
 *   master --HKDF--> wrap   : the epoch's random key, as it stands in the file
 *   epoch  --HKDF--> seal   : AES-256-GCM of values
 *          --HKDF--> lookup : HMAC-SHA-256 of values, names of principals, ids of objects
 */
#ifndef VAULT_KEY_H
#define VAULT_KEY_H

#include "span.h"

#include <stdint.h>

struct buf;

#define VAULT_KEY 32
#define VAULT_ID 16
#define VAULT_HASH 16
#define VAULT_NONCE 12
#define VAULT_TAG 16
#define VAULT_WRAPPED (VAULT_NONCE + VAULT_KEY + VAULT_TAG)
#define VAULT_MASTER 8

struct vault_master {
    unsigned char wrap[VAULT_KEY];
    unsigned char id[VAULT_MASTER]; /* tells masters apart without being one */
};

struct vault_epoch {
    int64_t number; /* from 1; 0: none */
    unsigned char vault[VAULT_ID];
    unsigned char seal[VAULT_KEY], lookup[VAULT_KEY];
};

/* All but `wipe`: -1 when the library fails, or, where something is opened, when it was not sealed so. */
MUST_CHECK int vault_master_init(struct vault_master *m, const unsigned char key[VAULT_KEY], const unsigned char vault[VAULT_ID]);
MUST_CHECK int vault_epoch_init(struct vault_epoch *e, int64_t number, const unsigned char random[VAULT_KEY],
                                const unsigned char vault[VAULT_ID]);
MUST_CHECK int vault_key_wrap(const struct vault_master *m, int64_t epoch, const unsigned char random[VAULT_KEY],
                              unsigned char out[VAULT_WRAPPED]);
MUST_CHECK int vault_key_unwrap(const struct vault_master *m, int64_t epoch, struct span wrapped, unsigned char random[VAULT_KEY]);
MUST_CHECK int vault_random(unsigned char *out, size_t n);

/* What a sealed value is bound to, beside the vault and the epoch. */
struct vault_place {
    char what; /* 't' token, 'p' principal, 'o' object */
    int64_t principal;
    struct span word, text;
};

/* out: nonce, ciphertext, tag. */
MUST_CHECK int vault_seal(const struct vault_epoch *e, const struct vault_place *at, struct span value, struct buf *out);
MUST_CHECK int vault_unseal(const struct vault_epoch *e, const struct vault_place *at, struct span sealed, struct buf *out);
MUST_CHECK int vault_hash(const struct vault_epoch *e, const struct vault_place *at, struct span value, unsigned char out[VAULT_HASH]);

#endif
