/* SPDX-License-Identifier: Apache-2.0
 *
 * A borrowed run of bytes. It owns nothing and is never NUL-terminated: text that came from outside may
 * hold any byte, and a length cannot be cut short by a zero inside.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* On functions whose result must be looked at: an ignored failure is a leak. */
#define MUST_CHECK __attribute__((warn_unused_result))

struct span {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

/* Here and not in span.c: a request asks for thousands, and the length of a constant is known where it stands. */
static inline struct span span_of(const char *c_string) {
    return (struct span){c_string, c_string ? strlen(c_string) : 0};
}

static inline struct span span_make(const char *ptr, size_t len) {
    return (struct span){ptr, len};
}

/* Clamped to s. */
static inline struct span span_sub(struct span s, size_t begin, size_t end) {
    if (end > s.len) end = s.len;
    if (begin > end) begin = end;
    return (struct span){s.ptr ? s.ptr + begin : NULL, end - begin};
}

static inline bool span_equal(struct span a, struct span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_is(struct span a, const char *c_string) {
    return span_equal(a, span_of(c_string));
}

/* Whether none of the eight bytes at p is a control character, a quote, a backslash or above 0x7F: what JSON writes as it is.
 * A borrow comes only out of a byte that is itself not plain, so the answer is exact. */
static inline bool span_eight_plain(const char *p) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t x;

    memcpy(&x, p, sizeof x);
    uint64_t quote = x ^ ones * '"', slash = x ^ ones * '\\';
    return (((x - ones * 0x20) | (quote - ones) | (slash - ones) | x) & high) == 0;
}

bool span_equal_nocase(struct span a, struct span b); /* ASCII only */
bool span_is_nocase(struct span a, const char *c_string);
bool span_starts(struct span s, const char *prefix);
bool span_ends(struct span s, const char *suffix);

/* Index of the first c at or after from, or s.len. */
size_t span_find(struct span s, char c, size_t from);

/* Without leading and trailing space and tab (the OWS of RFC 9110 section 5.6.3). */
struct span span_trim(struct span s);

/* 1*DIGIT without sign, at most 19 digits; -1 on anything else. */
MUST_CHECK int span_decimal(struct span s, unsigned long long *out);

/* '*' matches any run, every other byte itself; used for model globs. */
bool span_glob(struct span s, const char *pattern);

#endif
