/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is checked when it is read and then asked as it is: the tree of nodes is the table.
 *
 *   arrangements -> zdr -> endpoints -> /v1/chat/completions -> covered
 *                       -> models    -> allow, deny
 *                       -> features  -> store -> not_covered
 *
 * "conditional" means that something outside the gateway must hold. It counts as not covered until a site's
 * own file says "covered".
 */
#include "coverage.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/span.h"
#include "diag.h"
#include "policy_chain.h"
#include "yaml_node.h"

struct coverage {
    struct yaml_doc *doc;
    const char *vendor;
    int as_of;
};

enum state { STATE_NOT_COVERED = 0, STATE_CONDITIONAL, STATE_COVERED };

static const char *const state_words[] = {"not_covered", "conditional", "covered"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct yaml_key file_keys[] = {
    {.name = "id", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "vendor", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "as_of", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "sources", .type = YAML_NODE_LIST, .required = true},
    {.name = "arrangements", .type = YAML_NODE_MAP, .required = true},
    {.name = "end", .type = YAML_NODE_SCALAR, .required = true},
};

static const struct yaml_key arrangement_keys[] = {
    {.name = "note", .type = YAML_NODE_SCALAR},
    {.name = "endpoints", .type = YAML_NODE_MAP, .required = true},
    {.name = "models", .type = YAML_NODE_MAP, .required = true},
    {.name = "features", .type = YAML_NODE_MAP},
};

static const struct yaml_key model_keys[] = {
    {.name = "allow", .type = YAML_NODE_LIST, .required = true},
    {.name = "deny", .type = YAML_NODE_LIST},
};

static const struct yaml_key fact_keys[] = {
    {.name = "state", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "note", .type = YAML_NODE_SCALAR, .required = true},
};

/* ---- checking ---- */

static void check_state(const struct yaml_node *n, bool note, struct diag *d) {
    int word = 0;
    if (yaml_enum(n, state_words, COUNT(state_words), &word, d) != 0 || note || word != STATE_CONDITIONAL)
        return;
    yaml_error(n, d, "a condition must be written down: {state: conditional, note: ...}");
}

static void check_fact(const struct yaml_node *fact, struct diag *d) {
    if (fact->type != YAML_NODE_MAP)
        check_state(fact, false, d);
    else if (yaml_check(fact, fact_keys, COUNT(fact_keys), d) == 0)
        check_state(yaml_get(fact, "state"), true, d);
}

static void check_facts(const struct yaml_node *map, bool endpoints, struct diag *d) {
    for (size_t i = 0; map && i < map->n; i++) {
        if (endpoints && map->keys[i]->text[0] != '/')
            yaml_error(map->keys[i], d, "an endpoint begins with '/'");
        check_fact(map->items[i], d);
    }
}

static void check_texts(const struct yaml_node *list, bool needed, struct diag *d) {
    const char *text = NULL;
    if (list && needed && list->n == 0) yaml_error(list, d, "the list is empty");
    for (size_t i = 0; list && i < list->n; i++)
        if (yaml_string(list->items[i], &text, d) == 0 && text[0] == '\0')
            yaml_error(list->items[i], d, "an empty text");
}

static void check_arrangement(const struct yaml_node *map, struct diag *d) {
    if (yaml_check(map, arrangement_keys, COUNT(arrangement_keys), d) != 0) return;
    check_facts(yaml_get(map, "endpoints"), true, d);
    check_facts(yaml_get(map, "features"), false, d);
    const struct yaml_node *models = yaml_get(map, "models");
    if (yaml_check(models, model_keys, COUNT(model_keys), d) != 0) return;
    check_texts(yaml_get(models, "allow"), false, d);
    check_texts(yaml_get(models, "deny"), false, d);
}

static int check_file(struct coverage *c, struct diag *d) {
    const struct yaml_node *root = yaml_root(c->doc);
    size_t mistakes = diag_count(d);

    if (yaml_check(root, file_keys, COUNT(file_keys), d) != 0) return -1;
    (void)!policy_chain_check_end(root, d);
    (void)!yaml_string(yaml_get(root, "vendor"), &c->vendor, d);
    (void)!yaml_date(yaml_get(root, "as_of"), &c->as_of, d);
    check_texts(yaml_get(root, "sources"), true, d);
    const struct yaml_node *arrangements = yaml_get(root, "arrangements");
    for (size_t i = 0; i < arrangements->n; i++)
        check_arrangement(arrangements->items[i], d);
    return diag_count(d) == mistakes ? 0 : -1;
}

static struct coverage *coverage_new(struct yaml_doc *doc, struct diag *d) {
    if (!doc) return NULL;
    struct coverage *c = calloc(1, sizeof *c);
    if (!c) {
        yaml_error(yaml_root(doc), d, "out of memory");
        yaml_doc_free(doc);
        return NULL;
    }
    c->doc = doc;
    if (check_file(c, d) == 0) return c;
    coverage_free(c);
    return NULL;
}

struct coverage *coverage_load_file(const char *path, struct diag *d) {
    return coverage_new(yaml_load_file(path, d), d);
}

struct coverage *coverage_load_text(const char *name, const char *text, size_t len, struct diag *d) {
    return coverage_new(yaml_load_text(name, text, len, d), d);
}

void coverage_free(struct coverage *c) {
    if (!c) return;
    yaml_doc_free(c->doc);
    free(c);
}

const char *coverage_vendor(const struct coverage *c) {
    return c->vendor;
}

int coverage_as_of(const struct coverage *c) {
    return c->as_of;
}

/* ---- asking ---- */

static enum state state_of(const struct yaml_node *facts, const char *name) {
    const struct yaml_node *fact = yaml_get(facts, name);
    if (fact && fact->type == YAML_NODE_MAP) fact = yaml_get(fact, "state");
    for (size_t i = 0; fact && i < COUNT(state_words); i++)
        if (strcmp(fact->text, state_words[i]) == 0) return (enum state)i;
    return STATE_NOT_COVERED;
}

static int answer(enum state state, const char *not_covered, const char *conditional, const char **reason) {
    switch (state) {
    case STATE_COVERED:
        return 0;
    case STATE_CONDITIONAL:
        *reason = conditional;
        return -1;
    case STATE_NOT_COVERED:
        break;
    }
    *reason = not_covered;
    return -1;
}

static bool any_glob(const struct yaml_node *list, struct span model) {
    for (size_t i = 0; list && i < list->n; i++)
        if (span_glob(model, list->items[i]->text)) return true;
    return false;
}

static const struct yaml_node *arrangement_find(const struct coverage *c, const char *name,
                                                const char **reason) {
    const struct yaml_node *found = yaml_get(yaml_get(yaml_root(c->doc), "arrangements"), name);
    if (!found) *reason = "arrangement_unknown";
    return found;
}

int coverage_check(const struct coverage *c, const char *arrangement, const char *endpoint, const char *model,
                   size_t model_len, const char **reason) {
    const struct yaml_node *found = arrangement_find(c, arrangement, reason);
    if (!found) return -1;
    if (answer(state_of(yaml_get(found, "endpoints"), endpoint), "endpoint_not_covered",
               "endpoint_conditional", reason) != 0)
        return -1;
    if (!model) return 0;

    const struct yaml_node *models = yaml_get(found, "models");
    struct span name = span_make(model, model_len);
    bool denied = any_glob(yaml_get(models, "deny"), name),
         allowed = any_glob(yaml_get(models, "allow"), name);
    if (model_len > 0 && allowed && !denied) return 0;
    *reason = "model_not_covered";
    return -1;
}

int coverage_check_feature(const struct coverage *c, const char *arrangement, const char *feature,
                           const char **reason) {
    const struct yaml_node *found = arrangement_find(c, arrangement, reason);
    if (!found) return -1;
    return answer(state_of(yaml_get(found, "features"), feature), "feature_not_covered",
                  "feature_conditional", reason);
}
