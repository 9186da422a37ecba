/* SPDX-License-Identifier: Apache-2.0
 *
 * Openings grow by one node at a time. When they become too many, fewer bytes are looked at.
 */
#include "opening.h"

#include <stdlib.h>
#include <string.h>

struct growth {
    const struct node *nodes;
    int bytes; /* look at no more than these */
    int most;  /* openings */
    bool full; /* too many openings */
};

/* Made when an engine is built, of patterns alone: nothing to wipe. */
struct opening_list *opening_list_new(void)
{
    struct opening_list *list = malloc(sizeof *list);
    if (!list)
        return NULL;
    *list = (struct opening_list){malloc(OPENINGS_MAX * sizeof *list->v), 0};
    if (list->v)
        return list;
    opening_list_free(list);
    return NULL;
}

void opening_list_free(struct opening_list *list)
{
    if (!list)
        return;
    free(list->v);
    free(list);
}

static void list_assign(struct opening_list *to, const struct opening_list *from)
{
    to->n = from->n;
    memcpy(to->v, from->v, (size_t)from->n * sizeof *from->v);
}

/* `list` becomes what `grown` was, and the other way round. */
static void list_swap(struct opening_list *list, struct opening_list *grown)
{
    struct opening_list was = *list;
    *list = *grown;
    *grown = was;
}

static bool set_empty(const struct byte_set *s)
{
    return !(s->bits[0] | s->bits[1] | s->bits[2] | s->bits[3]);
}

static bool opening_equal(const struct opening *a, const struct opening *b)
{
    return a->hash == b->hash && a->n == b->n && a->open == b->open && a->boundary == b->boundary && a->start == b->start &&
           memcmp(a->set, b->set, a->n * sizeof a->set[0]) == 0 && memcmp(&a->before, &b->before, sizeof a->before) == 0;
}

static void list_add(struct growth *g, struct opening_list *list, const struct opening *o)
{
    for (int i = 0; i < list->n; i++)
        if (opening_equal(&list->v[i], o))
            return;
    if (list->n == g->most)
        g->full = true;
    else
        list->v[list->n++] = *o;
}

