/* SPDX-License-Identifier: Apache-2.0
 *
 * Two passes over the leaves in document order. The first decides: rows, counts, and whether the request may go at
 * all; no token is given out for a request that is blocked. The second edits: in each string the findings that
 * change something and the token-shaped text that came with the request are joined where they overlap, and each
 * range that is left becomes one edit of the body.
 *
 *   findings     [--tokenize--]        [--mask--]           [drop]
 *   token text                [TEXT]         [---TEXT---]
 *   edits        [--tokenize--][TEXT]  [------mask------]   [drop]
 */
#include "transform.h"

#include <string.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "surrogates.h"
#include "token_date.h"
#include "tokens.h"
#include "transform_rows.h"
#include "transform_schema.h"

#define EDITS_FIRST 16u
#define VERIFY_DEPTH 1024u

static const char *const words[PHI_KINDS] = {
    [PHI_NONE] = "PHI",
#define KIND(symbol, name, letter, word) [PHI_##symbol] = word,
#include "../detectors/kinds.def"
#undef KIND
};

/* What one edit will replace. */
struct range {
    uint32_t begin, end;
    enum phi_kind kind;
    enum policy_action action;
    unsigned subject;
    bool token_text;
};

struct transformer {
    struct arena *arena;
    const struct walk *w;
    const struct phi_result *found;
    const struct policy_view *base, *view; /* of the request; of the text that is decided about */
    struct policy_view *views[LANGUAGES];  /* where the policy asks for the language */
    const struct policy *policy; /* of the view */
    const char *model;
    long today;
    unsigned subjects; /* added to those that are claimed */
    bool monitor, claiming; /* claiming: nothing is edited yet; a kept table learns what will be asked of it */
    struct tokens *tokens;
    struct transform *t;
    unsigned char *plan; /* enum policy_action of each finding as it will be done */
    struct json_edit *edits;
    size_t edits_size;
    struct transform_rows rows;
};

/* ---- deciding ---- */

static bool is_sensitive(enum phi_kind kind) {
    return kind >= PHI_SENS_SUD && kind <= PHI_SENS_STATUS;
}

static bool goes_in_clear(enum policy_action action) {
    return action == POLICY_FLAG || action == POLICY_ALLOW;
}

/* Monitor mode changes nothing, except what may leave in clear under no policy. */
static bool is_enforced(const struct transformer *x, enum phi_kind kind) {
    return !x->monitor || (kind != PHI_NONE && policy_in_floor(x->policy, kind));
}

static void block(struct transformer *x, enum phi_kind kind, uint32_t path, const char *reason) {
    if (!is_enforced(x, kind) || x->t->blocked) return;
    x->t->blocked = true;
    x->t->block_kind = kind;
    x->t->block_path = path;
    x->t->block_reason = reason;
}

enum policy_part transform_part(enum walk_part part) {
    switch (part) {
    case WALK_SYSTEM: return POLICY_PART_SYSTEM;
    case WALK_USER: return POLICY_PART_USER;
    case WALK_ASSISTANT: return POLICY_PART_ASSISTANT;
    case WALK_TOOL: return POLICY_PART_TOOL;
    case WALK_SCHEMA: return POLICY_PART_SCHEMA;
    case WALK_METADATA: return POLICY_PART_METADATA;
    case WALK_OTHER: break;
    }
    return POLICY_PART_OTHER;
}

/* In JSON text inside a string nobody checks types before a model reads it, so a string may stand there instead. In the
 * body itself a number is a parameter or a value that a schema fixes. */
static bool is_loose_number(const struct walk_leaf *leaf) {
    return leaf->what == WALK_NUMBER && leaf->level > 1;
}

static void route(struct transformer *x, enum policy_part part, enum phi_kind kind) {
    if (!is_enforced(x, kind) || x->t->route) return;
    x->t->route = policy_view_route(x->view, part, kind);
    x->t->route_kind = kind;
}

