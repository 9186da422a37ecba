/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of fixed length, overwritten in place: smaller than a sector, inside one page.
 *
 *   phigate-audit-head 1 <sequence, 20 digits> <hash of the line> <HMAC of all before>
 */
#include "audit_head.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "phigate-audit-head 1 "
#define SEQ_AT (sizeof MAGIC - 1)
#define HASH_AT (SEQ_AT + 21)
#define MAC_AT (HASH_AT + AUDIT_HEX_LEN + 1)
#define LINE_LEN (MAC_AT + AUDIT_HEX_LEN + 1)

static int head_name(const char *path, char out[PATH_MAX]) {
    int n = snprintf(out, PATH_MAX, "%s.head", path);
    return n > 0 && n < PATH_MAX ? 0 : -1;
}

int audit_head_open(const char *path, const char **reason) {
    char name[PATH_MAX];

    *reason = "the head file cannot be opened";
    if (head_name(path, name) < 0) return -1;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    *reason = "another process writes this log";
    close(fd);
    return -1;
}

bool audit_head_present(const char *path, int fd) {
    char name[PATH_MAX];
    struct stat there, ours;

    if (head_name(path, name) < 0 || stat(name, &there) < 0 || fstat(fd, &ours) < 0) return false;
    return there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

static int parse(const char *line, struct audit_hasher *h, bool keyed, struct audit_head *out) {
    char mac[AUDIT_HEX_LEN + 1];
    unsigned long long seq;

    if (memcmp(line, MAGIC, SEQ_AT) != 0 || line[LINE_LEN - 1] != '\n' || line[HASH_AT - 1] != ' ' ||
        line[MAC_AT - 1] != ' ' || line[SEQ_AT] != '0')
        return -1;
    if (span_decimal(span_make(line + SEQ_AT + 1, 19), &seq) < 0 || seq == 0) return -1;
    if (!audit_hex_valid(span_make(line + HASH_AT, AUDIT_HEX_LEN))) return -1;
    if (keyed) {
        if (audit_hasher_mac(h, span_make(line, MAC_AT), span_make(NULL, 0), mac) < 0) return -1;
        if (CRYPTO_memcmp(mac, line + MAC_AT, AUDIT_HEX_LEN) != 0) return -1;
    }
    out->found = true;
    out->seq = seq;
    memcpy(out->hash, line + HASH_AT, AUDIT_HEX_LEN);
    out->hash[AUDIT_HEX_LEN] = '\0';
    return 0;
}

int audit_head_read(int fd, struct audit_hasher *h, bool keyed, struct audit_head *out) {
    char line[LINE_LEN + 1];
    ssize_t n = pread(fd, line, sizeof line, 0);

    *out = (struct audit_head){.found = false};
    if (n == 0) return 0;
    return n == (ssize_t)LINE_LEN ? parse(line, h, keyed, out) : -1;
}

int audit_head_load(const char *path, struct audit_hasher *h, bool keyed, struct audit_head *out) {
    char name[PATH_MAX];

    *out = (struct audit_head){.found = false};
    if (head_name(path, name) < 0) return -1;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    int rc = audit_head_read(fd, h, keyed, out);
    close(fd);
    return rc;
}

int audit_head_write(int fd, struct audit_hasher *h, uint64_t seq, const char *hash) {
    char line[LINE_LEN + 1], mac[AUDIT_HEX_LEN + 1];

    int n = snprintf(line, sizeof line, MAGIC "%020llu %s ", (unsigned long long)seq, hash);
    if (n != (int)MAC_AT) return -1;
    if (audit_hasher_mac(h, span_make(line, MAC_AT), span_make(NULL, 0), mac) < 0) return -1;
    memcpy(line + MAC_AT, mac, AUDIT_HEX_LEN);
    line[LINE_LEN - 1] = '\n';
    return pwrite(fd, line, LINE_LEN, 0) == (ssize_t)LINE_LEN ? 0 : -1;
}
