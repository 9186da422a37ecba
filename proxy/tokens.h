/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of one request: "[NAME_3]", "[NAME_3B]". ASCII, at most TOKEN_MAX bytes, no '[' inside. The number is
 * the order of appearance, never derived from the value (45 CFR 164.514(c)); only "[DATE_1+12d]", where a policy asks for it,
 * tells how far two dates lie apart. One token stands for one written
 * form; forms of one subject share the number and differ by the letter.
 */
#ifndef TOKENS_H
#define TOKENS_H

#include "../detectors/phi.h"
#include "span.h"

#define TOKEN_MAX 40

struct arena;
struct tokens;

struct tokens *tokens_new(struct arena *a);

/* A token-shaped text that stays in the request as it is (inside a key): its number is not given out. Comes before
 * the first tokens_put; -1 when the number is out already or the arena is full: the caller blocks. A text of
 * another shape is 0. */
MUST_CHECK int tokens_reserve(struct tokens *t, struct span token_text);

/* The token of a written form; the same form (bytes) of the same word gives the same token. subject: as in a finding,
 * 0 when none; forms with one subject and word share a number, two subjects never do. The value is copied. An empty
 * span when the value is empty, or the arena or the numbers are exhausted (a million): the caller blocks. */
struct span tokens_put(struct tokens *t, enum phi_kind kind, struct span value, unsigned subject);

/* The same for a date whose distance from others may be seen: "[DATE_1]", "[DATE_1+12d]", "[DATE_1B+12d]". The letter is
 * that of the form in which it is written. Dates that lie too far apart (an age over 89 could be told from the distance)
 * get another number and no distance. */
struct token_date;
struct span tokens_put_date(struct tokens *t, enum phi_kind kind, struct span value, const struct token_date *date);

/* A date of a number and a form of this request that was not in it: what the model computed. Writes it into out (of
 * TOKEN_DATE_TEXT_MAX). */
bool tokens_find_date(const struct tokens *t, struct span token, char *out, struct span *value);

/* Only what tokens_find, tokens_find_date and tokens_count need, in little memory of `a`; nothing can be put into it any more.
 * NULL when the arena is full. */
struct tokens *tokens_settle(const struct tokens *t, struct arena *a);

/* The value of a token of this request, exactly as written there. false: not ours, or reserved. */
bool tokens_find(const struct tokens *t, struct span token, struct span *value);
size_t tokens_count(const struct tokens *t);

/* ---- grammar: '[' [A-Z][A-Z]* '_' [1-9][0-9]{0,6} [B-Z]{0,2} ([+-] [1-9][0-9]{0,5} 'd')? ']' ---- */

/* The first token-shaped text at or after from: true and its range. */
bool token_next(struct span s, size_t from, size_t *begin, size_t *end);
/* Length of the longest suffix of s that could be the beginning of a token (0: none). < TOKEN_MAX. */
size_t token_pending(struct span s);

#endif
