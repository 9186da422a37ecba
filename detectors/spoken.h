/* SPDX-License-Identifier: Apache-2.0
 *
 * Digits that are spelled one by one: "three eight four, nine two oh".
 */
#ifndef PHI_SPOKEN_H
#define PHI_SPOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* Does a spelled digit begin at `at`, at the beginning of a word? */
bool spoken_begins(const char *text, uint32_t len, uint32_t at);

struct spoken {
    uint32_t digits;
    uint32_t steps; /* digits that are one more or less than the one before: somebody counts */
};

/* The end of the run that begins there; "dash" may stand inside it. */
uint32_t spoken_end(const char *text, uint32_t len, uint32_t at, struct spoken *run);

#endif
