/* SPDX-License-Identifier: Apache-2.0
 *
 *   bulk: {patients: 1, encounters: 20, action: block, purposes: {research: allow}}
 *   messages: {phi_blocked: "...", SENS.*: "..."}
 *
 *   override: {reasons: [emergency], second_person: true, floor: false}
 *
 * Each is taken whole from the nearest file that has them.
 */
#include "policy_bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "policy_chain.h"
#include "policy_lines.h"
#include "yaml_node.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- bulk ---- */

static const struct yaml_key bulk_keys[] = {{.name = "patients"},
                                            {.name = "encounters"},
                                            {.name = "action"},
                                            {.name = "purposes", .type = YAML_NODE_MAP}};

static int read_limit(const struct yaml_node *bulk, const char *key, uint32_t *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(bulk, key);
    long long value = 0;

    if (n && yaml_int(n, 1, 1000000, &value, d) != 0) return -1;
    *out = (uint32_t)value;
    return 0;
}

static int read_bulk_action(const struct yaml_node *n, uint8_t *out, struct diag *d) {
    static const char *const words[] = {"block", "flag", "allow"};
    static const enum policy_action actions[] = {POLICY_BLOCK, POLICY_FLAG, POLICY_ALLOW};
    int word = 0;

    if (n && yaml_enum(n, words, COUNT(words), &word, d) != 0) return -1;
    *out = (uint8_t)actions[word];
    return 0;
}

static void read_bulk_purposes(struct policy *p, const struct yaml_node *map, struct diag *d) {
    for (size_t i = 0; map && i < map->n; i++) {
        int purpose = policy_purpose(p, map->keys[i]->text, map->keys[i]->len);
        if (purpose > 0)
            (void)read_bulk_action(map->items[i], &p->bulk.action[purpose], d);
        else
            yaml_error(map->keys[i], d, "the policy has no purpose \"%s\"", map->keys[i]->text);
    }
}

int policy_bulk_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    const struct yaml_node *bulk = policy_chain_get(chain, "bulk");
    uint8_t action = POLICY_BLOCK;

    if (!bulk || bulk->type != YAML_NODE_MAP) return 0;
    size_t mistakes = diag_count(d);
    (void)!yaml_check(bulk, bulk_keys, COUNT(bulk_keys), d);
    (void)read_limit(bulk, "patients", &p->bulk.patients, d);
    (void)read_limit(bulk, "encounters", &p->bulk.encounters, d);
    (void)read_bulk_action(yaml_get(bulk, "action"), &action, d);
    if (diag_count(d) == mistakes && !p->bulk.patients && !p->bulk.encounters)
        yaml_error(bulk, d, "\"bulk\" needs a number of patients or of encounters");
    memset(p->bulk.action, action, sizeof p->bulk.action);
    read_bulk_purposes(p, yaml_map(bulk, "purposes"), d);
    for (int u = 1; u < p->n_purposes; u++)
        if (u == 1 || policy_strictness((enum policy_action)p->bulk.action[u]) >
                          policy_strictness((enum policy_action)p->bulk.action[0]))
            p->bulk.action[0] = p->bulk.action[u];
    return 0;
}

/* ---- override ---- */

static void read_reason(struct policy *p, const struct yaml_node *n, struct diag *d) {
    const char *word = NULL;

    if (yaml_string(n, &word, d) != 0) return;
    if (n->len < 3 || n->len > POLICY_NAME_MAX || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != n->len)
        yaml_error(n, d, "a reason is 3 to %d of a-z, 0-9 and '-': it stands in the audit log", POLICY_NAME_MAX);
    else if (p->override.n_reasons == POLICY_REASONS_MAX)
        yaml_error(n, d, "too many reasons: at most %d", POLICY_REASONS_MAX);
    else
        memcpy(p->override.reasons[p->override.n_reasons++], word, n->len + 1);
}

