/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that answer a question: the label of one stands at the end of the line above it.
 */
#ifndef LABEL_ASKED_H
#define LABEL_ASKED_H

#include <stdint.h>

/* Where the question ends, in front of its mark, that the number at `at` answers; 0: none. */
uint32_t label_asked(const char *text, uint32_t at);

#endif
