/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing a chain.
 *
 *   lock (log, head file) -> read the last run -> torn end to a file beside -> what the page cache alone may hold
 *   written again -> one commit: [segment] [recovered] outcome unknown... lifecycle start
 *
 * The start record is the last of that commit: when a crash cuts it short, the next start reads the same run again.
 * Anything but a torn end is refused. A changed log is evidence: the operator moves it away, the chain then runs on
 * in a new file whose first record names the last durable record.
 */
#include "audit_chain.h"

#include "audit_head.h"
#include "audit_ids.h"
#include "audit_own.h"
#include "audit_record.h"
#include "audit_rotate.h"
#include "audit_seal.h"
#include "audit_signing.h"
#include "audit_tail.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_DEFAULT (16u * 1024 * 1024)
#define RESERVE_DEFAULT (1024u * 1024)
#define EVERY_DEFAULT 4096u
#define EVERY_US_DEFAULT UINT64_C(60000000)
#define SEALED_CEILING ((size_t)AUDIT_BATCH_MAX * (AUDIT_LINE_MAX + 1))
#define BATCH_CEILING ((size_t)AUDIT_BATCH_MAX * (AUDIT_RECORD_MAX + 1))

static const char zeros[AUDIT_HEX_LEN + 1] = "0000000000000000000000000000000000000000000000000000000000000000";

struct opening {
    struct audit_chain *chain;
    struct audit_head head;
    struct audit_tail tail;
    uint64_t torn; /* bytes that were set aside */
    char torn_digest[AUDIT_HEX_LEN + 1];
    const char *reason;
};

/* Where the chain stands: behind the last good record, or, in a new file, behind the one that the head names. */
static void stand(struct opening *o) {
    struct audit_chain *c = o->chain;
    bool fresh = o->tail.seq == 0;

    c->seq = fresh ? o->head.seq : o->tail.seq;
    const char *hash = !fresh ? o->tail.hash : o->head.found ? o->head.hash : zeros;
    memcpy(c->hash, hash, sizeof c->hash);
    c->vault_seq = o->tail.vault_seq;
    c->found_seq = c->seq;
    audit_chain_rewind(c);
}

static int set_torn_aside(struct opening *o) {
    struct audit_file *f = &o->chain->file;

    o->torn = f->size - o->tail.good_end;
    if (o->torn == 0) return 0;
    o->reason = "the torn end of the log cannot be set aside";
    if (audit_hasher_file(o->chain->hasher, f->fd, o->tail.good_end, f->size, o->torn_digest) < 0) return -1;
    return audit_file_seal(f, o->tail.good_end, o->chain->seq);
}

/* Records behind the head were not reported durable, and the run may have ended in a failed sync: the page cache
 * may show what the disk does not hold. Without a head, the longest commit is taken. */
static int make_durable(struct opening *o) {
    struct audit_file *f = &o->chain->file;
    uint64_t from = o->tail.known_end;

    if (!o->head.found) from = f->size > SEALED_CEILING ? f->size - SEALED_CEILING : 0;
    o->reason = "the end of the log cannot be made durable";
    return o->tail.seq && from < f->size ? audit_file_rewrite(f, from) : 0;
}

static int add_unknown(struct audit_chain *c, const struct audit_ids *ids, const char *why) {
    struct span id;

    for (size_t at = 0; audit_ids_next(ids, &at, &id);) {
        if (audit_chain_add_own(c, audit_own_unknown(id, why)) < 0 || audit_chain_relieve(c) < 0) return -1;
    }
    return 0;
}

static int begin_run(struct opening *o) {
    struct audit_chain *c = o->chain;
    bool fresh = o->tail.seq == 0;

    stand(o);
    if (set_torn_aside(o) < 0 || make_durable(o) < 0) return -1;
    o->reason = "the log cannot be written";
    if (fresh && o->head.found && audit_chain_add_own(c, audit_own_segment("missing", c->seq, c->hash, c->vault_seq)) < 0)
        return -1;
    /* The first record of all must be a lifecycle record, so a torn first commit is not named. */
    bool first = fresh && !o->head.found;
    if (o->torn && !first && audit_chain_add_own(c, audit_own_torn(o->torn, o->torn_digest)) < 0) return -1;
    if (add_unknown(c, o->tail.open_ids, "gateway_restarted") < 0) return -1;
    if (audit_chain_add_own(c, audit_own_lifecycle("start", !o->head.found && !fresh, c->vault_seq)) < 0) return -1;
    if (audit_chain_write(c) < 0) return -1;
    return fsync(c->head_fd); /* from now on it is overwritten in place: old or new after a power loss */
}

/* ---- the chain ---- */

