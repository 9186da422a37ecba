/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over a line that stops at nothing but what is needed to know where it belongs; the walk reads it again as a whole.
 */
#include "lines.h"

#include <string.h>

#include "arena.h"
#include "json.h"

#define DEPTH 1024u

enum member { CUSTOM_ID, METHOD, URL, BODY, MEMBERS };
static const char *const names[MEMBERS] = {"custom_id", "method", "url", "body"};

/* Of what a batch may ask, those whose answers are text or vectors. */
static const enum shape_endpoint served[] = {SHAPE_CHAT, SHAPE_COMPLETIONS, SHAPE_EMBEDDINGS, SHAPE_RESPONSES, SHAPE_MODERATIONS};

bool lines_next(struct lines *l, struct span *line) {
    while (l->rest.len) {
        size_t end = span_find(l->rest, '\n', 0);
        *line = span_sub(l->rest, 0, end);
        l->rest = span_sub(l->rest, end + 1, l->rest.len);
        l->number++;
        if (span_ends(*line, "\r")) line->len--;
        if (span_trim(*line).len) return true;
    }
    return false;
}

struct reader {
    struct arena *arena;
    struct json_scanner *scanner;
    struct json_token t;
    struct line_head *head;
    const char **why;
    bool seen[MEMBERS];
};

static int fail(struct reader *r, const char *why) {
    *r->why = why;
    return -1;
}

static int next(struct reader *r) {
    return json_next(r->scanner, &r->t) < 0 ? fail(r, "invalid_json") : 0;
}

static int take_text(struct reader *r, struct span *out) {
    if (r->t.type != JSON_STRING) return fail(r, "invalid_json");
    return json_unescape(r->arena, r->t.raw, out, NULL) < 0 ? fail(r, "out_of_memory") : 0;
}

static int take_url(struct reader *r) {
    struct span url;

    if (take_text(r, &url) < 0) return -1;
    for (size_t i = 0; i < sizeof served / sizeof *served; i++)
        if (span_is(url, shape_endpoint_name(served[i]))) r->head->endpoint = served[i];
    return r->head->endpoint == SHAPE_NONE ? fail(r, "url") : 0;
}

static bool is_model(struct reader *r) {
    struct span key = r->t.raw;

    if (r->t.type != JSON_KEY || r->t.depth != 2) return false;
    return (!r->t.escaped || json_unescape(r->arena, r->t.raw, &key, NULL) == 0) && span_is(key, "model");
}

static int take_body(struct reader *r) {
    if (r->t.type != JSON_OBJECT_BEGIN) return fail(r, "invalid_json");
    for (;;) {
        if (next(r) < 0) return -1;
        if (r->t.type == JSON_OBJECT_END && r->t.depth == 1) return 0;
        if (!is_model(r)) continue;
        if (next(r) < 0 || take_text(r, &r->head->model) < 0) return -1;
    }
}

static int take_method(struct reader *r) {
    struct span method;

    if (take_text(r, &method) < 0) return -1;
    return span_is(method, "POST") ? 0 : fail(r, "method");
}

static int take_member(struct reader *r, enum member m) {
    struct span id;

    r->seen[m] = true;
    switch (m) {
    case CUSTOM_ID: return take_text(r, &id);
    case METHOD: return take_method(r);
    case URL: return take_url(r);
    case BODY: return take_body(r);
    case MEMBERS: break;
    }
    return -1;
}

static int read_members(struct reader *r) {
    for (;;) {
        enum member m = CUSTOM_ID;
        if (next(r) < 0) return -1;
        if (r->t.type == JSON_OBJECT_END) return 0;
        while (m < MEMBERS && (r->t.escaped || !span_is(r->t.raw, names[m])))
            m++;
        if (m == MEMBERS) return fail(r, "unknown_field");
        if (next(r) < 0 || take_member(r, m) < 0) return -1;
    }
}

int line_read(struct arena *a, struct span line, struct line_head *out, const char **why) {
    struct reader r = {.arena = a, .scanner = json_scanner_new(a, line, DEPTH), .head = out, .why = why};

    *out = (struct line_head){.endpoint = SHAPE_NONE, .model = {"", 0}};
    if (!r.scanner) return fail(&r, "out_of_memory");
    if (next(&r) < 0) return -1;
    if (r.t.type != JSON_OBJECT_BEGIN) return fail(&r, "invalid_json");
    if (read_members(&r) < 0 || next(&r) < 0) return -1;
    for (enum member m = CUSTOM_ID; m < MEMBERS; m++)
        if (!r.seen[m]) return fail(&r, "missing_field");
    return r.t.type == JSON_END ? 0 : fail(&r, "invalid_json");
}
