/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of phigate.yaml that a restart is needed to change: listeners, audit file, limits of connections. Clients, routes,
 * policies and agreements are in config_settings.c.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "arena.h"
#include "audit_note.h"
#include "config_memory.h"
#include "hex.h"
#include "settings.h"

#define MEMORY_MAX (64u * 1024 * 1024)
#define SECRET_MAX 4096

#define COUNT(a) (sizeof(a) / sizeof *(a))

void config_warn(struct config *c, const char *sentence) {
    struct config_memory *m = c->memory;
    if (m->n_warnings < COUNT(m->warnings) - 1) m->warnings[m->n_warnings++] = sentence;
}

const char *config_path(struct config *c, const char *relative) {
    size_t n = strlen(c->directory) + strlen(relative) + 2;
    char *path;

    if (relative[0] == '/') {
        config_place(c, relative);
        return relative;
    }
    path = arena_alloc(c->memory->arena, n);
    if (!path) return NULL;
    snprintf(path, n, "%s/%s", c->directory, relative);
    config_place(c, path);
    return path;
}

/* ---- secrets ---- */

static int read_secret(struct config *c, const char *path, const struct yaml_node *n, struct diag *d, const char **out,
                       size_t *len) {
    char *text = arena_alloc(c->memory->arena, SECRET_MAX + 1);
    struct stat st;
    FILE *f = fopen(path, "re");

    if (!f || !text) {
        yaml_error(n, d, "cannot read this secret: %s", f ? "out of memory" : strerror(errno));
        if (f) fclose(f);
        return -1;
    }
    if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
        yaml_error(n, d, "others can read this secret; use `chmod 600`");
        fclose(f);
        return -1;
    }
    *len = fread(text, 1, SECRET_MAX, f);
    fclose(f);
    while (*len && (text[*len - 1] == '\n' || text[*len - 1] == '\r' || text[*len - 1] == ' '))
        text[--*len] = '\0';
    *out = text;
    if (*len) return 0;
    yaml_error(n, d, "this secret is empty");
    return -1;
}

int config_secret(struct config *c, const struct yaml_node *n, struct diag *d, const char **out, size_t *len) {
    static const struct yaml_key keys[] = {{.name = "file"}, {.name = "credential"}};
    const char *name = NULL, *directory = getenv("CREDENTIALS_DIRECTORY"), *path;
    const struct yaml_node *file, *credential;

    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "a secret is never written here: use {file: PATH} or {credential: NAME}");
        return -1;
    }
    if (yaml_check(n, keys, COUNT(keys), d) < 0) return -1; /* two keys, of which one is right */
    file = yaml_get(n, "file");
    credential = yaml_get(n, "credential");
    if (file && !credential) {
        if (yaml_string(file, &name, d) < 0 || !(path = config_path(c, name))) return -1;
        return read_secret(c, path, file, d, out, len);
    }
    if (!credential || file) {
        yaml_error(n, d, "use either {file: PATH} or {credential: NAME}");
        return -1;
    }
    if (yaml_string(credential, &name, d) < 0) return -1;
    if (!directory || strchr(name, '/')) {
        yaml_error(credential, d, "no such systemd credential (LoadCredential= in the unit)");
        return -1;
    }
    size_t size = strlen(directory) + strlen(name) + 2;
    char *full = arena_alloc(c->memory->arena, size);
    if (!full) return -1;
    snprintf(full, size, "%s/%s", directory, name);
    config_place(c, full);
    return read_secret(c, full, credential, d, out, len);
}

/* ---- small readers ---- */

static int text(const struct yaml_node *map, const char *key, const char **out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    return n ? yaml_string(n, out, d) : 0;
}

static int path_of(struct config *c, const struct yaml_node *map, const char *key, const char **out, struct diag *d) {
    const char *name = NULL;

    if (text(map, key, &name, d) < 0) return -1;
    if (!name) return 0;
    *out = config_path(c, name);
    return *out ? 0 : -1;
}

static int count(const struct yaml_node *map, const char *key, long long max, uint32_t *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    long long value;

    if (!n) return 0;
    if (yaml_int(n, 1, max, &value, d) < 0) return -1;
    *out = (uint32_t)value;
    return 0;
}

static int size_of(const struct yaml_node *map, const char *key, uint64_t min, uint64_t max, uint64_t *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);

    if (!n) return 0;
    if (yaml_size(n, out, d) < 0) return -1;
    if (*out >= min && *out <= max) return 0;
    yaml_error(n, d, "expected a size between %llu and %llu bytes", (unsigned long long)min, (unsigned long long)max);
    return -1;
}

