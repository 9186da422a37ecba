/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit witness: a second machine that signs only checkpoints which continue the last one it signed. Whoever rewrites the
 * log with all its keys still cannot make the witness's signature.
 *
 *   witness  key      a key of its own
 *   log      request  old size, consistency proof, checkpoint   (the body of c2sp.org/tlog-witness add-checkpoint)
 *   witness  sign     checks it against its state, keeps the new checkpoint, adds its signature
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit_base64.h"
#include "audit_view.h"
#include "audit_seal.h"
#include "phi_audit.h"

const char phi_audit_witness_usage[] =
    "usage: phi audit witness key NAME --out FILE                    a key for the witness; FILE.pub is its public part\n"
    "       phi audit witness request --old N [--log FILE] [--out FILE]   on the log's machine; N: size that the witness signed last\n"
    "       phi audit witness sign REQUEST --state FILE --key FILE --public-key FILE [--out FILE]   on the witness's machine\n";

static int write_file(const char *path, struct span content) {
    FILE *f = phi_audit_output(path);

    if (!f) return -1;
    phi_audit_span(f, content);
    return phi_audit_output_end(f, path);
}

/* ---- key ---- */

static int make_key(const char *name, const char *out) {
    char public_path[4096];
    struct audit_note_key k;
    struct buf b;
    int rc = -1;

    if (snprintf(public_path, sizeof public_path, "%s.pub", out) >= (int)sizeof public_path) return -1;
    if (audit_note_key_new(&k, AUDIT_KEY_WITNESS, name) < 0) {
        fputs("phi: a name is 1 to 64 printable characters without space and +\n", stderr);
        return -1;
    }
    buf_init(&b, 1024);
    audit_note_key_write(&k, true, &b);
    if (write_file(out, buf_span(&b)) == 0) {
        buf_clear(&b);
        audit_note_key_write(&k, false, &b);
        rc = write_file(public_path, buf_span(&b));
    }
    buf_free(&b);
    audit_note_key_wipe(&k);
    return rc;
}

/* ---- request ---- */

static int feed_log(const char *log, uint64_t size, struct audit_tree_hasher *h, struct audit_path *p) {
    struct audit_set *set = phi_audit_set(log);
    struct audit_lines *l = set ? audit_lines_open(set, 0, 0) : NULL;
    unsigned char leaf[AUDIT_NODE_LEN];
    struct span line;
    uint64_t index = 0;
    int rc = l ? 0 : -1;

    if (l) audit_lines_raw(l);
    for (; rc == 0 && index < size && audit_lines_next(l, &line); index++) {
        if (audit_view_seq(line) != index + 1) break;
        if (audit_any_leaf(h, line, leaf) < 0 || audit_path_feed(p, index, leaf) < 0) rc = -1;
    }
    if (rc == 0 && index < size) {
        fputs("phi: the log does not have all records from the first to the checkpoint\n", stderr);
        rc = -1;
    }
    audit_lines_close(l);
    audit_set_free(set);
    return rc;
}

static int make_request(const char *log, const char *old_text, const char *out) {
    struct audit_tree_hasher *h = audit_tree_hasher_new();
    struct audit_path *p = calloc(1, sizeof *p);
    struct audit_checkpoint c;
    struct buf note = {.ptr = NULL}, b;
    unsigned long long old;
    int rc = -1;

    buf_init(&b, 65536);
    if (span_decimal(span_of(old_text), &old) < 0) {
        fputs("phi: --old is a number of records: what the witness signed last, 0 the first time\n", stderr);
        goto out;
    }
    if (!h || !p || phi_audit_note(log, NULL, &note, &c) < 0) goto out;
    if (old > c.size) {
        fprintf(stderr, "phi: the last checkpoint covers %llu records only\n", (unsigned long long)c.size);
        goto out;
    }
    if (old > 0) audit_path_consistency(p, h, old, c.size);
    if (old > 0 && feed_log(log, c.size, h, p) < 0) goto out;
    buf_add_format(&b, "old %llu\n", old);
    for (size_t i = 0; i < p->n; i++) {
        audit_base64_add(&b, span_make((const char *)p->v[i].hash, AUDIT_NODE_LEN));
        buf_add_char(&b, '\n');
    }
    buf_add_char(&b, '\n');
    buf_add(&b, buf_span(&note));
    rc = b.failed ? -1 : write_file(out, buf_span(&b));
out:
    buf_free(&b);
    buf_free(&note);
    free(p);
    audit_tree_hasher_free(h);
    return rc;
}

/* ---- sign ---- */

struct signing {
    const char *state;
    struct audit_note_key key, log_key;
    struct audit_checkpoint last, next; /* last.size 0: the first time */
    uint64_t old;
    struct audit_node path[AUDIT_PATH_MAX];
    size_t n;
    struct span note, body;
};

