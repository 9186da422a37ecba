/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../proxy/vault.h"
#include "../../proxy/vault_care.h"

static const unsigned char key[32] = "a key of a test, of 32 bytes....", other_key[32] = "another key of 32 bytes, as well";

struct place {
    char directory[64], path[96], anchor[96], copy[96];
};

static void make_place(struct place *p) {
    snprintf(p->directory, sizeof p->directory, "/tmp/phigate-vault-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof p->path, "%s/vault.db", p->directory);
    snprintf(p->anchor, sizeof p->anchor, "%s/vault.db.anchor", p->directory);
    snprintf(p->copy, sizeof p->copy, "%s/copy.db", p->directory);
}

static void remove_place(const struct place *p) {
    static const char *const names[] = {"vault.db", "vault.db-wal", "vault.db-shm", "vault.db.anchor", "copy.db", "other.db", "other.db-wal",
                                        "other.db-shm", "other.db.anchor", "other"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", p->directory, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(p->directory), 0);
}

static struct vault *try_open(const struct place *p, const unsigned char *k, bool accept, char *err) {
    const struct vault_options o = {.path = p->path, .key = k, .ttl_s = 1000, .accept = accept};
    err[0] = '\0';
    return vault_open(&o, err, 256);
}

static struct vault *open_at(const struct place *p) {
    char err[256];
    struct vault *v = try_open(p, key, false, err);
    if (!v) print_error("%s\n", err);
    assert_non_null(v);
    return v;
}

static void refuses(const struct place *p, const unsigned char *k, const char *word) {
    char err[256];
    struct vault *v = try_open(p, k, false, err);

    assert_null(v);
    if (!strstr(err, word)) print_error("expected '%s' in: %s\n", word, err);
    assert_non_null(strstr(err, word));
}

static void copy_file(const char *from, const char *to) {
    char bytes[4096];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
    assert_int_equal(chmod(to, 0600), 0);
}

/* "NAME_3B" of a value alone. */
static const char *text_of(const struct vault_claim *c, char out[64]) {
    if (c->form) snprintf(out, 64, "%s_%u%c", c->word, c->number, 'A' + (int)c->form);
    else snprintf(out, 64, "%s_%u", c->word, c->number);
    return out;
}

static struct vault_claim claim(const char *value, unsigned subject) {
    return (struct vault_claim){.word = "NAME", .value = span_of(value), .subject = subject};
}

static uint32_t give(struct vault *v, const char *principal, const char *value) {
    struct vault_claim c = claim(value, 0);
    assert_int_equal(vault_assign(v, principal, &c, 1, NULL, 0), 0);
    return c.number;
}

static int take(void *arg, struct span token, struct span value) {
    char *out = arg;

    (void)token;
    if (value.len > 63) return -1;
    memcpy(out + strlen(out), value.ptr, value.len);
    return 0;
}

static void restores(struct vault *v, const char *principal, const char *token, const char *value) {
    char got[256] = "";
    enum vault_answer a = vault_find(v, principal, span_of(token), take, got);

    assert_int_equal(a, value ? VAULT_FOUND : VAULT_NONE);
    assert_string_equal(got, value ? value : "");
}

static void test_same_value_same_token(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);

    assert_int_equal(give(v, "ehr", "Ada Quill"), 1);
    assert_int_equal(give(v, "ehr", "Bo Vance"), 2);
    assert_int_equal(give(v, "ehr", "Ada Quill"), 1);
    restores(v, "ehr", "[NAME_1]", "Ada Quill");
    restores(v, "ehr", "[NAME_3]", NULL);
    vault_close(v);
    v = open_at(&p);
    assert_int_equal(give(v, "ehr", "Bo Vance"), 2);
    assert_int_equal(give(v, "ehr", "Cy Dorn"), 3); /* closed in order: no number is skipped */
    vault_close(v);
    remove_place(&p);
}

static void test_principals_do_not_share(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);

    assert_int_equal(give(v, "a", "Ada Quill"), 1);
    assert_int_equal(give(v, "b", "Bo Vance"), 1);
    assert_int_equal(give(v, "b", "Ada Quill"), 2);
    restores(v, "a", "[NAME_1]", "Ada Quill");
    restores(v, "b", "[NAME_1]", "Bo Vance");
    restores(v, "a", "[NAME_2]", NULL);
    restores(v, "nobody", "[NAME_1]", NULL);
    vault_close(v);
    remove_place(&p);
}

