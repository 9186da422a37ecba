/* SPDX-License-Identifier: Apache-2.0
 *
 * A quote inside a string is always escaped, so `,"seq":` can only be a member's name; the records have no other member of
 * that name inside.
 */
#include "audit_view.h"

#include <string.h>

static size_t skip_string(struct span s, size_t at) {
    for (at++; at < s.len; at++) {
        if (s.ptr[at] == '\\') at++;
        else if (s.ptr[at] == '"') return at + 1;
    }
    return s.len;
}

static size_t skip_value(struct span s, size_t at) {
    size_t depth = 0;

    while (at < s.len) {
        char c = s.ptr[at];
        if (c == '"') {
            at = skip_string(s, at);
            if (depth == 0) return at;
            continue;
        }
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (c == ',' && depth == 0) return at;
        at++;
    }
    return s.len;
}

/* One member at *at; moves behind its comma. */
static bool take_member(struct span s, size_t *at, struct audit_member *m) {
    if (*at >= s.len || s.ptr[*at] != '"') return false;
    size_t end = skip_string(s, *at);
    if (end >= s.len || s.ptr[end] != ':') return false;
    m->name = span_sub(s, *at + 1, end - 1);
    size_t value_end = skip_value(s, end + 1);
    m->value = span_sub(s, end + 1, value_end);
    *at = value_end + 1;
    return true;
}

size_t audit_view_members(struct span object, struct audit_member *v, size_t max) {
    size_t n = 0, at = 1;

    if (object.len == 0 || object.ptr[0] != '{') return 0;
    while (n < max && take_member(object, &at, &v[n]))
        n++;
    return n;
}

struct span audit_view_get(struct span object, const char *name) {
    struct audit_member m;
    size_t at = 1;

    if (object.len == 0 || object.ptr[0] != '{') return span_make(NULL, 0);
    while (take_member(object, &at, &m))
        if (span_is(m.name, name)) return m.value;
    return span_make(NULL, 0);
}

struct span audit_view_unquote(struct span value) {
    return value.len >= 2 && value.ptr[0] == '"' ? span_sub(value, 1, value.len - 1) : span_make(NULL, 0);
}

int64_t audit_view_integer(struct span value) {
    bool negative = value.len && value.ptr[0] == '-';
    unsigned long long n;

    if (span_decimal(span_sub(value, negative, value.len), &n) < 0 || n > INT64_MAX) return 0;
    return negative ? -(int64_t)n : (int64_t)n;
}

struct span audit_view_text(struct span object, const char *name) {
    return audit_view_unquote(audit_view_get(object, name));
}

int64_t audit_view_number(struct span object, const char *name) {
    return audit_view_integer(audit_view_get(object, name));
}

bool audit_view_next(struct span array, size_t *at, struct span *value) {
    if (array.len == 0 || array.ptr[0] != '[') return false;
    if (*at == 0) *at = 1;
    if (*at >= array.len || array.ptr[*at] == ']') return false;
    size_t end = skip_value(array, *at);
    *value = span_sub(array, *at, end);
    *at = end + (end < array.len && array.ptr[end] == ',');
    return value->len > 0;
}

uint64_t audit_view_seq(struct span line) {
    static const char mark[] = ",\"seq\":";
    const char *at = memmem(line.ptr, line.len, mark, sizeof mark - 1);
    uint64_t n = 0;

    if (!at) return 0;
    for (at += sizeof mark - 1; at < line.ptr + line.len && *at >= '0' && *at <= '9' && n < UINT64_MAX / 100; at++)
        n = n * 10 + (uint64_t)(*at - '0');
    return n;
}

struct span audit_view_time(struct span line) {
    static const char mark[] = ",\"ts\":\"";
    const char *at = memmem(line.ptr, line.len, mark, sizeof mark - 1);

    if (!at) return span_make(NULL, 0);
    size_t begin = (size_t)(at - line.ptr) + sizeof mark - 1;
    return span_sub(line, begin, span_find(line, '"', begin));
}
