/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 as RFC 3629 draws it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * utf8_check over a whole text is declared in json.h.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the character at p (1 to 4), or 0 when the bytes there are none. left: bytes at p, at least 1. */
size_t utf8_length(const unsigned char *p, size_t left);

/* Writes a scalar value; out has room for 4 bytes. Returns the length. */
size_t utf8_write(uint32_t scalar, char *out);

#endif
