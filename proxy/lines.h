/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of a batch: JSON Lines, each {"custom_id": ..., "method": "POST", "url": "/v1/...", "body": {...}} (OpenAI's Batch
 * API). What stands around a body is exactly this; what a line is for is said by its url.
 */
#ifndef LINES_H
#define LINES_H

#include "shape.h"
#include "span.h"

#include <stdint.h>

struct arena;

#define LINES_MAX 50000u /* of one batch */

struct lines {
    struct span rest;
    uint32_t number; /* of the line last given, from 1 */
};

/* The next line that is not empty; false at the end. A line ends with LF or CRLF. */
bool lines_next(struct lines *l, struct span *line);

struct line_head {
    enum shape_endpoint endpoint;
    struct span model; /* of its body, decoded; empty: none */
};

/* 0, or -1 with a constant code in why: "invalid_json", "unknown_field", "missing_field", "method", "url". */
MUST_CHECK int line_read(struct arena *a, struct span line, struct line_head *out, const char **why);

#endif
