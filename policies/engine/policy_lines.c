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

/* `route:NAME`: the name's number among the routes of the policy. */
static int read_route(struct policy *p, const struct yaml_node *value, uint8_t *route, struct diag *d) {
    const char *name = value->text + 6;
    size_t len = value->len - 6, i = 0;

    if (len == 0 || len > POLICY_NAME_MAX) {
        yaml_error(value, d, "\"route:\" needs the name of an upstream: route:local");
        return -1;
    }
    while (i < p->n_routes && strcmp(p->routes[i], name) != 0)
        i++;
    if (i == POLICY_ROUTES_MAX) {
        yaml_error(value, d, "too many routes: at most %d", POLICY_ROUTES_MAX);
        return -1;
    }
    if (i == p->n_routes) memcpy(p->routes[p->n_routes++], name, len + 1);
    *route = (uint8_t)i;
    return 0;
}

static int read_action(struct policy *p, const struct yaml_node *value, enum policy_action *out, uint8_t *route,
                       struct diag *d) {
    const char *words[POLICY_ACTIONS];
    int word = 0;

    *route = 0;
    for (int a = 0; a < POLICY_ACTIONS; a++)
        words[a] = a == POLICY_ROUTE ? "route:NAME" : policy_action_name((enum policy_action)a);
    if (value->type == YAML_NODE_SCALAR && strncmp(value->text, "route:", 6) == 0) {
        *out = POLICY_ROUTE;
        return read_route(p, value, route, d);
    }
    if (yaml_enum(value, words, POLICY_ACTIONS, &word, d) != 0) return -1;
    *out = (enum policy_action)word;
    return 0;
}

static bool is_sensitive(int kind) {
    return kind >= PHI_SENS_SUD && kind <= PHI_SENS_STATUS;
}

static bool fits_sensitive(enum policy_action a) {
    return a == POLICY_BLOCK || a == POLICY_ROUTE || a == POLICY_FLAG || a == POLICY_ALLOW;
}

/* A category covers meaning, not a value that could be put back. */
static int check_sensitive(const struct kind_set *set, enum policy_action action, const struct yaml_node *value,
                           struct diag *d) {
    if (set->reach == KIND_REACH_ALL || fits_sensitive(action)) return 0;
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k] || !is_sensitive(k)) continue;
        yaml_error(value, d, "%s is a category, not a value; use block, route:NAME, flag or allow",
                   phi_kind_name((enum phi_kind)k));
        return -1;
    }
    return 0;
}

static bool is_date(int kind) {
    return kind >= PHI_DATE_DOB && kind <= PHI_DATE_RELATIVE;
}

/* Distances of dates are no general form of anything else. */
static int check_offset(const struct kind_set *set, enum policy_action action, const struct yaml_node *value,
                        struct diag *d) {
    if (action != POLICY_OFFSET) return 0;
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k] || is_date(k)) continue;
        yaml_error(value, d, "\"offset\" is for dates (DATE.*); use tokenize");
        return -1;
    }
    return 0;
}

/* A number that could be somebody's is no surrogate, and a false date would be taken for a true one. */
static int check_surrogate(const struct kind_set *set, enum policy_action action, const struct yaml_node *value,
                           struct diag *d) {
    if (action != POLICY_SURROGATE || set->reach == KIND_REACH_ALL) return 0;
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k] || policy_has_surrogates((enum phi_kind)k)) continue;
        yaml_error(value, d, "there is no %s that belongs to nobody; use %s", phi_kind_name((enum phi_kind)k),
                   is_date(k) ? "offset or tokenize" : "tokenize");
        return -1;
    }
    return 0;
}

/* "*" says what is to be hidden; how it can be is the kind's. */
static enum policy_action fitting(int kind, enum policy_action action) {
    if (is_sensitive(kind) && !fits_sensitive(action)) return POLICY_BLOCK;
    return action == POLICY_SURROGATE && !policy_has_surrogates((enum phi_kind)kind) ? POLICY_TOKENIZE : action;
}

static void spread(struct policy_lines *lines, const struct kind_set *set, enum policy_action action, uint8_t route,
                   const struct yaml_node *word, const struct yaml_node *value, struct diag *d) {
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k] || (lines->value[k] && lines->reach[k] > set->reach)) continue;
        if (lines->value[k] && lines->reach[k] == set->reach) {
            yaml_error(word, d, "\"%s\" is already decided in line %u", word->text, lines->value[k]->line);
            return;
        }
        lines->value[k] = value;
        lines->action[k] = fitting(k, action);
        lines->route[k] = route;
        lines->reach[k] = set->reach;
    }
}

void policy_lines_read(struct policy *p, const struct yaml_node *map, struct policy_lines *lines, struct diag *d) {
    *lines = (struct policy_lines){.value = {NULL}};
    for (size_t i = 0; map && i < map->n; i++) {
        struct kind_set set;
        enum policy_action action = POLICY_BLOCK;
        uint8_t route;
        int kinds = policy_kinds_read(map->keys[i], &set, d), known = read_action(p, map->items[i], &action, &route, d);
        if (kinds != 0 || known != 0 || check_offset(&set, action, map->items[i], d) != 0 ||
            check_surrogate(&set, action, map->items[i], d) != 0 ||
            check_sensitive(&set, action, map->items[i], d) != 0)
            continue;
        if (set.reach == KIND_REACH_ALL && policy_shows(action)) {
            yaml_error(map->items[i], d,
                       "\"*\" may only hide (block, tokenize, surrogate, mask or drop); name what may leave");
            continue;
        }
        spread(lines, &set, action, route, map->keys[i], map->items[i], d);
    }
}

/* "SUD" is SENS.SUD. */
static int read_category(const struct yaml_node *word, struct kind_set *set, struct diag *d) {
    char name[POLICY_NAME_MAX + 8];

    snprintf(name, sizeof name, "%s%.64s", strncmp(word->text, "SENS.", 5) == 0 ? "" : "SENS.", word->text);
    enum phi_kind kind = phi_kind_find(name, strlen(name));
    if (!is_sensitive((int)kind)) {
        yaml_error(word, d, "\"%s\" is no sensitive category; they are SUD, PSYTHPN, HIV, MENTAL, REPRO, GENDER, ABUSE, STI, "
                            "GENETIC, MINOR and STATUS", word->text);
        return -1;
    }
    *set = (struct kind_set){.reach = KIND_REACH_ONE};
    set->has[kind] = true;
    return 0;
}

void policy_lines_sensitive(struct policy *p, const struct yaml_node *value, struct policy_lines *lines, struct diag *d) {
    struct kind_set set = {.reach = KIND_REACH_GROUP};
    enum policy_action action = POLICY_BLOCK;
    uint8_t route;

    *lines = (struct policy_lines){.value = {NULL}};
    if (!value) return;
    if (value->type == YAML_NODE_MAP) {
        for (size_t i = 0; i < value->n; i++)
            if (read_category(value->keys[i], &set, d) == 0 && read_action(p, value->items[i], &action, &route, d) == 0 &&
                check_sensitive(&set, action, value->items[i], d) == 0)
                spread(lines, &set, action, route, value->keys[i], value->items[i], d);
        return;
    }
    for (int k = PHI_SENS_SUD; k <= PHI_SENS_STATUS; k++)
        set.has[k] = true;
    if (read_action(p, value, &action, &route, d) == 0 && check_sensitive(&set, action, value, d) == 0)
        spread(lines, &set, action, route, value, value, d);
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
