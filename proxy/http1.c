/* SPDX-License-Identifier: Apache-2.0
 *
 * Request heads (RFC 9112 sections 2 to 5). The head is cut into lines that end in CRLF and nothing else; each line
 * is then read by byte tables. Whatever two readers could understand differently is refused, not repaired:
 * request smuggling lives from repairs.
 *
 *   [CRLF] METHOD SP target SP HTTP/1.x CRLF  *( name ":" OWS value OWS CRLF )  CRLF  body...
 *   `----------------------------- *used bytes ------------------------------------'
 */
#include "http1.h"

#include <string.h>

struct refusal {
    int status;
    const char *reason;
};

/* Framing fields are counted, so that a second one is seen whatever its value. */
struct seen {
    unsigned host, length, encoding;
};

static int refuse(struct refusal *r, int status, const char *reason) {
    r->status = status;
    r->reason = reason;
    return -1;
}

/* tchar of RFC 9110 section 5.6.2: letters, digits and !#$%&'*+-.^_`|~ as one bit each. */
static bool is_token_byte(unsigned char c) {
    static const uint64_t bits[2] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe};

    return c < 128 && (bits[c >> 6] >> (c & 63) & 1);
}

static bool is_value_byte(unsigned char c) {
    return (c >= 0x20 && c != 0x7F) || c == '\t';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- request line ---- */

static const struct {
    const char *name;
    enum http1_method method;
} methods[] = {
    {"GET", HTTP1_GET},         {"POST", HTTP1_POST},   {"PUT", HTTP1_PUT},         {"HEAD", HTTP1_HEAD},
    {"DELETE", HTTP1_DELETE},   {"PATCH", HTTP1_PATCH}, {"OPTIONS", HTTP1_OPTIONS},
};

static enum http1_method find_method(struct span name) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (span_is(name, methods[i].name)) return methods[i].method;
    return HTTP1_NONE;
}

static int read_method(struct span name, struct http1_head *h, struct refusal *r) {
    if (name.len == 0) return refuse(r, 400, "the request line has no method");
    for (size_t i = 0; i < name.len; i++)
        if (!is_token_byte((unsigned char)name.ptr[i])) return refuse(r, 400, "the method is not a token");
    h->method = find_method(name);
    return h->method ? 0 : refuse(r, 501, "the method is not supported");
}

static int read_version(struct span version, struct http1_head *h, struct refusal *r) {
    if (!span_starts(version, "HTTP/")) return refuse(r, 400, "the request line does not end in an HTTP version");
    if (span_is(version, "HTTP/1.1"))
        h->minor = 1;
    else if (span_is(version, "HTTP/1.0"))
        h->minor = 0;
    else
        return refuse(r, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return 0;
}

/* host [ ":" port ]: a name or IPv4 address, or an IPv6 address in brackets. No user information. */
static bool authority_is_well_formed(struct span a) {
    size_t i = 0;

    if (a.len == 0 || a.len > 261) return false;
    if (a.ptr[0] == '[') {
        for (i = 1; i < a.len && (is_digit(a.ptr[i]) || strchr("abcdefABCDEF:.", a.ptr[i])); i++)
            if (a.ptr[i] == '\0') return false;
        if (i < 4 || i >= a.len || a.ptr[i] != ']') return false;
        i++;
    } else {
        for (; i < a.len && a.ptr[i] != ':'; i++) {
            unsigned char c = (unsigned char)(a.ptr[i] | 0x20);
            if (!(c >= 'a' && c <= 'z') && !is_digit(a.ptr[i]) && !strchr("-._~", a.ptr[i])) return false;
            if (a.ptr[i] == '\0') return false;
        }
        if (i == 0) return false;
    }
    if (i == a.len) return true;
    if (a.ptr[i] != ':' || a.len - i < 2 || a.len - i > 6) return false;
    for (i++; i < a.len; i++)
        if (!is_digit(a.ptr[i])) return false;
    return true;
}

static void split_query(struct span origin, struct http1_head *h) {
    size_t mark = span_find(origin, '?', 0);

    h->path = span_sub(origin, 0, mark);
    h->query = span_sub(origin, mark + 1, origin.len);
}

/* http://authority[/path][?query]; the authority must be the one of Host, which read_fields compares. */
static int read_absolute(struct span target, size_t scheme, struct http1_head *h, struct refusal *r) {
    static const char root[] = "/";
    size_t end = scheme;

    while (end < target.len && target.ptr[end] != '/' && target.ptr[end] != '?')
        end++;
    h->host = span_sub(target, scheme, end);
    if (!authority_is_well_formed(h->host)) return refuse(r, 400, "the target names no proper host");
    split_query(span_sub(target, end, target.len), h);
    if (h->path.len == 0) h->path = span_make(root, 1);
    return 0;
}

static int read_target(struct span target, struct http1_head *h, struct refusal *r) {
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= ' ' || c >= 0x7F) return refuse(r, 400, "the target holds a space, a control or a byte beyond ASCII");
        if (c == '#') return refuse(r, 400, "the target holds a fragment");
    }
    h->target = target;
    if (target.len && target.ptr[0] == '/') {
        split_query(target, h);
        return 0;
    }
    if (span_is_nocase(span_sub(target, 0, 7), "http://")) return read_absolute(target, 7, h, r);
    if (span_is_nocase(span_sub(target, 0, 8), "https://")) return read_absolute(target, 8, h, r);
    return refuse(r, 400, "the target is neither a path nor an http address");
}

