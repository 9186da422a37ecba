/* SPDX-License-Identifier: Apache-2.0
 *
 * The echo model's answers in the form of /v1/responses, whole and as typed events.
 */
#ifndef ECHO_RESPONSE_H
#define ECHO_RESPONSE_H

#include "span.h"

#include <stdint.h>

struct buf;

struct echo_response {
    uint64_t id;
    long long created;
    struct span model; /* as it stands in JSON */
    struct span text;
    size_t tokens_in, tokens_out;
    unsigned sequence; /* of the last event */
};

void echo_response_write(const struct echo_response *r, struct buf *out);
/* The events before the first piece of text, a piece, the copies of the whole, the last. */
void echo_response_begin(struct echo_response *r, struct buf *out);
void echo_response_delta(struct echo_response *r, struct span piece, struct buf *out);
void echo_response_copies(struct echo_response *r, struct buf *out);
void echo_response_end(struct echo_response *r, struct buf *out);

#endif
