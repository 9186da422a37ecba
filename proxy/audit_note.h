/* SPDX-License-Identifier: Apache-2.0
 *
 * Signed checkpoints in the forms of c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature (Ed25519).
 *
 *   origin            name of the log: that of its key
 *   12                records (leaves) under the checkpoint
 *   base64            root of the tree
 *                     (empty)
 *   — name base64(key id, signature)        the log's, then any number of witnesses'
 *
 * Keys are one line of text: "name+hex id+base64(type, public key)", and for signing "PRIVATE+KEY+name+hex id+base64(type, seed)".
 */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include "audit_tree.h"
#include "buf.h"

#define AUDIT_NAME_MAX 64
#define AUDIT_NOTE_MAX 8192

enum audit_key_type { AUDIT_KEY_LOG = 1, AUDIT_KEY_WITNESS = 4 };

struct audit_note_key {
    enum audit_key_type type;
    char name[AUDIT_NAME_MAX + 1];
    unsigned char id[4];
    unsigned char public_key[32], seed[32];
    bool private_key; /* seed is there */
};

/* A new key. name: printable ASCII without '+' and space. */
MUST_CHECK int audit_note_key_new(struct audit_note_key *k, enum audit_key_type type, const char *name);
void audit_note_key_wipe(struct audit_note_key *k);
/* Either form, with or without its newline. -1: neither, or its parts do not agree. */
MUST_CHECK int audit_note_key_read(struct audit_note_key *k, struct span text);
void audit_note_key_write(const struct audit_note_key *k, bool private_key, struct buf *out); /* one line */

struct audit_checkpoint {
    char origin[AUDIT_NAME_MAX + 1];
    uint64_t size;
    unsigned char root[AUDIT_NODE_LEN];
};

/* The three lines. */
void audit_checkpoint_body(const struct audit_checkpoint *c, struct buf *out);
/* Body, empty line, the log's signature; the signature itself also in signature[64]. */
MUST_CHECK int audit_checkpoint_sign(const struct audit_checkpoint *c, const struct audit_note_key *k, struct buf *out,
                                     unsigned char signature[64]);
/* The checkpoint of a note and where its body ends; no signature is looked at. */
MUST_CHECK int audit_checkpoint_read(struct span note, struct audit_checkpoint *c, struct span *body);
/* The note has a valid signature of this key (a witness's: *time gets its seconds since 1970). */
bool audit_note_signed(struct span note, const struct audit_note_key *k, uint64_t *time);
bool audit_checkpoint_signature_holds(const struct audit_checkpoint *c, const struct audit_note_key *k,
                                      const unsigned char signature[64]);
/* A text of other form under the log's key. Its first line has a space, so that it can never be read as a checkpoint. */
MUST_CHECK int audit_note_sign_text(struct span text, const struct audit_note_key *k, struct buf *out);
/* The text of such a note when this key signed it; else len 0. */
struct span audit_note_signed_text(struct span note, const struct audit_note_key *k);
/* A witness's line for the note's body. */
MUST_CHECK int audit_note_cosign(struct span body, const struct audit_note_key *k, uint64_t time, struct buf *out);

#endif
