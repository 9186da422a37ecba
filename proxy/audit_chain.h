/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain of records and the file it is in: add records, commit them together, and go on after a fault. One
 * thread; the writer (audit.c) brings the others.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "audit.h"
#include "audit_clock.h"
#include "audit_file.h"
#include "audit_hash.h"
#include "buf.h"

#define AUDIT_BATCH_MAX 1024 /* records per commit */

struct audit_ids;
struct audit_keyring;
struct audit_sealer;
struct audit_signing;

struct audit_chain {
    char *path, *node;
    uint32_t step, reserve;
    struct audit_file file;
    int head_fd;
    struct audit_hasher *hasher;
    struct audit_clock clock;
    struct buf batch;                /* lines that are not durable yet */
    struct buf sealed;               /* the same as they are written, when they are encrypted */
    struct audit_keyring *ring;      /* NULL: they are not */
    struct audit_sealer *sealer;
    uint64_t seq, batch_seq;         /* last durable, last of the batch */
    char hash[AUDIT_HEX_LEN + 1], batch_hash[AUDIT_HEX_LEN + 1];
    struct audit_ids *open;          /* requests that were forwarded and have no outcome yet */
    bool open_incomplete;            /* one of them could not be kept in mind */
    uint64_t sync_us;                /* of the last commit */
    uint64_t fault_mono;             /* when the chain stopped */
    enum audit_fault fault;           /* why it stopped */
    bool stopped, head_failed;
    struct audit_signing *signing;   /* NULL: no checkpoints */
    uint64_t anchor_seq, anchor_mono; /* head of the auditors' log as last noted; when it was looked at */
    int64_t vault_seq;               /* how many tokens the vault has made, by the records; 0: unknown */
    uint64_t found_seq;              /* last record when the log was opened */
    uint64_t rotate_size, rotate_after; /* bytes; monotonic time before which it is not tried */
    bool rotate_daily;
    uint64_t file_first_seq;         /* of the current file's first record, and its day */
    char file_day[11];
};

/* err gets a sentence. Closes itself when it fails. */
MUST_CHECK int audit_chain_open(struct audit_chain *c, const struct audit_options *o, char *err, size_t err_size);
/* Writes the stop record when it can. */
void audit_chain_close(struct audit_chain *c);

/* The record's line joins the batch. -1: this record cannot be written, the batch is as before. */
MUST_CHECK int audit_chain_add(struct audit_chain *c, const struct audit_record *r);
/* A checkpoint is due: its record joins the empty batch. false: there is nothing to write. */
bool audit_chain_checkpoint(struct audit_chain *c);
/* The auditors' log beside has grown or gone: a record of that joins the batch. Looks twice a second at most. */
bool audit_chain_anchor(struct audit_chain *c);
/* The batch is durable, or -1: the chain is stopped and stands where it stood. The batch is empty afterwards. */
MUST_CHECK int audit_chain_commit(struct audit_chain *c);
/* The same in two steps: durable, or -1; and, unless it was -1, what may follow once those who wait were told: the head and
 * the tree, which only ever lag. The batch is empty after the second. */
MUST_CHECK int audit_chain_sync(struct audit_chain *c);
void audit_chain_settle(struct audit_chain *c);
/* A caller's record became durable. */
void audit_chain_follow(struct audit_chain *c, const struct audit_record *r);
/* For the log's own records; NULL is a failure. Takes the record in every case. */
MUST_CHECK int audit_chain_add_own(struct audit_chain *c, struct audit_record *r);
/* As audit_chain_commit, but a failure does not stop the chain: for those that open or repair it. */
MUST_CHECK int audit_chain_write(struct audit_chain *c);
/* Writes the batch when it is half full: between the log's own records, of which there may be many. */
MUST_CHECK int audit_chain_relieve(struct audit_chain *c);
/* The batch as it is written. */
struct span audit_chain_bytes(const struct audit_chain *c);
/* It is durable: the next one begins. */
void audit_chain_clear(struct audit_chain *c);
/* Forgets the batch. */
void audit_chain_rewind(struct audit_chain *c);
/* Looks at the file. -1: the chain is stopped. */
MUST_CHECK int audit_chain_check(struct audit_chain *c);
/* One attempt to leave the stopped state. */
MUST_CHECK int audit_chain_recover(struct audit_chain *c);

#endif
