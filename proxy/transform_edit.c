/* SPDX-License-Identifier: Apache-2.0
 *
 * The second pass: in each string the findings that change something and the token-shaped text that came with the request are
 * joined where they overlap, and each range that is left becomes one edit of the body.
 *
 *   findings     [--tokenize--]        [--mask--]           [drop]
 *   token text                [TEXT]         [---TEXT---]
 *   edits        [--tokenize--][TEXT]  [------mask------]   [drop]
 */
#include "transform_state.h"

#include <string.h>

#include "arena.h"
#include "surrogates.h"
#include "token_date.h"
#include "tokens.h"

#define EDITS_FIRST 16u

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

    if (!transform_comes_back(r->action)) return 0;
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
    r->action = transform_unless_spoken(x, r->action);
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
        bool both_return = transform_comes_back(r->action) && transform_comes_back(next->action);
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
        if (transform_in_clear(action) || f->begin == f->end) continue;
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

int transform_edit(struct transformer *x) {
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
        if (transform_loose_number(leaf) && edit_number(x, i, &finding) < 0) return -1;
    }
    return 0;
}

/* The same ranges in the same order as edit_all will find them, then one question to the vault for all of them. */
int transform_claim_all(struct transformer *x) {
    x->claiming = true;
    int rc = transform_edit(x);
    x->claiming = false;
    return rc < 0 ? -1 : tokens_assign(x->tokens);
}
