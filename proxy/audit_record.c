/* SPDX-License-Identifier: Apache-2.0
 *
 * Records. Members are kept encoded and in order of their names from the start; writing a line merges them with
 * the ten that the log adds. A record that was given something it cannot hold (a name twice, text that is not
 * UTF-8, a number beyond 2^53) stays failed and is refused when it is submitted.
 *
 *   {"boot":..,"id":..,"mac":..,"mono":..,"node":..,"prev":..,"seq":..,"ts":..,"type":..,"v":1}
 *        ^ callers' members go between, by name
 */
#include "audit_record.h"

#include "audit_canon.h"
#include "audit_hash.h"
#include "audit_line.h"
#include "buf.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 48
#define NODE_MAX 64
#define FIXED_MAX 512 /* the log's own members without the node's name; they need about 400 */

struct member {
    uint16_t at, name_len, value_at, end; /* in text: "name":value */
};

struct audit_record {
    struct buf text;
    struct member v[MEMBERS_MAX];
    size_t n;
    bool failed;
};

static struct span part(const struct audit_record *r, size_t begin, size_t end) {
    return span_sub(buf_span(&r->text), begin, end);
}

static struct span name_of(const struct audit_record *r, const struct member *m) {
    return part(r, m->at + 1u, m->at + 1u + m->name_len);
}

/* ---- building ---- */

struct audit_record *audit_record_new(const char *type) {
    struct audit_record *r = calloc(1, sizeof *r);
    if (!r) return NULL;

    buf_init(&r->text, AUDIT_RECORD_MAX);
    struct span s = span_of(type);
    r->failed = !audit_line_id_valid(s);
    buf_add_c(&r->text, "\"type\":\"");
    buf_add(&r->text, s);
    buf_add_char(&r->text, '"');
    r->v[0] = (struct member){0, 4, 7, (uint16_t)r->text.len};
    r->n = 1;
    return r;
}

void audit_record_free(struct audit_record *r) {
    if (!r) return;
    buf_free(&r->text);
    free(r);
}

/* Writes the name; false when the record can take no such member. */
static bool begin(struct audit_record *r, const char *name, struct member *m) {
    struct span s = span_of(name);

    if (r->n == MEMBERS_MAX || !audit_line_id_valid(s) || audit_line_reserved(s)) r->failed = true;
    if (r->failed || r->text.failed) return false;
    m->at = (uint16_t)r->text.len;
    m->name_len = (uint16_t)s.len;
    buf_add_char(&r->text, '"');
    buf_add(&r->text, s);
    buf_add_c(&r->text, "\":");
    m->value_at = (uint16_t)r->text.len;
    return true;
}

static void end(struct audit_record *r, struct member m) {
    size_t i = r->n;

    if (r->text.failed) return;
    m.end = (uint16_t)r->text.len;
    for (; i > 0; i--) {
        int order = audit_canon_compare(name_of(r, &r->v[i - 1]), name_of(r, &m));
        if (order == 0) r->failed = true;
        if (order <= 0) break;
        r->v[i] = r->v[i - 1];
    }
    r->v[i] = m;
    r->n++;
}

void audit_add_string(struct audit_record *r, const char *name, struct span value) {
    struct member m;

    if (!audit_canon_text_valid(value)) r->failed = true;
    if (span_is(span_of(name), "request_id") && !audit_line_id_valid(value)) r->failed = true;
    if (!begin(r, name, &m)) return;
    buf_add_char(&r->text, '"');
    buf_add_json_escaped(&r->text, value);
    buf_add_char(&r->text, '"');
    end(r, m);
}

void audit_add_text(struct audit_record *r, const char *name, const char *value) {
    if (value) audit_add_string(r, name, span_of(value));
}

/* Decimal digits without a sign; out holds 20. */
static struct span digits(uint64_t n, char out[20]) {
    size_t i = 20;

