/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of phigate.yaml that a reload changes: upstreams with their agreements, routes, policies, clients.
 */
#include "config_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/roster_store.h"
#include "../policies/engine/yaml_node.h"
#include "access.h"
#include "arena.h"
#include "vocabulary.h"

static void owned_free(struct settings *s) {
    struct config_owned *o = (struct config_owned *)s;

    for (size_t i = 0; i < o->n_policies; i++)
        policy_unref(o->policies[i]);
    for (size_t i = 0; i < o->n_rosters; i++)
        roster_unref(o->rosters[i].roster);
    for (size_t i = 0; i < s->n_upstreams; i++)
        coverage_free(s->upstreams[i].coverage);
    access_free(s->access);
    vocabulary_free(s->vocabulary);
    arena_free(o->arena);
    free(o);
}

const char *config_keep(struct config_owned *o, const char *text) {
    return text ? arena_copy(o->arena, span_of(text)) : NULL;
}

int config_text(const struct yaml_node *map, const char *key, const char **out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    return n ? yaml_string(n, out, d) : 0;
}

static int read_clients(struct config *c, struct settings *s, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *n = yaml_get(root, "clients");
    const char *name, *path;

    if (yaml_string(n, &name, d) < 0) return -1; /* missing: told by the check of the root */
    path = config_path(c, name);
    s->access = path ? access_load(path, d) : NULL;
    return s->access ? 0 : -1;
}

static void warn_of_expiry(struct config *c, const struct settings *s, int today) {
    for (size_t i = 0; i < s->n_upstreams; i++) {
        const struct settings_upstream *u = &s->upstreams[i];
        if (u->on_prem) continue;
        if (!u->agreement.present) config_warn(c, "an upstream has no agreement: everything to it is refused");
        else if (!u->coverage) config_warn(c, "an upstream has no coverage: everything to it is refused");
        else if (u->agreement.expires < today) config_warn(c, "an agreement has expired: everything to its upstream is refused");
        else if (u->agreement.expires - today <= 60) config_warn(c, "an agreement expires within 60 days");
    }
}

static struct vocabulary *read_vocabulary(struct config *c) {
    char path[4096];

    snprintf(path, sizeof path, "%s/proxy/vocabularies/cl100k_base.vocabulary.zst", c->share);
    struct vocabulary *v = vocabulary_load(path);
    if (!v) config_warn(c, "the vocabulary cl100k_base is missing: input as token numbers is refused");
    return v;
}

int config_settings(struct config *c, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *upstreams = yaml_map(root, "upstreams");
    struct config_owned *o;
    int rc = 0;

    o = calloc(1, sizeof *o);
    if (!o) return -1;
    o->arena = arena_new(16u << 20);
    o->settings.refs = 1;
    o->settings.free = owned_free;
    c->settings = &o->settings;
    if (!o->arena) return -1;
    rc |= config_upstreams(c, o, upstreams, d);
    rc |= config_policy_keys(c, o, yaml_get(root, "policy_keys"), d);
    if (config_rosters(c, o, yaml_get(root, "rosters"), d) < 0) rc = -1;
    else rc |= config_routes(c, o, root, d);
    if (rc == 0) rc |= config_shadow(c, o, root, d);
    if (rc == 0) rc |= config_check_routes(o, root, d);
    if (rc == 0) rc |= config_check_coverage(o, root, d);
    rc |= read_clients(c, &o->settings, root, d);
    o->settings.vocabulary = read_vocabulary(c);
    o->settings.body_max = c->body_max;
    o->settings.depth_max = c->depth_max;
    o->settings.concurrent_max = c->concurrent_max;
    o->settings.event_max = (size_t)c->event_max;
    if (rc == 0) rc |= config_check_monitors(c, o, root, d);
    if (rc == 0) warn_of_expiry(c, &o->settings, (int)(time(NULL) / 86400));
    return rc ? -1 : 0;
}
