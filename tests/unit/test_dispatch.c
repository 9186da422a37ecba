/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast scan finds what every rule over every text finds: with the built-in rules over the corpus, cut, spliced
 * and changed; with rules that are hard on openings and pivots, over texts made of their own pieces. And what a
 * scan leaves behind is gone after phi_scratch_clear.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "../../detectors/scratch.h"
#include "../../detectors/engine.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"

enum { TEXT_MAX = 4096, LINE_MAX_BYTES = 1 << 16 };

static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void check_equal(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n)
{
    struct phi_result fast, slow;
    assert_int_equal(phi_scan(e, s, leaves, n, &fast), 0);
    size_t found = fast.n, size = found * sizeof(struct phi_finding);
    struct phi_finding *copy = malloc(size + 1);
    assert_non_null(copy);
    if (found)
        memcpy(copy, fast.v, size);
    assert_int_equal(phi_scan_slow(e, s, leaves, n, &slow), 0);
    bool equal = slow.n == found && (found == 0 || memcmp(copy, slow.v, size) == 0);
    if (!equal) /* a synthetic text: it may be shown */
        printf("%.*s\n%zu findings, %zu in turn\n", (int)leaves[0].len, leaves[0].text, found, slow.n);
    free(copy);
    assert_true(equal);
}

/* ---- the built-in rules ---- */

struct corpus {
    char **text;
    size_t n;
};

static struct corpus corpus_read(size_t most)
{
    struct corpus c = {calloc(most, sizeof *c.text), 0};
    char *line = malloc(LINE_MAX_BYTES);
    FILE *f = fopen("tests/corpus/synthetic.jsonl", "r");
    assert_true(c.text && line && f);
    while (c.n < most && fgets(line, LINE_MAX_BYTES, f)) {
        cJSON *record = cJSON_Parse(line);
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(record, "text"));
        assert_non_null(text);
        c.text[c.n++] = strdup(text);
        cJSON_Delete(record);
    }
    fclose(f);
    free(line);
    return c;
}

static void corpus_free(struct corpus *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->text[i]);
    free(c->text);
}

static struct policy *policy_read(void)
{
    static const struct policy_paths paths = {.share = "."};
    struct diag *d = diag_new();
    struct policy *p = policy_load("minimum-necessary", &paths, d);
    assert_non_null(p);
    diag_free(d);
    return p;
}

/* One rule with small letters behind letters would have every byte of every text looked at, for all rules. */
static void test_rules_begin_outside_words(void **state)
{
    (void)state;
    struct policy *p = policy_read();
    assert_false(dispatch_looks_inside(policy_engine(p)->dispatch));
    policy_unref(p);

    struct phi_engine *e = phi_engine_new();
    struct phi_rule rule = {.id = "inside", .kind = PHI_MRN, .pattern = "(?<=ectomy )by|an", .score = 60};
    char err[200];
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, NULL), 0);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    assert_true(dispatch_looks_inside(e->dispatch));
    phi_engine_unref(e);
}

static void test_corpus(void **state)
{
    (void)state;
    struct policy *p = policy_read();
    struct phi_scratch *s = phi_scratch_new();
    struct corpus c = corpus_read(120);
    for (size_t i = 0; i < c.n; i++) {
        struct phi_leaf leaf = {.text = c.text[i], .len = (uint32_t)strlen(c.text[i])};
        check_equal(policy_engine(p), s, &leaf, 1);
    }
    corpus_free(&c);
    phi_scratch_free(s);
    policy_unref(p);
}

