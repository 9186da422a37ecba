/* SPDX-License-Identifier: Apache-2.0
 *
 * In which language a text is, from its small words. A guess must be sure: what is short, mixed or in another language is
 * unknown, and a policy then takes the strictest of what it says.
 */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include <stddef.h>

enum language { LANGUAGE_UNKNOWN = 0, LANGUAGE_EN, LANGUAGE_ES, LANGUAGE_FR, LANGUAGE_DE, LANGUAGE_PT, LANGUAGE_IT, LANGUAGES };

extern const char *const language_names[LANGUAGES]; /* "unknown", "en", ... */

enum language language_of(const char *text, size_t len);

#endif
