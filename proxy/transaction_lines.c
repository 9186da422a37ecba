/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of a batch: every line is walked, searched and edited as a request of its endpoint, all with one table of tokens. A
 * line that must not go fails the whole, since nobody would look for the one that is missing.
 */
#include "transaction.h"

#include <stdio.h>
#include <string.h>

#include "access.h"
#include "arena.h"
#include "facts.h"
#include "lines.h"
#include "stored.h"
#include "tokens.h"
#include "transaction_state.h"
#include "walk_model.h"
#include "walk_scan.h"

#define ROOM (1024u * 1024)
#define WORK_PER_BYTE 48
#define GROUP_LINES 256u
#define GROUP_BYTES (1024u * 1024)
#define SUBJECT_BITS 16 /* of a subject in the findings of one line */
#define VALUES_KEPT 4096u /* of a record, which tells some and counts the others */

static enum flow refuse_line(struct transaction *t, uint32_t number, enum refusal r, const char *reason) {
    buf_clear(&t->refusal_param);
    buf_add_format(&t->refusal_param, "line[%u]", number);
    return transaction_refuse_because(t, r, reason);
}

static enum flow refuse_in_line(struct transaction *t, const struct walk *w, uint32_t number, enum refusal r, const char *reason,
                                uint32_t path) {
    enum flow flow = refuse_line(t, number, r, reason);

    buf_add_char(&t->refusal_param, '.');
    walk_path(w, path, &t->refusal_param);
    return flow;
}

/* ---- WALK: what the lines are for ---- */

static bool is_for_batches(struct arena *a, struct span form) {
    struct json_scanner *s = json_scanner_new(a, form, 4);
    struct json_token t;
    bool purpose = false;

    while (s && json_next(s, &t) == 0 && t.type != JSON_END) {
        if (purpose) return t.type == JSON_STRING && span_is(t.raw, "batch");
        purpose = t.type == JSON_KEY && t.depth == 1 && span_is(t.raw, "purpose");
    }
    return false;
}

static enum flow take_line(struct transaction *t, const struct lines *l, struct span line) {
    struct arena *a = arena_new(line.len * WORK_PER_BYTE + ROOM);
    struct line_head head;
    const char *why = "out_of_memory";
    enum flow flow = FLOW_NEXT;

    if (!a || line_read(a, line, &head, &why) < 0) flow = refuse_line(t, l->number, REFUSAL_INVALID_JSON, why);
    else if (head.model.len == 0) flow = refuse_line(t, l->number, REFUSAL_MODEL_MISSING, NULL);
    else if (t->walk.model.len && !span_equal(t->walk.model, head.model))
        flow = refuse_line(t, l->number, REFUSAL_MODEL_NOT_ALLOWED, "several_models");
    else {
        t->line_endpoints |= UINT64_C(1) << head.endpoint;
        if (t->walk.model.len == 0) t->walk.model = span_make(arena_copy(t->work, head.model), head.model.len);
    }
    arena_free(a);
    return flow;
}

enum flow transaction_read_lines(struct transaction *t) {
    struct lines l = {.number = 0};
    struct span line;
    size_t n = 0;

    if (t->endpoint != SHAPE_FILES) return FLOW_NEXT;
    if (!is_for_batches(t->work, buf_span(&t->in))) return transaction_refuse_because(t, REFUSAL_FEATURE, "purpose");
    if (t->form.n_files != 1) return transaction_refuse_because(t, REFUSAL_INVALID_FORM, "no_file");
    for (l.rest = t->form.files[0].data; lines_next(&l, &line); n++) {
        if (n == LINES_MAX) return transaction_refuse_because(t, REFUSAL_TOO_LARGE, "lines");
        enum flow flow = take_line(t, &l, line);
        if (flow != FLOW_NEXT) return flow;
    }
    return n ? FLOW_NEXT : transaction_refuse_because(t, REFUSAL_INVALID_FORM, "no_lines");
}

/* Where the file may go, what its lines ask for may go, too. */
const char *transaction_lines_uncovered(const struct transaction *t, const struct settings_upstream *u, struct span model, int today) {
    for (enum shape_endpoint e = SHAPE_NONE; e < SHAPE_ENDPOINTS; e++) {
        const char *uncovered = t->line_endpoints >> e & 1 ? settings_uncovered(u, e, model, today) : NULL;
        if (uncovered) return uncovered;
    }
    return NULL;
}

/* ---- DETECT and TRANSFORM, line by line ---- */

struct line {
    struct arena *arena;
    struct span text;
    uint32_t number;
    struct walk walk;
    struct force force;
    struct phi_result found;
    struct transform transform;
};

static enum flow walk_one(struct transaction *t, struct line *l) {
    struct walk *w = &l->walk;
    struct line_head head;
    const char *why = NULL;

