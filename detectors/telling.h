/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the text says that somebody is named at a word in small letters: a title or a relation in front, "attention", who is
 * talked with, thanked or signs; an age, a credential or "will see" behind.
 */
#ifndef PHI_TELLING_H
#define PHI_TELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* How plainly. */
enum telling {
    TOLD_NOT,
    TOLD_HALF, /* somebody, or what he says */
    TOLD,      /* somebody, or something */
    TOLD_PLAINLY,
    TITLED,
};

/* By what stands in front of word i. */
enum telling telling_before(const struct words *w, uint32_t i);
/* ... and behind it. */
enum telling telling_behind(const struct words *w, uint32_t i);
/* Does a line begin with word i that somebody signs, by "Sincerely," or "--" in the line above? */
bool telling_signs(const struct words *w, uint32_t i);
/* "pt dochioiu here for": does a sentence about somebody go on with word i (there may be none)? */
bool telling_goes_on(const struct words *w, uint32_t i);

#endif
