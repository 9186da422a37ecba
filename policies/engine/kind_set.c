/* SPDX-License-Identifier: Apache-2.0
 *
 * A group is what stands before the first dot of a kind's name; "SSN.*" is SSN and SSN.LAST4.
 */
#include "kind_set.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"

#define WORD_MAX 64u

bool kind_is_fixed(enum phi_kind kind) {
    return kind == PHI_NONE || kind == PHI_TOKEN_TEXT || kind >= PHI_KINDS;
}

/* No listed purpose of a practice needs any of these in clear (45 CFR 164.502(b)). */
bool kind_in_hard_floor(enum phi_kind kind) {
    static const enum phi_kind floor[] = {PHI_SSN,          PHI_SSN_LAST4,    PHI_ITIN,
                                          PHI_ACCOUNT_BANK, PHI_ACCOUNT_CARD, PHI_LICENSE_PERSON,
                                          PHI_BIOMETRIC,    PHI_SECRET};
    for (size_t i = 0; i < sizeof floor / sizeof *floor; i++)
        if (floor[i] == kind) return true;
    return false;
}

static size_t group_len(const char *kind_name) {
    return strcspn(kind_name, ".");
}

static bool select_group(const char *word, size_t len, struct kind_set *out) {
    bool any = false;
    for (int k = 1; k < PHI_KINDS; k++) {
        const char *name = phi_kind_name((enum phi_kind)k);
        if (kind_is_fixed((enum phi_kind)k) || group_len(name) != len || strncmp(name, word, len) != 0)
            continue;
        out->has[k] = any = true;
    }
    out->reach = KIND_REACH_GROUP;
    return any;
}

int kind_set_find(const char *word, struct kind_set *out) {
    size_t len = strlen(word);
    *out = (struct kind_set){.reach = KIND_REACH_NONE};

    if (strcmp(word, "*") == 0) {
        for (int k = 1; k < PHI_KINDS; k++)
            out->has[k] = !kind_is_fixed((enum phi_kind)k);
        out->reach = KIND_REACH_ALL;
        return 0;
    }
    enum phi_kind kind = phi_kind_find(word, len);
    if (kind != PHI_NONE) {
        if (kind_is_fixed(kind)) return -1;
        out->has[kind] = true;
        out->reach = KIND_REACH_ONE;
        return 0;
    }
    if (len > 2 && strcmp(word + len - 2, ".*") == 0) len -= 2;
    return select_group(word, len, out) ? 0 : -1;
}

const char *kind_set_nearest(const char *word, char *out, size_t out_size) {
    const char *names[PHI_KINDS];
    size_t n = 0;

    for (int k = 1; k < PHI_KINDS; k++)
        if (!kind_is_fixed((enum phi_kind)k)) names[n++] = phi_kind_name((enum phi_kind)k);
    const char *nearest = diag_nearest(word, names, n);
    if (nearest) {
        snprintf(out, out_size, "%s", nearest);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        char group[WORD_MAX];
        const char *one[] = {group};
        snprintf(group, sizeof group, "%.*s.*", (int)group_len(names[i]), names[i]);
        if (!diag_nearest(word, one, 1)) continue;
        snprintf(out, out_size, "%s", group);
        return out;
    }
    return NULL;
}
