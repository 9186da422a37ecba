/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of calls to upstreams: start by kind, deadlines, cancel, resume, done. One timer serves the deadlines of all
 * calls: it is set to the earliest one known and asks again when it fires, so that the many calls that finish in time
 * cost nothing (a timer per call costs tens of milliseconds of CPU each second at some thousand streams).
 */
#include "upstream.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "upstream_internal.h"

#define SOONEST_MS 10 /* deadlines are not met more exactly than this */

int64_t upstream_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- one call ---- */

static void on_wake(evutil_socket_t fd, short what, void *arg) {
    struct upstream_call *c = arg;
    (void)fd, (void)what;
    if (c->ended)
        upstream_call_done(c);
    else
        c->kind->wake(c);
}

void upstream_call_init(struct upstream_call *c, struct upstreams *u, const struct upstream_kind *kind) {
    c->u = u;
    c->kind = kind;
    event_assign(&c->wake, u->base, -1, 0, on_wake, c);
}

void upstream_call_begin(struct upstream_call *c, const struct upstream_handler *h, void *owner) {
    enum upstream_end how;

    c->handler = h;
    c->owner = owner;
    c->ended = false;
    c->end = UPSTREAM_BROKEN;
    TAILQ_INSERT_TAIL(&c->u->live, c, link);
    upstreams_watch_deadline(c->u, c->kind->deadline(c, &how));
}

void upstream_call_end(struct upstream_call *c, enum upstream_end end) {
    if (c->ended) return;
    c->ended = true;
    c->end = end;
    c->kind->detach(c);
    event_active(&c->wake, EV_TIMEOUT, 0);
}

void upstream_call_done(struct upstream_call *c) {
    const struct upstream_handler *h = c->handler;
    void *owner = c->owner;
    enum upstream_end end = c->end;

    c->ended = true;
    c->kind->detach(c);
    event_del(&c->wake);
    TAILQ_REMOVE(&c->u->live, c, link);
    c->kind->release(c);
    h->done(owner, end);
}

/* ---- deadlines ---- */

void upstreams_watch_deadline(struct upstreams *u, int64_t at) {
    if (at == 0 || (u->deadline_at != 0 && u->deadline_at <= at)) return;

    int64_t wait = at - upstream_now();
    if (wait < SOONEST_MS) wait = SOONEST_MS;
    struct timeval in = {wait / 1000, wait % 1000 * 1000};
    u->deadline_at = at;
    evtimer_add(&u->deadline, &in);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg) {
    struct upstreams *u = arg;
    struct upstream_call *c;
    int64_t now = upstream_now(), next = upstream_pools_retire(u, now);
    (void)fd, (void)what;

    u->deadline_at = 0;
    TAILQ_FOREACH(c, &u->live, link) {
        enum upstream_end how = UPSTREAM_TIMEOUT;
        int64_t at = c->ended ? 0 : c->kind->deadline(c, &how);
        if (at != 0 && at <= now)
            upstream_call_end(c, how);
        else if (at != 0 && (next == 0 || at < next))
            next = at;
    }
    upstreams_watch_deadline(u, next);
}

/* ---- the contract ---- */

struct upstreams *upstreams_new(struct event_base *base) {
    struct upstreams *u = calloc(1, sizeof *u);
    if (!u) return NULL;
    u->base = base;
    TAILQ_INIT(&u->live);
    TAILQ_INIT(&u->pools);
    TAILQ_INIT(&u->trusts);
    for (unsigned i = 0; i < UPSTREAM_POOL_BUCKETS; i++)
        TAILQ_INIT(&u->buckets[i]);
    evtimer_assign(&u->deadline, base, on_deadline, u);
    return u;
}

void upstreams_free(struct upstreams *u) {
    struct upstream_call *c;
    struct upstream_pool *p;

    if (!u) return;
    while ((c = TAILQ_FIRST(&u->live)) != NULL) {
        if (!c->ended) c->end = UPSTREAM_CANCELLED;
        upstream_call_done(c);
    }
    while ((p = TAILQ_FIRST(&u->pools)) != NULL)
        upstream_pool_free(p);
    event_del(&u->deadline);
    upstream_trusts_free(u);
    free(u->sockets);
    free(u);
}

struct upstream_call *upstream_start(struct upstreams *u, const struct upstream_target *t,
                                     const struct upstream_request *r, const struct upstream_handler *h, void *owner) {
    if (strcmp(t->url, "builtin:echo") == 0) return echo_start(u, r, h, owner);
    return upstream_exchange_start(u, t, r, h, owner);
}

void upstream_cancel(struct upstream_call *c) {
    upstream_call_end(c, UPSTREAM_CANCELLED);
}

bool upstream_sent(const struct upstream_call *c) {
    return !c->ended && c->kind->sent && c->kind->sent(c);
}

void upstream_resume(struct upstream_call *c) {
    if (!c->ended) event_active(&c->wake, EV_TIMEOUT, 0);
}
