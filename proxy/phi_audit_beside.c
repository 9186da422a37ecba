/* SPDX-License-Identifier: Apache-2.0
 *
 * One record for each run of the tool, between a start and a stop of its own.
 */
#include "phi_audit_beside.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "audit_hash.h"
#include "audit_line.h"
#include "audit_seal.h"
#include "phi_audit.h"
#include "phi_auditor.h"

#define WAIT_MS 10000
#define STEP_MS 20

static bool line_fits(struct audit_hasher *h, struct span text) {
    char mac[AUDIT_HEX_LEN + 1];
    struct audit_sealed sealed;
    struct audit_line line;
    const char *reason;

    if (audit_sealed_is(text)) return audit_sealed_read(text, &sealed, &reason) == 0 && audit_sealed_mac_holds(&sealed, text, h) == 0;
    return audit_line_read(text, &line, &reason) == 0 &&
           audit_hasher_mac(h, span_sub(text, 0, line.mac_begin), span_sub(text, line.mac_end, text.len), mac) == 0 &&
           CRYPTO_memcmp(mac, line.mac.ptr, AUDIT_HEX_LEN) == 0;
}

/* A wrong key finds nothing; that must not look like an answer. */
int phi_audit_key_fits(const struct audit_set *set, const unsigned char key[32], const char *key_path) {
    struct audit_hasher *h = audit_hasher_new(key);
    struct audit_lines *l = h ? audit_lines_open(set, UINT64_MAX, 0) : NULL; /* the last file: keys may have been changed before */
    struct span text;
    bool ok = false;

    if (l) audit_lines_raw(l);
    if (l && audit_lines_next(l, &text)) ok = line_fits(h, text);

    audit_lines_close(l);
    audit_hasher_free(h);
    if (ok) return 0;
    fprintf(stderr, "phi: %s is not the key of this log\n", key_path);
    return -1;
}

int phi_beside_name(const char *log, char *out, size_t size) {
    int n = snprintf(out, size, "%s.probes", log);

    return n > 0 && (size_t)n < size ? 0 : -1;
}

struct audit_lines *phi_beside_lines(const char *log, struct audit_set **set) {
    char name[PATH_MAX];
    const char *reason;

    *set = NULL;
    if (phi_beside_name(log, name, sizeof name) < 0 || access(name, R_OK) != 0) return NULL;
    *set = audit_set_find(name, &reason);
    return *set ? audit_lines_open(*set, 0, 0) : NULL;
}

/* ---- records ---- */

static void add_member(struct buf *b, const char *name, const char *value) {
    buf_add_format(b, "%s\"%s\":\"", b->len > 1 ? "," : "", name);
    buf_add_json_escaped(b, span_of(value));
    buf_add_char(b, '"');
}

struct audit_record *phi_audit_person_record(const char *type, const char *event, const struct phi_auditor *who) {
    struct audit_record *r = audit_record_new(type);
    const struct passwd *user = getpwuid(getuid());
    const char *login = user ? user->pw_name : "unknown";
    const struct principal *p = who ? who->principal : NULL;
    struct buf actor;

    if (!r) return NULL;
    buf_init(&actor, 1024);
    buf_add_char(&actor, '{');
    if (p) add_member(&actor, "client", p->id);
    add_member(&actor, "login", login);
    if (p) add_member(&actor, "role", p->role);
    add_member(&actor, "user", p ? p->user : login);
    buf_add_char(&actor, '}');
    audit_add_text(r, "event", event);
    audit_add_json(r, "actor", buf_span(&actor));
    buf_free(&actor);
    return r;
}

/* ---- writing ---- */

struct waiter {
    struct audit_ticket ticket; /* first: the log gives back a pointer to it */
    sem_t told;
    bool ok;
};

static void told(struct audit_ticket *t, bool ok) {
    struct waiter *w = (struct waiter *)t;

    w->ok = ok;
    sem_post(&w->told);
}

int phi_beside_write(struct audit *a, struct audit_record *r) {
    struct waiter w = {.ticket = {.record = r, .done = told}};
    int rc = -1;

    if (!r) return -1;
    if (sem_init(&w.told, 0, 0) < 0) {
        audit_record_free(r);
        return -1;
    }
    if (audit_submit(a, &w.ticket) == 0) {
        while (sem_wait(&w.told) != 0) {
        }
        rc = w.ok ? 0 : -1;
    }
    sem_destroy(&w.told);
    return rc;
}

struct audit *phi_beside_open(const char *log, const unsigned char key[32]) {
    const struct timespec step = {0, STEP_MS * 1000000L};
    char name[PATH_MAX], err[PATH_MAX + 256] = "its name is too long";
    struct audit_options o = {.path = name, .key = key, .node = "phi", .segment_step = 65536, .reserve = 65536};
    struct audit *a = NULL;

    if (phi_beside_name(log, name, sizeof name) == 0) {
        for (int waited = 0; !a && waited <= WAIT_MS; waited += STEP_MS) {
            a = audit_open(&o, err, sizeof err);
            if (!a && !strstr(err, "another process writes this log")) break;
            if (!a) nanosleep(&step, NULL);
        }
    }
    if (!a) fprintf(stderr, "phi: this is recorded first, and the record cannot be written: %s\n", err);
    return a;
}

int phi_audit_append(const char *log, const unsigned char key[32], struct audit_record *r) {
    struct audit *a = phi_beside_open(log, key);
    int rc;

    if (!a) {
        audit_record_free(r);
        return -1;
    }
    rc = phi_beside_write(a, r);
    audit_close(a);
    if (rc < 0) fputs("phi: this is recorded first, and the record cannot be written\n", stderr);
    return rc;
}
