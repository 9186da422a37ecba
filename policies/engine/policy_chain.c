/* SPDX-License-Identifier: Apache-2.0
 *
 *   site.yaml --extends--> minimum-necessary (share/policies/presets/minimum-necessary.yaml)
 *
 * A word without '.' and '/' is a preset, anything else a path.
 */
#include "policy_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "policy.h"
#include "yaml_node.h"

static const struct yaml_key policy_keys[] = {
    {.name = "id", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "version", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "description", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "extends", .type = YAML_NODE_SCALAR},
    {.name = "mode", .type = YAML_NODE_SCALAR},
    {.name = "monitor_until", .type = YAML_NODE_SCALAR},
    {.name = "block_style", .type = YAML_NODE_SCALAR},
    {.name = "unscannable", .type = YAML_NODE_SCALAR},
    {.name = "stored", .type = YAML_NODE_SCALAR},
    {.name = "speech", .type = YAML_NODE_SCALAR},
    {.name = "detection", .type = YAML_NODE_SCALAR},
    {.name = "actions", .type = YAML_NODE_MAP},
    {.name = "purposes", .type = YAML_NODE_MAP},
    {.name = "scopes", .type = YAML_NODE_LIST},
    {.name = "parts", .type = YAML_NODE_MAP},
    {.name = "sensitive", .any_type = true},
    {.name = "bulk", .type = YAML_NODE_MAP},
    {.name = "messages", .type = YAML_NODE_MAP},
    {.name = "override", .type = YAML_NODE_MAP},
    {.name = "response", .type = YAML_NODE_MAP},
    {.name = "restore", .type = YAML_NODE_MAP},
    {.name = "floor", .type = YAML_NODE_LIST},
    {.name = "thresholds", .type = YAML_NODE_MAP},
    {.name = "allow", .type = YAML_NODE_LIST},
    {.name = "deny", .type = YAML_NODE_MAP},
    {.name = "rosters", .type = YAML_NODE_LIST},
    {.name = "detectors", .type = YAML_NODE_MAP},
    {.name = "rules", .type = YAML_NODE_LIST},
    {.name = "why", .type = YAML_NODE_MAP},
    {.name = "end", .type = YAML_NODE_SCALAR, .required = true},
};

const struct yaml_key *policy_chain_keys(size_t *n) {
    *n = sizeof policy_keys / sizeof *policy_keys;
    return policy_keys;
}

static char *join(const char *directory, size_t directory_len, const char *name, const char *suffix) {
    char *out = NULL;
    if (asprintf(&out, "%.*s%s%s", (int)directory_len, directory, name, suffix) < 0) return NULL;
    return out;
}

char *policy_chain_path(const char *base_file, const char *relative) {
    const char *slash = strrchr(base_file, '/');
    bool absolute = relative[0] == '/';
    return join(base_file, absolute || !slash ? 0 : (size_t)(slash - base_file) + 1, relative, "");
}

static char *resolve(const char *name_or_file, const char *base_file, const struct policy_paths *paths) {
    if (strpbrk(name_or_file, "./")) return policy_chain_path(base_file, name_or_file);

    char *directory = join(paths->share, strlen(paths->share), "/policies/presets/", "");
    char *out = directory ? join(directory, strlen(directory), name_or_file, ".yaml") : NULL;
    free(directory);
    return out;
}

int policy_chain_check_end(const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *id = yaml_get(root, "id"), *end = yaml_get(root, "end");
    size_t mistakes = diag_count(d);

    if (!id || id->type != YAML_NODE_SCALAR) return -1;
    if (id->len == 0 || id->len > 64 || strspn(id->text, "abcdefghijklmnopqrstuvwxyz0123456789-") != id->len)
        yaml_error(id, d, "an id is 1 to 64 of a-z, 0-9 and '-'");
    if (!end || end->type != YAML_NODE_SCALAR) return -1;
    if (root->items[root->n - 1] != end)
        yaml_error(root->keys[root->n - 1], d, "\"end\" must be the last key of the file");
    else if (strcmp(id->text, end->text) != 0)
        yaml_error(end, d, "the last line must be \"end: %s\"; is the file complete?", id->text);
    return diag_count(d) == mistakes ? 0 : -1;
}

