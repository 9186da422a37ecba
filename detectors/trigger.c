/* SPDX-License-Identifier: Apache-2.0
 *
 * From the outline of a pattern to its trigger. What PCRE2 itself knows about the first byte serves where the
 * outline is opaque.
 */
#include "trigger.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

/* What PCRE2 knows of the first byte. False: nothing. */
static bool first_bytes(const pcre2_code *code, struct byte_set *set)
{
    uint32_t type = 0, unit = 0;
    const uint8_t *map = NULL;
    *set = (struct byte_set){{0}};
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODETYPE, &type);
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTBITMAP, &map);
    if (type == 1) {
        byte_set_add(set, unit & 0xFF);
        if ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'z')
            byte_set_add(set, (unit ^ 0x20) & 0xFF);
        return true;
    }
    for (unsigned b = 0; map && b < 256; b++)
        if (map[b >> 3] >> (b & 7) & 1)
            byte_set_add(set, b);
    return map != NULL;
}

/* ---- run ---- */

static bool set_is_ascii(const struct byte_set *s)
{
    return !(s->bits[2] | s->bits[3]);
}

static bool sets_meet(const struct byte_set *a, const struct byte_set *b)
{
    return (a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1]);
}

/* The nodes of a concatenation behind `node`, as openings; 0, or -1 when out of memory. */
static int run_behind(const struct node *nodes, int node, struct head_run *run, struct opening_list *list)
{
    static const int tries[] = {4, 3, 2, 1};
    int grown = 0;
    for (size_t i = 0; i < sizeof tries / sizeof *tries && grown == 0; i++)
        grown = openings_grow(list, nodes, node, tries[i], 24);
    if (grown < 0)
        return -1;
    for (int i = 0; i < list->n && grown; i++)
        grown = !sets_meet(&list->v[i].set[0], &run->set);
    if (!grown) {
        run->max = 0;
        return 0;
    }
    run->behind = phi_memory_new((size_t)list->n * sizeof *run->behind);
    if (!run->behind)
        return -1;
    memcpy(run->behind, list->v, (size_t)list->n * sizeof *run->behind);
    run->n = list->n;
    return 0;
}

/* [set] and [set]{m,n} at the head of a concatenation, or [set]{m,n} alone. */
static int run_find(const struct node *nodes, int root, struct head_run *run, struct opening_list *list)
{
    const struct node *cat = &nodes[root];
    while (cat->type == NODE_CAT && cat->child && !nodes[cat->child].next)
        cat = &nodes[cat->child];
    int i = cat->type == NODE_CAT ? cat->child : 0;
    while (i && (nodes[i].type == NODE_EMPTY || nodes[i].type == NODE_BOUNDARY || nodes[i].type == NODE_BEHIND))
        i = nodes[i].next;
    if (!i)
        return 0;
    bool single = nodes[i].type == NODE_SET;
    const struct byte_set *first = single ? &nodes[i].set : NULL;
    i = single ? nodes[i].next : i;
    if (!i || nodes[i].type != NODE_REPEAT || nodes[i].max == 0 || nodes[nodes[i].child].type != NODE_SET || !nodes[i].next)
        return 0;
    run->set = nodes[nodes[i].child].set;
    run->first = first ? *first : run->set;
    if (!set_is_ascii(&run->set) || !set_is_ascii(&run->first) || (!first && nodes[i].min == 0))
        return 0;
    run->min = (uint32_t)(nodes[i].min + single);
    run->max = nodes[i].max < 0 ? UINT32_MAX : (uint32_t)(nodes[i].max + single);
    return run_behind(nodes, nodes[i].next, run, list);
}

bool trigger_run_fits(const struct head_run *run, const char *text, uint32_t len, uint32_t at)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t end = at + 1;
    if (!byte_set_has(&run->first, p[at]))
        return false;
    while (end < len && byte_set_has(&run->set, p[end]) && end - at <= run->max)
        end++;
    if (end - at < run->min || end - at > run->max)
        return false;
    for (int i = 0; i < run->n; i++) {
        const struct opening *o = &run->behind[i];
        uint32_t k = 0;
        while (k < o->n && end + k < len && byte_set_has(&o->set[k], p[end + k]))
            k++;
        if (k == o->n)
            return true;
    }
    return false;
}

