/* SPDX-License-Identifier: Apache-2.0
 *
 * One list of lines, as everywhere the nearer word wins: kind, then group, then "*". In monitor mode nothing is held back or
 * changed: what would be is counted.
 */
#include "policy_response.h"

#include "diag.h"
#include "kind_set.h"
#include "policy_chain.h"
#include "policy_lines.h"
#include "policy_table.h"
#include "yaml_node.h"

static const char *const names[] = {"block", "mask", "monitor", "pass"};

const char *policy_response_name(enum policy_response r) {
    return names[(unsigned)r < POLICY_RESPONSES ? r : POLICY_RESPONSE_BLOCK];
}

static void read_line(struct policy *p, const struct yaml_node *key, const struct yaml_node *value, enum kind_reach reach[PHI_KINDS],
                      struct diag *d) {
    struct kind_set set;
    int word = 0;

    if (policy_kinds_read(key, &set, d) != 0 || yaml_enum(value, names, sizeof names / sizeof *names, &word, d) != 0) return;
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set.has[k] || set.reach < reach[k]) continue;
        reach[k] = set.reach;
        p->response.action[k] = (uint8_t)word;
    }
}

void policy_response_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    const struct yaml_node *map = policy_chain_get(chain, "response");
    enum kind_reach reach[PHI_KINDS] = {KIND_REACH_NONE};

    if (!map || map->type != YAML_NODE_MAP) return;
    p->response.present = true;
    for (int k = 0; k < PHI_KINDS; k++)
        p->response.action[k] = POLICY_RESPONSE_PASS;
    for (size_t i = 0; i < map->n; i++)
        read_line(p, map->keys[i], map->items[i], reach, d);
}

enum policy_response policy_response(const struct policy *p, enum phi_kind kind) {
    if (!p->response.present || kind_is_fixed(kind)) return POLICY_RESPONSE_PASS;
    enum policy_response r = (enum policy_response)p->response.action[kind];
    bool changes = r == POLICY_RESPONSE_BLOCK || r == POLICY_RESPONSE_MASK;
    return changes && policy_mode(p) == POLICY_MONITOR ? POLICY_RESPONSE_MONITOR : r;
}

static bool any_up_to(const struct policy *p, enum policy_response most) {
    for (int k = 1; k < PHI_KINDS; k++)
        if (policy_response(p, (enum phi_kind)k) <= most) return true;
    return false;
}

bool policy_response_is_silent(const struct policy *p) {
    return !any_up_to(p, POLICY_RESPONSE_MONITOR);
}

bool policy_response_holds(const struct policy *p) {
    return any_up_to(p, POLICY_RESPONSE_MASK);
}
