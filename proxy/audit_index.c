/* SPDX-License-Identifier: Apache-2.0
 *
 *   update: lines -> terms, times -> every megabyte, and at the end of a file: a block
 *   open:   blocks whose codes hold -> each one's first line is there, with the hash of the record before it
 */
#include "audit_index.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "audit_hash.h"
#include "audit_index_file.h"
#include "audit_index_terms.h"
#include "audit_view.h"

#define BLOCK_BYTES (1024u * 1024)
#define BLOOM_CEILING (16u << 20)

struct audit_index {
    struct keyed_hash terms;
    struct audit_index_block *v;
    size_t n, room;
    char mac[AUDIT_HEX_LEN + 1]; /* of the last block */
};

/* ---- opening ---- */

static int keep(void *context, const struct audit_index_block *b) {
    struct audit_index *x = context;

    if (x->n == x->room) {
        size_t room = x->room ? x->room * 2 : 64;
        struct audit_index_block *v = realloc(x->v, room * sizeof *v);
        if (!v) return -1;
        x->v = v;
        x->room = room;
    }
    char *bloom = malloc(b->bloom.len);
    if (!bloom) return -1;
    memcpy(bloom, b->bloom.ptr, b->bloom.len);
    x->v[x->n] = *b;
    x->v[x->n++].bloom = span_make(bloom, b->bloom.len);
    return 0;
}

/* The record that the block begins with is where it was, behind the same record. */
static bool block_fits(struct audit_lines *l, const struct audit_index_block *b) {
    struct span line;

    if (audit_lines_seek(l, b->file_first, b->offset) < 0 || !audit_lines_next(l, &line)) return false;
    return audit_view_seq(line) == b->first_seq && span_is(audit_view_text(line, "prev"), b->prev);
}

static bool fits(const struct audit_index *x, const struct audit_set *set) {
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    bool ok = l != NULL;

    for (size_t i = 0; ok && i < x->n; i++) {
        ok = block_fits(l, &x->v[i]);
        if (i > 0) ok = ok && x->v[i].first_seq > x->v[i - 1].last_seq; /* between may be what was erased */
    }
    audit_lines_close(l);
    return ok;
}

static struct audit_index *load(struct sqlite3 *db, const struct audit_set *set, const unsigned char key[32], const char **reason) {
    struct audit_index *x = calloc(1, sizeof *x);
    struct audit_hasher *h = audit_hasher_new(key);
    bool ok = false;

    *reason = "out of memory";
    if (x && h && audit_terms_key(&x->terms, key) == 0 && audit_index_file_read(db, h, keep, x, x->mac, reason) == 0) {
        *reason = "it does not fit the log";
        ok = fits(x, set);
    }
    audit_hasher_free(h);
    if (ok) return x;
    audit_index_free(x);
    return NULL;
}

struct audit_index *audit_index_open(const char *log, const struct audit_set *set, const unsigned char key[32], const char **reason) {
    struct sqlite3 *db = audit_index_file_open(log, false, reason);
    struct audit_index *x = db ? load(db, set, key, reason) : NULL;

    if (db) audit_index_file_close(db);
    return x;
}

void audit_index_free(struct audit_index *x) {
    if (!x) return;
    for (size_t i = 0; i < x->n; i++)
        free((void *)(uintptr_t)x->v[i].bloom.ptr);
    free(x->v);
    explicit_bzero(&x->terms, sizeof x->terms);
    free(x);
}

size_t audit_index_count(const struct audit_index *x) {
    return x->n;
}

const struct audit_index_block *audit_index_at(const struct audit_index *x, size_t i) {
    return &x->v[i];
}

/* ---- asking ---- */

#define SINGLE_MAX 16

struct audit_index_query {
    const struct audit_filter *filter;
    uint64_t single[SINGLE_MAX]; /* all must be there */
    size_t n_single;
    struct audit_terms values;   /* one of them */
};

static void need(struct audit_index_query *q, const struct audit_index *x, enum audit_term label, const char *value) {
    struct buf escaped;

    if (!value || q->n_single == SINGLE_MAX) return;
    buf_init(&escaped, 16384);
    buf_add_json_escaped(&escaped, span_of(value));
    if (!escaped.failed) q->single[q->n_single++] = keyed_hash_of(&x->terms, label, buf_span(&escaped));
    buf_free(&escaped);
}

struct audit_index_query *audit_index_query_new(const struct audit_index *x, const struct audit_filter *f) {
    struct audit_index_query *q = calloc(1, sizeof *q);
    if (!q) return NULL;

    q->filter = f;
    need(q, x, AUDIT_TERM_USER, f->user);
    need(q, x, AUDIT_TERM_CLIENT, f->client);
    need(q, x, AUDIT_TERM_ROLE, f->role);
    need(q, x, AUDIT_TERM_PURPOSE, f->purpose);
    need(q, x, AUDIT_TERM_MODEL, f->model);
    need(q, x, AUDIT_TERM_ENDPOINT, f->endpoint);
    need(q, x, AUDIT_TERM_UPSTREAM, f->upstream);
    need(q, x, AUDIT_TERM_DECISION, f->decision);
    need(q, x, AUDIT_TERM_CODE, f->code);
    need(q, x, AUDIT_TERM_TYPE, f->type);
    need(q, x, AUDIT_TERM_ID, f->id);
    need(q, x, AUDIT_TERM_KIND, f->kind);
    for (size_t i = 0; i < f->n_values; i++)
        audit_terms_add(&q->values, keyed_hash_of(&x->terms, AUDIT_TERM_VALUE, f->values[i]));
    if (!q->values.failed) return q;
    audit_index_query_free(q);
    return NULL;
}

