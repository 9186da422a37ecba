/* SPDX-License-Identifier: Apache-2.0
 *
 *   --B CRLF  head lines CRLF CRLF  data  CRLF --B CRLF  head lines CRLF CRLF  data  CRLF --B--  CRLF?
 *
 * Data end at the first CRLF--B, whatever follows: when that is neither CRLF nor "--" there is no telling what the sender
 * meant, and the whole is refused.
 */
#include "multipart.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"

#define NAME_LONGEST 64u
#define BOUNDARY_LONGEST 70u /* RFC 2046 section 5.1.1 */
#define LINE_LONGEST 1024u
#define LINES_MAX 4u

struct reader {
    struct span rest, boundary;
};

static bool is_alnum(char c) {
    char letter = (char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9');
}

static bool is_made_of(struct span s, const char *others, size_t longest) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || !strchr(others, s.ptr[i]))) return false;
    return s.len > 0 && s.len <= longest;
}

static struct span unquoted(struct span s) {
    bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
    return quoted ? span_sub(s, 1, s.len - 1) : s;
}

/* RFC 2046 allows more; this is what clients send. */
int multipart_boundary(struct span content_type, struct span *boundary) {
    static const char name[] = "boundary=";
    size_t semicolon = span_find(content_type, ';', 0);
    struct span parameter = span_trim(span_sub(content_type, semicolon + 1, content_type.len));

    if (!span_is_nocase(span_trim(span_sub(content_type, 0, semicolon)), "multipart/form-data")) return -1;
    if (!span_is_nocase(span_sub(parameter, 0, sizeof name - 1), name)) return -1;
    *boundary = unquoted(span_sub(parameter, sizeof name - 1, parameter.len));
    return is_made_of(*boundary, "-_.'()+=:?", BOUNDARY_LONGEST) ? 0 : -1;
}

/* ---- lines ---- */

static bool take(struct reader *r, const char *text) {
    if (!span_starts(r->rest, text)) return false;
    r->rest = span_sub(r->rest, strlen(text), r->rest.len);
    return true;
}

static bool take_boundary(struct reader *r) {
    if (!take(r, "--") || !span_equal(span_sub(r->rest, 0, r->boundary.len), r->boundary)) return false;
    r->rest = span_sub(r->rest, r->boundary.len, r->rest.len);
    return true;
}

/* Up to its CRLF; bare CR and LF, NUL and other controls are none of a line. */
static int take_line(struct reader *r, struct span *line) {
    for (size_t i = 0; i < r->rest.len && i <= LINE_LONGEST; i++) {
        unsigned char c = (unsigned char)r->rest.ptr[i];
        if (c == '\r' && i + 1 < r->rest.len && r->rest.ptr[i + 1] == '\n') {
            *line = span_sub(r->rest, 0, i);
            r->rest = span_sub(r->rest, i + 2, r->rest.len);
            return 0;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) return -1;
    }
    return -1;
}

/* ---- Content-Disposition ---- */

/* The value of a parameter, which is a word or stands in quotes, where a backslash may take the meaning from the next. */
static int take_value(struct span *s, struct span *value) {
    size_t i = 0;

    if (s->len && s->ptr[0] == '"') {
        for (i = 1; i < s->len && s->ptr[i] != '"'; i++)
            if (s->ptr[i] == '\\') i++;
        if (i >= s->len) return -1;
        *value = span_sub(*s, 1, i);
        *s = span_sub(*s, i + 1, s->len);
        return 0;
    }
    while (i < s->len && s->ptr[i] != ';' && s->ptr[i] != ' ' && s->ptr[i] != '"')
        i++;
    *value = span_sub(*s, 0, i);
    *s = span_sub(*s, i, s->len);
    return i ? 0 : -1;
}

static int take_parameter(struct span *s, struct multipart_part *part) {
    size_t equals = span_find(*s, '=', 0);
    struct span key = span_sub(*s, 0, equals), value;

    *s = span_sub(*s, equals + 1, s->len);
    if (take_value(s, &value) < 0) return -1;
    if (span_is_nocase(key, "name") && part->name.len == 0) {
        part->name = value;
        return is_made_of(value, "-_.[]", NAME_LONGEST) ? 0 : -1;
    }
    /* One in plain letters and one in an encoding may stand together. What either says does not matter. */
    if (!span_is_nocase(key, "filename") && !span_is_nocase(key, "filename*")) return -1;
    if (!part->file || key.len == strlen("filename")) part->filename = value;
    part->file = true;
    return 0;
}

