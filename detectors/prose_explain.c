/* SPDX-License-Identifier: Apache-2.0
 *
 * The text is weighed once more, word by word, for whoever wants to know what made up a score: as evidence.c does, then as
 * the tagger does.
 */
#include <stdio.h>

#include "engine.h"
#include "evidence.h"
#include "memory.h"
#include "prose.h"
#include "tagger.h"
#include "words.h"

enum { PARTS_MAX = 400, TOLD_LEAST = 25 /* percent */ };

struct telling {
    phi_word_part *each;
    void *context;
};

static void tell(void *context, const struct words *w, uint32_t i, const struct evidence *f)
{
    const struct telling *t = context;
    char line[PARTS_MAX], parts[PARTS_MAX - 48];
    int32_t sum[LABELS];

    evidence_weigh(f, sum);
    bool place = sum[LABEL_PLACE] > sum[LABEL_NAME];
    if (evidence_explain(f, place ? LABEL_PLACE : LABEL_NAME, parts, sizeof parts) < 0)
        return;
    snprintf(line, sizeof line, "%s %+d = %s", place ? "place" : "name", place ? sum[LABEL_PLACE] : sum[LABEL_NAME], parts);
    t->each(t->context, w->v[i].begin, w->v[i].end, line);
}

static void tell_word(const struct telling *t, const struct words *w, uint32_t i, struct tagging said)
{
    static const char *const names[TAGS] = {"nothing", "name", "place", "date", "number"};
    char line[PARTS_MAX], parts[PARTS_MAX - 48];

    if (said.percent < TOLD_LEAST)
        return;
    tagger_explain(w, i, said.tag, parts, sizeof parts);
    snprintf(line, sizeof line, "read as %s %u%% = %s", names[said.tag], said.percent, parts);
    t->each(t->context, w->v[i].begin, w->v[i].end, line);
}

static void tell_run(void *context, const struct words *w, const struct tagger_open *open, struct tagger_run *run)
{
    if (!tagger_read(w, open, run))
        return;
    for (uint32_t i = run->first; i < run->end; i++)
        tell_word(context, w, i, run->v[i - run->first]);
}

int phi_explain_words(const struct phi_engine *e, const struct phi_leaf *leaf, phi_word_part *each, void *context)
{
    struct telling t = {each, context};
    struct words *w;
    int rc;

    if (!phi_engine_words(e))
        return 0;
    w = phi_memory_new(sizeof *w);
    if (!w)
        return -1;
    rc = prose_watch_evidence(phi_engine_words(e), w, leaf->text, leaf->len, tell, &t);
    if (rc == 0)
        rc = prose_watch_runs(phi_engine_words(e), w, leaf->text, leaf->len, tell_run, &t);
    phi_memory_free(w);
    return rc;
}
