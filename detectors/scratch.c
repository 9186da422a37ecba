/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink of candidates checks what detectors put in: an offset outside the text or inside a character would
 * make a cut in the wrong place later.
 */
#include "scratch.h"

#include <string.h>

#include "engine.h"
#include "roster_scan.h"

struct phi_scratch *phi_scratch_new(void)
{
    struct phi_scratch *s = phi_memory_new(sizeof *s);
    if (!s)
        return NULL;
    if (phi_matcher_init(&s->matcher) == 0)
        return s;
    phi_scratch_free(s);
    return NULL;
}

void phi_scratch_free(struct phi_scratch *s)
{
    if (!s)
        return;
    phi_matcher_free(&s->matcher);
    phi_array_free(&s->people);
    phi_array_free(&s->found.items);
    phi_array_free(&s->next);
    phi_array_free(&s->marks);
    phi_array_free(&s->findings);
    phi_array_free(&s->notes);
    for (size_t i = 0; i < sizeof s->mapped / sizeof *s->mapped; i++)
        mapped_free(&s->mapped[i]);
    for (size_t i = 0; i < SCRATCH_BLOCKS; i++)
        phi_array_free(&s->block[i]);
    for (size_t i = 0; i < sizeof s->work / sizeof *s->work; i++)
        phi_array_free(&s->work[i]);
    phi_memory_free(s);
}

/* PCRE2 keeps offsets and a pointer, no copy of what was matched; so do candidates, findings and seeds. */
void phi_scratch_clear(struct phi_scratch *s)
{
    if (!s || !s->longest)
        return;
    size_t most = BLOCK_HEAD + (size_t)BLOCK_PER_BYTE * s->longest;
    size_t marks = ((size_t)s->longest / MARKS_BYTES + 2) * sizeof(struct marks);
    for (size_t i = 0; i < sizeof s->mapped / sizeof *s->mapped; i++)
        mapped_wipe(&s->mapped[i]);
    for (size_t i = 0; i < SCRATCH_BLOCKS; i++)
        if (s->block[i].v)
            explicit_bzero(s->block[i].v, s->block[i].cap < most ? s->block[i].cap : most);
    if (s->marks.v)
        explicit_bzero(s->marks.v, s->marks.cap < marks ? s->marks.cap : marks);
    if (s->values)
        explicit_bzero(s->work[WORK_VALUES].v, s->values);
    if (s->people.v)
        explicit_bzero(s->people.v, s->peak_people * sizeof(struct roster_person));
    s->longest = 0;
    s->peak_people = 0;
    s->values = 0;
}

void *phi_scratch_block(struct phi_scratch *s, unsigned slot, size_t size)
{
    if (slot >= SCRATCH_BLOCKS || phi_array_reserve(&s->block[slot], size ? size : 1) < 0)
        return NULL;
    return s->block[slot].v;
}

static int sink_push(struct phi_candidates *sink, const struct candidate *c)
{
    if (sink->n >= CANDIDATES_MAX ||
        phi_array_reserve(&sink->items, ((size_t)sink->n + 1) * sizeof *c) < 0) {
        sink->failed = true;
        return -1;
    }
    ((struct candidate *)sink->items.v)[sink->n++] = *c;
    return 0;
}

void scratch_aim(struct phi_scratch *s, const struct phi_engine *e, const struct phi_detector *d, const struct phi_leaf *leaf, uint32_t number)
{
    struct phi_candidates *sink = &s->found;
    sink->leaf = number;
    sink->text = leaf->text;
    sink->len = leaf->len;
    sink->map = (struct offset_map){0};
    sink->via = 0;
    sink->rule_base = engine_detector_rule(e, d, 0);
    sink->rules = d->n;
}

int scratch_add(struct phi_scratch *s, const struct candidate *c)
{
    return sink_push(&s->found, c);
}

static void sink_map(const struct phi_candidates *sink, uint32_t begin, uint32_t end, uint32_t *to_begin,
                     uint32_t *to_end)
{
    *to_begin = begin;
    *to_end = end;
    if (sink->map.begin && begin < end)
        map_range(sink->map, begin, end, to_begin, to_end);
}

static bool on_border(const struct phi_candidates *sink, uint32_t at)
{
    return at >= sink->len || ((unsigned char)sink->text[at] & 0xC0) != 0x80;
}

/* The left leaf is sink->leaf, the right one follows it. */
static int sink_push_seam(struct phi_candidates *sink, const struct phi_candidate *in, struct candidate c)
{
    if (in->begin >= sink->seam || in->end <= sink->seam)
        return 0;
    c.begin = sink->left_begin + in->begin;
    c.end = sink->left_begin + sink->seam;
    c.family_begin = c.family_end = c.given_begin = c.given_end = 0;
    if (sink_push(sink, &c) < 0)
        return -1;
    c.leaf++;
    c.begin = 0;
    c.end = in->end - sink->seam;
    return sink_push(sink, &c);
}

int phi_candidate_add(struct phi_candidates *sink, const struct phi_candidate *candidate)
{
    const struct phi_candidate *in = candidate;
    bool sound = in->begin < in->end && in->end <= sink->len && in->kind && in->kind < PHI_KINDS &&
                 in->rule < sink->rules && in->score <= 100 && in->family.begin <= in->family.end &&
                 in->family.end <= sink->len && in->given.begin <= in->given.end && in->given.end <= sink->len &&
                 on_border(sink, in->begin) && on_border(sink, in->end);
    if (!sound) {
        sink->failed = true;
        return -1;
    }
    struct candidate c = {
        .leaf = sink->leaf,
        .kind = in->kind,
        .rule = (uint16_t)(sink->rule_base + in->rule),
        .score = in->score,
        .base = in->base ? in->base : in->score,
        .via = in->via | sink->via,
    };
    if (sink->seam)
        return sink_push_seam(sink, in, c);
    sink_map(sink, in->begin, in->end, &c.begin, &c.end);
    sink_map(sink, in->family.begin, in->family.end, &c.family_begin, &c.family_end);
    sink_map(sink, in->given.begin, in->given.end, &c.given_begin, &c.given_end);
    return sink_push(sink, &c);
}
