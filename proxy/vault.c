/* SPDX-License-Identifier: Apache-2.0
 *
 *   helper threads ──job──> [ queue ] ──> writer's thread: BEGIN, every job that waits, anchor, COMMIT (synced) ──> answers
 *   event loops    ──find─> a reader's connection, microseconds, never behind the writer (WAL)
 *
 * The anchor is raised before the commit that needs it, so that whatever a crash leaves, no number above it was given out.
 */
#include "vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define CEILING_STEP 64
#define SEQUENCE_STEP 256
#define PURGE_EVERY_S 600
#define ANCHORLESS_STEP 100000

static int64_t now_s(void) {
    return (int64_t)time(NULL);
}

/* ---- the writer's thread ---- */

static bool file_is_ours(const struct vault *v) {
    struct stat st;
    return stat(v->path, &st) == 0 && st.st_dev == v->device && st.st_ino == v->inode;
}

/* The file may have been rotated by the tool since; it cannot have lost what this thread wrote. */
static int look(struct vault *v) {
    int64_t sequence = 0;

    v->writer.now = now_s();
    if (vault_epoch_follow(&v->writer, &v->master, v->id) < 0) return -1;
    if (vault_db_get(&v->writer.db, "sequence", &sequence) < 0 || sequence < v->sequence) return -1;
    v->sequence = sequence;
    return 0;
}

static void give_up(struct vault *v) {
    pthread_mutex_lock(&v->lock);
    v->broken = true;
    pthread_mutex_unlock(&v->lock);
}

int vault_count_made(struct vault *v, struct vault_hand *h, int64_t made, int64_t highest) {
    struct vault_anchor *a = &v->anchor;
    int64_t sequence = 0;

    if (vault_db_get(&h->db, "sequence", &sequence) < 0 || vault_db_set(&h->db, "sequence", sequence + made) < 0) return -1;
    if (highest <= a->ceiling && sequence - a->sequence < SEQUENCE_STEP) return 0;
    if (highest > a->ceiling) a->ceiling = highest + CEILING_STEP;
    a->sequence = v->sequence;
    if (vault_anchor_write(a) == 0) return 0;
    log_event(LOG_LEVEL_ERROR, "vault.anchor-failed", "final=yes");
    give_up(v); /* a sync that failed once tells nothing when it succeeds the next time */
    return -1;
}

static void run_job(struct vault *v, struct vault_job *job) {
    struct vault_hand *h = &v->writer;

    if (vault_db_do(&h->db, VAULT_SAVE) < 0) return;
    job->ran = job->run(v, h, job) == 0;
    buf_clear(&h->scratch);
    if (!job->ran) {
        (void)vault_db_do(&h->db, VAULT_SAVE_BACK);
    }
    if (vault_db_do(&h->db, VAULT_SAVE_DONE) < 0) job->ran = false;
}

/* A sync that failed once may succeed the next time although the pages are gone: it is final. A full disk is not. */
static void note_failure(struct vault *v) {
    int code = sqlite3_errcode(v->writer.db.handle) & 0xff;
    bool final = code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

    log_event(LOG_LEVEL_ERROR, "vault.write-failed", "sqlite=%d final=%s", code, final ? "yes" : "no");
    if (final) give_up(v);
}

static void publish(struct vault *v) {
    pthread_mutex_lock(&v->lock);
    v->committed = v->sequence;
    pthread_mutex_unlock(&v->lock);
}

static bool write_batch(struct vault *v, struct vault_job *jobs) {
    struct vault_db *db = &v->writer.db;

    if (!file_is_ours(v)) {
        log_event(LOG_LEVEL_ERROR, "vault.replaced", "the-file=is-another");
        return false;
    }
    if (vault_db_do(db, VAULT_BEGIN_WRITE) < 0) {
        note_failure(v);
        return false;
    }
    bool ok = look(v) == 0;
    if (!ok) log_event(LOG_LEVEL_ERROR, "vault.changed", "the-file=is-older-or-of-another-key");
    for (struct vault_job *j = jobs; ok && j; j = j->next)
        run_job(v, j);
    if (ok && vault_db_do(db, VAULT_COMMIT) == 0) {
        (void)vault_db_get(db, "sequence", &v->sequence);
        publish(v);
        return true;
    }
    if (ok) note_failure(v);
    (void)vault_db_do(db, VAULT_ROLLBACK);
    return false;
}

