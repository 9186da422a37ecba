/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 by the table of RFC 3629 section 4: the second byte carries all of the irregular limits.
 */
#include "utf8.h"

#include <string.h>

#include "json.h"

static bool continues(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

static size_t length_of_3(const unsigned char *p, size_t left) {
    unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80, high = p[0] == 0xED ? 0x9F : 0xBF;
    return left >= 3 && p[1] >= low && p[1] <= high && continues(p[2]) ? 3 : 0;
}

static size_t length_of_4(const unsigned char *p, size_t left) {
    unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80, high = p[0] == 0xF4 ? 0x8F : 0xBF;
    return left >= 4 && p[1] >= low && p[1] <= high && continues(p[2]) && continues(p[3]) ? 4 : 0;
}

size_t utf8_length(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2) return 0;
    if (p[0] < 0xE0) return left >= 2 && continues(p[1]) ? 2 : 0;
    if (p[0] < 0xF0) return length_of_3(p, left);
    if (p[0] < 0xF5) return length_of_4(p, left);
    return 0;
}

size_t utf8_write(uint32_t scalar, char *out) {
    unsigned char *o = (unsigned char *)out;

    if (scalar < 0x80) {
        o[0] = (unsigned char)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        o[0] = (unsigned char)(0xC0 | scalar >> 6);
        o[1] = (unsigned char)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        o[0] = (unsigned char)(0xE0 | scalar >> 12);
        o[1] = (unsigned char)(0x80 | (scalar >> 6 & 0x3F));
        o[2] = (unsigned char)(0x80 | (scalar & 0x3F));
        return 3;
    }
    o[0] = (unsigned char)(0xF0 | scalar >> 18);
    o[1] = (unsigned char)(0x80 | (scalar >> 12 & 0x3F));
    o[2] = (unsigned char)(0x80 | (scalar >> 6 & 0x3F));
    o[3] = (unsigned char)(0x80 | (scalar & 0x3F));
    return 4;
}

size_t utf8_check(struct span s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;

    while (i < s.len) {
        uint64_t eight;
        while (s.len - i >= 8) {
            memcpy(&eight, p + i, 8);
            if (eight & 0x8080808080808080u) break;
            i += 8;
        }
        if (i == s.len) break;
        size_t n = utf8_length(p + i, s.len - i);
        if (n == 0) return i;
        i += n;
    }
    return s.len;
}
