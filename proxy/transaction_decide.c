/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps that decide: structure, route, agreement and purpose; findings; edits. They wait for nothing and touch only the
 * transaction and what is immutable, so that a helper thread can run them for a large body.
 */
#include "transaction.h"

#include <string.h>
#include <time.h>

#include "access.h"
#include "arena.h"
#include "facts.h"
#include "transaction_state.h"
#include "walk_scan.h"
#include "vocabulary.h"
#include "walk_ids.h"
#include "walk_model.h"

#define WORK_PER_BYTE 48 /* arena bytes that one byte of a body may cost */
#define WORK_BASE (1024u * 1024)

static int today(void) {
    return (int)(time(NULL) / 86400);
}

static enum flow refuse_at(struct transaction *t, enum refusal r, const char *reason, uint32_t path) {
    walk_path(&t->walk, path, &t->refusal_param);
    return transaction_refuse_because(t, r, reason);
}

/* ---- WALK: structure, route, agreement, purpose ---- */

static enum flow choose_purpose(struct transaction *t) {
    const char *name = t->purpose_asked ? t->purpose_asked : t->principal->default_purpose;

    t->purpose = 0;
    t->purpose_source = "none";
    if (!name) return FLOW_NEXT;
    t->purpose = policy_purpose(t->policy, name, strlen(name));
    t->purpose_source = t->purpose_asked ? "header" : "key";
    if (t->purpose_asked && !principal_may_claim(t->principal, span_of(name))) return transaction_refuse(t, REFUSAL_PURPOSE_NOT_ALLOWED);
    if (t->purpose >= 0) return FLOW_NEXT;
    t->purpose = 0;
    if (t->purpose_asked) return transaction_refuse(t, REFUSAL_PURPOSE_UNKNOWN);
    t->purpose_source = "none"; /* the key's default is not a word of this route's policy: the strictest column */
    return FLOW_NEXT;
}

/* The model that the upstream will be asked for. */
static struct span model_asked(const struct transaction *t) {
    const char *sent = transaction_model_sent(t);
    return sent ? span_of(sent) : t->walk.model;
}

static enum flow take_route(struct transaction *t, const struct settings_route *route) {
    const char *uncovered;

    t->route = route;
    t->policy = route->policy;
    uncovered = settings_uncovered(route->upstream, t->endpoint, model_asked(t), today());
    if (!uncovered) uncovered = transaction_lines_uncovered(t, route->upstream, model_asked(t), today());
    return uncovered ? transaction_refuse_because(t, REFUSAL_NO_AGREEMENT, uncovered) : transaction_plan_path(t);
}

/* What names no model but something that is kept goes where that is. */
static enum flow choose_route_by_object(struct transaction *t) {
    const struct settings_route *route;
    enum flow flow = transaction_route_object(t, &route);

    return flow == FLOW_NEXT ? take_route(t, route) : flow;
}

/* What names neither goes where a policy opens it. */
static enum flow choose_route_by_policy(struct transaction *t) {
    const struct settings_route *route;
    enum flow flow = transaction_route_kept(t, &route);

    return flow == FLOW_NEXT ? take_route(t, route) : flow;
}

static enum flow choose_route(struct transaction *t) {
    const struct settings_route *route;

    if (t->address.id.len || t->endpoint == SHAPE_BATCHES) return choose_route_by_object(t);
    if (t->endpoint == SHAPE_CONVERSATIONS) return choose_route_by_policy(t);
    if (t->walk.model.len == 0) t->walk.model = span_of(shape_default_model(t->endpoint));
    if (t->walk.model.len == 0) return transaction_refuse(t, REFUSAL_MODEL_MISSING);
    if (!principal_may_use(t->principal, t->walk.model)) return transaction_refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
    route = settings_route(t->settings, t->walk.model);
    return route ? take_route(t, route) : transaction_refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
}

/* What the upstream must not be asked to keep, it is not asked to. */
static enum flow plan_force(struct transaction *t) {
    const char *model = transaction_model_sent(t);
    enum coverage_guard store = settings_guard(t->route->upstream, "store", t->endpoint, &t->refusal_why);
    struct force_wish wish = {.store_false = store == COVERAGE_FORCE_FALSE,
                              .model = shape_has_deployments(t->endpoint) && model ? span_of(model) : span_make("", 0)};

    if (!shape_has_body(t->endpoint)) return FLOW_NEXT;
    if (force_plan(t->work, &t->walk, buf_span(&t->in), &wish, &t->force) < 0) return transaction_refuse(t, REFUSAL_OVERLOADED);
    t->walk.forced = t->force.edits;
    t->walk.n_forced = t->force.n;
    struct span said = span_sub(buf_span(&t->in), t->walk.store_begin, t->walk.store_end);
    t->not_stored = t->force.store || span_is(said, "false");
    if (t->walk.store && store == COVERAGE_REFUSE) return transaction_refuse_because(t, REFUSAL_FEATURE, "store");
    t->refusal_why = NULL;
    return FLOW_NEXT;
}

