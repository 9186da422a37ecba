/* SPDX-License-Identifier: Apache-2.0
 *
 * What the prose detector finds in a text, for the tests of names, places and dates: the found parts of the text, joined
 * with " | ", each as "kind:text" or as "text" alone. Stands behind cmocka.h.
 */
#ifndef PROSE_FOUND_H
#define PROSE_FOUND_H

#include <stdio.h>
#include <string.h>

#include "../../detectors/dictionary.h"
#include "../../detectors/prose.h"
#include "../../detectors/scratch.h"
#include "../../detectors/words.h"

#define WORDS_FILE "detectors/dictionaries/words.bin"

struct prose_found {
    struct words words;
    struct phi_dictionary *dictionary;
    char text[4096];
};

static inline void found_add(char *out, size_t size, const char *text, const struct candidate *c, bool kinds)
{
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%s%s%s%.*s", n ? " | " : "", kinds ? phi_kind_name(c->kind) : "", kinds ? ":" : "",
             (int)(c->end - c->begin), text + c->begin);
}

static inline int found_order(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static inline bool found_counts(const struct candidate *c, unsigned from, unsigned to, int least)
{
    return c->kind >= from && c->kind <= to && c->score >= least;
}

/* Two detectors found it, from the same place to the same. */
static inline bool found_twice(const struct candidate *v, uint32_t i, unsigned from, unsigned to, int least)
{
    for (uint32_t k = i; k-- > 0 && v[k].begin == v[i].begin;)
        if (v[k].end == v[i].end && found_counts(&v[k], from, to, least))
            return true;
    return false;
}

/* Findings of at least the score, of kinds from..to. The result belongs to f. */
static inline const char *prose_find(struct prose_found *f, const char *text, unsigned from, unsigned to, int least, bool kinds)
{
    struct phi_candidates sink = {.text = text, .len = (uint32_t)strlen(text), .rules = prose_detector.n};
    const struct candidate *v;

    f->text[0] = 0;
    if (prose_scan(f->dictionary, &f->words, text, sink.len, &sink) < 0)
        snprintf(f->text, sizeof f->text, "failed");
    if (sink.n)
        qsort(sink.items.v, sink.n, sizeof *v, found_order);
    v = sink.items.v;
    for (uint32_t i = 0; i < sink.n; i++)
        if (found_counts(&v[i], from, to, least) && !found_twice(v, i, from, to, least))
            found_add(f->text, sizeof f->text, text, &v[i], kinds);
    phi_array_free(&sink.items);
    return f->text;
}

static inline const char *names_in(struct prose_found *f, const char *text)
{
    return prose_find(f, text, PHI_NAME_PATIENT, PHI_NAME_UNKNOWN, 50, false);
}

static inline const char *places_in(struct prose_found *f, const char *text)
{
    return prose_find(f, text, PHI_GEO_STREET, PHI_GEO_FACILITY, 50, false);
}

static inline const char *dates_in(struct prose_found *f, const char *text)
{
    return prose_find(f, text, PHI_DATE_DOB, PHI_AGE_90PLUS, 50, false);
}

static inline const char *all_in(struct prose_found *f, const char *text)
{
    return prose_find(f, text, 1, PHI_KINDS - 1, 50, false);
}

struct found_case {
    const char *text, *found;
};

/* Each text has what its case says, in the way of names_in and the like. */
static inline void find_each(struct prose_found *f, const struct found_case *cases, size_t n, const char *find(struct prose_found *, const char *))
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(find(f, cases[i].text), cases[i].found);
}

static inline int prose_setup(void **state)
{
    static struct prose_found found;
    char err[128];

    found.dictionary = phi_dictionary_open(WORDS_FILE, err, sizeof err);
    *state = &found;
    return found.dictionary ? 0 : -1;
}

static inline int prose_teardown(void **state)
{
    struct prose_found *f = *state;
    phi_dictionary_close(f->dictionary);
    return 0;
}

#endif
