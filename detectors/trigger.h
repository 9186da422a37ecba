/* SPDX-License-Identifier: Apache-2.0
 *
 * Where can a pattern match? A trigger answers with a few *openings*: for each of the first bytes the
 * set of values it may have, and the set of bytes that may stand before. A position that fits no opening
 * cannot be the start of a match, so it needs no PCRE2.
 *
 *     \b(?:MRN|chart no)   ->   not-word | [mM] [rR] [nN]
 *                               not-word | [cC] [hH] [aA] [rR] [tT] ' ' [nN] [oO]
 */
#ifndef TRIGGER_H
#define TRIGGER_H

#include "pattern.h"
#include "pattern_tree.h"

enum {
    OPENING_BYTES = 16,
    OPENINGS_MAX = 96,
    BEFORE_START = 256, /* "nothing stands before" as a value of the byte before */
};

struct opening {
    struct byte_set set[OPENING_BYTES];
    uint8_t n;
    bool open;              /* what follows is not known, or n is full */
    bool boundary;          /* \b in front */
    struct byte_set before; /* bytes that may not stand before */
    bool start;             /* true: the start of the text will not do */
};

/* A byte that every match holds, and what can stand between the start of the match and it. */
struct pivot {
    int byte; /* -1 = none */
    uint32_t min, max;
    struct byte_set between;
};

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
    bool caseless; /* the openings hold for texts without U+017F and U+212A */
    char what[64]; /* in plain words */
};

/* 0, or -1 when out of memory. */
int trigger_analyse(struct trigger *t, const char *pattern, const pcre2_code *code);
void trigger_free(struct trigger *t);

/* Can the pattern match at `at`, as far as its run says? */
bool trigger_run_fits(const struct head_run *run, const char *text, uint32_t len, uint32_t at);

#endif
