/* SPDX-License-Identifier: Apache-2.0
 *
 * Names known by what stands beside them: a title, a relation, a credential, a greeting. Needs no word lists.
 */
#ifndef PHI_TITLES_H
#define PHI_TITLES_H

#include "detector.h"

extern const struct phi_detector phi_titles;

#endif
