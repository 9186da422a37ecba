/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may ask for values. Whoever can read the audit key could try every number there is; the tool asks for more: the key of a
 * client whose role is `auditor` (`phi keys new --role auditor`), and not too many values in an hour. What is refused leaves a
 * record, too.
 */
#ifndef PHI_AUDITOR_H
#define PHI_AUDITOR_H

#include "span.h"

#include <stdint.h>

#define PHI_AUDITOR_ROLE "auditor"
#define PHI_AUDITOR_HOUR 60 /* values in an hour */
#define PHI_AUDITOR_DAY 300

struct access;
struct audit;
struct principal;

struct phi_auditor {
    const char *as;      /* a file with the client's key; "-" is not allowed, it may be the value's */
    const char *clients; /* NULL: clients.yaml */
    struct access *access;
    const struct principal *principal; /* NULL: not known */
    const char *refusal;               /* why not; a word for the record */
};

#define PHI_AUDITOR_OPTIONS(a) {"--as", &(a).as, NULL}, {"--clients", &(a).clients, NULL}

/* Reads both files. -1 with a sentence: they cannot be read. When the key is nobody's, or somebody's without the role, refusal
 * says so. */
MUST_CHECK int phi_auditor_identify(struct phi_auditor *a);
/* As identify, and -1 with a sentence when there is a refusal: for commands that need the role and disclose nothing. */
MUST_CHECK int phi_auditor_require(struct phi_auditor *a);
/* Counts what the auditors' log says of the last hour and day. more: values that are asked for now. */
MUST_CHECK int phi_auditor_limit(struct phi_auditor *a, const char *log, uint64_t more);
/* Tells what refusal means. */
void phi_auditor_tell(const struct phi_auditor *a);
void phi_auditor_free(struct phi_auditor *a);

#endif
