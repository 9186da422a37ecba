/* SPDX-License-Identifier: Apache-2.0
 *
 * Every opening that fits at a word is among those of its leaf; with few openings, and with so many that their lists get
 * longer, or cannot be told apart any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/word_trie.h"

static uint32_t seed = 1;

static unsigned random_below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* A capital, its small letter, both, a class of letters, a digit, a mark. */
static struct byte_set random_set(unsigned letters)
{
    struct byte_set s = {{0}};
    unsigned letter = 'a' + random_below(letters), way = random_below(9);
    if (way < 6)
        byte_set_add(&s, letter);
    if (way == 5 || way == 6)
        byte_set_add(&s, letter ^ 0x20);
    for (unsigned byte = 'A'; way == 7 && byte <= 'Z'; byte++)
        byte_set_add(&s, byte);
    if (way == 8)
        byte_set_add(&s, random_below(2) ? '7' : ' ');
    return s;
}

static struct opening *random_openings(uint32_t n, unsigned letters)
{
    struct opening *v = calloc(n, sizeof *v);
    assert_non_null(v);
    for (uint32_t i = 0; i < n; i++) {
        v[i].n = (uint8_t)(1 + random_below(12));
        for (unsigned k = 0; k < v[i].n; k++)
            v[i].set[k] = random_set(letters);
        for (unsigned byte = 'A'; byte <= 'z'; byte++)
            if (random_below(2))
                byte_set_add(&v[i].before, byte);
    }
    return v;
}

static bool leaf_has(const struct word_trie *t, const char *text, uint32_t len, uint32_t opening)
{
    uint64_t bytes = automaton_bytes(text, len, 1);
    const struct word_leaf *leaf = word_trie_walk(t, bytes);
    for (uint32_t i = 0; leaf && i < leaf->n; i++) {
        const struct automaton_glance *g = &t->glances[leaf->first + i];
        if (g->opening == opening && automaton_glance(g, bytes))
            return true;
    }
    return false;
}

/* A text that the opening fits, behind a blank. */
static uint32_t text_of(const struct opening *o, char *text)
{
    text[0] = ' ';
    for (unsigned k = 0; k < o->n; k++) {
        unsigned byte;
        do
            byte = random_below(128);
        while (!byte_set_has(&o->set[k], byte));
        text[k + 1] = (char)byte;
    }
    uint32_t more = random_below(5);
    memset(text + 1 + o->n, 'x', more);
    return o->n + 1 + more;
}

static void check(uint32_t n, unsigned letters, uint32_t texts, uint32_t leaf_most)
{
    struct opening *v = random_openings(n, letters);
    const struct opening **openings = calloc(n, sizeof *openings);
    struct word_trie t;
    uint32_t longest = 0;
    assert_non_null(openings);
    for (uint32_t i = 0; i < n; i++)
        openings[i] = &v[i];
    assert_int_equal(word_trie_build(&t, openings, n), 0);
    for (uint32_t i = 0; i < texts; i++) {
        char text[32];
        uint32_t which = random_below(n), len = text_of(&v[which], text);
        bool word = (text[1] | 32) >= 'a' && (text[1] | 32) <= 'z';
        if (word)
            assert_true(leaf_has(&t, text, len, which));
        for (uint32_t k = 0; k < n && word && n < 1000; k++) /* no more, no less */
            assert_true(!automaton_fits(&v[k], 0, text, len, 1) || leaf_has(&t, text, len, k));
    }
    for (uint32_t i = 0; i < t.n_leaves; i++)
        longest = t.leaves[i].n > longest ? t.leaves[i].n : longest;
    assert_true(longest <= leaf_most);
    word_trie_free(&t);
    free(openings);
    free(v);
}

static void what_fits_is_in_the_leaf(void **state)
{
    (void)state;
    check(1, 26, 50, 1);
    check(40, 3, 3000, 40);
    check(300, 26, 3000, 40);
}

static void many_openings_have_longer_leaves(void **state)
{
    (void)state;
    check(60000, 26, 3000, 60000);
}

static void nothing_fits_without_openings(void **state)
{
    struct word_trie t;
    (void)state;
    assert_int_equal(word_trie_build(&t, NULL, 0), 0);
    assert_null(word_trie_walk(&t, automaton_bytes("patient", 7, 0)));
    word_trie_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_in_the_leaf),
        cmocka_unit_test(many_openings_have_longer_leaves),
        cmocka_unit_test(nothing_fits_without_openings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