static size_t last_word(struct span line) {
    const char *space = line.len ? memrchr(line.ptr, ' ', line.len) : NULL;
    return space ? (size_t)(space - line.ptr) + 1 : 0;
}

static int read_request_line(struct span line, struct http1_head *h, struct refusal *r) {
    size_t first = span_find(line, ' ', 0), last = last_word(line);

    if (line.len > HTTP1_LINE_MAX) return refuse(r, 414, "the request line is too long");
    if (last <= first + 1) return refuse(r, 400, "the request line is not method, target, version");
    if (read_version(span_sub(line, last, line.len), h, r) < 0) return -1;
    if (read_method(span_sub(line, 0, first), h, r) < 0) return -1;
    return read_target(span_sub(line, first + 1, last - 1), h, r);
}

/* ---- fields ---- */

static int take_host(struct http1_head *h, struct span value, struct seen *seen, struct refusal *r) {
    if (seen->host++) return refuse(r, 400, "there is more than one Host");
    if (!authority_is_well_formed(value)) return refuse(r, 400, "Host is not well formed");
    if (h->host.len && !span_equal_nocase(h->host, value)) return refuse(r, 400, "Host and target disagree");
    h->host = value;
    return 0;
}

static int take_length(struct http1_head *h, struct span value, struct seen *seen, struct refusal *r) {
    unsigned long long n;

    if (seen->length++) return refuse(r, 400, "there is more than one Content-Length");
    if (span_decimal(value, &n) < 0) return refuse(r, 400, "Content-Length is not a number");
    h->has_length = true;
    h->length = n;
    return 0;
}

static int take_encoding(struct http1_head *h, struct span value, struct seen *seen, struct refusal *r) {
    if (seen->encoding++) return refuse(r, 400, "there is more than one Transfer-Encoding");
    if (h->minor == 0) return refuse(r, 400, "HTTP/1.0 knows no Transfer-Encoding");
    if (!span_is_nocase(value, "chunked")) return refuse(r, 501, "no Transfer-Encoding but chunked is supported");
    h->chunked = true;
    return 0;
}

static void take_connection(struct http1_head *h, struct span value) {
    for (size_t begin = 0, end; begin <= value.len; begin = end + 1) {
        end = span_find(value, ',', begin);
        if (span_is_nocase(span_trim(span_sub(value, begin, end)), "close")) h->close = true;
    }
}

