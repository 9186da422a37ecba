/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit search: the decisions that a filter names, each with its outcome.
 *
 *   lines -> filter -> decision, its request id remembered -> the outcome of a remembered id
 */
#include <stdlib.h>
#include <string.h>

#include "audit_filter.h"
#include "audit_ids.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_probe.h"
#include "phi_audit_read.h"

#define IDS_ASKED 256u /* with more requests open every block is read */

const char phi_audit_search_usage[] =
    "usage: phi audit search [--log FILE] [--from T] [--to T] [--user U] [--client C] [--role R] [--purpose P] [--model M]\n"
    "           [--endpoint E] [--upstream N] [--kind K] [--decision D] [--code C] [--type T] [--id ID] [--json | --count]\n"
    "           [--key FILE]   (uses LOG.index) [--no-index]\n"
    "           [--value TEXT|- --key FILE --as FILE [--clients FILE] [--kind K]]   (`-`: from standard input; --as: your own key)\n";

struct search {
    struct audit_filter filter;
    struct audit_ids *open; /* requests whose decision was shown */
    bool json, count;
    uint64_t decisions, others;
};

/* ---- showing ---- */

static void show_text(const char *name, struct span object, const char *member) {
    struct span value = audit_view_text(object, member);

    if (value.len == 0) return;
    printf(" %s=", name);
    phi_audit_span(stdout, value);
}

static void show_counts(const char *name, struct span object) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(object, m, AUDIT_MEMBERS_MAX);

    for (size_t i = 0; i < n; i++) {
        if (i) putchar(',');
        else printf(" %s=", name);
        phi_audit_span(stdout, m[i].name);
        putchar(':');
        phi_audit_span(stdout, m[i].value);
    }
}

static void show_number(const char *name, struct span line) {
    struct span value = audit_view_get(line, name);

    if (value.len == 0) return;
    printf(" %s=", name);
    phi_audit_span(stdout, value);
}

static void show(struct span line) {
    struct span actor = audit_view_get(line, "actor"), request = audit_view_get(line, "request");
    struct span upstream = audit_view_get(line, "upstream");

    phi_audit_span(stdout, audit_view_time(line));
    printf(" seq=%llu ", (unsigned long long)audit_view_seq(line));
    phi_audit_span(stdout, audit_view_text(line, "type"));
    show_text("event", line, "event");
    show_text("decision", line, "decision");
    show_text("result", line, "result");
    show_number("status", line);
    show_text("request", line, "request_id");
    show_text("user", actor, "user");
    show_text("client", actor, "client");
    show_text("ip", actor, "ip");
    show_text("purpose", line, "purpose");
    show_text("endpoint", request, "endpoint");
    show_text("model", request, "model");
    show_text("upstream", upstream, "name");
    show_text("agreement", upstream, "agreement");
    show_text("code", line, "code");
    show_text("reason", line, "reason");
    show_counts("found", audit_view_get(line, "found"));
    show_counts("disclosed", audit_view_get(line, "disclosed"));
    putchar('\n');
}

static void take(struct search *s, struct span line, bool decision) {
    if (decision) s->decisions++;
    else s->others++;
    if (s->count) return;
    if (!s->json) {
        show(line);
        return;
    }
    phi_audit_span(stdout, line);
    putchar('\n');
}

/* ---- searching ---- */

static bool is_outcome_of_shown(struct search *s, struct span line) {
    static const char mark[] = "\"type\":\"outcome\"";
    size_t before = audit_ids_count(s->open);

    if (before == 0 || !memmem(line.ptr, line.len, mark, sizeof mark - 1)) return false;
    struct span id = audit_view_text(line, "request_id");
    if (id.len == 0) return false;
    audit_ids_remove(s->open, id);
    return audit_ids_count(s->open) < before;
}

