/* SPDX-License-Identifier: Apache-2.0
 *
 * A form on its way through the steps that decide: taken apart into an object of its texts before the walk, written anew from
 * the object as it may leave. Its files are no text; whether they may go unread is the policy's to say.
 */
#include "transaction.h"

#include "arena.h"
#include "facts.h"
#include "transaction_state.h"

#define ROOM (1024u * 1024)
#define TYPE_MAX_BYTES 128u

/* Some take JSON as well; then there is no boundary. */
static bool has_form(const struct transaction *t) {
    return shape_has_form(t->endpoint) && t->boundary.len > 0;
}

enum flow transaction_undo_form(struct transaction *t) {
    struct buf json;

    if (!has_form(t)) return FLOW_NEXT;
    buf_init(&json, t->in.len * 2 + ROOM);
    if (form_read(t->endpoint, buf_span(&t->in), t->boundary, &t->form, &json) < 0) {
        buf_free(&json);
        return transaction_refuse_because(t, REFUSAL_INVALID_FORM, t->form.error);
    }
    t->raw = t->in; /* the files lie in it */
    t->in = json;
    return FLOW_NEXT;
}

void transaction_note_files(struct transaction *t) {
    for (size_t i = 0; i < t->form.n_files; i++) {
        switch (t->form.files[i].kind) {
        case FORM_AUDIO: facts_unreadable(&t->walk, WALK_AUDIO, 0); break;
        case FORM_IMAGE: facts_unreadable(&t->walk, WALK_IMAGE, 0); break;
        case FORM_LINES: break; /* read, line by line */
        }
    }
}

static bool write_type(struct transaction *t, const char *boundary) {
    struct buf type;

    buf_init(&type, TYPE_MAX_BYTES);
    buf_add_format(&type, "multipart/form-data; boundary=%s", boundary);
    t->content_type = type.failed ? NULL : arena_copy(t->keep, buf_span(&type));
    buf_free(&type);
    return t->content_type != NULL;
}

enum flow transaction_redo_form(struct transaction *t) {
    char boundary[MULTIPART_BOUNDARY];
    struct buf out;

    if (!has_form(t)) return FLOW_NEXT;
    buf_init(&out, t->raw.len * 2 + t->out.len * 2 + ROOM);
    bool written = multipart_make_boundary(boundary) == 0 && write_type(t, boundary) &&
                   form_write(t->endpoint, buf_span(&t->out), &t->form, boundary, &out) == 0;
    buf_free(&t->out);
    t->out = out;
    return written ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}
