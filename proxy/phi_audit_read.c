/* SPDX-License-Identifier: Apache-2.0
 */
#include "phi_audit_read.h"

#include <stdlib.h>

#include "phi_audit.h"

struct phi_reader {
    struct audit_set *set;
    struct audit_lines *lines;
};

struct phi_reader *phi_reader_open(const struct phi_read_options *o) {
    struct phi_reader *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->set = phi_audit_set(o->log);
    r->lines = r->set ? audit_lines_open(r->set, 0, 0) : NULL;
    if (r->lines) return r;
    phi_reader_free(r);
    return NULL;
}

void phi_reader_free(struct phi_reader *r) {
    if (!r) return;
    audit_lines_close(r->lines);
    audit_set_free(r->set);
    free(r);
}

const struct audit_set *phi_reader_set(const struct phi_reader *r) {
    return r->set;
}

bool phi_reader_next(struct phi_reader *r, struct span *line) {
    return audit_lines_next(r->lines, line);
}

int phi_reader_end(const struct phi_reader *r) {
    return phi_audit_lines_end(r->lines);
}
