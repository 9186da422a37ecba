/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits are collected in any order and sorted before the splice: a citation may stand in front of the text whose
 * characters it counts. A text without a token makes no edit, so its bytes stay as the upstream wrote them.
 */
#include "relay_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "../policies/engine/policy_response.h"
#include "arena.h"
#include "json.h"
#include "screen.h"
#include "surrogates.h"
#include "tokens.h"

#define FIRST_EDITS 8u

void relay_text_init(struct relay_text *x, struct arena *a, const struct tokens *t, struct restore_counts *counts,
                     bool json_mode, size_t ceiling) {
    *x = (struct relay_text){.arena = a, .tokens = t, .counts = counts, .json_mode = json_mode};
    buf_init(&x->scratch, ceiling);
    buf_init(&x->escaped, ceiling);
}

void relay_text_free(struct relay_text *x) {
    buf_free(&x->scratch);
    buf_free(&x->escaped);
}

void relay_text_begin(struct relay_text *x) {
    x->edits = NULL;
    x->n = x->size = 0;
    buf_clear(&x->scratch);
    buf_clear(&x->escaped);
}

static int add(struct relay_text *x, uint32_t begin, uint32_t end, struct span with) {
    if (x->n == x->size) {
        size_t size = x->size ? x->size * 2 : FIRST_EDITS;
        struct json_edit *v = arena_grow(x->arena, x->edits, x->size * sizeof *v, size * sizeof *v);
        if (!v) return -1;
        x->edits = v;
        x->size = size;
    }
    const char *copy = arena_copy(x->arena, with);
    if (!copy) return -1;
    x->edits[x->n++] = (struct json_edit){begin, end, span_make(copy, with.len)};
    return 0;
}

int relay_text_decode(struct relay_text *x, const struct answer_leaf *leaf, struct span *decoded) {
    *decoded = leaf->raw;
    return leaf->escaped ? json_unescape(x->arena, leaf->raw, decoded, NULL) : 0;
}

int relay_text_set(struct relay_text *x, const struct answer_leaf *leaf, struct span decoded, struct span now) {
    if (span_equal(decoded, now)) return 0;
    buf_clear(&x->escaped);
    buf_add_json_escaped(&x->escaped, now);
    if (x->escaped.failed) return -1;
    return add(x, leaf->begin, leaf->begin + (uint32_t)leaf->raw.len, buf_span(&x->escaped));
}

struct restore *relay_text_restorer(const struct relay_text *x, enum restore_mode mode, struct restore_counts *counts) {
    struct restore *r = restore_new(x->tokens, mode, counts);

    if (!r || !x->screen || restore_screen(r, x->screen) == 0) return r;
    restore_free(r);
    return NULL;
}

int relay_text_flush(struct relay_text *x, struct restore *r, struct span before, struct span after, struct buf *event) {
    bool holds = restore_holds(r);

    buf_clear(&x->scratch);
    restore_flush(r, &x->scratch);
    if (relay_text_blocked(x)) return -1;
    if (!holds) return 0;
    buf_clear(event);
    buf_add(event, before);
    buf_add_json_escaped(event, buf_span(&x->scratch));
    buf_add(event, after);
    return event->failed || x->scratch.failed ? -1 : 1;
}

bool relay_text_blocked(const struct relay_text *x) {
    return x->screen && x->screen->blocked;
}

const char *relay_text_block_code(const struct relay_text *x) {
    return x->screen->failed ? "detector_error" : "phi_in_answer";
}

const char *relay_text_block_message(const struct relay_text *x) {
    return x->screen->failed ? "The answer of the model could not be searched and was stopped."
                             : "The answer of the model held what the policy does not let through and was stopped.";
}

static int whole(struct relay_text *x, const struct answer *w, const struct answer_leaf *leaf, bool off) {
    struct span decoded;

    if (off && !x->screen) return 0;
    if (relay_text_decode(x, leaf, &decoded) < 0) return -1;
    bool plain = !x->screen && surrogates_count(tokens_surrogates_made(x->tokens)) == 0;
    if (plain && span_find(decoded, '[', 0) == decoded.len) return 0;
    bool json = x->json_text || answer_is_json(w, leaf, x->json_mode);
    enum restore_mode mode = off ? RESTORE_OFF : json ? RESTORE_JSON : RESTORE_TEXT;
    struct restore *r = relay_text_restorer(x, mode, x->counts);
    if (!r) return -1;
    buf_clear(&x->scratch);
    restore_push(r, decoded, &x->scratch);
    restore_flush(r, &x->scratch);
    restore_free(r);
    if (x->scratch.failed || relay_text_blocked(x)) return -1;
    return relay_text_set(x, leaf, decoded, buf_span(&x->scratch));
}

int relay_text_whole(struct relay_text *x, const struct answer *w, const struct answer_leaf *leaf) {
    return whole(x, w, leaf, relay_tools_off_at(&x->tools, leaf->begin));
}

int relay_text_unrestored(struct relay_text *x, const struct answer *w, const struct answer_leaf *leaf) {
    return whole(x, w, leaf, true);
}

int relay_text_index(struct relay_text *x, const struct answer_leaf *leaf, const struct restore *r) {
    unsigned long long value;
    char now[24];

    if (span_decimal(leaf->raw, &value) < 0) return 0;
    int n = snprintf(now, sizeof now, "%llu", (unsigned long long)restore_index(r, value));
    struct span with = span_make(now, (size_t)n);
    if (span_equal(with, leaf->raw)) return 0;
    return add(x, leaf->begin, leaf->begin + (uint32_t)leaf->raw.len, with);
}

bool relay_text_signed(const struct relay_text *x, const struct answer_leaf *leaf) {
    return x->signed_thinking && span_is(leaf->key, "thinking");
}

int relay_text_cut_repeats(struct relay_text *x, const struct answer *w) {
    if (!x->screen || !policy_response_holds(x->screen->policy)) return 0;
    for (size_t i = 0; i < w->n_holes; i++)
        if (add(x, w->holes[i].begin, w->holes[i].end, span_of(w->holes[i].array ? "[]" : "null")) < 0) return -1;
    return 0;
}

int relay_text_cut_padding(struct relay_text *x, const struct answer *w) {
    for (size_t i = 0; x->n > 0 && i < w->n_members; i++) {
        if (!span_is(w->members[i].key, "obfuscation")) continue;
        uint32_t begin = i > 0 ? w->members[i - 1].end : w->members[i].begin;
        uint32_t end = i == 0 && w->n_members > 1 ? w->members[1].begin : w->members[i].end;
        return add(x, begin, end, (struct span){0});
    }
    return 0;
}

static int by_place(const void *a, const void *b) {
    const struct json_edit *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

int relay_text_splice(struct relay_text *x, struct span text, struct buf *out) {
    if (x->n > 1) qsort(x->edits, x->n, sizeof *x->edits, by_place);
    return json_splice(text, x->edits, x->n, out);
}
