/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the parts of phigate.yaml that a reload changes: what they are read into, and who reads what.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "../policies/engine/policy.h"
#include "../policies/engine/policy_sign.h"
#include "config_memory.h"
#include "settings.h"

/* Settings outlive the configuration that made them (running requests hold them), so they own their memory. */
struct config_owned {
    struct settings settings;
    struct arena *arena;
    struct policy **policies; /* one per distinct name */
    const char **names;
    size_t n_policies;
    struct policy_signers signers; /* who may sign policy files */
    struct policy_roster *rosters; /* open while the policies are loaded, which hold on to them */
    size_t n_rosters;
};

/* A copy that lives as long as the settings; NULL for NULL, or when out of memory. */
const char *config_keep(struct config_owned *o, const char *text);
/* The text of a key; what out holds stays where there is none. 0 or -1. */
int config_text(const struct yaml_node *map, const char *key, const char **out, struct diag *d);

/* Each returns 0, or -1 with the mistakes in d. Called in this order; checks are for what was read without one.
 * config_upstreams.c: upstreams with their agreements. */
int config_upstreams(struct config *c, struct config_owned *o, const struct yaml_node *map, struct diag *d);
/* config_policies.c: who may sign policies, rosters, routes with their policies; and whether they fit each other. */
int config_policy_keys(struct config *c, struct config_owned *o, const struct yaml_node *list, struct diag *d);
int config_rosters(struct config *c, struct config_owned *o, const struct yaml_node *list, struct diag *d);
int config_routes(struct config *c, struct config_owned *o, const struct yaml_node *root, struct diag *d);
int config_shadow(struct config *c, struct config_owned *o, const struct yaml_node *root, struct diag *d);
int config_check_routes(const struct config_owned *o, const struct yaml_node *root, struct diag *d);
int config_check_coverage(const struct config_owned *o, const struct yaml_node *root, struct diag *d);
int config_check_monitors(struct config *c, const struct config_owned *o, const struct yaml_node *root, struct diag *d);

#endif
