/* SPDX-License-Identifier: Apache-2.0
 *
 * A borrowed run of bytes. It owns nothing and is never NUL-terminated: text that came from outside may
 * hold any byte, and a length cannot be cut short by a zero inside.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* On functions whose result must be looked at: an ignored failure is a leak. */
#define MUST_CHECK __attribute__((warn_unused_result))

struct span {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

struct span span_of(const char *c_string);
struct span span_make(const char *ptr, size_t len);
struct span span_sub(struct span s, size_t begin, size_t end); /* clamped to s */

bool span_equal(struct span a, struct span b);
bool span_is(struct span a, const char *c_string);
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
