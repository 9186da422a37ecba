/* SPDX-License-Identifier: Apache-2.0
 *
 * phi score: what leaks on annotated text. A token is a maximal run of letters or digits; it is predicted when any of its
 * characters is covered. leak: share of the identifiers that must be found of which at least one token is not covered.
 * Ages below 90, a year or month alone, states, countries, organisations, professions, groups and titles are optional: their
 * tokens count nowhere.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wctype.h>

#include "../detectors/phi.h"
#include "../policies/engine/policy.h"
#include "arena.h"
#include "phi_tool.h"
#include "score_text.h"

#define LINE_ARENA (256u << 20)
#define TYPES_MAX 64

struct type_row {
    char name[40];
    unsigned long n, leaked, missed;
};

struct tally {
    unsigned long documents, tokens, identifiers, leaked, missed, tp, fp, fn, clean, touched, bytes;
    double seconds;
    struct type_row types[TYPES_MAX];
    size_t n_types;
};

static struct type_row *type_row(struct tally *t, struct span name) {
    for (size_t i = 0; i < t->n_types; i++)
        if (span_is(name, t->types[i].name)) return &t->types[i];
    if (t->n_types == TYPES_MAX) return &t->types[TYPES_MAX - 1];
    struct type_row *row = &t->types[t->n_types++];
    snprintf(row->name, sizeof row->name, "%.*s", (int)name.len, name.ptr);
    return row;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is kept from line to line, so that a search is not timed behind the work of opening it anew. */
struct scoring {
    struct policy *policy;
    struct phi_scratch *scratch;
    struct arena *arena; /* of a line */
    locale_t letters;    /* the C locale knows ASCII only */
};

static int find(struct scoring *c, struct span text, struct phi_result *found, double *seconds) {
    struct phi_leaf leaf = {.text = text.ptr ? text.ptr : "", .len = (uint32_t)text.len};
    double begin = seconds_now();
    int rc = phi_scan(policy_engine(c->policy), c->scratch, &leaf, 1, found);
    *seconds += seconds_now() - begin;
    return rc;
}

static void score_span(struct tally *t, struct score_text *doc, const struct phi_span *s, unsigned long *required) {
    size_t inside = 0, covered = 0;
    bool must = score_must_find(doc, s->begin, s->end, s->type, s->raw_type);

    for (size_t k = score_first_token(doc, s->begin); k < doc->n_tokens && doc->tokens[k].begin < s->end; k++) {
        struct score_token *token = &doc->tokens[k];
        if (token->end <= s->begin) continue;
        inside++;
        if (!must) token->optional = true;
        else token->gold = true;
        covered += score_covered_all(doc, token->begin > s->begin ? token->begin : s->begin,
                                     token->end < s->end ? token->end : s->end);
    }
    if (inside == 0 || !must) return;
    struct type_row *row = type_row(t, s->type);
    (*required)++;
    t->identifiers++;
    row->n++;
    if (covered < inside) t->leaked++, row->leaked++;
    if (covered == 0) t->missed++, row->missed++;
}

static void score_document(struct tally *t, struct score_text *doc, const struct phi_line *line) {
    unsigned long required = 0, wrong = 0;

    for (size_t i = 0; i < line->n_spans; i++)
        score_span(t, doc, &line->spans[i], &required);
    for (size_t k = 0; k < doc->n_tokens; k++) {
        const struct score_token *token = &doc->tokens[k];
        bool predicted = score_covered_any(doc, token->begin, token->end);
        if (token->gold) t->tp += predicted, t->fn += !predicted;
        else if (!token->optional && predicted) t->fp++, wrong++;
    }
    t->documents++;
    t->tokens += doc->n_tokens;
    if (required) return;
    t->clean++;
    t->touched += wrong > 0;
}

static int score_line(struct scoring *c, struct span line, struct tally *t) {
    struct phi_result found;
    struct score_text doc;
    struct phi_line record;

    arena_reset(c->arena);
    if (phi_read_line(c->arena, line, &record) < 0 || find(c, record.text, &found, &t->seconds) < 0 ||
        score_text_read(c->arena, record.text, c->letters, &doc) < 0)
        return -1;
    for (size_t i = 0; i < found.n; i++)
        if (phi_is_identifier((enum phi_kind)found.v[i].kind))
            score_cover(&doc, found.v[i].begin, found.v[i].end);
    score_document(t, &doc, &record);
    t->bytes += record.text.len;
    return 0;
}

static double ratio(unsigned long part, unsigned long whole) {
    return whole ? (double)part / (double)whole : 0;
}

static void print_tally(const char *path, const struct tally *t) {
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    double recall = ratio(t->tp, t->tp + t->fn), precision = ratio(t->tp, t->tp + t->fp);

    printf("{\"corpus\":\"%s\",\"documents\":%lu,\"tokens\":%lu,\"identifiers\":%lu,\"leak\":%.4f,\"miss\":%.4f,\"R\":%.4f,"
           "\"P\":%.4f,\"F1\":%.4f,\"fp_per_1k\":%.4f,\"clean_documents\":%lu,\"touched\":%.4f,\"MB_per_s\":%.1f,\"kinds\":{",
           name, t->documents, t->tokens, t->identifiers, ratio(t->leaked, t->identifiers), ratio(t->missed, t->identifiers),
           recall, precision, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0,
           1000 * ratio(t->fp, t->tokens), t->clean, ratio(t->touched, t->clean),
           t->seconds > 0 ? (double)t->bytes / 1e6 / t->seconds : 0);
    for (size_t i = 0; i < t->n_types; i++)
        printf("%s\"%s\":{\"n\":%lu,\"leak\":%.4f}", i ? "," : "", t->types[i].name, t->types[i].n,
               ratio(t->types[i].leaked, t->types[i].n));
    puts("}}");
}

static int score_file(struct scoring *c, const char *path) {
    struct tally *t = calloc(1, sizeof *t);
    struct buf input;
    size_t begin = 0, number = 0;
    int rc = PHI_DONE;

    if (!t || phi_read(path, &input) < 0) {
        free(t);
        return PHI_USAGE;
    }
    while (begin < input.len && rc == PHI_DONE) {
        size_t end = span_find(buf_span(&input), '\n', begin);
        struct span line = span_trim(span_sub(buf_span(&input), begin, end));
        number++;
        begin = end + 1;
        if (line.len == 0 || score_line(c, line, t) == 0) continue;
        fprintf(stderr, "phi: %s:%zu: not a line {\"id\",\"text\",\"spans\"}, or it could not be searched\n", path, number);
        rc = PHI_USAGE;
    }
    if (rc == PHI_DONE) print_tally(path, t);
    buf_free(&input);
    free(t);
    return rc;
}

int phi_score_command(int argc, char **argv) {
    const char *name = NULL;
    bool strict = false;
    const struct phi_option options[] = {{"--policy", &name, NULL}, {"--strict", NULL, &strict}};
    int rc;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0 || argc < 1) return PHI_USAGE;
    struct scoring c = {.policy = phi_policy(name ? name : strict ? "strict" : NULL)};
    if (!c.policy) return PHI_USAGE;
    c.scratch = phi_scratch_new();
    c.arena = arena_new(LINE_ARENA);
    c.letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    rc = c.scratch && c.arena && c.letters ? PHI_DONE : PHI_USAGE;
    for (int i = 0; i < argc && rc == PHI_DONE; i++)
        rc = score_file(&c, argv[i]);
    if (c.letters) freelocale(c.letters);
    arena_free(c.arena);
    phi_scratch_free(c.scratch);
    policy_unref(c.policy);
    return rc;
}
