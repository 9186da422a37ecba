/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit hold: records of a time must be kept, whatever their age, until the hold is released. What a hold is about stands in
 * the practice's own files; the log knows its name.
 */
#include "phi_audit_hold.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_auditor.h"

const char phi_audit_hold_usage[] =
    "usage: phi audit hold --name WORD --from T --to T --key FILE --as FILE [--clients FILE] [--log FILE]\n"
    "       phi audit hold --name WORD --release --key FILE --as FILE [--clients FILE] [--log FILE]\n"
    "       phi audit hold --list [--log FILE]\n";

/* ---- reading ---- */

static void copy(char *out, size_t size, struct span s) {
    size_t n = s.len < size - 1 ? s.len : size - 1;

    if (n) memcpy(out, s.ptr, n);
    out[n] = '\0';
}

static struct phi_hold *named(struct phi_holds *h, struct span name) {
    for (size_t i = 0; i < h->n; i++)
        if (span_is(name, h->v[i].name)) return &h->v[i];
    return NULL;
}

/* A second one under the same name takes its place. */
static int place(struct phi_holds *h, struct span line) {
    struct span name = audit_view_text(line, "name");
    struct phi_hold *x = named(h, name);

    if (!x && h->n == PHI_HOLDS_MAX) return -1;
    if (!x) x = &h->v[h->n++];
    copy(x->name, sizeof x->name, name);
    copy(x->from, sizeof x->from, audit_view_text(line, "from"));
    copy(x->to, sizeof x->to, audit_view_text(line, "to"));
    return 0;
}

static int take(struct phi_holds *h, struct span line) {
    if (!span_is(audit_view_text(line, "type"), "hold")) return 0;
    if (span_is(audit_view_text(line, "event"), "placed")) return place(h, line);
    struct phi_hold *x = named(h, audit_view_text(line, "name"));
    if (x) *x = h->v[--h->n];
    return 0;
}

int phi_holds_read(struct phi_holds *h, const char *log) {
    struct audit_set *set;
    struct audit_lines *l = phi_beside_lines(log, &set);
    struct span line;
    int rc = 0;

    *h = (struct phi_holds){.n = 0};
    while (l && rc == 0 && audit_lines_next(l, &line))
        rc = take(h, line);
    if (rc < 0) fputs("phi: there are too many holds\n", stderr);
    if (l && phi_audit_lines_end(l) < 0) rc = -1;
    audit_lines_close(l);
    audit_set_free(set);
    return rc;
}

static int compare_prefix(const char *a, const char *b) {
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return strncmp(a, b, n);
}

const struct phi_hold *phi_holds_over(const struct phi_holds *h, const char *begin, const char *end) {
    for (size_t i = 0; i < h->n; i++)
        if (compare_prefix(h->v[i].from, end) <= 0 && compare_prefix(h->v[i].to, begin) >= 0) return &h->v[i];
    return NULL;
}

/* ---- the command ---- */

static bool name_valid(const char *s) {
    size_t n = s ? strlen(s) : 0;
    return n >= 1 && n <= PHI_HOLD_NAME && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static bool time_valid(const char *s) {
    size_t n = s ? strlen(s) : 0;
    return n >= 4 && n <= 27 && strspn(s, "0123456789-:T.Z") == n;
}

static int list(const char *log) {
    struct phi_holds h;

    if (phi_holds_read(&h, phi_audit_log(log)) < 0) return PHI_USAGE;
    for (size_t i = 0; i < h.n; i++)
        printf("%s\t%s\t%s\n", h.v[i].name, h.v[i].from, h.v[i].to);
    return phi_audit_output_end(stdout, NULL) < 0 ? PHI_USAGE : PHI_DONE;
}

static bool is_placed(const char *log, const char *name) {
    struct phi_holds h;

    if (phi_holds_read(&h, log) < 0) return false;
    if (named(&h, span_of(name))) return true;
    fprintf(stderr, "phi: there is no hold of the name %s\n", name);
    return false;
}

static int write_hold(const char *log, const char *key_path, const struct phi_auditor *who, const char *name, const char *from, const char *to) {
    struct audit_set *set = phi_audit_set(log);
    unsigned char key[32];
    int rc = -1;

    if (set && phi_audit_key(key_path, key) == 0 && phi_audit_key_fits(set, key, key_path) == 0) {
        struct audit_record *r = phi_audit_person_record("hold", from ? "placed" : "released", who);
        if (r) {
            audit_add_text(r, "name", name);
            audit_add_text(r, "from", from);
            audit_add_text(r, "to", to);
            rc = phi_audit_append(phi_audit_log(log), key, r);
        }
    }
    explicit_bzero(key, sizeof key);
    audit_set_free(set);
    return rc;
}

int phi_audit_hold(int argc, char **argv) {
    const char *log = NULL, *key = NULL, *name = NULL, *from = NULL, *to = NULL;
    struct phi_auditor who = {.as = NULL};
    bool release = false, wants_list = false;
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--key", &key, NULL}, {"--name", &name, NULL}, {"--from", &from, NULL},
                                         {"--to", &to, NULL}, {"--release", NULL, &release}, {"--list", NULL, &wants_list},
                                         PHI_AUDITOR_OPTIONS(who)};
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc == 0 && wants_list && !name) return list(log);
    if (argc != 0 || !key || !name_valid(name) || (release ? from || to : !time_valid(from) || !time_valid(to))) {
        fputs(phi_audit_hold_usage, stderr);
        return PHI_USAGE;
    }
    if (!release && compare_prefix(from, to) > 0) {
        fputs("phi: --from is later than --to: no record would be held\n", stderr);
        return PHI_USAGE;
    }
    if (phi_auditor_require(&who) == 0 && (!release || is_placed(phi_audit_log(log), name)) &&
        write_hold(log, key, &who, name, from, to) == 0)
        rc = PHI_DONE;
    phi_auditor_free(&who);
    return rc;
}
