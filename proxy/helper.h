/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads beside a worker that decide what would keep its streams waiting: large bodies, and all where tokens are kept in a
 * vault. Each takes one after another.
 */
#ifndef HELPER_H
#define HELPER_H

#include "span.h"

struct helper;
struct transaction;

/* done is called on a helper's thread and must only hand over to the worker's. */
typedef void helper_done(void *arg, struct transaction *t);

#define HELPER_THREADS_MAX 16
struct helper *helper_new(unsigned queue_max, unsigned threads, helper_done *done, void *arg);
MUST_CHECK int helper_submit(struct helper *h, struct transaction *t); /* -1: the queue is full */
void helper_free(struct helper *h); /* finishes what was submitted, then ends the threads */

#endif
