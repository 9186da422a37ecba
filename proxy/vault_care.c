/* SPDX-License-Identifier: Apache-2.0
 *
 * A rotation opens and seals every row in one transaction: a crash leaves the old keys and rows, or the new ones. Who writes
 * meanwhile waits or is refused; who reads sees the old rows until the commit.
 */
#include "vault_care.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "vault_internal.h"

#define PURGE_STEP "500"

struct vault_care {
    struct vault_hand hand;
    unsigned char id[VAULT_ID];
    struct vault_master master;
};

/* ---- expired rows, also by the gateway's own writer ---- */

static int delete_where(sqlite3 *h, const char *text, int64_t now, int64_t *n) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(h, text, -1, &q, NULL);

    if (rc == SQLITE_OK) {
        (void)sqlite3_bind_int64(q, 1, now);
        rc = sqlite3_step(q);
    }
    sqlite3_finalize(q);
    *n = rc == SQLITE_DONE ? sqlite3_changes64(h) : 0;
    return rc == SQLITE_DONE ? 0 : -1;
}

static int purge_expired(sqlite3 *h, int64_t *total) {
    static const char *const texts[] = {
        "DELETE FROM token WHERE id IN (SELECT id FROM token WHERE expires<=?1 LIMIT " PURGE_STEP ")",
        "DELETE FROM object WHERE id IN (SELECT id FROM object WHERE expires<=?1 LIMIT " PURGE_STEP ")"};
    int64_t now = (int64_t)time(NULL), n;

    for (size_t i = 0; i < 2; i++) {
        do {
            if (delete_where(h, texts[i], now, &n) < 0) return -1;
            if (i == 0) *total += n;
        } while (n > 0);
    }
    return 0;
}

int vault_purge_expired(struct vault *v) {
    int64_t n = 0;
    return purge_expired(v->writer.db.handle, &n);
}

/* ---- opening ---- */

struct vault_care *vault_care_open(const char *path, const unsigned char *key, char *err, size_t err_size) {
    struct vault_care *c = calloc(1, sizeof *c);

    if (!c || vault_db_library() < 0) {
        snprintf(err, err_size, "out of memory");
        free(c);
        return NULL;
    }
    buf_init(&c->hand.scratch, 2 * VAULT_VALUE_MAX);
    if (vault_db_open(&c->hand.db, path, false, err, err_size) < 0) {
        free(c);
        return NULL;
    }
    snprintf(err, err_size, "this vault cannot be read");
    if (vault_id_read(&c->hand, c->id) == 1 && vault_master_init(&c->master, key, c->id) == 0) {
        if (vault_epoch_follow(&c->hand, &c->master, c->id) == 0) return c;
        snprintf(err, err_size, "this vault was sealed with another key");
    }
    vault_care_close(c);
    return NULL;
}

void vault_care_close(struct vault_care *c) {
    if (!c) return;
    if (c->hand.db.handle) vault_db_close(&c->hand.db);
    buf_free(&c->hand.scratch);
    explicit_bzero(c, sizeof *c);
    free(c);
}

/* ---- looking ---- */

