/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a client of clients.yaml.
 */
#ifndef PHI_KEYS_H
#define PHI_KEYS_H

#include "access.h"
#include "buf.h"

struct phi_new_client {
    const char *id, *user, *role, *default_purpose;
    const char *purposes; /* "a,b" or "*" */
};

/* Appends the client's lines; key gets the new key, to be shown once and wiped. */
MUST_CHECK int phi_keys_append(struct buf *b, const struct phi_new_client *c, char key[ACCESS_KEY_LEN + 1]);

#endif
