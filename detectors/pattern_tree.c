/* SPDX-License-Identifier: Apache-2.0
 *
 * A small recursive reader of PCRE2 syntax. PCRE2 has accepted the pattern before, so mistakes cannot occur;
 * whatever is outside the known part makes the reader give up (t->n = -1 inside, an opaque tree outside).
 */
#include "pattern_tree.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    const char *p;
    struct pattern_tree *t;
    bool caseless;
    bool lost;
    int depth;
};

static int read_alternatives(struct reader *r);

static int node_add(struct reader *r, enum node_type type)
{
    if (r->t->n >= NODES_MAX) {
        r->lost = true;
        return 0;
    }
    struct node *node = &r->t->v[r->t->n];
    *node = (struct node){.type = type};
    return r->t->n++;
}

static void set_range(struct byte_set *s, unsigned from, unsigned to)
{
    for (unsigned b = from; b <= to && b < 256; b++)
        byte_set_add(s, b);
}

static void set_class(struct byte_set *s, char letter)
{
    struct byte_set plain = {{0}};
    switch (letter | 0x20) {
    case 'd':
        set_range(&plain, '0', '9');
        break;
    case 'w':
        set_range(&plain, '0', '9');
        set_range(&plain, 'A', 'Z');
        set_range(&plain, 'a', 'z');
        byte_set_add(&plain, '_');
        break;
    case 's':
        set_range(&plain, 9, 13);
        byte_set_add(&plain, ' ');
        break;
    case 'h':
        byte_set_add(&plain, 9);
        byte_set_add(&plain, ' ');
        set_range(&plain, 0x80, 0xFF);
        break;
    case 'v':
    case 'r': /* \R */
        set_range(&plain, 10, 13);
        set_range(&plain, 0x80, 0xFF);
        break;
    }
    bool inverse = letter >= 'A' && letter <= 'Z' && letter != 'R';
    for (unsigned b = 0; b < 256; b++)
        if (byte_set_has(&plain, b) != inverse || (inverse && b >= 0x80))
            byte_set_add(s, b);
}

/* At the p of \p{Lu}: what characters of that kind may begin with, and r->p behind it. Cased letters are all one where case
 * does not count. False: not of this form. */
static bool set_property(struct reader *r, struct byte_set *s)
{
    const char *name = r->p + 2, *end = r->p[1] == '{' ? strchr(name, '}') : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - name);
    bool letters = *r->p == 'p' && len > 0 && *name == 'L' && (len == 1 || (len == 2 && strchr("lu", name[1])));
    bool digits = *r->p == 'p' && len > 0 && *name == 'N' && (len == 1 || (len == 2 && name[1] == 'd'));
    if (letters && (len == 1 || name[1] == 'u' || r->caseless))
        set_range(s, 'A', 'Z');
    if (letters && (len == 1 || name[1] == 'l' || r->caseless))
        set_range(s, 'a', 'z');
    if (digits)
        set_range(s, '0', '9');
    set_range(s, letters || digits ? 0x80 : 0, 0xFF);
    r->p = end + 1;
    return true;
}

/* One code point of the pattern, by its first byte. */
static void set_code_point(struct byte_set *s, uint32_t c, bool caseless)
{
    if (c < 0x80) {
        byte_set_add(s, c);
        if (caseless && ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            byte_set_add(s, c ^ 0x20);
        return;
    }
    if (caseless) {
        set_range(s, 0x80, 0xFF);
        byte_set_add(s, 's'), byte_set_add(s, 'S'), byte_set_add(s, 'k'), byte_set_add(s, 'K');
        return;
    }
    byte_set_add(s, c < 0x800 ? 0xC0 | c >> 6 : c < 0x10000 ? 0xE0 | c >> 12 : 0xF0 | c >> 18);
}

static uint32_t read_utf8(struct reader *r)
{
    const unsigned char *p = (const unsigned char *)r->p;
    int more = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3Fu >> more);
    for (int i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3F);
    r->p += more + 1;
    return c;
}

