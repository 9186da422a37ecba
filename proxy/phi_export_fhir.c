/* SPDX-License-Identifier: Apache-2.0
 *
 * FHIR R4 AuditEvent, one for each forwarded request in which identifiers were found, in the form of IHE BALP's
 * "Privacy Disclosure, Source". A patient is named by the keyed hash of an identifier: whoever holds the audit key can find
 * out which patient it is, nobody else.
 */
#include "phi_export.h"

#include <string.h>

#include "audit_view.h"

#define DICOM "http://dicom.nema.org/resources/ontology/DCM"
#define TERMS "http://terminology.hl7.org/CodeSystem/"

static void add_purpose(const struct export_record *r, FILE *out) {
    static const struct { const char *purpose, *code; } reasons[] = {
        {"treatment", "TREAT"}, {"patient-letter", "TREAT"}, {"billing", "HPAYMT"}, {"prior-auth", "HPAYMT"},
        {"scheduling", "HOPERAT"}, {"research", "HRESCH"}};

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (span_is(r->purpose, reasons[i].purpose))
            fprintf(out, ",\"purposeOfEvent\":[{\"coding\":[{\"system\":\"" TERMS "v3-ActReason\",\"code\":\"%s\"}]}]", reasons[i].code);
}

static void add_agent(FILE *out, const char *code, const char *system, struct span who, bool requestor, struct span ip) {
    fprintf(out, "{\"type\":{\"coding\":[{\"system\":\"%s\",\"code\":\"%s\"}]},\"who\":{\"identifier\":{\"value\":\"", system, code);
    export_span(out, who.len ? who : span_of("unknown"));
    fprintf(out, "\"}},\"requestor\":%s", requestor ? "true" : "false");
    if (ip.len) {
        fputs(",\"network\":{\"address\":\"", out);
        export_span(out, ip);
        fputs("\",\"type\":\"2\"}", out);
    }
    fputc('}', out);
}

static void add_agents(const struct export_record *r, FILE *out) {
    struct span none = {NULL, 0};

    fputs(",\"agent\":[", out);
    add_agent(out, "110153", DICOM, r->node, false, none);
    fputc(',', out);
    add_agent(out, "110152", DICOM, r->recipient, false, none);
    fputc(',', out);
    add_agent(out, "IRCP", TERMS "v3-ParticipationType", r->user, true, r->ip);
    fputc(']', out);
}

static void add_details(const char *what, struct span counts, FILE *out, bool *any) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX);

    for (size_t i = 0; i < n; i++, *any = true) {
        fprintf(out, "%s{\"type\":\"%s:", *any ? "," : ",\"detail\":[", what);
        export_span(out, m[i].name);
        fputs("\",\"valueString\":\"", out);
        export_span(out, m[i].value);
        fputs("\"}", out);
    }
}

static void add_data(const struct export_record *r, FILE *out) {
    bool any = false;

    fputs(",\"entity\":[{\"what\":{\"identifier\":{\"value\":\"", out);
    export_span(out, r->request_id);
    fputs("\"}},\"type\":{\"system\":\"" TERMS "audit-entity-type\",\"code\":\"2\"},\"role\":{\"system\":\"" TERMS
          "object-role\",\"code\":\"4\"}", out);
    add_details("found", r->found, out, &any);
    add_details("disclosed", r->disclosed, out, &any);
    fputs(any ? "]}" : "}", out);
}

/* The strongest identifier there is: one entity for each of its values. */
static void add_patients(const struct export_record *r, FILE *out) {
    static const char *const words[] = {"MRN:", "SSN:", "PLAN:", "NAME:"};
    bool found = false;
    struct span value;

    for (size_t w = 0; w < sizeof words / sizeof *words && !found; w++) {
        for (size_t at = 0; audit_view_next(r->values, &at, &value);) {
            struct span text = audit_view_unquote(value);
            if (!span_starts(text, words[w])) continue;
            found = true;
            fputs(",{\"what\":{\"identifier\":{\"value\":\"", out);
            export_span(out, text);
            fputs("\"}},\"type\":{\"system\":\"" TERMS "audit-entity-type\",\"code\":\"1\"},\"role\":{\"system\":\"" TERMS
                  "object-role\",\"code\":\"1\"}}", out);
        }
    }
}

void export_fhir(const struct export_record *r, FILE *out) {
    if (!span_is(r->type, "decision") || export_is_block(r) || r->found_sum == 0) return;
    fputs("{\"resourceType\":\"AuditEvent\",\"id\":\"", out);
    export_span(out, r->id);
    fputs("\",\"meta\":{\"profile\":[\"https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source\"]}", out);
    fputs(",\"type\":{\"system\":\"" DICOM "\",\"code\":\"110106\",\"display\":\"Export\"},\"subtype\":[{\"system\":\"" TERMS
          "iso-21089-lifecycle\",\"code\":\"disclose\"}],\"action\":\"R\",\"recorded\":\"", out);
    export_span(out, r->ts);
    fputs("\",\"outcome\":\"0\"", out);
    add_purpose(r, out);
    add_agents(r, out);
    fputs(",\"source\":{\"observer\":{\"identifier\":{\"value\":\"", out);
    export_span(out, r->node);
    fputs("\"}},\"type\":[{\"system\":\"" TERMS "security-source-type\",\"code\":\"4\"}]}", out);
    add_data(r, out);
    add_patients(r, out);
    fputs("]}\n", out);
}
