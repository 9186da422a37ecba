/* SPDX-License-Identifier: Apache-2.0
 *
 * A file's place is its first record's sequence, read from its first line. Of two files that begin with the same record the
 * one in the log's own naming of rotated segments comes first; the verifier says when they do not fit together.
 */
#include "audit_set.h"

#include "audit.h"
#include "audit_seal.h"
#include "audit_view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (1024u * 1024)

struct file {
    char *path;
    uint64_t first;
};

struct audit_set {
    struct file *v;
    size_t n, room;
    struct audit_sealer *sealer;
};

struct audit_lines {
    const struct audit_set *set;
    size_t at, file; /* in buffer; in set */
    size_t len;
    int fd;
    uint64_t number, base, line_at; /* base: offset of the buffer's first byte in the file */
    bool failed, torn, ended, raw;
    uint64_t sealed, erased, line_end;
    struct buf plain;
    char *buffer;
};

/* ---- finding ---- */

static int first_sequence(const char *path, uint64_t *out) {
    char line[AUDIT_LINE_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = 0;
    if (fd < 0) return -1;
    ssize_t n = pread(fd, line, sizeof line, 0);
    close(fd);
    if (n < 0) return -1;
    struct span text = span_make(line, (size_t)n);
    *out = audit_view_seq(span_sub(text, 0, span_find(text, '\n', 0)));
    return 0;
}

static int add(struct audit_set *s, const char *path) {
    uint64_t first;

    if (first_sequence(path, &first) < 0) return -1;
    if (s->n == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct file *v = realloc(s->v, room * sizeof *v);
        if (!v) return -1;
        s->v = v;
        s->room = room;
    }
    char *kept = strdup(path);
    if (!kept) return -1;
    size_t i = s->n++;
    for (; first && i > 0 && (s->v[i - 1].first == 0 || s->v[i - 1].first > first); i--)
        s->v[i] = s->v[i - 1];
    s->v[i] = (struct file){kept, first};
    return 0;
}

void audit_set_free(struct audit_set *s) {
    if (!s) return;
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].path);
    free(s->v);
    free(s);
}

struct audit_set *audit_set_of(const char *const *paths, size_t n, const char **reason) {
    struct audit_set *s = calloc(1, sizeof *s);

    *reason = "out of memory";
    for (size_t i = 0; s && i < n; i++) {
        if (add(s, paths[i]) == 0) continue;
        *reason = errno == ENOENT ? "no such file" : "cannot be read";
        audit_set_free(s);
        return NULL;
    }
    return s;
}

static bool is_part(const char *name, const char *base) {
    size_t n = strlen(base);

    if (strncmp(name, base, n) != 0) return false;
    return strncmp(name + n, ".seg-", 5) == 0 || strncmp(name + n, ".aside-", 7) == 0;
}

/* Only what reads as part of a log: evidence of another kind is set aside too. */
static int add_parts(struct audit_set *s, const char *directory, const char *base) {
    DIR *d = opendir(directory);
    char path[PATH_MAX];
    uint64_t first;

    for (struct dirent *e; d && (e = readdir(d));) {
        int n = is_part(e->d_name, base) ? snprintf(path, sizeof path, "%s/%s", directory, e->d_name) : 0;
        if (n <= 0 || n >= (int)sizeof path || first_sequence(path, &first) < 0 || first == 0) continue;
        if (add(s, path) == 0) continue;
        closedir(d);
        return -1;
    }
    if (d) closedir(d);
    return d ? 0 : -1;
}

struct audit_set *audit_set_find(const char *path, const char **reason) {
    struct audit_set *s = audit_set_of(NULL, 0, reason);
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX] = ".";

    if (!s) return NULL;
    if (slash && snprintf(directory, sizeof directory, "%.*s", (int)(slash == path ? 1 : slash - path), path) >= (int)sizeof directory)
        directory[0] = '\0';
    *reason = "its directory cannot be read";
    if (access(path, F_OK) != 0) *reason = "no such file";
    else if (add_parts(s, directory, slash ? slash + 1 : path) == 0) {
        *reason = "cannot be read";
        if (add(s, path) == 0) return s; /* last: where two begin with the same record, the log itself counts */
    }
    audit_set_free(s);
    return NULL;
}

size_t audit_set_count(const struct audit_set *s) {
    return s->n;
}

const char *audit_set_name(const struct audit_set *s, size_t i) {
    return s->v[i].path;
}

uint64_t audit_set_first(const struct audit_set *s, size_t i) {
    return s->v[i].first;
}

/* ---- reading ---- */

static int open_file(struct audit_lines *l) {
    l->fd = open(l->set->v[l->file].path, O_RDONLY | O_CLOEXEC);
    l->at = l->len = 0;
    l->number = l->base = 0;
    l->torn = false;
    if (l->fd >= 0) return 0;
    l->failed = true;
    return -1;
}

static bool starts_at(struct audit_lines *l, uint64_t seq, uint64_t offset) {
    char line[AUDIT_LINE_MAX + 2];
    ssize_t n = offset ? pread(l->fd, line, sizeof line, (off_t)offset - 1) : 0;

    if (n < 2 || line[0] != '\n') return false;
    struct span text = span_make(line + 1, (size_t)n - 1);
    return audit_view_seq(span_sub(text, 0, span_find(text, '\n', 0))) == seq;
}

struct audit_lines *audit_lines_open(const struct audit_set *s, uint64_t seq, uint64_t offset) {
    struct audit_lines *l = calloc(1, sizeof *l);
    if (!l) return NULL;

