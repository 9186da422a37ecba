/* SPDX-License-Identifier: Apache-2.0
 *
 * What a start finds after a stop, a crash, or after somebody changed the log: closed, sealed, or refused.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_head.h"

/* ---- restart ---- */

/* The log and its head as they stand now, in the place of the log: what a crash would have left. */
static void crash_here(const struct scratch *s, struct audit *a) {
    char head[128];
    size_t log_len, head_len;

    beside(s, ".head", head);
    char *log_bytes = read_whole(s->path, &log_len), *head_bytes = read_whole(head, &head_len);
    audit_close(a);
    write_whole(s->path, log_bytes, log_len);
    write_whole(head, head_bytes, head_len);
    free(log_bytes);
    free(head_bytes);
}

static void open_requests_are_closed_as_unknown(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, decision("open-1", "forward"), NULL));
    assert_true(write_and_wait(a, decision("open-2", "edit"), NULL));
    assert_true(write_and_wait(a, decision("refused", "block"), NULL));
    assert_true(write_and_wait(a, decision("closed", "forward"), NULL));
    assert_true(write_and_wait(a, outcome("closed"), NULL));
    crash_here(s, a);
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 2);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 0);
    assert_int_equal(c.records, 6 + 2 + 2);
    assert_true(log_has(s, "\"reason\":\"gateway_restarted\",\"request_id\":\"open-1\",\"result\":\"unknown\""));
    audit_close(open_log(s)); /* only once */
    verify_good(s, &c);
    assert_int_equal(c.records, 12);
}

static void a_stop_closes_open_requests(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, decision("open-1", "forward"), NULL));
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 0);
    assert_int_equal(c.records, 4);
    assert_true(log_has(s, "\"reason\":\"gateway_stopped\",\"request_id\":\"open-1\",\"result\":\"unknown\""));
}

/* The file with the decision is gone; the one that follows knows that it is open. */
static void open_requests_are_carried_into_a_new_file(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, decision("carried", "forward"), NULL));
    assert_true(write_and_wait(a, decision("closed", "forward"), NULL));
    assert_true(write_and_wait(a, outcome("closed"), NULL));
    assert_int_equal(unlink(s->path), 0);
    assert_true(wait_healthy(a, false, 1000));
    assert_true(wait_healthy(a, true, 4000));
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 1);
    crash_here(s, a);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 0);
    assert_true(log_has(s, "\"request_id\":\"carried\",\"result\":\"unknown\""));
    assert_false(log_has(s, "\"request_id\":\"closed\""));
}

static void a_torn_tail_is_set_aside_and_named(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    char name[128];
    size_t len;

    fill_log(s, 3);
    int fd = open(s->path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"boot\":\"torn", 13), 13);
    close(fd);
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    assert_true(c.torn_tail);
    uint64_t before = c.records;
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_false(c.torn_tail);
    assert_int_equal(c.records, before + 3);
    assert_true(log_has(s, "\"torn_bytes\":13"));
    snprintf(name, sizeof name, "%s.torn-%llu", s->path, (unsigned long long)before);
    char *torn = read_whole(name, &len);
    assert_int_equal(len, 13);
    assert_memory_equal(torn, "{\"boot\":\"torn", 13);
    free(torn);
}

/* More open requests than one commit holds: carried into a new file, then closed by the stop. */
static void many_open_requests_are_carried_and_closed(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    enum { MANY = 12000, AT_ONCE = 2000 };
    struct waiter *w = calloc(AT_ONCE, sizeof *w);
    struct audit *a = open_log(s);

    for (int i = 0; i < MANY; i++) {
        struct waiter *mine = &w[i % AT_ONCE];
        char id[32];
        if (i >= AT_ONCE)
            while (sem_wait(&mine->told) != 0) {
            }
        snprintf(id, sizeof id, "req-%d", i);
        mine->ticket = (struct audit_ticket){.record = decision(id, "forward"), .done = waiter_done};
        sem_init(&mine->told, 0, 0);
        assert_int_equal(audit_submit(a, &mine->ticket), 0);
    }
    for (int i = 0; i < AT_ONCE; i++)
        while (sem_wait(&w[i].told) != 0) {
        }
    assert_int_equal(unlink(s->path), 0);
    assert_true(wait_healthy(a, false, 1000));
    assert_true(wait_healthy(a, true, 6000));
    verify_good(s, &c);
    assert_int_equal(c.unfinished, MANY);
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 0);
    assert_int_equal(c.records, 2 + 2 * MANY + 1);
    free(w);
}

