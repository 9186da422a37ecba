/* SPDX-License-Identifier: Apache-2.0
 *
 * Purposes are matched by their names. A purpose that is new is compared with what a request that named it got before:
 * a refusal, which nothing is stricter than. One that is gone is refused from now on.
 */
#include "policy_diff.h"

#include <stdio.h>
#include <string.h>

#include "policy_table.h"

struct comparison {
    const struct policy *before, *after;
    policy_diff_report *report;
    void *arg;
    bool looser;
    unsigned told;
};

static void tell(struct comparison *c, struct policy_difference difference) {
    if (difference.change == POLICY_LOOSER) c->looser = true;
    c->told++;
    if (c->report) c->report(c->arg, &difference);
}

static bool goes_in_clear(enum policy_action a) {
    return a == POLICY_FLAG || a == POLICY_ALLOW;
}

enum policy_change policy_action_change(enum policy_action before, enum policy_action after) {
    if (before == after || (goes_in_clear(before) && goes_in_clear(after))) return POLICY_OTHERWISE;
    return policy_strictness(after) > policy_strictness(before) ? POLICY_STRICTER : POLICY_LOOSER;
}

const char *policy_change_name(enum policy_change c) {
    switch (c) {
    case POLICY_STRICTER:
        return "stricter";
    case POLICY_OTHERWISE:
        return "otherwise";
    case POLICY_LOOSER:
        break;
    }
    return "looser";
}

/* ---- decisions ---- */

static void compare_purpose(struct comparison *c, int before, int after) {
    for (int k = 1; k < PHI_KINDS; k++) {
        enum policy_action was = policy_action(c->before, before, (enum phi_kind)k),
                           now = policy_action(c->after, after, (enum phi_kind)k);
        if (was == now) continue;
        tell(c, (struct policy_difference){.change = policy_action_change(was, now), .what = "action",
                                           .purpose = policy_purpose_name(c->after, after), .kind = (enum phi_kind)k,
                                           .before = policy_action_name(was), .after = policy_action_name(now)});
    }
}

static void compare_purposes(struct comparison *c) {
    compare_purpose(c, 0, 0);
    for (int u = 1; u < policy_purpose_count(c->after); u++) {
        const char *name = policy_purpose_name(c->after, u);
        int was = policy_purpose(c->before, name, strlen(name));
        if (was > 0)
            compare_purpose(c, was, u);
        else
            tell(c, (struct policy_difference){.what = "purpose", .purpose = name, .before = "refused", .after = "known"});
    }
    for (int u = 1; u < policy_purpose_count(c->before); u++) {
        const char *name = policy_purpose_name(c->before, u);
        if (policy_purpose(c->after, name, strlen(name)) > 0) continue;
        tell(c, (struct policy_difference){.change = POLICY_STRICTER, .what = "purpose", .purpose = name,
                                           .before = "known", .after = "refused"});
    }
}

/* ---- floor and detection ---- */

static void compare_floor(struct comparison *c) {
    for (int k = 1; k < PHI_KINDS; k++) {
        bool was = policy_in_floor(c->before, (enum phi_kind)k), now = policy_in_floor(c->after, (enum phi_kind)k);
        if (was == now) continue;
        tell(c, (struct policy_difference){.change = now ? POLICY_STRICTER : POLICY_LOOSER, .what = "floor",
                                           .kind = (enum phi_kind)k, .before = was ? "in" : "out",
                                           .after = now ? "in" : "out"});
    }
}

static void tell_numbers(struct comparison *c, const char *what, enum phi_kind kind, unsigned before, unsigned after) {
    char was[16], now[16];

    if (before == after) return;
    snprintf(was, sizeof was, "%u", before);
    snprintf(now, sizeof now, "%u", after);
    tell(c, (struct policy_difference){.change = after > before ? POLICY_LOOSER : POLICY_STRICTER, .what = what,
                                       .kind = kind, .before = was, .after = now});
}

bool policy_finds_alike(const struct policy *a, const struct policy *b) {
    return strcmp(a->detectors, b->detectors) == 0;
}

static void compare_detection(struct comparison *c) {
    const struct policy *a = c->before, *b = c->after;
    unsigned told = c->told;

    for (int k = 1; k < PHI_KINDS; k++)
        tell_numbers(c, "threshold", (enum phi_kind)k, a->threshold[k], b->threshold[k]);
    tell_numbers(c, "allowed values", PHI_NONE, a->n_allowed, b->n_allowed);
    if (a->strict_detection != b->strict_detection)
        tell(c, (struct policy_difference){.change = b->strict_detection ? POLICY_STRICTER : POLICY_LOOSER,
                                           .what = "detection", .before = a->strict_detection ? "strict" : "balanced",
                                           .after = b->strict_detection ? "strict" : "balanced"});
    /* Which of two sets of patterns finds more cannot be said without a text; that it may find less must be. */
    if (!policy_finds_alike(a, b) && c->told == told)
        tell(c, (struct policy_difference){.change = b->detection_weakened ? POLICY_LOOSER : POLICY_OTHERWISE,
                                           .what = "detectors", .before = "as they were", .after = "others"});
}

/* ---- switches ---- */

static void tell_switch(struct comparison *c, const char *what, bool before, bool after, const char *closed,
                        const char *open) {
    if (before == after) return;
    tell(c, (struct policy_difference){.change = after ? POLICY_LOOSER : POLICY_STRICTER, .what = what,
                                       .before = before ? open : closed, .after = after ? open : closed});
}

static void compare_switches(struct comparison *c) {
    const struct policy *a = c->before, *b = c->after;

    tell_switch(c, "mode", a->mode != POLICY_ENFORCE, b->mode != POLICY_ENFORCE, "enforce", "monitor");
    tell_switch(c, "unscannable", a->unscannable != POLICY_UNSCANNABLE_BLOCK, b->unscannable != POLICY_UNSCANNABLE_BLOCK,
                "block", "allow");
    if (a->block_as_message != b->block_as_message)
        tell(c, (struct policy_difference){.change = POLICY_OTHERWISE, .what = "block_style",
                                           .before = a->block_as_message ? "assistant_message" : "error",
                                           .after = b->block_as_message ? "assistant_message" : "error"});
}

bool policy_diff(const struct policy *before, const struct policy *after, policy_diff_report *report, void *arg) {
    struct comparison c = {.before = before, .after = after, .report = report, .arg = arg};

    compare_purposes(&c);
    compare_floor(&c);
    compare_detection(&c);
    compare_switches(&c);
    return c.looser;
}
