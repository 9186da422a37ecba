/* SPDX-License-Identifier: Apache-2.0
 *
 * Any body: the identity splice yields the body; edits of random ranges of string leaves at every level yield JSON
 * again, with the same number of leaves around them, each edited leaf reading as expected.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/walk.h"

#define CHECK(x) \
    do { \
        if (!(x)) abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_identity(struct arena *a, const struct walk *w, struct span body) {
    struct json_edit *edits = arena_array(a, w->n + 1, sizeof *edits);
    struct buf out;
    size_t n = 0;

    if (!edits) return;
    buf_init(&out, body.len);
    for (size_t i = 0; i < w->n; i++) {
        const struct walk_leaf *l = &w->v[i];
        CHECK(utf8_check(l->text) == l->text.len && l->parent < (int32_t)i);
        if (l->parent >= 0) CHECK(w->v[l->parent].container && w->v[l->parent].level + 1 == l->level);
        if (l->container) continue;
        walk_range(w, l, 0, (uint32_t)l->text.len, &edits[n].begin, &edits[n].end);
        edits[n].with = span_sub(body, edits[n].begin, edits[n].end);
        n++;
    }
    CHECK(json_splice(body, edits, n, &out) == 0 && span_equal(buf_span(&out), body));
    buf_free(&out);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static uint32_t border(struct span s, uint32_t at) {
    while (at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static bool edit_one(struct arena *a, const struct walk *w, struct span body, uint32_t seed, struct buf *out,
                     size_t *leaf, struct span *want) {
    static const char with[] = "[NAME_1]\"\\\n";
    size_t at = w->n ? next(&seed) % w->n : 0;
    if (w->n == 0) return false;
    const struct walk_leaf *l = &w->v[at];
    if (l->what != WALK_STRING || l->container || l->parameter || l->fixed) return false;

    uint32_t begin = border(l->text, next(&seed) % ((uint32_t)l->text.len + 1));
    uint32_t end = border(l->text, begin + next(&seed) % ((uint32_t)l->text.len - begin + 1));
    struct json_edit e;
    struct buf text;
    walk_range(w, l, begin, end, &e.begin, &e.end);
    if (walk_escape(a, span_of(with), l->level, &e.with) < 0) return false;
    CHECK(json_splice(body, &e, 1, out) == 0);
    buf_init(&text, 1u << 24);
    buf_add(&text, span_sub(l->text, 0, begin));
    buf_add_c(&text, with);
    buf_add(&text, span_sub(l->text, end, l->text.len));
    char *copy = arena_copy(a, buf_span(&text));
    *want = span_make(copy, text.len);
    buf_free(&text);
    *leaf = at;
    return copy != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span body = span_make((const char *)data, size), want;
    static const enum shape_endpoint endpoints[] = {SHAPE_CHAT, SHAPE_RESPONSES, SHAPE_MESSAGES_API,
                                                   SHAPE_OLLAMA_CHAT, SHAPE_GEMINI};
    enum shape_endpoint e = endpoints[size % 5];
    struct arena *a = arena_new(32u << 20);
    struct walk w, again;
    struct buf out;
    size_t leaf;

    if (!a) return 0;
    buf_init(&out, 1u << 24);
    if (walk_body(a, e, body, 64, &w) < 0) {
        CHECK(w.error && w.error_code);
        walk_path(&w, w.error_path, &out);
        goto out;
    }
    check_identity(a, &w, body);
    for (size_t i = 0; i < w.n && i < 200; i++)
        walk_path(&w, w.v[i].path, &out);
    for (uint32_t seed = 0; seed < 4; seed++) {
        buf_clear(&out);
        if (!edit_one(a, &w, body, seed * 7919u + (uint32_t)size, &out, &leaf, &want)) continue;
        int rc = walk_body(a, e, buf_span(&out), 64, &again);
        if (rc < 0) CHECK(arena_failed(a) || strcmp(again.error_code, "invalid_value") == 0);
        else if (!w.unreadable) /* an edited address can become a blob, which is no leaf */
            CHECK(leaf < again.n && span_equal(again.v[leaf].text, want));
    }
out:
    buf_free(&out);
    arena_free(a);
    return 0;
}
