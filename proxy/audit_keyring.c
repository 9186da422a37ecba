/* SPDX-License-Identifier: Apache-2.0
 *
 * A change takes a lock, reads the file again (another process may have changed it: a gateway makes keys, the tool destroys
 * them), writes it anew beside, syncs, renames. Old bytes are overwritten in place as well; a file system that copies on write,
 * a snapshot or a backup keeps them nevertheless: the documents say so.
 */
#include "audit_keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit_base64.h"
#include "audit_file.h"

#define MAGIC "phigate-audit-keys 1\n"
#define NONCE 12
#define TAG 16
#define WRAPPED (NONCE + AUDIT_EPOCH_KEY + TAG)
#define EPOCHS_MAX 1200 /* a hundred years */
#define FILE_MAX 131072

struct epoch {
    char name[AUDIT_EPOCH_LEN + 1];
    bool destroyed;
    unsigned char wrapped[WRAPPED], key[AUDIT_EPOCH_KEY];
};

struct audit_keyring {
    char path[PATH_MAX];
    unsigned char master[32];
    struct epoch *v;
    size_t n;
};

/* ---- wrapping ---- */

static int additional(EVP_CIPHER_CTX *c, const char *name, bool seal) {
    char text[64];
    int n = snprintf(text, sizeof text, "phigate audit key 1 %s", name), out = 0;

    return EVP_CipherUpdate(c, NULL, &out, (const unsigned char *)text, n) == 1 && seal == (EVP_CIPHER_CTX_is_encrypting(c) == 1) ? 0 : -1;
}

static int wrap(const struct audit_keyring *k, struct epoch *e) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, more = 0, rc = -1;

    if (c && getrandom(e->wrapped, NONCE, 0) == NONCE && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->master, e->wrapped) == 1 &&
        additional(c, e->name, true) == 0 && EVP_EncryptUpdate(c, e->wrapped + NONCE, &n, e->key, AUDIT_EPOCH_KEY) == 1 &&
        EVP_EncryptFinal_ex(c, e->wrapped + NONCE + n, &more) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, e->wrapped + NONCE + AUDIT_EPOCH_KEY) == 1)
        rc = 0;
    EVP_CIPHER_CTX_free(c);
    return rc;
}

static int unwrap(const struct audit_keyring *k, struct epoch *e) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, more = 0, rc = -1;

    if (c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->master, e->wrapped) == 1 && additional(c, e->name, false) == 0 &&
        EVP_DecryptUpdate(c, e->key, &n, e->wrapped + NONCE, AUDIT_EPOCH_KEY) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, e->wrapped + NONCE + AUDIT_EPOCH_KEY) == 1 &&
        EVP_DecryptFinal_ex(c, e->key + n, &more) == 1)
        rc = 0;
    EVP_CIPHER_CTX_free(c);
    return rc;
}

/* ---- the file ---- */

static bool name_valid(struct span s) {
    static const char form[] = "dddd-dd";

    if (s.len != AUDIT_EPOCH_LEN) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (form[i] == 'd' ? !digit : s.ptr[i] != form[i]) return false;
    }
    return true;
}

static void forget(struct audit_keyring *k) {
    if (k->v) explicit_bzero(k->v, EPOCHS_MAX * sizeof *k->v);
    k->n = 0;
}

static const char *read_line(struct audit_keyring *k, struct span line) {
    struct epoch *e = &k->v[k->n];
    struct span name = span_sub(line, 0, AUDIT_EPOCH_LEN);

    if (k->n == EPOCHS_MAX || line.len < AUDIT_EPOCH_LEN + 2 || !name_valid(name) || line.ptr[AUDIT_EPOCH_LEN] != ' ')
        return "the file of the months' keys is damaged";
    if (audit_keyring_find(k, name)) return "the file of the months' keys names a month twice";
    memcpy(e->name, name.ptr, AUDIT_EPOCH_LEN);
    struct span rest = span_sub(line, AUDIT_EPOCH_LEN + 1, line.len);
    e->destroyed = span_is(rest, "destroyed");
    if (!e->destroyed && audit_base64_fixed(rest, e->wrapped, WRAPPED) < 0) return "the file of the months' keys is damaged";
    if (!e->destroyed && unwrap(k, e) < 0) return "the months' keys were made with another encryption key, or are damaged";
    k->n++;
    return NULL;
}

static const char *parse(struct audit_keyring *k, struct span text) {
    const char *reason = span_starts(text, MAGIC) && text.ptr[text.len - 1] == '\n' ? NULL : "the file of the months' keys is damaged";

    for (size_t at = sizeof MAGIC - 1; !reason && at < text.len;) {
        size_t end = span_find(text, '\n', at);
        reason = read_line(k, span_sub(text, at, end));
        at = end + 1;
    }
    return reason;
}