void audit_index_query_free(struct audit_index_query *q) {
    if (!q) return;
    audit_terms_free(&q->values);
    free(q);
}

static bool in_time(const struct audit_filter *f, const struct audit_index_block *b) {
    if (f->from && strncmp(b->end, f->from, strlen(f->from)) < 0) return false;
    return !f->to || strncmp(b->begin, f->to, strlen(f->to)) <= 0;
}

bool audit_index_may_match(const struct audit_index_query *q, const struct audit_index_block *b) {
    if (!in_time(q->filter, b)) return false;
    for (size_t i = 0; i < q->n_single; i++)
        if (!audit_bloom_has(b->bloom, q->single[i])) return false;
    for (size_t i = 0; i < q->values.n; i++)
        if (audit_bloom_has(b->bloom, q->values.v[i])) return true;
    return q->values.n == 0;
}

bool audit_index_may_hold_id(const struct audit_index *x, const struct audit_index_block *b, struct span id) {
    return audit_bloom_has(b->bloom, keyed_hash_of(&x->terms, AUDIT_TERM_ID, id));
}

/* ---- making ---- */

struct maker {
    struct sqlite3 *db;
    struct audit_hasher *hasher;
    struct keyed_hash terms_key;
    struct audit_terms terms;
    struct audit_index_block block; /* being made; bytes 0: none */
    struct buf bloom;
    char mac[AUDIT_HEX_LEN + 1];
    uint64_t number;
    struct audit_index_result *result;
};

static int end_block(struct maker *m) {
    if (m->block.bytes == 0) return 0;
    m->bloom.len = 0;
    audit_terms_bloom(&m->terms, &m->bloom);
    m->block.bloom = buf_span(&m->bloom);
    if (m->bloom.failed || audit_index_file_add(m->db, m->hasher, m->number, &m->block, m->mac) < 0) return -1;
    m->number++;
    m->result->blocks++;
    m->block = (struct audit_index_block){.bytes = 0};
    m->terms.n = 0;
    return 0;
}

static void keep_time(struct audit_index_block *b, struct span ts) {
    if (ts.len != 27) return;
    if (!b->begin[0] || memcmp(ts.ptr, b->begin, 27) < 0) memcpy(b->begin, ts.ptr, 27);
    if (memcmp(ts.ptr, b->end, 27) > 0) memcpy(b->end, ts.ptr, 27);
}

static int take_line(struct maker *m, const struct audit_lines *l, struct span line) {
    uint64_t file = audit_lines_file_first(l), seq = audit_view_seq(line);
    struct span prev = audit_view_text(line, "prev");
    struct audit_index_block *b = &m->block;

    if (seq == 0 || prev.len != AUDIT_HEX_LEN) return -1;
    if (b->bytes && (b->file_first != file || seq != b->last_seq + 1) && end_block(m) < 0) return -1;
    if (b->bytes == 0) {
        *b = (struct audit_index_block){.file_first = file, .offset = audit_lines_offset(l), .first_seq = seq};
        memcpy(b->prev, prev.ptr, AUDIT_HEX_LEN);
    }
    b->bytes = audit_lines_end_offset(l) - b->offset;
    b->last_seq = seq;
    keep_time(b, audit_view_time(line));
    audit_terms_of_line(&m->terms, &m->terms_key, line);
    m->result->records++;
    return b->bytes >= BLOCK_BYTES ? end_block(m) : 0;
}

/* The last block of the log grows still: it is left to the next time unless it is in a file that was rotated away. */
static int make_blocks(struct maker *m, const struct audit_set *set, const struct audit_index *old) {
    const struct audit_index_block *last = old && old->n ? &old->v[old->n - 1] : NULL;
    struct audit_lines *l = audit_lines_open(set, 0, 0);
    struct span line;
    int rc = l ? 0 : -1;

    if (rc == 0 && last) rc = audit_lines_seek(l, last->file_first, last->offset + last->bytes);
    while (rc == 0 && audit_lines_next(l, &line))
        rc = take_line(m, l, line);
    if (rc == 0 && (audit_lines_failed(l) || audit_lines_sealed(l))) rc = -1; /* what was left out would stay hidden */
    m->result->records -= rc == 0 && m->block.bytes ? m->block.last_seq - m->block.first_seq + 1 : 0;
    audit_lines_close(l);
    return rc;
}

int audit_index_update(const char *log, const struct audit_set *set, const unsigned char key[32], struct audit_index_result *out,
                       const char **reason) {
    struct maker m = {.result = out};
    struct audit_index *old = NULL;
    int rc = -1;

    *out = (struct audit_index_result){.records = 0};
    buf_init(&m.bloom, BLOOM_CEILING);
    m.db = audit_index_file_open(log, true, reason);
    if (!m.db) goto out;
    old = load(m.db, set, key, reason);
    out->anew = !old;
    out->old_blocks = old ? old->n : 0;
    if (old) memcpy(m.mac, old->mac, sizeof m.mac);
    m.number = out->old_blocks;
    *reason = "it cannot be written";
    m.hasher = audit_hasher_new(key);
    if (!m.hasher || audit_terms_key(&m.terms_key, key) < 0 || audit_index_file_begin(m.db, !old) < 0) goto out;
    *reason = "the log cannot be read whole (is it encrypted?), or the index not be written";
    rc = make_blocks(&m, set, old);
    if (rc == 0) rc = audit_index_file_commit(m.db);
out:
    if (m.db) audit_index_file_close(m.db); /* without a commit all is as before */
    audit_hasher_free(m.hasher);
    audit_terms_free(&m.terms);
    buf_free(&m.bloom);
    audit_index_free(old);
    explicit_bzero(&m.terms_key, sizeof m.terms_key);
    return rc;
}
