/* SPDX-License-Identifier: Apache-2.0
 *
 * Surrogates of one request: invented values that read like real ones and belong to nobody, and the way back. "Jane Doe"
 * leaves as "Avery Mendes", 212-555-0147 as 202-555-0100. They are taken in order of appearance from lists and reserved
 * ranges and are never derived from the value (45 CFR 164.514(c)). No word of a surrogate stands anywhere else in the
 * request, and none is used for two values, so that what comes back can be told from what the model says of others.
 *
 *   value  --put-->    surrogate      one written form, one surrogate; its words stand for the words of the value
 *   answer --match-->  value          the form as it was made, or a word, a spelling of it: only where one value fits
 */
#ifndef SURROGATES_H
#define SURROGATES_H

#include "../detectors/phi.h"
#include "span.h"

#define SURROGATE_MAX 120 /* bytes of the longest */

struct arena;
struct surrogates;

/* NULL when out of memory. Lives in the arena. */
struct surrogates *surrogates_new(struct arena *a);
/* A text of the request, whole: none of its words will be a surrogate's. All come before the first put. -1 when the arena is
 * full. */
MUST_CHECK int surrogates_avoid(struct surrogates *s, struct span text);
/* What stands for the value. The same bytes of the same sort of kind give the same. An empty span when there is none: the
 * form is not one that a surrogate can take, the list is used up, or memory is. The caller takes a token. */
struct span surrogates_put(struct surrogates *s, enum phi_kind kind, struct span value);
/* From a map of surrogates that were made earlier. -1 when it is too long, there already, or memory is exhausted. */
MUST_CHECK int surrogates_know(struct surrogates *s, struct span surrogate, struct span value);
size_t surrogates_count(const struct surrogates *s); /* of forms; s may be NULL */

/* Only what surrogates_match and surrogates_count need, in another arena. NULL when that is full. */
struct surrogates *surrogates_settle(const struct surrogates *s, struct arena *a);

/* The forms that were made, in no order: false at the end. Begin with *at = 0. */
bool surrogates_next(const struct surrogates *s, size_t *at, struct span *surrogate, struct span *value);

/* ---- the way back ---- */

enum surrogate_match {
    SURROGATE_NO,   /* text does not begin with one */
    SURROGATE_PART, /* text ends before that is decided */
    SURROGATE_YES
};

/* Could one begin with this byte? */
bool surrogates_begin(const struct surrogates *s, char c);
/* Looks at the beginning of text, which is at the border of a word. ended: nothing follows. *len: of the surrogate (YES).
 * *value is NULL where several fit: it stays. */
enum surrogate_match surrogates_match(const struct surrogates *s, struct span text, bool ended, size_t *len,
                                      struct span *value);

/* Letters and digits of ASCII, '_', and the first bytes of Latin letters: what a word is made of. A byte that continues a
 * character is as the byte before it. */
bool surrogate_word_byte(char c, bool before);

#endif
