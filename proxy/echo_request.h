/* SPDX-License-Identifier: Apache-2.0
 *
 * What the built-in echo model takes from a request: the text to answer with, and how to answer.
 */
#ifndef ECHO_REQUEST_H
#define ECHO_REQUEST_H

#include "span.h"

struct arena;

enum echo_endpoint { ECHO_UNKNOWN, ECHO_CHAT, ECHO_COMPLETIONS, ECHO_EMBEDDINGS, ECHO_MODELS, ECHO_RESPONSES };

struct echo_request {
    enum echo_endpoint endpoint;
    struct span model;   /* as written in the body, escapes included */
    struct span *texts;  /* decoded: the last user message, the prompts, the inputs */
    size_t n_texts;
    unsigned n, dimensions;
    bool stream, include_usage, json, base64;
};

enum echo_endpoint echo_endpoint_of(const char *method, const char *path);
/* -1: not JSON of this endpoint's shape, or the arena is full. Texts are in the arena or borrow from body. */
MUST_CHECK int echo_request_read(struct arena *a, enum echo_endpoint endpoint, struct span body,
                                 struct echo_request *r);

#endif