static void assign_all(struct vault *v, struct vault_claim *c, size_t n, const char *expected) {
    char all[512] = "", one[64];

    assert_int_equal(vault_assign(v, "ehr", c, n, NULL, 0), 0);
    for (size_t i = 0; i < n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "", text_of(&c[i], one));
    assert_string_equal(all, expected);
}

static void test_forms_of_one_person(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    struct vault_claim first[] = {claim("John Smith", 7), claim("Smith, John", 7), claim("Smith", 7), claim("Bo Vance", 0)},
                       again[] = {claim("Smith, John", 3), claim("John Smith", 3), claim("Johnny", 3)},
                       mary[] = {claim("Mary Smith", 1), claim("Smith", 1)},
                       both[] = {claim("Mary Smith", 2), claim("John Smith", 1), claim("Smith", 1)},
                       alone[] = {claim("Smith", 5)}, nobody[] = {claim("John Smith", 1), claim("Smith", 0)};

    assign_all(v, first, 4, "NAME_1 NAME_1B NAME_1C NAME_2");
    /* The order of appearance does not change who it is; a new form joins the person. */
    assign_all(v, again, 3, "NAME_1B NAME_1 NAME_1D");
    /* One shared form is no evidence: Mary is not John. */
    assign_all(v, mary, 2, "NAME_3 NAME_3B");
    assign_all(v, both, 3, "NAME_3 NAME_1 NAME_1C");
    /* Alone it has the token that it had first. */
    assign_all(v, alone, 1, "NAME_1C");
    /* Beside John, "Smith" of whom nobody knows who it is must not look like him. */
    assign_all(v, nobody, 2, "NAME_1 NAME_4");
    restores(v, "ehr", "[NAME_1C]", "Smith");
    restores(v, "ehr", "[NAME_4]", "Smith");
    vault_close(v);
    remove_place(&p);
}

static void test_taken_numbers(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    struct vault_claim c[] = {claim("Ada Quill", 0), claim("Bo Vance", 0)};
    const struct vault_taken taken[] = {{"NAME", 1}, {"NAME", 3}};

    assert_int_equal(give(v, "ehr", "Ada Quill"), 1);
    assert_int_equal(vault_assign(v, "ehr", c, 2, taken, 2), 0);
    assert_int_equal(c[0].number, 2); /* 1 stands in the request as something else */
    assert_int_equal(c[1].number, 4);
    assert_int_equal(give(v, "ehr", "Ada Quill"), 1);
    vault_close(v);
    remove_place(&p);
}

static void test_many_people_with_one_form(void **state) {
    struct place p;
    char name[32];
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);

    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 1; i <= 20; i++) {
            snprintf(name, sizeof name, "Person%u Smith", i);
            struct vault_claim c[] = {claim(name, 1), claim("Smith", 1)};
            assert_int_equal(vault_assign(v, "ehr", c, 2, NULL, 0), 0);
            assert_int_equal(c[0].number, i);
            assert_int_equal(c[1].number, i);
            assert_int_equal(c[1].form, 1);
        }
    vault_close(v);
    remove_place(&p);
}

/* Whatever persons come in whatever company: in one request two of them never share a number, a token always means the same value,
 * and a person alone with forms that are known is who it was. */
