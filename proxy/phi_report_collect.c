/* SPDX-License-Identifier: Apache-2.0
 *
 *   line -> members, once -> by type: a decision counts at once and waits, by its request id, for the outcome
 */
#include "phi_report.h"

#include <string.h>

#include "../detectors/phi.h"
#include "audit_view.h"

#define FOLLOW_US (15LL * 60 * 1000000) /* a block and what the same user did then */

const struct report_form report_forms[REPORT_TABLES] = {
#define TABLE(symbol, id, title, names, numbers, times, sort, chart, note) {id, title, names, numbers, note, times, sort, chart},
#include "phi_report_tables.def"
#undef TABLE
};

/* What the tables need of a line, from one pass. */
struct facts {
    struct span type, ts, event, request_id, decision, code, reason, blocked_kind, purpose, result, kind, node, before, after;
    struct span actor, request, policy, upstream, findings, found, disclosed, mono, restored, tokens_in, tokens_out, bytes_out, seq;
    struct span by, from, to, user, client, address, recipient, agreement, policy_digest, expected, hits, bulk, mutations, rerouted;
};

static void read_facts(struct span line, struct facts *f) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(line, m, AUDIT_MEMBERS_MAX);
    const struct { const char *name; struct span *raw, *text; } wanted[] = { /* ascending, as the members of a line */
        {"actor", &f->actor, NULL}, {"after", NULL, &f->after}, {"before", NULL, &f->before}, {"blocked_kind", NULL, &f->blocked_kind},
        {"bulk", &f->bulk, NULL}, {"by", NULL, &f->by}, {"bytes_out", &f->bytes_out, NULL}, {"code", NULL, &f->code}, {"decision", NULL, &f->decision},
        {"disclosed", &f->disclosed, NULL}, {"event", NULL, &f->event}, {"expected", &f->expected, NULL},
        {"findings", &f->findings, NULL}, {"found", &f->found, NULL}, {"from", NULL, &f->from}, {"hits", &f->hits, NULL}, {"kind", NULL, &f->kind},
        {"mono", &f->mono, NULL}, {"mutations", &f->mutations, NULL}, {"node", NULL, &f->node}, {"policy", &f->policy, NULL}, {"policy_digest", NULL, &f->policy_digest},
        {"purpose", NULL, &f->purpose}, {"reason", NULL, &f->reason}, {"request", &f->request, NULL},
        {"request_id", NULL, &f->request_id}, {"rerouted", &f->rerouted, NULL}, {"restored", &f->restored, NULL}, {"result", NULL, &f->result}, {"seq", &f->seq, NULL},
        {"to", NULL, &f->to}, {"tokens_in", &f->tokens_in, NULL}, {"tokens_out", &f->tokens_out, NULL}, {"ts", NULL, &f->ts}, {"type", NULL, &f->type},
        {"upstream", &f->upstream, NULL}};
    size_t w = 0;

    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = w; k < sizeof wanted / sizeof *wanted; k++) {
            if (!span_is(m[i].name, wanted[k].name)) continue;
            if (wanted[k].raw) *wanted[k].raw = m[i].value;
            else *wanted[k].text = audit_view_unquote(m[i].value);
            w = k + 1;
            break;
        }
    }
    f->user = audit_view_text(f->actor, "user");
    f->client = audit_view_text(f->actor, "client");
    f->address = audit_view_text(f->actor, "ip");
    f->recipient = audit_view_text(f->upstream, "name");
    f->agreement = audit_view_text(f->upstream, "agreement");
}

/* ---- rows ---- */

static struct tally_row *row(struct report *r, enum report_table t, const struct facts *f, size_t n, const struct span *parts) {
    struct tally_row *x = tally_row(&r->tables[t], parts, n);

    if (!x) r->failed = true;
    else tally_time(x, f->ts);
    return x;
}

static void count(struct report *r, enum report_table t, const struct facts *f, size_t n, const struct span *parts) {
    struct tally_row *x = row(r, t, f, n, parts);
    if (x) x->number[0]++;
}

static int64_t sum(struct span counts) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX);
    int64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += audit_view_integer(m[i].value);
    return total;
}

