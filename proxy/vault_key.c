/* SPDX-License-Identifier: Apache-2.0
 *
 * HKDF-SHA-256 (RFC 5869), AES-256-GCM (NIST SP 800-38D) with random nonces: at most 2^32 values under one epoch, which no
 * practice reaches. The place of a value is authenticated with it, so that a row that was moved or given to another principal
 * does not open.
 */
#include "vault_key.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"

#define AAD_MAX 512u

int vault_random(unsigned char *out, size_t n) {
    return getrandom(out, n, 0) == (ssize_t)n ? 0 : -1;
}

static int derive(const unsigned char key[VAULT_KEY], const unsigned char vault[VAULT_ID], const char *purpose, unsigned char *out,
                  size_t n) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *c = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, VAULT_KEY),
                      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)vault, VAULT_ID),
                      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose, strlen(purpose)),
                      OSSL_PARAM_construct_end()};
    int rc = c && EVP_KDF_derive(c, out, n, p) == 1 ? 0 : -1;

    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return rc;
}

int vault_master_init(struct vault_master *m, const unsigned char key[VAULT_KEY], const unsigned char vault[VAULT_ID]) {
    if (derive(key, vault, "phigate vault 1 wrap", m->wrap, VAULT_KEY) < 0) return -1;
    return derive(key, vault, "phigate vault 1 master", m->id, VAULT_MASTER);
}

int vault_epoch_init(struct vault_epoch *e, int64_t number, const unsigned char random[VAULT_KEY],
                     const unsigned char vault[VAULT_ID]) {
    e->number = number;
    memcpy(e->vault, vault, VAULT_ID);
    if (derive(random, vault, "phigate vault 1 seal", e->seal, VAULT_KEY) < 0) return -1;
    return derive(random, vault, "phigate vault 1 lookup", e->lookup, VAULT_KEY);
}

/* ---- AES-256-GCM: nonce, ciphertext, tag ---- */

static int gcm_seal(const unsigned char key[VAULT_KEY], struct span aad, struct span value, unsigned char *out) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    unsigned char *nonce = out, *text = out + VAULT_NONCE, *tag = text + value.len;
    int n = 0, ok;

    ok = c && value.len <= INT_MAX && vault_random(nonce, VAULT_NONCE) == 0 &&
         EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
         EVP_EncryptUpdate(c, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
         EVP_EncryptUpdate(c, text, &n, (const unsigned char *)value.ptr, (int)value.len) == 1 &&
         EVP_EncryptFinal_ex(c, text + n, &n) == 1 && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, VAULT_TAG, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok ? 0 : -1;
}

static int gcm_open(const unsigned char key[VAULT_KEY], struct span aad, struct span sealed, unsigned char *out) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    const unsigned char *nonce = (const unsigned char *)sealed.ptr, *text = nonce + VAULT_NONCE;
    size_t len = sealed.len - VAULT_NONCE - VAULT_TAG;
    unsigned char tag[VAULT_TAG];
    int n = 0, ok;

    memcpy(tag, text + len, VAULT_TAG);
    ok = c && len <= INT_MAX && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
         EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
         EVP_DecryptUpdate(c, out, &n, text, (int)len) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, VAULT_TAG, tag) == 1 && EVP_DecryptFinal_ex(c, out + n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok ? 0 : -1;
}

int vault_key_wrap(const struct vault_master *m, int64_t epoch, const unsigned char random[VAULT_KEY],
                   unsigned char out[VAULT_WRAPPED]) {
    const struct span aad = span_make((const char *)&epoch, sizeof epoch);
    return gcm_seal(m->wrap, aad, span_make((const char *)random, VAULT_KEY), out);
}

int vault_key_unwrap(const struct vault_master *m, int64_t epoch, struct span wrapped, unsigned char random[VAULT_KEY]) {
    const struct span aad = span_make((const char *)&epoch, sizeof epoch);
    return wrapped.len == VAULT_WRAPPED ? gcm_open(m->wrap, aad, wrapped, random) : -1;
}

/* ---- values at their places ---- */

/* Lengths stand before texts, so that no two places are written alike. */
static int write_place(const struct vault_epoch *e, const struct vault_place *at, char out[AAD_MAX], struct span *aad) {
    const uint32_t lengths[2] = {(uint32_t)at->word.len, (uint32_t)at->text.len};
    size_t n = 0;

    if (at->word.len > 64 || at->text.len > 256) return -1;
    out[n++] = at->what;
    memcpy(out + n, e->vault, VAULT_ID);
    n += VAULT_ID;
    memcpy(out + n, &e->number, sizeof e->number);
    n += sizeof e->number;
    memcpy(out + n, &at->principal, sizeof at->principal);
    n += sizeof at->principal;
    memcpy(out + n, lengths, sizeof lengths);
    n += sizeof lengths;
    if (at->word.len) memcpy(out + n, at->word.ptr, at->word.len);
    n += at->word.len;
    if (at->text.len) memcpy(out + n, at->text.ptr, at->text.len);
    n += at->text.len;
    *aad = span_make(out, n);
    return 0;
}

int vault_seal(const struct vault_epoch *e, const struct vault_place *at, struct span value, struct buf *out) {
    char place[AAD_MAX];
    struct span aad;
    size_t n = VAULT_NONCE + value.len + VAULT_TAG;

    if (write_place(e, at, place, &aad) < 0 || buf_reserve(out, n) < 0) return -1;
    if (gcm_seal(e->seal, aad, value, (unsigned char *)out->ptr + out->len) < 0) return -1;
    out->len += n;
    return 0;
}

int vault_unseal(const struct vault_epoch *e, const struct vault_place *at, struct span sealed, struct buf *out) {
    char place[AAD_MAX];
    struct span aad;

    if (sealed.len < VAULT_NONCE + VAULT_TAG) return -1;
    size_t n = sealed.len - VAULT_NONCE - VAULT_TAG;
    if (write_place(e, at, place, &aad) < 0 || buf_reserve(out, n ? n : 1) < 0) return -1;
    if (gcm_open(e->seal, aad, sealed, (unsigned char *)out->ptr + out->len) < 0) {
        explicit_bzero(out->ptr + out->len, n);
        return -1;
    }
    out->len += n;
    return 0;
}

int vault_hash(const struct vault_epoch *e, const struct vault_place *at, struct span value, unsigned char out[VAULT_HASH]) {
    char place[AAD_MAX], name[] = "SHA256";
    OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct span aad;
    size_t n = 0;

    if (write_place(e, at, place, &aad) < 0) return -1;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *m = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool ok = m && EVP_MAC_init(m, e->lookup, VAULT_KEY, p) == 1 &&
              EVP_MAC_update(m, (const unsigned char *)aad.ptr, aad.len) == 1 &&
              EVP_MAC_update(m, (const unsigned char *)value.ptr, value.len) == 1 &&
              EVP_MAC_final(m, digest, &n, sizeof digest) == 1;
    EVP_MAC_CTX_free(m);
    EVP_MAC_free(mac);
    if (ok) memcpy(out, digest, VAULT_HASH);
    explicit_bzero(digest, sizeof digest);
    return ok ? 0 : -1;
}
