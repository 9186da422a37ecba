/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a vault, shared by the files that make it up: vault.c (opening, the writer's thread, readers), vault_keys.c
 * (epochs), vault_assign.c (tokens), vault_objects.c, vault_care.c (what the tool does).
 */
#ifndef VAULT_INTERNAL_H
#define VAULT_INTERNAL_H

#include "buf.h"
#include "vault.h"
#include "vault_anchor.h"
#include "vault_db.h"
#include "vault_key.h"

#include <pthread.h>
#include <sys/types.h>

#define VAULT_READERS 6
#define VAULT_READERS_BRIEF 2 /* of them, kept for questions of microseconds: an event loop may ask */
#define VAULT_OBJECT_MAX 200  /* bytes of an object's id */
#define VAULT_NUMBER_MAX 1000000
#define VAULT_VALUE_MAX (1u << 20)

/* A connection, the keys of the epoch in which it reads, and where its transaction stands in time. */
struct vault_hand {
    struct vault_db db;
    struct vault_epoch epoch;
    struct buf scratch;  /* values, wiped after each use */
    int64_t now;
    bool busy;
};

enum vault_outcome { VAULT_JOB_FAILED = 0, VAULT_JOB_DONE };

/* One piece of writing; all that wait share a transaction and its sync. */
struct vault_job {
    int (*run)(struct vault *v, struct vault_hand *h, struct vault_job *job); /* on the writer's thread; -1: undone */
    void (*end)(struct vault *v, struct vault_job *job, bool ok);             /* there, too; the job is the callee's again */
    struct vault_job *next;
    bool ran;
};

struct vault {
    char path[4096];
    int64_t ttl_s;
    dev_t device;
    ino_t inode;
    unsigned char id[VAULT_ID];
    struct vault_master master;
    struct vault_anchor anchor;
    int64_t sequence; /* of the writer: what the file said when it last looked */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake, done, free;
    struct vault_job *jobs, **jobs_end;
    bool stop, broken;
    int64_t committed; /* sequence as the last commit left it */

    struct vault_hand writer; /* of the writer's thread */
    struct vault_hand readers[VAULT_READERS];
};

/* vault.c */
int vault_submit(struct vault *v, struct vault_job *job); /* -1: it will not be run */
int vault_submit_and_wait(struct vault *v, struct vault_job *job);
struct vault_hand *vault_read_begin(struct vault *v, bool brief); /* in a transaction; NULL: cannot be read */
void vault_read_end(struct vault *v, struct vault_hand *h);
int vault_count_made(struct vault *v, struct vault_hand *h, int64_t made, int64_t highest); /* writer: tokens, their largest number */

/* vault_keys.c */
int vault_id_make(struct vault_hand *h, unsigned char id[VAULT_ID]);
int vault_id_read(struct vault_hand *h, unsigned char id[VAULT_ID]); /* 1, 0: none, -1 */
/* A new epoch under these masters. */
int vault_epoch_make(struct vault_hand *h, const unsigned char id[VAULT_ID], const struct vault_master *const *masters, size_t n,
                     struct vault_epoch *out);
/* The file's epoch into the hand, when that is not the one it has. -1: failed, or sealed under another master. */
int vault_epoch_follow(struct vault_hand *h, const struct vault_master *m, const unsigned char id[VAULT_ID]);
/* Its number; 0: not known (and not made). -1. */
int64_t vault_principal(struct vault_hand *h, const char *name, bool make);

/* vault_care.c */
int vault_purge_expired(struct vault *v); /* on the writer's thread, between jobs */

/* vault_assign.c */
int64_t vault_expiry(const struct vault *v, int64_t now);  /* of what leaves now */
bool vault_expires_soon(const struct vault *v, int64_t now, int64_t expires);
struct vault_place vault_token_place(int64_t principal, struct span word, struct span text);

#endif
