/* SPDX-License-Identifier: Apache-2.0
 *
 * One loop over the tokens of a document, with a stack of frames (one per open container) that says where the
 * next value stands. A string that looks like a JSON document is tried: the same loop runs over its decoded
 * text; when that is no JSON after all, what it added is taken back and the string is text.
 *
 *   frames:  | body {} | messages [] | message {} |   | inner {} | ...
 *              the body                                 a document inside a string, keys there are all data
 */
#include "walk.h"

#include <string.h>

#include "../detectors/phi.h"
#include "arena.h"
#include "buf.h"
#include "facts.h"

#define LEVEL_BODY 1u
#define LEVEL_MAX (LEVEL_BODY + WALK_NESTING_MAX)
#define FRAMES_FIRST 16u
#define LEAVES_FIRST 48u
#define PATHS_FIRST 64u
#define PATH_NAMES_MAX 128u

static const char star[] = "*", opened[] = "(json)";

/* A path is a chain of these towards the root, which is number 0. name: NULL for an index. */
struct walk_paths {
    struct path_node {
        const char *name;
        uint32_t parent, index;
    } *v;
    size_t n, size;
};

/* Where a value stands. */
struct spot {
    struct span label;
    uint32_t path, group;
    enum shape_place place;
    enum walk_part part;
};

struct frame {
    struct spot self, next; /* next: of the member whose key was read */
    enum walk_part role;    /* of a message */
    bool told;              /* an item that says what it is: its type, or whose words they are */
    uint32_t star;          /* path of the members whose key is data; 0: not made yet */
    uint32_t items;
    size_t first_leaf;
    bool object, local;     /* local: a tool that the app runs itself */
};

struct walker {
    struct arena *arena;
    struct walk *w;
    struct walk_paths *paths;
    enum shape_endpoint endpoint;
    uint32_t depth, groups;
    size_t leaves_size;
    struct frame *frames;
    size_t n_frames, frames_size;
    uint32_t root_path;  /* of the endpoint's object */
    size_t root_frames;  /* open containers around it */
    struct json_scanner *scanners[LEVEL_MAX + 1];
};

/* A document that is being walked. */
struct document {
    struct json_scanner *scanner;
    struct spot spot;    /* of its outermost value */
    uint32_t level;
    int32_t parent;
    size_t first_frame;
};

enum outcome { OUTCOME_ERROR = -1, OUTCOME_DONE = 0, OUTCOME_NOT_JSON = 1 };

static int walk_string(struct walker *k, const struct document *d, const struct json_token *t);
static enum outcome document_failed(struct walker *k, const struct document *d);

static int fail(struct walker *k, const char *code, const char *error, uint32_t path) {
    if (k->w->error) return -1;
    k->w->error = error;
    k->w->error_code = code;
    k->w->error_path = path;
    return -1;
}

static int fail_memory(struct walker *k) {
    return fail(k, "out_of_memory", "the request needs more memory than allowed", 0);
}

/* ---- paths ---- */

static int path_add(struct walker *k, uint32_t parent, const char *name, uint32_t index, uint32_t *out) {
    struct walk_paths *p = k->paths;

    if (p->n == p->size) {
        size_t size = p->size ? p->size * 2 : PATHS_FIRST;
        struct path_node *v = arena_grow(k->arena, p->v, p->size * sizeof *v, size * sizeof *v);
        if (!v || size > UINT32_MAX) return fail_memory(k);
        p->v = v;
        p->size = size;
    }
    *out = (uint32_t)p->n;
    p->v[p->n++] = (struct path_node){name, parent, index};
    return 0;
}

static void path_write(const struct path_node *node, bool first, struct buf *out) {
    if (!node->name) {
        buf_add_format(out, "[%u]", node->index);
        return;
    }
    if (!first && node->name != opened) buf_add_char(out, '.');
    buf_add_c(out, node->name);
}

