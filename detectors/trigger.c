/* SPDX-License-Identifier: Apache-2.0
 *
 * From the outline of a pattern to its openings. Openings grow by one node at a time; an alternation makes
 * several of one. When they become too many, fewer bytes are looked at. What PCRE2 itself knows about the
 * first byte serves where the outline is opaque.
 */
#include "trigger.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

struct growth {
    const struct node *nodes;
    int bytes; /* look at no more than these */
    int most;  /* openings */
    bool full; /* too many openings */
};

struct opening_list {
    struct opening v[OPENINGS_MAX];
    int n;
};

static bool set_empty(const struct byte_set *s)
{
    return !(s->bits[0] | s->bits[1] | s->bits[2] | s->bits[3]);
}

static void list_add(struct growth *g, struct opening_list *list, const struct opening *o)
{
    for (int i = 0; i < list->n; i++)
        if (memcmp(&list->v[i], o, sizeof *o) == 0)
            return;
    if (list->n == g->most)
        g->full = true;
    else
        list->v[list->n++] = *o;
}

static void opening_close(const struct growth *g, struct opening *o)
{
    o->open = o->open || o->n >= g->bytes;
}

static int grow(struct growth *g, int node, struct opening_list *list);

/* One character: ASCII takes one byte and the next may follow; longer ones end what can be said. */
static void grow_set(struct growth *g, const struct byte_set *set, const struct opening *o,
                     struct opening_list *out)
{
    struct byte_set ascii = {{set->bits[0], set->bits[1], 0, 0}};
    struct byte_set longer = {{0, 0, set->bits[2], set->bits[3]}};
    if (!set_empty(&ascii)) {
        struct opening next = *o;
        next.set[next.n++] = ascii;
        opening_close(g, &next);
        list_add(g, out, &next);
    }
    if (!set_empty(&longer)) {
        struct opening next = *o;
        next.set[next.n++] = longer;
        next.open = true;
        list_add(g, out, &next);
    }
}

static void grow_behind(const struct node *node, struct opening *o)
{
    for (int i = 0; i < 4; i++) {
        uint64_t listed = node->set.bits[i];
        if (node->negated)
            o->before.bits[i] |= i < 2 ? listed : 0; /* a longer character is not known by one byte */
        else
            o->before.bits[i] |= i < 2 ? ~listed : 0;
    }
    bool longer = node->set.bits[2] | node->set.bits[3];
    if (!node->negated && !longer) {
        o->before.bits[2] = o->before.bits[3] = ~(uint64_t)0;
    }
    o->start |= !node->negated;
}

static int list_copy(struct opening_list **copy, const struct opening_list *list)
{
    *copy = phi_memory_new(sizeof **copy);
    if (!*copy)
        return -1;
    (*copy)->n = list->n;
    memcpy((*copy)->v, list->v, (size_t)list->n * sizeof *list->v);
    return 0;
}

static int grow_alternatives(struct growth *g, const struct node *node, struct opening_list *list)
{
    struct opening_list *all = phi_memory_new(sizeof *all), *one = NULL;
    int rc = all ? 0 : -1;
    for (int i = node->child; i && rc == 0 && !g->full; i = g->nodes[i].next) {
        rc = list_copy(&one, list);
        if (rc == 0)
            rc = grow(g, i, one);
        for (int k = 0; rc == 0 && k < one->n; k++)
            list_add(g, all, &one->v[k]);
        phi_memory_free(one);
        one = NULL;
    }
    if (rc == 0)
        *list = *all;
    phi_memory_free(all);
    return rc;
}

static bool list_ended(const struct opening_list *list)
{
    for (int i = 0; i < list->n; i++)
        if (!list->v[i].open)
            return false;
    return true;
}

static int grow_repeat(struct growth *g, const struct node *node, struct opening_list *list)
{
    int rc = 0, times = 0;
    for (; times < node->min && rc == 0 && !list_ended(list) && !g->full && times < 4 * OPENING_BYTES; times++)
        rc = grow(g, node->child, list);
    struct opening_list *all = NULL;
    if (rc == 0)
        rc = list_copy(&all, list);
    for (int more = 0; rc == 0 && !g->full && !list_ended(list); more++) {
        if (node->max >= 0 && times + more >= node->max)
            break;
        if (more > OPENING_BYTES) { /* a body that can be empty: say no more */
            for (int i = 0; i < list->n; i++)
                list->v[i].open = true;
        } else {
            rc = grow(g, node->child, list);
        }
        for (int i = 0; rc == 0 && i < list->n; i++)
            list_add(g, all, &list->v[i]);
    }
    if (rc == 0)
        *list = *all;
    phi_memory_free(all);
    return rc;
}