int policy_override_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "reasons", .type = YAML_NODE_LIST, .required = true},
                                           {.name = "second_person"},
                                           {.name = "floor"}};
    const struct yaml_node *map = policy_chain_get(chain, "override");

    if (!map || map->type != YAML_NODE_MAP) return 0;
    (void)!yaml_check(map, keys, COUNT(keys), d);
    const struct yaml_node *reasons = yaml_list(map, "reasons"), *second = yaml_get(map, "second_person"),
                           *floor = yaml_get(map, "floor");
    for (size_t i = 0; reasons && i < reasons->n; i++)
        read_reason(p, reasons->items[i], d);
    if (reasons && reasons->n == 0) yaml_error(reasons, d, "an override needs at least one reason that may be given");
    if (second) (void)!yaml_bool(second, &p->override.second_person, d);
    if (floor) (void)!yaml_bool(floor, &p->override.floor, d);
    p->override.present = true;
    return 0;
}

/* ---- messages ---- */

/* The refusals that a policy has a say in. */
static const char *const codes[] = {"phi_blocked",         "unscannable_input", "purpose_unknown",
                                    "purpose_not_allowed", "no_agreement",      "feature_not_covered",
                                    "override_not_allowed"};

static bool is_code(const char *word) {
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(word, codes[i]) == 0) return true;
    return false;
}

static int read_message_word(const struct yaml_node *word, struct policy_message *m, struct diag *d) {
    struct kind_set set;

    if (is_code(word->text)) {
        snprintf(m->code, sizeof m->code, "%s", word->text);
        return 0;
    }
    const char *nearest = diag_nearest(word->text, codes, COUNT(codes));
    if (nearest) {
        yaml_error(word, d, "unknown code \"%s\"; did you mean \"%s\"?", word->text, nearest);
        return -1;
    }
    if (policy_kinds_read(word, &set, d) != 0) return -1;
    memcpy(m->kinds, set.has, sizeof m->kinds);
    m->reach = (uint8_t)set.reach;
    return 0;
}

static int read_message_text(const struct yaml_node *n, char **out, struct diag *d) {
    const char *text = NULL;

    if (yaml_string(n, &text, d) != 0) return -1;
    if (n->len == 0 || n->len > POLICY_MESSAGE_LEN_MAX) {
        yaml_error(n, d, "a message has 1 to %d bytes", POLICY_MESSAGE_LEN_MAX);
        return -1;
    }
    *out = strdup(text);
    return *out ? 0 : -1;
}

int policy_messages_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    const struct yaml_node *map = policy_chain_get(chain, "messages");

    if (!map || map->type != YAML_NODE_MAP) return 0;
    if (map->n > POLICY_MESSAGES_MAX) {
        yaml_error(map, d, "too many messages: at most %d", POLICY_MESSAGES_MAX);
        return 0;
    }
    p->messages = calloc(map->n + 1, sizeof *p->messages);
    if (!p->messages) return -1;
    for (size_t i = 0; i < map->n; i++) {
        struct policy_message m = {.text = NULL};
        if (read_message_word(map->keys[i], &m, d) != 0 || read_message_text(map->items[i], &m.text, d) != 0) continue;
        p->messages[p->n_messages++] = m;
    }
    return 0;
}

void policy_messages_free(struct policy *p) {
    for (size_t i = 0; i < p->n_messages; i++)
        free(p->messages[i].text);
    free(p->messages);
}

const char *policy_message(const struct policy *p, const char *code, enum phi_kind kind) {
    const struct policy_message *best = NULL;

    for (size_t i = 0; i < p->n_messages; i++) {
        const struct policy_message *m = &p->messages[i];
        bool fits = m->reach ? kind > PHI_NONE && kind < PHI_KINDS && m->kinds[kind] : strcmp(m->code, code) == 0;
        if (fits && (!best || m->reach > best->reach)) best = m;
    }
    return best ? best->text : NULL;
}
