/* SPDX-License-Identifier: Apache-2.0
 *
 * From raw string text to decoded text and back by position, and the splice that writes an edited body.
 *
 *   raw       a b \ n c \ u 0 0 e 9 d          marks: (2,2) (3,4)  (4,5) (6,11)
 *   decoded   a b  .  c      . .    d          equal lengths between two marks: text, else: one escape
 */
#include "json.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "utf8.h"

static uint32_t hex4(const char *p) {
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static char short_escape(char c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c; /* quote, backslash, slash */
    }
}

/* Decodes the checked escape at p. Returns its raw length, and in n what was written. */
static size_t escape_decode(const char *p, char *out, size_t *n) {
    if (p[1] != 'u') {
        *out = short_escape(p[1]);
        *n = 1;
        return 2;
    }
    uint32_t scalar = hex4(p + 2);
    size_t raw = 6;
    if (scalar >= 0xD800 && scalar <= 0xDBFF) {
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (hex4(p + 8) - 0xDC00);
        raw = 12;
    }
    *n = utf8_write(scalar, out);
    return raw;
}

static void mark_add(struct json_map *map, size_t decoded, size_t raw) {
    if (map->n && map->v[map->n - 1].raw == raw) return; /* two escapes side by side */
    map->v[map->n++] = (struct json_mark){(uint32_t)decoded, (uint32_t)raw};
}

/* Room for the marks: two for each backslash, which counts "\\" twice. */
static int map_new(struct arena *a, struct span raw, struct json_map *map) {
    size_t n = 0;

    for (size_t i = span_find(raw, '\\', 0); i < raw.len; i = span_find(raw, '\\', i + 1))
        n++;
    map->n = 0;
    map->v = arena_array(a, n * 2, sizeof *map->v);
    return map->v ? 0 : -1;
}

int json_unescape(struct arena *a, struct span raw, struct span *out, struct json_map *map) {
    size_t i = span_find(raw, '\\', 0), clean = 0, len = 0, n;

    if (map) *map = (struct json_map){NULL, 0};
    *out = raw;
    if (i == raw.len) return 0;

    char *text = arena_alloc(a, raw.len); /* no escape is shorter than what it stands for */
    if (!text || (map && map_new(a, raw, map) < 0)) return -1;
    while (i < raw.len) {
        memcpy(text + len, raw.ptr + clean, i - clean);
        len += i - clean;
        if (map) mark_add(map, len, i);
        i += escape_decode(raw.ptr + i, text + len, &n);
        len += n;
        if (map) mark_add(map, len, i);
        clean = i;
        i = span_find(raw, '\\', i);
    }
    memcpy(text + len, raw.ptr + clean, raw.len - clean);
    *out = span_make(text, len + (raw.len - clean));
    return 0;
}

/* Number of marks at or before decoded. */
static size_t marks_before(const struct json_map *m, uint32_t decoded) {
    size_t low = 0, high = m->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->v[middle].decoded <= decoded) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool starts_escape(const struct json_map *m, size_t i) {
    return i + 1 < m->n && m->v[i + 1].raw - m->v[i].raw != m->v[i + 1].decoded - m->v[i].decoded;
}

uint32_t json_map_raw(const struct json_map *m, uint32_t decoded) {
    size_t n = marks_before(m, decoded);

    if (n == 0) return decoded;
    const struct json_mark *mark = &m->v[n - 1];
    return starts_escape(m, n - 1) ? mark->raw : mark->raw + (decoded - mark->decoded);
}

uint32_t json_map_raw_end(const struct json_map *m, uint32_t decoded) {
    if (decoded == 0) return 0;
    size_t n = marks_before(m, decoded - 1);

    if (n == 0) return decoded;
    const struct json_mark *mark = &m->v[n - 1];
    return starts_escape(m, n - 1) ? mark[1].raw : mark->raw + (decoded - mark->decoded);
}

int json_splice(struct span text, const struct json_edit *edits, size_t n, struct buf *out) {
    size_t clean = 0;

    for (size_t i = 0; i < n; i++) {
        if (edits[i].begin < clean || edits[i].end < edits[i].begin || edits[i].end > text.len) return -1;
        buf_add(out, span_sub(text, clean, edits[i].begin));
        buf_add(out, edits[i].with);
        clean = edits[i].end;
    }
    buf_add(out, span_sub(text, clean, text.len));
    return out->failed ? -1 : 0;
}
