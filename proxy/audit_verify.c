/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification is one pass over the bytes:
 *
 *   bytes -> lines -> canonical form -> sequence, clock -> prev = hash of the line before -> mac -> open ids
 *
 * It needs memory for one line and for the requests that have no outcome yet.
 */
#include "audit_verify.h"

#include "audit_ids.h"
#include "audit_base64.h"
#include "audit_line.h"
#include "audit_macs.h"
#include "audit_note.h"
#include "audit_seal.h"
#include "audit_view.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (256u * 1024)

struct audit_verifier {
    struct audit_hasher *hasher;
    bool keyed, midway;
    const struct audit_head *head;
    struct audit_hasher *const *old;
    size_t n_old, in_use; /* of old; n_old: the key of today */
    struct audit_macs *macs;
    struct audit_sealer *sealer;
    struct buf plain; /* of a line that was encrypted */
    struct audit_ids *ids;
    struct audit_check check;
    const struct audit_note_key *log_key;
    const struct audit_checkpoint *checkpoint;
    struct audit_tree_hasher *tree_hasher; /* NULL: no tree is made */
    struct audit_tree tree;
    char hash[AUDIT_HEX_LEN + 1]; /* of the line before */
    char boot[37];
    int64_t vault_first; /* the vault's number when the run began */
    uint64_t mono;
    uint64_t good_end, head_end;
    size_t partial_len; /* of a line whose newline has not come */
    bool overlong;      /* that line is longer than any record */
    char partial[AUDIT_LINE_MAX];
};

struct audit_verifier *audit_verifier_new(const struct audit_verifier_options *o) {
    struct audit_verifier *v = calloc(1, sizeof *v);
    if (!v) return NULL;

    v->hasher = o->hasher;
    v->keyed = o->keyed;
    v->midway = o->midway;
    v->head = o->head && o->head->found ? o->head : NULL;
    v->macs = o->macs;
    v->old = o->old;
    v->n_old = o->n_old;
    v->sealer = o->sealer;
    buf_init(&v->plain, AUDIT_RECORD_MAX);
    v->log_key = o->log_key;
    v->checkpoint = o->checkpoint;
    v->ids = audit_ids_new();
    if (o->log_key || o->checkpoint) {
        v->tree_hasher = audit_tree_hasher_new();
        audit_tree_init(&v->tree, v->tree_hasher);
    }
    if (v->ids && (v->tree_hasher || !(o->log_key || o->checkpoint))) return v;
    audit_verifier_free(v);
    return NULL;
}

void audit_verifier_free(struct audit_verifier *v) {
    if (!v) return;
    if (v->ids) audit_ids_free(v->ids);
    buf_free(&v->plain);
    audit_tree_hasher_free(v->tree_hasher);
    free(v);
}

struct audit_ids *audit_verifier_open_ids(struct audit_verifier *v) {
    return v->ids;
}

const char *audit_verifier_last_hash(const struct audit_verifier *v) {
    return v->hash;
}

uint64_t audit_verifier_good_end(const struct audit_verifier *v) {
    return v->good_end;
}

uint64_t audit_verifier_head_end(const struct audit_verifier *v) {
    return v->head_end;
}

static int fail(struct audit_verifier *v, const char *reason) {
    v->check.bad_line = v->check.records + 1;
    v->check.reason = reason;
    return -1;
}

/* ---- one line ---- */

/* Only the first record of all, or one that names its predecessor, may begin a file. */
static const char *check_first(const struct audit_verifier *v, const struct audit_line *line) {
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

    if (v->midway || span_is(line->type, "segment")) return NULL;
    if (line->seq != 1) return "the log does not begin with its first record";
    return span_is(line->prev, zeros) ? NULL : "the first record has a predecessor";
}

static const char *check_next(const struct audit_verifier *v, const struct audit_line *line) {
    if (line->seq != v->check.last_seq + 1) return "sequence gap: records are missing, doubled or out of order";
    if (!span_is(line->prev, v->hash)) return "the record before is not the one this record was chained to";
    if (span_is(line->boot, v->boot) && line->mono < v->mono && !span_is(line->type, "lifecycle"))
        return "the monotonic clock runs backwards";
    return NULL;
}

static struct audit_hasher *key_at(const struct audit_verifier *v, size_t i) {
    return i < v->n_old ? v->old[i] : v->hasher;
}

