/* SPDX-License-Identifier: Apache-2.0
 *
 * Every change of a log is found, and the record it is in is named.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_record.h"
#include "../../proxy/audit_verify.h"
#include "../../proxy/buf.h"

enum { RECORDS = 1000, SAMPLES = 800 };

struct text {
    char *bytes;
    size_t len;
    size_t *begin; /* of each line; begin[n] is len */
    size_t n;
};

/* A closed log of n records. */
static struct text make_log(const struct scratch *s, size_t n) {
    struct text t;
    struct waiter *w = calloc(n, sizeof *w);
    struct audit *a = open_log(s);

    for (size_t i = 0; i + 2 < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "req-%zu", i / 2);
        w[i].ticket = (struct audit_ticket){.record = i % 2 ? outcome(id) : decision(id, "edit"),
                                            .done = waiter_done};
        sem_init(&w[i].told, 0, 0);
        assert_int_equal(audit_submit(a, &w[i].ticket), 0);
    }
    audit_close(a);
    free(w);
    t.bytes = read_whole(s->path, &t.len);
    t.begin = calloc(n + 1, sizeof *t.begin);
    t.n = 0;
    for (size_t i = 0; i < t.len; i++)
        if (t.bytes[i] == '\n') t.begin[++t.n] = i + 1;
    assert_int_equal(t.n, n);
    return t;
}

static void free_log(struct text *t) {
    free(t->bytes);
    free(t->begin);
}

static void expect_bad(const struct scratch *s, uint64_t line, const char *what) {
    struct audit_check c;
    int rc = audit_verify(s->path, test_key, &c);

    if (rc != 1) fail_msg("%s in line %llu: not found", what, (unsigned long long)line);
    assert_non_null(c.reason);
    if (c.bad_line != line)
        fail_msg("%s in line %llu: named %llu (%s)", what, (unsigned long long)line, (unsigned long long)c.bad_line,
                 c.reason);
}

static size_t line_of(const struct text *t, size_t offset) {
    size_t low = 0, high = t->n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (t->begin[middle] <= offset) low = middle;
        else high = middle;
    }
    return low + 1;
}

static void flip(const struct scratch *s, const struct text *t, size_t offset, char with) {
    int fd = open(s->path, O_WRONLY);
    char byte = (char)(t->bytes[offset] ^ with);

    assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
    expect_bad(s, line_of(t, offset), "flip");
    assert_int_equal(pwrite(fd, t->bytes + offset, 1, (off_t)offset), 1);
    close(fd);
}

static void every_flip_in_a_small_log_is_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 12);
    struct audit_check c;

    for (size_t i = 0; i < t.len; i++) {
        flip(s, &t, i, 0x01);
        flip(s, &t, i, 0x20);
        flip(s, &t, i, (char)0x80);
        if (t.bytes[i] != '\n') flip(s, &t, i, (char)(t.bytes[i] ^ '\n'));
    }
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    free_log(&t);
}

static void flips_in_a_large_log_are_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, RECORDS);
    size_t step = t.len / SAMPLES;

    for (size_t i = 0; i < t.len; i += step)
        flip(s, &t, i, (char)(1 << i % 8));
    for (size_t i = t.len - 40; i < t.len; i++)
        flip(s, &t, i, 0x04);
    free_log(&t);
}

/* The log without [cut, to), with `with` in its place. */
static void replace(const struct scratch *s, const struct text *t, size_t cut, size_t to, struct span with) {
    int fd = open(s->path, O_WRONLY | O_TRUNC);

    assert_int_equal(write(fd, t->bytes, cut), (ssize_t)cut);
    assert_int_equal(write(fd, with.ptr, with.len), (ssize_t)with.len);
    assert_int_equal(write(fd, t->bytes + to, t->len - to), (ssize_t)(t->len - to));
    close(fd);
}

static void lines_dropped_doubled_or_swapped_are_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, RECORDS);
    struct span none = {"", 0};

    for (size_t i = 0; i < RECORDS; i += i < 10 || i > RECORDS - 10 ? 1 : 37) {
        size_t begin = t.begin[i], end = t.begin[i + 1];
        replace(s, &t, begin, end, none);
        expect_bad(s, i + 1, "drop");
        replace(s, &t, end, end, span_make(t.bytes + begin, end - begin));
        expect_bad(s, i + 2, "double");
        if (i + 2 > RECORDS) continue;
        size_t last = t.begin[i + 2];
        char *swapped = malloc(last - begin);
        memcpy(swapped, t.bytes + end, last - end);
        memcpy(swapped + (last - end), t.bytes + begin, end - begin);
        replace(s, &t, begin, last, span_make(swapped, last - begin));
        expect_bad(s, i + 1, "swap");
        free(swapped);
        replace(s, &t, 0, end, none); /* all before it as well */
        if (i + 1 < RECORDS) expect_bad(s, 1, "cut at the front");
    }
    free_log(&t);
}

