/* SPDX-License-Identifier: Apache-2.0
 *
 *     [doctor] okay   mark ,   we'll see you        called, then a name, then the sentence ends or begins
 *              called name ends
 *
 * Only words that many are called by; an everyday word only between what calls and a mark.
 */
#include "addressed.h"

#include <string.h>

#include "dictionary.h"
#include "lexicon.h"
#include "speaker.h"

enum { SCORE = 62, GIVEN_LEAST = 3, CALLS_MOST = 3 };

static bool is_everyday_given(const struct words *w, uint32_t i)
{
    static const char *const given[] = {"mark", "bill", "rose", "hope", "art", "sue", "pat", "rob", "grant", "drew", "chase", "dawn", "penny", "summer", "autumn", "melody", "joy", "faith", "grace", "jack", "frank",
                                        "rich", "gene", "dean", "earl", "wade", "cole", "reed", "cliff", "glen", "dale", "heath", "rusty", "randy", "max", "bob", "chuck", "hunter", "mason", "taylor", "carter",
                                        "cooper", "parker", "violet", "lily", "daisy", "ivy", "olive", "ruby", "pearl", "jade", "crystal", "destiny", "trinity", "harmony", "charity", "patience", "prudence",
                                        "constance", "miles", "sterling", "rowan", "jay", "robin", "martin", "wren", "ray", "will", "norm", "josh", "nick", "jean", "stu", "don", "ed", "hal", "gus", "abe", "dot", "bea"};
    return words_is_any(w, i, given, sizeof given / sizeof *given);
}

/* Many are called so, and it is no word of a sentence. */
static bool is_given(const struct words *w, uint32_t i)
{
    static const char *const anybody[] = {"buddy", "bud", "honey", "guy", "babe", "baby", "sugar", "sweetie", "dude", "boss", "chief", "mister", "sunshine", "darling"};
    const struct word *x = &w->v[i];
    const uint64_t others = LEX(AMBIGUOUS) | LEX(COMMON) | LEX(MONTH) | LEX(WEEKDAY) | LEX(NUMBER) | LEX(DRUG) | LEX(ACRONYM) | LEX(RELATION) | LEX(TITLE) | LEX(DOCTOR) | LEX(HONORIFIC) | LEX(GREETING) | LEX(COUNTRY) | LEX(STATE);
    return FACT_GIVEN(x->facts) >= GIVEN_LEAST && !(x->classes & others) && x->letters > 2 && !words_is_any(w, i, anybody, sizeof anybody / sizeof *anybody);
}

/* "okay", "all right", "thank you": what calls; *strong: and hardly anything else. */
static bool is_call(const struct words *w, uint32_t i, bool *strong)
{
    static const char *const weak[] = {"so", "well", "great", "perfect", "sure", "oh", "sorry", "now", "um", "uh", "hmm", "awesome", "excellent", "wonderful"};
    bool two = i && (w->v[i].gap == GAP_SPACE) && ((words_is(w, i, "right") && words_is(w, i - 1, "all")) || (words_is(w, i, "you") && words_is(w, i - 1, "thank")));

    bool hour = words_is(w, i, "morning") || words_is(w, i, "afternoon") || words_is(w, i, "evening");

    *strong = two || (w->v[i].classes & LEX(GREETING) && (!hour || (i && words_is(w, i - 1, "good"))));
    return *strong || words_is_any(w, i, weak, sizeof weak / sizeof *weak);
}

/* Does a turn or a sentence begin with word i? */
static bool begins(const struct words *w, uint32_t i)
{
    return i == 0 || w->v[i].gap & (GAP_LINE | GAP_START | GAP_STOP | GAP_PERIOD | GAP_CLOSE | GAP_COLON | GAP_COMMA) || speaker_is(w, i - 1);
}