/* What a power loss can leave behind the last durable record: zeros, and lines of a commit that was not synced. */
static void damage_behind_the_head_is_a_torn_tail(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    char junk[9000] = "";

    fill_log(s, 3);
    junk[5000] = '\n';
    int fd = open(s->path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    close(fd);
    assert_int_equal(audit_verify(s->path, test_key, &c), 1);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_true(log_has(s, "\"torn_bytes\":9000"));
}

/* A power loss keeps any part of what was not synced: the end cut at any byte, or a sector of it zero. */
static void torn_end_is_sealed(const struct scratch *s, const char *bytes, size_t len, uint64_t durable) {
    struct audit_check c;
    struct audit_hasher *h = audit_hasher_new(test_key);
    char head[128], hash[AUDIT_HEX_LEN + 1], last[64];
    size_t begin = 0, end = 0;

    for (uint64_t n = 0; n < durable; n++) {
        begin = end;
        end = (size_t)((const char *)memchr(bytes + end, '\n', len - end) - bytes) + 1;
    }
    write_whole(s->path, bytes, len);
    beside(s, ".head", head);
    write_whole(head, "", 0);
    int fd = open(head, O_RDWR);
    assert_int_equal(audit_hasher_sha256(h, span_make(bytes + begin, end - 1 - begin), hash), 0);
    assert_int_equal(audit_head_write(fd, h, durable, hash), 0);
    close(fd);
    audit_hasher_free(h);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.first_seq, 1);
    assert_true(c.last_seq >= durable + 2);
    assert_int_equal(c.unfinished, 0);
    snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)durable);
    assert_true(log_has(s, last));
}

static void any_torn_end_is_sealed(void **state) {
    struct scratch *s = *state;
    size_t len;
    enum { DURABLE = 4 };

    fill_log(s, 4);
    char *bytes = read_whole(s->path, &len);
    char *end = bytes;
    for (int i = 0; i < DURABLE; i++)
        end = strchr(end, '\n') + 1;
    size_t known = (size_t)(end - bytes);
    for (size_t n = known; n < len; n += 11)
        torn_end_is_sealed(s, bytes, n, DURABLE);
    for (size_t at = (known + 511) / 512 * 512; at + 512 < len; at += 512) {
        char *torn = malloc(len);
        memcpy(torn, bytes, len);
        memset(torn + at, 0, 512);
        torn_end_is_sealed(s, torn, len, DURABLE);
        free(torn);
    }
    free(bytes);
}

static void refused(const struct scratch *s, const char *why) {
    struct audit_options o = options_for(s);
    char err[256] = "";

    assert_null(audit_open(&o, err, sizeof err));
    if (!strstr(err, why)) fail_msg("%s", err);
}

static void a_cut_log_is_refused_and_continues_when_moved(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    char name[128];
    size_t len;

    fill_log(s, 3);
    char *bytes = read_whole(s->path, &len);
    char *last = memrchr(bytes, '\n', len - 1);
    write_whole(s->path, bytes, (size_t)(last - bytes) + 1); /* one whole record is gone */
    assert_int_equal(audit_verify(s->path, test_key, &c), 1);
    refused(s, "missing at the end");
    beside(s, ".evidence", name);
    assert_int_equal(rename(s->path, name), 0);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_true(log_has(s, "\"reason\":\"missing\""));
    assert_int_equal(c.first_seq, 8);
    free(bytes);
}

