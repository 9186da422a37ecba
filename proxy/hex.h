/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and digests as lower-case hex digits: the one reader of them.
 */
#ifndef HEX_H
#define HEX_H

#include "span.h"

/* Exactly 2 * n digits, 0-9 and a-f. -1: anything else; out may have been written to. */
MUST_CHECK int hex_read(struct span text, unsigned char *out, size_t n);
/* The same with line ends and spaces after it, as a key file has them. */
MUST_CHECK int hex_read_file(struct span text, unsigned char *out, size_t n);
/* 2 * n digits and a NUL. */
void hex_write(const unsigned char *bytes, size_t n, char *out);

#endif