    if (line_read(l->arena, l->text, &head, &why) < 0) return refuse_line(t, l->number, REFUSAL_INVALID_JSON, why);
    if (walk_line(l->arena, head.endpoint, l->text, t->settings->depth_max, w) < 0)
        return refuse_in_line(t, w, l->number, REFUSAL_INVALID_JSON, w->error_code, w->error_path);
    if (w->stream) return refuse_line(t, l->number, REFUSAL_FEATURE, "stream");
    if (w->unreadable && (policy_unscannable(t->policy) == POLICY_UNSCANNABLE_BLOCK || (w->unreadable & WALK_OF_SOMEBODY)))
        return refuse_in_line(t, w, l->number, REFUSAL_UNSCANNABLE, facts_unreadable_reason(w->unreadable), w->unreadable_path);
    const char *what = settings_part_refused(t->route->upstream, w->unreadable, head.endpoint, &t->refusal_why);
    if (what) return refuse_in_line(t, w, l->number, REFUSAL_FEATURE, what, w->unreadable_path);
    enum coverage_guard store = settings_guard(t->route->upstream, "store", head.endpoint, &why);
    const struct force_wish wish = {.store_false = store == COVERAGE_FORCE_FALSE};
    if (force_plan(l->arena, w, l->text, &wish, &l->force) < 0) return transaction_refuse(t, REFUSAL_OVERLOADED);
    w->forced = l->force.edits;
    w->n_forced = l->force.n;
    return w->store && store == COVERAGE_REFUSE ? refuse_line(t, l->number, REFUSAL_FEATURE, "store") : FLOW_NEXT;
}

static enum flow scan_one(struct transaction *t, struct line *l) {
    switch (walk_scan(l->arena, &l->walk, policy_engine(t->policy), t->scratch, &l->found)) {
    case WALK_SCAN_DONE:
        return walk_model_release(l->arena, &l->walk, t->route->models, &l->found) == 0 ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
    case WALK_SCAN_NO_MEMORY:
        return transaction_refuse(t, REFUSAL_OVERLOADED);
    case WALK_SCAN_FAILED:
        break;
    }
    metrics_add(&t->world->metrics->detector_errors, 1);
    return transaction_refuse(t, REFUSAL_DETECTOR);
}

static enum flow edit_one(struct transaction *t, struct line *l, const struct policy_view *view) {
    if (transform_body(l->arena, &l->walk, l->text, &l->found, view, t->route->upstream->model, t->tokens, &t->lines_out, &l->transform) < 0)
        return transaction_refuse(t, tokens_vault_failed(t->tokens) ? REFUSAL_VAULT : REFUSAL_DETECTOR);
    buf_add_char(&t->lines_out, '\n');
    if (l->transform.route) return refuse_line(t, l->number, REFUSAL_PHI_BLOCKED, "route_in_batch");
    if (!l->transform.blocked) return FLOW_NEXT;
    if (l->transform.block_kind != PHI_NONE) t->refusal_kind = phi_kind_name(l->transform.block_kind);
    return refuse_in_line(t, &l->walk, l->number, REFUSAL_PHI_BLOCKED, l->transform.block_reason, l->transform.block_path);
}

/* ---- for the record ---- */

static int add_row(struct transaction *t, const struct transform_row *row, const char *where) {
    struct transform *all = &t->transform;

    for (size_t i = 0; i < all->n_rows; i++) {
        struct transform_row *r = &all->rows[i];
        if (!r->where || strcmp(r->where, where) != 0 || r->kind != row->kind || r->rule != row->rule || r->action != row->action) continue;
        r->count += row->count;
        r->via |= row->via;
        if (row->score > r->score) r->score = row->score;
        return 0;
    }
    struct transform_row *v = arena_array(t->work, all->n_rows + 1, sizeof *v); /* few: each stands for all lines */
    if (!v) return -1;
    if (all->n_rows) memcpy(v, all->rows, all->n_rows * sizeof *v);
    v[all->n_rows] = *row;
    v[all->n_rows].where = arena_copy(t->work, span_of(where));
    all->rows = v;
    return v[all->n_rows++].where ? 0 : -1;
}

/* "body.messages[3].content" as "body.messages[].content". */
static int add_rows(struct transaction *t, const struct line *l) {
    char where[256];
    struct buf path;

    for (size_t i = 0; i < l->transform.n_rows; i++) {
        size_t n = 0;
        buf_init(&path, 1024);
        walk_path(&l->walk, l->transform.rows[i].path, &path);
        for (size_t k = 0; k < path.len && n + 1 < sizeof where; k++)
            if (path.ptr[k] < '0' || path.ptr[k] > '9') where[n++] = path.ptr[k];
        where[n] = '\0';
        buf_free(&path);
        if (add_row(t, &l->transform.rows[i], where) < 0) return -1;
    }
    return 0;
}

