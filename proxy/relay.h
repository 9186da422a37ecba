/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer on its way to the client: JSON as a whole, SSE event by event. Restores the caller's values in text,
 * never in keys, ids, URLs, logprobs, base64. Order and number of events stay; text that is held back at the end of
 * its choice or of the stream goes out in an event of its own, in the envelope of the one that it came in. What cannot
 * be parsed is not guessed at.
 */
#ifndef RELAY_H
#define RELAY_H

#include "restore.h"
#include "shape.h"
#include "span.h"

struct buf;
struct tokens;
struct relay;

enum relay_end {
    RELAY_COMPLETE, /* JSON parsed, or the stream had its end marker */
    RELAY_CUT,      /* ended without it: the client got an error event or a broken connection, never a clean end */
    RELAY_BAD,      /* not what it said it was, or beyond a limit */
    RELAY_BLOCKED   /* the policy does not let through what the model wrote by itself: an error event, or nothing at all */
};

struct relay_result {
    struct restore_counts counts;
    uint64_t usage_in, usage_out; /* tokens as the upstream counted them; 0 when unknown */
    uint32_t events;
};

/* json_mode: contents are JSON text (response_format). tokens outlive the relay. NULL when out of memory. */
struct relay *relay_new(enum shape_endpoint e, const struct tokens *t, bool json_mode, size_t event_ceiling,
                        size_t body_ceiling);
/* Tools that the policy keeps real values from; before relay_begin. The policy outlives the relay. */
struct policy;
void relay_set_policy(struct relay *r, const struct policy *p);
void relay_free(struct relay *r); /* wipes */
/* Before relay_begin: of a stream whose events are numbered, those up to this one are read but not passed on. What they began goes on as
 * if they had been. */
void relay_resume(struct relay *r, unsigned long long after);
/* Before the first byte; the ground outlives the relay. */
struct screen_ground;
void relay_screen(struct relay *r, struct screen_ground *g);

/* The upstream's head. An error status is read like an answer: it may quote the request. content_type may be empty
 * (then JSON is expected); one that is neither JSON nor an event stream is RELAY_BAD, except sound where it was asked for, which
 * goes as it is: what is said are the caller's own words, masked. Returns true when bytes go out as they come (events, sound),
 * false when the answer is collected until the end. */
bool relay_begin(struct relay *r, int status, struct span content_type);
/* The content type of the stream that goes to the client. */
const char *relay_stream_type(const struct relay *r);
const char *relay_whole_type(const struct relay *r); /* of an answer that is none */
/* It can end with an event that says that it was cut. */
bool relay_has_events(const struct relay *r);
/* The results of a batch are collected, as a whole or slice by slice: how many bytes of whole lines wait, and what comes of
 * them, appended to out. -1: stop; relay_end says why. Any thread, while no other uses the relay. */
size_t relay_lines_ready(const struct relay *r);
MUST_CHECK int relay_lines_take(struct relay *r, struct buf *out);
/* The id of the object that a stream tells of (a response), or empty. */
struct span relay_object_id(const struct relay *r);
/* Appends to out what may go to the client now. -1: stop (RELAY_BAD). */
MUST_CHECK int relay_push(struct relay *r, struct span bytes, struct buf *out);
/* The upstream ended, or relay_push failed; clean: by its own framing. Appends the rest. A stream that was cut gets an
 * error event `data: {"error":{...}}` with code upstream_cut, one that could not be read with code upstream_invalid, one that was
 * stopped for what it held with phi_in_answer (detector_error where that could not be found out); a
 * document that is not complete gives nothing. A stream is complete with [DONE], or, as some servers write none, with
 * a finish reason for every choice and a clean end. request_id: ours, for the message. */
enum relay_end relay_end(struct relay *r, bool clean, struct span request_id, struct buf *out);
const struct relay_result *relay_result(const struct relay *r);

#endif
