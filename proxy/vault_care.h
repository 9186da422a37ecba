/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person does with a vault, also while a gateway uses it: look, erase, change keys. Every call is one transaction.
 */
#ifndef VAULT_CARE_H
#define VAULT_CARE_H

#include "span.h"

#include <stdint.h>

struct vault_care;

struct vault_stat {
    int64_t principals, tokens, expired, objects, sequence, epoch, masters;
    int64_t first_expiry, last_expiry; /* seconds since 1970; 0: none */
};

/* The file as it is; it is never made here. NULL with a sentence in err. key: 32 bytes. */
struct vault_care *vault_care_open(const char *path, const unsigned char *key, char *err, size_t err_size);
void vault_care_close(struct vault_care *c);

MUST_CHECK int vault_care_stat(struct vault_care *c, struct vault_stat *out);

/* All but the first say how many tokens went; what was erased is overwritten in the file, too. */
MUST_CHECK int vault_care_purge_expired(struct vault_care *c, int64_t *n);
/* The tokens of this value, of every principal, with all other forms under their numbers: they name the same person. */
MUST_CHECK int vault_care_purge_value(struct vault_care *c, struct span value, int64_t *n);
MUST_CHECK int vault_care_purge_principal(struct vault_care *c, const char *name, int64_t *n);

/* New keys for everything, under this master and, when it is not NULL, the next one. A running gateway follows. */
MUST_CHECK int vault_care_rotate(struct vault_care *c, const unsigned char *next, int64_t *n);
/* Only this master opens the vault from now on. */
MUST_CHECK int vault_care_finish(struct vault_care *c, int64_t *n);

#endif
