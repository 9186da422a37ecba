/* SPDX-License-Identifier: Apache-2.0
 *
 * A line that does not verify counts for nobody, whatever it says; two lines of one person count once.
 */
#include "policy_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"

#define SIGNATURE_LEN 64
#define KEY_TEXT 44       /* base64 of 32 bytes */
#define SIGNATURE_TEXT 88 /* of 64 */
#define LINES_MAX 64

static size_t message_of(const struct policy *p, char *out, size_t size) {
    int n = snprintf(out, size, "phigate policy v1\n%s\n%s\n", policy_id(p), policy_signable(p));
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static EVP_PKEY *read_key(const char *path, bool is_private) {
    FILE *f = fopen(path, "re");
    EVP_PKEY *key = NULL;

    if (!f) return NULL;
    key = is_private ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : PEM_read_PUBKEY(f, NULL, NULL, NULL);
    fclose(f);
    if (key && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519) return key;
    EVP_PKEY_free(key);
    return NULL;
}

static int raw_public(EVP_PKEY *key, unsigned char out[POLICY_KEY_LEN]) {
    size_t len = POLICY_KEY_LEN;
    return EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == POLICY_KEY_LEN ? 0 : -1;
}

/* ---- keys ---- */

static int write_key(EVP_PKEY *key, const char *path, bool is_private) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_private ? 0600 : 0644), rc;
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!f) {
        if (fd >= 0) close(fd);
        return -1;
    }
    rc = is_private ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(f, key);
    return fclose(f) == 0 && rc == 1 ? 0 : -1;
}

int policy_key_new(const char *path) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    char public_path[4096];
    int rc = -1, n = snprintf(public_path, sizeof public_path, "%s.pub", path);

    if (key && n > 0 && (size_t)n < sizeof public_path && write_key(key, path, true) == 0)
        rc = write_key(key, public_path, false);
    EVP_PKEY_free(key);
    return rc;
}

int policy_signers_add(struct policy_signers *s, const char *pem_path) {
    EVP_PKEY *key = s->n < POLICY_SIGNERS_MAX ? read_key(pem_path, false) : NULL;
    int rc = key ? raw_public(key, s->key[s->n]) : -1;

    EVP_PKEY_free(key);
    for (size_t i = 0; rc == 0 && i < s->n; i++)
        if (CRYPTO_memcmp(s->key[i], s->key[s->n], POLICY_KEY_LEN) == 0) rc = -1;
    if (rc == 0) s->n++;
    return rc;
}

/* ---- signing ---- */

static int sign_message(EVP_PKEY *key, const char *message, size_t len, unsigned char out[SIGNATURE_LEN]) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SIGNATURE_LEN;
    int ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(ctx, out, &n, (const unsigned char *)message, len) == 1 && n == SIGNATURE_LEN;

    EVP_MD_CTX_free(ctx);
    return ok ? 0 : -1;
}

static int append_line(const char *path, const unsigned char key[POLICY_KEY_LEN],
                       const unsigned char signature[SIGNATURE_LEN]) {
    unsigned char key_text[KEY_TEXT + 1], signature_text[SIGNATURE_TEXT + 1];
    FILE *f = fopen(path, "ae");
    int n;

    if (!f) return -1;
    EVP_EncodeBlock(key_text, key, POLICY_KEY_LEN);
    EVP_EncodeBlock(signature_text, signature, SIGNATURE_LEN);
    char line[256];
    n = snprintf(line, sizeof line, "ed25519 %s %s\n", (const char *)key_text, (const char *)signature_text);
    bool written = n > 0 && fwrite(line, 1, (size_t)n, f) == (size_t)n;
    return fclose(f) == 0 && written ? 0 : -1;
}

int policy_sign(const struct policy *p, const char *private_key_path, const char *signature_path) {
    EVP_PKEY *key = read_key(private_key_path, true);
    unsigned char public_key[POLICY_KEY_LEN], signature[SIGNATURE_LEN];
    char message[256];
    size_t len = message_of(p, message, sizeof message);
    int rc = -1;

    if (key && len && raw_public(key, public_key) == 0 && sign_message(key, message, len, signature) == 0)
        rc = append_line(signature_path, public_key, signature);
    EVP_PKEY_free(key);
    return rc;
}

/* ---- verifying ---- */

static bool verifies(const unsigned char key[POLICY_KEY_LEN], const char *message, size_t len,
                     const unsigned char signature[SIGNATURE_LEN]) {
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, POLICY_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = public_key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public_key) == 1 &&
              EVP_DigestVerify(ctx, signature, SIGNATURE_LEN, (const unsigned char *)message, len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public_key);
    return ok;
}

/* "ed25519 KEY SIGNATURE\n", exactly. */
static int read_line(const char *line, unsigned char key[POLICY_KEY_LEN + 2], unsigned char signature[SIGNATURE_LEN + 4]) {
    size_t len = strlen(line);

    if (len && line[len - 1] == '\n') len--;
    if (len != 8 + KEY_TEXT + 1 + SIGNATURE_TEXT || memcmp(line, "ed25519 ", 8) != 0 || line[8 + KEY_TEXT] != ' ') return -1;
    if (EVP_DecodeBlock(key, (const unsigned char *)line + 8, KEY_TEXT) < 0) return -1;
    return EVP_DecodeBlock(signature, (const unsigned char *)line + 9 + KEY_TEXT, SIGNATURE_TEXT) < 0 ? -1 : 0;
}

size_t policy_signed_by(const struct policy *p, const struct policy_signers *s, const char *signature_path) {
    FILE *f = fopen(signature_path, "re");
    bool signed_by[POLICY_SIGNERS_MAX] = {false};
    char line[256], message[256];
    size_t len = message_of(p, message, sizeof message), count = 0;

    for (int lines = 0; f && len && lines < LINES_MAX && fgets(line, sizeof line, f); lines++) {
        unsigned char key[POLICY_KEY_LEN + 2], signature[SIGNATURE_LEN + 4]; /* base64 decodes in threes */
        if (read_line(line, key, signature) < 0) continue;
        for (size_t i = 0; i < s->n; i++)
            if (CRYPTO_memcmp(s->key[i], key, POLICY_KEY_LEN) == 0 && verifies(key, message, len, signature))
                signed_by[i] = true;
    }
    if (f) fclose(f);
    for (size_t i = 0; i < s->n; i++)
        count += signed_by[i];
    return count;
}
