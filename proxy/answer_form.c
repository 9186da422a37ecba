/* SPDX-License-Identifier: Apache-2.0
 *
 *   last   {"id":..,"choices":[{..{"content":"Dear"},..}],"obfuscation":"aX3"}
 *          `----------- same ---------------´    `------- same -------´   `´ same
 *   next   {"id":..,"choices":[{..{"content":" Ada"},..}],"obfuscation":"q"}
 *
 * A string that is put between the same quotes must be one that the strict scanner takes as it is: no quote, no
 * backslash, no control character. Anything else is read in full.
 */
#include "answer_form.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define ARENA_PER_BYTE 40u
#define ARENA_LEAST (1u << 20)
#define GAPS_MAX 2u

struct gap { /* between the quotes of a string */
    uint32_t begin, end;
};

struct answer_form {
    struct arena *arena; /* holds what is kept between events and no more: a stream may stay open for long */
    struct answer last;  /* of text, a copy in the arena */
    struct gap gaps[GAPS_MAX], now[GAPS_MAX]; /* in the last event and in the one at hand */
    size_t n; /* 0: nothing is like the last event */
    struct answer_leaf leaf;
    struct answer_member *members;
};

struct answer_form *answer_form_new(size_t event_ceiling) {
    struct answer_form *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->arena = arena_new(event_ceiling * ARENA_PER_BYTE + ARENA_LEAST);
    if (f->arena) return f;
    free(f);
    return NULL;
}

void answer_form_free(struct answer_form *f) {
    if (!f) return;
    arena_free(f->arena);
    free(f);
}

/* ---- the last event ---- */

/* The inside of the string value of a root member whose key is written without escapes. */
static bool member_string(const struct answer *w, const struct answer_member *m, struct gap *gap) {
    size_t at = m->begin + 1;

    if (!span_equal(span_sub(w->text, at, at + m->key.len), m->key)) return false;
    at += m->key.len + 1;
    if (w->text.ptr[at] != ':' || w->text.ptr[at + 1] != '"') return false;
    *gap = (struct gap){(uint32_t)at + 2, m->end - 1};
    return gap->begin <= gap->end;
}

static bool is_within(struct span s, struct span text) {
    return s.len == 0 || (s.ptr >= text.ptr && s.ptr + s.len <= text.ptr + text.len);
}

static void *copy_of(struct arena *a, const void *v, size_t n, size_t item) {
    void *p = arena_array(a, n, item);
    if (p && n) memcpy(p, v, n * item);
    return p;
}

/* What out of the document's arena is needed further on. Keys that had to be decoded are not in the text: such an event is
 * read in full each time. */
static bool keep(struct answer_form *f) {
    struct answer *w = &f->last;

    for (size_t i = 0; i < w->n_nodes; i++)
        if (!is_within(w->nodes[i].key, w->text) || !is_within(w->nodes[i].type, w->text)) return false;
    for (size_t i = 0; i < w->n_members; i++)
        if (!is_within(w->members[i].key, w->text)) return false;
    if (!is_within(w->texts[0].key, w->text) || w->n_indexes || w->n_holes) return false;
    w->nodes = copy_of(f->arena, w->nodes, w->n_nodes, sizeof *w->nodes);
    w->texts = copy_of(f->arena, w->texts, 1, sizeof *w->texts);
    w->members = copy_of(f->arena, w->members, w->n_members, sizeof *w->members);
    f->members = arena_array(f->arena, w->n_members, sizeof *f->members);
    return w->nodes && w->texts && w->members && f->members;
}

static void learn(struct answer_form *f) {
    const struct answer *w = &f->last;

    if (!w->object || w->n_texts != 1 || !answer_grows(w, &w->texts[0]) || !keep(f)) return;
    f->gaps[0] = (struct gap){w->texts[0].begin, w->texts[0].begin + (uint32_t)w->texts[0].raw.len};
    f->n = 1;
    for (size_t i = 0; i < w->n_members; i++) {
        if (!span_is(w->members[i].key, "obfuscation") || !member_string(w, &w->members[i], &f->gaps[1])) continue;
        if (f->gaps[1].begin > f->gaps[0].end) f->n = 2; /* padding in front of the text stays the same or is read */
        return;
    }
}

static int read_in_full(struct answer_form *f, struct arena *a, struct span text, struct answer *out) {
    f->n = 0;
    arena_empty(f->arena);
    const char *copy = arena_copy(f->arena, text);
    if (!copy || answer_read(a, span_make(copy, text.len), &f->last) < 0) return -1;
    *out = f->last;
    learn(f);
    return 0;
}

/* ---- the next ---- */

static size_t plain_string(struct span s, size_t at) {
    while (at < s.len && (unsigned char)s.ptr[at] >= 0x20 && s.ptr[at] != '"' && s.ptr[at] != '\\')
        at++;
    return at;
}

static bool is_alike(struct answer_form *f, struct span text) {
    struct span last = f->last.text;
    size_t at = 0, last_at = 0;

    for (size_t i = 0; i <= f->n; i++) {
        size_t same = (i < f->n ? f->gaps[i].begin : last.len) - last_at;
        if (text.len - at < same || memcmp(text.ptr + at, last.ptr + last_at, same) != 0) return false;
        at += same;
        if (i == f->n) break;
        f->now[i].begin = (uint32_t)at;
        at = plain_string(text, at);
        f->now[i].end = (uint32_t)at;
        last_at = f->gaps[i].end;
    }
    return at == text.len;
}

/* Where a place behind some of the gaps is now. */
static uint32_t moved(const struct answer_form *f, uint32_t place) {
    uint32_t now = place;
    for (size_t i = 0; i < f->n && f->gaps[i].end <= place; i++)
        now = place - f->gaps[i].end + f->now[i].end;
    return now;
}

static void move(struct answer_form *f, struct span text, struct answer *out) {
    *out = f->last;
    out->text = text;
    f->leaf = f->last.texts[0];
    f->leaf.begin = f->now[0].begin;
    f->leaf.raw = span_sub(text, f->now[0].begin, f->now[0].end);
    f->leaf.escaped = false;
    out->texts = &f->leaf;
    for (size_t i = 0; i < f->last.n_members; i++) {
        const struct answer_member *m = &f->last.members[i];
        f->members[i] = (struct answer_member){m->key, moved(f, m->begin), moved(f, m->end)};
    }
    out->members = f->members;
}

int answer_form_read(struct answer_form *f, struct arena *a, struct span text, struct answer *out) {
    if (f->n == 0 || !is_alike(f, text)) return read_in_full(f, a, text, out);
    move(f, text, out);
    return 1;
}
