/* SPDX-License-Identifier: Apache-2.0
 *
 * Glue between the sockets and the transactions of one worker. A callback here does three things: find the object, call
 * one function of the transaction, free the transaction if everybody has let go of it. Freeing happens only here, outside
 * of any call into the transaction.
 *
 *   acceptor ──fd──┐                    ┌── audit writer: ticket durable
 *   reload  ──────>│ mailbox + eventfd  │<─┘
 *                  └──> worker thread <─┘
 */
#include "worker.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "audit_hash.h"
#include "helper.h"
#include "log.h"
#include "metrics.h"
#include "tls.h"
#include "transaction.h"
#include "upstream.h"

#define HELPER_QUEUE 64 /* large bodies that wait; more are decided by the worker itself */
#define VAULT_QUEUE 1024 /* requests that wait where all need the vault; more are told to come again */
#define VAULT_THREADS 4  /* so that a large body or a slow sync holds up few */

/* A record on its way to the log, for one transaction, or for nobody. */
struct ticket {
    struct audit_ticket audit; /* first: the writer gives back a pointer to it */
    struct worker *worker;
    struct transaction *transaction;
    struct ticket *next;
    bool durable;
};

struct newcomer {
    int fd;
    struct newcomer *next;
};

struct worker {
    pthread_t thread;
    struct event_base *base;
    struct event *wake, *grace;
    int wake_fd;
    struct server *server;
    struct upstreams *upstreams;
    struct transaction_world world;
    struct metrics metrics;
    struct audit *audit;
    struct helper *helper;
    char id_prefix[24];
    struct worker_options options;
    atomic_uint on_the_way;
    unsigned in_flight; /* tickets of transactions that the audit writer has */

    pthread_mutex_t lock; /* guards what follows */
    struct ticket *tickets, **tickets_end;
    struct newcomer *newcomers, **newcomers_end;
    struct transaction *decided;
    struct settings *new_settings;
    struct tls_context *new_tls;
    unsigned stop_ms;
    bool stop;
};

static void let_go(struct transaction *t) {
    if (transaction_dead(t)) transaction_free(t);
}

/* ---- mailbox ---- */

static void wake_up(struct worker *w) {
    uint64_t one = 1;
    if (write(w->wake_fd, &one, sizeof one) < 0) return; /* full counter: it is awake already */
}

static void ticket_done(struct audit_ticket *a, bool ok) {
    struct ticket *k = (struct ticket *)a;
    struct worker *w = k->worker;
    bool first;

    if (!k->transaction) {
        free(k);
        return;
    }
    k->durable = ok;
    k->next = NULL;
    pthread_mutex_lock(&w->lock);
    first = !w->tickets;
    *w->tickets_end = k;
    w->tickets_end = &k->next;
    if (first) wake_up(w); /* under the lock: who takes the last ticket may free the worker */
    pthread_mutex_unlock(&w->lock);
}

static void decided(void *arg, struct transaction *t) {
    struct worker *w = arg;
    bool first;

    pthread_mutex_lock(&w->lock);
    first = !w->decided;
    transaction_set_next(t, w->decided);
    w->decided = t;
    pthread_mutex_unlock(&w->lock);
    if (first) wake_up(w);
}

void worker_hand_over(struct worker *w, int fd) {
    struct newcomer *c = malloc(sizeof *c);

    if (!c) {
        close(fd);
        return;
    }
    *c = (struct newcomer){.fd = fd};
    atomic_fetch_add(&w->on_the_way, 1);
    pthread_mutex_lock(&w->lock);
    *w->newcomers_end = c;
    w->newcomers_end = &c->next;
    pthread_mutex_unlock(&w->lock);
    wake_up(w);
}

unsigned worker_load(const struct worker *w) {
    return server_connections(w->server) + atomic_load(&w->on_the_way);
}

void worker_reload(struct worker *w, struct settings *s, struct tls_context *tls) {
    pthread_mutex_lock(&w->lock);
    settings_unref(w->new_settings);
    w->new_settings = settings_ref(s);
    if (tls) {
        tls_context_unref(w->new_tls);
        w->new_tls = tls_context_ref(tls);
    }
    pthread_mutex_unlock(&w->lock);
    wake_up(w);
}