static const char *check_mac(struct audit_verifier *v, struct span text, const struct audit_line *line) {
    char mac[AUDIT_HEX_LEN + 1];
    struct span before = span_sub(text, 0, line->mac_begin), after = span_sub(text, line->mac_end, text.len);

    if (!v->keyed) return NULL;
    if (v->macs) return audit_macs_add(v->macs, text, line->mac_begin, line->mac_end) < 0 ? "a MAC does not match" : NULL;
    for (size_t i = v->in_use; i <= v->n_old; i++) {
        if (i > v->in_use && !span_is(line->type, "segment") && v->check.records) break; /* a key is for whole files */
        if (audit_hasher_mac(key_at(v, i), before, after, mac) < 0) return "out of memory";
        if (CRYPTO_memcmp(mac, line->mac.ptr, AUDIT_HEX_LEN) != 0) continue;
        v->in_use = i;
        return NULL;
    }
    return "the MAC does not match: changed record or another key";
}

/* ---- the tree ---- */

/* A checkpoint record is about all records before it. */
static const char *check_checkpoint(struct audit_verifier *v, struct span text) {
    struct audit_checkpoint c = {.size = (uint64_t)audit_view_number(text, "tree_size")};
    struct span origin = audit_view_text(text, "origin");
    unsigned char root[AUDIT_NODE_LEN], signature[64];

    if (!span_is(audit_view_text(text, "event"), "signed")) return NULL;
    if (c.size != v->tree.size) return "the checkpoint is not about the records before it";
    if (origin.len > AUDIT_NAME_MAX || audit_base64_fixed(audit_view_text(text, "root"), c.root, sizeof c.root) < 0 ||
        audit_base64_fixed(audit_view_text(text, "signature"), signature, sizeof signature) < 0)
        return "the checkpoint is not in its form";
    memcpy(c.origin, origin.ptr, origin.len);
    if (audit_tree_root(&v->tree, root) < 0 || memcmp(root, c.root, sizeof root) != 0)
        return "the records before are not those of the signed checkpoint";
    if (!span_is(origin, v->log_key->name)) {
        v->check.other_checkpoints++;
        return NULL;
    }
    if (!audit_checkpoint_signature_holds(&c, v->log_key, signature)) return "the checkpoint's signature does not hold";
    v->check.checkpoints++;
    return NULL;
}

static const char *add_leaf(struct audit_verifier *v, struct span text) {
    unsigned char node[AUDIT_NODE_LEN];

    if (audit_any_leaf(v->tree_hasher, text, node) < 0 || audit_tree_add(&v->tree, node) < 0) return "out of memory";
    if (!v->checkpoint || v->tree.size != v->checkpoint->size) return NULL;
    if (audit_tree_root(&v->tree, node) < 0 || memcmp(node, v->checkpoint->root, sizeof node) != 0)
        return "the records up to here are not those of the given checkpoint";
    v->check.checkpoint_met = true;
    return NULL;
}

static const char *follow_tree(struct audit_verifier *v, struct span text, const struct audit_line *line) {
    if (!v->tree_hasher || line->seq != v->tree.size + 1) return NULL; /* the log does not begin with its first record */
    if (v->log_key && span_is(line->type, "checkpoint")) {
        const char *reason = check_checkpoint(v, text);
        if (reason) return reason;
    }
    return add_leaf(v, text);
}

static void follow_anchor(struct audit_verifier *v, struct span text) {
    struct span hash = audit_view_text(text, "head_hash");

    if (!span_is(audit_view_text(text, "event"), "probes")) v->check.anchor_gone = true;
    if (!audit_hex_valid(hash)) return;
    uint64_t seq = (uint64_t)audit_view_number(text, "head_seq");
    if (seq < v->check.anchor_seq) v->check.anchor_gone = true;
    v->check.anchor_seq = seq;
    memcpy(v->check.anchor_hash, hash.ptr, AUDIT_HEX_LEN);
    v->check.anchor_hash[AUDIT_HEX_LEN] = '\0';
}

/* Within a run the records of several workers may stand in another order than they were made. */
static void follow_vault(struct audit_verifier *v, const struct audit_line *line, struct span text) {
    struct audit_check *c = &v->check;
    bool begins = span_is(line->type, "vault");

    if (line->vault_seq < 0) return;
    bool behind = line->vault_seq < (begins ? c->vault_seq : v->vault_first);
    bool accepted = begins && span_is(audit_view_text(text, "result"), "accepted");
    if (behind && accepted) c->vault_accepted++;
    else if (behind && !c->vault_behind) c->vault_behind = line->seq;
    if (begins) v->vault_first = line->vault_seq;
    if (begins || line->vault_seq > c->vault_seq) c->vault_seq = line->vault_seq;
}

