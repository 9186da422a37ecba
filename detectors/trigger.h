/* SPDX-License-Identifier: Apache-2.0
 *
 * Where can a pattern match? A trigger answers with the openings of the pattern, or of a rare part of it (its
 * pivot). A position that fits no opening cannot be the start of a match, so it needs no PCRE2.
 */
#ifndef TRIGGER_H
#define TRIGGER_H

#include "opening.h"
#include "outline.h"
#include "pattern.h"
#include "pivot.h"

struct trigger {
    struct opening *openings; /* NULL with n 0: any position, "full scan" */
    int n;
    struct pivot pivot;
    struct outline outline;
    uint32_t digit_within; /* each match holds a digit within so many bytes; 0 = not known */
    bool caseless; /* the openings hold for texts without U+017F and U+212A */
    char what[64]; /* in plain words */
};

/* 0, or -1 when out of memory. */
int trigger_analyse(struct trigger *t, const char *pattern, const pcre2_code *code);
void trigger_free(struct trigger *t);

#endif
