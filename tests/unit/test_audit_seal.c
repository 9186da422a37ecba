/* SPDX-License-Identifier: Apache-2.0
 *
 * Encryption at rest and erasure: the keys of the months, envelopes, a log that goes on through restarts.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_head.h"
#include "../../proxy/audit_keyring.h"
#include "../../proxy/audit_seal.h"
#include "../../proxy/audit_set.h"
#include "../../proxy/audit_verify.h"
#include "../../proxy/audit_view.h"

static const unsigned char master[32] = "fedcba9876543210fedcba987654321", other_master[32] = "another";

/* ---- the keys of the months ---- */

static struct audit_keyring *ring_of(const struct scratch *s, const unsigned char *key, bool create) {
    const char *reason = "";
    struct audit_keyring *k = audit_keyring_open(s->path, key, create, &reason);

    if (!k) fail_msg("%s", reason);
    return k;
}

static void test_a_month_has_a_key_until_it_is_destroyed(void **state) {
    const struct scratch *s = *state;
    struct audit_keyring *k = ring_of(s, master, true);
    struct span november = span_of("2026-11"), december = span_of("2026-12");
    unsigned char key[32];
    char name[128];
    size_t len;

    assert_null(audit_keyring_find(k, november));
    assert_int_equal(audit_keyring_make(k, november), 0);
    assert_int_equal(audit_keyring_make(k, december), 0);
    memcpy(key, audit_keyring_find(k, november), 32);
    assert_memory_not_equal(key, audit_keyring_find(k, december), 32);
    audit_keyring_free(k);
    k = ring_of(s, master, false);
    assert_memory_equal(audit_keyring_find(k, november), key, 32);
    /* The key itself is in no file. */
    beside(s, ".keys", name);
    char *text = read_whole(name, &len);
    assert_null(memmem(text, len, key, 32));
    free(text);
    assert_int_equal(audit_keyring_destroy(k, november), 0);
    assert_null(audit_keyring_find(k, november));
    assert_non_null(audit_keyring_find(k, december));
    assert_int_equal(audit_keyring_destroy(k, november), -1); /* once */
    assert_int_equal(audit_keyring_make(k, november), -1);    /* never again */
    audit_keyring_free(k);
    k = ring_of(s, master, false);
    assert_null(audit_keyring_find(k, november));
    assert_non_null(audit_keyring_find(k, december));
    audit_keyring_free(k);
}

/* A gateway that runs while the tool destroys a key does not bring it back. */
static void test_what_was_destroyed_by_another_stays_so(void **state) {
    const struct scratch *s = *state;
    struct audit_keyring *gateway = ring_of(s, master, true);

    assert_int_equal(audit_keyring_make(gateway, span_of("2020-01")), 0);
    struct audit_keyring *tool = ring_of(s, master, false);
    assert_int_equal(audit_keyring_destroy(tool, span_of("2020-01")), 0);
    assert_int_equal(audit_keyring_make(gateway, span_of("2020-02")), 0);
    assert_null(audit_keyring_find(gateway, span_of("2020-01")));
    audit_keyring_free(tool);
    tool = ring_of(s, master, false);
    assert_null(audit_keyring_find(tool, span_of("2020-01")));
    assert_non_null(audit_keyring_find(tool, span_of("2020-02")));
    audit_keyring_free(tool);
    audit_keyring_free(gateway);
}

static void test_a_damaged_file_of_keys_is_refused(void **state) {
    const struct scratch *s = *state;
    struct audit_keyring *k = ring_of(s, master, true);
    const char *reason = "";
    char name[128];
    size_t len;

    assert_null(audit_keyring_open("/nowhere/x", master, false, &reason));
    assert_int_equal(audit_keyring_make(k, span_of("2026-11")), 0);
    audit_keyring_free(k);
    assert_null(audit_keyring_open(s->path, other_master, false, &reason));
    assert_non_null(strstr(reason, "another encryption key"));
    beside(s, ".keys", name);
    char *text = read_whole(name, &len);
    for (size_t i = 0; i < len; i++) {
        text[i] ^= 1;
        write_whole(name, text, len);
        assert_null(audit_keyring_open(s->path, master, true, &reason));
        text[i] ^= 1;
        write_whole(name, text, i);
        k = audit_keyring_open(s->path, master, true, &reason);
        /* The first line alone is a file without a month. */
        assert_true(!k || i == strlen("phigate-audit-keys 1\n"));
        audit_keyring_free(k);
    }
    free(text);
    k = audit_keyring_open(s->path, master, true, &reason);
    audit_keyring_free(k);
    const char *const bad[] = {"26-11", "2026-1a", "2026-111", ""};
    unlink(name);
    k = ring_of(s, master, true);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(audit_keyring_make(k, span_of(bad[i])), -1);
    audit_keyring_free(k);
}