/* The outermost names first; a path of more than PATH_NAMES_MAX is cut. */
void walk_path(const struct walk *w, uint32_t path, struct buf *out) {
    const struct walk_paths *p = w->paths;
    uint32_t chain[PATH_NAMES_MAX];
    size_t n = 0, count = 0;

    if (!p || path >= p->n) return;
    for (uint32_t at = path; at; at = p->v[at].parent)
        count++;
    size_t skip = count > PATH_NAMES_MAX ? count - PATH_NAMES_MAX : 0;
    for (uint32_t at = path; at; at = p->v[at].parent) {
        if (skip) skip--;
        else chain[n++] = at;
    }
    for (size_t i = n; i > 0; i--)
        path_write(&p->v[chain[i - 1]], i == n, out);
    if (count > PATH_NAMES_MAX) buf_add_c(out, "...");
}

/* ---- leaves ---- */

static struct walk_leaf *leaf_add(struct walker *k, const struct document *d, const struct json_token *t,
                                  const struct spot *spot, enum walk_what what) {
    struct walk *w = k->w;

    if (w->n == PHI_LEAVES_MAX) {
        (void)fail(k, "too_many_values", "too many values in one request", 0);
        return NULL;
    }
    if (w->n == k->leaves_size) {
        size_t size = k->leaves_size * 2;
        struct walk_leaf *v = arena_grow(k->arena, w->v, w->n * sizeof *v, size * sizeof *v);
        if (!v) {
            (void)fail_memory(k);
            return NULL;
        }
        w->v = v;
        k->leaves_size = size;
    }
    struct walk_leaf *leaf = &w->v[w->n++];
    *leaf = (struct walk_leaf){.what = what, .part = spot->part, .text = t->raw, .label = spot->label,
                               .begin = t->begin, .end = t->begin + (uint32_t)t->raw.len, .parent = d->parent,
                               .level = d->level, .group = spot->group, .path = spot->path};
    return leaf;
}

/* ---- where the next value stands ---- */

static struct frame *frame_top(struct walker *k, const struct document *d) {
    return k->n_frames > d->first_frame ? &k->frames[k->n_frames - 1] : NULL;
}

/* The items of a list of messages, tools or the like are apart from each other; a prompt cut into a list is not. */
static bool items_apart(const struct walker *k, const struct frame *f) {
    return k->n_frames == k->root_frames + 2 && f->self.place != SHAPE_PROMPT;
}

static int spot_next(struct walker *k, const struct document *d, struct spot *out) {
    struct frame *f = frame_top(k, d);

    if (!f) {
        *out = d->spot;
        return 0;
    }
    if (f->object) {
        *out = f->next;
        return 0;
    }
    *out = f->self;
    out->place = shape_place_item(f->self.place);
    if (out->place == SHAPE_ITEM) out->part = WALK_OTHER; /* says itself whose words it holds */
    if (d->level == LEVEL_BODY && items_apart(k, f)) out->group = ++k->groups;
    return path_add(k, f->self.path, NULL, f->items++, &out->path);
}

/* The path of a member: by the specification's name, or the one '*' of its object. */
static int member_path(struct walker *k, struct frame *f, const struct shape_key *known, uint32_t *out) {
    if (known) return path_add(k, f->self.path, known->spelled ? known->spelled : known->name, 0, out);
    if (f->star == 0 && path_add(k, f->self.path, star, 0, &f->star) < 0) return -1;
    *out = f->star;
    return 0;
}

/* "name" alone says little; {"patients": [{"name": ...}]} says whose: the label becomes "patient.name". */
static int qualify_label(struct walker *k, struct span around, struct span key, struct span *out) {
    static const char *const vague[] = {"name", "id", "number", "no", "value", "first", "last"};
    size_t around_len = around.len > 1 && around.ptr[around.len - 1] == 's' ? around.len - 1 : around.len;
    char *label;

    *out = key;
    if (around.len == 0) return 0;
    for (size_t i = 0; i < sizeof vague / sizeof *vague; i++) {
        if (!span_is_nocase(key, vague[i])) continue;
        label = arena_alloc(k->arena, around_len + 1 + key.len);
        if (!label) return fail_memory(k);
        memcpy(label, around.ptr, around_len);
        label[around_len] = '.';
        memcpy(label + around_len + 1, key.ptr, key.len);
        *out = span_make(label, around_len + 1 + key.len);
        return 0;
    }
    return 0;
}