static const char *check_line(struct audit_verifier *v, struct span text, struct audit_line *line) {
    const char *reason = NULL;

    if (audit_line_read(text, line, &reason) < 0) return reason;
    reason = v->check.records == 0 ? check_first(v, line) : check_next(v, line);
    if (!reason) reason = check_mac(v, text, line);
    if (!reason && audit_hasher_sha256(v->hasher, text, v->hash) < 0) reason = "out of memory";
    if (!reason && v->head && line->seq == v->head->seq && strcmp(v->hash, v->head->hash) != 0)
        reason = "the record is not the one that was made durable";
    if (!reason) reason = follow_tree(v, text, line);
    if (reason) return reason;
    return audit_ids_follow(v->ids, line->type, line->request_id, line->decision) < 0 ? "out of memory" : NULL;
}

/* ---- envelopes ---- */

static const char *check_envelope_place(const struct audit_verifier *v, const struct audit_sealed *s) {
    if (v->check.records == 0) return NULL; /* what it continues is inside */
    if (s->seq != v->check.last_seq + 1) return "sequence gap: records are missing, doubled or out of order";
    return span_is(s->prev, v->hash) ? NULL : "the record before is not the one this record was chained to";
}

/* Only the envelope can be read: it stands for its record. */
static const char *check_envelope(struct audit_verifier *v, struct span text, const struct audit_sealed *s) {
    const char *reason = check_envelope_place(v, s);

    if (reason) return reason;
    memcpy(v->hash, s->hash.ptr, AUDIT_HEX_LEN);
    v->hash[AUDIT_HEX_LEN] = '\0';
    if (v->head && s->seq == v->head->seq && strcmp(v->hash, v->head->hash) != 0) return "the record is not the one that was made durable";
    if (v->tree_hasher && s->seq == v->tree.size + 1) reason = add_leaf(v, text);
    if (reason) return reason;
    if (s->erased.len) v->check.erased++;
    else v->check.sealed++;
    return NULL;
}

static int accept_envelope(struct audit_verifier *v, struct span text, const struct audit_sealed *s) {
    char before[AUDIT_HEX_LEN + 1];

    memcpy(before, v->hash, sizeof before);
    const char *reason = check_envelope(v, text, s);
    if (reason) {
        memcpy(v->hash, before, sizeof before);
        return fail(v, reason);
    }
    if (v->check.records++ == 0) v->check.first_seq = s->seq;
    v->check.last_seq = s->seq;
    v->good_end += text.len + 1;
    if (v->head && s->seq == v->head->seq) v->head_end = v->good_end;
    return 0;
}

static int take_plain(struct audit_verifier *v, struct span text, size_t raw_len);

/* What a record is cannot be seen, so that any may be the first under the next key. An erasure is under the key of its day. */
static bool envelope_mac_holds(struct audit_verifier *v, const struct audit_sealed *s, struct span text) {
    for (size_t i = s->erased.len ? 0 : v->in_use; i <= v->n_old; i++) {
        if (audit_sealed_mac_holds(s, text, key_at(v, i)) < 0) continue;
        if (!s->erased.len) v->in_use = i;
        return true;
    }
    return false;
}

static int take_sealed(struct audit_verifier *v, struct span text) {
    struct audit_sealed s;
    const char *reason;

    if (audit_sealed_read(text, &s, &reason) < 0) return fail(v, reason);
    if (v->keyed && v->macs && audit_macs_add(v->macs, text, s.mac_begin, s.mac_end) < 0) return fail(v, "a MAC does not match");
    if (v->keyed && !v->macs && !envelope_mac_holds(v, &s, text))
        return fail(v, "the MAC does not match: changed record or another key");
    switch (audit_unseal(v->sealer, &s, &v->plain)) {
    case 0: return take_plain(v, buf_span(&v->plain), text.len);
    case 1: return accept_envelope(v, text, &s);
    default: return fail(v, "an encrypted record does not open: changed, or another encryption key");
    }
}

static int take_line(struct audit_verifier *v, struct span text) {
    if (audit_sealed_is(text)) return take_sealed(v, text);
    return text.len <= AUDIT_RECORD_MAX ? take_plain(v, text, text.len) : fail(v, "the line is longer than any record");
}

