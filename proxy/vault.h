/* SPDX-License-Identifier: Apache-2.0
 *
 * The durable memory of scope `client`: per principal value <-> token, and which stored object (a response, a file, a batch)
 * came from which tokens. One SQLite file. Values are sealed (AES-256-GCM, bound to principal, token, word and key), found by
 * keyed hashes; SQLite sees neither a value nor the name of a principal.
 *
 * Always true:
 *   - what vault_assign gives out is on the disk before it returns;
 *   - a number that was given out is never given to another value, also after the file was lost or an older copy was put back;
 *   - a vault that is not the one expected (other key, other file, older copy) does not open: nothing is guessed;
 *   - one principal's tokens and objects do not exist for another.
 *
 * Any thread. Calls that write wait for the disk: never on an event loop (or use the _later form); calls that read take some
 * microseconds.
 */
#ifndef VAULT_H
#define VAULT_H

#include "span.h"

#include <stdint.h>

struct vault;

struct vault_options {
    const char *path;          /* of the SQLite file; made when there is none and no anchor says that there was */
    const char *anchor;        /* small file that tells an older copy from the latest; NULL: path + ".anchor" */
    const unsigned char *key;  /* 32 bytes, copied */
    uint64_t ttl_s;            /* a token can be restored at least so long after it last left */
    bool accept;               /* a person says that this file is to be used although it is older, another, or new: what it does
                                  not know is lost; numbers that may have been given out stay unused */
    int64_t recorded;          /* what vault_sequence was by the audit log, at least; a vault that knows less does not open */
    uint64_t log_seq;          /* the log's last record: with accept, what is written into the anchor; else, what must be there
                                  for a vault that knows less */
};

/* NULL with a sentence in err. */
struct vault *vault_open(const struct vault_options *o, char *err, size_t err_size);
/* It can be written, as far as is known without trying. NULL: true. */
bool vault_healthy(struct vault *v);
/* How many tokens it has made since it exists, all of them durable; never less than at an earlier call. */
int64_t vault_sequence(struct vault *v);
void vault_close(struct vault *v); /* waits for what was submitted; NULL is allowed */

/* ---- tokens ---- */

/* One written form that shall leave as a token. Claims with one word and subject (0: none) are forms of one person or thing. */
struct vault_claim {
    const char *word; /* "NAME"; a constant */
    struct span value;
    unsigned subject;
    uint32_t number;  /* out */
    uint32_t form;    /* out: 0 no letter, 1 B, ... */
};

/* A number that the request uses otherwise and that must not be given to it. */
struct vault_taken {
    const char *word;
    uint32_t number;
};

/* A token for each claim, known or new, durable. In one call two subjects never share a number; a value keeps its token from
 * call to call. -1: the vault cannot answer; the caller must not let anything leave. */
MUST_CHECK int vault_assign(struct vault *v, const char *principal, struct vault_claim *claims, size_t n,
                            const struct vault_taken *taken, size_t n_taken);

/* The same for texts whose token the caller writes itself under a number of its own (dates by their distance). */
MUST_CHECK int vault_numbers(struct vault *v, const char *principal, const char *word, uint32_t n, uint32_t *first);
struct vault_entry {
    const char *word;
    struct span token, value;
};
MUST_CHECK int vault_store(struct vault *v, const char *principal, const struct vault_entry *entries, size_t n);

enum vault_answer {
    VAULT_FAILED = 0, /* cannot be read, or a row was tampered with */
    VAULT_NONE,       /* not this principal's, or expired */
    VAULT_FOUND
};

/* What to do with each token and its value; both are wiped afterwards. -1 stops. */
typedef int vault_each(void *arg, struct span token, struct span value);

enum vault_answer vault_find(struct vault *v, const char *principal, struct span token, vault_each *each, void *arg);

/* ---- stored objects ---- */

/* An object of the upstream's ("resp_...", "file-...", "batch_...") holds these tokens of the principal. Remembering it again
 * adds. It lives as long as its longest-lived token, at least ttl. An object of another principal: -1 (nothing is overwritten).
 * `later` only queues; done(arg, ok) is called on the vault's thread when it is on the disk. */
typedef void vault_done(void *arg, bool ok);
MUST_CHECK int vault_remember(struct vault *v, const char *principal, struct span object, const struct span *tokens, size_t n);
MUST_CHECK int vault_remember_later(struct vault *v, const char *principal, struct span object, const struct span *tokens,
                                    size_t n, vault_done *done, void *arg);

/* Each token of the object with its value. VAULT_NONE: the object was not made by this principal through this gateway: its
 * content is unknown and what refers to it must be refused. A token that expired is left out. */
enum vault_answer vault_recall(struct vault *v, const char *principal, struct span object, vault_each *each, void *arg);

MUST_CHECK int vault_forget(struct vault *v, const char *principal, struct span object);

#endif