/* After a backslash: a literal code point, or -1 when it is none of the simple ones. */
static int64_t read_escaped_literal(struct reader *r)
{
    char c = *r->p;
    if (c == 'x' && r->p[1] == '{') {
        char *end;
        unsigned long v = strtoul(r->p + 2, &end, 16);
        if (*end != '}')
            return -1;
        r->p = end + 1;
        return (int64_t)v;
    }
    if (c == 'x') {
        uint32_t v = 0;
        r->p++;
        for (int i = 0; i < 2 && strchr("0123456789abcdefABCDEF", *r->p) && *r->p; i++, r->p++)
            v = v * 16 + (uint32_t)(*r->p <= '9' ? *r->p - '0' : (*r->p | 0x20) - 'a' + 10);
        return v;
    }
    static const char from[] = "tnrfea", to[] = "\t\n\r\f\033\a";
    const char *at = c ? strchr(from, c) : NULL;
    if (at) {
        r->p++;
        return to[at - from];
    }
    bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!c || word)
        return -1;
    return (int64_t)read_utf8(r);
}

/* A class after its '['. */
static int read_class(struct reader *r)
{
    struct byte_set set = {{0}};
    bool negated = *r->p == '^';
    r->p += negated;
    for (bool first = true; *r->p && (first || *r->p != ']'); first = false) {
        int64_t low;
        if (*r->p == '[' && (r->p[1] == ':' || r->p[1] == '.' || r->p[1] == '=')) {
            r->lost = true;
            return 0;
        }
        if (*r->p == '\\') {
            r->p++;
            if (*r->p && strchr("dDwWsShHvV", *r->p)) {
                set_class(&set, *r->p++);
                continue;
            }
            if ((*r->p == 'p' || *r->p == 'P') && set_property(r, &set))
                continue;
            low = *r->p == 'b' ? (r->p++, 8) : read_escaped_literal(r);
        } else {
            low = (int64_t)read_utf8(r);
        }
        int64_t high = low;
        if (low >= 0 && *r->p == '-' && r->p[1] && r->p[1] != ']') {
            r->p++;
            if (*r->p == '[' || (*r->p == '\\' && r->p[1] && strchr("dDwWsShHvV", r->p[1]))) {
                set_code_point(&set, '-', false);
                set_code_point(&set, (uint32_t)low, r->caseless);
                continue;
            }
            if (*r->p == '\\') {
                r->p++;
                high = read_escaped_literal(r);
            } else {
                high = (int64_t)read_utf8(r);
            }
        }
        if (low < 0 || high < low) {
            r->lost = true;
            return 0;
        }
        for (int64_t c = low; c <= high && c < 0x80; c++)
            set_code_point(&set, (uint32_t)c, r->caseless);
        if (high >= 0x80) {
            set_range(&set, 0x80, 0xFF);
            if (r->caseless)
                set_code_point(&set, 0x17F, true);
        }
    }
    r->p += *r->p == ']';
    if (negated) /* what is beyond ASCII is not told apart by its first byte */
        for (int i = 0; i < 4; i++)
            set.bits[i] = i < 2 ? ~set.bits[i] : ~(uint64_t)0;
    int node = node_add(r, NODE_SET);
    r->t->v[node].set = set;
    return node;
}

static int node_any(struct reader *r)
{
    int node = node_add(r, NODE_SET);
    set_range(&r->t->v[node].set, 0, 0xFF);
    return node;
}

