/* SPDX-License-Identifier: Apache-2.0
 *
 *   1  <log>.next is made: segment record, open requests; synced
 *   2  <log>       -> <log>.seg-00000000000000000001
 *   3  <log>.next  -> <log>                           ; directory synced, head written
 *
 * A crash before 2 leaves a .next that nobody was told of: it is removed. Between 2 and 3 the log has no file of its name: the
 * segment gets it back. After 3 only the head lags, which it may.
 */
#include "audit_rotate.h"

#include "audit_head.h"
#include "audit_ids.h"
#include "audit_own.h"
#include "audit_record.h"
#include "audit_seal.h"
#include "audit_signing.h"
#include "audit_view.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_MAX_CARRIED 2000u /* requests that are carried over; with more in flight it waits */
#define RETRY_US UINT64_C(60000000)

void audit_rotate_note(struct audit_chain *c) {
    char line[AUDIT_LINE_MAX + 1];
    ssize_t n = pread(c->file.fd, line, sizeof line, 0);
    struct span text = n > 0 ? span_sub(span_make(line, (size_t)n), 0, span_find(span_make(line, (size_t)n), '\n', 0)) : span_make(NULL, 0);
    struct audit_sealed sealed;
    struct buf plain;
    const char *reason;

    buf_init(&plain, AUDIT_RECORD_MAX);
    c->file_first_seq = audit_view_seq(text);
    if (audit_sealed_is(text) && audit_sealed_read(text, &sealed, &reason) == 0 && audit_unseal(c->sealer, &sealed, &plain) == 0)
        text = buf_span(&plain);
    struct span ts = audit_view_time(text);
    memset(c->file_day, 0, sizeof c->file_day);
    if (ts.len >= 10) memcpy(c->file_day, ts.ptr, 10);
    buf_free(&plain);
}

static bool due(struct audit_chain *c) {
    if (c->stopped || c->batch.len || c->file_first_seq == 0 || c->seq <= c->file_first_seq) return false;
    bool large = c->rotate_size && c->file.size >= c->rotate_size, old = false;
    if (!large && !c->rotate_daily) return false;
    if (!large) old = audit_clock_next(&c->clock) == 0 && memcmp(c->clock.ts, c->file_day, 10) > 0;
    if (!large && !old) return false;
    return c->rotate_after <= audit_clock_mono() && audit_ids_count(c->open) <= OPEN_MAX_CARRIED;
}

static int names(const struct audit_chain *c, char next[PATH_MAX], char segment[PATH_MAX]) {
    int a = snprintf(next, PATH_MAX, "%s.next", c->path);
    int b = snprintf(segment, PATH_MAX, "%s.seg-%020llu", c->path, (unsigned long long)c->file_first_seq);

    return a > 0 && a < PATH_MAX && b > 0 && b < PATH_MAX ? 0 : -1;
}

static int add_records(struct audit_chain *c) {
    struct span id;

    if (audit_chain_add_own(c, audit_own_segment("rotated", c->seq, c->hash, c->vault_seq)) < 0) return -1;
    for (size_t at = 0; audit_ids_next(c->open, &at, &id);)
        if (audit_chain_add_own(c, audit_own_open(id)) < 0) return -1;
    return 0;
}

static int exchange(const char *path, const char *next, const char *segment) {
    if (renameat2(AT_FDCWD, path, AT_FDCWD, segment, RENAME_NOREPLACE) < 0) return -1;
    if (rename(next, path) == 0) {
        if (audit_file_sync_directory(path) == 0) return 0;
        (void)!rename(path, next); /* a power loss could undo it after records were reported durable */
    }
    (void)!rename(segment, path); /* if this fails too, the next look at the file finds it gone and goes on from there */
    return -1;
}

/* The new file is in place: its records are the chain's last ones. */
static void adopt(struct audit_chain *c, struct audit_file *next, const char *segment) {
    struct audit_file old = c->file;

    c->file = *next;
    c->file.path = c->path;
    old.path = segment; /* so that its reserved blocks are given back */
    audit_file_close(&old);
    c->seq = c->batch_seq;
    memcpy(c->hash, c->batch_hash, sizeof c->hash);
    if (audit_head_write(c->head_fd, c->hasher, c->seq, c->hash) < 0)
        log_event(LOG_LEVEL_ERROR, "audit.head-failed", "seq=%llu", (unsigned long long)c->seq);
    if (c->signing) audit_signing_follow(c->signing, buf_span(&c->batch), c->file.size);
    audit_chain_clear(c);
    audit_rotate_note(c);
}

void audit_rotate_if_due(struct audit_chain *c) {
    char next_path[PATH_MAX], segment[PATH_MAX];
    struct audit_file next = {.fd = -1};
    const char *reason;

    if (!due(c) || names(c, next_path, segment) < 0) return;
    unlink(next_path);
    if (audit_file_open(&next, next_path, c->step, true, &reason) == 0 && add_records(c) == 0 &&
        audit_file_append(&next, audit_chain_bytes(c), &c->sync_us) == 0 && audit_file_check(&c->file) == 0 &&
        exchange(c->path, next_path, segment) == 0) {
        adopt(c, &next, segment);
        return;
    }
    c->rotate_after = audit_clock_mono() + RETRY_US;
    log_event(LOG_LEVEL_ERROR, "audit.rotation-failed", "seq=%llu", (unsigned long long)c->seq);
    audit_chain_rewind(c);
    audit_file_close(&next);
    unlink(next_path);
}

/* ---- after a crash ---- */

/* The segment that begins last. */
static bool newest(const char *path, char out[PATH_MAX]) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char directory[PATH_MAX] = ".", best[NAME_MAX + 1] = "";
    size_t n = strlen(base);

    if (slash && snprintf(directory, sizeof directory, "%.*s", (int)(slash == path ? 1 : slash - path), path) >= (int)sizeof directory)
        return false;
    DIR *d = opendir(directory);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, base, n) == 0 && strncmp(e->d_name + n, ".seg-", 5) == 0 && strcmp(e->d_name, best) > 0)
            snprintf(best, sizeof best, "%s", e->d_name);
    if (d) closedir(d);
    int len = best[0] ? snprintf(out, PATH_MAX, "%s/%s", directory, best) : -1;
    return len > 0 && len < PATH_MAX;
}

void audit_rotate_repair(const char *path) {
    char next[PATH_MAX], segment[PATH_MAX];
    const char *reason;

    if (snprintf(next, sizeof next, "%s.next", path) >= (int)sizeof next || access(next, F_OK) != 0) return;
    int lock = audit_head_open(path, &reason); /* not while another gateway is rotating */
    if (lock < 0) return;
    if (access(path, F_OK) == 0 || (newest(path, segment) && rename(segment, path) == 0)) {
        unlink(next);
        log_event(LOG_LEVEL_WARN, "audit.rotation-undone", "by=crash");
    }
    close(lock);
}
