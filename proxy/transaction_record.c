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
#include "vault.h"

#define FINDINGS_BYTES 1700 /* of a record of at most AUDIT_RECORD_MAX bytes */
#define VALUES_BYTES 1100

static void add_name(struct buf *b, const char *name) {
    buf_add_c(b, b->len > 1 ? ",\"" : "\"");
    buf_add_c(b, name);
    buf_add_c(b, "\":");
}

static void add_text(struct buf *b, const char *name, const char *value) {
    add_name(b, name);
    buf_add_char(b, '"');
    buf_add_json_escaped(b, span_of(value ? value : ""));
    buf_add_char(b, '"');
}

static void add_number(struct buf *b, const char *name, uint64_t value) {
    add_name(b, name);
    buf_add_number(b, (long long)value);
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
    add_number(&b, "bytes", t->bytes_in);
    add_text(&b, "endpoint", t->endpoint == SHAPE_NONE ? "unknown" : shape_endpoint_name(t->endpoint));
    add_number(&b, "leaves", t->walk.n + t->line_leaves);
    if (model) add_text(&b, "model", model);
    if (t->walk.sealed) add_number(&b, "sealed", t->walk.sealed);
    add_name(&b, "stream");
    buf_add_c(&b, t->walk.stream ? "true" : "false");
    if (t->walk.unreadable) add_number(&b, "unreadable", t->walk.unreadable);
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

/* `path` is the caller's, for all rows. */
static void add_finding(struct buf *b, const struct transaction *t, const struct transform_row *row, struct buf *path) {
    buf_clear(path);
    if (row->where) buf_add_c(path, row->where);
    else walk_path(&t->walk, row->path, path);
    buf_add_c(b, b->len > 1 ? ",{\"action\":\"" : "{\"action\":\"");
    buf_add_c(b, policy_action_name(row->action));
    buf_add_c(b, "\",\"count\":");
    buf_add_number(b, row->count);
    buf_add_c(b, ",\"kind\":\"");
    buf_add_c(b, phi_kind_name(row->kind));
    buf_add_c(b, "\",\"letter\":\"");
    buf_add_char(b, phi_kind_letter(row->kind));
    buf_add_c(b, "\",\"path\":\"");
    buf_add_json_escaped(b, buf_span(path));
    buf_add_c(b, "\",\"rule\":\"");
    buf_add_c(b, phi_rule_id(policy_engine(t->policy), row->rule));
    buf_add_c(b, "\",\"score\":");
    buf_add_number(b, row->score);
    buf_add_c(b, ",\"via\":");
    buf_add_number(b, row->via);
    buf_add_char(b, '}');
}

static void add_findings(struct audit_record *r, const struct transaction *t) {
    size_t i = 0;
    struct buf b, path;

    if (t->transform.n_rows == 0) return;
    buf_init(&b, AUDIT_RECORD_MAX);
    buf_init(&path, 512);
    buf_add_char(&b, '[');
    for (; i < t->transform.n_rows && b.len < FINDINGS_BYTES; i++)
        add_finding(&b, t, &t->transform.rows[i], &path);
    buf_free(&path);
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

    if (t->force.n_names == 0 && !t->ids_as_text && t->coding == INFLATE_IDENTITY && !t->content_type) return;
    buf_init(&b, AUDIT_RECORD_MAX);
    buf_add_char(&b, '[');
    if (t->coding != INFLATE_IDENTITY) add_mutation(&b, "decompressed");
    if (t->content_type) add_mutation(&b, "form=rebuilt");
    if (t->ids_as_text) add_mutation(&b, "token_ids=text");
    for (size_t i = 0; i < t->force.n_names; i++)
        add_mutation(&b, t->force.names[i]);
    buf_add_char(&b, ']');
    if (!b.failed) audit_add_json(r, "mutations", buf_span(&b));
    buf_free(&b);
}

/* How many identifiers of each kind were found and how many of them left in clear. */
static void add_counts(struct audit_record *r, const char *name, const uint32_t *counts) {
    enum phi_kind kinds[PHI_KINDS];
    size_t n = 0;
    struct buf b;

    for (size_t k = 1; k < PHI_KINDS; k++) {
        const char *kind = phi_kind_name((enum phi_kind)k);
        size_t at = n;
        if (counts[k] == 0) continue;
        for (; at > 0 && strcmp(kind, phi_kind_name(kinds[at - 1])) < 0; at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = (enum phi_kind)k;
        n++;
    }
    if (n == 0) return;
    begin_object(&b);
    for (size_t i = 0; i < n; i++)
        add_number(&b, phi_kind_name(kinds[i]), counts[kinds[i]]);
    add_object(r, name, &b);
}

static bool seen(const char (*hashes)[AUDIT_HASH_LEN + 1], size_t n, const char *hash) {
    for (size_t i = 0; i < n; i++)
        if (hashes[i][0] == hash[0] && memcmp(hashes[i], hash, AUDIT_HASH_LEN) == 0) return true;
    return false;
}

/* Values as they are written, by word: the same one is hashed once. */
struct written {
    const char *word;
    struct span value;
    char last; /* byte of the value: where most numbers and dates differ */
};

static char last_of(struct span value) {
    return value.len ? value.ptr[value.len - 1] : '\0';
}

static bool was_written(const struct written *w, size_t n, const char *word, struct span value) {
    for (size_t i = 0; i < n; i++)
        if (w[i].value.len == value.len && w[i].word == word && w[i].last == last_of(value) && span_equal(w[i].value, value))
            return true;
    return false;
}

/* In the body; then in the lines of a file. */
static size_t found_count(const struct transaction *t) {
    return (t->walk.v ? t->found.n : 0) + t->n_values;
}

static struct transaction_value found_value(const struct transaction *t, size_t i) {
    size_t first = t->walk.v ? t->found.n : 0;
    if (i >= first) return t->values[i - first];
    const struct phi_finding *f = &t->found.v[i];
    return (struct transaction_value){(enum phi_kind)f->kind, span_sub(t->walk.v[f->leaf].text, f->begin, f->end)};
}

/* Keyed hashes of the values found, each once, so that "where did this identifier occur" can be answered later. */
static void add_values(struct audit_record *r, const struct transaction *t) {
    char hashes[TRANSACTION_VALUES_MAX][AUDIT_HASH_LEN + 1];
    struct written written[TRANSACTION_VALUES_MAX];
    size_t n = 0, n_written = 0, more = t->values_more;
    struct buf b;

    buf_init(&b, AUDIT_RECORD_MAX);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < found_count(t); i++) {
        struct transaction_value f = found_value(t, i);
        const char *word = phi_kind_word(f.kind);
        char hash[AUDIT_HASH_LEN + 1];

        if (was_written(written, n_written, word, f.text)) continue;
        if (n_written == TRANSACTION_VALUES_MAX || b.len > VALUES_BYTES) { /* no room: not worth a hash */
            more++;
            continue;
        }
        written[n_written++] = (struct written){word, f.text, last_of(f.text)};
        if (audit_hasher_value(t->world->hasher, word, f.text, hash) < 0) hash[0] = '\0';
        if (seen((const char (*)[AUDIT_HASH_LEN + 1]) hashes, n, hash)) continue;
        memcpy(hashes[n++], hash, sizeof hash);
        buf_add_c(&b, n > 1 ? ",\"" : "\"");
        buf_add_c(&b, word);
        buf_add_char(&b, ':');
        buf_add_c(&b, hash);
        buf_add_char(&b, '"');
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
    add_counts(r, "found", counts);
    if (!t->refused) add_counts(r, "disclosed", t->transform.disclosed);
    if (!t->refused) add_mutations(r, t);
    if (t->world->vault && t->tokens) audit_add_number(r, "vault_seq", vault_sequence(t->world->vault));
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
    add_counts(r, "overridden", t->transform.overridden);
    add_bulk(r, t);
    audit_add_text(r, "decision", transaction_verdict_name(t->refused ? VERDICT_BLOCK : t->verdict));
    return r;
}

static const char *outcome_name(const struct transaction *t) {
    if (!t->sent_us) return "not_sent";
    if (t->aborted && !t->answered) return "client_gone";
    if (t->relay_end == RELAY_BLOCKED) return "blocked";
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
    if (t->screen && t->screen->counts.monitored + t->screen->counts.masked + t->screen->counts.blocked) {
        add_counts(r, "answer_findings", t->screen->counts.found);
        audit_add_number(r, "answer_masked", t->screen->counts.masked);
    }
    return r;
}
