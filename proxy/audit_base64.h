/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64 (RFC 4648 section 4) with one way to write each value: padding is required, unused bits are zero.
 */
#ifndef AUDIT_BASE64_H
#define AUDIT_BASE64_H

#include "buf.h"

void audit_base64_add(struct buf *out, struct span bytes);
/* Appends the bytes. -1: not in canonical form; out may have grown. */
MUST_CHECK int audit_base64_read(struct span text, struct buf *out);
/* Exactly n bytes. */
MUST_CHECK int audit_base64_fixed(struct span text, unsigned char *out, size_t n);

#endif
