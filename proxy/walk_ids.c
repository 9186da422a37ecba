/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the body's own members; the list is replaced as a whole and nothing else is touched.
 */
#include "walk_ids.h"

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "vocabulary.h"

#define DEPTH 1024u

struct reader {
    struct json_scanner *scanner;
    struct json_token t;
    const struct vocabulary *vocabulary;
    struct buf text, json; /* of one list of numbers; of the whole value */
};

static bool next(struct reader *r) {
    return json_next(r->scanner, &r->t) == 0 && r->t.type != JSON_END;
}

/* The numbers up to the end of their list, the first of them just read. */
static bool read_numbers(struct reader *r) {
    unsigned long long id;

    buf_clear(&r->text);
    do {
        if (r->t.type != JSON_NUMBER || span_decimal(r->t.raw, &id) < 0) return false;
        struct span bytes = vocabulary_token(r->vocabulary, id);
        if (bytes.len == 0) return false;
        buf_add(&r->text, bytes);
        if (!next(r)) return false;
    } while (r->t.type != JSON_ARRAY_END);
    struct span text = buf_span(&r->text);
    if (r->text.failed || utf8_check(text) != text.len || span_find(text, '\0', 0) != text.len) return false;
    buf_add_char(&r->json, '"');
    buf_add_json_escaped(&r->json, text);
    buf_add_char(&r->json, '"');
    return !r->json.failed;
}

/* [[1, 2], [3]]: the begin of the first list was just read. */
static bool read_lists(struct reader *r) {
    buf_add_char(&r->json, '[');
    for (bool first = true; r->t.type == JSON_ARRAY_BEGIN; first = false) {
        if (!first) buf_add_char(&r->json, ',');
        if (!next(r) || !read_numbers(r) || !next(r)) return false;
    }
    buf_add_char(&r->json, ']');
    return r->t.type == JSON_ARRAY_END;
}

/* Reads the list whose begin was just read into r->json; its end is then the last token. */
static bool read_value(struct reader *r) {
    if (!next(r)) return false;
    return r->t.type == JSON_ARRAY_BEGIN ? read_lists(r) : read_numbers(r);
}

static bool is_place(struct arena *a, enum shape_endpoint e, const struct json_token *key) {
    struct span name = key->raw;

    if (key->escaped && json_unescape(a, key->raw, &name, NULL) < 0) return false;
    return span_is(name, e == SHAPE_EMBEDDINGS ? "input" : "prompt");
}

static int find(struct reader *r, struct arena *a, enum shape_endpoint e, struct json_edit *edit) {
    while (next(r)) {
        if (r->t.type != JSON_KEY || r->t.depth != 1 || !is_place(a, e, &r->t)) continue;
        if (!next(r) || r->t.type != JSON_ARRAY_BEGIN) return -1;
        edit->begin = r->t.begin;
        if (!read_value(r)) return -1;
        edit->end = r->t.begin + 1;
        edit->with = buf_span(&r->json);
        return 0;
    }
    return -1;
}

int walk_ids_to_text(struct arena *a, enum shape_endpoint e, struct span body, const struct vocabulary *v,
                     struct buf *out) {
    struct reader r = {.scanner = json_scanner_new(a, body, DEPTH), .vocabulary = v};
    struct json_edit edit;

    if (!r.scanner || !v || (e != SHAPE_EMBEDDINGS && e != SHAPE_COMPLETIONS)) return -1;
    buf_init(&r.text, out->ceiling);
    buf_init(&r.json, out->ceiling);
    int result = find(&r, a, e, &edit);
    if (result == 0) result = json_splice(body, &edit, 1, out);
    buf_free(&r.text);
    buf_free(&r.json);
    return result;
}
