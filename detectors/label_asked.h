/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that answer a question: the label of one stands in the last sentence of the line above it.
 */
#ifndef LABEL_ASKED_H
#define LABEL_ASKED_H

#include <stdbool.h>
#include <stdint.h>

/* A sentence, its mark left out. */
struct label_question {
    uint32_t begin, end;
};

/* The question, or the request, that the number at `at` answers. False: there is none. */
bool label_asked(const char *text, uint32_t at, struct label_question *question);
/* Leaves the last word of it off: "your zip code, for our records". False: no more words. */
bool label_asked_on(const char *text, struct label_question *question);

#endif
