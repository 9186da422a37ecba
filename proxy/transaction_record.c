/* SPDX-License-Identifier: Apache-2.0
 *
 * What the audit log says of a request. Only numbers, names of the configuration, path templates and keyed hashes go in;
 * a model is named by the route that it matched, because the name itself is text of the body.
 *
 * Canonical JSON (RFC 8785): the members of each object are written in ascending order here, by hand.
 */
#include "transaction.h"

#include <string.h>
#include <time.h>

#include "access.h"
#include "audit.h"
#include "audit_hash.h"
#include "transaction_state.h"

#define FINDINGS_BYTES 1700 /* of a record of at most AUDIT_RECORD_MAX bytes */
#define VALUES_BYTES 1100

static void add_text(struct buf *b, const char *name, const char *value) {
    buf_add_format(b, "%s\"%s\":\"", b->len > 1 ? "," : "", name);
    buf_add_json_escaped(b, span_of(value ? value : ""));
    buf_add_char(b, '"');
}

static void add_object(struct audit_record *r, const char *name, struct buf *b) {
    buf_add_char(b, '}');
    if (!b->failed) audit_add_json(r, name, buf_span(b));
    buf_free(b);
}

static void begin_object(struct buf *b) {
    buf_init(b, AUDIT_RECORD_MAX);
    buf_add_char(b, '{');
}

static void add_actor(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    begin_object(&b);
    if (t->principal) {
        add_text(&b, "client", t->principal->id);
        add_text(&b, "ip", t->peer);
        add_text(&b, "role", t->principal->role);
        add_text(&b, "user", t->principal->user);
    } else {
        add_text(&b, "ip", t->peer);
    }
    add_object(r, "actor", &b);
}

static const char *matched_glob(const struct transaction *t) {
    if (!t->route || t->walk.model.len == 0) return NULL;
    for (const char *const *glob = t->route->models; *glob; glob++)
        if (span_glob(t->walk.model, *glob)) return *glob;
    return NULL;
}

static void add_request(struct audit_record *r, const struct transaction *t) {
    const char *model = matched_glob(t);
    struct buf b;

    begin_object(&b);
    buf_add_format(&b, "\"bytes\":%llu", (unsigned long long)t->bytes_in);
    add_text(&b, "endpoint", t->endpoint == SHAPE_NONE ? "unknown" : shape_endpoint_name(t->endpoint));
    buf_add_format(&b, ",\"leaves\":%zu", t->walk.n);
    if (model) add_text(&b, "model", model);
    if (t->walk.sealed) buf_add_format(&b, ",\"sealed\":%u", t->walk.sealed);
    buf_add_format(&b, ",\"stream\":%s", t->walk.stream ? "true" : "false");
    if (t->walk.unreadable) buf_add_format(&b, ",\"unreadable\":%u", t->walk.unreadable);
    add_object(r, "request", &b);
}

static void add_policy(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    if (!t->policy) return;
    begin_object(&b);
    add_text(&b, "claim", policy_claim_name(policy_claim(t->policy)));
    add_text(&b, "digest", policy_digest(t->policy));
    add_text(&b, "id", policy_id(t->policy));
    add_text(&b, "mode", policy_mode(t->policy) == POLICY_MONITOR ? "monitor" : "enforce");
    add_object(r, "policy", &b);
    if (t->purpose >= 0 && !shape_lists_models(t->endpoint)) {
        audit_add_text(r, "purpose", policy_purpose_name(t->policy, t->purpose));
        audit_add_text(r, "purpose_source", t->purpose_source);
    }
}

static void add_upstream(struct audit_record *r, const struct transaction *t) {
    const struct settings_upstream *u = t->route ? t->route->upstream : NULL;
    struct buf b;

    if (!u) return;
    begin_object(&b);
    if (u->agreement.present) add_text(&b, "agreement", u->agreement.id);
    add_text(&b, "name", u->name);
    add_text(&b, "trust", u->on_prem ? "on_prem" : "agreement");
    add_object(r, "upstream", &b);
}

/* Where the request would have gone, had its policy not sent it elsewhere. */
static void add_rerouted(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    if (!t->first_route) return;
    begin_object(&b);
    add_text(&b, "from", t->first_route->upstream->name);
    add_text(&b, "kind", phi_kind_name(t->route_kind));
    add_text(&b, "policy", policy_digest(t->first_route->policy));
    add_object(r, "rerouted", &b);
}

static void add_bulk(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    if (!t->transform.over_bulk) return;
    begin_object(&b);
    buf_add_format(&b, "\"encounters\":%u,\"patients\":%u", t->transform.bulk.encounters, t->transform.bulk.patients);
    add_object(r, "bulk", &b);
}

