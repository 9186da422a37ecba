/* SPDX-License-Identifier: Apache-2.0
 *
 * What the features of a word add up to, and what they are called.
 */
#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "evidence_groups.h"
#include "lexicon.h"

const int16_t evidence_weights[][2] = {
#include "dictionaries/weights.inc"
};

_Static_assert(sizeof evidence_weights / sizeof *evidence_weights == FEATURE_COUNT, "a pair of weights for each feature");

unsigned evidence_count(void)
{
    return FEATURE_COUNT;
}

static const char *const join_names[JOINS] = {"break", "space", "comma", "colon", "tight", "other"};

static const char *const cue_names[] = {
#define CUE(symbol, name) name,
    CUES
#undef CUE
};

/* The place of a feature in its group, in words where it has some. */
static int name_place(enum group group, unsigned at, const char *name, char *out, size_t size)
{
    bool joined = group == GROUP_BEFORE || group == GROUP_AFTER;
    unsigned class = joined ? at / JOINS : at;

    if (group == GROUP_CUE && at < sizeof cue_names / sizeof *cue_names)
        return snprintf(out, size, "%s.%s", name, cue_names[at]);
    if (!joined && group != GROUP_OWN && group != GROUP_OWN_LOWER && group != GROUP_OWN_CAPITALS && group != GROUP_BEFORE2 &&
        group != GROUP_AFTER2 && group != GROUP_BEFORE3)
        return snprintf(out, size, "%s.%u", name, at);
    return snprintf(out, size, "%s.%s%s%s", name, lexicon_class_names[class] ? lexicon_class_names[class] : "-", joined ? "." : "",
                    joined ? join_names[at % JOINS] : "");
}

int evidence_name(unsigned feature, char *out, size_t size)
{
#define GROUP(symbol, name, n)                                                                                        \
    if (feature <= GROUP_##symbol##_END)                                                                             \
        return name_place(GROUP_##symbol, feature - GROUP_##symbol, name, out, size);
    GROUPS
#undef GROUP
    return snprintf(out, size, "?");
}

void evidence_weigh(const struct evidence *f, int32_t sum[LABELS])
{
    sum[LABEL_NONE] = 0;
    sum[LABEL_NAME] = f->name;
    sum[LABEL_PLACE] = f->place;
}

int evidence_explain(const struct evidence *f, enum word_label label, char *out, size_t size)
{
    bool used[EVIDENCE_MAX] = {false};
    size_t n = 0;

    if (label == LABEL_NONE || !size)
        return -1;
    out[0] = 0;
    for (unsigned shown = 0; shown < f->n; shown++) {
        unsigned best = f->n;
        char name[48];
        for (unsigned k = 0; k < f->n; k++)
            if (!used[k] && (best == f->n || abs(evidence_weights[f->v[k]][label - 1]) > abs(evidence_weights[f->v[best]][label - 1])))
                best = k;
        used[best] = true;
        evidence_name(f->v[best], name, sizeof name);
        int wrote = snprintf(out + n, size - n, "%s%s %+d", n ? ", " : "", name, evidence_weights[f->v[best]][label - 1]);
        if (wrote < 0 || (size_t)wrote >= size - n) {
            out[n] = 0;
            break;
        }
        n += (size_t)wrote;
    }
    return 0;
}

uint8_t evidence_percent(int32_t margin)
{
    /* 100 / (1 + exp(-x)) for x = 0, 0.25, ... 6 */
    static const uint8_t table[] = {50, 56, 62, 68, 73, 78, 82, 85, 88, 90, 92, 94, 95,
                                    96, 97, 98, 98, 98, 99, 99, 99, 99, 100, 100, 100};
    int32_t at = (margin < 0 ? -margin : margin) / 64;
    uint8_t percent = table[at < 24 ? at : 24];

    return margin < 0 ? (uint8_t)(100 - percent) : percent;
}