    do {
        out[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    return span_make(out + i, 20 - i);
}

void audit_add_number(struct audit_record *r, const char *name, int64_t value) {
    struct member m;
    char text[20];

    if (value > AUDIT_NUMBER_MAX || value < -AUDIT_NUMBER_MAX) r->failed = true;
    if (!begin(r, name, &m)) return;
    if (value < 0) buf_add_char(&r->text, '-');
    buf_add(&r->text, digits((uint64_t)(value < 0 ? -value : value), text));
    end(r, m);
}

void audit_add_bool(struct audit_record *r, const char *name, bool value) {
    struct member m;

    if (!begin(r, name, &m)) return;
    buf_add_c(&r->text, value ? "true" : "false");
    end(r, m);
}

void audit_add_json(struct audit_record *r, const char *name, struct span value) {
    struct member m;

    if (!audit_canon_valid(value)) r->failed = true;
    if (!begin(r, name, &m)) return;
    buf_add(&r->text, value);
    end(r, m);
}

bool audit_record_node_valid(const char *node) {
    struct span s = span_of(node);

    return audit_line_id_valid(s) && s.len <= NODE_MAX;
}

bool audit_record_fits(const struct audit_record *r, const char *node) {
    return !r->failed && !r->text.failed && r->text.len + r->n + strlen(node) + FIXED_MAX <= AUDIT_RECORD_MAX;
}

static struct span value_of(const struct audit_record *r, const char *name) {
    for (size_t i = 0; i < r->n; i++)
        if (span_is(name_of(r, &r->v[i]), name)) return part(r, r->v[i].value_at, r->v[i].end);
    return span_make(NULL, 0);
}

struct span audit_record_text(const struct audit_record *r, const char *name) {
    struct span value = value_of(r, name);

    return value.len > 1 && value.ptr[0] == '"' ? span_sub(value, 1, value.len - 1) : span_make(NULL, 0);
}

int64_t audit_record_number(const struct audit_record *r, const char *name) {
    unsigned long long n;

    return span_decimal(value_of(r, name), &n) < 0 || n > AUDIT_NUMBER_MAX ? -1 : (int64_t)n;
}

/* ---- writing ---- */

struct fixed {
    const char *name;
    struct span value;
    bool quoted;
};

static void write_fixed(struct buf *out, const struct fixed *f) {
    buf_add_char(out, '"');
    buf_add_c(out, f->name);
    buf_add_c(out, f->quoted ? "\":\"" : "\":");
    buf_add(out, f->value);
    if (f->quoted) buf_add_char(out, '"');
    buf_add_char(out, ',');
}

/* The line without its mac; returns where the mac belongs. */
static size_t write_members(const struct audit_record *r, const struct fixed *f, size_t n_fixed, struct buf *out) {
    size_t taken = 0, mac_at = 0;

    buf_add_char(out, '{');
    for (size_t i = 0; i < n_fixed; i++) {
        struct span name = span_of(f[i].name);
        for (; taken < r->n && audit_canon_compare(name_of(r, &r->v[taken]), name) < 0; taken++) {
            buf_add(out, part(r, r->v[taken].at, r->v[taken].end));
            buf_add_char(out, ',');
        }
        if (f[i].value.ptr) write_fixed(out, &f[i]);
        else mac_at = out->len;
    }
    for (; taken < r->n; taken++) {
        buf_add(out, part(r, r->v[taken].at, r->v[taken].end));
        buf_add_char(out, ',');
    }
    if (!out->failed) out->ptr[out->len - 1] = '}';
    return mac_at;
}

static int insert_mac(struct audit_hasher *h, struct buf *out, size_t begin_at, size_t mac_at) {
    char hex[AUDIT_HEX_LEN + 1];
    char text[AUDIT_HEX_LEN + 10] = "\"mac\":\"";
    struct span line = span_sub(buf_span(out), begin_at, out->len);

    if (audit_hasher_mac(h, line, span_make(NULL, 0), hex) < 0) return -1;
    memcpy(text + 7, hex, AUDIT_HEX_LEN);
    memcpy(text + 7 + AUDIT_HEX_LEN, "\",", 2);
    size_t n = 7 + AUDIT_HEX_LEN + 2;
    if (buf_reserve(out, n) < 0) return -1;
    memmove(out->ptr + mac_at + n, out->ptr + mac_at, out->len - mac_at);
    memcpy(out->ptr + mac_at, text, n);
    out->len += n;
    return 0;
}

int audit_record_write(const struct audit_record *r, const struct audit_stamp *s, struct audit_hasher *h,
                       struct buf *out) {
    char seq[20], mono[20];
    size_t before = out->len;
    struct fixed f[] = {
        {"boot", span_of(s->boot), true},
        {"id", span_of(s->id), true},
        {"mac", {NULL, 0}, true},
        {"mono", digits(s->mono, mono), false},
        {"node", span_of(s->node), true},
        {"prev", span_of(s->prev), true},
        {"seq", digits(s->seq, seq), false},
        {"ts", span_of(s->ts), true},
        {"v", span_of("1"), false},
    };

    size_t mac_at = write_members(r, f, sizeof f / sizeof *f, out);
    if (!out->failed && out->len - before + AUDIT_HEX_LEN + 9 <= AUDIT_RECORD_MAX &&
        insert_mac(h, out, before, mac_at) == 0)
        return 0;
    out->len = before;
    out->failed = false;
    return -1;
}
