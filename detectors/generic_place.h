/* SPDX-License-Identifier: Apache-2.0
 *
 * Departments that every hospital has: "Interventional Radiology", "Wound Care Center", "Department of Internal Medicine".
 * Written with capitals they look like somebody's clinic, and tell nobody's.
 */
#ifndef PHI_GENERIC_PLACE_H
#define PHI_GENERIC_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Are all words of text[begin..end) specialties and words for where they are practised, with a capital, and no name before them?
 * A number or any other word makes it a place of its own ("Oncology 5", "Quill Oncology"). */
bool place_is_generic(const char *text, size_t begin, size_t end);
/* Are all its words such words, in any case? */
bool place_has_only_departments(const char *text, size_t begin, size_t end);

#endif
