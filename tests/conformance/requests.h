/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads requests.txt (its own comment tells the form) for tests written in C; http_conformance.py reads the same file.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/buf.h"
#include "../../proxy/span.h"

#define REQUESTS_FILE "tests/conformance/requests.txt"
#define REQUESTS_MAX 128

struct request {
    char name[64];
    bool accept;
    unsigned answers;
    struct buf bytes;
};

struct requests {
    struct request v[REQUESTS_MAX];
    size_t n;
};

static inline struct span requests_fill_in(struct span key) {
    static const struct {
        const char *key, *value;
    } table[] = {{"path", "/v1/things"}, {"get", "/v1/models"}, {"host", "gateway.example:8080"}, {"headers", ""},
                 {"body", "{\"a\":\"b\"}"}, {"length", "9"}, {"hex", "9"}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (span_is(key, table[i].key)) return span_of(table[i].value);
    fprintf(stderr, "requests.txt: unknown {%.*s}\n", (int)key.len, key.ptr);
    abort();
}

static inline size_t requests_escape(struct span text, size_t at, struct buf *out) {
    char c = text.ptr[at + 1];

    if (c == 'x') {
        char hex[3] = {text.ptr[at + 2], text.ptr[at + 3], '\0'};
        buf_add_char(out, (char)strtoul(hex, NULL, 16));
        return at + 4;
    }
    buf_add_char(out, (char)(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c));
    return at + 2;
}

static inline void requests_expand(struct span text, struct buf *out);

static inline void requests_brace(struct span inside, struct buf *out) {
    size_t star = span_find(inside, '*', 0);
    unsigned long long times;

    if (star == inside.len || span_decimal(span_sub(inside, 0, star), &times) < 0) {
        buf_add(out, requests_fill_in(inside));
        return;
    }
    while (times--)
        requests_expand(span_sub(inside, star + 1, inside.len), out);
}

static inline void requests_expand(struct span text, struct buf *out) {
    for (size_t at = 0; at < text.len;) {
        if (text.ptr[at] == '\\') {
            at = requests_escape(text, at, out);
        } else if (text.ptr[at] == '{') {
            size_t end = span_find(text, '}', at);
            requests_brace(span_sub(text, at + 1, end), out);
            at = end + 1;
        } else {
            buf_add_char(out, text.ptr[at++]);
        }
    }
}

static inline void requests_title(struct requests *r, const char *line) {
    struct request *q = &r->v[r->n++];
    char name[64] = "", verb[16] = "";
    const char *space = strchr(line, ' '), *end = space ? strchr(space + 1, ' ') : NULL;

    if (r->n == REQUESTS_MAX || !space) abort();
    if (!end) end = line + strlen(line);
    snprintf(verb, sizeof verb, "%.*s", (int)(space - line), line);
    snprintf(name, sizeof name, "%.*s", (int)(end - space - 1), space + 1);
    memcpy(q->name, name, sizeof name);
    q->accept = strcmp(verb, "accept") == 0;
    q->answers = *end ? (unsigned)strtoul(end, NULL, 10) : 1;
    buf_init(&q->bytes, 1 << 20);
}

/* Aborts when the file is missing or wrong: a test without its data must not pass. */
static inline struct requests *requests_load(void) {
    struct requests *r = calloc(1, sizeof *r);
    FILE *f = fopen(REQUESTS_FILE, "r");
    char line[4096];

    if (!r || !f) {
        perror(REQUESTS_FILE);
        abort();
    }
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        if (strncmp(line, "refuse ", 7) == 0 || strncmp(line, "accept ", 7) == 0)
            requests_title(r, line);
        else if (r->n)
            requests_expand(span_of(line), &r->v[r->n - 1].bytes);
    }
    fclose(f);
    return r;
}

static inline void requests_free(struct requests *r) {
    for (size_t i = 0; i < r->n; i++)
        buf_free(&r->v[i].bytes);
    free(r);
}

#endif
