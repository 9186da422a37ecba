/* SPDX-License-Identifier: Apache-2.0
 *
 * Digits that are spelled one by one: "three eight four, nine two oh".
 */
#ifndef PHI_SPOKEN_H
#define PHI_SPOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* Can a spelled digit begin with this letter? */
static inline bool spoken_may_begin(char c)
{
    unsigned a = (unsigned char)(c | 0x20) - 'a';
    return a < 26 && 0x020C6038u >> a & 1; /* z o t f s e n d */
}

/* Does a spelled digit begin at `at`, at the beginning of a word? */
bool spoken_begins(const char *text, uint32_t len, uint32_t at);

/* The end of the run that begins there; *digits gets how many there are. */
uint32_t spoken_end(const char *text, uint32_t len, uint32_t at, uint32_t *digits);

#endif
