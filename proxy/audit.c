/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer thread. Workers put tickets into a queue; the writer takes all that wait, makes their lines, writes
 * and syncs them together, and tells each. Hashing is the writer's, so that a worker only queues.
 *
 *   workers -> queue (bounded) -> [take all] -> lines -> write -> fdatasync -> done(ticket)
 *
 * Waiting a little for more tickets saves syncs under load and costs time without: the writer waits only when
 * tickets came while it was syncing, at most as long as a sync takes and never above 2 ms, and not once as many
 * wait as went with the last commits. Tickets for which nobody waits do not wake it for a sync of their own; they go
 * with the others, and never wait longer than AUDIT_ASIDE_MS.
 */
#include "audit.h"

#include "audit_chain.h"
#include "audit_record.h"
#include "audit_rotate.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_DEFAULT 4096
#define DELAY_MAX_US 2000
#define CHECK_US 500000    /* half of the second within which a missing file must be noticed */
#define RECOVER_US 1000000
#define STALL_US 1000000   /* a commit that takes longer: nothing more is accepted until it ends */

struct audit {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the writer waits here */
    pthread_t thread;

    /* Under the lock. */
    struct audit_ticket *first, **last;
    uint32_t n, urgent; /* tickets; those for which somebody waits */
    uint32_t wanted;    /* the writer sleeps until so many are urgent */
    bool idle;          /* it sleeps until there is any ticket */
    uint32_t queue_max;
    bool closing;
    struct audit_stats stats;

    atomic_bool healthy;
    atomic_uint_fast64_t busy_since; /* monotonic time at which the running commit began; 0: none runs */

    struct audit_found found; /* never changed */

    /* The writer's own. */
    struct audit_chain chain;
    uint32_t usual; /* sixteenths of urgent tickets per commit, a moving average */
    bool quiet;     /* nothing came for a while */
};

static void deadline_in(struct timespec *t, uint64_t us) {
    clock_gettime(CLOCK_MONOTONIC, t);
    uint64_t ns = (uint64_t)t->tv_nsec + us % 1000000 * 1000;
    t->tv_sec += (time_t)(us / 1000000 + ns / 1000000000);
    t->tv_nsec = (long)(ns % 1000000000);
}

/* ---- submitting ---- */

bool audit_healthy(const struct audit *a) {
    uint64_t since = atomic_load(&a->busy_since);

    return atomic_load(&a->healthy) && (since == 0 || audit_clock_mono() < since + STALL_US);
}

static bool accept_ticket(struct audit *a, struct audit_ticket *t) {
    bool wake = false, accepted = false;

    pthread_mutex_lock(&a->lock);
    if (!a->closing && a->n < a->queue_max && audit_healthy(a)) {
        t->next = NULL;
        *a->last = t;
        a->last = &t->next;
        a->n++;
        a->urgent += !t->aside;
        wake = a->idle || (!t->aside && a->urgent == a->wanted);
        a->idle = false;
        accepted = true;
    }
    pthread_mutex_unlock(&a->lock);
    if (wake) pthread_cond_signal(&a->wake);
    return accepted;
}

int audit_submit(struct audit *a, struct audit_ticket *t) {
    if (t->record && audit_record_fits(t->record, a->chain.node) && accept_ticket(a, t)) return 0;
    audit_record_free(t->record);
    t->record = NULL;
    return -1;
}

void audit_stats(const struct audit *a, struct audit_stats *out) {
    struct audit *shared = (struct audit *)a; /* the lock is not part of what is const */

    pthread_mutex_lock(&shared->lock);
    *out = shared->stats;
    out->queue = shared->n;
    pthread_mutex_unlock(&shared->lock);
}

struct audit_found audit_found(const struct audit *a) {
    return a->found;
}

/* ---- telling ---- */

static void finish(struct audit_ticket *t, bool ok) {
    audit_record_free(t->record);
    t->record = NULL;
    if (t->done) t->done(t, ok);
}

