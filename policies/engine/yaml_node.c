/* SPDX-License-Identifier: Apache-2.0
 *
 * From bytes to a tree, in three passes: characters (UTF-8, nothing hidden), libyaml events into nodes, and a
 * look for duplicate keys whenever a map closes. libyaml follows YAML 1.1 and is generous: it takes several
 * documents, anchors, tags and any depth, and its time grows with the square of the depth. So this reader
 * counts depth and events itself and stops the parser at the first excess.
 *
 *   bytes --check_characters--> events --builder--> frames (open lists and maps) --close--> nodes
 */
#include "yaml_node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "../../proxy/arena.h"
#include "diag.h"
#include "glyph.h"

#define FILE_MAX   (1024u * 1024)
#define DEPTH_MAX  16u
#define EVENTS_MAX 50000u
#define ARENA_MAX  (64u * 1024 * 1024)

struct yaml_doc {
    struct arena *arena;
    const char *name, *source;
    size_t source_len;
    struct yaml_node *root;
};

/* An open list or map. key: the key that waits for its value. */
struct frame {
    struct yaml_node *node, *key;
    size_t size;
};

struct builder {
    struct yaml_doc *doc;
    struct diag *diag;
    struct frame stack[DEPTH_MAX];
    size_t depth, events, documents;
    bool stop; /* a mistake after which nothing that follows can be trusted */
};

/* ---- characters ---- */

static void position_mistake(struct diag *d, const struct yaml_doc *doc, uint32_t line, uint32_t column,
                             const char *message) {
    diag_add(d, doc->name, doc->source, line, column, "%s", message);
}

static void character_mistake(struct diag *d, const struct yaml_doc *doc, uint32_t line, uint32_t column,
                              size_t n, uint32_t c) {
    if (n == 0) {
        position_mistake(d, doc, line, column, "this is not UTF-8; save the file as UTF-8");
        return;
    }
    if (c == 0xFEFF && line == 1 && column == 1) {
        position_mistake(d, doc, line, column, "the file begins with a byte order mark; save it without one");
        return;
    }
    diag_add(d, doc->name, doc->source, line, column,
             "the character U+%04X cannot be seen and is not allowed; remove it or write its number", c);
}

/* Broken UTF-8 ends the pass, because columns mean nothing after it, and so does U+0000: such a file has thousands. */
static int check_characters(const struct yaml_doc *doc, struct diag *d) {
    uint32_t line = 1, column = 1;
    int result = 0;

    for (size_t i = 0; i < doc->source_len;) {
        uint32_t c = 0;
        size_t n = glyph_decode(doc->source + i, doc->source_len - i, &c);
        bool lone_return = c == '\r' && (i + 1 == doc->source_len || doc->source[i + 1] != '\n');
        if (n == 0 || glyph_hidden(c) || lone_return) {
            character_mistake(d, doc, line, column, n, c);
            result = -1;
        }
        if (n == 0 || c == 0) break;
        i += n;
        column++;
        if (c != '\n') continue;
        line++;
        column = 1;
    }
    return result;
}

/* ---- nodes ---- */

static void node_mistake(struct builder *b, const struct yaml_node *n, const char *message) {
    position_mistake(b->diag, b->doc, n->line, n->column, message);
}

static struct yaml_node *node_new(struct builder *b, const yaml_event_t *event, enum yaml_type type) {
    struct yaml_node *n = arena_alloc(b->doc->arena, sizeof *n);
    if (!n) return NULL;
    n->type = type;
    n->file = b->doc->name;
    n->source = b->doc->source;
    n->line = (uint32_t)event->start_mark.line + 1;
    n->column = (uint32_t)event->start_mark.column + 1;
    return n;
}

/* Escapes in a double-quoted text can make characters that the file itself does not show. */
static void check_scalar(struct builder *b, const struct yaml_node *n) {
    for (size_t i = 0; i < n->len;) {
        uint32_t c = 0;
        size_t step = glyph_decode(n->text + i, n->len - i, &c);
        if (step == 0 || glyph_hidden(c)) {
            node_mistake(b, n, "an escape in this text makes a character that cannot be seen");
            return;
        }
        i += step;
    }
}

static struct yaml_node *scalar_new(struct builder *b, const yaml_event_t *event) {
    struct yaml_node *n = node_new(b, event, YAML_NODE_SCALAR);
    if (!n) return NULL;
    n->len = event->data.scalar.length;
    n->text = arena_copy(b->doc->arena, span_make((const char *)event->data.scalar.value, n->len));
    if (!n->text) return NULL;
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.anchor) node_mistake(b, n, "anchors (&name) are not allowed; write the value out");
    if (event->data.scalar.tag) node_mistake(b, n, "tags (!name) are not allowed");
    check_scalar(b, n);
    return n;
}