static void test_any_company(void **state) {
    static const char *const forms[] = {"Ada Quill", "Quill", "Quill, Ada", "Bo Quill", "Bo", "Cy Dorn", "Dorn", "Dr. Dorn"};
    struct place p;
    static char meaning[2000][26][16];
    unsigned seed = 7;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);

    for (unsigned round = 0; round < 1500; round++) {
        struct vault_claim c[8];
        size_t n = 0;
        for (unsigned f = 0; f < 8; f++) {
            seed = seed * 1103515245u + 12345u;
            if (seed >> 16 & 1) c[n++] = claim(forms[f], (seed >> 18) % 4);
        }
        for (size_t i = n; i > 1; i--) {
            seed = seed * 1103515245u + 12345u;
            size_t k = (seed >> 16) % i;
            struct vault_claim swap = c[k];
            c[k] = c[i - 1];
            c[i - 1] = swap;
        }
        assert_int_equal(vault_assign(v, "ehr", c, n, NULL, 0), 0);
        for (size_t i = 0; i < n; i++) {
            char *m = meaning[c[i].number][c[i].form];
            assert_true(c[i].number < 2000 && c[i].form < 26);
            if (!m[0]) snprintf(m, 16, "%.*s", (int)c[i].value.len, c[i].value.ptr);
            assert_true(span_is(c[i].value, m));
            for (size_t k = 0; k < i; k++) {
                bool one = c[i].subject && c[i].subject == c[k].subject;
                assert_true(one == (c[i].number == c[k].number));
            }
        }
    }
    for (unsigned number = 1; number < 2000; number++)
        for (unsigned form = 0; form < 26; form++) {
            char token[32];
            if (!meaning[number][form][0]) continue;
            if (form) snprintf(token, sizeof token, "[NAME_%u%c]", number, 'A' + (int)form);
            else snprintf(token, sizeof token, "[NAME_%u]", number);
            restores(v, "ehr", token, meaning[number][form]);
        }
    vault_close(v);
    remove_place(&p);
}

static void test_file_holds_no_value(void **state) {
    struct place p;
    struct stat st;
    static char bytes[1 << 20];
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);

    give(v, "front-desk-principal", "Zebedee Quackenbush");
    assert_int_equal(vault_remember(v, "front-desk-principal", span_of("resp_canary"), NULL, 0), 0);
    const char *const names[] = {"vault.db", "vault.db-wal", "vault.db-shm", "vault.db.anchor"};
    for (size_t i = 0; i < 4; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", p.directory, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        FILE *f = fopen(path, "rb");
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        assert_null(memmem(bytes, n, "Quackenbush", 11));
        assert_null(memmem(bytes, n, "front-desk", 10));
        assert_null(memmem(bytes, n, "resp_canary", 11));
    }
    vault_close(v);
    assert_int_equal(chmod(p.path, 0640), 0);
    refuses(&p, key, "chmod");
    remove_place(&p);
}

static void test_wrong_key(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    refuses(&p, key, "another gateway");
    vault_close(v);
    refuses(&p, other_key, "another key");
    v = open_at(&p);
    restores(v, "ehr", "[NAME_1]", "Ada Quill");
    vault_close(v);
    remove_place(&p);
}

static void test_lost_vault(void **state) {
    struct place p;
    char err[256];
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    vault_close(v);
    assert_int_equal(unlink(p.path), 0);
    refuses(&p, key, "lost");
    refuses(&p, key, "lost"); /* trying did not make one */
    v = try_open(&p, key, true, err);
    assert_non_null(v);
    restores(v, "ehr", "[NAME_1]", NULL);
    assert_true(give(v, "ehr", "Bo Vance") > 1); /* 1 was Ada's */
    vault_close(v);
    v = open_at(&p);
    vault_close(v);
    remove_place(&p);
}

static void test_older_copy(void **state) {
    struct place p;
    char err[256];
    uint32_t last = 0;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    vault_close(v);
    copy_file(p.path, p.copy);
    v = open_at(&p);
    for (unsigned i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "Person %u", i);
        last = give(v, "ehr", name);
    }
    vault_close(v);
    copy_file(p.copy, p.path);
    refuses(&p, key, "older copy");
    v = try_open(&p, key, true, err);
    assert_non_null(v);
    assert_int_equal(give(v, "ehr", "Ada Quill"), 1);
    assert_true(give(v, "ehr", "Someone Else") > last);
    vault_close(v);
    remove_place(&p);
}

static void test_foreign_vault_and_lost_anchor(void **state) {
    struct place p, other;
    char err[256];
    (void)state;
    make_place(&p);
    make_place(&other);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    vault_close(v);
    v = open_at(&other);
    give(v, "ehr", "Bo Vance");
    vault_close(v);
    copy_file(other.path, p.path);
    refuses(&p, key, "another vault");
    assert_int_equal(unlink(other.anchor), 0);
    refuses(&other, key, "anchor is missing");
    v = try_open(&other, key, true, err);
    assert_non_null(v);
    assert_true(give(v, "ehr", "New One") > 100000);
    vault_close(v);
    FILE *f = fopen(p.anchor, "wb");
    fputs("nonsense", f);
    fclose(f);
    refuses(&p, key, "damaged");
    remove_place(&p);
    remove_place(&other);
}

