/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar of a token: '[' [A-Z][A-Z]* '_' [1-9][0-9]{0,6} [B-Z]{0,2} ([+-] [1-9][0-9]{0,5} 'd')? ']', at most TOKEN_MAX
 * bytes. As no '[' stands inside, a search that fails may go on behind the bytes it has seen.
 */
#ifndef TOKEN_SHAPE_H
#define TOKEN_SHAPE_H

#include "span.h"

#include <stdint.h>

enum token_shape {
    TOKEN_NO,   /* s does not begin with a token */
    TOKEN_PART, /* s ends before that is decided */
    TOKEN_YES
};

struct token_parts {
    struct span word;
    uint32_t number;
    struct span letters;
    int32_t days; /* of "+12d", else 0 */
};

/* Looks at the beginning of s. *len: of the token (YES), of s (PART), of the run that holds no other beginning
 * (NO, at least 1 unless s is empty). parts may be NULL; filled for YES. */
enum token_shape token_shape_of(struct span s, size_t *len, struct token_parts *parts);

/* The text of a token, NUL-terminated, into out (TOKEN_MAX + 1 bytes); form: 0 no letter, 1 B, ... Its length; 0: too long. */
#define TOKEN_FORMS (1u + 25u + 25u * 25u) /* no letter, one letter, two letters; each B to Z */
size_t token_write(const char *word, uint32_t number, unsigned form, long days, char *out);

#endif
