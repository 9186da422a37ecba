/* SPDX-License-Identifier: Apache-2.0
 *
 * clients.yaml into a table. Keys have 256 random bits, so that their plain SHA-256 can be stored: there is nothing to
 * guess. A lookup compares with every row, so that its time does not tell which row fits.
 */
#include "access.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "hex.h"

enum { USE_NOW, USE_MINUTE_COUNT, USE_MINUTE, USE_N };

struct row {
    struct principal principal;
    unsigned char key[SHA256_DIGEST_LENGTH], certificate[SHA256_DIGEST_LENGTH];
    bool has_key, has_certificate;
    atomic_uint use[USE_N];
};

struct access {
    struct yaml_doc *doc; /* owns the names */
    struct row *rows;
    size_t n;
};

static int parse_digest(const struct yaml_node *n, unsigned char out[SHA256_DIGEST_LENGTH], struct diag *d) {
    const char *text;

    if (yaml_string(n, &text, d) < 0) return -1;
    if (hex_read(span_of(text), out, SHA256_DIGEST_LENGTH) == 0) return 0;
    yaml_error(n, d, "expected a SHA-256 as 64 lower-case hex digits");
    return -1;
}

static int parse_words(const struct yaml_node *n, const char *const **out, struct diag *d) {
    const char **words = calloc(n->n + 1, sizeof *words);
    int rc = 0;

    if (!words) return -1;
    for (size_t i = 0; i < n->n; i++)
        if (yaml_string(n->items[i], &words[i], d) < 0) rc = -1;
    *out = words;
    return rc;
}

static int parse_number(const struct yaml_node *map, const char *key, uint32_t *out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    long long value = 0;

    if (n && yaml_int(n, 1, 1000000, &value, d) < 0) return -1;
    *out = (uint32_t)value;
    return 0;
}

static int parse_limits(const struct yaml_node *n, struct principal *p, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "body"}, {.name = "concurrent"}, {.name = "requests_per_minute"}};
    const struct yaml_node *body;
    int rc = yaml_check(n, keys, sizeof keys / sizeof *keys, d);

    body = yaml_get(n, "body");
    if (body && yaml_size(body, &p->body_max, d) < 0) rc = -1;
    if (parse_number(n, "concurrent", &p->concurrent_max, d) < 0) rc = -1;
    if (parse_number(n, "requests_per_minute", &p->per_minute_max, d) < 0) rc = -1;
    return rc;
}

static int parse_text(const struct yaml_node *map, const char *key, const char **out, struct diag *d) {
    const struct yaml_node *n = yaml_get(map, key);
    return n ? yaml_string(n, out, d) : 0;
}

static int parse_credentials(const struct yaml_node *map, struct row *r, struct diag *d) {
    const struct yaml_node *key = yaml_get(map, "key_sha256"), *cert = yaml_get(map, "certificate_sha256");

    if (!key && !cert) {
        yaml_error(map, d, "a client needs key_sha256 or certificate_sha256 (make one with `phi keys new`)");
        return -1;
    }
    int rc = key ? parse_digest(key, r->key, d) : 0;
    if (cert && parse_digest(cert, r->certificate, d) < 0) rc = -1;
    r->has_key = key != NULL;
    r->has_certificate = cert != NULL;
    return rc;
}

static int parse_override(const struct yaml_node *map, struct principal *p, struct diag *d) {
    const struct yaml_node *may = yaml_get(map, "may_override"), *until = yaml_get(map, "override_until");
    int day = 0;

    int rc = may ? yaml_bool(may, &p->may_override, d) : 0;
    if (until && yaml_date(until, &day, d) < 0) rc = -1;
    p->override_until = day;
    if (!until || p->may_override || rc < 0) return rc;
    yaml_error(until, d, "without `may_override: true` there is nothing that ends");
    return -1;
}

