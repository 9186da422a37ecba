/* SPDX-License-Identifier: Apache-2.0
 *
 * tokens: how long a token lives, and the vault of those that outlive their request. A restart changes them.
 */
#include "config.h"

#include <string.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "config_memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TTL_DEFAULT_S (30u * 86400)
#define TTL_MAX_S (10u * 366 * 86400)

static int read_path(struct config *c, const struct yaml_node *n, const char **out, struct diag *d) {
    const char *name;

    if (!n) return 0;
    if (yaml_string(n, &name, d) < 0) return -1;
    *out = config_path(c, name);
    return *out ? 0 : -1;
}

static int read_ttl(struct config *c, const struct yaml_node *n, struct diag *d) {
    uint64_t ms;

    c->vault_ttl_s = TTL_DEFAULT_S;
    if (!n) return 0;
    if (yaml_duration_ms(n, &ms, d) < 0) return -1;
    c->vault_ttl_s = ms / 1000;
    if (c->vault_ttl_s >= 60 && c->vault_ttl_s <= TTL_MAX_S) return 0;
    yaml_error(n, d, "expected a time between 1m and 3660d");
    return -1;
}

static int read_vault(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "sqlite", .required = true}, {.name = "anchor"}, {.name = "ttl"},
                                           {.name = "key", .required = true, .any_type = true}};
    const char *key;
    size_t len;

    if (yaml_check(n, keys, COUNT(keys), d) < 0) return -1;
    if (read_path(c, yaml_get(n, "sqlite"), &c->vault_file, d) < 0 || read_path(c, yaml_get(n, "anchor"), &c->vault_anchor, d) < 0)
        return -1;
    if (read_ttl(c, yaml_get(n, "ttl"), d) < 0 || config_secret(c, yaml_get(n, "key"), d, &key, &len) < 0) return -1;
    return config_key(yaml_get(n, "key"), key, len, c->vault_key, d);
}

int config_tokens(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "scope"}, {.name = "vault", .type = YAML_NODE_MAP}, {.name = "earlier"}};
    static const char *const scopes[] = {"request", "client"}, *const earlier[] = {"leave", "restore"};
    int scope = 0, word = 0;

    if (!n) return 0;
    if (yaml_check(n, keys, COUNT(keys), d) < 0) return -1;
    const struct yaml_node *vault = yaml_get(n, "vault");
    if (yaml_get(n, "scope") && yaml_enum(yaml_get(n, "scope"), scopes, COUNT(scopes), &scope, d) < 0) return -1;
    if (yaml_get(n, "earlier") && yaml_enum(yaml_get(n, "earlier"), earlier, COUNT(earlier), &word, d) < 0) return -1;
    if (vault && read_vault(c, vault, d) < 0) return -1;
    c->tokens_earlier = word == 1;
    if (scope == 0 && word == 1) {
        yaml_error(yaml_get(n, "earlier"), d, "without `scope: client` no earlier tokens are known");
        return -1;
    }
    if (scope == 1 && !vault) {
        yaml_error(n, d, "`scope: client` needs a vault: {sqlite: FILE, key: {file: FILE}}");
        return -1;
    }
    if (scope == 0 && vault) {
        config_warn(c, "tokens.vault is not used: `scope: client` says that tokens outlive their request");
        c->vault_file = NULL;
    }
    return 0;
}
