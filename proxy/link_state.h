/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in a text a reader's program would take bytes as an address: it may fetch or offer it, and would carry
 * away what stands in it. The text is the one that the reader gets, in order, in pieces of any size.
 *
 *   address      scheme://... www.... mailto:... name.tld/... name.tld?...
 *                                                     to white space, '<', '>' or the quote that opened it
 *   destination  ](...) and ](<...>)                  to its closing bracket, titles included
 *   definition   [label]: ... at the start of a line  to the end of that line
 *   tag          <name ... attribute=...>             from the first '=' to '>'
 *   style        url(...), @import ...;
 *
 * In doubt it is an address: a token that stays is a nuisance, a name in a foreign server's log is a breach.
 */
#ifndef LINK_STATE_H
#define LINK_STATE_H

#include "span.h"

#include <stdint.h>

struct link_state { /* all zero: the beginning of a text */
    uint64_t last;           /* the last eight bytes, letters in lower case */
    uint32_t parens;         /* open in a destination */
    uint8_t address, destination, definition, tag, style; /* states, see link_state.c */
    uint8_t before, opener, quote; /* the byte before a scheme; the one that opened the address */
    bool destination_escape, style_escape, attribute;
};

void link_state_feed(struct link_state *l, struct span s);
bool link_state_inside(const struct link_state *l);

#endif
