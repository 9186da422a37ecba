/* SPDX-License-Identifier: Apache-2.0
 *
 * Epochs and principals as they stand in the file. An epoch's random key is wrapped by one or, while the site changes its
 * master key, by two masters.
 */
#include "vault_internal.h"

#include <string.h>

#define PRINCIPAL_MAX 256u

static int set_blob(struct vault_hand *h, const char *name, struct span bytes) {
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_META_SET);

    (void)sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    vault_db_bind(q, 2, bytes);
    return vault_db_run(&h->db, VAULT_META_SET);
}

int vault_id_make(struct vault_hand *h, unsigned char id[VAULT_ID]) {
    if (vault_random(id, VAULT_ID) < 0) return -1;
    return set_blob(h, "id", span_make((const char *)id, VAULT_ID));
}

int vault_id_read(struct vault_hand *h, unsigned char id[VAULT_ID]) {
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_META_GET);

    (void)sqlite3_bind_text(q, 1, "id", -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    struct span found = rc == SQLITE_ROW ? vault_db_column(q, 0) : span_make(NULL, 0);
    bool fits = found.len == VAULT_ID;
    if (fits) memcpy(id, found.ptr, VAULT_ID);
    vault_db_done(&h->db, VAULT_META_GET);
    return rc == SQLITE_DONE ? 0 : fits ? 1 : -1;
}

static int add_wrapped(struct vault_hand *h, const struct vault_master *m, int64_t epoch, const unsigned char random[VAULT_KEY]) {
    unsigned char wrapped[VAULT_WRAPPED];

    if (vault_key_wrap(m, epoch, random, wrapped) < 0) return -1;
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_KEY_ADD);
    (void)sqlite3_bind_int64(q, 1, epoch);
    vault_db_bind(q, 2, span_make((const char *)m->id, VAULT_MASTER));
    vault_db_bind(q, 3, span_make((const char *)wrapped, sizeof wrapped));
    return vault_db_run(&h->db, VAULT_KEY_ADD);
}

int vault_epoch_make(struct vault_hand *h, const unsigned char id[VAULT_ID], const struct vault_master *const *masters, size_t n,
                     struct vault_epoch *out) {
    unsigned char random[VAULT_KEY];
    int64_t before = 0;
    int rc = -1;

    if (vault_db_get(&h->db, "epoch", &before) < 0 || vault_random(random, sizeof random) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (add_wrapped(h, masters[i], before + 1, random) < 0) goto out;
    if (vault_db_set(&h->db, "epoch", before + 1) < 0) goto out;
    rc = vault_epoch_init(out, before + 1, random, id);
out:
    explicit_bzero(random, sizeof random);
    return rc;
}

static int unwrap(struct vault_hand *h, const struct vault_master *m, int64_t epoch, unsigned char random[VAULT_KEY]) {
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_KEY_GET);
    int rc = -1;

    (void)sqlite3_bind_int64(q, 1, epoch);
    vault_db_bind(q, 2, span_make((const char *)m->id, VAULT_MASTER));
    if (sqlite3_step(q) == SQLITE_ROW) rc = vault_key_unwrap(m, epoch, vault_db_column(q, 0), random);
    vault_db_done(&h->db, VAULT_KEY_GET);
    return rc;
}

int vault_epoch_follow(struct vault_hand *h, const struct vault_master *m, const unsigned char id[VAULT_ID]) {
    unsigned char random[VAULT_KEY];
    int64_t epoch = 0;
    int rc = -1;

    if (vault_db_get(&h->db, "epoch", &epoch) != 1) return -1;
    if (epoch == h->epoch.number) return 0;
    if (unwrap(h, m, epoch, random) == 0) rc = vault_epoch_init(&h->epoch, epoch, random, id);
    if (rc < 0) explicit_bzero(&h->epoch, sizeof h->epoch);
    explicit_bzero(random, sizeof random);
    return rc;
}

static int add_principal(struct vault_hand *h, struct span name, struct span hash, int64_t *id) {
    int64_t last = 0;
    struct vault_place at = {.what = 'p'};

    if (vault_db_get(&h->db, "principals", &last) < 0) return -1;
    *id = at.principal = last + 1;
    buf_clear(&h->scratch);
    if (vault_seal(&h->epoch, &at, name, &h->scratch) < 0 || vault_db_set(&h->db, "principals", *id) < 0) return -1;
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_PRINCIPAL_ADD);
    (void)sqlite3_bind_int64(q, 1, *id);
    vault_db_bind(q, 2, hash);
    vault_db_bind(q, 3, buf_span(&h->scratch));
    return vault_db_run(&h->db, VAULT_PRINCIPAL_ADD);
}

int64_t vault_principal(struct vault_hand *h, const char *name, bool make) {
    const struct vault_place at = {.what = 'p'};
    unsigned char hash[VAULT_HASH];
    int64_t id = 0;

    if (strlen(name) > PRINCIPAL_MAX || vault_hash(&h->epoch, &at, span_of(name), hash) < 0) return -1;
    sqlite3_stmt *q = vault_db_use(&h->db, VAULT_PRINCIPAL_GET);
    vault_db_bind(q, 1, span_make((const char *)hash, sizeof hash));
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) id = sqlite3_column_int64(q, 0);
    vault_db_done(&h->db, VAULT_PRINCIPAL_GET);
    if (rc == SQLITE_ROW) return id;
    if (rc != SQLITE_DONE) return -1;
    if (!make) return 0;
    return add_principal(h, span_of(name), span_make((const char *)hash, sizeof hash), &id) < 0 ? -1 : id;
}
