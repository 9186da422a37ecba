/* SPDX-License-Identifier: Apache-2.0
 *
 * Three libraries behind one loop: each call gives them what is left of the input and a fixed block for the output, which
 * is then counted before it is kept. Their memory holds text of bodies, so it is wiped before it is freed.
 */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_createDCtx_advanced: memory of our own */
#include "inflate.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "buf.h"

#define BLOCK (16u * 1024)
#define RATIO_MAX 200u              /* JSON of a chat comes down to a tenth; a hundredth is machine-made */
#define RATIO_FREE (1024u * 1024)   /* below this size the ratio does not matter */
#define ZSTD_WINDOW_LOG 23          /* 8 MiB */
#define GZIP_WINDOW (15 + 16)
#define RAW_WINDOW (-15)

struct inflate {
    enum inflate_coding coding;
    size_t max, in, out;
    bool begun, ended, held;
    char first; /* byte of "deflate", held until a second tells which form it is */
    z_stream zlib;
    BrotliDecoderState *brotli;
    ZSTD_DCtx *zstd;
    char block[BLOCK];
};

/* One call of a library. */
struct pull {
    struct span in; /* what is left of it afterwards */
    size_t made;    /* bytes in the block */
    bool ended, more; /* more: it has output left */
};

/* ---- memory that is wiped ---- */

static void *wiped_alloc(void *opaque, size_t size) {
    size_t *p;

    (void)opaque;
    if (size > SIZE_MAX - 16) return NULL;
    p = malloc(size + 16); /* keeps the alignment of malloc */
    if (!p) return NULL;
    *p = size;
    return (char *)p + 16;
}

static void wiped_free(void *opaque, void *address) {
    (void)opaque;
    if (!address) return;
    char *p = (char *)address - 16;
    size_t size;
    memcpy(&size, p, sizeof size);
    explicit_bzero(p, size + 16);
    free(p);
}

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size) {
    return wiped_alloc(opaque, (size_t)items * size);
}

/* ---- codings ---- */

enum inflate_coding inflate_coding_of(struct span field) {
    static const struct { const char *name; enum inflate_coding coding; } names[] = {
        {"identity", INFLATE_IDENTITY}, {"gzip", INFLATE_GZIP}, {"x-gzip", INFLATE_GZIP}, {"deflate", INFLATE_DEFLATE},
        {"br", INFLATE_BR}, {"zstd", INFLATE_ZSTD},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is_nocase(span_trim(field), names[i].name)) return names[i].coding;
    return INFLATE_UNKNOWN;
}

/* "deflate" is the zlib format, but some send the bare one: RFC 1950's header tells them apart. */
static bool has_zlib_header(struct span in) {
    unsigned first = (unsigned char)in.ptr[0], second = (unsigned char)in.ptr[1];
    return (first & 0x0f) == Z_DEFLATED && first >> 4 <= 7 && (first << 8 | second) % 31 == 0;
}

static bool open_zlib(struct inflate *i, struct span in) {
    int window = i->coding == INFLATE_GZIP ? GZIP_WINDOW : has_zlib_header(in) ? MAX_WBITS : RAW_WINDOW;

    i->zlib.zalloc = zlib_alloc;
    i->zlib.zfree = wiped_free;
    return inflateInit2(&i->zlib, window) == Z_OK;
}

