/* SPDX-License-Identifier: Apache-2.0
 *
 * The section `sandbox`, and the places from which a configuration reads: whatever path it names, its directory is noted, and
 * that of the file behind a link. Where certificates or secrets are renewed by changing a link, both are needed.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "arena.h"
#include "config_memory.h"

static int add(struct config *c, const char *directory) {
    struct config_memory *m = c->memory;

    for (size_t i = 0; i < m->n_places; i++)
        if (strcmp(m->places[i], directory) == 0) return 0;
    if (m->n_places == CONFIG_PLACES_MAX) return -1;
    m->places[m->n_places] = arena_copy(m->arena, span_of(directory));
    return m->places[m->n_places++] ? 0 : -1;
}

static int add_directory_of(struct config *c, const char *path) {
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;

    if (len >= sizeof directory) return -1;
    memcpy(directory, slash ? path : ".", len);
    directory[len] = '\0';
    return add(c, len ? directory : "/");
}

/* What has no place left is read at the start all the same; a reload would then be refused and say which file it was. */
void config_place(struct config *c, const char *path) {
    char real[PATH_MAX];

    if (add_directory_of(c, path) < 0) config_warn(c, "files lie in more directories than the sandbox keeps open for a reload");
    if (realpath(path, real)) (void)add_directory_of(c, real);
}

static int read_directories(struct config *c, const struct yaml_node *list, struct diag *d) {
    const char *name;
    int rc = 0;

    for (size_t i = 0; list && i < list->n; i++) {
        const char *path = yaml_string(list->items[i], &name, d) < 0 ? NULL : config_path(c, name);
        if (!path || add(c, path) < 0) rc = -1;
    }
    return rc;
}

int config_sandbox(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "mode"}, {.name = "read", .type = YAML_NODE_LIST}};
    static const char *const modes[] = {"required", "auto", "off"}; /* in the order of enum config_sandbox_mode */
    int mode;

    if (!n) return 0;
    if (yaml_check(n, keys, sizeof keys / sizeof *keys, d) < 0) return -1;
    if (yaml_get(n, "mode")) {
        if (yaml_enum(yaml_get(n, "mode"), modes, sizeof modes / sizeof *modes, &mode, d) < 0) return -1;
        c->sandbox = (enum config_sandbox_mode)mode;
    }
    return read_directories(c, yaml_get(n, "read"), d);
}

/* The directory of a file that is written, too. */
static int add_writable(struct config *c, const char *path) {
    struct config_memory *m = c->memory;
    size_t n = 0;

    if (!path) return 0;
    if (add_directory_of(c, path) < 0) return -1;
    while (m->writable[n]) n++;
    char *directory = arena_alloc(m->arena, strlen(path) + 2);
    if (!directory || n == CONFIG_WRITABLE_MAX) return -1;
    const char *slash = strrchr(path, '/');
    memcpy(directory, slash ? path : ".", slash ? (size_t)(slash - path) : 1);
    m->writable[n] = directory;
    return 0;
}

int config_places(struct config *c) {
    struct config_memory *m = c->memory;

    config_place(c, c->path);
    if (add(c, c->share) < 0 || add_writable(c, c->audit_file) < 0) return -1;
    if (add_writable(c, c->vault_file) < 0 || add_writable(c, c->vault_anchor) < 0) return -1;
    c->readable = (const char *const *)m->places;
    c->writable = (const char *const *)m->writable;
    return 0;
}
