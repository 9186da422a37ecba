/* SPDX-License-Identifier: Apache-2.0
 *
 * Every text is complete here, so each is restored by itself. The numbers of citations follow the text that they
 * count in.
 */
#include "relay_json.h"

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
    struct restore *r = relay_text_restorer(x, answer_is_json(w, text, x->json_mode), nowhere);
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
    for (size_t i = 0; i < w.n_texts; i++)
        if (!relay_text_signed(x, &w.texts[i]) && relay_text_whole(x, &w, &w.texts[i]) < 0) return -1;
    if (relay_json_indexes(x, &w) < 0 || relay_text_cut_repeats(x, &w) < 0) return -1;
    result->usage_in = w.usage_in;
    result->usage_out = w.usage_out;
    return relay_text_splice(x, body, out);
}
