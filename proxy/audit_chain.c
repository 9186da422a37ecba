/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens after a fault, and why:
 *
 *   disk full         the bytes before are safe: cut the rest, free the reserve, log the stop; go on in the same
 *                     file when the reserve can be made again
 *   write/sync error  the file is never written again: set it aside, begin a new one
 *   removed           copy it back out of the open descriptor, begin a new one
 *   replaced, cut     set what is there aside (evidence), begin a new one
 *
 * A new file begins with a "segment" record that names the sequence and hash of the last durable record, so the
 * chain runs on and the gap between the files is provable.
 */
#include "audit_chain.h"

#include "audit_head.h"
#include "audit_ids.h"
#include "audit_own.h"
#include "audit_record.h"
#include "audit_rotate.h"
#include "audit_seal.h"
#include "audit_signing.h"
#include "log.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANCHOR_US UINT64_C(500000)

/* ---- adding and committing ---- */

static int seal_line(struct audit_chain *c, struct span line) {
    size_t before = c->sealed.len;

    if (!c->sealer) return 0;
    if (audit_seal(c->sealer, line, &c->sealed) == 0) {
        buf_add_char(&c->sealed, '\n');
        if (!c->sealed.failed) return 0;
    }
    c->sealed.len = before;
    c->sealed.failed = false;
    return -1;
}

struct span audit_chain_bytes(const struct audit_chain *c) {
    return buf_span(c->sealer ? &c->sealed : &c->batch);
}

void audit_chain_clear(struct audit_chain *c) {
    c->batch.len = c->sealed.len = 0;
}

/* Records of several workers may come in another order than they were made. */
static void follow_vault(struct audit_chain *c, const struct audit_record *r) {
    int64_t n = audit_record_number(r, "vault_seq");
    bool begins = span_is(audit_record_text(r, "type"), "vault");

    if (n >= 0 && (begins || n > c->vault_seq)) c->vault_seq = n;
}

int audit_chain_add(struct audit_chain *c, const struct audit_record *r) {
    char hash[AUDIT_HEX_LEN + 1];
    size_t before = c->batch.len;

    if (audit_clock_next(&c->clock) < 0) return -1;
    struct audit_stamp stamp = {.seq = c->batch_seq + 1, .mono = c->clock.mono, .boot = c->clock.boot,
                                .id = c->clock.id, .node = c->node, .prev = c->batch_hash, .ts = c->clock.ts};
    if (audit_record_write(r, &stamp, c->hasher, &c->batch) < 0) return -1;
    struct span line = span_sub(buf_span(&c->batch), before, c->batch.len);
    if (audit_hasher_sha256(c->hasher, line, hash) == 0) {
        buf_add_char(&c->batch, '\n');
        if (!c->batch.failed && seal_line(c, span_sub(buf_span(&c->batch), before, c->batch.len - 1)) == 0) {
            memcpy(c->batch_hash, hash, sizeof hash);
            c->batch_seq++;
            follow_vault(c, r);
            return 0;
        }
    }
    c->batch.len = before;
    c->batch.failed = false;
    return -1;
}

int audit_chain_add_own(struct audit_chain *c, struct audit_record *r) {
    int rc = r ? audit_chain_add(c, r) : -1;

    audit_record_free(r);
    return rc;
}

void audit_chain_follow(struct audit_chain *c, const struct audit_record *r) {
    struct span type = audit_record_text(r, "type"), id = audit_record_text(r, "request_id");

    if (audit_ids_follow(c->open, type, id, audit_record_text(r, "decision")) < 0) c->open_incomplete = true;
}

void audit_chain_rewind(struct audit_chain *c) {
    audit_chain_clear(c);
    c->anchor_seq = 0; /* it may have been in there */
    c->batch_seq = c->seq;
    memcpy(c->batch_hash, c->hash, sizeof c->hash);
}

/* The head only ever lags: a failure here loses no record, it weakens the proof that none was cut off. */
static void write_head(struct audit_chain *c) {
    bool failed = audit_head_write(c->head_fd, c->hasher, c->seq, c->hash) < 0;

    if (failed && !c->head_failed)
        log_event(LOG_LEVEL_ERROR, "audit.head-failed", "seq=%llu", (unsigned long long)c->seq);
    c->head_failed = failed;
}

static int append(struct audit_chain *c) {
    if (c->file.fd < 0 || audit_file_append(&c->file, audit_chain_bytes(c), &c->sync_us) < 0) {
        audit_chain_rewind(c);
        return -1;
    }
    c->seq = c->batch_seq;
    memcpy(c->hash, c->batch_hash, sizeof c->hash);
    return 0;
}

void audit_chain_settle(struct audit_chain *c) {
    if (c->batch.len == 0) return;
    write_head(c);
    if (c->signing) audit_signing_follow(c->signing, buf_span(&c->batch), c->file.size);
    audit_chain_clear(c);
}

int audit_chain_write(struct audit_chain *c) {
    if (append(c) < 0) return -1;
    audit_chain_settle(c);
    return 0;
}

int audit_chain_relieve(struct audit_chain *c) {
    return c->batch.len > c->batch.ceiling / 2 ? audit_chain_write(c) : 0;
}

bool audit_chain_checkpoint(struct audit_chain *c) {
    uint64_t now = audit_clock_mono();

    if (!c->signing || c->stopped || c->batch.len || !audit_signing_due(c->signing, now)) return false;
    if (audit_signing_sign(c->signing, now, false) < 0) return false;
    return audit_chain_add_own(c, audit_signing_record(c->signing)) == 0;
}

