/* SPDX-License-Identifier: Apache-2.0
 *
 *   timer --> GET path of the coverage file --> {"mode": "none"} --> the upstream's state, a record
 *
 * An answer that is none changes nothing: what was verified stays so until the vendor says otherwise, what was not is asked again in
 * a minute.
 */
#include "upstream_retention.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "audit_record.h"
#include "buf.h"
#include "json.h"
#include "log.h"
#include "settings.h"
#include "upstream.h"

#define ANSWER_MAX (64u * 1024)
#define AGAIN_S 60
#define DAY_S 86400

struct probe {
    struct retention *owner;
    struct settings *settings; /* held */
    const struct settings_upstream *upstream;
    struct coverage_retention wanted;
    struct buf body;
    int status;
};

struct retention {
    struct upstreams *upstreams;
    struct event *timer;
    struct settings *settings;
    retention_emit *emit;
    void *context;
};

static const char *const states[] = {[RETENTION_UNVERIFIED] = "unverified", [RETENTION_VERIFIED] = "verified",
                                     [RETENTION_MISMATCH] = "mismatch"};

/* ---- what the answer says ---- */

/* The string at "field" of the root, or at "a.b". -1: the answer has none. */
static int find_field(struct arena *a, struct span body, const char *field, struct span *value) {
    struct json_scanner *s = json_scanner_new(a, body, 16);
    struct json_token t;
    struct span want = span_of(field);
    uint32_t depth = 0;
    bool here = false;

    while (s && json_next(s, &t) == 0 && t.type != JSON_END) {
        size_t dot = span_find(want, '.', 0);
        if (t.type == JSON_KEY && t.depth == depth + 1 && span_equal(t.raw, span_sub(want, 0, dot))) {
            here = true;
            continue;
        }
        if (here && t.type == JSON_STRING && dot == want.len) {
            *value = t.raw;
            return 0;
        }
        if (here && t.type == JSON_OBJECT_BEGIN && dot < want.len) {
            want = span_sub(want, dot + 1, want.len);
            depth++;
        }
        here = false;
    }
    return -1;
}

static enum retention_state judge(const struct probe *p, enum upstream_end end) {
    enum retention_state state = RETENTION_UNVERIFIED;
    struct arena *a = arena_new(16u << 20);
    struct span value;

    if (a && end == UPSTREAM_OK && p->status == 200 && !p->body.failed &&
        find_field(a, buf_span(&p->body), p->wanted.field, &value) == 0)
        state = span_is(value, p->wanted.value) ? RETENTION_VERIFIED : RETENTION_MISMATCH;
    arena_free(a);
    return state;
}

static void record(const struct probe *p, enum retention_state was, enum retention_state is) {
    struct audit_record *r = audit_record_new("agreement_change");
    struct buf upstream;

    buf_init(&upstream, 1024);
    buf_add_c(&upstream, "{\"name\":\"");
    buf_add_json_escaped(&upstream, span_of(p->upstream->name));
    buf_add_c(&upstream, "\"}");
    if (r) {
        audit_add_text(r, "event", "retention");
        audit_add_json(r, "upstream", buf_span(&upstream));
        audit_add_text(r, "before", states[was]);
        audit_add_text(r, "after", states[is]);
    }
    buf_free(&upstream);
    p->owner->emit(p->owner->context, r);
}

/* ---- one question ---- */

static int on_head(void *owner, const struct upstream_head *h) {
    struct probe *p = owner;
    p->status = h->status;
    return 0;
}

static int on_data(void *owner, struct span bytes) {
    struct probe *p = owner;
    buf_add(&p->body, bytes);
    return p->body.failed ? -1 : 0;
}

static void probe_free(struct probe *p) {
    buf_free(&p->body);
    settings_unref(p->settings);
    free(p);
}

static void on_done(void *owner, enum upstream_end end) {
    struct probe *p = owner;
    enum retention_state is = judge(p, end), was = (enum retention_state)atomic_load(p->upstream->retention);

    if (is == RETENTION_UNVERIFIED) {
        if (end != UPSTREAM_CANCELLED)
            log_event(LOG_LEVEL_WARN, "retention.unknown", "upstream=%s state=%s", p->upstream->name, states[was]);
    } else {
        atomic_store(p->upstream->retention, (int)is);
        log_event(is == RETENTION_VERIFIED ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "retention.answered", "upstream=%s state=%s",
                  p->upstream->name, states[is]);
        record(p, was, is);
    }
    probe_free(p);
}

static void ask(struct retention *r, const struct settings_upstream *u) {
    static const struct upstream_handler handler = {on_head, on_data, on_done};
    struct probe *p = calloc(1, sizeof *p);

    if (!p) return;
    *p = (struct probe){.owner = r, .settings = settings_ref(r->settings), .upstream = u};
    buf_init(&p->body, ANSWER_MAX);
    bool can = coverage_retention(u->coverage, u->agreement.arrangement, &p->wanted);
    const struct upstream_request request = {.method = "GET", .path = p->wanted.path, .user_agent = "phigate"};
    if (!can || !upstream_start(r->upstreams, u->target, &request, &handler, p)) probe_free(p);
}

/* ---- the watch ---- */

static void plan(struct retention *r) {
    struct timeval next = {.tv_sec = DAY_S};

    for (size_t i = 0; i < r->settings->n_upstreams; i++) {
        const struct settings_upstream *u = &r->settings->upstreams[i];
        if (u->retention && atomic_load(u->retention) != RETENTION_VERIFIED) next.tv_sec = AGAIN_S;
    }
    event_add(r->timer, &next);
}

static void ask_all(struct retention *r) {
    for (size_t i = 0; r->settings && i < r->settings->n_upstreams; i++)
        if (r->settings->upstreams[i].retention) ask(r, &r->settings->upstreams[i]);
    if (r->settings) plan(r);
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    ask_all(arg);
}

struct retention *retention_new(struct event_base *base, retention_emit *emit, void *context) {
    struct retention *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->emit = emit;
    r->context = context;
    r->upstreams = upstreams_new(base);
    r->timer = event_new(base, -1, 0, on_timer, r);
    if (r->upstreams && r->timer) return r;
    retention_free(r);
    return NULL;
}

void retention_free(struct retention *r) {
    if (!r) return;
    if (r->upstreams) upstreams_free(r->upstreams);
    if (r->timer) event_free(r->timer);
    settings_unref(r->settings);
    free(r);
}

void retention_watch(struct retention *r, struct settings *s) {
    struct settings *old = r->settings;

    r->settings = settings_ref(s);
    settings_unref(old);
    ask_all(r);
}

static bool is_same(const struct settings_upstream *a, const struct settings_upstream *b) {
    return a->retention && b->retention && strcmp(a->name, b->name) == 0 && strcmp(a->target->url, b->target->url) == 0 &&
           strcmp(a->agreement.arrangement, b->agreement.arrangement) == 0;
}

void retention_keep(const struct settings *before, const struct settings *after) {
    for (size_t i = 0; i < after->n_upstreams; i++)
        for (size_t k = 0; k < before->n_upstreams; k++)
            if (is_same(&before->upstreams[k], &after->upstreams[i]))
                atomic_store(after->upstreams[i].retention, atomic_load(before->upstreams[k].retention));
}