static struct span or_dash(struct span s) {
    return s.len ? s : span_of("-");
}

/* ---- decisions ---- */

static struct tally_row *take_user(struct report *r, const struct facts *f, int64_t found, int64_t disclosed) {
    struct tally_row *x = row(r, TABLE_USERS, f, 2, (struct span[]){or_dash(f->user), or_dash(f->client)});
    if (!x) return NULL;

    x->number[0]++;
    x->number[1] += span_is(f->decision, "forward");
    x->number[2] += span_is(f->decision, "edit");
    x->number[3] += span_is(f->decision, "block");
    x->number[4] += found;
    x->number[5] += disclosed;
    return x;
}

static void take_destination(struct report *r, const struct facts *f, int64_t found, int64_t disclosed) {
    struct span endpoint = audit_view_text(f->request, "endpoint"), model = audit_view_text(f->request, "model");
    struct tally_row *x = row(r, TABLE_DESTINATIONS, f, 4, (struct span[]){or_dash(endpoint), or_dash(model), or_dash(f->recipient),
                                                                            or_dash(f->agreement)});
    if (!x) return;
    x->number[0]++;
    x->number[1] += span_is(f->decision, "block");
    x->number[2] += found;
    x->number[3] += disclosed;
    x->number[4] += audit_view_number(f->request, "bytes");
    if (f->recipient.len && !span_is(f->decision, "block"))
        count(r, TABLE_AGREEMENTS, f, 3, (struct span[]){f->recipient, audit_view_text(f->upstream, "trust"), or_dash(f->agreement)});
}

static struct tally_row *kind_row(struct report *r, const struct facts *f, struct span kind) {
    char letter = phi_kind_letter(phi_kind_find(kind.ptr, kind.len));

    return row(r, TABLE_KINDS, f, 2, (struct span[]){kind, span_make(&letter, 1)});
}

static int column_of(struct span action) {
    static const struct { const char *action; int column; } columns[] = {
        {"tokenize", 2}, {"surrogate", 2}, {"mask", 3}, {"drop", 3}, {"generalize", 4}, {"offset", 4}, {"flag", 5}, {"block", 6}};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (span_is(action, columns[i].action)) return columns[i].column;
    return -1;
}

static void take_findings(struct report *r, const struct facts *f) {
    struct span finding;

    for (size_t at = 0; audit_view_next(f->findings, &at, &finding);) {
        struct span kind = audit_view_text(finding, "kind");
        int64_t n = audit_view_number(finding, "count");
        int column = column_of(audit_view_text(finding, "action"));
        struct tally_row *x = kind_row(r, f, kind);
        if (!x) return;
        if (column >= 0) x->number[column] += n;
        x = row(r, TABLE_RULES, f, 2, (struct span[]){audit_view_text(finding, "rule"), kind});
        if (!x) return;
        x->number[0] += n;
        x->number[9] += n * audit_view_number(finding, "score");
        if (x->number[0]) x->number[1] = x->number[9] / x->number[0];
    }
}

static void take_kind(struct report *r, const struct facts *f, struct span kind, int64_t found, int64_t disclosed) {
    struct tally_row *x = kind_row(r, f, kind);

    if (x) {
        x->number[0] += found;
        x->number[1] += disclosed;
    }
    if (f->purpose.len && (x = row(r, TABLE_NECESSITY, f, 2, (struct span[]){f->purpose, kind}))) {
        x->number[0]++;
        x->number[1] += found;
        x->number[2] += disclosed;
    }
    if (!span_starts(kind, "SENS.")) return;
    x = row(r, TABLE_SENSITIVE, f, 3, (struct span[]){kind, or_dash(f->user), or_dash(f->recipient)});
    if (!x) return;
    x->number[0]++;
    x->number[1] += found;
    x->number[2] += disclosed;
}

static void take_kinds(struct report *r, const struct facts *f) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(f->found, m, AUDIT_MEMBERS_MAX);
    char name[64];

    for (size_t i = 0; i < n; i++) {
        if (m[i].name.len >= sizeof name) continue;
        memcpy(name, m[i].name.ptr, m[i].name.len);
        name[m[i].name.len] = '\0';
        take_kind(r, f, m[i].name, audit_view_integer(m[i].value), audit_view_number(f->disclosed, name));
    }
}

