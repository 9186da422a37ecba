/* SPDX-License-Identifier: Apache-2.0
 *
 *   line -> members, once -> by type: a decision counts at once and waits, by its request id, for the outcome
 */
#include "phi_report_facts.h"

#include <string.h>

#include "../detectors/phi.h"
#include "audit_view.h"
#include "reason.h"

#define FOLLOW_US (15LL * 60 * 1000000) /* a block and what the same user did then */

const struct report_form report_forms[REPORT_TABLES] = {
#define TABLE(symbol, id, title, names, numbers, times, sort, chart, note) {id, title, names, numbers, note, times, sort, chart},
#include "phi_report_tables.def"
#undef TABLE
};

static void read_facts(struct span line, struct report_facts *f) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(line, m, AUDIT_MEMBERS_MAX);
    const struct { const char *name; struct span *raw, *text; } wanted[] = { /* ascending, as the members of a line */
        {"actor", &f->actor, NULL}, {"after", NULL, &f->after}, {"agreements_sha256", NULL, &f->agreements_digest}, {"asked", &f->asked, NULL}, {"before", NULL, &f->before}, {"blocked_kind", NULL, &f->blocked_kind},
        {"bulk", &f->bulk, NULL}, {"by", NULL, &f->by}, {"bytes_out", &f->bytes_out, NULL}, {"clients_sha256", NULL, &f->clients_digest}, {"code", NULL, &f->code}, {"decision", NULL, &f->decision},
        {"disclosed", &f->disclosed, NULL}, {"epoch", NULL, &f->epoch}, {"event", NULL, &f->event}, {"expected", &f->expected, NULL},
        {"findings", &f->findings, NULL}, {"first_seq", &f->first_seq, NULL}, {"found", &f->found, NULL}, {"from", NULL, &f->from}, {"hits", &f->hits, NULL}, {"kind", NULL, &f->kind},
        {"last_seq", &f->last_seq, NULL}, {"mono", &f->mono, NULL}, {"mutations", &f->mutations, NULL}, {"name", NULL, &f->name}, {"node", NULL, &f->node}, {"overridden", &f->overridden, NULL}, {"policy", &f->policy, NULL}, {"policy_digest", NULL, &f->policy_digest},
        {"purpose", NULL, &f->purpose}, {"reason", NULL, &f->reason}, {"report_sha256", NULL, &f->reporting}, {"request", &f->request, NULL},
        {"request_id", NULL, &f->request_id}, {"rerouted", &f->rerouted, NULL}, {"restored", &f->restored, NULL}, {"result", NULL, &f->result}, {"second", NULL, &f->second}, {"seq", &f->seq, NULL}, {"subject", &f->subject, NULL},
        {"to", NULL, &f->to}, {"tokens_in", &f->tokens_in, NULL}, {"tokens_out", &f->tokens_out, NULL}, {"ts", NULL, &f->ts}, {"type", NULL, &f->type},
        {"upstream", &f->upstream, NULL}, {"user", NULL, &f->person}};
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
    f->login = audit_view_text(f->actor, "login");
    f->address = audit_view_text(f->actor, "ip");
    f->recipient = audit_view_text(f->upstream, "name");
    f->agreement = audit_view_text(f->upstream, "agreement");
}

/* ---- rows ---- */

int64_t report_sum(struct span counts) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX);
    int64_t total = 0;

    for (size_t i = 0; i < n; i++)
        total += audit_view_integer(m[i].value);
    return total;
}

/* ---- decisions ---- */

static struct tally_row *take_user(struct report *r, const struct report_facts *f, int64_t found, int64_t disclosed) {
    struct tally_row *x = report_row(r, TABLE_USERS, f, 2, (struct span[]){report_or_dash(f->user), report_or_dash(f->client)});
    if (!x) return NULL;

    x->number[0]++;
    x->number[1] += span_is(f->decision, "forward");
    x->number[2] += span_is(f->decision, "edit");
    x->number[3] += span_is(f->decision, "block");
    x->number[4] += found;
    x->number[5] += disclosed;
    return x;
}

static void take_destination(struct report *r, const struct report_facts *f, int64_t found, int64_t disclosed) {
    struct span endpoint = audit_view_text(f->request, "endpoint"), model = audit_view_text(f->request, "model");
    struct tally_row *x = report_row(r, TABLE_DESTINATIONS, f, 4, (struct span[]){report_or_dash(endpoint), report_or_dash(model), report_or_dash(f->recipient),
                                                                            report_or_dash(f->agreement)});
    if (!x) return;
    x->number[0]++;
    x->number[1] += span_is(f->decision, "block");
    x->number[2] += found;
    x->number[3] += disclosed;
    x->number[4] += audit_view_number(f->request, "bytes");
    if (f->recipient.len && !span_is(f->decision, "block"))
        report_count(r, TABLE_AGREEMENTS, f, 3, (struct span[]){f->recipient, audit_view_text(f->upstream, "trust"), report_or_dash(f->agreement)});
}

