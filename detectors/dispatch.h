/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over a text for all rules: at each byte, the few rules whose openings fit what stands there are
 * tried, anchored. Built once from the triggers of all rules, then read-only.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#include "marks.h"
#include "trigger.h"

struct dispatch;

/* patterns and triggers are borrowed for the life of the dispatch. NULL when out of memory. */
struct dispatch *dispatch_new(const struct phi_pattern *const *patterns, const struct trigger *const *triggers,
                              uint32_t n);
void dispatch_free(struct dispatch *d);
/* Does some rule begin with a small letter that may stand behind a letter? Then all bytes are places to look. */
bool dispatch_looks_inside(const struct dispatch *d);

/* Per rule, where the next match may begin, counted over all texts there ever were: what an earlier one left is
 * behind each place of a later one, so nothing needs to be cleared. */
struct dispatch_state {
    uint64_t *next;
    uint64_t base; /* of the text at hand */
    const struct marks *marks; /* of it */
};

/* Called for each match, by position for any one rule. 0, or -1 to end the scan with an error. */
typedef int dispatch_found(void *context, uint32_t rule, const struct phi_match *match);

/* 0 or -1. dispatch_scan and dispatch_scan_in_turn report the same matches, in another order. */
int dispatch_scan(const struct dispatch *d, struct phi_matcher *m, struct dispatch_state *state,
                  const char *text, uint32_t len, dispatch_found *found, void *context);
int dispatch_scan_in_turn(const struct dispatch *d, struct phi_matcher *m, const char *text, uint32_t len,
                          dispatch_found *found, void *context);

#endif
