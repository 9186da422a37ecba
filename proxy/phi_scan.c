/* SPDX-License-Identifier: Apache-2.0
 *
 * phi scan, phi explain: what is found in a text, and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../detectors/phi.h"
#include "../policies/engine/policy.h"
#include "arena.h"
#include "json.h"
#include "phi_tool.h"
#include "reason.h"

#define LINE_ARENA (256u << 20)

static int scan_text(struct policy *p, struct phi_scratch *s, struct span text, struct phi_result *found) {
    struct phi_leaf leaf = {.text = text.ptr ? text.ptr : "", .len = (uint32_t)text.len};

    if (text.len < UINT32_MAX && phi_scan(policy_engine(p), s, &leaf, 1, found) == 0) return 0;
    fputs("phi: this text could not be searched completely (not UTF-8, holds a NUL, or a detector failed)\n", stderr);
    return -1;
}

static void print_finding(const struct policy *p, const struct phi_finding *f) {
    printf("%s %u-%u %s %u\n", phi_kind_name((enum phi_kind)f->kind), f->begin, f->end, phi_rule_id(policy_engine(p), f->rule),
           f->score);
}

static int scan_plain(struct policy *p, struct phi_scratch *s, const char *path, bool all) {
    struct phi_result found;
    struct buf text;
    int rc = PHI_USAGE;

    if (phi_read(path, &text) < 0) return PHI_USAGE;
    if (scan_text(p, s, buf_span(&text), &found) == 0) {
        rc = PHI_DONE;
        for (size_t i = 0; i < found.n; i++) {
            if (!all && !phi_is_identifier((enum phi_kind)found.v[i].kind)) continue;
            print_finding(p, &found.v[i]);
            rc = PHI_FOUND;
        }
    }
    buf_free(&text);
    return rc;
}

static void print_jsonl(const struct policy *p, struct span id, const struct phi_result *found, bool all) {
    bool any = false;

    printf("{\"id\":%.*s,\"findings\":[", (int)id.len, id.ptr);
    for (size_t i = 0; i < found->n; i++) {
        const struct phi_finding *f = &found->v[i];
        if (!all && !phi_is_identifier((enum phi_kind)f->kind)) continue;
        printf("%s{\"begin\":%u,\"end\":%u,\"kind\":\"%s\",\"rule\":\"%s\",\"score\":%u}", any ? "," : "", f->begin, f->end,
               phi_kind_name((enum phi_kind)f->kind), phi_rule_id(policy_engine(p), f->rule), f->score);
        any = true;
    }
    puts("]}");
}

static int scan_one_line(struct policy *p, struct phi_scratch *s, struct span line, size_t number, bool all, size_t *bad) {
    struct arena *a = arena_new(LINE_ARENA);
    struct phi_result found;
    struct phi_line record;
    int rc = PHI_USAGE;

    if (!a || phi_read_line(a, line, &record) < 0 || record.id.len == 0) {
        if ((*bad)++ == 0) fprintf(stderr, "phi: line %zu is not {\"id\":...,\"text\":...}\n", number);
    } else if (scan_text(p, s, record.text, &found) == 0) {
        print_jsonl(p, record.id, &found, all);
        rc = PHI_DONE;
    }
    arena_free(a);
    return rc;
}

static int scan_lines(struct policy *p, struct phi_scratch *s, const char *path, bool all) {
    struct buf input;
    size_t number = 0, begin = 0, bad = 0;
    int worst = PHI_DONE;

    if (phi_read(path, &input) < 0) return PHI_USAGE;
    while (begin < input.len) {
        size_t end = span_find(buf_span(&input), '\n', begin);
        struct span line = span_trim(span_sub(buf_span(&input), begin, end));
        number++;
        begin = end + 1;
        if (line.len == 0) continue;
        int rc = scan_one_line(p, s, line, number, all, &bad);
        if (rc > worst) worst = rc;
    }
    if (bad > 1) fprintf(stderr, "phi: %zu lines in all were not\n", bad);
    buf_free(&input);
    return worst;
}

int phi_scan_command(int argc, char **argv) {
    const char *name = NULL, *roster = NULL, *roster_key = NULL;
    bool jsonl = false, strict = false, all = false;
    const struct phi_option options[] = {
        {"--policy", &name, NULL}, {"--jsonl", NULL, &jsonl}, {"--strict", NULL, &strict}, {"--all", NULL, &all},
        {"--roster", &roster, NULL}, {"--roster-key", &roster_key, NULL}};
    struct phi_scratch *s;
    struct policy *p;
    int rc;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0 || phi_one_file(argc) < 0) return PHI_USAGE;
    p = phi_policy_with(name ? name : strict ? "strict" : NULL, roster, roster_key);
    if (!p) return PHI_USAGE;
    s = phi_scratch_new();
    rc = !s ? PHI_USAGE : jsonl ? scan_lines(p, s, argc ? argv[0] : NULL, all) : scan_plain(p, s, argc ? argv[0] : NULL, all);
    phi_scratch_free(s);
    policy_unref(p);
    return rc;
}

/* ---- explain ---- */

