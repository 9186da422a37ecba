/* SPDX-License-Identifier: Apache-2.0
 *
 * The results of a batch may be larger than any memory that one answer should have. They are lines, each restored by itself, so a
 * large file flows through in slices; while a helper thread restores one, the upstream waits:
 *
 *   upstream ─data─> whole lines, 256 KiB ─> helper: restored ─> client has room? ─> the upstream goes on
 *
 * What is smaller than a slice is answered as a whole, with a length and, if need be, an error. Behind the first slice an error can
 * only be a connection that ends in disorder.
 */
#include "transaction.h"

#include "screen.h"
#include "transaction_state.h"

#define SLICE_BYTES (256u * 1024)

void transaction_slice_take(struct transaction *t, struct phi_scratch *scratch) {
    if (t->screen) t->screen->scratch = scratch; /* of the thread that relays now */
    t->slice_failed = relay_lines_take(t->relay, &t->reply) < 0;
    if (t->screen) t->screen->scratch = t->world->scratch;
}

/* 0: go on, 1: the client has no room, -1: stop. */
static int give(struct transaction *t) {
    if (t->slice_failed || t->reply.failed) return -1;
    if (!t->streaming) transaction_answer_begin(t);
    t->streaming = true;
    bool room = t->world->verbs->write(t->client, buf_span(&t->reply));
    buf_clear(&t->reply);
    t->paused = !room;
    return room ? 0 : 1;
}

int transaction_slice_data(struct transaction *t, struct span bytes) {
    if (relay_push(t->relay, bytes, &t->reply) < 0) return -1;
    if (relay_lines_ready(t->relay) < SLICE_BYTES) return 0;
    t->offloaded = true;
    if (t->world->verbs->offload(t->world->ctx, t) == 0) return 1;
    t->offloaded = false;
    t->inside++;
    transaction_slice_take(t, t->world->scratch); /* all helpers are busy */
    int wish = give(t);
    t->inside--;
    return wish;
}

void transaction_slice_done(struct transaction *t) {
    if (!t->client) return; /* the call is being cancelled */
    t->inside++;
    int wish = give(t);
    if (t->call && wish < 0) t->world->verbs->cancel(t->call); /* done follows */
    else if (t->call && wish == 0) t->world->verbs->resume(t->call);
    t->inside--;
}