/* What auditors did stands in a log of the tool's. Whoever takes records out of it has to take this one out, too. */
bool audit_chain_anchor(struct audit_chain *c) {
    char path[PATH_MAX];
    struct audit_head head;
    uint64_t now = audit_clock_mono();

    if (c->stopped || (c->anchor_mono && now < c->anchor_mono + ANCHOR_US)) return false;
    c->anchor_mono = now;
    int n = snprintf(path, sizeof path, "%s.probes", c->path);
    if (n < 0 || n >= (int)sizeof path) return false;
    /* While the tool writes it the head may be half of one: the next look sees it whole. */
    if (audit_head_load(path, c->hasher, true, &head) < 0 || head.seq == c->anchor_seq) return false;
    if (audit_chain_add_own(c, audit_own_anchor(head.seq, head.found ? head.hash : NULL)) < 0) return false;
    c->anchor_seq = head.seq;
    return true;
}

/* ---- stopping ---- */

/* The reserve's blocks hold the record that says why nothing follows. */
static void log_disk_full(struct audit_chain *c) {
    audit_reserve_release(c->path);
    if (audit_file_cut(&c->file) < 0) return;
    if (audit_chain_add_own(c, audit_own_stopped(audit_fault_name(AUDIT_FAULT_SPACE))) < 0) return;
    (void)!audit_chain_write(c); /* the chain is stopped already */
}

static int stop(struct audit_chain *c) {
    log_event(LOG_LEVEL_ERROR, "audit.stopped", "reason=%s seq=%llu", audit_fault_name(c->file.fault),
              (unsigned long long)c->seq);
    c->stopped = true;
    c->fault = c->file.fault;
    c->fault_mono = audit_clock_mono();
    if (c->fault == AUDIT_FAULT_SPACE) log_disk_full(c);
    return -1;
}

int audit_chain_sync(struct audit_chain *c) {
    if (c->batch.len == 0) return 0;
    return append(c) < 0 ? stop(c) : 0;
}

int audit_chain_commit(struct audit_chain *c) {
    if (audit_chain_sync(c) < 0) return -1;
    audit_chain_settle(c);
    return 0;
}

int audit_chain_check(struct audit_chain *c) {
    if (audit_file_check(&c->file) < 0) return stop(c);
    if (audit_head_present(c->path, c->head_fd)) return 0;
    /* The head was removed or moved: make a new one; the log itself is as it was. */
    const char *reason;
    int fd = audit_head_open(c->path, &reason);
    if (fd < 0) return 0;
    close(c->head_fd);
    c->head_fd = fd;
    write_head(c);
    return 0;
}

/* ---- going on ---- */

static int add_recovered(struct audit_chain *c) {
    uint64_t down = audit_clock_mono() - c->fault_mono;

    return audit_chain_add_own(c, audit_own_recovered(audit_fault_name(c->fault), down));
}

/* In the file that was full. When its end cannot be brought back to the last durable record it is given up. */
static int resume(struct audit_chain *c) {
    if (audit_file_cut(&c->file) < 0 || audit_file_check(&c->file) < 0) {
        c->fault = c->file.fault;
        return -1;
    }
    if (audit_reserve_make(c->path, c->reserve) < 0) return -1;
    /* Room for many records, so that the state does not flap. */
    if (audit_file_reserve(&c->file) == 0 && add_recovered(c) == 0 && audit_chain_write(c) == 0) return 0;
    audit_chain_rewind(c);
    audit_reserve_release(c->path);
    if (c->file.fault != AUDIT_FAULT_SPACE) c->fault = c->file.fault;
    return -1;
}

/* So that a restart finds all open requests in the last file. */
static int add_open(struct audit_chain *c) {
    struct span id;

    for (size_t at = 0; audit_ids_next(c->open, &at, &id);)
        if (audit_chain_add_own(c, audit_own_open(id)) < 0 || audit_chain_relieve(c) < 0) return -1;
    return 0;
}

static int begin_file(struct audit_chain *c) {
    const char *why = audit_fault_name(c->fault), *reason;

    if (audit_file_salvage(&c->file, c->seq) < 0)
        log_event(LOG_LEVEL_ERROR, "audit.salvage-failed", "seq=%llu", (unsigned long long)c->seq);
    audit_file_close(&c->file);
    if (audit_file_set_aside(c->path, c->seq) < 0) return -1;
    if (audit_file_open(&c->file, c->path, c->step, true, &reason) < 0) return -1;
    if (audit_chain_add_own(c, audit_own_segment(why, c->seq, c->hash, c->vault_seq)) == 0 && add_recovered(c) == 0 &&
        add_open(c) == 0 && audit_chain_write(c) == 0) {
        audit_rotate_note(c);
        return 0;
    }
    audit_chain_rewind(c);
    /* Nothing in it was ever reported durable: do not leave one such file per attempt. */
    if (c->file.size == 0 && c->file.fault != AUDIT_FAULT_REPLACED) unlink(c->path);
    audit_file_close(&c->file);
    return -1;
}

int audit_chain_recover(struct audit_chain *c) {
    enum audit_fault fault = c->fault;

    if ((fault == AUDIT_FAULT_SPACE ? resume(c) : begin_file(c)) < 0) return -1;
    c->stopped = false;
    log_event(LOG_LEVEL_WARN, "audit.recovered", "reason=%s seq=%llu", audit_fault_name(fault),
              (unsigned long long)c->seq);
    return 0;
}
