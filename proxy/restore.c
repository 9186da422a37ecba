/* SPDX-License-Identifier: Apache-2.0
 *
 * text --> [ held: at most one open token ] --> out
 *                                           \-> json_level -> link_state   what a reader sees in it so far
 *
 * Only an opening bracket can begin a token, and none stands inside, so everything in front of the last open
 * bracket goes out at once. Where a token stands is judged by the text that went out, values included:
 * that is what a reader's program will see.
 */
#include "restore.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json_level.h"
#include "link_state.h"
#include "screen.h"
#include "token_date.h"
#include "token_shape.h"
#include "tokens.h"

#define SHIFTS_MAX 65536u
#define ESCAPED_CEILING (64u * 1024 * 1024)

struct shift { /* a token that was replaced, in code points */
    uint64_t begin, end; /* where it stood in the text that came in */
    uint64_t value_end;  /* where its value ends in the text that went out */
};

struct restore {
    const struct tokens *tokens;
    struct restore_counts *counts;
    struct screen *screen; /* NULL: none asked for */
    enum restore_mode mode;
    char held[TOKEN_MAX];
    size_t held_len;
    struct link_state links;
    struct json_level json;
    uint64_t read, written; /* code points that came in and are not held; that went out */
    struct buf shifts;      /* of struct shift, ascending */
};

static uint64_t code_points(struct span s) {
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* Text that goes out as it came. */
static void pass(struct restore *r, struct span s, struct buf *out) {
    if (r->screen) screen_text(r->screen, s, out);
    else buf_add(out, s);
    uint64_t n = code_points(s);
    r->read += n;
    r->written += n;
    if (r->mode == RESTORE_JSON)
        json_level_feed(&r->json, &r->links, s);
    else
        link_state_feed(&r->links, s);
}

static void add_escaped(struct buf *out, struct span value, unsigned depth) {
    struct buf a, b;

    buf_init(&a, ESCAPED_CEILING);
    buf_init(&b, ESCAPED_CEILING);
    buf_add_json_escaped(depth > 1 ? &a : out, value);
    for (unsigned i = 2; i <= depth; i++) {
        struct buf *to = i == depth ? out : &b;
        buf_add_json_escaped(to, buf_span(&a));
        if (a.failed) out->failed = true;
        if (i == depth) break;
        struct buf swap = a;
        a = b;
        b = swap;
        buf_clear(&b);
    }
    buf_free(&a);
    buf_free(&b);
}

static void write_value(struct restore *r, struct span value, unsigned depth, struct buf *out) {
    struct buf own;

    buf_init(&own, ESCAPED_CEILING);
    struct buf *to = r->screen ? &own : out;
    if (depth == 0) buf_add(to, value);
    else add_escaped(to, value, depth);
    if (own.failed) out->failed = true;
    if (r->screen) screen_own(r->screen, buf_span(&own), out);
    buf_free(&own);
}

static void put_value(struct restore *r, struct span token, struct span value, struct buf *out) {
    r->written += code_points(value);
    struct shift shift = {r->read, r->read + token.len, r->written};

    if (r->shifts.len / sizeof shift < SHIFTS_MAX)
        buf_add(&r->shifts, span_make((const char *)&shift, sizeof shift));
    r->read += token.len;
    r->counts->restored++;
    unsigned depth = r->mode == RESTORE_JSON ? json_level_depth(&r->json) : 0;
    write_value(r, value, depth, out);
    if (r->mode == RESTORE_JSON)
        json_level_put(&r->json, &r->links, value);
    else
        link_state_feed(&r->links, value);
}

static void put_token(struct restore *r, struct span token, struct buf *out) {
    char date[TOKEN_DATE_TEXT_MAX];
    struct span value;

    if (!tokens_find(r->tokens, token, &value) && !tokens_find_date(r->tokens, token, date, &value)) {
        r->counts->unknown++;
        pass(r, token, out);
    } else if (link_state_inside(&r->links)) {
        r->counts->in_link++;
        pass(r, token, out);
    } else {
        put_value(r, token, value, out);
    }
    explicit_bzero(date, sizeof date);
}

/* Takes bytes of text behind those that are held until it is decided whether they are a token; returns how many
 * it took. */
static size_t decide(struct restore *r, struct span text, struct buf *out) {
    size_t had = r->held_len, take = TOKEN_MAX - had, len;

    if (take > text.len) take = text.len;
    memcpy(r->held + had, text.ptr, take);
    struct span seen = span_make(r->held, had + take);
    switch (token_shape_of(seen, &len, NULL)) {
    case TOKEN_PART:
        r->held_len = seen.len;
        return take;
    case TOKEN_YES:
        r->held_len = 0;
        put_token(r, span_sub(seen, 0, len), out);
        return len - had;
    case TOKEN_NO:
        break;
    }
    r->held_len = 0;
    pass(r, span_sub(seen, 0, len), out);
    return len - had;
}

struct restore *restore_new(const struct tokens *t, enum restore_mode mode, struct restore_counts *counts) {
    struct restore *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->tokens = t;
    r->mode = mode;
    r->counts = counts;
    buf_init(&r->shifts, SHIFTS_MAX * sizeof(struct shift));
    return r;
}

void restore_free(struct restore *r) {
    if (!r) return;
    screen_free(r->screen);
    buf_free(&r->shifts);
    explicit_bzero(r, sizeof *r);
    free(r);
}

int restore_screen(struct restore *r, struct screen_ground *g) {
    r->screen = screen_new(g, r->mode == RESTORE_JSON);
    return r->screen ? 0 : -1;
}

void restore_push(struct restore *r, struct span text, struct buf *out) {
    while (text.len > 0) {
        size_t n = r->held_len ? 0 : span_find(text, '[', 0);
        if (n > 0) pass(r, span_sub(text, 0, n), out);
        text = span_sub(text, n, text.len);
        if (text.len == 0) return;
        n = decide(r, text, out);
        text = span_sub(text, n, text.len);
    }
}

void restore_flush(struct restore *r, struct buf *out) {
    struct span held = span_make(r->held, r->held_len);
    r->held_len = 0;
    pass(r, held, out);
    if (r->screen) screen_flush(r->screen, out);
    explicit_bzero(r->held, sizeof r->held);
}

bool restore_holds(const struct restore *r) {
    return r->held_len > 0 || (r->screen && screen_holds(r->screen));
}

static struct shift shift_at(const struct restore *r, size_t i) {
    struct shift s;
    memcpy(&s, r->shifts.ptr + i * sizeof s, sizeof s);
    return s;
}

static uint64_t restored_index(const struct restore *r, uint64_t index) {
    size_t low = 0, high = r->shifts.len / sizeof(struct shift);

    while (low < high) { /* the first token that does not begin in front of index */
        size_t middle = low + (high - low) / 2;
        if (shift_at(r, middle).begin < index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return index;
    struct shift last = shift_at(r, low - 1);
    return index < last.end ? last.value_end : last.value_end + (index - last.end);
}

uint64_t restore_index(const struct restore *r, uint64_t index) {
    uint64_t restored = restored_index(r, index);
    return r->screen ? screen_index(r->screen, restored) : restored;
}