static void every_truncation_is_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 12);
    struct audit_check c;
    char name[128];

    for (size_t n = 0; n < t.len; n++) {
        assert_int_equal(truncate(s->path, 0), 0);
        replace(s, &t, n, t.len, span_make("", 0));
        expect_bad(s, line_of(&t, n), "truncation");
    }
    /* Without the head file only a cut inside a record shows. */
    beside(s, ".head", name);
    unlink(name);
    for (size_t n = t.begin[11] + 1; n < t.len; n++) {
        replace(s, &t, n, t.len, span_make("", 0));
        assert_int_equal(audit_verify(s->path, test_key, &c), 0);
        assert_true(c.torn_tail);
        assert_false(c.head_checked);
    }
    free_log(&t);
}

static void appended_bytes_are_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 12);
    struct audit_check c;
    static char large[3 * AUDIT_RECORD_MAX];

    replace(s, &t, t.len, t.len, span_of("{}\n"));
    expect_bad(s, 13, "append");
    replace(s, &t, t.len, t.len, span_of("\n"));
    expect_bad(s, 13, "append");
    replace(s, &t, t.len, t.len, span_make(t.bytes, t.len));
    expect_bad(s, 13, "append");
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\n';
    replace(s, &t, t.len, t.len, span_make(large, sizeof large));
    expect_bad(s, 13, "append");
    replace(s, &t, t.len, t.len, span_make(large, sizeof large - 1));
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    assert_true(c.torn_tail);
    replace(s, &t, t.len, t.len, span_of("x"));
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    assert_true(c.torn_tail);
    free_log(&t);
}

/* Someone without the key changes a record and makes the chain of hashes fit again. */
static void a_chain_made_anew_without_the_key_is_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 12);
    struct audit_hasher *h = audit_hasher_new(NULL);
    struct audit_check c;
    char hash[AUDIT_HEX_LEN + 1], name[128];

    char *at = strstr(t.bytes + t.begin[4], "\"bytes_in\":2048");
    assert_true(at > t.bytes && at < t.bytes + t.begin[5 + 1]);
    at[11] = '1';
    size_t changed = line_of(&t, (size_t)(at - t.bytes));
    for (size_t i = changed; i < t.n; i++) {
        assert_int_equal(audit_hasher_sha256(h, span_make(t.bytes + t.begin[i - 1], t.begin[i] - 1 - t.begin[i - 1]),
                                             hash), 0);
        char *prev = strstr(t.bytes + t.begin[i], "\"prev\":\"");
        memcpy(prev + 8, hash, AUDIT_HEX_LEN);
    }
    write_whole(s->path, t.bytes, t.len);
    expect_bad(s, changed, "change");
    /* The head names the old last record: seen without the key as well, unless the head is removed. */
    assert_int_equal(audit_verify(s->path, NULL, &c), 1);
    beside(s, ".head", name);
    unlink(name);
    expect_bad(s, changed, "change");
    assert_int_equal(audit_verify(s->path, NULL, &c), 0);
    audit_hasher_free(h);
    free_log(&t);
}

static void a_changed_head_is_found(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 6);
    struct audit_check c;
    char name[128];
    size_t len;

    beside(s, ".head", name);
    char *head = read_whole(name, &len);
    for (size_t i = 0; i < len; i++) {
        head[i] ^= 1;
        write_whole(name, head, len);
        assert_int_equal(audit_verify(s->path, test_key, &c), 1);
        head[i] ^= 1;
    }
    for (size_t n = 1; n < len; n++) {
        write_whole(name, head, n);
        assert_int_equal(audit_verify(s->path, test_key, &c), 1);
    }
    write_whole(name, head, len);
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    free(head);
    free_log(&t);
}

/* However the bytes are cut into pieces. */
static void pieces_of_any_size_give_the_same(void **state) {
    struct scratch *s = *state;
    struct text t = make_log(s, 40);
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_check whole;

    assert_int_equal(audit_verify(s->path, test_key, &whole), 0);
    for (size_t size = 1; size < 1500; size = size * 2 + 1) {
        struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = true});
        struct audit_check c;
        for (size_t at = 0; at < t.len; at += size)
            assert_int_equal(
                audit_verifier_feed(v, span_make(t.bytes + at, t.len - at < size ? t.len - at : size)), 0);
        assert_int_equal(audit_verifier_end(v, &c), 0);
        assert_int_equal(c.records, whole.records);
        assert_int_equal(c.unfinished, whole.unfinished);
        assert_int_equal(audit_verifier_good_end(v), t.len);
        audit_verifier_free(v);
    }
    audit_hasher_free(h);
    free_log(&t);
}

