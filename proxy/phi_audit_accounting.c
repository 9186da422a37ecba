/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit accounting: the disclosures of one person's data (45 CFR 164.528): date, recipient, what, why. The person's
 * identifiers are read, hashed, recorded as a search, and wiped; the report names none of them.
 */
#include <stdlib.h>
#include <string.h>

#include "phi_audit.h"
#include "phi_audit_probe.h"
#include "phi_audit_report.h"

const char phi_audit_accounting_usage[] =
    "usage: phi audit accounting --identifiers FILE|- --key FILE --as FILE [--clients FILE] [--from T] [--to T]\n"
    "           [--format html|csv|json] [--out FILE] [--signing-key FILE] [--record] [--log FILE]\n"
    "       a line of the identifiers is a kind, a space and a value: `MRN 00123456`, `NAME Jane Doe`\n";

static int account(struct phi_report_order *o, struct phi_probe *p, const char *identifiers) {
    struct phi_reader *reader = phi_reader_open(&o->read);
    struct audit_filter *f = o->filter;
    int rc = -1;

    p->key_path = o->read.key_path;
    if (reader && phi_probe_begin(p, phi_reader_set(reader)) == 0 && phi_probe_add_lines(p, identifiers) == 0)
        rc = phi_probe_record(p, phi_audit_log(o->read.log), "accounting");
    phi_reader_free(reader);
    if (rc < 0) return -1;
    f->values = p->needles;
    f->n_values = p->n;
    o->key = p->key;
    o->who = &p->who;
    return phi_audit_filter(f) == 0 ? phi_report_make(o) : -1;
}

int phi_audit_accounting(int argc, char **argv) {
    struct audit_filter f = {.from = NULL};
    struct phi_report_order o = {.filter = &f, .wanted = "R8"};
    struct phi_probe *p = calloc(1, sizeof *p);
    const char *identifiers = NULL;
    int rc = PHI_USAGE;

    if (!p) return PHI_USAGE;
    const struct phi_option options[] = {
        PHI_READ_OPTIONS(o.read), {"--identifiers", &identifiers, NULL}, PHI_AUDITOR_OPTIONS(p->who), {"--old-key", &p->old_path, NULL},
        {"--format", &o.format, NULL}, {"--out", &o.out, NULL}, {"--signing-key", &o.signing_path, NULL}, {"--record", NULL, &o.record},
        {"--from", &f.from, NULL}, {"--to", &f.to, NULL}};
    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) == 0) {
        if (argc != 0 || !identifiers || !o.read.key_path) fputs(phi_audit_accounting_usage, stderr);
        else if (phi_report_check(&o) == 0 && account(&o, p, identifiers) == 0) rc = PHI_DONE;
    }
    audit_filter_free(&f);
    phi_probe_wipe(p);
    free(p);
    return rc;
}
