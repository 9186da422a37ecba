/* SPDX-License-Identifier: Apache-2.0
 *
 * From an export to a file and back: mistakes with their places and without content; another key, a cut, a changed byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../detectors/roster_build.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/roster_import.h"
#include "../../policies/engine/roster_store.h"

static char directory[] = "/tmp/phigate-roster-XXXXXX", path_buffer[128];

static const char *at(const char *name)
{
    snprintf(path_buffer, sizeof path_buffer, "%s/%s", directory, name);
    return path_buffer;
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(at("key"));
    unlink(at("a.roster"));
    return rmdir(directory);
}

static const struct roster_secret secret = {{1, 2, 3}};
static const char export[] = "Last Name,First Name,DOB,MRN,Home Phone,Weight\r\n"
                             "Hollingsworth,Anna,03/14/1961,00417723,(617) 555-0147,70\r\n"
                             "\"O'Rourke\",Zo\xC3\xAB,1970-01-02 00:00:00,12,999-999-9999,\r\n";

/* 0, 1 or -1 of the import; the file is written when it can be. */
static int import(const char *text, struct roster_counts *counts, struct diag *d, bool save)
{
    unsigned char salt[ROSTER_SALT], check[ROSTER_CHECK];
    struct roster_keys keys;
    char copy[2048], digest[65], err[256];
    size_t len = strlen(text), size;
    void *data = NULL;

    memcpy(copy, text, len + 1);
    *counts = (struct roster_counts){0};
    assert_int_equal(roster_salt(&secret, salt, check, &keys), 0);
    struct roster_builder *b = roster_builder_new(&keys);
    int rc = roster_import(b, "people.csv", copy, len, ROSTER_PATIENT, counts, d);
    if (save) {
        assert_int_equal(roster_build(b, salt, check, 20000, &data, &size), 0);
        assert_int_equal(roster_save(at("a.roster"), data, size, &secret, digest, err, sizeof err), 0);
        free(data);
    }
    roster_builder_free(b);
    return rc;
}

