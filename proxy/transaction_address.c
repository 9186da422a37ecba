/* SPDX-License-Identifier: Apache-2.0
 *
 * From the first line of a request to the path at an upstream. A path that names a model says what the request is for; where
 * the model stands at the upstream, in the path or in the body, is the upstream's way, not the client's:
 *
 *   POST /openai/deployments/charts/chat/completions?api-version=…   -> /chat/completions, "model": "charts"
 *   POST /v1/chat/completions, "model": "charts"                     -> /deployments/charts/chat/completions?api-version=…
 */
#include "transaction.h"

#include <string.h>

#include "arena.h"
#include "transaction_state.h"

#define PATH_MAX_BYTES 1024u

static bool keep(struct transaction *t, struct span *s) {
    s->ptr = arena_copy(t->keep, *s);
    return s->ptr != NULL;
}

static struct span method_of(const struct http1_head *h) {
    switch (h->method) {
    case HTTP1_GET: return span_of("GET");
    case HTTP1_POST: return span_of("POST");
    case HTTP1_DELETE: return span_of("DELETE");
    case HTTP1_NONE: case HTTP1_PUT: case HTTP1_HEAD: case HTTP1_OPTIONS: case HTTP1_PATCH: break;
    }
    return span_of("-");
}

/* OpenAI and Anthropic list their models under one path; who asks says so by the version of the interface. */
static bool asks_as_anthropic(const struct shape_address *a, const struct http1_head *h) {
    bool both = a->endpoint == SHAPE_MODELS || a->endpoint == SHAPE_MODEL_GET;
    return both && !a->azure && http1_field_count(h, "anthropic-version") > 0;
}

/* What of a query goes on as it came: not the version of the interface, which is the upstream's own, and not behind which event a stream
 * is wanted. That is asked for from its first event, since a token may begin in one that the client has and end in the next. */
static int read_query(struct transaction *t, struct span query) {
    static const char version[] = "api-version=", after[] = "starting_after=";
    struct buf out;

    buf_init(&out, PATH_MAX_BYTES);
    for (size_t at = 0; at < query.len;) {
        size_t end = span_find(query, '&', at);
        struct span member = span_sub(query, at, end);
        at = end + 1;
        t->streams |= span_is(member, "stream=true");
        if (span_starts(member, version)) continue;
        if (span_starts(member, after)) {
            t->resumes = span_decimal(span_sub(member, sizeof after - 1, member.len), &t->events_known) == 0;
            continue;
        }
        if (out.len) buf_add_char(&out, '&');
        buf_add(&out, member);
    }
    struct span kept = out.len ? buf_span(&out) : span_make("", 0);
    t->query = span_make(out.failed ? NULL : arena_copy(t->keep, kept), kept.len);
    buf_free(&out);
    return t->query.ptr ? 0 : -1;
}

enum flow transaction_read_address(struct transaction *t, const struct http1_head *h) {
    struct shape_address a;

    shape_address_read(method_of(h), h->path, &a);
    if (asks_as_anthropic(&a, h)) a.dialect = SHAPE_ANTHROPIC;
    t->dialect = a.dialect;
    t->endpoint = a.endpoint;
    bool closed = !t->world->vault && shape_is_stored(a.endpoint); /* nobody could tell whose it is */
    if (a.endpoint == SHAPE_NONE || closed || !shape_query_known(&a, h->query)) {
        t->endpoint = SHAPE_NONE;
        bool address = closed || a.endpoint == SHAPE_NONE;
        return transaction_refuse_because(t, REFUSAL_UNKNOWN_ENDPOINT, address ? shape_why_closed(h->path) : "unknown_query");
    }
    t->address = a;
    bool kept = keep(t, &t->address.model) && keep(t, &t->address.id) && keep(t, &t->address.item) && read_query(t, h->query) == 0;
    return kept ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}

const char *transaction_model_sent(const struct transaction *t) {
    const char *forced = t->route->upstream->model;
    return forced ? forced : t->address.model.len ? t->address.model.ptr : NULL;
}

