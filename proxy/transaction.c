/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps and the table that orders them. Each step handles its refusals first and keeps the happy path at the left
 * margin; nothing here knows how bytes travel.
 */
#include "transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access.h"
#include "arena.h"
#include "audit.h"
#include "transaction_state.h"

#define WORK_PER_BYTE 48 /* arena bytes that one byte of a body may cost */
#define WORK_BASE (1024u * 1024)
#define KEEP_MAX (64u * 1024 * 1024)
#define ANSWER_MAX (64u * 1024 * 1024)
#define PURPOSE_MAX 64

enum flow { FLOW_NEXT, FLOW_WAIT, FLOW_REFUSE };

uint64_t transaction_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int today(void) {
    return (int)(time(NULL) / 86400);
}

static enum flow refuse(struct transaction *t, enum refusal r) {
    t->refused = true;
    t->refusal = r;
    if (!t->permitted) t->verdict = VERDICT_BLOCK;
    return FLOW_REFUSE;
}

static enum flow refuse_because(struct transaction *t, enum refusal r, const char *reason) {
    t->refusal_reason = reason;
    return refuse(t, r);
}

static enum flow refuse_at(struct transaction *t, enum refusal r, const char *reason, uint32_t path) {
    walk_path(&t->walk, path, &t->refusal_param);
    return refuse_because(t, r, reason);
}

static void stage_done(struct transaction *t, enum metrics_stage s) {
    uint64_t now = transaction_now_us();
    metrics_time(t->world->metrics, s, now - t->mark_us);
    t->mark_us = now;
}

/* ---- ACCESS: everything that the head decides ---- */

static struct span client_key(const struct http1_head *h) {
    struct span value = http1_field(h, "authorization");

    if (value.len > 7 && span_is_nocase(span_sub(value, 0, 7), "bearer ")) return span_trim(span_sub(value, 7, value.len));
    value = http1_field(h, "x-api-key");
    return value.len ? value : http1_field(h, "api-key");
}

/* application/json, at most with charset=utf-8 (RFC 8259 section 8.1). */
static bool is_json(struct span type) {
    size_t semicolon = span_find(type, ';', 0);
    struct span parameter = span_trim(span_sub(type, semicolon + 1, type.len));

    if (!span_is_nocase(span_trim(span_sub(type, 0, semicolon)), "application/json")) return false;
    return parameter.len == 0 || span_is_nocase(parameter, "charset=utf-8") ||
           span_is_nocase(parameter, "charset=\"utf-8\"");
}

static enum flow check_framing(struct transaction *t, const struct http1_head *h) {
    size_t codings = http1_field_count(h, "content-encoding");

    t->coding = codings ? inflate_coding_of(http1_field(h, "content-encoding")) : INFLATE_IDENTITY;
    if (codings > 1 || t->coding == INFLATE_UNKNOWN) return refuse(t, REFUSAL_CONTENT_ENCODING);
    if (!t->get && (http1_field_count(h, "content-type") != 1 || !is_json(http1_field(h, "content-type"))))
        return refuse(t, REFUSAL_CONTENT_TYPE);
    return FLOW_NEXT;
}

static enum flow read_purpose(struct transaction *t, const struct http1_head *h) {
    struct span purpose = http1_field(h, "x-phi-purpose");

    if (purpose.len == 0 && http1_field_count(h, "x-phi-purpose") == 0) return FLOW_NEXT;
    if (purpose.len == 0 || purpose.len > PURPOSE_MAX || http1_field_count(h, "x-phi-purpose") > 1)
        return refuse(t, REFUSAL_PURPOSE_UNKNOWN);
    t->purpose_asked = arena_copy(t->keep, purpose);
    return t->purpose_asked ? FLOW_NEXT : refuse(t, REFUSAL_OVERLOADED);
}

static enum flow read_head(struct transaction *t, const struct http1_head *h, const char *fingerprint) {
    struct span method = h->method == HTTP1_GET ? span_of("GET") : h->method == HTTP1_POST ? span_of("POST") : span_of("-");
    unsigned retry_after;
    enum flow flow;

