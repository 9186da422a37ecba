/* SPDX-License-Identifier: Apache-2.0
 *
 * What an upstream keeps for a client and what continues it. An object belongs to the client whose request made it, through this
 * gateway, at one upstream; for all others it does not exist. Its tokens may be restored to that client, now and hours later:
 *
 *   POST /v1/files        tokens of all lines ─> vault: "openai\nfile-1" holds them
 *   POST /v1/batches      file-1 is the client's? ─> what comes back, batch_1, holds what file-1 holds
 *   GET  /v1/batches/…    batch_1 is the client's? ─> its result, file-2, holds the same
 *   GET  /v1/files/file-2/content                  ─> restored line by line
 *
 * A conversation grows: before a request that adds to it is sent, conv_1 holds that request's tokens, too.
 */
#include "transaction.h"

#include <string.h>

#include "access.h"
#include "arena.h"
#include "screen.h"
#include "stored.h"
#include "transaction_state.h"
#include "vault.h"

bool transaction_wants_object(const struct transaction *t) {
    return t->address.id.len || (t->walk.unreadable & WALK_REFERENCE);
}

struct span transaction_page_after(const struct transaction *t) {
    static const char name[] = "after=";

    for (size_t at = 0; at < t->query.len; at = span_find(t->query, '&', at) + 1) {
        struct span member = span_sub(t->query, at, span_find(t->query, '&', at));
        if (span_starts(member, name)) return span_sub(member, sizeof name - 1, member.len);
    }
    return span_make("", 0);
}

static struct span wanted_id(const struct transaction *t) {
    if (shape_lists_objects(t->endpoint)) return transaction_page_after(t);
    return t->address.id.len ? t->address.id : t->walk.reference;
}

static int ignore(void *arg, struct span token, struct span value) {
    (void)arg, (void)token, (void)value;
    return 0;
}

static bool make_key(struct transaction *t, const char *upstream, struct span id, struct span *key) {
    struct buf b;

    buf_init(&b, STORED_KEY_MAX);
    bool made = stored_key(upstream, id, &b) == 0;
    *key = span_make(made ? arena_copy(t->keep, buf_span(&b)) : NULL, b.len);
    buf_free(&b);
    return key->ptr != NULL;
}

/* VAULT_NONE also for what is no id at all. */
static enum vault_answer ask(struct transaction *t, const char *upstream, struct span id, struct span *key) {
    if (!make_key(t, upstream, id, key)) return VAULT_NONE;
    return vault_recall(t->world->vault, t->principal->id, *key, ignore, NULL);
}

static enum flow vault_lost(struct transaction *t) {
    metrics_add(&t->world->metrics->vault_errors, 1);
    return transaction_refuse(t, REFUSAL_VAULT);
}

/* ---- which upstream has it ---- */

enum flow transaction_route_object(struct transaction *t, const struct settings_route **route) {
    const struct settings *s = t->settings;
    struct span key = {NULL, 0};

    *route = NULL;
    if (!t->world->vault) return transaction_refuse(t, REFUSAL_UNKNOWN_OBJECT);
    for (size_t i = 0; i < s->n_upstreams && !*route; i++) {
        if (t->upstream_asked && strcmp(t->upstream_asked, s->upstreams[i].name) != 0) continue; /* two may give the same id */
        enum vault_answer answer = ask(t, s->upstreams[i].name, wanted_id(t), &key);
        if (answer == VAULT_FAILED) return vault_lost(t);
        if (answer == VAULT_FOUND) *route = settings_route_to(s, s->upstreams[i].name);
    }
    t->object_key = key;
    return *route ? FLOW_NEXT : transaction_refuse(t, REFUSAL_UNKNOWN_OBJECT);
}

/* ---- what the policy and the agreement say ---- */

enum policy_stored transaction_stored_kind(enum shape_endpoint e) {
    return shape_is_batch(e) ? POLICY_STORED_BATCHES : POLICY_STORED_RESPONSES;
}

