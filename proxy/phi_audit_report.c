/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit report: one pass over the log, then the tables in the form that was asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "phi_audit.h"
#include "phi_report.h"

static const char usage[] =
    "usage: phi audit report [--log FILE] [--format html|csv|json] [--report R1..R16] [--out FILE]\n"
    "           [--from T] [--to T] [--user U] [--client C] [--role R] [--purpose P] [--model M] [--upstream N] [--kind K]\n";

static const struct form {
    const char *name;
    void (*write)(const struct report *r, FILE *out);
} forms[] = {{"html", report_write_html}, {"csv", report_write_csv}, {"json", report_write_json}};

static const struct form *form_of(const char *name) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!name || strcmp(name, forms[i].name) == 0) return &forms[i];
    fprintf(stderr, "phi: no such format: %s (html, csv or json)\n", name);
    return NULL;
}

static bool report_known(const char *id) {
    for (int t = 0; id && t < REPORT_TABLES; t++)
        if (strcmp(id, report_forms[t].id) == 0) return true;
    if (id) fprintf(stderr, "phi: no such report: %s (R1 to R16)\n", id);
    return !id;
}

static void set_made(struct report *r) {
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(r->made, sizeof r->made, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void set_checkpoint(struct report *r) {
    char name[4096];
    struct buf note;

    if (snprintf(name, sizeof name, "%s.checkpoint", r->log) >= (int)sizeof name || access(name, R_OK) != 0) return;
    if (phi_audit_note(r->log, name, &note, &r->checkpoint) < 0) return;
    r->has_checkpoint = true;
    buf_free(&note);
}

/* "<log>.probes", when it is there. */
static int collect_beside(struct report *r) {
    char name[4096];
    struct span line;

    if (snprintf(name, sizeof name, "%s.probes", r->log) >= (int)sizeof name || access(name, R_OK) != 0) return 0;
    struct audit_set *set = phi_audit_set(name);
    struct audit_lines *l = set ? audit_lines_open(set, 0, 0) : NULL;
    while (l && audit_lines_next(l, &line))
        report_take_beside(r, line);
    int rc = l ? phi_audit_lines_end(l) : -1;
    audit_lines_close(l);
    audit_set_free(set);
    return rc;
}

static int collect(struct report *r, const struct audit_set *set) {
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    struct span line;
    int rc = l ? 0 : -1;

    while (rc == 0 && !r->failed && audit_lines_next(l, &line))
        report_take(r, line);
    if (rc == 0) rc = phi_audit_lines_end(l);
    audit_lines_close(l);
    if (rc == 0) rc = collect_beside(r);
    report_finish(r);
    if (r->failed) fputs("phi: out of memory\n", stderr);
    if (rc == 0 && !r->failed && r->first[0]) return 0;
    if (rc == 0 && !r->failed) fprintf(stderr, "phi: %s: holds no record\n", r->log);
    return -1;
}

static int write_out(const struct report *r, const struct form *form, const char *path) {
    FILE *out = phi_audit_output(path);

    if (!out) return -1;
    form->write(r, out);
    return phi_audit_output_end(out, path);
}

static int run(struct report *r, const struct form *form, const char *out) {
    struct audit_set *set = phi_audit_set(r->log);
    int rc;

    set_made(r);
    set_checkpoint(r);
    rc = set ? collect(r, set) : -1;
    if (rc == 0) rc = write_out(r, form, out);
    report_free(r);
    audit_set_free(set);
    return rc == 0 ? PHI_DONE : PHI_USAGE;
}

int phi_audit_report(int argc, char **argv) {
    struct audit_filter f = {.from = NULL};
    struct report r = {.filter = &f};
    const char *log = NULL, *format = NULL, *out = NULL, *reason;
    const struct phi_option options[] = {
        {"--log", &log, NULL}, {"--format", &format, NULL}, {"--report", &r.wanted, NULL}, {"--out", &out, NULL},
        {"--from", &f.from, NULL}, {"--to", &f.to, NULL}, {"--user", &f.user, NULL}, {"--client", &f.client, NULL},
        {"--role", &f.role, NULL}, {"--purpose", &f.purpose, NULL}, {"--model", &f.model, NULL}, {"--upstream", &f.upstream, NULL},
        {"--kind", &f.kind, NULL}};
    const struct form *form;
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0) {
        fputs(usage, stderr);
        return PHI_USAGE;
    }
    form = form_of(format);
    if (!form || !report_known(r.wanted)) return PHI_USAGE;
    r.log = phi_audit_log(log);
    if (audit_filter_prepare(&f, &reason) < 0) fprintf(stderr, "phi: %s\n", reason);
    else rc = run(&r, form, out);
    audit_filter_free(&f);
    return rc;
}
