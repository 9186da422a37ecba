/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer that is a stream of typed events: each says by its "type" what it is, and by numbers of its root object
 * which text it continues (OpenAI's /v1/responses, Anthropic's /v1/messages).
 */
#ifndef RELAY_TYPED_H
#define RELAY_TYPED_H

#include "relay.h"
#include "span.h"

struct buf;
struct relay_text;
struct relay_typed;

struct relay_typed *relay_typed_new(enum shape_endpoint e, struct relay_text *x, struct relay_result *result,
                                    size_t event_ceiling);
void relay_typed_free(struct relay_typed *s); /* wipes */

void relay_typed_resume(struct relay_typed *s, unsigned long long after); /* see relay_resume */
MUST_CHECK int relay_typed_push(struct relay_typed *s, struct span bytes, struct buf *out);
enum relay_end relay_typed_end(struct relay_typed *s, bool clean, struct span request_id, struct buf *out);

/* Of the response that is made; empty: none so far. */
struct span relay_typed_object_id(const struct relay_typed *s);

#endif