void worker_stop(struct worker *w, unsigned grace_ms) {
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    w->stop_ms = grace_ms;
    pthread_mutex_unlock(&w->lock);
    wake_up(w);
}

static void take_tickets(struct worker *w, struct ticket *k) {
    while (k) {
        struct ticket *next = k->next;
        struct transaction *t = k->transaction;
        bool durable = k->durable;

        free(k);
        w->in_flight--;
        transaction_recorded(t, durable);
        let_go(t);
        k = next;
    }
}

static void take_decided(struct transaction *t) {
    while (t) {
        struct transaction *next = transaction_next(t);
        transaction_decided(t);
        let_go(t);
        t = next;
    }
}

static void take_newcomers(struct worker *w, struct newcomer *c) {
    while (c) {
        struct newcomer *next = c->next;

        server_adopt(w->server, c->fd);
        atomic_fetch_sub(&w->on_the_way, 1);
        free(c);
        c = next;
    }
}

static void take_settings(struct worker *w, struct settings *s, struct tls_context *tls) {
    if (s) {
        settings_unref(w->world.settings);
        w->world.settings = s;
    }
    if (tls) {
        server_set_tls(w->server, tls);
        tls_context_unref(tls);
    }
}

static void end_if_idle(struct worker *w) {
    if (server_connections(w->server) == 0 && w->world.live == 0) event_base_loopbreak(w->base);
}

static void on_grace_over(evutil_socket_t fd, short what, void *arg) {
    struct worker *w = arg;

    (void)fd;
    (void)what;
    pthread_mutex_lock(&w->lock);
    unsigned left = w->stop_ms;
    w->stop_ms = left > 100 ? left - 100 : 0;
    pthread_mutex_unlock(&w->lock);
    if (left == 0)
        event_base_loopbreak(w->base);
    else
        end_if_idle(w);
}

static void begin_stop(struct worker *w) {
    struct timeval step = {0, 100000};

    if (event_pending(w->grace, EV_TIMEOUT, NULL)) return;
    server_drain(w->server);
    event_add(w->grace, &step);
    end_if_idle(w);
}

static void on_wake(evutil_socket_t fd, short what, void *arg) {
    struct worker *w = arg;

    (void)fd;
    (void)what;
    pthread_mutex_lock(&w->lock);
    struct ticket *tickets = w->tickets;
    struct newcomer *newcomers = w->newcomers;
    struct transaction *large = w->decided;
    struct settings *settings = w->new_settings;
    struct tls_context *tls = w->new_tls;
    bool stop = w->stop;
    w->tickets = NULL;
    w->tickets_end = &w->tickets;
    w->newcomers = NULL;
    w->newcomers_end = &w->newcomers;
    w->decided = NULL;
    w->new_settings = NULL;
    w->new_tls = NULL;
    pthread_mutex_unlock(&w->lock);

    take_settings(w, settings, tls);
    take_tickets(w, tickets);
    take_decided(large);
    take_newcomers(w, newcomers);
    if (stop) begin_stop(w);
}

/* ---- what a transaction may do ---- */

static struct server_header *as_server_headers(const struct transaction_header *h, size_t n,
                                               struct server_header out[64]) {
    for (size_t i = 0; i < n && i < 64; i++)
        out[i] = (struct server_header){h[i].name, h[i].value};
    return out;
}

static void verb_accept_body(void *client, uint64_t body_max) {
    server_accept_body(client, body_max);
}

static void verb_reply(void *client, int status, const struct transaction_header *h, size_t n, struct span body) {
    struct server_header headers[64];
    server_reply(client, status, as_server_headers(h, n, headers), n < 64 ? n : 64, body);
}

static void verb_begin(void *client, int status, const struct transaction_header *h, size_t n) {
    struct server_header headers[64];
    server_begin(client, status, as_server_headers(h, n, headers), n < 64 ? n : 64, -1);
}

static bool verb_write(void *client, struct span bytes) {
    return server_write(client, bytes);
}

static void verb_end(void *client) {
    server_end(client);
}

static void verb_abort(void *client) {
    server_abort(client);
}

static void verb_cancel(void *call) {
    upstream_cancel(call);
}

static void verb_resume(void *call) {
    upstream_resume(call);
}

static bool verb_sent(void *call) {
    return upstream_sent(call);
}

