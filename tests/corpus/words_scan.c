/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the prose detector alone over texts from standard input, for measuring and for fitting its weights.
 *
 *     words_scan words.bin [--features|--explain|--tagger]
 *
 * Input: for each text a line with its length in bytes, then its bytes. Output: for each text a line "text", then
 * "begin end kind rule score" per finding, with --explain the strongest parts of each decision, or with --features "begin end feature
 * feature ..." per decided word, with --tagger the same per word of a run of the tagger, and a line "run" before each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/dictionary.h"
#include "../../detectors/evidence.h"
#include "../../detectors/prose.h"
#include "../../detectors/roster_scan.h"
#include "../../detectors/tagger.h"
#include "../../detectors/tagger_groups.h"
#include "../../detectors/words.h"

struct phi_candidates {
    FILE *out;
};

int phi_candidate_add(struct phi_candidates *sink, const struct phi_candidate *c)
{
    return fprintf(sink->out, "%u %u %u %u %u\n", c->begin, c->end, c->kind, c->rule, c->score) < 0 ? -1 : 0;
}

/* The detector never calls these here; they make the program link without an engine. */
const struct phi_dictionary *phi_engine_words(const struct phi_engine *e)
{
    (void)e;
    return NULL;
}

void *phi_scratch_block(struct phi_scratch *s, unsigned slot, size_t size)
{
    (void)s, (void)slot, (void)size;
    return NULL;
}

int roster_words(const struct phi_engine *e, struct phi_scratch *s, const struct words *w, struct phi_candidates *sink)
{
    (void)e, (void)s, (void)w, (void)sink;
    return 0;
}

static void print_features(void *context, const struct words *w, uint32_t i, const struct evidence *f)
{
    fprintf(context, "%u %u", w->v[i].begin, w->v[i].end);
    for (unsigned k = 0; k < f->n; k++)
        fprintf(context, " %u", f->v[k]);
    fputc('\n', context);
}

/* Each decided word with its sums in 1/256, and the features that moved them most. */
static void print_parts(void *context, const struct words *w, uint32_t i, const struct evidence *f)
{
    char parts[256];
    int32_t sum[LABELS];

    evidence_weigh(f, sum);
    evidence_explain(f, LABEL_NAME, parts, sizeof parts);
    fprintf(context, "%.*s name %d place %d: %s\n", (int)(w->v[i].end - w->v[i].begin), w->text + w->v[i].begin, sum[LABEL_NAME],
            sum[LABEL_PLACE], parts);
}

/* The words of the runs that the tagger reads. */
static void print_run(void *context, const struct words *w, const struct tagger_open *open, struct tagger_run *run)
{
    (void)open;
    fputs("run\n", context);
    for (uint32_t i = run->first; i < run->end; i++) {
        struct tag_features f;
        tagger_features(w, i, &f);
        fprintf(context, "%u %u", w->v[i].begin, w->v[i].end);
        for (unsigned k = 0; k < f.n; k++)
            fprintf(context, " %llu", (unsigned long long)f.v[k]);
        fputc('\n', context);
    }
}

static int print_names(unsigned count, int (*name_of)(unsigned, char *, size_t))
{
    for (unsigned k = 0; k < count; k++) {
        char name[64];
        name_of(k, name, sizeof name);
        puts(name);
    }
    return 0;
}

static int numbered_name(unsigned feature, char *out, size_t size)
{
    return tagger_name(feature, out, size);
}

static char *read_text(uint32_t *len)
{
    unsigned long n;
    char line[32], *end, *text;

    if (!fgets(line, sizeof line, stdin))
        return NULL;
    n = strtoul(line, &end, 10);
    text = malloc(n + 1);
    if (!text || fread(text, 1, n, stdin) != n)
        exit(2);
    text[n] = 0;
    *len = (uint32_t)n;
    return text;
}

int main(int argc, char **argv)
{
    static struct words words;
    struct phi_candidates sink = {stdout};
    char err[128], *text;
    const char *option = argc > 2 ? argv[2] : "";
    struct phi_dictionary *d = argc > 1 ? phi_dictionary_open(argv[1], err, sizeof err) : NULL;
    uint32_t len;

    if (argc > 1 && !strcmp(argv[1], "--names"))
        return print_names(evidence_count(), evidence_name);
    if (argc > 1 && !strcmp(argv[1], "--tagger-names"))
        return print_names(TAG_NUMBERED, numbered_name);
    if (!d) {
        fprintf(stderr, "words_scan: %s\n", argc > 1 ? err : "usage: words_scan words.bin [--features|--explain]");
        return 2;
    }
    while ((text = read_text(&len))) {
        puts("text");
        if (!strcmp(option, "--features"))
            prose_watch_evidence(d, &words, text, len, print_features, stdout);
        else if (!strcmp(option, "--tagger"))
            prose_watch_runs(d, &words, text, len, print_run, stdout);
        else if (!strcmp(option, "--explain"))
            prose_watch_evidence(d, &words, text, len, print_parts, stdout);
        else if (prose_scan(d, &words, text, len, &sink) < 0)
            return 1;
        free(text);
    }
    phi_dictionary_close(d);
    return 0;
}
