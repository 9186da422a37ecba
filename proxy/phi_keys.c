/* SPDX-License-Identifier: Apache-2.0
 *
 * phi keys: the clients of clients.yaml. A key is shown once; the file holds its hash. The file is written beside itself and
 * renamed, so that a crash leaves the old one whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "access.h"
#include "phi_keys.h"
#include "phi_tool.h"

const char phi_keys_usage[] = "usage: phi keys new    --clients FILE --user NAME [--id ID] [--role ROLE] [--purpose P] [--purposes P,Q]\n"
                            "       phi keys list   --clients FILE\n"
                            "       phi keys revoke --clients FILE --id ID\n";

static void today_text(char out[11]) {
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(out, 11, "%Y-%m-%d", &utc);
}

/* A word that stands in YAML as it is. */
static bool is_plain(const char *s) {
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    return *s && strlen(s) <= 100 && s[strspn(s, fine)] == '\0' && s[0] != '-';
}

static bool plain_or_complain(const char *what, const char *s) {
    if (!s || is_plain(s)) return true;
    fprintf(stderr, "phi: %s may hold letters, digits and . _ @ - only\n", what);
    return false;
}

static int add_purposes(struct buf *b, const char *list) {
    char word[64];

    buf_add_c(b, "    purposes: [");
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof word) return -1;
        memcpy(word, p, n);
        word[n] = '\0';
        if (!is_plain(word) && strcmp(word, "*") != 0) return -1;
        buf_add_format(b, strcmp(word, "*") == 0 ? "%s\"%s\"" : "%s%s", p == list ? "" : ", ", word);
        p += n + (p[n] == ',');
    }
    buf_add_c(b, "]\n");
    return 0;
}

int phi_keys_append(struct buf *b, const struct phi_new_client *c, char key[ACCESS_KEY_LEN + 1]) {
    char hash[65], day[11];

    if (access_key_new(key, hash) < 0) {
        fputs("phi: no random numbers to be had\n", stderr);
        return -1;
    }
    today_text(day);
    buf_add_format(b, "  - id: %s\n    user: %s\n    role: %s\n    key_sha256: %s\n", c->id, c->user, c->role, hash);
    if (c->default_purpose) buf_add_format(b, "    default_purpose: %s\n", c->default_purpose);
    if (c->purposes && add_purposes(b, c->purposes) < 0) {
        fputs("phi: --purposes is a list of words with commas between\n", stderr);
        return -1;
    }
    buf_add_format(b, "    created: %s\n", day);
    return b->failed ? -1 : 0;
}

static int replace_file(const char *path, const struct buf *b) {
    char beside[4096];
    bool ok;
    int fd;

    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside) return -1;
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, b->ptr, b->len) == (ssize_t)b->len && fsync(fd) == 0;
    if (fd >= 0 && close(fd) < 0) ok = false;
    if (ok && rename(beside, path) == 0) return 0;
    fprintf(stderr, "phi: %s: %s\n", beside, strerror(errno));
    if (fd >= 0) unlink(beside);
    return -1;
}

static struct access *load(const char *path) {
    struct diag *d = diag_new();
    struct access *a = d ? access_load(path, d) : NULL;

    if (!a && d) diag_print(d, stderr);
    diag_free(d);
    return a;
}

static const struct principal *by_id(const struct access *a, const char *id) {
    for (size_t i = 0; i < access_count(a); i++)
        if (strcmp(access_at(a, i)->id, id) == 0) return access_at(a, i);
    return NULL;
}

static int new_key(const char *path, struct phi_new_client *c) {
    char key[ACCESS_KEY_LEN + 1], made_id[64];
    struct access *a = load(path);
    struct buf file;
    int rc = PHI_USAGE;

    if (!a) return PHI_USAGE;
    if (!c->id) {
        snprintf(made_id, sizeof made_id, "client-%zu", access_count(a) + 1);
        c->id = made_id;
    }
    if (by_id(a, c->id)) {
        fprintf(stderr, "phi: a client with this id is there already; choose another --id\n");
    } else if (phi_read(path, &file) == 0) {
        if (file.len && file.ptr[file.len - 1] != '\n') buf_add_char(&file, '\n');
        if (phi_keys_append(&file, c, key) == 0 && replace_file(path, &file) == 0) {
            printf("%s\n", key);
            fprintf(stderr, "This key of %s is shown once. Tell the gateway to reload (SIGHUP).\n", c->id);
            rc = PHI_DONE;
        }
        buf_free(&file);
    }
    access_free(a);
    explicit_bzero(key, sizeof key);
    return rc;
}