    t->dialect = shape_dialect_of(h->path);
    t->endpoint = shape_endpoint_find(method, h->path);
    t->get = h->method == HTTP1_GET;
    t->principal = access_find(t->settings->access, client_key(h), span_of(fingerprint));
    if (!t->principal) return refuse(t, REFUSAL_UNKNOWN_CLIENT);
    if (t->endpoint == SHAPE_NONE || h->query.len) return refuse(t, REFUSAL_UNKNOWN_ENDPOINT);
    if ((flow = check_framing(t, h)) != FLOW_NEXT) return flow;
    if ((flow = read_purpose(t, h)) != FLOW_NEXT) return flow;
    if (t->world->live > t->settings->concurrent_max) return refuse(t, REFUSAL_OVERLOADED);
    t->entered = principal_enter(t->principal, (uint64_t)time(NULL), &retry_after);
    return t->entered ? FLOW_NEXT : refuse(t, REFUSAL_RATE_LIMITED);
}

static uint64_t body_max(const struct transaction *t) {
    uint64_t own = t->principal->body_max;
    return own && own < t->settings->body_max ? own : t->settings->body_max;
}

static enum flow step_access(struct transaction *t) {
    if (t->refused) return FLOW_REFUSE;
    t->in.ceiling = body_max(t);
    t->world->verbs->accept_body(t->client, t->in.ceiling);
    return FLOW_NEXT;
}

/* ---- READ ---- */

/* A compressed body is read, and forwarded, as what it stands for. */
static enum flow undo_coding(struct transaction *t) {
    struct buf plain;
    enum inflate_result result;

    if (t->coding == INFLATE_IDENTITY) return FLOW_NEXT;
    buf_init(&plain, t->in.ceiling);
    result = inflate_whole(t->coding, buf_span(&t->in), t->in.ceiling, &plain);
    buf_free(&t->in);
    t->in = plain;
    switch (result) {
    case INFLATE_OK: return FLOW_NEXT;
    case INFLATE_BROKEN: return refuse(t, REFUSAL_BROKEN_CODING);
    case INFLATE_TOO_LARGE: return refuse_because(t, REFUSAL_TOO_LARGE, "decompressed");
    case INFLATE_MEMORY: return refuse(t, REFUSAL_OVERLOADED);
    }
    return refuse(t, REFUSAL_INTERNAL);
}

static enum flow step_read(struct transaction *t) {
    enum flow flow;

    if (t->in.failed) return refuse(t, REFUSAL_TOO_LARGE);
    if (!t->complete) return FLOW_WAIT;
    if ((flow = undo_coding(t)) != FLOW_NEXT) return flow;
    t->bytes_in = t->in.len;
    stage_done(t, METRICS_READ);
    return FLOW_NEXT;
}

/* ---- WALK: structure, route, agreement, purpose ---- */

static enum flow choose_purpose(struct transaction *t) {
    const char *name = t->purpose_asked ? t->purpose_asked : t->principal->default_purpose;

    t->purpose = 0;
    t->purpose_source = "none";
    if (!name) return FLOW_NEXT;
    t->purpose = policy_purpose(t->policy, name, strlen(name));
    t->purpose_source = t->purpose_asked ? "header" : "key";
    if (t->purpose_asked && !principal_may_claim(t->principal, span_of(name))) return refuse(t, REFUSAL_PURPOSE_NOT_ALLOWED);
    if (t->purpose >= 0) return FLOW_NEXT;
    t->purpose = 0;
    if (t->purpose_asked) return refuse(t, REFUSAL_PURPOSE_UNKNOWN);
    t->purpose_source = "none"; /* the key's default is not a word of this route's policy: the strictest column */
    return FLOW_NEXT;
}

