/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-sent events (WHATWG HTML, "Server-sent events"), read in pieces of any size and written in the one
 * form that every client tried understands: LF, one `data:` line, a single space, a blank line.
 * Never an event with empty data, never `id:` or `retry:` (wire facts: several SDKs break on them).
 */
#ifndef SSE_H
#define SSE_H

#include "span.h"

struct buf;

enum sse_what { SSE_EVENT, SSE_COMMENT };

struct sse_event {
    enum sse_what what;
    struct span name; /* of `event:`, empty when absent */
    struct span data; /* lines joined with LF; for a comment the text after the colon */
};

struct sse; /* holds at most the ceiling of one event */

struct sse *sse_new(size_t event_ceiling);
void sse_free(struct sse *s); /* wipes */

/* Gives every event that is complete after these bytes, in order. handler returns 0 or -1 to stop.
 * -1: an event beyond the ceiling, invalid UTF-8, out of memory, or the handler stopped. CR, LF and CRLF end
 * lines, also when cut between CR and LF; a leading byte order mark is dropped. Spans live during the call. */
typedef int sse_handler(void *arg, const struct sse_event *e);
MUST_CHECK int sse_push(struct sse *s, struct span bytes, sse_handler *handler, void *arg);
/* The stream ended: an event without its final blank line is given too, also when its last line is
 * unfinished: then 1, else 0; -1 as above. */
MUST_CHECK int sse_end(struct sse *s, sse_handler *handler, void *arg);

/* Data is JSON: a line break in it is white space and is written as a space. Nothing when data is empty. */
void sse_write(struct buf *out, struct span name, struct span data);
void sse_write_comment(struct buf *out, struct span text);

#endif