static void a_changed_run_is_refused(void **state) {
    struct scratch *s = *state;
    size_t len;

    struct audit *a = open_log(s);
    assert_true(write_and_wait(a, decision("req-1", "forward"), NULL));
    assert_true(write_and_wait(a, outcome("req-1"), NULL));
    crash_here(s, a);
    char *bytes = read_whole(s->path, &len);
    char *at = strstr(bytes, "req-1");
    at[4] = '7';
    write_whole(s->path, bytes, len);
    refused(s, "MAC");
    free(bytes);
}

static void another_key_is_refused(void **state) {
    struct scratch *s = *state;
    struct audit_options o = options_for(s);
    static const unsigned char other[32] = "another";
    struct audit_check c;
    char err[256] = "", name[128];

    fill_log(s, 1);
    o.key = other;
    assert_null(audit_open(&o, err, sizeof err));
    assert_non_null(strstr(err, "key"));
    assert_int_equal(audit_verify(s->path, other, &c), 1);
    beside(s, ".head", name);
    unlink(name);
    assert_null(audit_open(&o, err, sizeof err));
    assert_non_null(strstr(err, "another key"));
}

static void a_missing_head_is_recorded(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    char name[128];

    fill_log(s, 1);
    beside(s, ".head", name);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(audit_verify(s->path, test_key, &c), 0);
    assert_false(c.head_checked);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_true(c.head_checked);
    assert_true(log_has(s, "\"head\":\"missing\""));
}

static void a_first_commit_that_was_cut_short_begins_again(void **state) {
    struct scratch *s = *state;
    struct audit_check c;

    write_whole(s->path, "{\"boot\":\"", 9);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.first_seq, 1);
    char name[128];
    beside(s, ".torn-0", name);
    assert_true(exists(name));
    write_whole(s->path, "{\"boot\":\"", 9); /* the same in a file that continues */
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.first_seq, 3);
}

/* More than one window of reading backwards. */
static void a_long_run_is_read_from_its_start(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    enum { MANY = 4000 };
    struct waiter *w = calloc(MANY, sizeof *w);
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, decision("long", "forward"), NULL));
    for (int i = 0; i < MANY; i++) {
        w[i].ticket = (struct audit_ticket){.record = outcome("other"), .done = waiter_done};
        sem_init(&w[i].told, 0, 0);
        assert_int_equal(audit_submit(a, &w[i].ticket), 0);
    }
    for (int i = 0; i < MANY; i++)
        while (sem_wait(&w[i].told) != 0) {
        }
    crash_here(s, a);
    audit_close(open_log(s));
    verify_good(s, &c);
    assert_int_equal(c.unfinished, 0);
    assert_int_equal(c.records, MANY + 5);
    free(w);
}

static void what_cannot_be_opened_is_named(void **state) {
    struct scratch *s = *state;
    struct audit_options o = options_for(s);
    struct audit_check c;
    char err[256], name[128];

    o.path = "/proc/phigate/decisions.log";
    assert_null(audit_open(&o, err, sizeof err));
    o.path = s->directory;
    assert_null(audit_open(&o, err, sizeof err));
    o.path = s->path;
    o.node = "with \"quotes\"";
    assert_null(audit_open(&o, err, sizeof err));
    o.node = NULL;
    assert_null(audit_open(&o, err, sizeof err));
    o.node = "gw";
    beside(s, ".target", name);
    assert_int_equal(symlink(name, s->path), 0);
    assert_null(audit_open(&o, err, sizeof err));
    assert_int_equal(audit_verify(s->path, test_key, &c), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(open_requests_are_closed_as_unknown),
        TEST(a_stop_closes_open_requests),
        TEST(open_requests_are_carried_into_a_new_file),
        TEST(many_open_requests_are_carried_and_closed),
        TEST(a_torn_tail_is_set_aside_and_named),
        TEST(damage_behind_the_head_is_a_torn_tail),
        TEST(any_torn_end_is_sealed),
        TEST(a_cut_log_is_refused_and_continues_when_moved),
        TEST(a_changed_run_is_refused),
        TEST(another_key_is_refused),
        TEST(a_missing_head_is_recorded),
        TEST(a_first_commit_that_was_cut_short_begins_again),
        TEST(a_long_run_is_read_from_its_start),
        TEST(what_cannot_be_opened_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