static int take_expect(struct http1_head *h, struct span value, struct refusal *r) {
    if (!span_is_nocase(value, "100-continue")) return refuse(r, 417, "only 100-continue can be expected");
    h->expect_continue = h->minor == 1;
    return 0;
}

/* The few fields that frame a message have different lengths, so that most names cost one comparison. */
static int take_field(struct http1_head *h, const struct http1_field *f, struct seen *seen, struct refusal *r) {
    switch (f->name.len) {
    case 4: return span_is_nocase(f->name, "host") ? take_host(h, f->value, seen, r) : 0;
    case 6: return span_is_nocase(f->name, "expect") ? take_expect(h, f->value, r) : 0;
    case 10:
        if (span_is_nocase(f->name, "connection")) take_connection(h, f->value);
        return 0;
    case 14: return span_is_nocase(f->name, "content-length") ? take_length(h, f->value, seen, r) : 0;
    case 17: return span_is_nocase(f->name, "transfer-encoding") ? take_encoding(h, f->value, seen, r) : 0;
    default: return 0;
    }
}

static int read_field(struct span line, struct http1_field *f, struct refusal *r) {
    size_t colon = 0;

    if (line.ptr[0] == ' ' || line.ptr[0] == '\t') return refuse(r, 400, "folded header lines are not accepted");
    while (colon < line.len && is_token_byte((unsigned char)line.ptr[colon]))
        colon++;
    if (colon == 0 || colon == line.len || line.ptr[colon] != ':')
        return refuse(r, 400, "a header name is not a token followed by a colon");
    for (size_t i = colon + 1; i < line.len; i++)
        if (!is_value_byte((unsigned char)line.ptr[i])) return refuse(r, 400, "a header value holds a control byte");
    f->name = span_sub(line, 0, colon);
    f->value = span_trim(span_sub(line, colon + 1, line.len));
    return 0;
}

static int check_framing(const struct http1_head *h, const struct seen *seen, struct refusal *r) {
    if (seen->host == 0) return refuse(r, 400, "Host is missing");
    if (h->chunked && h->has_length) return refuse(r, 400, "Content-Length and Transfer-Encoding exclude each other");
    if (h->method == HTTP1_HEAD && (h->chunked || h->length)) return refuse(r, 400, "a HEAD request has no body");
    return 0;
}

/* lines: everything between the request line and the empty line, each with its CRLF. */
static int read_fields(struct span lines, struct http1_head *h, struct refusal *r) {
    struct seen seen = {0};

    for (size_t at = 0; at < lines.len;) {
        size_t end = span_find(lines, '\n', at);
        struct http1_field *f = &h->fields[h->n_fields];

        if (h->n_fields == HTTP1_FIELDS_MAX) return refuse(r, 431, "there are too many headers");
        if (read_field(span_sub(lines, at, end - 1), f, r) < 0) return -1;
        if (take_field(h, f, &seen, r) < 0) return -1;
        h->n_fields++;
        at = end + 1;
    }
    return check_framing(h, &seen, r);
}

/* ---- the head as a whole ---- */

/* Where the head ends: the offset behind the first empty line, 0: not yet. Every line end is looked at on the way, so
 * that a bare LF is refused at once rather than waited on. At most 102 lines and header_max bytes are looked at, about
 * a microsecond: a client that drips single bytes costs little even though each call starts over. */
static int find_end(struct span bytes, size_t header_max, size_t *end, struct refusal *r) {
    size_t line = 0;
    unsigned lines = 0;

    *end = 0;
    while (line < bytes.len) {
        size_t lf = span_find(bytes, '\n', line);

        if (lf == bytes.len) break;
        if (lf >= header_max) return refuse(r, 431, "the headers are too large");
        if (lf == line || bytes.ptr[lf - 1] != '\r') return refuse(r, 400, "a line does not end in CRLF");
        if (lf == line + 1 && line > 0) {
            *end = lf + 1;
            return 0;
        }
        if (lf == line + 1) return refuse(r, 400, "the request line is missing");
        if (++lines > HTTP1_FIELDS_MAX + 1) return refuse(r, 431, "there are too many headers");
        line = lf + 1;
    }
    if (lines == 0 && bytes.len > HTTP1_LINE_MAX) return refuse(r, 414, "the request line is too long");
    return bytes.len >= header_max ? refuse(r, 431, "the headers are too large") : 0;
}

