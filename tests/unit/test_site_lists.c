/* SPDX-License-Identifier: Apache-2.0
 *
 * What a site adds to and changes about the detectors: words that are always hidden, built-in detectors off, raised and
 * lowered, rosters; and that nothing of it takes the floor away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../detectors/roster_build.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../policies/engine/roster_store.h"

#define HEAD "id: site\nversion: 1\ndescription: A test.\nextends: minimum-necessary\n"
#define TAIL "end: site\n"

static const struct policy_paths paths = {.share = "."};
static char directory[] = "/tmp/phigate-site-XXXXXX", path_buffer[128];

static const char *at(const char *name) {
    snprintf(path_buffer, sizeof path_buffer, "%s/%s", directory, name);
    return path_buffer;
}

static void make_roster(const char *name, const char *given, const char *family) {
    unsigned char salt[ROSTER_SALT], check[ROSTER_CHECK];
    struct roster_secret secret;
    struct roster_keys keys;
    char digest[65], err[256];
    void *data = NULL;
    size_t size;

    assert_int_equal(roster_secret_read(at("roster.key"), &secret, err, sizeof err), 0);
    assert_int_equal(roster_salt(&secret, salt, check, &keys), 0);
    struct roster_builder *b = roster_builder_new(&keys);
    assert_int_equal(roster_add_person(b, ROSTER_PATIENT, (struct roster_text){given, (uint32_t)strlen(given)},
                                       (struct roster_text){family, (uint32_t)strlen(family)}, 0), ROSTER_ADDED);
    assert_int_equal(roster_build(b, salt, check, 20000, &data, &size), 0);
    assert_int_equal(roster_save(at(name), data, size, &secret, digest, err, sizeof err), 0);
    roster_builder_free(b);
    free(data);
}

static int set_up(void **state) {
    char err[256];
    (void)state;
    if (!mkdtemp(directory) || roster_secret_new(at("roster.key"), err, sizeof err) != 0) return -1;
    make_roster("a.roster", "Sage", "Thistle");
    return 0;
}

static int tear_down(void **state) {
    static const char *const names[] = {"roster.key", "a.roster", "site.yaml"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(at(names[i]));
    return rmdir(directory);
}

static struct policy *load(const char *lines, struct diag *d) {
    FILE *f = fopen(at("site.yaml"), "w");
    assert_non_null(f);
    fprintf(f, HEAD "%s" TAIL, lines);
    fclose(f);
    return policy_load(at("site.yaml"), &paths, d);
}

static struct policy *good(const char *lines) {
    struct diag *d = diag_new();
    struct policy *p = load(lines, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

static void refused(const char *lines, uint32_t line, const char *words) {
    struct diag *d = diag_new();
    struct policy *p = load(lines, d);
    bool said = false;
    for (size_t i = 0; i < diag_count(d); i++)
        said = said || (diag_line(d, i) == line && strstr(diag_message(d, i), words));
    if (!said) diag_print(d, stderr);
    assert_null(p);
    assert_true(said);
    diag_free(d);
}

/* "KIND:text" of the findings of that kind or, for PHI_NONE, of all. */
static const char *found(const struct policy *p, const char *text, enum phi_kind kind) {
    static char out[1024];
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    size_t n = 0;

    out[0] = 0;
    assert_int_equal(phi_scan(policy_engine(p), s, &leaf, 1, &r), 0);
    for (size_t i = 0; i < r.n; i++) {
        if (kind != PHI_NONE && r.v[i].kind != kind) continue;
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", n ? " | " : "", (int)(r.v[i].end - r.v[i].begin), text + r.v[i].begin);
    }
    phi_scratch_free(s);
    return out;
}

static void test_deny(void **state) {
    (void)state;
    struct policy *p = good("deny:\n  NAME.EMPLOYER: [\"Acme Widgets\", 'C++ Guild', \"a.b\"]\n  OTHER.CODE: [Falcon]\n");
    assert_string_equal(found(p, "from acme  widgets and ACME WIDGETS", PHI_NAME_EMPLOYER), "acme  widgets | ACME WIDGETS");
    assert_string_equal(found(p, "the C++ Guild (c++ guild)", PHI_NAME_EMPLOYER), "C++ Guild | c++ guild");
    assert_string_equal(found(p, "a.b and axb", PHI_NAME_EMPLOYER), "a.b"); /* no pattern: a dot is a dot */
    assert_string_equal(found(p, "falcon, falconry, xfalcon", PHI_OTHER_CODE), "falcon");
    policy_unref(p);
    refused("deny: {NAME.EMPLOYR: [Acme]}\n", 5, "did you mean \"NAME.EMPLOYER\"");
    refused("deny: {NAME: [Acme]}\n", 5, "not one kind");
    refused("deny: {MRN: [x]}\n", 5, "2 to 200 characters");
    refused("deny: {MRN: word}\n", 5, "expected a list");
    refused("allow: [\"Oak Street\"]\ndeny: {MRN: [\"oak street\"]}\n", 6, "under \"allow\" and under \"deny\"");
}

static void test_allow(void **state) {
    static const char text[] = "call 617-555-0123 or 617-555-0124";
    (void)state;
    struct policy *p = good("allow: [\"(617) 555-0123\"]\n");
    assert_string_equal(found(p, text, PHI_PHONE), "617-555-0124");
    policy_unref(p);
}

