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

#define ANSWER_MAX (64u * 1024 * 1024)
#define PURPOSE_MAX 64
#define OFFLOAD_BYTES (64u * 1024) /* larger bodies are decided on a helper thread, so that no stream waits for them */

uint64_t transaction_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

enum flow transaction_refuse(struct transaction *t, enum refusal r) {
    t->refused = true;
    t->refusal = r;
    if (!t->permitted) t->verdict = VERDICT_BLOCK;
    return FLOW_REFUSE;
}

enum flow transaction_refuse_because(struct transaction *t, enum refusal r, const char *reason) {
    t->refusal_reason = reason;
    return transaction_refuse(t, r);
}

void transaction_stage_done(struct transaction *t, enum metrics_stage s) {
    uint64_t now = transaction_now_us();
    metrics_time(t->world->metrics, s, now - t->mark_us);
    t->mark_us = now;
}

/* ---- ACCESS: everything that the head decides ---- */

static struct span client_key(const struct http1_head *h) {
    struct span value = http1_field(h, "authorization");

    if (value.len > 7 && span_is_nocase(span_sub(value, 0, 7), "bearer ")) return span_trim(span_sub(value, 7, value.len));
    value = http1_field(h, "x-api-key");
    if (value.len == 0) value = http1_field(h, "api-key");
    return value.len ? value : http1_field(h, "x-goog-api-key");
}

/* application/json, at most with charset=utf-8 (RFC 8259 section 8.1). */
static bool is_json(struct span type) {
    size_t semicolon = span_find(type, ';', 0);
    struct span parameter = span_trim(span_sub(type, semicolon + 1, type.len));

    if (!span_is_nocase(span_trim(span_sub(type, 0, semicolon)), "application/json")) return false;
    return parameter.len == 0 || span_is_nocase(parameter, "charset=utf-8") ||
           span_is_nocase(parameter, "charset=\"utf-8\"");
}

static enum flow read_boundary(struct transaction *t, const struct http1_head *h) {
    struct span boundary;

    if (http1_field_count(h, "content-type") != 1 || multipart_boundary(http1_field(h, "content-type"), &boundary) < 0)
        return transaction_refuse(t, REFUSAL_CONTENT_TYPE);
    t->boundary = span_make(arena_copy(t->keep, boundary), boundary.len);
    return t->boundary.ptr ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}

static enum flow check_framing(struct transaction *t, const struct http1_head *h) {
    size_t codings = http1_field_count(h, "content-encoding");

    t->coding = codings ? inflate_coding_of(http1_field(h, "content-encoding")) : INFLATE_IDENTITY;
    if (codings > 1 || t->coding == INFLATE_UNKNOWN) return transaction_refuse(t, REFUSAL_CONTENT_ENCODING);
    bool json = http1_field_count(h, "content-type") == 1 && is_json(http1_field(h, "content-type"));
    if (shape_has_form(t->endpoint) && !(json && shape_has_json_too(t->endpoint))) return read_boundary(t, h);
    if (shape_has_body(t->endpoint) && !json) return transaction_refuse(t, REFUSAL_CONTENT_TYPE);
    return FLOW_NEXT;
}

static enum flow read_purpose(struct transaction *t, const struct http1_head *h) {
    struct span purpose = http1_field(h, "x-phi-purpose");

    if (purpose.len == 0 && http1_field_count(h, "x-phi-purpose") == 0) return FLOW_NEXT;
    if (purpose.len == 0 || purpose.len > PURPOSE_MAX || http1_field_count(h, "x-phi-purpose") > 1)
        return transaction_refuse(t, REFUSAL_PURPOSE_UNKNOWN);
    t->purpose_asked = arena_copy(t->keep, purpose);
    return t->purpose_asked ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}

static bool is_date(struct span s) {
    if (s.len != 10) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? s.ptr[i] != '-' : s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    }
    return true;
}

