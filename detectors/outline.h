/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a rule match at a place, as far as the outline of its pattern tells? A small automaton of each rule, asked where one
 * of its openings fits: PCRE2 costs as much as a hundred bytes of it, and at nearly all of those places nothing matches.
 *
 *     (?:seen|treated) at [A-Z]   ->   s e e n ' ' a t ' ' A   asks PCRE2
 *                                      s e e n ' ' w           does not
 */
#ifndef OUTLINE_H
#define OUTLINE_H

#include "pattern_tree.h"

enum { OUTLINE_NO = 0, OUTLINE_ASK, OUTLINE_FIRST, OUTLINE_REACH = 32 };

struct outline {
    uint16_t *rows; /* of states by class: a state, no, or ask; NULL: always ask */
    uint8_t classes;
    uint8_t class[129]; /* of ASCII; 128: of all other bytes */
};

/* 0, or -1 when out of memory. */
int outline_build(struct outline *o, const struct pattern_tree *tree);
void outline_free(struct outline *o);

/* Where it is when it has read some bytes; {OUTLINE_FIRST, 0}: none. */
struct outline_mark {
    uint16_t state, read;
};

/* Where it is when the first of these bytes are known to be there, of those that an opening tells exactly. */
struct outline_mark outline_behind(const struct outline *o, const struct byte_set *sets, unsigned n);

/* False: no match begins at `at`, where the bytes before the mark are. Holds for texts without U+017F and U+212A where the
 * pattern does not count case. */
static inline bool outline_fits(const struct outline *o, struct outline_mark mark, const char *text, uint32_t len, uint32_t at)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t end = len - at > OUTLINE_REACH ? at + OUTLINE_REACH : len;
    unsigned state = o->rows ? mark.state : OUTLINE_ASK;
    for (at += mark.read; state >= OUTLINE_FIRST && at < end; at++)
        state = o->rows[(state - OUTLINE_FIRST) * o->classes + o->class[p[at] < 128 ? p[at] : 128]];
    return state == OUTLINE_ASK || (state != OUTLINE_NO && end < len);
}

#endif
