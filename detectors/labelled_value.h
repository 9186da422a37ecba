/* SPDX-License-Identifier: Apache-2.0
 *
 * A value that may be somebody's number: letters, digits, hyphens and underscores around a digit, as a label would have it behind
 * it, and what such a token can be else: a day, a year, an amount.
 */
#ifndef PHI_LABELLED_VALUE_H
#define PHI_LABELLED_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct value {
    uint32_t begin, end;
    uint32_t digits, letters;
    uint32_t lower_run; /* small letters in a row, the most */
    uint32_t groups;    /* of digits */
};

/* A byte of such a token? */
bool value_is_byte(char c);
/* The token around the digit at `at`, which begins at `low` or later; at most 48 bytes to each side. */
struct value value_read(const char *text, uint32_t len, uint32_t low, uint32_t at);
/* Counts anew what stands between begin and end. */
void value_count(const char *text, struct value *v);
/* How many digits stand from `at` on. */
uint32_t value_digits_at(const char *text, uint32_t len, uint32_t at);
/* "9664 8088 5109", "456.378.921-64", "5 3 8 4": where groups of digits end that go on at `at` behind a mark, or `at`. */
uint32_t value_groups_end(const char *text, uint32_t len, uint32_t at, char mark);

/* 2021-03-04, 03-04-21, 04-MAR-2021 */
bool value_is_date(const char *text, const struct value *v);
/* 2021, 2005-2010 */
bool value_is_year(const char *text, const struct value *v);
/* Part of an amount, a rate, a range, a longer expression? */
bool value_is_amount(const char *text, uint32_t len, const struct value *v);
/* Does a unit or what is counted stand at `at`? */
bool value_unit_follows(const char *text, uint32_t len, uint32_t at);

#endif
