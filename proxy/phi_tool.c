/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared pieces of the commands.
 */
#include "phi_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/roster_store.h"
#include "arena.h"
#include "config.h"
#include "json.h"

static int take_option(int *i, int argc, char **argv, const struct phi_option *options, size_t n) {
    for (size_t k = 0; k < n; k++) {
        if (strcmp(argv[*i], options[k].name) != 0) continue;
        if (options[k].flag) {
            *options[k].flag = true;
            return 0;
        }
        if (*i + 1 >= argc) {
            fprintf(stderr, "phi: %s needs a value behind it\n", argv[*i]);
            return -1;
        }
        *options[k].value = argv[++*i];
        return 0;
    }
    fprintf(stderr, "phi: unknown option %s; `phi COMMAND --help` shows those of a command\n", argv[*i]);
    return -1;
}

bool phi_help_wanted(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

int phi_options(int *argc, char **argv, const struct phi_option *options, size_t n) {
    int kept = 0;

    for (int i = 0; i < *argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (take_option(&i, *argc, argv, options, n) < 0) return -1;
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return 0;
}

int phi_one_file(int argc) {
    if (argc <= 1) return 0;
    fputs("phi: one FILE at a time, or none for standard input\n", stderr);
    return -1;
}

static int read_all(int fd, struct buf *out) {
    for (;;) {
        ssize_t n;

        if (buf_reserve(out, 65536) < 0) return -1;
        n = read(fd, out->ptr + out->len, 65536);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return (int)n;
        out->len += (size_t)n;
    }
}

int phi_read(const char *path, struct buf *out) {
    bool standard = !path || strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), rc;

    buf_init(out, PHI_INPUT_MAX);
    if (fd < 0) {
        fprintf(stderr, "phi: %s: %s\n", path, strerror(errno));
        return -1;
    }
    rc = read_all(fd, out);
    if (!standard) close(fd);
    if (rc == 0) return 0;
    fprintf(stderr, "phi: %s: %s\n", standard ? "standard input" : path,
            out->failed ? "larger than 1 GiB" : strerror(errno));
    buf_free(out);
    return -1;
}

bool phi_share(char *out, size_t out_size) {
    if (config_share(NULL, out, out_size)) return true;
    fputs("phi: no policies found; set PHIGATE_SHARE to the directory that holds policies/\n", stderr);
    return false;
}

struct policy *phi_policy(const char *name_or_file) {
    return phi_policy_with(name_or_file, NULL, NULL);
}

const char *phi_roster_key(void) {
    return access("secrets", F_OK) == 0 ? "secrets/roster.key" : "roster.key";
}

static int open_roster(const char *file, const char *key, struct policy_roster *out, char digest[65]) {
    struct roster_secret secret;
    char err[256];
    bool known;

    if (!key) key = phi_roster_key();
    *out = (struct policy_roster){NULL, file, digest};
    known = roster_secret_read(key, &secret, err, sizeof err) == 0;
    if (known) out->roster = roster_open(file, &secret, digest, err, sizeof err);
    explicit_bzero(&secret, sizeof secret);
    if (!out->roster) fprintf(stderr, "phi: %s: %s\n", known ? file : key, err);
    return out->roster ? 0 : -1;
}

struct policy *phi_policy_with(const char *name_or_file, const char *roster, const char *roster_key) {
    char share[PATH_MAX], digest[65];
    struct policy_roster own = {NULL, NULL, NULL};
    struct policy_paths paths = {.share = share, .rosters = &own, .n_rosters = roster != NULL};
    struct diag *d = NULL;
    struct policy *p = NULL;

    if (roster && open_roster(roster, roster_key, &own, digest) < 0) return NULL;
    d = diag_new();

    if (d && phi_share(share, sizeof share)) {
        p = policy_load(name_or_file ? name_or_file : "minimum-necessary", &paths, d);
        if (!p) diag_print(d, stderr);
    }
    diag_free(d);
    roster_unref(own.roster);
    return p;
}

int phi_purpose(const struct policy *p, const char *name) {
    int purpose = policy_purpose(p, name ? name : "treatment", strlen(name ? name : "treatment"));

    if (purpose >= 0 || !name) return purpose >= 0 ? purpose : 0;
    fputs("phi: the policy has no such purpose; it has:", stderr);
    for (int i = 1; i < policy_purpose_count(p); i++)
        fprintf(stderr, " %s", policy_purpose_name(p, i));
    fputc('\n', stderr);
    return -1;
}

int phi_view(const struct policy *p, const struct phi_who *who, struct policy_view *out) {
    struct policy_request request = {.purpose = phi_purpose(p, who->purpose), .role = who->role, .user = who->user,
                                     .upstream = who->upstream, .model = who->model,
                                     .model_len = who->model ? strlen(who->model) : 0};

    if (request.purpose < 0) return -1;
    policy_view(p, &request, out);
    return 0;
}

bool phi_is_identifier(enum phi_kind kind) {
    if (kind == PHI_TIME || kind == PHI_DATE_RELATIVE) return false;
    return phi_kind_letter(kind) != '-' || kind == PHI_SECRET;
}

/* ---- JSON Lines ---- */

static int add_span(struct arena *a, struct json_scanner *s, struct phi_line *out, size_t *room) {
    struct phi_span span = {0, 0, {NULL, 0}, {NULL, 0}};
    struct json_token t;
    struct span key = {NULL, 0};

    for (;;) {
        unsigned long long number = 0;
        if (json_next(s, &t) < 0) return -1;
        if (t.type == JSON_OBJECT_END) break;
        if (t.type == JSON_KEY) key = t.raw;
        if (t.type == JSON_OBJECT_BEGIN || t.type == JSON_ARRAY_BEGIN) return -1;
        if (t.type == JSON_STRING && span_is(key, "type")) span.type = t.raw;
        if (t.type == JSON_STRING && span_is(key, "raw_type")) span.raw_type = t.raw;
        if (t.type == JSON_NUMBER && span_decimal(t.raw, &number) == 0) {
            if (span_is(key, "start")) span.begin = (size_t)number;
            if (span_is(key, "end")) span.end = (size_t)number;
        }
    }
    if (out->n_spans == *room) {
        size_t larger = *room ? *room * 2 : 32;
        out->spans = arena_grow(a, out->spans, *room * sizeof span, larger * sizeof span);
        if (!out->spans) return -1;
        *room = larger;
    }
    out->spans[out->n_spans++] = span;
    return 0;
}

static int read_spans(struct arena *a, struct json_scanner *s, struct phi_line *out) {
    struct json_token t;
    size_t room = 0;

    for (;;) {
        if (json_next(s, &t) < 0) return -1;
        if (t.type == JSON_ARRAY_END) return 0;
        if (t.type != JSON_OBJECT_BEGIN || add_span(a, s, out, &room) < 0) return -1;
    }
}

int phi_read_line(struct arena *a, struct span line, struct phi_line *out) {
    struct json_scanner *s = json_scanner_new(a, line, 64);
    struct span key = {NULL, 0};
    struct json_token t;
    bool texts = false;

    memset(out, 0, sizeof *out);
    if (!s || json_next(s, &t) < 0 || t.type != JSON_OBJECT_BEGIN) return -1;
    while (json_next(s, &t) == 0 && t.type != JSON_OBJECT_END) {
        if (t.type == JSON_KEY) {
            key = t.raw;
        } else if (t.type == JSON_STRING && span_is(key, "id")) {
            out->id = span_make(t.raw.ptr - 1, t.raw.len + 2);
        } else if (t.type == JSON_NUMBER && span_is(key, "id")) {
            out->id = t.raw;
        } else if (t.type == JSON_STRING && span_is(key, "text")) {
            if (json_unescape(a, t.raw, &out->text, NULL) < 0) return -1;
            texts = true;
        } else if (t.type == JSON_ARRAY_BEGIN && span_is(key, "spans")) {
            if (read_spans(a, s, out) < 0) return -1;
        } else if (t.type == JSON_OBJECT_BEGIN || t.type == JSON_ARRAY_BEGIN) {
            if (json_skip(s) < 0) return -1;
        }
    }
    return texts && t.type == JSON_OBJECT_END && json_next(s, &t) == 0 && t.type == JSON_END ? 0 : -1;
}
