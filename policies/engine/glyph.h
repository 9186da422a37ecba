/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters of files that people write: UTF-8 (RFC 3629) and the characters that a reader of the file cannot
 * see, behind which another meaning could hide.
 */
#ifndef GLYPH_H
#define GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p (1..4) with its code point in out, or 0 when it is not well-formed UTF-8. */
size_t glyph_decode(const char *p, size_t len, uint32_t *out);

/* Control characters except tab, LF and CR; invisible, bidirectional, line-separating, private and unassigned
 * ("noncharacter") code points; spaces that are not U+0020. */
bool glyph_hidden(uint32_t code_point);

#endif
