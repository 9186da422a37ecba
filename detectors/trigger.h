/* SPDX-License-Identifier: Apache-2.0
 *
 * Where can a pattern match? A trigger answers with the openings of the pattern, or of a rare part of it (its
 * pivot). A position that fits no opening cannot be the start of a match, so it needs no PCRE2.
 */
#ifndef TRIGGER_H
#define TRIGGER_H

#include "opening.h"
#include "pattern.h"
#include "pivot.h"

/* A pattern that begins with a run of certain bytes which what follows cannot begin with: the run is then taken
 * whole, and what stands behind it tells whether PCRE2 is worth asking.
 *
 *     [a-z0-9][a-z0-9.]{1,40}\s?[(\[]   ->   run [a-z0-9.], 2 to 41 bytes, behind it [ws][(\[] or [(\[]
 */
struct head_run {
    struct byte_set first, set; /* ASCII only */
    uint32_t min, max;          /* bytes, the first included; max 0 = there is no such run */
    struct opening *behind;
    int n;
};

struct trigger {
    struct opening *openings; /* NULL with n 0: any position, "full scan" */
    int n;
    struct pivot pivot;
    struct head_run run;
    uint32_t digit_within; /* each match holds a digit within so many bytes; 0 = not known */
    bool caseless; /* the openings hold for texts without U+017F and U+212A */
    char what[64]; /* in plain words */
};

/* 0, or -1 when out of memory. */
int trigger_analyse(struct trigger *t, const char *pattern, const pcre2_code *code);
void trigger_free(struct trigger *t);

/* Can the pattern match at `at`, as far as its run says? */
bool trigger_run_fits(const struct head_run *run, const char *text, uint32_t len, uint32_t at);

#endif