static const char *load(struct audit_keyring *k, bool create) {
    char *text = malloc(FILE_MAX);
    int fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const char *reason = "out of memory";

    forget(k);
    if (text && fd < 0) {
        reason = errno != ENOENT ? "the file of the months' keys cannot be read" : create ? NULL : "the file of the months' keys is missing";
    } else if (text) {
        ssize_t n = read(fd, text, FILE_MAX);
        reason = n <= 0 || n == FILE_MAX ? "the file of the months' keys cannot be read" : parse(k, span_make(text, (size_t)n));
    }
    if (fd >= 0) close(fd);
    free(text);
    return reason;
}

static int write_all(int fd, struct span s) {
    while (s.len) {
        ssize_t n = write(fd, s.ptr, s.len);
        if (n <= 0 && errno != EINTR) return -1;
        if (n > 0) s = span_sub(s, (size_t)n, s.len);
    }
    return fsync(fd);
}

/* What a file that is not named any more holds. */
static void overwrite(int fd) {
    static const char zeros[4096];
    struct stat st;

    if (fstat(fd, &st) < 0) return;
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros)
        if (pwrite(fd, zeros, sizeof zeros, at) < 0) return;
    (void)!fsync(fd);
}

static int store(const struct audit_keyring *k) {
    char beside[PATH_MAX];
    struct buf b;
    int rc = -1;

    if (snprintf(beside, sizeof beside, "%s.new", k->path) >= (int)sizeof beside) return -1;
    buf_init(&b, FILE_MAX);
    buf_add_c(&b, MAGIC);
    for (size_t i = 0; i < k->n; i++) {
        buf_add_format(&b, "%s ", k->v[i].name);
        if (k->v[i].destroyed) buf_add_c(&b, "destroyed");
        else audit_base64_add(&b, span_make((const char *)k->v[i].wrapped, WRAPPED));
        buf_add_char(&b, '\n');
    }
    int old = open(k->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && !b.failed && write_all(fd, buf_span(&b)) == 0 && rename(beside, k->path) == 0) rc = audit_file_sync_directory(k->path);
    if (fd >= 0) close(fd);
    if (rc == 0 && old >= 0) overwrite(old);
    if (old >= 0) close(old);
    buf_free(&b);
    return rc;
}

/* -1: not locked. */
static int lock(const struct audit_keyring *k) {
    char name[PATH_MAX];

    if (snprintf(name, sizeof name, "%s.lock", k->path) >= (int)sizeof name) return -1;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* ---- the ring ---- */

struct audit_keyring *audit_keyring_open(const char *log, const unsigned char master[32], bool create, const char **reason) {
    struct audit_keyring *k = calloc(1, sizeof *k);

    *reason = "out of memory";
    if (!k) return NULL;
    memcpy(k->master, master, sizeof k->master);
    k->v = calloc(EPOCHS_MAX, sizeof *k->v);
    if (k->v && snprintf(k->path, sizeof k->path, "%s.keys", log) < (int)sizeof k->path) *reason = load(k, create);
    if (!*reason) return k;
    audit_keyring_free(k);
    return NULL;
}

void audit_keyring_free(struct audit_keyring *k) {
    if (!k) return;
    forget(k);
    free(k->v);
    explicit_bzero(k, sizeof *k);
    free(k);
}

static struct epoch *epoch_of(const struct audit_keyring *k, struct span name) {
    for (size_t i = 0; i < k->n; i++)
        if (span_is(name, k->v[i].name)) return &k->v[i];
    return NULL;
}

const unsigned char *audit_keyring_find(const struct audit_keyring *k, struct span epoch) {
    const struct epoch *e = epoch_of(k, epoch);

    return e && !e->destroyed ? e->key : NULL;
}

static int add(struct audit_keyring *k, struct span epoch) {
    struct epoch *e = &k->v[k->n];

    if (epoch_of(k, epoch)) return audit_keyring_find(k, epoch) ? 0 : -1; /* another process made it, or it was destroyed */
    if (k->n == EPOCHS_MAX || !name_valid(epoch)) return -1;
    *e = (struct epoch){.destroyed = false};
    memcpy(e->name, epoch.ptr, AUDIT_EPOCH_LEN);
    if (getrandom(e->key, sizeof e->key, 0) != sizeof e->key || wrap(k, e) < 0) return -1;
    k->n++;
    if (store(k) == 0) return 0;
    k->n--;
    explicit_bzero(e, sizeof *e);
    return -1;
}

int audit_keyring_make(struct audit_keyring *k, struct span epoch) {
    int fd = lock(k), rc = -1;

    if (fd >= 0 && !load(k, true)) rc = add(k, epoch);
    if (fd >= 0) close(fd);
    return rc;
}

int audit_keyring_destroy(struct audit_keyring *k, struct span epoch) {
    int fd = lock(k), rc = -1;
    struct epoch *e = fd >= 0 && !load(k, false) ? epoch_of(k, epoch) : NULL;

    if (e && !e->destroyed) {
        explicit_bzero(e->key, sizeof e->key);
        explicit_bzero(e->wrapped, sizeof e->wrapped);
        e->destroyed = true;
        rc = store(k);
    }
    if (fd >= 0) close(fd);
    return rc;
}
