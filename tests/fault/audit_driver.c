/* SPDX-License-Identifier: Apache-2.0
 *
 * A program to break: several threads write decisions and outcomes as fast as they become durable. What a fault
 * script needs to know goes to standard output, one write(2) per line, so that a kill -9 loses nothing of it:
 *
 *   D <monotonic ms> <seq> <request id>    reported durable
 *   R <monotonic ms> <request id>          refused or failed
 *   H <monotonic ms> <0|1>                 health changed
 *
 *   audit_driver run PATH THREADS MILLISECONDS [RESERVE STEP]
 *   audit_driver verify PATH               prints the check; exit 0 verified, 1 bad, 2 unreadable
 *   audit_driver verify-set PATH           the same over all files of the log, with the checkpoints of AUDIT_SIGN
 *   audit_driver dump PATH                 the records of all files, opened
 *
 * AUDIT_ROTATE: bytes after which a new file begins. AUDIT_SIGN: file of a signing key. AUDIT_ENCRYPT: records are encrypted.
 */
#include "../../proxy/audit.h"
#include "../../proxy/audit_note.h"
#include "../../proxy/audit_seal.h"
#include "../../proxy/audit_set.h"
#include "../../proxy/audit_verify.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

static const unsigned char key[32] = "audit-driver", encryption_key[32] = "audit-driver-encryption";

struct writer {
    struct audit_ticket ticket; /* first: a ticket is its writer */
    struct audit *log;
    pthread_t thread;
    sem_t told;
    bool ok;
    int number;
    long until;
};

static long now_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const char *line, int len) {
    if (write(STDOUT_FILENO, line, (size_t)len) != len) _exit(4);
}

static void done(struct audit_ticket *t, bool ok) {
    struct writer *w = (struct writer *)t;

    w->ok = ok;
    sem_post(&w->told);
}

static bool put(struct writer *w, const char *type, const char *id) {
    char line[128];
    struct audit_record *r = audit_record_new(type);

    if (!r) return false;
    audit_add_text(r, "request_id", id);
    if (strcmp(type, "decision") == 0) audit_add_text(r, "decision", "forward");
    audit_add_json(r, "findings", span_of("[{\"action\":\"tokenize\",\"count\":1,\"kind\":\"SSN\"}]"));
    w->ticket.record = r;
    w->ok = false;
    if (audit_submit(w->log, &w->ticket) == 0)
        while (sem_wait(&w->told) != 0) {
        }
    if (w->ok) say(line, snprintf(line, sizeof line, "D %ld %llu %s.%s\n", now_ms(),
                                  (unsigned long long)w->ticket.seq, type, id));
    else say(line, snprintf(line, sizeof line, "R %ld %s.%s\n", now_ms(), type, id));
    return w->ok;
}

static void *write_loop(void *argument) {
    struct writer *w = argument;

    for (int i = 0; now_ms() < w->until; i++) {
        char id[64];
        snprintf(id, sizeof id, "%d-%d-%d", (int)getpid(), w->number, i);
        if (!put(w, "decision", id) || !put(w, "outcome", id)) usleep(5000);
    }
    return NULL;
}

static void watch(struct audit *log, long until) {
    bool last = false;
    char line[64];

    while (now_ms() < until) {
        bool healthy = audit_healthy(log);
        if (healthy != last) say(line, snprintf(line, sizeof line, "H %ld %d\n", now_ms(), healthy));
        last = healthy;
        usleep(5000);
    }
}

static int run(const struct audit_options *o, int threads, long ms) {
    struct writer *w = calloc((size_t)threads, sizeof *w);
    char err[256] = "";
    struct audit *log = audit_open(o, err, sizeof err);
    long until = now_ms() + ms;

    if (!log || !w) {
        fprintf(stderr, "%s\n", err);
        free(w);
        return 3;
    }
    for (int i = 0; i < threads; i++) {
        w[i] = (struct writer){.ticket = {.done = done}, .log = log, .number = i, .until = until};
        sem_init(&w[i].told, 0, 0);
        if (pthread_create(&w[i].thread, NULL, write_loop, &w[i]) != 0) _exit(4);
    }
    watch(log, until);
    for (int i = 0; i < threads; i++)
        pthread_join(w[i].thread, NULL);
    audit_close(log);
    free(w);
    return 0;
}

static int verify(const char *path) {
    struct audit_check c;
    int rc = audit_verify(path, key, &c);

    printf("rc=%d records=%llu first=%llu last=%llu bad=%llu unfinished=%llu torn=%d head=%d reason=%s\n", rc,
           (unsigned long long)c.records, (unsigned long long)c.first_seq, (unsigned long long)c.last_seq,
           (unsigned long long)c.bad_line, (unsigned long long)c.unfinished, c.torn_tail, c.head_checked,
           c.reason ? c.reason : "-");
    return rc < 0 ? 2 : rc;
}

