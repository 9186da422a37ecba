/* SPDX-License-Identifier: Apache-2.0
 *
 * Ages of 90 and more, in digits and in words, and birth years that imply them (45 CFR 164.514(b)(2)(i)(C)).
 */
#ifndef AGES_H
#define AGES_H

#include "dates.h"

/* Does an age of 90 or more begin with word i? The span is the number alone. */
bool ages_find(const struct words *w, uint32_t i, struct date *out);

#endif
