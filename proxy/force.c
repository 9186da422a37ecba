/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an upstream keeps what it is sent unless told otherwise, an absent "store" and null mean true. A body is an
 * object, so a member fits behind its brace; it cannot be there twice, since duplicate keys are refused.
 */
#include "force.h"

#include <stdlib.h>

#include "arena.h"
#include "buf.h"

#define OWN_MAX 2u /* edits beside those that take something out */

static void add(struct force *f, uint32_t begin, uint32_t end, struct span with) {
    f->edits[f->n++] = (struct json_edit){begin, end, with};
}

static void name(struct force *f, const char *change) {
    f->names[f->n_names++] = change;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* member: with the comma that is needed before another one. */
static void insert(const struct walk *w, struct force *f, struct span body, struct span member) {
    uint32_t at = w->root_begin + 1;
    size_t next = at;

    while (next < body.len && is_space(body.ptr[next]))
        next++;
    bool empty = next < body.len && body.ptr[next] == '}';
    add(f, at, at, span_sub(member, 0, empty ? member.len - 1 : member.len));
}

static void force_store(const struct walk *w, struct span body, struct force *f) {
    bool said = w->store_end != 0;

    if (said && span_is(span_sub(body, w->store_begin, w->store_end), "false")) return;
    f->store = true;
    name(f, "store=false");
    if (said) add(f, w->store_begin, w->store_end, span_of("false"));
    else insert(w, f, body, span_of("\"store\":false,"));
}

static int force_model(struct arena *a, const struct walk *w, struct span body, struct span model, struct force *f) {
    struct buf member;

    buf_init(&member, 1024);
    buf_add_c(&member, "\"model\":\"");
    buf_add_json_escaped(&member, model);
    buf_add_c(&member, "\",");
    const char *copy = member.failed ? NULL : arena_copy(a, buf_span(&member));
    struct span text = {copy, member.len};
    buf_free(&member);
    if (!copy) return -1;
    insert(w, f, body, text);
    name(f, "model=path");
    return 0;
}

static int by_place(const void *a, const void *b) {
    const struct json_edit *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

int force_plan(struct arena *a, const struct walk *w, struct span body, const struct force_wish *wish, struct force *f) {
    *f = (struct force){.edits = arena_array(a, w->n_cut + OWN_MAX, sizeof *f->edits)};
    if (!f->edits) return -1;
    for (size_t i = 0; i < w->n_cut; i++)
        add(f, w->cut[i].begin, w->cut[i].end, span_of("[]"));
    if (w->n_cut) name(f, "logprobs=[]");
    if (wish->store_false) force_store(w, body, f);
    if (wish->model.len && w->body_model.len == 0 && force_model(a, w, body, wish->model, f) < 0) return -1;
    if (f->n > 1) qsort(f->edits, f->n, sizeof *f->edits, by_place);
    return 0;
}