static const char *feature_of(const struct transaction *t) {
    if (shape_is_batch(t->endpoint)) return "files";
    if (shape_is_response(t->endpoint)) return "store";
    if (shape_is_conversation(t->endpoint) || t->walk.continues) return "conversation";
    return (t->walk.unreadable & WALK_REFERENCE) ? "previous_response_id" : "background";
}

/* Also where the policy lets pass what cannot be read: it might be another client's. */
static enum flow refuse_stored(struct transaction *t) {
    walk_path(&t->walk, t->walk.unreadable_path, &t->refusal_param);
    return transaction_refuse_because(t, REFUSAL_UNSCANNABLE, "stored_object");
}

static void open_up(struct transaction *t, uint32_t bit) {
    t->opened |= bit;
    t->walk.unreadable &= ~bit;
}

static enum flow check_reference(struct transaction *t) {
    struct span key;

    enum vault_answer answer = ask(t, t->route->upstream->name, t->walk.reference, &key);
    if (answer == VAULT_FAILED) return vault_lost(t);
    if (answer == VAULT_NONE) return transaction_refuse(t, REFUSAL_UNKNOWN_OBJECT);
    t->object_key = key;
    open_up(t, WALK_REFERENCE);
    for (size_t i = 0; i < t->walk.n; i++) /* an id that the upstream made and that is known: no text of anybody's */
        if (t->walk.v[i].text.ptr == t->walk.reference.ptr) t->walk.v[i].parameter = true;
    return FLOW_NEXT;
}

/* An answer that is fetched later must be one that is kept, under an id that this client will be known by. */
static enum flow check_background(struct transaction *t) {
    struct span store = span_sub(buf_span(&t->in), t->walk.store_begin, t->walk.store_end);

    if (t->endpoint != SHAPE_RESPONSES || !t->route->upstream->may_store || span_is(store, "false")) return refuse_stored(t);
    const char *uncovered = settings_feature_uncovered(t->route->upstream, "background");
    if (uncovered) return transaction_refuse_because(t, REFUSAL_NO_AGREEMENT, uncovered);
    open_up(t, WALK_BACKGROUND);
    return FLOW_NEXT;
}

/* What is said in a conversation stays there, so the upstream must be one that may keep it. */
static bool adds_to_conversation(const struct transaction *t) {
    return t->walk.continues || (shape_is_conversation(t->endpoint) && shape_has_body(t->endpoint));
}

/* Where the policy sends it elsewhere, the object is not. */
static enum flow check_place(struct transaction *t) {
    const struct settings_upstream *u = t->route->upstream;

    if (t->first_route && t->address.id.len) return transaction_refuse(t, REFUSAL_UNKNOWN_OBJECT);
    if (!adds_to_conversation(t) || settings_guard(u, "store", SHAPE_RESPONSES, &t->refusal_why) == COVERAGE_ALLOW) return FLOW_NEXT;
    return transaction_refuse_because(t, REFUSAL_FEATURE, "store");
}

static enum flow check_open(struct transaction *t, uint32_t somebody) {
    const char *uncovered = settings_feature_uncovered(t->route->upstream, feature_of(t));
    enum flow flow;

    if (uncovered) return transaction_refuse_because(t, REFUSAL_NO_AGREEMENT, uncovered);
    if ((flow = check_place(t)) != FLOW_NEXT) return flow;
    if ((somebody & WALK_BACKGROUND) && (flow = check_background(t)) != FLOW_NEXT) return flow;
    return somebody & WALK_REFERENCE ? check_reference(t) : FLOW_NEXT;
}

enum flow transaction_check_stored(struct transaction *t) {
    t->walk.unreadable |= t->opened;
    uint32_t somebody = t->walk.unreadable & WALK_OF_SOMEBODY;
    bool elsewhere = (somebody & WALK_UNOWNED) || shape_is_conversation(t->endpoint); /* of which the path has named one */

