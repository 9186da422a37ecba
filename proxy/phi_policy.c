/* SPDX-License-Identifier: Apache-2.0
 *
 * phi policy: keys for signing, signatures beside a policy file, and who signed it.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../policies/engine/policy.h"
#include "../policies/engine/policy_sign.h"
#include "phi_tool.h"

const char phi_policy_usage[] =
    "usage: phi policy key FILE              a new key: FILE (keep it secret) and FILE.pub\n"
    "       phi policy sign KEY POLICY.yaml   adds a signature to POLICY.yaml.sig; of a preset to NAME.sig, here\n"
    "       phi policy verify POLICY.yaml KEY.pub...\n";

static int usage(void) {
    fputs(phi_policy_usage, stderr);
    return PHI_USAGE;
}

static int new_key(const char *path) {
    if (policy_key_new(path) == 0) {
        printf("%s: keep it secret; name %s.pub in the configuration under policy_keys\n", path, path);
        return PHI_DONE;
    }
    fprintf(stderr, "phi: %s: no key was written; does the file exist already?\n", path);
    return PHI_USAGE;
}

static int signature_path(const char *policy, char *out, size_t size) {
    int n = snprintf(out, size, "%s.sig", policy);
    return n > 0 && (size_t)n < size ? 0 : -1;
}

static int sign(const char *key, const char *name) {
    struct policy *p = phi_policy(name);
    char path[PATH_MAX];
    int rc = PHI_USAGE;

    if (p && signature_path(name, path, sizeof path) == 0 && policy_sign(p, key, path) == 0) {
        printf("%s: signed %s, digest %s\n", path, policy_id(p), policy_digest(p));
        rc = PHI_DONE;
    } else if (p) {
        fputs("phi: not signed: is the key a private Ed25519 key, and can the file be written?\n", stderr);
    }
    policy_unref(p);
    return rc;
}

static int verify(const char *name, int n, char **keys) {
    struct policy_signers signers = {.n = 0};
    char path[PATH_MAX];

    for (int i = 0; i < n; i++) {
        if (policy_signers_add(&signers, keys[i]) == 0) continue;
        fprintf(stderr, "phi: %s: not a further public Ed25519 key\n", keys[i]);
        return PHI_USAGE;
    }
    struct policy *p = phi_policy(name);
    if (!p || signature_path(name, path, sizeof path) < 0) {
        policy_unref(p);
        return PHI_USAGE;
    }
    size_t count = policy_signed_by(p, &signers, path);
    printf("%s: signed by %zu of %zu\n", name, count, signers.n);
    policy_unref(p);
    return count ? PHI_DONE : PHI_FOUND;
}

int phi_policy_command(int argc, char **argv) {
    if (phi_options(&argc, argv, NULL, 0) < 0 || argc < 2) return usage();
    if (strcmp(argv[0], "key") == 0 && argc == 2) return new_key(argv[1]);
    if (strcmp(argv[0], "sign") == 0 && argc == 3) return sign(argv[1], argv[2]);
    if (strcmp(argv[0], "verify") == 0 && argc >= 3) return verify(argv[1], argc - 2, argv + 2);
    return usage();
}
