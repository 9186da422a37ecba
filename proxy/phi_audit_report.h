/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a report: what `phi audit report`, `accounting` and `breach` share.
 */
#ifndef PHI_AUDIT_REPORT_H
#define PHI_AUDIT_REPORT_H

#include "audit_filter.h"
#include "phi_audit_read.h"
#include "phi_auditor.h"

struct phi_report_order {
    struct phi_read_options read;  /* the log and how it is read */
    const char *format, *wanted, *out;
    const char *signing_path;      /* NULL: no signature beside it */
    bool record;                   /* its digest goes into the auditors' log first */
    const unsigned char *key;      /* for that */
    const struct phi_auditor *who; /* may be NULL */
    struct audit_filter *filter;   /* prepared */
};

#define PHI_FILTER_OPTIONS(f)                                                                                              \
    {"--from", &(f).from, NULL}, {"--to", &(f).to, NULL}, {"--user", &(f).user, NULL}, {"--client", &(f).client, NULL},     \
        {"--role", &(f).role, NULL}, {"--purpose", &(f).purpose, NULL}, {"--model", &(f).model, NULL},                      \
        {"--upstream", &(f).upstream, NULL}, {"--kind", &(f).kind, NULL}

/* -1 with a sentence: format or report is not known, or a signature has no file to lie beside. */
MUST_CHECK int phi_report_check(const struct phi_report_order *o);
MUST_CHECK int phi_report_make(const struct phi_report_order *o);

#endif
