/* SPDX-License-Identifier: Apache-2.0 */
#include "signed_off.h"

#include <string.h>

#include "dictionary.h"
#include "lexicon.h"
#include "phi.h"

enum { LETTERS_MOST = 4, CAPITALS_MOST = 3, TEXT_LEAST = 12, STAMP_MOST = 5, SCORE = 58 };

/* Zones of time, and what people write that is in no list of words. */
static bool is_no_name(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "akdt", "hst", "lic", "dt", "dd", "td", "npi", "tel", "vm", "ext", "ph", "fx", "pg", "vs", "bpm", "bd", "mph", "wk", "hr", "ml", "mm", "cm", "kg", "lb", "wt", "ht", "hm", "tv", "pts", "st", "nd", "rd", "th", "gmt", "utc", "cet", "bst", "zulu", "sw", "pbt", "pov", "ord",
                                        "thx", "tks", "ty", "tyvm", "pls", "plz", "lol", "idk", "tbh", "fyi", "btw", "imo", "asap", "tia", "np", "kk", "smh", "omg", "nvm"};
    return words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* No vowel: "sh", "hm" are said, and written as initials. */
static bool is_mute(const struct words *w, uint32_t i)
{
    for (uint32_t k = w->v[i].begin; k < w->v[i].end; k++)
        if (strchr("aeiouy", w->text[k]))
            return false;
    return true;
}

/* Few letters, all small or all large, that are no word and no abbreviation of the trade. */
static bool is_initials(const struct words *w, uint32_t i, const struct phi_dictionary *d)
{
    const struct word *x = &w->v[i];
    bool shaped = (x->shape == SHAPE_LOWER && !(x->flags & WORD_LINE_LOWER)) || (x->shape == SHAPE_UPPER && !(x->flags & WORD_LINE_UPPER));

    if (!shaped || x->letters < 2 || x->letters > (x->shape == SHAPE_UPPER ? CAPITALS_MOST : LETTERS_MOST) || x->end - x->begin != x->letters || x->classes || x->flags & ~(uint16_t)(WORD_LINE_TITLE | WORD_LINE_FIRST))
        return false;
    return (!fact_is_word(phi_dictionary_plain(d, x->hash)) || (x->shape == SHAPE_LOWER && is_mute(w, i))) && !is_no_name(w, i);
}

static bool ends_line(const struct words *w, uint32_t i)
{
    return i + 1 >= w->n || w->v[i + 1].gap & GAP_LINE;
}

/* "JC 10/3", "rp 1/31/24 1105": the day behind who signs ends the line. */
static bool ends_dated_line(const struct words *w, uint32_t i)
{
    uint32_t k = i + 1;
    if (k + 1 >= w->n || w->v[k].gap != GAP_SPACE || w->v[k].shape != SHAPE_NUMBER || w->v[k].letters > 2 || !(w->v[k + 1].gap == GAP_SLASH || w->v[k + 1].gap == GAP_HYPHEN) || w->v[k + 1].letters > 2)
        return false;
    while (k + 1 < w->n && k - i < STAMP_MOST && w->v[k + 1].shape >= SHAPE_NUMBER && !(w->v[k + 1].gap & ~(GAP_SLASH | GAP_HYPHEN | GAP_SPACE | GAP_COLON)))
        k++;
    return ends_line(w, k);
}

/* "11:21", "1121", "2/16": a time or a day, not "14 lb". */
static bool is_stamp(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return x->shape == SHAPE_NUMBER && (x->letters == 4 || x->gap & (GAP_COLON | GAP_SLASH | GAP_HYPHEN)) && !(x->gap & GAP_COMMA);
}

/* Only a blank, a hyphen or a dash stands between, and what the line or sentence before ended with. */
static bool is_set_off(const struct words *w, uint32_t i, uint16_t before)
{
    const struct word *x = &w->v[i];
    bool dash = x->begin > 3 && x->gap & GAP_OTHER && memcmp(w->text + x->begin - 3, "\xE2\x80", 2) == 0;
    return x->gap & before && !(x->gap & ~(before | GAP_PERIOD | GAP_SPACE | GAP_HYPHEN | (dash ? GAP_OTHER : 0)));
}