/* ---- envelopes ---- */

static const char line_text[] =
    "{\"boot\":\"7d1c3f80-0000-4000-8000-000000000001\",\"event\":\"start\",\"id\":\"0192d3c1-7a00-7000-8000-000000000001\",\"mac\":"
    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"mono\":1,\"node\":\"n\",\"prev\":"
    "\"1111111111111111111111111111111111111111111111111111111111111111\",\"seq\":7,\"ts\":\"2026-11-05T00:00:00.000000Z\",\"type\":\"lifecycle\",\"v\":1}";

static void test_an_envelope_opens_only_as_it_was_made(void **state) {
    const struct scratch *s = *state;
    struct audit_keyring *k = ring_of(s, master, true);
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_sealer *sealer = audit_sealer_new(k, h);
    struct audit_sealed e;
    const char *reason;
    struct buf out, plain, again;

    buf_init(&out, AUDIT_LINE_MAX);
    buf_init(&again, AUDIT_LINE_MAX);
    buf_init(&plain, AUDIT_RECORD_MAX);
    assert_int_equal(audit_seal(sealer, span_of(line_text), &out), 0);
    assert_int_equal(audit_seal(sealer, span_of(line_text), &again), 0);
    assert_false(span_equal(buf_span(&out), buf_span(&again))); /* another nonce */
    assert_true(audit_sealed_is(buf_span(&out)));
    assert_null(memmem(out.ptr, out.len, "lifecycle", 9));
    assert_int_equal(audit_sealed_read(buf_span(&out), &e, &reason), 0);
    assert_int_equal(e.seq, 7);
    assert_int_equal(audit_sealed_mac_holds(&e, buf_span(&out), h), 0);
    assert_int_equal(audit_unseal(sealer, &e, &plain), 0);
    assert_true(span_is(buf_span(&plain), line_text));
    assert_int_equal(audit_unseal(NULL, &e, &plain), 1);
    size_t unread = 0;
    for (size_t i = 0; i < out.len; i++) {
        out.ptr[i] ^= 1;
        bool held = audit_sealed_read(buf_span(&out), &e, &reason) == 0 && audit_sealed_mac_holds(&e, buf_span(&out), h) == 0;
        if (held) fail_msg("byte %zu", i);
        unread += audit_sealed_read(buf_span(&out), &e, &reason) < 0 || audit_unseal(sealer, &e, &plain) != 0;
        out.ptr[i] ^= 1;
        assert_int_equal(audit_sealed_read(span_sub(buf_span(&out), 0, i), &e, &reason), -1);
    }
    /* Without the audit key only a changed code stays unseen: it is the only member that the box is not bound to. */
    assert_true(out.len - unread <= AUDIT_HEX_LEN);
    audit_sealer_free(sealer);
    audit_keyring_free(k);
    audit_hasher_free(h);
    buf_free(&out);
    buf_free(&again);
    buf_free(&plain);
}