static int parse_client(const struct yaml_node *map, struct row *r, struct diag *d) {
    static const struct yaml_key keys[] = {
        {.name = "id", .required = true}, {.name = "key_sha256"}, {.name = "certificate_sha256"},
        {.name = "user", .required = true}, {.name = "role"}, {.name = "default_purpose"},
        {.name = "purposes", .type = YAML_NODE_LIST}, {.name = "models", .type = YAML_NODE_LIST},
        {.name = "limits", .type = YAML_NODE_MAP}, {.name = "created"}, {.name = "revoked"},
        {.name = "may_override"}, {.name = "override_until"}};
    struct principal *p = &r->principal;
    const struct yaml_node *n;
    int rc = yaml_check(map, keys, sizeof keys / sizeof *keys, d);

    p->role = "user";
    rc |= parse_text(map, "id", &p->id, d);
    rc |= parse_text(map, "user", &p->user, d);
    rc |= parse_text(map, "role", &p->role, d);
    rc |= parse_text(map, "default_purpose", &p->default_purpose, d);
    if ((n = yaml_list(map, "purposes")) && parse_words(n, &p->purposes, d) < 0) rc = -1;
    if ((n = yaml_list(map, "models")) && parse_words(n, &p->models, d) < 0) rc = -1;
    if ((n = yaml_map(map, "limits")) && parse_limits(n, p, d) < 0) rc = -1;
    if (parse_override(map, p, d) < 0) rc = -1;
    if (parse_credentials(map, r, d) < 0) rc = -1;
    p->revoked = yaml_get(map, "revoked") != NULL;
    p->use = r->use;
    return rc ? -1 : 0;
}

static int check_unique(const struct yaml_node *list, const struct access *a, struct diag *d) {
    int rc = 0;
    for (size_t i = 1; i < a->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!a->rows[i].principal.id || !a->rows[j].principal.id) continue;
            if (strcmp(a->rows[i].principal.id, a->rows[j].principal.id) != 0) continue;
            yaml_error(list->items[i], d, "a client with this id stands above already");
            rc = -1;
        }
    }
    return rc;
}

static int parse_clients(struct access *a, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "clients", .type = YAML_NODE_LIST, .required = true}};
    const struct yaml_node *root = yaml_root(a->doc), *list;
    int rc = yaml_check(root, keys, 1, d);

    list = yaml_list(root, "clients");
    if (!list) return -1;
    a->rows = calloc(list->n ? list->n : 1, sizeof *a->rows);
    if (!a->rows) return -1;
    a->n = list->n;
    for (size_t i = 0; i < list->n; i++) {
        a->rows[i].principal.number = i + 1;
        if (list->items[i]->type != YAML_NODE_MAP) {
            yaml_error(list->items[i], d, "expected a client: a map with id, user and key_sha256");
            rc = -1;
        } else if (parse_client(list->items[i], &a->rows[i], d) < 0) {
            rc = -1;
        }
    }
    return check_unique(list, a, d) < 0 ? -1 : rc;
}

static int check_private(const char *path, struct diag *d) {
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
        diag_add(d, path, NULL, 0, 0, "others can read or change this file; use `chmod 600`");
        return -1;
    }
    return 0;
}

struct access *access_load(const char *path, struct diag *d) {
    struct access *a = calloc(1, sizeof *a);

    if (!a) return NULL;
    a->doc = yaml_load_file(path, d);
    if (a->doc && check_private(path, d) == 0 && parse_clients(a, d) == 0) return a;
    access_free(a);
    return NULL;
}

void access_free(struct access *a) {
    if (!a) return;
    for (size_t i = 0; i < a->n; i++) {
        free((void *)a->rows[i].principal.purposes);
        free((void *)a->rows[i].principal.models);
    }
    free(a->rows);
    yaml_doc_free(a->doc);
    free(a);
}

size_t access_count(const struct access *a) {
    return a->n;
}

const struct principal *access_at(const struct access *a, size_t i) {
    return &a->rows[i].principal;
}

static bool row_fits(const struct row *r, const unsigned char key[SHA256_DIGEST_LENGTH], bool has_key,
                     const unsigned char *certificate) {
    int key_fits = r->has_key & has_key & (CRYPTO_memcmp(r->key, key, SHA256_DIGEST_LENGTH) == 0);
    int certificate_fits =
        r->has_certificate && certificate && CRYPTO_memcmp(r->certificate, certificate, SHA256_DIGEST_LENGTH) == 0;

    /* A row that names both wants both: a stolen key alone is then useless. */
    if (r->has_key && r->has_certificate) return key_fits & certificate_fits;
    return key_fits | certificate_fits;
}

const struct principal *access_find(const struct access *a, struct span key, struct span fingerprint) {
    unsigned char digest[SHA256_DIGEST_LENGTH], certificate[SHA256_DIGEST_LENGTH];
    const struct principal *found = NULL;
    bool has_certificate = hex_read(fingerprint, certificate, sizeof certificate) == 0;

    if (!EVP_Digest(key.len ? key.ptr : "", key.len, digest, NULL, EVP_sha256(), NULL)) return NULL;
    for (size_t i = 0; i < a->n; i++) {
        const struct row *r = &a->rows[i];
        if (row_fits(r, digest, key.len > 0, has_certificate ? certificate : NULL) && !r->principal.revoked)
            found = &r->principal;
    }
    return found;
}

