/* SPDX-License-Identifier: Apache-2.0
 *
 *   c2sp.org/tlog-proof@v1
 *   extra base64 of the record
 *   index 41
 *   base64 of a node, from the leaf up
 *   (empty)
 *   the signed checkpoint
 */
#include "audit_proof.h"

#include <string.h>

#include "audit.h"
#include "audit_base64.h"
#include "audit_line.h"

void audit_proof_write(struct span record, uint64_t index, const struct audit_path *path, struct span note, struct buf *out) {
    buf_add_c(out, AUDIT_PROOF_MAGIC "extra ");
    audit_base64_add(out, record);
    buf_add_format(out, "\nindex %llu\n", (unsigned long long)index);
    for (size_t i = 0; i < path->n; i++) {
        audit_base64_add(out, span_make((const char *)path->v[i].hash, AUDIT_NODE_LEN));
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
    buf_add(out, note);
}

/* false when there is no whole line. */
static bool take_line(struct span text, size_t *at, struct span *line) {
    size_t end = span_find(text, '\n', *at);

    if (end >= text.len) return false;
    *line = span_sub(text, *at, end);
    *at = end + 1;
    return true;
}

static const char *read_path(struct audit_proof *p, struct span text, size_t *at) {
    struct span line;

    for (;;) {
        if (!take_line(text, at, &line)) return "the proof is cut off";
        if (line.len == 0) return NULL;
        if (p->n == AUDIT_PATH_MAX || audit_base64_fixed(line, p->path[p->n++].hash, AUDIT_NODE_LEN) < 0)
            return "a line of the proof's path is not in its form";
    }
}

int audit_proof_read(struct span text, struct audit_proof *p, const char **reason) {
    size_t at = strlen(AUDIT_PROOF_MAGIC);
    unsigned long long index;
    struct span line, body;

    *p = (struct audit_proof){.n = 0};
    buf_init(&p->record, AUDIT_RECORD_MAX + 3);
    *reason = "not a proof: it does not begin with c2sp.org/tlog-proof@v1";
    if (!span_starts(text, AUDIT_PROOF_MAGIC)) return -1;
    *reason = "the proof holds no record";
    if (!take_line(text, &at, &line) || !span_starts(line, "extra ")) return -1;
    if (audit_base64_read(span_sub(line, 6, line.len), &p->record) < 0) return -1;
    *reason = "the proof's index is not in its form";
    if (!take_line(text, &at, &line) || !span_starts(line, "index ")) return -1;
    if (span_decimal(span_sub(line, 6, line.len), &index) < 0 || (line.len > 7 && line.ptr[6] == '0')) return -1;
    p->index = index;
    *reason = read_path(p, text, &at);
    if (*reason) return -1;
    p->note = span_sub(text, at, text.len);
    *reason = "the proof's checkpoint is not in its form";
    return audit_checkpoint_read(p->note, &p->checkpoint, &body);
}

int audit_proof_check(const struct audit_proof *p, const struct audit_note_key *key, const char **reason) {
    struct audit_tree_hasher *h = audit_tree_hasher_new();
    unsigned char leaf[AUDIT_NODE_LEN];
    struct audit_line line;
    uint64_t time;

    *reason = "out of memory";
    if (!h || audit_tree_leaf(h, buf_span(&p->record), leaf) < 0) goto out;
    *reason = "the checkpoint is not signed by this key";
    if (!audit_note_signed(p->note, key, &time)) goto out;
    *reason = "the record is not in the tree of the checkpoint: it or the proof was changed";
    if (!audit_inclusion_holds(h, p->index, p->checkpoint.size, leaf, p->path, p->n, p->checkpoint.root)) goto out;
    if (audit_line_read(buf_span(&p->record), &line, reason) < 0) goto out;
    *reason = line.seq == p->index + 1 ? NULL : "the record's sequence is not its place in the log";
out:
    audit_tree_hasher_free(h);
    return *reason ? -1 : 0;
}
