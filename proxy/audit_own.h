/* SPDX-License-Identifier: Apache-2.0
 *
 * The records that the log writes about itself. NULL when out of memory.
 */
#ifndef AUDIT_OWN_H
#define AUDIT_OWN_H

#include "audit.h"

/* vault_seq, here and below: the last that the log knows, carried on because only the end of a log is read; 0: none.
 * event: "start" or "stop". head_missing: the head file was not there although the log had records. */
struct audit_record *audit_own_lifecycle(const char *event, bool head_missing, int64_t vault_seq);
/* First record of a file that continues a chain. */
struct audit_record *audit_own_segment(const char *why, uint64_t seq, const char *hash, int64_t vault_seq);
struct audit_record *audit_own_stopped(const char *why);
struct audit_record *audit_own_recovered(const char *why, uint64_t down_us);
struct audit_record *audit_own_torn(uint64_t bytes, const char *digest);
/* Closes a request of a run that ended without its outcome. why: "gateway_restarted" or "gateway_stopped". */
struct audit_record *audit_own_unknown(struct span request_id, const char *why);
/* Checkpoints are configured and cannot be signed. */
struct audit_record *audit_own_not_signed(const char *why);
/* How far the auditors' log is; hash NULL: it is gone. */
struct audit_record *audit_own_anchor(uint64_t seq, const char *hash);
/* Carries a request without an outcome into a new file. */
struct audit_record *audit_own_open(struct span request_id);

#endif
