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

/* The end of the run that begins there; *digits gets how many there are. */
uint32_t spoken_end(const char *text, uint32_t len, uint32_t at, uint32_t *digits);

#endif
