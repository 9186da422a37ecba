/* SPDX-License-Identifier: Apache-2.0
 *
 * Who speaks. In a dialogue a word and a colon begin many lines; what stands behind is speech, though the word may be
 * the label of a field elsewhere:
 *
 *     PHARMACY: Okay. Name?
 *     CALLER: Maribel.
 *     PHARMACY: Birthday?
 */
#ifndef PHI_SPEAKER_H
#define PHI_SPEAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Does the colon end a label that begins another line near by, too, or stand in the line beside somebody who asks or whose label
 * does? A form that is filled in for several people has such
 * labels as well. */
bool speaker_marked(const char *text, uint32_t len, uint32_t colon);

struct words;
/* Of a line whose first word is `first`, and whose words have just been read: what is said behind such a label of a person begins a
 * sentence. */
void speaker_begins(struct words *w, uint32_t first);
/* How many words of a line in small letters are such a label, in other letters: "DR: so you", "[DOCTOR] so you", "DR QUILL: so you". */
unsigned speaker_words(const struct words *w, uint32_t first);
/* "Doctor A: Go on.": does word i end such a label? */
bool speaker_is(const struct words *w, uint32_t i);

/* Does what begins at `at` stand right behind such a label? */
bool speaker_before(const char *text, uint32_t len, uint32_t at);

#endif
