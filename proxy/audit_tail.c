/* SPDX-License-Identifier: Apache-2.0
 *
 * Backwards from the end to the last start or stop record that is not behind the head, then forwards through the
 * verifier. Both are written when all requests before them are closed.
 */
#include "audit_tail.h"

#include "audit_ids.h"
#include "audit_line.h"
#include "audit_seal.h"
#include "audit_verify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW (1024u * 1024)
#define OVERLAP (AUDIT_LINE_MAX + 1u)

struct opener {
    struct audit_sealer *sealer;
    struct buf plain;
};

/* The record of a line that is encrypted, when it opens. */
static struct span opened(struct opener *o, struct span text) {
    struct audit_sealed sealed;
    const char *reason;

    if (!audit_sealed_is(text) || audit_sealed_read(text, &sealed, &reason) < 0) return text;
    return audit_unseal(o->sealer, &sealed, &o->plain) == 0 ? buf_span(&o->plain) : text;
}

static bool is_boundary(struct opener *o, struct span text, uint64_t head_seq) {
    static const char mark[] = "\"event\":\"st"; /* start or stop */
    struct audit_line line;
    const char *reason;

    text = opened(o, text);
    if (!memmem(text.ptr, text.len, mark, sizeof mark - 1)) return false; /* most lines: no need to parse */
    if (audit_line_read(text, &line, &reason) < 0) return false;
    if (!span_is(line.type, "lifecycle") || (head_seq && line.seq > head_seq)) return false;
    return span_is(line.event, "start") || span_is(line.event, "stop");
}

/* Offset in window of the last such line that begins at or behind `from` and before `to`, or window.len. */
static size_t last_boundary(struct opener *o, struct span window, size_t from, size_t to, uint64_t head_seq) {
    for (size_t i = to; i-- > from;) {
        if (i > 0 && window.ptr[i - 1] != '\n') continue;
        struct span text = span_sub(window, i, span_find(window, '\n', i));
        if (is_boundary(o, text, head_seq)) return i;
    }
    return window.len;
}

/* Where to begin reading: such a record, or the begin of the file. -1: unreadable. */
static int find_start(int fd, uint64_t size, uint64_t head_seq, struct opener *o, char *bytes, uint64_t *offset) {
    *offset = 0;
    for (uint64_t end = size; end > 0;) {
        uint64_t begin = end > WINDOW ? end - WINDOW : 0;
        uint64_t from = begin > 0 ? begin - 1 : 0; /* one more, to see a newline before the first line */
        ssize_t n = pread(fd, bytes, WINDOW + OVERLAP, (off_t)from);
        if (n < (ssize_t)(end - from)) return -1;
        size_t at = last_boundary(o, span_make(bytes, (size_t)n), (size_t)(begin - from), (size_t)(end - from), head_seq);
        if (at < (size_t)n) {
            *offset = from + at;
            return 0;
        }
        end = begin;
    }
    return 0;
}

static int feed(struct audit_verifier *v, int fd, uint64_t offset, uint64_t size, char *bytes) {
    while (offset < size) {
        size_t want = size - offset < WINDOW ? (size_t)(size - offset) : WINDOW;
        ssize_t n = pread(fd, bytes, want, (off_t)offset);
        if (n <= 0) return -1;
        if (audit_verifier_feed(v, span_make(bytes, (size_t)n)) < 0) return 0; /* the caller looks at the check */
        offset += (uint64_t)n;
    }
    return 0;
}

/* A bad record is a torn tail only behind what the head names: up to there all was durable. A file without one
 * whole line is a new one whose first commit was cut short. */
static const char *judge(const struct audit_check *c, const struct audit_head *head) {
    if (!c->bad_line || (c->records == 0 && c->torn_tail)) return NULL;
    if (!head->found) return c->reason;
    return c->last_seq >= head->seq && c->records ? NULL : c->reason;
}

static int read_run(int fd, uint64_t offset, uint64_t size, struct audit_verifier *v, const struct audit_head *head,
                    char *bytes, struct audit_tail *t, const char **reason) {
    struct audit_check c;
    struct span id;

    if (feed(v, fd, offset, size, bytes) < 0) return -1;
    (void)!audit_verifier_end(v, &c);
    *reason = judge(&c, head);
    if (!*reason && c.sealed) *reason = "it is encrypted, and the key of its last month is not there";
    if (*reason) return -1;
    t->seq = c.last_seq;
    t->vault_seq = c.vault_seq;
    memcpy(t->hash, audit_verifier_last_hash(v), sizeof t->hash);
    t->good_end = offset + audit_verifier_good_end(v);
    t->known_end = audit_verifier_head_end(v) ? offset + audit_verifier_head_end(v) : 0;
    *reason = "out of memory";
    for (size_t at = 0; audit_ids_next(audit_verifier_open_ids(v), &at, &id);)
        if (audit_ids_put(t->open_ids, id) < 0) return -1;
    return 0;
}

int audit_tail_read(int fd, uint64_t size, struct audit_hasher *h, struct audit_sealer *sealer, const struct audit_head *head,
                    struct audit_tail *t, const char **reason) {
    struct audit_verifier_options o = {.hasher = h, .keyed = true, .head = head, .sealer = sealer};
    struct opener opener = {.sealer = sealer};
    struct audit_verifier *v = NULL;
    uint64_t offset = 0;
    int rc = -1;

    *t = (struct audit_tail){.seq = 0};
    buf_init(&opener.plain, AUDIT_RECORD_MAX);
    *reason = "out of memory";
    char *bytes = malloc(WINDOW + OVERLAP);
    t->open_ids = audit_ids_new();
    if (!bytes || !t->open_ids) goto out;
    *reason = "the log cannot be read";
    if (find_start(fd, size, head->found ? head->seq : 0, &opener, bytes, &offset) < 0) goto out;
    o.midway = offset > 0;
    v = audit_verifier_new(&o);
    if (size == 0) rc = 0; /* a new file: the head, if there is one, belongs to a file before it */
    else if (v) rc = read_run(fd, offset, size, v, head, bytes, t, reason);
out:
    audit_verifier_free(v);
    buf_free(&opener.plain);
    free(bytes);
    if (rc == 0) return 0;
    audit_ids_free(t->open_ids);
    t->open_ids = NULL;
    return -1;
}
