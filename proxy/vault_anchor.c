/* SPDX-License-Identifier: Apache-2.0
 *
 * Two slots, written in turn, so that a torn write leaves the other one whole:
 *
 *   "phigate-vault-anchor 1 <turn> <vault> <ceiling> <floor> <sequence> <clean> [<accepted> <accepted over>] <sha256 of what stands before>\n", padded
 */
#include "vault_anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hex.h"

#define SLOT 512
#define HEAD "phigate-vault-anchor 1 "

static void digest_of(const char *text, size_t n, char out[65]) {
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)text, n, digest);
    hex_write(digest, sizeof digest, out);
}

/* The next word, and the space behind it. */
static struct span word(struct span *s) {
    size_t n = span_find(*s, ' ', 0);
    struct span w = span_sub(*s, 0, n);

    *s = span_sub(*s, n + 1, s->len);
    return w;
}

static int number(struct span *s, int64_t *out) {
    unsigned long long n;

    if (span_decimal(word(s), &n) < 0 || n > INT64_MAX) return -1;
    *out = (int64_t)n;
    return 0;
}

static int parse_slot(struct span slot, struct vault_anchor *a) {
    char digest[65];
    int64_t turn, clean;
    size_t end = span_find(slot, '\n', 0);

    if (end == slot.len || end < 65 || !span_starts(slot, HEAD)) return -1;
    digest_of(slot.ptr, end - 64, digest);
    if (!span_is(span_sub(slot, end - 64, end), digest)) return -1;
    struct span s = span_sub(slot, sizeof HEAD - 1, end - 64);
    if (number(&s, &turn) < 0 || turn == INT64_MAX) return -1;
    struct span id = word(&s);
    if (hex_read(id, a->vault, VAULT_ANCHOR_ID) < 0) return -1;
    if (number(&s, &a->ceiling) < 0 || number(&s, &a->floor) < 0 || number(&s, &a->sequence) < 0 || number(&s, &clean) < 0) return -1;
    if (s.len && (number(&s, &a->accepted) < 0 || number(&s, &a->accepted_over) < 0)) return -1; /* earlier versions wrote none */
    a->turn = (uint64_t)turn;
    a->clean = clean != 0;
    return 0;
}

int vault_anchor_read(struct vault_anchor *a, struct span bytes) {
    int found = -1;

    for (size_t i = 0; i < 2 && (i + 1) * SLOT <= bytes.len; i++) {
        struct vault_anchor one = {.fd = a->fd};
        if (parse_slot(span_make(bytes.ptr + i * SLOT, SLOT), &one) < 0) continue;
        if (found < 0 || one.turn > a->turn) *a = one;
        found = 0;
    }
    return found;
}

static enum vault_anchor_found fail(struct vault_anchor *a, char *err, size_t err_size, const char *sentence) {
    snprintf(err, err_size, "%s", sentence);
    vault_anchor_close(a);
    return VAULT_ANCHOR_FAILED;
}

static int sync_directory(const char *path) {
    char directory[4096];
    const char *slash = strrchr(path, '/');
    int n = snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = n > 0 && (size_t)n < sizeof directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int rc = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0) close(fd);
    return rc;
}

enum vault_anchor_found vault_anchor_open(struct vault_anchor *a, const char *path, char *err, size_t err_size) {
    char bytes[2 * SLOT];
    struct stat st;

    *a = (struct vault_anchor){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (a->fd < 0) return fail(a, err, err_size, "the vault's anchor cannot be opened");
    if (flock(a->fd, LOCK_EX | LOCK_NB) < 0) return fail(a, err, err_size, "another gateway uses this vault");
    if (fstat(a->fd, &st) < 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(a, err, err_size, "others can read or change the vault's anchor; use `chmod 600`");
    if (st.st_size == 0) return sync_directory(path) < 0 ? fail(a, err, err_size, "the vault's anchor cannot be made durable") : VAULT_ANCHOR_NEW;
    ssize_t n = pread(a->fd, bytes, sizeof bytes, 0);
    if (n < 0 || vault_anchor_read(a, span_make(bytes, (size_t)n)) < 0) return fail(a, err, err_size, "the vault's anchor is damaged");
    return VAULT_ANCHOR_OLD;
}

int vault_anchor_write(struct vault_anchor *a) {
    char slot[SLOT + 1], id[2 * VAULT_ANCHOR_ID + 1], digest[65];

    memset(slot, ' ', sizeof slot);
    hex_write(a->vault, VAULT_ANCHOR_ID, id);
    a->turn++;
    int n = snprintf(slot, sizeof slot, HEAD "%" PRIu64 " %s %" PRId64 " %" PRId64 " %" PRId64 " %d %" PRId64 " %" PRId64 " ", a->turn, id,
                     a->ceiling, a->floor, a->sequence, a->clean, a->accepted, a->accepted_over);
    if (n < 0 || n > SLOT - 66) return -1;
    digest_of(slot, (size_t)n, digest);
    memcpy(slot + n, digest, 64);
    slot[n + 64] = '\n';
    if (pwrite(a->fd, slot, SLOT, (off_t)(a->turn % 2) * SLOT) != SLOT) return -1;
    return fdatasync(a->fd);
}

void vault_anchor_close(struct vault_anchor *a) {
    if (a->fd >= 0) close(a->fd);
    a->fd = -1;
}
