/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue and a thread. The thread starts with the first large body: a practice may never send one.
 */
#include "helper.h"

#include <pthread.h>
#include <stdlib.h>

#include "../detectors/phi.h"
#include "transaction.h"

struct helper {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct transaction **queue;
    unsigned first, n, max;
    bool started, stop;
    struct phi_scratch *scratch;
    helper_done *done;
    void *arg;
};

static struct transaction *take(struct helper *h) {
    struct transaction *t = NULL;

    pthread_mutex_lock(&h->lock);
    while (h->n == 0 && !h->stop)
        pthread_cond_wait(&h->wake, &h->lock);
    if (h->n) {
        t = h->queue[h->first];
        h->first = (h->first + 1) % h->max;
        h->n--;
    }
    pthread_mutex_unlock(&h->lock);
    return t;
}

static void *run(void *arg) {
    struct helper *h = arg;
    struct transaction *t;

    while ((t = take(h))) {
        transaction_decide(t, h->scratch);
        h->done(h->arg, t);
    }
    return NULL;
}

static int start(struct helper *h) {
    if (h->started) return 0;
    h->scratch = phi_scratch_new();
    if (!h->scratch || pthread_create(&h->thread, NULL, run, h) != 0) return -1;
    h->started = true;
    return 0;
}

struct helper *helper_new(unsigned queue_max, helper_done *done, void *arg) {
    struct helper *h = calloc(1, sizeof *h);

    if (!h) return NULL;
    h->queue = calloc(queue_max, sizeof(struct transaction *));
    h->max = queue_max;
    h->done = done;
    h->arg = arg;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
    if (h->queue) return h;
    helper_free(h);
    return NULL;
}

int helper_submit(struct helper *h, struct transaction *t) {
    int rc = -1;

    pthread_mutex_lock(&h->lock);
    if (h->n < h->max && start(h) == 0) {
        h->queue[(h->first + h->n++) % h->max] = t;
        pthread_cond_signal(&h->wake);
        rc = 0;
    }
    pthread_mutex_unlock(&h->lock);
    return rc;
}

void helper_free(struct helper *h) {
    if (!h) return;
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    if (h->started) pthread_join(h->thread, NULL);
    phi_scratch_free(h->scratch);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h->queue);
    free(h);
}