static bool comes_back(enum policy_action action) {
    return action == POLICY_TOKENIZE || action == POLICY_OFFSET || action == POLICY_SURROGATE;
}

/* In sound nothing comes back: a token would be said aloud, a surrogate be taken for the truth. */
static enum policy_action unless_spoken(const struct transformer *x, enum policy_action action) {
    return x->w->endpoint == SHAPE_SPEECH && comes_back(action) ? POLICY_MASK : action;
}

/* The policy's action as it can be done at this place. */
static enum policy_action decide_one(struct transformer *x, const struct walk_leaf *leaf, enum phi_kind kind) {
    enum policy_part part = transform_part(leaf->part);
    enum policy_action action = unless_spoken(x, policy_view_action(x->view, part, kind));

    if (goes_in_clear(action)) return action;
    if (action == POLICY_ROUTE) {
        route(x, part, kind);
        return action;
    }
    if (leaf->fixed && action != POLICY_BLOCK) {
        block(x, kind, leaf->path, "phi_in_signed_text");
        return POLICY_BLOCK;
    }
    if (action == POLICY_BLOCK) {
        block(x, kind, leaf->path, "policy_block");
        return action;
    }
    if (is_sensitive(kind)) return POLICY_FLAG;
    if (transform_schema_is_pattern(leaf)) {
        block(x, kind, leaf->path, "phi_in_pattern");
        return POLICY_BLOCK;
    }
    if (leaf->what == WALK_STRING || is_loose_number(leaf)) return action;
    block(x, kind, leaf->path, leaf->what == WALK_KEY ? "phi_in_key" : "phi_in_number");
    return POLICY_BLOCK;
}

/* A finding that does not fit the walk would be an edit at the wrong place. */
static bool finding_fits(const struct transformer *x, size_t i) {
    const struct phi_finding *f = &x->found->v[i], *before = i ? f - 1 : NULL;

    if (f->leaf >= x->w->n || f->kind == PHI_NONE || f->kind >= PHI_KINDS) return false;
    const struct walk_leaf *leaf = &x->w->v[f->leaf];
    if (leaf->container || f->begin > f->end || f->end > leaf->text.len) return false;
    return !before || before->leaf < f->leaf || (before->leaf == f->leaf && before->begin <= f->begin);
}

/* More patients, or more of a chart, than a purpose needs at once. */
static int check_bulk(struct transformer *x) {
    struct policy_limits limits = policy_limits(x->policy, x->view->purpose);
    struct transform *t = x->t;

    if (!limits.patients && !limits.encounters) return 0;
    if (transform_bulk_count(x->arena, x->w, x->found, x->today, &t->bulk) < 0) return -1;
    bool patients = limits.patients && t->bulk.patients > limits.patients,
         encounters = limits.encounters && t->bulk.encounters > limits.encounters;
    t->over_bulk = patients || encounters;
    if (t->over_bulk && limits.action == POLICY_BLOCK && !x->view->override)
        block(x, PHI_NONE, 0, patients ? "too_many_patients" : "too_many_encounters");
    return 0;
}

/* The decisions for a text, by its language where the policy asks for that. */
static int take_view(struct transformer *x, const struct walk_leaf *leaf) {
    x->view = x->base;
    if (!policy_asks_language(x->policy)) return 0;
    enum language language = language_of(leaf->text.ptr, leaf->text.len);
    if (!x->views[language]) {
        x->views[language] = arena_alloc(x->arena, sizeof *x->views[language]);
        if (!x->views[language]) return -1;
        policy_view_language(x->base, language, x->views[language]);
    }
    x->view = x->views[language];
    return 0;
}

