/* SPDX-License-Identifier: Apache-2.0
 *
 * Sentences are constants of this program, so none can quote a text.
 */
#include "reason.h"

#include <stddef.h>

static const struct reason {
    const char *code, *sentence;
} reasons[] = {
#define REASON(code, sentence) {code, sentence},
#include "reason.def"
#undef REASON
}, actions[] = {
    {"block", "the whole request is refused"},
    {"route", "the whole request goes to another upstream, whose policy decides"},
    {"tokenize", "a token leaves instead; the value comes back in the answer"},
    {"surrogate", "an invented value leaves instead; the real one comes back in the answer"},
    {"offset", "its distance in days leaves instead; the date comes back in the answer"},
    {"mask", "a mark leaves instead; the value does not come back"},
    {"drop", "it is taken out"},
    {"generalize", "a more general form of it leaves"},
    {"flag", "it leaves as it is and is counted"},
    {"allow", "it leaves as it is"},
};

static const char *find(const struct reason *v, size_t n, struct span code) {
    for (size_t i = 0; i < n; i++)
        if (span_is(code, v[i].code)) return v[i].sentence;
    return NULL;
}

const char *reason_sentence(struct span code) {
    return find(reasons, sizeof reasons / sizeof *reasons, code);
}

const char *reason_of_action(const char *action) {
    return find(actions, sizeof actions / sizeof *actions, span_of(action));
}
