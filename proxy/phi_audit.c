/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit verify: every record against the one before it; with the key also every record by itself.
 */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "phi_tool.h"

static int read_key(const char *path, unsigned char key[32]) {
    struct buf text;
    int rc = -1;

    if (phi_read(path, &text) < 0) return -1;
    if (text.len >= 64) {
        rc = 0;
        for (size_t i = 0; i < 64; i++) {
            char c = text.ptr[i];
            int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) rc = -1;
            else key[i / 2] = (unsigned char)(i % 2 ? key[i / 2] | digit : digit << 4);
        }
    }
    if (rc < 0) fputs("phi: the key file does not hold 64 lower-case hex digits\n", stderr);
    buf_free(&text);
    return rc;
}

static int report(const char *path, int verdict, const struct audit_check *c, bool keyed) {
    if (verdict < 0) {
        fprintf(stderr, "phi: %s: %s\n", path, c->reason ? c->reason : "cannot be read");
        return PHI_USAGE;
    }
    if (verdict > 0) {
        printf("%s: line %llu is the first bad record: %s\n", path, (unsigned long long)c->bad_line, c->reason ? c->reason : "?");
        return PHI_FOUND;
    }
    printf("%s: verified: %llu records, seq %llu to %llu, %s\n", path, (unsigned long long)c->records,
           (unsigned long long)c->first_seq, (unsigned long long)c->last_seq,
           keyed ? "chain and keyed codes" : "chain only (give --key to check the keyed codes too)");
    if (c->unfinished) printf("%llu decisions have no outcome yet\n", (unsigned long long)c->unfinished);
    if (c->torn_tail) puts("the last line is torn (the gateway was stopped while writing it; its next start seals it)");
    return PHI_DONE;
}

int phi_audit_command(int argc, char **argv) {
    const char *key_path = NULL;
    const struct phi_option options[] = {{"--key", &key_path, NULL}};
    struct audit_check c = {0};
    unsigned char key[32] = {0};
    int rc;

    if (phi_options(&argc, argv, options, 1) < 0) return PHI_USAGE;
    if (argc != 2 || strcmp(argv[0], "verify") != 0) {
        fputs("usage: phi audit verify FILE [--key FILE]\n", stderr);
        return PHI_USAGE;
    }
    if (key_path && read_key(key_path, key) < 0) return PHI_USAGE;
    rc = report(argv[1], audit_verify(argv[1], key_path ? key : NULL, &c), &c, key_path != NULL);
    explicit_bzero(key, sizeof key);
    return rc;
}