static struct tally_row *kind_row(struct report *r, const struct report_facts *f, struct span kind) {
    char letter = phi_kind_letter(phi_kind_find(kind.ptr, kind.len));

    return report_row(r, TABLE_KINDS, f, 2, (struct span[]){kind, span_make(&letter, 1)});
}

static int column_of(struct span action) {
    static const struct { const char *action; int column; } columns[] = {
        {"tokenize", 2}, {"surrogate", 2}, {"mask", 3}, {"drop", 3}, {"generalize", 4}, {"offset", 4}, {"flag", 5}, {"block", 6}};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (span_is(action, columns[i].action)) return columns[i].column;
    return -1;
}

static void take_findings(struct report *r, const struct report_facts *f) {
    struct span finding;

    for (size_t at = 0; audit_view_next(f->findings, &at, &finding);) {
        struct span kind = audit_view_text(finding, "kind");
        int64_t n = audit_view_number(finding, "count");
        int column = column_of(audit_view_text(finding, "action"));
        struct tally_row *x = kind_row(r, f, kind);
        if (!x) return;
        if (column >= 0) x->number[column] += n;
        x = report_row(r, TABLE_RULES, f, 2, (struct span[]){audit_view_text(finding, "rule"), kind});
        if (!x) return;
        x->number[0] += n;
        x->number[9] += n * audit_view_number(finding, "score");
        if (x->number[0]) x->number[1] = x->number[9] / x->number[0];
    }
}

static void take_kind(struct report *r, const struct report_facts *f, struct span kind, int64_t found, int64_t disclosed) {
    struct tally_row *x = kind_row(r, f, kind);

    if (x) {
        x->number[0] += found;
        x->number[1] += disclosed;
    }
    if (f->purpose.len && (x = report_row(r, TABLE_NECESSITY, f, 2, (struct span[]){f->purpose, kind}))) {
        x->number[0]++;
        x->number[1] += found;
        x->number[2] += disclosed;
    }
    if (!span_starts(kind, "SENS.")) return;
    x = report_row(r, TABLE_SENSITIVE, f, 3, (struct span[]){kind, report_or_dash(f->user), report_or_dash(f->recipient)});
    if (!x) return;
    x->number[0]++;
    x->number[1] += found;
    x->number[2] += disclosed;
}

static void take_kinds(struct report *r, const struct report_facts *f) {
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

static struct span in_words(struct span reason) {
    const char *sentence = reason_sentence(reason);
    return span_of(sentence ? sentence : "-");
}

static void take_block(struct report *r, const struct report_facts *f) {
    struct tally_row *x = report_row(r, TABLE_BLOCKS, f, 4, (struct span[]){report_or_dash(f->code), report_or_dash(f->reason), report_or_dash(f->blocked_kind), in_words(f->reason)});
    struct tally_row *user = tally_row(&r->users, &f->user, 1);

    if (!x || !user) return;
    x->number[0]++;
    user->number[0] = audit_view_integer(f->mono);
    user->number[1] = (intptr_t)x; /* rows stay where they are */
}

static void take_follower(struct report *r, const struct report_facts *f) {
    struct tally_row *user = tally_row(&r->users, &f->user, 1);
    if (!user || !user->number[1]) return;

    struct tally_row *block = (struct tally_row *)(intptr_t)user->number[1];
    int64_t later = audit_view_integer(f->mono) - user->number[0];
    if (later >= 0 && later <= FOLLOW_US) block->number[1]++;
    user->number[1] = 0;
}

static void take_policy(struct report *r, const struct report_facts *f) {
    struct span id = audit_view_text(f->policy, "id"), mode = audit_view_text(f->policy, "mode");

    if (f->policy.len == 0) return;
    report_count(r, TABLE_POLICIES, f, 4, (struct span[]){id, audit_view_text(f->policy, "digest"), mode, audit_view_text(f->policy, "claim")});
    if (span_is(mode, "monitor")) report_count(r, TABLE_MONITORED, f, 2, (struct span[]){id, f->decision});
}

static void take_unreadable(struct report *r, const struct report_facts *f) {
    static const char *const names[] = {"image", "audio", "file", "remote image or file", "state kept by the vendor", "unknown part",
                                        "hosted tool", "token ids", "spoken answer", "stored object", "stored object of an owner unknown",
                                        "answer in the background"};
    int64_t bits = audit_view_number(f->request, "unreadable");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bits >> i & 1) report_count(r, TABLE_UNREADABLE, f, 2, (struct span[]){span_of(names[i]), f->decision});
}