/* The detectors in C are switched off and scored like any rule. */
static void test_built_in(void **state) {
    static const char text[] = "She flew to Springfield. Seen by Nora Quillfeather.";
    (void)state;
    struct policy *usual = good(""), *off = good("detectors: {disable: [place-city]}\n"),
                  *lower = good("detectors: {adjust: {place-city: -100}}\n"), *names = good("detectors: {disable: [name-words]}\n");
    assert_string_equal(found(usual, text, PHI_GEO_CITY), "Springfield");
    assert_string_equal(found(off, text, PHI_GEO_CITY), "");
    assert_string_equal(found(lower, text, PHI_GEO_CITY), "");
    assert_string_not_equal(found(usual, text, PHI_NAME_UNKNOWN), "");
    assert_string_equal(found(names, text, PHI_NAME_UNKNOWN), "");
    assert_int_equal(policy_claim(off), POLICY_PHI_UNDER_BAA);
    assert_int_equal(policy_claim(lower), POLICY_PHI_UNDER_BAA);
    assert_int_not_equal(policy_claim(usual), POLICY_PHI_UNDER_BAA);
    assert_false(policy_finds_alike(usual, off));
    policy_unref(usual);
    policy_unref(off);
    policy_unref(lower);
    policy_unref(names);
    refused("detectors: {disable: [place-ciy]}\n", 5, "did you mean \"place-city\"");
    refused("detectors: {scores: {place-city: 20}}\n", 5, "raise or lower what it finds with \"adjust\"");
    refused("detectors: {adjust: {place-city: 101}}\n", 5, "out of range");
    refused("detectors: {adjust: {nothing: 1}}\n", 5, "unknown rule");
}

static void test_raise(void **state) {
    static const char text[] = "and Orlando";
    (void)state;
    struct policy *usual = good("thresholds: {GEO.CITY: 100}\n"), *raised = good("thresholds: {GEO.CITY: 100}\ndetectors: {adjust: {place-city: 40}}\n"),
                  *only = good("detectors: {adjust: {place-city: 40}}\n");
    assert_string_equal(found(usual, text, PHI_GEO_CITY), "");
    assert_string_equal(found(raised, text, PHI_GEO_CITY), "Orlando");
    assert_int_not_equal(policy_claim(only), POLICY_PHI_UNDER_BAA); /* more is found, nothing less */
    policy_unref(only);
    policy_unref(usual);
    policy_unref(raised);
}

/* A detector of one kind of the floor cannot be weakened; one of several goes on finding those of the floor. */
static void test_floor(void **state) {
    (void)state;
    refused("detectors: {adjust: {us-ssn: -5}}\n", 5, "cannot be lowered");
    refused("detectors: {disable: [us-ssn]}\n", 5, "cannot be disabled");
    refused("floor: [NAME.PATIENT]\ndetectors: {disable: [name-words]}\n", 6, "cannot be disabled");
    refused("floor: [NAME.PATIENT]\ndetectors: {adjust: {name-title: -1}}\n", 6, "cannot be lowered");
    struct policy *usual = good(""), *off = good("detectors: {disable: [labelled-number, field-banner, field-key]}\n");
    static const char text[] = "chart no 77213 ok; social security no. is 123456 78 9";
    assert_string_equal(found(off, text, PHI_SSN), found(usual, text, PHI_SSN));
    assert_string_equal(found(usual, "chart listed as 772139", PHI_MRN), "772139");
    assert_string_equal(found(off, "chart listed as 772139", PHI_MRN), "");
    policy_unref(usual);
    policy_unref(off);
}

static void test_rosters(void **state) {
    (void)state;
    struct policy *p = good("rosters:\n  - {file: a.roster, key: roster.key}\n"), *usual = good("");
    struct roster_facts facts;
    const char *digest;
    char before[65], signable[65];

    assert_string_equal(found(p, "seen: sage thistle, sage Thistle", PHI_NAME_PATIENT), "");
    assert_string_equal(found(p, "in came Sage Thistle", PHI_NAME_PATIENT), "Sage Thistle");
    assert_non_null(policy_roster(p, 0, &digest, &facts));
    assert_null(policy_roster(p, 1, NULL, NULL));
    assert_int_equal(facts.people, 1);
    assert_int_equal(strlen(digest), 64);
    assert_false(policy_finds_alike(p, usual));
    assert_string_not_equal(policy_digest(p), policy_signable(p));
    assert_string_equal(policy_digest(usual), policy_signable(usual));
    snprintf(before, sizeof before, "%s", policy_digest(p));
    snprintf(signable, sizeof signable, "%s", policy_signable(p));
    policy_unref(p);
    policy_unref(usual);
    make_roster("a.roster", "Sage", "Thistle"); /* renewed: another digest, the same to sign */
    p = good("rosters:\n  - {file: a.roster, key: roster.key}\n");
    assert_string_not_equal(policy_digest(p), before);
    assert_string_equal(policy_signable(p), signable);
    policy_unref(p);
}

static void test_bad_rosters(void **state) {
    (void)state;
    refused("rosters: [a.roster]\n", 5, "expected {file:");
    refused("rosters:\n  - {file: a.roster}\n", 6, "key");
    refused("rosters:\n  - {file: b.roster, key: roster.key}\n", 6, "cannot be read");
    refused("rosters:\n  - {file: a.roster, key: no.key}\n", 6, "key cannot be read");
    refused("rosters:\n  - {file: site.yaml, key: roster.key}\n", 6, "is not a roster");
    refused("rosters:\n  - {file: a.roster, key: a.roster}\n", 6, "64 lower-case hex digits");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_deny), cmocka_unit_test(test_allow), cmocka_unit_test(test_built_in),
                                       cmocka_unit_test(test_raise), cmocka_unit_test(test_floor), cmocka_unit_test(test_rosters),
                                       cmocka_unit_test(test_bad_rosters)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
