/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in echo model: it answers with the text it received, tokens spelled ‹NAME_1› so that they stay visible, and
 * then with the same text as it is, so that the reader sees both what would have left the building and what comes back.
 * Bytes in, bytes out; echo.c carries them.
 */
#ifndef ECHO_MODEL_H
#define ECHO_MODEL_H

#include "span.h"

struct buf;
struct echo_model;

/* path: under the base, "/chat/completions". body must live as long as the model. NULL: out of memory. A request that
 * cannot be read is answered with an error status, like everywhere. */
struct echo_model *echo_model_new(const char *method, const char *path, struct span body);
void echo_model_free(struct echo_model *m); /* wipes */

int echo_model_status(const struct echo_model *m);
struct span echo_model_type(const struct echo_model *m);
/* Appends the next piece of the answer, a stream's event or the whole of it. 1: there is more, 0: that was the last,
 * -1: out of memory. */
MUST_CHECK int echo_model_next(struct echo_model *m, struct buf *out);

#endif
