/* SPDX-License-Identifier: Apache-2.0
 *
 * Body framing (RFC 9112 sections 6 and 7): by length, or in chunks.
 *
 *   SIZE --;--> EXTENSION        hex digits, at most 8; a line of at most 256 bytes
 *     |CR           |CR
 *     v             v
 *   SIZE_LF --size 0--> TRAILER_START --CR--> LAST_LF --> END
 *     | size > 0          |     ^
 *     v                   v     |LF
 *   DATA -> DATA_CR -> DATA_LF -> SIZE      NAME -> VALUE -> VALUE_LF
 */
#include "http1.h"

#include <string.h>

#define CHUNK_DIGITS_MAX 8u
#define CHUNK_LINE_MAX 256u
#define TRAILERS_MAX 8192u

/* The zero state takes nothing: a body that was never set up is bad framing. */
enum state { BAD = 0, LENGTH, SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER_START, NAME, VALUE, VALUE_LF,
             LAST_LF, END };

void http1_body_init(struct http1_body *b, const struct http1_head *h) {
    *b = (struct http1_body){.chunked = h->chunked};
    if (h->chunked) {
        b->state = SIZE;
        return;
    }
    b->left = h->length;
    b->ended = h->length == 0;
    b->state = b->ended ? END : LENGTH;
}

static int hex_value(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_text(unsigned char c) {
    return (c >= 0x20 && c != 0x7F) || c == '\t';
}

static bool is_name(unsigned char c) {
    if (hex_value(c) >= 0 || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z')) return true;
    return c > ' ' && c < 0x7F && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static enum state after_size(struct http1_body *b) {
    b->line = 0;
    return b->left ? DATA : TRAILER_START;
}

static enum state size_byte(struct http1_body *b, unsigned char c) {
    int digit = hex_value(c);

    if (digit >= 0) {
        if (b->line == CHUNK_DIGITS_MAX) return BAD;
        b->left = b->left * 16 + (unsigned)digit;
        b->line++;
        return SIZE;
    }
    if (b->line == 0) return BAD;
    if (c == '\r') return SIZE_LF;
    return c == ';' ? EXTENSION : BAD;
}

static enum state extension_byte(struct http1_body *b, unsigned char c) {
    if (c == '\r') return SIZE_LF;
    if (!is_text(c) || ++b->line > CHUNK_LINE_MAX) return BAD;
    return EXTENSION;
}

static enum state trailer_byte(struct http1_body *b, enum state state, unsigned char c) {
    if (++b->trailers > TRAILERS_MAX) return BAD;
    if (state == VALUE) return c == '\r' ? VALUE_LF : is_text(c) ? VALUE : BAD;
    if (state == TRAILER_START && c == '\r') return LAST_LF;
    if (is_name(c)) return NAME;
    return state == NAME && c == ':' ? VALUE : BAD;
}

/* One byte that is not data. */
static enum state step(struct http1_body *b, unsigned char c) {
    enum state state = (enum state)b->state;

    switch (state) {
    case SIZE: return size_byte(b, c);
    case EXTENSION: return extension_byte(b, c);
    case SIZE_LF: return c == '\n' ? after_size(b) : BAD;
    case DATA_CR: return c == '\r' ? DATA_LF : BAD;
    case DATA_LF: return c == '\n' ? SIZE : BAD;
    case TRAILER_START:
    case NAME:
    case VALUE: return trailer_byte(b, state, c);
    case VALUE_LF: return c == '\n' ? TRAILER_START : BAD;
    case LAST_LF: return c == '\n' ? END : BAD;
    case BAD:
    case LENGTH:
    case DATA:
    case END: return BAD;
    }
    return BAD;
}

static struct span take_data(struct http1_body *b, struct span rest) {
    size_t n = rest.len < b->left ? rest.len : (size_t)b->left;

    b->left -= n;
    b->total += n;
    if (b->left == 0) b->state = b->state == LENGTH ? END : DATA_CR;
    b->ended = b->state == END;
    return span_sub(rest, 0, n);
}

int http1_body_read(struct http1_body *b, struct span bytes, size_t *used, struct span *data) {
    size_t at = 0;

    *used = 0;
    *data = (struct span){NULL, 0};
    if (b->ended) return 0;
    while (at < bytes.len && b->state != LENGTH && b->state != DATA) {
        b->state = (uint8_t)step(b, (unsigned char)bytes.ptr[at++]);
        if (b->state == BAD) return -1;
        b->ended = b->state == END;
        if (b->ended) break;
    }
    if (at < bytes.len && !b->ended) {
        *data = take_data(b, span_sub(bytes, at, bytes.len));
        at += data->len;
    }
    *used = at;
    return 0;
}