/* The version of Anthropic's interface that the client speaks decides how its body is read, so it goes along: as a date, or
 * the only one there is so far. Nothing else of a head travels on. */
static enum flow read_version(struct transaction *t, const struct http1_head *h) {
    static const char name[] = "anthropic-version: ";
    struct span version = http1_field(h, "anthropic-version");
    char *line;

    if (t->dialect != SHAPE_ANTHROPIC) return FLOW_NEXT;
    if (!is_date(version) || http1_field_count(h, "anthropic-version") != 1) version = span_of("2023-06-01");
    line = arena_alloc(t->keep, sizeof name + version.len);
    if (!line) return transaction_refuse(t, REFUSAL_OVERLOADED);
    memcpy(line, name, sizeof name - 1);
    memcpy(line + sizeof name - 1, version.ptr, version.len);
    line[sizeof name - 1 + version.len] = '\0';
    t->upstream_headers[0] = line;
    return FLOW_NEXT;
}

static enum flow read_head(struct transaction *t, const struct http1_head *h, const char *fingerprint) {
    unsigned retry_after;
    enum flow flow;

    flow = transaction_read_address(t, h);
    t->principal = access_find(t->settings->access, client_key(h), span_of(fingerprint));
    if (!t->principal) return transaction_refuse(t, REFUSAL_UNKNOWN_CLIENT);
    if (flow != FLOW_NEXT) return flow;
    if ((flow = check_framing(t, h)) != FLOW_NEXT) return flow;
    if ((flow = read_version(t, h)) != FLOW_NEXT) return flow;
    if ((flow = read_purpose(t, h)) != FLOW_NEXT) return flow;
    if ((flow = transaction_read_upstream(t, h)) != FLOW_NEXT) return flow;
    if ((flow = transaction_read_override(t, h)) != FLOW_NEXT) return flow;
    if (t->world->live > t->settings->concurrent_max) return transaction_refuse(t, REFUSAL_OVERLOADED);
    t->entered = principal_enter(t->principal, (uint64_t)time(NULL), &retry_after);
    return t->entered ? FLOW_NEXT : transaction_refuse(t, REFUSAL_RATE_LIMITED);
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

static enum flow step_read(struct transaction *t) {
    if (t->in.failed) return transaction_refuse(t, REFUSAL_TOO_LARGE);
    if (!t->complete) return FLOW_WAIT;
    t->bytes_in = t->in.len;
    transaction_stage_done(t, METRICS_READ);
    return FLOW_NEXT;
}

/* ---- OFFLOAD: who decides ---- */

static enum flow step_offload(struct transaction *t) {
    if (t->offloaded) return FLOW_WAIT; /* transaction_decided moves on */
    t->scratch = t->world->scratch;
    bool vault = t->world->vault != NULL; /* waits for its disk */
    if (!vault && t->in.len <= OFFLOAD_BYTES && t->coding == INFLATE_IDENTITY) return FLOW_NEXT; /* a coded one may grow */
    t->offloaded = true;
    if (t->world->verbs->offload(t->world->ctx, t) == 0) return FLOW_WAIT;
    t->offloaded = false;
    return vault ? transaction_refuse_because(t, REFUSAL_OVERLOADED, "helpers_busy") : FLOW_NEXT;
}

/* ---- AUDIT: durable, or no service ---- */

/* A stream stays open for long: of its tokens only what restoring needs. */
static void settle_tokens(struct transaction *t) {
    struct tokens *settled = t->tokens && t->walk.stream ? tokens_settle(t->tokens, t->keep) : NULL;

    if (!settled) return;
    t->tokens = settled;
    arena_free(t->token_arena);
    t->token_arena = NULL;
}

/* What was needed to decide is not needed to relay; an open stream should cost little memory. */
static void let_go_of_work(struct transaction *t) {
    settle_tokens(t);
    arena_free(t->work);
    t->work = NULL;
    t->walk.v = NULL;
    t->walk.n = 0;
    t->walk.paths = NULL;
    t->walk.model = span_make(NULL, 0);
    t->found = (struct phi_result){NULL, 0};
    t->transform.rows = NULL;
    t->transform.n_rows = 0;
    buf_free(&t->in);
    buf_free(&t->raw);
    buf_free(&t->lines_out);
}

static int record_lost(struct transaction *t) {
    t->record_failed = true;
    return -1;
}

/* An override stands in the log before the decision that follows from it: what comes later is durable later. */
static int submit_record(struct transaction *t) {
    struct audit_record *r = t->overriding ? transaction_override_record(t) : NULL;

    if (t->overriding && !r) return record_lost(t);
    if (r) t->world->verbs->record_aside(t->world->ctx, r);
    r = transaction_decision_record(t);
    if (!r || t->world->verbs->record(t->world->ctx, t, r) < 0) return record_lost(t);
    t->recording = true;
    return 0;
}

static enum flow step_audit(struct transaction *t) {
    if (t->record_failed) return transaction_refuse(t, REFUSAL_AUDIT);
    if (t->durable) {
        t->permitted = true;
        transaction_stage_done(t, METRICS_AUDIT);
        let_go_of_work(t);
        return FLOW_NEXT;
    }
    if (!t->recording && submit_record(t) < 0) return transaction_refuse(t, REFUSAL_AUDIT);
    return FLOW_WAIT;
}

/* ---- SEND ---- */

/* Typed events repeat the request's instructions and tools; that of a stored response may have been as large as any. */
static size_t event_max(const struct transaction *t) {
    if (t->endpoint == SHAPE_RESPONSE) return t->settings->event_max + (size_t)t->settings->body_max * 2;
    return t->settings->event_max + (shape_typed_events(t->endpoint) ? t->out.len * 2 : 0);
}

static enum flow step_send(struct transaction *t) {
    const struct settings_upstream *u = t->route->upstream;
    struct transaction_call call = {.target = u->target,
                                    .method = shape_method(t->endpoint),
                                    .path = t->upstream_path,
                                    .body = buf_span(&t->out),
                                    .content_type = t->content_type,
                                    .stream = t->walk.stream,
                                    .flows = transaction_reads_aside(t),
                                    .accept = t->endpoint == SHAPE_SPEECH && !t->walk.stream ? "audio/*" : NULL,
                                    .headers = t->upstream_headers[0] ? t->upstream_headers : NULL,
                                    .pool = t->principal->number};