/* What no request starts with is refused at once and not waited on: TLS on a plain port, binary noise, HTTP/0.9. */
static int check_start(struct span bytes, struct http1_head *h, struct refusal *r) {
    size_t lf = span_find(bytes, '\n', 0);

    if (bytes.len && !is_token_byte((unsigned char)bytes.ptr[0])) return refuse(r, 400, "this is not an HTTP request");
    if (lf == bytes.len || lf == 0) return 0;
    struct span line = span_sub(bytes, 0, lf - 1);
    return read_version(span_sub(line, last_word(line), line.len), h, r);
}

static void clear_head(struct http1_head *h) {
    h->method = HTTP1_NONE;
    h->target = h->path = h->query = h->host = (struct span){NULL, 0};
    h->minor = 0;
    h->n_fields = 0;
    h->chunked = h->has_length = h->expect_continue = h->close = false;
    h->length = 0;
}

static int read_head(struct span bytes, size_t header_max, struct http1_head *h, size_t *used, struct refusal *r) {
    size_t skip = 0, end;

    if (bytes.len && bytes.ptr[0] == '\r') { /* one empty line ahead is allowed (RFC 9112 section 2.2) */
        if (bytes.len == 1) return 0;
        if (bytes.ptr[1] != '\n') return refuse(r, 400, "a line does not end in CRLF");
        skip = 2;
    }
    bytes = span_sub(bytes, skip, bytes.len);
    if (find_end(bytes, header_max, &end, r) < 0 || check_start(bytes, h, r) < 0) return -1;
    if (end == 0) return 0;

    size_t line = span_find(bytes, '\n', 0);
    if (read_request_line(span_sub(bytes, 0, line - 1), h, r) < 0) return -1;
    if (read_fields(span_sub(bytes, line + 1, end - 2), h, r) < 0) return -1;
    if (h->minor == 0) h->close = true;
    *used = skip + end;
    return 1;
}

int http1_read_head(struct span bytes, size_t header_max, struct http1_head *head, size_t *used, int *status,
                    const char **reason) {
    struct refusal r = {400, "this is not an HTTP request"};

    clear_head(head);
    *used = 0;
    int rc = read_head(bytes, header_max, head, used, &r);
    if (rc < 0) {
        *status = r.status;
        *reason = r.reason;
    }
    return rc;
}

struct span http1_field(const struct http1_head *h, const char *name) {
    for (size_t i = 0; i < h->n_fields; i++)
        if (span_is_nocase(h->fields[i].name, name)) return h->fields[i].value;
    return (struct span){NULL, 0};
}

size_t http1_field_count(const struct http1_head *h, const char *name) {
    size_t n = 0;

    for (size_t i = 0; i < h->n_fields; i++)
        if (span_is_nocase(h->fields[i].name, name)) n++;
    return n;
}

const char *http1_reason(int status) {
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},         {200, "OK"},
        {201, "Created"},          {202, "Accepted"},
        {204, "No Content"},       {304, "Not Modified"},
        {400, "Bad Request"},      {401, "Unauthorized"},
        {402, "Payment Required"}, {403, "Forbidden"},
        {404, "Not Found"},        {405, "Method Not Allowed"},
        {408, "Request Timeout"},  {409, "Conflict"},
        {410, "Gone"},             {411, "Length Required"},
        {413, "Content Too Large"}, {414, "URI Too Long"},
        {415, "Unsupported Media Type"}, {417, "Expectation Failed"},
        {421, "Misdirected Request"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"}, {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"}, {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"}, {501, "Not Implemented"},
        {502, "Bad Gateway"},      {503, "Service Unavailable"},
        {504, "Gateway Timeout"},  {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Unknown";
}
