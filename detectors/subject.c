/* SPDX-License-Identifier: Apache-2.0
 *
 * Certain is: the same value up to case and spaces; the same given and family name in another order; and a
 * family name alone when exactly one full name in the document has it. Two people must never share a number,
 * so everything else stays apart.
 */
#include "subject.h"

#include <string.h>

#include "resolve.h"
#include "text.h"

enum { SUBJECTS_MAX = UINT16_MAX };

/* Open addressing; a hash of 64 bits stands for the value. */
struct subject_slot {
    uint64_t key;
    uint16_t subject; /* 0 = free; SUBJECTS_MAX as a family's = shared by several people */
};

struct subject_table {
    struct subject_slot *v;
    uint32_t cap;
};

static uint64_t fold_add(uint64_t h, const char *text, uint32_t begin, uint32_t end)
{
    bool gap = false, any = false;
    for (uint32_t i = begin; i < end; i++) {
        if (!text_is_alnum(text[i])) {
            gap = any;
            continue;
        }
        if (gap)
            h = (h ^ ' ') * 0x100000001b3u;
        gap = false;
        any = true;
        h = (h ^ (unsigned char)text_lower(text[i])) * 0x100000001b3u;
    }
    return (h ^ 0x1F) * 0x100000001b3u;
}

static uint64_t key_of(unsigned family, char what)
{
    return ((0xcbf29ce484222325u ^ family) * 0x100000001b3u ^ (unsigned char)what) * 0x100000001b3u;
}

static struct subject_slot *table_find(const struct subject_table *t, uint64_t key)
{
    uint32_t i = (uint32_t)(key ^ key >> 32) & (t->cap - 1);
    while (t->v[i].subject && t->v[i].key != key)
        i = (i + 1) & (t->cap - 1);
    t->v[i].key = key;
    return &t->v[i];
}

struct numbering {
    struct subject_table table;
    uint16_t last;
};

static uint16_t subject_new(struct numbering *all)
{
    return all->last < SUBJECTS_MAX - 1 ? ++all->last : 0;
}

static void number_one(struct numbering *all, struct phi_finding *f, const struct finding_note *note,
                       const char *text)
{
    unsigned family = resolve_family(f->kind);
    bool name = family == PHI_NAME_PATIENT;
    bool full = name && note->family_begin < note->family_end && note->given_begin < note->given_end;
    uint64_t value_key = fold_add(key_of(family, 'v'), text, f->begin, f->end);
    struct subject_slot *value = table_find(&all->table, value_key);
    f->subject = value->subject;
    if (full) { /* in either order */
        uint64_t key = fold_add(key_of(family, 'n'), text, note->given_begin, note->given_end);
        struct subject_slot *person = table_find(&all->table, fold_add(key, text, note->family_begin, note->family_end));
        f->subject = person->subject ? person->subject : f->subject;
        person->subject = f->subject = f->subject ? f->subject : subject_new(all);
    }
    f->subject = f->subject ? f->subject : subject_new(all);
    if (!f->subject)
        return;
    value = table_find(&all->table, value_key); /* again: another may have taken its free slot */
    value->subject = value->subject ? value->subject : f->subject;
    if (!full)
        return;
    uint64_t key = fold_add(key_of(family, 'f'), text, note->family_begin, note->family_end);
    struct subject_slot *shared = table_find(&all->table, key);
    shared->subject = !shared->subject || shared->subject == f->subject ? f->subject : SUBJECTS_MAX;
}

/* A family name alone, when one person has it. */
static void number_family_name(struct numbering *all, struct phi_finding *f, const struct finding_note *note,
                               const char *text)
{
    if (!resolve_is_name(f->kind) || note->given_begin < note->given_end)
        return;
    uint32_t begin = note->family_begin < note->family_end ? note->family_begin : f->begin;
    uint32_t end = note->family_begin < note->family_end ? note->family_end : f->end;
    uint64_t key = fold_add(key_of(PHI_NAME_PATIENT, 'f'), text, begin, end);
    uint16_t subject = table_find(&all->table, key)->subject;
    if (subject && subject != SUBJECTS_MAX)
        f->subject = subject;
}

int subject_number(struct phi_scratch *s, const struct phi_leaf *leaves)
{
    struct numbering all = {.table = {.cap = 64}};
    struct phi_finding *v = s->findings.v;
    const struct finding_note *notes = s->notes.v;
    if (s->n_findings == 0)
        return 0;
    while (all.table.cap < 8 * (uint64_t)s->n_findings + 8)
        all.table.cap *= 2;
    size_t size = all.table.cap * sizeof *all.table.v;
    if (phi_array_reserve(&s->work[WORK_VALUES], size) < 0)
        return -1;
    s->values = size > s->values ? size : s->values;
    all.table.v = s->work[WORK_VALUES].v;
    memset(all.table.v, 0, size);
    for (uint32_t i = 0; i < s->n_findings; i++)
        number_one(&all, &v[i], &notes[i], leaves[v[i].leaf].text);
    for (uint32_t i = 0; i < s->n_findings; i++)
        number_family_name(&all, &v[i], &notes[i], leaves[v[i].leaf].text);
    return 0;
}
