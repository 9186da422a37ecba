/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit export: the records that a filter selects, in the form of another system, one after another.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit_filter.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_read.h"
#include "phi_export.h"

const char phi_audit_export_usage[] = "usage: phi audit export --format ocsf|fhir|cef|rfc5424 [--log FILE] [--out FILE] [--from T] [--to T]\n"
                            "           [--user U] [--client C] [--upstream N] [--kind K] [--decision D] [--type T]\n";

static const struct form {
    const char *name;
    void (*write)(const struct export_record *r, FILE *out);
} forms[] = {{"ocsf", export_ocsf}, {"fhir", export_fhir}, {"cef", export_cef}, {"rfc5424", export_rfc5424}};

/* ---- reading ---- */

static int64_t sum(struct span counts) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX);
    int64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += audit_view_integer(m[i].value);
    return total;
}

static void read_inside(struct span line, struct export_record *r) {
    struct span actor = audit_view_get(line, "actor"), request = audit_view_get(line, "request");
    struct span upstream = audit_view_get(line, "upstream"), policy = audit_view_get(line, "policy");

    r->user = audit_view_text(actor, "user");
    r->client = audit_view_text(actor, "client");
    r->role = audit_view_text(actor, "role");
    r->ip = audit_view_text(actor, "ip");
    r->endpoint = audit_view_text(request, "endpoint");
    r->model = audit_view_text(request, "model");
    r->bytes_in = audit_view_number(request, "bytes");
    r->recipient = audit_view_text(upstream, "name");
    r->agreement = audit_view_text(upstream, "agreement");
    r->trust = audit_view_text(upstream, "trust");
    r->policy = audit_view_text(policy, "id");
    r->digest = audit_view_text(policy, "digest");
    r->claim = audit_view_text(policy, "claim");
}

void export_read(struct span line, struct export_record *r) {
    *r = (struct export_record){
        .type = audit_view_text(line, "type"), .event = audit_view_text(line, "event"), .ts = audit_view_text(line, "ts"),
        .id = audit_view_text(line, "id"), .request_id = audit_view_text(line, "request_id"), .node = audit_view_text(line, "node"),
        .decision = audit_view_text(line, "decision"), .code = audit_view_text(line, "code"), .reason = audit_view_text(line, "reason"),
        .purpose = audit_view_text(line, "purpose"), .result = audit_view_text(line, "result"), .kind = audit_view_text(line, "kind"),
        .after = audit_view_text(line, "after"), .found = audit_view_get(line, "found"),
        .disclosed = audit_view_get(line, "disclosed"), .values = audit_view_get(line, "values"),
        .seq = audit_view_number(line, "seq"), .status = audit_view_number(line, "status"),
        .tokens_in = audit_view_number(line, "tokens_in"), .tokens_out = audit_view_number(line, "tokens_out"),
        .bytes_out = audit_view_number(line, "bytes_out")};
    read_inside(line, r);
    r->found_sum = sum(r->found);
    r->disclosed_sum = sum(r->disclosed);
}

static int part(struct span ts, size_t at, size_t n) {
    unsigned long long value;
    return span_decimal(span_sub(ts, at, at + n), &value) == 0 ? (int)value : 0;
}

/* "2026-01-31T23:59:59.123456Z" */
int64_t export_milliseconds(struct span ts) {
    struct tm utc = {.tm_year = part(ts, 0, 4) - 1900, .tm_mon = part(ts, 5, 2) - 1, .tm_mday = part(ts, 8, 2),
                     .tm_hour = part(ts, 11, 2), .tm_min = part(ts, 14, 2), .tm_sec = part(ts, 17, 2)};

    if (ts.len != 27) return 0;
    return (int64_t)timegm(&utc) * 1000 + part(ts, 20, 3);
}

bool export_is_block(const struct export_record *r) {
    return span_is(r->decision, "block");
}

/* ---- writing ---- */

void export_span(FILE *out, struct span s) {
    if (s.len) fwrite(s.ptr, 1, s.len, out);
}

void export_member(FILE *out, const char *name, struct span value) {
    if (value.len == 0) return;
    fprintf(out, ",\"%s\":\"", name);
    export_span(out, value);
    fputc('"', out);
}

static int export_lines(struct phi_reader *reader, const struct audit_filter *f, const struct form *form, FILE *out) {
    struct export_record r;
    struct span line;

    if (phi_reader_choose(reader, &(struct phi_reader_choice){.filter = f}) < 0) return -1;
    while (phi_reader_next(reader, &line)) {
        if (!audit_filter_matches(f, line)) continue;
        export_read(line, &r);
        form->write(&r, out);
    }
    return phi_reader_end(reader);
}

static int run(const struct phi_read_options *read, const struct audit_filter *f, const struct form *form, const char *path) {
    struct phi_reader *reader = phi_reader_open(read);
    FILE *out = reader ? phi_audit_output(path) : NULL;
    int rc = out ? export_lines(reader, f, form, out) : -1;

    if (out && phi_audit_output_end(out, path) < 0) rc = -1;
    phi_reader_free(reader);
    return rc == 0 ? PHI_DONE : PHI_USAGE;
}

static const struct form *form_of(const char *name) {
    for (size_t i = 0; name && i < sizeof forms / sizeof *forms; i++)
        if (strcmp(name, forms[i].name) == 0) return &forms[i];
    if (name) fprintf(stderr, "phi: no such format: %s\n", name);
    fputs(phi_audit_export_usage, stderr);
    return NULL;
}

int phi_audit_export(int argc, char **argv) {
    struct audit_filter f = {.from = NULL};
    struct phi_read_options read = {.log = NULL};
    const char *format = NULL, *out = NULL;
    const struct phi_option options[] = {
        PHI_READ_OPTIONS(read), {"--format", &format, NULL}, {"--out", &out, NULL}, {"--from", &f.from, NULL}, {"--to", &f.to, NULL},
        {"--user", &f.user, NULL}, {"--client", &f.client, NULL}, {"--upstream", &f.upstream, NULL}, {"--kind", &f.kind, NULL},
        {"--decision", &f.decision, NULL}, {"--type", &f.type, NULL}};
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    const struct form *form = argc == 0 ? form_of(format) : form_of(NULL);
    if (!form) return PHI_USAGE;
    if (phi_audit_filter(&f) < 0) rc = PHI_USAGE;
    else rc = run(&read, &f, form, out);
    audit_filter_free(&f);
    return rc;
}
