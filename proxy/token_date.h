/* SPDX-License-Identifier: Apache-2.0
 *
 * A written date as a day and the way it is written, so that another day can be written the same way:
 * "March 14, 2024" is day 19796 in the form "%B %e, %Y".
 */
#ifndef TOKEN_DATE_H
#define TOKEN_DATE_H

#include "span.h"

#define TOKEN_DATE_FORM_MAX 64
#define TOKEN_DATE_TEXT_MAX 96

struct token_date {
    long day; /* since 1970-01-01 */
    char form[TOKEN_DATE_FORM_MAX];
    bool exact; /* a time of day or the like follows: other days cannot be written in this form */
};

/* -1 when the day is not certain: no year, no day, two readings that cannot be told apart, a century that must be
 * guessed and decides (birth: a two-digit year may be either), or a form that would not be written back byte for byte.
 * today: days since 1970-01-01. */
MUST_CHECK int token_date_read(struct span value, bool birth, long today, struct token_date *out);
/* Bytes written into out (of TOKEN_DATE_TEXT_MAX), or -1 when the day is before 1800 or after 2199. */
MUST_CHECK int token_date_write(const char *form, long day, char *out);

#endif
