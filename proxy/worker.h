/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread with its own event loop, connections, upstream pools and scratch. Nothing is shared with other workers but
 * what is immutable (settings) and the audit writer. Other threads speak to it through its mailbox only.
 */
#ifndef WORKER_H
#define WORKER_H

#include "server.h"

struct audit;
struct metrics;
struct settings;
struct vault;
struct worker;

struct worker_options {
    struct settings *settings; /* a reference is taken */
    struct audit *audit;
    const unsigned char *audit_key;
    struct vault *vault; /* or NULL; outlives the worker */
    bool earlier;        /* as in struct transaction_world */
    struct server_options server;
    unsigned index;
};

/* Starts the thread. NULL when it cannot. */
struct worker *worker_new(const struct worker_options *o);

/* Any thread. */
void worker_hand_over(struct worker *w, int fd); /* a connected socket; owned by the worker afterwards */
unsigned worker_load(const struct worker *w);    /* connections, including those on the way */
void worker_reload(struct worker *w, struct settings *s, struct tls_context *tls); /* for new requests; tls may be NULL */
const struct metrics *worker_metrics(const struct worker *w);

/* Finishes what runs, at most grace_ms, then ends the thread and frees everything. */
void worker_stop(struct worker *w, unsigned grace_ms); /* says so; returns at once */
void worker_free(struct worker *w);                    /* waits for the thread */

#endif
