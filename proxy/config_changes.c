/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies are compared by id and digest, agreements by their upstream, clients by id. The identifiers of the self-test are
 * from ranges that belong to nobody.
 */
#include "config_changes.h"

#include <stdio.h>
#include <string.h>

#include "../detectors/phi.h"
#include "../detectors/roster.h"
#include "../policies/engine/policy.h"
#include "access.h"
#include "audit.h"
#include "audit_hash.h"
#include "buf.h"
#include "settings.h"

static struct audit_record *change(const char *type, const char *event) {
    struct audit_record *r = audit_record_new(type);

    if (r) audit_add_text(r, "event", event);
    return r;
}

/* ---- policies ---- */

static const struct policy *policy_of(const struct settings *s, const char *id) {
    for (size_t i = 0; i < s->n_routes; i++)
        if (strcmp(policy_id(s->routes[i].policy), id) == 0) return s->routes[i].policy;
    return NULL;
}

/* Routes may share a policy: it counts with the first of them. */
static bool is_first(const struct settings *s, size_t route) {
    for (size_t i = 0; i < route; i++)
        if (s->routes[i].policy == s->routes[route].policy) return false;
    return policy_of(s, policy_id(s->routes[route].policy)) == s->routes[route].policy;
}

static void emit_policy(const char *event, const char *id, const struct policy *old, const struct policy *new_one, config_emit *emit,
                        void *context) {
    struct audit_record *r = change("policy_change", event);

    if (r) {
        audit_add_text(r, "policy_id", id);
        if (old) audit_add_text(r, "before", policy_digest(old));
        if (new_one) audit_add_text(r, "after", policy_digest(new_one));
    }
    emit(context, r);
}

static void policy_changes(const struct settings *before, const struct settings *after, config_emit *emit, void *context) {
    for (size_t i = 0; i < after->n_routes; i++) {
        const struct policy *now = after->routes[i].policy, *old = policy_of(before, policy_id(now));
        if (!is_first(after, i)) continue;
        if (!old) emit_policy("added", policy_id(now), NULL, now, emit, context);
        else if (strcmp(policy_digest(old), policy_digest(now)) != 0) emit_policy("changed", policy_id(now), old, now, emit, context);
    }
    for (size_t i = 0; i < before->n_routes; i++) {
        const struct policy *old = before->routes[i].policy;
        if (is_first(before, i) && !policy_of(after, policy_id(old))) emit_policy("removed", policy_id(old), old, NULL, emit, context);
    }
}

/* ---- agreements ---- */

static const struct settings_upstream *upstream_of(const struct settings *s, const char *name) {
    for (size_t i = 0; i < s->n_upstreams; i++)
        if (strcmp(s->upstreams[i].name, name) == 0) return &s->upstreams[i];
    return NULL;
}

static void add_day(struct buf *b, int day) {
    long z = (long)day + 719468, era = z / 146097, of_era = z - era * 146097; /* days to a civil date, proleptic Gregorian */
    long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), month = (5 * of_year + 2) / 153;

    buf_add_format(b, "%04ld-%02ld-%02ld", year_of_era + era * 400 + (month >= 10), month < 10 ? month + 3 : month - 9,
                   of_year - (153 * month + 2) / 5 + 1);
}

/* "BAA-1 2026-01-01/2026-12-31 zdr document abc…", "on_prem" or "none" */
static void describe(const struct settings_upstream *u, struct buf *b) {
    const struct agreement *a = u ? &u->agreement : NULL;

    buf_init(b, 2048);
    if (!u || !a->present) {
        buf_add_c(b, u && u->on_prem ? "on_prem" : "none");
        return;
    }
    buf_add_c(b, a->id ? a->id : "?");
    buf_add_char(b, ' ');
    add_day(b, a->effective);
    buf_add_char(b, '/');
    add_day(b, a->expires);
    if (a->arrangement) buf_add_format(b, " %s", a->arrangement);
    if (a->document_sha256) buf_add_format(b, " document %s", a->document_sha256);
}

