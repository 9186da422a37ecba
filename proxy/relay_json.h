/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer that is one JSON document, an error of the upstream included.
 */
#ifndef RELAY_JSON_H
#define RELAY_JSON_H

#include "span.h"

struct answer;
struct buf;
struct relay_result;
struct relay_text;

/* Appends the document with the caller's values. -1: not strict JSON, or a limit; nothing was appended then. */
MUST_CHECK int relay_json(struct relay_text *x, struct span body, struct relay_result *result, struct buf *out);
/* Lines of JSON, the results of a batch: each as a document, and the id that the client gave it. -1: as above, at any line. */
MUST_CHECK int relay_lines(struct relay_text *x, struct span body, struct relay_result *result, struct buf *out);
/* Moves the numbers of citations that stand beside the text they count in. */
MUST_CHECK int relay_json_indexes(struct relay_text *x, const struct answer *w);

#endif