static int duration(const struct yaml_node *map, const char *key, uint64_t *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);

    if (!n) return 0;
    if (yaml_duration_ms(n, out, d) < 0) return -1;
    if (*out >= 100 && *out <= 86400000) return 0;
    yaml_error(n, d, "expected a time between 100ms and 24h");
    return -1;
}

/* ---- listen, admin ---- */

static bool is_loopback(const char *address) {
    return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]:", 6) == 0 || strncmp(address, "localhost:", 10) == 0;
}

static int read_hosts(struct config *c, const struct yaml_node *n, struct diag *d) {
    const char **hosts = arena_array(c->memory->arena, n->n + 1, sizeof *hosts);
    int rc = 0;

    if (!hosts) return -1;
    for (size_t i = 0; i < n->n; i++)
        if (yaml_string(n->items[i], &hosts[i], d) < 0) rc = -1;
    c->hosts = n->n ? hosts : NULL;
    return rc;
}

static int read_tls(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "certificate", .required = true}, {.name = "key", .required = true}, {.name = "client_ca"}};

    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= path_of(c, n, "certificate", &c->tls_certificate, d);
    rc |= path_of(c, n, "key", &c->tls_key, d);
    rc |= path_of(c, n, "client_ca", &c->tls_client_ca, d);
    return rc ? -1 : 0;
}

static int read_listen(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "address"}, {.name = "tls", .type = YAML_NODE_MAP},
                                           {.name = "hosts", .type = YAML_NODE_LIST}, {.name = "plain"}};
    bool plain = false;

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= text(n, "address", &c->listen_address, d);
    if (yaml_get(n, "plain")) rc |= yaml_bool(yaml_get(n, "plain"), &plain, d);
    if (yaml_list(n, "hosts")) rc |= read_hosts(c, yaml_list(n, "hosts"), d);
    if (yaml_map(n, "tls")) rc |= read_tls(c, yaml_map(n, "tls"), d);
    if (rc) return -1;
    if (c->tls_certificate || plain || is_loopback(c->listen_address)) return 0;
    yaml_error(n, d, "an address that other machines reach needs tls; `plain: true` says that something in front of it does TLS");
    return -1;
}

static int read_admin(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "address"}, {.name = "token", .any_type = true}};
    size_t len;

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= text(n, "address", &c->admin_address, d);
    if (yaml_get(n, "token")) rc |= config_secret(c, yaml_get(n, "token"), d, &c->admin_token, &len);
    if (rc) return -1;
    if (c->admin_token || is_loopback(c->admin_address)) return 0;
    yaml_error(n, d, "an admin address that other machines reach needs a token: {file: ...}");
    return -1;
}

/* ---- audit ---- */

int config_key(const struct yaml_node *n, const char *hex, size_t len, unsigned char out[32], struct diag *d) {
    if (hex_read(span_make(hex, len), out, 32) == 0) return 0;
    yaml_error(n, d, "expected a file with 64 lower-case hex digits (256 random bits)");
    return -1;
}

static int read_signing_key(struct config *c, const struct yaml_node *n, struct diag *d) {
    const char *text_of_key;
    size_t len;

    if (!n) return 0;
    if (config_secret(c, n, d, &text_of_key, &len) < 0) return -1;
    c->signing_key = arena_alloc(c->memory->arena, sizeof *c->signing_key);
    if (!c->signing_key) return -1;
    if (audit_note_key_read(c->signing_key, span_make(text_of_key, len)) == 0 && c->signing_key->private_key &&
        c->signing_key->type == AUDIT_KEY_LOG)
        return 0;
    yaml_error(n, d, "expected a file with a private key for checkpoints (PRIVATE+KEY+name+id+base64, as `phi init` writes it)");
    return -1;
}

static int read_encryption_key(struct config *c, const struct yaml_node *n, struct diag *d) {
    const char *key;
    size_t len;

    if (!n) return 0;
    if (config_secret(c, n, d, &key, &len) < 0) return -1;
    c->encrypted = hex_read(span_make(key, len), c->encryption_key, sizeof c->encryption_key) == 0;
    if (c->encrypted) return 0;
    yaml_error(n, d, "expected a file with 64 lower-case hex digits (256 random bits)");
    return -1;
}

