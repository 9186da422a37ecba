/* SPDX-License-Identifier: Apache-2.0
 *
 * Named validators: arithmetic that a pattern cannot do. They see the covered value, separators included, and
 * say whether it can be what the rule takes it for.
 */
#ifndef PHI_VALIDATE_H
#define PHI_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

typedef bool phi_validator(const char *value, size_t len);

/* NULL when there is none of that name. */
phi_validator *phi_validator_find(const char *name);

/* The digits of value without anything else; the count, or -1 when there are more than size. */
int phi_digits(const char *value, size_t len, char *digits, size_t size);

/* The telephone number of a help line or an agency that anybody in the United States may call: nobody's. */
bool phi_help_line(const char *value, size_t len);
bool phi_valid_ip(const char *value, size_t len);
bool phi_valid_ipv6(const char *value, size_t len);
bool phi_valid_email(const char *value, size_t len);
bool phi_valid_date(const char *value, size_t len);
bool phi_valid_iban(const char *value, size_t len);

#endif