static void compare_upstream(const char *name, const struct settings *before, const struct settings *after, config_emit *emit, void *context) {
    const struct settings_upstream *old = upstream_of(before, name), *now = upstream_of(after, name);
    struct buf was, is, upstream;

    describe(old, &was);
    describe(now, &is);
    if (!old || !now || !span_equal(buf_span(&was), buf_span(&is))) {
        struct audit_record *r = change("agreement_change", !old ? "added" : !now ? "removed" : "changed");
        buf_init(&upstream, 1024);
        buf_add_c(&upstream, "{\"name\":\"");
        buf_add_json_escaped(&upstream, span_of(name));
        buf_add_c(&upstream, "\"}");
        if (r) {
            audit_add_json(r, "upstream", buf_span(&upstream));
            audit_add_string(r, "before", buf_span(&was));
            audit_add_string(r, "after", buf_span(&is));
        }
        buf_free(&upstream);
        emit(context, r);
    }
    buf_free(&was);
    buf_free(&is);
}

static void agreement_changes(const struct settings *before, const struct settings *after, config_emit *emit, void *context) {
    for (size_t i = 0; i < after->n_upstreams; i++)
        compare_upstream(after->upstreams[i].name, before, after, emit, context);
    for (size_t i = 0; i < before->n_upstreams; i++)
        if (!upstream_of(after, before->upstreams[i].name)) compare_upstream(before->upstreams[i].name, before, after, emit, context);
}

static void add_agreements_digest(struct audit_record *r, const struct settings *s) {
    struct audit_hasher *h = audit_hasher_new(NULL);
    char hex[AUDIT_HEX_LEN + 1];
    struct buf all, one;

    buf_init(&all, 1u << 20);
    for (size_t i = 0; i < s->n_upstreams; i++) {
        describe(&s->upstreams[i], &one);
        buf_add_format(&all, "%s\n", s->upstreams[i].name);
        buf_add(&all, buf_span(&one));
        buf_add_char(&all, '\n');
        buf_free(&one);
    }
    if (h && !all.failed && audit_hasher_sha256(h, buf_span(&all), hex) == 0) audit_add_text(r, "agreements_sha256", hex);
    buf_free(&all);
    audit_hasher_free(h);
}

void config_add_digests(struct audit_record *r, const struct settings *s) {
    char hex[65];

    access_digest(s->access, hex);
    audit_add_text(r, "clients_sha256", hex);
    add_agreements_digest(r, s);
}

/* ---- clients ---- */

static const struct principal *client_of(const struct access *a, const char *id) {
    for (size_t i = 0; i < access_count(a); i++)
        if (strcmp(access_at(a, i)->id, id) == 0) return access_at(a, i);
    return NULL;
}

static const char *client_event(const struct principal *old, const struct principal *now) {
    if (!old) return "added";
    if (!now) return "removed";
    if (old->revoked != now->revoked) return now->revoked ? "revoked" : "restored";
    if (strcmp(old->user, now->user) != 0 || strcmp(old->role, now->role) != 0) return "changed";
    return principal_same_credentials(old, now) ? NULL : "replaced";
}

static void compare_client(const struct principal *old, const struct principal *now, config_emit *emit, void *context) {
    const char *event = client_event(old, now);
    struct buf b;

    if (!event) return;
    const struct principal *p = now ? now : old;
    const char *const parts[] = {"{\"client\":\"", p->id, "\",\"role\":\"", p->role, "\",\"user\":\"", p->user, "\"}"};
    buf_init(&b, 2048);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i % 2) buf_add_json_escaped(&b, span_of(parts[i]));
        else buf_add_c(&b, parts[i]);
    }
    struct audit_record *r = change("key_event", event);
    if (r) audit_add_json(r, "subject", buf_span(&b));
    buf_free(&b);
    emit(context, r);
}

static void client_changes(const struct access *before, const struct access *after, config_emit *emit, void *context) {
    for (size_t i = 0; i < access_count(after); i++)
        compare_client(client_of(before, access_at(after, i)->id), access_at(after, i), emit, context);
    for (size_t i = 0; i < access_count(before); i++)
        if (!client_of(after, access_at(before, i)->id)) compare_client(access_at(before, i), NULL, emit, context);
}

