/* SPDX-License-Identifier: Apache-2.0
 *
 *   [block: skip] [block: skip] [block: read ....] [block: skip] [behind the last block: read]
 */
#include "phi_audit_read.h"

#include <stdlib.h>
#include <string.h>

#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_seal.h"

struct phi_reader {
    struct audit_set *set;
    struct phi_seal seal;
    struct audit_lines *lines;
    struct audit_index *index;          /* NULL: every line is read */
    struct audit_index_query *query;
    struct phi_reader_choice choice;
    size_t next_block;                  /* to be looked at */
    uint64_t until;                     /* last record of the block that is read; 0: none */
    bool failed;
};

static int open_index(struct phi_reader *r, const struct phi_read_options *o) {
    unsigned char key[32];
    const char *reason;

    if (!o->key_path || o->no_index) return 0;
    if (phi_audit_key(o->key_path, key) < 0) return -1;
    r->index = audit_index_open(phi_audit_log(o->log), r->set, key, &reason);
    explicit_bzero(key, sizeof key);
    if (!r->index && strcmp(reason, "there is none") != 0)
        fprintf(stderr, "phi: %s.index is not used: %s; the whole log is read (`phi audit index` makes it anew)\n", phi_audit_log(o->log), reason);
    return 0;
}

struct phi_reader *phi_reader_open(const struct phi_read_options *o) {
    struct phi_reader *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->set = phi_audit_set(o->log);
    if (r->set && phi_seal_open(&r->seal, o->log, o->encryption_path, r->set) == 0) r->lines = audit_lines_open(r->set, 0, 0);
    if (r->lines && open_index(r, o) == 0) return r;
    phi_reader_free(r);
    return NULL;
}

void phi_reader_free(struct phi_reader *r) {
    if (!r) return;
    audit_index_query_free(r->query);
    audit_index_free(r->index);
    audit_lines_close(r->lines);
    audit_set_free(r->set);
    phi_seal_close(&r->seal);
    free(r);
}

const struct audit_set *phi_reader_set(const struct phi_reader *r) {
    return r->set;
}

int phi_reader_choose(struct phi_reader *r, const struct phi_reader_choice *c) {
    if (!r->index) return 0;
    r->choice = *c;
    r->query = audit_index_query_new(r->index, c->filter);
    return r->query ? 0 : -1;
}

static bool wanted(const struct phi_reader *r, const struct audit_index_block *b) {
    const struct phi_reader_choice *c = &r->choice;

    return audit_index_may_match(r->query, b) || (c->also && c->also(c->context, r->index, b));
}

/* To the next block that is wanted, or behind the last. -1: the log changed under us. */
static int next_block(struct phi_reader *r) {
    size_t n = audit_index_count(r->index);

    for (; r->next_block < n; r->next_block++) {
        const struct audit_index_block *b = audit_index_at(r->index, r->next_block);
        if (wanted(r, b)) {
            r->next_block++;
            r->until = b->last_seq;
            return audit_lines_seek(r->lines, b->file_first, b->offset);
        }
        if (r->choice.skipped) r->choice.skipped(r->choice.context, b);
    }
    r->until = UINT64_MAX;
    if (n == 0) return 0;
    const struct audit_index_block *last = audit_index_at(r->index, n - 1);
    return audit_lines_seek(r->lines, last->file_first, last->offset + last->bytes);
}

bool phi_reader_next(struct phi_reader *r, struct span *line) {
    if (!r->query) return audit_lines_next(r->lines, line);
    if (r->failed || (r->until == 0 && next_block(r) < 0)) {
        r->failed = true;
        return false;
    }
    if (!audit_lines_next(r->lines, line)) return false;
    if (audit_view_seq(*line) == r->until) r->until = 0; /* that was its last */
    return true;
}

int phi_reader_end(const struct phi_reader *r) {
    if (r->failed) fputs("phi: the log was changed while it was read\n", stderr);
    return r->failed ? -1 : phi_audit_lines_end(r->lines);
}
