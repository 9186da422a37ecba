/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of phigate.yaml that a reload changes: upstreams with their agreements, routes, policies, clients.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/policy_sign.h"
#include "../policies/engine/roster_store.h"
#include "../policies/engine/yaml_node.h"
#include "access.h"
#include "arena.h"
#include "config_memory.h"
#include "settings.h"
#include "upstream.h"
#include "vocabulary.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Settings outlive the configuration that made them (running requests hold them), so they own their memory. */
struct owned {
    struct settings settings;
    struct arena *arena;
    struct policy **policies; /* one per distinct name */
    const char **names;
    size_t n_policies;
    struct policy_signers signers; /* who may sign policy files */
    struct policy_roster *rosters; /* open while the policies are loaded, which hold on to them */
    size_t n_rosters;
};

static void owned_free(struct settings *s) {
    struct owned *o = (struct owned *)s;

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

static const char *keep(struct owned *o, const char *text) {
    return text ? arena_copy(o->arena, span_of(text)) : NULL;
}

static int text(const struct yaml_node *map, const char *key, const char **out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    return n ? yaml_string(n, out, d) : 0;
}

/* ---- agreements ---- */

static int read_agreement(struct owned *o, const struct yaml_node *n, struct agreement *a, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "id", .required = true}, {.name = "vendor", .required = true}, {.name = "effective", .required = true},
        {.name = "expires", .required = true}, {.name = "document_sha256"}, {.name = "verify"}, {.name = "arrangement", .required = true}};

    int rc = yaml_check(n, keys, COUNT(keys), d);
    a->verify = true;
    rc |= text(n, "id", &a->id, d);
    rc |= text(n, "vendor", &a->vendor, d);
    rc |= text(n, "document_sha256", &a->document_sha256, d);
    rc |= text(n, "arrangement", &a->arrangement, d);
    if (yaml_get(n, "verify")) rc |= yaml_bool(yaml_get(n, "verify"), &a->verify, d);
    rc |= yaml_date(yaml_get(n, "effective"), &a->effective, d);
    rc |= yaml_date(yaml_get(n, "expires"), &a->expires, d);
    if (rc) return -1;
    if (a->expires < a->effective) {
        yaml_error(yaml_get(n, "expires"), d, "the agreement ends before it begins");
        return -1;
    }
    a->id = keep(o, a->id);
    a->vendor = keep(o, a->vendor);
    a->arrangement = keep(o, a->arrangement);
    a->document_sha256 = keep(o, a->document_sha256);
    a->present = true;
    return 0;
}

static int read_coverage(struct config *c, const struct yaml_node *n, struct settings_upstream *u, struct diag *d) {
    const char *name, *path;
    char shipped[PATH_MAX];

    if (yaml_string(n, &name, d) < 0) return -1;
    /* A bare word names a file that ships with phigate. */
    snprintf(shipped, sizeof shipped, "%s/policies/coverage/%s.yaml", c->share, name);
    path = strstr(name, ".yaml") ? config_path(c, name) : shipped;
    if (!path) return -1;
    u->coverage = coverage_load_file(path, d);
    return u->coverage ? 0 : -1;
}

/* ---- upstreams ---- */