    l->set = s;
    buf_init(&l->plain, AUDIT_RECORD_MAX);
    l->fd = -1;
    l->buffer = malloc(BUFFER);
    l->ended = s->n == 0;
    while (l->file + 1 < s->n && s->v[l->file + 1].first && s->v[l->file + 1].first <= seq)
        l->file++;
    if (l->buffer && (l->ended || open_file(l) == 0)) {
        if (l->file + 1 == s->n && starts_at(l, seq, offset)) {
            l->failed = lseek(l->fd, (off_t)offset, SEEK_SET) < 0;
            l->base = offset;
        }
        return l;
    }
    audit_lines_close(l);
    return NULL;
}

void audit_lines_close(struct audit_lines *l) {
    if (!l) return;
    if (l->fd >= 0) close(l->fd);
    free(l->buffer);
    buf_free(&l->plain);
    free(l);
}

/* More bytes behind what is left of the buffer. 0: no more. */
static ssize_t fill(struct audit_lines *l) {
    ssize_t n;

    memmove(l->buffer, l->buffer + l->at, l->len - l->at);
    l->len -= l->at;
    l->base += l->at;
    l->at = 0;
    do
        n = read(l->fd, l->buffer + l->len, BUFFER - l->len);
    while (n < 0 && errno == EINTR);
    if (n < 0) l->failed = true;
    if (n > 0) l->len += (size_t)n;
    return n;
}

static bool next_in_file(struct audit_lines *l, struct span *line) {
    size_t looked = l->at;

    for (;;) {
        const char *end = memchr(l->buffer + looked, '\n', l->len - looked);
        if (end) {
            *line = span_make(l->buffer + l->at, (size_t)(end - l->buffer) - l->at);
            l->line_at = l->base + l->at;
            l->line_end = l->line_at + line->len + 1;
            l->at = (size_t)(end - l->buffer) + 1;
            l->number++;
            return true;
        }
        if (l->len - l->at == BUFFER) { /* no record is that long: what reads it says so */
            *line = span_make(l->buffer, BUFFER);
            l->line_at = l->base;
            l->line_end = l->base + BUFFER;
            l->at = l->len;
            l->number++;
            return true;
        }
        looked = l->len - l->at;
        if (fill(l) > 0) continue;
        l->torn = l->len > 0;
        return false;
    }
}

static bool next_file(struct audit_lines *l) {
    close(l->fd);
    l->fd = -1;
    if (l->failed || l->file + 1 >= l->set->n) {
        l->ended = true;
        return false;
    }
    l->file++;
    return open_file(l) == 0;
}

static bool next_raw(struct audit_lines *l, struct span *line) {
    while (!l->ended && !l->failed) {
        uint64_t next = l->file + 1 < l->set->n ? l->set->v[l->file + 1].first : 0;
        bool surplus = false;
        while (!surplus && next_in_file(l, line)) {
            surplus = next && audit_view_seq(*line) >= next;
            if (!surplus) return true;
        }
        if (!next_file(l)) break;
    }
    return false;
}

/* The record inside; false: it cannot be read any more, or not by us. */
static bool open_line(struct audit_lines *l, struct span *line) {
    struct audit_sealed s;
    const char *reason;
    int rc = audit_sealed_read(*line, &s, &reason) < 0 ? -1 : audit_unseal(l->set->sealer, &s, &l->plain);

    if (rc == 0) *line = buf_span(&l->plain);
    else if (rc > 0 && (s.erased.len || l->set->sealer)) l->erased++; /* itself, or the key of its month */
    else l->sealed++;
    return rc == 0;
}

bool audit_lines_next(struct audit_lines *l, struct span *line) {
    while (next_raw(l, line))
        if (l->raw || !audit_sealed_is(*line) || open_line(l, line)) return true;
    return false;
}

void audit_lines_raw(struct audit_lines *l) {
    l->raw = true;
}

uint64_t audit_lines_sealed(const struct audit_lines *l) {
    return l->sealed;
}

uint64_t audit_lines_erased(const struct audit_lines *l) {
    return l->erased;
}

void audit_set_open_with(struct audit_set *s, struct audit_sealer *sealer) {
    s->sealer = sealer;
}

bool audit_lines_failed(const struct audit_lines *l) {
    return l->failed;
}

bool audit_lines_torn(const struct audit_lines *l) {
    return l->torn;
}

const char *audit_lines_file(const struct audit_lines *l) {
    return l->set->n ? l->set->v[l->file].path : "";
}

uint64_t audit_lines_number(const struct audit_lines *l) {
    return l->number;
}

uint64_t audit_lines_file_first(const struct audit_lines *l) {
    return l->set->n ? l->set->v[l->file].first : 0;
}

uint64_t audit_lines_offset(const struct audit_lines *l) {
    return l->line_at;
}

uint64_t audit_lines_end_offset(const struct audit_lines *l) {
    return l->line_end;
}

int audit_lines_seek(struct audit_lines *l, uint64_t file_first, uint64_t offset) {
    size_t i = 0;

    while (i < l->set->n && l->set->v[i].first != file_first)
        i++;
    if (i == l->set->n || l->failed) return -1;
    if (l->fd >= 0) close(l->fd);
    l->file = i;
    l->ended = false;
    if (open_file(l) < 0) return -1;
    l->base = offset;
    l->failed = lseek(l->fd, (off_t)offset, SEEK_SET) < 0;
    return l->failed ? -1 : 0;
}