/* ---- people ---- */

static bool has_user(const struct access *a, const char *user, size_t before) {
    for (size_t i = 0; i < before; i++)
        if (strcmp(access_at(a, i)->user, user) == 0) return true;
    return false;
}

/* Those of `with` who are not in `without`, each once. */
static void user_changes(const struct access *with, const struct access *without, const char *event, config_emit *emit, void *context) {
    for (size_t i = 0; i < access_count(with); i++) {
        const char *user = access_at(with, i)->user;
        if (has_user(with, user, i) || has_user(without, user, access_count(without))) continue;
        struct audit_record *r = change("user_event", event);
        if (r) audit_add_text(r, "user", user);
        emit(context, r);
    }
}

void config_changes(const struct settings *before, const struct settings *after, config_emit *emit, void *context) {
    policy_changes(before, after, emit, context);
    agreement_changes(before, after, emit, context);
    client_changes(before->access, after->access, emit, context);
    user_changes(after->access, before->access, "added", emit, context);
    user_changes(before->access, after->access, "removed", emit, context);
}

/* ---- the self-test ---- */

static const char planted[] = "Patient name: Selma Testperson. DOB: 04/17/1951. MRN: 00417723. SSN: 219-09-9999. "
                              "Phone: 212-555-0147. Email: selma.testperson@example.com. Fax: 212-555-0148.";
static const enum phi_kind expected[] = {PHI_DATE_DOB, PHI_MRN, PHI_SSN, PHI_PHONE, PHI_EMAIL};

#define EXPECTED (sizeof expected / sizeof *expected)

static size_t count_hits(const struct phi_result *found) {
    size_t hits = 0;

    for (size_t k = 0; k < EXPECTED; k++) {
        bool hit = false;
        for (size_t i = 0; i < found->n; i++)
            hit = hit || found->v[i].kind == expected[k];
        hits += hit;
    }
    return hits;
}

/* Which people the detectors know: digests and numbers only. */
static void add_rosters(struct audit_record *r, const struct policy *p) {
    const char *digest = NULL;
    struct roster_facts facts = {0, 0, 0};
    struct buf b;

    if (!policy_roster(p, 0, NULL, NULL)) return;
    buf_init(&b, 2048);
    buf_add_c(&b, "[");
    for (size_t i = 0; policy_roster(p, i, &digest, &facts); i++) {
        buf_add_format(&b, "%s{\"digest\":\"%s\",\"imported\":\"", i ? "," : "", digest);
        add_day(&b, (int)facts.imported);
        buf_add_format(&b, "\",\"people\":%llu}", (unsigned long long)facts.people);
    }
    buf_add_c(&b, "]");
    audit_add_json(r, "rosters", buf_span(&b));
    buf_free(&b);
}

static bool test_policy(const struct policy *p, struct phi_scratch *scratch, config_emit *emit, void *context) {
    const struct phi_leaf leaf = {.text = planted, .len = sizeof planted - 1};
    struct phi_result found = {.n = 0};
    size_t hits = phi_scan(policy_engine(p), scratch, &leaf, 1, &found) == 0 ? count_hits(&found) : 0;
    struct audit_record *r = change("selftest", "detectors");

    if (r) {
        audit_add_text(r, "result", hits == EXPECTED ? "passed" : "failed");
        audit_add_number(r, "hits", (int64_t)hits);
        audit_add_number(r, "expected", EXPECTED);
        audit_add_text(r, "policy_id", policy_id(p));
        audit_add_text(r, "policy_digest", policy_digest(p));
        add_rosters(r, p);
    }
    emit(context, r);
    return hits > 0;
}

bool config_selftest(const struct settings *s, config_emit *emit, void *context) {
    struct phi_scratch *scratch = phi_scratch_new();
    bool ok = scratch != NULL;

    for (size_t i = 0; scratch && i < s->n_routes; i++)
        if (is_first(s, i) && !test_policy(s->routes[i].policy, scratch, emit, context)) ok = false;
    phi_scratch_free(scratch);
    return ok;
}
