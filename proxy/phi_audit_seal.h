/* SPDX-License-Identifier: Apache-2.0
 *
 * The encryption key for a command that reads: it opens the records of a log while they are read.
 */
#ifndef PHI_AUDIT_SEAL_H
#define PHI_AUDIT_SEAL_H

#include "audit_seal.h"
#include "audit_set.h"

struct phi_seal {
    struct audit_keyring *ring;
    struct audit_hasher *hasher;
    struct audit_sealer *sealer; /* NULL: no key was given */
};

/* key_path NULL: nothing is opened. set may be NULL. -1 with a sentence. */
MUST_CHECK int phi_seal_open(struct phi_seal *s, const char *log, const char *key_path, struct audit_set *set);
void phi_seal_close(struct phi_seal *s);

#endif
