/* SPDX-License-Identifier: Apache-2.0
 *
 * phi vault: the memory of scope `client`, looked at, erased from, given new keys. All but `accept` work while a gateway runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../policies/engine/diag.h"
#include "audit.h"
#include "audit_hash.h"
#include "audit_head.h"
#include "config.h"
#include "hex.h"
#include "phi_audit_beside.h"
#include "phi_tool.h"
#include "vault.h"
#include "vault_care.h"

const char phi_vault_usage[] =
    "usage: phi vault stat   -c phigate.yaml\n"
    "       phi vault purge  -c phigate.yaml --expired | --value - | --principal CLIENT\n"
    "           (`--value -`: the value is read from standard input; with it go the other forms under its number)\n"
    "       phi vault rotate -c phigate.yaml [--next-key FILE] | --finish\n"
    "           (new keys for all rows; --next-key: the site's next key, too; --finish: only the configured key opens it)\n"
    "       phi vault accept -c phigate.yaml\n"
    "           (the file as it is, although it is new, older or another: what it does not know is lost)\n";

struct options {
    const struct config *loaded;
    const char *config, *value, *principal, *next_key;
    bool expired, finish;
};

static struct config *load(const char *path) {
    char share[4096];
    struct diag *d = diag_new();
    struct config *c = NULL;

    if (phi_share(share, sizeof share) && d && !(c = config_load(path, share, d))) diag_print(d, stderr);
    if (c && !c->vault_file) {
        fprintf(stderr, "phi: %s has no `tokens: {scope: client, vault: ...}`\n", path);
        config_free(c);
        c = NULL;
    }
    diag_free(d);
    return c;
}

static int say(int rc, int64_t n, const char *done) {
    if (rc < 0) {
        fputs("phi: the vault could not be written, or a row of it does not open; nothing was changed\n", stderr);
        return PHI_FOUND;
    }
    printf("%" PRId64 " %s\n", n, done);
    return PHI_DONE;
}

static void print_time(const char *name, int64_t at) {
    time_t t = (time_t)at;
    struct tm utc;
    char text[32];

    if (!at || !gmtime_r(&t, &utc)) return;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    printf("%s: %s\n", name, text);
}

/* In the auditors' log, durable, before anything is done. */
static int note(const struct options *o, const char *event, const char *reason) {
    struct audit_record *r = phi_audit_person_record("vault", event, NULL);

    if (!r) return -1;
    if (reason) audit_add_text(r, "reason", reason);
    return phi_audit_append(o->loaded->audit_file, o->loaded->audit_key, r);
}

static int stat_command(struct vault_care *v, const struct options *o) {
    struct vault_stat s;

    (void)o;
    if (vault_care_stat(v, &s) < 0) return say(-1, 0, "");
    printf("clients: %" PRId64 "\ntokens: %" PRId64 "\nexpired: %" PRId64 "\nobjects: %" PRId64 "\ngiven out in all: %" PRId64
           "\nkey epoch: %" PRId64 "\nkeys that open it: %" PRId64 "\n",
           s.principals, s.tokens, s.expired, s.objects, s.sequence, s.epoch, s.masters);
    print_time("first expiry", s.first_expiry);
    print_time("last expiry", s.last_expiry);
    return PHI_DONE;
}

