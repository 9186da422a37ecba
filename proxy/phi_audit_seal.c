/* SPDX-License-Identifier: Apache-2.0
 */
#include "phi_audit_seal.h"

#include <string.h>

#include "phi_audit.h"

int phi_seal_open(struct phi_seal *s, const char *log, const char *key_path, struct audit_set *set) {
    unsigned char key[32];
    const char *reason = "out of memory";

    *s = (struct phi_seal){.ring = NULL};
    if (!key_path) return 0;
    if (phi_audit_key(key_path, key) < 0) return -1;
    s->ring = audit_keyring_open(phi_audit_log(log), key, false, &reason);
    explicit_bzero(key, sizeof key);
    if (s->ring) {
        reason = "out of memory";
        s->hasher = audit_hasher_new(NULL);
        s->sealer = s->hasher ? audit_sealer_new(s->ring, s->hasher) : NULL;
    }
    if (s->sealer) {
        if (set) audit_set_open_with(set, s->sealer);
        return 0;
    }
    fprintf(stderr, "phi: %s.keys: %s\n", phi_audit_log(log), reason);
    phi_seal_close(s);
    return -1;
}

void phi_seal_close(struct phi_seal *s) {
    audit_sealer_free(s->sealer);
    audit_hasher_free(s->hasher);
    audit_keyring_free(s->ring);
    *s = (struct phi_seal){.ring = NULL};
}