static int check_file(const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *version = yaml_get(root, "version"), *description = yaml_get(root, "description");
    long long number = 0;
    const char *text = NULL;
    size_t mistakes = diag_count(d);

    (void)!yaml_check(root, policy_keys, sizeof policy_keys / sizeof *policy_keys, d);
    if (version && version->type == YAML_NODE_SCALAR) (void)!yaml_int(version, 1, 1000000, &number, d);
    if (description && description->type == YAML_NODE_SCALAR) (void)!yaml_string(description, &text, d);
    (void)!policy_chain_check_end(root, d);
    return diag_count(d) == mistakes ? 0 : -1;
}

static bool in_chain(const struct policy_chain *chain, const char *path) {
    for (size_t i = 0; i < chain->n; i++)
        if (strcmp(policy_chain_root(chain, i)->file, path) == 0) return true;
    return false;
}

/* Follows `extends` from the last file of the chain. */
static int load_parents(struct policy_chain *chain, const struct policy_paths *paths, struct diag *d) {
    int result = 0;
    for (;;) {
        const struct yaml_node *root = policy_chain_root(chain, chain->n - 1);
        if (check_file(root, d) != 0) result = -1;
        const struct yaml_node *extends = yaml_get(root, "extends");
        const char *name = NULL;
        chain->whole = !extends;
        if (!extends || extends->type != YAML_NODE_SCALAR) return extends ? -1 : result;
        if (yaml_string(extends, &name, d) != 0) return -1;

        char *path = resolve(name, root->file, paths);
        bool again = path && in_chain(chain, path), full = chain->n == POLICY_CHAIN_MAX;
        if (!path)
            yaml_error(extends, d, "out of memory");
        else if (again)
            yaml_error(extends, d, "this policy extends itself");
        else if (full)
            yaml_error(extends, d, "too many policies in a row: at most %d", POLICY_CHAIN_MAX);
        else
            chain->docs[chain->n] = yaml_load_file(path, d);
        bool loaded = path && !again && !full && chain->docs[chain->n];
        free(path);
        if (!loaded) return -1;
        chain->n++;
    }
}

static int load_chain(struct policy_chain *chain, struct yaml_doc *first, const struct policy_paths *paths,
                      struct diag *d) {
    if (!first) return -1;
    chain->docs[chain->n++] = first;
    return load_parents(chain, paths, d);
}

int policy_chain_load(struct policy_chain *chain, const char *name_or_file, const struct policy_paths *paths,
                      struct diag *d) {
    *chain = (struct policy_chain){.n = 0};
    char *path = resolve(name_or_file, "", paths);
    if (!path) {
        diag_add(d, name_or_file, NULL, 0, 0, "out of memory");
        return -1;
    }
    int result = load_chain(chain, yaml_load_file(path, d), paths, d);
    free(path);
    return result;
}

int policy_chain_load_text(struct policy_chain *chain, const char *name, const char *text, size_t len,
                           const struct policy_paths *paths, struct diag *d) {
    *chain = (struct policy_chain){.n = 0};
    return load_chain(chain, yaml_load_text(name, text, len, d), paths, d);
}

void policy_chain_free(struct policy_chain *chain) {
    for (size_t i = 0; i < chain->n; i++)
        yaml_doc_free(chain->docs[i]);
    chain->n = 0;
}

const struct yaml_node *policy_chain_root(const struct policy_chain *chain, size_t i) {
    return yaml_root(chain->docs[i]);
}

const struct yaml_node *policy_chain_get(const struct policy_chain *chain, const char *key) {
    for (size_t i = 0; i < chain->n; i++) {
        const struct yaml_node *value = yaml_get(policy_chain_root(chain, i), key);
        if (value) return value;
    }
    return NULL;
}
