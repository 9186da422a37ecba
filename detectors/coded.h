/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that no label names but whose build nothing else in a record has: capitals and five or more digits in one or
 * in groups ("E1009284", "MAGV-66120", "8810-F-4471"). Charts, orders, machines and members are numbered so; doses,
 * codes of diagnoses and procedures, and results are not. Bare digits are never told by their build alone.
 */
#ifndef PHI_CODED_H
#define PHI_CODED_H

#include <stdbool.h>
#include <stdint.h>

/* Is text[begin..end), a token of letters, digits, '-' and '_', such a number? Publications, trials, drugs on trial,
 * standards, forms and other public things that are numbered alike are none. */
bool coded_number(const char *text, uint32_t len, uint32_t begin, uint32_t end);
/* Is it built as what everybody's bills have, where a number of this kind (enum phi_kind) would stand? "K0861" (HCPCS) beside a device;
 * "99214-25" and "20610-RT" (CPT with a modifier) and "207Q00000X" (the taxonomy of providers) for an account or any number; "CMS-4201-F"
 * (a rule) for a plan's number, too. */
bool coded_billed(const char *text, uint32_t begin, uint32_t end, unsigned kind);

#endif
