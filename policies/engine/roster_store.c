/* SPDX-License-Identifier: Apache-2.0
 *
 *   secret --HMAC-SHA-256("phigate roster ..." || salt)--> check (16 bytes) | keys of the hashes (32) | key of the code (32)
 *
 * A file is written beside itself, synced and renamed: a crash leaves the old one whole.
 */
#include "roster_store.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MOST ((size_t)4 << 30)

static int say(char *err, size_t err_size, const char *what) {
    snprintf(err, err_size, "%s", what);
    return -1;
}

/* ---- the secret ---- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_read(const char *text, size_t len, unsigned char out[32]) {
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' ')) len--;
    if (len != 64) return -1;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return -1;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static void hex_write(const unsigned char *bytes, size_t n, char *out) {
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

int roster_secret_parse(const char *hex, size_t len, struct roster_secret *out) {
    return hex_read(hex, len, out->key);
}

int roster_secret_read(const char *path, struct roster_secret *out, char *err, size_t err_size) {
    char text[128];
    struct stat st;
    FILE *f = fopen(path, "re");

    if (!f) {
        snprintf(err, err_size, "the key cannot be read: %s", strerror(errno));
        return -1;
    }
    bool shared = fstat(fileno(f), &st) != 0 || (st.st_mode & S_IRWXO) != 0;
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    int rc = hex_read(text, n, out->key);
    explicit_bzero(text, sizeof text);
    if (shared) return say(err, err_size, "others can read the key; use `chmod 600`");
    return rc == 0 ? 0 : say(err, err_size, "the key is not 64 lower-case hex digits (256 random bits)");
}

int roster_secret_new(const char *path, char *err, size_t err_size) {
    unsigned char random[32];
    char hex[66];
    int fd;

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return say(err, err_size, "no random numbers to be had");
    hex_write(random, sizeof random, hex);
    hex[64] = '\n';
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, hex, 65) == 65 && fsync(fd) == 0;
    if (!ok) snprintf(err, err_size, "the key cannot be written: %s", strerror(errno));
    if (fd >= 0 && close(fd) < 0) ok = false;
    explicit_bzero(random, sizeof random);
    explicit_bzero(hex, sizeof hex);
    return ok ? 0 : -1;
}

/* ---- what comes from the secret ---- */

static int derive_part(const struct roster_secret *secret, const char *what, const unsigned char *salt, unsigned char out[32]) {
    unsigned char message[64];
    size_t n = strlen(what);
    unsigned len = 32;

    memcpy(message, what, n);
    memcpy(message + n, salt, ROSTER_SALT);
    return HMAC(EVP_sha256(), secret->key, sizeof secret->key, message, n + ROSTER_SALT, out, &len) && len == 32 ? 0 : -1;
}

static int derive(const struct roster_secret *secret, const unsigned char *salt, unsigned char check[ROSTER_CHECK],
                  struct roster_keys *keys, unsigned char code_key[32]) {
    unsigned char part[32];
    int rc = derive_part(secret, "phigate roster v1 check", salt, part);

    memcpy(check, part, ROSTER_CHECK);
    if (rc == 0) rc = derive_part(secret, "phigate roster v1 hashes", salt, part);
    memcpy(keys->filters.k, part, 16);
    memcpy(keys->entries.k, part + 16, 16);
    if (rc == 0) rc = derive_part(secret, "phigate roster v1 code", salt, code_key);
    explicit_bzero(part, sizeof part);
    return rc;
}

int roster_salt(const struct roster_secret *secret, unsigned char salt[ROSTER_SALT], unsigned char check[ROSTER_CHECK],
                struct roster_keys *keys) {
    unsigned char code_key[32];

    if (getrandom(salt, ROSTER_SALT, 0) != ROSTER_SALT) return -1;
    int rc = derive(secret, salt, check, keys, code_key);
    explicit_bzero(code_key, sizeof code_key);
    return rc;
}

/* Over the header in front of the code, and all behind the header. */
static int code_of(const unsigned char code_key[32], const unsigned char *data, size_t size, const struct roster_parts *parts,
                   unsigned char out[ROSTER_CODE]) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    char name[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
    size_t len = 0;
    bool ok = ctx && EVP_MAC_init(ctx, code_key, 32, params) == 1 && EVP_MAC_update(ctx, data, parts->coded) == 1 &&
              EVP_MAC_update(ctx, data + parts->header, size - parts->header) == 1 && EVP_MAC_final(ctx, out, &len, ROSTER_CODE) == 1;

    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return ok && len == ROSTER_CODE ? 0 : -1;
}

/* ---- files ---- */

static int write_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return -1;
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

static void sync_directory(const char *path) {
    char directory[4096];
    const char *slash = strrchr(path, '/');
    int fd;

    if (!slash) snprintf(directory, sizeof directory, ".");
    else snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!fsync(fd);
    close(fd);
}

