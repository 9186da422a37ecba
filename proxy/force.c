/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/responses keeps what it is sent unless told otherwise: an absent "store" and null mean true there. A body is an
 * object, so a member fits behind its brace; it cannot be there twice, since duplicate keys are refused.
 */
#include "force.h"

static void add(struct force *f, uint32_t begin, uint32_t end, const char *with, const char *name) {
    f->edits[f->n] = (struct json_edit){begin, end, span_of(with)};
    f->names[f->n++] = name;
}

static bool is_empty(struct span body, size_t brace) {
    return span_trim(span_sub(body, brace + 1, body.len)).len == 1;
}

void force_plan(const struct walk *w, struct span body, bool may_store, struct force *f) {
    *f = (struct force){.n = 0};
    if (w->endpoint != SHAPE_RESPONSES || may_store) return;
    if (w->store_end == 0) {
        size_t brace = span_find(body, '{', 0);
        const char *member = is_empty(body, brace) ? "\"store\":false" : "\"store\":false,";
        add(f, (uint32_t)brace + 1, (uint32_t)brace + 1, member, "store=false");
        return;
    }
    if (!span_is(span_sub(body, w->store_begin, w->store_end), "false"))
        add(f, w->store_begin, w->store_end, "false", "store=false");
}
