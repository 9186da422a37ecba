/* SPDX-License-Identifier: Apache-2.0
 *
 * From files to cells. A cell is asked of each file of the chain, nearest first, and in a file of the
 * purpose's own lines before the `actions` of all purposes; in one list of lines the nearer word wins (kind,
 * group, "*"). The first answer holds, and a cell without an answer is a mistake: nothing is decided by
 * silence.
 *
 *   file 0: purposes.billing -> actions     file 1 (extended): purposes.billing -> actions     none: mistake
 */
#include "policy_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "kind_set.h"
#include "policy_bulk.h"
#include "policy_chain.h"
#include "policy_lines.h"
#include "policy_response.h"
#include "policy_restore.h"
#include "policy_scope.h"
#include "yaml_node.h"

/* ---- purposes ---- */

static const struct yaml_node *map_of(const struct policy_chain *chain, size_t file, const char *key) {
    const struct yaml_node *n = yaml_get(policy_chain_root(chain, file), key);
    return n && n->type == YAML_NODE_MAP ? n : NULL;
}

static int purpose_find(const struct policy *p, const char *name, size_t len) {
    for (int u = 1; u < p->n_purposes; u++)
        if (strlen(p->purposes[u]) == len && memcmp(p->purposes[u], name, len) == 0) return u;
    return -1;
}

static void add_purpose(struct policy *p, const struct yaml_node *name, struct diag *d) {
    if (name->len == 0 || name->len > POLICY_NAME_MAX ||
        strspn(name->text, "abcdefghijklmnopqrstuvwxyz0123456789-") != name->len) {
        yaml_error(name, d, "a purpose is 1 to 64 of a-z, 0-9 and '-'");
        return;
    }
    if (purpose_find(p, name->text, name->len) > 0) return;
    if (p->n_purposes > POLICY_PURPOSES_MAX) {
        yaml_error(name, d, "too many purposes: at most %d", POLICY_PURPOSES_MAX);
        return;
    }
    memcpy(p->purposes[p->n_purposes++], name->text, name->len + 1);
}

static void read_purposes(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    p->n_purposes = 1;
    for (size_t f = chain->n; f-- > 0;) {
        const struct yaml_node *map = map_of(chain, f, "purposes");
        for (size_t i = 0; map && i < map->n; i++) {
            add_purpose(p, map->keys[i], d);
            if (map->items[i]->type != YAML_NODE_MAP)
                yaml_error(map->items[i], d,
                           "a purpose needs \"kind: action\" lines, or {} for none of its own");
        }
    }
}

/* ---- cells ---- */

static void fill_from(struct policy *p, int purpose, struct policy_lines *lines, size_t file, struct diag *d) {
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!lines->value[k] || p->cells[purpose][k].line != 0) continue;
        p->cells[purpose][k] = policy_lines_cell(p, lines, k, file, d);
    }
}

static void fill_purpose(struct policy *p, int purpose, const struct policy_chain *chain,
                         struct policy_lines *actions, struct policy_lines *sensitive, struct diag *d) {
    for (size_t f = 0; f < chain->n; f++) {
        struct policy_lines own;
        const struct yaml_node *purposes = map_of(chain, f, "purposes");
        const struct yaml_node *map = purposes ? yaml_get(purposes, p->purposes[purpose]) : NULL;
        policy_lines_read(p, map && map->type == YAML_NODE_MAP ? map : NULL, &own, d);
        fill_from(p, purpose, &own, f, d);
        fill_from(p, purpose, &sensitive[f], f, d);
        fill_from(p, purpose, &actions[f], f, d);
    }
}

static void check_coverage(const struct policy *p, int purpose, const struct policy_chain *chain,
                           struct diag *d) {
    int missing = 0, first = 0;
    for (int k = PHI_KINDS - 1; k > 0; k--) {
        if (kind_is_fixed((enum phi_kind)k) || p->cells[purpose][k].line != 0) continue;
        missing++;
        first = k;
    }
    if (missing == 0) return;
    const struct yaml_node *purposes = policy_chain_get(chain, "purposes");
    const struct yaml_node *at = purpose && purposes ? yaml_get(purposes, p->purposes[purpose]) : NULL;
    const struct yaml_node *actions = policy_chain_get(chain, "actions");
    if (!at) at = actions ? actions : policy_chain_root(chain, 0);
    yaml_error(at, d, "no action for %s%s (%d kinds%s%s)", phi_kind_name((enum phi_kind)first),
               missing > 1 ? " and others" : "", missing, purpose ? ", purpose " : "", p->purposes[purpose]);
}

