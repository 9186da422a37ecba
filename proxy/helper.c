/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue and its threads. They start with the first body: a practice may never send a large one.
 */
#include "helper.h"

#include <pthread.h>
#include <stdlib.h>

#include "../detectors/phi.h"
#include "transaction.h"

struct helper_thread {
    pthread_t thread;
    struct helper *helper;
    struct phi_scratch *scratch;
};

struct helper {
    struct helper_thread threads[HELPER_THREADS_MAX];
    unsigned n_threads, n_started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct transaction **queue;
    unsigned first, n, max;
    bool stop;
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
    struct helper_thread *own = arg;
    struct helper *h = own->helper;
    struct transaction *t;

    while ((t = take(h))) {
        transaction_decide(t, own->scratch);
        h->done(h->arg, t);
    }
    return NULL;
}

/* One thread is enough to go on with. */
static int start(struct helper *h) {
    while (h->n_started < h->n_threads) {
        struct helper_thread *own = &h->threads[h->n_started];
        own->helper = h;
        if (!own->scratch) own->scratch = phi_scratch_new();
        if (!own->scratch || pthread_create(&own->thread, NULL, run, own) != 0) break;
        h->n_started++;
    }
    return h->n_started ? 0 : -1;
}

struct helper *helper_new(unsigned queue_max, unsigned threads, helper_done *done, void *arg) {
    struct helper *h = calloc(1, sizeof *h);

    if (!h) return NULL;
    h->queue = calloc(queue_max, sizeof(struct transaction *));
    h->max = queue_max;
    h->n_threads = threads < HELPER_THREADS_MAX ? threads : HELPER_THREADS_MAX;
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
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
    for (unsigned i = 0; i < h->n_started; i++)
        pthread_join(h->threads[i].thread, NULL);
    for (unsigned i = 0; i < h->n_threads; i++)
        phi_scratch_free(h->threads[i].scratch);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h->queue);
    free(h);
}
