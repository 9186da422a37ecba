/* SPDX-License-Identifier: Apache-2.0
 *
 * A text cut into tokens for scoring: code points, token borders, what is covered.
 */
#ifndef SCORE_TEXT_H
#define SCORE_TEXT_H

#include "span.h"

#include <locale.h>
#include <stdint.h>

struct arena;

struct score_token {
    size_t begin, end; /* code points */
    bool gold, optional;
};

struct score_text {
    struct span text;
    uint32_t *at; /* code point -> byte; n_points + 1 entries */
    size_t n_points;
    bool *covered;
    struct score_token *tokens;
    size_t n_tokens;
};

/* letters: a locale of UTF-8, which tells letters of all scripts. */
MUST_CHECK int score_text_read(struct arena *a, struct span text, locale_t letters, struct score_text *out);
void score_cover(struct score_text *t, uint32_t begin_byte, uint32_t end_byte);
size_t score_first_token(const struct score_text *t, size_t point); /* the last token that begins at or before it */
bool score_covered_all(const struct score_text *t, size_t begin, size_t end);
bool score_covered_any(const struct score_text *t, size_t begin, size_t end);

/* Whether an annotation must be found; positions in code points. */
bool score_must_find(const struct score_text *t, size_t begin, size_t end, struct span type, struct span raw_type);

#endif