static const char beyond[] = "a number of the request is beyond what it can be here";

static bool is_logit_bias(const struct walker *k, const struct document *d, uint32_t path) {
    const struct path_node *node = &k->paths->v[path];

    return d->level == LEVEL_BODY && node->parent == k->root_path && node->name && node->name != star &&
           strcmp(node->name, "logit_bias") == 0 && shape_parameter(k->endpoint, span_of("logit_bias.*"));
}

static int walk_key(struct walker *k, const struct document *d, const struct json_token *t) {
    struct frame *f = frame_top(k, d);
    const struct shape_key *known = NULL;
    bool ambiguous = false;
    struct json_map map;
    struct span text;

    if (json_unescape(k->arena, t->raw, &text, &map) < 0) return fail_memory(k);
    if (f->self.place != SHAPE_FREE) known = shape_key_find(k->endpoint, text, &ambiguous);
    if (ambiguous) return fail(k, "ambiguous_key", "a key differs from a known one only by its case", f->self.path);

    /* Gemini's tools are told apart by their key; what the app runs itself is declared. */
    if (f->self.place == SHAPE_TOOL && shape_is_gemini(k->endpoint) && !span_is(text, "functionDeclarations") &&
        !span_is(text, "function_declarations"))
        facts_unreadable(k->w, WALK_HOSTED_TOOL, f->self.path);

    if (is_logit_bias(k, d, f->self.path) && !shape_token_number(text)) return fail(k, "invalid_value", beyond, f->self.path);

    struct spot spot = f->self;
    if (member_path(k, f, known, &spot.path) < 0) return -1;
    spot.place = shape_place_member(k->endpoint, f->self.place, known);
    if (f->self.place == SHAPE_ROOT || f->self.place == SHAPE_LINE) spot.group = ++k->groups;
    bool names_part = f->self.place == SHAPE_ROOT || f->self.place == SHAPE_MESSAGE || f->self.place == SHAPE_ITEM ||
                      f->self.place == SHAPE_LINE;
    if (known && known->part && names_part) spot.part = known->part;

    struct walk_leaf *leaf = leaf_add(k, d, t, &spot, WALK_KEY); /* labelled by what is around it */
    if (!leaf) return -1;
    leaf->text = text;
    leaf->map = map;
    leaf->parameter = known != NULL;
    if (qualify_label(k, f->self.label, text, &spot.label) < 0) return -1;
    f->next = spot;
    return 0;
}

/* ---- containers ---- */

/* Text cut into a model's tokens and the numbers of their bytes, which no reader can search. It came from the model and says
 * nothing that the text beside it does not; the list is taken out. */
static int cut_list(struct walker *k, const struct document *d, const struct json_token *begin) {
    struct walk *w = k->w;
    struct json_token t;
    bool empty = true;

    for (;; empty = false) {
        if (json_next(d->scanner, &t) < 0) {
            (void)document_failed(k, d);
            return -1;
        }
        if (t.type == JSON_ARRAY_END && t.depth == begin->depth) break;
    }
    if (empty) return 0;
    if (w->n_cut == w->cut_size) {
        size_t size = w->cut_size ? w->cut_size * 2 : 4;
        struct json_edit *v = arena_grow(k->arena, w->cut, w->n_cut * sizeof *v, size * sizeof *v);
        if (!v) return fail_memory(k);
        w->cut = v;
        w->cut_size = size;
    }
    w->cut[w->n_cut++] = (struct json_edit){.begin = begin->begin, .end = t.begin + 1};
    return 0;
}

