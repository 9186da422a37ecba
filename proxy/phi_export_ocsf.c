/* SPDX-License-Identifier: Apache-2.0
 *
 * OCSF, a JSON object for each event:
 *
 *   forwarded, answered  6003 API Activity with the profiles ai_operation and security_control
 *   blocked              6003 (denied) and 2006 Data Security Finding
 *   reload, policy       3004 Entity Management        start, stop   6002 Application Lifecycle
 *   the log's own file   1008 Event Log Activity
 *
 * prompt_text, response_text, pattern_match and discovery_details.value are never written.
 */
#include "phi_export.h"

#define OCSF_VERSION "1.8.0"

static void begin(const struct export_record *r, FILE *out, int class_uid, int activity, int severity, const char *profiles) {
    fprintf(out, "{\"class_uid\":%d,\"category_uid\":%d,\"activity_id\":%d,\"type_uid\":%d,\"severity_id\":%d,\"time\":%lld", class_uid,
            class_uid / 1000, activity, class_uid * 100 + activity, severity, (long long)export_milliseconds(r->ts));
    fprintf(out, ",\"metadata\":{\"version\":\"" OCSF_VERSION "\",\"product\":{\"name\":\"phigate\",\"vendor_name\":\"phigate\"},\"profiles\":[%s],"
                 "\"sequence\":%lld", profiles, (long long)r->seq);
    export_member(out, "uid", r->id);
    export_member(out, "correlation_uid", r->request_id);
    export_member(out, "log_provider", r->node);
    fputc('}', out);
}

static void add_actor(const struct export_record *r, FILE *out) {
    fputs(",\"actor\":{\"user\":{\"name\":\"", out);
    export_span(out, r->user.len ? r->user : span_of("unknown"));
    fputc('"', out);
    export_member(out, "credential_uid", r->client);
    fputs("}}", out);
}

static void add_endpoints(const struct export_record *r, FILE *out) {
    fputs(",\"src_endpoint\":{\"ip\":\"", out);
    export_span(out, r->ip.len ? r->ip : span_of("0.0.0.0"));
    fputs("\"}", out);
    if (r->recipient.len) {
        fputs(",\"dst_endpoint\":{\"name\":\"", out);
        export_span(out, r->recipient);
        fputs("\"}", out);
    }
}

static void add_counts(const struct export_record *r, FILE *out) {
    if (r->found.len) {
        fputs(",\"found\":", out);
        export_span(out, r->found);
    }
    if (r->disclosed.len) {
        fputs(",\"disclosed\":", out);
        export_span(out, r->disclosed);
    }
}

static void add_unmapped(const struct export_record *r, FILE *out) {
    fputs(",\"unmapped\":{\"record_type\":\"", out);
    export_span(out, r->type);
    fputc('"', out);
    export_member(out, "request_id", r->request_id);
    export_member(out, "purpose", r->purpose);
    export_member(out, "agreement", r->agreement);
    export_member(out, "trust", r->trust);
    export_member(out, "policy_claim", r->claim);
    export_member(out, "code", r->code);
    export_member(out, "reason", r->reason);
    export_member(out, "result", r->result);
    export_member(out, "event", r->event);
    add_counts(r, out);
    fputs("}}\n", out);
}

static void add_policy(const struct export_record *r, FILE *out) {
    if (!r->policy.len) return;
    fputs(",\"policy\":{\"name\":\"", out);
    export_span(out, r->policy);
    fputs("\",\"uid\":\"", out);
    export_span(out, r->digest);
    fputs("\"}", out);
}

static void add_control(const struct export_record *r, FILE *out) {
    bool block = export_is_block(r), edit = span_is(r->decision, "edit");

    fprintf(out, ",\"action_id\":%d,\"disposition_id\":%d", block ? 2 : edit ? 4 : 1, block ? 2 : edit ? 11 : 1);
    add_policy(r, out);
}

static void add_model(const struct export_record *r, FILE *out) {
    fputs(",\"ai_model\":{\"name\":\"", out);
    export_span(out, r->model.len ? r->model : span_of("unknown"));
    fputc('"', out);
    export_member(out, "ai_provider", r->recipient.len ? r->recipient : span_of("unknown"));
    fputc('}', out);
}

