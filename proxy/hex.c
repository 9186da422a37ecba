/* SPDX-License-Identifier: Apache-2.0
 *
 * Upper case is refused: a digest then has one way to be written, and texts can be compared.
 */
#include "hex.h"

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_read(struct span text, unsigned char *out, size_t n) {
    if (text.len != 2 * n) return -1;
    for (size_t i = 0; i < n; i++) {
        int high = digit_of(text.ptr[2 * i]), low = digit_of(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return -1;
        out[i] = (unsigned char)(high * 16 + low);
    }
    return 0;
}

int hex_read_file(struct span text, unsigned char *out, size_t n) {
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == ' '))
        text.len--;
    return hex_read(text, out, n);
}

void hex_write(const unsigned char *bytes, size_t n, char *out) {
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}
