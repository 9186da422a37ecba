/* SPDX-License-Identifier: Apache-2.0
 *
 * One table; the index is made in one transaction, so that a crash leaves the old one.
 */
#include "audit_index_file.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORM 1
#define HEAD_MAX 512

static const char create_table[] =
    "CREATE TABLE IF NOT EXISTS block(n INTEGER PRIMARY KEY, file INTEGER NOT NULL, offset INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "first INTEGER NOT NULL, last INTEGER NOT NULL, begin TEXT NOT NULL, end TEXT NOT NULL, prev TEXT NOT NULL, bloom BLOB NOT NULL,"
    "mac TEXT NOT NULL) STRICT; PRAGMA user_version=1";

struct sqlite3 *audit_index_file_open(const char *log, bool create, const char **reason) {
    char name[PATH_MAX];
    sqlite3 *db = NULL;
    struct stat st;

    *reason = "its name is too long";
    if (snprintf(name, sizeof name, "%s.index", log) >= (int)sizeof name) return NULL;
    *reason = "there is none";
    if (!create && stat(name, &st) < 0) return NULL;
    *reason = "it cannot be opened";
    mode_t old = umask(077);
    int rc = sqlite3_open_v2(name, &db, create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY, NULL);
    umask(old);
    if (rc == SQLITE_OK) {
        *reason = "it is no index";
        sqlite3_busy_timeout(db, 10000);
        if (!create || sqlite3_exec(db, create_table, NULL, NULL, NULL) == SQLITE_OK) return db;
    }
    sqlite3_close(db);
    return NULL;
}

void audit_index_file_close(struct sqlite3 *db) {
    sqlite3_close(db);
}

/* ---- codes ---- */

static int make_mac(struct audit_hasher *h, uint64_t number, const struct audit_index_block *b, const char *before,
                    char out[AUDIT_HEX_LEN + 1]) {
    char head[HEAD_MAX];
    int n = snprintf(head, sizeof head, "phigate index %d\n%s\n%llu %llu %llu %llu %llu %llu %s %s %s\n", FORM, before, (unsigned long long)number,
                     (unsigned long long)b->file_first, (unsigned long long)b->offset, (unsigned long long)b->bytes,
                     (unsigned long long)b->first_seq, (unsigned long long)b->last_seq, b->begin, b->end, b->prev);

    if (n < 0 || n >= (int)sizeof head) return -1;
    return audit_hasher_mac(h, span_make(head, (size_t)n), b->bloom, out);
}

/* ---- reading ---- */

static bool take_text(sqlite3_stmt *s, int column, char *out, size_t len) {
    const unsigned char *text = sqlite3_column_text(s, column);
    int n = sqlite3_column_bytes(s, column);

    if (!text || n < 0 || (size_t)n > len) return false;
    memcpy(out, text, (size_t)n);
    out[n] = '\0';
    return true;
}

static bool read_block(sqlite3_stmt *s, struct audit_index_block *b) {
    const void *bloom = sqlite3_column_blob(s, 9);
    int n = sqlite3_column_bytes(s, 9);

    b->file_first = (uint64_t)sqlite3_column_int64(s, 1);
    b->offset = (uint64_t)sqlite3_column_int64(s, 2);
    b->bytes = (uint64_t)sqlite3_column_int64(s, 3);
    b->first_seq = (uint64_t)sqlite3_column_int64(s, 4);
    b->last_seq = (uint64_t)sqlite3_column_int64(s, 5);
    if (!take_text(s, 6, b->begin, sizeof b->begin - 1) || !take_text(s, 7, b->end, sizeof b->end - 1) ||
        !take_text(s, 8, b->prev, sizeof b->prev - 1) || !bloom || n <= 0)
        return false;
    b->bloom = span_make(bloom, (size_t)n);
    return true;
}

static bool row_holds(sqlite3_stmt *s, struct audit_hasher *h, uint64_t number, struct audit_index_block *b, char mac[AUDIT_HEX_LEN + 1]) {
    char there[AUDIT_HEX_LEN + 1], made[AUDIT_HEX_LEN + 1];

    if (!read_block(s, b) || (uint64_t)sqlite3_column_int64(s, 0) != number || !take_text(s, 10, there, AUDIT_HEX_LEN)) return false;
    if (strlen(there) != AUDIT_HEX_LEN || make_mac(h, number, b, mac, made) < 0 || CRYPTO_memcmp(there, made, AUDIT_HEX_LEN) != 0) return false;
    memcpy(mac, made, sizeof made);
    return true;
}

int audit_index_file_read(struct sqlite3 *db, struct audit_hasher *h, audit_index_take *take, void *context, char mac[AUDIT_HEX_LEN + 1],
                          const char **reason) {
    struct audit_index_block b;
    sqlite3_stmt *s = NULL;
    uint64_t number = 0;
    int rc = SQLITE_ROW;

    mac[0] = '\0';
    *reason = "it is no index";
    if (sqlite3_prepare_v2(db, "SELECT n,file,offset,bytes,first,last,begin,end,prev,bloom,mac FROM block ORDER BY n", -1, &s, NULL) != SQLITE_OK)
        return -1;
    *reason = "it was changed, or made with another key";
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        if (!row_holds(s, h, number++, &b, mac)) break;
        if (take(context, &b) == 0) continue;
        *reason = "out of memory";
        break;
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) *reason = "it is damaged";
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* ---- writing ---- */

static int execute(struct sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

int audit_index_file_begin(struct sqlite3 *db, bool anew) {
    if (execute(db, "BEGIN IMMEDIATE") < 0) return -1;
    return anew ? execute(db, "DELETE FROM block") : 0;
}

int audit_index_file_commit(struct sqlite3 *db) {
    return execute(db, "COMMIT");
}

int audit_index_file_add(struct sqlite3 *db, struct audit_hasher *h, uint64_t number, const struct audit_index_block *b,
                         char mac[AUDIT_HEX_LEN + 1]) {
    char made[AUDIT_HEX_LEN + 1];
    const uint64_t numbers[] = {number, b->file_first, b->offset, b->bytes, b->first_seq, b->last_seq};
    const char *const texts[] = {b->begin, b->end, b->prev};
    sqlite3_stmt *s = NULL;

    if (make_mac(h, number, b, mac, made) < 0) return -1;
    if (sqlite3_prepare_v2(db, "INSERT INTO block VALUES(?,?,?,?,?,?,?,?,?,?,?)", -1, &s, NULL) != SQLITE_OK) return -1;
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(s, i + 1, (sqlite3_int64)numbers[i]);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_text(s, i + 7, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob64(s, 10, b->bloom.ptr, b->bloom.len, SQLITE_STATIC);
    sqlite3_bind_text(s, 11, made, -1, SQLITE_STATIC);
    int rc = sqlite3_step(s) == SQLITE_DONE ? 0 : -1;
    sqlite3_finalize(s);
    memcpy(mac, made, sizeof made);
    return rc;
}
