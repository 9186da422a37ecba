/* SPDX-License-Identifier: Apache-2.0
 *
 * text --> [ held: at most one open token ] --> out
 *                                           \-> json_level -> link_state   what a reader sees in it so far
 *
 * Only an opening bracket can begin a token, and none stands inside, so everything in front of the last open
 * bracket goes out at once. A surrogate begins where a word does, with a byte that one of them begins with. Where a token stands is judged by the text that went out, values included:
 * that is what a reader's program will see.
 */
#include "restore.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json_level.h"
#include "link_state.h"
#include "screen.h"
#include "surrogates.h"
#include "token_date.h"
#include "token_shape.h"
#include "tokens.h"

#define SHIFTS_MAX 65536u
#define ESCAPED_CEILING (64u * 1024 * 1024)

struct shift { /* a token that was replaced, in code points */
    uint64_t begin, end; /* where it stood in the text that came in */
    uint64_t value_end;  /* where its value ends in the text that went out */
};

#define HOLD_MAX (SURROGATE_MAX + 8u) /* a surrogate and the character behind it; a token is shorter */

struct restore {
    const struct tokens *tokens;
    const struct surrogates *surrogates; /* NULL: none were made */
    struct restore_counts *counts;
    struct screen *screen; /* NULL: none asked for */
    enum restore_mode mode;
    char held[2 * HOLD_MAX];
    size_t held_len;
    bool word;             /* what came in last is part of a word */
    unsigned char escape;  /* JSON: bytes of an escape that still come, 255: a backslash came */
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

/* Whether a word goes on behind s. In JSON text the letters of an escape are none. */
static void feed_words(struct restore *r, struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (r->mode == RESTORE_JSON && c == '\\') {
            r->escape = 255;
            r->word = false;
        } else if (r->escape) {
            r->escape = r->escape == 255 ? (c == 'u' ? 4 : 0) : (unsigned char)(r->escape - 1);
            r->word = false;
        } else {
            r->word = surrogate_word_byte(c, r->word);
        }
    }
}

/* Text that goes out as it came. */
static void pass(struct restore *r, struct span s, struct buf *out) {
    if (r->screen) screen_text(r->screen, s, out);
    else buf_add(out, s);
    uint64_t n = code_points(s);
    r->read += n;
    r->written += n;
    if (r->surrogates) feed_words(r, s);
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
    uint64_t n = code_points(token);

    r->written += code_points(value);
    struct shift shift = {r->read, r->read + n, r->written};
    if (r->surrogates) feed_words(r, token);

    if (r->shifts.len / sizeof shift < SHIFTS_MAX)
        buf_add(&r->shifts, span_make((const char *)&shift, sizeof shift));
    r->read += n;
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

static void put_surrogate(struct restore *r, struct span text, struct span value, struct buf *out) {
    if (!value.ptr) {
        r->counts->unknown++;
        pass(r, text, out);
    } else if (link_state_inside(&r->links)) {
        r->counts->in_link++;
        pass(r, text, out);
    } else {
        put_value(r, text, value, out);
    }
}

/* Could a token or a surrogate begin at this byte? A surrogate begins where a word does. */
static bool begins(const struct restore *r, char c) {
    if (c == '[') return true;
    if (!r->surrogates || !surrogates_begin(r->surrogates, c) || r->escape) return false;
    return !r->word || !surrogate_word_byte(c, false);
}

/* Bytes in front of the next possible beginning. */
static size_t plain_length(struct restore *r, struct span s) {
    if (!r->surrogates) return span_find(s, '[', 0);
    bool word = r->word;
    unsigned char escape = r->escape;
    size_t n = 0;

    while (n < s.len && !begins(r, s.ptr[n])) {
        feed_words(r, span_sub(s, n, n + 1));
        n++;
    }
    r->word = word; /* pass() feeds them */
    r->escape = escape;
    return n;
}

/* s begins where a token or a surrogate could. Returns how much of it is done with, 0: more must come. */
static size_t decide(struct restore *r, struct span s, bool ended, struct buf *out) {
    struct span value;
    size_t len = 0;

    if (s.ptr[0] == '[') {
        enum token_shape shape = token_shape_of(s, &len, NULL);
        if (shape == TOKEN_PART && !ended) return 0;
        if (shape == TOKEN_YES) put_token(r, span_sub(s, 0, len), out);
        if (shape == TOKEN_YES) return len;
        pass(r, span_sub(s, 0, 1), out); /* the rest may hold a surrogate */
        return 1;
    }
    switch (surrogates_match(r->surrogates, s, ended, &len, &value)) {
    case SURROGATE_PART: return 0;
    case SURROGATE_YES:
        put_surrogate(r, span_sub(s, 0, len), value, out);
        return len;
    case SURROGATE_NO: break;
    }
    pass(r, span_sub(s, 0, 1), out);
    return 1;
}

/* Returns how much of s went out; what is left is undecided and shorter than HOLD_MAX. */
static size_t scan(struct restore *r, struct span s, bool ended, struct buf *out) {
    size_t done = 0;

    while (done < s.len) {
        struct span rest = span_sub(s, done, s.len);
        size_t n = plain_length(r, rest);
        if (n > 0) pass(r, span_sub(rest, 0, n), out);
        done += n;
        if (done == s.len) break;
        n = decide(r, span_sub(s, done, s.len), ended, out);
        if (n == 0) break;
        done += n;
    }
    return done;
}

struct restore *restore_new(const struct tokens *t, enum restore_mode mode, struct restore_counts *counts) {
    struct restore *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->tokens = t;
    if (surrogates_count(tokens_surrogates_made(t)) > 0) r->surrogates = tokens_surrogates_made(t);
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
    r->screen = screen_new(g, r->mode != RESTORE_TEXT); /* where nothing is put back, it is into arguments, which are JSON */
    return r->screen ? 0 : -1;
}

static void hold(struct restore *r, struct span rest) {
    memmove(r->held, rest.ptr, rest.len);
    r->held_len = rest.len;
}

/* What is held and the next bytes together, until all that was held is decided. Returns how much of text it took. */
static size_t push_held(struct restore *r, struct span text, struct buf *out) {
    size_t had = r->held_len, take = sizeof r->held - had;

    if (take > text.len) take = text.len;
    memcpy(r->held + had, text.ptr, take);
    struct span seen = span_make(r->held, had + take);
    size_t done = scan(r, seen, false, out);
    if (done >= had) {
        r->held_len = 0;
        return done - had;
    }
    hold(r, span_sub(seen, done, seen.len));
    return take;
}

void restore_push(struct restore *r, struct span text, struct buf *out) {
    if (r->mode == RESTORE_OFF) {
        if (r->screen) screen_text(r->screen, text, out);
        else buf_add(out, text);
        return;
    }
    while (text.len > 0) {
        if (r->held_len > 0) {
            size_t n = push_held(r, text, out);
            text = span_sub(text, n, text.len);
            continue;
        }
        size_t done = scan(r, text, false, out);
        if (done < text.len) hold(r, span_sub(text, done, text.len));
        return;
    }
}

void restore_flush(struct restore *r, struct buf *out) {
    char last[sizeof r->held] = {0};
    struct span held = span_make(last, r->held_len);

    memcpy(last, r->held, r->held_len);
    r->held_len = 0;
    (void)scan(r, held, true, out);
    if (r->screen) screen_flush(r->screen, out);
    explicit_bzero(last, sizeof last);
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
