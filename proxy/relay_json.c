/* SPDX-License-Identifier: Apache-2.0
 *
 * Every text is complete here, so each is restored by itself. The numbers of citations follow the text that they
 * count in.
 */
#include "relay_json.h"

#include "arena.h"
#include "json.h"
#include "relay.h"
#include "relay_text.h"
#include "screen.h"

/* A restorer that has read the text, for its indexes; it counts into nowhere. */
static struct restore *read_again(struct relay_text *x, const struct answer *w, const struct answer_leaf *text,
                                  struct restore_counts *nowhere) {
    struct span decoded;

    if (relay_text_decode(x, text, &decoded) < 0) return NULL;
    bool muted = x->screen && x->screen->mute;
    if (x->screen) x->screen->mute = true;
    struct restore *r = relay_text_restorer(x, answer_is_json(w, text, x->json_mode) ? RESTORE_JSON : RESTORE_TEXT, nowhere);
    if (x->screen) x->screen->mute = muted;
    if (!r) return NULL;
    buf_clear(&x->scratch);
    restore_push(r, decoded, &x->scratch);
    restore_flush(r, &x->scratch);
    return r;
}

int relay_json_indexes(struct relay_text *x, const struct answer *w) {
    struct restore_counts nowhere = {0};
    struct restore *r = NULL;
    uint32_t last = 0;
    int result = 0;

    for (size_t i = 0; i < w->n_indexes && result == 0; i++) {
        uint32_t node = answer_cited(w, &w->indexes[i]);
        if (!r || node != last) {
            uint32_t text = w->nodes[node].text;
            if (text == 0) continue;
            restore_free(r);
            r = read_again(x, w, &w->texts[text - 1], &nowhere);
            last = node;
        }
        result = r ? relay_text_index(x, &w->indexes[i], r) : -1;
    }
    restore_free(r);
    return result;
}

int relay_json(struct relay_text *x, struct span body, struct relay_result *result, struct buf *out) {
    struct answer w;

    relay_text_begin(x);
    if (answer_read(x->arena, body, &w) < 0) return -1;
    if (relay_tools_read(&x->tools, x->arena, body) < 0) return -1;
    for (size_t i = 0; i < w.n_texts; i++)
        if (!relay_text_signed(x, &w.texts[i]) && relay_text_whole(x, &w, &w.texts[i]) < 0) return -1;
    if (relay_json_indexes(x, &w) < 0 || relay_text_cut_repeats(x, &w) < 0) return -1;
    result->usage_in = w.usage_in;
    result->usage_out = w.usage_out;
    return relay_text_splice(x, body, out);
}

/* ---- lines ---- */

/* What the client called a line, which is no id of the upstream's. */
static int restore_custom_id(struct relay_text *x, const struct answer *w) {
    for (size_t i = 0; i < w->n_members; i++) {
        struct span member = span_sub(w->text, w->members[i].begin, w->members[i].end);
        size_t open = span_find(member, '"', span_find(member, ':', w->members[i].key.len + 2));
        if (!span_is(w->members[i].key, "custom_id") || open + 1 >= member.len) continue;
        struct answer_leaf leaf = {.key = w->members[i].key, .raw = span_sub(member, open + 1, member.len - 1),
                                   .begin = w->members[i].begin + (uint32_t)open + 1, .escaped = true};
        return relay_text_whole(x, w, &leaf);
    }
    return 0;
}

/* That a line asked for JSON is not known any more, but seen: what reads as JSON is. */
static bool is_json_text(struct relay_text *x, const struct answer_leaf *leaf) {
    struct span text;
    struct json_token t;

    if (relay_text_decode(x, leaf, &text) < 0 || text.len == 0 || (text.ptr[0] != '{' && text.ptr[0] != '[')) return false;
    struct json_scanner *s = json_scanner_new(x->arena, text, ANSWER_DEPTH);
    do
        if (!s || json_next(s, &t) < 0) return false;
    while (t.type != JSON_END);
    return true;
}

static int relay_line(struct relay_text *x, struct span line, struct buf *out) {
    bool json_mode = x->json_mode;
    struct answer w;
    int result = 0;

    arena_reset(x->arena);
    relay_text_begin(x);
    if (answer_read(x->arena, line, &w) < 0 || !w.object) return -1;
    for (size_t i = 0; i < w.n_texts && result == 0; i++) {
        x->json_mode = is_json_text(x, &w.texts[i]);
        result = relay_text_whole(x, &w, &w.texts[i]);
    }
    x->json_mode = json_mode;
    if (result < 0 || restore_custom_id(x, &w) < 0 || relay_json_indexes(x, &w) < 0 || relay_text_cut_repeats(x, &w) < 0) return -1;
    return relay_text_splice(x, line, out);
}

int relay_lines(struct relay_text *x, struct span body, struct relay_result *result, struct buf *out) {
    for (size_t at = 0, end; at < body.len; at = end + 1) {
        end = span_find(body, '\n', at);
        struct span line = span_trim(span_sub(body, at, end));
        if (span_ends(line, "\r")) line.len--;
        if (line.len && relay_line(x, line, out) < 0) return -1;
        if (line.len) result->events++;
        if (end < body.len) buf_add_char(out, '\n');
    }
    return out->failed ? -1 : 0;
}