/* ---- the whole ---- */

static unsigned set_count(const struct byte_set *s)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n += (unsigned)__builtin_popcountll(s->bits[i]);
    return n;
}

/* The literal bytes an opening begins with. */
static void opening_word(const struct opening *o, char *out, size_t size)
{
    size_t n = 0;
    for (int k = 0; k < o->n && n + 1 < size && set_count(&o->set[k]) <= 2; k++)
        for (unsigned b = 0x7E; b >= ' '; b--) /* small letters come after capitals */
            if (byte_set_has(&o->set[k], b)) {
                out[n++] = (char)b;
                break;
            }
    out[n] = 0;
}

static void trigger_describe(struct trigger *t)
{
    if (t->n == 0) {
        snprintf(t->what, sizeof t->what, "full scan");
        return;
    }
    if (t->pivot.n) {
        char word[16];
        opening_word(&t->pivot.openings[0], word, sizeof word);
        snprintf(t->what, sizeof t->what, "'%s'%s, looking back %u bytes", word, t->pivot.n > 1 ? " and its like" : "", t->pivot.max);
        return;
    }
    bool digit = true, literal = true, wide = false;
    for (int i = 0; i < t->n; i++) {
        const struct opening *o = &t->openings[i];
        for (unsigned b = 0; b < 256; b++)
            digit &= !byte_set_has(&o->set[0], b) || (b >= '0' && b <= '9') || b == '(' || b == '+';
        for (int k = 0; k < o->n && k < 3; k++)
            literal &= set_count(&o->set[k]) <= 2;
        literal &= o->n >= 2;
        wide |= set_count(&o->set[0]) > 16 && set_count(&o->before) == 0;
    }
    const char *what = digit ? "digit run" : literal ? "keyword" : wide ? "nearly every byte (slow)" : "token start";
    snprintf(t->what, sizeof t->what, "%s, %d opening%s", what, t->n, t->n == 1 ? "" : "s");
}

/* 1 with openings in list, 0 when the pattern says too little, -1 out of memory. */
static int trigger_grow(const struct pattern_tree *tree, const pcre2_code *code, struct opening_list *list)
{
    int rc = openings_find(list, tree->v, tree->root);
    if (rc)
        return rc;
    list->n = 1;
    list->v[0] = (struct opening){.n = 1, .open = true};
    return first_bytes(code, &list->v[0].set[0]) ? 1 : 0;
}

/* Openings, pivot and run of a pattern that has openings. */
static int trigger_fill(struct trigger *t, const struct pattern_tree *tree, struct opening_list *list)
{
    size_t size = (size_t)list->n * sizeof *t->openings;
    t->openings = phi_memory_new(size);
    if (!t->openings)
        return -1;
    memcpy(t->openings, list->v, size);
    t->n = list->n;
    if (pivot_find(&t->pivot, tree->v, tree->root, t->openings, t->n) < 0)
        return -1;
    t->digit_within = digit_within(tree->v, tree->root);
    return run_find(tree->v, tree->root, &t->run, list);
}

int trigger_analyse(struct trigger *t, const char *pattern, const pcre2_code *code)
{
    struct pattern_tree tree;
    *t = (struct trigger){.n = 0};
    if (pattern_tree_parse(&tree, pattern) < 0)
        return -1;
    struct opening_list *list = opening_list_new();
    int rc = list ? trigger_grow(&tree, code, list) : -1;
    t->caseless = tree.caseless;
    if (rc == 1)
        rc = trigger_fill(t, &tree, list);
    trigger_describe(t);
    opening_list_free(list);
    pattern_tree_free(&tree);
    return rc;
}

void trigger_free(struct trigger *t)
{
    phi_memory_free(t->openings);
    phi_memory_free(t->run.behind);
    pivot_free(&t->pivot);
    t->run = (struct head_run){0};
    t->openings = NULL;
    t->n = 0;
}
