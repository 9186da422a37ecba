/* SPDX-License-Identifier: Apache-2.0
 *
 * The connections of one worker: taking them up, drawing the consequences of what happened to them, timeouts, closing.
 * server_connection.h tells how the parts work together.
 *
 * Events: reading stays armed for a connection's whole life (so a client that leaves is noticed while its exchange
 * waits for an upstream); writing is armed only when a socket is full. One timer looks at all connections, and only
 * while there are any.
 */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server_connection.h"

#define LINGER_MS 2000       /* for a client to read the answer before the connection is closed on it */
#define REFUSED_EXTRA 32u    /* connections beyond the maximum that are told so; further ones are just closed */
#define DRAIN_ROUNDS 4       /* refills of one fast reader before the others have their turn */
#define EXCHANGES_PER_TURN 16 /* pipelined ones, before the others have their turn */

int64_t server_now(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct connection *connection_of(struct server_exchange *x) {
    return (struct connection *)((char *)x - offsetof(struct connection, x));
}

/* ---- the end of things ---- */

static void tell_gone(struct connection *c, bool aborted) {
    if (!c->x.live) return;
    c->x.live = false;
    c->server->h.gone(c->x.owner, aborted);
}

/* An answer whose end is the end of the connection must not look complete when it was cut. */
static bool looks_complete(const struct connection *c) {
    const struct server_exchange *x = &c->x;

    return c->phase == PHASE_EXCHANGE && x->answer == ANSWER_BEGUN && !x->counted && !x->chunked;
}

static void close_connection(struct connection *c) {
    struct server *s = c->server;
    bool reset = looks_complete(c);

    tell_gone(c, true);
    c->phase = PHASE_CLOSED;
    event_del(&c->readable);
    event_del(&c->writable);
    socket_close(c, reset);
    buf_free(&c->in);
    buf_free(&c->out);
    TAILQ_REMOVE(&s->all, c, all);
    TAILQ_INSERT_TAIL(&s->dead, c, all);
    if (atomic_fetch_sub(&s->n, 1) == 1) event_del(s->tick);
    event_active(s->settle_due, EV_TIMEOUT, 1);
}

/* The client gets time to read the answer: closing with unread input would send a reset that destroys it. */
static void linger(struct connection *c) {
    socket_end_writing(c);
    buf_free(&c->in);
    c->phase = PHASE_LINGER;
    c->since = server_now();
}

static void finish_exchange(struct connection *c) {
    bool keep = !c->x.close && c->x.body.ended && !c->server->draining;

    tell_gone(c, false);
    if (!keep) {
        linger(c);
        return;
    }
    c->x = (struct server_exchange){0};
    c->phase = c->in.len ? PHASE_HEAD : PHASE_IDLE;
    c->fresh = c->in.len > 0;
    c->since = server_now();
}

/* ---- consequences ---- */

void connection_refuse(struct connection *c, int status, const char *reason) {
    if (c->refusal || c->phase == PHASE_CLOSED || c->phase == PHASE_LINGER) return;
    c->refusal = status;
    c->reason = reason;
}

static void refuse_now(struct connection *c) {
    tell_gone(c, true);
    if (c->phase != PHASE_EXCHANGE) c->x = (struct server_exchange){0};
    c->phase = PHASE_EXCHANGE;
    connection_answer_refusal(c);
}

/* true: the handler was told to write on, so there may be more to flush. */
static bool tell_drained(struct connection *c) {
    struct server_exchange *x = &c->x;

    if (!x->blocked || !x->live || connection_backlog(c) > c->server->o.write_low) return false;
    x->blocked = false;
    c->server->h.drained(x->owner);
    return true;
}

/* Goes on in the next turn of the loop: the socket is writable, so the event fires at once, but behind the others. */
static void yield(struct connection *c) {
    if (c->writing) return;
    c->writing = true;
    event_add(&c->writable, NULL);
}

static void flush_and_refill(struct connection *c) {
    int rounds = 0;

    do {
        connection_flush(c);
    } while (!c->broken && ++rounds < DRAIN_ROUNDS && tell_drained(c));
    if (rounds == DRAIN_ROUNDS && c->x.blocked) yield(c);
}

static bool is_finished(const struct connection *c) {
    return c->phase == PHASE_EXCHANGE && c->x.answer == ANSWER_ENDED && connection_backlog(c) == 0;
}

/* Reading stops only when a client pipelines more than a head's worth. */
static void switch_reading(struct connection *c) {
    bool waits = c->phase == PHASE_EXCHANGE && !connection_takes_body(c);
    bool stop = c->fresh || (waits && c->in.len >= c->server->o.header_max);

    if (stop == c->paused) return;
    c->paused = stop;
    if (stop) {
        event_del(&c->readable);
        return;
    }
    event_add(&c->readable, NULL);
    if (socket_holds_input(c)) event_active(&c->readable, EV_READ, 1);
}

void connection_settle(struct connection *c) {
    struct connection *outer = c->server->current;
    int exchanges = 0;

    c->server->current = c;
    while (c->phase != PHASE_CLOSED) {
        if (c->fresh && !c->broken) {
            c->fresh = false;
            connection_process(c);
        }
        if (c->refusal && !c->broken) refuse_now(c);
        if (!c->broken) flush_and_refill(c);
        if (c->broken) {
            close_connection(c);
            break;
        }
        if (is_finished(c)) finish_exchange(c);
        if (!c->fresh && !c->refusal) break;
        if (!c->refusal && ++exchanges == EXCHANGES_PER_TURN) {
            yield(c);
            break;
        }
    }
    if (c->phase != PHASE_CLOSED) switch_reading(c);
    c->server->current = outer;
}

void connection_set_due(struct connection *c) {
    struct server *s = c->server;

    if (c->is_due || s->current == c || c->phase == PHASE_CLOSED) return;
    c->is_due = true;
    TAILQ_INSERT_TAIL(&s->due, c, due);
    event_active(s->settle_due, EV_TIMEOUT, 1); /* runs in this turn of the loop */
}

/* ---- events ---- */

static void free_dead(struct server *s) {
    struct connection *c;

    while ((c = TAILQ_FIRST(&s->dead))) {
        TAILQ_REMOVE(&s->dead, c, all);
        if (c->is_due) TAILQ_REMOVE(&s->due, c, due);
        explicit_bzero(c, sizeof *c);
        free(c);
    }
}

static void on_settle_due(evutil_socket_t fd, short what, void *arg) {
    struct server *s = arg;
    struct connection *c;

    (void)fd;
    (void)what;
    while ((c = TAILQ_FIRST(&s->due))) {
        TAILQ_REMOVE(&s->due, c, due);
        c->is_due = false;
        connection_settle(c);
    }
    free_dead(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
    struct connection *c = arg;

    (void)fd;
    (void)what;
    c->server->current = c;
    connection_read(c);
    c->server->current = NULL;
    connection_settle(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg) {
    struct connection *c = arg;

    (void)fd;
    (void)what;
    c->writing = false;
    if (c->ssl) { /* TLS may have waited for this in order to read */
        on_readable(fd, what, arg);
        return;
    }
    connection_settle(c);
}

/* ---- timeouts ---- */

static bool is_over(int64_t now, int64_t since, unsigned ms) {
    return now - since >= (int64_t)ms;
}

/* The rate is asked of each window of the grace time, so that a fast start buys no eternal rest. */
static void check_body_rate(struct connection *c, int64_t now) {
    const struct server_options *o = &c->server->o;
    uint64_t wanted = (uint64_t)o->body_min_rate * o->body_grace_ms / 1000;

    if (!is_over(now, c->since, o->body_grace_ms)) return;
    if (c->x.body.total - c->window_total < (wanted ? wanted : 1)) {
        connection_refuse(c, 408, "the body came too slowly");
        return;
    }
    c->since = now;
    c->window_total = c->x.body.total;
}

static void check_head(struct connection *c, int64_t now) {
    if (!is_over(now, c->since, c->server->o.header_timeout_ms)) return;
    if (c->phase == PHASE_HEAD && c->in.len)
        connection_refuse(c, 408, "the headers came too slowly");
    else
        c->broken = true;
}

void connection_sweep(struct connection *c, int64_t now) {
    const struct server_options *o = &c->server->o;

    switch (c->phase) {
    case PHASE_CLOSED: return;
    case PHASE_HANDSHAKE:
    case PHASE_HEAD: check_head(c, now); break;
    case PHASE_IDLE: c->broken = is_over(now, c->since, o->idle_timeout_ms); break;
    case PHASE_LINGER: c->broken = is_over(now, c->since, LINGER_MS); break;
    case PHASE_EXCHANGE:
        if (connection_backlog(c))
            c->broken = is_over(now, c->progress, o->write_timeout_ms);
        else if (connection_takes_body(c))
            check_body_rate(c, now);
        break;
    }
    if (c->broken || c->refusal) connection_settle(c);
}

static void on_tick(evutil_socket_t fd, short what, void *arg) {
    struct server *s = arg;
    int64_t now = server_now();
    struct connection *c, *next;

    (void)fd;
    (void)what;
    for (c = TAILQ_FIRST(&s->all); c; c = next) {
        next = TAILQ_NEXT(c, all);
        connection_sweep(c, now);
    }
}

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static struct timeval tick_length(const struct server_options *o) {
    unsigned least = smaller(smaller(o->header_timeout_ms, o->idle_timeout_ms),
                             smaller(o->body_grace_ms, o->write_timeout_ms));
    unsigned ms = smaller(least / 8 < 10 ? 10 : least / 8, 1000);

    return (struct timeval){ms / 1000, (int)(ms % 1000) * 1000};
}

/* ---- the server ---- */

static unsigned or_default(unsigned value, unsigned fallback) {
    return value ? value : fallback;
}

static void set_options(struct server *s, const struct server_options *o) {
    s->o = *o;
    if (s->o.header_max == 0) s->o.header_max = 16384;
    if (s->o.write_high == 0) s->o.write_high = 262144;
    if (s->o.write_low == 0 || s->o.write_low >= s->o.write_high) s->o.write_low = s->o.write_high / 4;
    s->o.connections_max = or_default(o->connections_max, 4096);
    s->o.header_timeout_ms = or_default(o->header_timeout_ms, 10000);
    s->o.idle_timeout_ms = or_default(o->idle_timeout_ms, 60000);
    s->o.body_grace_ms = or_default(o->body_grace_ms, 10000);
    s->o.body_min_rate = or_default(o->body_min_rate, 1024);
    s->o.write_timeout_ms = or_default(o->write_timeout_ms, 60000);
    s->tls = tls_context_ref(o->tls);
}

struct server *server_new(struct event_base *base, const struct server_options *o, const struct server_handler *h) {
    struct server *s = calloc(1, sizeof *s);

    if (!s) return NULL;
    s->base = base;
    s->h = *h;
    set_options(s, o);
    TAILQ_INIT(&s->all);
    TAILQ_INIT(&s->due);
    TAILQ_INIT(&s->dead);
    atomic_init(&s->n, 0);
    s->tick = event_new(base, -1, EV_PERSIST, on_tick, s);
    s->settle_due = event_new(base, -1, 0, on_settle_due, s);
    if (s->tick && s->settle_due) return s;
    server_free(s);
    return NULL;
}

static void name_peer(struct connection *c) {
    struct sockaddr_storage a;
    socklen_t len = sizeof a;

    if (getpeername(c->fd, (struct sockaddr *)&a, &len) < 0) return;
    if (a.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, c->peer, sizeof c->peer);
    if (a.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, c->peer, sizeof c->peer);
}

/* A client that vanishes without a word (power, Wi-Fi) is found by keep-alive probes while its exchange waits. */
static void tune_socket(int fd) {
    int on = 1, idle = 60;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
}

static struct connection *take_up(struct server *s, int fd) {
    struct connection *c = calloc(1, sizeof *c);

    if (!c) return NULL;
    c->server = s;
    c->fd = fd;
    c->phase = s->tls ? PHASE_HANDSHAKE : PHASE_HEAD;
    c->since = server_now();
    buf_init(&c->in, s->o.header_max + SCRATCH_SIZE);
    buf_init(&c->out, BACKLOG_MAX);
    if (s->tls) c->ssl = tls_accept_new(s->tls, fd);
    if (s->tls && !c->ssl) {
        free(c);
        return NULL;
    }
    event_assign(&c->readable, s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->writable, s->base, fd, EV_WRITE, on_writable, c);
    TAILQ_INSERT_TAIL(&s->all, c, all);
    return c;
}

void server_adopt(struct server *s, int fd) {
    unsigned n = atomic_load(&s->n);
    bool full = n >= s->o.connections_max || s->draining;
    struct timeval tick = tick_length(&s->o);

    tune_socket(fd);
    struct connection *c = full && (s->tls || n >= s->o.connections_max + REFUSED_EXTRA) ? NULL : take_up(s, fd);
    if (!c) {
        close(fd);
        return;
    }
    if (atomic_fetch_add(&s->n, 1) == 0) event_add(s->tick, &tick);
    name_peer(c);
    if (event_add(&c->readable, NULL) < 0) c->broken = true;
    if (full) connection_refuse(c, 503, "the gateway serves as many connections as it may, try again shortly");
    if (c->broken || c->refusal) connection_settle(c);
}

static bool is_idle(const struct connection *c) {
    return c->phase == PHASE_IDLE || ((c->phase == PHASE_HEAD || c->phase == PHASE_HANDSHAKE) && c->in.len == 0);
}

void server_drain(struct server *s) {
    struct connection *c, *next;

    s->draining = true;
    for (c = TAILQ_FIRST(&s->all); c; c = next) {
        next = TAILQ_NEXT(c, all);
        if (!is_idle(c)) continue;
        c->broken = true;
        connection_set_due(c);
    }
}

unsigned server_connections(const struct server *s) {
    return atomic_load(&((struct server *)s)->n);
}

void server_set_tls(struct server *s, struct tls_context *c) {
    struct tls_context *old = s->tls;

    s->tls = tls_context_ref(c);
    tls_context_unref(old);
}

void server_free(struct server *s) {
    struct connection *c;

    if (!s) return;
    while ((c = TAILQ_FIRST(&s->all)))
        close_connection(c);
    free_dead(s);
    if (s->tick) event_free(s->tick);
    if (s->settle_due) event_free(s->settle_due);
    tls_context_unref(s->tls);
    explicit_bzero(s, sizeof *s);
    free(s);
}

const char *server_peer(const struct server_exchange *x) {
    return connection_of((struct server_exchange *)x)->peer;
}

const char *server_fingerprint(const struct server_exchange *x) {
    return connection_of((struct server_exchange *)x)->fingerprint;
}
