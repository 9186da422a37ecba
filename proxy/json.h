/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict JSON (RFC 8259) by position. Nothing is built and nothing is rewritten: the scanner names byte ranges
 * of the text as it stands, so that what no edit touches can be forwarded unchanged. Stricter than the RFC
 * where readers disagree, because a reader that takes another view than ours sees text that we did not:
 * UTF-8 only and no byte order mark; duplicate keys (compared decoded), U+0000, lone surrogates, raw control
 * characters, trailing bytes, depth and size beyond the limit are errors.
 */
#ifndef JSON_H
#define JSON_H

#include "span.h"

#include <stdint.h>

struct arena;
struct buf;

enum json_type {
    JSON_END, /* the document is complete and nothing follows it */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY,    /* raw: between the quotes */
    JSON_STRING, /* raw: between the quotes */
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_token {
    enum json_type type;
    struct span raw;       /* in the scanned text */
    uint32_t begin;        /* offset of raw in the scanned text */
    uint32_t depth;        /* containers around it; a container's end has the depth of its begin */
    bool escaped;          /* raw holds at least one backslash: json_unescape before reading it */
};

struct json_scanner; /* from the arena; freed with it */

/* text: at most 4 GiB - 1. depth: containers allowed, at most 1024. NULL when the arena is full. */
struct json_scanner *json_scanner_new(struct arena *a, struct span text, uint32_t depth);
/* Begins another text with the memory of the last one. */
void json_scanner_restart(struct json_scanner *s, struct span text);
/* 0 and the next token, or -1: not JSON (json_error says why, a constant string without content). */
MUST_CHECK int json_next(struct json_scanner *s, struct json_token *t);
const char *json_error(const struct json_scanner *s);
/* The same as a code: "invalid_json", "duplicate_key", "too_deep", "too_large", "out_of_memory". */
const char *json_error_code(const struct json_scanner *s);
uint32_t json_error_offset(const struct json_scanner *s);
/* Skips the rest of the value whose begin token was just returned. */
MUST_CHECK int json_skip(struct json_scanner *s);

/* Where decoded bytes come from. Offsets in decoded text map to raw offsets through the marks: between two
 * marks both run in step, or, where the lengths differ, lies one escape. */
struct json_map {
    struct json_mark {
        uint32_t decoded, raw;
    } *v;
    size_t n; /* 0: identity */
};

/* Decodes the inside of a string into the arena. map may be NULL. -1 when the arena is full. raw must come from
 * a token (already checked). Without escapes out borrows raw. */
MUST_CHECK int json_unescape(struct arena *a, struct span raw, struct span *out, struct json_map *map);
/* The raw offset of a decoded offset; for an offset inside one decoded character that of its escape's start. */
uint32_t json_map_raw(const struct json_map *m, uint32_t decoded);
/* Like json_map_raw for an exclusive end: the end of the escape that made the byte before it. */
uint32_t json_map_raw_end(const struct json_map *m, uint32_t decoded);

/* Replaces ranges of text. edits: ascending, not overlapping; what is between goes byte for byte. */
struct json_edit {
    uint32_t begin, end;
    struct span with; /* already escaped for its place */
};
MUST_CHECK int json_splice(struct span text, const struct json_edit *edits, size_t n, struct buf *out);

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); returns the offset of the first bad
 * byte, or s.len. */
size_t utf8_check(struct span s);

#endif