/* No purpose given: of all purposes the decision that hides most. */
static void fill_none_given(struct policy *p) {
    for (int k = 1; k < PHI_KINDS; k++) {
        struct policy_cell *strictest = &p->cells[1][k];
        for (int u = 2; u < p->n_purposes; u++) {
            struct policy_cell *cell = &p->cells[u][k];
            if (policy_strictness((enum policy_action)cell->action) >
                policy_strictness((enum policy_action)strictest->action))
                strictest = cell;
        }
        p->cells[0][k] = *strictest;
    }
}

static void fix_cells(struct policy *p) {
    for (int u = 0; u < p->n_purposes; u++)
        p->cells[u][PHI_TOKEN_TEXT] = (struct policy_cell){.action = POLICY_TOKENIZE};
}

static void fill_cells(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    struct policy_lines actions[POLICY_CHAIN_MAX], sensitive[POLICY_CHAIN_MAX];
    int first = p->n_purposes > 1 ? 1 : 0;

    for (size_t f = 0; f < chain->n; f++) {
        policy_lines_read(p, map_of(chain, f, "actions"), &actions[f], d);
        policy_lines_sensitive(p, yaml_get(policy_chain_root(chain, f), "sensitive"), &sensitive[f], d);
    }
    for (int u = first; u < p->n_purposes; u++) {
        fill_purpose(p, u, chain, actions, sensitive, d);
        check_coverage(p, u, chain, d);
    }
    if (first == 1) fill_none_given(p);
    fix_cells(p);
}

/* ---- floor, thresholds, switches, reasons ---- */

static void read_floor(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    for (int k = 1; k < PHI_KINDS; k++)
        p->in_floor[k] = kind_in_hard_floor((enum phi_kind)k);
    for (size_t f = 0; f < chain->n; f++) {
        const struct yaml_node *list = yaml_get(policy_chain_root(chain, f), "floor");
        for (size_t i = 0; list && list->type == YAML_NODE_LIST && i < list->n; i++) {
            struct kind_set set;
            const char *word = NULL;
            if (yaml_string(list->items[i], &word, d) != 0 || policy_kinds_read(list->items[i], &set, d) != 0)
                continue;
            for (int k = 1; k < PHI_KINDS; k++)
                p->in_floor[k] |= set.has[k];
        }
    }
}

#define THRESHOLD_DEFAULT 50

static void set_threshold(struct policy *p, const struct yaml_node *value, const struct kind_set *set,
                          long long threshold, struct diag *d) {
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!set->has[k]) continue;
        if (threshold > THRESHOLD_DEFAULT && p->in_floor[k]) {
            yaml_error(value, d,
                       "the threshold of %s may be lowered, not raised above %d: it is in the floor",
                       phi_kind_name((enum phi_kind)k), THRESHOLD_DEFAULT);
            return;
        }
        p->threshold[k] = (uint8_t)threshold;
        if (threshold > THRESHOLD_DEFAULT && phi_kind_letter((enum phi_kind)k) != '-')
            p->detection_weakened = true;
    }
}

/* Farthest file first, so that nearer lines overwrite. */
static void read_thresholds(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    memset(p->threshold, THRESHOLD_DEFAULT, sizeof p->threshold);
    for (size_t f = chain->n; f-- > 0;) {
        const struct yaml_node *map = map_of(chain, f, "thresholds");
        for (size_t i = 0; map && i < map->n; i++) {
            struct kind_set set;
            long long threshold = 0;
            if (policy_kinds_read(map->keys[i], &set, d) != 0) continue;
            if (yaml_int(map->items[i], 0, 100, &threshold, d) != 0) continue;
            set_threshold(p, map->items[i], &set, threshold, d);
        }
    }
}

static int read_word(const struct policy_chain *chain, const char *key, const char *const *words, size_t n,
                     struct diag *d) {
    int word = 0;
    const struct yaml_node *value = policy_chain_get(chain, key);
    if (value && value->type == YAML_NODE_SCALAR) (void)!yaml_enum(value, words, n, &word, d);
    return word;
}

/* The first word of each pair is the zero value, which is the safe one. */
static void read_switches(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    static const char *const modes[] = {"enforce", "monitor"},
                             *const styles[] = {"error", "assistant_message"},
                             *const unscannables[] = {"block", "allow"},
                             *const stored[] = {"block", "batches", "responses", "all"},
                             *const speeches[] = {"block", "mask"},
                             *const details[] = {"balanced", "strict"};
    p->mode = (enum policy_mode)read_word(chain, "mode", modes, 2, d);
    const struct yaml_node *until = policy_chain_get(chain, "monitor_until");
    if (until && until->type == YAML_NODE_SCALAR && yaml_date(until, &p->monitor_until, d) == 0 && p->mode != POLICY_MONITOR)
        yaml_error(until, d, "without `mode: monitor` there is nothing that ends");
    p->block_as_message = read_word(chain, "block_style", styles, 2, d) == 1;
    p->unscannable = (enum policy_unscannable)read_word(chain, "unscannable", unscannables, 2, d);
    p->stored = (unsigned)read_word(chain, "stored", stored, 4, d);
    p->speech = (enum policy_speech)read_word(chain, "speech", speeches, 2, d);
    p->strict_detection = read_word(chain, "detection", details, 2, d) == 1;
}

