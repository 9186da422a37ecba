/* SPDX-License-Identifier: Apache-2.0
 *
 * What durable records cost: N tickets in flight against one fdatasync for each record, interleaved in one run; then
 * verification and value hashes. Times of a shared machine move: compare the ratios.
 *
 *   audit_bench DIRECTORY [MILLISECONDS per measurement]
 */
#include "../../proxy/audit.h"
#include "../../proxy/audit_hash.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FLIGHT_MAX 512
#define SAMPLES_MAX 2000000
#define ROUNDS 3

static const unsigned char key[32] = "audit-bench";

struct result {
    double rate, cpu_us, p50, p99;
};

/* ---- clocks ---- */

static double now(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static struct result summarize(float *us, size_t n, double seconds, double cpu_seconds) {
    qsort(us, n, sizeof *us, ascending);
    return (struct result){(double)n / seconds, cpu_seconds / (double)n * 1e6, n ? (double)us[n / 2] : 0,
                           n ? (double)us[n * 99 / 100] : 0};
}

/* ---- N in flight: one thread feeds, as an event loop would ---- */

struct slot {
    struct audit_ticket ticket; /* first: a ticket is its slot */
    double begin;
    struct slot *next;
    bool ok;
};

struct feeder {
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct slot *back; /* told, for the feeder */
};

static void told(struct audit_ticket *t, bool ok) {
    struct slot *s = (struct slot *)t;
    struct feeder *f = t->owner;

    s->ok = ok;
    pthread_mutex_lock(&f->lock);
    bool wake = f->back == NULL;
    s->next = f->back;
    f->back = s;
    pthread_mutex_unlock(&f->lock);
    if (wake) pthread_cond_signal(&f->some);
}

static struct audit_record *typical(void) {
    struct audit_record *r = audit_record_new("decision");

    if (!r) abort();
    audit_add_text(r, "request_id", "0192d3c1-7a00-7000-8000-000000000001");
    audit_add_text(r, "decision", "edit");
    audit_add_text(r, "policy", "minimum-necessary");
    audit_add_text(r, "model", "gpt-4o-mini");
    audit_add_number(r, "bytes_in", 2048);
    audit_add_json(r, "findings", span_of("[{\"action\":\"tokenize\",\"count\":3,\"kind\":\"NAME\"},"
                                          "{\"action\":\"tokenize\",\"count\":1,\"kind\":\"SSN\"}]"));
    return r;
}

static void submit(struct audit *a, struct slot *s) {
    s->begin = now();
    s->ticket.record = typical();
    if (audit_submit(a, &s->ticket) < 0) abort();
}

static struct slot *wait_told(struct feeder *f) {
    pthread_mutex_lock(&f->lock);
    while (!f->back)
        pthread_cond_wait(&f->some, &f->lock);
    struct slot *list = f->back;
    f->back = NULL;
    pthread_mutex_unlock(&f->lock);
    return list;
}

static struct result in_flight(struct audit *a, int flight, double seconds, float *us) {
    static struct slot slots[FLIGHT_MAX];
    struct feeder f = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
    size_t n = 0;
    int out = flight;
    double begin = now(), cpu_begin = cpu(), until = begin + seconds;

    for (int i = 0; i < flight; i++) {
        slots[i] = (struct slot){.ticket = {.done = told, .owner = &f}};
        submit(a, &slots[i]);
    }
    while (out > 0) {
        double t = 0;
        for (struct slot *s = wait_told(&f), *next; s; s = next) {
            next = s->next;
            t = now();
            if (!s->ok) abort();
            if (n < SAMPLES_MAX) us[n++] = (float)((t - s->begin) * 1e6);
            if (t < until) submit(a, s);
            else out--;
        }
    }
    double end = now();
    return summarize(us, n, end - begin, cpu() - cpu_begin);
}

/* ---- at a given rate, whether or not the log keeps up ---- */

static struct slot *take_told(struct feeder *f) {
    pthread_mutex_lock(&f->lock);
    struct slot *list = f->back;
    f->back = NULL;
    pthread_mutex_unlock(&f->lock);
    return list;
}

static void sleep_to(double until) {
    double left = until - now();
    struct timespec t = {0, (long)(left * 1e9)};

    if (left > 0) nanosleep(&t, NULL);
}

/* As many as are due are submitted each half millisecond. */
static struct result offered(struct audit *a, double rate, double seconds, float *us) {
    static struct slot slots[FLIGHT_MAX * 8];
    struct feeder f = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
    struct slot *idle = NULL;
    size_t n = 0, sent = 0, out = 0;
    double begin = now(), cpu_begin = cpu();

    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        slots[i] = (struct slot){.ticket = {.done = told, .owner = &f}, .next = idle};
        idle = &slots[i];
    }
    for (double t = begin; t < begin + seconds || out > 0; t = now()) {
        for (; idle && t < begin + seconds && (double)sent < (t - begin) * rate; sent++, out++) {
            struct slot *s = idle;
            idle = s->next;
            submit(a, s);
        }
        sleep_to(t + 0.0005);
        for (struct slot *s = take_told(&f), *next; s; s = next, out--) {
            next = s->next;
            s->next = idle;
            idle = s;
            if (n < SAMPLES_MAX) us[n++] = (float)((now() - s->begin) * 1e6);
        }
    }
    return summarize(us, n, now() - begin, cpu() - cpu_begin);
}

