/* SPDX-License-Identifier: Apache-2.0
 *
 * "*" may only hide, so that a kind that a later version adds is hidden too, and what leaves is named.
 */
#include "policy_lines.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "yaml_node.h"

int policy_kinds_read(const struct yaml_node *word, struct kind_set *set, struct diag *d) {
    char nearest[POLICY_NAME_MAX];

    if (kind_set_find(word->text, set) == 0) return 0;
    if (phi_kind_find(word->text, word->len) != PHI_NONE)
        yaml_error(word, d, "%s is text that looks like a token; it is always tokenized", word->text);
    else if (kind_set_nearest(word->text, nearest, sizeof nearest))
        yaml_error(word, d, "unknown kind \"%s\"; did you mean \"%s\"?", word->text, nearest);
    else
        yaml_error(word, d, "unknown kind \"%s\"", word->text);
    return -1;
}

static int read_action(const struct yaml_node *value, enum policy_action *out, struct diag *d) {
    static const char *const later[] = {"surrogate", "offset", "route"};
    const char *words[POLICY_ACTIONS];
    int word = 0;

    for (int a = 0; a < POLICY_ACTIONS; a++)
        words[a] = policy_action_name((enum policy_action)a);
    for (size_t i = 0; value->type == YAML_NODE_SCALAR && i < sizeof later / sizeof *later; i++) {
        if (strncmp(value->text, later[i], strlen(later[i])) != 0) continue;
        yaml_error(value, d, "the action \"%s\" is not available in this version", later[i]);
        return -1;
    }
    if (yaml_enum(value, words, POLICY_ACTIONS, &word, d) != 0) return -1;
    *out = (enum policy_action)word;
    return 0;
}

static void spread(struct policy_lines *lines, const struct kind_set *set, enum policy_action action,
                   const struct yaml_node *word, const struct yaml_node *value, struct diag *d) {
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k] || (lines->value[k] && lines->reach[k] > set->reach)) continue;
        if (lines->value[k] && lines->reach[k] == set->reach) {
            yaml_error(word, d, "\"%s\" is already decided in line %u", word->text, lines->value[k]->line);
            return;
        }
        lines->value[k] = value;
        lines->action[k] = action;
        lines->reach[k] = set->reach;
    }
}

void policy_lines_read(struct policy *p, const struct yaml_node *map, struct policy_lines *lines, struct diag *d) {
    (void)p;
    *lines = (struct policy_lines){.value = {NULL}};
    for (size_t i = 0; map && i < map->n; i++) {
        struct kind_set set;
        enum policy_action action = POLICY_BLOCK;
        int kinds = policy_kinds_read(map->keys[i], &set, d), known = read_action(map->items[i], &action, d);
        if (kinds != 0 || known != 0) continue;
        if (set.reach == KIND_REACH_ALL && policy_shows(action)) {
            yaml_error(map->items[i], d,
                       "\"*\" may only hide (block, tokenize, mask or drop); name what may leave");
            continue;
        }
        spread(lines, &set, action, map->keys[i], map->items[i], d);
    }
}

static void check_floor(const struct policy *p, int kind, struct policy_lines *lines, struct diag *d) {
    if (!p->in_floor[kind] || !policy_shows(lines->action[kind]) || lines->reported[kind]) return;
    const char *why = kind_in_hard_floor((enum phi_kind)kind) ? "in any policy" : "because of \"floor\"";
    yaml_error(lines->value[kind], d, "%s may not leave in clear %s; use block, tokenize, mask or drop",
               phi_kind_name((enum phi_kind)kind), why);
    lines->reported[kind] = true;
}

struct policy_cell policy_lines_cell(const struct policy *p, struct policy_lines *lines, int kind, size_t file,
                                     struct diag *d) {
    check_floor(p, kind, lines, d);
    return (struct policy_cell){.action = (uint8_t)lines->action[kind],
                                .file = (uint8_t)file,
                                .route = lines->route[kind],
                                .line = lines->value[kind]->line};
}
