/* SPDX-License-Identifier: Apache-2.0
 *
 *   bytes --> [ line, while unfinished ] --field--> [ name, data of the open event ] --blank line--> handler
 *
 * A line that is whole in the bytes of one push is read in place; only what is cut is copied. The ceiling holds for
 * what is kept: the line and the fields of one event.
 */
#include "sse.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"

struct sse {
    struct buf line, name, data;
    size_t ceiling, taken; /* bytes of the open event */
    bool has_data;         /* a data field came, perhaps an empty one */
    bool after_cr;         /* an LF now belongs to the CR before it */
    bool begun;            /* the place of a byte order mark is past */
    bool failed;
};

struct sse *sse_new(size_t event_ceiling) {
    struct sse *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->ceiling = event_ceiling;
    buf_init(&s->line, event_ceiling);
    buf_init(&s->name, event_ceiling);
    buf_init(&s->data, event_ceiling);
    return s;
}

void sse_free(struct sse *s) {
    if (!s) return;
    buf_free(&s->line);
    buf_free(&s->name);
    buf_free(&s->data);
    free(s);
}

/* An event without data is none; its name goes with it. */
static int dispatch(struct sse *s, sse_handler *handler, void *arg) {
    int result = 0;

    if (s->data.len > 0) {
        struct sse_event e = {SSE_EVENT, buf_span(&s->name), buf_span(&s->data)};
        result = handler(arg, &e);
    }
    buf_clear(&s->name);
    buf_clear(&s->data);
    s->has_data = false;
    s->taken = 0;
    return result;
}

/* Other fields (id, retry, unknown ones) are dropped. */
static int take_field(struct sse *s, struct span field, struct span value) {
    bool data = span_is(field, "data");

    if (!data && !span_is(field, "event")) return 0;
    s->taken += value.len + 1;
    if (s->taken > s->ceiling) return -1;
    if (!data) buf_clear(&s->name);
    if (data && s->has_data) buf_add_char(&s->data, '\n');
    buf_add(data ? &s->data : &s->name, value);
    s->has_data |= data;
    return s->name.failed || s->data.failed ? -1 : 0;
}

static int take_line(struct sse *s, struct span line, sse_handler *handler, void *arg) {
    if (line.len == 0) return dispatch(s, handler, arg);
    if (line.len > s->ceiling || utf8_check(line) != line.len) return -1;

    size_t colon = span_find(line, ':', 0);
    struct span value = span_sub(line, colon + 1, line.len);
    if (value.len > 0 && value.ptr[0] == ' ') value = span_sub(value, 1, value.len);
    if (colon > 0) return take_field(s, span_sub(line, 0, colon), value);
    struct sse_event comment = {SSE_COMMENT, {0}, value};
    return handler(arg, &comment);
}

/* The end of a line: what was kept of it from earlier pushes and the rest. */
static int end_line(struct sse *s, struct span rest, sse_handler *handler, void *arg) {
    if (s->line.len == 0) return take_line(s, rest, handler, arg);
    buf_add(&s->line, rest);
    if (s->line.failed) return -1;
    int result = take_line(s, buf_span(&s->line), handler, arg);
    buf_clear(&s->line);
    return result;
}

/* Eight bytes at once: a byte that is zero borrows from its own highest bit, which it does not have. */
static bool eight_hold(const char *p, char c) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t x;

    memcpy(&x, p, sizeof x);
    x ^= ones * (unsigned char)c;
    return ((x - ones) & ~x & high) != 0;
}

static size_t line_length(struct span s) {
    size_t i = 0;
    while (s.len - i >= 8 && !eight_hold(s.ptr + i, '\n') && !eight_hold(s.ptr + i, '\r'))
        i += 8;
    while (i < s.len && s.ptr[i] != '\n' && s.ptr[i] != '\r')
        i++;
    return i;
}

/* Drops a byte order mark, which may come in pieces. True when bytes may be read as lines. */
static bool begin(struct sse *s, struct span *bytes) {
    static const char mark[] = "\xef\xbb\xbf";

    while (!s->begun) {
        if (s->line.len == 3) {
            buf_clear(&s->line);
            s->begun = true;
        } else if (bytes->len == 0) {
            return false;
        } else if (bytes->ptr[0] == mark[s->line.len]) {
            buf_add(&s->line, span_sub(*bytes, 0, 1));
            *bytes = span_sub(*bytes, 1, bytes->len);
            if (s->line.failed) return true;
        } else {
            s->begun = true;
        }
    }
    return true;
}

static int push(struct sse *s, struct span bytes, sse_handler *handler, void *arg) {
    if (!begin(s, &bytes)) return 0;
    while (bytes.len > 0) {
        if (s->after_cr && bytes.ptr[0] == '\n') bytes = span_sub(bytes, 1, bytes.len);
        s->after_cr = false;
        size_t n = line_length(bytes);
        if (n == bytes.len) {
            buf_add(&s->line, bytes);
            return s->line.failed ? -1 : 0;
        }
        s->after_cr = bytes.ptr[n] == '\r';
        if (end_line(s, span_sub(bytes, 0, n), handler, arg) < 0) return -1;
        bytes = span_sub(bytes, n + 1, bytes.len);
    }
    return 0;
}

int sse_push(struct sse *s, struct span bytes, sse_handler *handler, void *arg) {
    if (s->failed || push(s, bytes, handler, arg) < 0) {
        s->failed = true;
        return -1;
    }
    return 0;
}

int sse_end(struct sse *s, sse_handler *handler, void *arg) {
    if (s->failed) return -1;
    bool unfinished = s->line.len > 0;
    s->begun = true;
    if ((unfinished && end_line(s, (struct span){0}, handler, arg) < 0) || dispatch(s, handler, arg) < 0) {
        s->failed = true;
        return -1;
    }
    return unfinished ? 1 : 0;
}

static void add_on_one_line(struct buf *out, struct span s) {
    while (s.len > 0) {
        size_t n = line_length(s);
        buf_add(out, span_sub(s, 0, n));
        if (n < s.len) buf_add_char(out, ' ');
        s = span_sub(s, n + 1, s.len);
    }
}

void sse_write(struct buf *out, struct span name, struct span data) {
    if (data.len == 0) return;
    if (name.len > 0) {
        buf_add_c(out, "event: ");
        buf_add(out, name);
        buf_add_char(out, '\n');
    }
    buf_add_c(out, "data: ");
    add_on_one_line(out, data);
    buf_add_char(out, '\n');
    buf_add_char(out, '\n');
}

void sse_write_comment(struct buf *out, struct span text) {
    buf_add_c(out, ": ");
    add_on_one_line(out, text);
    buf_add_c(out, "\n\n");
}
