/* SPDX-License-Identifier: Apache-2.0
 *
 * Every way to say no, in the error dialect of the path. A refusal names a JSON path and kinds; it never quotes.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "shape.h"
#include "span.h"

struct buf;

enum refusal {
#define REFUSAL(symbol, status, code, type, retry, message) REFUSAL_##symbol,
#include "refusal.def"
#undef REFUSAL
    REFUSALS
};

int refusal_status(enum refusal r);
const char *refusal_code(enum refusal r);
const char *refusal_message(enum refusal r);
bool refusal_retry(enum refusal r);

struct refusal_detail {
    struct span request_id;
    struct span param;  /* JSON path or empty */
    const char *reason; /* a constant that refines the code ("baa_expired"), or NULL */
    const char *kind;   /* kind that led to a block, or NULL */
    const char *message; /* the site's own words instead of refusal_message, or NULL */
    const char *why;     /* the reason as a sentence, where something knows better than reason_sentence, or NULL */
};

/* The error body. */
void refusal_write(enum refusal r, enum shape_dialect dialect, const struct refusal_detail *d, struct buf *out);

/* The same as an answer of the model, for apps that hide errors: a chat completion, or its stream, whose one choice is the
 * message. */
void refusal_write_message(enum refusal r, const struct refusal_detail *d, bool stream, long created, struct buf *out);

#endif
