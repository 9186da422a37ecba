/* SPDX-License-Identifier: Apache-2.0
 *
 * Most lines of a long log do not hold the user, the kind or the hash that is asked for; memmem says so at several gigabytes a
 * second, without reading the line's structure.
 */
#include "audit_filter.h"

#include <string.h>

#include "audit_view.h"

#define NEEDLES_CEILING 16384

/* ---- preparing ---- */

static bool time_valid(const char *s) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
    size_t n = strlen(s);

    if (n < 4 || n > sizeof form - 1) return false;
    for (size_t i = 0; i < n; i++) {
        bool digit = s[i] >= '0' && s[i] <= '9';
        if (form[i] == 'd' ? !digit : s[i] != form[i]) return false;
    }
    return true;
}

/* before, the value as JSON writes it, after */
static void need(struct audit_filter *f, const char *before, const char *value, const char *after) {
    if (!value || f->n_needles == AUDIT_NEEDLES_MAX) return;
    size_t begin = f->needle_text.len;
    buf_add_c(&f->needle_text, before);
    buf_add_json_escaped(&f->needle_text, span_of(value));
    buf_add_c(&f->needle_text, after);
    f->needles[f->n_needles].begin = begin;
    f->needles[f->n_needles++].end = f->needle_text.len;
}

int audit_filter_prepare(struct audit_filter *f, const char **reason) {
    *reason = "a time is written 2026-03, 2026-03-31 or 2026-03-31T08:30:00Z (UTC)";
    if ((f->from && !time_valid(f->from)) || (f->to && !time_valid(f->to))) return -1;
    buf_init(&f->needle_text, NEEDLES_CEILING);
    f->n_needles = 0;
    need(f, "\"user\":\"", f->user, "\"");
    need(f, "\"client\":\"", f->client, "\"");
    need(f, "\"role\":\"", f->role, "\"");
    need(f, "\"purpose\":\"", f->purpose, "\"");
    need(f, "\"model\":\"", f->model, "\"");
    need(f, "\"endpoint\":\"", f->endpoint, "\"");
    need(f, "\"name\":\"", f->upstream, "\"");
    need(f, "\"decision\":\"", f->decision, "\"");
    need(f, "\"code\":\"", f->code, "\"");
    need(f, "\"type\":\"", f->type, "\"");
    need(f, "\"", f->id, "\"");
    need(f, "\"", f->kind, "");
    *reason = "a filter is too long";
    return f->needle_text.failed ? -1 : 0;
}

void audit_filter_free(struct audit_filter *f) {
    buf_free(&f->needle_text);
}

/* ---- matching ---- */

/* Most filters are not given: nothing is read for them. */
static bool member_is(struct span object, const char *name, const char *wanted) {
    struct buf escaped;

    if (!wanted) return true;
    struct span raw = audit_view_text(object, name);
    if (span_is(raw, wanted)) return true;
    buf_init(&escaped, NEEDLES_CEILING);
    buf_add_json_escaped(&escaped, span_of(wanted));
    bool same = !escaped.failed && span_equal(raw, buf_span(&escaped));
    buf_free(&escaped);
    return same;
}

static bool has_needles(const struct audit_filter *f, struct span line) {
    for (size_t i = 0; i < f->n_needles; i++) {
        struct span n = span_sub(buf_span(&f->needle_text), f->needles[i].begin, f->needles[i].end);
        if (!memmem(line.ptr, line.len, n.ptr, n.len)) return false;
    }
    for (size_t i = 0; i < f->n_values; i++)
        if (memmem(line.ptr, line.len, f->values[i].ptr, f->values[i].len)) return true;
    return f->n_values == 0;
}

bool audit_filter_in_time(const struct audit_filter *f, struct span line) {
    struct span ts = f->from || f->to ? audit_view_time(line) : span_make(NULL, 0);

    if (f->from && (ts.len < strlen(f->from) || memcmp(ts.ptr, f->from, strlen(f->from)) < 0)) return false;
    return !f->to || (ts.len >= strlen(f->to) && memcmp(ts.ptr, f->to, strlen(f->to)) <= 0);
}

static bool has_kind(struct span found, const char *kind) {
    struct audit_member m[AUDIT_MEMBERS_MAX];
    size_t n = audit_view_members(found, m, AUDIT_MEMBERS_MAX), len = strlen(kind);

    for (size_t i = 0; i < n; i++)
        if (span_starts(m[i].name, kind) && (m[i].name.len == len || m[i].name.ptr[len] == '.')) return true;
    return false;
}

static bool has_value(struct span values, const struct audit_filter *f) {
    struct span value;

    for (size_t at = 0; audit_view_next(values, &at, &value);)
        for (size_t i = 0; i < f->n_values; i++)
            if (span_equal(audit_view_unquote(value), f->values[i])) return true;
    return false;
}

static bool actor_matches(const struct audit_filter *f, struct span line) {
    if (!f->user && !f->client && !f->role) return true;
    struct span actor = audit_view_get(line, "actor");
    return member_is(actor, "user", f->user) && member_is(actor, "client", f->client) && member_is(actor, "role", f->role);
}

static bool request_matches(const struct audit_filter *f, struct span line) {
    if (f->upstream && !member_is(audit_view_get(line, "upstream"), "name", f->upstream)) return false;
    if (!f->model && !f->endpoint) return true;
    struct span request = audit_view_get(line, "request");
    return member_is(request, "model", f->model) && member_is(request, "endpoint", f->endpoint);
}

bool audit_filter_matches(const struct audit_filter *f, struct span line) {
    if (!has_needles(f, line) || !audit_filter_in_time(f, line)) return false;
    if (!member_is(line, "type", f->type) || !member_is(line, "decision", f->decision)) return false;
    if (!member_is(line, "purpose", f->purpose) || !member_is(line, "code", f->code)) return false;
    if (f->id && !member_is(line, "request_id", f->id) && !member_is(line, "id", f->id)) return false;
    if (!actor_matches(f, line) || !request_matches(f, line)) return false;
    if (f->kind && !has_kind(audit_view_get(line, "found"), f->kind)) return false;
    return f->n_values == 0 || has_value(audit_view_get(line, "values"), f);
}
