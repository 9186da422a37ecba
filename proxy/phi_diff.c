/* SPDX-License-Identifier: Apache-2.0
 *
 * phi diff: what changes when NEW takes the place of OLD, in plain words; and with a corpus, how many identifiers would leave
 * in clear and how many texts would be blocked, before and after. Exit 1 when anything becomes looser.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../detectors/phi.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/policy_diff.h"
#include "arena.h"
#include "phi_tool.h"
#include "tokens.h"
#include "transform.h"

#define PURPOSES_MAX 64
#define LINE_ARENA (256u << 20)

/* One purpose, one policy, all texts. */
struct tally {
    unsigned long clear, blocked, kinds[PHI_KINDS];
};

struct comparison {
    struct policy *policy[2];
    struct phi_scratch *scratch;
    struct tally tally[2][PURPOSES_MAX];
    unsigned long changed[3]; /* by enum policy_change */
    unsigned long texts, more, less; /* identifiers that leave in clear in one and not in the other, text by text */
    bool looser;
};

/* ---- the policies themselves ---- */

static const char *meaning(const char *action) {
    static const struct {
        const char *action, *meaning;
    } words[] = {{"block", "the request is refused"},     {"drop", "taken out"},
                 {"mask", "hidden, does not come back"},  {"tokenize", "hidden, comes back"},
                 {"offset", "hidden but for the distance to other dates, comes back"},
                 {"route", "another model, with a policy of its own"},
                 {"generalize", "a general form leaves"}, {"flag", "leaves, and is counted"},
                 {"allow", "leaves"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(action, words[i].action) == 0) return words[i].meaning;
    return "hidden";
}

static void report_action(const struct policy_difference *d) {
    printf("%-9s %s%s%s, %s: %s -> %s (%s; before: %s)\n", policy_change_name(d->change),
           d->purpose[0] ? d->purpose : "no purpose given", d->where ? ", " : "", d->where ? d->where : "", phi_kind_name(d->kind), d->before, d->after, meaning(d->after),
           meaning(d->before));
}

static void report(void *arg, const struct policy_difference *d) {
    struct comparison *c = arg;

    c->changed[d->change]++;
    if (strcmp(d->what, "action") == 0) {
        report_action(d);
        return;
    }
    printf("%-9s %s%s%s%s%s: %s -> %s\n", policy_change_name(d->change), d->what, d->purpose ? " " : "",
           d->purpose ? d->purpose : "", d->kind ? " " : "", d->kind ? phi_kind_name(d->kind) : "", d->before, d->after);
}

/* ---- a corpus ---- */

static int try_purpose(struct comparison *c, int side, int purpose, struct span text, const struct phi_result *found,
                       struct transform *t) {
    struct policy_request request = {.purpose = purpose};
    struct arena *a = arena_new(LINE_ARENA);
    struct tokens *tokens = a ? tokens_new(a) : NULL;
    struct policy_view view;
    struct buf out;
    int rc;

    buf_init(&out, PHI_INPUT_MAX);
    policy_view(c->policy[side], &request, &view);
    rc = tokens ? transform_text(a, text, WALK_USER, found, &view, tokens, &out, t) : -1;
    buf_free(&out);
    arena_free(a);
    t->rows = NULL;
    return rc;
}

static void count(struct comparison *c, int side, int purpose, const struct transform *t) {
    struct tally *tally = &c->tally[side][purpose];

    tally->blocked += t->blocked;
    for (int k = 1; k < PHI_KINDS; k++) {
        tally->clear += t->disclosed[k];
        tally->kinds[k] += t->disclosed[k];
    }
}

static void count_change(struct comparison *c, const struct transform *before, const struct transform *after) {
    for (int k = 1; k < PHI_KINDS; k++) {
        uint32_t was = before->disclosed[k], now = after->disclosed[k];
        if (now > was) c->more += now - was;
        else c->less += was - now;
    }
}

/* The purpose of the first policy that has the same name in the second; -1: it has none. */
static int partner(const struct comparison *c, int purpose) {
    const char *name = policy_purpose_name(c->policy[0], purpose);
    return purpose == 0 ? 0 : policy_purpose(c->policy[1], name, strlen(name));
}

static int keep(struct arena *a, struct phi_result *found) {
    struct phi_finding *v = arena_array(a, found->n ? found->n : 1, sizeof *v);

    if (!v) return -1;
    if (found->n) memcpy(v, found->v, found->n * sizeof *v);
    found->v = v;
    return 0;
}

static int compare_text(struct comparison *c, struct arena *a, struct span text) {
    struct phi_leaf leaf = {.text = text.ptr ? text.ptr : "", .len = (uint32_t)text.len};
    struct phi_result found[2];

    for (int side = 0; side < 2; side++)
        if (phi_scan(policy_engine(c->policy[side]), c->scratch, &leaf, 1, &found[side]) < 0 || keep(a, &found[side]) < 0)
            return -1;
    for (int u = 0; u < policy_purpose_count(c->policy[0]) && u < PURPOSES_MAX; u++) {
        struct transform t[2] = {0};
        int other = partner(c, u);
        if (other < 0) continue;
        if (try_purpose(c, 0, u, text, &found[0], &t[0]) < 0 || try_purpose(c, 1, other, text, &found[1], &t[1]) < 0) return -1;
        count(c, 0, u, &t[0]);
        count(c, 1, u, &t[1]);
        count_change(c, &t[0], &t[1]);
    }
    c->texts++;
    return 0;
}

static int compare_line(struct comparison *c, struct span line) {
    struct arena *a = arena_new(LINE_ARENA);
    struct phi_line record;
    int rc = a && phi_read_line(a, line, &record) == 0 ? compare_text(c, a, record.text) : -1;

    arena_free(a);
    return rc;
}

static int compare_corpus(struct comparison *c, const char *path) {
    struct buf input;
    size_t begin = 0, number = 0;
    int rc = 0;

    if (phi_read(path, &input) < 0) return -1;
    while (begin < input.len && rc == 0) {
        size_t end = span_find(buf_span(&input), '\n', begin);
        struct span line = span_trim(span_sub(buf_span(&input), begin, end));
        number++;
        begin = end + 1;
        if (line.len && compare_line(c, line) < 0) rc = -1;
    }
    if (rc < 0) fprintf(stderr, "phi: %s:%zu: not a line {\"id\",\"text\"}, or it could not be searched\n", path, number);
    buf_free(&input);
    return rc;
}

static void print_kinds(const struct tally *before, const struct tally *after) {
    for (int k = 1; k < PHI_KINDS; k++)
        if (before->kinds[k] != after->kinds[k])
            printf("    %s: %lu -> %lu\n", phi_kind_name((enum phi_kind)k), before->kinds[k], after->kinds[k]);
}

static void print_corpus(struct comparison *c) {
    printf("\n%lu texts, each for every purpose that both policies have:\n", c->texts);
    for (int u = 0; u < policy_purpose_count(c->policy[0]) && u < PURPOSES_MAX; u++) {
        const struct tally *before = &c->tally[0][u], *after = &c->tally[1][u];
        if (partner(c, u) < 0) continue;
        printf("  %s: identifiers in clear %lu -> %lu, texts blocked %lu -> %lu\n",
               u ? policy_purpose_name(c->policy[0], u) : "no purpose given", before->clear, after->clear, before->blocked,
               after->blocked);
        print_kinds(before, after);
        if (after->blocked < before->blocked) c->looser = true;
    }
    printf("in clear only with %s: %lu; only with %s: %lu\n", "NEW", c->more, "OLD", c->less);
    if (c->more) c->looser = true;
}

static int diff(struct comparison *c, const char *corpus) {
    printf("%s (%.12s) -> %s (%.12s)\n", policy_id(c->policy[0]), policy_digest(c->policy[0]), policy_id(c->policy[1]),
           policy_digest(c->policy[1]));
    c->looser = policy_diff(c->policy[0], c->policy[1], report, c);
    printf("%lu looser, %lu stricter, %lu otherwise; claim %s -> %s\n", c->changed[POLICY_LOOSER],
           c->changed[POLICY_STRICTER], c->changed[POLICY_OTHERWISE], policy_claim_name(policy_claim(c->policy[0])),
           policy_claim_name(policy_claim(c->policy[1])));
    if (corpus) {
        if (compare_corpus(c, corpus) < 0) return PHI_USAGE;
        print_corpus(c);
    }
    return c->looser ? PHI_FOUND : PHI_DONE;
}

int phi_diff_command(int argc, char **argv) {
    struct comparison *c;
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, NULL, 0) < 0 || argc < 2 || argc > 3) {
        fputs("usage: phi diff OLD NEW [CORPUS.jsonl]\n", stderr);
        return PHI_USAGE;
    }
    c = calloc(1, sizeof *c);
    if (!c) return PHI_USAGE;
    c->policy[0] = phi_policy(argv[0]);
    c->policy[1] = phi_policy(argv[1]);
    c->scratch = phi_scratch_new();
    if (c->policy[0] && c->policy[1] && c->scratch) rc = diff(c, argc > 2 ? argv[2] : NULL);
    phi_scratch_free(c->scratch);
    policy_unref(c->policy[0]);
    policy_unref(c->policy[1]);
    free(c);
    return rc;
}
