/* SPDX-License-Identifier: Apache-2.0
 *
 * Which object of the upstream's came from which tokens of which principal: what an answer that continues it may restore.
 */
#include "vault_internal.h"

#include <stdlib.h>
#include <string.h>

struct found_object {
    int64_t id, principal, expires; /* id 0: none */
};

static int hash_object(const struct vault_hand *h, struct span object, unsigned char out[VAULT_HASH]) {
    const struct vault_place at = {.what = 'o'};
    return object.len == 0 || object.len > VAULT_OBJECT_MAX ? -1 : vault_hash(&h->epoch, &at, object, out);
}

static int find_object(struct vault_hand *h, const unsigned char hash[VAULT_HASH], struct found_object *out) {
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_OBJECT_GET);

    *out = (struct found_object){.id = 0};
    vault_db_bind(q, 1, span_make((const char *)hash, VAULT_HASH));
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        *out = (struct found_object){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2)};
    vault_db_done(&h->db, VAULT_OBJECT_GET);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int run_with(struct vault_hand *h, enum vault_statement s, int64_t first, int64_t second) {
    sqlite3_stmt *q = vault_db_use(&h->db, s);

    (void)sqlite3_bind_int64(q, 1, first);
    if (second) (void)sqlite3_bind_int64(q, 2, second);
    return vault_db_run(&h->db, s);
}

/* ---- remember ---- */

struct remember_job {
    struct vault_job job; /* first */
    const char *principal;
    struct span object;
    const struct span *tokens;
    size_t n;
};

static int add_object(struct vault_hand *h, int64_t principal, struct span object, const unsigned char hash[VAULT_HASH],
                      int64_t expires, int64_t *id) {
    struct vault_place at = {.what = 'o', .principal = principal};
    int64_t last = 0;

    if (vault_db_get(&h->db, "objects", &last) < 0 || vault_db_set(&h->db, "objects", last + 1) < 0) return -1;
    *id = last + 1;
    buf_clear(&h->scratch);
    if (vault_seal(&h->epoch, &at, object, &h->scratch) < 0) return -1;
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_OBJECT_ADD);
    (void)sqlite3_bind_int64(q, 1, *id);
    (void)sqlite3_bind_int64(q, 2, principal);
    vault_db_bind(q, 3, span_make((const char *)hash, VAULT_HASH));
    vault_db_bind(q, 4, buf_span(&h->scratch));
    (void)sqlite3_bind_int64(q, 5, expires);
    return vault_db_run(&h->db, VAULT_OBJECT_ADD);
}

/* An object that expired makes room: upstreams do not use an id twice, but a test may. */
static int object_for(struct vault_hand *h, const struct remember_job *j, int64_t principal, int64_t expires, int64_t *id) {
    unsigned char hash[VAULT_HASH];
    struct found_object found;

    if (hash_object(h, j->object, hash) < 0 || find_object(h, hash, &found) < 0) return -1;
    if (found.id && found.expires <= h->now) {
        if (run_with(h, VAULT_OBJECT_DROP, found.id, 0) < 0) return -1;
        found.id = 0;
    }
    if (!found.id) return add_object(h, principal, j->object, hash, expires, id);
    *id = found.id;
    return found.principal == principal ? run_with(h, VAULT_OBJECT_RENEW, found.id, expires) : -1;
}

static int remember_run(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    struct remember_job *j = (struct remember_job *)job;
    int64_t principal = vault_principal(h, j->principal, true), expires = vault_expiry(v, h->now), id;

    if (principal < 0 || object_for(h, j, principal, expires, &id) < 0) return -1;
    for (size_t i = 0; i < j->n; i++) {
        sqlite3_stmt *q = vault_db_use(&h->db, VAULT_OBJECT_TOKEN_ADD);
        (void)sqlite3_bind_int64(q, 1, id);
        (void)sqlite3_bind_int64(q, 2, principal);
        (void)sqlite3_bind_text(q, 3, j->tokens[i].ptr, (int)j->tokens[i].len, SQLITE_STATIC);
        (void)sqlite3_bind_int64(q, 4, h->now);
        if (vault_db_run(&h->db, VAULT_OBJECT_TOKEN_ADD) < 0) return -1;
    }
    return run_with(h, VAULT_OBJECT_TOKENS_RENEW, id, expires);
}

int vault_remember(struct vault *v, const char *principal, struct span object, const struct span *tokens, size_t n) {
    struct remember_job j = {.job = {.run = remember_run}, .principal = principal, .object = object, .tokens = tokens, .n = n};
    return vault_submit_and_wait(v, &j.job);
}

/* ---- the same, without waiting: what it needs is copied ---- */

struct later {
    struct remember_job remember; /* first */
    vault_done *done;
    void *arg;
    char bytes[]; /* of the object, the principal and the tokens */
};

static void later_end(struct vault *v, struct vault_job *job, bool ok) {
    struct later *l = (struct later *)job;

    (void)v;
    if (l->done) l->done(l->arg, ok);
    free((void *)(uintptr_t)l->remember.tokens);
    free(l);
}

static struct span copy(char **at, struct span s) {
    struct span here = span_make(*at, s.len);

