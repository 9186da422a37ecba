/* SPDX-License-Identifier: Apache-2.0
 *
 * Line reader for the heads of answers. Interim answers (1xx) are skipped, a few of them; 101 would leave HTTP and is
 * refused. Bounds hold over all heads and trailers of one answer, so that no endless head can keep a call alive.
 *
 *   STATUS -> FIELDS -> (1xx) STATUS ...
 *                    -> (final) TRAILERS
 */
#include "response_head.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (32u * 1024)
#define LINES_MAX 200
#define INTERIM_MAX 8
#define VALUE_MAX 512

struct response_text {
    struct response_field fields[RESPONSE_HEAD_FIELDS];
    size_t used;
    char bytes[RESPONSE_HEAD_TEXT];
};

enum state { STATE_BAD, STATE_STATUS, STATE_FIELDS, STATE_TRAILERS };

/* Passed on to the client. A '*' at the end stands for any further name characters. */
static const char *const allowed[] = {
    "x-request-id",      "request-id",    "apim-request-id", "openai-processing-ms", "openai-version",
    "openai-organization", "openai-model", "x-ratelimit-*",   "anthropic-ratelimit-*", "retry-after",
    "retry-after-ms",    "x-should-retry", "x-ms-region",
};

/* tchar of RFC 9110 section 5.6.2, a bit each: the alphabet, digits and !#$%&'*+-.^_`|~ */
static bool is_token_char(unsigned char c) {
    static const uint32_t set[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff, 0, 0, 0, 0};
    return set[c >> 5] >> (c & 31) & 1;
}

static bool is_value(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool is_printable(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e) return false;
    return true;
}

void response_head_init(struct response_head *h) {
    memset(h, 0, sizeof *h);
    h->state = STATE_STATUS;
}

void response_head_forget(struct response_head *h) {
    if (h->text) explicit_bzero(h->text->bytes, h->text->used);
    free(h->text);
    h->text = NULL;
    h->fields = NULL;
    h->n_fields = 0;
    h->content_type = span_make(NULL, 0);
}

void response_head_wipe(struct response_head *h) {
    response_head_forget(h);
    memset(h, 0, sizeof *h);
}

static enum response_step refuse(struct response_head *h) {
    h->state = STATE_BAD;
    return RESPONSE_BAD;
}

/* "HTTP/1.1 200 OK". HTTP/2 has no such line; the library writes "HTTP/2 200 ". */
static enum response_step read_status(struct response_head *h, struct span line) {
    size_t at;

    if (span_starts(line, "HTTP/1.1 ") || span_starts(line, "HTTP/1.0 ")) {
        at = 9;
        h->old_version = line.ptr[7] == '0';
        h->framed = false;
    } else if (span_starts(line, "HTTP/2 ")) {
        at = 7;
        h->old_version = false;
        h->framed = true;
    } else {
        return refuse(h);
    }
    unsigned long long status;
    if (line.len < at + 3 || span_decimal(span_sub(line, at, at + 3), &status) < 0) return refuse(h);
    if (line.len > at + 3 && line.ptr[at + 3] != ' ') return refuse(h);
    if (!is_value(line)) return refuse(h);
    if (status < 100 || status > 599 || status == 101) return refuse(h);
    h->status = (int)status;
    h->state = STATE_FIELDS;
    return RESPONSE_MORE;
}

/* NULL: out of memory, or fewer bytes than wanted are left. */
static struct response_text *room(struct response_head *h, size_t bytes) {
    if (!h->text) h->text = malloc(sizeof *h->text);
    if (!h->text) return NULL;
    if (!h->fields) h->text->used = 0;
    h->fields = h->text->fields;
    return bytes <= sizeof h->text->bytes - h->text->used ? h->text : NULL;
}

static struct span keep(struct response_head *h, struct span s, bool lower_case) {
    struct response_text *text = room(h, s.len);
    if (!text) return span_make(NULL, 0);
    char *to = text->bytes + text->used;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        to[i] = lower_case && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    text->used += s.len;
    return span_make(to, s.len);
}

static bool is_allowed(struct span name) {
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        const char *want = allowed[i];
        if ((name.ptr[0] | 0x20) != want[0]) continue;
        size_t n = strlen(want);
        bool open = want[n - 1] == '*';
        struct span head = open ? span_sub(name, 0, n - 1) : name;
        if (span_equal_nocase(head, span_make(want, open ? n - 1 : n))) return true;
    }
    return false;
}

