/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in a JSON text the next byte stands: in how many string literals at once. A text inside a string may be
 * JSON again (tool arguments that carry a document); each level escapes what stands in it once more. Bytes come in
 * pieces of any size; what they mean to a reader, with all escapes undone, goes to a link_state.
 *
 * The text as a whole is JSON unless its first byte that is not white space says otherwise: '{', '"', '`' (a
 * fence around JSON), or '[' that is not followed by a capital letter. A string literal is JSON inside JSON when it
 * begins with '{' followed by '"' or '}', or '[' followed by '"', '{', '[' or ']', white space aside. Behind the end
 * of a document the rule is asked again, so that prose after JSON is prose; and what a reader would take as an
 * address outside of a string is no JSON.
 */
#ifndef JSON_LEVEL_H
#define JSON_LEVEL_H

#include "link_state.h"
#include "span.h"

#include <stdint.h>

#define JSON_LEVELS 4u /* deeper strings count as plain text */

struct json_level { /* all zero: the beginning of a text */
    struct json_level_text {
        uint8_t what; /* see json_level.c */
        bool in_string, ended; /* ended: a document did */
        uint8_t escape; /* 0 none, 1 behind a backslash, 2 to 5 in \uXXXX */
        uint16_t code;
        uint32_t nesting; /* open brackets outside of strings */
    } v[JSON_LEVELS + 1];
};

void json_level_feed(struct json_level *j, struct link_state *links, struct span s);
/* How often a value that is put in here must be escaped. At least once in a JSON text, so that a value cannot
 * close or open anything even where the text has it outside of a string. */
unsigned json_level_depth(const struct json_level *j);
/* A value was put in here, escaped depth times. */
void json_level_put(struct json_level *j, struct link_state *links, struct span value);

#endif
