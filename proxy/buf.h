/* SPDX-License-Identifier: Apache-2.0
 *
 * An owned, growing run of bytes with a ceiling. A buffer that once failed (ceiling, out of memory) stays
 * failed and keeps refusing, so that a writer checks once at the end. All memory is wiped before it is freed.
 */
#ifndef BUF_H
#define BUF_H

#include "span.h"

struct buf {
    char *ptr;
    size_t len, size, ceiling;
    bool failed;
};

void buf_init(struct buf *b, size_t ceiling);
void buf_free(struct buf *b); /* wipes; the buffer is usable again as an empty one */
void buf_clear(struct buf *b); /* len 0, bytes wiped, memory kept; `failed` cleared */

/* Room for n more bytes at ptr + len; the caller adds to len what it wrote. -1 beyond the ceiling. */
MUST_CHECK int buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, struct span s);

static inline void buf_add_c(struct buf *b, const char *c_string) {
    buf_add(b, span_of(c_string));
}

static inline void buf_add_char(struct buf *b, char c) {
    if ((b->failed || b->len == b->size) && buf_reserve(b, 1) < 0) return;
    b->ptr[b->len++] = c;
}

void buf_add_number(struct buf *b, long long n);
/* printf-like, for numbers and configured names; never for text from a body. */
__attribute__((format(printf, 2, 3))) void buf_add_format(struct buf *b, const char *format, ...);
/* s escaped as the inside of a JSON string (RFC 8259 section 7), without the quotes. */
void buf_add_json_escaped(struct buf *b, struct span s);

void buf_consume(struct buf *b, size_t n); /* drops the first n bytes, the freed tail is wiped */

static inline struct span buf_span(const struct buf *b) {
    return (struct span){b->ptr, b->len};
}

#endif
