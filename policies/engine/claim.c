/* SPDX-License-Identifier: Apache-2.0
 *
 * Each decision has a ceiling: the best claim that stays possible with it. A policy's claim is the lowest
 * ceiling.
 *
 *   hidden, or general form of a date, age or ZIP      Safe Harbor, 45 CFR 164.514(b)(2)
 *   shown: city, county, ZIP, facility, dates, ages,   limited data set, 164.514(e)(2): only the identifiers
 * that other codes                                 it lists must go shown: a trait, a provider's licence, a
 * link       only an expert can say, 164.514(b)(1) shown: any other identifier                        PHI,
 * which needs an agreement
 */
#include "claim.h"

#include "policy_scope.h"
#include "policy_table.h"

static enum policy_claim least(enum policy_claim a, enum policy_claim b) {
    return a < b ? a : b;
}

/* The best claim that remains when a value of a kind leaves as it is. Kinds that are not named here: none but
 * PHI under an agreement, when the kind is one of the letters A to R. */
static const enum policy_claim shown[PHI_KINDS] = {
    [PHI_NAME_PROVIDER] = POLICY_SAFE_HARBOR_CANDIDATE, /* not the individual's or the household's */
    [PHI_GEO_CITY] = POLICY_LIMITED_DATA_SET,
    [PHI_GEO_COUNTY] = POLICY_LIMITED_DATA_SET,
    [PHI_GEO_ZIP] = POLICY_LIMITED_DATA_SET,
    [PHI_GEO_FACILITY] = POLICY_LIMITED_DATA_SET,
    [PHI_DATE_DOB] = POLICY_LIMITED_DATA_SET,
    [PHI_DATE_DEATH] = POLICY_LIMITED_DATA_SET,
    [PHI_DATE_SERVICE] = POLICY_LIMITED_DATA_SET,
    [PHI_DATE_OTHER] = POLICY_LIMITED_DATA_SET,
    [PHI_DATE_RELATIVE] = POLICY_LIMITED_DATA_SET,
    [PHI_TIME] = POLICY_LIMITED_DATA_SET,
    [PHI_AGE_90PLUS] = POLICY_LIMITED_DATA_SET,
    [PHI_OTHER_CLAIM] = POLICY_LIMITED_DATA_SET,
    [PHI_OTHER_AUTH] = POLICY_LIMITED_DATA_SET,
    [PHI_OTHER_RX] = POLICY_LIMITED_DATA_SET,
    [PHI_OTHER_ACCESSION] = POLICY_LIMITED_DATA_SET,
    [PHI_OTHER_CODE] = POLICY_LIMITED_DATA_SET,
    [PHI_TRAIT] = POLICY_EXPERT_DETERMINATION,
    [PHI_LICENSE_PROVIDER] = POLICY_EXPERT_DETERMINATION,
    [PHI_URL] = POLICY_EXPERT_DETERMINATION,
};

static enum policy_claim ceiling_shown(enum phi_kind kind) {
    if (shown[kind] != POLICY_NOT_FORWARDABLE) return shown[kind];
    return phi_kind_letter(kind) == '-' ? POLICY_SAFE_HARBOR_CANDIDATE : POLICY_PHI_UNDER_BAA;
}

/* A general form is a year, 90+ or three ZIP digits; where a kind has none, the value is masked. */
static enum policy_claim ceiling(enum phi_kind kind, enum policy_action action) {
    switch (action) {
    case POLICY_OFFSET: /* derived from the value: never Safe Harbor, 164.514(c)(1) */
        return POLICY_LIMITED_DATA_SET;
    case POLICY_BLOCK:
    case POLICY_ROUTE: /* what goes there is that policy's claim */
    case POLICY_TOKENIZE:
    case POLICY_SURROGATE: /* taken in order of appearance, not derived */
    case POLICY_MASK:
    case POLICY_DROP:
    case POLICY_GENERALIZE:
        return POLICY_SAFE_HARBOR_CANDIDATE;
    case POLICY_FLAG:
    case POLICY_ALLOW:
        return ceiling_shown(kind);
    case POLICY_ACTIONS:
        break;
    }
    return POLICY_NOT_FORWARDABLE;
}

enum policy_claim claim_compute(const struct policy *p) {
    enum policy_claim claim = POLICY_SAFE_HARBOR_CANDIDATE;

    if (p->mode != POLICY_ENFORCE || p->unscannable != POLICY_UNSCANNABLE_BLOCK) return POLICY_PHI_UNDER_BAA;
    if (p->detection_weakened) claim = POLICY_PHI_UNDER_BAA;
    for (int u = 0; u < p->n_purposes; u++)
        for (int k = 1; k < PHI_KINDS; k++)
            claim = least(claim, ceiling((enum phi_kind)k, (enum policy_action)p->cells[u][k].action));
    for (size_t i = 0; i < p->n_scopes; i++)
        for (int k = 1; k < PHI_KINDS; k++)
            if (p->scopes[i].decides[k])
                claim = least(claim, ceiling((enum phi_kind)k, (enum policy_action)p->scopes[i].cells[k].action));
    return claim;
}