/* Each row embeds its principal as first member. */
bool principal_same_credentials(const struct principal *a, const struct principal *b) {
    const struct row *x = (const struct row *)a, *y = (const struct row *)b;

    return x->has_key == y->has_key && x->has_certificate == y->has_certificate &&
           CRYPTO_memcmp(x->key, y->key, sizeof x->key) == 0 && CRYPTO_memcmp(x->certificate, y->certificate, sizeof x->certificate) == 0;
}

static bool digest_row(EVP_MD_CTX *c, const struct row *r) {
    const struct principal *p = &r->principal;
    const char *const texts[] = {p->id, p->user, p->role, p->default_purpose ? p->default_purpose : ""};
    const char facts[] = {(char)r->has_key, (char)r->has_certificate, (char)p->revoked, (char)p->may_override};
    bool ok = true;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ok = ok && EVP_DigestUpdate(c, texts[i], strlen(texts[i]) + 1);
    return ok && EVP_DigestUpdate(c, facts, sizeof facts) && EVP_DigestUpdate(c, r->key, sizeof r->key) &&
           EVP_DigestUpdate(c, r->certificate, sizeof r->certificate);
}

void access_digest(const struct access *a, char hex[65]) {
    unsigned char digest[SHA256_DIGEST_LENGTH] = {0};
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL);

    for (size_t i = 0; ok && i < a->n; i++)
        ok = digest_row(c, &a->rows[i]);
    if (!ok || !EVP_DigestFinal_ex(c, digest, NULL)) memset(digest, 0, sizeof digest);
    EVP_MD_CTX_free(c);
    hex_write(digest, sizeof digest, hex);
}

static bool word_in(const char *const *words, struct span word, bool globs) {
    for (size_t i = 0; words && words[i]; i++) {
        if (globs ? span_glob(word, words[i]) : span_is(word, words[i])) return true;
        if (strcmp(words[i], "*") == 0) return true;
    }
    return false;
}

bool principal_may_claim(const struct principal *p, struct span purpose) {
    return word_in(p->purposes, purpose, false) || (p->default_purpose && span_is(purpose, p->default_purpose));
}

bool principal_may_override(const struct principal *p, long today) {
    return p->may_override && !p->revoked && (p->override_until == 0 || today <= p->override_until);
}

bool principal_may_use(const struct principal *p, struct span model) {
    return !p->models || word_in(p->models, model, true);
}

static bool enter_minute(const struct principal *p, uint64_t now_s, unsigned *retry_after) {
    unsigned minute = (unsigned)(now_s / 60);

    if (atomic_exchange(&p->use[USE_MINUTE], minute) != minute) atomic_store(&p->use[USE_MINUTE_COUNT], 0);
    if (atomic_fetch_add(&p->use[USE_MINUTE_COUNT], 1) < p->per_minute_max) return true;
    *retry_after = (unsigned)(60 - now_s % 60);
    return false;
}

bool principal_enter(const struct principal *p, uint64_t now_s, unsigned *retry_after) {
    *retry_after = 1;
    if (p->per_minute_max && !enter_minute(p, now_s, retry_after)) return false;
    if (atomic_fetch_add(&p->use[USE_NOW], 1) < p->concurrent_max || p->concurrent_max == 0) return true;
    atomic_fetch_sub(&p->use[USE_NOW], 1);
    return false;
}

void principal_leave(const struct principal *p) {
    atomic_fetch_sub(&p->use[USE_NOW], 1);
}

int access_key_new(char key[ACCESS_KEY_LEN + 1], char hash[65]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[33], digest[SHA256_DIGEST_LENGTH]; /* 33 bytes make 44 digits; 43 are used */

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
    memcpy(key, "pg-", 3);
    for (size_t i = 0; i < ACCESS_KEY_LEN - 3; i++) {
        size_t bit = i * 6;
        unsigned pair = (unsigned)random[bit / 8] << 8 | random[bit / 8 + 1 < sizeof random ? bit / 8 + 1 : bit / 8];
        key[3 + i] = digits[pair >> (10 - bit % 8) & 63];
    }
    key[ACCESS_KEY_LEN] = '\0';
    explicit_bzero(random, sizeof random);
    if (!EVP_Digest(key, ACCESS_KEY_LEN, digest, NULL, EVP_sha256(), NULL)) return -1;
    hex_write(digest, sizeof digest, hash);
    return 0;
}
