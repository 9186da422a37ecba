/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an upstream's answer, line by line, stricter than the HTTP library that delivers the lines. What two
 * readers could frame differently is refused (RFC 9112 sections 5 and 6), so are redirects and codings that cannot be undone. Of the
 * fields only an allow-list is kept, with lower-case names: nothing that sets cookies, moves the client elsewhere
 * or describes a framing that is no longer true gets past.
 */
#ifndef RESPONSE_HEAD_H
#define RESPONSE_HEAD_H

#include "inflate.h"
#include "span.h"

#include <stdint.h>

#define RESPONSE_HEAD_FIELDS 32
#define RESPONSE_HEAD_TEXT 4096

enum response_step {
    RESPONSE_BAD, /* stays so */
    RESPONSE_MORE,
    RESPONSE_FINAL /* the final head is complete; given once */
};

struct response_field {
    struct span name, value;
};

struct response_text;

struct response_head {
    int status; /* of the final head; 0 before */
    struct span content_type;
    const struct response_field *fields; /* into text, as content_type */
    size_t n_fields;
    bool has_length, has_coding;
    uint64_t length;
    enum inflate_coding coding; /* 0: none was named */

    uint8_t state;
    bool old_version, framed, chunked, has_type; /* old_version: HTTP/1.0; framed: by HTTP/2 */
    unsigned interim, lines;
    size_t bytes;
    struct response_text *text; /* made for the first field that is kept */
};

void response_head_init(struct response_head *h);
void response_head_wipe(struct response_head *h);
/* The fields and the content type were used: an open stream needs no room for them. */
void response_head_forget(struct response_head *h);
/* A line as it came, its CRLF included; an empty line ends a head. Lines after RESPONSE_FINAL are trailers: counted
 * against the same bounds and dropped (RESPONSE_MORE). */
MUST_CHECK enum response_step response_head_line(struct response_head *h, struct span line);

#endif
