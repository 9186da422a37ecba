/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks are reserved in steps ahead of the end (FALLOC_FL_KEEP_SIZE), so that a sync need not allocate: it takes
 * about half as long. The size stays that of the data: `tail -f` and every reader see only records.
 *
 * An error of write or fdatasync is final for the file. After a failed fdatasync the kernel may have dropped the
 * pages and marked them clean; a second one would then report success for bytes that are gone.
 */
#include "audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SMALLEST_STEP (64u * 1024)
#define COPY_SIZE (64u * 1024)
#define ASIDE_MAX 1000

const char *audit_fault_name(enum audit_fault f) {
    switch (f) {
    case AUDIT_FAULT_IO: return "io_error";
    case AUDIT_FAULT_SPACE: return "disk_full";
    case AUDIT_FAULT_REMOVED: return "removed";
    case AUDIT_FAULT_REPLACED: return "replaced";
    case AUDIT_FAULT_SIZE: return "size_changed";
    }
    return "io_error";
}

static int fail(struct audit_file *f, enum audit_fault fault) {
    f->fault = fault;
    return -1;
}

static enum audit_fault fault_of(int error) {
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? AUDIT_FAULT_SPACE : AUDIT_FAULT_IO;
}

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- opening ---- */

/* The directory of path, "." when there is none. */
static int directory_of(const char *path, char out[PATH_MAX]) {
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 1;

    if (slash == path) n = 1;
    if (n >= PATH_MAX) return -1;
    memcpy(out, slash ? path : ".", n);
    out[n] = '\0';
    return 0;
}

int audit_file_sync_directory(const char *path) {
    char name[PATH_MAX];

    if (directory_of(path, name) < 0) return -1;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

static const char *adopt(struct audit_file *f) {
    struct stat st;

    if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) return "the log is not a regular file";
    if (st.st_nlink != 1) return "the log has a second name (hard link)";
    if (flock(f->fd, LOCK_EX | LOCK_NB) < 0) return "another process writes this log";
    if ((st.st_mode & 077) && fchmod(f->fd, 0600) < 0) return "the log can be read by others";
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->size = (uint64_t)st.st_size;
    f->allocated = f->size;
    return NULL;
}

int audit_file_open(struct audit_file *f, const char *path, uint32_t step, bool create_new, const char **reason) {
    char directory[PATH_MAX];
    int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (create_new ? O_EXCL : 0);

    *f = (struct audit_file){.path = path, .fd = -1, .step = step};
    *reason = "the directory of the log cannot be made";
    if (directory_of(path, directory) < 0) return -1;
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) return -1;
    f->fd = open(path, flags, 0600);
    *reason = errno == EEXIST ? "the log is there already" : "the log cannot be opened";
    if (f->fd < 0) return -1;
    *reason = adopt(f);
    if (!*reason && audit_file_sync_directory(path) < 0) *reason = "the directory of the log cannot be synced";
    if (!*reason) return 0;
    close(f->fd);
    f->fd = -1;
    return -1;
}

void audit_file_close(struct audit_file *f) {
    if (f->fd < 0) return;
    /* Cutting at the end as it is frees the blocks beyond it. A failure costs disk space only. */
    if (f->allocated > f->size && audit_file_check(f) == 0 && ftruncate(f->fd, (off_t)f->size) < 0)
        f->allocated = f->size;
    close(f->fd);
    f->fd = -1;
}

/* ---- appending ---- */

int audit_file_check(struct audit_file *f) {
    struct stat st;

    if (stat(f->path, &st) < 0) return fail(f, errno == ENOENT ? AUDIT_FAULT_REMOVED : AUDIT_FAULT_IO);
    if (st.st_dev != f->device || st.st_ino != f->inode) return fail(f, AUDIT_FAULT_REPLACED);
    return (uint64_t)st.st_size == f->size ? 0 : fail(f, AUDIT_FAULT_SIZE);
}

/* Room for n more bytes. A disk too full for a whole step gives a smaller one; the write finds out the rest. */
static void reserve_ahead(struct audit_file *f, size_t n) {
    if (f->size + n <= f->allocated) return;
    for (uint32_t step = f->step; step >= SMALLEST_STEP; step /= 2) {
        if (fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)f->size, (off_t)(n + step)) == 0) {
            f->allocated = f->size + n + step;
            return;
        }
        if (errno != ENOSPC && errno != EDQUOT) return;
    }
}

int audit_file_reserve(struct audit_file *f) {
    if (fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)f->size, (off_t)f->step) == 0) {
        f->allocated = f->size + f->step;
        return 0;
    }
    return errno == EOPNOTSUPP ? 0 : fail(f, fault_of(errno));
}

