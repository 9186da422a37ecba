/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit log as its callers see it: durable or refused, faults noticed, what a restart finds.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_head.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

/* ---- writing ---- */

static void a_record_is_in_the_file_when_its_ticket_says_so(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    uint64_t seq = 0;
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, decision("req-1", "edit"), &seq));
    assert_int_equal(seq, 2); /* behind the start record */
    assert_true(log_has(s, "\"request_id\":\"req-1\""));
    verify_good(s, &c); /* while the log is open */
    assert_int_equal(c.records, 2);
    assert_int_equal(c.unfinished, 1);
    assert_true(c.head_checked);
    assert_true(write_and_wait(a, outcome("req-1"), &seq));
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.records, 4);
    assert_int_equal(c.first_seq, 1);
    assert_int_equal(c.last_seq, 4);
    assert_int_equal(c.unfinished, 0);
    assert_false(c.torn_tail);
    assert_true(log_has(s, "\"event\":\"stop\""));
}

static void files_are_for_the_owner_alone(void **state) {
    struct scratch *s = *state;
    char name[128];
    struct stat st;

    fill_log(s, 1);
    const char *const suffixes[] = {"", ".head", ".reserve"};
    for (size_t i = 0; i < 3; i++) {
        beside(s, suffixes[i], name);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    assert_int_equal(chmod(s->path, 0644), 0);
    audit_close(open_log(s));
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_second_writer_is_refused(void **state) {
    struct scratch *s = *state;
    struct audit_options o = options_for(s);
    char err[256], name[128];
    struct audit *a = open_log(s);

    assert_null(audit_open(&o, err, sizeof err));
    assert_non_null(strstr(err, "another process"));
    beside(s, ".head", name);
    unlink(name); /* the log itself is locked too */
    assert_null(audit_open(&o, err, sizeof err));
    assert_true(write_and_wait(a, outcome("x"), NULL));
    audit_close(a);
}

static void records_that_cannot_be_lines_are_refused(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    struct audit *a = open_log(s);
    struct audit_record *r;
    char large[AUDIT_RECORD_MAX];

    memset(large, 'x', sizeof large);
    r = audit_record_new("block");
    audit_add_string(r, "text", span_make(large, 3800));
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_string(r, "text", span_make(large, sizeof large));
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_text(r, "mac", "mine");
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_text(r, "twice", "1");
    audit_add_text(r, "twice", "2");
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_string(r, "text", span_of("\xC3("));
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_json(r, "list", span_of("[1, 2]"));
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("block");
    audit_add_number(r, "n", INT64_C(9007199254740992));
    assert_false(write_and_wait(a, r, NULL));
    r = audit_record_new("decision");
    audit_add_text(r, "request_id", "with space");
    assert_false(write_and_wait(a, r, NULL));
    assert_true(write_and_wait(a, outcome("fine"), NULL));
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.records, 3);
}

static void a_full_queue_refuses(void **state) {
    struct scratch *s = *state;
    struct audit_options o = options_for(s);
    enum { MANY = 2000 };
    struct waiter *w = calloc(MANY, sizeof *w);
    int accepted = 0;
    char err[256];

    o.queue_max = 4;
    struct audit *a = audit_open(&o, err, sizeof err);
    assert_non_null(a);
    for (int i = 0; i < MANY; i++) {
        w[i].ticket = (struct audit_ticket){.record = outcome("r"), .done = waiter_done};
        sem_init(&w[i].told, 0, 0);
        if (audit_submit(a, &w[i].ticket) == 0) accepted++;
        else assert_null(w[i].ticket.record);
    }
    assert_true(accepted >= 4 && accepted < MANY);
    audit_close(a); /* drains */
    struct audit_check c;
    verify_good(s, &c);
    assert_int_equal(c.records, accepted + 2);
    free(w);
}

/* ---- many threads ---- */

enum { THREADS = 16, EACH = 200 };

struct crowd {
    struct audit *log;
    int number;
    uint64_t seqs[EACH];
};

/* Nobody waits for a ticket aside: it needs no sync of its own, and is written soon even when nothing follows. */
static void tickets_aside_go_with_others(void **state) {
    const struct scratch *s = *state;
    struct audit *a = open_log(s);
    struct waiter w = {.ticket = {.record = outcome("r-1"), .done = waiter_done, .aside = true}};
    struct audit_stats before, after;
    uint64_t seq;

    sem_init(&w.told, 0, 0);
    assert_true(write_and_wait(a, decision("r-1", "forward"), NULL));
    audit_stats(a, &before);
    assert_int_equal(audit_submit(a, &w.ticket), 0);
    assert_true(write_and_wait(a, decision("r-2", "forward"), &seq));
    while (sem_wait(&w.told) != 0) continue;
    audit_stats(a, &after);
    assert_true(w.ok);
    assert_int_equal(w.ticket.seq + 1, seq);
    assert_int_equal(after.records, before.records + 2);

    w.ticket.record = outcome("r-2");
    assert_int_equal(audit_submit(a, &w.ticket), 0);
    while (sem_wait(&w.told) != 0) continue;
    assert_true(w.ok);
    audit_close(a);
    sem_destroy(&w.told);
}

static void *write_many(void *argument) {
    struct crowd *c = argument;

    for (int i = 0; i < EACH; i++) {
        char id[40];
        snprintf(id, sizeof id, "req-%d-%d", c->number, i / 2);
        if (!write_and_wait(c->log, i % 2 ? outcome(id) : decision(id, "forward"), &c->seqs[i])) c->seqs[i] = 0;
    }
    return NULL;
}

static void many_threads_share_one_chain(void **state) {
    struct scratch *s = *state;
    pthread_t threads[THREADS];
    struct crowd *crowd = calloc(THREADS, sizeof *crowd);
    bool *seen = calloc(THREADS * EACH + 2, sizeof *seen);
    struct audit_check c;
    struct audit_stats stats;
    struct audit *a = open_log(s);

    for (int i = 0; i < THREADS; i++) {
        crowd[i].log = a;
        crowd[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &crowd[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < EACH; k++) {
            uint64_t seq = crowd[i].seqs[k];
            assert_true(seq >= 2 && seq < THREADS * EACH + 2);
            assert_false(seen[seq]); /* each sequence once */
            seen[seq] = true;
        }
    audit_stats(a, &stats);
    assert_int_equal(stats.records, THREADS * EACH);
    assert_int_equal(stats.failures, 0);
    assert_true(stats.syncs < THREADS * EACH / 2); /* syncs are shared */
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.records, THREADS * EACH + 2);
    free(crowd);
    free(seen);
}

/* ---- what others do to the file ---- */

static void continued_after(const struct scratch *s, struct audit *a, const char *reason) {
    struct audit_check c;
    char text[64];

    assert_true(wait_healthy(a, false, 1000)); /* noticed within a second without any traffic */
    assert_false(write_and_wait(a, decision("refused", "forward"), NULL));
    assert_true(wait_healthy(a, true, 4000));
    assert_true(write_and_wait(a, decision("after", "forward"), NULL));
    assert_true(write_and_wait(a, outcome("after"), NULL));
    audit_close(a);
    verify_good(s, &c);
    assert_true(c.first_seq > 1);
    snprintf(text, sizeof text, "\"reason\":\"%s\"", reason);
    assert_true(log_has(s, text));
    assert_false(log_has(s, "refused"));
    audit_close(open_log(s));
    verify_good(s, &c);
}

static void a_removed_file_stops_and_a_new_one_continues(void **state) {
    struct scratch *s = *state;
    struct audit_check c;
    char name[128];
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, outcome("before"), NULL));
    assert_int_equal(unlink(s->path), 0);
    continued_after(s, a, "removed");
    beside(s, ".aside-2-0", name); /* what was removed is back, whole */
    assert_int_equal(audit_verify(name, test_key, &c), 0);
    assert_int_equal(c.records, 2);
}

