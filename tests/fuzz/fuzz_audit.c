/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of the audit log: any bytes, in any pieces, with and without the key.
 */
#include "../../proxy/audit_canon.h"
#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_line.h"
#include "../../proxy/audit_verify.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct audit_check run(struct audit_hasher *h, bool keyed, bool midway, struct span s, size_t piece) {
    struct audit_verifier *v =
        audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .keyed = keyed, .midway = midway});
    struct audit_check c;

    if (!v) abort();
    for (size_t at = 0; at < s.len; at += piece) {
        struct span part = span_sub(s, at, at + piece);
        if (audit_verifier_feed(v, part) < 0) break;
    }
    (void)!audit_verifier_end(v, &c);
    if (audit_verifier_good_end(v) > s.len) abort();
    audit_verifier_free(v);
    return c;
}

static void same(struct audit_check a, struct audit_check b) {
    if (a.records != b.records || a.bad_line != b.bad_line || a.torn_tail != b.torn_tail || a.reason != b.reason ||
        a.unfinished != b.unfinished || a.last_seq != b.last_seq)
        abort();
}

/* What is canonical for us is JSON for everyone. */
static void check_json(struct span s) {
    struct audit_line line;
    const char *reason = NULL;

    if (audit_line_read(s, &line, &reason) == 0) {
        if (!audit_canon_valid(s) || line.mac_end <= line.mac_begin || line.mac_end > s.len) abort();
    } else if (!reason) {
        abort();
    }
    if (!audit_canon_valid(s)) return;
    cJSON *tree = cJSON_ParseWithLength(s.ptr, s.len);
    if (!tree) abort();
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned char key[AUDIT_KEY_LEN] = "audit-driver";
    struct span s = span_make((const char *)data, size);
    struct audit_hasher *h = audit_hasher_new(key);

    if (!h) abort();
    for (int mode = 0; mode < 4; mode++) {
        bool keyed = mode & 1, midway = mode & 2;
        struct audit_check whole = run(h, keyed, midway, s, size ? size : 1);
        same(whole, run(h, keyed, midway, s, 1 + size / 3));
        same(whole, run(h, keyed, midway, s, 7));
    }
    check_json(span_sub(s, 0, span_find(s, '\n', 0)));
    audit_hasher_free(h);
    return 0;
}
