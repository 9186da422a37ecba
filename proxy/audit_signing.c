/* SPDX-License-Identifier: Apache-2.0
 *
 *   start:  .tree (size n) -> lines n+1 .. last durable, each chained to the one before -> at the size of .checkpoint its root
 *   commit: durable lines -> leaves
 *   due:    root -> signed note -> .tree, .checkpoint (written beside and renamed), a record in the next commit
 *
 * A log that signs two trees of which one does not continue the other has proved itself a liar, so every doubt here ends in
 * not signing; records are written as before.
 */
#include "audit_signing.h"

#include "audit_base64.h"
#include "audit_seal.h"
#include "audit_set.h"
#include "audit_view.h"
#include "hex.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "phigate-audit-tree 1\n"
#define STATE_MAX 8192

struct audit_signing {
    struct audit_signing_options o;
    struct audit_note_key key;
    struct audit_tree_hasher *hasher;
    struct audit_tree tree;
    char last_hash[AUDIT_HEX_LEN + 1]; /* of the line that was the last leaf */
    uint64_t offset;                   /* of the byte behind it */
    uint64_t signed_mono;
    struct audit_checkpoint last;      /* size 0: nothing is signed yet */
    unsigned char signature[64];
    bool failed;
};

struct audit_signing *audit_signing_new(const struct audit_signing_options *o) {
    struct audit_signing *s = calloc(1, sizeof *s);
    if (!s) return NULL;

    s->o = *o;
    s->key = *o->key;
    s->failed = true; /* until it has started */
    s->hasher = audit_tree_hasher_new();
    audit_tree_init(&s->tree, s->hasher);
    if (s->hasher) return s;
    free(s);
    return NULL;
}

void audit_signing_free(struct audit_signing *s) {
    if (!s) return;
    audit_tree_hasher_free(s->hasher);
    audit_note_key_wipe(&s->key);
    free(s);
}

/* ---- files beside the log ---- */

static int name_of(const struct audit_signing *s, const char *suffix, char out[PATH_MAX]) {
    int n = snprintf(out, PATH_MAX, "%s%s", s->o.path, suffix);
    return n > 0 && n < PATH_MAX ? 0 : -1;
}

static int replace(const struct audit_signing *s, const char *suffix, struct span content, bool sync) {
    char name[PATH_MAX], beside[PATH_MAX];

    if (name_of(s, suffix, name) < 0 || snprintf(beside, sizeof beside, "%s%s.new", s->o.path, suffix) >= (int)sizeof beside) return -1;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    bool ok = write(fd, content.ptr, content.len) == (ssize_t)content.len && (!sync || fsync(fd) == 0);
    if (close(fd) < 0) ok = false;
    return ok ? rename(beside, name) : -1;
}

static ssize_t read_small(const struct audit_signing *s, const char *suffix, char *out, size_t size) {
    char name[PATH_MAX];

    if (name_of(s, suffix, name) < 0) return -1;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    ssize_t n = read(fd, out, size);
    close(fd);
    return n;
}

static void add_hex(struct buf *b, const unsigned char *bytes) {
    for (size_t i = 0; i < AUDIT_NODE_LEN; i++)
        buf_add_format(b, "%02x", bytes[i]);
    buf_add_char(b, '\n');
}

static int write_tree(const struct audit_signing *s, bool sync) {
    char mac[AUDIT_HEX_LEN + 1];
    struct buf b;

    buf_init(&b, STATE_MAX);
    buf_add_format(&b, MAGIC "%llu %llu %s\n", (unsigned long long)s->tree.size, (unsigned long long)s->offset, s->last_hash);
    for (unsigned i = 0; i < 64; i++)
        if (s->tree.size >> i & 1) add_hex(&b, s->tree.edge[i]);
    int rc = b.failed ? -1 : audit_hasher_mac(s->o.hasher, buf_span(&b), span_make("", 0), mac);
    buf_add_format(&b, "%s\n", mac);
    if (rc == 0) rc = replace(s, ".tree", buf_span(&b), sync);
    buf_free(&b);
    return rc;
}

