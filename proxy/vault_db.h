/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection to the vault's SQLite file with its prepared statements. Not shared between threads at one time.
 */
#ifndef VAULT_DB_H
#define VAULT_DB_H

#include "span.h"

#include <sqlite3.h>
#include <stdint.h>

/* Each statement stands in vault_db.c. */
enum vault_statement {
    VAULT_BEGIN_READ,
    VAULT_BEGIN_WRITE,
    VAULT_COMMIT,
    VAULT_ROLLBACK,
    VAULT_SAVE,
    VAULT_SAVE_BACK,
    VAULT_SAVE_DONE,
    VAULT_META_GET,
    VAULT_META_SET,
    VAULT_KEY_GET,
    VAULT_KEY_ADD,
    VAULT_PRINCIPAL_GET,
    VAULT_PRINCIPAL_ADD,
    VAULT_MARK_GET,
    VAULT_MARK_SET,
    VAULT_FORMS_GET,
    VAULT_FORMS_SET,
    VAULT_BY_VALUE,
    VAULT_BY_TEXT,
    VAULT_TOKEN_ADD,
    VAULT_TOKEN_RENEW,
    VAULT_OBJECT_GET,
    VAULT_OBJECT_ADD,
    VAULT_OBJECT_RENEW,
    VAULT_OBJECT_DROP,
    VAULT_OBJECT_TOKEN_ADD,
    VAULT_OBJECT_TOKENS_RENEW,
    VAULT_OBJECT_TOKENS,
    VAULT_STATEMENTS
};

struct vault_db {
    sqlite3 *handle;
    sqlite3_stmt *v[VAULT_STATEMENTS];
};

/* Wiping allocator, no shared caches; before the first use of SQLite in the process, any number of times. */
MUST_CHECK int vault_db_library(void);

/* Opens the file, makes its tables when it is empty and make is set. -1 with a sentence in err. */
MUST_CHECK int vault_db_open(struct vault_db *db, const char *path, bool make, char *err, size_t err_size);
void vault_db_close(struct vault_db *db);

/* The statement, reset, nothing bound. */
sqlite3_stmt *vault_db_use(struct vault_db *db, enum vault_statement s);
/* Ends its use: what it held is let go. */
void vault_db_done(struct vault_db *db, enum vault_statement s);
/* One that gives no rows. -1: failed. */
MUST_CHECK int vault_db_run(struct vault_db *db, enum vault_statement s);
int vault_db_do(struct vault_db *db, enum vault_statement s); /* one without parameters, from beginning to end */
void vault_db_bind(sqlite3_stmt *q, int at, struct span bytes); /* valid until vault_db_done */
struct span vault_db_column(sqlite3_stmt *q, int at);

/* 1: there, 0: not there, -1. */
int vault_db_get(struct vault_db *db, const char *name, int64_t *out);
MUST_CHECK int vault_db_set(struct vault_db *db, const char *name, int64_t value);

#endif
