/* SPDX-License-Identifier: Apache-2.0 */
#include "lone.h"

#include <string.h>

#include "dictionary.h"
#include "engine.h"
#include "name_words.h"
#include "prose.h"
#include "repeat.h"
#include "resolve.h"
#include "text.h"
#include "word_lists.h"
#include "words.h"

/* A message as short as a line of notes has nothing else to stand beside. */
enum { TEXT_LEAST = 100, WEAK_MOST = 84, VALUES_MOST = 4, MEASURE_MOST = 6, GIVEN_LEAST = 3, SURNAME_LEAST = 6, RATIO_LEAST = 6, WORD_MOST = 32 };

/* Found by how it is written and what stands around it; rules say what they know. */
static bool is_read_only(const struct phi_engine *e, unsigned rule)
{
    unsigned prose = engine_detector_rule(e, &prose_detector, 0), repeat = engine_detector_rule(e, &phi_repeat, 0);
    return (rule >= prose && rule < prose + prose_detector.n) || (rule >= repeat && rule < repeat + phi_repeat.n);
}

static bool kind_is_read(unsigned kind)
{
    return resolve_is_name(kind) || kind == PHI_GEO_CITY || kind == PHI_GEO_FACILITY ||
           kind == PHI_DATE_OTHER || kind == PHI_OTHER_CODE;
}

/* "sharon", "Hernandez": many are called so, and few things; "Park" and "Long" are mostly words. */
static bool is_called_often(uint32_t facts)
{
    return FACT_GIVEN(facts) >= GIVEN_LEAST || (FACT_SURNAME(facts) >= SURNAME_LEAST && FACT_RATIO(facts) >= RATIO_LEAST);
}

/* ... of other letters than ASCII few things are. */
static bool has_frequent(const struct phi_dictionary *d, const char *text, uint32_t begin, uint32_t end)
{
    char word[WORD_MOST];

    for (uint32_t at = begin; at < end; at++) {
        uint32_t n = (uint32_t)text_letters(text + at, end - at);
        if (!text_is_ascii(text + at, n))
            return true;
        for (uint32_t k = 0; k < n && k < WORD_MOST; k++)
            word[k] = text_lower(text[at + k]);
        if (n && n <= WORD_MOST && is_called_often(phi_dictionary_entry(d, words_hash(word, n))))
            return true;
        at += n;
    }
    return false;
}

/* "are you missus waqa": whoever is addressed so is somebody. */
static bool has_title(const char *text, uint32_t begin)
{
    uint32_t end = begin;

    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '.'))
        end--;
    uint32_t first = (uint32_t)text_letters_before(text, end);
    bool whole = first == 0 || text[first - 1] != '-'; /* "by LC-MS. A" */
    return whole && first < end && name_word_lists(text + first, end - first) & (LIST(PATIENT_TITLE) | LIST(PROVIDER_TITLE));
}

/* "March 3", no "9th", no "3/4" and no "SEP-1", the measure. */
static bool is_day_of_month(const char *text, uint32_t n)
{
    uint32_t digits = 0;

    if (!memchr(text, ' ', n) && n <= MEASURE_MOST)
        return false;
    for (uint32_t i = 0; i < n; i++)
        digits += text_is_digit(text[i]);
    return digits && text_longest_word(text, n) > 2;
}

static bool is_weak(const struct phi_engine *e, const struct phi_finding *f, const struct phi_leaf *leaf)
{
    bool name = resolve_is_name(f->kind);
    const char *value = leaf->text + f->begin;

    if (f->score > WEAK_MOST || !kind_is_read(f->kind) || e->keep[f->kind] || !is_read_only(e, f->rule))
        return false;
    if (f->kind == PHI_DATE_OTHER)
        return !is_day_of_month(value, f->end - f->begin);
    return !name || !(has_title(leaf->text, f->begin) || memchr(value, ' ', f->end - f->begin) || has_frequent(phi_engine_words(e), leaf->text, f->begin, f->end));
}

static bool same_value(const struct phi_leaf *leaves, const struct phi_finding *a, const struct phi_finding *b)
{
    uint32_t n = a->end - a->begin;
    return n == b->end - b->begin && text_equal_nocase(leaves[a->leaf].text + a->begin, leaves[b->leaf].text + b->begin, n);
}

/* Are all findings weak, and of no more values than may be chance? */
static bool all_weak(const struct phi_engine *e, const struct phi_finding *v, uint32_t n, const struct phi_leaf *leaves)
{
    const struct phi_finding *values[VALUES_MOST];
    unsigned n_values = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (resolve_is_category(v[i].kind))
            continue;
        if (!is_weak(e, &v[i], &leaves[v[i].leaf]))
            return false;
        unsigned k = 0;
        while (k < n_values && !same_value(leaves, values[k], &v[i]))
            k++;
        if (k == VALUES_MOST)
            return false;
        if (k == n_values)
            values[n_values++] = &v[i];
    }
    return true;
}

void lone_drop(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves)
{
    struct phi_finding *v = s->findings.v;
    struct finding_note *notes = s->notes.v;
    uint32_t kept = 0;

    if (e->mode == PHI_STRICT || !phi_engine_words(e) || s->bytes < TEXT_LEAST || !all_weak(e, v, s->n_findings, leaves))
        return;
    for (uint32_t i = 0; i < s->n_findings; i++)
        if (resolve_is_category(v[i].kind)) {
            v[kept] = v[i];
            notes[kept++] = notes[i];
        }
    s->n_findings = kept;
}
