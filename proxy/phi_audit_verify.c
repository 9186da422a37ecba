/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit verify: the files of a log from the first record to the last, or one proof.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "audit_base64.h"
#include "audit_macs.h"
#include "audit_proof.h"
#include "audit_verify.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_audit_seal.h"
#include "phi_audit_statement.h"

#define PROOF_MAX 65536

struct request {
    const char *key_path, *public_path, *checkpoint_path, *witness_path, *encryption_path, *old_path;
    struct phi_old_keys old;
    bool checkpoint_given;
    unsigned char key[32];
    struct audit_note_key public_key, witness_key;
    struct audit_checkpoint checkpoint;
};

/* ---- a proof ---- */

static bool is_proof(const char *path, struct buf *text) {
    FILE *f = fopen(path, "re");
    bool yes = false;

    buf_init(text, PROOF_MAX);
    if (f && buf_reserve(text, PROOF_MAX) == 0) {
        text->len = fread(text->ptr, 1, PROOF_MAX, f);
        yes = span_starts(buf_span(text), "c2sp.org/") || phi_statement_is(buf_span(text));
    }
    if (f) fclose(f);
    if (!yes) buf_free(text);
    return yes;
}

static void tell_proof(const char *path, const struct audit_proof *p) {
    struct span record = buf_span(&p->record), id = audit_view_text(record, "request_id");

    printf("%s: proved: record %llu of %s, under a checkpoint of %llu records\n", path, (unsigned long long)p->index + 1,
           p->checkpoint.origin, (unsigned long long)p->checkpoint.size);
    phi_audit_span(stdout, audit_view_text(record, "type"));
    putchar(' ');
    phi_audit_span(stdout, audit_view_time(record));
    if (id.len) fputs(" request ", stdout);
    phi_audit_span(stdout, id);
    putchar('\n');
    phi_audit_span(stdout, record);
    putchar('\n');
}

static int verify_proof(const char *path, struct span text, const struct request *r) {
    struct audit_proof p;
    const char *reason;
    uint64_t seen = 0;
    int rc = PHI_USAGE;

    if (!r->public_path) {
        fprintf(stderr, "phi: %s is a proof or a signature; give --public-key FILE (checkpoint.pub) to check it\n", path);
        return PHI_USAGE;
    }
    if (phi_statement_is(text)) return phi_statement_verify(path, text, &r->public_key);
    if (audit_proof_read(text, &p, &reason) < 0) {
        fprintf(stderr, "phi: %s: %s\n", path, reason);
    } else if (audit_proof_check(&p, &r->public_key, &reason) < 0) {
        printf("%s: NOT proved: %s\n", path, reason);
        rc = PHI_FOUND;
    } else if (r->witness_path && !audit_note_signed(p.note, &r->witness_key, &seen)) {
        printf("%s: NOT proved: the checkpoint is not signed by this witness\n", path);
        rc = PHI_FOUND;
    } else {
        tell_proof(path, &p);
        if (r->witness_path) printf("seen by %s at %llu (seconds since 1970)\n", r->witness_key.name, (unsigned long long)seen);
        rc = PHI_DONE;
    }
    buf_free(&p.record);
    return rc;
}

/* ---- the auditors' log beside ---- */

