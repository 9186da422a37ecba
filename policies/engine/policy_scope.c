/* SPDX-License-Identifier: Apache-2.0
 *
 *   file 0: scopes -> purposes.billing -> actions     file 1: scopes -> purposes.billing -> actions
 *
 * A cell knows the file that decided it, so a scope goes before a cell when its file is the same or a nearer one.
 * `parts` is short for scopes that ask for a part only; they come after the scopes of their file.
 */
#include "policy_scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/span.h"
#include "diag.h"
#include "policy_chain.h"
#include "policy_lines.h"
#include "yaml_node.h"

const char *const policy_part_names[POLICY_PARTS] = {"other", "system", "user", "assistant", "tool", "schema", "metadata"};

static const struct yaml_key scope_keys[] = {{.name = "name", .required = true},
                                             {.name = "when", .type = YAML_NODE_MAP, .required = true},
                                             {.name = "actions", .type = YAML_NODE_MAP, .required = true}};

static const struct yaml_key when_keys[] = {
    {.name = "purpose", .any_type = true},  {.name = "role", .any_type = true},  {.name = "user", .any_type = true},
    {.name = "upstream", .any_type = true}, {.name = "model", .any_type = true}, {.name = "part", .any_type = true},
    {.name = "language", .any_type = true}};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- conditions ---- */

/* A word, or a list of words. */
static size_t word_count(const struct yaml_node *n) {
    return n->type == YAML_NODE_LIST ? n->n : 1;
}

static const struct yaml_node *word_at(const struct yaml_node *n, size_t i) {
    return n->type == YAML_NODE_LIST ? n->items[i] : n;
}

static int check_words(const struct yaml_node *n, struct diag *d) {
    const char *word = NULL;
    int rc = 0;

    if (n->type == YAML_NODE_LIST && n->n == 0) {
        yaml_error(n, d, "an empty list fits nothing; leave the line out to fit all");
        return -1;
    }
    for (size_t i = 0; i < word_count(n); i++)
        if (yaml_string(word_at(n, i), &word, d) != 0) rc = -1;
    return rc;
}

static void read_free_words(const struct yaml_node *when, const char *key, char ***out, struct diag *d) {
    const struct yaml_node *n = yaml_get(when, key);

    if (!n || check_words(n, d) != 0) return;
    *out = calloc(word_count(n) + 1, sizeof **out);
    for (size_t i = 0; *out && i < word_count(n); i++)
        (*out)[i] = strdup(word_at(n, i)->text);
    if (!*out) yaml_error(n, d, "out of memory");
}

static void read_parts(const struct yaml_node *n, uint32_t *out, struct diag *d) {
    int part = 0;

    if (!n || check_words(n, d) != 0) return;
    for (size_t i = 0; i < word_count(n); i++)
        if (yaml_enum(word_at(n, i), policy_part_names, POLICY_PARTS, &part, d) == 0) *out |= 1u << part;
}

static void read_languages(const struct yaml_node *n, uint32_t *out, struct diag *d) {
    int language = 0;

    if (!n || check_words(n, d) != 0) return;
    for (size_t i = 0; i < word_count(n); i++)
        if (yaml_enum(word_at(n, i), language_names + 1, LANGUAGES - 1, &language, d) == 0) *out |= 1u << (language + 1);
}

static void unknown_purpose(const struct policy *p, const struct yaml_node *word, struct diag *d) {
    const char *known[POLICY_PURPOSES_MAX];
    size_t n = 0;

    for (int u = 1; u < p->n_purposes; u++)
        known[n++] = p->purposes[u];
    const char *nearest = diag_nearest(word->text, known, n);
    if (nearest)
        yaml_error(word, d, "unknown purpose \"%s\"; did you mean \"%s\"?", word->text, nearest);
    else
        yaml_error(word, d, "the policy has no purpose \"%s\"", word->text);
}

static void read_when_purposes(const struct policy *p, const struct yaml_node *n, uint64_t *out, struct diag *d) {
    if (!n || check_words(n, d) != 0) return;
    for (size_t i = 0; i < word_count(n); i++) {
        const struct yaml_node *word = word_at(n, i);
        int purpose = policy_purpose(p, word->text, word->len);
        if (purpose > 0) *out |= (uint64_t)1 << purpose;
        else unknown_purpose(p, word, d);
    }
}

static void read_when(const struct policy *p, const struct yaml_node *when, struct policy_scope *s, struct diag *d) {
    (void)!yaml_check(when, when_keys, COUNT(when_keys), d);
    if (when->n == 0) yaml_error(when, d, "a scope needs a condition; what always holds stands in \"actions\"");
    read_when_purposes(p, yaml_get(when, "purpose"), &s->purposes, d);
    read_parts(yaml_get(when, "part"), &s->parts, d);
    read_languages(yaml_get(when, "language"), &s->languages, d);
    read_free_words(when, "role", &s->roles, d);
    read_free_words(when, "user", &s->users, d);
    read_free_words(when, "upstream", &s->upstreams, d);
    read_free_words(when, "model", &s->models, d);
}

/* ---- scopes ---- */

static struct policy_scope *add_scope(struct policy *p, const struct yaml_node *at, size_t file, struct diag *d) {
    if (p->n_scopes == POLICY_SCOPES_MAX) {
        yaml_error(at, d, "too many scopes: at most %d", POLICY_SCOPES_MAX);
        return NULL;
    }
    struct policy_scope *s = &p->scopes[p->n_scopes++];
    s->file = (uint8_t)file;
    return s;
}

