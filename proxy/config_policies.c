/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes of phigate.yaml: which upstream and policy a model has, who may sign policies, and the rosters that they name.
 */
#include "config_settings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/roster_store.h"
#include "../policies/engine/yaml_node.h"
#include "arena.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- routes ---- */

static bool is_policy_file(const char *name) {
    return strchr(name, '/') || strstr(name, ".yaml");
}

/* The rosters that a policy names are read again at a reload. */
static void place_rosters(struct config *c, const struct policy *p) {
    const char *file;

    for (size_t i = 0; (file = policy_roster(p, i, NULL, NULL)); i++) {
        config_place(c, file);
        if (policy_roster_key(p, i)) config_place(c, policy_roster_key(p, i));
    }
}

static struct policy *policy_named(struct config *c, struct config_owned *o, const struct yaml_node *at, const char *name,
                                   struct diag *d) {
    const struct policy_paths paths = {.share = c->share, .rosters = o->rosters, .n_rosters = o->n_rosters};
    const char *where = is_policy_file(name) ? config_path(c, name) : name;
    size_t before = diag_count(d);

    for (size_t i = 0; i < o->n_policies; i++)
        if (strcmp(o->names[i], name) == 0) return o->policies[i]; /* NULL: its mistakes are told */
    const char *kept = config_keep(o, name);
    if (!kept) return NULL;
    struct policy *p = where ? policy_load(where, &paths, d) : NULL;
    if (!p && at && diag_count(d) == before) yaml_error(at, d, "no such policy");
    o->names[o->n_policies] = kept;
    o->policies[o->n_policies++] = p;
    if (p) place_rosters(c, p);
    return p;
}

/* ---- rosters ---- */

static int read_roster(struct config *c, struct config_owned *o, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "file", .required = true}, {.name = "key", .any_type = true, .required = true}};
    struct policy_roster *r = &o->rosters[o->n_rosters];
    char digest[65], err[256] = "out of memory";
    struct roster_secret secret;
    const char *name, *path, *hex;
    size_t len;

    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "expected {file: FILE.roster, key: {file: FILE}}");
        return -1;
    }
    if (yaml_check(n, keys, COUNT(keys), d) < 0 || yaml_string(yaml_get(n, "file"), &name, d) < 0 || !(path = config_path(c, name)) ||
        config_secret(c, yaml_get(n, "key"), d, &hex, &len) < 0)
        return -1;
    if (roster_secret_parse(hex, len, &secret) < 0) {
        yaml_error(yaml_get(n, "key"), d, "expected a file with 64 lower-case hex digits, as `phi roster import` makes it");
        return -1;
    }
    r->roster = roster_open(path, &secret, digest, err, sizeof err);
    explicit_bzero(&secret, sizeof secret);
    if (!r->roster) {
        yaml_error(yaml_get(n, "file"), d, "%s", err);
        return -1;
    }
    o->n_rosters++;
    r->file = config_keep(o, path);
    r->digest = config_keep(o, digest);
    return r->file && r->digest ? 0 : -1;
}

int config_rosters(struct config *c, struct config_owned *o, const struct yaml_node *list, struct diag *d) {
    int rc = 0;

    if (!list) return 0;
    if (list->type != YAML_NODE_LIST) return -1; /* reported already */
    o->rosters = arena_array(o->arena, list->n ? list->n : 1, sizeof *o->rosters);
    if (!o->rosters) return -1;
    for (size_t i = 0; i < list->n; i++)
        if (read_roster(c, o, list->items[i], d) < 0) rc = -1;
    return rc;
}

static int read_models(struct config_owned *o, const struct yaml_node *n, const char *const **out, struct diag *d) {
    const char **models = arena_array(o->arena, n->n + 1, sizeof *models);
    int rc = 0;

    if (!models) return -1;
    for (size_t i = 0; i < n->n; i++) {
        const char *glob;
        if (yaml_string(n->items[i], &glob, d) < 0) rc = -1;
        else if (!(models[i] = config_keep(o, glob))) rc = -1;
    }
    if (n->n == 0) {
        yaml_error(n, d, "a route needs at least one model");
        rc = -1;
    }
    *out = models;
    return rc;
}

