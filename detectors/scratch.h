/* SPDX-License-Identifier: Apache-2.0
 *
 * What one thread needs to scan: grown when needed, kept between scans, wiped at the end.
 */
#ifndef PHI_SCRATCH_H
#define PHI_SCRATCH_H

#include "detector.h"
#include "dispatch.h"
#include "genre.h"
#include "mapped.h"
#include "marks.h"
#include "memory.h"
#include "pattern.h"

enum { SCRATCH_BLOCKS = 8, CANDIDATES_MAX = 1 << 22, WORK_VALUES = 3 };

/* A candidate as the engine keeps it: in its leaf, with the rule's number among all. */
struct candidate {
    uint32_t leaf, begin, end;
    uint16_t kind, rule;
    uint8_t score, base, via;
    uint32_t family_begin, family_end, given_begin, given_end;
};

struct phi_candidates {
    struct phi_array items; /* struct candidate */
    uint32_t n;
    const char *text;   /* at hand: borders are checked against it */
    uint32_t leaf, len;
    uint32_t rule_base, rules;
    struct offset_map map;
    uint8_t via; /* added to each */
    /* Two leaves read as one text: what crosses the seam is kept, a candidate in each; 0 = one leaf. */
    uint32_t seam, left_begin; /* in the text; in the left leaf, where the text begins */
    bool failed;
};

struct phi_scratch {
    struct phi_matcher matcher;
    struct phi_candidates found;
    struct dispatch_state dispatch;
    struct phi_array next;       /* of dispatch */
    struct phi_array marks;      /* struct marks of the view at hand */
    enum genre genre;            /* of it; GENRE_UNKNOWN until something asks */
    struct phi_array findings;   /* struct phi_finding, sorted: the result */
    struct phi_array notes;      /* uint8_t base score per finding */
    struct mapped_text mapped[4]; /* of canonical: two for folding, digits, decoded runs */
    struct phi_array block[SCRATCH_BLOCKS];
    struct phi_array work[7];    /* of resolve, repeat, context */
    struct phi_array people;     /* struct roster_person: of the rosters, in this document */
    uint32_t n_people, peak_people;
    uint32_t slips;              /* slips of family names that were looked for in this document */
    uint64_t bytes;              /* of this document */
    uint32_t n_findings;
    uint32_t longest; /* text since phi_scratch_clear */
    size_t values;    /* bytes of work[WORK_VALUES] in use: hashes of values */
};

static inline struct candidate *candidates(const struct phi_scratch *s)
{
    return s->found.items.v;
}

static inline const struct marks *scratch_marks(const struct phi_scratch *s)
{
    return s->marks.v;
}

/* What kind of text the view at hand is; read once, when something asks. */
static inline enum genre scratch_genre(struct phi_scratch *s, const char *text, uint32_t len)
{
    if (s->genre == GENRE_UNKNOWN)
        s->genre = genre_of(scratch_marks(s), text, len);
    return s->genre;
}

/* The candidates that follow are this detector's, of the leaf with this number, as it stands and not of a view of it. */
void scratch_aim(struct phi_scratch *s, const struct phi_engine *e, const struct phi_detector *d, const struct phi_leaf *leaf, uint32_t number);
/* Adds as it is, without the map. 0 or -1. */
int scratch_add(struct phi_scratch *s, const struct candidate *c);

#endif
