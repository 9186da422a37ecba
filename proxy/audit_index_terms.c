/* SPDX-License-Identifier: Apache-2.0
 *
 * Twelve bits and eight probes for each term: about three of a thousand blocks are read in vain. Texts are taken as they are
 * written in the record, escapes included.
 */
#include "audit_index_terms.h"

#include <stdlib.h>
#include <string.h>

#include "audit_hash.h"
#include "audit_view.h"
#include "hex.h"

#define BITS_PER_TERM 12u
#define PROBES 8u
#define SMALLEST 64u /* bytes */

int audit_terms_key(struct keyed_hash *h, const unsigned char key[32]) {
    static const char label[] = "phigate index terms 1";
    struct audit_hasher *hasher = audit_hasher_new(key);
    char hex[AUDIT_HEX_LEN + 1];
    int rc = hasher ? audit_hasher_mac(hasher, span_of(label), span_make(NULL, 0), hex) : -1;

    if (rc == 0) rc = hex_read(span_make(hex, 2 * sizeof h->key), (unsigned char *)h->key, sizeof h->key);
    audit_hasher_free(hasher);
    explicit_bzero(hex, sizeof hex);
    return rc;
}

void audit_terms_free(struct audit_terms *t) {
    free(t->v);
    *t = (struct audit_terms){.v = NULL};
}

void audit_terms_add(struct audit_terms *t, uint64_t hash) {
    if (t->n == t->room) {
        size_t room = t->room ? t->room * 2 : 1024;
        uint64_t *v = realloc(t->v, room * sizeof *v);
        if (!v) {
            t->failed = true;
            return;
        }
        t->v = v;
        t->room = room;
    }
    t->v[t->n++] = hash;
}

/* ---- a line ---- */

static void add_text(struct audit_terms *t, const struct keyed_hash *h, enum audit_term label, struct span value) {
    struct span text = audit_view_unquote(value);

    if (text.len) audit_terms_add(t, keyed_hash_of(h, label, text));
}

static void add_actor(struct audit_terms *t, const struct keyed_hash *h, struct span actor) {
    add_text(t, h, AUDIT_TERM_USER, audit_view_get(actor, "user"));
    add_text(t, h, AUDIT_TERM_CLIENT, audit_view_get(actor, "client"));
    add_text(t, h, AUDIT_TERM_ROLE, audit_view_get(actor, "role"));
}

/* "NAME.PATIENT" is also found as NAME. */
static void add_kinds(struct audit_terms *t, const struct keyed_hash *h, struct span found) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(found, m, AUDIT_MEMBERS_MAX);

    for (size_t i = 0; i < n; i++) {
        for (size_t end = 0; end < m[i].name.len; end++) {
            end = span_find(m[i].name, '.', end);
            audit_terms_add(t, keyed_hash_of(h, AUDIT_TERM_KIND, span_sub(m[i].name, 0, end)));
        }
    }
}

static void add_values(struct audit_terms *t, const struct keyed_hash *h, struct span values) {
    struct span value;

    for (size_t at = 0; audit_view_next(values, &at, &value);)
        add_text(t, h, AUDIT_TERM_VALUE, value);
}

void audit_terms_of_line(struct audit_terms *t, const struct keyed_hash *h, struct span line) {
    static const struct { const char *name; enum audit_term label; } plain[] = {
        {"code", AUDIT_TERM_CODE}, {"decision", AUDIT_TERM_DECISION}, {"id", AUDIT_TERM_ID}, {"purpose", AUDIT_TERM_PURPOSE},
        {"request_id", AUDIT_TERM_ID}, {"type", AUDIT_TERM_TYPE}};
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(line, m, AUDIT_MEMBERS_MAX);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
            if (span_is(m[i].name, plain[k].name)) add_text(t, h, plain[k].label, m[i].value);
        if (span_is(m[i].name, "actor")) add_actor(t, h, m[i].value);
        if (span_is(m[i].name, "found")) add_kinds(t, h, m[i].value);
        if (span_is(m[i].name, "values")) add_values(t, h, m[i].value);
        if (span_is(m[i].name, "upstream")) add_text(t, h, AUDIT_TERM_UPSTREAM, audit_view_get(m[i].value, "name"));
        if (!span_is(m[i].name, "request")) continue;
        add_text(t, h, AUDIT_TERM_MODEL, audit_view_get(m[i].value, "model"));
        add_text(t, h, AUDIT_TERM_ENDPOINT, audit_view_get(m[i].value, "endpoint"));
    }
}

/* ---- the filter ---- */

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t bit_of(uint64_t hash, unsigned probe, uint64_t bits) {
    uint64_t step = (hash >> 32) | 1;

    return ((hash & UINT32_MAX) + probe * step) % bits;
}

void audit_terms_bloom(struct audit_terms *t, struct buf *out) {
    size_t distinct = 0;

    if (t->n) qsort(t->v, t->n, sizeof *t->v, compare);
    for (size_t i = 0; i < t->n; i++)
        if (i == 0 || t->v[i] != t->v[i - 1]) t->v[distinct++] = t->v[i];
    size_t bytes = distinct * BITS_PER_TERM / 8 + 1, at = out->len;
    if (bytes < SMALLEST) bytes = SMALLEST;
    if (t->failed || buf_reserve(out, bytes) < 0) {
        out->failed = true;
        return;
    }
    memset(out->ptr + at, 0, bytes);
    out->len += bytes;
    for (size_t i = 0; i < distinct; i++)
        for (unsigned p = 0; p < PROBES; p++) {
            uint64_t bit = bit_of(t->v[i], p, bytes * 8);
            out->ptr[at + bit / 8] = (char)((unsigned char)out->ptr[at + bit / 8] | 1u << bit % 8);
        }
}

bool audit_bloom_has(struct span bloom, uint64_t hash) {
    for (unsigned p = 0; p < PROBES; p++) {
        uint64_t bit = bit_of(hash, p, (uint64_t)bloom.len * 8);
        if (!((unsigned char)bloom.ptr[bit / 8] >> bit % 8 & 1)) return false;
    }
    return true;
}