static int frame_push(struct walker *k, const struct document *d, const struct json_token *t) {
    struct frame f = {.object = t->type == JSON_OBJECT_BEGIN, .first_leaf = k->w->n};

    if (spot_next(k, d, &f.self) < 0) return -1;
    if (f.self.place == SHAPE_LOGPROBS && !f.object) return cut_list(k, d, t);
    if (facts_take(k->w, f.self.place, f.self.path, t->type, span_make(NULL, 0)) == FACTS_ERROR) return -1;
    if (f.self.place == SHAPE_ROOT && f.object && d->level == LEVEL_BODY && k->n_frames == k->root_frames) {
        k->root_path = f.self.path;
        k->w->root_begin = t->begin;
    }
    if (f.object) f.self.place = shape_place_object(f.self.place);
    f.local = facts_tool_without_type_is_local(k->endpoint);
    if (k->n_frames == k->frames_size) {
        size_t size = k->frames_size * 2;
        struct frame *v = arena_grow(k->arena, k->frames, k->n_frames * sizeof *v, size * sizeof *v);
        if (!v) return fail_memory(k);
        k->frames = v;
        k->frames_size = size;
    }
    k->frames[k->n_frames++] = f;
    return 0;
}

/* The role of a message may stand behind its text. */
static void message_end(struct walker *k, const struct frame *f) {
    for (size_t i = f->first_leaf; i < k->w->n; i++)
        if (k->w->v[i].part == WALK_OTHER) k->w->v[i].part = f->role;
}

static void frame_pop(struct walker *k) {
    struct frame *f = &k->frames[--k->n_frames];

    if (!f->object) return;
    if (f->self.place == SHAPE_MESSAGE || f->self.place == SHAPE_ITEM) message_end(k, f);
    if (f->self.place == SHAPE_ITEM && !f->told) facts_unreadable(k->w, WALK_UNOWNED, f->self.path); /* {"id": ...}: a reference */
    if (f->self.place == SHAPE_TOOL && !f->local) facts_unreadable(k->w, WALK_HOSTED_TOOL, f->self.path);
}

/* ---- scalars ---- */

static enum shape_number number_at(struct walker *k, const struct document *d, const struct spot *spot, struct span number) {
    const struct path_node *node = &k->paths->v[spot->path];

    if (d->level != LEVEL_BODY) return SHAPE_NUMBER_SEARCHED;
    if (node->parent == k->root_path && node->name && node->name != star)
        return shape_number_of(k->endpoint, span_of(node->name), number);
    if (node->name != star || !is_logit_bias(k, d, node->parent)) return SHAPE_NUMBER_SEARCHED;
    return shape_number_of(k->endpoint, span_of("logit_bias.*"), number);
}

static int walk_number(struct walker *k, const struct document *d, const struct json_token *t) {
    struct spot spot;

    if (spot_next(k, d, &spot) < 0) return -1;
    if (facts_take(k->w, spot.place, spot.path, t->type, t->raw) == FACTS_ERROR) return -1;
    struct walk_leaf *leaf = leaf_add(k, d, t, &spot, WALK_NUMBER);
    if (!leaf) return -1;
    enum shape_number number = number_at(k, d, &spot, t->raw);
    if (number == SHAPE_NUMBER_BEYOND) return fail(k, "invalid_value", beyond, spot.path);
    leaf->parameter = number == SHAPE_NUMBER_EXEMPT;
    return 0;
}

static int walk_word(struct walker *k, const struct document *d, const struct json_token *t) {
    struct spot spot;

    if (spot_next(k, d, &spot) < 0) return -1;
    if (spot.place == SHAPE_STORE) {
        k->w->store_begin = t->begin;
        k->w->store_end = t->begin + (uint32_t)t->raw.len;
    }
    return facts_take(k->w, spot.place, spot.path, t->type, t->raw) == FACTS_ERROR ? -1 : 0;
}

static int walk_token(struct walker *k, const struct document *d, const struct json_token *t) {
    switch (t->type) {
    case JSON_OBJECT_BEGIN: case JSON_ARRAY_BEGIN: return frame_push(k, d, t);
    case JSON_OBJECT_END: case JSON_ARRAY_END: frame_pop(k); return 0;
    case JSON_KEY: return walk_key(k, d, t);
    case JSON_STRING: return walk_string(k, d, t);
    case JSON_NUMBER: return walk_number(k, d, t);
    case JSON_TRUE: case JSON_FALSE: case JSON_NULL: return walk_word(k, d, t);
    case JSON_END: return 0;
    }
    return -1;
}