/* Calls and nothing else from the beginning of the sentence up to word i. */
static bool is_called(const struct words *w, uint32_t i, bool *strong)
{
    bool any = false;

    if (!i || w->v[i].gap & ~(GAP_SPACE | GAP_COMMA))
        return false;
    for (uint32_t k = i; k > 0 && i - k < CALLS_MOST; k--) {
        bool sure;
        if (!is_call(w, k - 1, &sure))
            return any && (words_is(w, k - 1, "all") || words_is(w, k - 1, "good") || words_is(w, k - 1, "thank"));
        *strong = any ? *strong : sure;
        any = true;
        if (begins(w, k - 1))
            return true;
    }
    return false;
}

/* The sentence or its part ends behind word i. */
static bool ends(const struct words *w, uint32_t i)
{
    return i + 1 >= w->n || w->v[i + 1].gap & (GAP_COMMA | GAP_PERIOD | GAP_STOP | GAP_LINE);
}

/* ... or a sentence begins there: "so i understand", "what's going on". */
static bool goes_on(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"i", "we", "let", "lets", "so", "what", "whats", "how", "it", "you", "your", "are", "do", "did", "can", "could", "tell", "good", "nice", "and", "just", "any", "this", "that"};
    return i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i + 1, words, sizeof words / sizeof *words);
}

/* "jack good to see you", "i have jack here today" */
static bool is_met(const struct words *w, uint32_t i)
{
    static const char *const met[] = {"good", "nice", "great"};
    bool seen = begins(w, i) && i + 2 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i + 1, met, sizeof met / sizeof *met) && words_is(w, i + 2, "to");
    return seen || (i > 1 && words_is(w, i - 1, "have") && (words_is(w, i + 1, "here") || (words_is(w, i + 1, "with") && words_is(w, i + 2, "me"))));
}

/* "do you have any questions jack ?" */
static bool is_asked(const struct words *w, uint32_t i)
{
    static const char *const before[] = {"questions", "question", "that", "today", "now", "then", "there", "right", "okay", "doing", "sound", "feeling", "you", "it", "day", "morning"};
    const struct word *x = &w->v[i];
    uint32_t at = x->end + (x->end < w->len && w->text[x->end] == ' ');
    return i > 2 && x->gap == GAP_SPACE && at < w->len && w->text[at] == '?' && words_is_any(w, i - 1, before, sizeof before / sizeof *before);
}

static bool is_addressed(const struct words *w, uint32_t i)
{
    bool strong = false, small = w->v[i].shape == SHAPE_LOWER, called = is_called(w, i, &strong), known = is_given(w, i);

    if (!known && !is_everyday_given(w, i))
        return false;
    if (is_met(w, i))
        return true;
    if (known)
        return (called && (ends(w, i) || goes_on(w, i))) || is_asked(w, i);
    if (words_is(w, i, "will") && small && !(i + 1 < w->n && w->v[i + 1].gap & GAP_COMMA))
        return false;
    return called && (ends(w, i) ? strong || !small : !small && goes_on(w, i));
}

/* The next word that may be a name at all. */
static uint32_t next(const struct words *w, uint32_t i)
{
    uint32_t open = words_in_set(w->open, i, w->last), told = words_in_set(w->told, i, w->last);
    return open < told ? open : told;
}

int addressed_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = next(w, w->first); i < w->last; i = next(w, i + 1)) {
        const struct word *x = &w->v[i];
        bool may = x->classes & LEX(AMBIGUOUS) || FACT_GIVEN(x->facts) >= GIVEN_LEAST;
        if (!may || x->label || (x->shape != SHAPE_LOWER && x->shape != SHAPE_TITLE) || x->flags & (WORD_TAKEN | WORD_CONTRACTED) || !is_addressed(w, i))
            continue;
        struct phi_candidate c = {.kind = PHI_NAME_UNKNOWN, .rule = rule, .score = SCORE, .begin = x->begin, .end = x->end};
        c.given = (struct phi_part){x->begin, x->end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}
