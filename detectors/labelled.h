/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that the words in front of them name. Works from the number outwards: text without digits costs one look.
 */
#ifndef PHI_LABELLED_H
#define PHI_LABELLED_H

#include "detector.h"

extern const struct phi_detector phi_labelled;

enum labelled_rule { LABELLED_NUMBER, LABELLED_OWN, LABELLED_LIST, LABELLED_PHONE, LABELLED_SPOKEN, LABELLED_CODED };

#endif
