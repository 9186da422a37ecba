/* SPDX-License-Identifier: Apache-2.0
 *
 * A walked body through libphi: the one place that says what of a body is searched, for the gateway and the toolbox alike.
 */
#ifndef WALK_SCAN_H
#define WALK_SCAN_H

#include "../detectors/phi.h"
#include "walk.h"

enum walk_scan_result { WALK_SCAN_FAILED = 0, WALK_SCAN_DONE, WALK_SCAN_NO_MEMORY };

/* found: in the arena; its leaves are numbers of w->v. The scratch is wiped of texts afterwards. FAILED: a detector failed,
 * nothing may be forwarded. */
MUST_CHECK enum walk_scan_result walk_scan(struct arena *a, const struct walk *w, const struct phi_engine *e,
                                           struct phi_scratch *scratch, struct phi_result *found);

#endif