static int read_escape(struct reader *r)
{
    char c = *++r->p;
    if (c && strchr("BAzZ", c)) {
        r->p++;
        return node_add(r, NODE_EMPTY);
    }
    if (c == 'b') {
        r->p++;
        return node_add(r, NODE_BOUNDARY);
    }
    if (c == 'R') { /* one or two characters */
        r->p++;
        int node = node_add(r, NODE_SET);
        set_class(&r->t->v[node].set, 'R');
        int again = node_add(r, NODE_SET);
        byte_set_add(&r->t->v[again].set, '\n');
        int optional = node_add(r, NODE_REPEAT);
        r->t->v[optional].child = again;
        r->t->v[optional].max = 1;
        int cat = node_add(r, NODE_CAT);
        r->t->v[cat].child = node;
        r->t->v[node].next = optional;
        return cat;
    }
    if (c && strchr("dDwWsShHvV", c)) {
        r->p++;
        int node = node_add(r, NODE_SET);
        set_class(&r->t->v[node].set, c);
        return node;
    }
    if (c == 'p' || c == 'P') {
        struct byte_set set = {{0}};
        if (!set_property(r, &set))
            r->lost = true;
        int node = node_add(r, NODE_SET);
        r->t->v[node].set = set;
        return node;
    }
    if (c >= '1' && c <= '9') { /* a back reference, or octal: both any */
        while (*r->p >= '0' && *r->p <= '9')
            r->p++;
        return node_add(r, NODE_OPAQUE);
    }
    int64_t literal = read_escaped_literal(r);
    if (literal < 0) {
        r->lost = true;
        return 0;
    }
    int node = node_add(r, NODE_SET);
    set_code_point(&r->t->v[node].set, (uint32_t)literal, r->caseless);
    return node;
}

/* Flags after "(?", up to ')' or ':'. True when they are understood. */
static bool read_flags(struct reader *r)
{
    bool on = true;
    for (; *r->p && *r->p != ')' && *r->p != ':'; r->p++) {
        if (*r->p == '-')
            on = false;
        else if (*r->p == 'i')
            r->caseless = on, r->t->caseless |= on;
        else if (!strchr("smnUJ", *r->p) || !*r->p)
            return false;
    }
    return *r->p != 0;
}

static const char *group_name_end(const char *p)
{
    char close = *p == '\'' ? '\'' : '>';
    const char *end = strchr(p + 1, close);
    return end ? end + 1 : NULL;
}

/* (?<=x) and (?<!x) of one character (or, negated, of several alternatives of one). */
static int make_behind(struct reader *r, int inner, bool negated)
{
    struct byte_set set = {{0}};
    int list = inner;
    if (r->t->v[inner].type == NODE_ALT)
        list = r->t->v[inner].child;
    else
        r->t->v[inner].next = 0;
    for (int i = list; i; i = r->t->v[i].next) {
        const struct node *one = &r->t->v[i];
        if (one->type == NODE_CAT && one->child && !r->t->v[one->child].next)
            one = &r->t->v[one->child];
        if (one->type != NODE_SET) {
            if (negated)
                continue; /* forbids something longer: ignoring it admits more */
            return node_add(r, NODE_EMPTY);
        }
        for (int k = 0; k < 4; k++)
            set.bits[k] |= one->set.bits[k];
    }
    int node = node_add(r, NODE_BEHIND);
    r->t->v[node].set = set;
    r->t->v[node].negated = negated;
    return node;
}

static int read_group_body(struct reader *r)
{
    bool caseless = r->caseless;
    int node = read_alternatives(r);
    r->caseless = caseless;
    if (*r->p == ')')
        r->p++;
    else
        r->lost = true;
    return node;
}

static int read_special_group(struct reader *r)
{
    const char *p = r->p; /* behind "(?" */
    bool caseless = r->caseless;
    if (*p == '#') {
        p = strchr(p, ')');
        r->lost |= !p;
        r->p = p ? p + 1 : r->p;
        return node_add(r, NODE_EMPTY);
    }
    if (*p == '=' || *p == '!') {
        bool ahead = *p == '=';
        r->p++;
        int inner = read_group_body(r), node = node_add(r, NODE_EMPTY);
        r->t->v[node].child = ahead ? inner : 0;
        return node;
    }
    if (*p == '<' && (p[1] == '=' || p[1] == '!')) {
        bool negated = p[1] == '!';
        r->p += 2;
        int inner = read_group_body(r);
        return r->lost ? 0 : make_behind(r, inner, negated);
    }
    if ((*p == '<' && p[1] != '*') || *p == '\'' || (*p == 'P' && p[1] == '<')) {
        r->p = group_name_end(p + (*p == 'P'));
        if (!r->p) {
            r->lost = true;
            r->p = "";
            return 0;
        }
        return read_group_body(r);
    }
    if (*p == '>' || *p == '|') {
        r->p++;
        return read_group_body(r);
    }
    if (!read_flags(r)) {
        r->lost = true;
        return 0;
    }
    if (*r->p++ == ')') /* holds to the end of the group around it */
        return node_add(r, NODE_EMPTY);
    int node = read_group_body(r);
    r->caseless = caseless;
    return node;
}