/* The ticket is its owner's again as soon as done is called: next is read before. */
static void finish_all(struct audit_ticket *list, bool ok) {
    while (list) {
        struct audit_ticket *next = list->next;
        finish(list, ok && list->seq != 0);
        list = next;
    }
}

/* At most `most` tickets; the rest stays. The lock is held. */
static struct audit_ticket *take(struct audit *a, uint32_t most, uint32_t *n) {
    struct audit_ticket *list = a->first, **end = &list;

    for (*n = 0; *end && *n < most; (*n)++) {
        a->urgent -= !(*end)->aside;
        end = &(*end)->next;
    }
    a->first = *end;
    *end = NULL;
    a->n -= *n;
    if (!a->first) a->last = &a->first;
    return list;
}

/* No ticket that came before can succeed any more. */
static void fail_waiting(struct audit *a) {
    uint32_t n;

    atomic_store(&a->healthy, false);
    pthread_mutex_lock(&a->lock);
    struct audit_ticket *list = take(a, UINT32_MAX, &n);
    a->stats.failures += n;
    pthread_mutex_unlock(&a->lock);
    finish_all(list, false);
}

/* ---- committing ---- */

static uint32_t add_lines(struct audit *a, struct audit_ticket *list) {
    uint32_t added = 0;

    for (struct audit_ticket *t = list; t; t = t->next) {
        bool ok = audit_chain_add(&a->chain, t->record) == 0;
        t->seq = ok ? a->chain.batch_seq : 0;
        added += ok;
    }
    return added;
}

static void count_commit(struct audit *a, uint32_t n, uint32_t added, bool ok) {
    uint64_t us = a->chain.sync_us;

    pthread_mutex_lock(&a->lock);
    a->stats.records += ok ? added : 0;
    a->stats.failures += ok ? n - added : n;
    if (ok && added) {
        a->stats.syncs++;
        a->stats.sync_us_sum += us;
        if (us > a->stats.sync_us_max) a->stats.sync_us_max = us;
    }
    pthread_mutex_unlock(&a->lock);
}

static void commit(struct audit *a, struct audit_ticket *list, uint32_t n) {
    atomic_store(&a->busy_since, audit_clock_mono());
    audit_rotate_if_due(&a->chain);
    (void)audit_chain_checkpoint(&a->chain); /* first of the batch: it is about what is durable before */
    (void)audit_chain_anchor(&a->chain);
    uint32_t added = add_lines(a, list);

    bool ok = audit_chain_sync(&a->chain) == 0;
    if (!ok) atomic_store(&a->healthy, false); /* before anyone is told */
    atomic_store(&a->busy_since, 0);
    for (struct audit_ticket *t = list; ok && t; t = t->next)
        if (t->seq) audit_chain_follow(&a->chain, t->record);
    count_commit(a, n, added, ok);
    finish_all(list, ok);
    if (ok) audit_chain_settle(&a->chain);
    else fail_waiting(a);
}

/* ---- the thread ---- */

/* Sleeps until so many tickets are urgent, closing, or the time is over. The lock is held. */
static void sleep_until(struct audit *a, uint32_t wanted, uint64_t us) {
    struct timespec deadline;

    deadline_in(&deadline, us);
    a->wanted = wanted;
    while (a->urgent < wanted && !a->closing)
        if (pthread_cond_timedwait(&a->wake, &a->lock, &deadline) != 0) break;
    a->wanted = 0;
}

/* Until there is any ticket. The lock is held. */
static void sleep_idle(struct audit *a) {
    struct timespec deadline;

    deadline_in(&deadline, CHECK_US);
    a->idle = true;
    while (a->n == 0 && !a->closing)
        if (pthread_cond_timedwait(&a->wake, &a->lock, &deadline) != 0) break;
    a->idle = false;
}

/* Nobody waits: whoever is first to do so goes at once. Between requests that follow each other closely the writer
 * sleeps a short while in which tickets aside do not wake it. The lock is held. */
static void sleep_until_urgent(struct audit *a) {
    if (a->quiet) sleep_idle(a);
    if (a->n || !a->quiet) sleep_until(a, 1, AUDIT_ASIDE_MS * 1000);
    a->quiet = a->n == 0;
}