static void test_replaced_while_running(void **state) {
    struct place p;
    struct vault_claim c = claim("Cy Dorn", 0);
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    assert_int_equal(rename(p.path, p.copy), 0);
    assert_int_equal(vault_assign(v, "ehr", &c, 1, NULL, 0), -1);
    assert_int_equal(rename(p.copy, p.path), 0);
    assert_int_equal(vault_assign(v, "ehr", &c, 1, NULL, 0), 0);
    vault_close(v);
    remove_place(&p);
}

static void execute(const struct place *p, const char *text) {
    sqlite3 *h = NULL;
    assert_int_equal(sqlite3_open(p->path, &h), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(h, 5000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
}

static void test_rows_that_were_moved(void **state) {
    struct place p;
    char got[64] = "";
    struct vault_claim c = claim("Ada Quill", 0);
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "a", "Ada Quill");
    give(v, "b", "Bo Vance");
    execute(&p, "UPDATE token SET sealed=(SELECT sealed FROM token WHERE principal=2) WHERE principal=1");
    assert_int_equal(vault_find(v, "a", span_of("[NAME_1]"), take, got), VAULT_FAILED);
    assert_string_equal(got, "");
    assert_int_equal(vault_assign(v, "a", &c, 1, NULL, 0), -1);
    restores(v, "b", "[NAME_1]", "Bo Vance");
    vault_close(v);
    remove_place(&p);
}

static void test_expiry(void **state) {
    struct place p;
    struct vault_stat stat;
    char err[256];
    int64_t n;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    give(v, "ehr", "Bo Vance");
    execute(&p, "UPDATE token SET expires=expires-2000 WHERE number=1; UPDATE token SET expires=expires-500 WHERE number=2");
    restores(v, "ehr", "[NAME_1]", NULL);
    restores(v, "ehr", "[NAME_2]", "Bo Vance");
    assert_int_equal(give(v, "ehr", "Bo Vance"), 2); /* renewed: it leaves now */
    assert_int_equal(give(v, "ehr", "Ada Quill"), 3); /* its old number is not given out again, to nobody */
    struct vault_care *c = vault_care_open(p.path, key, err, sizeof err);
    assert_non_null(c);
    assert_int_equal(vault_care_stat(c, &stat), 0);
    assert_int_equal(stat.tokens, 2);
    assert_int_equal(stat.expired, 1);
    assert_true(stat.first_expiry < stat.last_expiry);
    assert_int_equal(vault_care_purge_expired(c, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(vault_care_stat(c, &stat), 0);
    assert_int_equal(stat.expired, 0);
    assert_true(stat.first_expiry > time(NULL) + 1000 - 10);
    vault_care_close(c);
    vault_close(v);
    remove_place(&p);
}

static void test_erasure(void **state) {
    struct place p;
    char err[256];
    int64_t n;
    struct vault_claim forms[] = {claim("John Smith", 7), claim("Smith, John", 7)};
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    assert_int_equal(vault_assign(v, "a", forms, 2, NULL, 0), 0);
    give(v, "b", "John Smith");
    give(v, "b", "Bo Vance");
    struct vault_care *c = vault_care_open(p.path, key, err, sizeof err);
    assert_int_equal(vault_care_purge_value(c, span_of("John Smith"), &n), 0);
    assert_int_equal(n, 3); /* of both principals, and the other form */
    restores(v, "a", "[NAME_1]", NULL);
    restores(v, "a", "[NAME_1B]", NULL);
    restores(v, "b", "[NAME_1]", NULL);
    restores(v, "b", "[NAME_2]", "Bo Vance");
    assert_true(give(v, "a", "Someone Else") == 2);
    assert_int_equal(vault_care_purge_principal(c, "b", &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(vault_care_purge_principal(c, "unknown", &n), 0);
    assert_int_equal(n, 0);
    restores(v, "b", "[NAME_2]", NULL);
    restores(v, "a", "[NAME_2]", "Someone Else");
    vault_care_close(c);
    vault_close(v);
    remove_place(&p);
}

static void test_objects(void **state) {
    struct place p;
    char got[256] = "";
    const struct span tokens[] = {span_of("[NAME_1]"), span_of("[NAME_2]"), span_of("[NAME_9]")};
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "a", "Ada Quill");
    give(v, "a", "Bo Vance");
    give(v, "b", "Cy Dorn");
    assert_int_equal(vault_remember(v, "a", span_of("resp_1"), tokens, 3), 0);
    assert_int_equal(vault_recall(v, "a", span_of("resp_1"), take, got), VAULT_FOUND);
    assert_string_equal(got, "Ada QuillBo Vance");
    assert_int_equal(vault_recall(v, "b", span_of("resp_1"), take, got), VAULT_NONE);
    assert_int_equal(vault_recall(v, "a", span_of("resp_2"), take, got), VAULT_NONE);
    assert_int_equal(vault_remember(v, "b", span_of("resp_1"), tokens, 1), -1); /* it is a's */
    assert_int_equal(vault_remember(v, "a", span_of("resp_0"), NULL, 0), 0);
    assert_int_equal(vault_recall(v, "a", span_of("resp_0"), take, got), VAULT_FOUND);
    assert_int_equal(vault_forget(v, "b", span_of("resp_1")), 0);
    assert_int_equal(vault_recall(v, "a", span_of("resp_1"), take, got), VAULT_FOUND);
    assert_int_equal(vault_forget(v, "a", span_of("resp_1")), 0);
    assert_int_equal(vault_recall(v, "a", span_of("resp_1"), take, got), VAULT_NONE);
    assert_int_equal(vault_remember(v, "a", span_make("", 0), NULL, 0), -1);
    vault_close(v);
    remove_place(&p);
}

struct told {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int n, ok;
};

static void tell(void *arg, bool ok) {
    struct told *t = arg;

    pthread_mutex_lock(&t->lock);
    t->n++;
    t->ok += ok;
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->lock);
}

static void test_objects_later(void **state) {
    struct place p;
    char got[256] = "", token[] = "[NAME_1]", object[] = "batch_7", principal[] = "a";
    struct told told = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    struct span tokens[] = {span_of(token)};
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "a", "Ada Quill");
    assert_int_equal(vault_remember_later(v, principal, span_of(object), tokens, 1, tell, &told), 0);
    memset(token, 'x', 8); /* it has its own copies */
    memset(object, 'x', 7);
    memset(principal, 'x', 1);
    pthread_mutex_lock(&told.lock);
    while (told.n == 0)
        pthread_cond_wait(&told.cond, &told.lock);
    pthread_mutex_unlock(&told.lock);
    assert_int_equal(told.ok, 1);
    assert_int_equal(vault_recall(v, "a", span_of("batch_7"), take, got), VAULT_FOUND);
    assert_string_equal(got, "Ada Quill");
    vault_close(v);
    remove_place(&p);
}

static void test_numbers_and_entries(void **state) {
    struct place p;
    uint32_t first;
    const struct vault_entry entries[] = {{"DATE", span_of("[DATE_2]"), span_of("03/04/1951")},
                                          {"DATE", span_of("[DATE_2+12d]"), span_of("03/16/1951")}};
    const struct vault_entry bad = {"DATE", span_of("DATE_2"), span_of("x")};
    struct vault_claim c = {.word = "DATE", .value = span_of("03/04/1951")};
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    assert_int_equal(vault_assign(v, "a", &c, 1, NULL, 0), 0);
    assert_int_equal(vault_numbers(v, "a", "DATE", 2, &first), 0);
    assert_int_equal(first, 2);
    assert_int_equal(vault_store(v, "a", entries, 2), 0);
    restores(v, "a", "[DATE_2+12d]", "03/16/1951");
    restores(v, "b", "[DATE_2+12d]", NULL);
    assert_int_equal(vault_store(v, "a", &bad, 1), -1);
    assert_int_equal(vault_assign(v, "a", &c, 1, NULL, 0), 0);
    assert_int_equal(c.number, 1); /* a distance belongs to its request: the value alone has its own token */
    vault_close(v);
    remove_place(&p);
}

/* ---- rotation, under load ---- */

struct load {
    struct vault *v;
    unsigned index, rounds, failures;
};

static void *load(void *arg) {
    struct load *l = arg;
    char name[32], token[32], got[256];

    for (unsigned i = 0; i < l->rounds; i++) {
        snprintf(name, sizeof name, "T%u Person %u", l->index, i % 40);
        struct vault_claim c = {.word = "NAME", .value = span_of(name)};
        if (vault_assign(l->v, "ehr", &c, 1, NULL, 0) < 0) {
            l->failures++;
            continue;
        }
        snprintf(token, sizeof token, "[NAME_%u]", c.number);
        got[0] = '\0';
        memset(got, 0, sizeof got);
        if (vault_find(l->v, "ehr", span_of(token), take, got) != VAULT_FOUND || strcmp(got, name) != 0) l->failures++;
    }
    return NULL;
}

static void test_rotation_under_load(void **state) {
    struct place p;
    struct vault_stat stat;
    struct load loads[4];
    pthread_t threads[4];
    char err[256];
    int64_t n;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    assert_int_equal(vault_remember(v, "ehr", span_of("resp_1"), NULL, 0), 0);
    for (unsigned i = 0; i < 4; i++) {
        loads[i] = (struct load){v, i, 300, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, load, &loads[i]), 0);
    }
    struct vault_care *c = vault_care_open(p.path, key, err, sizeof err);
    assert_non_null(c);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(vault_care_rotate(c, other_key, &n), 0);
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(loads[i].failures, 0);
    }
    assert_int_equal(vault_care_rotate(c, other_key, &n), 0);
    assert_int_equal(n, 160);
    assert_int_equal(vault_care_stat(c, &stat), 0);
    assert_int_equal(stat.tokens, 160);
    assert_int_equal(stat.masters, 2);
    assert_int_equal(stat.epoch, 7);
    vault_care_close(c);
    assert_int_equal(vault_recall(v, "ehr", span_of("resp_1"), take, err), VAULT_FOUND);
    vault_close(v);

    v = open_at(&p); /* both masters open it until the rotation is finished */
    vault_close(v);
    c = vault_care_open(p.path, other_key, err, sizeof err);
    assert_non_null(c);
    assert_int_equal(vault_care_finish(c, &n), 0);
    assert_int_equal(n, 1);
    vault_care_close(c);
    refuses(&p, key, "another key");
    v = try_open(&p, other_key, false, err);
    assert_non_null(v);
    restores(v, "ehr", "[NAME_161]", NULL);
    assert_int_equal(vault_recall(v, "ehr", span_of("resp_1"), take, err), VAULT_FOUND);
    vault_close(v);
    remove_place(&p);
}

