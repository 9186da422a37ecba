/* SPDX-License-Identifier: Apache-2.0
 *
 *   identity, key -> hashes of the values -> [auditors' log held] limit -> record durable -> the search may begin
 */
#include "phi_audit_probe.h"

#include <stdio.h>
#include <string.h>

#include "../detectors/phi.h"
#include "audit_hash.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"

int phi_probe_begin(struct phi_probe *p, const struct audit_set *set) {
    if (phi_auditor_identify(&p->who) < 0 || phi_audit_key(p->key_path, p->key) < 0) return -1;
    if (phi_audit_key_fits(set, p->key, p->key_path) < 0) return -1;
    p->hasher = audit_hasher_new(p->key);
    if (p->old_path && phi_audit_old_keys(p->old_path, &p->old) < 0) return -1;
    for (size_t i = 0; i < p->old.n; i++) {
        p->old_hashers[i] = audit_hasher_new(p->old.v[i]);
        if (!p->old_hashers[i]) return -1;
    }
    return p->hasher ? 0 : -1;
}

/* ---- the hashes ---- */

static int add_word(struct phi_probe *p, struct audit_hasher *h, size_t from, const char *word, struct span value) {
    char hash[AUDIT_HASH_LEN + 1];
    size_t n = strlen(word);

    for (size_t i = from; i < p->n; i++)
        if (strncmp(p->text[i], word, n) == 0 && p->text[i][n] == ':') return 0;
    if (p->n == PHI_PROBE_MAX) {
        fputs("phi: too many values at once\n", stderr);
        return -1;
    }
    if (audit_hasher_value(h, word, value, hash) < 0) return -1;
    snprintf(p->text[p->n], sizeof p->text[p->n], "%s:%s", word, hash);
    p->needles[p->n] = span_of(p->text[p->n]);
    p->n++;
    return 0;
}

static int add_words(struct phi_probe *p, struct audit_hasher *h, struct span value, const char *kind) {
    size_t from = p->n;

    for (int k = 1; k < PHI_KINDS; k++) {
        const char *word = phi_kind_word((enum phi_kind)k), *name = phi_kind_name((enum phi_kind)k);
        if (kind && strcmp(kind, word) != 0 && strcmp(kind, name) != 0) continue;
        if (add_word(p, h, from, word, value) < 0) return -1;
    }
    return 0;
}

int phi_probe_add(struct phi_probe *p, struct span value, const char *kind) {
    size_t from = p->n;

    if (value.len == 0) {
        fputs("phi: the value is empty\n", stderr);
        return -1;
    }
    if (add_words(p, p->hasher, value, kind) < 0) return -1;
    for (size_t i = 0; i < p->old.n; i++)
        if (add_words(p, p->old_hashers[i], value, kind) < 0) return -1;
    p->asked++;
    p->kind = p->asked == 1 ? kind : NULL;
    if (p->n > from) return 0;
    fputs("phi: there is no such kind: use SSN, MRN, NAME, PHONE, ... as in the records\n", stderr);
    return -1;
}

static struct span without_end(struct span s) {
    while (s.len && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return s;
}

int phi_probe_add_argument(struct phi_probe *p, const char *value, const char *kind) {
    struct buf text;

    if (strcmp(value, "-") != 0) return phi_probe_add(p, span_of(value), kind);
    if (phi_read("-", &text) < 0) return -1;
    int rc = phi_probe_add(p, without_end(buf_span(&text)), kind);
    buf_free(&text);
    return rc;
}

static int add_line(struct phi_probe *p, struct span line) {
    size_t space = span_find(line, ' ', 0);
    char kind[64];

    if (line.len == 0 || line.ptr[0] == '#') return 0;
    if (space == 0 || space >= sizeof kind || space + 1 >= line.len) {
        fputs("phi: each line of the identifiers is a kind, a space and a value: `MRN 00123456`\n", stderr);
        return -1;
    }
    memcpy(kind, line.ptr, space);
    kind[space] = '\0';
    return phi_probe_add(p, span_sub(line, space + 1, line.len), kind);
}

int phi_probe_add_lines(struct phi_probe *p, const char *path) {
    struct buf text;
    int rc = 0;

    if (phi_read(path, &text) < 0) return -1;
    struct span all = buf_span(&text);
    for (size_t at = 0; rc == 0 && at < all.len;) {
        size_t end = span_find(all, '\n', at);
        rc = add_line(p, without_end(span_sub(all, at, end)));
        at = end + 1;
    }
    buf_free(&text);
    p->kind = NULL; /* it stands on the stack of add_line */
    if (rc == 0 && p->asked == 0) {
        fputs("phi: no identifier is given\n", stderr);
        rc = -1;
    }
    return rc;
}

/* ---- the record ---- */

static struct audit_record *make_record(const struct phi_probe *p, const char *what) {
    struct audit_record *r = phi_audit_person_record("probe", p->who.refusal ? "refused" : "value_search", &p->who);

    if (!r) return NULL;
    audit_add_text(r, "asked_by", what);
    audit_add_number(r, "asked", (int64_t)p->asked);
    audit_add_text(r, "kind", p->kind ? p->kind : "*");
    audit_add_text(r, "reason", p->who.refusal);
    if (p->n == 1) audit_add_string(r, "value", p->needles[0]);
    return r;
}

int phi_probe_record(struct phi_probe *p, const char *log, const char *what) {
    struct audit *a = phi_beside_open(log, p->key);
    int rc = -1;

    if (!a) return -1;
    if (p->who.refusal || phi_auditor_limit(&p->who, log, p->asked) == 0) rc = phi_beside_write(a, make_record(p, what));
    audit_close(a);
    if (rc < 0) fputs("phi: this is recorded first, and the record cannot be written\n", stderr);
    phi_auditor_tell(&p->who);
    return p->who.refusal ? -1 : rc;
}

void phi_probe_wipe(struct phi_probe *p) {
    phi_auditor_free(&p->who);
    for (size_t i = 0; i < p->old.n; i++)
        audit_hasher_free(p->old_hashers[i]);
    audit_hasher_free(p->hasher);
    explicit_bzero(p, sizeof *p);
}