static struct yaml_node *alias_new(struct builder *b, const yaml_event_t *event) {
    struct yaml_node *n = node_new(b, event, YAML_NODE_SCALAR);
    if (!n) return NULL;
    n->text = "";
    node_mistake(b, n, "aliases (*name) are not allowed; write the value out");
    return n;
}

static struct yaml_node *container_new(struct builder *b, const yaml_event_t *event) {
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    struct yaml_node *n = node_new(b, event, list ? YAML_NODE_LIST : YAML_NODE_MAP);
    if (!n) return NULL;
    const void *anchor = list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    const void *tag = list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    if (anchor) node_mistake(b, n, "anchors (&name) are not allowed; write the value out");
    if (tag) node_mistake(b, n, "tags (!name) are not allowed");
    return n;
}

/* ---- frames ---- */

static int frame_grow(struct builder *b, struct frame *f) {
    struct yaml_node *n = f->node;
    if (n->n < f->size) return 0;

    size_t size = f->size ? f->size * 2 : 4;
    size_t old_bytes = f->size * sizeof *n->items, new_bytes = size * sizeof *n->items;
    n->items = arena_grow(b->doc->arena, n->items, old_bytes, new_bytes);
    if (!n->items) return -1;
    if (n->type == YAML_NODE_MAP) {
        n->keys = arena_grow(b->doc->arena, n->keys, old_bytes, new_bytes);
        if (!n->keys) return -1;
    }
    f->size = size;
    return 0;
}

static void take_key(struct builder *b, struct frame *f, struct yaml_node *key) {
    if (key->type != YAML_NODE_SCALAR) {
        node_mistake(b, key, "a key must be a word");
        b->stop = true;
        return;
    }
    if (!key->quoted && strcmp(key->text, "<<") == 0) node_mistake(b, key, "merge keys (<<) are not allowed");
    f->key = key;
}

/* Puts a finished or opening node into its parent. */
static int attach(struct builder *b, struct yaml_node *n) {
    if (b->depth == 0) {
        b->doc->root = n;
        return 0;
    }
    struct frame *f = &b->stack[b->depth - 1];
    if (f->node->type == YAML_NODE_MAP && !f->key) {
        take_key(b, f, n);
        return 0;
    }
    if (frame_grow(b, f) != 0) return -1;
    if (f->key) f->node->keys[f->node->n] = f->key;
    f->key = NULL;
    f->node->items[f->node->n++] = n;
    return 0;
}

static int open_container(struct builder *b, struct yaml_node *n) {
    if (b->depth == DEPTH_MAX) {
        node_mistake(b, n, "too deep: at most 16 levels");
        b->stop = true;
        return 0;
    }
    if (attach(b, n) != 0) return -1;
    if (!b->stop) b->stack[b->depth++] = (struct frame){.node = n};
    return 0;
}

static int compare_keys(const void *a, const void *b) {
    const struct yaml_node *x = *(struct yaml_node *const *)a, *y = *(struct yaml_node *const *)b;
    int order = strcmp(x->text, y->text);
    if (order != 0) return order;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

static int close_container(struct builder *b) {
    struct yaml_node *n = b->stack[--b->depth].node;
    if (n->type != YAML_NODE_MAP || n->n < 2) return 0;

    struct yaml_node **sorted = malloc(n->n * sizeof *sorted);
    if (!sorted) return -1;
    memcpy(sorted, n->keys, n->n * sizeof *sorted);
    qsort(sorted, n->n, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < n->n; i++) {
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) != 0) continue;
        diag_add(b->diag, b->doc->name, b->doc->source, sorted[i]->line, sorted[i]->column,
                 "duplicate key \"%s\"; it is already in line %u", sorted[i]->text, sorted[i - 1]->line);
    }
    free(sorted);
    return 0;
}

/* ---- events ---- */

static void event_mistake(struct builder *b, const yaml_event_t *event, const char *message) {
    position_mistake(b->diag, b->doc, (uint32_t)event->start_mark.line + 1,
                     (uint32_t)event->start_mark.column + 1, message);
    b->stop = true;
}

