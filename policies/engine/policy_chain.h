/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy file with the files it extends, nearest first: what a nearer file says wins.
 */
#ifndef POLICY_CHAIN_H
#define POLICY_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

struct diag;
struct policy_paths;
struct yaml_doc;
struct yaml_node;

#define POLICY_CHAIN_MAX 4

struct policy_chain {
    struct yaml_doc *docs[POLICY_CHAIN_MAX];
    size_t n;
    bool whole; /* all files that it names could be read, whatever mistakes they hold */
};

/* The keys that a policy file may have. */
struct yaml_key;
const struct yaml_key *policy_chain_keys(size_t *n);

/* Loads the file and what it extends, and checks keys, id and end line of each. 0, or -1 with mistakes in d;
 * policy_chain_free in both cases. */
int policy_chain_load(struct policy_chain *chain, const char *name_or_file, const struct policy_paths *paths,
                      struct diag *d);
int policy_chain_load_text(struct policy_chain *chain, const char *name, const char *text, size_t len,
                           const struct policy_paths *paths, struct diag *d);
void policy_chain_free(struct policy_chain *chain);

const struct yaml_node *policy_chain_root(const struct policy_chain *chain, size_t i);
/* The value of a key in the nearest file that has it, or NULL. */
const struct yaml_node *policy_chain_get(const struct policy_chain *chain, const char *key);

/* A file named in another file: relative to that file's directory. NULL when out of memory. */
char *policy_chain_path(const char *base_file, const char *relative);

/* `id` is [a-z0-9-], and the last key of the file is `end` with the same word, so that a file that was cut while
 * it was written or copied is noticed. */
int policy_chain_check_end(const struct yaml_node *root, struct diag *d);

#endif