    if (!t->client) return transaction_refuse(t, REFUSAL_UPSTREAM); /* the client left while the record was written */
    t->relay = relay_new(t->endpoint, t->tokens, t->walk.json_mode, event_max(t), ANSWER_MAX);
    if (!t->relay) return transaction_refuse(t, REFUSAL_OVERLOADED);
    relay_screen(t->relay, t->screen);
    if (t->resumes) relay_resume(t->relay, t->events_known);
    if (t->policy) relay_set_policy(t->relay, t->policy);
    t->sent_us = transaction_now_us();
    t->call = t->world->verbs->send(t->world->ctx, t, &call);
    if (!t->call) return transaction_refuse(t, REFUSAL_UPSTREAM);
    t->bytes_out = t->out.len;
    metrics_add(t->verdict == VERDICT_EDIT ? &t->world->metrics->edited : &t->world->metrics->forwarded, 1);
    return FLOW_NEXT;
}

/* ---- RELAY: runs in the upstream callbacks; done when the upstream has ended ---- */

static enum flow upstream_failed(struct transaction *t) {
    metrics_add(&t->world->metrics->upstream_errors, 1);
    return transaction_refuse(t, t->upstream_end == TRANSACTION_TIMEOUT ? REFUSAL_UPSTREAM_TIMEOUT : REFUSAL_UPSTREAM);
}

static void end_stream(struct transaction *t) {
    struct buf rest;

    buf_init(&rest, ANSWER_MAX);
    t->relay_end = relay_end(t->relay, t->upstream_end == TRANSACTION_OK, t->request_id, &rest);
    if (t->client && rest.len) t->world->verbs->write(t->client, buf_span(&rest));
    if (t->relay_end != RELAY_COMPLETE && t->relay_end != RELAY_BLOCKED) metrics_add(&t->world->metrics->streams_cut, 1);
    /* A stream that was cut has said so in an error event, the upstream's or ours. Without one its framing must not end in
     * order either. */
    bool told = relay_has_events(t->relay) && !(t->relay_end == RELAY_BAD && rest.len == 0);
    bool silent = rest.failed || (t->relay_end != RELAY_COMPLETE && !told);
    if (t->client && silent) t->world->verbs->abort(t->client);
    if (t->client && !silent) t->world->verbs->end(t->client);
    t->answered = t->client != NULL;
    buf_free(&rest);
}

static enum flow check_answer(struct transaction *t) {
    if (t->relay_end == RELAY_BLOCKED) return transaction_refuse_answer(t);
    if (t->relay_end != RELAY_COMPLETE || t->reply.failed) return upstream_failed(t);
    if (t->status == 401 || t->status == 403) /* our credential was refused, not the client's */
        return transaction_refuse_because(t, REFUSAL_UPSTREAM, "upstream_refused_credential");
    return FLOW_NEXT;
}

static enum flow end_whole(struct transaction *t) {
    if (t->slice_failed) {
        t->relay_end = relay_end(t->relay, false, t->request_id, &t->reply);
        return check_answer(t);
    }
    if (t->upstream_end != TRANSACTION_OK) return upstream_failed(t);
    if (transaction_reads_aside(t)) return FLOW_NEXT;
    t->relay_end = relay_end(t->relay, true, t->request_id, &t->reply);
    return check_answer(t);
}

static enum flow step_relay(struct transaction *t) {
    if (!t->upstream_ended || t->offloaded) return FLOW_WAIT;
    if (!t->streaming) return t->client ? end_whole(t) : FLOW_NEXT;
    end_stream(t);
    return FLOW_NEXT;
}

/* ---- KEEP: before the client learns of an object, it is known to be the client's ---- */

static bool has_to_keep(const struct transaction *t) {
    if (t->kept) return false;
    return transaction_reads_aside(t) || (transaction_keeps(t) && t->status >= 200 && t->status < 300);
}

static enum flow step_keep(struct transaction *t) {
    enum flow flow;

