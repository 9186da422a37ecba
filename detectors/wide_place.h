/* SPDX-License-Identifier: Apache-2.0
 *
 * States, territories and countries, which may stay (45 CFR 164.514(b)(2)(i)(B) names what is smaller than a state): "Rhode Island",
 * "Sri Lanka", "the Democratic Republic of the Congo". "New York" alone is the city.
 */
#ifndef PHI_WIDE_PLACE_H
#define PHI_WIDE_PLACE_H

#include "words.h"

/* Are words [first, last] one, a part of one, or several beside each other, and nothing else? */
bool wide_place(const struct words *w, uint32_t first, uint32_t last);

#endif
