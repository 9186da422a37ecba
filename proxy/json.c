/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner is a loop over three questions: what may come here (`expect`), which container are we in
 * (`frames`), was this key here before (`keys`). Strings are checked while their end is searched, so a text is
 * read once.
 *
 * Duplicate keys: all open objects share one stack of keys and one open-addressing table over it.
 *
 *   keys:  | model | messages | role | content |      an object's keys go when it ends, last in first out,
 *            ^ object 1         ^ object 2             so the table needs no tombstones
 *
 * The hash is keyed with the random bytes that the kernel gives each process (a scanner costs no system call), so
 * that a caller cannot choose keys that collide.
 */
#include "json.h"

#include <string.h>
#include <sys/auxv.h>

#include "arena.h"
#include "keyed_hash.h"
#include "utf8.h"

#define FRAMES_FIRST 16u
#define KEYS_FIRST 16u
#define DEPTH_MAX 1024u

enum expect {
    EXPECT_VALUE,
    EXPECT_ITEM_OR_END, /* after '[' */
    EXPECT_KEY_OR_END,  /* after '{' */
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING /* after the document */
};

struct frame {
    uint32_t object; /* number of the object, 0 in an array */
    uint32_t first_key;
};

struct key {
    uint64_t hash;
    struct span text;
    uint32_t object;
};

struct json_scanner {
    struct arena *arena;
    const unsigned char *text;
    size_t len, at;
    enum expect expect;
    struct frame *frames;
    size_t frames_size;
    uint32_t depth, depth_max, objects;
    struct key *keys;
    uint32_t *slots; /* index into keys + 1; 0: empty */
    size_t n_keys, n_slots;
    struct keyed_hash hash;
    const char *error, *code;
    size_t error_at;
};

static int fail(struct json_scanner *s, const char *code, const char *error) {
    if (s->error) return -1;
    s->code = code;
    s->error = error;
    s->error_at = s->at;
    return -1;
}

static int fail_json(struct json_scanner *s, const char *error) {
    return fail(s, "invalid_json", error);
}

static int fail_memory(struct json_scanner *s) {
    return fail(s, "out_of_memory", "the request needs more memory than allowed");
}

/* ---- keys ---- */

/* The slot of an equal key, or the empty one where it would go. */
static uint32_t *slot_find(struct json_scanner *s, const struct key *k) {
    size_t mask = s->n_slots - 1, i = (size_t)k->hash & mask;

    for (; s->slots[i]; i = (i + 1) & mask) {
        const struct key *other = &s->keys[s->slots[i] - 1];
        if (other->hash == k->hash && other->object == k->object && span_equal(other->text, k->text)) break;
    }
    return &s->slots[i];
}

/* Doubles the stack and the table; the keys go in again in their order, which keeps "last in, first out" true. */
static int keys_grow(struct json_scanner *s) {
    size_t old = s->n_slots / 2, size = old ? old * 2 : KEYS_FIRST;
    struct key *keys = arena_grow(s->arena, s->keys, old * sizeof *keys, size * sizeof *keys);
    uint32_t *slots = arena_array(s->arena, size * 2, sizeof *slots);

    if (!keys || !slots) return fail_memory(s);
    s->keys = keys;
    s->slots = slots;
    s->n_slots = size * 2;
    for (size_t i = 0; i < s->n_keys; i++)
        *slot_find(s, &keys[i]) = (uint32_t)i + 1;
    return 0;
}

static int key_add(struct json_scanner *s, const struct json_token *t) {
    struct key k = {.text = t->raw, .object = s->frames[s->depth - 1].object};

    if (t->escaped && json_unescape(s->arena, t->raw, &k.text, NULL) < 0) return fail_memory(s);
    if (s->n_keys == s->n_slots / 2 && keys_grow(s) < 0) return -1;
    k.hash = keyed_hash_of(&s->hash, k.object, k.text);
    uint32_t *slot = slot_find(s, &k);
    if (*slot) {
        s->at = t->begin;
        return fail(s, "duplicate_key", "a key stands twice in one object");
    }
    s->keys[s->n_keys++] = k;
    *slot = (uint32_t)s->n_keys;
    return 0;
}