static bool is_local_url(const char *url) {
    static const char *const prefixes[] = {"http://127.", "http://localhost:", "http://localhost/", "http://[::1]"};
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (strncmp(url, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

static int check_url(const struct yaml_node *n, const char *url, bool on_prem, struct diag *d) {
    if (strcmp(url, "builtin:echo") == 0 || strncmp(url, "https://", 8) == 0) return 0;
    if (strncmp(url, "http://", 7) != 0) {
        yaml_error(n, d, "expected https://..., http://... for an own model, or builtin:echo");
        return -1;
    }
    if (on_prem || is_local_url(url)) return 0;
    yaml_error(n, d, "patient data does not travel unencrypted: use https://, or `trust: on_prem` for an own model");
    return -1;
}

static int read_time(const struct yaml_node *map, const char *key, unsigned *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    uint64_t ms;

    if (!n) return 0;
    if (yaml_duration_ms(n, &ms, d) < 0) return -1;
    if (ms >= 10 && ms <= 86400000) {
        *out = (unsigned)ms;
        return 0;
    }
    yaml_error(n, d, "expected a time between 10ms and 24h");
    return -1;
}

static int read_timeouts(const struct yaml_node *n, struct upstream_target *t, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "connect"}, {.name = "first_byte"}, {.name = "idle"}, {.name = "total"}};
    int rc;

    if (!n) return 0;
    rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= read_time(n, "connect", &t->connect_ms, d);
    rc |= read_time(n, "first_byte", &t->first_byte_ms, d);
    rc |= read_time(n, "idle", &t->idle_ms, d);
    rc |= read_time(n, "total", &t->total_ms, d);
    return rc ? -1 : 0;
}

static int read_force(struct owned *o, const struct yaml_node *n, struct settings_upstream *u, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "store"}, {.name = "model"}};
    bool store = false;

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    if (yaml_get(n, "store")) rc |= yaml_bool(yaml_get(n, "store"), &store, d);
    u->may_store = store;
    rc |= text(n, "model", &u->model, d);
    u->model = keep(o, u->model);
    return rc ? -1 : 0;
}

static int read_trust(const struct yaml_node *n, struct settings_upstream *u, const char *url, struct diag *d) {
    static const char *const words[] = {"agreement", "on_prem"};
    int word = 0;

    if (n && yaml_enum(n, words, COUNT(words), &word, d) < 0) return -1;
    u->echo = strcmp(url, "builtin:echo") == 0;
    u->on_prem = word == 1 || u->echo;
    return 0;
}

static int read_credential(struct config *c, struct owned *o, const struct yaml_node *n, struct upstream_target *t,
                           struct diag *d) {
    const char *secret;
    size_t len;

    if (!n) return 0;
    if (config_secret(c, n, d, &secret, &len) < 0) return -1;
    for (size_t i = 0; i < len; i++) {
        if (secret[i] > 0x20 && secret[i] < 0x7f) continue;
        yaml_error(n, d, "the credential holds a character that cannot stand in a header");
        return -1;
    }
    t->credential = keep(o, secret);
    return t->credential ? 0 : -1;
}

static int read_target(struct config *c, struct owned *o, const struct yaml_node *n, struct settings_upstream *u,
                       const char *key_header, struct diag *d) {
    struct upstream_target *t = arena_alloc(o->arena, sizeof *t);
    const char *url = NULL, *ca = NULL;

    int rc = text(n, "url", &url, d) | text(n, "ca_file", &ca, d);

    if (!t) return -1;
    *t = (struct upstream_target){.name = u->name,
                                  .url = keep(o, url),
                                  .key_header = key_header,
                                  .ca_file = ca ? keep(o, config_path(c, ca)) : NULL,
                                  .connect_ms = 5000,
                                  .first_byte_ms = 600000,
                                  .idle_ms = 120000,
                                  .total_ms = 3600000,
                                  .response_max = 64u << 20};
    u->target = t;
    rc |= read_trust(yaml_get(n, "trust"), u, url ? url : "", d);
    if (url) rc |= check_url(yaml_get(n, "url"), url, u->on_prem, d);
    rc |= read_timeouts(yaml_map(n, "timeouts"), t, d);
    rc |= read_credential(c, o, yaml_get(n, "credential"), t, d);
    return rc || config_aws(c, o->arena, yaml_map(n, "aws"), t, d) < 0 ? -1 : 0;
}

/* Azure's older paths name the deployment and want a version; its newer ones are OpenAI's. */
static int read_api_version(struct owned *o, const struct yaml_node *n, struct settings_upstream *u, struct diag *d) {
    const struct shape_address azure = {.azure = true, .endpoint = SHAPE_CHAT};
    const char *version;
    char query[64];

    if (!n) return 0;
    if (yaml_string(n, &version, d) < 0) return -1;
    snprintf(query, sizeof query, "api-version=%s", version);
    u->api_version = keep(o, version);
    if (u->dialect == SETTINGS_AZURE && shape_query_known(&azure, span_of(query))) return u->api_version ? 0 : -1;
    yaml_error(n, d, "expected a version as \"2024-10-21\", of an upstream with `dialect: azure`");
    return -1;
}