/* ---- kill -9 ---- */

struct gift {
    uint32_t number;
    char name[28];
};

/* Gives out tokens and tells of each only afterwards, until it is killed. */
static void give_out(const struct place *p, int fd, unsigned round) {
    char err[256];
    struct vault *v = try_open(p, key, false, err);

    for (unsigned i = 0; v; i++) {
        struct gift g;
        memset(&g, 0, sizeof g);
        snprintf(g.name, sizeof g.name, "R%u Person %u", round, i);
        struct vault_claim c = {.word = "NAME", .value = span_of(g.name)};
        if (vault_assign(v, "ehr", &c, 1, NULL, 0) < 0) break;
        g.number = c.number;
        if (write(fd, &g, sizeof g) != (ssize_t)sizeof g) break;
    }
    _exit(1);
}

static void test_kill(void **state) {
    struct place p;
    static struct gift gifts[20000];
    size_t n = 0;
    (void)state;
    make_place(&p);
    for (unsigned round = 0; round < 8; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            give_out(&p, ends[1], round);
        }
        close(ends[1]);
        size_t before = n, want = 1 + round * 13;
        while (n < sizeof gifts / sizeof *gifts && read(ends[0], &gifts[n], sizeof *gifts) == (ssize_t)sizeof *gifts)
            if (++n - before == want) assert_int_equal(kill(child, SIGKILL), 0);
        assert_true(n - before >= want);
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    struct vault *v = open_at(&p);
    for (size_t i = 0; i < n; i++) {
        char token[32];
        snprintf(token, sizeof token, "[NAME_%u]", gifts[i].number);
        restores(v, "ehr", token, gifts[i].name);
    }
    /* Nothing that may have been given out is given out again. */
    uint32_t fresh = give(v, "ehr", "Someone New");
    for (size_t i = 0; i < n; i++)
        assert_true(gifts[i].number < fresh);
    vault_close(v);
    remove_place(&p);
}

