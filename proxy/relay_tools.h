/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose arguments a text of an answer belongs to, where a policy keeps real values from some tools. A stream names the tool
 * once and numbers the pieces that follow.
 */
#ifndef RELAY_TOOLS_H
#define RELAY_TOOLS_H

#include "span.h"

#include <stdint.h>

struct arena;
struct policy;

#define RELAY_CALLS_MAX 256u
#define RELAY_NUMBERS_MAX 1024u

struct relay_tools {
    const struct policy *policy; /* NULL: every tool gets values back, and nothing below is used */
    struct relay_call {
        uint32_t begin, end; /* of the object that names the tool, in the document */
        bool off;
    } calls[RELAY_CALLS_MAX];
    uint32_t n;
    bool overflow;
    uint8_t numbered[RELAY_NUMBERS_MAX]; /* by the number of the stream: 0 not known, 1 on, 2 off */
};

/* The calls of a document (or event). -1: it is no JSON, or the arena is full. */
MUST_CHECK int relay_tools_read(struct relay_tools *t, struct arena *a, struct span document);
/* The text at this place of the document is (in) an argument of a tool that gets none. */
bool relay_tools_off_at(const struct relay_tools *t, uint32_t at);
/* 1: it lies in a call of a known tool. */
bool relay_tools_named_at(const struct relay_tools *t, uint32_t at);
/* The calls of the document have this number in what follows. */
void relay_tools_number(struct relay_tools *t, uint64_t number);
bool relay_tools_off_by(const struct relay_tools *t, uint64_t number);

#endif
