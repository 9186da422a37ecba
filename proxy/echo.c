/* SPDX-License-Identifier: Apache-2.0
 *
 * The echo model as an upstream: its answers come from the event loop, piece by piece and no faster than they are
 * taken, so that a first run without any upstream goes the same way as every other.
 */
#include "upstream_internal.h"

#include <stdlib.h>

#include "echo_model.h"

#define PIECES_AT_ONCE 32
#define ANSWER_MAX ((size_t)1 << 30)

struct echo_call {
    struct upstream_call call; /* first */
    struct echo_model *model;
    struct buf piece;
    bool head_given, more;
};

static int give_head(struct echo_call *e) {
    struct upstream_head h = {.status = echo_model_status(e->model), .content_type = echo_model_type(e->model)};
    e->head_given = true;
    return e->call.handler->head(e->call.owner, &h);
}

/* 0: go on, 1: wait for resume, -1: over. */
static int give_piece(struct echo_call *e) {
    buf_clear(&e->piece);
    int more = echo_model_next(e->model, &e->piece);
    if (more < 0) {
        upstream_call_end(&e->call, UPSTREAM_BROKEN);
        return -1;
    }
    e->more = more > 0;
    int wish = e->call.handler->data(e->call.owner, buf_span(&e->piece));
    if (wish < 0) upstream_call_end(&e->call, UPSTREAM_CANCELLED);
    return e->call.ended ? -1 : wish;
}

static void wake(struct upstream_call *c) {
    static const struct timeval soon = {0, 0};
    struct echo_call *e = (struct echo_call *)c;
    int wish = 0;

    if (!e->head_given && give_head(e) < 0) upstream_call_end(c, UPSTREAM_CANCELLED);
    if (c->ended) return;
    for (int i = 0; i < PIECES_AT_ONCE && e->more && wish == 0; i++)
        wish = give_piece(e);
    if (wish < 0 || (wish > 0 && e->more)) return;
    if (e->more) { /* others first */
        event_add(&c->wake, &soon);
        return;
    }
    c->end = UPSTREAM_OK;
    upstream_call_done(c);
}

static void detach(struct upstream_call *c) {
    (void)c;
}

static void release(struct upstream_call *c) {
    struct echo_call *e = (struct echo_call *)c;
    echo_model_free(e->model);
    buf_free(&e->piece);
    free(e);
}

static int64_t deadline(const struct upstream_call *c, enum upstream_end *how) {
    (void)c, (void)how;
    return 0;
}

static const struct upstream_kind echo_kind = {detach, wake, release, NULL, deadline};

struct upstream_call *echo_start(struct upstreams *u, const struct upstream_request *r,
                                 const struct upstream_handler *h, void *owner) {
    struct echo_call *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->more = true;
    buf_init(&e->piece, ANSWER_MAX);
    e->model = echo_model_new(r->method, r->path, r->body);
    if (!e->model) {
        free(e);
        return NULL;
    }
    upstream_call_init(&e->call, u, &echo_kind);
    upstream_call_begin(&e->call, h, owner);
    event_active(&e->call.wake, EV_TIMEOUT, 0);
    return &e->call;
}