static int verify_beside(const char *path, const struct audit_check *main, const struct request *r) {
    const struct audit_head anchor = {.found = main->anchor_seq > 0, .seq = main->anchor_seq};
    struct audit_set *set = NULL;
    struct audit_lines *l = phi_beside_lines(path, &set);
    struct audit_hasher *h = audit_hasher_new(r->key_path ? r->key : NULL);
    struct audit_head noted = anchor;
    struct audit_check c = {.records = 0};
    struct span line;

    memcpy(noted.hash, main->anchor_hash, sizeof noted.hash);
    struct audit_hasher *old[PHI_OLD_KEYS] = {NULL};
    for (size_t i = 0; i < r->old.n; i++)
        old[i] = audit_hasher_new(r->old.v[i]);
    struct audit_verifier *v = h ? audit_verifier_new(&(struct audit_verifier_options){
                                       .hasher = h, .keyed = r->key_path != NULL, .old = old, .n_old = r->old.n, .head = &noted}) : NULL;
    while (v && l && audit_lines_next(l, &line))
        if (audit_verifier_line(v, line) < 0) break;
    int rc = v && audit_verifier_end(v, &c) ? PHI_FOUND : PHI_DONE;
    if (main->anchor_gone) {
        printf("%s.probes: records of auditors were there once and were taken away\n", path);
        rc = PHI_FOUND;
    } else if (rc && !l) {
        printf("%s.probes: is missing; it held %llu records when the gateway looked last\n", path, (unsigned long long)main->anchor_seq);
    } else if (rc) {
        printf("%s.probes: line %llu: %s\n", path, (unsigned long long)audit_lines_number(l), c.reason);
    } else if (l) {
        printf("%s.probes: verified: %llu records, %s\n", path, (unsigned long long)c.records,
               main->anchor_seq ? "the gateway has noted them" : "not noted by the gateway yet");
    }
    audit_verifier_free(v);
    for (size_t i = 0; i < r->old.n; i++)
        audit_hasher_free(old[i]);
    audit_hasher_free(h);
    audit_lines_close(l);
    audit_set_free(set);
    return rc;
}

/* ---- a log ---- */

static void tell_bad(const struct audit_lines *l, const struct audit_check *c, bool in_line) {
    if (in_line)
        printf("%s: line %llu is the first bad record: %s\n", audit_lines_file(l), (unsigned long long)audit_lines_number(l),
               c->reason);
    else
        printf("%s: %s\n", audit_lines_file(l), c->reason);
}

static int tell_good(const char *path, const struct audit_set *s, const struct audit_check *c, const struct request *r) {
    printf("%s: verified: %llu records in %zu file%s, seq %llu to %llu, %s\n", path, (unsigned long long)c->records,
           audit_set_count(s), audit_set_count(s) == 1 ? "" : "s", (unsigned long long)c->first_seq, (unsigned long long)c->last_seq,
           r->key_path ? "chain and keyed codes" : "chain only (give --key to check the keyed codes too)");
    if (r->public_path) printf("%llu signed checkpoints hold\n", (unsigned long long)c->checkpoints);
    if (c->other_checkpoints)
        printf("%llu checkpoints by another key: their roots hold, their signatures were not checked\n",
               (unsigned long long)c->other_checkpoints);
    if (c->sealed)
        printf("%llu records are encrypted: their place and their leaf in the tree hold, what is inside was not looked at%s\n",
               (unsigned long long)c->sealed, r->encryption_path ? " (the keys of their months are not there)" : " (--encryption-key)");
    if (c->erased) printf("%llu records were erased: their place and their leaf in the tree hold\n", (unsigned long long)c->erased);
    if (c->unfinished) printf("%llu decisions have no outcome yet\n", (unsigned long long)c->unfinished);
    if (c->vault_accepted)
        printf("the token vault knew less than before %llu times; a person had accepted that (phi vault accept)\n", (unsigned long long)c->vault_accepted);
    if (c->torn_tail) puts("the last line is torn (the gateway was stopped while writing it; its next start seals it)");
    if (r->public_path && c->first_seq > 1) puts("checkpoints were not checked: the log does not begin with its first record");
    if (c->vault_behind) {
        printf("from record %llu on the token vault knew less than before, and nobody had accepted that: an older copy of it, and of its anchor, was put back\n",
               (unsigned long long)c->vault_behind);
        return PHI_FOUND;
    }
    if (!r->checkpoint_given) return PHI_DONE;
    if (!c->checkpoint_met) {
        printf("the given checkpoint covers %llu records; they are not all here\n", (unsigned long long)r->checkpoint.size);
        return PHI_FOUND;
    }
    printf("the first %llu records are those of the given checkpoint\n", (unsigned long long)r->checkpoint.size);
    return PHI_DONE;
}

