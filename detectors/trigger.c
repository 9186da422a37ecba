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

/* Openings, pivot and outline of a pattern that has openings. */
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
    return outline_build(&t->outline, tree);
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
    pivot_free(&t->pivot);
    outline_free(&t->outline);
    t->openings = NULL;
    t->n = 0;
}