static int read_checkpoint(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "every"}, {.name = "interval"}};

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= count(n, "every", 100000000, &c->checkpoint_every, d);
    rc |= duration(n, "interval", &c->checkpoint_ms, d);
    return rc ? -1 : 0;
}

static int read_rotate(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "size"}, {.name = "daily"}};

    if (!n) return 0;
    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= size_of(n, "size", 64u << 10, UINT64_C(1) << 40, &c->rotate_size, d);
    if (yaml_get(n, "daily")) rc |= yaml_bool(yaml_get(n, "daily"), &c->rotate_daily, d);
    return rc ? -1 : 0;
}

static int read_audit(struct config *c, const struct yaml_node *root, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "file", .required = true}, {.name = "key", .required = true, .any_type = true},
                                           {.name = "signing_key", .any_type = true}, {.name = "encryption_key", .any_type = true}, {.name = "node"}, {.name = "queue"}, {.name = "preallocate"},
                                           {.name = "checkpoint", .type = YAML_NODE_MAP}, {.name = "rotate", .type = YAML_NODE_MAP}};
    const struct yaml_node *n = yaml_map(root, "audit");
    const char *key = NULL;
    size_t len = 0;

    if (!n) return 0; /* required: reported by the check of the root */
    int rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= path_of(c, n, "file", &c->audit_file, d);
    rc |= text(n, "node", &c->node, d);
    rc |= count(n, "queue", 1000000, &c->audit_queue, d);
    rc |= size_of(n, "preallocate", 64u << 10, 1u << 30, &c->audit_preallocate, d);
    rc |= read_signing_key(c, yaml_get(n, "signing_key"), d);
    rc |= read_checkpoint(c, yaml_map(n, "checkpoint"), d);
    rc |= read_rotate(c, yaml_map(n, "rotate"), d);
    rc |= read_encryption_key(c, yaml_get(n, "encryption_key"), d);
    if (yaml_get(n, "key")) rc |= config_secret(c, yaml_get(n, "key"), d, &key, &len);
    return rc ? -1 : config_key(yaml_get(n, "key"), key, len, c->audit_key, d);
}

/* ---- limits, workers ---- */

static int read_limits(struct config *c, const struct yaml_node *n, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "body"}, {.name = "header"}, {.name = "depth"}, {.name = "concurrent"},
                                           {.name = "connections"}, {.name = "event"}, {.name = "header_timeout"},
                                           {.name = "idle_timeout"}, {.name = "body_grace"}, {.name = "body_min_rate"},
                                           {.name = "write_timeout"}, {.name = "drain"}};
    int rc;

    if (!n) return 0;
    rc = yaml_check(n, keys, COUNT(keys), d);
    rc |= size_of(n, "body", 1024, 1024u << 20, &c->body_max, d);
    rc |= size_of(n, "header", 1024, 64u << 10, &c->header_max, d);
    rc |= size_of(n, "event", 4096, 64u << 20, &c->event_max, d);
    rc |= count(n, "depth", 1024, &c->depth_max, d);
    rc |= count(n, "concurrent", 1000000, &c->concurrent_max, d);
    rc |= count(n, "connections", 1000000, &c->connections_max, d);
    rc |= count(n, "body_min_rate", 1000000000, &c->body_min_rate, d);
    rc |= duration(n, "header_timeout", &c->header_ms, d);
    rc |= duration(n, "idle_timeout", &c->idle_ms, d);
    rc |= duration(n, "body_grace", &c->body_grace_ms, d);
    rc |= duration(n, "write_timeout", &c->write_ms, d);
    rc |= duration(n, "drain", &c->drain_ms, d);
    return rc ? -1 : 0;
}

static int read_workers(struct config *c, const struct yaml_node *n, struct diag *d) {
    const char *word = NULL;
    long long value;

    if (!n) return 0;
    if (n->type == YAML_NODE_SCALAR && strcmp(n->text, "auto") == 0) return 0;
    if (yaml_int(n, 1, 256, &value, d) < 0) return -1;
    (void)word;
    c->workers = (unsigned)value;
    return 0;
}

/* ---- the whole ---- */

static void set_defaults(struct config *c) {
    c->listen_address = "127.0.0.1:8080";
    c->admin_address = "127.0.0.1:8081";
    c->node = "phigate";
    c->header_max = 16u << 10;
    c->body_max = 16u << 20;
    c->event_max = 1u << 20;
    c->write_high = 256u << 10;
    c->depth_max = 96;
    c->concurrent_max = 4096;
    c->connections_max = 16384;
    c->audit_queue = 8192;
    c->audit_preallocate = 16u << 20;
    c->checkpoint_every = 4096;
    c->checkpoint_ms = 60000;
    c->header_ms = 10000;
    c->idle_ms = 60000;
    c->body_grace_ms = 10000;
    c->body_min_rate = 1024;
    c->write_ms = 60000;
    c->drain_ms = 30000;
    c->sandbox = CONFIG_SANDBOX_AUTO;
}

