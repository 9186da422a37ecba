/* SPDX-License-Identifier: Apache-2.0
 *
 * The index: it never hides a record, and it is not believed when anything about it or the log is not as it was.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_index.h"
#include "../../proxy/audit_index_terms.h"
#include "../../proxy/audit_record.h"
#include "../../proxy/audit_view.h"

#include <sqlite3.h>

#define LINES 6000 /* some blocks */

struct writer {
    struct audit_hasher *hasher;
    char hash[AUDIT_HEX_LEN + 1];
    uint64_t seq;
};

static struct audit_record *make_record(uint64_t n) {
    struct audit_record *r = audit_record_new(n % 7 ? "decision" : "outcome");
    char text[256];

    snprintf(text, sizeof text, "r-%llu", (unsigned long long)n);
    audit_add_text(r, "request_id", text);
    if (n % 7 == 0) {
        audit_add_text(r, "result", "complete");
        return r;
    }
    audit_add_text(r, "decision", n % 50 ? "edit" : "block");
    snprintf(text, sizeof text, "{\"client\":\"c\",\"ip\":\"192.0.2.1\",\"role\":\"user\",\"user\":\"%s\"}", n == 3001 ? "O'Neil \\\"x\\\"" : "everybody");
    audit_add_json(r, "actor", span_of(text));
    audit_add_json(r, "found", span_of(n == 4500 ? "{\"NAME.PATIENT\":1,\"SSN\":1}" : "{\"MRN\":1}"));
    snprintf(text, sizeof text, "[\"MRN:%016llu\"]", (unsigned long long)(n % 1500));
    for (char *c = text; *c; c++)
        if (*c >= '0' && *c <= '9') *c = (char)('a' + (*c - '0'));
    audit_add_json(r, "values", span_of(text));
    audit_add_text(r, "code", "filler-filler-filler-filler-filler-filler-filler-filler-filler-filler-filler-filler-filler-filler-filler");
    return r;
}

/* Appends n lines to the file as the log would have them; days go by. */
static void write_lines(struct writer *w, const char *path, int n) {
    FILE *f = fopen(path, "a");
    struct buf line;

    assert_non_null(f);
    buf_init(&line, AUDIT_RECORD_MAX);
    for (int i = 0; i < n; i++) {
        char ts[32], id[40];
        w->seq++;
        snprintf(ts, sizeof ts, "2026-%02u-%02uT00:00:00.000000Z", (unsigned)(1 + w->seq / 600 % 12), (unsigned)(1 + w->seq / 25 % 24));
        snprintf(id, sizeof id, "0192d3c1-7a00-7000-8000-%012llx", (unsigned long long)w->seq);
        struct audit_stamp stamp = {.seq = w->seq, .mono = w->seq, .boot = "7d1c3f80-0000-4000-8000-000000000001", .id = id, .node = "n", .prev = w->hash, .ts = ts};
        struct audit_record *r = w->seq == 1 ? audit_record_new("lifecycle") : make_record(w->seq);
        line.len = 0;
        assert_int_equal(audit_record_write(r, &stamp, w->hasher, &line), 0);
        assert_int_equal(audit_hasher_sha256(w->hasher, buf_span(&line), w->hash), 0);
        audit_record_free(r);
        fprintf(f, "%.*s\n", (int)line.len, line.ptr);
    }
    fclose(f);
    buf_free(&line);
}

static struct writer begin_writer(void) {
    struct writer w = {.hasher = audit_hasher_new(test_key)};

    memset(w.hash, '0', AUDIT_HEX_LEN);
    return w;
}

static struct audit_index_result update(const struct scratch *s, const unsigned char *key) {
    struct audit_index_result result;
    const char *reason = "";
    struct audit_set *set = audit_set_find(s->path, &reason);

    assert_non_null(set);
    if (audit_index_update(s->path, set, key, &result, &reason) < 0) fail_msg("%s", reason);
    audit_set_free(set);
    return result;
}

/* NULL, or why it is not believed. */
static const char *refused(const struct scratch *s, const unsigned char *key, size_t *blocks) {
    const char *reason = "";
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_index *x = audit_index_open(s->path, set, key, &reason);

    if (x && blocks) *blocks = audit_index_count(x);
    bool ok = x != NULL;
    audit_index_free(x);
    audit_set_free(set);
    return ok ? NULL : reason;
}

