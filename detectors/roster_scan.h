/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking for the people and values of the site's rosters.
 */
#ifndef ROSTER_SCAN_H
#define ROSTER_SCAN_H

#include "detector.h"
#include "words.h"

extern const struct phi_detector phi_roster_detector;

enum roster_rule { ROSTER_RULE_PERSON, ROSTER_RULE_NEAR, ROSTER_RULE_FAMILY, ROSTER_RULE_NUMBER, ROSTER_RULE_EMAIL, ROSTER_RULE_STREET,
                   ROSTER_RULE_BIRTH };

/* Where a person of a roster was found, for what only means something beside one. */
struct roster_person {
    uint32_t leaf, begin, end, roster;
    uint64_t tag;
};

struct phi_roster;
struct roster_scan {
    const struct phi_engine *e;
    struct phi_scratch *s;
    const struct phi_roster *r;
    uint32_t number; /* of the roster */
    const struct words *w;
    struct phi_candidates *sink;
};

/* The words of a chunk, facts looked up. 0 or -1. */
int roster_words(const struct phi_engine *e, struct phi_scratch *s, const struct words *w, struct phi_candidates *sink);
/* Word i as the beginning of a value (roster_numbers.c). 0 or -1. */
int roster_number_at(const struct roster_scan *scan, uint32_t i);
/* The address around the @ at this byte. 0 or -1. */
int roster_email_at(const struct roster_scan *scan, uint32_t at);
/* A spelling with one slip of a long family name, beside a given name (roster_slip.c): the tag of the person, or 0. */
uint64_t roster_slip(const struct roster_scan *scan, uint32_t given, uint32_t family, unsigned *type);
/* Once all candidates of a document are there: dates of birth and short numbers beside their people. 0 or -1. */
int roster_confirm(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves);

/* The kind of what an entry stands for. */
enum phi_kind roster_kind(unsigned type);
int roster_emit(const struct roster_scan *scan, const struct phi_candidate *c);

#endif