static void take_block(struct report *r, const struct facts *f) {
    struct tally_row *x = row(r, TABLE_BLOCKS, f, 3, (struct span[]){or_dash(f->code), or_dash(f->reason), or_dash(f->blocked_kind)});
    struct tally_row *user = tally_row(&r->users, &f->user, 1);

    if (!x || !user) return;
    x->number[0]++;
    user->number[0] = audit_view_integer(f->mono);
    user->number[1] = (intptr_t)x; /* rows stay where they are */
}

static void take_follower(struct report *r, const struct facts *f) {
    struct tally_row *user = tally_row(&r->users, &f->user, 1);
    if (!user || !user->number[1]) return;

    struct tally_row *block = (struct tally_row *)(intptr_t)user->number[1];
    int64_t later = audit_view_integer(f->mono) - user->number[0];
    if (later >= 0 && later <= FOLLOW_US) block->number[1]++;
    user->number[1] = 0;
}

static void take_policy(struct report *r, const struct facts *f) {
    struct span id = audit_view_text(f->policy, "id"), mode = audit_view_text(f->policy, "mode");

    if (f->policy.len == 0) return;
    count(r, TABLE_POLICIES, f, 4, (struct span[]){id, audit_view_text(f->policy, "digest"), mode, audit_view_text(f->policy, "claim")});
    if (span_is(mode, "monitor")) count(r, TABLE_OVERRIDES, f, 2, (struct span[]){span_of("monitor mode"), id});
}

static void take_unreadable(struct report *r, const struct facts *f) {
    static const char *const names[] = {"image", "audio", "file", "remote image or file", "state kept by the vendor", "unknown part",
                                        "hosted tool", "token ids", "spoken answer"};
    int64_t bits = audit_view_number(f->request, "unreadable");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bits >> i & 1) count(r, TABLE_UNREADABLE, f, 2, (struct span[]){span_of(names[i]), f->decision});
}

static void take_identity(struct report *r, const struct facts *f) {
    if (f->client.len)
        count(r, TABLE_ADDRESSES, f, 3, (struct span[]){f->client, f->user, or_dash(f->address)});
    else
        count(r, TABLE_UNKNOWN, f, 2, (struct span[]){or_dash(f->code), or_dash(f->address)});
    if (span_is(f->code, "no_agreement"))
        count(r, TABLE_AGREEMENT_EVENTS, f, 3, (struct span[]){f->code, or_dash(f->reason), or_dash(f->recipient)});
}

/* Where the policy or the gateway did more than to redact. */
static void take_measures(struct report *r, const struct facts *f) {
    struct span change;

    for (size_t at = 0; audit_view_next(f->mutations, &at, &change);)
        count(r, TABLE_MUTATIONS, f, 2, (struct span[]){audit_view_unquote(change), or_dash(f->recipient)});
    if (f->rerouted.len)
        count(r, TABLE_REROUTED, f, 3, (struct span[]){audit_view_text(f->rerouted, "kind"), audit_view_text(f->rerouted, "from"),
                                                       or_dash(f->recipient)});
    if (f->bulk.len == 0) return;
    struct tally_row *x = row(r, TABLE_BULK, f, 3, (struct span[]){or_dash(f->user), or_dash(f->purpose), f->decision});
    if (!x) return;
    x->number[0]++;
    x->number[1] += audit_view_number(f->bulk, "patients");
    x->number[2] += audit_view_number(f->bulk, "encounters");
}

static void take_decision(struct report *r, const struct facts *f) {
    int64_t found = sum(f->found), disclosed = sum(f->disclosed);
    bool blocked = span_is(f->decision, "block");

    r->decisions++;
    r->blocked += blocked;
    r->found += (uint64_t)found;
    r->disclosed += (uint64_t)disclosed;
    r->requests_disclosing += disclosed > 0;
    struct tally_row *user = take_user(r, f, found, disclosed);
    take_destination(r, f, found, disclosed);
    take_findings(r, f);
    take_kinds(r, f);
    take_policy(r, f);
    take_unreadable(r, f);
    take_measures(r, f);
    take_identity(r, f);
    if (blocked) take_block(r, f);
    else take_follower(r, f);
    struct tally_row *tokens = row(r, TABLE_TOKENS, f, 1, (struct span[]){or_dash(f->user)});
    if (!blocked && tally_pending_put(&r->pending, f->request_id, user, tokens) < 0) r->failed = true;
}