/* What each word of the text added up to, in order. */
struct weighed {
    struct {
        uint32_t begin, end;
        size_t at; /* in lines, up to a zero */
    } *v;
    size_t n, size;
    struct buf lines;
};

static void weigh_one(void *context, uint32_t begin, uint32_t end, const char *parts) {
    struct weighed *w = context;

    if (w->n == w->size) {
        size_t size = w->size ? w->size * 2 : 256;
        void *more = realloc(w->v, size * sizeof *w->v);
        if (!more) return;
        w->v = more;
        w->size = size;
    }
    w->v[w->n].begin = begin;
    w->v[w->n].end = end;
    w->v[w->n].at = w->lines.len;
    buf_add_c(&w->lines, parts);
    buf_add_char(&w->lines, '\0');
    if (!w->lines.failed) w->n++;
}

static void explain_words(const struct weighed *w, const struct phi_finding *f) {
    for (size_t i = 0; i < w->n; i++) /* in the order of the text twice: as evidence, then as read by the tagger */
        if (w->v[i].begin >= f->begin && w->v[i].begin < f->end) printf("  word    %u-%u %s\n", w->v[i].begin, w->v[i].end, w->lines.ptr + w->v[i].at);
}

static bool is_weighed(const char *rule) {
    return strcmp(rule, "name-words") == 0 || strcmp(rule, "name-unknown") == 0 || strcmp(rule, "place-city") == 0 ||
           strcmp(rule, "place-facility") == 0 || strcmp(rule, "date-tagged") == 0 || strcmp(rule, "number-tagged") == 0;
}

static void explain_finding(const struct policy_view *view, const struct phi_scratch *s, const struct weighed *w,
                            const struct phi_finding *f) {
    const struct policy *p = view->policy;
    const struct phi_engine *e = policy_engine(p);
    enum phi_kind kind = (enum phi_kind)f->kind;
    uint32_t rule_line = 0, policy_line = 0;
    const char *rule_file = phi_rule_file(e, f->rule, &rule_line);
    const char *policy_file = policy_view_source(view, POLICY_PART_USER, kind, &policy_line);
    char parts[512];

    printf("%s %u-%u\n", phi_kind_name(kind), f->begin, f->end);
    if (rule_file && rule_line) printf("  rule    %s (%s:%u)", phi_rule_id(e, f->rule), rule_file, rule_line);
    else printf("  rule    %s (built in)", phi_rule_id(e, f->rule));
    printf(", found by %s\n", phi_rule_trigger(e, f->rule));
    if (phi_explain(e, s, f, parts, sizeof parts) == 0) printf("  score   %u = %s\n", f->score, parts);
    else printf("  score   %u\n", f->score);
    if (is_weighed(phi_rule_id(e, f->rule))) explain_words(w, f);
    printf("  action  %s (%s:%u), purpose %s\n", policy_action_name(policy_view_action(view, POLICY_PART_USER, kind)),
           policy_file ? policy_file : "?", policy_line, view->purpose ? policy_purpose_name(p, view->purpose) : "(none given)");
    const char *meaning = reason_of_action(policy_action_name(policy_view_action(view, POLICY_PART_USER, kind)));
    if (meaning) printf("  so      %s\n", meaning);
    if (phi_kind_letter(kind) == '-') printf("  letter  none: not one of the identifiers of 45 CFR 164.514(b)(2)(i)\n");
    else printf("  letter  %c of 45 CFR 164.514(b)(2)(i)\n", phi_kind_letter(kind));
}

int phi_explain_command(int argc, char **argv) {
    const char *name = NULL, *roster = NULL, *roster_key = NULL;
    struct phi_who who = {.purpose = NULL};
    const struct phi_option options[] = {{"--policy", &name, NULL}, {"--roster", &roster, NULL},
                                         {"--roster-key", &roster_key, NULL}, PHI_WHO_OPTIONS(who)};
    struct phi_result found = {NULL, 0};
    struct buf text;
    struct policy_view view;
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0 || phi_one_file(argc) < 0) return PHI_USAGE;
    struct policy *p = phi_policy_with(name, roster, roster_key);
    if (!p) return PHI_USAGE;
    struct phi_scratch *s = phi_scratch_new();
    if (s && phi_view(p, &who, &view) == 0 && phi_read(argc ? argv[0] : NULL, &text) == 0) {
        if (scan_text(p, s, buf_span(&text), &found) == 0) {
            struct policy_view own = view;
            if (policy_asks_language(p)) policy_view_language(&own, language_of(text.ptr, text.len), &view);
            if (policy_asks_language(p)) printf("language %s\n", language_names[view.request.language]);
            struct phi_leaf leaf = {.text = text.ptr, .len = (uint32_t)text.len};
            struct weighed w = {.n = 0};
            buf_init(&w.lines, 1u << 30);
            (void)phi_explain_words(policy_engine(p), &leaf, weigh_one, &w);
            for (size_t i = 0; i < found.n; i++)
                explain_finding(&view, s, &w, &found.v[i]);
            free(w.v);
            buf_free(&w.lines);
            rc = found.n ? PHI_FOUND : PHI_DONE;
        }
        buf_free(&text);
    }
    phi_scratch_free(s);
    policy_unref(p);
    return rc;
}