static struct vault_job *take_jobs(struct vault *v) {
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PURGE_EVERY_S;
    pthread_mutex_lock(&v->lock);
    while (!v->jobs && !v->stop)
        if (pthread_cond_timedwait(&v->wake, &v->lock, &until) == ETIMEDOUT) break;
    struct vault_job *jobs = v->jobs;
    v->jobs = NULL;
    v->jobs_end = &v->jobs;
    pthread_mutex_unlock(&v->lock);
    return jobs;
}

static void *run(void *arg) {
    struct vault *v = arg;
    int64_t purged = 0;

    for (;;) {
        struct vault_job *jobs = take_jobs(v);
        pthread_mutex_lock(&v->lock);
        bool stop = v->stop, broken = v->broken;
        pthread_mutex_unlock(&v->lock);
        if (!jobs && stop) return NULL;
        bool ok = jobs && !broken && write_batch(v, jobs);
        while (jobs) {
            struct vault_job *next = jobs->next;
            jobs->end(v, jobs, ok && jobs->ran);
            jobs = next;
        }
        if (now_s() - purged < PURGE_EVERY_S || broken) continue;
        purged = now_s();
        if (vault_purge_expired(v) < 0) log_event(LOG_LEVEL_WARN, "vault.purge-failed", "again=later");
    }
}

int vault_submit(struct vault *v, struct vault_job *job) {
    bool taken;

    job->next = NULL;
    job->ran = false;
    pthread_mutex_lock(&v->lock);
    taken = !v->stop && !v->broken;
    if (taken) {
        *v->jobs_end = job;
        v->jobs_end = &job->next;
        pthread_cond_signal(&v->wake);
    }
    pthread_mutex_unlock(&v->lock);
    return taken ? 0 : -1;
}

/* ---- waiting for a job ---- */

struct waiting {
    struct vault_job outer; /* first */
    struct vault_job *inner;
    bool finished, ok;
};

static int waiting_run(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    struct waiting *w = (struct waiting *)job;
    return w->inner->run(v, h, w->inner);
}

static void waiting_end(struct vault *v, struct vault_job *job, bool ok) {
    struct waiting *w = (struct waiting *)job;

    pthread_mutex_lock(&v->lock);
    w->ok = ok;
    w->finished = true;
    pthread_cond_broadcast(&v->done);
    pthread_mutex_unlock(&v->lock);
}

int vault_submit_and_wait(struct vault *v, struct vault_job *job) {
    struct waiting w = {.outer = {.run = waiting_run, .end = waiting_end}, .inner = job};

    if (vault_submit(v, &w.outer) < 0) return -1;
    pthread_mutex_lock(&v->lock);
    while (!w.finished)
        pthread_cond_wait(&v->done, &v->lock);
    pthread_mutex_unlock(&v->lock);
    return w.ok ? 0 : -1;
}

/* ---- readers ---- */

struct vault_hand *vault_read_begin(struct vault *v, bool brief) {
    size_t n = brief ? VAULT_READERS : VAULT_READERS - VAULT_READERS_BRIEF;
    struct vault_hand *h = NULL;

    pthread_mutex_lock(&v->lock);
    while (!h) {
        for (size_t i = n; i-- > 0 && !h;)
            if (!v->readers[i].busy) h = &v->readers[i];
        if (!h) pthread_cond_wait(&v->free, &v->lock);
    }
    h->busy = true;
    pthread_mutex_unlock(&v->lock);
    h->now = now_s();
    if (vault_db_do(&h->db, VAULT_BEGIN_READ) == 0 && vault_epoch_follow(h, &v->master, v->id) == 0) return h;
    vault_read_end(v, h);
    return NULL;
}

void vault_read_end(struct vault *v, struct vault_hand *h) {
    buf_clear(&h->scratch);
    if (!sqlite3_get_autocommit(h->db.handle)) {
        (void)vault_db_do(&h->db, VAULT_ROLLBACK);
    }
    pthread_mutex_lock(&v->lock);
    h->busy = false;
    pthread_cond_broadcast(&v->free);
    pthread_mutex_unlock(&v->lock);
}

/* ---- opening ---- */

static int say(char *err, size_t err_size, const char *sentence) {
    snprintf(err, err_size, "%s", sentence);
    return -1;
}

/* 1: it is there, 0: it was made, -1. */
static int make_file(struct vault *v, char *err, size_t err_size) {
    int fd = open(v->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), rc = 0;
    struct stat st;

    if (fd < 0 && errno == EEXIST) {
        rc = 1;
        fd = open(v->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0) close(fd);
        return say(err, err_size, "this file cannot be opened");
    }
    v->device = st.st_dev;
    v->inode = st.st_ino;
    close(fd); /* before SQLite has its locks on it */
    if (st.st_mode & (S_IRWXG | S_IRWXO)) return say(err, err_size, "others can read or change this file; use `chmod 600`");
    return rc == 1 && st.st_size == 0 ? 0 : rc;
}

