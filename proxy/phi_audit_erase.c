/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit erase: the end of a retention. Of a rotated file only envelopes stay (audit_seal.h), or the key of a month is
 * destroyed; chain, tree, checkpoints and proofs hold. Not before six years (45 CFR 164.316(b)(2)) unless it is said, never
 * under a hold, and with a record in the auditors' log first.
 *
 *   age, holds -> record durable -> <log>.erasing, synced -> renamed over the file
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_file.h"
#include "audit_hash.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_audit_hold.h"
#include "phi_audit_seal.h"
#include "phi_auditor.h"

#define YEARS 6

const char phi_audit_erase_usage[] =
    "usage: phi audit erase --before 2020-01 --key FILE --as FILE [--clients FILE] [--encryption-key FILE] [--log FILE]\n"
    "       phi audit erase --month 2019-12 --encryption-key FILE --key FILE --as FILE [--clients FILE] [--log FILE]\n"
    "           [--less-than-six-years]\n";

struct erasing {
    const char *log, *key_path, *encryption_path, *before, *month;
    bool short_retention;
    struct phi_auditor who;
    unsigned char key[32];
    struct phi_holds holds;
    struct audit_hasher *hasher;
    struct audit_tree_hasher *tree;
    char today[11], limit[11]; /* what is before limit is old enough */
    uint64_t files, records;
};

/* What a file holds. */
struct extent {
    uint64_t first, last, bodies;
    char begin[28], end[28];
};

static void set_days(struct erasing *e) {
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(e->today, sizeof e->today, "%Y-%m-%d", &utc);
    utc.tm_year -= YEARS;
    strftime(e->limit, sizeof e->limit, "%Y-%m-%d", &utc);
}

static bool old_enough(const struct erasing *e, const char *when) {
    if (e->short_retention || strncmp(when, e->limit, strlen(when)) < 0) return true;
    fprintf(stderr, "phi: %s is less than six years ago (45 CFR 164.316(b)(2)); --less-than-six-years erases nevertheless\n", when);
    return false;
}

static int append(const struct erasing *e, const char *event, const struct extent *x) {
    struct audit_record *r = phi_audit_person_record("erasure", event, &e->who);

    if (!r) return -1;
    if (x) {
        audit_add_number(r, "first_seq", (int64_t)x->first);
        audit_add_number(r, "last_seq", (int64_t)x->last);
    } else {
        audit_add_text(r, "epoch", e->month);
    }
    return phi_audit_append(phi_audit_log(e->log), e->key, r);
}

/* ---- one file ---- */

static int measure(const struct erasing *e, const char *path, struct extent *x) {
    const char *reason;
    struct audit_set *set = audit_set_of(&path, 1, &reason);
    struct phi_seal seal = {.ring = NULL};
    struct audit_lines *l = NULL;
    struct span line;
    int rc = -1;

    *x = (struct extent){.first = 0};
    if (set && phi_seal_open(&seal, e->log, e->encryption_path, set) == 0) l = audit_lines_open(set, 0, 0);
    while (l && audit_lines_next(l, &line)) {
        struct span ts = audit_view_time(line);
        x->last = audit_view_seq(line);
        if (x->bodies++ == 0) x->first = x->last;
        if (ts.len != 27) continue;
        if (!x->begin[0] || memcmp(ts.ptr, x->begin, 27) < 0) memcpy(x->begin, ts.ptr, 27);
        if (memcmp(ts.ptr, x->end, 27) > 0) memcpy(x->end, ts.ptr, 27);
    }
    if (l && audit_lines_sealed(l)) fprintf(stderr, "phi: %s is encrypted: give --encryption-key FILE\n", path);
    else if (l && !audit_lines_failed(l)) rc = 0;
    audit_lines_close(l);
    audit_set_free(set);
    phi_seal_close(&seal);
    return rc;
}

static int write_envelopes(const struct erasing *e, struct audit_lines *l, FILE *out) {
    struct buf b;
    struct span line;
    int rc = 0;

    buf_init(&b, AUDIT_LINE_MAX);
    audit_lines_raw(l);
    while (rc == 0 && audit_lines_next(l, &line)) {
        b.len = 0;
        rc = audit_erase_line(line, e->today, e->hasher, e->tree, &b);
        phi_audit_span(out, buf_span(&b));
        fputc('\n', out);
    }
    buf_free(&b);
    return rc < 0 || audit_lines_failed(l) || audit_lines_torn(l) ? -1 : 0;
}

static int replace_bodies(const struct erasing *e, const char *path) {
    char beside[PATH_MAX];
    const char *reason;
    struct audit_set *set = audit_set_of(&path, 1, &reason);
    struct audit_lines *l = set ? audit_lines_open(set, 0, 0) : NULL;
    int rc = -1;

    if (!l || snprintf(beside, sizeof beside, "%s.erasing", phi_audit_log(e->log)) >= (int)sizeof beside) goto out;
    unlink(beside); /* of an attempt that was cut short */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out) goto out;
    bool ok = write_envelopes(e, l, out) == 0 && fflush(out) == 0 && fsync(fd) == 0;
    if (fclose(out) != 0) ok = false;
    if (ok && rename(beside, path) == 0) rc = audit_file_sync_directory(path);
    else unlink(beside);
