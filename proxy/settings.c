/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the settings. Default deny: what no row names is refused.
 */
#include "settings.h"

#include <string.h>

#include "../policies/engine/policy_diff.h"
#include "facts.h"

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

#define PERSONS 2u

/* Whether what decides about a model now is looser than what did, without the signatures of two. A model that had no route was
 * refused. */
static bool loosens_unsigned(const struct settings *before, const struct settings *after, const char *model) {
    const struct settings_route *was = settings_route(before, span_of(model)), *now = settings_route(after, span_of(model));

    if (!now || now->signatures >= PERSONS) return false;
    return !was || policy_diff(was->policy, now->policy, NULL, NULL);
}

/* Of both, because a route that is gone lets its models fall to the next. */
static bool any_loosens(const struct settings *of, const struct settings *before, const struct settings *after) {
    for (size_t i = 0; i < of->n_routes; i++)
        for (size_t m = 0; of->routes[i].models[m]; m++)
            if (loosens_unsigned(before, after, of->routes[i].models[m])) return true;
    return false;
}

bool settings_signed_enough(const struct settings *before, const struct settings *after) {
    if (!before) return settings_unsigned(after) == NULL;
    if (before->signing && !after->signing) return false; /* that signatures are needed cannot be reloaded away */
    return !after->signing || (!any_loosens(before, before, after) && !any_loosens(after, before, after));
}

const struct policy *settings_unsigned(const struct settings *s) {
    size_t needed = s->n_signers < PERSONS ? s->n_signers : PERSONS;

    for (size_t i = 0; s->signing && i < s->n_routes; i++)
        if (s->routes[i].signatures < needed) return s->routes[i].policy;
    return NULL;
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

const char *settings_part_refused(const struct settings_upstream *u, uint32_t unreadable, enum shape_endpoint e,
                                  const char **why) {
    const char *what;

    for (size_t i = 0; (what = facts_unreadable_word(unreadable, i)); i++) {
        if (strcmp(what, "token_ids") == 0 || strcmp(what, "unknown_part") == 0) continue; /* nothing that a vendor could cover */
        if (settings_guard(u, what, e, why) != COVERAGE_ALLOW) return what;
    }
    *why = NULL;
    return NULL;
}
