/* SPDX-License-Identifier: Apache-2.0
 *
 * Content codings (RFC 9110 section 8.4.1) undone in pieces: gzip, deflate, br (RFC 7932), zstd (RFC 8878 with the
 * window limit of RFC 9659). A small input that grows without end is stopped by two limits, the size of the result and
 * its ratio to what came in.
 */
#ifndef INFLATE_H
#define INFLATE_H

#include "span.h"

struct buf;
struct inflate;

enum inflate_coding { INFLATE_UNKNOWN = 0, INFLATE_IDENTITY, INFLATE_GZIP, INFLATE_DEFLATE, INFLATE_BR, INFLATE_ZSTD };
enum inflate_result { INFLATE_BROKEN = 0, INFLATE_TOO_LARGE, INFLATE_MEMORY, INFLATE_OK };

/* Of a Content-Encoding field; a list of several is unknown. */
enum inflate_coding inflate_coding_of(struct span field);

/* NULL when out of memory, or for an unknown coding. max: bytes of the result. */
struct inflate *inflate_new(enum inflate_coding coding, size_t max);
void inflate_free(struct inflate *i); /* wipes */
/* Appends what the bytes give. Bytes behind the end of the coded data are broken. */
MUST_CHECK enum inflate_result inflate_push(struct inflate *i, struct span bytes, struct buf *out);
/* The input ended: INFLATE_OK only when the coded data did too. */
MUST_CHECK enum inflate_result inflate_end(const struct inflate *i);

/* All at once. */
MUST_CHECK enum inflate_result inflate_whole(enum inflate_coding coding, struct span in, size_t max, struct buf *out);

#endif
