/* SPDX-License-Identifier: Apache-2.0
 *
 * Records about the log itself, in one place so that their members can be compared with docs/AUDIT.md.
 */
#include "audit_own.h"

static struct audit_record *event(const char *type, const char *name) {
    struct audit_record *r = audit_record_new(type);

    if (r) audit_add_text(r, "event", name);
    return r;
}

struct audit_record *audit_own_lifecycle(const char *name, bool head_missing, int64_t vault_seq) {
    struct audit_record *r = event("lifecycle", name);

    if (r && head_missing) audit_add_text(r, "head", "missing");
    if (r && vault_seq) audit_add_number(r, "vault_seq", vault_seq);
    return r;
}

struct audit_record *audit_own_segment(const char *why, uint64_t seq, const char *hash, int64_t vault_seq) {
    struct audit_record *r = event("segment", "continue");
    if (!r) return NULL;

    audit_add_text(r, "reason", why);
    audit_add_number(r, "predecessor_seq", (int64_t)seq);
    audit_add_text(r, "predecessor_hash", hash);
    if (vault_seq) audit_add_number(r, "vault_seq", vault_seq);
    return r;
}

struct audit_record *audit_own_stopped(const char *why) {
    struct audit_record *r = event("sink_failure", "stopped");

    if (r) audit_add_text(r, "reason", why);
    return r;
}

struct audit_record *audit_own_recovered(const char *why, uint64_t down_us) {
    struct audit_record *r = event("sink_failure", "recovered");
    if (!r) return NULL;

    audit_add_text(r, "reason", why);
    audit_add_number(r, "down_ms", (int64_t)(down_us / 1000));
    return r;
}

struct audit_record *audit_own_torn(uint64_t bytes, const char *digest) {
    struct audit_record *r = event("recovered", "torn_tail");
    if (!r) return NULL;

    audit_add_number(r, "torn_bytes", (int64_t)bytes);
    audit_add_text(r, "torn_sha256", digest);
    return r;
}

struct audit_record *audit_own_unknown(struct span request_id, const char *why) {
    struct audit_record *r = audit_record_new("outcome");
    if (!r) return NULL;

    audit_add_string(r, "request_id", request_id);
    audit_add_text(r, "result", "unknown");
    audit_add_text(r, "reason", why);
    return r;
}

struct audit_record *audit_own_not_signed(const char *why) {
    struct audit_record *r = event("checkpoint", "not_signed");

    if (r) audit_add_text(r, "reason", why);
    return r;
}

struct audit_record *audit_own_anchor(uint64_t seq, const char *hash) {
    struct audit_record *r = event("anchor", hash ? "probes" : "probes_missing");

    if (r && hash) audit_add_number(r, "head_seq", (int64_t)seq);
    if (r) audit_add_text(r, "head_hash", hash);
    return r;
}

struct audit_record *audit_own_open(struct span request_id) {
    struct audit_record *r = audit_record_new("open");

    if (r) audit_add_string(r, "request_id", request_id);
    return r;
}