/* A copy from shortly before a crash cannot be told from what a crash leaves; its numbers still do not come back. */
static void test_older_copy_after_a_kill(void **state) {
    struct place p;
    struct gift g, last = {0};
    int ends[2];
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    give(v, "ehr", "Ada Quill");
    vault_close(v);
    copy_file(p.path, p.copy);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        give_out(&p, ends[1], 0);
    }
    close(ends[1]);
    for (unsigned i = 0; read(ends[0], &g, sizeof g) == (ssize_t)sizeof g; i++) {
        last = g;
        if (i == 20) kill(child, SIGKILL);
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(last.number > 1);
    char path[128];
    snprintf(path, sizeof path, "%s-wal", p.path);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s-shm", p.path);
    (void)unlink(path);
    copy_file(p.copy, p.path);
    char err[256];
    v = try_open(&p, key, true, err);
    assert_non_null(v);
    assert_true(give(v, "ehr", "Someone New") > last.number);
    vault_close(v);
    remove_place(&p);
}

static void test_lookup_is_short(void **state) {
    struct place p;
    struct timespec a, b;
    char got[256];
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    for (unsigned i = 0; i < 20; i++) {
        struct vault_claim c[50];
        char names[50][32];
        for (unsigned k = 0; k < 50; k++) {
            snprintf(names[k], sizeof names[k], "Person %u", i * 50 + k);
            c[k] = claim(names[k], 0);
        }
        assert_int_equal(vault_assign(v, "ehr", c, 50, NULL, 0), 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (unsigned i = 0; i < 1000; i++) {
        char token[32];
        memset(got, 0, sizeof got);
        snprintf(token, sizeof token, "[NAME_%u]", i + 1);
        assert_int_equal(vault_find(v, "ehr", span_of(token), take, got), VAULT_FOUND);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    print_message("a lookup: %.1f us\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e6);
    vault_close(v);
    remove_place(&p);
}

/* What a token costs that is not known yet, alone and where eight ask at once. */
static void *make_new(void *arg) {
    struct load *l = arg;
    char name[32];

    for (unsigned i = 0; i < l->rounds; i++) {
        snprintf(name, sizeof name, "N%u Person %u", l->index, i);
        struct vault_claim c = {.word = "NAME", .value = span_of(name)};
        l->failures += vault_assign(l->v, "ehr", &c, 1, NULL, 0) < 0;
    }
    return NULL;
}

static void test_new_tokens_share_a_sync(void **state) {
    struct place p;
    (void)state;
    make_place(&p);
    struct vault *v = open_at(&p);
    for (unsigned n = 1; n <= 8; n *= 8) {
        struct load loads[8];
        pthread_t threads[8];
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (unsigned i = 0; i < n; i++) {
            loads[i] = (struct load){v, n * 10 + i, 60, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, make_new, &loads[i]), 0);
        }
        for (unsigned i = 0; i < n; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(loads[i].failures, 0);
        }
        clock_gettime(CLOCK_MONOTONIC, &b);
        double us = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
        print_message("new tokens, %u at once: %.0f a second\n", n, 60e6 * n / us);
    }
    vault_close(v);
    remove_place(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_value_same_token),
        cmocka_unit_test(test_principals_do_not_share),
        cmocka_unit_test(test_forms_of_one_person),
        cmocka_unit_test(test_taken_numbers),
        cmocka_unit_test(test_many_people_with_one_form),
        cmocka_unit_test(test_any_company),
        cmocka_unit_test(test_file_holds_no_value),
        cmocka_unit_test(test_wrong_key),
        cmocka_unit_test(test_lost_vault),
        cmocka_unit_test(test_older_copy),
        cmocka_unit_test(test_foreign_vault_and_lost_anchor),
        cmocka_unit_test(test_replaced_while_running),
        cmocka_unit_test(test_rows_that_were_moved),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_erasure),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_objects_later),
        cmocka_unit_test(test_numbers_and_entries),
        cmocka_unit_test(test_rotation_under_load),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_older_copy_after_a_kill),
        cmocka_unit_test(test_lookup_is_short),
        cmocka_unit_test(test_new_tokens_share_a_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
