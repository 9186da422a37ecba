/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing byte buffer. realloc would leave an unwiped copy behind, so growth is malloc, copy, wipe, free.
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 256u

void buf_init(struct buf *b, size_t ceiling) {
    *b = (struct buf){.ceiling = ceiling};
}

void buf_free(struct buf *b) {
    if (b->ptr) {
        explicit_bzero(b->ptr, b->size);
        free(b->ptr);
    }
    buf_init(b, b->ceiling);
}

void buf_clear(struct buf *b) {
    if (b->len) explicit_bzero(b->ptr, b->len);
    b->len = 0;
    b->failed = false;
}

static int grow(struct buf *b, size_t size) {
    char *p = malloc(size);
    if (!p) return -1;
    if (b->len) memcpy(p, b->ptr, b->len);
    if (b->ptr) {
        explicit_bzero(b->ptr, b->len);
        free(b->ptr);
    }
    b->ptr = p;
    b->size = size;
    return 0;
}

int buf_reserve(struct buf *b, size_t n) {
    if (b->failed) return -1;
    if (n > b->ceiling || b->len > b->ceiling - n) goto fail;
    if (n <= b->size - b->len) return 0;

    size_t want = b->size ? b->size : SMALLEST < b->ceiling ? SMALLEST : b->ceiling; /* size is never above the ceiling */
    while (want - b->len < n)
        want = want > b->ceiling / 2 ? b->ceiling : want * 2;
    if (grow(b, want) == 0) return 0;
fail:
    b->failed = true;
    return -1;
}

void buf_add(struct buf *b, struct span s) {
    if (s.len == 0) return;
    if ((b->failed || s.len > b->size - b->len) && buf_reserve(b, s.len) < 0) return;
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

void buf_add_number(struct buf *b, long long n) {
    char digits[20];
    size_t at = sizeof digits;
    unsigned long long left = n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (n < 0) digits[--at] = '-';
    buf_add(b, span_make(digits + at, sizeof digits - at));
}

void buf_add_format(struct buf *b, const char *format, ...) {
    char line[1024];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line) {
        b->failed = true;
        return;
    }
    buf_add(b, span_make(line, (size_t)n));
}

void buf_add_json_escaped(struct buf *b, struct span s) {
    static const char hex[] = "0123456789abcdef";
    size_t clean = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        char esc[6] = {'\\', 0, 0, 0, 0, 0};
        size_t n = 2;

        if (s.len - i >= 8 && span_eight_plain(s.ptr + i)) {
            i += 7;
            continue;
        }
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        switch (c) {
        case '"': case '\\': esc[1] = (char)c; break;
        case '\n': esc[1] = 'n'; break;
        case '\r': esc[1] = 'r'; break;
        case '\t': esc[1] = 't'; break;
        case '\b': esc[1] = 'b'; break;
        case '\f': esc[1] = 'f'; break;
        default:
            memcpy(esc, "\\u00", 4);
            esc[4] = hex[c >> 4];
            esc[5] = hex[c & 15];
            n = 6;
            break;
        }
        buf_add(b, span_sub(s, clean, i));
        buf_add(b, span_make(esc, n));
        clean = i + 1;
    }
    buf_add(b, span_sub(s, clean, s.len));
}

void buf_consume(struct buf *b, size_t n) {
    if (n > b->len) n = b->len;
    if (n == 0) return;
    memmove(b->ptr, b->ptr + n, b->len - n);
    explicit_bzero(b->ptr + b->len - n, n);
    b->len -= n;
}