/* The lock is held. */
static void gather(struct audit *a) {
    uint32_t wanted = a->usual / 16 < a->queue_max ? a->usual / 16 : a->queue_max;
    uint64_t us = a->chain.sync_us < DELAY_MAX_US ? a->chain.sync_us : DELAY_MAX_US;

    if (wanted > AUDIT_BATCH_MAX) wanted = AUDIT_BATCH_MAX;
    if (a->urgent == 0) sleep_until_urgent(a);
    else if (a->urgent < wanted) sleep_until(a, wanted, us);
    a->usual = a->usual - a->usual / 4 + a->urgent * 4;
}

static void serve(struct audit *a) {
    uint32_t n;

    pthread_mutex_lock(&a->lock);
    gather(a);
    struct audit_ticket *list = take(a, AUDIT_BATCH_MAX, &n);
    pthread_mutex_unlock(&a->lock);
    if (list) {
        commit(a, list, n);
        return;
    }
    bool ok = audit_chain_check(&a->chain) == 0;
    if (ok) audit_rotate_if_due(&a->chain);
    bool due = ok && audit_chain_checkpoint(&a->chain);
    if (ok && audit_chain_anchor(&a->chain)) due = true;
    if (due) ok = audit_chain_commit(&a->chain) == 0;
    if (!ok) fail_waiting(a);
}

static void repair(struct audit *a) {
    pthread_mutex_lock(&a->lock);
    sleep_until(a, UINT32_MAX, RECOVER_US);
    bool closing = a->closing;
    pthread_mutex_unlock(&a->lock);
    if (closing || audit_chain_recover(&a->chain) < 0) return;
    atomic_store(&a->healthy, true);
}

static bool ended(struct audit *a) {
    pthread_mutex_lock(&a->lock);
    bool yes = a->closing && a->n == 0;
    pthread_mutex_unlock(&a->lock);
    return yes;
}

static void *write_loop(void *argument) {
    struct audit *a = argument;

    while (!ended(a)) {
        if (a->chain.stopped) repair(a);
        else serve(a);
    }
    return NULL;
}

/* ---- opening ---- */

/* Signals are the other threads': SIGXFSZ above all, which would end the process where EFBIG can be handled. */
static int start_thread(struct audit *a) {
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int error = pthread_create(&a->thread, NULL, write_loop, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) return -1;
    pthread_setname_np(a->thread, "audit"); /* for top and perf; a failure changes nothing */
    return 0;
}

static int prepare_lock(struct audit *a) {
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&a->lock, NULL) != 0) return -1;
    if (pthread_condattr_init(&attributes) != 0) goto no_condition;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int error = pthread_cond_init(&a->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (error == 0) return 0;
no_condition:
    pthread_mutex_destroy(&a->lock);
    return -1;
}

static void release(struct audit *a) {
    audit_chain_close(&a->chain);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct audit *audit_open(const struct audit_options *o, char *err, size_t err_size) {
    struct audit *a = calloc(1, sizeof *a);

    if (!a || prepare_lock(a) < 0) {
        snprintf(err, err_size, "audit log: out of memory");
        free(a);
        return NULL;
    }
    a->last = &a->first;
    a->queue_max = o->queue_max ? o->queue_max : QUEUE_DEFAULT;
    if (audit_chain_open(&a->chain, o, err, err_size) < 0) {
        pthread_cond_destroy(&a->wake);
        pthread_mutex_destroy(&a->lock);
        free(a);
        return NULL;
    }
    a->found = (struct audit_found){a->chain.vault_seq, a->chain.found_seq};
    atomic_store(&a->healthy, true);
    if (start_thread(a) == 0) return a;
    snprintf(err, err_size, "audit log: no thread can be started");
    release(a);
    return NULL;
}

void audit_close(struct audit *a) {
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->closing = true;
    pthread_mutex_unlock(&a->lock);
    pthread_cond_signal(&a->wake);
    pthread_join(a->thread, NULL);
    release(a);
}