/* "...told of the visit. -QWX", and "QWX" as the last line: the text ends so. */
static bool ends_text(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (i + 1 < w->n || x->end < w->len || i < TEXT_LEAST || x->shape != SHAPE_UPPER)
        return false;
    return is_set_off(w, i, GAP_LINE) || (is_set_off(w, i, GAP_PERIOD) && x->gap & GAP_SPACE);
}

/* Behind the end of a sentence, or a time; "by" in front says it as well. */
static bool is_placed(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;

    if (i && ends_text(w, i))
        return true;
    if (!i || x->gap & (GAP_LINE | GAP_START))
        return false;
    if (words_is(w, i - 1, "by") && x->gap == GAP_SPACE && i > 1 && p[-1].shape >= SHAPE_NUMBER)
        return ends_line(w, i) || w->v[i + 1].gap & (GAP_PERIOD | GAP_COMMA) || (i + 2 < w->n && w->v[i + 2].gap == GAP_SLASH && w->v[i + 1].shape == SHAPE_NUMBER);
    char behind = x->end < w->len ? w->text[x->end] : 0;
    if (behind == ')' && x->gap == (GAP_PERIOD | GAP_SPACE | GAP_OPEN) && ends_line(w, i)) /* "in A1-A2. (tjw)" */
        return true;
    if (behind == ')' && x->gap == GAP_SPACE && is_stamp(w, i - 1)) /* "(sent 0831 pk)" */
        return true;
    if (!(ends_line(w, i) || ends_dated_line(w, i)) || (behind && behind != '\n' && behind != '\r' && behind != ' '))
        return false;
    if ((x->gap & ~(GAP_HYPHEN | GAP_BLANK)) == (GAP_PERIOD | GAP_SPACE))
        return p->letters > 1 || p->shape >= SHAPE_NUMBER;
    if (x->gap == (GAP_SPACE | GAP_BLANK) && x->shape == SHAPE_LOWER && w->text[x->begin - 1] == ' ' && p->shape != SHAPE_OTHER)
        return true; /* "mammogram 11/12 1:30p  vg" */
    return !(x->gap & ~(GAP_SPACE | GAP_SLASH)) && x->gap & GAP_SPACE && is_stamp(w, i - 1);
}

/* "... work at Parker's.\nbs", "... not letting me wait. bs": two or three small letters that a text ends with are who wrote it, whatever else they are short for. */
static bool ends_text_small(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    const uint64_t others = LEX(COMMON) | LEX(CREDENTIAL) | LEX(DOSE) | LEX(CHAT) | LEX(VERB) | LEX(STATE) | LEX(MONTH) | LEX(WEEKDAY);

    if (i + 1 < w->n || x->end + 2 < w->len || i < TEXT_LEAST || x->shape != SHAPE_LOWER || x->letters < 2 || x->letters > 3 || x->end - x->begin != x->letters || x->classes & others)
        return false;
    bool apart = is_set_off(w, i, GAP_LINE) || (x->gap & GAP_PERIOD && x->gap & GAP_SPACE && !(x->gap & ~(GAP_PERIOD | GAP_SPACE | GAP_QUOTE)));
    return apart && !fact_is_word(x->facts) && !is_no_name(w, i);
}

int signed_off_emit(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = w->first; d && i < w->last; i++) {
        bool last = ends_text_small(w, i);
        if (!last && (w->v[i].classes || w->v[i].letters > LETTERS_MOST || !is_placed(w, i) || !is_initials(w, i, d))) /* most have a class */
            continue;
        struct phi_candidate c = {.kind = PHI_NAME_PROVIDER, .rule = rule, .score = SCORE, .begin = w->v[i].begin, .end = w->v[i].end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}