static int look(struct search *s, struct span line) {
    bool follows = is_outcome_of_shown(s, line);

    if (!follows && !audit_filter_matches(&s->filter, line)) return 0;
    struct span type = audit_view_text(line, "type"), id = audit_view_text(line, "request_id");
    take(s, line, span_is(type, "decision"));
    return audit_ids_follow(s->open, type, id, audit_view_text(line, "decision"));
}

/* The outcome of a decision that was shown may be in it. */
static bool holds_outcome(void *context, const struct audit_index *x, const struct audit_index_block *b) {
    const struct search *s = context;
    struct span id;

    if (audit_ids_count(s->open) > IDS_ASKED) return true;
    for (size_t at = 0; audit_ids_next(s->open, &at, &id);)
        if (audit_index_may_hold_id(x, b, id)) return true;
    return false;
}

static int search(struct search *s, struct phi_reader *reader) {
    const struct phi_reader_choice choice = {.filter = &s->filter, .also = holds_outcome, .context = s};
    struct span line;
    int rc = phi_reader_choose(reader, &choice);

    while (rc == 0 && phi_reader_next(reader, &line))
        rc = look(s, line);
    if (rc == 0) rc = phi_reader_end(reader);
    if (rc == 0 && s->count) printf("%llu decisions, %llu other records\n", (unsigned long long)s->decisions, (unsigned long long)s->others);
    return rc;
}

static int run(struct search *s, const struct phi_read_options *read, struct phi_probe *probe, const char *value) {
    struct phi_reader *reader = phi_reader_open(read);
    int rc = -1;

    s->open = audit_ids_new();
    if (!reader || !s->open) goto out;
    if (value) {
        probe->key_path = read->key_path;
        if (phi_probe_begin(probe, phi_reader_set(reader)) < 0 || phi_probe_add_argument(probe, value, s->filter.kind) < 0) goto out;
        if (phi_probe_record(probe, phi_audit_log(read->log), "search") < 0) goto out;
        s->filter.values = probe->needles;
        s->filter.n_values = probe->n;
        s->filter.kind = NULL; /* it is part of the hash */
    }
    if (phi_audit_filter(&s->filter) < 0) rc = -1;
    else rc = search(s, reader);
out:
    audit_filter_free(&s->filter);
    if (s->open) audit_ids_free(s->open);
    phi_reader_free(reader);
    return rc;
}

int phi_audit_search(int argc, char **argv) {
    struct search s = {.json = false};
    struct audit_filter *f = &s.filter;
    struct phi_read_options read = {.log = NULL};
    const char *value = NULL;
    struct phi_probe probe = {.n = 0};
    const struct phi_option options[] = {
        PHI_READ_OPTIONS(read), {"--from", &f->from, NULL}, {"--to", &f->to, NULL}, {"--user", &f->user, NULL},
        {"--client", &f->client, NULL}, {"--role", &f->role, NULL}, {"--purpose", &f->purpose, NULL}, {"--model", &f->model, NULL},
        {"--endpoint", &f->endpoint, NULL}, {"--upstream", &f->upstream, NULL}, {"--kind", &f->kind, NULL},
        {"--decision", &f->decision, NULL}, {"--code", &f->code, NULL}, {"--type", &f->type, NULL}, {"--id", &f->id, NULL},
        {"--value", &value, NULL}, PHI_AUDITOR_OPTIONS(probe.who), {"--old-key", &probe.old_path, NULL}, {"--json", NULL, &s.json}, {"--count", NULL, &s.count}};

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || (value && !read.key_path)) {
        if (value && !read.key_path) fputs("phi: --value needs --key FILE, the audit key\n", stderr);
        fputs(phi_audit_search_usage, stderr);
        return PHI_USAGE;
    }
    int rc = run(&s, &read, &probe, value);
    phi_probe_wipe(&probe);
    if (rc < 0 || phi_audit_output_end(stdout, NULL) < 0) return PHI_USAGE;
    return PHI_DONE;
}