static int decide_all(struct transformer *x) {
    struct transform *t = x->t;
    const struct walk_leaf *last = NULL;

    x->base = x->view;
    x->plan = arena_alloc(x->arena, x->found->n);
    if (!x->plan) return -1;
    for (size_t i = 0; i < x->found->n; i++) {
        const struct phi_finding *f = &x->found->v[i];
        if (!finding_fits(x, i)) return -1;
        const struct walk_leaf *leaf = &x->w->v[f->leaf];
        if (leaf != last && take_view(x, leaf) < 0) return -1;
        last = leaf;
        enum policy_action action = decide_one(x, leaf, f->kind);
        struct transform_row row = {.kind = f->kind, .action = action, .path = leaf->path, .rule = f->rule,
                                    .score = f->score, .via = f->via};
        if (transform_rows_count(x->arena, x->t, &x->rows, row) < 0) return -1;
        t->findings++;
        t->overridden[f->kind] += policy_view_overridden(x->view, transform_part(leaf->part), f->kind);
        x->plan[i] = (unsigned char)(is_enforced(x, f->kind) ? action : POLICY_ALLOW);
        if (goes_in_clear(x->plan[i])) t->disclosed[f->kind]++;
    }
    x->view = x->base;
    if (check_bulk(x) < 0) return -1;
    if (t->blocked) t->route = NULL;
    if (t->blocked || t->route) memset(t->disclosed, 0, sizeof t->disclosed);
    return 0;
}

/* ---- editing ---- */

/* level: how often with must be escaped where it goes. */
static int edit_add(struct transformer *x, const struct walk_leaf *leaf, const struct range *r, uint32_t level,
                    struct span with) {
    if (x->t->edits == x->edits_size) {
        size_t size = x->edits_size ? x->edits_size * 2 : EDITS_FIRST;
        struct json_edit *edits = arena_grow(x->arena, x->edits, x->edits_size * sizeof *edits, size * sizeof *edits);
        if (!edits) return -1;
        x->edits = edits;
        x->edits_size = size;
    }
    struct json_edit *e = &x->edits[x->t->edits];
    walk_range(x->w, leaf, r->begin, r->end, &e->begin, &e->end);
    if (walk_escape(x->arena, with, level, &e->with) < 0) return -1;
    x->t->edits++;
    return 0;
}

static int mask_of(struct transformer *x, enum phi_kind kind, struct span *with) {
    struct span word = span_of(words[kind]);
    char *text = arena_alloc(x->arena, word.len + 2);

    if (!text) return -1;
    text[0] = '[';
    memcpy(text + 1, word.ptr, word.len);
    text[word.len + 1] = ']';
    *with = span_make(text, word.len + 2);
    return 0;
}

/* What stands before could be the beginning of a token; then what is put here must not complete it. A mask or a
 * token never does: it begins with a bracket. */
static bool could_forge(const struct walk_leaf *leaf, const struct range *r) {
    size_t from = r->begin > TOKEN_MAX ? r->begin - TOKEN_MAX : 0;
    return token_pending(span_sub(leaf->text, from, r->begin)) > 0;
}

static int general_of(struct transformer *x, const struct walk_leaf *leaf, const struct range *r, struct span *with) {
    char text[32];
    struct span value = span_sub(leaf->text, r->begin, r->end);

    if (could_forge(leaf, r) || transform_generalize(r->kind, value, x->today, text, sizeof text) < 0)
        return mask_of(x, r->kind, with);
    *with = span_of(arena_copy(x->arena, span_of(text)));
    return with->ptr ? 0 : -1;
}

/* A date that is not certain keeps no distance. */
static int offset_of(struct transformer *x, enum phi_kind kind, struct span value, unsigned subject, struct span *with) {
    struct token_date date;
    bool certain = token_date_read(value, kind == PHI_DATE_DOB, x->today, &date) == 0;

    *with = certain ? tokens_put_date(x->tokens, kind, value, &date) : tokens_put(x->tokens, kind, value, subject);
    explicit_bzero(&date, sizeof date);
    return with->len ? 0 : -1;
}