static int read_numbers(struct audit_signing *s, struct span line) {
    size_t first = span_find(line, ' ', 0), second = span_find(line, ' ', first + 1);
    unsigned long long size, offset;

    if (span_decimal(span_sub(line, 0, first), &size) < 0 || span_decimal(span_sub(line, first + 1, second), &offset) < 0) return -1;
    struct span hash = span_sub(line, second + 1, line.len);
    if (!audit_hex_valid(hash)) return -1;
    memcpy(s->last_hash, hash.ptr, AUDIT_HEX_LEN);
    s->tree.size = size;
    s->offset = offset;
    return 0;
}

static int parse_tree(struct audit_signing *s, struct span text) {
    char mac[AUDIT_HEX_LEN + 1];
    size_t at = strlen(MAGIC), mac_at = text.len - AUDIT_HEX_LEN - 1;

    if (text.len < at + AUDIT_HEX_LEN + 1 || !span_starts(text, MAGIC)) return -1;
    if (audit_hasher_mac(s->o.hasher, span_sub(text, 0, mac_at), span_make("", 0), mac) < 0) return -1;
    if (CRYPTO_memcmp(mac, text.ptr + mac_at, AUDIT_HEX_LEN) != 0) return -1;
    size_t end = span_find(text, '\n', at);
    if (read_numbers(s, span_sub(text, at, end)) < 0) return -1;
    at = end + 1;
    for (unsigned i = 0; i < 64; i++) {
        if (!(s->tree.size >> i & 1)) continue;
        if (hex_read(span_sub(text, at, at + AUDIT_HEX_LEN), s->tree.edge[i], AUDIT_NODE_LEN) < 0) return -1;
        at += AUDIT_HEX_LEN + 1;
    }
    return at == mac_at ? 0 : -1;
}

/* Without a usable state the tree is made anew from the first record on. */
static void load_tree(struct audit_signing *s, uint64_t seq) {
    char text[STATE_MAX];
    ssize_t n = read_small(s, ".tree", text, sizeof text);

    if (n > 0 && parse_tree(s, span_make(text, (size_t)n)) == 0 && s->tree.size <= seq) return;
    if (n != 0) log_event(LOG_LEVEL_WARN, "audit.tree-rebuilt", "seq=%llu", (unsigned long long)seq);
    s->tree.size = s->offset = 0;
    memset(s->last_hash, '0', AUDIT_HEX_LEN);
}

static void load_checkpoint(struct audit_signing *s) {
    char text[AUDIT_NOTE_MAX];
    ssize_t n = read_small(s, ".checkpoint", text, sizeof text);
    struct span body;

    if (n == 0) return;
    if (n > 0 && audit_checkpoint_read(span_make(text, (size_t)n), &s->last, &body) == 0) return;
    s->last.size = 0;
    log_event(LOG_LEVEL_WARN, "audit.checkpoint-unreadable", "file=checkpoint");
}

/* ---- leaves ---- */

static int add_leaf(struct audit_signing *s, struct span line) {
    unsigned char leaf[AUDIT_NODE_LEN];

    if (audit_any_leaf(s->hasher, line, leaf) < 0 || audit_tree_add(&s->tree, leaf) < 0) return -1;
    return audit_any_hash(s->o.hasher, line, s->last_hash);
}

/* The tree has the size of the last checkpoint: it must have its root. */
static bool agrees(const struct audit_signing *s) {
    unsigned char root[AUDIT_NODE_LEN];

    if (s->last.size == 0 || s->last.size != s->tree.size) return true;
    return audit_tree_root(&s->tree, root) == 0 && memcmp(root, s->last.root, sizeof root) == 0;
}

