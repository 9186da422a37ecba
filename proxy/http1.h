/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict HTTP/1.1 request reader (RFC 9112): headers first, so that access can be decided before a body is
 * read; then the body in pieces. A request that any two readers could frame differently is refused
 * (docs/ARCHITECTURE.md lists the rules). Knows no sockets: bytes in, consumed counts out.
 */
#ifndef HTTP1_H
#define HTTP1_H

#include "span.h"

#include <stdint.h>

#define HTTP1_FIELDS_MAX 100
#define HTTP1_LINE_MAX 8192

enum http1_method { HTTP1_NONE = 0, HTTP1_GET, HTTP1_POST, HTTP1_PUT, HTTP1_DELETE, HTTP1_HEAD, HTTP1_OPTIONS, HTTP1_PATCH };

struct http1_field {
    struct span name, value; /* name as sent, value trimmed */
};

struct http1_head {
    enum http1_method method;
    struct span target;      /* as sent */
    struct span path, query; /* origin form; query without '?' */
    struct span host;
    uint8_t minor;           /* HTTP/1.minor */
    struct http1_field fields[HTTP1_FIELDS_MAX];
    size_t n_fields;
    bool chunked, has_length, expect_continue, close; /* close: the connection ends after this exchange */
    uint64_t length;
};

/* The head ends at the first empty line. header_max: bytes allowed for the whole head.
 * Returns  1 and *used: a complete head (spans point into bytes);
 *          0: more bytes needed;
 *         -1: refuse with *status (400, 414, 431, 501, 505) and close; *reason is a constant string. */
MUST_CHECK int http1_read_head(struct span bytes, size_t header_max, struct http1_head *head, size_t *used,
                               int *status, const char **reason);

struct span http1_field(const struct http1_head *h, const char *name); /* first of that name, or an empty span */
size_t http1_field_count(const struct http1_head *h, const char *name);

/* Body framing by length or chunks. */
struct http1_body {
    uint64_t left;   /* of the length or of the chunk */
    uint64_t total;  /* data bytes so far */
    uint8_t state;
    uint16_t line;   /* bytes of the current size or trailer line */
    uint32_t trailers;
    bool chunked, ended;
};

void http1_body_init(struct http1_body *b, const struct http1_head *h);
/* Takes from bytes; *used bytes are done with, *data is the run of body bytes among them (may be empty).
 * Call again while *used > 0 and not ended. Returns 0, or -1: bad framing (400, close). Chunk extensions are
 * ignored, trailers discarded. */
MUST_CHECK int http1_body_read(struct http1_body *b, struct span bytes, size_t *used, struct span *data);

const char *http1_reason(int status); /* "Bad Request" */

#endif