static int take_plain(struct audit_verifier *v, struct span text, size_t raw_len) {
    struct audit_line line;
    char before[AUDIT_HEX_LEN + 1];

    memcpy(before, v->hash, sizeof before);
    const char *reason = check_line(v, text, &line);
    if (reason) {
        memcpy(v->hash, before, sizeof before);
        return fail(v, reason);
    }
    if (span_is(line.type, "anchor")) follow_anchor(v, text);
    follow_vault(v, &line, text);
    if (v->check.records++ == 0) v->check.first_seq = line.seq;
    v->check.last_seq = line.seq;
    v->mono = line.mono;
    memcpy(v->boot, line.boot.ptr, 36); /* 36 bytes: checked by the reader */
    v->good_end += raw_len + 1;
    if (v->head && line.seq == v->head->seq) v->head_end = v->good_end;
    return 0;
}

/* ---- bytes ---- */

static void keep_partial(struct audit_verifier *v, struct span s) {
    if (s.len > sizeof v->partial - v->partial_len) v->overlong = true;
    if (v->overlong || s.len == 0) return;
    memcpy(v->partial + v->partial_len, s.ptr, s.len);
    v->partial_len += s.len;
}

static int end_line(struct audit_verifier *v, struct span rest) {
    if (v->partial_len == 0 && !v->overlong && rest.len <= AUDIT_LINE_MAX) return take_line(v, rest);
    keep_partial(v, rest);
    if (v->overlong) return fail(v, "the line is longer than any record");
    struct span whole = span_make(v->partial, v->partial_len);
    v->partial_len = 0;
    return take_line(v, whole);
}

int audit_verifier_line(struct audit_verifier *v, struct span line) {
    if (v->check.bad_line) return -1;
    return end_line(v, line);
}

int audit_verifier_feed(struct audit_verifier *v, struct span bytes) {
    size_t at = 0;

    if (v->check.bad_line) return -1;
    while (at < bytes.len) {
        size_t newline = span_find(bytes, '\n', at);
        if (newline == bytes.len) break;
        if (end_line(v, span_sub(bytes, at, newline)) < 0) return -1;
        at = newline + 1;
    }
    keep_partial(v, span_sub(bytes, at, bytes.len));
    return 0;
}

int audit_verifier_end(struct audit_verifier *v, struct audit_check *c) {
    v->check.unfinished = audit_ids_count(v->ids);
    v->check.torn_tail = !v->check.bad_line && (v->partial_len > 0 || v->overlong);
    v->check.head_checked = v->head != NULL;
    if (v->head && !v->check.bad_line && v->check.last_seq < v->head->seq)
        (void)fail(v, "records are missing at the end: a later one was made durable");
    *c = v->check;
    return v->check.bad_line ? 1 : 0;
}

/* ---- a file ---- */

static int feed_file(struct audit_verifier *v, int fd) {
    char *bytes = malloc(READ_SIZE);
    ssize_t n = -1;

    if (!bytes) return -1;
    while ((n = read(fd, bytes, READ_SIZE)) > 0)
        if (audit_verifier_feed(v, span_make(bytes, (size_t)n)) < 0) break;
    free(bytes);
    return n < 0 ? -1 : 0;
}

static int verify_open(int fd, const struct audit_verifier_options *o, struct audit_check *c) {
    struct audit_verifier *v = audit_verifier_new(o);
    int rc = -1;

    if (v && feed_file(v, fd) == 0) rc = audit_verifier_end(v, c);
    audit_verifier_free(v);
    return rc;
}

int audit_verify(const char *path, const unsigned char *key, struct audit_check *c) {
    struct audit_head head;
    int rc = -1;

    *c = (struct audit_check){.records = 0};
    struct audit_hasher *h = audit_hasher_new(key);
    int fd = open(path, O_RDONLY | O_CLOEXEC); /* before the head is read: a live log only grows */
    if (!h || fd < 0) goto out;
    if (audit_head_load(path, h, key != NULL, &head) < 0) {
        c->bad_line = 1;
        c->reason = "the head file beside the log is damaged or has another key";
        rc = 1;
        goto out;
    }
    rc = verify_open(fd, &(struct audit_verifier_options){.hasher = h, .keyed = key != NULL, .head = &head}, c);
out:
    if (fd >= 0) close(fd);
    audit_hasher_free(h);
    return rc;
}