static int list_keys(const char *path) {
    struct access *a = load(path);

    if (!a) return PHI_USAGE;
    for (size_t i = 0; i < access_count(a); i++) {
        const struct principal *p = access_at(a, i);
        printf("%s\t%s\t%s\t%s\t%s\n", p->id, p->user, p->role, p->default_purpose ? p->default_purpose : "-",
               p->revoked ? "revoked" : "active");
    }
    access_free(a);
    return PHI_DONE;
}

/* The line number of the client's map; `revoked:` goes in as a line of its own before its first key's next line. */
static uint32_t line_of_client(const char *path, const char *id, uint32_t *column) {
    struct diag *d = diag_new();
    struct yaml_doc *doc = d ? yaml_load_file(path, d) : NULL;
    const struct yaml_node *list = doc ? yaml_get(yaml_root(doc), "clients") : NULL;
    uint32_t line = 0;

    for (size_t i = 0; list && i < list->n; i++) {
        const struct yaml_node *n = list->items[i], *id_node = n->type == YAML_NODE_MAP ? yaml_get(n, "id") : NULL;
        if (!id_node || strcmp(id_node->text, id) != 0 || yaml_get(n, "revoked")) continue;
        line = id_node->line;
        for (size_t k = 0; k < n->n; k++)
            if (n->items[k] == id_node) *column = n->keys[k]->column;
    }
    yaml_doc_free(doc);
    diag_free(d);
    return line;
}

static int revoke_key(const char *path, const char *id) {
    uint32_t column = 1, line = line_of_client(path, id, &column);
    struct buf file, out;
    char day[11];
    size_t at = 0;
    int rc = PHI_USAGE;

    if (line == 0) {
        fputs("phi: no active client with this id\n", stderr);
        return PHI_USAGE;
    }
    if (phi_read(path, &file) < 0) return PHI_USAGE;
    for (uint32_t i = 0; i < line; i++)
        at = span_find(buf_span(&file), '\n', at) + 1;
    buf_init(&out, PHI_INPUT_MAX);
    today_text(day);
    buf_add(&out, span_sub(buf_span(&file), 0, at));
    buf_add_format(&out, "%*srevoked: %s\n", (int)column - 1, "", day);
    buf_add(&out, span_sub(buf_span(&file), at, file.len));
    if (!out.failed && replace_file(path, &out) == 0) {
        fputs("Revoked. Tell the gateway to reload (SIGHUP).\n", stderr);
        rc = PHI_DONE;
    }
    buf_free(&file);
    buf_free(&out);
    return rc;
}

int phi_keys_command(int argc, char **argv) {
    const char *path = NULL;
    struct phi_new_client c = {.role = "user"};
    const struct phi_option options[] = {{"--clients", &path, NULL}, {"--id", &c.id, NULL}, {"--user", &c.user, NULL},
                                         {"--role", &c.role, NULL}, {"--purpose", &c.default_purpose, NULL},
                                         {"--purposes", &c.purposes, NULL}};

    if (phi_options(&argc, argv, options, 6) < 0) return PHI_USAGE;
    if (!path) path = "clients.yaml";
    if (argc == 1 && strcmp(argv[0], "list") == 0) return list_keys(path);
    if (!plain_or_complain("--id", c.id) || !plain_or_complain("--user", c.user) || !plain_or_complain("--role", c.role) ||
        !plain_or_complain("--purpose", c.default_purpose))
        return PHI_USAGE;
    if (argc == 1 && strcmp(argv[0], "new") == 0 && c.user) return new_key(path, &c);
    if (argc == 1 && strcmp(argv[0], "revoke") == 0 && c.id) return revoke_key(path, c.id);
    fputs(phi_keys_usage, stderr);
    return PHI_USAGE;
}
