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

static bool is_hour(const struct words *w, uint32_t i)
{
    return words_is(w, i, "morning") || words_is(w, i, "afternoon") || words_is(w, i, "evening");
}

/* "okay", "all right", "thank you": what calls; *strong: and hardly anything else. */
static bool is_call(const struct words *w, uint32_t i, bool *strong)
{
    static const char *const weak[] = {"so", "well", "great", "perfect", "sure", "oh", "sorry", "now", "um", "uh", "hmm", "awesome", "excellent", "wonderful"};
    bool two = i && (w->v[i].gap == GAP_SPACE) && ((words_is(w, i, "right") && words_is(w, i - 1, "all")) || (words_is(w, i, "you") && (words_is(w, i - 1, "thank") || words_is(w, i - 1, "see"))));
    *strong = two || (w->v[i].classes & LEX(GREETING) && (!is_hour(w, i) || (i && words_is(w, i - 1, "good"))));
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

/* "hi there", "hey buddy", "hello again": whom nobody is called by. */
static bool is_anybody(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"there", "everyone", "everybody", "all", "again", "guys", "guy", "folks", "doc", "buddy", "bud", "pal", "man", "dude", "bro", "boss", "chief", "sir", "maam", "ma", "dragon", "siri",
                                        "alexa", "google", "honey", "hon", "sweetie", "sweetheart", "dear", "darling", "sugar", "baby", "babe", "champ", "kiddo", "kid", "kids", "friend", "friends", "girl", "girls",
                                        "boy", "boys", "lady", "ladies", "gentlemen", "sunshine", "handsome", "beautiful", "young", "old", "big", "little", "miss", "mister", "stranger", "neighbor", "team", "you",
                                        "yall", "um", "uh", "so", "well", "okay", "alright", "good", "nice", "great", "thanks", "today", "now", "how", "what", "it", "this", "that", "yeah", "yes", "no", "oh", "and",
                                        "nurse", "coach", "mate", "love", "goodness", "look", "listen", "wait", "just", "really", "always", "please", "sorry", "welcome", "chat", "chatgpt", "document", "assistant", "copilot"};
    const uint64_t others = LEX(RELATION) | LEX(TITLE) | LEX(DOCTOR) | LEX(HONORIFIC) | LEX(CHAT) | LEX(GREETING) | LEX(NUMBER) | LEX(WEEKDAY) | LEX(VERB) | LEX(PATIENT);
    return w->v[i].classes & others || words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* "how are you", "nice to see you", "so i see", "what's going on": how it goes on behind who is greeted. */
static bool is_opener(const struct words *w, uint32_t i)
{
    static const char *const seen[] = {"nice", "good", "great"}, *const said[] = {"see", "understand", "heard", "hear", "know"};
    static const char *const asks[] = {"have", "do", "did", "are", "can", "could", "will"}, *const us[] = {"me", "us"};

    if (i + 1 >= w->n || w->v[i].gap & ~(GAP_SPACE | GAP_COMMA | (words_is(w, i, "how") || words_is_any(w, i, seen, sizeof seen / sizeof *seen) ? GAP_PERIOD : 0)))
        return false;
    if (words_is(w, i, "so") && w->v[i + 1].gap == GAP_SPACE)
        i++;
    if (words_is(w, i, "well") && words_is(w, i + 1, "i"))
        return true;
    if (words_is(w, i, "and") && words_is(w, i + 1, "i") && w->v[i + 1].gap == GAP_SPACE)
        i++;
    if (words_is(w, i, "how") || (words_is(w, i, "what") && (w->v[i].flags & (WORD_CONTRACTED | WORD_POSSESSIVE) || words_is(w, i + 1, "brings"))))
        return true;
    if (words_is_any(w, i, seen, sizeof seen / sizeof *seen))
        return words_is(w, i + 1, "to");
    if (words_is(w, i, "you"))
        return w->v[i].flags & WORD_CONTRACTED || words_is(w, i + 1, "know");
    if (words_is_any(w, i, asks, sizeof asks / sizeof *asks))
        return words_is(w, i + 1, "you");
    if (words_is(w, i, "tell") || words_is(w, i, "let"))
        return words_is_any(w, i + 1, us, sizeof us / sizeof *us) || w->v[i].flags & WORD_POSSESSIVE;
    if (words_is(w, i, "it"))
        return words_is(w, i + 1, "looks") || words_is_any(w, i + 1, seen, sizeof seen / sizeof *seen);
    return words_is(w, i, "i") && (w->v[i].flags & WORD_CONTRACTED || words_is_any(w, i + 1, said, sizeof said / sizeof *said));
}

/* "hey mwende how are you", "good morning sun so i see": only who is called so stands there, whatever the word means elsewhere. */
static bool is_greeted(const struct words *w, uint32_t i)
{
    static const char *const hellos[] = {"hi", "hey", "hello", "hiya"};
    const struct word *x = &w->v[i];
    bool hour = i > 1 && words_is(w, i - 2, "good") && is_hour(w, i - 1);

    return i && !(x->gap & ~(GAP_SPACE | GAP_COMMA)) && (hour || words_is_any(w, i - 1, hellos, sizeof hellos / sizeof *hellos)) && x->letters > 2 && !is_anybody(w, i) && is_opener(w, i + 1);
}

/* "do you have any questions jack ?" */
static bool is_asked(const struct words *w, uint32_t i)
{
    static const char *const before[] = {"questions", "question", "that", "today", "now", "then", "there", "right", "okay", "doing", "sound", "feeling", "you", "it", "day", "morning"};
    const struct word *x = &w->v[i];
    uint32_t at = x->end + (x->end < w->len && w->text[x->end] == ' ');
    return i > 2 && !(x->gap & ~(GAP_SPACE | GAP_COMMA)) && at < w->len && w->text[at] == '?' && words_is_any(w, i - 1, before, sizeof before / sizeof *before);
}

/* "so , evdokia is a 39-year-old female", "charity's a 24 year old": who is told of with the age. */
static bool is_aged(const struct words *w, uint32_t i)
{
    uint32_t k = i + 1;

    if (!(w->v[i].flags & WORD_POSSESSIVE) && !words_is(w, k++, "is"))
        return false;
    if (!(words_is(w, k, "a") || words_is(w, k, "an")) || k + 2 >= w->n || w->v[k + 1].shape != SHAPE_NUMBER)
        return false;
    return words_is(w, k + 2, "year") || words_is(w, k + 2, "years");
}

/* "[doctor] hermansson good to": the first word of a turn. */
static bool begins_turn(const struct words *w, uint32_t i)
{
    return i && ((w->v[i].gap & GAP_CLOSE && w->text[w->v[i - 1].end] == ']') || speaker_is(w, i - 1));
}

/* "so seaver i see that", "pfeiffer it's nice to see you": a word that is none of the language. */
static bool is_called_by_name(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool strong = false, none = !(x->classes & ~LEX(EPONYM)) && !fact_is_word(x->facts) && x->letters > 2;

    bool first = begins_turn(w, i);
    if (!none || !i || (x->gap & ~(GAP_SPACE | GAP_COMMA) && !first) || !is_opener(w, i + 1))
        return none && (is_asked(w, i) || is_aged(w, i));
    return first || is_called(w, i, &strong) || (is_call(w, i - 1, &strong) && (strong || (i > 1 && is_call(w, i - 2, &strong))));
}

bool addressed_by_name(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool asked = x->end + 1 < w->len && (w->text[x->end] == '?' || w->text[x->end + 1] == '?'), next = i + 1 < w->n && x[1].classes & (LEX(COMMON) | LEX(CHAT) | LEX(VERB) | LEX(GREETING));

    if (!(next || asked) || (x->shape != SHAPE_LOWER && x->shape != SHAPE_TITLE) || x->flags & (WORD_TAKEN | WORD_CONTRACTED)) /* nearly all */
        return false;
    return is_greeted(w, i) || is_called_by_name(w, i);
}

static bool is_addressed(const struct words *w, uint32_t i)
{
    bool strong = false, small = w->v[i].shape == SHAPE_LOWER, called = is_called(w, i, &strong), met = is_met(w, i);

    if (!called && !met && !is_asked(w, i)) /* nearly all */
        return false;
    bool known = is_given(w, i);
    if (!known && !is_everyday_given(w, i))
        return false;
    if (met)
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

static int add(const struct words *w, uint32_t i, uint16_t rule, struct phi_candidates *sink)
{
    const struct word *x = &w->v[i];
    struct phi_candidate c = {.kind = PHI_NAME_UNKNOWN, .rule = rule, .score = SCORE, .begin = x->begin, .end = x->end};
    c.given = (struct phi_part){x->begin, x->end};
    return phi_candidate_add(sink, &c);
}

/* May the word be somebody whom nothing has named yet? */
static bool is_free(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return !x->label && (x->shape == SHAPE_LOWER || x->shape == SHAPE_TITLE) && !(x->flags & (WORD_TAKEN | WORD_CONTRACTED));
}

int addressed_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = next(w, w->first); i < w->last; i = next(w, i + 1)) {
        const struct word *x = &w->v[i];
        bool may = x->classes & LEX(AMBIGUOUS) || FACT_GIVEN(x->facts) >= GIVEN_LEAST;
        if (may && is_free(w, i) && is_addressed(w, i) && add(w, i, rule, sink) < 0)
            return -1;
        if (x->classes & LEX(GREETING) && i + 1 < w->n && is_free(w, i + 1) && is_greeted(w, i + 1) && add(w, i + 1, rule, sink) < 0)
            return -1;
    }
    return 0;
}
