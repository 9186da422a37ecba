/* SPDX-License-Identifier: Apache-2.0
 *
 * One line for each record: CEF, and syslog with structured data (RFC 5424).
 */
#include "phi_export.h"

#include <ctype.h>
#include <string.h>

#include "audit_view.h"
#include "phi_report.h"

/* Decoded, with a backslash before each of `escaped`; control characters become a space. */
static void put(FILE *out, struct span raw, const char *escaped) {
    char c;

    for (size_t at = 0; report_char(raw, &at, &c);) {
        if ((unsigned char)c < 0x20 || c == 0x7F) c = ' ';
        if (strchr(escaped, c)) fputc('\\', out);
        fputc(c, out);
    }
}

static void put_counts(FILE *out, struct span counts) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX);

    for (size_t i = 0; i < n; i++) {
        if (i) fputc(',', out);
        put(out, m[i].name, "=\\\"]|");
        fputc(':', out);
        put(out, m[i].value, "=\\\"]|");
    }
}

/* ---- CEF ---- */

static void extension(FILE *out, const char *key, struct span value) {
    if (value.len == 0) return;
    fprintf(out, " %s=", key);
    put(out, value, "=\\");
}

static void labelled(FILE *out, const char *key, const char *label, struct span value) {
    if (value.len == 0) return;
    fprintf(out, " %sLabel=%s", key, label);
    extension(out, key, value);
}

static void labelled_counts(FILE *out, const char *key, const char *label, struct span counts) {
    if (counts.len == 0) return;
    fprintf(out, " %sLabel=%s %s=", key, label, key);
    put_counts(out, counts);
}

static const char *cef_name(const struct export_record *r) {
    if (span_is(r->type, "outcome")) return "AI request ended";
    if (!span_is(r->type, "decision")) return "Gateway event";
    if (export_is_block(r)) return "AI request blocked";
    return span_is(r->decision, "edit") ? "AI request redacted and sent" : "AI request sent";
}

static void put_signature(const struct export_record *r, FILE *out) {
    struct span more = r->decision.len ? r->decision : r->event;

    put(out, r->type, "|\\");
    if (more.len) fputc('.', out);
    put(out, more, "|\\");
}

void export_cef(const struct export_record *r, FILE *out) {
    bool six = r->ip.len && memchr(r->ip.ptr, ':', r->ip.len);

    if (r->type.len == 0) return;
    fputs("CEF:0|phigate|phigate|1|", out);
    put_signature(r, out);
    fprintf(out, "|%s|%d|rt=%lld", cef_name(r), export_is_block(r) ? 6 : span_is(r->type, "sink_failure") ? 9 : 3,
            (long long)export_milliseconds(r->ts));
    extension(out, "dvchost", r->node);
    extension(out, "externalId", r->id);
    extension(out, six ? "c6a2" : "src", r->ip);
    if (six) fputs(" c6a2Label=Source IPv6 Address", out);
    extension(out, "suser", r->user);
    extension(out, "dhost", r->recipient);
    extension(out, "request", r->endpoint);
    extension(out, "act", r->decision.len ? r->decision : r->event);
    extension(out, "outcome", r->result);
    extension(out, "reason", r->code.len ? r->code : r->reason);
    labelled(out, "cs1", "requestId", r->request_id);
    labelled(out, "cs2", "policyDigest", r->digest);
    labelled(out, "cs3", "purpose", r->purpose);
    labelled_counts(out, "cs4", "identifiersFound", r->found);
    labelled_counts(out, "cs5", "identifiersSentInClear", r->disclosed);
    labelled(out, "cs6", "agreement", r->agreement);
    if (r->found_sum) fprintf(out, " cn1Label=found cn1=%lld", (long long)r->found_sum);
    if (r->disclosed_sum) fprintf(out, " cn2Label=sentInClear cn2=%lld", (long long)r->disclosed_sum);
    fprintf(out, " cn3Label=seq cn3=%lld\n", (long long)r->seq);
}

/* ---- RFC 5424 ---- */

static void parameter(FILE *out, const char *name, struct span value) {
    if (value.len == 0) return;
    fprintf(out, " %s=\"", name);
    put(out, value, "\"\\]");
    fputc('"', out);
}

static void parameter_counts(FILE *out, const char *name, struct span counts) {
    if (counts.len == 0) return;
    fprintf(out, " %s=\"", name);
    put_counts(out, counts);
    fputc('"', out);
}

static void put_upper(FILE *out, struct span s) {
    for (size_t i = 0; i < s.len && i < 32; i++)
        fputc(isalnum((unsigned char)s.ptr[i]) ? toupper((unsigned char)s.ptr[i]) : '_', out);
}

/* Facility 13 (log audit); 32473 is the enterprise number for documentation (RFC 5612). */
void export_rfc5424(const struct export_record *r, FILE *out) {
    int severity = span_is(r->type, "sink_failure") ? 3 : export_is_block(r) ? 4 : 6;

    if (r->type.len == 0) return;
    fprintf(out, "<%d>1 ", 13 * 8 + severity);
    export_span(out, r->ts.len ? r->ts : span_of("-"));
    fputc(' ', out);
    export_span(out, r->node.len ? r->node : span_of("-"));
    fputs(" phigate - ", out);
    put_upper(out, r->type);
    fprintf(out, " [phigate@32473 seq=\"%lld\"", (long long)r->seq);
    parameter(out, "id", r->id);
    parameter(out, "event", r->event);
    parameter(out, "request", r->request_id);
    parameter(out, "act", r->decision);
    parameter(out, "code", r->code);
    parameter(out, "reason", r->reason);
    parameter(out, "result", r->result);
    parameter(out, "user", r->user);
    parameter(out, "client", r->client);
    parameter(out, "ip", r->ip);
    parameter(out, "purpose", r->purpose);
    parameter(out, "endpoint", r->endpoint);
    parameter(out, "model", r->model);
    parameter(out, "recipient", r->recipient);
    parameter(out, "agreement", r->agreement);
    parameter(out, "policy", r->digest);
    parameter_counts(out, "found", r->found);
    parameter_counts(out, "disclosed", r->disclosed);
    fputs("]\n", out);
}