static const struct settings_upstream *upstream_named(const struct settings *s, const char *name) {
    for (size_t i = 0; i < s->n_upstreams; i++)
        if (strcmp(s->upstreams[i].name, name) == 0) return &s->upstreams[i];
    return NULL;
}

int config_policy_keys(struct config *c, struct config_owned *o, const struct yaml_node *list, struct diag *d) {
    int rc = 0;

    for (size_t i = 0; list && list->type == YAML_NODE_LIST && i < list->n; i++) {
        const char *name, *path;
        if (yaml_string(list->items[i], &name, d) < 0 || !(path = config_path(c, name))) rc = -1;
        else if (policy_signers_add(&o->signers, path) < 0) {
            yaml_error(list->items[i], d, "not a further public Ed25519 key; make one with `phi policy key FILE`");
            rc = -1;
        }
    }
    o->settings.signing = list != NULL;
    o->settings.n_signers = o->signers.n;
    if (!list || list->n) return rc;
    yaml_error(list, d, "without a key nobody can sign; leave the line out to need no signatures");
    return -1;
}

/* FILE.sig beside a policy file; NAME.sig beside phigate.yaml for a preset: that another one decides is a change, too. */
static int check_signatures(struct config *c, const struct config_owned *o, const struct yaml_node *at, const char *name,
                            struct settings_route *r, struct diag *d) {
    char path[PATH_MAX];
    const char *file = o->settings.signing ? config_path(c, name) : NULL;

    if (!o->settings.signing) return 0;
    if (!file || snprintf(path, sizeof path, "%s.sig", file) >= (int)sizeof path) return -1;
    r->signatures = policy_signed_by(r->policy, &o->signers, path);
    if (r->signatures) return 0;
    yaml_error(at, d, "the policy %s is not signed by a key of policy_keys; see `phi policy sign`", policy_id(r->policy));
    return -1;
}

static int read_route(struct config *c, struct config_owned *o, const struct yaml_node *n, const char *default_policy,
                      struct settings_route *r, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "models", .type = YAML_NODE_LIST, .required = true},
                                           {.name = "upstream", .required = true}, {.name = "policy"}};
    const char *upstream = NULL, *policy = default_policy;

    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "expected a route: {models: [...], upstream: NAME}");
        return -1;
    }
    int rc = yaml_check(n, keys, COUNT(keys), d);
    if (yaml_list(n, "models")) rc |= read_models(o, yaml_list(n, "models"), &r->models, d);
    bool named = yaml_string(yaml_get(n, "upstream"), &upstream, d) == 0;
    rc |= config_text(n, "policy", &policy, d);
    r->upstream = named ? upstream_named(&o->settings, upstream) : NULL;
    if (named && !r->upstream) yaml_error(yaml_get(n, "upstream"), d, "no upstream of this name stands under upstreams");
    r->policy = policy_named(c, o, yaml_get(n, "policy"), policy, d);
    if (r->policy) rc |= check_signatures(c, o, n, policy, r, d);
    return rc || !r->upstream || !r->policy ? -1 : 0;
}

int config_routes(struct config *c, struct config_owned *o, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *list = yaml_list(root, "routes");
    struct settings *s = &o->settings;
    const char *policy = "minimum-necessary";
    int rc = config_text(root, "policy", &policy, d);

    if (!list) return -1;
    s->routes = arena_array(o->arena, list->n ? list->n : 1, sizeof *s->routes);
    o->policies = arena_array(o->arena, list->n + 2, sizeof(struct policy *));
    o->names = arena_array(o->arena, list->n + 2, sizeof(char *));
    if (!s->routes || !o->policies || !o->names) return -1;
    for (size_t i = 0; i < list->n; i++)
        if (read_route(c, o, list->items[i], policy, &s->routes[i], d) < 0) rc = -1;
    s->n_routes = list->n;
    if (list->n) return rc ? -1 : 0;
    yaml_error(list, d, "without a route nothing can be forwarded");
    return -1;
}

