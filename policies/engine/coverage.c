/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is checked when it is read and then asked as it is: the tree of nodes is the table.
 *
 *   arrangements -> zdr -> endpoints -> /v1/chat/completions -> covered
 *                       -> models    -> allow, deny
 *                       -> features  -> store -> not_covered
 *
 *                       -> guards    -> store -> {do: force_false, why, source}
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
    {.name = "guards", .type = YAML_NODE_MAP},
};

static const struct yaml_key guard_keys[] = {
    {.name = "do", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "at", .type = YAML_NODE_LIST},
    {.name = "why", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "source", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "read", .type = YAML_NODE_SCALAR},
};

static const char *const guard_words[] = {"refuse", "force_false", "site", "allow"};
static const char *const guard_names[] = {"store",  "hosted_tool", "stored_object", "remote_url",
                                          "file",   "image",       "audio",         "spoken_answer"};

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
    if (!n) return; /* missing: reported */
    if (yaml_enum(n, state_words, COUNT(state_words), &word, d) != 0 || note || word != STATE_CONDITIONAL)
        return;
    yaml_error(n, d, "a condition must be written down: {state: conditional, note: ...}");
}

static void check_fact(const struct yaml_node *fact, struct diag *d) {
    if (fact->type != YAML_NODE_MAP)
        check_state(fact, false, d);
    else {
        (void)!yaml_check(fact, fact_keys, COUNT(fact_keys), d);
        check_state(yaml_get(fact, "state"), true, d);
    }
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

static const char *key_of(const struct yaml_node *key, const char *const *known, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(key->text, known[i]) == 0) return known[i];
    return NULL;
}

/* Only "store" is a switch that can be turned; the rest is part of the request or is not. */
static void check_guard(const struct yaml_node *key, const struct yaml_node *guard, struct diag *d) {
    const char *name = key_of(key, guard_names, COUNT(guard_names)),
               *nearest = name ? NULL : diag_nearest(key->text, guard_names, COUNT(guard_names));
    const char *text = NULL;
    int word = 0, date = 0;

    if (!name) yaml_error(key, d, "nothing is guarded by the name \"%s\"%s%s%s", key->text, nearest ? "; did you mean \"" : "",
                         nearest ? nearest : "", nearest ? "\"?" : "");
    if (guard->type != YAML_NODE_MAP) {
        yaml_error(guard, d, "a guard is {do: refuse, why: ..., source: ...}");
        return;
    }
    (void)!yaml_check(guard, guard_keys, COUNT(guard_keys), d);
    const struct yaml_node *act = yaml_get(guard, "do"), *read = yaml_get(guard, "read");
    bool turns = act && yaml_enum(act, guard_words, COUNT(guard_words), &word, d) == 0 &&
                 (word == COVERAGE_FORCE_FALSE || word == COVERAGE_SITE);
    if (turns && name && strcmp(name, "store") != 0) yaml_error(act, d, "only \"store\" can be made false; use refuse or allow");
    if (yaml_get(guard, "why")) (void)!yaml_string(yaml_get(guard, "why"), &text, d);
    if (yaml_get(guard, "source")) (void)!yaml_string(yaml_get(guard, "source"), &text, d);
    if (read) (void)!yaml_date(read, &date, d);
    const struct yaml_node *at = yaml_get(guard, "at");
    if (at && at->type == YAML_NODE_LIST) check_texts(at, true, d);
}

static const struct yaml_node *map_at(const struct yaml_node *map, const char *key) {
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->type == YAML_NODE_MAP ? n : NULL;
}

static const struct yaml_node *list_at(const struct yaml_node *map, const char *key) {
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->type == YAML_NODE_LIST ? n : NULL;
}