static void read_scope_actions(struct policy *p, const struct yaml_node *map, struct policy_scope *s, struct diag *d) {
    struct policy_lines lines;

    policy_lines_read(p, map, &lines, d);
    for (int k = 1; k < PHI_KINDS; k++) {
        if (!lines.value[k]) continue;
        s->decides[k] = true;
        s->cells[k] = policy_lines_cell(p, &lines, k, s->file, d);
    }
}

static void read_name(const struct policy *p, const struct yaml_node *n, struct policy_scope *s, struct diag *d) {
    const char *name = NULL;

    if (yaml_string(n, &name, d) != 0) return;
    if (n->len == 0 || n->len > POLICY_NAME_MAX || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n->len) {
        yaml_error(n, d, "a name is 1 to 64 of a-z, 0-9 and '-'");
        return;
    }
    for (size_t i = 0; i < p->n_scopes; i++)
        if (strcmp(p->scopes[i].name, name) == 0) yaml_error(n, d, "a scope of this name stands already");
    memcpy(s->name, name, n->len + 1);
}

static void read_scope(struct policy *p, const struct yaml_node *n, size_t file, struct diag *d) {
    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "expected a scope: {name: ..., when: {...}, actions: {...}}");
        return;
    }
    (void)!yaml_check(n, scope_keys, COUNT(scope_keys), d);
    struct policy_scope *s = add_scope(p, n, file, d);
    const struct yaml_node *when = yaml_get(n, "when"), *actions = yaml_get(n, "actions");
    if (!s) return;
    if (yaml_get(n, "name")) read_name(p, yaml_get(n, "name"), s, d);
    if (when && when->type == YAML_NODE_MAP) read_when(p, when, s, d);
    if (actions && actions->type == YAML_NODE_MAP) read_scope_actions(p, actions, s, d);
}

static void read_part(struct policy *p, const struct yaml_node *word, const struct yaml_node *map, size_t file,
                      struct diag *d) {
    int part = 0;

    if (yaml_enum(word, policy_part_names, POLICY_PARTS, &part, d) != 0) return;
    if (map->type != YAML_NODE_MAP) {
        yaml_error(map, d, "a part needs \"kind: action\" lines");
        return;
    }
    struct policy_scope *s = add_scope(p, word, file, d);
    if (!s) return;
    snprintf(s->name, sizeof s->name, "parts.%s", word->text);
    s->parts = 1u << part;
    read_scope_actions(p, map, s, d);
}

static void read_file(struct policy *p, const struct yaml_node *root, size_t file, struct diag *d) {
    const struct yaml_node *scopes = yaml_get(root, "scopes"), *parts = yaml_get(root, "parts");

    for (size_t i = 0; scopes && scopes->type == YAML_NODE_LIST && i < scopes->n; i++)
        read_scope(p, scopes->items[i], file, d);
    for (size_t i = 0; parts && parts->type == YAML_NODE_MAP && i < parts->n; i++)
        read_part(p, parts->keys[i], parts->items[i], file, d);
}

static bool any_scopes(const struct policy_chain *chain) {
    return policy_chain_get(chain, "scopes") || policy_chain_get(chain, "parts");
}

int policy_scopes_read(struct policy *p, const struct policy_chain *chain, struct diag *d) {
    if (!any_scopes(chain)) return 0;
    p->scopes = calloc(POLICY_SCOPES_MAX, sizeof *p->scopes);
    if (!p->scopes) return -1;
    for (size_t f = 0; f < chain->n; f++)
        read_file(p, policy_chain_root(chain, f), f, d);
    for (size_t i = 0; i < p->n_scopes; i++)
        p->languages |= p->scopes[i].languages;
    return 0;
}

static void free_words(char **words) {
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

void policy_scopes_free(struct policy *p) {
    for (size_t i = 0; i < p->n_scopes; i++) {
        free_words(p->scopes[i].roles);
        free_words(p->scopes[i].users);
        free_words(p->scopes[i].upstreams);
        free_words(p->scopes[i].models);
    }
    free(p->scopes);
}

/* ---- which scope fits ---- */

static bool has_word(char *const *words, const char *word) {
    if (!words) return true;
    for (size_t i = 0; word && words[i]; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

static bool has_model(char *const *globs, struct span model) {
    if (!globs) return true;
    for (size_t i = 0; model.ptr && globs[i]; i++)
        if (span_glob(model, globs[i])) return true;
    return false;
}

static bool fits(const struct policy_scope *s, int purpose, const struct policy_request *r, enum policy_part part) {
    if (s->purposes && !(s->purposes >> purpose & 1)) return false;
    if (s->parts && !(s->parts >> part & 1)) return false;
    if (s->languages && !(s->languages >> r->language & 1)) return false;
    return has_word(s->roles, r->role) && has_word(s->users, r->user) && has_word(s->upstreams, r->upstream) &&
           has_model(s->models, span_make(r->model, r->model_len));
}

const struct policy_cell *policy_scope_cell(const struct policy *p, int purpose, const struct policy_request *r,
                                            enum policy_part part, enum phi_kind kind) {
    const struct policy_cell *cell = &p->cells[purpose][kind];

    for (size_t i = 0; i < p->n_scopes; i++) {
        const struct policy_scope *s = &p->scopes[i];
        if (s->decides[kind] && s->file <= cell->file && fits(s, purpose, r, part)) return &s->cells[kind];
    }
    return cell;
}
