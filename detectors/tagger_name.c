/* SPDX-License-Identifier: Apache-2.0
 *
 * What the features of the tagger are called, and which of them decided.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lexicon.h"
#include "tagger.h"
#include "tagger_groups.h"

static const char *const template_names[] = {
#define TEMPLATE(symbol, name) name,
    TAG_TEMPLATES
#undef TEMPLATE
};

static bool is_class(enum tag_group group)
{
    return group == TAG_CLASS || (group >= TAG_CLASS_L2 && group < TAG_SHAPE_L2);
}

static int name_numbered(enum tag_group group, unsigned at, const char *name, char *out, size_t size)
{
    if (is_class(group) && lexicon_class_names[at])
        return snprintf(out, size, "%s.%s", name, lexicon_class_names[at]);
    return snprintf(out, size, "%s.%u", name, at);
}

int tagger_name(uint64_t feature, char *out, size_t size)
{
    unsigned template = feature & 15;

    if (feature >= TAG_HASHED)
        return snprintf(out, size, "%s.%x", template < TEMPLATES ? template_names[template] : "?", (unsigned)(feature & 0xFFFFFFF0u) >> 4);
#define GROUP(symbol, name, n)                                                                                        \
    if (feature <= TAG_##symbol##_END)                                                                               \
        return name_numbered(TAG_##symbol, (unsigned)feature - TAG_##symbol, name, out, size);
    TAG_GROUPS
#undef GROUP
    return snprintf(out, size, "?");
}

/* Adds ", name +weight"; false when it does not fit. */
static bool add_part(uint64_t feature, int32_t weight, char *out, size_t size, size_t *n)
{
    char name[48];

    tagger_name(feature, name, sizeof name);
    int wrote = snprintf(out + *n, size - *n, "%s%s %+d", *n ? ", " : "", name, weight);
    if (wrote < 0 || (size_t)wrote >= size - *n) {
        out[*n] = 0;
        return false;
    }
    *n += (size_t)wrote;
    return true;
}

void tagger_explain(const struct words *w, uint32_t i, enum tag tag, char *out, size_t size)
{
    struct tag_features f;
    struct tag_cells cells;
    size_t n = 0;

    tagger_features(w, i, &f);
    tagger_cells(&f, &cells);
    out[0] = 0;
    for (; f.n > 0; f.n--) {
        unsigned best = 0;
        for (unsigned k = 1; k < f.n; k++)
            if (abs(tagger_weight(f.v[k], &cells, tag)) > abs(tagger_weight(f.v[best], &cells, tag)))
                best = k;
        int32_t weight = tagger_weight(f.v[best], &cells, tag);
        if (!weight || !add_part(f.v[best], weight, out, size, &n))
            return;
        f.v[best] = f.v[f.n - 1];
    }
}

static bool is_of_left_words(uint64_t feature)
{
    unsigned template = feature & 15;

    if (feature >= TAG_HASHED)
        return template == TEMPLATE_L1 || template == TEMPLATE_L2 || template == TEMPLATE_L1_GAP;
    return feature >= TAG_CLASS_L2 && feature <= TAG_CLASS_L1_END;
}

static bool is_of_right_words(uint64_t feature)
{
    unsigned template = feature & 15;

    if (feature >= TAG_HASHED)
        return template == TEMPLATE_R1 || template == TEMPLATE_R2 || template == TEMPLATE_R1_GAP;
    return feature >= TAG_CLASS_R1 && feature <= TAG_CLASS_R2_END;
}

/* What the words to the left of word i say, those to its right, or both. */
static int32_t sum_of(const struct words *w, uint32_t i, enum tag tag, bool left, bool right)
{
    struct tag_features f;
    struct tag_cells cells;
    int32_t sum = 0;

    tagger_features(w, i, &f);
    tagger_cells(&f, &cells);
    for (unsigned k = 0; k < f.n; k++)
        if ((left && is_of_left_words(f.v[k])) || (right && is_of_right_words(f.v[k])))
            sum += tagger_weight(f.v[k], &cells, tag);
    return sum;
}

int32_t tagger_beside(const struct words *w, uint32_t first, uint32_t last, enum tag tag)
{
    bool left = first > 0 && w->v[first - 1].shape < SHAPE_NUMBER, right = last + 1 < w->n && w->v[last + 1].shape < SHAPE_NUMBER;

    if (first == last)
        return left || right ? sum_of(w, first, tag, left, right) : 0;
    return (left ? sum_of(w, first, tag, true, false) : 0) + (right ? sum_of(w, last, tag, false, true) : 0);
}
