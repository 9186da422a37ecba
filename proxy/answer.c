/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the document. Containers become nodes that know their parent, so that the place of a text can be
 * named after the pass: an object's "index" may stand behind the text that it numbers.
 */
#include "answer.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

#define FIRST_ITEMS 4u /* an event of a stream has as many; it is kept while the stream is open */

struct reader {
    struct arena *arena;
    struct answer *w;
    uint32_t open[ANSWER_DEPTH];
    uint32_t depth;
    struct span key;
    uint32_t key_begin;
    size_t nodes_size, texts_size, indexes_size, members_size, holes_size;
};

/* Room for one more item. Items move, wiped, when their array doubles. */
static void *room(struct arena *a, void *v, size_t n, size_t *size, size_t item) {
    if (n < *size) return v;
    size_t larger = *size ? *size * 2 : FIRST_ITEMS;
    void *p = arena_grow(a, v, *size * item, larger * item);
    if (p) *size = larger;
    return p;
}

static struct answer_node *top(const struct reader *r) {
    return r->depth ? &r->w->nodes[r->open[r->depth - 1]] : NULL;
}

/* ---- nodes ---- */

static void inherit(struct answer_node *n, uint32_t number, const struct answer *w) {
    const struct answer_node *p = &w->nodes[n->parent];
    bool in_array = p->array;

    n->key = in_array ? p->key : n->key;
    n->choice = p->choice;
    if (in_array && !p->choice && n->parent != 0 && p->parent == 0 && !n->array && span_is(p->key, "choices"))
        n->choice = number;
    n->delta = p->delta || (!in_array && p->choice == n->parent && p->choice != 0 && span_is(n->key, "delta"));
    n->citation = p->citation || span_is(n->key, "annotations") || span_is(n->key, "annotation");
    n->echo = p->echo || (!in_array && span_is(n->key, "metadata"));
    bool wrapped = p->parent == 0 && (span_is(p->key, "response") || span_is(p->key, "message"));
    n->usage = !in_array && (n->parent == 0 || wrapped) && (span_is(n->key, "usage") || span_is(n->key, "usageMetadata"));
}

static int node_begin(struct reader *r, bool array) {
    struct answer *w = r->w;

    if (r->depth == ANSWER_DEPTH) return -1;
    w->nodes = room(r->arena, w->nodes, w->n_nodes, &r->nodes_size, sizeof *w->nodes);
    if (!w->nodes) return -1;
    const struct answer_node *parent = top(r);
    struct answer_node *n = &w->nodes[w->n_nodes];
    *n = (struct answer_node){.key = r->key, .index = -1, .array = array};
    if (parent) {
        n->parent = r->open[r->depth - 1];
        n->position = parent->items;
        inherit(n, (uint32_t)w->n_nodes, w);
    } else {
        w->object = !array;
    }
    r->open[r->depth++] = (uint32_t)w->n_nodes++;
    return 0;
}

/* ---- values ---- */

static int leaf_add(struct reader *r, const struct json_token *t, struct answer_leaf **v, size_t *n, size_t *size) {
    const struct answer_node *at = top(r);

    *v = room(r->arena, *v, *n, size, sizeof **v);
    if (!*v) return -1;
    (*v)[(*n)++] = (struct answer_leaf){
        .node = r->depth ? r->open[r->depth - 1] : 0,
        .key = at && at->array ? at->key : r->key,
        .position = at ? at->items : 0,
        .raw = t->raw,
        .begin = t->begin,
        .escaped = t->escaped,
    };
    return 0;
}

static bool is_text(const struct reader *r) {
    const struct answer_node *at = top(r);

    if (!at || at->echo) return true;
    return !at->usage && answer_key_is_text(at->array ? at->key : r->key, at->key);
}

static int string_value(struct reader *r, const struct json_token *t) {
    struct answer_node *at = top(r);

    if (at && !at->array) {
        if (span_is(r->key, "type")) at->type = t->raw;
        if (span_is(r->key, "finish_reason") && t->raw.len > 0 && at->choice == r->open[r->depth - 1])
            at->finished = true;
        if (span_is(r->key, "finishReason") && t->raw.len > 0 && span_is(at->key, "candidates")) at->finished = true;
    }
    if (!is_text(r)) return 0;
    if (at && !at->array && (span_is(r->key, "content") || span_is(r->key, "text")))
        at->text = (uint32_t)r->w->n_texts + 1;
    return leaf_add(r, t, &r->w->texts, &r->w->n_texts, &r->texts_size);
}

static void usage_value(struct answer *w, struct span key, uint64_t value) {
    if (span_is(key, "promptTokenCount")) w->usage_in = value;
    if (span_is(key, "candidatesTokenCount")) w->usage_out = value;
    if (span_is(key, "prompt_tokens") || span_is(key, "input_tokens")) w->usage_in = value;
    if (span_is(key, "completion_tokens") || span_is(key, "output_tokens")) w->usage_out = value;
}