/* ---- lines that are signed with the key and yet do not follow from each other ---- */

struct forged {
    const char *type, *request_id;
    uint64_t seq, mono;
    const char *prev; /* NULL: the right one */
    const char *boot;
};

static const char boot_a[] = "00000000-0000-4000-8000-00000000000a", boot_b[] = "00000000-0000-4000-8000-00000000000b";
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const char ones[] = "1111111111111111111111111111111111111111111111111111111111111111";

/* Line of the first bad one, 0: verified. */
static uint64_t verify_forged(const struct forged *v, size_t n, uint64_t *unfinished) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_verifier *verifier =
        audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = true});
    char prev[AUDIT_HEX_LEN + 1];
    struct audit_check c;

    memcpy(prev, zeros, sizeof prev);
    for (size_t i = 0; i < n; i++) {
        struct audit_record *r = audit_record_new(v[i].type);
        struct buf out;
        struct audit_stamp s = {.seq = v[i].seq, .mono = v[i].mono, .boot = v[i].boot, .node = "gw",
                                .id = "00000000-0000-7000-8000-000000000002", .prev = v[i].prev ? v[i].prev : prev,
                                .ts = "2026-01-31T23:59:59.000001Z"};
        buf_init(&out, AUDIT_RECORD_MAX + 1);
        audit_add_text(r, "request_id", v[i].request_id);
        if (strcmp(v[i].type, "decision") == 0) audit_add_text(r, "decision", "edit");
        assert_int_equal(audit_record_write(r, &s, h, &out), 0);
        assert_int_equal(audit_hasher_sha256(h, buf_span(&out), prev), 0);
        buf_add_char(&out, '\n');
        (void)!audit_verifier_feed(verifier, buf_span(&out));
        buf_free(&out);
        audit_record_free(r);
    }
    (void)!audit_verifier_end(verifier, &c);
    if (unfinished) *unfinished = c.unfinished;
    audit_verifier_free(verifier);
    audit_hasher_free(h);
    return c.bad_line;
}

static void each_rule_holds_by_itself(void **state) {
    static const struct {
        struct forged v[3];
        size_t n;
        uint64_t bad;
    } cases[] = {
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 2, 5, NULL, boot_a}}, 2, 0},
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 3, 6, NULL, boot_a}}, 2, 2}, /* gap */
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 1, 6, NULL, boot_a}}, 2, 2}, /* doubled */
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 2, 6, ones, boot_a}}, 2, 2}, /* other prev */
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 2, 4, NULL, boot_a}}, 2, 2}, /* clock */
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"block", NULL, 2, 4, NULL, boot_b}}, 2, 0}, /* another boot */
        {{{"lifecycle", NULL, 1, 5, NULL, boot_a}, {"lifecycle", NULL, 2, 4, NULL, boot_a}}, 2, 0}, /* another run */
        {{{"lifecycle", NULL, 2, 5, NULL, boot_a}}, 1, 1},  /* the first is missing */
        {{{"lifecycle", NULL, 1, 5, ones, boot_a}}, 1, 1},  /* something was before it */
        {{{"segment", NULL, 9, 5, ones, boot_a}}, 1, 0},    /* continues another file */
        {{{"segment", NULL, 9, 5, ones, boot_a}, {"block", NULL, 10, 5, ones, boot_a}}, 2, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t bad = verify_forged(cases[i].v, cases[i].n, NULL);
        if (bad != cases[i].bad) fail_msg("case %zu: line %llu", i, (unsigned long long)bad);
    }
}

static void open_requests_are_counted(void **state) {
    static const struct forged v[] = {
        {"lifecycle", NULL, 1, 1, NULL, boot_a}, {"decision", "a", 2, 1, NULL, boot_a},
        {"decision", "b", 3, 1, NULL, boot_a},   {"outcome", "a", 4, 1, NULL, boot_a},
        {"open", "c", 5, 1, NULL, boot_a},       {"outcome", "never-decided", 6, 1, NULL, boot_a},
        {"block", "d", 7, 1, NULL, boot_a},      {"decision", "b", 8, 1, NULL, boot_a},
    };
    uint64_t unfinished = 0;

    (void)state;
    assert_int_equal(verify_forged(v, sizeof v / sizeof *v, &unfinished), 0);
    assert_int_equal(unfinished, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_flip_in_a_small_log_is_found),
        TEST(flips_in_a_large_log_are_found),
        TEST(lines_dropped_doubled_or_swapped_are_found),
        TEST(every_truncation_is_found),
        TEST(appended_bytes_are_found),
        TEST(a_chain_made_anew_without_the_key_is_found),
        TEST(a_changed_head_is_found),
        TEST(pieces_of_any_size_give_the_same),
        cmocka_unit_test(each_rule_holds_by_itself),
        cmocka_unit_test(open_requests_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
