/* SPDX-License-Identifier: Apache-2.0
 *
 * Two passes over the leaves in document order. The first decides (transform_decide.c): rows, counts, and whether the request
 * may go at all; no token is given out for a request that is blocked. The second edits (transform_edit.c).
 */
#include "transform_state.h"

#include <string.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "tokens.h"
#include "transform_schema.h"

#define VERIFY_DEPTH 1024u

/* The gateway's own edits among those of the findings; none overlap. */
static int merge_forced(struct transformer *x, struct json_edit **all, size_t *n) {
    const struct walk *w = x->w;
    size_t own = 0, found = 0;

    *all = x->edits;
    *n = x->t->edits;
    if (w->n_forced == 0) return 0;
    struct json_edit *v = arena_array(x->arena, *n + w->n_forced, sizeof *v);
    if (!v) return -1;
    while (own < w->n_forced || found < *n) {
        bool take_own = own < w->n_forced && (found == *n || w->forced[own].begin <= x->edits[found].begin);
        v[own + found] = take_own ? w->forced[own] : x->edits[found];
        if (take_own) own++;
        else found++;
    }
    *all = v;
    *n += w->n_forced;
    return 0;
}

static void check_schema(struct transformer *x, struct span body) {
    bool tokens[PHI_KINDS] = {false};
    enum phi_kind kind;
    uint32_t path;

    for (size_t i = 0; i < x->found->n; i++)
        if (transform_comes_back(x->plan[i])) tokens[x->found->v[i].kind] = true;
    if (transform_schema_bars(x->w, body, tokens, &kind, &path)) transform_block(x, kind, path, "token_does_not_fit");
}

static int run(struct transformer *x, struct span body, struct buf *out) {
    struct json_edit *edits;
    size_t n;

    x->monitor = policy_mode(x->policy) == POLICY_MONITOR;
    x->today = (long)(time(NULL) / 86400);
    *x->t = (struct transform){0};
    if (transform_decide(x) < 0) return -1;
    check_schema(x, body);
    if (x->t->blocked || x->t->route) return 0;
    if (tokens_kept(x->tokens) && transform_claim_all(x) < 0) return -1;
    if (transform_edit(x) < 0) return -1;
    if (merge_forced(x, &edits, &n) < 0) return -1;
    return json_splice(body, edits, n, out);
}

/* What leaves is read once more: an edit that broke the body must not go out. */
static int verify(struct arena *a, struct span text) {
    struct json_scanner *s = json_scanner_new(a, text, VERIFY_DEPTH);
    struct json_token t;

    if (!s) return -1;
    do
        if (json_next(s, &t) < 0) return -1;
    while (t.type != JSON_END);
    return 0;
}

int transform_body(struct arena *a, const struct walk *w, struct span body, const struct phi_result *found,
                   const struct policy_view *view, const char *model, struct tokens *tokens, struct buf *out,
                   struct transform *t) {
    struct transformer x = {.arena = a, .w = w, .found = found, .view = view, .policy = view->policy, .model = model,
                            .tokens = tokens,
                            .t = t};
    size_t before = out->len;

    if (run(&x, body, out) < 0) return -1;
    if (t->blocked || t->route || (t->edits == 0 && w->n_forced == 0)) return 0;
    return verify(a, span_sub(buf_span(out), before, out->len));
}

int transform_claim(struct arena *a, const struct walk *w, const struct phi_result *found, const struct policy_view *view,
                    unsigned subjects, struct tokens *tokens) {
    struct transform t = {0};
    struct transformer x = {.arena = a, .w = w, .found = found, .view = view, .policy = view->policy, .subjects = subjects,
                            .tokens = tokens, .claiming = true, .t = &t};

    if (!tokens_kept(tokens)) return 0;
    x.monitor = policy_mode(x.policy) == POLICY_MONITOR;
    x.today = (long)(time(NULL) / 86400);
    if (transform_decide(&x) < 0) return -1;
    return t.blocked || t.route ? 0 : transform_edit(&x);
}

int transform_text(struct arena *a, struct span text, enum walk_part part, const struct phi_result *found,
                   const struct policy_view *view, struct tokens *tokens, struct buf *out, struct transform *t) {
    struct walk_leaf leaf = {.what = WALK_STRING, .part = part, .text = text, .end = (uint32_t)text.len, .parent = -1};
    struct walk w = {.v = &leaf, .n = 1};
    struct transformer x = {.arena = a, .w = &w, .found = found, .view = view, .policy = view->policy, .tokens = tokens,
                            .t = t};

    if (text.len >= UINT32_MAX) return -1;
    return run(&x, text, out);
}

int transform_compare(struct arena *a, const struct walk *w, const struct phi_result *found, const struct policy_view *live,
                      const struct policy_view *shadow, struct transform_shadow *out) {
    struct transform is = {0}, would = {0};
    struct transformer x = {.arena = a, .w = w, .found = found, .view = live, .policy = live->policy, .t = &is},
                       y = {.arena = a, .w = w, .found = found, .view = shadow, .policy = shadow->policy, .t = &would};

    *out = (struct transform_shadow){.block = false};
    x.today = y.today = (long)(time(NULL) / 86400);
    x.monitor = policy_mode(live->policy) == POLICY_MONITOR;
    y.monitor = policy_mode(shadow->policy) == POLICY_MONITOR;
    if (transform_decide(&x) < 0 || transform_decide(&y) < 0) return -1;
    for (size_t i = 0; i < found->n; i++) {
        enum policy_action was = x.plan[i], now = y.plan[i];
        int change = policy_strictness(now) - policy_strictness(was);
        if (transform_in_clear(was) && transform_in_clear(now)) continue;
        out->looser += change < 0;
        out->stricter += change > 0;
    }
    out->block = would.blocked;
    out->routed = would.route != NULL;
    return 0;
}
