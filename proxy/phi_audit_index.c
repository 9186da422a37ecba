/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit index: makes the index of a log, or continues it.
 */
#include <string.h>

#include "audit_index.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_audit_seal.h"

static int update(const char *log, const char *key_path, const char *encryption_path) {
    struct audit_set *set = phi_audit_set(log);
    struct audit_index_result result;
    struct phi_seal seal = {.ring = NULL};
    unsigned char key[32];
    const char *reason;
    int rc = -1;

    if (set && phi_seal_open(&seal, log, encryption_path, set) == 0 && phi_audit_key(key_path, key) == 0 && phi_audit_key_fits(set, key, key_path) == 0) {
        rc = audit_index_update(phi_audit_log(log), set, key, &result, &reason);
        if (rc < 0) fprintf(stderr, "phi: %s.index: %s\n", phi_audit_log(log), reason);
    }
    if (rc == 0)
        printf("%s.index: %llu records in %llu new blocks%s\n", phi_audit_log(log), (unsigned long long)result.records,
               (unsigned long long)result.blocks, result.anew ? ", made anew" : "");
    explicit_bzero(key, sizeof key);
    audit_set_free(set);
    phi_seal_close(&seal);
    return rc;
}

const char phi_audit_index_usage[] =
    "usage: phi audit index --key FILE [--log FILE] [--encryption-key FILE]\n";

int phi_audit_index(int argc, char **argv) {
    const char *log = NULL, *key_path = NULL, *encryption_path = NULL;
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--key", &key_path, NULL}, {"--encryption-key", &encryption_path, NULL}};

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || !key_path) {
        fputs(phi_audit_index_usage, stderr);
        return PHI_USAGE;
    }
    return update(log, key_path, encryption_path) == 0 ? PHI_DONE : PHI_USAGE;
}
