/* SPDX-License-Identifier: Apache-2.0
 *
 * One request from its head to its outcome, as a table of steps:
 *
 *   ACCESS -> READ -> WALK -> DETECT -> TRANSFORM -> AUDIT -> SEND -> RELAY -> KEEP -> OUTCOME
 *        \______________ any refusal: RECORD -> REPLY _____________/
 *
 * A step says NEXT, WAIT or REFUSE and never names its successor; the table does. SEND has one predecessor, AUDIT, and
 * AUDIT passes only when the decision record is durable. Knows no sockets: the worker lends it verbs and tells it what
 * happened. Everything runs on one worker's thread.
 */
#ifndef TRANSACTION_H
#define TRANSACTION_H

#include "http1.h"
#include "metrics.h"
#include "refusal.h"
#include "settings.h"
#include "span.h"

struct audit_hasher;
struct audit_record;
struct vault;
struct phi_scratch;
struct transaction;

struct transaction_header {
    const char *name;
    struct span value;
};

/* What goes upstream. */
struct transaction_call {
    const struct upstream_target *target;
    const char *method, *path; /* "/chat/completions" */
    struct span body;
    const char *content_type; /* NULL: JSON */
    bool stream;
    bool flows; /* the answer is not held: its length has no limit */
    const char *accept; /* NULL: JSON, or events where it streams */
    const char *const *headers; /* further "name: value" lines, NULL-terminated, or NULL */
    uint64_t pool;
};

/* What a worker lends to its transactions. `client` is the exchange, `ctx` the worker. */
struct transaction_verbs {
    void (*accept_body)(void *client, uint64_t body_max);
    void (*reply)(void *client, int status, const struct transaction_header *h, size_t n, struct span body);
    void (*begin)(void *client, int status, const struct transaction_header *h, size_t n);
    bool (*write)(void *client, struct span bytes);
    void (*end)(void *client);
    void (*abort)(void *client);
    /* The call, or NULL. Answers come by transaction_upstream_*. */
    void *(*send)(void *ctx, struct transaction *t, const struct transaction_call *c);
    void (*cancel)(void *call);
    void (*resume)(void *call);
    /* Takes the record; 0: transaction_recorded will be told, -1: it cannot be written. */
    int (*record)(void *ctx, struct transaction *t, struct audit_record *r);
    void (*record_aside)(void *ctx, struct audit_record *r); /* takes the record; nobody waits */
    /* Has transaction_decide called on a helper thread with a scratch of its own, then transaction_decided on this one.
     * -1: no helper to be had, the caller decides itself. */
    int (*offload)(void *ctx, struct transaction *t);
    bool (*sent)(void *call); /* the body of the call may be freed. NULL: never */
};

struct transaction_world {
    const struct transaction_verbs *verbs;
    void *ctx;
    struct settings *settings;      /* current; a transaction takes its own reference */
    struct phi_scratch *scratch;
    struct metrics *metrics;
    struct vault *vault;            /* of tokens that outlive their request; NULL: none does */
    bool earlier;                   /* tokens of a client's earlier requests are restored in any of its answers */
    struct audit_hasher *hasher;    /* of the values in records, with the log's key */
    const char *id_prefix;          /* random, per worker and start */
    uint64_t id_next;
    uint32_t live;                  /* transactions of this worker */
};

/* Reads what it needs from the head. Never NULL unless out of memory (then the caller answers 503). */
struct transaction *transaction_new(struct transaction_world *w, void *client, const char *peer,
                                    const char *fingerprint, const struct http1_head *head);
int transaction_body(struct transaction *t, struct span bytes);
void transaction_complete(struct transaction *t);
void transaction_recorded(struct transaction *t, bool durable);
/* Any thread, while nobody else touches t: WALK, DETECT, TRANSFORM; or what KEEP asks of the vault. */
void transaction_decide(struct transaction *t, struct phi_scratch *scratch);
void transaction_decided(struct transaction *t);
int transaction_upstream_head(struct transaction *t, int status, struct span content_type,
                              const struct transaction_header *h, size_t n);
int transaction_upstream_data(struct transaction *t, struct span bytes); /* 0, -1 stop, 1 pause */
enum transaction_end { TRANSACTION_BROKEN = 0, TRANSACTION_OK, TRANSACTION_UNREACHABLE, TRANSACTION_TIMEOUT };
void transaction_upstream_done(struct transaction *t, enum transaction_end end);
void transaction_drained(struct transaction *t);
void transaction_gone(struct transaction *t, bool aborted);

/* One link for whoever queues it. */
struct transaction *transaction_next(const struct transaction *t);
void transaction_set_next(struct transaction *t, struct transaction *next);

/* Every party has let go: the owner frees it, from outside of any call into it. */
bool transaction_dead(const struct transaction *t);
void transaction_free(struct transaction *t);

#endif