static int watch_retention(struct owned *o, struct settings_upstream *u) {
    struct coverage_retention question;

    if (!u->agreement.present || !u->agreement.verify || !u->coverage) return 0;
    if (!coverage_retention(u->coverage, u->agreement.arrangement, &question)) return 0;
    u->retention = arena_alloc(o->arena, sizeof *u->retention);
    return u->retention ? 0 : -1;
}

static int read_upstream(struct config *c, struct owned *o, const struct yaml_node *n, struct settings_upstream *u,
                         struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "url", .required = true}, {.name = "dialect"}, {.name = "api_version"}, {.name = "credential", .any_type = true},
        {.name = "agreement", .type = YAML_NODE_MAP}, {.name = "coverage"}, {.name = "trust"}, {.name = "ca_file"},
        {.name = "aws", .type = YAML_NODE_MAP}, {.name = "force", .type = YAML_NODE_MAP}, {.name = "timeouts", .type = YAML_NODE_MAP}};
    static const char *const dialects[] = {[SETTINGS_OPENAI] = "openai", [SETTINGS_ANTHROPIC] = "anthropic",
                                           [SETTINGS_OLLAMA] = "ollama", [SETTINGS_GEMINI] = "gemini",
                                           [SETTINGS_AZURE] = "azure"};
    static const char *const key_headers[] = {[SETTINGS_ANTHROPIC] = "x-api-key: ", [SETTINGS_GEMINI] = "x-goog-api-key: ",
                                              [SETTINGS_AZURE] = "api-key: "};
    int dialect = 0, rc;

    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "expected an upstream: a map with url");
        return -1;
    }
    rc = yaml_check(n, keys, COUNT(keys), d);
    if (yaml_get(n, "dialect")) rc |= yaml_enum(yaml_get(n, "dialect"), dialects, COUNT(dialects), &dialect, d);
    u->dialect = (enum settings_dialect)dialect;
    rc |= read_api_version(o, yaml_get(n, "api_version"), u, d);
    rc |= read_target(c, o, n, u, key_headers[dialect], d);
    if (yaml_map(n, "agreement")) rc |= read_agreement(o, yaml_map(n, "agreement"), &u->agreement, d);
    if (yaml_get(n, "coverage")) rc |= read_coverage(c, yaml_get(n, "coverage"), u, d);
    rc |= read_force(o, yaml_map(n, "force"), u, d);
    return rc || watch_retention(o, u) < 0 ? -1 : 0;
}

static int read_upstreams(struct config *c, struct owned *o, const struct yaml_node *map, struct diag *d) {
    struct settings *s = &o->settings;
    int rc = 0;

    if (!map) return -1;
    s->upstreams = arena_array(o->arena, map->n ? map->n : 1, sizeof *s->upstreams);
    if (!s->upstreams) return -1;
    for (size_t i = 0; i < map->n; i++) {
        s->upstreams[i].name = keep(o, map->keys[i]->text);
        s->n_upstreams = i + 1;
        if (read_upstream(c, o, map->items[i], &s->upstreams[i], d) < 0) rc = -1;
    }
    return rc;
}

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

static struct policy *policy_named(struct config *c, struct owned *o, const struct yaml_node *at, const char *name,
                                   struct diag *d) {
    const struct policy_paths paths = {.share = c->share, .rosters = o->rosters, .n_rosters = o->n_rosters};
    const char *where = is_policy_file(name) ? config_path(c, name) : name;
    size_t before = diag_count(d);

    for (size_t i = 0; i < o->n_policies; i++)
        if (strcmp(o->names[i], name) == 0) return o->policies[i]; /* NULL: its mistakes are told */
    const char *kept = keep(o, name);
    if (!kept) return NULL;
    struct policy *p = where ? policy_load(where, &paths, d) : NULL;
    if (!p && at && diag_count(d) == before) yaml_error(at, d, "no such policy");
    o->names[o->n_policies] = kept;
    o->policies[o->n_policies++] = p;
    if (p) place_rosters(c, p);
    return p;
}

/* ---- rosters ---- */

static int read_roster(struct config *c, struct owned *o, const struct yaml_node *n, struct diag *d) {
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
    r->file = keep(o, path);
    r->digest = keep(o, digest);
    return r->file && r->digest ? 0 : -1;
}