/* ---- one sync for each ---- */

static struct result one_each(const char *directory, double seconds, float *us) {
    char path[256], line[900];
    size_t n = 0;

    memset(line, 'x', sizeof line);
    snprintf(path, sizeof path, "%s/plain.log", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd < 0) abort();
    double begin = now(), cpu_begin = cpu();
    while (now() < begin + seconds && n < SAMPLES_MAX) {
        double t = now();
        if (write(fd, line, sizeof line) != (ssize_t)sizeof line || fdatasync(fd) != 0) abort();
        us[n++] = (float)((now() - t) * 1e6);
    }
    struct result r = summarize(us, n, now() - begin, cpu() - cpu_begin);
    close(fd);
    unlink(path);
    return r;
}

static void report(const char *name, struct result r, double base) {
    printf("%-28s %9.0f records/s  %6.1fx  p50 %6.0f us  p99 %6.0f us  CPU %6.1f us/record\n", name, r.rate,
           base > 0 ? r.rate / base : 1.0, r.p50, r.p99, r.cpu_us);
}

static void measure_writing(const char *directory, const char *path, double seconds) {
    static const int flights[] = {1, 16, 128, 512};
    struct audit_options o = {.path = path, .key = key, .node = "bench"};
    float *us = malloc(SAMPLES_MAX * sizeof *us);
    char err[256] = "", name[64];
    struct audit_stats stats, before = {0};
    struct audit *a = audit_open(&o, err, sizeof err);

    if (!a || !us) {
        fprintf(stderr, "%s\n", err);
        exit(1);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct result base = one_each(directory, seconds, us);
        report("one fdatasync each", base, 0);
        for (size_t i = 0; i < sizeof flights / sizeof *flights; i++) {
            struct result r = in_flight(a, flights[i], seconds, us);
            audit_stats(a, &stats);
            snprintf(name, sizeof name, "%d in flight (%.1f/sync)", flights[i],
                     (double)(stats.records - before.records) / (double)(stats.syncs - before.syncs));
            before = stats;
            report(name, r, base.rate);
        }
    }
    static const double rates[] = {1000, 10000, 50000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        snprintf(name, sizeof name, "offered %.0f/s", rates[i]);
        report(name, offered(a, rates[i], seconds * 2, us), 0);
    }
    audit_close(a);
    free(us);
}

static void measure_verify(const char *path, const unsigned char *with, const char *name) {
    struct audit_check c;
    double begin = now();

    if (audit_verify(path, with, &c) != 0) abort();
    double seconds = now() - begin;
    printf("%-28s %9.0f records/s  (%llu records)\n", name, (double)c.records / seconds,
           (unsigned long long)c.records);
}

static void measure_hash(void) {
    struct audit_hasher *h = audit_hasher_new(key);
    char out[AUDIT_HASH_LEN + 1];
    enum { MANY = 200000 };

    if (!h) abort();
    double begin = now();
    for (int i = 0; i < MANY; i++)
        if (audit_hasher_value(h, "SSN", span_of("987-65-4320"), out) < 0) abort();
    double prepared = now() - begin;
    begin = now();
    for (int i = 0; i < MANY / 10; i++)
        audit_value_hash(key, "SSN", span_of("987-65-4320"), out);
    printf("value hash                   %.0f ns prepared, %.0f ns one-shot\n", prepared / MANY * 1e9,
           (now() - begin) / (MANY / 10) * 1e9);
    audit_hasher_free(h);
}

int main(int argc, char **argv) {
    char path[256];
    static const char *const made[] = {"", ".head", ".reserve"};

    if (argc < 2) return 2;
    double seconds = argc > 2 ? strtod(argv[2], NULL) / 1000 : 0.5;
    snprintf(path, sizeof path, "%s/audit-bench.log", argv[1]);
    measure_writing(argv[1], path, seconds);
    measure_verify(path, NULL, "verify without the key");
    measure_verify(path, key, "verify with the key");
    double begin = now();
    struct audit_options o = {.path = path, .key = key, .node = "bench"};
    struct audit *a = audit_open(&o, path + 200, 1);
    if (a) printf("open                         %.1f ms\n", (now() - begin) * 1e3);
    audit_close(a);
    measure_hash();
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char name[300];
        snprintf(name, sizeof name, "%s%s", path, made[i]);
        unlink(name);
    }
    return 0;
}
