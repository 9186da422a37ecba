/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict on reading: two texts for the same bytes would make two proofs of the same record.
 */
#include "audit_base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void audit_base64_add(struct buf *out, struct span bytes) {
    const unsigned char *p = (const unsigned char *)bytes.ptr;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned word = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0u);
        buf_add_char(out, digits[word >> 18]);
        buf_add_char(out, digits[word >> 12 & 63]);
        buf_add_char(out, left > 1 ? digits[word >> 6 & 63] : '=');
        buf_add_char(out, left > 2 ? digits[word & 63] : '=');
    }
}

static int value_of(char c) {
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Four digits; the last one or two may be padding when this is the last group. */
static int read_group(const char *p, bool last, struct buf *out) {
    unsigned pad = last && p[3] == '=' ? (p[2] == '=' ? 2 : 1) : 0;
    unsigned word = 0;

    for (unsigned i = 0; i < 4; i++) {
        int v = i >= 4 - pad ? 0 : value_of(p[i]);
        if (v < 0) return -1;
        word = word << 6 | (unsigned)v;
    }
    if (pad && (word & (pad == 2 ? 0xFFFFu : 0xFFu))) return -1;
    buf_add_char(out, (char)(word >> 16));
    if (pad < 2) buf_add_char(out, (char)(word >> 8 & 0xFF));
    if (pad < 1) buf_add_char(out, (char)(word & 0xFF));
    return 0;
}

int audit_base64_read(struct span text, struct buf *out) {
    if (text.len % 4) return -1;
    for (size_t i = 0; i < text.len; i += 4)
        if (read_group(text.ptr + i, i + 4 == text.len, out) < 0) return -1;
    return out->failed ? -1 : 0;
}

int audit_base64_fixed(struct span text, unsigned char *out, size_t n) {
    struct buf b;

    buf_init(&b, n + 1);
    int rc = audit_base64_read(text, &b) == 0 && b.len == n ? 0 : -1;
    if (rc == 0) memcpy(out, b.ptr, n);
    buf_free(&b);
    return rc;
}
