/* SPDX-License-Identifier: Apache-2.0
 *
 * What a word may be by itself where the text says that somebody stands there, whatever else evidence makes of it.
 */
#ifndef PHI_LIKENESS_H
#define PHI_LIKENESS_H

#include <stdint.h>

#include "dictionary.h"
#include "words.h"

enum likeness {
    LIKE_NOBODY,
    LIKE_WORD,     /* a word of the language that many families have: "brown" */
    LIKE_UNLISTED, /* in no list at all, and spoken as words are */
    LIKE_NAME,     /* in a list of names, and no word of the language */
};

/* Of word i (there may be none), in small letters or with a capital in front. */
enum likeness likeness_of(const struct words *w, const struct phi_dictionary *d, uint32_t i);

/* What is known of the word, also when nothing has asked for it yet. */
static inline uint32_t likeness_facts(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    return w->v[i].facts ? w->v[i].facts : phi_dictionary_plain(d, w->v[i].hash);
}

#endif
