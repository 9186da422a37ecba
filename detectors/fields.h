/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that are named by what stands in front of them: a JSON key, "Label:" in a banner, the place in an
 * HL7 v2 segment. The best detector there is for pasted records.
 */
#ifndef PHI_FIELDS_H
#define PHI_FIELDS_H

#include "detector.h"

extern const struct phi_detector phi_fields;

enum field_rule { FIELD_KEY, FIELD_BANNER, FIELD_HL7 };

/* What a value of a field must look like to be one. */
enum field_shape {
    FIELD_NAME = 1, /* letters */
    FIELD_DATE,
    FIELD_ID,    /* a code: at least one digit */
    FIELD_PHONE, /* at least seven digits */
    FIELD_PLACE, /* any text to the end of the line */
    FIELD_PLAIN, /* any text */
    FIELD_ZIP,
    FIELD_AGE, /* over 89 */
};

struct field {
    const char *label; /* folded: lower case, letters and digits only */
    uint16_t kind;
    uint8_t shape;
    uint8_t where; /* FIELD_IN_KEY, FIELD_IN_BANNER */
};

enum { FIELD_IN_KEY = 1, FIELD_IN_BANNER = 2 };

/* The field of a label, NULL when it is none. Case, spaces and _-. do not count. */
const struct field *field_find(const char *label, uint32_t len, unsigned where);

/* Is the value one of those that say nothing (unknown, n/a, true, string ...)? */
bool field_value_is_empty(const char *value, uint32_t len);
bool field_value_fits(const struct field *field, const char *value, uint32_t len);

/* A leaf under a key that is a field: the whole value is the finding. 0 or -1. */
int fields_label(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number);

/* HL7 v2: a message begins with MSH at a line start. 0 or -1. */
int hl7_run(const char *text, uint32_t len, struct phi_candidates *sink);

#endif