static int number_value(struct reader *r, const struct json_token *t) {
    struct answer_node *at = top(r);
    unsigned long long value;

    if (!at || at->array || span_decimal(t->raw, &value) < 0 || value > INT64_MAX) return 0;
    if (span_is(r->key, "index")) at->index = (int64_t)value;
    if (at->usage) usage_value(r->w, r->key, value);
    if (!at->citation || (!span_is(r->key, "start_index") && !span_is(r->key, "end_index"))) return 0;
    return leaf_add(r, t, &r->w->indexes, &r->w->n_indexes, &r->indexes_size);
}

/* A value ended: a member of the root object is complete. */
static int value_end(struct reader *r, uint32_t end) {
    struct answer *w = r->w;
    struct answer_node *at = top(r);

    if (at && at->array) at->items++;
    if (r->depth != 1 || !w->object) return 0;
    w->members = room(r->arena, w->members, w->n_members, &r->members_size, sizeof *w->members);
    if (!w->members) return -1;
    w->members[w->n_members++] = (struct answer_member){r->key, r->key_begin, end};
    return 0;
}

/* ---- the pass ---- */

static int key_value(struct reader *r, const struct json_token *t) {
    if (r->depth == 1) r->key_begin = t->begin - 1;
    r->key = t->raw;
    return t->escaped ? json_unescape(r->arena, t->raw, &r->key, NULL) : 0;
}

static int node_end(struct reader *r, const struct json_token *t) {
    uint32_t ended = r->open[--r->depth];

    r->key = r->w->nodes[ended].key;
    return value_end(r, t->begin + 1);
}

/* Nothing in this container is text: on to its end. */
static int pass_by(struct reader *r, struct json_scanner *s, struct json_token *t) {
    uint32_t depth = t->depth;

    do {
        if (json_next(s, t) < 0) return -1;
    } while (t->depth != depth || (t->type != JSON_OBJECT_END && t->type != JSON_ARRAY_END));
    return value_end(r, t->begin + 1);
}

static bool is_closed(const struct reader *r) {
    const struct answer_node *at = top(r);
    return at && !at->echo && !answer_key_opens(at->array ? at->key : r->key);
}

static int begin(struct reader *r, struct json_scanner *s, struct json_token *t) {
    struct answer *w = r->w;
    struct answer_hole hole = {.begin = t->begin, .array = t->type == JSON_ARRAY_BEGIN};

    if (!is_closed(r)) return node_begin(r, hole.array);
    bool repeats = answer_key_repeats(top(r)->array ? top(r)->key : r->key);
    if (pass_by(r, s, t) < 0) return -1;
    hole.end = t->begin + 1;
    if (!repeats || hole.end - hole.begin <= 2) return 0;
    w->holes = room(r->arena, w->holes, w->n_holes, &r->holes_size, sizeof *w->holes);
    if (!w->holes) return -1;
    w->holes[w->n_holes++] = hole;
    return 0;
}

static int take(struct reader *r, struct json_scanner *s, struct json_token *t) {
    uint32_t end = t->begin + (uint32_t)t->raw.len;
    bool in_root = r->depth == 1 && r->w->object;

    if (in_root && t->type != JSON_KEY && t->type != JSON_NULL && t->type != JSON_OBJECT_END &&
        span_is(r->key, "error"))
        r->w->error = true;
    switch (t->type) {
    case JSON_OBJECT_BEGIN:
    case JSON_ARRAY_BEGIN: return begin(r, s, t);
    case JSON_OBJECT_END:
    case JSON_ARRAY_END: return node_end(r, t);
    case JSON_KEY: return key_value(r, t);
    case JSON_STRING: return string_value(r, t) < 0 ? -1 : value_end(r, end + 1);
    case JSON_NUMBER: return number_value(r, t) < 0 ? -1 : value_end(r, end);
    case JSON_TRUE:
        if (r->depth && span_is(r->key, "thought")) top(r)->type = r->key; /* Gemini: another text than the answer's */
        return value_end(r, end);
    case JSON_FALSE:
    case JSON_NULL: return value_end(r, end);
    case JSON_END: break;
    }
    return 0;
}

int answer_read(struct arena *a, struct span text, struct answer *out) {
    struct reader r = {.arena = a, .w = out};
    struct json_scanner *s = json_scanner_new(a, text, ANSWER_DEPTH);
    struct json_token t;

    *out = (struct answer){.text = text};
    if (!s) return -1;
    do {
        if (json_next(s, &t) < 0 || take(&r, s, &t) < 0) return -1;
    } while (t.type != JSON_END);
    return 0;
}

/* ---- questions ---- */

int64_t answer_number(const struct answer *w, uint32_t node) {
    const struct answer_node *n = &w->nodes[node];
    return n->index >= 0 ? n->index : (int64_t)n->position;
}

bool answer_grows(const struct answer *w, const struct answer_leaf *text) {
    if (w->n_nodes == 0) return false;
    const struct answer_node *n = &w->nodes[text->node];
    if (n->choice == 0 || n->citation) return false;
    return n->delta || (n->choice == text->node && span_is(text->key, "text"));
}