static int purge_value(struct vault_care *v, const struct options *o) {
    struct buf value;
    int64_t n = 0;
    int rc = PHI_USAGE;

    if (strcmp(o->value, "-") != 0) {
        fputs("phi: a value on the command line can be read by others; use `--value -` and standard input\n", stderr);
        return PHI_USAGE;
    }
    buf_init(&value, PHI_INPUT_MAX);
    if (phi_read("-", &value) == 0) {
        struct span s = buf_span(&value);
        while (s.len && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
            s.len--;
        bool done = note(o, "erase", "value") == 0;
        int erased = done ? vault_care_purge_value(v, s, &n) : -1;
        if (done) rc = say(erased, n, "tokens erased");
    }
    buf_free(&value);
    return rc;
}

static int purge_command(struct vault_care *v, const struct options *o) {
    int64_t n = 0;

    if (o->expired + (o->value != NULL) + (o->principal != NULL) != 1) {
        fputs(phi_vault_usage, stderr);
        return PHI_USAGE;
    }
    if (o->value) return purge_value(v, o);
    if (note(o, "erase", o->expired ? "expired" : "client") < 0) return PHI_USAGE;
    int rc = o->expired ? vault_care_purge_expired(v, &n) : vault_care_purge_principal(v, o->principal, &n);
    return say(rc, n, "tokens erased");
}

static int read_key(const char *path, unsigned char out[32]) {
    struct buf b;

    if (phi_read(path, &b) < 0) return -1;
    int rc = hex_read_file(buf_span(&b), out, 32);
    if (rc < 0) fprintf(stderr, "phi: %s: expected 64 lower-case hex digits (256 random bits)\n", path);
    buf_free(&b);
    return rc;
}

static int finish(struct vault_care *v, const struct options *o) {
    int64_t n = 0;

    if (note(o, "new_keys", "finish") < 0) return PHI_USAGE;
    int rc = vault_care_finish(v, &n);
    return say(rc, n, "other keys no longer open it");
}

static int rotate_command(struct vault_care *v, const struct options *o) {
    unsigned char next[32];
    int64_t n = 0;

    if (o->finish && o->next_key) {
        fputs(phi_vault_usage, stderr);
        return PHI_USAGE;
    }
    if (o->finish) return finish(v, o);
    if (o->next_key && read_key(o->next_key, next) < 0) return PHI_USAGE;
    if (note(o, "new_keys", o->next_key ? "next_key" : "rotate") < 0) return PHI_USAGE;
    int rc = vault_care_rotate(v, o->next_key ? next : NULL, &n);
    explicit_bzero(next, sizeof next);
    return say(rc, n, "tokens sealed anew");
}

/* The last record of the gateway's log; what is accepted is accepted for the start that follows it. */
static uint64_t log_end(const struct config *c) {
    struct audit_hasher *h = audit_hasher_new(c->audit_key);
    struct audit_head head = {.found = false};
    uint64_t seq = h && audit_head_load(c->audit_file, h, true, &head) == 0 && head.found ? head.seq : 0;

    audit_hasher_free(h);
    return seq;
}

/* Its own way in: the others refuse what this is for. */
static int accept_command(const struct config *c, const struct options *by) {
    const struct vault_options o = {.path = c->vault_file, .anchor = c->vault_anchor, .key = c->vault_key, .ttl_s = c->vault_ttl_s,
                                    .accept = true, .log_seq = log_end(c)};
    char err[320] = "";

    if (note(by, "accept", NULL) < 0) return PHI_USAGE;
    struct vault *v = vault_open(&o, err, sizeof err);
    if (!v) {
        fprintf(stderr, "phi: %s: %s\n", c->vault_file, err);
        return PHI_FOUND;
    }
    vault_close(v);
    puts("accepted; numbers that may have been given out before are not given out again");
    return PHI_DONE;
}

static int run(const char *name, const struct config *c, const struct options *o) {
    static const struct {
        const char *name;
        int (*run)(struct vault_care *v, const struct options *o);
    } commands[] = {{"stat", stat_command}, {"purge", purge_command}, {"rotate", rotate_command}};
    char err[256] = "";

    if (strcmp(name, "accept") == 0) return accept_command(c, o);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(name, commands[i].name) != 0) continue;
        struct vault_care *v = vault_care_open(c->vault_file, c->vault_key, err, sizeof err);
        if (!v) {
            fprintf(stderr, "phi: %s: %s\n", c->vault_file, err);
            return PHI_USAGE;
        }
        int rc = commands[i].run(v, o);
        vault_care_close(v);
        return rc;
    }
    fputs(phi_vault_usage, stderr);
    return PHI_USAGE;
}

int phi_vault_command(int argc, char **argv) {
    struct options o = {0};
    const struct phi_option options[] = {{"-c", &o.config, NULL}, {"--value", &o.value, NULL}, {"--principal", &o.principal, NULL},
                                         {"--next-key", &o.next_key, NULL}, {"--expired", NULL, &o.expired}, {"--finish", NULL, &o.finish}};

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 1 || !o.config) {
        fputs(phi_vault_usage, stderr);
        return PHI_USAGE;
    }
    struct config *c = load(o.config);
    if (!c) return PHI_USAGE;
    o.loaded = c;
    int rc = run(argv[0], c, &o);
    config_free(c);
    return rc;
}