static void a_removed_head_is_made_anew(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);
    struct audit_check c;
    char name[128], other[128];

    assert_true(write_and_wait(a, outcome("before"), NULL));
    beside(s, ".head", name);
    beside(s, ".head.moved", other);
    assert_int_equal(unlink(name), 0);
    sleep_ms(800);
    verify_good(s, &c);
    assert_true(c.head_checked);
    assert_int_equal(rename(name, other), 0);
    sleep_ms(800);
    verify_good(s, &c);
    assert_true(c.head_checked);
    assert_true(audit_healthy(a));
    audit_close(a);
}

static void a_removed_file_is_noticed_before_the_next_record(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);

    assert_true(write_and_wait(a, outcome("before"), NULL));
    assert_int_equal(unlink(s->path), 0);
    assert_false(write_and_wait(a, decision("at-once", "forward"), NULL));
    continued_after(s, a, "removed");
}

static void a_replaced_file_is_set_aside(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);
    char name[128];

    assert_true(write_and_wait(a, outcome("before"), NULL));
    beside(s, ".moved", name);
    assert_int_equal(rename(s->path, name), 0);
    write_whole(s->path, "foreign\n", 8);
    continued_after(s, a, "replaced");
    beside(s, ".aside-2-0", name);
    assert_true(exists(name)); /* nothing is thrown away */
}