static void write_request(const struct export_record *r, FILE *out) {
    begin(r, out, 6003, 1, export_is_block(r) ? 3 : 1, "\"ai_operation\",\"security_control\"");
    add_actor(r, out);
    add_endpoints(r, out);
    fputs(",\"api\":{\"operation\":\"", out);
    export_span(out, r->endpoint.len ? r->endpoint : span_of("unknown"));
    fputs("\",\"request\":{\"uid\":\"", out);
    export_span(out, r->request_id);
    fputs("\"}}", out);
    add_model(r, out);
    add_control(r, out);
    add_unmapped(r, out);
}

static void write_finding(const struct export_record *r, FILE *out) {
    begin(r, out, 2006, 1, 3, "\"security_control\"");
    add_actor(r, out);
    add_endpoints(r, out);
    fputs(",\"status_id\":1,\"finding_info\":{\"title\":\"AI request blocked\",\"uid\":\"", out);
    export_span(out, r->id);
    fputs("\"},\"data_security\":{\"detection_system_id\":2,\"data_lifecycle_state_id\":2", out);
    add_policy(r, out);
    fputc('}', out);
    add_control(r, out);
    add_unmapped(r, out);
}

static void write_outcome(const struct export_record *r, FILE *out) {
    bool complete = span_is(r->result, "complete");

    begin(r, out, 6003, 99, complete ? 1 : 2, "\"ai_operation\"");
    fputs(",\"activity_name\":\"Outcome\"", out);
    add_actor(r, out);
    add_endpoints(r, out);
    fputs(",\"api\":{\"operation\":\"outcome\",\"request\":{\"uid\":\"", out);
    export_span(out, r->request_id);
    fprintf(out, "\"},\"response\":{\"code\":%lld}}", (long long)r->status);
    add_model(r, out);
    fprintf(out, ",\"status_id\":%d,\"message_context\":{\"application\":{\"name\":\"phigate\"},\"prompt_tokens\":%lld,\"completion_tokens\":%lld}", complete ? 1 : 2,
            (long long)r->tokens_in, (long long)r->tokens_out);
    add_unmapped(r, out);
}

static void write_change(const struct export_record *r, FILE *out) {
    begin(r, out, 3004, 3, 3, "");
    add_actor(r, out);
    fputs(",\"entity\":{\"name\":\"phigate configuration\",\"type\":\"policy\"", out);
    export_member(out, "uid", r->after);
    fputc('}', out);
    add_unmapped(r, out);
}

static void write_lifecycle(const struct export_record *r, FILE *out) {
    begin(r, out, 6002, span_is(r->event, "start") ? 3 : 4, 1, "");
    fputs(",\"app\":{\"name\":\"phigate\",\"vendor_name\":\"phigate\"}", out);
    add_unmapped(r, out);
}

static void write_log_event(const struct export_record *r, FILE *out) {
    begin(r, out, 1008, span_is(r->type, "segment") ? 5 : 99, span_is(r->type, "sink_failure") ? 4 : 1, "");
    if (!span_is(r->type, "segment")) {
        fputs(",\"activity_name\":\"", out);
        export_span(out, r->type);
        fputc('"', out);
    }
    fputs(",\"log_name\":\"decisions\"", out);
    add_unmapped(r, out);
}

void export_ocsf(const struct export_record *r, FILE *out) {
    if (span_is(r->type, "decision")) {
        write_request(r, out);
        if (export_is_block(r)) write_finding(r, out);
    } else if (span_is(r->type, "outcome")) {
        write_outcome(r, out);
    } else if (span_is(r->type, "lifecycle")) {
        write_lifecycle(r, out);
    } else if (span_is(r->type, "config_reload") || span_is(r->type, "policy_change") || span_is(r->type, "agreement_change") || span_is(r->type, "key_event") ||
               span_is(r->type, "user_event") || span_is(r->type, "settings")) {
        write_change(r, out);
    } else if (r->type.len) {
        write_log_event(r, out);
    }
}
