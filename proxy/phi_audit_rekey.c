/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit rekey: from now on another audit key. A log is written under one key at a time, each of its files too: the last file
 * is closed as if it were rotated away, and the head, which says where the chain stands, is put under the new key. The gateway
 * then begins a new file that names the last record. What is old keeps its codes; whoever verifies gives both keys.
 *
 *   head locked, last record is a stop -> <log> renamed to its segment -> head written under the new key, synced
 *
 * A crash in between leaves no log of that name and a head under the old key: the command is run again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit_file.h"
#include "audit_hash.h"
#include "audit_head.h"
#include "audit_seal.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_audit_seal.h"

struct rekeying {
    const char *path, *encryption_path, *log;
    struct audit_hasher *old, *new;
};

/* The last record is the end of a run: nothing is open, nothing is torn. */
static bool ended_in_order(const struct rekeying *r, const struct audit_head *head) {
    const char *reason;
    struct audit_set *set = audit_set_of(&r->path, 1, &reason);
    struct phi_seal seal = {.ring = NULL};
    struct audit_lines *l = NULL;
    struct span line;
    bool stop = false;
    uint64_t last = 0;

    if (set && phi_seal_open(&seal, r->log, r->encryption_path, set) == 0) l = audit_lines_open(set, 0, 0);
    while (l && audit_lines_next(l, &line)) {
        last = audit_view_seq(line);
        stop = span_is(audit_view_text(line, "type"), "lifecycle") && span_is(audit_view_text(line, "event"), "stop");
    }
    bool ok = l && phi_audit_lines_end(l) == 0 && stop && last == head->seq && !audit_lines_torn(l);
    audit_lines_close(l);
    audit_set_free(set);
    phi_seal_close(&seal);
    if (!ok) fprintf(stderr, "phi: %s: its last run did not end in order; start and stop the gateway once with the old key\n", r->path);
    return ok;
}

static int set_aside(const struct rekeying *r) {
    char segment[PATH_MAX];
    const char *reason;
    struct audit_set *set = audit_set_of(&r->path, 1, &reason);
    uint64_t first = set ? audit_set_first(set, 0) : 0;

    audit_set_free(set);
    if (first == 0 || snprintf(segment, sizeof segment, "%s.seg-%020llu", r->path, (unsigned long long)first) >= (int)sizeof segment) return -1;
    if (renameat2(AT_FDCWD, r->path, AT_FDCWD, segment, RENAME_NOREPLACE) < 0) {
        fprintf(stderr, "phi: %s: %s\n", segment, strerror(errno));
        return -1;
    }
    return audit_file_sync_directory(r->path);
}

static int change(const struct rekeying *r) {
    const char *reason;
    struct audit_head head;
    struct stat st;
    bool there = stat(r->path, &st) == 0;
    int fd = audit_head_open(r->path, &reason), rc = -1;

    if (fd < 0) {
        fprintf(stderr, "phi: %s: %s\n", r->path, reason);
        return -1;
    }
    if (audit_head_read(fd, r->old, true, &head) < 0 || !head.found)
        fprintf(stderr, "phi: %s.head: --key is not the key of this log\n", r->path);
    else if ((!there || (ended_in_order(r, &head) && set_aside(r) == 0)) && audit_head_write(fd, r->new, head.seq, head.hash) == 0 && fsync(fd) == 0)
        rc = 0;
    close(fd);
    return rc;
}

static int rekey(struct rekeying *r) {
    char beside[PATH_MAX];
    struct stat st;

    if (phi_beside_name(r->log, beside, sizeof beside) < 0) return -1;
    if (stat(beside, &st) == 0) {
        r->path = beside;
        if (change(r) < 0) return -1;
    }
    r->path = r->log;
    if (change(r) < 0) return -1;
    printf("%s: the next record will be under the new key; keep the old one to verify what is before\n", r->log);
    return 0;
}

int phi_audit_rekey(int argc, char **argv) {
    const char *log = NULL, *key_path = NULL, *new_path = NULL;
    struct rekeying r = {.path = NULL};
    unsigned char key[32], new_key[32];
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--key", &key_path, NULL}, {"--new-key", &new_path, NULL},
                                         {"--encryption-key", &r.encryption_path, NULL}};
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || !key_path || !new_path) {
        fputs("usage: phi audit rekey --key FILE --new-key FILE [--log FILE] [--encryption-key FILE]\n", stderr);
        return PHI_USAGE;
    }
    if (phi_audit_key(key_path, key) < 0 || phi_audit_key(new_path, new_key) < 0) return PHI_USAGE;
    r.log = phi_audit_log(log);
    r.old = audit_hasher_new(key);
    r.new = audit_hasher_new(new_key);
    if (CRYPTO_memcmp(key, new_key, sizeof key) == 0) fputs("phi: the new key is the same as the old one\n", stderr);
    else if (r.old && r.new && rekey(&r) == 0) rc = PHI_DONE;
    audit_hasher_free(r.old);
    audit_hasher_free(r.new);
    explicit_bzero(key, sizeof key);
    explicit_bzero(new_key, sizeof new_key);
    return rc;
}