    if (!somebody && !shape_is_stored(t->endpoint)) return FLOW_NEXT;
    bool open = t->world->vault && policy_stores(t->policy, transaction_stored_kind(t->endpoint));
    if (somebody && (!open || elsewhere)) return refuse_stored(t);
    return open ? check_open(t, somebody) : transaction_refuse_because(t, REFUSAL_FEATURE, "stored");
}

enum flow transaction_recall(struct transaction *t) {
    if (t->object_key.len == 0) return FLOW_NEXT;
    if (adds_to_conversation(t) && tokens_remember(t->tokens, t->object_key) < 0) return vault_lost(t); /* before those of earlier ones */
    int known = tokens_recall(t->tokens, t->object_key);
    if (known < 0) return vault_lost(t);
    return known ? FLOW_NEXT : transaction_refuse(t, REFUSAL_UNKNOWN_OBJECT);
}

/* ---- what came of it ---- */

/* The upstream keeps what it answers with: a stored response says so itself. */
bool transaction_keeps(const struct transaction *t) {
    if (!t->world->vault || !t->route) return false;
    if (shape_is_stored(t->endpoint)) return true;
    bool stores = t->endpoint == SHAPE_RESPONSES && t->route->upstream->may_store && !t->not_stored;
    return stores && policy_stores(t->policy, POLICY_STORED_RESPONSES);
}

static int remember(struct transaction *t, struct span id, bool wait) {
    struct span key;

    if (!make_key(t, t->route->upstream->name, id, &key)) return -1;
    return wait ? tokens_remember(t->tokens, key) : tokens_remember_later(t->tokens, key);
}

void transaction_keep_stream(struct transaction *t) {
    struct span id = relay_object_id(t->relay);

    if (t->kept || id.len == 0 || !transaction_keeps(t)) return;
    t->kept = true;
    if (remember(t, id, false) < 0) metrics_add(&t->world->metrics->vault_errors, 1);
}

static int is_known(void *arg, struct span id) {
    struct transaction *t = arg;
    struct span key;

    switch (ask(t, t->route->upstream->name, id, &key)) {
    case VAULT_FOUND: return 1;
    case VAULT_NONE: return 0;
    case VAULT_FAILED: break;
    }
    return -1;
}

static int filter(struct transaction *t, struct arena *a) {
    struct buf out;

    buf_init(&out, t->reply.len + 64);
    int result = stored_filter(a, buf_span(&t->reply), is_known, t, &out);
    buf_free(&t->reply);
    t->reply = out;
    return result;
}

static int remember_answer(struct transaction *t, struct arena *a) {
    struct span ids[STORED_IDS_MAX];
    size_t n;

    if (stored_ids(a, t->endpoint, buf_span(&t->reply), ids, &n) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (remember(t, ids[i], true) < 0) return -1;
    return 0;
}

static int keep_answer(struct transaction *t, struct arena *a) {
    if (shape_lists_objects(t->endpoint)) return filter(t, a);
    if (t->endpoint == SHAPE_FILE_DELETE || t->endpoint == SHAPE_RESPONSE_DELETE || t->endpoint == SHAPE_CONVERSATION_DELETE)
        return vault_forget(t->world->vault, t->principal->id, t->object_key);
    bool tells = t->endpoint != SHAPE_RESPONSE_ITEMS && (!shape_is_conversation(t->endpoint) || t->endpoint == SHAPE_CONVERSATIONS);
    return tells ? remember_answer(t, a) : 0;
}

bool transaction_reads_aside(const struct transaction *t) {
    return t->endpoint == SHAPE_FILE_CONTENT;
}

void transaction_keep(struct transaction *t, struct phi_scratch *scratch) {
    if (transaction_reads_aside(t)) {
        if (t->screen) t->screen->scratch = scratch; /* of the thread that relays now */
        t->relay_end = relay_end(t->relay, true, t->request_id, &t->reply);
        if (t->screen) t->screen->scratch = t->world->scratch;
        return;
    }
    struct arena *a = arena_new(t->reply.len * 16 + (4u << 20));

    t->keep_failed = !a || keep_answer(t, a) < 0;
    arena_free(a);
}