/* Gemini's model stands in the path; where a body repeats it, it does so in a form of its own. */
const char *transaction_model_in_body(const struct transaction *t) {
    return shape_is_gemini(t->endpoint) ? NULL : transaction_model_sent(t);
}

/* ---- where a list of models comes from ---- */

static enum settings_dialect dialect_wanted(const struct transaction *t) {
    switch (t->dialect) {
    case SHAPE_OPENAI: return SETTINGS_OPENAI;
    case SHAPE_ANTHROPIC: return SETTINGS_ANTHROPIC;
    case SHAPE_OLLAMA: return SETTINGS_OLLAMA;
    case SHAPE_GOOGLE: return SETTINGS_GEMINI;
    }
    return SETTINGS_OPENAI;
}

static bool serves(enum settings_dialect have, enum settings_dialect want) {
    return have == want || (want == SETTINGS_OPENAI && have == SETTINGS_AZURE);
}

/* That of the first route whose models are a pattern, before one that names each: what those name is known to whoever wrote
 * them. Of its own dialect, if there is one; some servers speak several. */
const struct settings_route *transaction_list_route(const struct transaction *t) {
    const struct settings *s = t->settings;
    const struct settings_route *best = NULL;
    int best_score = -1;

    for (size_t i = 0; i < s->n_routes; i++) {
        bool fits = serves(s->routes[i].upstream->dialect, dialect_wanted(t));
        int score = (fits ? 2 : 0) + (strchr(s->routes[i].models[0], '*') ? 1 : 0);
        if (score <= best_score) continue;
        best = &s->routes[i];
        best_score = score;
    }
    return best;
}

/* ---- the path at the upstream ---- */

static bool is_path_name(const char *s) {
    for (; *s; s++) {
        char letter = (char)(*s | 0x20);
        if ((letter < 'a' || letter > 'z') && (*s < '0' || *s > '9') && !strchr("-._:", *s)) return false;
    }
    return true;
}

/* The model for a path. A body may name it in letters that no path should have. */
static const char *name_for_path(struct transaction *t) {
    const char *sent = transaction_model_sent(t), *name = sent ? sent : arena_copy(t->keep, t->walk.model);
    return name && *name && *name != '.' && is_path_name(name) ? name : NULL;
}

static bool needs_deployment(const struct transaction *t) {
    return t->route->upstream->api_version && shape_has_deployments(t->endpoint);
}

bool transaction_path_names_model(const struct transaction *t) {
    return needs_deployment(t) || strstr(shape_upstream_path(t->endpoint), "{model}");
}

static void add_query(struct buf *path, const char *name, struct span value) {
    if (value.len == 0) return;
    buf_add_char(path, span_find(buf_span(path), '?', 0) == path->len ? '?' : '&');
    buf_add_c(path, name);
    buf_add(path, value);
}

enum flow transaction_plan_path(struct transaction *t) {
    const char *pattern = shape_upstream_path(t->endpoint), *brace = strchr(pattern, '{');
    const char *name = transaction_path_names_model(t) ? name_for_path(t) : t->address.id.len ? t->address.id.ptr : "", *version = t->route->upstream->api_version;
    struct buf path;

    if (!name) return transaction_refuse_because(t, REFUSAL_MODEL_NOT_ALLOWED, "model_is_no_name");
    buf_init(&path, PATH_MAX_BYTES);
    if (needs_deployment(t)) {
        buf_add_c(&path, "/deployments/");
        buf_add_c(&path, name);
    }
    buf_add(&path, span_make(pattern, brace ? (size_t)(brace - pattern) : strlen(pattern)));
    if (brace) {
        buf_add_c(&path, name);
        buf_add_c(&path, strchr(brace, '}') + 1);
    }
    if (t->address.item.len) {
        buf_add_char(&path, '/');
        buf_add(&path, t->address.item);
    }
    add_query(&path, "", t->query);
    if (version) add_query(&path, "api-version=", span_of(version));
    t->upstream_path = path.failed ? NULL : arena_copy(t->keep, buf_span(&path));
    buf_free(&path);
    return t->upstream_path ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}