struct pass {
    const char *path;
    const struct audit_set *set;
    const struct request *request;
    struct audit_verifier_options options;
    bool told; /* what was found */
};

/* quiet: what is bad is not told, because the next pass names it. */
static int verify_lines(struct pass *p, bool quiet) {
    struct audit_verifier *v = audit_verifier_new(&p->options);
    struct audit_lines *l = v ? audit_lines_open(p->set, 0, 0) : NULL;
    struct audit_check c;
    struct span line;
    bool bad = false;
    int rc = PHI_USAGE;

    if (l) audit_lines_raw(l);
    while (l && !bad && audit_lines_next(l, &line))
        bad = audit_verifier_line(v, line) < 0;
    if (l && phi_audit_lines_end(l) == 0) {
        int verdict = audit_verifier_end(v, &c);
        c.torn_tail = audit_lines_torn(l);
        if (p->options.macs && !audit_macs_hold(p->options.macs)) verdict = 1;
        if (verdict && !quiet) tell_bad(l, &c, bad);
        if (!verdict && c.records == 0) fprintf(stderr, "phi: %s: holds no record\n", p->path);
        else rc = verdict ? PHI_FOUND : tell_good(p->path, p->set, &c, p->request);
        p->told = !verdict || !quiet;
        if (rc == PHI_DONE) rc = verify_beside(p->path, &c, p->request);
    }
    audit_lines_close(l);
    audit_verifier_free(v);
    return rc;
}

/* First with the codes on a thread of their own; when anything is bad, once more in order, to name the first bad record. */
static int verify_passes(struct pass *p) {
    struct audit_macs *macs = p->request->key_path && p->request->old.n == 0 ? audit_macs_new(p->request->key) : NULL;
    int rc = PHI_FOUND;

    p->options.macs = macs;
    if (macs) rc = verify_lines(p, true);
    audit_macs_free(macs);
    p->options.macs = NULL;
    return macs && (p->told || rc != PHI_FOUND) ? rc : verify_lines(p, false);
}

static int verify_set(const char *path, const struct audit_set *s, const struct request *r) {
    struct audit_hasher *h = audit_hasher_new(r->key_path ? r->key : NULL);
    struct audit_head head;
    struct audit_hasher *old[PHI_OLD_KEYS] = {NULL};
    struct phi_seal seal;
    int rc = PHI_USAGE;

    for (size_t i = 0; i < r->old.n; i++)
        old[i] = audit_hasher_new(r->old.v[i]);
    if (phi_seal_open(&seal, path, r->encryption_path, NULL) < 0) {
        audit_hasher_free(h);
        return PHI_USAGE;
    }
    struct pass p = {.path = path, .set = s, .request = r,
                     .options = {.hasher = h, .keyed = r->key_path != NULL, .old = old, .n_old = r->old.n, .head = &head, .sealer = seal.sealer,
                                 .log_key = r->public_path ? &r->public_key : NULL,
                                 .checkpoint = r->checkpoint_given ? &r->checkpoint : NULL}};
    if (h && audit_head_load(path, h, r->key_path != NULL, &head) < 0) {
        printf("%s.head: damaged, or written with another key\n", path);
        rc = PHI_FOUND;
    } else if (h) {
        rc = verify_passes(&p);
    }
    for (size_t i = 0; i < r->old.n; i++)
        audit_hasher_free(old[i]);
    audit_hasher_free(h);
    phi_seal_close(&seal);
    return rc;
}

/* ---- the command ---- */