    if (t->streaming || !t->client) return FLOW_NEXT;
    if (t->offloaded) return FLOW_WAIT;
    if (has_to_keep(t)) {
        t->kept = t->offloaded = true;
        if (t->world->verbs->offload(t->world->ctx, t) == 0) return FLOW_WAIT;
        t->offloaded = false;
        return transaction_refuse_because(t, REFUSAL_OVERLOADED, "helpers_busy");
    }
    if ((flow = check_answer(t)) != FLOW_NEXT) return flow;
    if (t->keep_failed) return transaction_refuse(t, REFUSAL_VAULT);
    transaction_answer_whole(t);
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
    if (!t->screen) return;
    metrics_add(&t->world->metrics->answer_monitored, t->screen->counts.monitored);
    metrics_add(&t->world->metrics->answer_masked, t->screen->counts.masked);
    metrics_add(&t->world->metrics->answer_blocked, t->screen->counts.blocked);
    metrics_add(&t->world->metrics->detector_errors, t->screen->failed);
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
    [STEP_READ] = {"read", step_read, STEP_OFFLOAD},
    [STEP_OFFLOAD] = {"offload", step_offload, STEP_WALK},
    [STEP_WALK] = {"walk", transaction_walk, STEP_DETECT},
    [STEP_DETECT] = {"detect", transaction_detect, STEP_TRANSFORM},
    [STEP_TRANSFORM] = {"transform", transaction_transform, STEP_AUDIT},
    [STEP_AUDIT] = {"audit", step_audit, STEP_SEND},
    [STEP_SEND] = {"send", step_send, STEP_RELAY},
    [STEP_RELAY] = {"relay", step_relay, STEP_KEEP},
    [STEP_KEEP] = {"keep", step_keep, STEP_OUTCOME},
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
    t->keep = arena_new(TRANSACTION_KEEP_MAX);
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

static bool decides(enum transaction_step s) {
    return s == STEP_WALK || s == STEP_DETECT || s == STEP_TRANSFORM;
}

void transaction_decide(struct transaction *t, struct phi_scratch *scratch) {
    if (t->step == STEP_KEEP) {
        transaction_keep(t, scratch);
        return;
    }
    if (t->step == STEP_RELAY) {
        transaction_slice_take(t, scratch);
        return;
    }
    t->scratch = scratch;
    t->step = STEP_WALK;
    while (decides(t->step)) {
        enum flow flow = steps[t->step].run(t); /* none of them waits */
        t->step = flow == FLOW_NEXT ? steps[t->step].next : STEP_RECORD;
    }
}

void transaction_decided(struct transaction *t) {
    t->offloaded = false;
    if (t->step == STEP_RELAY) transaction_slice_done(t);
    run(t);
}

int transaction_upstream_head(struct transaction *t, int status, struct span content_type,
                              const struct transaction_header *h, size_t n) {
    t->first_us = transaction_now_us();
    metrics_time(t->world->metrics, METRICS_FIRST, t->first_us - t->sent_us);
    t->status = status;
    if (n > TRANSACTION_HEADERS_MAX) n = TRANSACTION_HEADERS_MAX;
    t->headers = arena_array(t->keep, n, sizeof *t->headers);
    if (!t->headers) return -1;
    for (size_t i = 0; i < n; i++) {
        char *name = arena_copy(t->keep, span_of(h[i].name)), *value = arena_copy(t->keep, h[i].value);
        if (!name || !value) return -1;
        t->headers[t->n_headers++] = (struct transaction_header){name, span_make(value, h[i].value.len)};
    }
    t->streaming = relay_begin(t->relay, status, content_type);
    if (t->streaming && t->call && t->world->verbs->sent && t->world->verbs->sent(t->call)) buf_free(&t->out);
    if (t->streaming && t->client) transaction_answer_begin(t);
    return 0;
}

int transaction_upstream_data(struct transaction *t, struct span bytes) {
    struct buf out;
    bool room = true;
    int rc;

    if (!t->client) return -1;
    if (transaction_reads_aside(t)) return transaction_slice_data(t, bytes);
    if (!t->streaming) return relay_push(t->relay, bytes, &t->reply);
    t->inside++;
    buf_init(&out, ANSWER_MAX);
    rc = relay_push(t->relay, bytes, &out);
    transaction_keep_stream(t);
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
        transaction_refuse_because(t, REFUSAL_TOO_LARGE, "body_not_received");
        t->step = STEP_RECORD;
        run(t);
    }
}

bool transaction_dead(const struct transaction *t) {
    return t->inside == 0 && !t->client && !t->call && !t->recording && !t->offloaded;
}

void transaction_free(struct transaction *t) {
    if (t->permitted) write_outcome(t);
    if (t->entered) principal_leave(t->principal);
    t->world->live--;
    relay_free(t->relay);
    buf_free(&t->in);
    buf_free(&t->raw);
    buf_free(&t->lines_out);
    buf_free(&t->out);
    buf_free(&t->reply);
    buf_free(&t->refusal_param);
    arena_free(t->work);
    arena_free(t->token_arena);
    arena_free(t->keep);
    settings_unref(t->settings);
    free(t);
}

struct transaction *transaction_next(const struct transaction *t) {
    return t->next;
}

void transaction_set_next(struct transaction *t, struct transaction *next) {
    t->next = next;
}