static void check_arrangement(const struct yaml_node *map, struct diag *d) {
    (void)!yaml_check(map, arrangement_keys, COUNT(arrangement_keys), d);
    if (map->type != YAML_NODE_MAP) return;
    check_facts(map_at(map, "endpoints"), true, d);
    check_facts(map_at(map, "features"), false, d);
    const struct yaml_node *models = map_at(map, "models"), *guards = map_at(map, "guards");
    for (size_t i = 0; guards && i < guards->n; i++)
        check_guard(guards->keys[i], guards->items[i], d);
    if (!models) return;
    (void)!yaml_check(models, model_keys, COUNT(model_keys), d);
    check_texts(list_at(models, "allow"), false, d);
    check_texts(list_at(models, "deny"), false, d);
}

static int check_file(struct coverage *c, struct diag *d) {
    const struct yaml_node *root = yaml_root(c->doc);
    size_t mistakes = diag_count(d);

    (void)!yaml_check(root, file_keys, COUNT(file_keys), d);
    (void)!policy_chain_check_end(root, d);
    const struct yaml_node *vendor = yaml_get(root, "vendor"), *as_of = yaml_get(root, "as_of");
    if (vendor && vendor->type == YAML_NODE_SCALAR) (void)!yaml_string(vendor, &c->vendor, d);
    if (as_of && as_of->type == YAML_NODE_SCALAR) (void)!yaml_date(as_of, &c->as_of, d);
    check_texts(list_at(root, "sources"), true, d);
    const struct yaml_node *arrangements = map_at(root, "arrangements");
    for (size_t i = 0; arrangements && i < arrangements->n; i++)
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

enum coverage_guard coverage_guard(const struct coverage *c, const char *arrangement, const char *what, const char *endpoint,
                                   const char **why) {
    const char *reason = NULL;
    const struct yaml_node *found = c ? arrangement_find(c, arrangement, &reason) : NULL;
    const struct yaml_node *guard = found ? yaml_get(found, "guards") : NULL;

    *why = NULL;
    guard = guard ? yaml_get(guard, what) : NULL;
    if (!guard) return COVERAGE_REFUSE;
    *why = yaml_get(guard, "why")->text;
    const struct yaml_node *at = yaml_get(guard, "at");
    for (size_t i = 0; at && i < at->n; i++)
        if (strcmp(at->items[i]->text, endpoint) == 0) at = NULL;
    for (size_t i = 0; !at && i < COUNT(guard_words); i++)
        if (strcmp(yaml_get(guard, "do")->text, guard_words[i]) == 0) return (enum coverage_guard)i;
    return COVERAGE_REFUSE; /* it holds elsewhere */
}

const char *coverage_guard_name(size_t i) {
    return i < COUNT(guard_names) ? guard_names[i] : NULL;
}

static bool globs_overlap(const char *a, const char *b);

/* a begins with '*': it takes nothing, or the next of b. */
static bool globs_overlap_star(const char *a, const char *b) {
    if (globs_overlap(a + 1, b)) return true;
    return *b != '\0' && globs_overlap(a, b + 1);
}

/* Both with '*': do they have a text in common? */
static bool globs_overlap(const char *a, const char *b) {
    if (*a == '*') return globs_overlap_star(a, b);
    if (*b == '*') return globs_overlap_star(b, a);
    if (*a == '\0' || *b == '\0') return *a == *b;
    return *a == *b && globs_overlap(a + 1, b + 1);
}

int coverage_overlaps(const struct coverage *c, const char *arrangement, const char *model_glob, const char **reason) {
    const struct yaml_node *found = arrangement_find(c, arrangement, reason);
    if (!found) return -1;
    const struct yaml_node *allow = yaml_get(yaml_get(found, "models"), "allow");
    if (!strchr(model_glob, '*')) {
        struct span name = span_of(model_glob);
        bool denied = any_glob(yaml_get(yaml_get(found, "models"), "deny"), name);
        if (!denied && any_glob(allow, name)) return 0;
    }
    for (size_t i = 0; strchr(model_glob, '*') && i < allow->n; i++)
        if (globs_overlap(model_glob, allow->items[i]->text)) return 0;
    *reason = "model_not_covered";
    return -1;
}
