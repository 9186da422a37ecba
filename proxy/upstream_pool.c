/* SPDX-License-Identifier: Apache-2.0
 *
 * Connection pools: one libcurl multi handle per pool number, so that no connection ever serves two principals. Pools are
 * made when first used, and closed when idle for two minutes or when there are too many. A pool also keeps the easy
 * handles of finished calls: they carry TLS sessions, which must not wander to another pool either.
 */
#include "upstream_internal.h"

#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#define POOLS_MAX 256
#define POOL_IDLE_MS 120000
#define CONNECTIONS_MAX 256L /* per pool, busy ones included */
#define SPARE_MAX 32u

static void settle(struct upstream_pool *p) {
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
        struct upstream_exchange *x = NULL;
        CURLcode result = m->data.result;

        if (m->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        curl_multi_remove_handle(p->multi, m->easy_handle);
        x->attached = false;
        upstream_exchange_completed(x, result);
    }
}

/* The pool stays while busy: a done handler may start a call that would otherwise retire it. */
void upstream_pool_act(struct upstream_pool *p, curl_socket_t fd, int what) {
    int running;

    p->busy++;
    curl_multi_socket_action(p->multi, fd, what, &running);
    settle(p);
    p->busy--;
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    upstream_pool_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long ms, void *arg) {
    struct upstream_pool *p = arg;
    (void)multi;

    if (ms < 0) return event_del(&p->timer);
    if (ms == 0) {
        event_active(&p->timer, EV_TIMEOUT, 0);
        return 0;
    }
    struct timeval in = {ms / 1000, ms % 1000 * 1000};
    return evtimer_add(&p->timer, &in);
}

static bool same_file(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct upstream_pools *bucket_of(struct upstreams *u, uint64_t number) {
    return &u->buckets[(number * 0x9E3779B97F4A7C15u) >> 56]; /* Fibonacci hashing; the top byte */
}

void upstream_pool_free(struct upstream_pool *p) {
    struct upstream_exchange *x;

    TAILQ_REMOVE(&p->u->pools, p, link);
    TAILQ_REMOVE(bucket_of(p->u, p->number), p, bucket);
    p->u->n_pools--;
    while ((x = TAILQ_FIRST(&p->spare)) != NULL) {
        TAILQ_REMOVE(&p->spare, x, spare);
        upstream_exchange_free(x);
    }
    curl_multi_cleanup(p->multi);
    upstream_sockets_free(p);
    event_del(&p->timer);
    X509_STORE_free(p->trust);
    free(p->ca_file);
    free(p);
}

int64_t upstream_pools_retire(struct upstreams *u, int64_t now) {
    struct upstream_pool *p, *next;
    int64_t again = 0;

    for (p = TAILQ_FIRST(&u->pools); p; p = next) {
        next = TAILQ_NEXT(p, link);
        if (p->live || p->busy) continue;
        if (p->used + POOL_IDLE_MS <= now)
            upstream_pool_free(p);
        else if (again == 0 || p->used + POOL_IDLE_MS < again)
            again = p->used + POOL_IDLE_MS;
    }
    return again;
}

static void make_room(struct upstreams *u) {
    struct upstream_pool *p;

    if (u->n_pools < POOLS_MAX) return;
    TAILQ_FOREACH(p, &u->pools, link) {
        if (p->live || p->busy) continue;
        upstream_pool_free(p);
        return;
    }
}

static struct upstream_pool *pool_new(struct upstreams *u, uint64_t number, const char *ca_file) {
    struct upstream_pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->u = u;
    p->number = number;
    TAILQ_INIT(&p->sockets);
    TAILQ_INIT(&p->spare);
    evtimer_assign(&p->timer, u->base, on_timer, p);
    if (ca_file && !(p->ca_file = strdup(ca_file))) goto fail;
    p->multi = curl_multi_init();
    if (!p->multi) goto fail;
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, upstream_socket_watch);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
    curl_multi_setopt(p->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    TAILQ_INSERT_TAIL(&u->pools, p, link);
    TAILQ_INSERT_HEAD(bucket_of(u, number), p, bucket);
    u->n_pools++;
    return p;

fail:
    free(p->ca_file);
    free(p);
    return NULL;
}

struct upstream_pool *upstream_pool_get(struct upstreams *u, uint64_t number, const char *ca_file, bool tls) {
    struct upstream_pool *p;

    TAILQ_FOREACH(p, bucket_of(u, number), bucket)
        if (p->number == number && same_file(p->ca_file, ca_file)) break;
    if (!p) {
        make_room(u);
        p = pool_new(u, number, ca_file);
    }
    if (!p) return NULL;
    if (tls && !p->trust) {
        p->trust = upstream_trust_get(u, ca_file);
        if (!p->trust) return NULL;
        X509_STORE_up_ref(p->trust);
    }
    p->used = upstream_now();
    if (TAILQ_NEXT(p, link)) {
        TAILQ_REMOVE(&u->pools, p, link);
        TAILQ_INSERT_TAIL(&u->pools, p, link);
    }
    return p;
}

int upstream_pool_attach(struct upstream_pool *p, struct upstream_exchange *x) {
    if (curl_multi_add_handle(p->multi, x->easy) != CURLM_OK) return -1;
    x->attached = true;
    return 0;
}

/* Inside libcurl a handle cannot be removed; the call's own wake-up does it right after. */
void upstream_pool_detach(struct upstream_pool *p, struct upstream_exchange *x) {
    if (!x->attached || p->busy) return;
    p->busy++;
    curl_multi_remove_handle(p->multi, x->easy);
    p->busy--;
    x->attached = false;
}

struct upstream_exchange *upstream_pool_unspare(struct upstream_pool *p) {
    struct upstream_exchange *x = TAILQ_FIRST(&p->spare);
    if (!x) return NULL;
    TAILQ_REMOVE(&p->spare, x, spare);
    p->n_spare--;
    return x;
}

void upstream_pool_spare(struct upstream_pool *p, struct upstream_exchange *x) {
    p->live--;
    p->used = upstream_now();
    if (p->live == 0) upstreams_watch_deadline(p->u, p->used + POOL_IDLE_MS);
    if (p->n_spare == SPARE_MAX) {
        upstream_exchange_free(x);
        return;
    }
    TAILQ_INSERT_HEAD(&p->spare, x, spare);
    p->n_spare++;
}
