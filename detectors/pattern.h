/* SPDX-License-Identifier: Apache-2.0
 *
 * One compiled PCRE2 pattern and the bounded act of matching it. Whatever PCRE2 says that is neither "match"
 * nor "no match" is an error here: a limit reached on hostile text must never look like clean text.
 */
#ifndef PHI_PATTERN_H
#define PHI_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PHI_PATTERN_MAX = 4096 }; /* bytes */

struct phi_pattern {
    pcre2_code *search;   /* unanchored: the oracle, and rules without a trigger */
    pcre2_code *anchored; /* tried where a trigger fired */
    uint32_t captures;
    uint32_t value_group; /* 0: the whole match */
    bool jit;             /* both compiled to machine code; without it the interpreter gives the same result */
};

/* What matching needs; one per thread. */
struct phi_matcher {
    pcre2_general_context *general;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    uint32_t captures; /* what data has room for */
};

struct phi_match {
    uint32_t begin, end;             /* the whole match */
    uint32_t value_begin, value_end; /* what is covered */
};

pcre2_general_context *phi_pattern_memory(void);

int phi_pattern_compile(struct phi_pattern *p, pcre2_general_context *general, const char *pattern, char *err,
                        size_t err_size, int *offset);
void phi_pattern_free(struct phi_pattern *p);

int phi_matcher_init(struct phi_matcher *m);
int phi_matcher_fit(struct phi_matcher *m, uint32_t captures);
void phi_matcher_free(struct phi_matcher *m);

/* 1 match, 0 none, -1 error. The text was validated as UTF-8; from and at are on character borders. */
int phi_pattern_find(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len,
                     uint32_t from, struct phi_match *match);
int phi_pattern_at(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len,
                   uint32_t at, struct phi_match *match);

#endif
