/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread beside a worker that decides about large bodies, one after another, so that the worker's streams do not wait.
 */
#ifndef HELPER_H
#define HELPER_H

#include "span.h"

struct helper;
struct transaction;

/* done is called on the helper's thread and must only hand over to the worker's. */
typedef void helper_done(void *arg, struct transaction *t);

struct helper *helper_new(unsigned queue_max, helper_done *done, void *arg);
MUST_CHECK int helper_submit(struct helper *h, struct transaction *t); /* -1: the queue is full */
void helper_free(struct helper *h); /* finishes what was submitted, then ends the thread */

#endif
