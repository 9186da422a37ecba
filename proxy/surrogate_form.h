/* SPDX-License-Identifier: Apache-2.0
 *
 * Values in the forms of reserved ranges: numbers that are given to nobody, written as the value was written.
 *
 *   telephone   555-0100 to 555-0199 of an area         (NANP, fictional use)
 *   SSN, ITIN   area 000; 900 with group 10             (never issued)
 *   ZIP         00001 to 00099                          (never issued)
 *   address     192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), 2001:db8::/32 (RFC 3849)
 */
#ifndef SURROGATE_FORM_H
#define SURROGATE_FORM_H

#include "../detectors/phi.h"
#include "span.h"

#include <stdint.h>

#define SURROGATE_FORM_MAX 64

/* The number'th of the kind (from 0) in the form of value, into out (of SURROGATE_FORM_MAX); its length, 0 when the range is used up, -1
 * when the value has no form that it can take. *tail: the group of digits by which it is told from others. */
int surrogate_form(enum phi_kind kind, struct span value, uint32_t number, char *out, struct span *tail);
/* Another usual way to write what surrogate_form made of a telephone number or an SSN: false at the end. Begin with 0. */
bool surrogate_form_other(enum phi_kind kind, struct span made, size_t i, char *out);

#endif