static int make_identity(struct vault *v, const unsigned char *key) {
    struct vault_hand *h = &v->writer;
    const struct vault_master *masters[] = {&v->master};

    if (vault_id_make(h, v->id) < 0 || vault_master_init(&v->master, key, v->id) < 0) return -1;
    return vault_epoch_make(h, v->id, masters, 1, &h->epoch);
}

static int read_identity(struct vault *v, const unsigned char *key, char *err, size_t err_size) {
    struct vault_hand *h = &v->writer;

    if (vault_db_do(&h->db, VAULT_BEGIN_WRITE) < 0) return say(err, err_size, "the vault is locked by another process, or its disk cannot be written");
    int known = vault_id_read(h, v->id);
    int rc = known < 0 ? -1 : known ? vault_master_init(&v->master, key, v->id) : make_identity(v, key);
    enum vault_statement end = rc == 0 ? VAULT_COMMIT : VAULT_ROLLBACK;
    if (vault_db_do(&h->db, end) < 0 || rc < 0) return say(err, err_size, "the vault cannot be read, or its disk cannot be written");
    if (vault_epoch_follow(h, &v->master, v->id) == 0) return 0;
    return say(err, err_size, "this vault was sealed with another key");
}

/* What the anchor knows against what the file says; NULL: they fit. */
static const char *misfit(const struct vault *v, enum vault_anchor_found found) {
    const struct vault_anchor *a = &v->anchor;

    if (found == VAULT_ANCHOR_NEW)
        return v->sequence > 0 ? "the vault's anchor is missing, so that an older copy could not be told from the latest; see `phi vault accept`" : NULL;
    if (memcmp(a->vault, v->id, VAULT_ID) != 0) return "this is another vault than the one used before; see `phi vault accept`";
    if (v->sequence < a->sequence) return "this is an older copy of the vault; see `phi vault accept`";
    if (a->clean && v->sequence != a->sequence) return "this vault was written to by something else; see `phi vault accept`";
    return NULL;
}