static void test_what_is_erased_keeps_its_place(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_tree_hasher *tree = audit_tree_hasher_new();
    unsigned char leaf[AUDIT_NODE_LEN], stub_leaf[AUDIT_NODE_LEN];
    char hash[AUDIT_HEX_LEN + 1], stub_hash[AUDIT_HEX_LEN + 1];
    struct audit_sealed e;
    const char *reason;
    struct buf out, twice;

    (void)state;
    buf_init(&out, AUDIT_LINE_MAX);
    buf_init(&twice, AUDIT_LINE_MAX);
    assert_int_equal(audit_erase_line(span_of(line_text), "2033-01-15", h, tree, &out), 0);
    assert_int_equal(audit_sealed_read(buf_span(&out), &e, &reason), 0);
    assert_true(span_is(e.erased, "2033-01-15") && e.box.len == 0 && e.seq == 7);
    assert_int_equal(audit_sealed_mac_holds(&e, buf_span(&out), h), 0);
    assert_null(memmem(out.ptr, out.len, "lifecycle", 9));
    assert_int_equal(audit_any_leaf(tree, span_of(line_text), leaf), 0);
    assert_int_equal(audit_any_leaf(tree, buf_span(&out), stub_leaf), 0);
    assert_memory_equal(leaf, stub_leaf, sizeof leaf);
    assert_int_equal(audit_any_hash(h, span_of(line_text), hash), 0);
    assert_int_equal(audit_any_hash(h, buf_span(&out), stub_hash), 0);
    assert_string_equal(hash, stub_hash);
    assert_true(span_equal(audit_any_prev(span_of(line_text)), audit_any_prev(buf_span(&out))));
    assert_int_equal(audit_erase_line(buf_span(&out), "2034-01-15", h, tree, &twice), 0);
    assert_true(span_equal(buf_span(&out), buf_span(&twice)));
    assert_int_equal(audit_erase_line(span_of("hello"), "2034-01-15", h, tree, &twice), -1);
    buf_free(&out);
    buf_free(&twice);
    audit_tree_hasher_free(tree);
    audit_hasher_free(h);
}

/* ---- a log ---- */

static struct audit *open_with(const struct scratch *s, const unsigned char *key, char *err, size_t size) {
    struct audit_options o = options_for(s);

    o.encryption_key = key;
    o.rotate_size = 65536;
    return audit_open(&o, err, size);
}

static struct audit_check verify_with(const struct scratch *s, const unsigned char *key) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_keyring *k = key ? ring_of(s, key, false) : NULL;
    struct audit_sealer *sealer = k ? audit_sealer_new(k, h) : NULL;
    struct audit_head head;
    struct audit_check c;
    struct span line;
    const char *reason;

    assert_int_equal(audit_head_load(s->path, h, true, &head), 0);
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = true, .head = &head, .sealer = sealer});
    audit_lines_raw(l);
    while (audit_lines_next(l, &line))
        if (audit_verifier_line(v, line) < 0) break;
    (void)!audit_verifier_end(v, &c);
    audit_verifier_free(v);
    audit_lines_close(l);
    audit_set_free(set);
    audit_sealer_free(sealer);
    audit_keyring_free(k);
    audit_hasher_free(h);
    return c;
}

static void fill(const struct scratch *s, const unsigned char *key, int n) {
    char err[256] = "";
    struct audit *a = open_with(s, key, err, sizeof err);

    if (!a) fail_msg("%s", err);
    for (int i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "secret-%d", i);
        assert_true(write_and_wait(a, decision(id, "edit"), NULL));
        if (i % 2) assert_true(write_and_wait(a, outcome(id), NULL));
    }
    audit_close(a);
}

static void test_an_encrypted_log_goes_on_through_restarts(void **state) {
    const struct scratch *s = *state;
    char err[256] = "";
    size_t len;

    fill(s, NULL, 5); /* plain at first */
    fill(s, master, 80);
    fill(s, master, 80);
    char *text = read_whole(s->path, &len);
    assert_null(memmem(text, len, "secret-", 7));
    free(text);
    struct audit_check c = verify_with(s, master);
    if (c.bad_line) fail_msg("%s", c.reason);
    assert_int_equal(c.sealed, 0);
    assert_int_equal(c.unfinished, 0); /* closed at each stop */
    assert_int_equal(c.first_seq, 1);
    uint64_t records = c.records;
    c = verify_with(s, NULL);
    assert_int_equal(c.bad_line, 0);
    assert_int_equal(c.records, records);
    assert_true(c.sealed > records / 2);
    assert_null(open_with(s, NULL, err, sizeof err));
    assert_non_null(strstr(err, "encrypted"));
    assert_null(open_with(s, other_master, err, sizeof err));
    assert_non_null(strstr(err, "another encryption key"));
    /* Its keys are lost: it does not go on as if nothing were. */
    char keys[128], away[160];
    beside(s, ".keys", keys);
    snprintf(away, sizeof away, "%s.away", keys);
    assert_int_equal(rename(keys, away), 0);
    assert_null(open_with(s, master, err, sizeof err));
    assert_non_null(strstr(err, "the key of its last month is not there"));
    assert_int_equal(rename(away, keys), 0);
    fill(s, master, 1);
    assert_int_equal(verify_with(s, master).bad_line, 0);
}

