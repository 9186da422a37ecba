/* SPDX-License-Identifier: Apache-2.0
 *
 * The first pass over the findings: what is done with each, and whether the request may go at all.
 */
#include "transform_state.h"

#include <string.h>

#include "arena.h"
#include "transform_schema.h"

static bool is_sensitive(enum phi_kind kind) {
    return kind >= PHI_SENS_SUD && kind <= PHI_SENS_STATUS;
}

bool transform_in_clear(enum policy_action action) {
    return action == POLICY_FLAG || action == POLICY_ALLOW;
}

/* Monitor mode changes nothing, except what may leave in clear under no policy. */
static bool is_enforced(const struct transformer *x, enum phi_kind kind) {
    return !x->monitor || (kind != PHI_NONE && policy_in_floor(x->policy, kind));
}

void transform_block(struct transformer *x, enum phi_kind kind, uint32_t path, const char *reason) {
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
bool transform_loose_number(const struct walk_leaf *leaf) {
    return leaf->what == WALK_NUMBER && leaf->level > 1;
}

static void route(struct transformer *x, enum policy_part part, enum phi_kind kind) {
    if (!is_enforced(x, kind) || x->t->route) return;
    x->t->route = policy_view_route(x->view, part, kind);
    x->t->route_kind = kind;
}

bool transform_comes_back(enum policy_action action) {
    return action == POLICY_TOKENIZE || action == POLICY_OFFSET || action == POLICY_SURROGATE;
}

/* In sound nothing comes back: a token would be said aloud, a surrogate be taken for the truth. */
enum policy_action transform_unless_spoken(const struct transformer *x, enum policy_action action) {
    return x->w->endpoint == SHAPE_SPEECH && transform_comes_back(action) ? POLICY_MASK : action;
}

/* The policy's action as it can be done at this place. */
static enum policy_action decide_one(struct transformer *x, const struct walk_leaf *leaf, enum phi_kind kind) {
    enum policy_part part = transform_part(leaf->part);
    enum policy_action action = transform_unless_spoken(x, policy_view_action(x->view, part, kind));

    if (transform_in_clear(action)) return action;
    if (action == POLICY_ROUTE) {
        route(x, part, kind);
        return action;
    }
    if (leaf->fixed && action != POLICY_BLOCK) {
        transform_block(x, kind, leaf->path, "phi_in_signed_text");
        return POLICY_BLOCK;
    }
    if (action == POLICY_BLOCK) {
        transform_block(x, kind, leaf->path, "policy_block");
        return action;
    }
    if (is_sensitive(kind)) return POLICY_FLAG;
    if (transform_schema_is_pattern(leaf)) {
        transform_block(x, kind, leaf->path, "phi_in_pattern");
        return POLICY_BLOCK;
    }
    if (leaf->what == WALK_STRING || transform_loose_number(leaf)) return action;
    transform_block(x, kind, leaf->path, leaf->what == WALK_KEY ? "phi_in_key" : "phi_in_number");
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
        transform_block(x, PHI_NONE, 0, patients ? "too_many_patients" : "too_many_encounters");
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

int transform_decide(struct transformer *x) {
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
        if (transform_in_clear(x->plan[i])) t->disclosed[f->kind]++;
    }
    x->view = x->base;
    if (check_bulk(x) < 0) return -1;
    if (t->blocked) t->route = NULL;
    if (t->blocked || t->route) memset(t->disclosed, 0, sizeof t->disclosed);
    return 0;
}