/* ---- outcomes and the rest ---- */

static void take_outcome(struct report *r, const struct facts *f) {
    void *user, *tokens;

    if (!tally_pending_take(&r->pending, f->request_id, &user, &tokens)) return;
    r->outcomes++;
    r->unknown_outcomes += span_is(f->result, "unknown");
    struct tally_row *x = tokens;
    if (!x) return;
    x->number[0] += span_is(f->result, "complete");
    x->number[1] += audit_view_integer(f->tokens_in);
    x->number[2] += audit_view_integer(f->tokens_out);
    x->number[3] += audit_view_integer(f->bytes_out);
    x->number[4] += audit_view_integer(f->restored);
}

static void take_event(struct report *r, const struct facts *f) {
    if (span_is(f->type, "probe")) {
        (void)row(r, TABLE_PROBES, f, 3, (struct span[]){f->ts, f->user, f->kind});
    } else if (span_is(f->type, "review")) {
        (void)row(r, TABLE_REVIEWS, f, 6, (struct span[]){f->ts, f->by, f->user, f->from, f->to, f->result});
    } else if (span_is(f->type, "override")) {
        count(r, TABLE_OVERRIDES, f, 2, (struct span[]){f->type, f->user});
    } else if (span_is(f->type, "agreement_change")) {
        count(r, TABLE_AGREEMENT_EVENTS, f, 3, (struct span[]){f->type, f->event, f->recipient});
    } else if (span_is(f->type, "selftest")) {
        struct tally_row *x = row(r, TABLE_SELFTESTS, f, 3, (struct span[]){f->ts, f->result, or_dash(f->policy_digest)});
        if (!x) return;
        x->number[0] = audit_view_integer(f->hits);
        x->number[1] = audit_view_integer(f->expected);
    } else if (span_is(f->type, "config_reload") || span_is(f->type, "policy_change")) {
        struct span after = f->after.len ? f->after : f->policy_digest;
        (void)row(r, TABLE_CHANGES, f, 5, (struct span[]){f->ts, f->type, or_dash(f->result), or_dash(f->before), or_dash(after)});
    } else if (!span_is(f->type, "checkpoint") || !span_is(f->event, "signed")) {
        (void)row(r, TABLE_EVENTS, f, 5, (struct span[]){f->ts, f->type, or_dash(f->event), or_dash(f->reason), f->node});
    }
}

static void count_line(struct report *r, const struct facts *f) {
    uint64_t seq = (uint64_t)audit_view_integer(f->seq);

    r->records++;
    if (r->last_seq && seq != r->last_seq + 1) r->gaps++;
    if (!r->first_seq) r->first_seq = seq;
    r->last_seq = seq;
    if (f->ts.len != 27) return;
    if (!r->first[0]) memcpy(r->first, f->ts.ptr, 27);
    memcpy(r->last, f->ts.ptr, 27);
}

void report_take(struct report *r, struct span line) {
    struct facts f;

    read_facts(line, &f);
    count_line(r, &f);
    if (span_is(f.type, "outcome")) {
        take_outcome(r, &f);
        return;
    }
    if (!audit_filter_matches(r->filter, line)) return;
    if (span_is(f.type, "decision")) take_decision(r, &f);
    else take_event(r, &f);
}

void report_take_beside(struct report *r, struct span line) {
    struct facts f;

    read_facts(line, &f);
    if ((span_is(f.type, "probe") || span_is(f.type, "review")) && audit_filter_matches(r->filter, line)) take_event(r, &f);
}

void report_free(struct report *r) {
    for (size_t i = 0; i < REPORT_TABLES; i++)
        tally_free(&r->tables[i]);
    tally_free(&r->users);
    tally_pending_free(&r->pending);
}
