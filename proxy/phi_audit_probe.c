/* SPDX-License-Identifier: Apache-2.0
 *
 * Whoever has the key can try every number there is, so each try leaves a record. A log has one writer: while the gateway
 * runs, the record goes to a chained log beside it, of the same form and under the same key.
 */
#include "phi_audit_probe.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../detectors/phi.h"
#include "audit.h"
#include "audit_hash.h"
#include "audit_line.h"
#include "phi_audit.h"

/* ---- the hashes ---- */

/* A wrong key finds nothing; that must not look like an answer. */
int phi_audit_key_fits(const struct audit_set *set, const unsigned char key[32], const char *key_path) {
    struct audit_hasher *h = audit_hasher_new(key);
    struct audit_lines *l = h ? audit_lines_open(set, 0, 0) : NULL;
    char mac[AUDIT_HEX_LEN + 1];
    struct audit_line line;
    const char *reason;
    struct span text;
    bool ok = l && audit_lines_next(l, &text) && audit_line_read(text, &line, &reason) == 0 &&
              audit_hasher_mac(h, span_sub(text, 0, line.mac_begin), span_sub(text, line.mac_end, text.len), mac) == 0 &&
              CRYPTO_memcmp(mac, line.mac.ptr, AUDIT_HEX_LEN) == 0;

    audit_lines_close(l);
    audit_hasher_free(h);
    if (ok) return 0;
    fprintf(stderr, "phi: %s is not the key of this log\n", key_path);
    return -1;
}

static int add_word(struct phi_probe *p, struct audit_hasher *h, const char *word, struct span value) {
    char hash[AUDIT_HASH_LEN + 1];
    size_t n = strlen(word);

    for (size_t i = 0; i < p->n; i++)
        if (strncmp(p->text[i], word, n) == 0 && p->text[i][n] == ':') return 0;
    if (p->n == PHI_PROBE_MAX || audit_hasher_value(h, word, value, hash) < 0) return -1;
    snprintf(p->text[p->n], sizeof p->text[p->n], "%s:%s", word, hash);
    p->needles[p->n] = span_of(p->text[p->n]);
    p->n++;
    return 0;
}

static int add_words(struct phi_probe *p, struct audit_hasher *h, struct span value, const char *kind) {
    for (int k = 1; k < PHI_KINDS; k++) {
        const char *word = phi_kind_word((enum phi_kind)k), *name = phi_kind_name((enum phi_kind)k);
        if (kind && strcmp(kind, word) != 0 && strcmp(kind, name) != 0) continue;
        if (add_word(p, h, word, value) < 0) return -1;
    }
    if (p->n) return 0;
    fprintf(stderr, "phi: there is no such kind: use SSN, MRN, NAME, PHONE, ... as in the records\n");
    return -1;
}

static int read_value(const char *value, struct buf *out) {
    if (strcmp(value, "-") == 0) {
        if (phi_read("-", out) < 0) return -1;
    } else {
        buf_init(out, PHI_INPUT_MAX);
        buf_add_c(out, value);
    }
    while (out->len && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
        out->len--;
    if (out->len && !out->failed) return 0;
    fputs("phi: the value is empty\n", stderr);
    buf_free(out);
    return -1;
}

int phi_probe_prepare(struct phi_probe *p, const struct audit_set *set, const char *value, const char *kind, const char *key_path) {
    struct audit_hasher *h = NULL;
    struct buf text;
    int rc = -1;

    if (phi_audit_key(key_path, p->key) < 0 || read_value(value, &text) < 0) return -1;
    p->kind = kind;
    h = audit_hasher_new(p->key);
    if (h && phi_audit_key_fits(set, p->key, key_path) == 0) rc = add_words(p, h, buf_span(&text), kind);
    audit_hasher_free(h);
    buf_free(&text);
    return rc;
}

void phi_probe_wipe(struct phi_probe *p) {
    explicit_bzero(p, sizeof *p);
}

/* ---- the record ---- */

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

static int write_and_wait(struct audit *a, struct audit_record *r) {
    struct waiter w = {.ticket = {.record = r, .done = told}};
    int rc = -1;

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

struct audit_record *phi_audit_person_record(const char *type, const char *event) {
    struct audit_record *r = audit_record_new(type);
    const struct passwd *user = getpwuid(getuid());
    struct buf actor;

    if (!r) return NULL;
    buf_init(&actor, 1024);
    buf_add_c(&actor, "{\"user\":\"");
    buf_add_json_escaped(&actor, span_of(user ? user->pw_name : "unknown"));
    buf_add_c(&actor, "\"}");
    audit_add_text(r, "event", event);
    audit_add_json(r, "actor", buf_span(&actor));
    buf_free(&actor);
    return r;
}

static struct audit *open_to_append(const char *log, const unsigned char key[32], char *err, size_t err_size) {
    char beside[PATH_MAX];
    struct audit_options o = {.path = log, .key = key, .node = "phi", .segment_step = 65536};
    struct audit *a = audit_open(&o, err, err_size);

    if (a || !strstr(err, "another process writes this log")) return a;
    if (snprintf(beside, sizeof beside, "%s.probes", log) >= (int)sizeof beside) return NULL;
    o.path = beside;
    o.reserve = 65536;
    return audit_open(&o, err, err_size);
}

int phi_audit_append(const char *log, const unsigned char key[32], struct audit_record *r) {
    char err[512] = "";
    struct audit *a = open_to_append(log, key, err, sizeof err);
    int rc = -1;

    if (a) rc = write_and_wait(a, r);
    else audit_record_free(r);
    audit_close(a);
    if (rc < 0) fprintf(stderr, "phi: this is recorded first, and the record cannot be written: %s\n", err);
    return rc;
}

int phi_probe_record(const struct phi_probe *p, const char *log) {
    struct audit_record *r = phi_audit_person_record("probe", "value_search");

    if (!r) return -1;
    audit_add_text(r, "kind", p->kind ? p->kind : "*");
    if (p->n == 1) audit_add_string(r, "value", p->needles[0]);
    return phi_audit_append(log, p->key, r);
}
