/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept, and how SQLite is told to keep it: WAL with a sync at each commit, deleted rows overwritten, no temporary
 * files, nothing of the file trusted as code.
 */
#include "vault_db.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION 0x70686774 /* "phgt" */
#define VERSION 1
#define BUSY_MS 5000

/* Numbers and words of a token are no PHI and stand in clear; the value is sealed. `form` -1: written by the caller.
 * `mark` and `form_mark` outlive the rows that they count, so that nothing is given out twice. */
static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE epoch_key(epoch INTEGER, master BLOB, wrapped BLOB NOT NULL, PRIMARY KEY(epoch, master)) WITHOUT ROWID;"
    "CREATE TABLE principal(id INTEGER PRIMARY KEY, name_hash BLOB UNIQUE NOT NULL, sealed BLOB NOT NULL);"
    "CREATE TABLE mark(principal INTEGER, word TEXT, last INTEGER NOT NULL, PRIMARY KEY(principal, word)) WITHOUT ROWID;"
    "CREATE TABLE form_mark(principal INTEGER, word TEXT, number INTEGER, forms INTEGER NOT NULL,"
    " PRIMARY KEY(principal, word, number)) WITHOUT ROWID;"
    "CREATE TABLE token(id INTEGER PRIMARY KEY, principal INTEGER NOT NULL, word TEXT NOT NULL, number INTEGER NOT NULL,"
    " form INTEGER NOT NULL, text TEXT NOT NULL, value_hash BLOB NOT NULL, sealed BLOB NOT NULL, expires INTEGER NOT NULL,"
    " UNIQUE(principal, text));"
    "CREATE INDEX token_value ON token(value_hash);"
    "CREATE INDEX token_expires ON token(expires);"
    "CREATE TABLE object(id INTEGER PRIMARY KEY, principal INTEGER NOT NULL, name_hash BLOB UNIQUE NOT NULL,"
    " sealed BLOB NOT NULL, expires INTEGER NOT NULL);"
    "CREATE TABLE object_token(object INTEGER REFERENCES object ON DELETE CASCADE,"
    " token INTEGER REFERENCES token ON DELETE CASCADE, PRIMARY KEY(object, token)) WITHOUT ROWID;"
    "CREATE INDEX object_token_token ON object_token(token);"
    "CREATE INDEX object_expires ON object(expires);";

