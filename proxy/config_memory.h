/* SPDX-License-Identifier: Apache-2.0
 *
 * What a configuration owns besides plain values: its file, strings, tables. Freed as a whole.
 */
#ifndef CONFIG_MEMORY_H
#define CONFIG_MEMORY_H

#include "config.h"

struct arena;
struct upstream_target;
struct yaml_doc;
struct yaml_node;

#define CONFIG_PLACES_MAX 128
#define CONFIG_WRITABLE_MAX 3 /* the log, the vault, its anchor */

struct config_memory {
    struct yaml_doc *doc;
    struct arena *arena;
    const char *warnings[16];
    size_t n_warnings;
    char *places[CONFIG_PLACES_MAX + 1]; /* directories of all files that it names */
    size_t n_places;
    char *writable[CONFIG_WRITABLE_MAX + 1];
};

void config_warn(struct config *c, const char *sentence);
const char *config_path(struct config *c, const char *relative); /* relative to the file; NULL out of memory */
void config_place(struct config *c, const char *path); /* a file that it reads, now or at a reload */
/* {file: PATH} or {credential: NAME}: the first line of that file, into the arena. */
MUST_CHECK int config_secret(struct config *c, const struct yaml_node *n, struct diag *d, const char **out, size_t *len);

/* config_sandbox.c: the section, and readable and writable once all else is read. 0 or -1. */
int config_sandbox(struct config *c, const struct yaml_node *n, struct diag *d);
int config_places(struct config *c);
/* 64 lower-case hex digits, as `phi init` writes them. */
MUST_CHECK int config_key(const struct yaml_node *n, const char *hex, size_t len, unsigned char out[32], struct diag *d);

/* config_tokens.c */
MUST_CHECK int config_tokens(struct config *c, const struct yaml_node *n, struct diag *d);

/* config_aws.c: how requests to a target are signed; the arena holds it. NULL node: they are not. */
MUST_CHECK int config_aws(struct config *c, struct arena *a, const struct yaml_node *n, struct upstream_target *t, struct diag *d);

/* config_settings.c: clients, upstreams, routes, policies. 0 or -1 with mistakes in d. */
int config_settings(struct config *c, const struct yaml_node *root, struct diag *d);

#endif