bool answer_is_json(const struct answer *w, const struct answer_leaf *text, bool json_mode) {
    if (w->n_nodes == 0) return false;
    const struct answer_node *n = &w->nodes[text->node];
    if (n->echo) return false;
    if (span_is(text->key, "arguments") || span_is(text->key, "partial_json")) return true;
    if (!json_mode || n->citation) return false;
    bool part = span_is(n->type, "output_text") || span_is(n->type, "text") || span_starts(n->type, "response.output_text.");
    part |= span_is(n->key, "parts"); /* Gemini */
    if (part && span_is(text->key, "text")) return true; /* a part of an answer without choices */
    if (text->node == 0 && span_is(text->key, "response")) return true; /* Ollama */
    bool message = n->parent == 0 && span_is(n->key, "message");
    if (n->choice == 0) return message && span_is(text->key, "content");
    if (span_is(text->key, "content")) return true;
    return span_is(text->key, "text") && (n->choice == text->node || span_is(n->key, "content"));
}

/* The nodes from the root (not in it) down to node; returns how many. */
static size_t ancestry(const struct answer *w, uint32_t node, uint32_t v[ANSWER_DEPTH]) {
    size_t n = 0;
    for (uint32_t i = node; i != 0; i = w->nodes[i].parent)
        n++;
    size_t at = n;
    for (uint32_t i = node; i != 0; i = w->nodes[i].parent)
        v[--at] = i;
    return n;
}

static void add_key(struct buf *out, struct span key) {
    buf_add_number(out, (long long)key.len);
    buf_add_char(out, ':');
    buf_add(out, key);
}

void answer_path(const struct answer *w, uint32_t node, struct span key, struct buf *out) {
    uint32_t v[ANSWER_DEPTH];
    size_t n = ancestry(w, node, v);

    for (size_t i = 0; i < n; i++) {
        if (w->nodes[w->nodes[v[i]].parent].array) {
            buf_add_char(out, '#');
            buf_add_number(out, answer_number(w, v[i]));
        } else {
            add_key(out, w->nodes[v[i]].key);
        }
    }
    add_key(out, key);
}

uint32_t answer_cited(const struct answer *w, const struct answer_leaf *index) {
    uint32_t node = index->node;
    while (node != 0 && w->nodes[w->nodes[node].parent].citation)
        node = w->nodes[node].parent;
    return w->nodes[node].parent;
}

/* ---- envelope ---- */

static void add_member(struct buf *out, struct span key) {
    buf_add_char(out, '"');
    buf_add_json_escaped(out, key);
    buf_add_c(out, "\":");
}

/* Opens the containers from the choice down to the text: {"delta":{"tool_calls":[{"index":1,"function":{ */
static void open_containers(const struct answer *w, const uint32_t *v, size_t n, struct buf *before,
                            struct buf *after) {
    char closing[ANSWER_DEPTH];
    size_t closed = 0;

    for (size_t i = 0; i < n; i++) {
        const struct answer_node *node = &w->nodes[v[i]];
        if (i > 0 && !w->nodes[node->parent].array) add_member(before, node->key);
        buf_add_char(before, node->array ? '[' : '{');
        closing[closed++] = node->array ? ']' : '}';
        if (!w->nodes[node->parent].array || node->array) continue;
        if (node->index >= 0 || i == 0) {
            buf_add_c(before, "\"index\":");
            buf_add_number(before, answer_number(w, v[i]));
            buf_add_char(before, ',');
        }
        if (node->type.len > 0) {
            buf_add_c(before, "\"type\":\"");
            buf_add(before, node->type);
            buf_add_c(before, "\",");
        }
    }
    while (closed > 1)
        buf_add_char(after, closing[--closed]);
    buf_add_c(after, ",\"logprobs\":null,\"finish_reason\":null}");
}

static void add_choice(const struct answer *w, const struct answer_leaf *text, struct buf *before, struct buf *after) {
    uint32_t v[ANSWER_DEPTH];
    size_t n = ancestry(w, text->node, v), first = 0;

    while (first < n && v[first] != w->nodes[text->node].choice)
        first++;
    buf_add_c(before, "\"choices\":[");
    open_containers(w, v + first, n - first, before, after);
    if (!w->nodes[text->node].array) add_member(before, text->key);
    buf_add_char(before, '"');
    buf_add_char(after, ']');
}

/* Usage would be counted twice and padding is of no use. */
static bool is_kept(const struct answer *w, const struct answer_member *m) {
    if (span_is(m->key, "obfuscation")) return false;
    return !span_is(m->key, "usage") || w->text.ptr[m->end - 1] == 'l';
}

void answer_envelope(const struct answer *w, const struct answer_leaf *text, struct buf *before, struct buf *after) {
    bool reached = false;
    const char *separator = "{";

    buf_add_char(after, '"');
    for (size_t i = 0; i < w->n_members; i++) {
        const struct answer_member *m = &w->members[i];
        bool choices = span_is(m->key, "choices");
        if (!choices && !is_kept(w, m)) continue;
        buf_add_c(reached ? after : before, separator);
        separator = ",";
        if (choices)
            add_choice(w, text, before, after);
        else
            buf_add(reached ? after : before, span_sub(w->text, m->begin, m->end));
        reached |= choices;
    }
    buf_add_char(after, '}');
}
