/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer that is a stream of events. Each text that grows over events is a channel with its own restorer, so
 * that choices and tool calls may interleave in any way.
 */
#ifndef RELAY_STREAM_H
#define RELAY_STREAM_H

#include "relay.h"
#include "span.h"

struct buf;
struct relay_stream;
struct relay_text;

struct relay_stream *relay_stream_new(struct relay_text *x, struct relay_result *result, size_t event_ceiling);
void relay_stream_free(struct relay_stream *s); /* wipes */

MUST_CHECK int relay_stream_push(struct relay_stream *s, struct span bytes, struct buf *out);
enum relay_end relay_stream_end(struct relay_stream *s, bool clean, struct span request_id, struct buf *out);

#endif
