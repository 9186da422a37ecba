/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the audit tests: a directory of its own for each test, records written one after another.
 */
#ifndef TEST_AUDIT_HELPER_H
#define TEST_AUDIT_HELPER_H

#include "../../proxy/audit.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const unsigned char test_key[32] = "0123456789abcdef0123456789abcde";

struct scratch {
    char directory[64], path[96];
};

static inline int scratch_setup(void **state) {
    struct scratch *s = calloc(1, sizeof *s);
    const char *base = getenv("TMPDIR");

    snprintf(s->directory, sizeof s->directory, "%s/phigate-audit-XXXXXX", base && strlen(base) < 30 ? base : "/tmp");
    if (!mkdtemp(s->directory)) return -1;
    snprintf(s->path, sizeof s->path, "%s/decisions.log", s->directory);
    *state = s;
    return 0;
}

static inline int scratch_teardown(void **state) {
    struct scratch *s = *state;
    DIR *d = opendir(s->directory);

    for (struct dirent *e; d && (e = readdir(d));) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", s->directory, e->d_name);
        unlink(name);
    }
    if (d) closedir(d);
    rmdir(s->directory);
    free(s);
    return 0;
}

static inline struct audit_options options_for(const struct scratch *s) {
    return (struct audit_options){.path = s->path, .key = test_key, .node = "gw-1", .reserve = 64 * 1024};
}

static inline struct audit *open_log(const struct scratch *s) {
    char err[256] = "";
    struct audit_options o = options_for(s);
    struct audit *a = audit_open(&o, err, sizeof err);

    if (!a) fail_msg("%s", err);
    return a;
}

struct waiter {
    struct audit_ticket ticket; /* first: a ticket is its waiter */
    sem_t told;
    bool ok;
};

static inline void waiter_done(struct audit_ticket *t, bool ok) {
    struct waiter *w = (struct waiter *)t;

    w->ok = ok;
    sem_post(&w->told);
}

/* true when the record is durable. */
static inline bool write_and_wait(struct audit *a, struct audit_record *r, uint64_t *seq) {
    struct waiter w = {.ticket = {.record = r, .done = waiter_done}};
    bool ok = false;

    sem_init(&w.told, 0, 0);
    if (audit_submit(a, &w.ticket) == 0) {
        while (sem_wait(&w.told) != 0) {
        }
        ok = w.ok;
        if (seq) *seq = w.ticket.seq;
    }
    sem_destroy(&w.told);
    return ok;
}

static inline struct audit_record *decision(const char *request_id, const char *what) {
    struct audit_record *r = audit_record_new("decision");

    audit_add_text(r, "request_id", request_id);
    audit_add_text(r, "decision", what);
    audit_add_json(r, "findings", span_of("[{\"action\":\"tokenize\",\"count\":2,\"kind\":\"SSN\"}]"));
    audit_add_number(r, "bytes_in", 2048);
    return r;
}

static inline struct audit_record *outcome(const char *request_id) {
    struct audit_record *r = audit_record_new("outcome");

    audit_add_text(r, "request_id", request_id);
    audit_add_number(r, "http_status", 200);
    return r;
}

/* n decisions with their outcomes. */
static inline void fill_log(const struct scratch *s, int n) {
    struct audit *a = open_log(s);

    for (int i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "req-%d", i);
        assert_true(write_and_wait(a, i % 2 ? outcome(id) : decision(id, "edit"), NULL));
        if (i % 2 == 0) assert_true(write_and_wait(a, outcome(id), NULL));
    }
    audit_close(a);
}

static inline char *read_whole(const char *path, size_t *len) {
    int fd = open(path, O_RDONLY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) fail_msg("%s cannot be read", path);
    char *bytes = malloc((size_t)st.st_size + 1);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    bytes[st.st_size] = '\0';
    *len = (size_t)st.st_size;
    return bytes;
}

static inline void write_whole(const char *path, const char *bytes, size_t len) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static inline void beside(const struct scratch *s, const char *suffix, char out[128]) {
    snprintf(out, 128, "%s%s", s->path, suffix);
}

static inline bool exists(const char *path) {
    struct stat st;

    return stat(path, &st) == 0;
}

static inline void sleep_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* Waits until the log's state is as wanted; false after the time is over. */
static inline bool wait_healthy(struct audit *a, bool wanted, long ms) {
    for (; ms > 0; ms -= 10) {
        if (audit_healthy(a) == wanted) return true;
        sleep_ms(10);
    }
    return audit_healthy(a) == wanted;
}

static inline void verify_good(const struct scratch *s, struct audit_check *c) {
    int rc = audit_verify(s->path, test_key, c);

    if (rc != 0) fail_msg("line %llu: %s", (unsigned long long)c->bad_line, c->reason ? c->reason : "unreadable");
    assert_int_equal(audit_verify(s->path, NULL, c), 0); /* without the key as well */
}

static inline bool log_has(const struct scratch *s, const char *text) {
    size_t len;
    char *bytes = read_whole(s->path, &len);
    bool found = strstr(bytes, text) != NULL;

    free(bytes);
    return found;
}

#endif