/* ---- documents ---- */

static struct json_scanner *scanner_for(struct walker *k, uint32_t level, struct span text) {
    struct json_scanner **s = &k->scanners[level];

    if (*s) json_scanner_restart(*s, text);
    else *s = json_scanner_new(k->arena, text, k->depth);
    return *s;
}

static enum outcome document_failed(struct walker *k, const struct document *d) {
    const char *code = json_error_code(d->scanner);
    struct frame *f = frame_top(k, d);

    if (d->level > LEVEL_BODY && strcmp(code, "out_of_memory") != 0) return OUTCOME_NOT_JSON;
    (void)fail(k, code, json_error(d->scanner), f ? f->self.path : 0);
    return OUTCOME_ERROR;
}

static enum outcome document_walk(struct walker *k, struct document *d, struct span text) {
    struct json_token t;

    d->first_frame = k->n_frames;
    d->scanner = scanner_for(k, d->level, text);
    if (!d->scanner) {
        (void)fail_memory(k);
        return OUTCOME_ERROR;
    }
    do {
        if (json_next(d->scanner, &t) < 0) return document_failed(k, d);
        if (walk_token(k, d, &t) < 0) return OUTCOME_ERROR;
    } while (t.type != JSON_END);
    return OUTCOME_DONE;
}

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool begins_with(struct span s, char c) {
    size_t i = 0;

    while (i < s.len && is_space(s.ptr[i]))
        i++;
    return i < s.len && s.ptr[i] == c;
}

static bool ends_with(struct span s, char c) {
    size_t i = s.len;

    while (i > 0 && is_space(s.ptr[i - 1]))
        i--;
    return i > 0 && s.ptr[i - 1] == c;
}

static bool looks_like_json(struct span s) {
    return (begins_with(s, '{') && ends_with(s, '}')) || (begins_with(s, '[') && ends_with(s, ']'));
}

/* Walks the text of leaf number at as a document; takes everything back when it is none. */
static int walk_nested(struct walker *k, const struct document *d, const struct spot *spot, size_t at) {
    struct document inner = {.spot = *spot, .level = d->level + 1, .parent = (int32_t)at};
    size_t n_leaves = k->w->n, n_paths = k->paths->n, n_frames = k->n_frames;
    uint32_t groups = k->groups;

    inner.spot.place = SHAPE_FREE;
    if (path_add(k, spot->path, opened, 0, &inner.spot.path) < 0) return -1;
    switch (document_walk(k, &inner, k->w->v[at].text)) {
    case OUTCOME_ERROR: return -1;
    case OUTCOME_DONE: k->w->v[at].container = true; return 0;
    case OUTCOME_NOT_JSON: break;
    }
    k->w->n = n_leaves;
    k->paths->n = n_paths;
    k->n_frames = n_frames;
    k->groups = groups;
    return 0;
}

/* What the object that a string stands in learns from it. */
static void frame_learn(struct frame *f, enum shape_place place, struct span text) {
    if (place == SHAPE_ROLE) f->role = facts_role(text);
    if (place == SHAPE_ITEM_TYPE && f->role == WALK_OTHER) f->role = facts_item_part(text);
    if (place == SHAPE_ROLE || place == SHAPE_ITEM_TYPE) f->told = true;
    if (place == SHAPE_TOOL_TYPE) f->local = facts_tool_is_local(text);
}

static int walk_string(struct walker *k, const struct document *d, const struct json_token *t) {
    struct frame *f = frame_top(k, d);
    struct json_map map;
    struct spot spot;
    struct span text;

    if (spot_next(k, d, &spot) < 0) return -1;
    if (json_unescape(k->arena, t->raw, &text, &map) < 0) return fail_memory(k);
    enum facts_verdict verdict = facts_take(k->w, spot.place, spot.path, JSON_STRING, text);
    if (verdict == FACTS_ERROR) return -1;
    if (f) frame_learn(f, spot.place, text);
    if (spot.place == SHAPE_TOOL) facts_unreadable(k->w, WALK_HOSTED_TOOL, spot.path);
    if (verdict == FACTS_BLOB) return 0;

    size_t at = k->w->n;
    struct walk_leaf *leaf = leaf_add(k, d, t, &spot, WALK_STRING);
    if (!leaf) return -1;
    leaf->text = text;
    leaf->map = map;
    leaf->parameter = verdict == FACTS_CONSTANT;
    leaf->fixed = spot.place == SHAPE_SIGNED;
    if (leaf->fixed) return 0;
    if (d->level == LEVEL_MAX || !looks_like_json(text)) return 0;
    return walk_nested(k, d, &spot, at);
}

