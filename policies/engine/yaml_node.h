/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML file as a tree of nodes that remember where they stand. Stricter than YAML, because half a policy
 * must not load as a whole one: one document, UTF-8, at most 1 MiB, depth 16, 50,000 events; no anchors,
 * aliases, merge keys, tags, duplicate keys; no invisible or bidirectional control characters. Scalars are
 * text; a type is what the schema asks for, never guessed (`no` is a word, `0o17` is not a number).
 */
#ifndef YAML_NODE_H
#define YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag;

enum yaml_type { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP };

struct yaml_node {
    enum yaml_type type;
    const char *file, *source;
    uint32_t line, column; /* from 1 */
    bool quoted;           /* scalar written in quotes */
    const char *text;      /* scalar, NUL-terminated; NULs inside are refused at load */
    size_t len;
    size_t n;                  /* items of a list, pairs of a map */
    struct yaml_node **items;  /* list: n items. map: n values */
    struct yaml_node **keys;   /* map: n keys */
};

struct yaml_doc;

/* NULL when there were mistakes (they are in d). name: shown in messages. */
struct yaml_doc *yaml_load_file(const char *path, struct diag *d);
struct yaml_doc *yaml_load_text(const char *name, const char *text, size_t len, struct diag *d);
void yaml_doc_free(struct yaml_doc *doc); /* not yaml_free: libyaml exports that name */
const struct yaml_node *yaml_root(const struct yaml_doc *doc); /* always a map */
const char *yaml_source(const struct yaml_doc *doc, size_t *len); /* the bytes as read, for digests */

/* The value of key or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* The same where it is a list or a map; else NULL, and yaml_check has said so. */
const struct yaml_node *yaml_list(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_map(const struct yaml_node *map, const char *key);

/* A schema is a table: keys that a map may have. Unknown key -> mistake with the nearest known word. Missing
 * required key -> mistake at the map. Returns 0, or -1 when it added mistakes. */
struct yaml_key {
    const char *name;
    enum yaml_type type;
    bool required;
    bool any_type; /* the reader checks the type itself */
};
int yaml_check(const struct yaml_node *map, const struct yaml_key *keys, size_t n, struct diag *d);

/* Typed readers. Each adds a mistake and returns -1 when the node is not of that form; NULL, a key that is missing, is -1
 * without one. After yaml_check everything that is there can still be read, so that all mistakes of a file show at once. */
int yaml_string(const struct yaml_node *n, const char **out, struct diag *d);
int yaml_bool(const struct yaml_node *n, bool *out, struct diag *d);           /* true | false */
int yaml_int(const struct yaml_node *n, long long min, long long max, long long *out, struct diag *d);
int yaml_size(const struct yaml_node *n, uint64_t *out, struct diag *d);       /* 16KiB, 32MiB, 4096 */
int yaml_duration_ms(const struct yaml_node *n, uint64_t *out, struct diag *d); /* 500ms 10s 5m 24h 30d */
int yaml_date(const struct yaml_node *n, int *days, struct diag *d); /* 2026-01-15 -> days since 1970-01-01 */
int yaml_enum(const struct yaml_node *n, const char *const *words, size_t n_words, int *out, struct diag *d);

void yaml_error(const struct yaml_node *n, struct diag *d, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