static void add_shadow(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    if (!t->shadowed) return;
    begin_object(&b);
    buf_add_format(&b, "\"block\":%s", t->shadow.block ? "true" : "false");
    add_text(&b, "digest", policy_digest(t->settings->shadow));
    buf_add_format(&b, ",\"looser\":%u,\"stricter\":%u", t->shadow.looser, t->shadow.stricter);
    add_object(r, "shadow", &b);
}

static void add_finding(struct buf *b, const struct transaction *t, const struct transform_row *row) {
    char letter[2] = {phi_kind_letter(row->kind), '\0'};
    struct buf path;

    buf_init(&path, 512);
    walk_path(&t->walk, row->path, &path);
    buf_add_format(b, "%s{\"action\":\"%s\",\"count\":%u,\"kind\":\"%s\",\"letter\":\"%s\",\"path\":\"", b->len > 1 ? "," : "",
                   policy_action_name(row->action), row->count, phi_kind_name(row->kind), letter);
    buf_add_json_escaped(b, buf_span(&path));
    buf_add_format(b, "\",\"rule\":\"%s\",\"score\":%u,\"via\":%u}", phi_rule_id(policy_engine(t->policy), row->rule),
                   row->score, row->via);
    buf_free(&path);
}

static void add_findings(struct audit_record *r, const struct transaction *t) {
    size_t i = 0;
    struct buf b;

    if (t->transform.n_rows == 0) return;
    buf_init(&b, AUDIT_RECORD_MAX);
    buf_add_char(&b, '[');
    for (; i < t->transform.n_rows && b.len < FINDINGS_BYTES; i++)
        add_finding(&b, t, &t->transform.rows[i]);
    buf_add_char(&b, ']');
    if (!b.failed) audit_add_json(r, "findings", buf_span(&b));
    buf_free(&b);
    if (i < t->transform.n_rows) audit_add_number(r, "findings_more", (int64_t)(t->transform.n_rows - i));
}

static void add_mutation(struct buf *b, const char *name) {
    buf_add_format(b, "%s\"%s\"", b->len > 1 ? "," : "", name);
}

/* What the gateway changed of its own accord. */
static void add_mutations(struct audit_record *r, const struct transaction *t) {
    struct buf b;

    if (t->force.n_names == 0 && !t->ids_as_text && t->coding == INFLATE_IDENTITY) return;
    buf_init(&b, AUDIT_RECORD_MAX);
    buf_add_char(&b, '[');
    if (t->coding != INFLATE_IDENTITY) add_mutation(&b, "decompressed");
    if (t->ids_as_text) add_mutation(&b, "token_ids=text");
    for (size_t i = 0; i < t->force.n_names; i++)
        add_mutation(&b, t->force.names[i]);
    buf_add_char(&b, ']');
    if (!b.failed) audit_add_json(r, "mutations", buf_span(&b));
    buf_free(&b);
}

/* How many identifiers of each kind were found and how many of them left in clear. */
static void add_counts(struct audit_record *r, const struct transaction *t, const char *name, const uint32_t *counts) {
    struct buf b;
    bool any = false;

    (void)t;
    begin_object(&b);
    /* Kinds are few; the smallest name not yet written comes next. */
    for (const char *last = "";;) {
        size_t best = 0;
        for (size_t k = 1; k < PHI_KINDS; k++) {
            const char *candidate = phi_kind_name((enum phi_kind)k);
            if (counts[k] == 0 || strcmp(candidate, last) <= 0) continue;
            if (best == 0 || strcmp(candidate, phi_kind_name((enum phi_kind)best)) < 0) best = k;
        }
        if (best == 0) break;
        last = phi_kind_name((enum phi_kind)best);
        buf_add_format(&b, "%s\"%s\":%u", any ? "," : "", last, counts[best]);
        any = true;
    }
    if (any)
        add_object(r, name, &b);
    else
        buf_free(&b);
}

static bool seen(const char (*hashes)[AUDIT_HASH_LEN + 1], size_t n, const char *hash) {
    for (size_t i = 0; i < n; i++)
        if (memcmp(hashes[i], hash, AUDIT_HASH_LEN) == 0) return true;
    return false;
}