static void take_identity(struct report *r, const struct report_facts *f) {
    if (f->client.len)
        report_count(r, TABLE_ADDRESSES, f, 3, (struct span[]){f->client, f->user, report_or_dash(f->address)});
    else
        report_count(r, TABLE_UNKNOWN, f, 2, (struct span[]){report_or_dash(f->code), report_or_dash(f->address)});
    if (span_is(f->code, "no_agreement"))
        report_count(r, TABLE_AGREEMENT_EVENTS, f, 4, (struct span[]){f->code, report_or_dash(f->reason), report_or_dash(f->recipient), in_words(f->reason)});
}

/* Where the policy or the gateway did more than to redact. */
static void take_measures(struct report *r, const struct report_facts *f) {
    struct span change;

    for (size_t at = 0; audit_view_next(f->mutations, &at, &change);)
        report_count(r, TABLE_MUTATIONS, f, 2, (struct span[]){audit_view_unquote(change), report_or_dash(f->recipient)});
    if (f->rerouted.len)
        report_count(r, TABLE_REROUTED, f, 3, (struct span[]){audit_view_text(f->rerouted, "kind"), audit_view_text(f->rerouted, "from"),
                                                       report_or_dash(f->recipient)});
    if (f->bulk.len == 0) return;
    struct tally_row *x = report_row(r, TABLE_BULK, f, 3, (struct span[]){report_or_dash(f->user), report_or_dash(f->purpose), f->decision});
    if (!x) return;
    x->number[0]++;
    x->number[1] += audit_view_number(f->bulk, "patients");
    x->number[2] += audit_view_number(f->bulk, "encounters");
}

static void take_decision(struct report *r, const struct report_facts *f) {
    int64_t found = report_sum(f->found), disclosed = report_sum(f->disclosed);
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
    struct tally_row *tokens = report_row(r, TABLE_TOKENS, f, 1, (struct span[]){report_or_dash(f->user)});
    if (!blocked && tally_pending_put(&r->pending, f->request_id, user, tokens) < 0) r->failed = true;
}

/* ---- outcomes ---- */

static void take_outcome(struct report *r, const struct report_facts *f) {
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

static void count_line(struct report *r, const struct report_facts *f) {
    uint64_t seq = (uint64_t)audit_view_integer(f->seq);

    r->records++;
    if (r->last_seq && seq != r->last_seq + 1) r->gaps++;
    if (!r->first_seq) r->first_seq = seq;
    r->last_seq = seq;
    if (f->ts.len != 27) return;
    if (!r->first[0]) memcpy(r->first, f->ts.ptr, 27);
    memcpy(r->last, f->ts.ptr, 27);
}

void report_skip(struct report *r, uint64_t first_seq, uint64_t last_seq, const char *begin, const char *end) {
    r->records += last_seq - first_seq + 1;
    if (r->last_seq && first_seq != r->last_seq + 1) r->gaps++;
    if (!r->first_seq) r->first_seq = first_seq;
    r->last_seq = last_seq;
    if (!r->first[0]) memcpy(r->first, begin, 27);
    memcpy(r->last, end, 27);
}

void report_take(struct report *r, struct span line) {
    struct report_facts f;

    read_facts(line, &f);
    count_line(r, &f);
    if (span_is(f.type, "outcome")) {
        take_outcome(r, &f);
        return;
    }
    if (!audit_filter_matches(r->filter, line)) return;
    if (span_is(f.type, "decision") && r->filter->n_values && !span_is(f.decision, "block")) report_take_accounting(r, &f);
    if (span_is(f.type, "decision")) take_decision(r, &f);
    else report_take_event(r, &f);
}

void report_take_beside(struct report *r, struct span line) {
    struct report_facts f;

    read_facts(line, &f);
    if (!span_is(f.type, "lifecycle") && audit_filter_in_time(r->filter, line)) report_take_event(r, &f);
}

void report_free(struct report *r) {
    for (size_t i = 0; i < REPORT_TABLES; i++)
        tally_free(&r->tables[i]);
    tally_free(&r->users);
    tally_pending_free(&r->pending);
}
