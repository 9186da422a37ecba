/* SPDX-License-Identifier: Apache-2.0
 *
 * Borrowed byte runs: comparison, search and the two tiny parsers that everything above shares.
 */
#include "span.h"

#include <string.h>

static unsigned char lower(char c) {
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool span_equal_nocase(struct span a, struct span b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

bool span_is_nocase(struct span a, const char *c_string) {
    return span_equal_nocase(a, span_of(c_string));
}

bool span_starts(struct span s, const char *prefix) {
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

bool span_ends(struct span s, const char *suffix) {
    size_t n = strlen(suffix);
    return s.len >= n && memcmp(s.ptr + s.len - n, suffix, n) == 0;
}

size_t span_find(struct span s, char c, size_t from) {
    if (from >= s.len) return s.len;
    const char *hit = memchr(s.ptr + from, c, s.len - from);
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

struct span span_trim(struct span s) {
    size_t begin = 0, end = s.len;
    while (begin < end && (s.ptr[begin] == ' ' || s.ptr[begin] == '\t'))
        begin++;
    while (end > begin && (s.ptr[end - 1] == ' ' || s.ptr[end - 1] == '\t'))
        end--;
    return span_sub(s, begin, end);
}

int span_decimal(struct span s, unsigned long long *out) {
    unsigned long long value = 0;

    if (s.len == 0 || s.len > 19) return -1; /* 19 digits always fit 64 bits */
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return -1;
        value = value * 10 + (unsigned)(s.ptr[i] - '0');
    }
    *out = value;
    return 0;
}

/* Greedy with one point of return: linear in s for a pattern with few stars. */
bool span_glob(struct span s, const char *pattern) {
    const char *star = NULL;
    size_t i = 0, resume = 0;

    while (i < s.len) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = i;
        } else if (*pattern == s.ptr[i] && *pattern != '\0') {
            pattern++;
            i++;
        } else if (star) {
            pattern = star;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
