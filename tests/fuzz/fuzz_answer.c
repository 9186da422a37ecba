/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines are the events of a stream. What is said of an event because it is like the last one must be what a full
 * reading says.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../proxy/answer_form.h"
#include "../../proxy/arena.h"
#include "../../proxy/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth) {
    if (!truth) abort();
}

static void same_nodes(const struct answer *a, const struct answer *b) {
    must(a->n_nodes == b->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++) {
        const struct answer_node *x = &a->nodes[i], *y = &b->nodes[i];
        must(x->parent == y->parent && x->position == y->position && x->index == y->index && x->choice == y->choice);
        must(span_equal(x->key, y->key) && span_equal(x->type, y->type) && x->finished == y->finished);
        must(x->array == y->array && x->delta == y->delta && x->citation == y->citation && x->echo == y->echo);
    }
}

static void same_answer(const struct answer *a, const struct answer *b) {
    same_nodes(a, b);
    must(span_equal(a->text, b->text) && a->n_texts == b->n_texts && a->n_members == b->n_members);
    must(a->n_indexes == b->n_indexes && a->object == b->object && a->error == b->error);
    must(a->usage_in == b->usage_in && a->usage_out == b->usage_out);
    for (size_t i = 0; i < a->n_texts; i++) {
        const struct answer_leaf *x = &a->texts[i], *y = &b->texts[i];
        must(x->node == y->node && x->begin == y->begin && x->escaped == y->escaped && x->position == y->position);
        must(span_equal(x->raw, y->raw) && span_equal(x->key, y->key));
    }
    for (size_t i = 0; i < a->n_members; i++) {
        const struct answer_member *x = &a->members[i], *y = &b->members[i];
        must(x->begin == y->begin && x->end == y->end && span_equal(x->key, y->key));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span in = span_make((const char *)data, size);
    struct answer_form *f = answer_form_new(4096);
    if (utf8_check(in) != in.len) in.len = 0;
    for (size_t at = 0; at < in.len;) {
        size_t end = span_find(in, '\n', at);
        struct span event = span_sub(in, at, end);
        struct arena *a = arena_new(1u << 22), *of_form = arena_new(1u << 22);
        struct answer again, full;
        int read = answer_form_read(f, of_form, event, &again);
        int expected = answer_read(a, event, &full);
        must((read < 0) == (expected < 0));
        if (read >= 0) same_answer(&again, &full);
        arena_free(a);
        arena_free(of_form);
        at = end + 1;
    }
    answer_form_free(f);
    return 0;
}