static int read_disposition(struct span s, struct multipart_part *part) {
    static const char type[] = "form-data";

    if (part->name.len || !span_is_nocase(span_sub(s, 0, sizeof type - 1), type)) return -1;
    for (s = span_sub(s, sizeof type - 1, s.len); s.len;) {
        s = span_trim(s);
        if (s.len == 0) break;
        if (s.ptr[0] != ';') return -1;
        s = span_trim(span_sub(s, 1, s.len));
        if (take_parameter(&s, part) < 0) return -1;
    }
    return part->name.len ? 0 : -1;
}

/* ---- parts ---- */

static int read_field(struct span line, struct multipart_part *part, long long *length) {
    size_t colon = span_find(line, ':', 0);
    struct span name = span_sub(line, 0, colon), value = span_trim(span_sub(line, colon + 1, line.len));
    unsigned long long n;

    if (colon == line.len) return -1;
    if (span_is_nocase(name, "content-disposition")) return read_disposition(value, part);
    if (span_is_nocase(name, "content-type") && part->type.len == 0 && value.len) {
        part->type = value;
        return 0;
    }
    if (!span_is_nocase(name, "content-length") || *length >= 0 || span_decimal(value, &n) < 0) return -1;
    *length = (long long)n;
    return 0;
}

static size_t find_end(struct span s, struct span boundary) {
    for (size_t at = span_find(s, '\r', 0); at < s.len; at = span_find(s, '\r', at + 1)) {
        struct span here = span_sub(s, at, s.len);
        if (span_starts(here, "\r\n--") && span_equal(span_sub(here, 4, 4 + boundary.len), boundary)) return at;
    }
    return s.len;
}

static int read_part(struct reader *r, struct multipart_part *part) {
    struct span line = {"x", 1};
    long long length = -1;

    *part = (struct multipart_part){.file = false};
    for (size_t i = 0; line.len; i++) {
        if (i > LINES_MAX || take_line(r, &line) < 0) return -1;
        if (line.len && read_field(line, part, &length) < 0) return -1;
    }
    size_t end = find_end(r->rest, r->boundary);
    if (end == r->rest.len || part->name.len == 0) return -1;
    part->data = span_sub(r->rest, 0, end);
    r->rest = span_sub(r->rest, end + 2, r->rest.len);
    return length < 0 || (size_t)length == part->data.len ? 0 : -1;
}

int multipart_read(struct span body, struct span boundary, struct multipart_part *parts, size_t max, size_t *n) {
    struct reader r = {body, boundary};

    *n = 0;
    for (;;) {
        if (!take_boundary(&r)) return -1;
        if (take(&r, "--")) break;
        if (!take(&r, "\r\n") || *n == max || read_part(&r, &parts[*n]) < 0) return -1;
        (*n)++;
    }
    return r.rest.len == 0 || span_is(r.rest, "\r\n") ? 0 : -1;
}

/* ---- writing ---- */

int multipart_make_boundary(char out[MULTIPART_BOUNDARY]) {
    unsigned char random[16];
    size_t at;

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
    at = (size_t)snprintf(out, MULTIPART_BOUNDARY, "phi-");
    for (size_t i = 0; i < sizeof random; i++)
        at += (size_t)snprintf(out + at, MULTIPART_BOUNDARY - at, "%02x", random[i]);
    return 0;
}

void multipart_add(struct buf *out, const char *boundary, struct span name, const char *filename, const char *type,
                   struct span data) {
    buf_add_format(out, "--%s\r\nContent-Disposition: form-data; name=\"", boundary);
    buf_add(out, name);
    buf_add_char(out, '"');
    if (filename) buf_add_format(out, "; filename=\"%s\"", filename);
    if (type) buf_add_format(out, "\r\nContent-Type: %s", type);
    buf_add_c(out, "\r\n\r\n");
    buf_add(out, data);
    buf_add_c(out, "\r\n");
}

void multipart_end(struct buf *out, const char *boundary) {
    buf_add_format(out, "--%s--\r\n", boundary);
}