static int write_all(struct audit_file *f, struct span s) {
    size_t done = 0;

    while (done < s.len) {
        ssize_t n = write(f->fd, s.ptr + done, s.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(f, n < 0 ? fault_of(errno) : AUDIT_FAULT_SPACE);
        done += (size_t)n;
    }
    return 0;
}

int audit_file_append(struct audit_file *f, struct span bytes, uint64_t *sync_us) {
    if (audit_file_check(f) < 0) return -1;
    reserve_ahead(f, bytes.len);
    if (write_all(f, bytes) < 0) return -1;
    int64_t begin = now_us();
    if (fdatasync(f->fd) < 0) return fail(f, AUDIT_FAULT_IO); /* whatever errno says: pages may be lost */
    *sync_us = (uint64_t)(now_us() - begin);
    f->size += bytes.len;
    return audit_file_check(f); /* someone may have cut it between the first check and the write */
}

int audit_file_cut(struct audit_file *f) {
    struct stat st;

    if (fstat(f->fd, &st) < 0 || (uint64_t)st.st_size < f->size) return fail(f, AUDIT_FAULT_SIZE);
    if (ftruncate(f->fd, (off_t)f->size) < 0 || fdatasync(f->fd) < 0) return fail(f, AUDIT_FAULT_IO);
    f->allocated = f->size;
    return 0;
}

/* ---- repair ---- */

static int copy_range(int from, uint64_t offset, uint64_t end, int to, bool same_place) {
    char *bytes = malloc(COPY_SIZE);
    int rc = -1;

    if (!bytes) return -1;
    while (offset < end) {
        size_t want = end - offset < COPY_SIZE ? (size_t)(end - offset) : COPY_SIZE;
        ssize_t n = pread(from, bytes, want, (off_t)offset);
        if (n <= 0) goto out;
        ssize_t written = same_place ? pwrite(to, bytes, (size_t)n, (off_t)offset) : write(to, bytes, (size_t)n);
        if (written != n) goto out;
        offset += (uint64_t)n;
    }
    rc = fsync(to);
out:
    explicit_bzero(bytes, COPY_SIZE);
    free(bytes);
    return rc;
}

/* A second descriptor: pwrite appends on one that was opened with O_APPEND. */
int audit_file_rewrite(struct audit_file *f, uint64_t offset) {
    struct stat st;
    int fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) return -1;
    int rc = -1;
    if (fstat(fd, &st) == 0 && st.st_ino == f->inode && st.st_dev == f->device)
        rc = copy_range(f->fd, offset, f->size, fd, true);
    close(fd);
    return rc;
}

int audit_file_seal(struct audit_file *f, uint64_t offset, uint64_t seq) {
    char name[PATH_MAX];

    int n = snprintf(name, sizeof name, "%s.torn-%llu", f->path, (unsigned long long)seq);
    if (n < 0 || n >= (int)sizeof name) return -1;
    /* A crash during sealing leaves a copy and the log as it was: the copy is made again. */
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    int rc = copy_range(f->fd, offset, f->size, fd, false);
    close(fd);
    if (rc < 0 || audit_file_sync_directory(f->path) < 0) return -1;
    f->size = offset;
    return audit_file_cut(f);
}

int audit_file_salvage(struct audit_file *f, uint64_t seq) {
    struct stat st;
    char name[PATH_MAX];
    int fd = -1;

    if (f->fd < 0 || fstat(f->fd, &st) < 0 || st.st_nlink > 0) return 0;
    for (int i = 0; i < ASIDE_MAX && fd < 0; i++) {
        int n = snprintf(name, sizeof name, "%s.aside-%llu-%d", f->path, (unsigned long long)seq, i);
        if (n < 0 || n >= (int)sizeof name) return -1;
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno != EEXIST) return -1;
    }
    if (fd < 0) return -1;
    int rc = copy_range(f->fd, 0, (uint64_t)st.st_size, fd, false);
    close(fd);
    if (rc < 0) unlink(name);
    return rc < 0 ? -1 : audit_file_sync_directory(f->path);
}

int audit_file_set_aside(const char *path, uint64_t seq) {
    char name[PATH_MAX];

    for (int i = 0; i < ASIDE_MAX; i++) {
        int n = snprintf(name, sizeof name, "%s.aside-%llu-%d", path, (unsigned long long)seq, i);
        if (n < 0 || n >= (int)sizeof name) return -1;
        if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
            return audit_file_sync_directory(path);
        if (errno == ENOENT) return 0;
        if (errno != EEXIST) return -1;
    }
    return -1;
}

/* ---- the reserve ---- */

static int reserve_name(const char *path, char out[PATH_MAX]) {
    int n = snprintf(out, PATH_MAX, "%s.reserve", path);
    return n > 0 && n < PATH_MAX ? 0 : -1;
}

int audit_reserve_make(const char *path, uint32_t size) {
    char name[PATH_MAX];

    if (reserve_name(path, name) < 0) return -1;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    int error = posix_fallocate(fd, 0, (off_t)size);
    close(fd);
    if (error == 0) return 0;
    audit_reserve_release(path); /* half a reserve would hold space that nobody uses */
    return -1;
}

void audit_reserve_release(const char *path) {
    char name[PATH_MAX];

    if (reserve_name(path, name) == 0) unlink(name);
}
