/* SPDX-License-Identifier: Apache-2.0
 *
 * What a configuration owns besides plain values: its file, strings, tables. Freed as a whole.
 */
#ifndef CONFIG_MEMORY_H
#define CONFIG_MEMORY_H

#include "config.h"

struct arena;
struct yaml_doc;
struct yaml_node;

struct config_memory {
    struct yaml_doc *doc;
    struct arena *arena;
    const char *warnings[16];
    size_t n_warnings;
};

void config_warn(struct config *c, const char *sentence);
const char *config_path(struct config *c, const char *relative); /* relative to the file; NULL out of memory */
/* {file: PATH} or {credential: NAME}: the first line of that file, into the arena. */
MUST_CHECK int config_secret(struct config *c, const struct yaml_node *n, struct diag *d, const char **out, size_t *len);

/* 64 lower-case hex digits, as `phi init` writes them. */
MUST_CHECK int config_key(const struct yaml_node *n, const char *hex, size_t len, unsigned char out[32], struct diag *d);

/* config_tokens.c */
MUST_CHECK int config_tokens(struct config *c, const struct yaml_node *n, struct diag *d);

/* config_settings.c: clients, upstreams, routes, policies. 0 or -1 with mistakes in d. */
int config_settings(struct config *c, const struct yaml_node *root, struct diag *d);

#endif