/* A signed note, or the line for paper: origin, size, root. */
static int read_checkpoint(struct request *r) {
    struct span body, text;
    struct buf b;
    int rc = -1;

    if (phi_read(r->checkpoint_path, &b) < 0) return -1;
    text = buf_span(&b);
    rc = audit_checkpoint_read(text, &r->checkpoint, &body);
    if (rc < 0) {
        size_t first = span_find(text, ' ', 0), second = span_find(text, ' ', first + 1);
        unsigned long long size;
        struct span root = span_sub(text, second + 1, span_find(text, '\n', 0));
        if (span_decimal(span_sub(text, first + 1, second), &size) == 0 &&
            audit_base64_fixed(root, r->checkpoint.root, sizeof r->checkpoint.root) == 0) {
            r->checkpoint.size = size;
            rc = 0;
        }
    }
    if (rc < 0) fprintf(stderr, "phi: %s: not a checkpoint\n", r->checkpoint_path);
    if (rc == 0 && r->public_path && audit_checkpoint_read(text, &r->checkpoint, &body) == 0) {
        uint64_t time;
        if (!audit_note_signed(text, &r->public_key, &time)) {
            fprintf(stderr, "phi: %s: not signed by this key\n", r->checkpoint_path);
            rc = -1;
        }
    }
    r->checkpoint_given = rc == 0;
    buf_free(&b);
    return rc;
}

/* The side file, too, when the log's own key is given: it is the newest checkpoint. */
static int take_side_file(const char *path, struct request *r) {
    struct buf note;
    uint64_t time;
    char name[4096];

    if (!r->public_path || r->checkpoint_given || snprintf(name, sizeof name, "%s.checkpoint", path) >= (int)sizeof name) return PHI_DONE;
    FILE *f = fopen(name, "re");
    if (!f) return PHI_DONE;
    fclose(f);
    if (phi_audit_note(path, name, &note, &r->checkpoint) < 0) return PHI_USAGE;
    bool ok = audit_note_signed(buf_span(&note), &r->public_key, &time);
    buf_free(&note);
    r->checkpoint_given = ok;
    if (ok) return PHI_DONE;
    printf("%s: not signed by the given key\n", name);
    return PHI_FOUND;
}

static int verify_log(int argc, char **argv, struct request *r) {
    const char *reason;
    struct audit_set *s = argc == 1 ? audit_set_find(argv[0], &reason) : audit_set_of((const char *const *)argv, (size_t)argc, &reason);
    const char *last = s ? audit_set_name(s, audit_set_count(s) - 1) : NULL;
    int rc = PHI_USAGE;

    if (!s) fprintf(stderr, "phi: %s: %s\n", argv[0], reason);
    else if ((rc = take_side_file(argc == 1 ? argv[0] : last, r)) == PHI_DONE) rc = verify_set(argc == 1 ? argv[0] : last, s, r);
    audit_set_free(s);
    return rc;
}

const char phi_audit_verify_usage[] =
    "usage: phi audit verify LOG... [--key FILE] [--public-key FILE] [--checkpoint FILE] [--encryption-key FILE]\n"
    "           [--old-key FILE]   keys that were used before, oldest first\n"
    "       phi audit verify PROOF --public-key FILE [--witness-key FILE]\n";

int phi_audit_verify(int argc, char **argv) {
    struct request r = {.key_path = NULL};
    const struct phi_option options[] = {{"--key", &r.key_path, NULL}, {"--public-key", &r.public_path, NULL},
                                         {"--checkpoint", &r.checkpoint_path, NULL}, {"--witness-key", &r.witness_path, NULL}, {"--encryption-key", &r.encryption_path, NULL}, {"--old-key", &r.old_path, NULL}};
    struct buf text;
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc < 1) {
        fputs(phi_audit_verify_usage, stderr);
        return PHI_USAGE;
    }
    if (r.key_path && phi_audit_key(r.key_path, r.key) < 0) return PHI_USAGE;
    if (r.old_path && phi_audit_old_keys(r.old_path, &r.old) < 0) goto out;
    if (r.public_path && phi_audit_note_key(r.public_path, false, &r.public_key) < 0) goto out;
    if (r.witness_path && phi_audit_note_key(r.witness_path, false, &r.witness_key) < 0) goto out;
    if (r.checkpoint_path && read_checkpoint(&r) < 0) goto out;
    if (argc == 1 && is_proof(argv[0], &text)) {
        rc = verify_proof(argv[0], buf_span(&text), &r);
        buf_free(&text);
    } else {
        rc = verify_log(argc, argv, &r);
    }
out:
    explicit_bzero(&r, sizeof r);
    return rc;
}
