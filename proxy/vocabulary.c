/* SPDX-License-Identifier: Apache-2.0
 *
 * One table, cl100k_base: that of OpenAI's embedding models and of the last models with plain completions, the two
 * interfaces that take numbers.
 */
#include "vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "inflate.h"

#define MAGIC "PGVOC1\n"
#define HEAD (sizeof MAGIC - 1 + 4)
#define FILE_MAX (8u << 20)
#define TABLE_MAX (16u << 20)

struct vocabulary {
    struct buf table;
    uint32_t n;
    uint32_t *offsets; /* n + 1, into the bytes of the tokens */
    const char *bytes;
};

static int read_file(const char *path, struct buf *out) {
    char block[16384];
    FILE *f = fopen(path, "rbe");
    size_t n;

    if (!f) return -1;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_add(out, span_make(block, n));
    int bad = ferror(f);
    fclose(f);
    return bad || out->failed ? -1 : 0;
}

static uint32_t number_at(const char *p) {
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static int read_table(struct vocabulary *v) {
    struct span t = buf_span(&v->table);

    if (t.len < HEAD || memcmp(t.ptr, MAGIC, sizeof MAGIC - 1) != 0) return -1;
    v->n = number_at(t.ptr + sizeof MAGIC - 1);
    if (v->n > t.len - HEAD) return -1;
    v->offsets = calloc((size_t)v->n + 1, sizeof *v->offsets);
    if (!v->offsets) return -1;
    const unsigned char *lengths = (const unsigned char *)t.ptr + HEAD;
    for (uint32_t i = 0; i < v->n; i++)
        v->offsets[i + 1] = v->offsets[i] + lengths[i];
    v->bytes = t.ptr + HEAD + v->n;
    return v->offsets[v->n] == t.len - HEAD - v->n ? 0 : -1;
}

struct vocabulary *vocabulary_load(const char *path) {
    struct vocabulary *v = calloc(1, sizeof *v);
    struct buf file;

    if (!v) return NULL;
    buf_init(&file, FILE_MAX);
    buf_init(&v->table, TABLE_MAX);
    bool good = read_file(path, &file) == 0 &&
                inflate_whole(INFLATE_ZSTD, buf_span(&file), TABLE_MAX, &v->table) == INFLATE_OK && read_table(v) == 0;
    buf_free(&file);
    if (good) return v;
    vocabulary_free(v);
    return NULL;
}

void vocabulary_free(struct vocabulary *v) {
    if (!v) return;
    buf_free(&v->table);
    free(v->offsets);
    free(v);
}

struct span vocabulary_token(const struct vocabulary *v, uint64_t id) {
    if (id >= v->n) return span_make(NULL, 0);
    return span_make(v->bytes + v->offsets[id], v->offsets[id + 1] - v->offsets[id]);
}

bool vocabulary_is_of(const struct vocabulary *v, struct span model) {
    static const char *const models[] = {"text-embedding-3-*", "text-embedding-ada-002", "gpt-3.5-turbo-instruct*",
                                         "davinci-002", "babbage-002"};
    for (size_t i = 0; v && i < sizeof models / sizeof *models; i++)
        if (span_glob(model, models[i])) return true;
    return false;
}