static const char *const texts[VAULT_STATEMENTS] = {
    [VAULT_BEGIN_READ] = "BEGIN",
    [VAULT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [VAULT_COMMIT] = "COMMIT",
    [VAULT_ROLLBACK] = "ROLLBACK",
    [VAULT_SAVE] = "SAVEPOINT job",
    [VAULT_SAVE_BACK] = "ROLLBACK TO job",
    [VAULT_SAVE_DONE] = "RELEASE job",
    [VAULT_META_GET] = "SELECT value FROM meta WHERE name=?1",
    [VAULT_META_SET] = "INSERT INTO meta VALUES(?1,?2) ON CONFLICT DO UPDATE SET value=?2",
    [VAULT_KEY_GET] = "SELECT wrapped FROM epoch_key WHERE epoch=?1 AND master=?2",
    [VAULT_KEY_ADD] = "INSERT OR REPLACE INTO epoch_key VALUES(?1,?2,?3)",
    [VAULT_PRINCIPAL_GET] = "SELECT id FROM principal WHERE name_hash=?1",
    [VAULT_PRINCIPAL_ADD] = "INSERT INTO principal(id,name_hash,sealed) VALUES(?1,?2,?3)",
    [VAULT_MARK_GET] = "SELECT last FROM mark WHERE principal=?1 AND word=?2",
    [VAULT_MARK_SET] = "INSERT INTO mark VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET last=?3",
    [VAULT_FORMS_GET] = "SELECT forms FROM form_mark WHERE principal=?1 AND word=?2 AND number=?3",
    [VAULT_FORMS_SET] = "INSERT INTO form_mark VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET forms=?4",
    [VAULT_BY_VALUE] = "SELECT id,number,form,text,sealed,expires FROM token WHERE value_hash=?1 AND principal=?2 AND word=?3"
                       " AND form>=0 AND expires>?4 AND (?5=0 OR number=?5) ORDER BY form>0, id",
    [VAULT_BY_TEXT] = "SELECT word,sealed FROM token WHERE principal=?1 AND text=?2 AND expires>?3",
    [VAULT_TOKEN_ADD] = "INSERT INTO token(principal,word,number,form,text,value_hash,sealed,expires)"
                        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [VAULT_TOKEN_RENEW] = "UPDATE token SET expires=?2 WHERE id=?1 AND expires<?2",
    [VAULT_OBJECT_GET] = "SELECT id,principal,expires FROM object WHERE name_hash=?1",
    [VAULT_OBJECT_ADD] = "INSERT INTO object(id,principal,name_hash,sealed,expires) VALUES(?1,?2,?3,?4,?5)",
    [VAULT_OBJECT_RENEW] = "UPDATE object SET expires=?2 WHERE id=?1",
    [VAULT_OBJECT_DROP] = "DELETE FROM object WHERE id=?1",
    [VAULT_OBJECT_TOKEN_ADD] = "INSERT OR IGNORE INTO object_token SELECT ?1,id FROM token WHERE principal=?2 AND text=?3"
                               " AND expires>?4",
    [VAULT_OBJECT_TOKENS_RENEW] = "UPDATE token SET expires=?2 WHERE expires<?2 AND id IN"
                                  " (SELECT token FROM object_token WHERE object=?1)",
    [VAULT_OBJECT_TOKENS] = "SELECT t.word,t.text,t.sealed FROM object_token o JOIN token t ON t.id=o.token"
                            " WHERE o.object=?1 AND t.principal=?2 AND t.expires>?3",
};

/* ---- memory: wiped before it is freed ---- */

static void *memory_get(int n) {
    return malloc((size_t)n);
}

static void memory_free(void *p) {
    if (!p) return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

static int memory_size(void *p) {
    return p ? (int)malloc_usable_size(p) : 0;
}

static void *memory_resize(void *old, int n) {
    size_t had = old ? malloc_usable_size(old) : 0;
    void *p;

    if (old && had >= (size_t)n && had / 2 <= (size_t)n) return old;
    p = malloc((size_t)n);
    if (!p) return NULL;
    if (old) memcpy(p, old, had < (size_t)n ? had : (size_t)n);
    memory_free(old);
    return p;
}

static int memory_round(int n) {
    return (n + 7) & ~7;
}

static int memory_init(void *unused) {
    (void)unused;
    return SQLITE_OK;
}

static void memory_end(void *unused) {
    (void)unused;
}

static void set_up(void) {
    static const sqlite3_mem_methods methods = {memory_get, memory_free, memory_resize, memory_size,
                                                memory_round, memory_init, memory_end, NULL};
    if (sqlite3_config(SQLITE_CONFIG_MULTITHREAD) != SQLITE_OK || sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        return;
    (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int vault_db_library(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (pthread_once(&once, set_up) != 0) return -1;
    return sqlite3_initialize() == SQLITE_OK && sqlite3_threadsafe() ? 0 : -1;
}

/* ---- statements ---- */

sqlite3_stmt *vault_db_use(struct vault_db *db, enum vault_statement s) {
    sqlite3_reset(db->v[s]);
    return db->v[s];
}

void vault_db_done(struct vault_db *db, enum vault_statement s) {
    sqlite3_reset(db->v[s]);
    sqlite3_clear_bindings(db->v[s]);
}

int vault_db_run(struct vault_db *db, enum vault_statement s) {
    int rc = sqlite3_step(db->v[s]);

    vault_db_done(db, s);
    return rc == SQLITE_DONE ? 0 : -1;
}

int vault_db_do(struct vault_db *db, enum vault_statement s) {
    (void)vault_db_use(db, s);
    return vault_db_run(db, s);
}

void vault_db_bind(sqlite3_stmt *q, int at, struct span bytes) {
    (void)sqlite3_bind_blob64(q, at, bytes.ptr ? bytes.ptr : "", bytes.len, SQLITE_STATIC);
}

struct span vault_db_column(sqlite3_stmt *q, int at) {
    const char *p = sqlite3_column_blob(q, at);
    return span_make(p, p ? (size_t)sqlite3_column_bytes(q, at) : 0);
}

int vault_db_get(struct vault_db *db, const char *name, int64_t *out) {
    sqlite3_stmt *q = vault_db_use(db, VAULT_META_GET);

    (void)sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) *out = sqlite3_column_int64(q, 0);
    vault_db_done(db, VAULT_META_GET);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

int vault_db_set(struct vault_db *db, const char *name, int64_t value) {
    sqlite3_stmt *q = vault_db_use(db, VAULT_META_SET);

    (void)sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 2, value);
    return vault_db_run(db, VAULT_META_SET);
}

/* ---- opening ---- */

static int pragma_number(sqlite3 *h, const char *text, int *out) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(h, text, -1, &q, NULL);

    if (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) *out = sqlite3_column_int(q, 0);
    else rc = SQLITE_ERROR;
    sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : -1;
}

static int configure(sqlite3 *h) {
    static const char text[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
                               "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                               "PRAGMA journal_size_limit=16777216;";

    (void)sqlite3_busy_timeout(h, BUSY_MS);
    (void)sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_limit(h, SQLITE_LIMIT_ATTACHED, 0);
    return sqlite3_exec(h, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int make_tables(sqlite3 *h) {
    char marks[96];

    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;", APPLICATION, VERSION);
    if (sqlite3_exec(h, "BEGIN IMMEDIATE;", NULL, NULL, NULL) != SQLITE_OK) return -1;
    if (sqlite3_exec(h, schema, NULL, NULL, NULL) == SQLITE_OK && sqlite3_exec(h, marks, NULL, NULL, NULL) == SQLITE_OK) return 0;
    (void)sqlite3_exec(h, "ROLLBACK;", NULL, NULL, NULL);
    return -1;
}

static int say(char *err, size_t err_size, const char *sentence) {
    snprintf(err, err_size, "%s", sentence);
    return -1;
}

static int check_tables(sqlite3 *h, bool make, char *err, size_t err_size) {
    int application = 0, version = 0;

    if (pragma_number(h, "PRAGMA application_id", &application) < 0 || pragma_number(h, "PRAGMA user_version", &version) < 0)
        return say(err, err_size, "this file is no vault, or it is damaged");
    if (application == APPLICATION && version == VERSION) return 0;
    if (application == APPLICATION) return say(err, err_size, "this vault was made by another version of phigate");
    if (application != 0 || !make) return say(err, err_size, "this file is no vault");
    return make_tables(h) < 0 ? say(err, err_size, "the vault's tables cannot be made") : 0;
}

int vault_db_open(struct vault_db *db, const char *path, bool make, char *err, size_t err_size) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;

    memset(db, 0, sizeof *db);
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK || configure(db->handle) < 0) {
        vault_db_close(db);
        return say(err, err_size, "this file cannot be opened as a vault: not readable, damaged, or no SQLite file");
    }
    if (check_tables(db->handle, make, err, err_size) < 0) {
        vault_db_close(db);
        return -1;
    }
    for (size_t i = 0; i < VAULT_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(db->handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->v[i], NULL) == SQLITE_OK) continue;
        vault_db_close(db);
        return say(err, err_size, "this vault's tables are not those of this version");
    }
    return 0;
}

void vault_db_close(struct vault_db *db) {
    for (size_t i = 0; i < VAULT_STATEMENTS; i++)
        (void)sqlite3_finalize(db->v[i]);
    (void)sqlite3_close_v2(db->handle);
    memset(db, 0, sizeof *db);
}