static const char *read_request(struct signing *s, struct span text) {
    size_t at = span_find(text, '\n', 0) + 1, end;
    unsigned long long old;

    if (!span_starts(text, "old ") || span_decimal(span_sub(text, 4, at - 1), &old) < 0) return "it does not begin with the old size";
    s->old = old;
    for (;; at = end + 1) {
        end = span_find(text, '\n', at);
        if (end >= text.len) return "it is cut off";
        if (end == at) break;
        if (s->n == AUDIT_PATH_MAX || audit_base64_fixed(span_sub(text, at, end), s->path[s->n++].hash, AUDIT_NODE_LEN) < 0)
            return "a line of its proof is not in its form";
    }
    s->note = span_sub(text, end + 1, text.len);
    return audit_checkpoint_read(s->note, &s->next, &s->body) < 0 ? "its checkpoint is not in its form" : NULL;
}

static const char *judge(const struct signing *s, struct audit_tree_hasher *h) {
    uint64_t time;

    if (!audit_note_signed(s->note, &s->log_key, &time)) return "its checkpoint is not signed by the log's key";
    if (s->last.size && strcmp(s->last.origin, s->next.origin) != 0) return "the state is about another log";
    if (s->old != s->last.size) return "its old size is not the one that was signed last";
    if (s->last.size == 0) return s->n ? "a first checkpoint has no proof" : NULL;
    if (!audit_consistency_holds(h, s->last.size, s->next.size, s->last.root, s->next.root, s->path, s->n))
        return "the new checkpoint does NOT continue the one that was signed last: the log was rewritten, or this is another log";
    return NULL;
}

/* The state is there before the signature is given out. */
static int keep_state(const struct signing *s) {
    char beside[4096];

    if (snprintf(beside, sizeof beside, "%s.new", s->state) >= (int)sizeof beside) return -1;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, s->note.ptr, s->note.len) == (ssize_t)s->note.len && fsync(fd) == 0;
    if (fd >= 0 && close(fd) < 0) ok = false;
    if (ok && rename(beside, s->state) == 0) return 0;
    fprintf(stderr, "phi: %s: %s\n", s->state, strerror(errno));
    return -1;
}

static int load_state(struct signing *s) {
    struct stat st;
    struct buf note;

    if (stat(s->state, &st) < 0 && errno == ENOENT) return 0;
    if (phi_audit_note(NULL, s->state, &note, &s->last) < 0) return -1;
    buf_free(&note);
    return 0;
}

static int sign_request(struct signing *s, const char *request, const char *out) {
    struct audit_tree_hasher *h = audit_tree_hasher_new();
    const char *reason = "out of memory";
    struct buf text = {.ptr = NULL}, signature;
    int rc = PHI_USAGE;

    buf_init(&signature, 1024);
    if (!h || load_state(s) < 0 || phi_read(request, &text) < 0) goto out;
    reason = read_request(s, buf_span(&text));
    if (reason) {
        fprintf(stderr, "phi: %s: not a request for a witness: %s\n", request, reason);
        goto out;
    }
    reason = judge(s, h);
    if (reason) {
        fprintf(stderr, "phi: %s: not signed: %s\n", request, reason);
        rc = PHI_FOUND;
        goto out;
    }
    if (audit_note_cosign(s->body, &s->key, (uint64_t)time(NULL), &signature) < 0 || keep_state(s) < 0) goto out;
    FILE *f = phi_audit_output(out);
    if (!f) goto out;
    phi_audit_span(f, s->note);
    phi_audit_span(f, buf_span(&signature));
    rc = phi_audit_output_end(f, out) < 0 ? PHI_USAGE : PHI_DONE;
out:
    buf_free(&signature);
    buf_free(&text);
    audit_tree_hasher_free(h);
    return rc;
}

/* ---- the command ---- */

int phi_audit_witness(int argc, char **argv) {
    const char *out = NULL, *log = NULL, *old = NULL, *key = NULL, *public_key = NULL;
    struct signing s = {.state = NULL};
    const struct phi_option options[] = {{"--out", &out, NULL}, {"--log", &log, NULL}, {"--old", &old, NULL}, {"--key", &key, NULL},
                                         {"--public-key", &public_key, NULL}, {"--state", &s.state, NULL}};
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc == 2 && strcmp(argv[0], "key") == 0 && out) return make_key(argv[1], out) < 0 ? PHI_USAGE : PHI_DONE;
    if (argc == 1 && strcmp(argv[0], "request") == 0 && old) return make_request(log, old, out) < 0 ? PHI_USAGE : PHI_DONE;
    if (argc != 2 || strcmp(argv[0], "sign") != 0 || !s.state || !key || !public_key) {
        fputs(phi_audit_witness_usage, stderr);
        return PHI_USAGE;
    }
    if (phi_audit_note_key(key, true, &s.key) < 0 || phi_audit_note_key(public_key, false, &s.log_key) < 0) goto out;
    if (s.key.type != AUDIT_KEY_WITNESS) fprintf(stderr, "phi: %s: not a witness's key (phi audit witness key)\n", key);
    else rc = sign_request(&s, argv[1], out);
out:
    audit_note_key_wipe(&s.key);
    return rc;
}