/* Where its detectors are others than a route's, there are no findings to try it on. */
int config_shadow(struct config *c, struct config_owned *o, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *n = yaml_get(root, "shadow");
    struct settings *s = &o->settings;
    const char *name;

    if (!n) return 0;
    if (yaml_string(n, &name, d) < 0) return -1;
    s->shadow = policy_named(c, o, n, name, d);
    if (!s->shadow) return -1;
    for (size_t i = 0; i < s->n_routes; i++)
        if (!policy_finds_alike(s->routes[i].policy, s->shadow)) {
            config_warn(c, "the shadow policy finds otherwise than the policy of a route: it is not tried on its requests");
            break;
        }
    return 0;
}

/* Where a policy says `route:NAME`, the request must have somewhere to go. */
int config_check_routes(const struct config_owned *o, const struct yaml_node *root, struct diag *d) {
    int rc = 0;

    for (size_t i = 0; i < o->n_policies; i++) {
        const char *name;
        for (size_t r = 0; (name = policy_route_name(o->policies[i], r)); r++) {
            if (settings_route_to(&o->settings, name)) continue;
            yaml_error(yaml_get(root, "routes"), d, "the policy %s says route:%s, but no route leads to an upstream of this name",
                       policy_id(o->policies[i]), name);
            rc = -1;
        }
    }
    return rc;
}

/* An upstream that no request can be sent to is a mistake of whoever wrote the route; that an agreement is missing or has ended
 * is a state, which is warned of. */
static int check_route_coverage(const struct settings_route *r, const struct yaml_node *at, struct diag *d) {
    const struct settings_upstream *u = r->upstream;
    const char *reason = "model_not_covered";

    if (u->on_prem || !u->agreement.present || !u->coverage) return 0;
    if (u->model) {
        if (coverage_overlaps(u->coverage, u->agreement.arrangement, u->model, &reason) == 0) return 0;
    } else {
        for (size_t i = 0; r->models[i]; i++)
            if (coverage_overlaps(u->coverage, u->agreement.arrangement, r->models[i], &reason) == 0) return 0;
    }
    if (strcmp(reason, "arrangement_unknown") == 0)
        yaml_error(at, d, "the coverage of upstream %s does not know the arrangement \"%s\"; everything to it would be refused",
                   u->name, u->agreement.arrangement);
    else
        yaml_error(at, d, "no model of this route is covered by the agreement of upstream %s; everything to it would be refused",
                   u->name);
    return -1;
}

int config_check_coverage(const struct config_owned *o, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *routes = yaml_get(root, "routes");
    int rc = 0;

    for (size_t i = 0; i < o->settings.n_routes && i < routes->n; i++)
        if (check_route_coverage(&o->settings.routes[i], routes->items[i], d) < 0) rc = -1;
    return rc;
}

/* A trial has an end: text leaves as it is while it lasts. */
int config_check_monitors(struct config *c, const struct config_owned *o, const struct yaml_node *root, struct diag *d) {
    int rc = 0;
    long days;

    for (size_t i = 0; i < o->n_policies; i++) {
        const struct policy *p = o->policies[i];
        if (policy_monitors_without_end(p)) {
            yaml_error(yaml_get(root, "policy") ? yaml_get(root, "policy") : root, d,
                       "the policy %s is in monitor mode without an end; write a policy that extends it with "
                       "`monitor_until: 2027-01-31`, the last day", policy_id(p));
            rc = -1;
        }
        if (!policy_monitor_days(p, &days)) continue;
        if (days < 0) config_warn(c, "the monitor mode of a policy is over: it enforces");
        else config_warn(c, "a policy is in monitor mode: text leaves as it is");
    }
    return rc;
}