/* What the policy lets pass although it cannot be read, the agreement must cover. */
static enum flow check_guards(struct transaction *t) {
    const char *what = settings_part_refused(t->route->upstream, t->walk.unreadable, t->endpoint, &t->refusal_why);
    return what ? refuse_at(t, REFUSAL_FEATURE, what, t->walk.unreadable_path) : FLOW_NEXT;
}

/* What the route's policy and upstream say of the request beside its findings. */
static enum flow check_route(struct transaction *t) {
    enum flow flow = choose_purpose(t);

    if (flow != FLOW_NEXT) return flow;
    if ((flow = transaction_check_override(t)) != FLOW_NEXT) return flow;
    if ((flow = transaction_check_stored(t)) != FLOW_NEXT) return flow;
    if (t->endpoint == SHAPE_SPEECH && policy_speech(t->policy) == POLICY_SPEECH_BLOCK)
        return transaction_refuse_because(t, REFUSAL_FEATURE, "speech");
    if (t->walk.unreadable && policy_unscannable(t->policy) == POLICY_UNSCANNABLE_BLOCK)
        return refuse_at(t, REFUSAL_UNSCANNABLE, facts_unreadable_reason(t->walk.unreadable), t->walk.unreadable_path);
    if ((flow = check_guards(t)) != FLOW_NEXT) return flow;
    return plan_force(t);
}

/* A list of models holds no text of a caller, but its query might. */
static enum flow route_list(struct transaction *t) {
    t->route = transaction_list_route(t);
    if (!t->route) return transaction_refuse(t, REFUSAL_MODEL_NOT_ALLOWED);
    t->policy = t->route->policy;
    return transaction_plan_path(t);
}

static enum flow route_objects(struct transaction *t) {
    enum flow flow = choose_route_by_policy(t);

    return flow == FLOW_NEXT ? check_route(t) : flow;
}

/* A compressed body is read, and forwarded, as what it stands for. */
static enum flow undo_coding(struct transaction *t) {
    struct buf plain;

    if (t->coding == INFLATE_IDENTITY) return FLOW_NEXT;
    buf_init(&plain, t->in.ceiling);
    enum inflate_result result = inflate_whole(t->coding, buf_span(&t->in), t->in.ceiling, &plain);
    buf_free(&t->in);
    t->in = plain;
    t->bytes_in = plain.len;
    switch (result) {
    case INFLATE_OK: return FLOW_NEXT;
    case INFLATE_BROKEN: return transaction_refuse(t, REFUSAL_BROKEN_CODING);
    case INFLATE_TOO_LARGE: return transaction_refuse_because(t, REFUSAL_TOO_LARGE, "decompressed");
    case INFLATE_MEMORY: return transaction_refuse(t, REFUSAL_OVERLOADED);
    }
    return transaction_refuse(t, REFUSAL_INTERNAL);
}

/* The names in a path and the values of a query leave, too. */
static enum flow walk_address(struct transaction *t) {
    struct span model = t->address.model;

    t->walk.stream |= t->streams;
    if (model.len) t->walk.model = model;
    if (model.len && walk_add_outside(t->work, &t->walk, "model", model) < 0) return transaction_refuse(t, REFUSAL_OVERLOADED);
    if (t->address.item.len && walk_add_outside(t->work, &t->walk, "item", t->address.item) < 0)
        return transaction_refuse(t, REFUSAL_OVERLOADED);
    for (size_t at = 0; at < t->query.len;) {
        size_t end = span_find(t->query, '&', at), equals = span_find(t->query, '=', at);
        bool fixed = shape_query_fixed(&t->address, span_sub(t->query, at, end));
        at = end + 1;
        if (!fixed && walk_add_outside(t->work, &t->walk, "query", span_sub(t->query, equals + 1, end)) < 0)
            return transaction_refuse(t, REFUSAL_OVERLOADED);
    }
    return FLOW_NEXT;
}

static enum flow walk_once(struct transaction *t) {
    struct span body = buf_span(&t->in);

    arena_free(t->work);
    t->work = arena_new((size_t)body.len * WORK_PER_BYTE + WORK_BASE);
    if (!t->work) return transaction_refuse(t, REFUSAL_OVERLOADED);
    if (shape_has_body(t->endpoint) && walk_body(t->work, t->endpoint, body, t->settings->depth_max, &t->walk) < 0)
        return refuse_at(t, REFUSAL_INVALID_JSON, t->walk.error_code, t->walk.error_path);
    transaction_note_files(t);
    return walk_address(t);
}