/* AUDIT_SIGN names a file with a signing key; made when it is not there. */
static bool signing_key(struct audit_note_key *k) {
    const char *path = getenv("AUDIT_SIGN");
    char text[1024];
    struct buf b;

    if (!path) return false;
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    if (f) fclose(f);
    if (n && audit_note_key_read(k, span_make(text, n)) == 0) return true;
    buf_init(&b, 1024);
    if (audit_note_key_new(k, AUDIT_KEY_LOG, "driver/audit") < 0) exit(5);
    audit_note_key_write(k, true, &b);
    f = fopen(path, "w");
    if (!f || fwrite(b.ptr, 1, b.len, f) != b.len || fclose(f) != 0) exit(5);
    buf_free(&b);
    return true;
}

/* NULL: the log is not encrypted. */
static struct audit_sealer *opener(const char *path, struct audit_hasher *h) {
    const char *reason;
    struct audit_keyring *ring = getenv("AUDIT_ENCRYPT") ? audit_keyring_open(path, encryption_key, true, &reason) : NULL;

    return ring ? audit_sealer_new(ring, h) : NULL; /* both live as long as the program */
}

static int dump(const char *path) {
    struct audit_hasher *h = audit_hasher_new(key);
    const char *reason = "?";
    struct audit_set *s = audit_set_find(path, &reason);
    struct audit_lines *l = s ? audit_lines_open(s, 0, 0) : NULL;
    struct span line;

    if (!l) return 2;
    audit_set_open_with(s, opener(path, h));
    while (audit_lines_next(l, &line))
        printf("%.*s\n", (int)line.len, line.ptr);
    return audit_lines_failed(l) || audit_lines_sealed(l) ? 1 : 0;
}

/* All files of the log with its checkpoints. */
static int verify_set(const char *path) {
    struct audit_note_key k;
    bool keyed = signing_key(&k);
    struct audit_hasher *h = audit_hasher_new(key);
    struct audit_head head;
    const char *reason = "?";
    struct audit_set *s = audit_set_find(path, &reason);
    if (!s || !h || audit_head_load(path, h, true, &head) < 0) {
        printf("rc=2 reason=%s\n", reason);
        return 2;
    }
    struct audit_verifier *v = audit_verifier_new(
        &(struct audit_verifier_options){.hasher = h, .keyed = true, .head = &head, .log_key = keyed ? &k : NULL, .sealer = opener(path, h)});
    struct audit_lines *l = audit_lines_open(s, 0, 0);
    struct audit_check c;
    struct span line;
    audit_lines_raw(l);
    while (audit_lines_next(l, &line))
        if (audit_verifier_line(v, line) < 0) break;
    int rc = audit_verifier_end(v, &c);
    printf("rc=%d files=%zu records=%llu last=%llu checkpoints=%llu unfinished=%llu bad=%s:%llu reason=%s\n", rc, audit_set_count(s),
           (unsigned long long)c.records, (unsigned long long)c.last_seq, (unsigned long long)c.checkpoints,
           (unsigned long long)c.unfinished, audit_lines_file(l), (unsigned long long)audit_lines_number(l), c.reason ? c.reason : "-");
    audit_lines_close(l);
    audit_verifier_free(v);
    audit_set_free(s);
    audit_hasher_free(h);
    return rc;
}

int main(int argc, char **argv) {
    struct audit_note_key k;

    if (argc == 3 && strcmp(argv[1], "verify") == 0) return verify(argv[2]);
    if (argc == 3 && strcmp(argv[1], "verify-set") == 0) return verify_set(argv[2]);
    if (argc == 3 && strcmp(argv[1], "dump") == 0) return dump(argv[2]);
    if (argc != 5 && argc != 7) return 2;

    struct audit_options o = {.path = argv[2], .key = key, .node = "driver", .reserve = 64 * 1024};
    long threads = strtol(argv[3], NULL, 10);
    if (getenv("AUDIT_ENCRYPT")) o.encryption_key = encryption_key;
    if (getenv("AUDIT_ROTATE")) o.rotate_size = strtoull(getenv("AUDIT_ROTATE"), NULL, 10);
    if (signing_key(&k)) {
        o.signing_key = &k;
        o.checkpoint_every = 50;
    }
    if (argc == 7) {
        o.reserve = (uint32_t)strtoul(argv[5], NULL, 10);
        o.segment_step = (uint32_t)strtoul(argv[6], NULL, 10);
    }
    if (strcmp(argv[1], "run") != 0 || threads < 1 || threads > THREADS_MAX) return 2;
    return run(&o, (int)threads, strtol(argv[4], NULL, 10));
}