/* Beside a letter it would be no word of its own, and would not be known again. */
static bool stands_alone(const struct walk_leaf *leaf, const struct range *r) {
    struct span text = leaf->text;
    bool before = false;

    for (size_t i = r->begin > 4 ? r->begin - 4 : 0; i < r->begin; i++)
        before = surrogate_word_byte(text.ptr[i], before);
    return !before && (r->end == text.len || !surrogate_word_byte(text.ptr[r->end], false));
}

/* Where no surrogate can be made, a token is; and where tokens outlive their request, for surrogates do not. */
static int surrogate_of(struct transformer *x, const struct walk_leaf *leaf, const struct range *r, struct span *with) {
    struct surrogates *s = tokens_kept(x->tokens) ? NULL : tokens_surrogates(x->tokens);
    struct span value = span_sub(leaf->text, r->begin, r->end);
    bool possible = s && stands_alone(leaf, r) && !could_forge(leaf, r);

    *with = possible ? surrogates_put(s, r->kind, value) : span_make(NULL, 0);
    if (with->len == 0) *with = tokens_put(x->tokens, r->kind, value, r->subject);
    return with->len ? 0 : -1;
}

static int replacement_of(struct transformer *x, const struct walk_leaf *leaf, const struct range *r,
                          struct span *with) {
    switch (r->action) {
    case POLICY_TOKENIZE:
        *with = tokens_put(x->tokens, r->kind, span_sub(leaf->text, r->begin, r->end), r->subject);
        return with->len ? 0 : -1;
    case POLICY_SURROGATE: return surrogate_of(x, leaf, r, with);
    case POLICY_OFFSET: return offset_of(x, r->kind, span_sub(leaf->text, r->begin, r->end), r->subject, with);
    case POLICY_GENERALIZE: return general_of(x, leaf, r, with);
    case POLICY_DROP:
        *with = span_make("", 0);
        return could_forge(leaf, r) ? mask_of(x, r->kind, with) : 0;
    case POLICY_MASK: case POLICY_BLOCK: case POLICY_ROUTE: case POLICY_FLAG: case POLICY_ALLOW: case POLICY_ACTIONS:
        break;
    }
    return mask_of(x, r->kind, with);
}

static int claim_of(struct transformer *x, const struct range *r, struct span value) {
    struct token_date date;

    if (!comes_back(r->action)) return 0;
    bool certain = r->action == POLICY_OFFSET && token_date_read(value, r->kind == PHI_DATE_DOB, x->today, &date) == 0;
    int rc = certain ? tokens_claim_date(x->tokens, r->kind, value, &date) : tokens_claim(x->tokens, r->kind, value, r->subject ? x->subjects + r->subject : 0);
    explicit_bzero(&date, sizeof date);
    return rc;
}

/* A field's value may end in the full stop of its sentence; the form of a date does not. */
static void trim_date(const struct walk_leaf *leaf, struct range *r) {
    while (r->action == POLICY_OFFSET && r->end > r->begin + 1 && strchr(".,;:", leaf->text.ptr[r->end - 1]))
        r->end--;
}

static int range_done(struct transformer *x, const struct walk_leaf *leaf, struct range *r) {
    struct span with;

    if (r->begin == r->end) return 0;
    r->action = unless_spoken(x, r->action);
    trim_date(leaf, r);
    if (x->claiming) return r->token_text && x->monitor ? 0 : claim_of(x, r, span_sub(leaf->text, r->begin, r->end));
    if (r->token_text) {
        struct transform_row row = {.kind = PHI_TOKEN_TEXT, .action = r->action, .path = leaf->path,
                                    .rule = TRANSFORM_NO_RULE, .score = 100};
        if (transform_rows_count(x->arena, x->t, &x->rows, row) < 0) return -1;
        if (x->monitor) return 0;
    }
    return replacement_of(x, leaf, r, &with) < 0 ? -1 : edit_add(x, leaf, r, leaf->level, with);
}

