/* SPDX-License-Identifier: Apache-2.0
 *
 * multipart/form-data (RFC 7578), read strictly and written anew. What two readers could take apart differently is no form:
 * text before the first or behind the last boundary, space behind a boundary, line ends other than CRLF, folded or unknown
 * header lines, a transfer encoding, names that are no words. Nothing of what was read is written but names of fields and data.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include "span.h"

struct buf;

#define MULTIPART_PARTS_MAX 64u
#define MULTIPART_BOUNDARY 40u /* of what is written, with its end */

struct multipart_part {
    struct span name;     /* letters, digits and -_.[] */
    struct span type;     /* its Content-Type, or empty */
    struct span data;
    struct span filename; /* as it stands between the quotes; says what kind of file it is and is never passed on */
    bool file;            /* it had one */
};

/* The boundary of a Content-Type header "multipart/form-data; boundary=..."; -1 when it is another, or has other parameters. */
MUST_CHECK int multipart_boundary(struct span content_type, struct span *boundary);

/* The parts in order. 0, or -1: no form that every reader takes apart alike, or more than `max` parts. */
MUST_CHECK int multipart_read(struct span body, struct span boundary, struct multipart_part *parts, size_t max, size_t *n);

/* A boundary that nobody can foresee; -1 without randomness. */
MUST_CHECK int multipart_make_boundary(char out[MULTIPART_BOUNDARY]);
/* filename, type: constants of the program, or NULL. */
void multipart_add(struct buf *out, const char *boundary, struct span name, const char *filename, const char *type, struct span data);
void multipart_end(struct buf *out, const char *boundary);

#endif
