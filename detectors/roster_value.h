/* SPDX-License-Identifier: Apache-2.0
 *
 * The form in which values of a roster are compared: the import and the scan must make the same of the same.
 */
#ifndef ROSTER_VALUE_H
#define ROSTER_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

enum { ROSTER_VALUE_MAX = 63, ROSTER_VALUE_LEAST = 5, ROSTER_STREET_WORDS = 6 };

/* Letters and digits, lower case, nothing else. */
struct roster_value {
    char v[ROSTER_VALUE_MAX];
    uint32_t n;
    bool digit, letter, full; /* full: there was more */
};

void roster_value_add(struct roster_value *value, const char *text, uint32_t len);
/* Of digits alone: without zeros in front, and without the 1 before a telephone number. False: too short or too long, or
 * without a digit. */
bool roster_value_finish(const struct roster_value *value, struct roster_value *out);
uint64_t roster_value_hash(const struct roster_value *value);
/* An e-mail address, in lower case. */
uint64_t roster_email_hash(const char *text, uint32_t len);

/* House number and street that begin at word i: hash[k] is that of k + 1 words, "12 Oak St" as "12 Oak Street". How many
 * words; 0: there is no street. */
uint32_t roster_street_hashes(const struct words *w, uint32_t i, uint64_t hash[ROSTER_STREET_WORDS]);

#endif