/* Input as token numbers is read as the text that they stand for, where the model's table is known. */
static enum flow undo_token_ids(struct transaction *t) {
    const struct vocabulary *v = t->settings->vocabulary;
    struct buf plain;

    if (!(t->walk.unreadable & WALK_TOKEN_IDS) || !vocabulary_is_of(v, t->walk.model)) return FLOW_NEXT;
    buf_init(&plain, t->in.ceiling);
    if (walk_ids_to_text(t->work, t->endpoint, buf_span(&t->in), v, &plain) < 0) {
        buf_free(&plain);
        return FLOW_NEXT; /* refused as what it is */
    }
    buf_free(&t->in);
    t->in = plain;
    t->ids_as_text = true;
    return walk_once(t);
}

enum flow transaction_walk(struct transaction *t) {
    enum flow flow;

    if ((flow = undo_coding(t)) != FLOW_NEXT) return flow;
    if ((flow = transaction_undo_form(t)) != FLOW_NEXT) return flow;
    if ((flow = walk_once(t)) != FLOW_NEXT) return flow;
    if ((flow = undo_token_ids(t)) != FLOW_NEXT) return flow;
    if (shape_lists_models(t->endpoint)) return route_list(t);
    if (shape_lists_objects(t->endpoint)) return route_objects(t);
    if ((flow = transaction_read_lines(t)) != FLOW_NEXT) return flow;
    if ((flow = choose_route(t)) != FLOW_NEXT) return flow;
    if ((flow = check_route(t)) != FLOW_NEXT) return flow;
    transaction_stage_done(t, METRICS_WALK);
    return FLOW_NEXT;
}

/* ---- DETECT ---- */

/* What cannot be changed in a path must not be there. */
static enum flow check_model(struct transaction *t) {
    const struct walk *w = &t->walk;

    if (walk_model_release(t->work, w, t->route->models, &t->found) < 0) return transaction_refuse(t, REFUSAL_OVERLOADED);
    for (size_t i = 0; i < t->found.n && transaction_path_names_model(t); i++)
        if (w->body_model.len && w->v[t->found.v[i].leaf].text.ptr == w->body_model.ptr && w->model.ptr == w->body_model.ptr)
            return transaction_refuse_because(t, REFUSAL_PHI_BLOCKED, "phi_in_model");
    return FLOW_NEXT;
}

enum flow transaction_detect(struct transaction *t) {
    switch (walk_scan(t->work, &t->walk, policy_engine(t->policy), t->scratch, &t->found)) {
    case WALK_SCAN_DONE:
        transaction_stage_done(t, METRICS_DETECT);
        return check_model(t);
    case WALK_SCAN_NO_MEMORY:
        return transaction_refuse(t, REFUSAL_OVERLOADED);
    case WALK_SCAN_FAILED:
        break;
    }
    metrics_add(&t->world->metrics->detector_errors, 1);
    return transaction_refuse(t, REFUSAL_DETECTOR);
}

/* ---- TRANSFORM ---- */

static void count_findings(struct transaction *t) {
    for (size_t i = 0; i < t->transform.n_rows; i++) {
        const struct transform_row *r = &t->transform.rows[i];
        metrics_add(&t->world->metrics->findings[r->kind][r->action], r->count);
    }
}

static struct policy_request request_of(const struct transaction *t) {
    return (struct policy_request){.purpose = t->purpose, .role = t->principal->role, .user = t->principal->user,
                                     .upstream = t->route->upstream->name, .model = t->walk.model.ptr,
                                     .model_len = t->walk.model.len};
}

static void view_policy(const struct transaction *t, struct policy_view *out) {
    struct policy_request request = request_of(t);

    policy_view(t->policy, &request, out);
    if (t->overriding) policy_view_override(out);
}

static struct tokens *new_tokens(const struct transaction *t) {
    const struct transaction_world *w = t->world;
    return w->vault ? tokens_new_kept(t->token_arena, w->vault, t->principal->id, w->earlier) : tokens_new(t->token_arena);
}

static enum flow transform_once(struct transaction *t) {
    struct policy_view view;

    view_policy(t, &view);
    arena_free(t->token_arena); /* of a route that was left */
    t->token_arena = arena_new(TRANSACTION_KEEP_MAX);
    t->tokens = t->token_arena ? new_tokens(t) : NULL;
    if (!t->tokens) return transaction_refuse(t, REFUSAL_OVERLOADED);
    t->out.ceiling = t->in.len * 4 + WORK_BASE;
    if (transform_body(t->work, &t->walk, buf_span(&t->in), &t->found, &view, transaction_model_in_body(t), t->tokens, &t->out,
                       &t->transform) == 0)
        return FLOW_NEXT;
    if (!tokens_vault_failed(t->tokens)) return transaction_refuse(t, REFUSAL_DETECTOR);
    metrics_add(&t->world->metrics->vault_errors, 1);
    return transaction_refuse(t, REFUSAL_VAULT);
}