static int read_all(struct config *c, const struct yaml_node *root, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "listen", .type = YAML_NODE_MAP}, {.name = "admin", .type = YAML_NODE_MAP}, {.name = "workers"},
        {.name = "upstreams", .type = YAML_NODE_MAP, .required = true}, {.name = "routes", .type = YAML_NODE_LIST, .required = true},
        {.name = "policy"}, {.name = "shadow"}, {.name = "rosters", .type = YAML_NODE_LIST}, {.name = "policy_keys", .type = YAML_NODE_LIST},
        {.name = "clients", .required = true}, {.name = "tokens", .type = YAML_NODE_MAP}, {.name = "audit", .type = YAML_NODE_MAP, .required = true},
        {.name = "limits", .type = YAML_NODE_MAP}, {.name = "sandbox", .type = YAML_NODE_MAP}};
    int rc = yaml_check(root, keys, COUNT(keys), d);

    rc |= read_listen(c, yaml_map(root, "listen"), d);
    rc |= read_admin(c, yaml_map(root, "admin"), d);
    rc |= read_workers(c, yaml_get(root, "workers"), d);
    rc |= config_tokens(c, yaml_map(root, "tokens"), d);
    rc |= read_audit(c, root, d);
    rc |= read_limits(c, yaml_map(root, "limits"), d);
    rc |= config_settings(c, root, d);
    rc |= config_sandbox(c, yaml_map(root, "sandbox"), d);
    return rc ? -1 : config_places(c);
}

static int set_directory(struct config *c, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;

    c->path = arena_copy(c->memory->arena, span_of(path));
    c->directory = slash ? arena_copy(c->memory->arena, span_make(path, len ? len : 1)) : ".";
    return c->path && c->directory ? 0 : -1;
}

struct config *config_load(const char *path, const char *share, struct diag *d) {
    struct config *c = calloc(1, sizeof *c);

    if (!c) return NULL;
    c->memory = calloc(1, sizeof *c->memory);
    if (!c->memory || !(c->memory->arena = arena_new(MEMORY_MAX))) goto fail;
    set_defaults(c);
    c->share = arena_copy(c->memory->arena, span_of(share));
    if (!c->share || set_directory(c, path) < 0) goto fail;
    c->memory->doc = yaml_load_file(path, d);
    if (!c->memory->doc || read_all(c, yaml_root(c->memory->doc), d) < 0) goto fail;
    c->warnings = c->memory->warnings;
    return c;
fail:
    config_free(c);
    return NULL;
}

void config_free(struct config *c) {
    if (!c) return;
    settings_unref(c->settings);
    if (c->signing_key) audit_note_key_wipe(c->signing_key);
    if (c->memory) {
        arena_free(c->memory->arena);
        yaml_doc_free(c->memory->doc);
        free(c->memory);
    }
    explicit_bzero(c->audit_key, sizeof c->audit_key);
    explicit_bzero(c->encryption_key, sizeof c->encryption_key);
    explicit_bzero(c->vault_key, sizeof c->vault_key);
    free(c);
}

/* ---- share ---- */

static bool has_policies(const char *directory) {
    char path[PATH_MAX + 64];
    struct stat st;

    snprintf(path, sizeof path, "%s/policies/presets", directory);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *config_share(const char *option, char *out, size_t out_size) {
    static const char *const beside[] = {"/../share/phigate", "/..", "/../..", "/../../.."};
    char program[PATH_MAX];
    const char *environment = getenv("PHIGATE_SHARE");
    ssize_t n;

    if (option || environment) {
        snprintf(out, out_size, "%s", option ? option : environment);
        return has_policies(out) ? out : NULL;
    }
    n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0) return NULL;
    program[n] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < COUNT(beside); i++) {
        char path[PATH_MAX + 24], *real;
        snprintf(path, sizeof path, "%s%s", program, beside[i]);
        if (!has_policies(path) || !(real = realpath(path, NULL))) continue;
        snprintf(out, out_size, "%s", real);
        free(real);
        return out;
    }
    return NULL;
}