/* next begins inside r. A range that grew is not the written form that was found: it shares no subject. */
static void range_join(struct range *r, const struct range *next) {
    uint32_t begin = r->begin, end = next->end > r->end ? next->end : r->end;

    if (r->token_text && !next->token_text) {
        *r = *next;
        if (begin < next->begin || end > next->end) r->subject = 0;
    } else {
        if (end > r->end || !next->token_text) r->subject = 0;
        bool both_return = comes_back(r->action) && comes_back(next->action);
        if (!next->token_text) r->action = both_return ? POLICY_TOKENIZE : POLICY_MASK;
    }
    r->begin = begin;
    r->end = end;
}

/* The next finding of the leaf that changes something, from *i on. */
static bool next_finding(const struct transformer *x, size_t leaf, size_t *i, struct range *out) {
    for (; *i < x->found->n && x->found->v[*i].leaf == leaf; (*i)++) {
        const struct phi_finding *f = &x->found->v[*i];
        enum policy_action action = x->plan[*i];
        if (goes_in_clear(action) || f->begin == f->end) continue;
        *out = (struct range){f->begin, f->end, f->kind, action, f->subject, false};
        (*i)++;
        return true;
    }
    return false;
}

static bool next_token_text(struct span text, size_t *from, struct range *out) {
    size_t begin, end;

    if (!token_next(text, *from, &begin, &end)) {
        *from = text.len;
        return false;
    }
    *from = end;
    *out = (struct range){(uint32_t)begin, (uint32_t)end, PHI_TOKEN_TEXT, POLICY_TOKENIZE, 0, true};
    return true;
}

static int edit_leaf(struct transformer *x, size_t at, size_t *finding) {
    const struct walk_leaf *leaf = &x->w->v[at];
    struct range found = {0}, token = {0}, r = {0};
    size_t from = 0;
    bool has_found = next_finding(x, at, finding, &found), has_token = next_token_text(leaf->text, &from, &token);
    bool open = false;

    while (has_found || has_token) {
        bool take_found = has_found && (!has_token || found.begin <= token.begin);
        struct range next = take_found ? found : token;
        if (take_found) has_found = next_finding(x, at, finding, &found);
        else has_token = next_token_text(leaf->text, &from, &token);
        if (open && next.begin < r.end) {
            range_join(&r, &next);
            continue;
        }
        if (open && range_done(x, leaf, &r) < 0) return -1;
        r = next;
        open = true;
    }
    return open ? range_done(x, leaf, &r) : 0;
}

/* A number of which anything was found becomes a string as a whole. */
static int edit_number(struct transformer *x, size_t at, size_t *finding) {
    const struct walk_leaf *leaf = &x->w->v[at];
    struct range r, next;
    struct span with;

    if (!next_finding(x, at, finding, &r)) return 0;
    while (next_finding(x, at, finding, &next))
        if (next.action != r.action) r.action = POLICY_MASK;
    r.begin = 0;
    r.end = (uint32_t)leaf->text.len;
    if (x->claiming) return claim_of(x, &r, leaf->text);
    if (replacement_of(x, leaf, &r, &with) < 0) return -1;
    char *quoted = arena_alloc(x->arena, with.len + 2);
    if (!quoted) return -1;
    quoted[0] = quoted[with.len + 1] = '"';
    if (with.len) memcpy(quoted + 1, with.ptr, with.len);
    return edit_add(x, leaf, &r, leaf->level - 1, span_make(quoted, with.len + 2));
}

/* Where token-shaped text stays as it is (in keys, and everywhere in monitor mode), its number is not given out. */
static int reserve_what_stays(struct transformer *x) {
    size_t begin, end;

    for (size_t i = 0; i < x->w->n; i++) {
        const struct walk_leaf *leaf = &x->w->v[i];
        bool stays = leaf->what == WALK_KEY || (x->monitor && leaf->what == WALK_STRING);
        if (!stays || leaf->parameter || leaf->container) continue;
        for (size_t from = 0; token_next(leaf->text, from, &begin, &end); from = end)
            if (tokens_reserve(x->tokens, span_sub(leaf->text, begin, end)) < 0) return -1;
    }
    return 0;
}

