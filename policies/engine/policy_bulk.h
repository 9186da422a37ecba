/* SPDX-License-Identifier: Apache-2.0
 *
 * How much of a chart, and of how many patients, one request may hold; who may break the glass; and what the site says in its own words.
 */
#ifndef POLICY_BULK_H
#define POLICY_BULK_H

#include "policy_table.h"

struct policy_chain;

#define POLICY_MESSAGES_MAX 64
#define POLICY_MESSAGE_LEN_MAX 300

struct policy_message {
    char code[POLICY_NAME_MAX + 1]; /* of a refusal; "" for kinds */
    bool kinds[PHI_KINDS];
    uint8_t reach; /* enum kind_reach; the nearer word wins */
    char *text;
};

/* `bulk`, `override` and `messages`; purposes must be known. Mistakes go to d; -1 when out of memory. */
int policy_bulk_read(struct policy *p, const struct policy_chain *chain, struct diag *d);
int policy_override_read(struct policy *p, const struct policy_chain *chain, struct diag *d);
int policy_messages_read(struct policy *p, const struct policy_chain *chain, struct diag *d);
void policy_messages_free(struct policy *p);

#endif