static void start_document(struct builder *b, const yaml_event_t *event) {
    if (++b->documents > 1)
        event_mistake(b, event, "a second document; one file holds one document");
    else if (event->data.document_start.version_directive ||
             event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        event_mistake(b, event, "directives (%) are not allowed");
}

static int add_node(struct builder *b, struct yaml_node *n) {
    if (!n) return -1;
    return n->type == YAML_NODE_SCALAR ? attach(b, n) : open_container(b, n);
}

/* 0, or -1 when out of memory. */
static int take_event(struct builder *b, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        start_document(b, event);
        return 0;
    case YAML_ALIAS_EVENT:
        return add_node(b, alias_new(b, event));
    case YAML_SCALAR_EVENT:
        return add_node(b, scalar_new(b, event));
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return add_node(b, container_new(b, event));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_container(b);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return -1;
}

static void syntax_mistake(struct builder *b, const yaml_parser_t *parser) {
    uint32_t line = (uint32_t)parser->problem_mark.line + 1,
             column = (uint32_t)parser->problem_mark.column + 1;
    const char *context = parser->context ? parser->context : "", *gap = parser->context ? ": " : "";
    diag_add(b->diag, b->doc->name, b->doc->source, line, column, "this is not YAML: %s%s%s", context, gap,
             parser->problem ? parser->problem : "the text ends too early");
}

static int read_events(struct builder *b, yaml_parser_t *parser) {
    for (bool end = false; !end && !b->stop;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR) return -1;
            syntax_mistake(b, parser);
            return 0;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        if (++b->events > EVENTS_MAX) event_mistake(b, &event, "too many entries: at most 50,000 in a file");
        int result = b->stop ? 0 : take_event(b, &event);
        yaml_event_delete(&event);
        if (result != 0) return -1;
    }
    return 0;
}

static int build(struct yaml_doc *doc, struct diag *d) {
    struct builder b = {.doc = doc, .diag = d};
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) return -1;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)doc->source, doc->source_len);
    int result = read_events(&b, &parser);
    yaml_parser_delete(&parser);
    return result;
}

static void check_root(const struct yaml_doc *doc, struct diag *d) {
    if (!doc->root || (doc->root->type == YAML_NODE_SCALAR && doc->root->len == 0))
        position_mistake(d, doc, 1, 1, "the file is empty");
    else if (doc->root->type != YAML_NODE_MAP)
        yaml_error(doc->root, d, "the file must begin with \"key: value\" lines");
}

/* ---- public ---- */

struct yaml_doc *yaml_load_text(const char *name, const char *text, size_t len, struct diag *d) {
    size_t mistakes = diag_count(d);
    if (len > FILE_MAX) {
        diag_add(d, name, NULL, 0, 0, "the file is larger than 1 MiB");
        return NULL;
    }
    struct yaml_doc *doc = calloc(1, sizeof *doc);
    if (!doc) goto no_memory;
    doc->arena = arena_new(ARENA_MAX);
    if (!doc->arena) goto no_memory;
    doc->name = arena_copy(doc->arena, span_of(name));
    doc->source = arena_copy(doc->arena, span_make(text, len));
    doc->source_len = len;
    if (!doc->name || !doc->source) goto no_memory;

    if (check_characters(doc, d) == 0) {
        if (build(doc, d) != 0) goto no_memory;
        if (diag_count(d) == mistakes) check_root(doc, d);
    }
    if (diag_count(d) == mistakes) return doc;
    yaml_doc_free(doc);
    return NULL;

no_memory:
    diag_add(d, name, NULL, 0, 0, "out of memory");
    yaml_doc_free(doc);
    return NULL;
}

/* Reads at most one byte more than is allowed, so that a file that grows meanwhile cannot exceed it. */
static ssize_t read_file(int fd, char *out, size_t size) {
    size_t used = 0;
    while (used < size) {
        ssize_t n = read(fd, out + used, size - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

struct yaml_doc *yaml_load_file(const char *path, struct diag *d) {
    struct yaml_doc *doc = NULL;
    struct stat st;
    char *text = malloc(FILE_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, &st) != 0) {
        diag_add(d, path, NULL, 0, 0, "cannot be read: %s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        diag_add(d, path, NULL, 0, 0, "is not a regular file");
    } else if (!text) {
        diag_add(d, path, NULL, 0, 0, "out of memory");
    } else {
        ssize_t len = read_file(fd, text, FILE_MAX + 1);
        if (len < 0)
            diag_add(d, path, NULL, 0, 0, "cannot be read: %s", strerror(errno));
        else
            doc = yaml_load_text(path, text, (size_t)len, d);
    }
    if (fd >= 0) close(fd);
    free(text);
    return doc;
}

void yaml_doc_free(struct yaml_doc *doc) {
    if (!doc) return;
    arena_free(doc->arena);
    free(doc);
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc) {
    return doc->root;
}

const char *yaml_source(const struct yaml_doc *doc, size_t *len) {
    *len = doc->source_len;
    return doc->source;
}

void yaml_error(const struct yaml_node *n, struct diag *d, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag_add(d, n->file, n->source, n->line, n->column, "%s", text);
}
