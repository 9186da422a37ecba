/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads answers by position, as everything: what is left of a list goes on byte for byte.
 */
#include "stored.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

#define DEPTH 128u

static bool is_id(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], letter = (char)(c | 0x20);
        if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') return false;
    }
    return s.len > 0;
}

int stored_key(const char *upstream, struct span id, struct buf *out) {
    if (!is_id(id) || strlen(upstream) + 1 + id.len > STORED_KEY_MAX) return -1;
    buf_add_c(out, upstream);
    buf_add_char(out, '\n');
    buf_add(out, id);
    return out->failed ? -1 : 0;
}

/* ---- ids of an answer ---- */

static bool tells_id(enum shape_endpoint e, struct span key) {
    if (span_is(key, "id")) return true;
    return e != SHAPE_FILES && (span_is(key, "output_file_id") || span_is(key, "error_file_id"));
}

int stored_ids(struct arena *a, enum shape_endpoint e, struct span answer, struct span ids[STORED_IDS_MAX], size_t *n) {
    struct json_scanner *s = json_scanner_new(a, answer, DEPTH);
    struct json_token t;
    bool wanted = false;

    *n = 0;
    if (!s || json_next(s, &t) < 0 || t.type != JSON_OBJECT_BEGIN) return -1;
    for (;;) {
        if (json_next(s, &t) < 0) return -1;
        if (t.type == JSON_END) return 0;
        if (t.depth != 1) continue;
        if (t.type == JSON_STRING && wanted && is_id(t.raw) && *n < STORED_IDS_MAX) ids[(*n)++] = t.raw;
        wanted = t.type == JSON_KEY && tells_id(e, t.raw);
    }
}

/* ---- lists ---- */

struct filter {
    struct arena *arena;
    struct json_scanner *scanner;
    struct json_token t;
    struct span answer;
    stored_known *known;
    void *arg;
    struct buf *out;
    struct span first, last; /* ids that are left */
    size_t kept;
};

static int next(struct filter *f) {
    return json_next(f->scanner, &f->t);
}

/* The rest of an item whose begin was read: its id and where it ends. */
static int read_item(struct filter *f, struct span *id, uint32_t *end) {
    uint32_t depth = f->t.depth;
    bool wanted = false;

    *id = span_make(NULL, 0);
    for (;;) {
        if (next(f) < 0) return -1;
        if (f->t.type == JSON_OBJECT_END && f->t.depth == depth) break;
        if (f->t.depth != depth + 1) continue;
        if (f->t.type == JSON_STRING && wanted) *id = f->t.raw;
        wanted = f->t.type == JSON_KEY && span_is(f->t.raw, "id");
    }
    *end = f->t.begin + 1;
    return 0;
}

static int filter_item(struct filter *f) {
    uint32_t begin = f->t.begin, end;
    struct span id;

    if (f->t.type != JSON_OBJECT_BEGIN || read_item(f, &id, &end) < 0) return -1;
    int known = is_id(id) ? f->known(f->arg, id) : 0;
    if (known <= 0) return known;
    if (f->kept) buf_add_char(f->out, ',');
    else f->first = id;
    f->last = id;
    f->kept++;
    buf_add(f->out, span_sub(f->answer, begin, end));
    return 0;
}

static int filter_items(struct filter *f) {
    buf_add_char(f->out, '[');
    for (;;) {
        if (next(f) < 0) return -1;
        if (f->t.type == JSON_ARRAY_END) break;
        if (filter_item(f) < 0) return -1;
    }
    buf_add_char(f->out, ']');
    return 0;
}

static void add_id(struct filter *f, struct span id) {
    buf_add_char(f->out, '"');
    buf_add(f->out, id);
    buf_add_char(f->out, '"');
}

/* The value of a member whose key was read. Where more are to be had, `last_id` is what asks for them: it stays. */
static int filter_value(struct filter *f, struct span key) {
    if (next(f) < 0) return -1;
    if (span_is(key, "data") && f->t.type == JSON_ARRAY_BEGIN) return filter_items(f);
    uint32_t begin = f->t.begin;
    if (f->t.type == JSON_STRING) {
        if (span_is(key, "first_id") && f->kept) add_id(f, f->first);
        else buf_add(f->out, span_sub(f->answer, begin - 1, begin + f->t.raw.len + 1));
        return 0;
    }
    if (f->t.type == JSON_OBJECT_BEGIN || f->t.type == JSON_ARRAY_BEGIN) return -1; /* no list has such a member */
    buf_add(f->out, f->t.raw);
    return 0;
}

int stored_filter(struct arena *a, struct span answer, stored_known *known, void *arg, struct buf *out) {
    struct filter f = {.arena = a, .scanner = json_scanner_new(a, answer, DEPTH), .answer = answer, .known = known, .arg = arg,
                       .out = out};
    bool first = true;

    if (!f.scanner || next(&f) < 0 || f.t.type != JSON_OBJECT_BEGIN) return -1;
    buf_add_char(out, '{');
    for (;; first = false) {
        if (next(&f) < 0) return -1;
        if (f.t.type == JSON_OBJECT_END) break;
        struct span key = f.t.raw;
        if (!first) buf_add_char(out, ',');
        add_id(&f, key);
        buf_add_char(out, ':');
        if (filter_value(&f, key) < 0) return -1;
    }
    buf_add_char(out, '}');
    return out->failed ? -1 : 0;
}
