/* SPDX-License-Identifier: Apache-2.0
 *
 * A person's name as its words: "Doe, Jane M." is a surname, a given name and an initial, with what stands between them.
 */
#ifndef SURROGATE_NAME_H
#define SURROGATE_NAME_H

#include "span.h"

#include <stdint.h>

#define SURROGATE_NAME_WORDS 12

enum name_part {
    NAME_KEPT,     /* Mr., Dr., Jr., III: as they are */
    NAME_GIVEN,
    NAME_SURNAME,
    NAME_INITIAL,  /* one letter */
    NAME_PARTICLE  /* van, de, bin */
};

struct name_words {
    struct name_word {
        uint32_t begin, end;
        enum name_part part;
    } v[SURROGATE_NAME_WORDS];
    size_t n;
};

/* -1 when it has no name in it, or too many words. */
MUST_CHECK int surrogate_name_read(struct span value, struct name_words *out);

#endif