/* Keyed hashes of the values found, each once, so that "where did this identifier occur" can be answered later. */
static void add_values(struct audit_record *r, const struct transaction *t) {
    char hashes[TRANSACTION_VALUES_MAX][AUDIT_HASH_LEN + 1];
    size_t n = 0, more = 0;
    struct buf b;

    buf_init(&b, AUDIT_RECORD_MAX);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < t->found.n && t->walk.v; i++) {
        const struct phi_finding *f = &t->found.v[i];
        struct span value = span_sub(t->walk.v[f->leaf].text, f->begin, f->end);
        char hash[AUDIT_HASH_LEN + 1];

        if (audit_hasher_value(t->world->hasher, phi_kind_word((enum phi_kind)f->kind), value, hash) < 0) hash[0] = '\0';
        if (seen((const char (*)[AUDIT_HASH_LEN + 1]) hashes, n, hash)) continue;
        if (n == TRANSACTION_VALUES_MAX || b.len > VALUES_BYTES) {
            more++;
            continue;
        }
        memcpy(hashes[n++], hash, sizeof hash);
        buf_add_format(&b, "%s\"%s:%s\"", n > 1 ? "," : "", phi_kind_word((enum phi_kind)f->kind), hash);
    }
    buf_add_char(&b, ']');
    if (n && !b.failed) audit_add_json(r, "values", buf_span(&b));
    if (more) audit_add_number(r, "values_more", (int64_t)more);
    buf_free(&b);
}

static void count_kinds(const struct transaction *t, uint32_t counts[PHI_KINDS]) {
    memset(counts, 0, PHI_KINDS * sizeof *counts);
    for (size_t i = 0; i < t->transform.n_rows; i++)
        counts[t->transform.rows[i].kind] += t->transform.rows[i].count;
}

struct audit_record *transaction_decision_record(struct transaction *t) {
    struct audit_record *r = audit_record_new("decision");
    uint32_t counts[PHI_KINDS];

    if (!r) return NULL;
    audit_add_string(r, "request_id", t->request_id);
    audit_add_text(r, "decision", transaction_verdict_name(t->refused ? VERDICT_BLOCK : t->verdict));
    if (t->refused) {
        audit_add_text(r, "code", refusal_code(t->refusal));
        audit_add_text(r, "reason", t->refusal_reason);
        audit_add_text(r, "blocked_kind", t->refusal_kind);
    }
    add_actor(r, t);
    add_request(r, t);
    add_policy(r, t);
    add_upstream(r, t);
    add_rerouted(r, t);
    add_bulk(r, t);
    add_shadow(r, t);
    add_findings(r, t);
    add_values(r, t);
    count_kinds(t, counts);
    add_counts(r, t, "found", counts);
    if (!t->refused) add_counts(r, t, "disclosed", t->transform.disclosed);
    if (!t->refused) add_mutations(r, t);
    return r;
}

struct audit_record *transaction_override_record(struct transaction *t) {
    struct audit_record *r = audit_record_new("override");

    if (!r) return NULL;
    audit_add_string(r, "request_id", t->request_id);
    audit_add_text(r, "reason", t->override_reason);
    add_actor(r, t);
    if (t->override_by) audit_add_text(r, "second", t->override_by->user);
    add_policy(r, t);
    add_counts(r, t, "overridden", t->transform.overridden);
    add_bulk(r, t);
    audit_add_text(r, "decision", transaction_verdict_name(t->refused ? VERDICT_BLOCK : t->verdict));
    return r;
}

static const char *outcome_name(const struct transaction *t) {
    if (!t->sent_us) return "not_sent";
    if (t->aborted && !t->answered) return "client_gone";
    if (!t->upstream_ended) return "unknown";
    switch (t->upstream_end) {
    case TRANSACTION_OK:
        return t->relay_end == RELAY_COMPLETE ? "complete" : t->relay_end == RELAY_CUT ? "cut" : "bad_answer";
    case TRANSACTION_UNREACHABLE:
        return "unreachable";
    case TRANSACTION_TIMEOUT:
        return "timeout";
    case TRANSACTION_BROKEN:
        return "broken";
    }
    return "unknown";
}

struct audit_record *transaction_outcome_record(const struct transaction *t) {
    const struct relay_result *result = t->relay ? relay_result(t->relay) : NULL;
    struct audit_record *r = audit_record_new("outcome");

    if (!r) return NULL;
    audit_add_string(r, "request_id", t->request_id);
    audit_add_text(r, "result", outcome_name(t));
    audit_add_number(r, "status", t->status);
    audit_add_number(r, "bytes_out", (int64_t)t->bytes_out);
    audit_add_number(r, "duration_us", (int64_t)(transaction_now_us() - t->started_us));
    if (t->first_us) audit_add_number(r, "first_byte_us", (int64_t)(t->first_us - t->sent_us));
    if (result) {
        audit_add_number(r, "restored", result->counts.restored);
        audit_add_number(r, "unrestored", (int64_t)result->counts.unknown + result->counts.in_link);
        audit_add_number(r, "tokens_in", (int64_t)result->usage_in);
        audit_add_number(r, "tokens_out", (int64_t)result->usage_out);
    }
    return r;
}