/* What a surrogate must be unlike: every word of the request. */
static int avoid_all(struct transformer *x) {
    bool asked = false;

    for (size_t i = 0; i < x->found->n; i++)
        asked |= x->plan[i] == POLICY_SURROGATE;
    if (!asked || tokens_kept(x->tokens)) return 0;
    struct surrogates *s = tokens_surrogates(x->tokens);
    for (size_t i = 0; s && i < x->w->n; i++)
        if (!x->w->v[i].container && surrogates_avoid(s, x->w->v[i].text) < 0) return -1;
    return 0; /* without a table tokens are taken */
}

/* The one leaf that the walk took the model from, when another name takes its place. */
static bool is_model(const struct transformer *x, const struct walk_leaf *leaf) {
    return x->model && x->w->body_model.len && leaf->what == WALK_STRING && leaf->text.ptr == x->w->body_model.ptr;
}

static int edit_model(struct transformer *x, const struct walk_leaf *leaf) {
    const struct range whole = {.end = (uint32_t)leaf->text.len};
    return span_is(leaf->text, x->model) ? 0 : edit_add(x, leaf, &whole, leaf->level, span_of(x->model));
}

static int edit_all(struct transformer *x) {
    size_t finding = 0;

    if (reserve_what_stays(x) < 0 || avoid_all(x) < 0) return -1;
    for (size_t i = 0; i < x->w->n; i++) {
        const struct walk_leaf *leaf = &x->w->v[i];
        while (finding < x->found->n && x->found->v[finding].leaf < i)
            finding++;
        if (is_model(x, leaf)) {
            if (!x->claiming && edit_model(x, leaf) < 0) return -1;
            continue;
        }
        bool editable = leaf->what == WALK_STRING && !leaf->container && !leaf->fixed;
        if (editable && edit_leaf(x, i, &finding) < 0) return -1;
        if (is_loose_number(leaf) && edit_number(x, i, &finding) < 0) return -1;
    }
    return 0;
}

/* The same ranges in the same order as edit_all will find them, then one question to the vault for all of them. */
static int claim_all(struct transformer *x) {
    x->claiming = true;
    int rc = edit_all(x);
    x->claiming = false;
    return rc < 0 ? -1 : tokens_assign(x->tokens);
}

/* ---- the whole ---- */

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
        if (comes_back(x->plan[i])) tokens[x->found->v[i].kind] = true;
    if (transform_schema_bars(x->w, body, tokens, &kind, &path)) block(x, kind, path, "token_does_not_fit");
}

static int run(struct transformer *x, struct span body, struct buf *out) {
    struct json_edit *edits;
    size_t n;

    x->monitor = policy_mode(x->policy) == POLICY_MONITOR;
    x->today = (long)(time(NULL) / 86400);
    *x->t = (struct transform){0};
    if (decide_all(x) < 0) return -1;
    check_schema(x, body);
    if (x->t->blocked || x->t->route) return 0;
    if (tokens_kept(x->tokens) && claim_all(x) < 0) return -1;
    if (edit_all(x) < 0) return -1;
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
    if (decide_all(&x) < 0) return -1;
    return t.blocked || t.route ? 0 : edit_all(&x);
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
    if (decide_all(&x) < 0 || decide_all(&y) < 0) return -1;
    for (size_t i = 0; i < found->n; i++) {
        enum policy_action was = x.plan[i], now = y.plan[i];
        int change = policy_strictness(now) - policy_strictness(was);
        if (goes_in_clear(was) && goes_in_clear(now)) continue;
        out->looser += change < 0;
        out->stricter += change > 0;
    }
    out->block = would.blocked;
    out->routed = would.route != NULL;
    return 0;
}
