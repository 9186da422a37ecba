/* SPDX-License-Identifier: Apache-2.0
 *
 * What the audit log says about settings: how a reload changed them, and that the detectors find what they must.
 */
#ifndef CONFIG_CHANGES_H
#define CONFIG_CHANGES_H

#include "span.h"

struct audit_record;
struct settings;

/* Takes the record; NULL stands for one that could not be made. */
typedef void config_emit(void *context, struct audit_record *r);

/* One record for each policy, agreement and client that was added, removed or changed. */
void config_changes(const struct settings *before, const struct settings *after, config_emit *emit, void *context);

/* Digests of the clients and of the recipients with their agreements: what was changed while the gateway was stopped shows. */
void config_add_digests(struct audit_record *r, const struct settings *s);

/* Made-up identifiers are given to the engine of each policy; one record for each. false: an engine finds none of them. */
MUST_CHECK bool config_selftest(const struct settings *s, config_emit *emit, void *context);

#endif