static int64_t count(struct vault_care *c, const char *text) {
    sqlite3_stmt *q = NULL;
    int64_t n = -1;

    if (sqlite3_prepare_v2(c->hand.db.handle, text, -1, &q, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_int64(q, 1, (int64_t)time(NULL));
        if (sqlite3_step(q) == SQLITE_ROW) n = sqlite3_column_int64(q, 0);
    }
    sqlite3_finalize(q);
    return n;
}

int vault_care_stat(struct vault_care *c, struct vault_stat *out) {
    *out = (struct vault_stat){
        .principals = count(c, "SELECT count(*) FROM principal"),
        .tokens = count(c, "SELECT count(*) FROM token WHERE expires>?1"),
        .expired = count(c, "SELECT count(*) FROM token WHERE expires<=?1"),
        .objects = count(c, "SELECT count(*) FROM object WHERE expires>?1"),
        .sequence = count(c, "SELECT coalesce((SELECT value FROM meta WHERE name='sequence'),0)"),
        .epoch = count(c, "SELECT value FROM meta WHERE name='epoch'"),
        .masters = count(c, "SELECT count(*) FROM epoch_key WHERE epoch=(SELECT value FROM meta WHERE name='epoch')"),
        .first_expiry = count(c, "SELECT coalesce(min(expires),0) FROM token"),
        .last_expiry = count(c, "SELECT coalesce(max(expires),0) FROM token")};
    return out->principals < 0 || out->tokens < 0 || out->expired < 0 || out->objects < 0 || out->epoch < 0 ? -1 : 0;
}

/* ---- one transaction ---- */

static int begin(struct vault_care *c) {
    if (vault_db_do(&c->hand.db, VAULT_BEGIN_WRITE) < 0) return -1;
    if (vault_epoch_follow(&c->hand, &c->master, c->id) == 0) return 0;
    (void)vault_db_do(&c->hand.db, VAULT_ROLLBACK);
    return -1;
}

/* What was written over is to go from the log, too; a reader that still needs it delays that. */
static int end(struct vault_care *c, int rc) {
    if (rc == 0 && vault_db_do(&c->hand.db, VAULT_COMMIT) == 0) {
        (void)sqlite3_wal_checkpoint_v2(c->hand.db.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        return 0;
    }
    (void)vault_db_do(&c->hand.db, VAULT_ROLLBACK);
    return -1;
}

static int prepare(struct vault_care *c, const char *text, sqlite3_stmt **q) {
    return sqlite3_prepare_v2(c->hand.db.handle, text, -1, q, NULL) == SQLITE_OK ? 0 : -1;
}

static int step_once(sqlite3_stmt *q) {
    int rc = sqlite3_step(q);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* ---- erasing ---- */

int vault_care_purge_expired(struct vault_care *c, int64_t *n) {
    *n = 0;
    if (begin(c) < 0) return -1;
    return end(c, purge_expired(c->hand.db.handle, n));
}

static int purge_value_of(struct vault_care *c, struct span value, int64_t principal, struct span word, sqlite3_stmt *q, int64_t *n) {
    const struct vault_place at = {.what = 'v', .principal = principal, .word = word};
    unsigned char hash[VAULT_HASH];

    if (vault_hash(&c->hand.epoch, &at, value, hash) < 0) return -1;
    (void)sqlite3_bind_int64(q, 1, principal);
    (void)sqlite3_bind_text(q, 2, word.ptr, (int)word.len, SQLITE_STATIC);
    vault_db_bind(q, 3, span_make((const char *)hash, sizeof hash));
    if (step_once(q) < 0) return -1;
    *n += sqlite3_changes64(c->hand.db.handle);
    return 0;
}

static int purge_value(struct vault_care *c, struct span value, int64_t *n) {
    sqlite3_stmt *places = NULL, *q = NULL;
    int rc = prepare(c, "SELECT DISTINCT principal, word FROM token", &places) |
             prepare(c, "DELETE FROM token WHERE principal=?1 AND word=?2 AND number IN"
                        " (SELECT number FROM token WHERE value_hash=?3 AND principal=?1 AND word=?2)", &q);

    int step = rc == 0 ? SQLITE_ROW : SQLITE_ERROR;
    while (rc == 0 && (step = sqlite3_step(places)) == SQLITE_ROW)
        rc = purge_value_of(c, value, sqlite3_column_int64(places, 0), vault_db_column(places, 1), q, n);
    sqlite3_finalize(places);
    sqlite3_finalize(q);
    return rc == 0 && step == SQLITE_DONE ? 0 : -1;
}

int vault_care_purge_value(struct vault_care *c, struct span value, int64_t *n) {
    *n = 0;
    if (value.len == 0 || begin(c) < 0) return -1;
    return end(c, purge_value(c, value, n));
}

int vault_care_purge_principal(struct vault_care *c, const char *name, int64_t *n) {
    int64_t ignored;

    *n = 0;
    if (begin(c) < 0) return -1;
    int64_t principal = vault_principal(&c->hand, name, false);
    int rc = principal < 0 ? -1 : 0;
    if (principal > 0) {
        rc = delete_where(c->hand.db.handle, "DELETE FROM token WHERE principal=?1", principal, n) |
             delete_where(c->hand.db.handle, "DELETE FROM object WHERE principal=?1", principal, &ignored);
    }
    return end(c, rc);
}

/* ---- keys ---- */

/* Tables that hold sealed values, as (id, principal, word, text, sealed) and (sealed, hash, id). */
static const struct sealed_table {
    char what, hashed; /* places: of the sealed value, of its hash */
    const char *read, *write;
} tables[] = {
    {'t', 'v', "SELECT id,principal,word,text,sealed FROM token", "UPDATE token SET sealed=?1,value_hash=?2 WHERE id=?3"},
    {'p', 'p', "SELECT id,id,'','',sealed FROM principal", "UPDATE principal SET sealed=?1,name_hash=?2 WHERE id=?3"},
    {'o', 'o', "SELECT id,principal,'','',sealed FROM object", "UPDATE object SET sealed=?1,name_hash=?2 WHERE id=?3"}};

static int reseal_row(struct vault_care *c, const struct vault_epoch *next, const struct sealed_table *t, sqlite3_stmt *in,
                      sqlite3_stmt *out, struct buf *sealed) {
    struct buf *value = &c->hand.scratch;
    const struct vault_place at = {t->what, sqlite3_column_int64(in, 1), vault_db_column(in, 2), vault_db_column(in, 3)};
    /* A value is found by its word; a name or an id by itself alone. */
    const struct vault_place hashed = {t->hashed, t->what == 't' ? at.principal : 0, at.word, span_make(NULL, 0)};
    unsigned char hash[VAULT_HASH];

    buf_clear(value);
    buf_clear(sealed);
    if (vault_unseal(&c->hand.epoch, &at, vault_db_column(in, 4), value) < 0) return -1;
    if (vault_seal(next, &at, buf_span(value), sealed) < 0 || vault_hash(next, &hashed, buf_span(value), hash) < 0) return -1;
    vault_db_bind(out, 1, buf_span(sealed));
    vault_db_bind(out, 2, span_make((const char *)hash, sizeof hash));
    (void)sqlite3_bind_int64(out, 3, sqlite3_column_int64(in, 0));
    return step_once(out);
}

static int reseal_table(struct vault_care *c, const struct vault_epoch *next, const struct sealed_table *t, int64_t *n) {
    sqlite3_stmt *in = NULL, *out = NULL;
    struct buf sealed;
    int rc = prepare(c, t->read, &in) | prepare(c, t->write, &out), step = SQLITE_ERROR;

    buf_init(&sealed, 2 * VAULT_VALUE_MAX);
    while (rc == 0 && (step = sqlite3_step(in)) == SQLITE_ROW) {
        rc = reseal_row(c, next, t, in, out, &sealed);
        *n += t->what == 't';
    }
    sqlite3_finalize(in);
    sqlite3_finalize(out);
    buf_free(&sealed);
    buf_clear(&c->hand.scratch);
    return rc == 0 && step == SQLITE_DONE ? 0 : -1;
}

static int rotate(struct vault_care *c, const struct vault_master *next_master, int64_t *n) {
    const struct vault_master *masters[] = {&c->master, next_master};
    struct vault_epoch next;
    int64_t ignored;
    int rc = vault_epoch_make(&c->hand, c->id, masters, next_master ? 2 : 1, &next);

    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof *tables; i++)
        rc = reseal_table(c, &next, &tables[i], n);
    if (rc == 0) rc = delete_where(c->hand.db.handle, "DELETE FROM epoch_key WHERE epoch<?1", next.number, &ignored);
    explicit_bzero(&next, sizeof next);
    return rc;
}

int vault_care_rotate(struct vault_care *c, const unsigned char *next, int64_t *n) {
    struct vault_master master;

    *n = 0;
    if (next && vault_master_init(&master, next, c->id) < 0) return -1;
    if (begin(c) < 0) return -1;
    int rc = end(c, rotate(c, next ? &master : NULL, n));
    explicit_bzero(&master, sizeof master);
    return rc;
}

int vault_care_finish(struct vault_care *c, int64_t *n) {
    sqlite3_stmt *q = NULL;

    *n = 0;
    if (begin(c) < 0) return -1;
    int rc = prepare(c, "DELETE FROM epoch_key WHERE master<>?1", &q);
    if (rc == 0) {
        vault_db_bind(q, 1, span_make((const char *)c->master.id, VAULT_MASTER));
        rc = step_once(q);
        *n = sqlite3_changes64(c->hand.db.handle);
    }
    sqlite3_finalize(q);
    return end(c, rc);
}