static int read_rosters(struct config *c, struct owned *o, const struct yaml_node *list, struct diag *d) {
    int rc = 0;

    if (!list) return 0;
    if (list->type != YAML_NODE_LIST) return -1; /* reported already */
    o->rosters = arena_array(o->arena, list->n ? list->n : 1, sizeof *o->rosters);
    if (!o->rosters) return -1;
    for (size_t i = 0; i < list->n; i++)
        if (read_roster(c, o, list->items[i], d) < 0) rc = -1;
    return rc;
}

static int read_models(struct owned *o, const struct yaml_node *n, const char *const **out, struct diag *d) {
    const char **models = arena_array(o->arena, n->n + 1, sizeof *models);
    int rc = 0;

    if (!models) return -1;
    for (size_t i = 0; i < n->n; i++) {
        const char *glob;
        if (yaml_string(n->items[i], &glob, d) < 0) rc = -1;
        else if (!(models[i] = keep(o, glob))) rc = -1;
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

static int read_policy_keys(struct config *c, struct owned *o, const struct yaml_node *list, struct diag *d) {
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
static int check_signatures(struct config *c, const struct owned *o, const struct yaml_node *at, const char *name,
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

static int read_route(struct config *c, struct owned *o, const struct yaml_node *n, const char *default_policy,
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
    rc |= text(n, "policy", &policy, d);
    r->upstream = named ? upstream_named(&o->settings, upstream) : NULL;
    if (named && !r->upstream) yaml_error(yaml_get(n, "upstream"), d, "no upstream of this name stands under upstreams");
    r->policy = policy_named(c, o, yaml_get(n, "policy"), policy, d);
    if (r->policy) rc |= check_signatures(c, o, n, policy, r, d);
    return rc || !r->upstream || !r->policy ? -1 : 0;
}

static int read_routes(struct config *c, struct owned *o, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *list = yaml_list(root, "routes");
    struct settings *s = &o->settings;
    const char *policy = "minimum-necessary";
    int rc = text(root, "policy", &policy, d);

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
static int read_shadow(struct config *c, struct owned *o, const struct yaml_node *root, struct diag *d) {
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
static int check_policy_routes(const struct owned *o, const struct yaml_node *root, struct diag *d) {
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

static int check_coverage(const struct owned *o, const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *routes = yaml_get(root, "routes");
    int rc = 0;

    for (size_t i = 0; i < o->settings.n_routes && i < routes->n; i++)
        if (check_route_coverage(&o->settings.routes[i], routes->items[i], d) < 0) rc = -1;
    return rc;
}

/* A trial has an end: text leaves as it is while it lasts. */
static int check_monitors(struct config *c, const struct owned *o, const struct yaml_node *root, struct diag *d) {
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

/* ---- the whole ---- */

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
    struct owned *o;
    int rc = 0;

    o = calloc(1, sizeof *o);
    if (!o) return -1;
    o->arena = arena_new(16u << 20);
    o->settings.refs = 1;
    o->settings.free = owned_free;
    c->settings = &o->settings;
    if (!o->arena) return -1;
    rc |= read_upstreams(c, o, upstreams, d);
    rc |= read_policy_keys(c, o, yaml_get(root, "policy_keys"), d);
    if (read_rosters(c, o, yaml_get(root, "rosters"), d) < 0) rc = -1;
    else rc |= read_routes(c, o, root, d);
    if (rc == 0) rc |= read_shadow(c, o, root, d);
    if (rc == 0) rc |= check_policy_routes(o, root, d);
    if (rc == 0) rc |= check_coverage(o, root, d);
    rc |= read_clients(c, &o->settings, root, d);
    o->settings.vocabulary = read_vocabulary(c);
    o->settings.body_max = c->body_max;
    o->settings.depth_max = c->depth_max;
    o->settings.concurrent_max = c->concurrent_max;
    o->settings.event_max = (size_t)c->event_max;
    if (rc == 0) rc |= check_monitors(c, o, root, d);
    if (rc == 0) warn_of_expiry(c, &o->settings, (int)(time(NULL) / 86400));
    return rc ? -1 : 0;
}