/* Pieces of texts of the corpus and of values behind each other, some in capitals, some without spaces. */
static size_t splice(const struct corpus *c, uint32_t *seed, char *out)
{
    static const char *const values[] = {
        "987-65-4320", "(212) 555-0147", "a.b@example.com", "a [at] example [dot] org", "MRN: 00123456", "1HGCM82633A004352", "3/4/2021",
        "12 Oak St", "Aa Bb, TX 75001", "Bell County", "St. Mary Hospital", "face-1.jpg", "00:11:22:33:44:55", "0011.2233.4455", "192.0.2.7",
        "https://example.com/a", "example.com/path", "94 yo", "Q3 2021", "@", ".", ",", " ", "\n", "1", "\xC3\xA9", "\xE2\x80\x99", "TX",
    };
    size_t n = 0;
    for (unsigned parts = 2 + next_number(seed) % 8; parts; parts--) {
        const char *from = next_number(seed) % 2 ? values[next_number(seed) % (sizeof values / sizeof *values)] : c->text[next_number(seed) % c->n];
        size_t len = strlen(from), at = len > 60 ? next_number(seed) % (len - 40) : 0, take = len > 60 ? 40 : len;
        unsigned change = next_number(seed) % 4;
        while (at < len && ((unsigned char)from[at] & 0xC0) == 0x80)
            at++;
        while (at + take < len && ((unsigned char)from[at + take] & 0xC0) == 0x80)
            take++;
        for (size_t i = at; i < at + take && i < len && n < TEXT_MAX - 2; i++)
            out[n++] = change == 1 && from[i] >= 'a' && from[i] <= 'z' ? (char)(from[i] - 32) : from[i];
        if (change >= 2)
            out[n++] = ' ';
    }
    return n;
}

static void test_splices(void **state)
{
    (void)state;
    struct policy *p = policy_read();
    struct phi_scratch *s = phi_scratch_new();
    struct corpus c = corpus_read(120);
    char text[2][TEXT_MAX];
    uint32_t seed = 7;
    for (unsigned i = 0; i < 600; i++) {
        struct phi_leaf leaves[2] = {{.text = text[0], .group = 1}, {.text = text[1], .group = 1}};
        leaves[0].len = (uint32_t)splice(&c, &seed, text[0]);
        leaves[1].len = (uint32_t)splice(&c, &seed, text[1]);
        check_equal(policy_engine(p), s, leaves, 1 + i % 2);
    }
    corpus_free(&c);
    phi_scratch_free(s);
    policy_unref(p);
}

/* ---- hard rules ---- */

static const char *const hard[] = {
    "[A-Z][a-z]{1,9}(?: [A-Z][a-z]{0,9}){0,3} (?:County|Parish)", "(?i)[a-z0-9]{1,8}@[a-z]{1,5}", "[a-z]{2,6}\\.(?:jpg|gif)",
    "(?<![a-z])[a-z ]{1,12}=[0-9]", "(?<=a)[a-z]{1,4}[0-9]{2}", "\\b[a-z]{1,3}(?:-|--)x", "(?<!\\S)[a-z]+:(?=/)", "[^ab]{1,4}ab",
    "(?i)(?<![A-Z0-9])[A-Z0-9]{12}(?![A-Z0-9])", "\\d{10}", "aab|aba|abb|baa|bab", "(?:a|aa|aaa){1,3}-", "\\w{1,6}(?<value>@b)", "a\\b-\\bb",
    "(?<!x)\\.[a-z]{1,3}\\.", "[\\s\\S]{0,3}::", "(?i)\\bk[a-z]?s\\b", "\\b[A-Z](?=[A-Z]{0,9}[a-z]{0,4}\\d)[A-Za-z0-9]{2,20}",
    "a(?=[ab]{0,2}1)[ab]{0,3}", "(?:(?=a?1)a|b)x", "(?=a1)?ab", "(?!a{0,2}1)a{1,3}b", "(?=.*1)ab", "abab[ab]--x@b", "aaaaaaaaaab[:/]",
    "a{1,3}(?=b[^a]|$)", "(?:ab(?=x|-)|b)(?:x|--)", "(?:a(?=b))+b?", "[0-9]{2}(?=[0-9]{0,3} ?[A-Z]|$)", "(?:(?=ab)a|x(?=@))\\S",
};

