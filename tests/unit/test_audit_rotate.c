/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation: the chain and the tree run through, and every instant at which a crash can hit leaves a log that continues.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_chain.h"
#include "../../proxy/audit_rotate.h"
#include "../../proxy/audit_set.h"
#include "../../proxy/audit_verify.h"
#include "../../proxy/audit_view.h"

static void open_chain(struct audit_chain *c, const struct scratch *s, uint64_t size) {
    struct audit_options o = options_for(s);
    char err[256] = "";

    o.rotate_size = size;
    if (audit_chain_open(c, &o, err, sizeof err) < 0) fail_msg("%s", err);
}

static void write_record(struct audit_chain *c, struct audit_record *r) {
    audit_rotate_if_due(c);
    assert_int_equal(audit_chain_add(c, r), 0);
    assert_int_equal(audit_chain_commit(c), 0);
    audit_chain_follow(c, r);
    audit_record_free(r);
}

static struct audit_check verify_all(const struct scratch *s, size_t *files) {
    const char *reason;
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_head head;
    struct audit_check c;
    struct span line;

    assert_non_null(set);
    assert_int_equal(audit_head_load(s->path, h, true, &head), 0);
    struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = true, .head = &head});
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    while (audit_lines_next(l, &line))
        if (audit_verifier_line(v, line) < 0) break;
    if (audit_verifier_end(v, &c) != 0) fail_msg("%s:%llu %s", audit_lines_file(l), (unsigned long long)audit_lines_number(l), c.reason);
    *files = audit_set_count(set);
    audit_lines_close(l);
    audit_verifier_free(v);
    audit_hasher_free(h);
    audit_set_free(set);
    return c;
}

static void a_large_file_is_continued(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c;
    size_t files;
    char id[32];

    open_chain(&c, s, 4096);
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "req-%d", i);
        write_record(&c, decision(id, "edit"));
        if (i > 0) write_record(&c, outcome(id));
    }
    audit_chain_close(&c);
    struct audit_check check = verify_all(s, &files);
    assert_true(files >= 8);
    assert_true(check.records >= 79 + files);
    assert_int_equal(check.first_seq, 1);
    assert_int_equal(check.unfinished, 0); /* req-0 was carried from file to file and closed at the end */
}

static void a_new_day_begins_a_new_file(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c;
    size_t files;

    open_chain(&c, s, 0);
    c.rotate_daily = true;
    write_record(&c, decision("a", "edit"));
    write_record(&c, outcome("a"));
    (void)verify_all(s, &files);
    assert_int_equal(files, 1);
    memcpy(c.file_day, "2001-01-01", 10);
    audit_rotate_if_due(&c);
    audit_rotate_if_due(&c); /* once */
    (void)verify_all(s, &files);
    assert_int_equal(files, 2);
    memcpy(c.file_day, "2999-01-01", 10); /* a clock that went back makes no files */
    audit_rotate_if_due(&c);
    (void)verify_all(s, &files);
    assert_int_equal(files, 2);
    audit_chain_close(&c);
}

static struct audit_chain in_flight(const struct scratch *s) {
    struct audit_chain c;

    open_chain(&c, s, 0);
    write_record(&c, decision("flying", "edit"));
    return c;
}

/* The process dies: descriptors go, nothing is written. */
static void die(struct audit_chain *c) {
    close(c->file.fd);
    c->file.fd = -1;
    c->stopped = true;
    audit_chain_close(c);
}

static void expect_closed_as_unknown(const struct scratch *s) {
    struct audit_chain c;
    size_t files;
    char next[128];

    open_chain(&c, s, 0);
    audit_chain_close(&c);
    (void)verify_all(s, &files);
    assert_int_equal(files, 1);
    size_t len;
    char *text = read_whole(s->path, &len);
    assert_non_null(strstr(text, "\"request_id\":\"flying\",\"result\":\"unknown\""));
    free(text);
    beside(s, ".next", next);
    assert_false(exists(next));
}

static void a_crash_before_the_exchange_is_undone(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c = in_flight(s);
    char next[128];

    die(&c);
    beside(s, ".next", next);
    write_whole(next, "{\"half\":", 8);
    expect_closed_as_unknown(s);
}

static void a_crash_amid_the_exchange_is_undone(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c = in_flight(s);
    char next[128], segment[128];

    die(&c);
    beside(s, ".next", next);
    beside(s, ".seg-00000000000000000001", segment);
    write_whole(next, "whatever\n", 9);
    assert_int_equal(rename(s->path, segment), 0);
    expect_closed_as_unknown(s);
}

static void a_segment_in_the_way_does_not_stop_the_log(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c;
    char segment[128];
    size_t files;

    open_chain(&c, s, 1);
    beside(s, ".seg-00000000000000000001", segment);
    write_whole(segment, "not a log\n", 10);
    write_record(&c, decision("a", "edit"));
    write_record(&c, outcome("a"));
    write_record(&c, decision("b", "edit"));
    assert_false(c.stopped);
    audit_chain_close(&c);
    (void)verify_all(s, &files);
    size_t len;
    char *text = read_whole(segment, &len);
    assert_string_equal(text, "not a log\n");
    free(text);
}

static void older_segments_may_go(void **state) {
    const struct scratch *s = *state;
    struct audit_chain c;
    char segment[128];
    size_t files, before;

    open_chain(&c, s, 2048);
    for (int i = 0; i < 20; i++)
        write_record(&c, decision("x", "block"));
    audit_chain_close(&c);
    (void)verify_all(s, &before);
    beside(s, ".seg-00000000000000000001", segment);
    assert_int_equal(unlink(segment), 0);
    struct audit_check check = verify_all(s, &files);
    assert_int_equal(files, before - 1);
    assert_true(check.first_seq > 1);
    open_chain(&c, s, 2048);
    audit_chain_close(&c);
    (void)verify_all(s, &files);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_large_file_is_continued, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_new_day_begins_a_new_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_crash_before_the_exchange_is_undone, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_crash_amid_the_exchange_is_undone, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_segment_in_the_way_does_not_stop_the_log, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(older_segments_may_go, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