out:
    audit_lines_close(l);
    audit_set_free(set);
    if (rc < 0) fprintf(stderr, "phi: %s: the records cannot be replaced; nothing was changed\n", path);
    return rc;
}

static int erase_file(struct erasing *e, const char *path) {
    struct extent x;

    if (measure(e, path, &x) < 0) return -1;
    if (x.bodies == 0 || strncmp(x.end, e->before, strlen(e->before)) >= 0) return 0;
    const struct phi_hold *hold = phi_holds_over(&e->holds, x.begin, x.end);
    if (hold) {
        printf("%s: kept: hold %s\n", path, hold->name);
        return 0;
    }
    if (append(e, "records", &x) < 0 || replace_bodies(e, path) < 0) return -1;
    printf("%s: records %llu to %llu erased\n", path, (unsigned long long)x.first, (unsigned long long)x.last);
    e->files++;
    e->records += x.bodies;
    return 0;
}

/* Files that were rotated away, never the one that is written. */
static int erase_files(struct erasing *e) {
    struct audit_set *set = phi_audit_set(e->log);
    int rc = set ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < audit_set_count(set); i++)
        if (strstr(audit_set_name(set, i), ".seg-")) rc = erase_file(e, audit_set_name(set, i));
    audit_set_free(set);
    if (rc == 0) printf("%llu records in %llu files erased\n", (unsigned long long)e->records, (unsigned long long)e->files);
    return rc;
}

/* ---- a month's key ---- */

static int erase_month(struct erasing *e) {
    unsigned char master[32];
    const char *reason = "";
    const struct phi_hold *hold = phi_holds_over(&e->holds, e->month, e->month);
    struct audit_keyring *ring = NULL;
    int rc = -1;

    if (hold) {
        fprintf(stderr, "phi: %s is under the hold %s\n", e->month, hold->name);
        return -1;
    }
    if (phi_audit_key(e->encryption_path, master) < 0) return -1;
    ring = audit_keyring_open(phi_audit_log(e->log), master, false, &reason);
    explicit_bzero(master, sizeof master);
    if (!ring) fprintf(stderr, "phi: %s.keys: %s\n", phi_audit_log(e->log), reason);
    else if (!audit_keyring_find(ring, span_of(e->month))) fprintf(stderr, "phi: there is no key of %s\n", e->month);
    else if (append(e, "epoch_key", NULL) == 0) rc = audit_keyring_destroy(ring, span_of(e->month));
    audit_keyring_free(ring);
    if (rc == 0) printf("the key of %s is destroyed; copies of %s.keys hold it as long as they are kept\n", e->month, phi_audit_log(e->log));
    return rc;
}

/* ---- the command ---- */

static bool date_valid(const char *s, size_t len) {
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++)
        if (i == 4 || i == 7 ? s[i] != '-' : s[i] < '0' || s[i] > '9') return false;
    return n == len || (len == 0 && (n == 7 || n == 10));
}

static bool usage_holds(const struct erasing *e) {
    if (!e->key_path || !e->before == !e->month) return false;
    return e->before ? date_valid(e->before, 0) : e->encryption_path && date_valid(e->month, 7);
}

static int prepare(struct erasing *e) {
    struct audit_set *set;
    int rc = -1;

    set_days(e);
    if (e->month && strncmp(e->month, e->today, 7) >= 0) {
        fputs("phi: the month has not ended\n", stderr);
        return -1;
    }
    if (!old_enough(e, e->before ? e->before : e->month) || phi_auditor_require(&e->who) < 0 || phi_audit_key(e->key_path, e->key) < 0) return -1;
    set = phi_audit_set(e->log);
    e->hasher = audit_hasher_new(e->key);
    e->tree = audit_tree_hasher_new();
    if (set && e->hasher && e->tree && phi_audit_key_fits(set, e->key, e->key_path) == 0) rc = phi_holds_read(&e->holds, phi_audit_log(e->log));
    audit_set_free(set);
    return rc;
}

int phi_audit_erase(int argc, char **argv) {
    struct erasing *e = calloc(1, sizeof *e);
    int rc = PHI_USAGE;

    if (!e) return PHI_USAGE;
    const struct phi_option options[] = {{"--log", &e->log, NULL}, {"--key", &e->key_path, NULL}, {"--encryption-key", &e->encryption_path, NULL},
                                         {"--before", &e->before, NULL}, {"--month", &e->month, NULL},
                                         {"--less-than-six-years", NULL, &e->short_retention}, PHI_AUDITOR_OPTIONS(e->who)};
    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) == 0) {
        if (argc != 0 || !usage_holds(e)) fputs(phi_audit_erase_usage, stderr);
        else if (prepare(e) == 0 && (e->before ? erase_files(e) : erase_month(e)) == 0) rc = PHI_DONE;
    }
    audit_hasher_free(e->hasher);
    audit_tree_hasher_free(e->tree);
    phi_auditor_free(&e->who);
    explicit_bzero(e, sizeof *e);
    free(e);
    return rc;
}