static void keys_drop(struct json_scanner *s, size_t first) {
    while (s->n_keys > first) {
        *slot_find(s, &s->keys[s->n_keys - 1]) = 0;
        s->n_keys--;
    }
}

/* ---- strings ---- */

#define BLOCK 32

/* No byte of the block ends a run of plain text. Written for the compiler's vectorizer: as signed numbers the
 * control characters and the bytes from 0x80 on are all below the space. */
static bool block_plain(const unsigned char *p) {
    unsigned char special = 0;

    for (int i = 0; i < BLOCK; i++)
        special |= (unsigned char)(((signed char)p[i] < 0x20) | (p[i] == '"') | (p[i] == '\\'));
    return special == 0;
}

/* The same for eight bytes: a borrow can only start at a byte that is one of them. */
static bool word_plain(const unsigned char *p) {
    const uint64_t ones = 0x0101010101010101u;
    uint64_t v;

    memcpy(&v, p, sizeof v);
    uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';
    return ((v | (v - ones * 0x20) | (quote - ones) | (backslash - ones)) & ones << 7) == 0;
}

static size_t plain_end(const unsigned char *p, size_t i, size_t len) {
    while (len - i >= BLOCK && block_plain(p + i))
        i += BLOCK;
    while (len - i >= sizeof(uint64_t) && word_plain(p + i))
        i += sizeof(uint64_t);
    while (i < len && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

/* The value of four hexadecimal digits, or -1. */
static int32_t hex4(const unsigned char *p) {
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        int digit;
        if (p[i] >= '0' && p[i] <= '9') digit = p[i] - '0';
        else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f') digit = (p[i] | 0x20) - 'a' + 10;
        else return -1;
        value = value << 4 | digit;
    }
    return value;
}

static bool is_short_escape(unsigned char c) {
    switch (c) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return true;
    default: return false;
    }
}

/* At the backslash. Moves behind the escape. */
static int escape_check(struct json_scanner *s) {
    const unsigned char *p = s->text + s->at;
    size_t left = s->len - s->at;

    if (left < 2) return fail_json(s, "the text ends inside a string");
    if (p[1] != 'u') {
        if (!is_short_escape(p[1])) return fail_json(s, "unknown escape in a string");
        s->at += 2;
        return 0;
    }
    int32_t unit = left >= 6 ? hex4(p + 2) : -1;
    if (unit < 0) return fail_json(s, "\\u without four hexadecimal digits");
    if (unit == 0) return fail_json(s, "U+0000 in a string");
    if (unit < 0xD800 || unit > 0xDFFF) {
        s->at += 6;
        return 0;
    }
    int32_t low = left >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;
    if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return fail_json(s, "half of a surrogate pair in a string");
    s->at += 12;
    return 0;
}

/* At the opening quote. Moves behind the closing one. */
static int scan_string(struct json_scanner *s, struct json_token *t) {
    size_t begin = ++s->at;

    t->escaped = false;
    for (;;) {
        s->at = plain_end(s->text, s->at, s->len);
        if (s->at == s->len) return fail_json(s, "the text ends inside a string");
        unsigned char c = s->text[s->at];
        if (c == '"') break;
        if (c == '\\') {
            t->escaped = true;
            if (escape_check(s) < 0) return -1;
            continue;
        }
        if (c < 0x20) return fail_json(s, "raw control character in a string");
        do { /* foreign text comes in runs */
            size_t n = utf8_length(s->text + s->at, s->len - s->at);
            if (n == 0) return fail_json(s, "not UTF-8");
            s->at += n;
        } while (s->at < s->len && s->text[s->at] >= 0x80);
    }
    t->begin = (uint32_t)begin;
    t->raw = span_make((const char *)s->text + begin, s->at - begin);
    s->at++;
    return 0;
}