static const char *unreadable_reason(uint32_t bits) {
    static const struct {
        uint32_t bit;
        const char *reason;
    } reasons[] = {{WALK_IMAGE, "image"},        {WALK_AUDIO, "audio"},
                   {WALK_SPOKEN, "spoken_answer"}, {WALK_FILE, "file"},
                   {WALK_REMOTE, "remote_url"},  {WALK_STATE, "stored_object"},
                   {WALK_HOSTED_TOOL, "hosted_tool"}, {WALK_TOKEN_IDS, "token_ids"},
                   {WALK_UNKNOWN_PART, "unknown_part"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (bits & reasons[i].bit) return reasons[i].reason;
    return "unknown_part";
}

static enum flow choose_route(struct transaction *t) {
    const char *uncovered;

    if (t->walk.model.len == 0 && shape_default_model(t->endpoint)) t->walk.model = span_of(shape_default_model(t->endpoint));
    if (t->walk.model.len == 0) return refuse(t, REFUSAL_MODEL_MISSING);
    if (!principal_may_use(t->principal, t->walk.model)) return refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
    t->route = settings_route(t->settings, t->walk.model);
    if (!t->route) return refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
    t->policy = t->route->policy;
    uncovered = settings_uncovered(t->route->upstream, t->endpoint, t->walk.model, today());
    return uncovered ? refuse_because(t, REFUSAL_NO_AGREEMENT, uncovered) : FLOW_NEXT;
}

/* The list of models holds no text of a caller. It is that of the first route whose models are a pattern: what the other
 * routes name is known to whoever wrote them. */
static enum flow route_models(struct transaction *t) {
    const struct settings *s = t->settings;

    if (s->n_routes == 0) return refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
    t->route = &s->routes[0];
    for (size_t i = s->n_routes; i-- > 0;)
        if (strchr(s->routes[i].models[0], '*')) t->route = &s->routes[i];
    t->policy = t->route->policy;
    t->verdict = VERDICT_FORWARD;
    return FLOW_NEXT;
}

static enum flow step_walk(struct transaction *t) {
    struct span body = buf_span(&t->in);
    enum flow flow;

    if (t->endpoint == SHAPE_MODELS) return route_models(t);
    t->work = arena_new((size_t)body.len * WORK_PER_BYTE + WORK_BASE);
    if (!t->work) return refuse(t, REFUSAL_OVERLOADED);
    if (walk_body(t->work, t->endpoint, body, t->settings->depth_max, &t->walk) < 0)
        return refuse_at(t, REFUSAL_INVALID_JSON, t->walk.error_code, t->walk.error_path);
    if ((flow = choose_route(t)) != FLOW_NEXT) return flow;
    if ((flow = choose_purpose(t)) != FLOW_NEXT) return flow;
    if (t->walk.unreadable && policy_unscannable(t->policy) == POLICY_UNSCANNABLE_BLOCK)
        return refuse_at(t, REFUSAL_UNSCANNABLE, unreadable_reason(t->walk.unreadable), t->walk.unreadable_path);
    force_plan(&t->walk, body, t->route->upstream->may_store, &t->force);
    t->walk.forced = t->force.edits;
    t->walk.n_forced = t->force.n;
    if (t->walk.store && !t->force.n && !t->route->upstream->may_store) return refuse_because(t, REFUSAL_FEATURE, "store");
    stage_done(t, METRICS_WALK);
    return FLOW_NEXT;
}

/* ---- DETECT ---- */

static enum flow step_detect(struct transaction *t) {
    struct phi_leaf *leaves;

    if (t->endpoint == SHAPE_MODELS) return FLOW_NEXT;
    leaves = arena_array(t->work, t->walk.n ? t->walk.n : 1, sizeof *leaves);
    if (!leaves) return refuse(t, REFUSAL_OVERLOADED);
    for (size_t i = 0; i < t->walk.n; i++) {
        const struct walk_leaf *w = &t->walk.v[i];
        bool searched = !w->container && !w->parameter; /* a container's inside stands in the list itself */
        leaves[i] = (struct phi_leaf){.text = w->text.ptr ? w->text.ptr : "",
                                      .len = searched ? (uint32_t)w->text.len : 0,
                                      .label = w->label.ptr,
                                      .label_len = w->what == WALK_KEY ? 0 : (uint32_t)w->label.len,
                                      .group = w->group};
    }
    if (phi_scan(policy_engine(t->policy), t->world->scratch, leaves, t->walk.n, &t->found) < 0) {
        metrics_add(&t->world->metrics->detector_errors, 1);
        return refuse(t, REFUSAL_DETECTOR);
    }
    stage_done(t, METRICS_DETECT);
    return FLOW_NEXT;
}

/* ---- TRANSFORM ---- */

static void count_findings(struct transaction *t) {
    for (size_t i = 0; i < t->transform.n_rows; i++) {
        const struct transform_row *r = &t->transform.rows[i];
        metrics_add(&t->world->metrics->findings[r->kind][r->action], r->count);
    }
}

static enum flow step_transform(struct transaction *t) {
    if (t->endpoint == SHAPE_MODELS) return FLOW_NEXT;
    t->tokens = tokens_new(t->keep);
    if (!t->tokens) return refuse(t, REFUSAL_OVERLOADED);
    t->out.ceiling = t->in.len * 4 + WORK_BASE;
    if (transform_body(t->work, &t->walk, buf_span(&t->in), &t->found, t->policy, t->purpose, t->tokens, &t->out,
                       &t->transform) < 0)
        return refuse(t, REFUSAL_DETECTOR);
    count_findings(t);
    if (t->transform.blocked) {
        t->refusal_kind = phi_kind_name(t->transform.block_kind);
        return refuse_at(t, REFUSAL_PHI_BLOCKED, t->transform.block_reason, t->transform.block_path);
    }
    t->verdict = t->transform.edits ? VERDICT_EDIT : VERDICT_FORWARD;
    stage_done(t, METRICS_TRANSFORM);
    return FLOW_NEXT;
}

/* ---- AUDIT: durable, or no service ---- */

/* What was needed to decide is not needed to relay; an open stream should cost little memory. */
static void let_go_of_work(struct transaction *t) {
    arena_free(t->work);
    t->work = NULL;
    t->walk.v = NULL;
    t->walk.n = 0;
    t->walk.paths = NULL;
    t->walk.model = span_make(NULL, 0);
    t->found.n = 0;
    t->transform.rows = NULL;
    t->transform.n_rows = 0;
    buf_free(&t->in);
}

static int submit_record(struct transaction *t) {
    struct audit_record *r = transaction_decision_record(t);

    if (!r || t->world->verbs->record(t->world->ctx, t, r) < 0) {
        t->record_failed = true;
        return -1;
    }
    t->recording = true;
    return 0;
}

static enum flow step_audit(struct transaction *t) {
    if (t->record_failed) return refuse(t, REFUSAL_AUDIT);
    if (t->durable) {
        t->permitted = true;
        stage_done(t, METRICS_AUDIT);
        let_go_of_work(t);
        return FLOW_NEXT;
    }
    if (!t->recording && submit_record(t) < 0) return refuse(t, REFUSAL_AUDIT);
    return FLOW_WAIT;
}

/* ---- SEND ---- */

static enum flow step_send(struct transaction *t) {
    const struct settings_upstream *u = t->route->upstream;
    struct transaction_call call = {.target = u->target,
                                    .method = t->get ? "GET" : "POST",
                                    .path = shape_upstream_path(t->endpoint),
                                    .body = buf_span(&t->out),
                                    .stream = t->walk.stream,
                                    .pool = t->principal->number};

    if (!t->client) return refuse(t, REFUSAL_UPSTREAM); /* the client left while the record was written */
    t->relay = relay_new(t->endpoint, t->tokens, t->walk.json_mode, t->settings->event_max, ANSWER_MAX);
    if (!t->relay) return refuse(t, REFUSAL_OVERLOADED);
    t->sent_us = transaction_now_us();
    t->call = t->world->verbs->send(t->world->ctx, t, &call);
    if (!t->call) return refuse(t, REFUSAL_UPSTREAM);
    t->bytes_out = t->out.len;
    metrics_add(t->verdict == VERDICT_EDIT ? &t->world->metrics->edited : &t->world->metrics->forwarded, 1);
    return FLOW_NEXT;
}

/* ---- RELAY: runs in the upstream callbacks; done when the upstream has ended ---- */

static enum flow upstream_failed(struct transaction *t) {
    metrics_add(&t->world->metrics->upstream_errors, 1);
    return refuse(t, t->upstream_end == TRANSACTION_TIMEOUT ? REFUSAL_UPSTREAM_TIMEOUT : REFUSAL_UPSTREAM);
}

static void end_stream(struct transaction *t) {
    struct buf rest;

    buf_init(&rest, ANSWER_MAX);
    t->relay_end = relay_end(t->relay, t->upstream_end == TRANSACTION_OK, t->request_id, &rest);
    if (t->client && rest.len) t->world->verbs->write(t->client, buf_span(&rest));
    if (t->relay_end != RELAY_COMPLETE) metrics_add(&t->world->metrics->streams_cut, 1);
    /* A stream that was cut has said so in an error event, the upstream's or ours. Without one its framing must not end in
     * order either. */
    bool silent = rest.failed || (t->relay_end == RELAY_BAD && rest.len == 0);
    if (t->client && silent) t->world->verbs->abort(t->client);
    if (t->client && !silent) t->world->verbs->end(t->client);
    t->answered = t->client != NULL;
    buf_free(&rest);
}

static enum flow end_whole(struct transaction *t) {
    if (t->upstream_end != TRANSACTION_OK) return upstream_failed(t);
    t->relay_end = relay_end(t->relay, true, t->request_id, &t->reply);
    if (t->relay_end != RELAY_COMPLETE || t->reply.failed) return upstream_failed(t);
    if (t->status == 401 || t->status == 403) /* our credential was refused, not the client's */
        return refuse_because(t, REFUSAL_UPSTREAM, "upstream_refused_credential");
    transaction_answer_whole(t);
    return FLOW_NEXT;
}

static enum flow step_relay(struct transaction *t) {
    if (!t->upstream_ended) return FLOW_WAIT;
    if (!t->streaming) return t->client ? end_whole(t) : FLOW_NEXT;
    end_stream(t);
    return FLOW_NEXT;
}

/* ---- OUTCOME ---- */

static void write_outcome(struct transaction *t) {
    struct audit_record *r;

    if (t->outcome_written) return;
    t->outcome_written = true;
    r = transaction_outcome_record(t);
    if (r) t->world->verbs->record_aside(t->world->ctx, r);
}

static void count_restored(struct transaction *t) {
    const struct relay_result *r = t->relay ? relay_result(t->relay) : NULL;

    if (!r) return;
    metrics_add(&t->world->metrics->restored, r->counts.restored);
    metrics_add(&t->world->metrics->unrestored, r->counts.unknown);
    metrics_add(&t->world->metrics->in_link, r->counts.in_link);
}

static enum flow step_outcome(struct transaction *t) {
    write_outcome(t);
    count_restored(t);
    metrics_time(t->world->metrics, METRICS_TOTAL, transaction_now_us() - t->started_us);
    return FLOW_NEXT;
}

/* ---- RECORD and REPLY: the way of a refusal ---- */

static enum flow step_record(struct transaction *t) {
    if (t->permitted) { /* decided to forward, then it failed: that is an outcome */
        write_outcome(t);
        count_restored(t);
        return FLOW_NEXT;
    }
    if (t->durable || t->record_failed) return FLOW_NEXT;
    if (!t->recording && submit_record(t) < 0) return FLOW_NEXT;
    return FLOW_WAIT;
}

static enum flow step_reply(struct transaction *t) {
    if (t->record_failed) t->refusal = REFUSAL_AUDIT;
    metrics_add(t->refusal == REFUSAL_PHI_BLOCKED ? &t->world->metrics->blocked : &t->world->metrics->refused, 1);
    metrics_time(t->world->metrics, METRICS_TOTAL, transaction_now_us() - t->started_us);
    if (t->client) transaction_reply_refusal(t);
    return FLOW_NEXT;
}

static enum flow step_end(struct transaction *t) {
    (void)t;
    return FLOW_WAIT;
}

/* ---- the table ---- */

static const struct step {
    const char *name;
    enum flow (*run)(struct transaction *t);
    enum transaction_step next;
} steps[STEPS] = {
    [STEP_ACCESS] = {"access", step_access, STEP_READ},
    [STEP_READ] = {"read", step_read, STEP_WALK},
    [STEP_WALK] = {"walk", step_walk, STEP_DETECT},
    [STEP_DETECT] = {"detect", step_detect, STEP_TRANSFORM},
    [STEP_TRANSFORM] = {"transform", step_transform, STEP_AUDIT},
    [STEP_AUDIT] = {"audit", step_audit, STEP_SEND},
    [STEP_SEND] = {"send", step_send, STEP_RELAY},
    [STEP_RELAY] = {"relay", step_relay, STEP_OUTCOME},
    [STEP_OUTCOME] = {"outcome", step_outcome, STEP_END},
    [STEP_RECORD] = {"record", step_record, STEP_REPLY},
    [STEP_REPLY] = {"reply", step_reply, STEP_END},
    [STEP_END] = {"end", step_end, STEP_END},
};

static void run(struct transaction *t) {
    t->inside++;
    for (;;) {
        enum flow flow = steps[t->step].run(t);
        if (flow == FLOW_WAIT) break;
        t->step = flow == FLOW_NEXT ? steps[t->step].next : STEP_RECORD;
    }
    t->inside--;
}

/* ---- what the owner tells ---- */

static void make_id(struct transaction *t) {
    int n = snprintf(t->id, sizeof t->id, "%s%08llx", t->world->id_prefix, (unsigned long long)t->world->id_next++);
    t->request_id = span_make(t->id, (size_t)n < sizeof t->id ? (size_t)n : sizeof t->id - 1);
}

struct transaction *transaction_new(struct transaction_world *w, void *client, const char *peer,
                                    const char *fingerprint, const struct http1_head *head) {
    struct transaction *t = calloc(1, sizeof *t);

    if (!t) return NULL;
    t->keep = arena_new(KEEP_MAX);
    if (!t->keep) {
        free(t);
        return NULL;
    }
    t->world = w;
    t->client = client;
    t->settings = settings_ref(w->settings);
    t->started_us = t->mark_us = transaction_now_us();
    t->purpose_source = "none";
    buf_init(&t->in, 0);
    buf_init(&t->out, 0);
    buf_init(&t->reply, ANSWER_MAX);
    buf_init(&t->refusal_param, 1024);
    snprintf(t->peer, sizeof t->peer, "%s", peer);
    make_id(t);
    w->live++;
    metrics_add(&w->metrics->requests, 1);
    read_head(t, head, fingerprint);
    run(t);
    return t;
}

int transaction_body(struct transaction *t, struct span bytes) {
    if (t->refused) return -1;
    buf_add(&t->in, bytes);
    if (!t->in.failed) return 0;
    run(t);
    return -1;
}

void transaction_complete(struct transaction *t) {
    if (t->refused) return;
    t->complete = true;
    run(t);
}

void transaction_recorded(struct transaction *t, bool durable) {
    t->recording = false;
    t->durable = durable;
    t->record_failed = !durable;
    run(t);
}

int transaction_upstream_head(struct transaction *t, int status, struct span content_type,
                              const struct transaction_header *h, size_t n) {
    t->first_us = transaction_now_us();
    metrics_time(t->world->metrics, METRICS_FIRST, t->first_us - t->sent_us);
    t->status = status;
    for (size_t i = 0; i < n && t->n_headers < TRANSACTION_HEADERS_MAX; i++) {
        char *name = arena_copy(t->keep, span_of(h[i].name)), *value = arena_copy(t->keep, h[i].value);
        if (!name || !value) return -1;
        t->headers[t->n_headers++] = (struct transaction_header){name, span_make(value, h[i].value.len)};
    }
    t->streaming = relay_begin(t->relay, status, content_type);
    if (t->streaming && t->client) transaction_answer_begin(t);
    return 0;
}

int transaction_upstream_data(struct transaction *t, struct span bytes) {
    struct buf out;
    bool room = true;
    int rc;

    if (!t->client) return -1;
    if (!t->streaming) return relay_push(t->relay, bytes, &t->reply);
    t->inside++;
    buf_init(&out, ANSWER_MAX);
    rc = relay_push(t->relay, bytes, &out);
    if (!out.failed && out.len && t->client) room = t->world->verbs->write(t->client, buf_span(&out));
    if (out.failed) rc = -1;
    buf_free(&out);
    t->inside--;
    t->paused = rc == 0 && !room;
    return rc < 0 ? -1 : room ? 0 : 1;
}

void transaction_upstream_done(struct transaction *t, enum transaction_end end) {
    t->call = NULL;
    t->upstream_ended = true;
    t->upstream_end = end;
    run(t);
}

void transaction_drained(struct transaction *t) {
    if (!t->paused || !t->call) return;
    t->paused = false;
    t->world->verbs->resume(t->call);
}

void transaction_gone(struct transaction *t, bool aborted) {
    t->client = NULL;
    t->aborted = aborted;
    if (aborted) metrics_add(&t->world->metrics->status[0], 1);
    if (t->call) t->world->verbs->cancel(t->call); /* done follows */
    if (t->step == STEP_READ) {                    /* left while sending, or was told that it sends too much */
        refuse_because(t, REFUSAL_TOO_LARGE, "body_not_received");
        t->step = STEP_RECORD;
        run(t);
    }
}

bool transaction_dead(const struct transaction *t) {
    return t->inside == 0 && !t->client && !t->call && !t->recording;
}

void transaction_free(struct transaction *t) {
    if (t->permitted) write_outcome(t);
    if (t->entered) principal_leave(t->principal);
    t->world->live--;
    relay_free(t->relay);
    buf_free(&t->in);
    buf_free(&t->out);
    buf_free(&t->reply);
    buf_free(&t->refusal_param);
    arena_free(t->work);
    arena_free(t->keep);
    settings_unref(t->settings);
    free(t);
}
