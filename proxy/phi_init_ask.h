/* SPDX-License-Identifier: Apache-2.0
 *
 * The three questions of `phi init`, and the configuration that follows from their answers.
 */
#ifndef PHI_INIT_ASK_H
#define PHI_INIT_ASK_H

#include "buf.h"

enum init_where { INIT_ECHO = 0, INIT_OWN, INIT_OPENAI };
enum init_use { INIT_CARE = 0, INIT_RESEARCH, INIT_NO_PATIENTS };
enum init_begin { INIT_PROTECT = 0, INIT_WATCH };

struct init_answers {
    enum init_where where;
    enum init_use use;
    enum init_begin begin;
};

/* Words of the command line, NULL where none was given. What is missing is asked on a terminal and is the first answer
 * elsewhere. -1: a word is none, said on standard error, or the input ended. */
struct init_words {
    const char *to, *use, *begin;
};
MUST_CHECK int init_ask(const struct init_words *w, struct init_answers *out);

/* phigate.yaml; policy.yaml (nothing where a preset is enough); the purposes of the first client. */
void init_write_config(const struct init_answers *a, struct buf *out);
void init_write_policy(const struct init_answers *a, long today, struct buf *out);
const char *init_default_purpose(const struct init_answers *a);
const char *init_purposes(const struct init_answers *a);

#endif