/* ---- numbers and words ---- */

static size_t digits_end(const struct json_scanner *s, size_t i) {
    while (i < s->len && s->text[i] >= '0' && s->text[i] <= '9')
        i++;
    return i;
}

/* [ minus ] int [ frac ] [ exp ], RFC 8259 section 6. What may follow is checked by the next token. */
static int scan_number(struct json_scanner *s, struct json_token *t) {
    const unsigned char *p = s->text;
    size_t begin = s->at, i = begin, from;

    if (p[i] == '-') i++;
    from = i;
    i = digits_end(s, i);
    if (i == from || (p[from] == '0' && i - from > 1)) return fail_json(s, "not a number");
    if (i < s->len && p[i] == '.') {
        from = ++i;
        i = digits_end(s, i);
        if (i == from) return fail_json(s, "not a number");
    }
    if (i < s->len && (p[i] == 'e' || p[i] == 'E')) {
        i++;
        if (i < s->len && (p[i] == '+' || p[i] == '-')) i++;
        from = i;
        i = digits_end(s, i);
        if (i == from) return fail_json(s, "not a number");
    }
    s->at = i;
    t->type = JSON_NUMBER;
    t->begin = (uint32_t)begin;
    t->raw = span_make((const char *)p + begin, i - begin);
    return 0;
}

static int scan_word(struct json_scanner *s, struct json_token *t, const char *word, enum json_type type) {
    struct span rest = span_make((const char *)s->text + s->at, s->len - s->at);
    size_t n = strlen(word);

    if (!span_starts(rest, word)) return fail_json(s, "not a value");
    t->type = type;
    t->begin = (uint32_t)s->at;
    t->raw = span_sub(rest, 0, n);
    s->at += n;
    return 0;
}

/* ---- structure ---- */

static int container_begin(struct json_scanner *s, struct json_token *t, bool object) {
    if (s->depth == s->depth_max) return fail(s, "too_deep", "nested too deep");
    if (s->depth == s->frames_size) {
        size_t size = s->frames_size * 2;
        struct frame *frames = arena_grow(s->arena, s->frames, s->frames_size * sizeof *frames, size * sizeof *frames);
        if (!frames) return fail_memory(s);
        s->frames = frames;
        s->frames_size = size;
    }
    s->frames[s->depth++] = (struct frame){object ? ++s->objects : 0, (uint32_t)s->n_keys};
    t->type = object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
    t->begin = (uint32_t)s->at;
    t->raw = span_make((const char *)s->text + s->at, 1);
    s->at++;
    s->expect = object ? EXPECT_KEY_OR_END : EXPECT_ITEM_OR_END;
    return 0;
}