/* Who could read the old file can read the new one: the service's group, never everybody. */
static void keep_owner(int fd, const char *path) {
    struct stat old;

    if (stat(path, &old) == 0 && fchown(fd, old.st_uid, old.st_gid) == 0) (void)!fchmod(fd, 0600 | (old.st_mode & S_IRGRP));
}

static int replace(const char *path, const void *data, size_t size) {
    char beside[4096];
    int fd, n = snprintf(beside, sizeof beside, "%s.XXXXXX", path);

    if (n < 0 || (size_t)n >= sizeof beside) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) return -1;
    keep_owner(fd, path);
    bool ok = write_all(fd, data, size) == 0 && fsync(fd) == 0;
    if (close(fd) < 0) ok = false;
    if (ok && rename(beside, path) == 0) {
        sync_directory(path);
        return 0;
    }
    int why = errno;
    unlink(beside);
    errno = why;
    return -1;
}

int roster_save(const char *path, void *data, size_t size, const struct roster_secret *secret, char digest[65], char *err,
                size_t err_size) {
    unsigned char check[ROSTER_CHECK], code_key[32], *code;
    struct roster_keys keys;
    struct roster_parts parts;

    if (roster_parts(data, size, &parts, err, err_size) < 0) return -1;
    code = (unsigned char *)data + (parts.code - (const unsigned char *)data);
    int rc = derive(secret, parts.salt, check, &keys, code_key);
    if (rc == 0) rc = code_of(code_key, data, size, &parts, code);
    explicit_bzero(code_key, sizeof code_key);
    explicit_bzero(&keys, sizeof keys);
    if (rc != 0) return say(err, err_size, "the roster could not be sealed");
    hex_write(code, ROSTER_CODE, digest);
    if (replace(path, data, size) == 0) return 0;
    snprintf(err, err_size, "the roster cannot be written: %s", strerror(errno));
    return -1;
}

static void unmap(const void *data, size_t size) {
    munmap((void *)(uintptr_t)data, size);
}

/* Memory of its own, not a map of the file: a file that is cut while it is in use would end the gateway. */
static void *read_whole(const char *path, size_t *size, char *err, size_t err_size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *data = MAP_FAILED;
    struct stat st;
    size_t at = 0;

    if (fd < 0) goto out;
    if (fstat(fd, &st) < 0) goto out;
    errno = EINVAL;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (size_t)st.st_size > SIZE_MOST) goto out;
    *size = (size_t)st.st_size;
    data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (data != MAP_FAILED && at < *size) {
        ssize_t n = read(fd, (char *)data + at, *size - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        at += (size_t)n;
    }
    if (data != MAP_FAILED && (at < *size || mprotect(data, *size, PROT_READ) < 0)) {
        munmap(data, *size);
        data = MAP_FAILED;
    }
out:
    if (data == MAP_FAILED) snprintf(err, err_size, "the roster cannot be read: %s", strerror(errno));
    if (fd >= 0) close(fd);
    return data == MAP_FAILED ? NULL : data;
}

static int verify(const unsigned char *data, size_t size, const struct roster_secret *secret, struct roster_keys *keys,
                  char digest[65], char *err, size_t err_size) {
    unsigned char check[ROSTER_CHECK], code_key[32], code[ROSTER_CODE];
    struct roster_parts parts;

    if (roster_parts(data, size, &parts, err, err_size) < 0) return -1;
    int rc = derive(secret, parts.salt, check, keys, code_key);
    if (rc == 0 && CRYPTO_memcmp(check, parts.check, ROSTER_CHECK) != 0) {
        explicit_bzero(code_key, sizeof code_key);
        return say(err, err_size, "this is not the key of the roster");
    }
    if (rc == 0) rc = code_of(code_key, data, size, &parts, code);
    explicit_bzero(code_key, sizeof code_key);
    if (rc != 0 || CRYPTO_memcmp(code, parts.code, ROSTER_CODE) != 0) return say(err, err_size, "the roster is damaged; import it anew");
    hex_write(code, ROSTER_CODE, digest);
    return 0;
}

struct phi_roster *roster_open(const char *path, const struct roster_secret *secret, char digest[65], char *err, size_t err_size) {
    struct roster_keys keys = {{{0}}, {{0}}};
    struct phi_roster *r = NULL;
    size_t size = 0;
    void *data = read_whole(path, &size, err, err_size);

    if (!data) return NULL;
    if (verify(data, size, secret, &keys, digest, err, err_size) == 0) r = roster_new(data, size, &keys, unmap, err, err_size);
    explicit_bzero(&keys, sizeof keys);
    if (!r) munmap(data, size);
    return r;
}
