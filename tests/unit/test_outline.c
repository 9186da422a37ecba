/* SPDX-License-Identifier: Apache-2.0
 *
 * An outline turns away what its pattern cannot match, and nothing that it can: told apart by examples, then by PCRE2 over
 * texts made of the patterns' own pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../detectors/outline.h"
#include "../../detectors/pattern.h"

static const struct outline_mark none = {OUTLINE_FIRST, 0};

static struct outline outline_of(const char *pattern)
{
    struct pattern_tree tree;
    struct outline o;
    assert_int_equal(pattern_tree_parse(&tree, pattern), 0);
    assert_int_equal(outline_build(&o, &tree), 0);
    pattern_tree_free(&tree);
    return o;
}

static bool fits(const char *pattern, const char *text)
{
    struct outline o = outline_of(pattern);
    bool yes = outline_fits(&o, none, text, (uint32_t)strlen(text), 0);
    outline_free(&o);
    return yes;
}

static void what_cannot_match_is_turned_away(void **state)
{
    (void)state;
    assert_true(fits("(?:seen|treated) at [A-Z]", "seen at Quill"));
    assert_false(fits("(?:seen|treated) at [A-Z]", "seen at home"));
    assert_false(fits("(?:seen|treated) at [A-Z]", "seen at")); /* the text ends */
    assert_true(fits("\\d{1,2}(?:st|nd)? of May", "12nd of May"));
    assert_false(fits("\\d{1,2}(?:st|nd)? of May", "12nd of march"));
    assert_false(fits("a{3}b", "aab"));
    assert_true(fits("a{3}b", "aaab"));
    assert_false(fits("a{1,40}b", "aaac"));
    assert_false(fits("a(?:bc|)d", "abd"));
    assert_true(fits("a(?:bc|)d", "ad"));
}

static void what_is_not_known_is_asked(void **state)
{
    char longer[2 * OUTLINE_REACH];
    (void)state;
    assert_true(fits("(a)\\1c", "ab"));            /* a back reference */
    assert_true(fits("\\x{E9}t", "\xC3\xA9x"));    /* a character beyond ASCII */
    assert_false(fits("\\x{E9}t", "et"));
    assert_true(fits("a(?!b).", "ab"));            /* what must not stand there */
    assert_true(fits("a(?=b)", "ab"));
    assert_false(fits("a(?=b)", "ac"));            /* what must */
    assert_true(fits("a(?=b)\\w", "ac"));          /* the same in the middle of a pattern is not looked at */
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_true(fits("a+b", longer)); /* as far as it reaches */
}

static void what_was_read_is_not_read_again(void **state)
{
    struct outline o = outline_of("(?:seen|sent) at [A-Z]|see");
    struct byte_set sets[5] = {{{0}}};
    (void)state;
    for (unsigned k = 0; k < 5; k++)
        byte_set_add(&sets[k], (unsigned char)"seen "[k]);
    struct outline_mark mark = outline_behind(&o, sets, 2);
    assert_int_equal(mark.read, 2);
    assert_true(outline_fits(&o, mark, "sent at Quill", 13, 0));
    assert_true(outline_fits(&o, mark, "..nt at Quill", 13, 0)); /* they are known to be there */
    assert_false(outline_fits(&o, mark, "sent at home", 12, 0));
    assert_false(outline_fits(&o, mark, "se", 2, 0));
    byte_set_add(&sets[2], 'n'); /* "e" and "n" lead to different places */
    assert_int_equal(outline_behind(&o, sets, 5).read, 2);
    assert_int_equal(outline_behind(&o, sets, 0).read, 0);
    outline_free(&o);
}

/* Hard on loops, counts, alternatives in alternatives. */
static const char *const patterns[] = {
    "(?:ab|a|b){2,9}c", "(?:a?b?){0,3}[ab]c", "a{0,2}b{2}(?:c|ab)+ ", "(?:a(?:b|c)|b(?:a|c)) ?c", "(?i)ab?c+(?=b)", "[^a]*c(?<=bc)a",
    "(?:\xC3\xA9|a)+b", "(?<v>a|bc)(?:\\s{1,3}|b)a", "\\bab|\\Bb c", "(?:(?:a*)*)*bb",
};

static void nothing_that_matches_is_turned_away(void **state)
{
    static const char *const pieces[] = {"a", "b", "c", " ", "ab", "bc", "A", "\xC3\xA9"};
    uint32_t seed = 1, matched = 0, turned = 0;
    struct phi_matcher m;
    (void)state;
    assert_int_equal(phi_matcher_init(&m), 0);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct outline o = outline_of(patterns[i]);
        struct phi_pattern p;
        char err[200];
        int at;
        assert_int_equal(phi_pattern_compile(&p, m.general, patterns[i], err, sizeof err, &at), 0);
        assert_int_equal(phi_matcher_fit(&m, p.captures), 0);
        for (int k = 0; k < 3000; k++) {
            char text[64] = "";
            struct phi_match match;
            for (int n = 0; n < 9; n++) {
                seed = seed * 1664525u + 1013904223u;
                strcat(text, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
            }
            int rc = phi_pattern_at(&p, &m, text, (uint32_t)strlen(text), 0, &match);
            bool fit = outline_fits(&o, none, text, (uint32_t)strlen(text), 0);
            assert_true(rc >= 0 && (fit || rc == 0));
            matched += rc > 0;
            turned += !fit;
        }
        phi_pattern_free(&p);
        outline_free(&o);
    }
    phi_matcher_free(&m);
    assert_true(matched > 1000 && turned > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_match_is_turned_away),
        cmocka_unit_test(what_is_not_known_is_asked),
        cmocka_unit_test(what_was_read_is_not_read_again),
        cmocka_unit_test(nothing_that_matches_is_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
