/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a roster: people and values in, the bytes of the file out.
 */
#ifndef ROSTER_BUILD_H
#define ROSTER_BUILD_H

#include "roster.h"

struct roster_builder;

struct roster_text {
    const char *text; /* valid UTF-8 without NUL */
    uint32_t len;
};

enum roster_added { ROSTER_ADDED = 0, ROSTER_UNUSABLE, ROSTER_FAILED };

struct roster_builder *roster_builder_new(const struct roster_keys *keys);
void roster_builder_free(struct roster_builder *b); /* wipes */

/* A person by given and family name; either may be empty. birth: yyyymmdd or 0. Unusable: no letters in either. */
enum roster_added roster_add_person(struct roster_builder *b, enum roster_type role, struct roster_text given,
                                    struct roster_text family, uint32_t birth);
/* The same from one field: "Hollingsworth, Anna M" or "Anna M. Hollingsworth". */
enum roster_added roster_add_name(struct roster_builder *b, enum roster_type role, struct roster_text name, uint32_t birth);
/* Unusable: too short to be looked for (fewer than five characters), without a digit, no e-mail address, no street. */
enum roster_added roster_add_value(struct roster_builder *b, enum roster_type type, struct roster_text value);

/* The file, its code left zero; free() it. 0, or -1 when out of memory or too large. */
int roster_build(struct roster_builder *b, const uint8_t salt[ROSTER_SALT], const uint8_t check[ROSTER_CHECK],
                 int64_t imported, void **out, size_t *size);

#endif