static const char *catch_up(struct audit_signing *s, struct audit_lines *lines, uint64_t seq) {
    struct span line;

    if (!agrees(s)) return "the records are not those of the last checkpoint";
    while (s->tree.size < seq && audit_lines_next(lines, &line)) {
        uint64_t n = audit_view_seq(line);
        if (n <= s->tree.size) continue;
        if (n != s->tree.size + 1) return "earlier records are not there";
        if (!span_is(audit_any_prev(line), s->last_hash)) return "a record is not chained to the one before";
        if (add_leaf(s, line) < 0) return "out of memory";
        if (!agrees(s)) return "the records are not those of the last checkpoint";
    }
    return s->tree.size == seq ? NULL : "earlier records are not there";
}

int audit_signing_start(struct audit_signing *s, uint64_t seq, uint64_t file_size, const char **reason) {
    struct audit_lines *lines = NULL;
    struct audit_set *set;

    load_checkpoint(s);
    load_tree(s, seq);
    *reason = "the log is shorter than its last checkpoint says";
    if (s->last.size > seq) return -1;
    set = audit_set_find(s->o.path, reason);
    if (set) lines = audit_lines_open(set, s->tree.size + 1, s->offset);
    if (lines) audit_lines_raw(lines);
    if (lines) *reason = catch_up(s, lines, seq);
    audit_lines_close(lines);
    audit_set_free(set);
    s->failed = !lines || *reason;
    s->offset = file_size;
    return s->failed ? -1 : 0;
}

void audit_signing_follow(struct audit_signing *s, struct span lines, uint64_t file_size) {
    for (size_t at = 0; !s->failed && at < lines.len;) {
        size_t end = span_find(lines, '\n', at);
        s->failed = add_leaf(s, span_sub(lines, at, end)) < 0;
        at = end + 1;
    }
    s->offset = file_size;
}

/* ---- signing ---- */

bool audit_signing_due(const struct audit_signing *s, uint64_t mono) {
    uint64_t more = s->tree.size - s->last.size;

    if (s->failed || more < (s->last.size ? 2u : 1u)) return false; /* one is the record of that checkpoint */
    return more >= s->o.every || mono - s->signed_mono >= s->o.every_us;
}

static int make_note(struct audit_signing *s, struct buf *note) {
    struct audit_checkpoint c = {.size = s->tree.size};

    memcpy(c.origin, s->key.name, sizeof c.origin);
    if (s->failed || c.size < s->last.size || audit_tree_root(&s->tree, c.root) < 0) return -1;
    if (audit_checkpoint_sign(&c, &s->key, note, s->signature) < 0) return -1;
    s->last = c;
    return 0;
}

int audit_signing_sign(struct audit_signing *s, uint64_t mono, bool sync) {
    struct buf note;

    buf_init(&note, AUDIT_NOTE_MAX);
    s->signed_mono = mono; /* a failure is not repeated at once */
    int rc = make_note(s, &note);
    if (rc == 0) rc = write_tree(s, sync);
    if (rc == 0) rc = replace(s, ".checkpoint", buf_span(&note), sync);
    if (rc < 0 && !s->failed) log_event(LOG_LEVEL_ERROR, "audit.checkpoint-failed", "seq=%llu", (unsigned long long)s->tree.size);
    buf_free(&note);
    return rc;
}

static void add_base64(struct audit_record *r, const char *name, const unsigned char *bytes, size_t n) {
    struct buf b;

    buf_init(&b, 256);
    audit_base64_add(&b, span_make((const char *)bytes, n));
    audit_add_string(r, name, buf_span(&b));
    buf_free(&b);
}

struct audit_record *audit_signing_record(const struct audit_signing *s) {
    struct audit_record *r = audit_record_new("checkpoint");
    if (!r) return NULL;

    audit_add_text(r, "event", "signed");
    audit_add_text(r, "origin", s->last.origin);
    audit_add_number(r, "tree_size", (int64_t)s->last.size);
    add_base64(r, "root", s->last.root, sizeof s->last.root);
    add_base64(r, "signature", s->signature, sizeof s->signature);
    return r;
}
