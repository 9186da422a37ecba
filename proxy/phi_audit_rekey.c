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

/* One log between being looked at and being changed. */
struct part {
    const char *path;
    struct audit_head head;
    int fd; /* of the head file, locked; -1: nothing to change */
    bool there;
};

/* A run that was cut short got so far. */
static bool is_changed(const struct rekeying *r, const char *path) {
    struct audit_head head;
    return audit_head_load(path, r->new, true, &head) == 0 && head.found;
}

static int look(struct rekeying *r, struct part *p) {
    const char *reason;

    r->path = p->path;
    p->there = access(p->path, F_OK) == 0;
    /* Before it is opened, which makes one. */
    if (audit_head_load(p->path, r->old, false, &p->head) < 0 || !p->head.found) {
        fprintf(stderr, "phi: %s: not an audit log: there is no head file of a gateway's beside it\n", p->path);
        return -1;
    }
    p->fd = audit_head_open(p->path, &reason);
    if (p->fd < 0) fprintf(stderr, "phi: %s: %s; stop the gateway first\n", p->path, reason);
    else if (audit_head_read(p->fd, r->old, true, &p->head) < 0 || !p->head.found)
        fprintf(stderr, "phi: %s.head: --key is not the key of this log\n", p->path);
    else if (!p->there || ended_in_order(r, &p->head))
        return 0;
    return -1;
}

static int change(struct rekeying *r, const struct part *p) {
    r->path = p->path;
    if (p->fd < 0) return 0;
    if (p->there && set_aside(r) < 0) return -1;
    if (audit_head_write(p->fd, r->new, p->head.seq, p->head.hash) == 0 && fsync(p->fd) == 0) return 0;
    fprintf(stderr, "phi: %s.head: cannot be written; run the command again\n", p->path);
    return -1;
}

/* Both are looked at before either is changed: a log under one key and the auditors' log beside it under another would leave no
 * key that the gateway and the tool can use. */
static int rekey(struct rekeying *r) {
    char beside[PATH_MAX];
    struct part own = {.path = r->log, .fd = -1}, auditors = {.path = beside, .fd = -1};

    if (phi_beside_name(r->log, beside, sizeof beside) < 0) return -1;
    int rc = look(r, &own);
    if (rc == 0 && access(beside, F_OK) == 0 && !is_changed(r, beside)) rc = look(r, &auditors);
    if (rc == 0) rc = change(r, &auditors);
    if (rc == 0) rc = change(r, &own);
    if (own.fd >= 0) close(own.fd);
    if (auditors.fd >= 0) close(auditors.fd);
    if (rc == 0) printf("%s: the next record will be under the new key; keep the old one to verify what is before\n", r->log);
    return rc;
}

const char phi_audit_rekey_usage[] =
    "usage: phi audit rekey --key FILE --new-key FILE [--log FILE] [--encryption-key FILE]\n";

int phi_audit_rekey(int argc, char **argv) {
    const char *log = NULL, *key_path = NULL, *new_path = NULL;
    struct rekeying r = {.path = NULL};
    unsigned char key[32], new_key[32];
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--key", &key_path, NULL}, {"--new-key", &new_path, NULL},
                                         {"--encryption-key", &r.encryption_path, NULL}};
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || !key_path || !new_path) {
        fputs(phi_audit_rekey_usage, stderr);
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