/* A field that does not fit is dropped: it is a courtesy to the client, not part of the answer. The content type is, so
 * room for one is left. */
static void keep_field(struct response_head *h, struct span name, struct span value) {
    if (h->n_fields == RESPONSE_HEAD_FIELDS || value.len > VALUE_MAX || !is_printable(value)) return;
    struct response_text *text = room(h, name.len + value.len + VALUE_MAX);
    if (!text) return;
    text->fields[h->n_fields].name = keep(h, name, true);
    text->fields[h->n_fields].value = keep(h, value, false);
    h->n_fields++;
}

static bool read_length(struct response_head *h, struct span value) {
    unsigned long long length;

    if (h->has_length || span_decimal(value, &length) < 0) return false;
    h->has_length = true;
    h->length = length;
    return true;
}

static bool read_type(struct response_head *h, struct span value) {
    if (h->has_type || value.len > VALUE_MAX || !is_printable(value)) return false;
    h->has_type = true;
    h->content_type = keep(h, value, false);
    return h->content_type.len == value.len;
}

static bool read_coding(struct response_head *h, struct span value) {
    if (h->chunked || h->old_version || h->framed || !span_is_nocase(value, "chunked")) return false;
    h->chunked = true;
    return true;
}

/* Asked for identity, some compress all the same. */
static bool read_content_coding(struct response_head *h, struct span value) {
    if (h->has_coding) return false;
    h->has_coding = true;
    h->coding = inflate_coding_of(value);
    return h->coding != INFLATE_UNKNOWN;
}

/* Fields that describe the body: true when this is one, and *good whether it may be so. */
static bool read_framing(struct response_head *h, struct span name, struct span value, bool *good) {
    if (span_is_nocase(name, "content-length"))
        *good = read_length(h, value);
    else if (span_is_nocase(name, "transfer-encoding"))
        *good = read_coding(h, value);
    else if (span_is_nocase(name, "content-encoding"))
        *good = read_content_coding(h, value);
    else if (span_is_nocase(name, "content-type"))
        *good = read_type(h, value);
    else
        return false;
    return true;
}

static bool read_field(struct response_head *h, struct span name, struct span value) {
    char first = (char)(name.ptr[0] | 0x20);
    bool good;

    if ((first == 'c' || first == 't') && read_framing(h, name, value, &good)) return good;
    if (is_allowed(name)) keep_field(h, name, value);
    return true;
}

/* The fields of an interim answer say nothing about the final one. */
static void start_over(struct response_head *h) {
    h->state = STATE_STATUS;
    h->status = 0;
    if (h->text) explicit_bzero(h->text->bytes, h->text->used);
    h->fields = NULL;
    h->n_fields = 0;
    h->has_length = h->chunked = h->has_type = h->has_coding = false;
    h->coding = INFLATE_UNKNOWN;
    h->content_type = span_make(NULL, 0);
}

static enum response_step end_head(struct response_head *h) {
    if (h->status < 200) {
        if (h->has_length || h->chunked || ++h->interim > INTERIM_MAX) return refuse(h);
        start_over(h);
        return RESPONSE_MORE;
    }
    if (h->status >= 300 && h->status < 400) return refuse(h);
    if (h->has_length && h->chunked) return refuse(h);
    h->state = STATE_TRAILERS;
    return RESPONSE_FINAL;
}

enum response_step response_head_line(struct response_head *h, struct span line) {
    h->bytes += line.len;
    if (h->state == STATE_BAD || h->bytes > BYTES_MAX || ++h->lines > LINES_MAX) return refuse(h);
    if (!span_ends(line, "\r\n")) return refuse(h);
    line = span_sub(line, 0, line.len - 2);

    if (h->state == STATE_STATUS) return read_status(h, line);
    if (line.len == 0) return h->state == STATE_FIELDS ? end_head(h) : RESPONSE_MORE;

    size_t colon = 0;
    while (colon < line.len && is_token_char((unsigned char)line.ptr[colon]))
        colon++;
    if (colon == 0 || colon == line.len || line.ptr[colon] != ':') return refuse(h);
    struct span value = span_trim(span_sub(line, colon + 1, line.len));
    if (!is_value(value)) return refuse(h);
    if (h->state == STATE_TRAILERS) return RESPONSE_MORE;
    return read_field(h, span_sub(line, 0, colon), value) ? RESPONSE_MORE : refuse(h);
}
