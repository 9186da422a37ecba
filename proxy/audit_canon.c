/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks canonical JSON in one pass and builds nothing. Every line of a log goes through it, so the common bytes
 * of a string are looked at eight at a time.
 */
#include "audit_canon.h"

#include <string.h>

#define DEPTH_MAX 8

static int fail(struct audit_canon *c, const char *reason) {
    if (!c->reason) c->reason = reason;
    return -1;
}

static bool is_plain(unsigned char b) {
    return b >= 0x20 && b < 0x80 && b != '"' && b != '\\';
}

static size_t skip_plain(struct span s, size_t i) {
    while (i + 8 <= s.len && span_eight_plain(s.ptr + i))
        i += 8;
    while (i < s.len && is_plain((unsigned char)s.ptr[i]))
        i++;
    return i;
}

/* Length of the UTF-8 sequence at p (RFC 3629 section 4), 0 when it is none. */
static size_t sequence_length(const unsigned char *p, size_t left) {
    unsigned char low = 0x80, high = 0xBF;
    size_t n;

    if (p[0] >= 0xC2 && p[0] <= 0xDF) n = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF) n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4) n = 4;
    else return 0;
    if (n > left) return 0;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return n;
}

bool audit_canon_text_valid(struct span text) {
    const unsigned char *p = (const unsigned char *)text.ptr;

    for (size_t i = 0; i < text.len;) {
        size_t n = p[i] < 0x80 ? p[i] != 0 : sequence_length(p + i, text.len - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

/* Length of the escape at p, 0 when RFC 8785 writes that character in another way. */
static size_t escape_length(const char *p, size_t left) {
    if (left < 2) return 0;
    if (p[1] && strchr("\"\\bfnrt", p[1])) return 2;
    if (left < 6 || memcmp(p, "\\u00", 4) != 0 || (p[4] != '0' && p[4] != '1')) return 0;

    bool digit = p[5] >= '0' && p[5] <= '9';
    if (!digit && !(p[5] >= 'a' && p[5] <= 'f')) return 0;
    if (p[4] == '1') return 6;
    /* \u0000 is refused; 08 09 0a 0c 0d have short forms. */
    return strchr("089acd", p[5]) ? 0 : 6;
}

int audit_canon_string(struct audit_canon *c, struct span *raw, bool *escaped) {
    const char *p = c->text.ptr;
    size_t i = c->at, len = c->text.len;

    if (i >= len || p[i] != '"') return fail(c, "a string is missing");
    i++;
    *escaped = false;
    for (;;) {
        i = skip_plain(c->text, i);
        if (i >= len) return fail(c, "a string does not end");
        if (p[i] == '"') break;
        size_t n = 0;
        if (p[i] == '\\') {
            n = escape_length(p + i, len - i);
            *escaped = true;
        } else if ((unsigned char)p[i] >= 0x80) {
            n = sequence_length((const unsigned char *)p + i, len - i);
        }
        if (n == 0) return fail(c, "a string is not canonical");
        i += n;
    }
    *raw = span_make(p + c->at + 1, i - c->at - 1);
    c->at = i + 1;
    return 0;
}

int audit_canon_number(struct audit_canon *c, int64_t *out) {
    const char *p = c->text.ptr;
    size_t i = c->at, len = c->text.len;
    bool negative = i < len && p[i] == '-';
    int64_t value = 0;

    if (negative) i++;
    size_t first = i;
    while (i < len && p[i] >= '0' && p[i] <= '9' && i - first < 17)
        value = value * 10 + (p[i++] - '0');
    if (i == first) return fail(c, "a value is missing");
    if (p[first] == '0' && (i - first > 1 || negative)) return fail(c, "a number is not canonical");
    if (value > AUDIT_NUMBER_MAX) return fail(c, "a number is too large");
    if (i < len && (p[i] == '.' || p[i] == 'e' || p[i] == 'E')) return fail(c, "a number is not an integer");
    *out = negative ? -value : value;
    c->at = i;
    return 0;
}

int audit_canon_compare(struct span a, struct span b) {
    size_t n = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < n; i++) {
        unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];
        if (x == y) continue;
        /* Four-byte sequences are surrogate pairs in UTF-16: below U+E000..U+FFFF (0xEE, 0xEF). */
        if (x >= 0xF0 && y >= 0xEE && y < 0xF0) return -1;
        if (y >= 0xF0 && x >= 0xEE && x < 0xF0) return 1;
        return x < y ? -1 : 1;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

int audit_canon_name(struct audit_canon *c, struct span previous, struct span *name) {
    bool escaped;

    if (audit_canon_string(c, name, &escaped) < 0) return -1;
    if (escaped) return fail(c, "a member name has an escape");
    if (previous.ptr && audit_canon_compare(previous, *name) >= 0) return fail(c, "members are not in order");
    if (c->at >= c->text.len || c->text.ptr[c->at] != ':') return fail(c, "a colon is missing");
    c->at++;
    return 0;
}

/* Between elements: 1 after a comma, 0 after the end byte, -1 on anything else. */
static int separator(struct audit_canon *c, char end) {
    char b = c->at < c->text.len ? c->text.ptr[c->at] : '\0';

    if (b != ',' && b != end) return fail(c, "a comma or bracket is missing");
    c->at++;
    return b == ',';
}

static int array(struct audit_canon *c, unsigned depth) {
    int more = 1;

    if (c->at < c->text.len && c->text.ptr[c->at] == ']') {
        c->at++;
        return 0;
    }
    while (more == 1) {
        if (audit_canon_value(c, depth) < 0) return -1;
        more = separator(c, ']');
    }
    return more;
}

static int object(struct audit_canon *c, unsigned depth) {
    struct span previous = {NULL, 0}, name;
    int more = 1;

    if (c->at < c->text.len && c->text.ptr[c->at] == '}') {
        c->at++;
        return 0;
    }
    while (more == 1) {
        if (audit_canon_name(c, previous, &name) < 0) return -1;
        if (audit_canon_value(c, depth) < 0) return -1;
        previous = name;
        more = separator(c, '}');
    }
    return more;
}

static int word(struct audit_canon *c, const char *w) {
    size_t n = strlen(w);

    if (c->text.len - c->at < n || memcmp(c->text.ptr + c->at, w, n) != 0) return fail(c, "a value is missing");
    c->at += n;
    return 0;
}

int audit_canon_value(struct audit_canon *c, unsigned depth) {
    struct span raw;
    bool escaped;
    int64_t number;

    if (c->at >= c->text.len) return fail(c, "a value is missing");
    char b = c->text.ptr[c->at];
    if (b == '"') return audit_canon_string(c, &raw, &escaped);
    if (b == 't') return word(c, "true");
    if (b == 'f') return word(c, "false");
    if (b == 'n') return word(c, "null");
    if (b != '{' && b != '[') return audit_canon_number(c, &number);
    if (depth >= DEPTH_MAX) return fail(c, "values are nested too deep");
    c->at++;
    return b == '{' ? object(c, depth + 1) : array(c, depth + 1);
}

bool audit_canon_valid(struct span text) {
    struct audit_canon c = {.text = text};

    return audit_canon_value(&c, 0) == 0 && c.at == text.len;
}
