/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints and the files beside the log: whatever happens to them, records are written, and no two trees are signed of
 * which one does not continue the other.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_note.h"
#include "../../proxy/audit_set.h"
#include "../../proxy/audit_verify.h"

static struct audit_note_key signing_key;

static int make_key(void **state) {
    (void)state;
    return audit_note_key_new(&signing_key, AUDIT_KEY_LOG, "clinic.example/audit");
}

static struct audit *open_signed(const struct scratch *s, const struct audit_note_key *k) {
    struct audit_options o = options_for(s);
    char err[256] = "";

    o.signing_key = k;
    o.checkpoint_every = 5;
    struct audit *a = audit_open(&o, err, sizeof err);
    if (!a) fail_msg("%s", err);
    return a;
}

static void run(const struct scratch *s, const struct audit_note_key *k, int n) {
    struct audit *a = open_signed(s, k);
    char id[32];

    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof id, "r%d", i);
        assert_true(write_and_wait(a, decision(id, "block"), NULL));
    }
    audit_close(a);
}

static struct audit_check verify(const struct scratch *s, int expected) {
    const char *reason;
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = true, .log_key = &signing_key});
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    struct audit_check c;
    struct span line;

    while (audit_lines_next(l, &line))
        if (audit_verifier_line(v, line) < 0) break;
    assert_int_equal(audit_verifier_end(v, &c), expected);
    audit_lines_close(l);
    audit_verifier_free(v);
    audit_hasher_free(h);
    audit_set_free(set);
    return c;
}

static struct audit_checkpoint side_file(const struct scratch *s) {
    char name[128];
    struct audit_checkpoint c;
    struct span body;
    uint64_t time;
    size_t len;

    beside(s, ".checkpoint", name);
    char *text = read_whole(name, &len);
    assert_int_equal(audit_checkpoint_read(span_make(text, len), &c, &body), 0);
    assert_true(audit_note_signed(span_make(text, len), &signing_key, &time));
    free(text);
    return c;
}

static bool says(const struct scratch *s, const char *what) {
    size_t len;
    char *text = read_whole(s->path, &len);
    bool yes = strstr(text, what) != NULL;

    free(text);
    return yes;
}

static void runs_sign_one_tree(void **state) {
    const struct scratch *s = *state;

    for (int i = 0; i < 4; i++)
        run(s, &signing_key, 12);
    struct audit_check c = verify(s, 0);
    assert_true(c.checkpoints >= 8);
    assert_int_equal(side_file(s).size, c.last_seq);
    assert_false(says(s, "not_signed"));
}

static void damage(const struct scratch *s, const char *suffix, const char *bytes, size_t len) {
    char name[128];

    beside(s, suffix, name);
    if (bytes) write_whole(name, bytes, len);
    else unlink(name);
}

static void a_lost_or_damaged_tree_is_made_anew(void **state) {
    const struct scratch *s = *state;
    size_t len;
    char name[128];

    run(s, &signing_key, 12);
    beside(s, ".tree", name);
    char *whole = read_whole(name, &len);
    run(s, &signing_key, 12);
    damage(s, ".tree", NULL, 0);
    run(s, &signing_key, 3);
    damage(s, ".tree", "", 0);
    run(s, &signing_key, 3);
    damage(s, ".tree", whole, len); /* an old one of its own */
    run(s, &signing_key, 3);
    for (size_t i = 0; i < len; i += 7) {
        whole[i] ^= 1;
        damage(s, ".tree", whole, len);
        run(s, &signing_key, 1);
        whole[i] ^= 1;
    }
    free(whole);
    struct audit_check c = verify(s, 0);
    assert_int_equal(side_file(s).size, c.last_seq);
    assert_false(says(s, "not_signed"));
}

static void another_history_is_not_signed(void **state) {
    const struct scratch *s = *state;
    struct audit_checkpoint other = {.origin = "clinic.example/audit", .size = 3};
    unsigned char signature[64];
    char name[128];
    struct buf b;

    run(s, &signing_key, 12);
    buf_init(&b, AUDIT_NOTE_MAX);
    assert_int_equal(audit_checkpoint_sign(&other, &signing_key, &b, signature), 0);
    beside(s, ".checkpoint", name);
    write_whole(name, b.ptr, b.len);
    damage(s, ".tree", NULL, 0); /* so that the tree passes size 3 again */
    run(s, &signing_key, 12);
    assert_true(says(s, "\"event\":\"not_signed\""));
    assert_int_equal(side_file(s).size, 3);
    (void)verify(s, 0);
    /* A checkpoint of more records than there are: the log was put back from a backup. */
    other.size = 1000;
    buf_clear(&b);
    assert_int_equal(audit_checkpoint_sign(&other, &signing_key, &b, signature), 0);
    write_whole(name, b.ptr, b.len);
    run(s, &signing_key, 12);
    assert_true(says(s, "shorter than its last checkpoint"));
    assert_int_equal(side_file(s).size, 1000);
    buf_free(&b);
}

static void a_log_without_its_beginning_is_not_signed(void **state) {
    const struct scratch *s = *state;
    char gone[128];

    run(s, NULL, 5); /* without a key no checkpoint */
    damage(s, ".checkpoint", NULL, 0);
    beside(s, ".gone", gone);
    assert_int_equal(rename(s->path, gone), 0);
    run(s, &signing_key, 12); /* continues behind the head */
    assert_true(says(s, "earlier records are not there"));
    char name[128];
    beside(s, ".checkpoint", name);
    assert_false(exists(name));
}

static void signing_may_begin_later_and_keys_may_change(void **state) {
    const struct scratch *s = *state;
    struct audit_note_key next;

    run(s, NULL, 9);
    run(s, &signing_key, 12);
    assert_int_equal(audit_note_key_new(&next, AUDIT_KEY_LOG, "clinic.example/audit-2"), 0);
    run(s, &next, 12);
    run(s, &signing_key, 12);
    struct audit_check c = verify(s, 0);
    assert_true(c.checkpoints >= 4 && c.other_checkpoints >= 2);
}

static void a_checkpoint_that_cannot_be_written_stops_nothing(void **state) {
    const struct scratch *s = *state;
    char name[128];

    beside(s, ".checkpoint", name);
    assert_int_equal(mkdir(name, 0700), 0);
    run(s, &signing_key, 30);
    (void)verify(s, 0);
    assert_int_equal(rmdir(name), 0);
    run(s, &signing_key, 30);
    struct audit_check c = verify(s, 0);
    assert_true(c.checkpoints >= 4);
    assert_int_equal(side_file(s).size, c.last_seq);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_sign_one_tree, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_lost_or_damaged_tree_is_made_anew, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(another_history_is_not_signed, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_log_without_its_beginning_is_not_signed, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(signing_may_begin_later_and_keys_may_change, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_that_cannot_be_written_stops_nothing, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, make_key, NULL);
}
