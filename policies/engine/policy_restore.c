/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole name goes before one with '*'; of two with '*' the one that is written first. The nearest file that has the key
 * speaks alone.
 */
#include "policy_restore.h"

#include <stdio.h>
#include <string.h>

#include "../../proxy/span.h"
#include "diag.h"
#include "policy_chain.h"
#include "yaml_node.h"

static void read_tool(struct policy *p, const struct yaml_node *name, const struct yaml_node *value, struct diag *d) {
    static const char *const words[] = {"tokens", "values"};
    int word = 0;

    if (name->len == 0 || name->len > POLICY_NAME_MAX) {
        yaml_error(name, d, "the name of a tool has 1 to %d bytes; '*' stands for any", POLICY_NAME_MAX);
        return;
    }
    if (yaml_enum(value, words, 2, &word, d) != 0) return;
    if (p->n_tools == POLICY_TOOLS_MAX) {
        yaml_error(name, d, "too many tools: at most %d", POLICY_TOOLS_MAX);
        return;
    }
    struct policy_tool *t = &p->tools[p->n_tools++];
    snprintf(t->name, sizeof t->name, "%s", name->text);
    t->off = word == 0;
}

void policy_restore_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "tools", .type = YAML_NODE_MAP, .required = true}};
    const struct yaml_node *map = policy_chain_get(chain, "restore");

    if (!map || map->type != YAML_NODE_MAP) return;
    (void)!yaml_check(map, keys, 1, d);
    const struct yaml_node *tools = yaml_get(map, "tools");
    for (size_t i = 0; tools && tools->type == YAML_NODE_MAP && i < tools->n; i++)
        read_tool(p, tools->keys[i], tools->items[i], d);
}

bool policy_restores_all_tools(const struct policy *p) {
    for (size_t i = 0; i < p->n_tools; i++)
        if (p->tools[i].off) return false;
    return true;
}

bool policy_restores_tool(const struct policy *p, const char *name, size_t len) {
    if (policy_restores_all_tools(p)) return true;
    if (len == 0) return false; /* not known: it could be one that is off */
    for (size_t i = 0; i < p->n_tools; i++)
        if (strlen(p->tools[i].name) == len && memcmp(p->tools[i].name, name, len) == 0) return !p->tools[i].off;
    for (size_t i = 0; i < p->n_tools; i++)
        if (strchr(p->tools[i].name, '*') && span_glob(span_make(name, len), p->tools[i].name)) return !p->tools[i].off;
    return true;
}
