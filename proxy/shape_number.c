/* SPDX-License-Identifier: Apache-2.0
 *
 * Which numbers of a call need not be searched. An identifier is a number of seven digits or more, so a place is an exemption for
 * shorter ones only: of longer ones some are beyond what the parameter can be and refused, the rest is searched like any number.
 *
 *   temperature 0.7            exempt        max_tokens 8388608    searched
 *   temperature 0.30000001     searched      max_tokens 219099999  refused
 */
#include <string.h>

#include "shape.h"

#define DIGITS_EXEMPT 6u

/* What a parameter can be at most, with room: nobody's sampler, vocabulary or context is larger. seed is any number of 19 digits,
 * by anybody's choice, also a record's, so there each long one is searched. */
static const struct {
    const char *name;
    unsigned long long most;
} limits[] = {
    {"n", 1000}, {"best_of", 1000}, {"seed", ~0ull}, {"min_p", 1000}, {"top_p", 1000}, {"top_k", 10000000},
    {"speed", 1000}, {"temperature", 1000}, {"length_penalty", 1000}, {"presence_penalty", 1000},
    {"frequency_penalty", 1000}, {"repetition_penalty", 1000}, {"logit_bias.*", 1000}, {"logprobs", 10000000},
    {"top_logprobs", 10000000}, {"prompt_logprobs", 10000000}, {"priority", 10000000}, {"dimensions", 10000000},
    {"outputdimensionality", 10000000}, {"max_tokens", 10000000}, {"min_tokens", 10000000},
    {"max_output_tokens", 10000000}, {"max_completion_tokens", 10000000}, {"truncate_prompt_tokens", 10000000},
    {"max_tool_calls", 10000000}, {"partial_images", 1000}, {"output_compression", 1000},
};

static unsigned long long limit_of(struct span name) {
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (span_is_nocase(name, limits[i].name)) return limits[i].most;
    return 0;
}

/* All that are written, those of an exponent and zeros, too: 0.00417723 would be a record's number. Only the 0 before a point is none. */
static size_t digits_of(struct span number) {
    size_t n = 0;

    for (size_t i = 0; i < number.len; i++)
        n += number.ptr[i] >= '0' && number.ptr[i] <= '9';
    return n - (span_starts(number, "0.") || span_starts(number, "-0."));
}

/* What stands before a point or an exponent; false: beyond 64 bits. */
static bool whole_of(struct span number, unsigned long long *out) {
    size_t begin = number.len && number.ptr[0] == '-', end = begin;

    while (end < number.len && number.ptr[end] >= '0' && number.ptr[end] <= '9')
        end++;
    return span_decimal(span_sub(number, begin, end), out) == 0;
}

enum shape_number shape_number_of(enum shape_endpoint e, struct span name, struct span number) {
    unsigned long long whole;

    if (!shape_parameter(e, name)) return SHAPE_NUMBER_SEARCHED;
    if (digits_of(number) <= DIGITS_EXEMPT) return SHAPE_NUMBER_EXEMPT;
    return whole_of(number, &whole) && whole <= limit_of(name) ? SHAPE_NUMBER_SEARCHED : SHAPE_NUMBER_BEYOND;
}

/* A token's number as a key of logit_bias. */
bool shape_token_number(struct span key) {
    return digits_of(key) <= DIGITS_EXEMPT;
}