    if (s.len) memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return here;
}

int vault_remember_later(struct vault *v, const char *principal, struct span object, const struct span *tokens, size_t n,
                         vault_done *done, void *arg) {
    size_t name = strlen(principal) + 1, size = object.len + name;
    for (size_t i = 0; i < n; i++)
        size += tokens[i].len;
    struct later *l = calloc(1, sizeof *l + size);
    struct span *copies = calloc(n ? n : 1, sizeof *copies);

    if (!l || !copies) goto fail;
    char *at = l->bytes;
    l->done = done;
    l->arg = arg;
    l->remember = (struct remember_job){.job = {.run = remember_run, .end = later_end}, .tokens = copies, .n = n};
    l->remember.principal = copy(&at, span_make(principal, name)).ptr;
    l->remember.object = copy(&at, object);
    for (size_t i = 0; i < n; i++)
        copies[i] = copy(&at, tokens[i]);
    if (vault_submit(v, &l->remember.job) == 0) return 0;
fail:
    free(copies);
    free(l);
    return -1;
}

/* ---- recall ---- */

static enum vault_answer give(struct vault_hand *h, int64_t principal, struct span word, struct span text, struct span sealed,
                              vault_each *each, void *arg) {
    const struct vault_place at = vault_token_place(principal, word, text);

    buf_clear(&h->scratch);
    if (vault_unseal(&h->epoch, &at, sealed, &h->scratch) < 0) return VAULT_FAILED;
    return each(arg, text, buf_span(&h->scratch)) < 0 ? VAULT_FAILED : VAULT_FOUND;
}

static enum vault_answer recall_tokens(struct vault_hand *h, int64_t principal, int64_t object, vault_each *each, void *arg) {
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_OBJECT_TOKENS);
    enum vault_answer answer = VAULT_FOUND;
    int rc;

    (void)sqlite3_bind_int64(q, 1, object);
    (void)sqlite3_bind_int64(q, 2, principal);
    (void)sqlite3_bind_int64(q, 3, h->now);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && answer == VAULT_FOUND)
        answer = give(h, principal, vault_db_column(q, 0), vault_db_column(q, 1), vault_db_column(q, 2), each, arg);
    vault_db_done(&h->db, VAULT_OBJECT_TOKENS);
    return rc == SQLITE_DONE ? answer : VAULT_FAILED;
}

static enum vault_answer recall_with(struct vault_hand *h, const char *name, struct span object, vault_each *each, void *arg) {
    int64_t principal = vault_principal(h, name, false);
    unsigned char hash[VAULT_HASH];
    struct found_object found;

    if (object.len == 0 || object.len > VAULT_OBJECT_MAX) return VAULT_NONE;
    if (principal < 0 || hash_object(h, object, hash) < 0 || find_object(h, hash, &found) < 0) return VAULT_FAILED;
    if (!found.id || found.principal != principal || found.expires <= h->now) return VAULT_NONE;
    return recall_tokens(h, principal, found.id, each, arg);
}

enum vault_answer vault_recall(struct vault *v, const char *principal, struct span object, vault_each *each, void *arg) {
    struct vault_hand *h = vault_read_begin(v, true);

    if (!h) return VAULT_FAILED;
    enum vault_answer answer = recall_with(h, principal, object, each, arg);
    vault_read_end(v, h);
    return answer;
}

static enum vault_answer find_with(struct vault_hand *h, const char *name, struct span token, vault_each *each, void *arg) {
    int64_t principal = vault_principal(h, name, false);
    enum vault_answer answer = VAULT_NONE;

    if (principal < 0) return VAULT_FAILED;
    if (principal == 0) return VAULT_NONE;
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_BY_TEXT);
    (void)sqlite3_bind_int64(q, 1, principal);
    (void)sqlite3_bind_text(q, 2, token.ptr, (int)token.len, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, h->now);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) answer = give(h, principal, vault_db_column(q, 0), token, vault_db_column(q, 1), each, arg);
    else if (rc != SQLITE_DONE) answer = VAULT_FAILED;
    vault_db_done(&h->db, VAULT_BY_TEXT);
    return answer;
}

enum vault_answer vault_find(struct vault *v, const char *principal, struct span token, vault_each *each, void *arg) {
    struct vault_hand *h = vault_read_begin(v, true);

    if (!h) return VAULT_FAILED;
    enum vault_answer answer = find_with(h, principal, token, each, arg);
    vault_read_end(v, h);
    return answer;
}

/* ---- forget ---- */

static int forget_run(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    struct remember_job *j = (struct remember_job *)job;
    int64_t principal = vault_principal(h, j->principal, false);
    unsigned char hash[VAULT_HASH];
    struct found_object found;

    (void)v;
    if (principal < 0 || hash_object(h, j->object, hash) < 0 || find_object(h, hash, &found) < 0) return -1;
    if (!found.id || found.principal != principal) return 0;
    return run_with(h, VAULT_OBJECT_DROP, found.id, 0);
}

int vault_forget(struct vault *v, const char *principal, struct span object) {
    struct remember_job j = {.job = {.run = forget_run}, .principal = principal, .object = object};
    return vault_submit_and_wait(v, &j.job);
}
