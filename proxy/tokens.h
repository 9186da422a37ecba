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
struct vault;

struct tokens *tokens_new(struct arena *a);

/* Tokens that outlive the request: the vault's, of this principal (both outlive the table). A value has the token that it had in
 * earlier requests. `earlier`: tokens_find also knows those that only earlier requests of the principal put out. */
struct tokens *tokens_new_kept(struct arena *a, struct vault *v, const char *principal, bool earlier);
bool tokens_kept(const struct tokens *t);

/* With such a table each value is claimed before its tokens_put, in the order of those; tokens_assign gives all of them their
 * tokens, durable in the vault, and waits for that. Without it tokens_put fails. Further values may be claimed afterwards, and are
 * then assigned again. */
struct token_date;
MUST_CHECK int tokens_claim(struct tokens *t, enum phi_kind kind, struct span value, unsigned subject);
MUST_CHECK int tokens_claim_date(struct tokens *t, enum phi_kind kind, struct span value, const struct token_date *date);
MUST_CHECK int tokens_assign(struct tokens *t);
bool tokens_vault_failed(const struct tokens *t);

/* Provenance of an object that the upstream keeps ("resp_...", "file-..."). tokens_remember: it may hold whatever this table
 * knows; -1: not on the disk, or it is another's. tokens_recall: what it may hold may be restored, from now on; 0: it is not this
 * principal's, or unknown; -1: the vault cannot answer. For tables that are kept; others: -1. Both may wait for a disk. */
MUST_CHECK int tokens_remember(const struct tokens *t, struct span object);
MUST_CHECK int tokens_remember_later(const struct tokens *t, struct span object); /* only queues it; nobody waits */
MUST_CHECK int tokens_recall(struct tokens *t, struct span object);

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
struct span tokens_put_date(struct tokens *t, enum phi_kind kind, struct span value, const struct token_date *date);

/* A date of a number and a form of this request that was not in it: what the model computed. Writes it into out (of
 * TOKEN_DATE_TEXT_MAX). */
bool tokens_find_date(const struct tokens *t, struct span token, char *out, struct span *value);

/* Only what tokens_find, tokens_find_date and tokens_count need, in little memory of `a`; nothing can be put into it any more.
 * NULL when the arena is full, and for a kept table, which needs all of it. */
struct tokens *tokens_settle(const struct tokens *t, struct arena *a);

/* The value of a token of this request, exactly as written there. false: not ours, or reserved. */
bool tokens_find(const struct tokens *t, struct span token, struct span *value);
size_t tokens_count(const struct tokens *t);

/* Where the policy asks for surrogates instead. tokens_surrogates makes the table; NULL when out of memory, and for tokens that
 * are kept: a later request could not tell a surrogate from a word, so there a token is taken. */
struct surrogates;
struct surrogates *tokens_surrogates(struct tokens *t);
const struct surrogates *tokens_surrogates_made(const struct tokens *t); /* NULL: none */

/* ---- grammar: '[' [A-Z][A-Z]* '_' [1-9][0-9]{0,6} [B-Z]{0,2} ([+-] [1-9][0-9]{0,5} 'd')? ']' ---- */

/* The first token-shaped text at or after from: true and its range. */
bool token_next(struct span s, size_t from, size_t *begin, size_t *end);
/* Length of the longest suffix of s that could be the beginning of a token (0: none). < TOKEN_MAX. */
size_t token_pending(struct span s);

#endif
