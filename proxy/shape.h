/* SPDX-License-Identifier: Apache-2.0
 *
 * What an endpoint's JSON means to the walk. The table never says what to scan (everything is); it says which
 * known keys may be named in a path, which parts cannot be read, which numbers are parameters, how an answer is
 * restored, and which facts of a request the gateway acts on.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "span.h"

enum shape_endpoint {
    SHAPE_NONE = 0, /* unknown: refused */
    SHAPE_CHAT,
    SHAPE_COMPLETIONS,
    SHAPE_EMBEDDINGS,
    SHAPE_MODELS
};

/* The dialect in which a path's errors are written. */
enum shape_dialect { SHAPE_OPENAI = 0, SHAPE_ANTHROPIC, SHAPE_OLLAMA, SHAPE_GOOGLE };

/* method: "GET" or "POST". path with or without /v1, exact otherwise. SHAPE_NONE when not served. */
enum shape_endpoint shape_endpoint_find(struct span method, struct span path);
enum shape_dialect shape_dialect_of(struct span path);
const char *shape_endpoint_name(enum shape_endpoint e); /* "/v1/chat/completions" */

/* A key that the specification of the endpoint knows and that may be named in a path of an error or a record;
 * any other key is written as '*'. */
bool shape_known_key(enum shape_endpoint e, struct span key);

/* A number that is a parameter of the call (temperature, max_tokens, seed ...): its value is not searched. Only
 * where it stands at the documented place. path is the template as walk_path writes it. */
bool shape_parameter(enum shape_endpoint e, struct span path);

#endif