/* `why` names purposes and kinds; reasons[] gets the kinds that have one, purposes[] likewise. */
static void read_why(const struct policy *p, const struct yaml_node *map, bool *purposes, bool *kinds,
                     struct diag *d) {
    for (size_t i = 0; map && i < map->n; i++) {
        const char *text = NULL;
        struct kind_set set;
        int purpose = purpose_find(p, map->keys[i]->text, map->keys[i]->len);
        if (yaml_string(map->items[i], &text, d) != 0) continue;
        if (text[0] == '\0') yaml_error(map->items[i], d, "an empty reason is none");
        if (purpose > 0) {
            purposes[purpose] = true;
            continue;
        }
        if (kind_set_find(map->keys[i]->text, &set) != 0) {
            yaml_error(map->keys[i], d, "\"%s\" is neither a purpose nor a kind of this policy",
                       map->keys[i]->text);
            continue;
        }
        for (int k = 1; k < PHI_KINDS; k++)
            kinds[k] |= set.has[k];
    }
}

static bool cell_shows(const struct policy_cell *cell) {
    return cell->action == POLICY_FLAG || cell->action == POLICY_ALLOW;
}

static bool kind_shown(const struct policy *p, int kind, struct policy_cell *cell) {
    for (int u = 0; u < p->n_purposes; u++) {
        *cell = p->cells[u][kind];
        if (cell_shows(cell)) return true;
    }
    for (size_t i = 0; i < p->n_scopes; i++) {
        *cell = p->scopes[i].cells[kind];
        if (p->scopes[i].decides[kind] && cell_shows(cell)) return true;
    }
    return false;
}

static void check_why(const struct policy *p, const struct policy_chain *chain, size_t mistakes, struct diag *d) {
    bool purposes[POLICY_PURPOSES_MAX + 1] = {false}, kinds[PHI_KINDS] = {false};

    for (size_t f = 0; f < chain->n; f++)
        read_why(p, map_of(chain, f, "why"), purposes, kinds, d);
    const struct yaml_node *root = policy_chain_root(chain, 0), *why = yaml_get(root, "why"),
                           *at = why ? why : root;
    if (diag_count(d) != mistakes) return; /* which reasons are missing is known once the lines are right */
    for (int u = 1; u < p->n_purposes; u++)
        if (!purposes[u]) yaml_error(at, d, "\"why\" must say what the purpose \"%s\" needs", p->purposes[u]);
    for (int k = 1; k < PHI_KINDS; k++) {
        struct policy_cell cell;
        if (phi_kind_letter((enum phi_kind)k) == '-' || kinds[k] || !kind_shown(p, k, &cell)) continue;
        yaml_error(at, d, "\"why\" must say why %s may leave (line %u)", phi_kind_name((enum phi_kind)k),
                   cell.line);
    }
}

/* ---- public ---- */

static int read_names(struct policy *p, const struct policy_chain *chain) {
    const struct yaml_node *id = yaml_get(policy_chain_root(chain, 0), "id");
    if (id && id->type == YAML_NODE_SCALAR) snprintf(p->id, sizeof p->id, "%s", id->text);
    for (size_t f = 0; f < chain->n; f++) {
        p->files[f] = strdup(policy_chain_root(chain, f)->file);
        if (!p->files[f]) return -1;
    }
    return 0;
}

int policy_table_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    size_t mistakes = diag_count(d);

    if (read_names(p, chain) != 0) {
        yaml_error(policy_chain_root(chain, 0), d, "out of memory");
        return -1;
    }
    read_switches(p, chain, d);
    read_floor(p, chain, d);
    read_thresholds(p, chain, d);
    read_purposes(p, chain, d);
    fill_cells(p, chain, d);
    policy_restore_read(p, chain, d);
    if (policy_scopes_read(p, chain, d) != 0 || policy_bulk_read(p, chain, d) != 0 ||
        policy_override_read(p, chain, d) != 0 || policy_messages_read(p, chain, d) != 0)
        yaml_error(policy_chain_root(chain, 0), d, "out of memory");
    policy_response_read(p, chain, d);
    check_why(p, chain, mistakes, d);
    return diag_count(d) == mistakes ? 0 : -1;
}