static int grow_each(struct growth *g, const struct node *node, struct opening_list *list)
{
    struct opening_list *out = phi_memory_new(sizeof *out);
    if (!out)
        return -1;
    for (int i = 0; i < list->n; i++) {
        struct opening o = list->v[i];
        if (o.open) {
            list_add(g, out, &o);
            continue;
        }
        if (node->type == NODE_SET) {
            grow_set(g, &node->set, &o, out);
            continue;
        }
        if (node->type == NODE_OPAQUE)
            o.open = true;
        else if (node->type == NODE_BOUNDARY && o.n == 0)
            o.boundary = true;
        else if (node->type == NODE_BEHIND && o.n == 0)
            grow_behind(node, &o);
        list_add(g, out, &o);
    }
    *list = *out;
    phi_memory_free(out);
    return 0;
}

static int grow(struct growth *g, int index, struct opening_list *list)
{
    const struct node *node = &g->nodes[index];
    int rc = 0;
    switch (node->type) {
    case NODE_CAT:
        for (int i = node->child; i && rc == 0 && !g->full && !list_ended(list); i = g->nodes[i].next)
            rc = grow(g, i, list);
        return rc;
    case NODE_ALT:
        return grow_alternatives(g, node, list);
    case NODE_REPEAT:
        return grow_repeat(g, node, list);
    case NODE_OPAQUE:
    case NODE_EMPTY:
    case NODE_SET:
    case NODE_BOUNDARY:
    case NODE_BEHIND:
        return grow_each(g, node, list);
    }
    return -1;
}

static bool is_word(unsigned b)
{
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_';
}

/* \b in front of a word character means that none stands before, and the other way round. */
static void opening_settle(struct opening *o)
{
    for (unsigned b = 0x80; b < 0xC0; b++) /* no character begins so */
        o->set[0].bits[b >> 6] &= ~((uint64_t)1 << (b & 63));
    if (!o->boundary)
        return;
    bool word = false, other = false;
    for (unsigned b = 0; b < 256; b++)
        if (byte_set_has(&o->set[0], b)) {
            word |= is_word(b);
            other |= !is_word(b);
        }
    for (unsigned b = 0; b < 256 && word != other; b++)
        if (is_word(b) == word)
            byte_set_add(&o->before, b);
    o->start |= other && !word;
}

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

/* ---- pivot ---- */

struct extent {
    uint64_t min, max;
    struct byte_set all;
};

enum { EXTENT_MAX = 4096 };

static bool extent_of(const struct node *nodes, int index, struct extent *e)
{
    const struct node *node = &nodes[index];
    struct extent inner;
    *e = (struct extent){0};
    switch (node->type) {
    case NODE_OPAQUE:
        return false;
    case NODE_EMPTY:
    case NODE_BOUNDARY:
    case NODE_BEHIND:
        return true;
    case NODE_SET:
        e->all = node->set;
        e->min = 1;
        e->max = node->set.bits[2] | node->set.bits[3] ? 4 : 1;
        if (e->max == 4) /* the bytes that follow the first */
            e->all.bits[2] = e->all.bits[3] = ~(uint64_t)0;
        return true;
    case NODE_CAT:
    case NODE_ALT:
        e->min = node->type == NODE_ALT ? UINT64_MAX : 0;
        for (int i = node->child; i; i = nodes[i].next) {
            if (!extent_of(nodes, i, &inner))
                return false;
            bool cat = node->type == NODE_CAT;
            e->min = cat ? e->min + inner.min : inner.min < e->min ? inner.min : e->min;
            e->max = cat ? e->max + inner.max : inner.max > e->max ? inner.max : e->max;
            for (int k = 0; k < 4; k++)
                e->all.bits[k] |= inner.all.bits[k];
        }
        return e->max <= EXTENT_MAX;
    case NODE_REPEAT:
        if (node->max < 0 || !extent_of(nodes, node->child, e))
            return false;
        e->min *= (uint64_t)node->min;
        e->max *= (uint64_t)node->max;
        return e->max <= EXTENT_MAX;
    }
    return false;
}

/* The single byte of a set, or -1. */
static int set_single(const struct byte_set *s)
{
    int found = -1;
    for (unsigned b = 0; b < 256; b++)
        if (byte_set_has(s, b)) {
            if (found >= 0)
                return -1;
            found = (int)b;
        }
    return found;
}