static void a_truncated_file_is_set_aside(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);
    char name[128];

    assert_true(write_and_wait(a, outcome("before"), NULL));
    assert_int_equal(truncate(s->path, 10), 0);
    continued_after(s, a, "size_changed");
    beside(s, ".aside-2-0", name);
    assert_true(exists(name));
}

static void appended_bytes_are_noticed(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);
    int fd = open(s->path, O_WRONLY | O_APPEND);

    assert_int_equal(write(fd, "{}\n", 3), 3);
    close(fd);
    continued_after(s, a, "size_changed");
}

/* The limit on the size of a file stands in for a full disk: the write is cut short and fails in the same way. */
static void a_full_disk_stops_and_recovers_by_itself(void **state) {
    struct scratch *s = *state;
    struct audit *a = open_log(s);
    struct rlimit old, small;
    struct audit_check c;
    struct stat st;
    int written = 0;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(stat(s->path, &st), 0);
    small = (struct rlimit){(rlim_t)st.st_size + 5000, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (written < 100 && write_and_wait(a, decision("filling", "forward"), NULL))
        written++;
    assert_true(written > 2 && written < 20);
    assert_false(audit_healthy(a));
    sleep_ms(1200); /* still full: no recovery */
    assert_false(audit_healthy(a));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(wait_healthy(a, true, 3000));
    assert_true(write_and_wait(a, outcome("filling"), NULL));
    audit_close(a);
    verify_good(s, &c);
    assert_int_equal(c.first_seq, 1); /* in the same file */
    assert_true(log_has(s, "\"reason\":\"disk_full\""));
    assert_true(log_has(s, "\"event\":\"recovered\""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_in_the_file_when_its_ticket_says_so),
        TEST(files_are_for_the_owner_alone),
        TEST(a_second_writer_is_refused),
        TEST(records_that_cannot_be_lines_are_refused),
        TEST(a_full_queue_refuses),
        TEST(tickets_aside_go_with_others),
        TEST(many_threads_share_one_chain),
        TEST(a_removed_file_stops_and_a_new_one_continues),
        TEST(a_removed_file_is_noticed_before_the_next_record),
        TEST(a_removed_head_is_made_anew),
        TEST(a_replaced_file_is_set_aside),
        TEST(a_truncated_file_is_set_aside),
        TEST(appended_bytes_are_noticed),
        TEST(a_full_disk_stops_and_recovers_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
