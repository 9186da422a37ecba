/* SPDX-License-Identifier: Apache-2.0
 *
 * PCRE2 in UTF mode without Unicode properties: \d, \w and \b are ASCII, because foreign digits and
 * look-alikes are folded before matching.
 *
 * Refused in a pattern: (*VERBS), which could raise limits or cut the search short; \K and \G, which make a
 * match depend on where the search began; callouts. Without them a pattern matches at a position or does not,
 * whoever asks, and that is what lets a trigger stand in for a search.
 */
#include "pattern.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

enum {
    MATCH_LIMIT = 400000,
    DEPTH_LIMIT = 20000,
    HEAP_LIMIT_KIB = 16384,
    JIT_STACK_START = 32 * 1024,
    JIT_STACK_MAX = 1024 * 1024,
    NEST_LIMIT = 60,
};

static void *pattern_malloc(size_t size, void *data)
{
    (void)data;
    return phi_memory_new(size);
}

static void pattern_release(void *block, void *data)
{
    (void)data;
    phi_memory_free(block);
}

pcre2_general_context *phi_pattern_memory(void)
{
    return pcre2_general_context_create(pattern_malloc, pattern_release, NULL);
}

/* The offset of what a rule may not use, or -1. Knows escapes, \Q..\E and classes, so that a literal "(*"
 * inside a class passes. */
static int pattern_forbidden(const char *p, const char **what)
{
    bool class = false, quoted = false;
    for (int i = 0; p[i]; i++) {
        if (quoted) {
            quoted = !(p[i] == '\\' && p[i + 1] == 'E');
            continue;
        }
        if (p[i] == '\\') {
            quoted = p[i + 1] == 'Q';
            *what = "\\K and \\G are not allowed: a match must not depend on where the search began";
            if (!class && (p[i + 1] == 'K' || p[i + 1] == 'G'))
                return i;
            if (p[i + 1])
                i++;
        } else if (class) {
            class = p[i] != ']';
        } else if (p[i] == '[') {
            class = true;
            i += p[i + 1] == '^';
            i += p[i + 1] == ']';
        } else if (p[i] == '(' && (p[i + 1] == '*' || (p[i + 1] == '?' && p[i + 2] == 'C'))) {
            *what = "(*VERBS) and callouts are not allowed";
            return i;
        }
    }
    return -1;
}

static pcre2_code *pattern_build(const char *pattern, uint32_t options, pcre2_general_context *general,
                                 char *err, size_t err_size, int *offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    if (!context) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    pcre2_set_max_pattern_length(context, PHI_PATTERN_MAX);
    pcre2_set_parens_nest_limit(context, NEST_LIMIT);
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *built = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                      PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | options, &code, &at, context);
    pcre2_compile_context_free(context);
    if (built)
        return built;
    PCRE2_UCHAR message[160] = {0};
    pcre2_get_error_message(code, message, sizeof message);
    snprintf(err, err_size, "%s", (const char *)message);
    *offset = (int)at;
    return NULL;
}

int phi_pattern_compile(struct phi_pattern *p, pcre2_general_context *general, const char *pattern, char *err,
                        size_t err_size, int *offset)
{
    *p = (struct phi_pattern){0};
    *offset = -1;
    const char *what = NULL;
    int forbidden = pattern_forbidden(pattern, &what);
    if (forbidden >= 0) {
        snprintf(err, err_size, "%s", what);
        *offset = forbidden;
        return -1;
    }
    p->search = pattern_build(pattern, 0, general, err, err_size, offset);
    if (p->search) /* at a given place, a look for a byte that must come later costs more than it saves */
        p->anchored = pattern_build(pattern, PCRE2_ANCHORED | PCRE2_NO_START_OPTIMIZE, general, err, err_size, offset);
    if (!p->anchored) {
        phi_pattern_free(p);
        return -1;
    }
    pcre2_pattern_info(p->search, PCRE2_INFO_CAPTURECOUNT, &p->captures);
    int group = pcre2_substring_number_from_name(p->search, (PCRE2_SPTR) "value");
    if (group == PCRE2_ERROR_NOUNIQUESUBSTRING) {
        snprintf(err, err_size, "the group \"value\" is there twice");
        phi_pattern_free(p);
        return -1;
    }
    p->value_group = group > 0 ? (uint32_t)group : 0;
    p->jit = pcre2_jit_compile(p->search, PCRE2_JIT_COMPLETE) == 0 &&
             pcre2_jit_compile(p->anchored, PCRE2_JIT_COMPLETE) == 0;
    return 0;
}

void phi_pattern_free(struct phi_pattern *p)
{
    pcre2_code_free(p->search);
    pcre2_code_free(p->anchored);
    *p = (struct phi_pattern){0};
}

int phi_matcher_init(struct phi_matcher *m)
{
    *m = (struct phi_matcher){0};
    m->general = phi_pattern_memory();
    if (!m->general)
        return -1;
    m->limits = pcre2_match_context_create(m->general);
    if (!m->limits)
        return -1;
    pcre2_set_match_limit(m->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(m->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->limits, HEAP_LIMIT_KIB);
    m->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, m->general);
    if (m->stack) /* without JIT there is none, and none is needed */
        pcre2_jit_stack_assign(m->limits, NULL, m->stack);
    return phi_matcher_fit(m, 0);
}

int phi_matcher_fit(struct phi_matcher *m, uint32_t captures)
{
    if (m->data && m->captures >= captures)
        return 0;
    pcre2_match_data *data = pcre2_match_data_create(captures + 1, m->general);
    if (!data)
        return -1;
    pcre2_match_data_free(m->data);
    m->data = data;
    m->captures = captures;
    return 0;
}

void phi_matcher_free(struct phi_matcher *m)
{
    pcre2_match_data_free(m->data);
    pcre2_jit_stack_free(m->stack);
    pcre2_match_context_free(m->limits);
    pcre2_general_context_free(m->general);
    *m = (struct phi_matcher){0};
}

static int pattern_result(const struct phi_pattern *p, struct phi_matcher *m, int rc, struct phi_match *match)
{
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc <= 0) /* 0: the vector was too small, which phi_matcher_fit excludes */
        return -1;
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(m->data);
    match->begin = (uint32_t)v[0];
    match->end = (uint32_t)v[1];
    match->value_begin = match->begin;
    match->value_end = match->end;
    uint32_t g = p->value_group;
    if (g && (uint32_t)rc > g && v[2 * g] != PCRE2_UNSET) {
        match->value_begin = (uint32_t)v[2 * g];
        match->value_end = (uint32_t)v[2 * g + 1];
    }
    return 1;
}

static int pattern_run(const pcre2_code *code, const struct phi_pattern *p, struct phi_matcher *m,
                       const char *text, uint32_t len, uint32_t from, struct phi_match *match)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)text;
    int rc = p->jit ? pcre2_jit_match(code, subject, len, from, PCRE2_NO_UTF_CHECK, m->data, m->limits)
                    : pcre2_match(code, subject, len, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, m->data,
                                  m->limits);
    return pattern_result(p, m, rc, match);
}

int phi_pattern_find(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len,
                     uint32_t from, struct phi_match *match)
{
    return pattern_run(p->search, p, m, text, len, from, match);
}

int phi_pattern_at(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len,
                   uint32_t at, struct phi_match *match)
{
    return pattern_run(p->anchored, p, m, text, len, at, match);
}