static int set_options(struct audit_chain *c, const struct audit_options *o, const char **reason) {
    *reason = "the name of this gateway has to be 1 to 64 plain characters";
    if (!o->node || !audit_record_node_valid(o->node)) return -1;
    *reason = "path or key is missing";
    if (!o->path || !o->key) return -1;
    *reason = "out of memory or no random numbers";
    c->rotate_size = o->rotate_size;
    c->rotate_daily = o->rotate_daily;
    c->step = o->segment_step ? o->segment_step : STEP_DEFAULT;
    c->reserve = o->reserve ? o->reserve : RESERVE_DEFAULT;
    buf_init(&c->batch, BATCH_CEILING);
    buf_init(&c->sealed, SEALED_CEILING);
    c->path = strdup(o->path);
    c->node = strdup(o->node);
    c->hasher = audit_hasher_new(o->key);
    c->open = audit_ids_new();
    return c->path && c->node && c->hasher && c->open ? audit_clock_init(&c->clock) : -1;
}

/* The months' keys; only a new log begins without. */
static int open_keys(struct opening *o, const unsigned char *key) {
    struct audit_chain *c = o->chain;

    if (!key) return 0;
    c->ring = audit_keyring_open(c->path, key, true, &o->reason);
    if (!c->ring) return -1;
    c->sealer = audit_sealer_new(c->ring, c->hasher);
    o->reason = "out of memory";
    return c->sealer ? 0 : -1;
}

static int open_files(struct opening *o, const struct audit_options *options) {
    struct audit_chain *c = o->chain;

    audit_rotate_repair(c->path);
    /* First the log: it makes the directory. Both are locked; either may have been removed under a running gateway. */
    if (audit_file_open(&c->file, c->path, c->step, false, &o->reason) < 0) return -1;
    if (open_keys(o, options->encryption_key) < 0) return -1;
    c->head_fd = audit_head_open(c->path, &o->reason);
    if (c->head_fd < 0) return -1;
    o->reason = "the head file beside the log is damaged or was written with another key";
    if (audit_head_read(c->head_fd, c->hasher, true, &o->head) < 0) return -1;
    if (audit_tail_read(c->file.fd, c->file.size, c->hasher, c->sealer, &o->head, &o->tail, &o->reason) < 0) return -1;
    o->reason = "no room on the disk for the reserve";
    return audit_reserve_make(c->path, c->reserve);
}

/* The log is written with or without checkpoints; a tree that is in doubt is never signed. */
static int begin_signing(struct audit_chain *c, const struct audit_options *o) {
    const struct audit_signing_options options = {.path = c->path, .hasher = c->hasher, .key = o->signing_key,
                                                  .every = o->checkpoint_every ? o->checkpoint_every : EVERY_DEFAULT,
                                                  .every_us = o->checkpoint_us ? o->checkpoint_us : EVERY_US_DEFAULT};
    const char *reason;

    if (!o->signing_key) return 0;
    c->signing = audit_signing_new(&options);
    if (!c->signing) return -1;
    if (audit_signing_start(c->signing, c->seq, c->file.size, &reason) == 0) return 0;
    log_event(LOG_LEVEL_ERROR, "audit.not-signing", "seq=%llu", (unsigned long long)c->seq);
    if (audit_chain_add_own(c, audit_own_not_signed(reason)) < 0) return -1;
    return audit_chain_write(c);
}

static void release(struct audit_chain *c) {
    audit_signing_free(c->signing);
    c->signing = NULL;
    audit_file_close(&c->file);
    if (c->head_fd >= 0) close(c->head_fd);
    c->head_fd = -1;
    audit_hasher_free(c->hasher);
    audit_ids_free(c->open);
    buf_free(&c->batch);
    buf_free(&c->sealed);
    audit_sealer_free(c->sealer);
    audit_keyring_free(c->ring);
    c->sealer = NULL;
    c->ring = NULL;
    free(c->path);
    free(c->node);
    c->hasher = NULL;
    c->open = NULL;
    c->path = c->node = NULL;
}

int audit_chain_open(struct audit_chain *c, const struct audit_options *options, char *err, size_t err_size) {
    struct opening o = {.chain = c};

    *c = (struct audit_chain){.head_fd = -1, .file = {.fd = -1}};
    int rc = set_options(c, options, &o.reason);
    if (rc == 0) rc = open_files(&o, options);
    if (rc == 0) rc = begin_run(&o);
    if (rc == 0) rc = begin_signing(c, options);
    if (rc == 0) audit_rotate_note(c);
    audit_ids_free(o.tail.open_ids);
    if (rc == 0) return 0;
    snprintf(err, err_size, "audit log %s: %s", options->path ? options->path : "?", o.reason);
    release(c);
    return -1;
}

/* A stop record says that no request is open: the next start need not read further back. */
static int end_run(struct audit_chain *c) {
    if (c->stopped || c->open_incomplete) return -1;
    if (add_unknown(c, c->open, "gateway_stopped") < 0) return -1;
    if (audit_chain_add_own(c, audit_own_lifecycle("stop", false, c->vault_seq)) < 0) return -1;
    return audit_chain_commit(c);
}

void audit_chain_close(struct audit_chain *c) {
    if (end_run(c) < 0) audit_chain_rewind(c); /* the next start sees a run without a stop */
    else if (c->signing) (void)!audit_signing_sign(c->signing, audit_clock_mono(), true); /* it says so itself */
    release(c);
}