/* Without an anchor nobody knows what was given out after a copy was made: far above what the copy knows. */
static int64_t far_above(struct vault *v) {
    sqlite3_stmt *q = NULL;
    int64_t highest = 0;

    if (sqlite3_prepare_v2(v->writer.db.handle, "SELECT coalesce(max(last),0) FROM mark", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        highest = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return highest + ANCHORLESS_STEP;
}

static int say_behind(const struct vault *v, int64_t recorded, char *err, size_t err_size) {
    snprintf(err, err_size,
             "the audit log has recorded %lld tokens, this vault knows of %lld: vault and anchor are older copies, or of another vault; "
             "see `phi vault accept`",
             (long long)recorded, (long long)v->sequence);
    return -1;
}

/* What a person accepted is kept for the start that follows; that start uses it up. */
static void keep_acceptance(struct vault_anchor *a, const struct vault_options *o) {
    a->accepted_over = o->accept ? a->sequence : 0;
    a->accepted = o->accept ? (int64_t)o->log_seq : 0;
}

static int check_anchor(struct vault *v, enum vault_anchor_found found, const struct vault_options *o, char *err, size_t err_size) {
    struct vault_anchor *a = &v->anchor;
    const char *sentence = misfit(v, found);
    bool behind = v->sequence < o->recorded;

    if (sentence && !o->accept) return say(err, err_size, sentence);
    if (behind && (uint64_t)a->accepted < o->log_seq) return say_behind(v, o->recorded, err, err_size);
    /* An anchor that the log had left behind, too, does not know what was given out. */
    bool unknown = (found == VAULT_ANCHOR_NEW && v->sequence > 0) || (behind && a->accepted_over < o->recorded);
    if (unknown && a->ceiling < far_above(v)) a->ceiling = far_above(v);
    memcpy(a->vault, v->id, VAULT_ID);
    /* After a crash, or where an older copy was put back: what may have been given out is not given out again. */
    if (sentence || behind || !a->clean) a->floor = a->ceiling;
    keep_acceptance(a, o);
    return 0;
}

static int open_hands(struct vault *v, char *err, size_t err_size) {
    for (size_t i = 0; i < VAULT_READERS; i++) {
        struct vault_hand *h = &v->readers[i];
        if (vault_db_open(&h->db, v->path, false, err, err_size) < 0) return -1;
    }
    return 0;
}

static int open_parts(struct vault *v, const struct vault_options *o, char *err, size_t err_size) {
    char anchor[4200];
    int there;

    if (vault_db_library() < 0) return say(err, err_size, "SQLite cannot be used");
    snprintf(anchor, sizeof anchor, "%s.anchor", v->path);
    enum vault_anchor_found found = vault_anchor_open(&v->anchor, o->anchor ? o->anchor : anchor, err, err_size);
    if (found == VAULT_ANCHOR_FAILED) return -1;
    if (found == VAULT_ANCHOR_OLD && !o->accept && access(v->path, F_OK) < 0)
        return say(err, err_size, "the vault is lost: its file is not there; see `phi vault accept`");
    if ((there = make_file(v, err, err_size)) < 0) return -1;
    if (found == VAULT_ANCHOR_OLD && !o->accept && there == 0)
        return say(err, err_size, "the vault is lost: its file is empty; see `phi vault accept`");
    if (vault_db_open(&v->writer.db, v->path, there == 0, err, err_size) < 0) return -1;
    if (read_identity(v, o->key, err, err_size) < 0) return -1;
    if (vault_db_get(&v->writer.db, "sequence", &v->sequence) < 0) return say(err, err_size, "the vault cannot be read");
    if (check_anchor(v, found, o, err, err_size) < 0) return -1;
    publish(v);
    v->anchor.clean = false;
    v->anchor.sequence = v->sequence;
    if (vault_anchor_write(&v->anchor) < 0) return say(err, err_size, "the vault's anchor cannot be written");
    if (open_hands(v, err, err_size) < 0) return -1;
    if (pthread_create(&v->thread, NULL, run, v) != 0) return say(err, err_size, "no thread to be had");
    v->started = true;
    return 0;
}

struct vault *vault_open(const struct vault_options *o, char *err, size_t err_size) {
    struct vault *v = calloc(1, sizeof *v);

    if (!v || strlen(o->path) >= sizeof v->path - 16) {
        (void)say(err, err_size, "out of memory");
        free(v);
        return NULL;
    }
    snprintf(v->path, sizeof v->path, "%s", o->path);
    v->ttl_s = (int64_t)o->ttl_s;
    v->anchor.fd = -1;
    v->jobs_end = &v->jobs;
    buf_init(&v->writer.scratch, 2 * VAULT_VALUE_MAX);
    for (size_t i = 0; i < VAULT_READERS; i++)
        buf_init(&v->readers[i].scratch, 2 * VAULT_VALUE_MAX);
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->wake, NULL);
    pthread_cond_init(&v->done, NULL);
    pthread_cond_init(&v->free, NULL);
    if (open_parts(v, o, err, err_size) == 0) return v;
    vault_close(v);
    return NULL;
}

bool vault_healthy(struct vault *v) {
    if (!v) return true;
    pthread_mutex_lock(&v->lock);
    bool whole = !v->broken;
    pthread_mutex_unlock(&v->lock);
    return whole && file_is_ours(v);
}

int64_t vault_sequence(struct vault *v) {
    pthread_mutex_lock(&v->lock);
    int64_t n = v->committed;
    pthread_mutex_unlock(&v->lock);
    return n;
}

static void close_hand(struct vault_hand *h) {
    if (h->db.handle) vault_db_close(&h->db);
    buf_free(&h->scratch);
    explicit_bzero(h, sizeof *h);
}

static void stop_thread(struct vault *v) {
    if (!v->started) return;
    pthread_mutex_lock(&v->lock);
    v->stop = true;
    pthread_cond_signal(&v->wake);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    v->anchor.clean = !v->broken;
    v->anchor.sequence = v->sequence;
    if (vault_anchor_write(&v->anchor) < 0) log_event(LOG_LEVEL_WARN, "vault.anchor-failed", "next-start=as-after-a-crash");
}

void vault_close(struct vault *v) {
    if (!v) return;
    stop_thread(v);
    for (size_t i = 0; i < VAULT_READERS; i++)
        close_hand(&v->readers[i]);
    close_hand(&v->writer);
    vault_anchor_close(&v->anchor);
    pthread_mutex_destroy(&v->lock);
    pthread_cond_destroy(&v->wake);
    pthread_cond_destroy(&v->done);
    pthread_cond_destroy(&v->free);
    explicit_bzero(v, sizeof *v);
    free(v);
}