static int read_atom(struct reader *r)
{
    switch (*r->p) {
    case '(':
        r->p++;
        if (*r->p != '?')
            return read_group_body(r);
        r->p++;
        return read_special_group(r);
    case '[':
        r->p++;
        return read_class(r);
    case '\\':
        return read_escape(r);
    case '.':
        r->p++;
        return node_any(r);
    case '^':
    case '$':
        r->p++;
        return node_add(r, NODE_EMPTY);
    }
    uint32_t c = read_utf8(r);
    int node = node_add(r, NODE_SET);
    set_code_point(&r->t->v[node].set, c, r->caseless);
    return node;
}

/* {m}, {m,} or {m,n}; anything else is a literal brace. */
static bool read_braces(const char **at, int *min, int *max)
{
    char *end;
    const char *p = *at + 1;
    if (*p < '0' || *p > '9')
        return false;
    *min = *max = (int)strtol(p, &end, 10);
    if (*end == ',') {
        p = end + 1;
        *max = -1;
        end = (char *)p;
        if (*p >= '0' && *p <= '9')
            *max = (int)strtol(p, &end, 10);
    }
    if (*end != '}')
        return false;
    *at = end + 1;
    return true;
}

static int read_quantified(struct reader *r)
{
    int node = read_atom(r);
    for (;;) {
        int min, max;
        if (*r->p == '?')
            min = 0, max = 1, r->p++;
        else if (*r->p == '*')
            min = 0, max = -1, r->p++;
        else if (*r->p == '+')
            min = 1, max = -1, r->p++;
        else if (*r->p != '{' || !read_braces(&r->p, &min, &max))
            return node;
        if (*r->p == '?' || *r->p == '+')
            r->p++;
        int repeat = node_add(r, NODE_REPEAT);
        r->t->v[repeat].child = node;
        r->t->v[repeat].min = min;
        r->t->v[repeat].max = max;
        node = repeat;
    }
}

static int read_sequence(struct reader *r)
{
    int cat = node_add(r, NODE_CAT), last = 0;
    while (*r->p && *r->p != '|' && *r->p != ')' && !r->lost) {
        int node = read_quantified(r);
        if (r->lost)
            return 0;
        if (last)
            r->t->v[last].next = node;
        else
            r->t->v[cat].child = node;
        last = node;
    }
    return cat;
}

static int read_alternatives(struct reader *r)
{
    if (++r->depth > 64) {
        r->lost = true;
        return 0;
    }
    int first = read_sequence(r), last = first;
    if (*r->p == '|' && !r->lost) {
        int alt = node_add(r, NODE_ALT);
        r->t->v[alt].child = first;
        while (*r->p == '|' && !r->lost) {
            r->p++;
            int node = read_sequence(r);
            r->t->v[last].next = node;
            last = node;
        }
        first = alt;
    }
    r->depth--;
    return first;
}

int pattern_tree_parse(struct pattern_tree *t, const char *pattern)
{
    *t = (struct pattern_tree){.n = 1};
    t->v = malloc(NODES_MAX * sizeof *t->v); /* a pattern's: nothing to wipe, and most of it never read */
    if (!t->v)
        return -1;
    t->v[0] = (struct node){.type = NODE_OPAQUE};
    struct reader r = {.p = pattern, .t = t};
    int root = read_alternatives(&r);
    if (!r.lost && !*r.p) {
        t->root = root;
        return 0;
    }
    t->v[1] = (struct node){.type = NODE_OPAQUE};
    t->n = 2;
    t->root = 1;
    return 0;
}

void pattern_tree_free(struct pattern_tree *t)
{
    free(t->v);
    *t = (struct pattern_tree){0};
}
