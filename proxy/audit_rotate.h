/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation: the log continues in a new file and the old one becomes "<log>.seg-<first sequence>", with the chain running
 * through. There is at every instant either the old file or a complete new one under the log's name, or the next start
 * undoes the step.
 */
#ifndef AUDIT_ROTATE_H
#define AUDIT_ROTATE_H

#include "audit_chain.h"

/* Reads where the current file begins. */
void audit_rotate_note(struct audit_chain *c);
/* The file is large or of an earlier day, and the batch is empty: begin a new one. A failure leaves the old file in use and
 * is tried again after a minute. */
void audit_rotate_if_due(struct audit_chain *c);
/* What a crash during a rotation left. Before the log is opened. */
void audit_rotate_repair(const char *path);

#endif
