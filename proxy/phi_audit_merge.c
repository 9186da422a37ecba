/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit merge: the records of several gateways by time, for reading. Each log keeps its own order even where its clock
 * jumped; of equal times the log named first comes first. The result is no log: each line still belongs to its own chain.
 */
#include <stdlib.h>
#include <string.h>

#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_seal.h"

#define LOGS_MAX 64

struct source {
    struct audit_set *set;
    struct phi_seal seal;
    struct audit_lines *lines;
    struct span line, time;
    bool ended;
};

static void advance(struct source *s) {
    s->ended = !audit_lines_next(s->lines, &s->line);
    if (!s->ended) s->time = audit_view_time(s->line);
}

static int open_source(struct source *s, const char *path, const char *key_path) {
    s->set = phi_audit_set(path);
    if (s->set && phi_seal_open(&s->seal, path, key_path, s->set) < 0) return -1;
    s->lines = s->set ? audit_lines_open(s->set, 0, 0) : NULL;
    if (!s->lines) return -1;
    advance(s);
    return 0;
}

static bool earlier(const struct source *a, const struct source *b) {
    size_t n = a->time.len < b->time.len ? a->time.len : b->time.len;
    int order = n ? memcmp(a->time.ptr, b->time.ptr, n) : 0;

    return order < 0 || (order == 0 && a->time.len < b->time.len);
}

static struct source *first_of(struct source *v, size_t n) {
    struct source *first = NULL;

    for (size_t i = 0; i < n; i++)
        if (!v[i].ended && (!first || earlier(&v[i], first))) first = &v[i];
    return first;
}

static int merge(struct source *v, size_t n, FILE *out) {
    for (struct source *s; (s = first_of(v, n));) {
        phi_audit_span(out, s->line);
        fputc('\n', out);
        advance(s);
    }
    for (size_t i = 0; i < n; i++)
        if (phi_audit_lines_end(v[i].lines) < 0) return -1;
    return 0;
}

const char phi_audit_merge_usage[] =
    "usage: phi audit merge LOG... [--out FILE] [--encryption-key FILE]   (at most 64 logs)\n";

int phi_audit_merge(int argc, char **argv) {
    const char *path = NULL, *key_path = NULL;
    const struct phi_option options[] = {{"--out", &path, NULL}, {"--encryption-key", &key_path, NULL}};
    struct source v[LOGS_MAX] = {{.set = NULL}};
    size_t n = 0;
    int rc = 0;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc < 1 || argc > LOGS_MAX) {
        fputs(phi_audit_merge_usage, stderr);
        return PHI_USAGE;
    }
    for (; rc == 0 && n < (size_t)argc; n++)
        rc = open_source(&v[n], argv[n], key_path);
    FILE *out = rc == 0 ? phi_audit_output(path) : NULL;
    rc = out ? merge(v, n, out) : -1;
    if (out && phi_audit_output_end(out, path) < 0) rc = -1;
    for (size_t i = 0; i < n; i++) {
        audit_lines_close(v[i].lines);
        audit_set_free(v[i].set);
        phi_seal_close(&v[i].seal);
    }
    return rc == 0 ? PHI_DONE : PHI_USAGE;
}