static void opening_append(struct opening *o, const struct byte_set *set)
{
    uint64_t hash = o->hash;
    for (int i = 0; i < 4; i++)
        hash = ((hash ^ set->bits[i]) + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 13;
    o->set[o->n++] = *set;
    o->hash = (uint32_t)hash;
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
        opening_append(&next, &ascii);
        opening_close(g, &next);
        list_add(g, out, &next);
    }
    if (!set_empty(&longer)) {
        struct opening next = *o;
        opening_append(&next, &longer);
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

static struct opening_list *list_copy(const struct opening_list *list)
{
    struct opening_list *copy = opening_list_new();
    if (copy)
        list_assign(copy, list);
    return copy;
}

static int grow_alternatives(struct growth *g, const struct node *node, struct opening_list *list)
{
    struct opening_list *all = opening_list_new(), *one = opening_list_new();
    int rc = all && one ? 0 : -1;
    for (int i = node->child; i && rc == 0 && !g->full; i = g->nodes[i].next) {
        list_assign(one, list);
        rc = grow(g, i, one);
        for (int k = 0; rc == 0 && k < one->n; k++)
            list_add(g, all, &one->v[k]);
    }
    if (rc == 0)
        list_swap(list, all);
    opening_list_free(one);
    opening_list_free(all);
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
    struct opening_list *all = rc == 0 ? list_copy(list) : NULL;
    rc = all ? rc : -1;
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
        list_swap(list, all);
    opening_list_free(all);
    return rc;
}

/* What takes no byte but may say something of those around it, or end what can be said. */
static void grow_nothing(struct growth *g, const struct node *node, struct opening o, struct opening_list *out)
{
    if (node->type == NODE_OPAQUE)
        o.open = true;
    else if (node->type == NODE_BOUNDARY && o.n == 0)
        o.boundary = true;
    else if (node->type == NODE_BEHIND && o.n == 0)
        grow_behind(node, &o);
    list_add(g, out, &o);
}

static int grow_each(struct growth *g, const struct node *node, struct opening_list *list)
{
    struct opening_list *out = opening_list_new();
    if (!out)
        return -1;
    for (int i = 0; i < list->n; i++) {
        const struct opening *o = &list->v[i];
        if (o->open)
            list_add(g, out, o);
        else if (node->type == NODE_SET)
            grow_set(g, &node->set, o, out);
        else
            grow_nothing(g, node, *o, out);
    }
    list_swap(list, out);
    opening_list_free(out);
    return 0;
}

/* What a concatenation ends by looking ahead to stands there, whatever a pattern around it goes on with. */
static int grow_ahead(struct growth *g, int node, struct opening_list *list)
{
    int rc = grow(g, node, list);
    for (int i = 0; i < list->n && rc == 0; i++)
        list->v[i].open = true;
    return rc;
}

static int grow(struct growth *g, int index, struct opening_list *list)
{
    const struct node *node = &g->nodes[index];
    int rc = 0;
    switch (node->type) {
    case NODE_CAT:
        for (int i = node->child; i && rc == 0 && !g->full && !list_ended(list); i = g->nodes[i].next) {
            const struct node *each = &g->nodes[i];
            rc = each->type == NODE_EMPTY && each->child && !each->next ? grow_ahead(g, each->child, list) : grow(g, i, list);
        }
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

int openings_grow(struct opening_list *list, const struct node *nodes, int node, int bytes, int most)
{
    struct growth g = {.nodes = nodes, .bytes = bytes, .most = most};
    int rc = 0;
    list->n = 1;
    list->v[0] = (struct opening){.n = 0};
    for (int i = node; i && rc == 0 && !g.full && !list_ended(list); i = nodes[i].next)
        rc = grow(&g, i, list);
    for (int i = 0; i < list->n && rc == 0 && !g.full; i++) {
        g.full |= list->v[i].n == 0;
        opening_settle(&list->v[i]);
    }
    return rc < 0 ? -1 : !g.full;
}

int openings_find(struct opening_list *list, const struct node *nodes, int node)
{
    /* Many bytes are worth it while the openings stay few. */
    static const struct {
        int bytes, most;
    } tries[] = {{16, 6}, {12, 12}, {8, 48}, {6, 64}, {5, 96}, {4, 96}, {3, 96}, {2, 96}, {1, 96}};
    int rc = 0;
    for (size_t i = 0; i < sizeof tries / sizeof *tries && rc == 0; i++)
        rc = openings_grow(list, nodes, node, tries[i].bytes, tries[i].most);
    return rc;
}

/* ---- cost ---- */

/* Of 10,000 bytes of notes. */
static double byte_share(unsigned b)
{
    static const uint16_t letters[26] = {580, 100, 260, 290, 850, 140, 130, 300, 560, 10, 50, 300, 190,
                                         540, 560, 180, 10, 490, 490, 640, 190, 70, 90, 20, 120, 10};
    if (b >= 'a' && b <= 'z')
        return letters[b - 'a'] / 1e4;
    if (b >= 'A' && b <= 'Z')
        return letters[b - 'A'] / 2e5;
    if (b >= '0' && b <= '9')
        return 3e-3;
    if (b == ' ')
        return 0.15;
    return b >= 0x80 ? 1e-5 : b == '.' || b == ',' || b == '\n' ? 1e-2 : b < ' ' ? 1e-5 : 1.5e-3;
}

static double word_share(uint64_t bits, const double share[64])
{
    double sum = 0;
    for (; bits; bits &= bits - 1)
        sum += share[__builtin_ctzll(bits)];
    return sum;
}

static double set_share(const struct byte_set *s, const double share[256])
{
    return word_share(s->bits[0], share) + word_share(s->bits[1], share + 64) + word_share(s->bits[2], share + 128) +
           word_share(s->bits[3], share + 192);
}

struct opening_cost openings_cost(const struct opening *v, int n)
{
    double share[256], before_most = 0;
    struct byte_set first = {{0}};
    struct opening_cost cost = {0};
    for (unsigned b = 0; b < 256; b++)
        share[b] = byte_share(b);
    for (int i = 0; i < n; i++) {
        double before = 1 - set_share(&v[i].before, share), all = before;
        before_most = before > before_most ? before : before_most;
        for (int k = 0; k < v[i].n; k++) {
            double one = set_share(&v[i].set[k], share);
            all *= k && one > 0.6 ? 0.95 : one; /* letters stand by letters */
        }
        for (int k = 0; k < 4; k++)
            first.bits[k] |= v[i].set[0].bits[k];
        cost.fit += all;
    }
    cost.look = before_most * set_share(&first, share);
    return cost;
}