static int submit(struct worker *w, struct transaction *t, struct audit_record *r) {
    struct ticket *k = calloc(1, sizeof *k);

    if (!k) {
        audit_record_free(r);
        return -1;
    }
    k->audit.record = r;
    k->audit.done = ticket_done;
    k->worker = w;
    k->transaction = t;
    k->audit.aside = !t;
    if (t) w->in_flight++;
    if (audit_submit(w->audit, &k->audit) == 0) return 0;
    if (t) w->in_flight--;
    free(k);
    return -1;
}

static int verb_record(void *ctx, struct transaction *t, struct audit_record *r) {
    return submit(ctx, t, r);
}

static int verb_offload(void *ctx, struct transaction *t) {
    struct worker *w = ctx;
    return helper_submit(w->helper, t);
}

static void verb_record_aside(void *ctx, struct audit_record *r) {
    if (submit(ctx, NULL, r) < 0) log_event(LOG_LEVEL_ERROR, "audit.outcome-lost", "reason=queue");
}

/* ---- upstream ---- */

static int on_upstream_head(void *owner, const struct upstream_head *h) {
    struct transaction_header headers[32];
    size_t n = h->n < 32 ? h->n : 32;
    char names[32][64];

    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "%.*s", (int)h->headers[i].name.len, h->headers[i].name.ptr);
        headers[i] = (struct transaction_header){names[i], h->headers[i].value};
    }
    return transaction_upstream_head(owner, h->status, h->content_type, headers, n);
}

static int on_upstream_data(void *owner, struct span bytes) {
    return transaction_upstream_data(owner, bytes);
}

static enum transaction_end as_end(enum upstream_end end) {
    switch (end) {
    case UPSTREAM_OK:
        return TRANSACTION_OK;
    case UPSTREAM_UNREACHABLE:
        return TRANSACTION_UNREACHABLE;
    case UPSTREAM_TIMEOUT:
        return TRANSACTION_TIMEOUT;
    case UPSTREAM_BROKEN:
    case UPSTREAM_TOO_LARGE:
    case UPSTREAM_CANCELLED:
        return TRANSACTION_BROKEN;
    }
    return TRANSACTION_BROKEN;
}

static void on_upstream_done(void *owner, enum upstream_end end) {
    transaction_upstream_done(owner, as_end(end));
    let_go(owner);
}

static void *verb_send(void *ctx, struct transaction *t, const struct transaction_call *c) {
    static const struct upstream_handler handler = {on_upstream_head, on_upstream_data, on_upstream_done};
    struct worker *w = ctx;
    struct upstream_request request = {.method = c->method,
                                       .path = c->path,
                                       .body = c->body,
                                       .content_type = c->content_type,
                                       .stream = c->stream,
                                       .flows = c->flows,
                                       .accept = c->accept,
                                       .user_agent = "phigate",
                                       .headers = c->headers,
                                       .pool = c->pool};
    return upstream_start(w->upstreams, c->target, &request, &handler, t);
}

static const struct transaction_verbs verbs = {
    .accept_body = verb_accept_body,
    .reply = verb_reply,
    .begin = verb_begin,
    .write = verb_write,
    .end = verb_end,
    .abort = verb_abort,
    .send = verb_send,
    .cancel = verb_cancel,
    .resume = verb_resume,
    .record = verb_record,
    .record_aside = verb_record_aside,
    .offload = verb_offload,
    .sent = verb_sent,
};

/* ---- clients ---- */

static void *on_head(void *arg, struct server_exchange *x, const struct http1_head *h) {
    static const char busy[] = "{\"error\":{\"message\":\"The privacy gateway is out of memory. Try again shortly.\","
                               "\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded\"}}";
    struct worker *w = arg;
    struct transaction *t = transaction_new(&w->world, x, server_peer(x), server_fingerprint(x), h);

    if (t) return t;
    server_reply(x, 503, &(struct server_header){"content-type", span_of("application/json")}, 1, span_of(busy));
    return NULL;
}

static int on_body(void *owner, struct span bytes) {
    return transaction_body(owner, bytes);
}

static void on_complete(void *owner) {
    transaction_complete(owner);
}

static void on_drained(void *owner) {
    transaction_drained(owner);
}