static void pivot_find(const struct node *nodes, int root, struct pivot *pivot)
{
    struct extent so_far = {0}, e;
    const struct node *cat = &nodes[root];
    while (cat->type == NODE_CAT && cat->child && !nodes[cat->child].next)
        cat = &nodes[cat->child];
    pivot->byte = -1;
    if (cat->type != NODE_CAT)
        return;
    for (int i = cat->child; i; i = nodes[i].next) {
        int byte = nodes[i].type == NODE_SET ? set_single(&nodes[i].set) : -1;
        if (byte == '@' || byte == ':' || byte == '/' || byte == '=' || byte == '^' || byte == '%') {
            *pivot = (struct pivot){byte, (uint32_t)so_far.min, (uint32_t)so_far.max, so_far.all};
            return;
        }
        if (!extent_of(nodes, i, &e))
            return;
        so_far.min += e.min;
        so_far.max += e.max;
        for (int k = 0; k < 4; k++)
            so_far.all.bits[k] |= e.all.bits[k];
        if (so_far.max > EXTENT_MAX)
            return;
    }
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
    bool grown = false;
    for (size_t i = 0; i < sizeof tries / sizeof *tries && !grown; i++) {
        struct growth g = {.nodes = nodes, .bytes = tries[i], .most = 24};
        memset(list, 0, sizeof *list);
        list->n = 1;
        for (int k = node; k && !g.full; k = nodes[k].next)
            if (grow(&g, k, list) < 0)
                return -1;
        grown = !g.full;
    }
    for (int i = 0; i < list->n && grown; i++)
        grown = list->v[i].n > 0 && !sets_meet(&list->v[i].set[0], &run->set);
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

static void trigger_describe(struct trigger *t)
{
    if (t->n == 0) {
        snprintf(t->what, sizeof t->what, "full scan");
        return;
    }
    if (t->pivot.byte >= 0) {
        snprintf(t->what, sizeof t->what, "character '%c', looking back %u bytes", t->pivot.byte, t->pivot.max);
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
        wide |= set_count(&o->set[0]) > 16 && set_empty(&o->before);
    }
    const char *what = digit ? "digit run" : literal ? "keyword" : wide ? "nearly every byte (slow)" : "token start";
    snprintf(t->what, sizeof t->what, "%s, %d opening%s", what, t->n, t->n == 1 ? "" : "s");
}

/* 1 with openings in list, 0 when the pattern says too little, -1 out of memory. */
static int trigger_grow(const struct pattern_tree *tree, const pcre2_code *code, struct opening_list *list)
{
    /* Many bytes are worth it while the openings stay few. */
    static const struct {
        int bytes, most;
    } tries[] = {{16, 6}, {12, 12}, {8, 48}, {6, 64}, {5, 96}, {4, 96}, {3, 96}, {2, 96}, {1, 96}};
    bool grown = false;
    for (size_t i = 0; i < sizeof tries / sizeof *tries && !grown; i++) {
        struct growth g = {.nodes = tree->v, .bytes = tries[i].bytes, .most = tries[i].most};
        memset(list, 0, sizeof *list);
        list->n = 1;
        if (grow(&g, tree->root, list) < 0)
            return -1;
        grown = !g.full;
    }
    bool usable = grown;
    for (int i = 0; i < list->n && usable; i++)
        usable = list->v[i].n > 0;
    if (usable)
        return 1;
    memset(list, 0, sizeof *list);
    list->n = 1;
    list->v[0].n = 1;
    list->v[0].open = true;
    return first_bytes(code, &list->v[0].set[0]) ? 1 : 0;
}

int trigger_analyse(struct trigger *t, const char *pattern, const pcre2_code *code)
{
    struct pattern_tree tree;
    struct opening_list *list = NULL;
    *t = (struct trigger){.pivot = {.byte = -1}};
    if (pattern_tree_parse(&tree, pattern) < 0)
        return -1;
    list = phi_memory_new(sizeof *list);
    int rc = list ? trigger_grow(&tree, code, list) : -1;
    t->caseless = tree.caseless;
    if (rc == 1) {
        size_t size = (size_t)list->n * sizeof *t->openings;
        t->openings = phi_memory_new(size);
        rc = t->openings ? 0 : -1;
        if (t->openings) {
            memcpy(t->openings, list->v, size);
            t->n = list->n;
            for (int i = 0; i < t->n; i++)
                opening_settle(&t->openings[i]);
            pivot_find(tree.v, tree.root, &t->pivot);
            rc = run_find(tree.v, tree.root, &t->run, list);
        }
    }
    trigger_describe(t);
    phi_memory_free(list);
    pattern_tree_free(&tree);
    return rc;
}

void trigger_free(struct trigger *t)
{
    phi_memory_free(t->openings);
    phi_memory_free(t->run.behind);
    t->run = (struct head_run){0};
    t->openings = NULL;
    t->n = 0;
}
