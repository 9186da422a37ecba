/* SPDX-License-Identifier: Apache-2.0
 *
 * One text under the scan: rules and built-in detectors over one view of it.
 */
#ifndef PHI_SCAN_H
#define PHI_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "scratch.h"

/* A text as it is matched, and the way back to the original. */
struct view {
    const char *text;
    uint32_t len;
    struct offset_map map;
    uint8_t via;
};

/* Puts what is found in the view into s->found, in offsets of the original leaf. 0 or -1. */
int scan_view(const struct phi_engine *e, struct phi_scratch *s, const struct view *view, uint32_t leaf,
              bool in_turn);

#endif