/* ---- the body ---- */

static int walk_whole(struct arena *a, enum shape_endpoint e, enum shape_place outermost, struct span body, uint32_t depth,
                      struct walk *w) {
    struct walker k = {.arena = a, .w = w, .endpoint = e, .depth = depth, .root_frames = outermost == SHAPE_LINE};
    struct document d = {.spot = {.place = outermost}, .level = LEVEL_BODY, .parent = -1};
    uint32_t root;

    bool stream = e == SHAPE_OLLAMA_CHAT || e == SHAPE_OLLAMA_GENERATE || e == SHAPE_GEMINI_STREAM;
    *w = (struct walk){.choices = 1, .endpoint = e, .stream = stream};
    k.paths = arena_alloc(a, sizeof *k.paths);
    k.frames = arena_array(a, FRAMES_FIRST, sizeof *k.frames);
    k.frames_size = FRAMES_FIRST;
    k.leaves_size = LEAVES_FIRST;
    w->v = arena_array(a, k.leaves_size, sizeof *w->v);
    w->paths = k.paths;
    if (!k.paths || !k.frames || !w->v || path_add(&k, 0, "", 0, &root) < 0) {
        (void)fail_memory(&k);
        return -1;
    }
    if (!begins_with(body, '{')) return fail(&k, "invalid_json", "the body must be a JSON object", 0);
    return document_walk(&k, &d, body) == OUTCOME_DONE ? 0 : -1;
}

int walk_body(struct arena *a, enum shape_endpoint e, struct span body, uint32_t depth, struct walk *w) {
    return walk_whole(a, e, SHAPE_ROOT, body, depth, w);
}

int walk_line(struct arena *a, enum shape_endpoint e, struct span line, uint32_t depth, struct walk *w) {
    return walk_whole(a, e, SHAPE_LINE, line, depth, w);
}

int walk_add_outside(struct arena *a, struct walk *w, const char *name, struct span text) {
    struct walk_leaf *v = arena_array(a, w->n + 1, sizeof *v);

    if (!v) return -1;
    if (w->n) memcpy(v, w->v, w->n * sizeof *v);
    v[w->n] = (struct walk_leaf){.what = WALK_KEY, .text = text, .label = span_of(name), .parent = -1, .group = UINT32_MAX};
    w->v = v;
    w->n++;
    return 0;
}

/* ---- back to the body ---- */

void walk_range(const struct walk *w, const struct walk_leaf *leaf, uint32_t begin, uint32_t end,
                uint32_t *body_begin, uint32_t *body_end) {
    for (;;) {
        begin = leaf->begin + json_map_raw(&leaf->map, begin);
        end = leaf->begin + json_map_raw_end(&leaf->map, end);
        if (leaf->parent < 0) break;
        leaf = &w->v[leaf->parent];
    }
    *body_begin = begin;
    *body_end = end;
}

static bool needs_escape(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == '"' || s.ptr[i] == '\\') return true;
    return false;
}

int walk_escape(struct arena *a, struct span text, uint32_t level, struct span *out) {
    struct buf b;

    *out = text;
    for (uint32_t i = 0; i < level && needs_escape(*out); i++) {
        buf_init(&b, UINT32_MAX);
        buf_add_json_escaped(&b, *out);
        char *copy = b.failed ? NULL : arena_copy(a, buf_span(&b));
        *out = span_make(copy, b.len);
        buf_free(&b);
        if (!copy) return -1;
    }
    return 0;
}
