/* SPDX-License-Identifier: Apache-2.0
 *
 * upstreams of phigate.yaml: where requests go, and what was agreed with those who are there.
 */
#include "config_settings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "arena.h"
#include "upstream.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- agreements ---- */

static int read_agreement(struct config_owned *o, const struct yaml_node *n, struct agreement *a, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "id", .required = true}, {.name = "vendor", .required = true}, {.name = "effective", .required = true},
        {.name = "expires", .required = true}, {.name = "document_sha256"}, {.name = "verify"}, {.name = "arrangement", .required = true}};

    int rc = yaml_check(n, keys, COUNT(keys), d);
    a->verify = true;
    rc |= config_text(n, "id", &a->id, d);
    rc |= config_text(n, "vendor", &a->vendor, d);
    rc |= config_text(n, "document_sha256", &a->document_sha256, d);
    rc |= config_text(n, "arrangement", &a->arrangement, d);
    if (yaml_get(n, "verify")) rc |= yaml_bool(yaml_get(n, "verify"), &a->verify, d);
    rc |= yaml_date(yaml_get(n, "effective"), &a->effective, d);
    rc |= yaml_date(yaml_get(n, "expires"), &a->expires, d);
    if (rc) return -1;
    if (a->expires < a->effective) {
        yaml_error(yaml_get(n, "expires"), d, "the agreement ends before it begins");
        return -1;
    }
    a->id = config_keep(o, a->id);
    a->vendor = config_keep(o, a->vendor);
    a->arrangement = config_keep(o, a->arrangement);
    a->document_sha256 = config_keep(o, a->document_sha256);
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

static int read_force(struct config_owned *o, const struct yaml_node *n, struct settings_upstream *u, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "store"}, {.name = "model"}};
    bool store = false;

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    if (yaml_get(n, "store")) rc |= yaml_bool(yaml_get(n, "store"), &store, d);
    u->may_store = store;
    rc |= config_text(n, "model", &u->model, d);
    u->model = config_keep(o, u->model);
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

static int read_credential(struct config *c, struct config_owned *o, const struct yaml_node *n, struct upstream_target *t,
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
    t->credential = config_keep(o, secret);
    return t->credential ? 0 : -1;
}

static int read_target(struct config *c, struct config_owned *o, const struct yaml_node *n, struct settings_upstream *u,
                       const char *key_header, struct diag *d) {
    struct upstream_target *t = arena_alloc(o->arena, sizeof *t);
    const char *url = NULL, *ca = NULL;

    int rc = config_text(n, "url", &url, d) | config_text(n, "ca_file", &ca, d);

    if (!t) return -1;
    *t = (struct upstream_target){.name = u->name,
                                  .url = config_keep(o, url),
                                  .key_header = key_header,
                                  .ca_file = ca ? config_keep(o, config_path(c, ca)) : NULL,
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
static int read_api_version(struct config_owned *o, const struct yaml_node *n, struct settings_upstream *u, struct diag *d) {
    const struct shape_address azure = {.azure = true, .endpoint = SHAPE_CHAT};
    const char *version;
    char query[64];

    if (!n) return 0;
    if (yaml_string(n, &version, d) < 0) return -1;
    snprintf(query, sizeof query, "api-version=%s", version);
    u->api_version = config_keep(o, version);
    if (u->dialect == SETTINGS_AZURE && shape_query_known(&azure, span_of(query))) return u->api_version ? 0 : -1;
    yaml_error(n, d, "expected a version as \"2024-10-21\", of an upstream with `dialect: azure`");
    return -1;
}

static int watch_retention(struct config_owned *o, struct settings_upstream *u) {
    struct coverage_retention question;

    if (!u->agreement.present || !u->agreement.verify || !u->coverage) return 0;
    if (!coverage_retention(u->coverage, u->agreement.arrangement, &question)) return 0;
    u->retention = arena_alloc(o->arena, sizeof *u->retention);
    return u->retention ? 0 : -1;
}

static int read_upstream(struct config *c, struct config_owned *o, const struct yaml_node *n, struct settings_upstream *u,
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

int config_upstreams(struct config *c, struct config_owned *o, const struct yaml_node *map, struct diag *d) {
    struct settings *s = &o->settings;
    int rc = 0;

    if (!map) return -1;
    s->upstreams = arena_array(o->arena, map->n ? map->n : 1, sizeof *s->upstreams);
    if (!s->upstreams) return -1;
    for (size_t i = 0; i < map->n; i++) {
        s->upstreams[i].name = config_keep(o, map->keys[i]->text);
        s->n_upstreams = i + 1;
        if (read_upstream(c, o, map->items[i], &s->upstreams[i], d) < 0) rc = -1;
    }
    return rc;
}