static bool open_zstd(struct inflate *i) {
    i->zstd = ZSTD_createDCtx_advanced((ZSTD_customMem){wiped_alloc, wiped_free, NULL});
    return i->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(i->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static bool begin(struct inflate *i, struct span in) {
    i->begun = true;
    switch (i->coding) {
    case INFLATE_GZIP: case INFLATE_DEFLATE: return open_zlib(i, in);
    case INFLATE_BR: return (i->brotli = BrotliDecoderCreateInstance(wiped_alloc, wiped_free, NULL)) != NULL;
    case INFLATE_ZSTD: return open_zstd(i);
    case INFLATE_UNKNOWN: case INFLATE_IDENTITY: break;
    }
    return true;
}

/* ---- one call ---- */

static bool pull_zlib(struct inflate *i, struct pull *p) {
    size_t n = p->in.len < BLOCK ? p->in.len : BLOCK;

    i->zlib.next_in = (z_const Bytef *)p->in.ptr;
    i->zlib.avail_in = (uInt)n;
    i->zlib.next_out = (Bytef *)i->block;
    i->zlib.avail_out = BLOCK;
    int result = inflate(&i->zlib, Z_NO_FLUSH);
    p->made = BLOCK - i->zlib.avail_out;
    p->in = span_sub(p->in, n - i->zlib.avail_in, p->in.len);
    p->ended = result == Z_STREAM_END;
    p->more = i->zlib.avail_out == 0;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static bool pull_brotli(struct inflate *i, struct pull *p) {
    const uint8_t *next = (const uint8_t *)p->in.ptr;
    size_t left = p->in.len, room = BLOCK;
    uint8_t *out = (uint8_t *)i->block;

    BrotliDecoderResult result = BrotliDecoderDecompressStream(i->brotli, &left, &next, &room, &out, NULL);
    p->made = BLOCK - room;
    p->in = span_sub(p->in, p->in.len - left, p->in.len);
    p->ended = result == BROTLI_DECODER_RESULT_SUCCESS;
    p->more = result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    return result != BROTLI_DECODER_RESULT_ERROR;
}

static bool pull_zstd(struct inflate *i, struct pull *p) {
    ZSTD_inBuffer in = {p->in.ptr, p->in.len, 0};
    ZSTD_outBuffer out = {i->block, BLOCK, 0};

    size_t result = ZSTD_decompressStream(i->zstd, &out, &in);
    p->made = out.pos;
    p->in = span_sub(p->in, in.pos, p->in.len);
    p->ended = result == 0;
    p->more = out.pos == BLOCK;
    return !ZSTD_isError(result);
}

static bool pull_identity(struct inflate *i, struct pull *p) {
    p->made = p->in.len < BLOCK ? p->in.len : BLOCK;
    if (p->made) memcpy(i->block, p->in.ptr, p->made);
    p->in = span_sub(p->in, p->made, p->in.len);
    return true;
}

static bool pull(struct inflate *i, struct pull *p) {
    p->made = 0;
    p->ended = p->more = false;
    switch (i->coding) {
    case INFLATE_GZIP: case INFLATE_DEFLATE: return pull_zlib(i, p);
    case INFLATE_BR: return pull_brotli(i, p);
    case INFLATE_ZSTD: return pull_zstd(i, p);
    case INFLATE_IDENTITY: return pull_identity(i, p);
    case INFLATE_UNKNOWN: break;
    }
    return false;
}

/* ---- public ---- */

struct inflate *inflate_new(enum inflate_coding coding, size_t max) {
    struct inflate *i = coding == INFLATE_UNKNOWN ? NULL : calloc(1, sizeof *i);
    if (!i) return NULL;
    i->coding = coding;
    i->max = max;
    return i;
}

void inflate_free(struct inflate *i) {
    if (!i) return;
    if (i->zlib.zalloc) inflateEnd(&i->zlib);
    if (i->brotli) BrotliDecoderDestroyInstance(i->brotli);
    if (i->zstd) ZSTD_freeDCtx(i->zstd);
    explicit_bzero(i, sizeof *i);
    free(i);
}

static bool grows_too_much(const struct inflate *i) {
    return i->out > i->max || (i->coding != INFLATE_IDENTITY && i->out > RATIO_FREE && i->out / RATIO_MAX > i->in);
}

static enum inflate_result take(struct inflate *i, struct span bytes, struct buf *out) {
    struct pull p = {.in = bytes};

    if (bytes.len == 0) return INFLATE_OK;
    if (i->ended) return INFLATE_BROKEN;
    i->in += bytes.len;
    do {
        if (!pull(i, &p)) return INFLATE_BROKEN;
        i->out += p.made;
        if (grows_too_much(i)) return INFLATE_TOO_LARGE;
        buf_add(out, span_make(i->block, p.made));
        if (out->failed) return INFLATE_TOO_LARGE;
        i->ended = p.ended;
    } while (!i->ended && (p.in.len > 0 || p.more));
    return p.in.len > 0 ? INFLATE_BROKEN : INFLATE_OK;
}

/* The first bytes: "deflate" needs two of them. */
static enum inflate_result take_first(struct inflate *i, struct span bytes, struct buf *out) {
    char two[2] = {i->first, bytes.ptr[0]};

    if (i->coding != INFLATE_DEFLATE) return begin(i, bytes) ? take(i, bytes, out) : INFLATE_MEMORY;
    if (!i->held && bytes.len == 1) {
        i->first = bytes.ptr[0];
        i->held = true;
        return INFLATE_OK;
    }
    if (!begin(i, i->held ? span_make(two, 2) : bytes)) return INFLATE_MEMORY;
    enum inflate_result result = i->held ? take(i, span_make(two, 1), out) : INFLATE_OK;
    return result == INFLATE_OK ? take(i, bytes, out) : result;
}

enum inflate_result inflate_push(struct inflate *i, struct span bytes, struct buf *out) {
    if (bytes.len == 0) return INFLATE_OK;
    return i->begun ? take(i, bytes, out) : take_first(i, bytes, out);
}

enum inflate_result inflate_end(const struct inflate *i) {
    return i->ended || i->coding == INFLATE_IDENTITY ? INFLATE_OK : INFLATE_BROKEN;
}

enum inflate_result inflate_whole(enum inflate_coding coding, struct span in, size_t max, struct buf *out) {
    struct inflate *i = inflate_new(coding, max);

    if (!i) return coding == INFLATE_UNKNOWN ? INFLATE_BROKEN : INFLATE_MEMORY;
    enum inflate_result result = inflate_push(i, in, out);
    if (result == INFLATE_OK) result = inflate_end(i);
    inflate_free(i);
    return result;
}
