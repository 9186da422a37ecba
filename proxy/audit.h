/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit log: canonical JSON Lines, hash-chained, one writer thread for all workers, group commit. A record
 * is durable (fdatasync returned) before its ticket says so. The first error of write or fdatasync is final for
 * the file: every later ticket fails until the file can be opened anew (never retried: a second fsync may report
 * success for bytes that were dropped). File removed, replaced, truncated: noticed within a second.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "span.h"

#include <stdint.h>

struct audit;
struct audit_note_key;
struct buf;

#define AUDIT_RECORD_MAX 4096
#define AUDIT_ASIDE_MS 20

/* ---- records: members are added in any order, written in canonical order (RFC 8785) ---- */

struct audit_record; /* heap */

/* type: "decision", "outcome", "block", "lifecycle", ... NULL when out of memory. */
struct audit_record *audit_record_new(const char *type);
void audit_record_free(struct audit_record *r);
void audit_add_string(struct audit_record *r, const char *name, struct span value); /* valid UTF-8 */
void audit_add_text(struct audit_record *r, const char *name, const char *value);   /* NULL: not added */
void audit_add_number(struct audit_record *r, const char *name, int64_t value);
void audit_add_bool(struct audit_record *r, const char *name, bool value);
/* value: canonical JSON made by the caller (an object or array). */
void audit_add_json(struct audit_record *r, const char *name, struct span value);

/* ---- writing ---- */

struct audit_ticket {
    struct audit_ticket *next; /* the writer's */
    struct audit_record *record;
    /* Called once on the writer's thread after the record is durable (ok) or cannot become so (!ok). Must only
     * hand over to the owner's thread. */
    void (*done)(struct audit_ticket *t, bool ok);
    void *owner;
    uint64_t seq; /* given when durable */
    /* Nobody waits for it: it goes with the next that is waited for, or alone within AUDIT_ASIDE_MS. */
    bool aside;
};

struct audit_options {
    const char *path;
    const unsigned char *key; /* 32 bytes: HMAC of values and of lines */
    const char *node;         /* name of this gateway in the records */
    uint32_t queue_max;       /* tickets waiting; beyond it audit_submit fails at once. 0: 4096 */
    uint32_t segment_step;    /* bytes reserved ahead of the end of the file. 0: 16 MiB */
    uint32_t reserve;         /* bytes kept in "<path>.reserve" to log that the disk is full. 0: 1 MiB */
    const struct audit_note_key *signing_key; /* NULL: no checkpoints; copied */
    uint32_t checkpoint_every; /* records. 0: 4096 */
    uint64_t checkpoint_us;    /* 0: one minute */
    uint64_t rotate_size;      /* bytes after which a new file begins. 0: never */
    bool rotate_daily;         /* and at the first record of a day (UTC) */
    const unsigned char *encryption_key; /* 32 bytes: records are encrypted at rest, each month under a key of its own. NULL: not */
};

/* Opens or creates (0600), locks, seals a torn tail, closes open request ids as `unknown`, writes a lifecycle record.
 * NULL with a reason in err: also when the log's last run was changed, or its end is missing (docs/AUDIT.md). */
struct audit *audit_open(const struct audit_options *o, char *err, size_t err_size);
/* Drains, writes a lifecycle record, closes. */
void audit_close(struct audit *a);
/* Any thread. Takes ownership of ticket->record in every case. -1: not accepted (done is not called). */
MUST_CHECK int audit_submit(struct audit *a, struct audit_ticket *t);
/* Records can be written. false also while one commit takes longer than a second (a disk that hangs): tickets are
 * then refused at once; those that wait are told when the disk answers. */
bool audit_healthy(const struct audit *a);

struct audit_stats {
    uint64_t records, syncs, failures;
    uint64_t sync_us_sum, sync_us_max;
    uint32_t queue;
};
void audit_stats(const struct audit *a, struct audit_stats *out);

/* As the log was found when it was opened: how many tokens the vault had made (0: unknown), and the last record. */
struct audit_found {
    int64_t vault_seq;
    uint64_t seq;
};
struct audit_found audit_found(const struct audit *a);

/* Keyed hash of a found value for the record: kind 0x00 normalized value -> 16 characters of base32, lower case.
 * Normalizing: letters folded to lower case, everything but letters and digits dropped. */
#define AUDIT_HASH_LEN 16
/* An empty string when out of memory. */
void audit_value_hash(const unsigned char key[32], const char *kind, struct span value, char out[AUDIT_HASH_LEN + 1]);

/* ---- reading (phi audit verify) ---- */

struct audit_check {
    uint64_t records;
    uint64_t bad_line;      /* 0: none */
    const char *reason;     /* constant */
    uint64_t first_seq, last_seq;
    uint64_t unfinished;    /* decisions to forward without an outcome */
    bool torn_tail;         /* bytes after the last whole record, as a crash leaves them */
    bool head_checked;      /* the head file was there: records cut off at the end would have been noticed */
    uint64_t checkpoints;   /* signed with the given key, over the records before them */
    uint64_t other_checkpoints; /* over the records before them, by another key */
    uint64_t anchor_seq;    /* how far the auditors' log was when the gateway last noted it; 0: never, or it was gone */
    char anchor_hash[65];
    uint64_t sealed, erased; /* records of which only the envelope was checked: no key for them; erased */
    int64_t vault_seq;      /* how many tokens the vault had made, by the last records that say it; 0: none does */
    uint64_t vault_behind;  /* seq of the first record by which the vault knew less than before; 0: none */
    uint64_t vault_accepted; /* times that it did because a person said so */
    bool anchor_gone;       /* it was there once and was gone later */
    bool checkpoint_met;    /* the given checkpoint is about these records */
};
/* key may be NULL: then the chain is checked without the line MACs. 0 verified, 1 bad (see c), -1 unreadable. */
int audit_verify(const char *path, const unsigned char *key, struct audit_check *c);

#endif
