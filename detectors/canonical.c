/* SPDX-License-Identifier: Apache-2.0
 *
 * Folded views of a text. None are made yet.
 */
#include "canonical.h"
int canonical_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number,
                   bool in_turn)
{
    (void)e, (void)s, (void)leaf, (void)number, (void)in_turn;
    return 0;
}