/* A run that ended without a stop: what was open is closed, a torn end is moved aside. */
static void test_an_encrypted_log_after_a_crash(void **state) {
    const struct scratch *s = *state;
    char err[256] = "", name[128];
    size_t len, head_len;

    struct audit *a = open_with(s, master, err, sizeof err);
    assert_non_null(a);
    for (int i = 0; i < 5; i++) {
        char id[32];
        snprintf(id, sizeof id, "secret-%d", i);
        assert_true(write_and_wait(a, decision(id, "edit"), NULL));
    }
    char *bytes = read_whole(s->path, &len);
    beside(s, ".head", name);
    char *head = read_whole(name, &head_len);
    audit_close(a);
    char *torn = malloc(len + 32);
    memcpy(torn, bytes, len);
    memcpy(torn + len, "{\"box\":\"AAAA", 12);
    write_whole(s->path, torn, len + 12);
    write_whole(name, head, head_len);
    free(torn);
    free(bytes);
    free(head);
    a = open_with(s, master, err, sizeof err);
    if (!a) fail_msg("%s", err);
    audit_close(a);
    struct audit_check c = verify_with(s, master);
    if (c.bad_line) fail_msg("%s", c.reason);
    assert_int_equal(c.unfinished, 0);
    assert_int_equal(c.sealed, 0);
}

/* Readers get the records, and say how many they could not get. */
static void test_readers_open_what_they_can(void **state) {
    const struct scratch *s = *state;
    struct audit_hasher *h = audit_hasher_new(NULL);
    const char *reason;
    struct span line;
    size_t n = 0, decisions = 0;

    fill(s, master, 40);
    struct audit_keyring *k = ring_of(s, master, false);
    struct audit_sealer *sealer = audit_sealer_new(k, h);
    struct audit_set *set = audit_set_find(s->path, &reason);
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    while (audit_lines_next(l, &line))
        n++;
    assert_int_equal(n, 0);
    assert_true(audit_lines_sealed(l) > 60 && audit_lines_erased(l) == 0);
    uint64_t all = audit_lines_sealed(l);
    audit_lines_close(l);
    audit_set_open_with(set, sealer);
    l = audit_lines_open(set, 0, 0);
    while (audit_lines_next(l, &line)) {
        n++;
        assert_int_equal(audit_view_seq(line), n);
        decisions += span_is(audit_view_text(line, "type"), "decision");
    }
    assert_int_equal(n, all);
    assert_int_equal(decisions, 40);
    assert_int_equal(audit_lines_sealed(l), 0);
    audit_lines_close(l);
    struct span month = span_make(NULL, 0);
    l = audit_lines_open(set, 0, 0);
    assert_true(audit_lines_next(l, &line));
    char name[AUDIT_EPOCH_LEN];
    memcpy(name, audit_view_time(line).ptr, sizeof name);
    month = span_make(name, sizeof name);
    audit_lines_close(l);
    assert_int_equal(audit_keyring_destroy(k, month), 0);
    l = audit_lines_open(set, 0, 0);
    assert_false(audit_lines_next(l, &line));
    assert_int_equal(audit_lines_erased(l), all);
    audit_lines_close(l);
    struct audit_check c = verify_with(s, master);
    assert_int_equal(c.bad_line, 0);
    assert_int_equal(c.sealed, all);
    audit_set_free(set);
    audit_sealer_free(sealer);
    audit_keyring_free(k);
    audit_hasher_free(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_month_has_a_key_until_it_is_destroyed),
        TEST(test_what_was_destroyed_by_another_stays_so),
        TEST(test_a_damaged_file_of_keys_is_refused),
        TEST(test_an_envelope_opens_only_as_it_was_made),
        TEST(test_what_is_erased_keeps_its_place),
        TEST(test_an_encrypted_log_goes_on_through_restarts),
        TEST(test_an_encrypted_log_after_a_crash),
        TEST(test_readers_open_what_they_can),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