static int add_values(struct transaction *t, const struct line *l) {
    if (!t->values) t->values = arena_array(t->work, VALUES_KEPT, sizeof *t->values);
    if (!t->values) return -1;
    for (size_t i = 0; i < l->found.n; i++) {
        const struct phi_finding *f = &l->found.v[i];
        struct span value = span_sub(l->walk.v[f->leaf].text, f->begin, f->end);
        if (t->n_values == VALUES_KEPT) {
            t->values_more++;
            continue;
        }
        const char *copy = arena_copy(t->work, value);
        if (!copy) return -1;
        t->values[t->n_values++] = (struct transaction_value){(enum phi_kind)f->kind, span_make(copy, value.len)};
    }
    return 0;
}

static enum flow note_one(struct transaction *t, const struct line *l) {
    struct transform *all = &t->transform;

    all->findings += l->transform.findings;
    all->edits += l->transform.edits;
    all->over_bulk |= l->transform.over_bulk;
    for (size_t k = 0; k < PHI_KINDS; k++) {
        all->overridden[k] += l->transform.overridden[k];
        all->disclosed[k] += l->transform.disclosed[k];
    }
    t->line_leaves += l->walk.n;
    for (size_t i = 0; i < l->force.n_names && !t->lines_forced; i++) { /* said once for all lines */
        t->force.names[t->force.n_names++] = l->force.names[i];
        t->lines_forced = true;
    }
    return add_rows(t, l) < 0 || add_values(t, l) < 0 ? transaction_refuse(t, REFUSAL_OVERLOADED) : FLOW_NEXT;
}

/* ---- groups ---- */

/* What a group of lines needs of the vault is asked at once: a question costs a sync. */
struct group {
    struct line *lines;
    size_t n, bytes;
};

static enum flow add_line(struct transaction *t, struct group *g, struct span text, uint32_t number, const struct policy_view *view) {
    struct line *l = &g->lines[g->n];
    enum flow flow;

    *l = (struct line){.arena = arena_new(text.len * WORK_PER_BYTE + ROOM), .text = text, .number = number};
    if (!l->arena) return transaction_refuse(t, REFUSAL_OVERLOADED);
    g->bytes += text.len;
    unsigned subjects = (unsigned)g->n++ << SUBJECT_BITS;
    if ((flow = walk_one(t, l)) != FLOW_NEXT) return flow;
    if ((flow = scan_one(t, l)) != FLOW_NEXT) return flow;
    if (transform_claim(l->arena, &l->walk, &l->found, view, subjects, t->tokens) == 0) return FLOW_NEXT;
    return transaction_refuse(t, REFUSAL_DETECTOR);
}

static enum flow finish_group(struct transaction *t, struct group *g, const struct policy_view *view) {
    enum flow flow = FLOW_NEXT;

    if (tokens_kept(t->tokens) && tokens_assign(t->tokens) < 0) {
        metrics_add(&t->world->metrics->vault_errors, 1);
        return transaction_refuse(t, REFUSAL_VAULT);
    }
    for (size_t i = 0; i < g->n && flow == FLOW_NEXT; i++) {
        flow = edit_one(t, &g->lines[i], view);
        if (flow == FLOW_NEXT) flow = note_one(t, &g->lines[i]);
    }
    return flow;
}

static void empty_group(struct group *g) {
    for (size_t i = 0; i < g->n; i++)
        arena_free(g->lines[i].arena);
    g->n = g->bytes = 0;
}

static enum flow do_lines(struct transaction *t, struct group *g, const struct policy_view *view) {
    struct lines l = {.rest = t->form.files[0].data};
    enum flow flow = FLOW_NEXT;
    struct span line;

    while (flow == FLOW_NEXT && lines_next(&l, &line)) {
        flow = add_line(t, g, line, l.number, view);
        if (flow != FLOW_NEXT || (g->n < GROUP_LINES && g->bytes < GROUP_BYTES)) continue;
        flow = finish_group(t, g, view);
        empty_group(g);
    }
    return flow == FLOW_NEXT ? finish_group(t, g, view) : flow;
}

enum flow transaction_transform_lines(struct transaction *t, const struct policy_view *view) {
    struct group g = {.n = 0};

    g.lines = arena_array(t->work, GROUP_LINES, sizeof *g.lines);
    if (!g.lines) return transaction_refuse(t, REFUSAL_OVERLOADED);
    buf_init(&t->lines_out, t->form.files[0].data.len * 4 + ROOM);
    enum flow flow = do_lines(t, &g, view);
    empty_group(&g);
    if (flow != FLOW_NEXT) return flow;
    if (t->lines_out.failed) return transaction_refuse(t, REFUSAL_OVERLOADED);
    t->form.files[0].data = buf_span(&t->lines_out);
    return FLOW_NEXT;
}
