/* SPDX-License-Identifier: Apache-2.0
 *
 * Values in structure that was pasted into text: JSON, XML, tables, X12. Each reader knows where a value stands and
 * what its place says; structured_add looks whether it is one.
 */
#ifndef PHI_STRUCTURED_H
#define PHI_STRUCTURED_H

#include <stdbool.h>

#include "detector.h"

extern const struct phi_detector phi_structured;

enum structured_rule { STRUCTURED_KEY, STRUCTURED_TAG, STRUCTURED_TABLE, STRUCTURED_X12, STRUCTURED_NCPDP };

struct structured {
    const char *text;
    uint32_t len;
    struct phi_candidates *sink;
};

/* What a place in structure holds, from its name. */
struct structured_field {
    uint16_t kind; /* enum phi_kind; PHI_NONE: nothing that identifies */
    uint8_t shape; /* enum field_shape */
    bool plain;    /* a name that much else has ("name", "date"): counts only beside others */
};

struct structured_field structured_find(const char *label, uint32_t len);

/* The value of [begin, end), blanks and quotes trimmed, if it can be one. 0 or -1. */
int structured_add(const struct structured *t, struct phi_part value, struct structured_field field, unsigned rule);

int json_keys_run(const struct structured *t);
int tags_run(const struct structured *t);
int tables_run(const struct structured *t);
int x12_run(const struct structured *t);
int ncpdp_run(const struct structured *t);

#endif
