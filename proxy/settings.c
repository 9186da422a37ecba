/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the settings. Default deny: what no row names is refused.
 */
#include "settings.h"

#include <string.h>

#include "../policies/engine/policy_diff.h"

struct settings *settings_ref(struct settings *s) {
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void settings_unref(struct settings *s) {
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) s->free(s);
}

const struct settings_route *settings_route(const struct settings *s, struct span model) {
    for (size_t i = 0; i < s->n_routes; i++)
        for (const char *const *glob = s->routes[i].models; *glob; glob++)
            if (span_glob(model, *glob)) return &s->routes[i];
    return NULL;
}

/* A server on the practice's own machine (Ollama) passes models of such names on to its maker's machines. */
static bool runs_elsewhere(struct span model) {
    static const char word[] = "cloud";
    const size_t n = sizeof word - 1;

    for (size_t i = 0; i + n <= model.len; i++)
        if (span_is_nocase(span_sub(model, i, i + n), word)) return true;
    return false;
}

const struct settings_route *settings_route_to(const struct settings *s, const char *upstream) {
    for (size_t i = 0; i < s->n_routes; i++)
        if (strcmp(s->routes[i].upstream->name, upstream) == 0) return &s->routes[i];
    return NULL;
}

static const struct policy *policy_of_id(const struct settings *s, const char *id) {
    for (size_t i = 0; i < s->n_routes; i++)
        if (strcmp(policy_id(s->routes[i].policy), id) == 0) return s->routes[i].policy;
    return NULL;
}

/* A policy that did not run before takes the place of the first route's: what it loosens counts, too. */
bool settings_signed_enough(const struct settings *before, const struct settings *after) {
    if (before && before->signing && !after->signing) return false; /* that signatures are needed cannot be reloaded away */
    for (size_t i = 0; after->signing && before && i < after->n_routes; i++) {
        const struct settings_route *r = &after->routes[i];
        const struct policy *was = policy_of_id(before, policy_id(r->policy));
        if (!was) was = before->routes[0].policy;
        if (!r->preset && r->signatures < 2 && policy_diff(was, r->policy, NULL, NULL)) return false;
    }
    return true;
}

const char *settings_feature_uncovered(const struct settings_upstream *u, const char *feature) {
    const char *reason = NULL;

    if (u->on_prem) return NULL;
    if (!u->agreement.present || !u->coverage) return "coverage_missing";
    if (coverage_check_feature(u->coverage, u->agreement.arrangement, feature, &reason) == 0) return NULL;
    return reason ? reason : "feature_not_covered";
}

const char *settings_uncovered(const struct settings_upstream *u, enum shape_endpoint e, struct span model,
                               int today) {
    const char *reason = NULL;

    if (u->on_prem) return runs_elsewhere(model) ? "model_runs_elsewhere" : NULL;
    if (!u->agreement.present) return "baa_missing";
    if (today < u->agreement.effective) return "baa_not_effective";
    if (today > u->agreement.expires) return "baa_expired";
    if (!u->coverage) return "coverage_missing";
    if (coverage_check(u->coverage, u->agreement.arrangement, shape_coverage_name(e), model.ptr, model.len, &reason) == 0)
        return NULL;
    return reason ? reason : "not_covered";
}

enum coverage_guard settings_guard(const struct settings_upstream *u, const char *what, enum shape_endpoint e,
                                   const char **why) {
    *why = NULL;
    if (!u->on_prem) {
        enum coverage_guard guard = coverage_guard(u->coverage, u->agreement.arrangement, what, shape_endpoint_name(e), why);
        if (guard != COVERAGE_SITE) return guard;
        return u->may_store ? COVERAGE_ALLOW : COVERAGE_FORCE_FALSE;
    }
    if (strcmp(what, "store") != 0 || u->may_store) return COVERAGE_ALLOW;
    return e == SHAPE_RESPONSES ? COVERAGE_FORCE_FALSE : COVERAGE_REFUSE; /* elsewhere it is false when absent */
}
