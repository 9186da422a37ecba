/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit prove, phi audit checkpoint: what an auditor takes away.
 *
 *   pass 1: the record with this id  ->  its index
 *   pass 2: every line below the checkpoint's size -> the subtrees of the path, and the root, which must be the signed one
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "audit_base64.h"
#include "audit_line.h"
#include "audit_proof.h"
#include "phi_audit_seal.h"
#include "audit_view.h"
#include "phi_audit.h"

struct proving {
    const struct audit_set *set;
    struct span id;
    struct buf record, note;
    uint64_t index;
    struct audit_checkpoint checkpoint;
    struct audit_tree_hasher *hasher;
    struct audit_tree tree;
    struct audit_path *path;
};

/* A record by its own id; a request by its decision. */
static bool is_wanted(struct span line, struct span id) {
    if (!memmem(line.ptr, line.len, id.ptr, id.len)) return false;
    if (span_equal(audit_view_text(line, "id"), id)) return true;
    return span_equal(audit_view_text(line, "request_id"), id) && span_is(audit_view_text(line, "type"), "decision");
}

static int find_record(struct proving *p) {
    struct audit_lines *l = audit_lines_open(p->set, 0, 0);
    struct span line;
    int rc = -1;

    while (l && rc < 0 && audit_lines_next(l, &line)) {
        if (!is_wanted(line, p->id)) continue;
        buf_add(&p->record, line);
        p->index = audit_view_seq(line) - 1;
        rc = 0;
    }
    if (l && phi_audit_lines_end(l) == 0 && rc < 0) fputs("phi: no record and no request with this id in the log\n", stderr);
    audit_lines_close(l);
    return rc;
}

static int take_leaf(struct proving *p, struct span line) {
    unsigned char leaf[AUDIT_NODE_LEN];
    uint64_t index = p->tree.size;

    if (audit_any_leaf(p->hasher, line, leaf) < 0 || audit_path_feed(p->path, index, leaf) < 0) return -1;
    return audit_tree_add(&p->tree, leaf);
}

static int make_path(struct proving *p) {
    struct audit_lines *l = audit_lines_open(p->set, 0, 0);
    unsigned char root[AUDIT_NODE_LEN];
    struct span line;
    int rc = l ? 0 : -1;

    if (l) audit_lines_raw(l);
    audit_tree_init(&p->tree, p->hasher);
    audit_path_inclusion(p->path, p->hasher, p->index, p->checkpoint.size);
    while (rc == 0 && p->tree.size < p->checkpoint.size && audit_lines_next(l, &line)) {
        if (audit_view_seq(line) != p->tree.size + 1) {
            fprintf(stderr, "phi: %s: line %llu: records before it are not here; a proof needs the log from its first record on\n",
                    audit_lines_file(l), (unsigned long long)audit_lines_number(l));
            rc = -1;
        } else {
            rc = take_leaf(p, line);
        }
    }
    if (l && rc == 0) rc = phi_audit_lines_end(l);
    audit_lines_close(l);
    if (rc < 0) return -1;
    if (p->tree.size == p->checkpoint.size && audit_tree_root(&p->tree, root) == 0 && memcmp(root, p->checkpoint.root, sizeof root) == 0)
        return 0;
    fputs("phi: the log is not the one of its checkpoint; `phi audit verify` names the first bad record\n", stderr);
    return -1;
}

static int write_proof(const struct proving *p, const char *out_path) {
    struct buf text;
    FILE *out;
    int rc = -1;

    buf_init(&text, 65536);
    audit_proof_write(buf_span(&p->record), p->index, p->path, buf_span(&p->note), &text);
    out = text.failed ? NULL : phi_audit_output(out_path);
    if (out) {
        phi_audit_span(out, buf_span(&text));
        rc = phi_audit_output_end(out, out_path);
    }
    buf_free(&text);
    return rc;
}

static int prove(struct proving *p, const char *log, const char *note, const char *out_path) {
    if (find_record(p) < 0 || phi_audit_note(log, note, &p->note, &p->checkpoint) < 0) return -1;
    if (p->index >= p->checkpoint.size) {
        fprintf(stderr, "phi: the record is not under a checkpoint yet (the last one covers %llu records); the gateway signs the next "
                        "within its interval and when it stops\n", (unsigned long long)p->checkpoint.size);
        return -1;
    }
    if (make_path(p) < 0) return -1;
    return write_proof(p, out_path);
}

const char phi_audit_prove_usage[] =
    "usage: phi audit prove ID [--log FILE] [--checkpoint FILE] [--out FILE] [--encryption-key FILE]   (ID: of a record or of a request)\n";

int phi_audit_prove(int argc, char **argv) {
    const char *log = NULL, *out = NULL, *note = NULL, *key_path = NULL;
    struct phi_seal seal = {.ring = NULL};
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--out", &out, NULL}, {"--checkpoint", &note, NULL},
                                         {"--encryption-key", &key_path, NULL}};
    struct proving p = {.set = NULL};
    struct audit_set *set;
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 1 || !audit_line_id_valid(span_of(argv[0]))) {
        fputs(phi_audit_prove_usage, stderr);
        return PHI_USAGE;
    }
    p.id = span_of(argv[0]);
    p.set = set = phi_audit_set(log);
    p.hasher = audit_tree_hasher_new();
    p.path = calloc(1, sizeof *p.path);
    buf_init(&p.record, AUDIT_RECORD_MAX + 1);
    if (set && p.hasher && p.path && phi_seal_open(&seal, log, key_path, set) == 0 && prove(&p, log, note, out) == 0) rc = PHI_DONE;
    buf_free(&p.record);
    buf_free(&p.note);
    free(p.path);
    audit_tree_hasher_free(p.hasher);
    audit_set_free(set);
    phi_seal_close(&seal);
    return rc;
}

const char phi_audit_checkpoint_usage[] =
    "usage: phi audit checkpoint [--log FILE] [--note]\n";

int phi_audit_checkpoint(int argc, char **argv) {
    const char *log = NULL;
    bool whole = false;
    const struct phi_option options[] = {{"--log", &log, NULL}, {"--note", NULL, &whole}};
    struct audit_checkpoint c;
    struct buf note, line;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0) {
        fputs(phi_audit_checkpoint_usage, stderr);
        return PHI_USAGE;
    }
    if (phi_audit_note(log, NULL, &note, &c) < 0) return PHI_USAGE;
    buf_init(&line, 512);
    buf_add_format(&line, "%s %llu ", c.origin, (unsigned long long)c.size);
    audit_base64_add(&line, span_make((const char *)c.root, sizeof c.root));
    buf_add_char(&line, '\n');
    phi_audit_span(stdout, whole ? buf_span(&note) : buf_span(&line));
    buf_free(&line);
    buf_free(&note);
    return phi_audit_output_end(stdout, NULL) < 0 ? PHI_USAGE : PHI_DONE;
}