static void on_gone(void *owner, bool aborted) {
    transaction_gone(owner, aborted);
    let_go(owner);
}

/* ---- life ---- */

static void *run(void *arg) {
    struct worker *w = arg;
    event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static int make_id_prefix(struct worker *w) {
    unsigned char random[6];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
    snprintf(w->id_prefix, sizeof w->id_prefix, "req_%02x%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2],
             random[3], random[4], random[5], w->options.index & 255);
    return 0;
}

static int open_loop(struct worker *w) {
    struct event_config *config = event_config_new();

    if (!config) return -1;
    /* No changelist: it would speak of a descriptor after it was closed and given to another connection. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_require_features(config, EV_FEATURE_ET);
    w->base = event_base_new_with_config(config);
    event_config_free(config);
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!w->base || w->wake_fd < 0) return -1;
    /* By its edges: each write wakes once more, so that nothing needs to be read. */
    w->wake = event_new(w->base, w->wake_fd, EV_READ | EV_PERSIST | EV_ET, on_wake, w);
    w->grace = event_new(w->base, -1, EV_PERSIST, on_grace_over, w);
    return w->wake && w->grace ? event_add(w->wake, NULL) : -1;
}

static int open_parts(struct worker *w) {
    const struct server_handler handler = {on_head, on_body, on_complete, on_drained, on_gone, w};

    w->server = server_new(w->base, &w->options.server, &handler);
    w->upstreams = upstreams_new(w->base);
    w->world.scratch = phi_scratch_new();
    w->world.hasher = audit_hasher_new(w->options.audit_key);
    w->world.vault = w->options.vault;
    w->world.earlier = w->options.earlier;
    w->helper = w->world.vault ? helper_new(VAULT_QUEUE, VAULT_THREADS, decided, w) : helper_new(HELPER_QUEUE, 1, decided, w);
    if (!w->server || !w->upstreams || !w->world.scratch || !w->world.hasher || !w->helper) return -1;
    w->world.verbs = &verbs;
    w->world.ctx = w;
    w->world.settings = settings_ref(w->options.settings);
    w->world.metrics = &w->metrics;
    w->world.id_prefix = w->id_prefix;
    return 0;
}

/* The audit writer still holds tickets that point here; it always answers, unless its disk hangs. */
static bool wait_for_tickets(struct worker *w) {
    for (unsigned i = 0; w->in_flight && i < 5000; i++) {
        const struct timespec moment = {0, 1000000};
        pthread_mutex_lock(&w->lock);
        struct ticket *tickets = w->tickets;
        w->tickets = NULL;
        w->tickets_end = &w->tickets;
        pthread_mutex_unlock(&w->lock);
        if (tickets) take_tickets(w, tickets);
        else nanosleep(&moment, NULL);
    }
    return w->in_flight == 0;
}

static void close_parts(struct worker *w) {
    if (w->server) server_free(w->server);
    helper_free(w->helper);
    take_decided(w->decided);
    if (!wait_for_tickets(w)) return; /* left as it is: the process is about to end */
    if (w->upstreams) upstreams_free(w->upstreams);
    if (w->wake) event_free(w->wake);
    if (w->grace) event_free(w->grace);
    if (w->base) event_base_free(w->base);
    if (w->wake_fd >= 0) close(w->wake_fd);
    phi_scratch_free(w->world.scratch);
    audit_hasher_free(w->world.hasher);
    settings_unref(w->world.settings);
    settings_unref(w->new_settings);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

struct worker *worker_new(const struct worker_options *o) {
    struct worker *w = calloc(1, sizeof *w);

    if (!w) return NULL;
    w->options = *o;
    w->audit = o->audit;
    w->wake_fd = -1;
    w->tickets_end = &w->tickets;
    w->newcomers_end = &w->newcomers;
    pthread_mutex_init(&w->lock, NULL);
    if (make_id_prefix(w) == 0 && open_loop(w) == 0 && open_parts(w) == 0 &&
        pthread_create(&w->thread, NULL, run, w) == 0)
        return w;
    close_parts(w);
    return NULL;
}

const struct metrics *worker_metrics(const struct worker *w) {
    return &w->metrics;
}

void worker_free(struct worker *w) {
    pthread_join(w->thread, NULL);
    close_parts(w);
}
