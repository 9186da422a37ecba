/* SPDX-License-Identifier: Apache-2.0
 *
 * phi roster: the practice's own patients, staff and numbers, from an export to a file that nobody can read them out of.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../detectors/roster_build.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/roster_import.h"
#include "../policies/engine/roster_store.h"
#include "phi_tool.h"

const char phi_roster_usage[] = "usage: phi roster import FILE.csv... [--out FILE.roster] [--key FILE] [--role patient|staff|relative|employer] [--skip-bad-rows]\n"
                            "       phi roster stat FILE.roster [--key FILE]\n";

struct job {
    const char *out, *key, *role_word;
    bool skip_bad;
    enum roster_type role;
    struct roster_secret secret;
    struct roster_counts counts;
    struct diag *diag;
};

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

/* The key is made when there is none. */
static int need_key(struct job *j, bool make) {
    char err[256];

    if (!j->key) j->key = phi_roster_key();
    if (make && !exists(j->key)) {
        if (roster_secret_new(j->key, err, sizeof err) < 0) {
            fprintf(stderr, "phi: %s: %s\n", j->key, err);
            return -1;
        }
        printf("%s: new key. Keep it secret, apart from the roster; without it the roster must be imported anew.\n", j->key);
    }
    if (roster_secret_read(j->key, &j->secret, err, sizeof err) == 0) return 0;
    fprintf(stderr, "phi: %s: %s\n", j->key, err);
    return -1;
}

void phi_print_roster(const char *path, struct roster_facts facts, const char *digest) {
    time_t when = (time_t)facts.imported * 86400;
    struct tm day;
    char text[16] = "?";

    if (gmtime_r(&when, &day)) strftime(text, sizeof text, "%Y-%m-%d", &day);
    printf("%s: %llu people, %llu entries, imported %s, digest %.16s\n", path, (unsigned long long)facts.people,
           (unsigned long long)facts.entries, text, digest);
}

/* ---- import ---- */

static int read_exports(struct job *j, struct roster_builder *b, int argc, char **argv) {
    int rc = 0;

    for (int i = 0; i < argc; i++) {
        struct buf text;
        if (phi_read(argv[i], &text) < 0) return -1;
        int result = roster_import(b, argv[i], text.ptr, text.len, j->role, &j->counts, j->diag);
        if (result) rc = rc < 0 ? rc : result;
        if (text.ptr) explicit_bzero(text.ptr, text.len);
        buf_free(&text);
    }
    return rc;
}

static void print_counts(const struct job *j) {
    if (j->counts.unusable)
        printf("%llu values left out: shorter than five letters and digits, without a digit, or only filling their field\n",
               (unsigned long long)j->counts.unusable);
    for (size_t i = 0; i < j->counts.n_unused; i++)
        printf("%s%u%s", i ? ", " : "columns not used, because their name is not known: ", j->counts.unused[i],
               i + 1 == j->counts.n_unused ? "\n" : "");
}

static int build_and_save(struct job *j, struct roster_builder *b, const unsigned char *salt, const unsigned char *check) {
    char digest[65], err[256] = "out of memory";
    void *data = NULL;
    size_t size = 0;

    if (roster_build(b, salt, check, time(NULL) / 86400, &data, &size) == 0 &&
        roster_save(j->out, data, size, &j->secret, digest, err, sizeof err) == 0) {
        free(data);
        struct phi_roster *r = roster_open(j->out, &j->secret, digest, err, sizeof err);
        if (r) phi_print_roster(j->out, roster_facts(r), digest);
        roster_unref(r);
        if (r) return 0;
    } else {
        free(data);
    }
    fprintf(stderr, "phi: %s: %s\n", j->out, err);
    return -1;
}

/* Before a key is made for them. */
static bool all_readable(int argc, char **argv) {
    struct stat st;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "-") == 0) continue;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) errno = EISDIR;
        else if (access(argv[i], R_OK) == 0) continue;
        fprintf(stderr, "phi: %s: %s\n", argv[i], strerror(errno));
        return false;
    }
    return true;
}

static int import_all(struct job *j, int argc, char **argv) {
    unsigned char salt[ROSTER_SALT], check[ROSTER_CHECK];
    struct roster_keys keys;
    struct roster_builder *b = NULL;
    int rc = PHI_USAGE;

    if (!all_readable(argc, argv) || need_key(j, true) < 0) return PHI_USAGE;
    if (roster_salt(&j->secret, salt, check, &keys) == 0) b = roster_builder_new(&keys);
    explicit_bzero(&keys, sizeof keys);
    if (!b) {
        fputs("phi: out of memory, or no random numbers\n", stderr);
        return PHI_USAGE;
    }
    int bad = read_exports(j, b, argc, argv);
    diag_print(j->diag, stderr);
    if (bad < 0 || (bad && !j->skip_bad)) {
        fputs("phi: nothing was written. Mend the rows, or leave them out with --skip-bad-rows: their people will not be found.\n", stderr);
        rc = PHI_FOUND;
    } else if (build_and_save(j, b, salt, check) == 0) {
        print_counts(j);
        if (j->counts.bad_rows) printf("%llu rows left out\n", (unsigned long long)j->counts.bad_rows);
        fputs("Tell the gateway to reload (SIGHUP).\n", stderr);
        rc = PHI_DONE;
    }
    roster_builder_free(b);
    return rc;
}

static int import_command(struct job *j, int argc, char **argv) {
    char out[PATH_MAX];
    size_t n = strlen(argv[0]);
    int rc = PHI_USAGE;

    j->role = j->role_word ? roster_role(j->role_word, strlen(j->role_word)) : ROSTER_PATIENT;
    if (!j->role) {
        fputs(phi_roster_usage, stderr);
        return PHI_USAGE;
    }
    if (!j->out && strcmp(argv[0], "-") != 0) {
        if (n > 4 && strcmp(argv[0] + n - 4, ".csv") == 0) n -= 4;
        snprintf(out, sizeof out, "%.*s.roster", (int)n, argv[0]);
        j->out = out;
    }
    if (!j->out) {
        fputs(phi_roster_usage, stderr);
        return PHI_USAGE;
    }
    j->diag = diag_new();
    if (j->diag) rc = import_all(j, argc, argv);
    diag_free(j->diag);
    explicit_bzero(&j->secret, sizeof j->secret);
    return rc;
}

static int stat_command(struct job *j, const char *path) {
    char digest[65], err[256];
    struct phi_roster *r = NULL;

    if (need_key(j, false) < 0) return PHI_USAGE;
    r = roster_open(path, &j->secret, digest, err, sizeof err);
    explicit_bzero(&j->secret, sizeof j->secret);
    if (r) phi_print_roster(path, roster_facts(r), digest);
    else fprintf(stderr, "phi: %s: %s\n", path, err);
    roster_unref(r);
    return r ? PHI_DONE : PHI_FOUND;
}

int phi_roster_command(int argc, char **argv) {
    struct job j = {.out = NULL};
    const struct phi_option options[] = {{"--out", &j.out, NULL}, {"--key", &j.key, NULL}, {"--role", &j.role_word, NULL},
                                         {"--skip-bad-rows", NULL, &j.skip_bad}};

    if (phi_options(&argc, argv, options, 4) < 0) return PHI_USAGE;
    if (argc >= 2 && strcmp(argv[0], "import") == 0) return import_command(&j, argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[0], "stat") == 0) return stat_command(&j, argv[1]);
    fputs(phi_roster_usage, stderr);
    return PHI_USAGE;
}
