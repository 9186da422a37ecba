/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines whose record cannot be read by everybody: encrypted at rest, or erased. The envelope keeps what chain, tree and proofs
 * need of the record's line, so that a log verifies without the encryption key, and after an erasure.
 *
 *   {"box":"<base64: nonce, AES-256-GCM of the line, tag>","epoch":"2026-11","hash":H,"leaf":L,"mac":M,"prev":P,"seq":N,"v":1}
 *   {"erased":"2033-01-15","hash":H,"leaf":L,"mac":M,"prev":P,"seq":N,"v":1}
 *
 * hash: SHA-256 of the line; leaf: of 0x00 and the line (RFC 6962); prev, seq: as in the line; mac: of the envelope, under the
 * audit key. The box is bound to epoch, seq and hash.
 */
#ifndef AUDIT_SEAL_H
#define AUDIT_SEAL_H

#include "audit_hash.h"
#include "audit_keyring.h"
#include "audit_tree.h"
#include "buf.h"

/* Any line: a sealed one of the longest record. */
#define AUDIT_LINE_MAX 6144

struct audit_sealed {
    uint64_t seq;
    struct span box, epoch, erased; /* box and epoch, or erased */
    struct span hash, leaf, mac, prev;
    size_t mac_begin, mac_end;      /* the member with its comma */
};

bool audit_sealed_is(struct span line);
/* -1 with a constant reason: not exactly of this form. */
MUST_CHECK int audit_sealed_read(struct span line, struct audit_sealed *s, const char **reason);
MUST_CHECK int audit_sealed_mac_holds(const struct audit_sealed *s, struct span line, struct audit_hasher *keyed);

struct audit_sealer;

/* Both are borrowed. hasher: with the audit key for sealing; without it for opening. NULL when out of memory. */
struct audit_sealer *audit_sealer_new(struct audit_keyring *ring, struct audit_hasher *hasher);
void audit_sealer_free(struct audit_sealer *s);
/* Appends the sealed form of a record's line, without a newline. Makes the month's key when there is none. */
MUST_CHECK int audit_seal(struct audit_sealer *s, struct span line, struct buf *out);
/* The line; out is overwritten. 0 opened, 1 there is no key for it, -1 it does not open, or holds another line than it says. */
int audit_unseal(struct audit_sealer *s, const struct audit_sealed *sealed, struct buf *out);
/* Appends what stays of a line, plain or sealed. day: "2033-01-15". */
MUST_CHECK int audit_erase_line(struct span line, const char *day, struct audit_hasher *keyed, struct audit_tree_hasher *tree, struct buf *out);

/* The leaf, the hash and the hash of the line before, of any line. -1: not of its form. */
MUST_CHECK int audit_any_leaf(struct audit_tree_hasher *tree, struct span line, unsigned char leaf[AUDIT_NODE_LEN]);
MUST_CHECK int audit_any_hash(struct audit_hasher *h, struct span line, char hash[AUDIT_HEX_LEN + 1]);
struct span audit_any_prev(struct span line);

#endif
