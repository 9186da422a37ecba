/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that stand for themselves: what people did with the log, how its settings changed, what befell it.
 */
#include "phi_report_facts.h"

#include <stdio.h>
#include <string.h>

#include "audit_view.h"

/* ---- rows ---- */

struct tally_row *report_row(struct report *r, enum report_table t, const struct report_facts *f, size_t n, const struct span *parts) {
    struct tally_row *x = tally_row(&r->tables[t], parts, n);

    if (!x) r->failed = true;
    else tally_time(x, f->ts);
    return x;
}

void report_count(struct report *r, enum report_table t, const struct report_facts *f, size_t n, const struct span *parts) {
    struct tally_row *x = report_row(r, t, f, n, parts);
    if (x) x->number[0]++;
}

struct span report_or_dash(struct span s) {
    return s.len ? s : span_of("-");
}

/* ---- overrides ---- */

static void take_override(struct report *r, const struct report_facts *f) {
    int64_t n = report_sum(f->overridden);
    struct tally_row *x = report_row(r, TABLE_OVERRIDES, f, 7, (struct span[]){f->ts, f->user, report_or_dash(f->second), report_or_dash(f->reason),
                                     report_or_dash(audit_view_text(f->policy, "id")), report_or_dash(f->decision), f->request_id});

    if (x) x->number[0] += n;
    x = report_row(r, TABLE_OVERRIDES_BY, f, 3, (struct span[]){f->user, report_or_dash(f->reason), report_or_dash(f->decision)});
    if (!x) return;
    x->number[0]++;
    x->number[1] += n;
}

/* ---- the accounting of one person ---- */

static struct span kinds_of(struct span counts, char *out, size_t size) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(counts, m, AUDIT_MEMBERS_MAX), len = 0;

    for (size_t i = 0; i < n; i++) {
        int more = snprintf(out + len, size - len, "%s%.*s %.*s", i ? ", " : "", (int)m[i].name.len, m[i].name.ptr, (int)m[i].value.len,
                            m[i].value.ptr);
        if (more < 0 || (size_t)more >= size - len) break;
        len += (size_t)more;
    }
    return len ? span_make(out, len) : span_of("none");
}

void report_take_accounting(struct report *r, const struct report_facts *f) {
    char found[256], sent[256];

    (void)report_row(r, TABLE_ACCOUNTING, f, 9, (struct span[]){f->ts, report_or_dash(f->recipient), report_or_dash(f->agreement), report_or_dash(f->purpose),
                     report_or_dash(f->user), kinds_of(f->found, found, sizeof found), kinds_of(f->disclosed, sent, sizeof sent), f->decision,
                     f->request_id});
}

/* ---- the rest ---- */

static void take_probe(struct report *r, const struct report_facts *f) {
    struct tally_row *x = report_row(r, TABLE_PROBES, f, 7, (struct span[]){f->ts, report_or_dash(f->event), report_or_dash(f->client), f->user,
                                     report_or_dash(f->login), f->kind, report_or_dash(f->reason)});
    int64_t n = audit_view_integer(f->asked);

    if (x) x->number[0] += n > 0 ? n : 1;
}

static void take_selftest(struct report *r, const struct report_facts *f) {
    struct tally_row *x = report_row(r, TABLE_SELFTESTS, f, 3, (struct span[]){f->ts, f->result, report_or_dash(f->policy_digest)});
    if (!x) return;

    x->number[0] = audit_view_integer(f->hits);
    x->number[1] = audit_view_integer(f->expected);
}

/* What was held, erased or handed on. */
static void take_keeping(struct report *r, const struct report_facts *f) {
    char text[256];

    if (f->name.len) {
        snprintf(text, sizeof text, "%.*s %.*s %.*s", (int)f->name.len, f->name.ptr, (int)f->from.len, f->from.ptr, (int)f->to.len, f->to.ptr);
    } else if (f->first_seq.len) {
        snprintf(text, sizeof text, "records %.*s to %.*s", (int)f->first_seq.len, f->first_seq.ptr, (int)f->last_seq.len, f->last_seq.ptr);
    } else {
        struct span what = f->reporting.len ? f->reporting : f->epoch;
        snprintf(text, sizeof text, "%.*s", (int)what.len, what.ptr);
    }
    (void)report_row(r, TABLE_HOLDS, f, 6, (struct span[]){f->ts, f->type, report_or_dash(f->event), f->user, report_or_dash(f->login), span_of(text)});
}

static void take_change(struct report *r, const struct report_facts *f) {
    struct span after = f->after.len ? f->after : f->policy_digest;

    (void)report_row(r, TABLE_CHANGES, f, 5, (struct span[]){f->ts, f->type, report_or_dash(f->result), report_or_dash(f->before), report_or_dash(after)});
}

static void take_access(struct report *r, const struct report_facts *f) {
    struct span client = audit_view_text(f->subject, "client"), role = audit_view_text(f->subject, "role");

    (void)report_row(r, TABLE_ACCESS_EVENTS, f, 5, (struct span[]){f->ts, f->type, report_or_dash(f->event), client.len ? client : f->person,
                     report_or_dash(role)});
}

static void take_review(struct report *r, const struct report_facts *f) {
    if (span_is(f->event, "finding"))
        (void)report_row(r, TABLE_FEEDBACK, f, 5, (struct span[]){f->ts, f->by, f->result, f->kind, f->request_id});
    else
        (void)report_row(r, TABLE_REVIEWS, f, 6, (struct span[]){f->ts, f->by, f->user, f->from, f->to, f->result});
}

static bool is_one_of(struct span type, const char *const words[]) {
    for (; *words; words++)
        if (span_is(type, *words)) return true;
    return false;
}

void report_take_event(struct report *r, const struct report_facts *f) {
    static const char *const keeping[] = {"hold", "erasure", "report", NULL}, *const changes[] = {"config_reload", "policy_change", NULL};
    static const char *const access[] = {"key_event", "user_event", NULL}, *const quiet[] = {"checkpoint", "anchor", NULL};

    if (span_is(f->type, "probe")) {
        take_probe(r, f);
    } else if (span_is(f->type, "review")) {
        take_review(r, f);
    } else if (span_is(f->type, "incident")) {
        (void)report_row(r, TABLE_INCIDENTS, f, 7, (struct span[]){f->ts, f->by, f->user, f->from, f->to, f->result, report_or_dash(f->reporting)});
    } else if (span_is(f->type, "override")) {
        take_override(r, f);
    } else if (span_is(f->type, "agreement_change")) {
        report_count(r, TABLE_AGREEMENT_EVENTS, f, 4, (struct span[]){f->type, f->event, f->recipient, span_of("-")});
    } else if (span_is(f->type, "selftest")) {
        take_selftest(r, f);
    } else if (span_is(f->type, "settings")) {
        (void)report_row(r, TABLE_SETTINGS, f, 4, (struct span[]){f->ts, report_or_dash(f->after), report_or_dash(f->clients_digest),
                         report_or_dash(f->agreements_digest)});
    } else if (is_one_of(f->type, keeping)) {
        take_keeping(r, f);
    } else if (is_one_of(f->type, access)) {
        take_access(r, f);
    } else if (is_one_of(f->type, changes)) {
        take_change(r, f);
    } else if (!is_one_of(f->type, quiet) || (!span_is(f->event, "signed") && !span_is(f->event, "probes"))) {
        (void)report_row(r, TABLE_EVENTS, f, 5, (struct span[]){f->ts, f->type, report_or_dash(f->event), report_or_dash(f->reason), f->node});
    }
}