static void test_hard_rules(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "b", "ab", "x", "A", "Ab ", "County", " Parish", "@", "@b", ".", ".jpg", "=", "1", "12", "-", "--x",
                                         ":", "/", " ", "\n", "0123456789", "ABCDEF", "\xC3\xA9", "\xC5\xBF", "\xE2\x84\xAA", "aaa", "k", "s"};
    struct phi_engine *e = phi_engine_new();
    char err[200], id[16], text[TEXT_MAX];
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        snprintf(id, sizeof id, "hard-%zu", i);
        struct phi_rule rule = {.id = id, .kind = PHI_MRN, .pattern = hard[i], .score = 60};
        assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, NULL), 0);
    }
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    unsigned pivots = 0;
    for (unsigned i = 0; i < sizeof hard / sizeof *hard; i++)
        pivots += strstr(phi_rule_trigger(e, i), "looking back") != NULL;
    assert_true(pivots >= 4 && pivots < sizeof hard / sizeof *hard);
    struct phi_scratch *s = phi_scratch_new();
    uint32_t seed = 1;
    for (unsigned i = 0; i < 20000; i++) {
        size_t n = 0;
        for (unsigned k = 1 + next_number(&seed) % 24; k; k--) {
            const char *piece = pieces[next_number(&seed) % (sizeof pieces / sizeof *pieces)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        struct phi_leaf leaf = {.text = text, .len = (uint32_t)n};
        check_equal(e, s, &leaf, 1);
    }
    phi_scratch_free(s);
    phi_engine_unref(e);
}

/* ---- one scratch, many engines ---- */

static void test_engines_share_a_scratch(void **state)
{
    (void)state;
    struct phi_engine *e[2] = {phi_engine_new(), phi_engine_new()};
    struct phi_scratch *s = phi_scratch_new();
    static const char text[] = "qz 12345678 qz 12345678";
    struct phi_leaf leaf = {.text = text, .len = sizeof text - 1};
    struct phi_result r;
    char err[200];
    for (unsigned i = 0; i < 2; i++) {
        struct phi_rule rule = {.id = "mrn", .kind = PHI_MRN, .pattern = i ? "\\d{4}" : "qz \\d{8}", .score = 60};
        assert_int_equal(phi_engine_add(e[i], &rule, err, sizeof err, NULL), 0);
        assert_int_equal(phi_engine_seal(e[i], err, sizeof err), 0);
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(phi_scan(e[i % 2], s, &leaf, 1, &r), 0);
        assert_int_equal(r.n, i % 2 ? 4 : 2);
    }
    phi_engine_unref(e[0]);
    phi_engine_unref(e[1]);
    phi_scratch_free(s);
}

/* ---- nothing stays ---- */

static bool array_has(const struct phi_array *a, const char *text)
{
    return a->cap && memmem(a->v, a->cap, text, strlen(text));
}

static bool scratch_has(const struct phi_scratch *s, const char *text)
{
    bool has = false;
    for (size_t i = 0; i < sizeof s->mapped / sizeof *s->mapped; i++)
        has |= array_has(&s->mapped[i].bytes, text);
    for (size_t i = 0; i < SCRATCH_BLOCKS; i++)
        has |= array_has(&s->block[i], text);
    for (size_t i = 0; i < sizeof s->work / sizeof *s->work; i++)
        has |= array_has(&s->work[i], text);
    return has;
}

static void test_clear(void **state)
{
    (void)state;
    struct policy *p = policy_read();
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    static const char first[] = "Caf\xC3\xA9 Hollingsworth&#45;Quist, SSN \xEF\xBC\x99\xEF\xBC\x98\xEF\xBC\x97-65-4320, phone two one two five five five zero one four seven",
                      second[] = "x%20y";
    struct phi_leaf leaves[2] = {{.text = first, .len = sizeof first - 1}, {.text = second, .len = sizeof second - 1}};
    assert_int_equal(phi_scan(policy_engine(p), s, leaves, 2, &r), 0);
    assert_true(r.n > 0);
    assert_true(scratch_has(s, "Hollings")); /* else this test tests nothing */
    phi_scratch_clear(s);
    assert_false(scratch_has(s, "Hollings"));
    assert_false(scratch_has(s, "987-65"));
    assert_false(scratch_has(s, "212-555"));
    for (size_t i = 0; i < SCRATCH_BLOCKS; i++) /* hashes of words are as good as the words */
        for (size_t k = 0; k < s->block[i].cap && k < BLOCK_HEAD + BLOCK_PER_BYTE * sizeof first; k++)
            assert_int_equal(((char *)s->block[i].v)[k], 0);
    assert_int_equal(phi_scan(policy_engine(p), s, leaves, 2, &r), 0);
    assert_true(r.n > 0);
    phi_scratch_clear(NULL);
    phi_scratch_free(s);
    policy_unref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),     cmocka_unit_test(test_splices),
        cmocka_unit_test(test_hard_rules), cmocka_unit_test(test_engines_share_a_scratch),
        cmocka_unit_test(test_clear),      cmocka_unit_test(test_rules_begin_outside_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
