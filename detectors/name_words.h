/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a person's name where one is expected: behind a title, a label, in a field.
 */
#ifndef PHI_NAME_WORDS_H
#define PHI_NAME_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "detector.h"

struct name_span {
    uint32_t begin, end;
    struct phi_part given, family;
    unsigned words;
};

/* One word of letters, with inner apostrophes and hyphens, that begins at `at`; its end, or `at` when none. */
uint32_t name_word_end(const char *text, uint32_t len, uint32_t at);

/* The lists of word_lists.def that have the word, in any case. */
uint64_t name_word_lists(const char *word, uint32_t len);

/* The classes of lexicon.h of the word at `at`, in any case. */
uint64_t name_word_classes(const char *text, uint32_t len, uint32_t at);

/* Capitals that are short for something ("MVC", "ICD", "CGC") and nobody's name, as WONG and TED are? */
bool name_word_is_short(const char *text, uint32_t len, uint32_t at);

/* "John A. Smith", "van der Berg", "SMITH, JOHN A" (only with comma). Capitalized words, at most five; any_case
 * also takes lower case. False when no name begins at `at`. */
bool name_read(const char *text, uint32_t len, uint32_t at, bool comma, bool any_case, struct name_span *name);

struct phi_dictionary;
/* "Headache", "HTN", "Healthy": does what somebody has or is stand where the name was read, a word that hardly anybody is called? Without
 * word lists (NULL) nothing is. */
bool name_is_complaint(const struct phi_dictionary *d, const char *text, const struct name_span *name);

/* Words that are capitalized in clinical text and are no names. */
bool name_word_is_common(const char *word, uint32_t len);

#endif