static enum flow transform_lines(struct transaction *t) {
    struct policy_view view;

    if (t->endpoint != SHAPE_FILES) return FLOW_NEXT;
    view_policy(t, &view);
    return transaction_transform_lines(t, &view);
}

/* The policy says `route:NAME`: another upstream, and what its own policy makes of the request. Once: where that policy sends
 * it elsewhere again, it is refused. */
static enum flow follow_route(struct transaction *t) {
    const struct settings_route *route = settings_route_to(t->settings, t->transform.route);
    enum flow flow;

    t->refusal_kind = phi_kind_name(t->transform.route_kind);
    if (!route || t->first_route) return transaction_refuse_because(t, REFUSAL_PHI_BLOCKED, "route_again");
    t->route_kind = t->transform.route_kind;
    t->first_route = t->route;
    if ((flow = take_route(t, route)) != FLOW_NEXT) return flow;
    if ((flow = check_route(t)) != FLOW_NEXT) return flow;
    if ((flow = transaction_detect(t)) != FLOW_NEXT) return flow;
    if ((flow = transform_once(t)) != FLOW_NEXT) return flow;
    if (t->transform.route) return transaction_refuse_because(t, REFUSAL_PHI_BLOCKED, "route_again");
    t->refusal_kind = NULL;
    return FLOW_NEXT;
}

/* A purpose that the shadow does not know would be refused. */
static int shadow_view(const struct transaction *t, struct policy_view *out) {
    const struct policy *p = t->settings->shadow;
    const char *name = policy_purpose_name(t->policy, t->purpose);
    struct policy_request request = request_of(t);

    if (t->purpose > 0) request.purpose = policy_purpose(p, name, strlen(name));
    policy_view(p, &request, out);
    return request.purpose < 0 ? -1 : 0;
}

/* Beside the decision: what the shadow policy would have made of it. Never a reason to refuse. */
static void try_shadow(struct transaction *t) {
    struct metrics *m = t->world->metrics;
    struct policy_view live, shadow;

    if (!t->settings->shadow) return;
    if (!policy_finds_alike(t->policy, t->settings->shadow)) {
        metrics_add(&m->shadow_skipped, 1);
        return;
    }
    view_policy(t, &live);
    bool unknown = shadow_view(t, &shadow) < 0;
    if (transform_compare(t->work, &t->walk, &t->found, &live, &shadow, &t->shadow) < 0) return;
    t->shadow.block |= unknown;
    t->shadowed = true;
    metrics_add(&m->shadow_seen, 1);
    metrics_add(&m->shadow_block, t->shadow.block && !t->transform.blocked);
    metrics_add(&m->shadow_looser, t->shadow.looser);
    metrics_add(&m->shadow_stricter, t->shadow.stricter);
}

/* What the policy says of answers, and what stands in the request: that is the caller's own, also when the model repeats it. */
static enum flow prepare_screen(struct transaction *t) {
    bool failed;

    t->screen = screen_ground_new(t->keep, t->policy, t->world->scratch, &failed);
    if (!t->screen) return failed ? transaction_refuse(t, REFUSAL_OVERLOADED) : FLOW_NEXT;
    if (screen_ground_reserve(t->screen, t->keep, t->found.n) < 0) return transaction_refuse(t, REFUSAL_OVERLOADED);
    for (size_t i = 0; i < t->found.n; i++) {
        const struct phi_finding *f = &t->found.v[i];
        screen_ground_know(t->screen, span_sub(t->walk.v[f->leaf].text, f->begin, f->end));
    }
    screen_ground_ready(t->screen);
    return FLOW_NEXT;
}

enum flow transaction_transform(struct transaction *t) {
    enum flow flow;

    if ((flow = transform_once(t)) != FLOW_NEXT) return flow;
    try_shadow(t);
    if (t->transform.route && (flow = follow_route(t)) != FLOW_NEXT) return flow;
    if (!t->transform.blocked && (flow = transform_lines(t)) != FLOW_NEXT) return flow;
    count_findings(t);
    if (t->transform.blocked) {
        if (t->transform.block_kind != PHI_NONE) t->refusal_kind = phi_kind_name(t->transform.block_kind);
        return refuse_at(t, REFUSAL_PHI_BLOCKED, t->transform.block_reason, t->transform.block_path);
    }
    if ((flow = prepare_screen(t)) != FLOW_NEXT) return flow;
    if ((flow = transaction_redo_form(t)) != FLOW_NEXT) return flow;
    if ((flow = transaction_recall(t)) != FLOW_NEXT) return flow;
    t->verdict = t->transform.edits ? VERDICT_EDIT : VERDICT_FORWARD;
    transaction_stage_done(t, METRICS_TRANSFORM);
    return FLOW_NEXT;
}