static void test_import(void **state)
{
    struct diag *d = diag_new();
    struct roster_counts counts;
    char digest[65], err[256];
    struct stat st;

    (void)state;
    assert_int_equal(import(export, &counts, d, true), 0);
    assert_int_equal(diag_count(d), 0);
    assert_int_equal(counts.rows, 2);
    assert_int_equal(counts.unusable, 2); /* 12 is too short, the phone only fills its field */
    assert_int_equal(counts.n_unused, 1);
    assert_int_equal(counts.unused[0], 6);
    assert_int_equal(stat(at("a.roster"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(at("a.roster"), 0646), 0);
    assert_int_equal(import(export, &counts, d, true), 0);
    assert_int_equal(stat(at("a.roster"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640); /* its group still may, nobody else */
    struct phi_roster *r = roster_open(at("a.roster"), &secret, digest, err, sizeof err);
    assert_non_null(r);
    assert_int_equal(roster_facts(r).people, 2);
    assert_int_equal(strlen(digest), 64);
    roster_unref(r);
    diag_free(d);
}

/* All mistakes in one pass, each with its place; nothing of the content in any. */
static void test_mistakes(void **state)
{
    static const char text[] = "last,first,dob,role\n"
                               "Hollingsworth,Anna,31/12/1961,patient\n" /* day first */
                               "Quillfeather\n"
                               ",Robert,,\n"
                               "Umberland,Eliza,2/30/1990,boss\n"
                               "Ash\xFFgrove,Karl,,\n"
                               "Thistle,\"Sage,,\n";
    static const uint32_t lines[] = {2, 3, 4, 5, 5, 6, 7}, columns[] = {20, 1, 1, 17, 27, 1, 9};
    struct diag *d = diag_new();
    struct roster_counts counts;

    (void)state;
    assert_int_equal(import(text, &counts, d, false), 1);
    assert_int_equal(diag_count(d), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(diag_line(d, i), lines[i]);
        assert_int_equal(diag_column(d, i), columns[i]);
        for (const char *const *w = (const char *const[]){"Holling", "Quill", "Robert", "Umber", "boss", "Ash", "Sage", "31", NULL}; *w; w++)
            assert_null(strstr(diag_message(d, i), *w));
    }
    assert_int_equal(counts.rows, 6);
    assert_int_equal(counts.bad_rows, 6);
    diag_free(d);
}

static void test_no_header(void **state)
{
    static const char *const texts[] = {"", "\n\n", "Hollingsworth,Anna,1961\n", "last,first\n"};
    struct roster_counts counts;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct diag *d = diag_new();
        assert_int_equal(import(texts[i], &counts, d, false), -1);
        assert_int_equal(diag_count(d), 1);
        assert_int_equal(diag_line(d, 0), 1);
        diag_free(d);
    }
}

static void test_columns(void **state)
{
    static const char *const headers[] = {"Last Name", "PAT_LAST_NAME", "patient last name", "Surname", "lname", "Family-Name", "Employee Last Name"};
    struct roster_counts counts;
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct diag *d = diag_new();
        snprintf(text, sizeof text, "%s;Phone 2\nHollingsworth;617-555-0147\n", headers[i]);
        assert_int_equal(import(text, &counts, d, false), 0);
        assert_int_equal(counts.n_unused, 0);
        diag_free(d);
    }
}

static void test_secret(void **state)
{
    struct roster_secret one, two;
    char err[256];
    FILE *f;

    (void)state;
    assert_int_equal(roster_secret_read(at("key"), &one, err, sizeof err), -1);
    assert_int_equal(roster_secret_new(at("key"), err, sizeof err), 0);
    assert_int_equal(roster_secret_new(at("key"), err, sizeof err), -1); /* never over one that is there */
    assert_int_equal(roster_secret_read(at("key"), &one, err, sizeof err), 0);
    assert_int_equal(roster_secret_read(at("key"), &two, err, sizeof err), 0);
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(chmod(at("key"), 0644), 0);
    assert_int_equal(roster_secret_read(at("key"), &one, err, sizeof err), -1);
    assert_non_null(strstr(err, "others can read"));
    assert_int_equal(chmod(at("key"), 0600), 0);
    f = fopen(at("key"), "w");
    assert_non_null(f);
    fputs("short\n", f);
    fclose(f);
    assert_int_equal(roster_secret_read(at("key"), &one, err, sizeof err), -1);
}

static void rewrite(const char *data, size_t n)
{
    FILE *f = fopen(at("a.roster"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static bool opens(const struct roster_secret *with, const char *reason)
{
    char digest[65], err[256] = "";
    struct phi_roster *r = roster_open(at("a.roster"), with, digest, err, sizeof err);

    if (!r)
        assert_non_null(strstr(err, reason));
    roster_unref(r);
    return r != NULL;
}

static void test_refusals(void **state)
{
    const struct roster_secret other = {{9}};
    struct diag *d = diag_new();
    struct roster_counts counts;
    char data[4096];

    (void)state;
    import(export, &counts, d, true);
    diag_free(d);
    FILE *f = fopen(at("a.roster"), "rb");
    assert_non_null(f);
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    assert_true(opens(&secret, ""));
    assert_false(opens(&other, "not the key"));
    for (size_t n = 0; n < size; n += 17) {
        rewrite(data, n);
        assert_false(opens(&secret, "roster"));
    }
    for (size_t i = 0; i < size; i++) { /* each byte counts */
        data[i] ^= 1;
        rewrite(data, size);
        assert_false(opens(&secret, ""));
        data[i] ^= 1;
    }
    rewrite(data, size);
    assert_true(opens(&secret, ""));
    unlink(at("a.roster"));
    assert_false(opens(&secret, "cannot be read"));
}

/* Nothing of the export is in the file, and the same export gives another file each time. */
static void test_irreversible(void **state)
{
    static const char *const words[] = {"olling", "nna", "417723", "5550147", "1961", "ourke"};
    struct diag *d = diag_new();
    struct roster_counts counts;
    char first[4096], second[4096];

    (void)state;
    for (int k = 0; k < 2; k++) {
        import(export, &counts, d, true);
        FILE *f = fopen(at("a.roster"), "rb");
        assert_non_null(f);
        size_t n = fread(k ? second : first, 1, sizeof first, f);
        fclose(f);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            assert_null(memmem(k ? second : first, n, words[i], strlen(words[i])));
    }
    assert_memory_not_equal(first + 192, second + 192, 120); /* the entries */
    diag_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_import), cmocka_unit_test(test_mistakes), cmocka_unit_test(test_no_header),
                                       cmocka_unit_test(test_columns), cmocka_unit_test(test_secret), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_irreversible)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