static void execute(const struct scratch *s, const char *sql) {
    char name[128];
    sqlite3 *db;

    beside(s, ".index", name);
    assert_int_equal(sqlite3_open(name, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Each line that matches is in a block that may match, or behind the last. Returns the blocks that need not be read. */
static size_t check_filter(const struct scratch *s, struct audit_filter f, size_t least) {
    const char *reason;
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_index *x = audit_index_open(s->path, set, test_key, &reason);
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    struct span line;
    size_t skipped = 0, matched = 0;

    assert_non_null(x);
    assert_int_equal(audit_filter_prepare(&f, &reason), 0);
    struct audit_index_query *q = audit_index_query_new(x, &f);
    while (audit_lines_next(l, &line)) {
        if (!audit_filter_matches(&f, line)) continue;
        uint64_t seq = audit_view_seq(line);
        matched++;
        for (size_t i = 0; i < audit_index_count(x); i++) {
            const struct audit_index_block *b = audit_index_at(x, i);
            if (seq < b->first_seq || seq > b->last_seq) continue;
            if (!audit_index_may_match(q, b)) fail_msg("record %llu is hidden", (unsigned long long)seq);
            struct span id = audit_view_text(line, "request_id");
            if (id.len && !audit_index_may_hold_id(x, b, id)) fail_msg("an id is hidden");
        }
    }
    assert_true(matched >= least);
    for (size_t i = 0; i < audit_index_count(x); i++)
        skipped += !audit_index_may_match(q, audit_index_at(x, i));
    audit_index_query_free(q);
    audit_filter_free(&f);
    audit_lines_close(l);
    audit_index_free(x);
    audit_set_free(set);
    return skipped;
}

static void test_no_record_is_hidden(void **state) {
    struct scratch *s = *state;
    struct writer w = begin_writer();
    size_t n = 0;

    write_lines(&w, s->path, LINES);
    struct audit_index_result r = update(s, test_key);
    assert_true(r.blocks >= 3 && r.records < LINES && r.old_blocks == 0);
    assert_null(refused(s, test_key, &n));
    assert_int_equal(n, r.blocks);
    struct span value = span_of("MRN:aaaaaaaaaaaabcde"), none = span_of("MRN:zzzzzzzzzzzzzzzz");
    assert_int_equal(check_filter(s, (struct audit_filter){.user = "everybody"}, LINES / 2), 0);
    assert_true(check_filter(s, (struct audit_filter){.user = "O'Neil \"x\""}, 1) > 0);
    assert_int_equal(check_filter(s, (struct audit_filter){.user = "nobody"}, 0), n);
    assert_true(check_filter(s, (struct audit_filter){.kind = "NAME"}, 1) > 0);
    assert_true(check_filter(s, (struct audit_filter){.kind = "NAME.PATIENT"}, 1) > 0);
    assert_int_equal(check_filter(s, (struct audit_filter){.kind = "NAM"}, 0), n);
    assert_true(check_filter(s, (struct audit_filter){.id = "r-4500"}, 1) > 0);
    assert_true(check_filter(s, (struct audit_filter){.values = &value, .n_values = 1}, 1) < 6);
    assert_int_equal(check_filter(s, (struct audit_filter){.values = &none, .n_values = 1}, 0), n);
    assert_true(check_filter(s, (struct audit_filter){.from = "2026-10"}, 1) > 0);
    assert_true(check_filter(s, (struct audit_filter){.to = "2026-02"}, 1) > 0);
    assert_int_equal(check_filter(s, (struct audit_filter){.decision = "block", .type = "decision"}, 1), 0);
    assert_int_equal(check_filter(s, (struct audit_filter){.decision = "forward"}, 0), n);
    audit_hasher_free(w.hasher);
}

static void test_it_goes_on_where_it_ended(void **state) {
    struct scratch *s = *state;
    struct writer w = begin_writer();
    char segment[128];
    size_t n = 0;

    write_lines(&w, s->path, LINES);
    struct audit_index_result first = update(s, test_key), again = update(s, test_key);
    assert_int_equal(again.blocks, 0);
    assert_int_equal(again.old_blocks, first.blocks);
    /* The log goes on in a new file: what was left of the old one is a block, too. */
    beside(s, ".seg-00000000000000000001", segment);
    assert_int_equal(rename(s->path, segment), 0);
    write_lines(&w, s->path, LINES);
    assert_null(refused(s, test_key, &n));
    struct audit_index_result more = update(s, test_key);
    assert_false(more.anew);
    assert_int_equal(more.old_blocks, first.blocks);
    assert_true(more.blocks > first.blocks);
    assert_null(refused(s, test_key, &n));
    assert_int_equal(n, more.old_blocks + more.blocks);
    assert_true(check_filter(s, (struct audit_filter){.id = "r-4500"}, 1) > 0);
    audit_hasher_free(w.hasher);
}

static void test_a_changed_index_is_not_believed(void **state) {
    static const char *const changes[] = {
        "UPDATE block SET bloom=zeroblob(length(bloom)) WHERE n=1", "UPDATE block SET end='2020-01-01T00:00:00.000000Z' WHERE n=1",
        "UPDATE block SET last=last-1 WHERE n=1", "DELETE FROM block WHERE n=1", "UPDATE block SET offset=offset+1 WHERE n=0",
        "UPDATE block SET file=2", "UPDATE block SET mac=upper(mac) WHERE n=2", "UPDATE block SET prev='' WHERE n=0",
        "UPDATE block SET n=n+1 WHERE n=(SELECT max(n) FROM block)", "DELETE FROM block WHERE n=0",
        "UPDATE block SET bloom=x'' WHERE n=1", "DROP TABLE block"};
    struct scratch *s = *state;
    struct writer w = begin_writer();
    static const unsigned char other_key[32] = "another key";
    char name[128];
    size_t n = 0, len;

    write_lines(&w, s->path, LINES);
    update(s, test_key);
    beside(s, ".index", name);
    char *whole = read_whole(name, &len);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        write_whole(name, whole, len);
        execute(s, changes[i]);
        const char *reason = refused(s, test_key, NULL);
        if (!reason) fail_msg("believed after: %s", changes[i]);
        assert_string_not_equal(reason, "there is none");
    }
    /* Its last blocks may be missing: what is behind is read. */
    write_whole(name, whole, len);
    assert_null(refused(s, test_key, &n));
    execute(s, "DELETE FROM block WHERE n=(SELECT max(n) FROM block)");
    size_t fewer = 0;
    assert_null(refused(s, test_key, &fewer));
    assert_int_equal(fewer, n - 1);
    write_whole(name, whole, len);
    assert_non_null(refused(s, other_key, NULL));
    write_whole(name, whole, len / 2);
    assert_non_null(refused(s, test_key, NULL));
    write_whole(name, "hello\n", 6);
    assert_non_null(refused(s, test_key, NULL));
    unlink(name);
    assert_string_equal(refused(s, test_key, NULL), "there is none");
    /* Made anew over one that was changed. */
    write_whole(name, whole, len);
    execute(s, changes[0]);
    assert_true(update(s, test_key).anew);
    assert_null(refused(s, test_key, NULL));
    free(whole);
    audit_hasher_free(w.hasher);
}

static void test_an_index_of_another_log_is_not_believed(void **state) {
    struct scratch *s = *state;
    struct writer w = begin_writer(), other = begin_writer();
    size_t n = 0;

    write_lines(&w, s->path, LINES);
    update(s, test_key);
    /* The same log, shorter than its index. */
    assert_null(refused(s, test_key, &n));
    assert_int_equal(truncate(s->path, 1000000), 0);
    assert_string_equal(refused(s, test_key, NULL), "it does not fit the log");
    /* Another log under the same key. */
    unlink(s->path);
    memset(other.hash, '1', AUDIT_HEX_LEN);
    write_lines(&other, s->path, LINES);
    assert_string_equal(refused(s, test_key, NULL), "it does not fit the log");
    assert_true(update(s, test_key).anew);
    assert_null(refused(s, test_key, &n));
    assert_true(n >= 3);
    audit_hasher_free(w.hasher);
    audit_hasher_free(other.hasher);
}

static void test_blooms(void **state) {
    struct audit_terms t = {.n = 0};
    struct buf out;
    size_t wrong = 0;

    (void)state;
    buf_init(&out, 1u << 20);
    for (uint64_t i = 0; i < 10000; i++)
        audit_terms_add(&t, i * UINT64_C(0x9E3779B97F4A7C15));
    audit_terms_bloom(&t, &out);
    for (uint64_t i = 0; i < 10000; i++)
        assert_true(audit_bloom_has(buf_span(&out), i * UINT64_C(0x9E3779B97F4A7C15)));
    for (uint64_t i = 10000; i < 30000; i++)
        wrong += audit_bloom_has(buf_span(&out), i * UINT64_C(0x9E3779B97F4A7C15));
    assert_true(wrong < 200); /* one of a hundred */
    audit_terms_free(&t);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_record_is_hidden, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_it_goes_on_where_it_ended, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_index_is_not_believed, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_an_index_of_another_log_is_not_believed, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_blooms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