static void value_done(struct json_scanner *s) {
    s->expect = s->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static int container_end(struct json_scanner *s, struct json_token *t, bool object) {
    const struct frame *f = &s->frames[s->depth - 1];

    if ((f->object != 0) != object) return fail_json(s, "brackets do not match");
    keys_drop(s, f->first_key);
    s->depth--;
    t->type = object ? JSON_OBJECT_END : JSON_ARRAY_END;
    t->depth = s->depth;
    t->begin = (uint32_t)s->at;
    t->raw = span_make((const char *)s->text + s->at, 1);
    s->at++;
    value_done(s);
    return 0;
}

static int scan_value(struct json_scanner *s, struct json_token *t) {
    int rc;

    switch (s->text[s->at]) {
    case '{': return container_begin(s, t, true);
    case '[': return container_begin(s, t, false);
    case '"':
        t->type = JSON_STRING;
        rc = scan_string(s, t);
        break;
    case 't': rc = scan_word(s, t, "true", JSON_TRUE); break;
    case 'f': rc = scan_word(s, t, "false", JSON_FALSE); break;
    case 'n': rc = scan_word(s, t, "null", JSON_NULL); break;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        rc = scan_number(s, t);
        break;
    default: return fail_json(s, "not a value");
    }
    if (rc == 0) value_done(s);
    return rc;
}

static void space_skip(struct json_scanner *s) {
    while (s->at < s->len) {
        unsigned char c = s->text[s->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
        s->at++;
    }
}

static int scan_key(struct json_scanner *s, struct json_token *t) {
    if (s->text[s->at] != '"') return fail_json(s, "a key must be a string");
    t->type = JSON_KEY;
    if (scan_string(s, t) < 0 || key_add(s, t) < 0) return -1;
    space_skip(s);
    if (s->at == s->len || s->text[s->at] != ':') return fail_json(s, "no colon after a key");
    s->at++;
    s->expect = EXPECT_VALUE;
    return 0;
}

/* At a ',' or the end of a container; after a comma the next key or item. */
static int scan_after_value(struct json_scanner *s, struct json_token *t) {
    unsigned char c = s->text[s->at];

    if (c == '}' || c == ']') return container_end(s, t, c == '}');
    if (c != ',') return fail_json(s, "no comma between values");
    s->at++;
    space_skip(s);
    if (s->at == s->len) return fail_json(s, "the text ends too early");
    return s->frames[s->depth - 1].object ? scan_key(s, t) : scan_value(s, t);
}

int json_next(struct json_scanner *s, struct json_token *t) {
    if (s->error) return -1;
    space_skip(s);
    *t = (struct json_token){.depth = s->depth};
    if (s->expect == EXPECT_NOTHING) {
        if (s->at < s->len) return fail_json(s, "bytes after the end of the document");
        t->begin = (uint32_t)s->at;
        return 0;
    }
    if (s->at == s->len) return fail_json(s, "the text ends too early");

    unsigned char c = s->text[s->at];
    switch (s->expect) {
    case EXPECT_ITEM_OR_END: return c == ']' ? container_end(s, t, false) : scan_value(s, t);
    case EXPECT_KEY_OR_END: return c == '}' ? container_end(s, t, true) : scan_key(s, t);
    case EXPECT_COMMA_OR_END: return scan_after_value(s, t);
    case EXPECT_VALUE: return scan_value(s, t);
    case EXPECT_NOTHING: break;
    }
    return fail_json(s, "not a value");
}

int json_skip(struct json_scanner *s) {
    struct json_token t;
    uint32_t around = s->depth ? s->depth - 1 : 0;

    while (s->depth > around)
        if (json_next(s, &t) < 0) return -1;
    return 0;
}

/* ---- life ---- */

void json_scanner_restart(struct json_scanner *s, struct span text) {
    keys_drop(s, 0);
    s->text = (const unsigned char *)text.ptr;
    s->len = text.len;
    s->at = s->error_at = 0;
    s->depth = s->objects = 0;
    s->expect = EXPECT_VALUE;
    s->error = s->code = NULL;
    if (text.len >= UINT32_MAX) (void)fail(s, "too_large", "the text is too long");
}

struct json_scanner *json_scanner_new(struct arena *a, struct span text, uint32_t depth) {
    struct json_scanner *s = arena_alloc(a, sizeof *s);
    const void *random = (const void *)getauxval(AT_RANDOM);

    if (!s) return NULL;
    s->arena = a;
    s->depth_max = depth < DEPTH_MAX ? depth : DEPTH_MAX;
    s->frames = arena_array(a, FRAMES_FIRST, sizeof *s->frames);
    if (!s->frames) return NULL;
    s->frames_size = FRAMES_FIRST;
    if (!random) return NULL;
    memcpy(s->hash.key, random, sizeof s->hash.key);
    json_scanner_restart(s, text);
    return s;
}

const char *json_error(const struct json_scanner *s) {
    return s->error;
}

const char *json_error_code(const struct json_scanner *s) {
    return s->code;
}

uint32_t json_error_offset(const struct json_scanner *s) {
    return s->error_at < UINT32_MAX ? (uint32_t)s->error_at : UINT32_MAX;
}
