/* SPDX-License-Identifier: Apache-2.0
 *
 * A word that announces a name ("Mr.", "wife", "Dear") is followed by one; a credential ("MD", "RN") follows one.
 * Nearly all words are turned away by their first letters (marks.c); only where one is not is the line read word by
 * word.
 */
#include "titles.h"

#include <string.h>

#include "engine.h"
#include "lexicon.h"
#include "name_words.h"
#include "scratch.h"
#include "speaker.h"
#include "text.h"
#include "word_lists.h"

enum { ANNOUNCER_MOST = 16 };
enum { TITLE_NAME, TITLE_RELATION, TITLE_CREDENTIAL, TITLE_GREETING };

static const struct phi_detector_rule rules[] = {
    [TITLE_NAME] = {"name-title", "capitalized word after a title", PHI_NAME_UNKNOWN},
    [TITLE_RELATION] = {"name-relation", "capitalized word after a relation", PHI_NAME_UNKNOWN},
    [TITLE_CREDENTIAL] = {"name-credential", "capitalized words before a credential", PHI_NAME_UNKNOWN},
    [TITLE_GREETING] = {"name-greeting", "capitalized word after a greeting", PHI_NAME_UNKNOWN},
};

enum announcer { ANNOUNCES_NOTHING = 0, PATIENT_TITLE, PROVIDER_TITLE, OTHER_TITLE, RELATION, GREETING, CREDENTIAL };

static enum announcer announcer_of(const char *word, uint32_t len)
{
    if (len < 2 || len > ANNOUNCER_MOST)
        return ANNOUNCES_NOTHING;
    uint64_t lists = name_word_lists(word, len);
    return lists & LIST(PATIENT_TITLE)    ? PATIENT_TITLE
           : lists & LIST(PROVIDER_TITLE) ? PROVIDER_TITLE
           : lists & LIST(OTHER_TITLE)    ? OTHER_TITLE
           : lists & LIST(RELATIVE)       ? RELATION
           : lists & LIST(GREETING)       ? GREETING
           : lists & LIST(CREDENTIAL)     ? CREDENTIAL
                                          : ANNOUNCES_NOTHING;
}

/* "Nurse Practitioner", "Surgeon Jane Roe, MD": a word for who somebody is, no part of the name. */
static bool is_role(const char *text, uint32_t len, uint32_t at)
{
    static const char does[] = " reviewed relief scrub circ signature e-signed esigned elder juror pilot crew vendor license signed sw cm rd pi rph surg perf attn read assist operator don bishop attorney"
                               " phleb lcpl tsgt sgt ssgt cpl pfc ltc master author director sig sending receiving lab dad tech ";
    return name_word_classes(text, len, at) & LEX(PROVIDER) || text_among(does, text + at, name_word_end(text, len, at) - at);
}

static int add_name(struct phi_candidates *sink, const struct name_span *name, enum phi_kind kind, unsigned rule,
                    uint8_t score)
{
    struct phi_candidate c = {.begin = name->begin, .end = name->end, .kind = (uint16_t)kind, .rule = (uint16_t)rule,
                              .score = score, .family = name->family, .given = name->given};
    return phi_candidate_add(sink, &c);
}

static uint32_t skip_mark(const char *text, uint32_t len, uint32_t at, bool comma)
{
    if (at < len && (text[at] == '.' || (comma && (text[at] == ',' || text[at] == ':'))))
        at++;
    while (at < len && (text[at] == ' ' || text[at] == '('))
        at++;
    return at;
}

/* "per mom. Weight", "No sir. I'll": the word is whole, the sentence ends; "dtr." and "Mr." end none. */
static bool is_whole_short(const char *word)
{
    static const char *const whole[] = {"mom", "mum", "dad", "son", "sir"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (text_equal_nocase(word, whole[i], 3))
            return true;
    return false;
}

/* "NURSE CALL BACK", "Nurse Progress Note", "Nurse Advice Line", "thank you, Doctor. Don't": a service, or the end of a sentence. */
static bool is_service(const char *text, uint32_t len, uint32_t end, uint32_t at)
{
    static const char *const services[] = {"line", "manager", "triage", "advice", "educator", "navigator", "coordinator", "liaison", "supervisor", "station"};
    bool nurse = end > 4 && text_equal_nocase(text + end - 5, "nurse", 5), doctor = end > 5 && text_equal_nocase(text + end - 6, "doctor", 6);
    if ((nurse || doctor) && end < len && text[end] == '.')
        return true;
    if (!nurse || len - at < 5)
        return false;
    uint32_t word = name_word_end(text, len, at) - at;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strlen(services[i]) == word && text_equal_nocase(text + at, services[i], word))
            return true;
    return name_word_classes(text, len, at) & LEX(HEADING) || text_equal_nocase(text + at, "call ", 5);
}

/* "MR LUMBAR SPINE", "severe MR (EROA 0.5)", "LT BASE", "Cobalt XT DR ICD": capitals that are short for something else. */
static bool is_abbreviation(const char *text, uint32_t end, uint32_t at, uint32_t len)
{
    static const char *const parts[] = {"brain", "breast", "lumbar", "cervical", "thoracic", "spine", "abdomen", "pelvis", "knee", "shoulder", "hip", "ankle", "wrist", "base", "mid", "apex",
                                        "orbits", "liver", "prostate"};
    if (end < 2 || !text_is_upper(text[end - 1]) || !text_is_upper(text[end - 2]) || (end > 2 && text_is_letter(text[end - 3])) || at >= len || text[end] == '.')
        return false;
    uint32_t word = name_word_end(text, len, at) - at;
    if (word < 2 || text[at - 1] == '(')
        return text[at - 1] == '(';
    if (text_is_upper(text[at + 1]) && name_word_classes(text, len, at) & LEX(CREDENTIAL)) /* "Ellen Roe MS CCC-SLP" */
        return true;
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        if (strlen(parts[k]) == word && text_equal_nocase(text + at, parts[k], word))
            return true;
    return name_word_is_short(text, len, at);
}

/* "I saw it on Dr. Google", "the Mr. Coffee one": whom everybody has at home. */
static bool is_brand(const char *text, uint32_t at, uint32_t end)
{
    return text_among(" google pepper coffee clean scholl scholls bronner seuss youtube tiktok chatgpt somebody magoo dash bean ", text + at, end - at);
}

/* "assistant pastor. Bilateral ...": a title that no period shortens ends a sentence with it. */
static bool is_written_out(const char *text, uint32_t begin, uint32_t end)
{
    return text_among(" pastor deacon judge officer doctor nurse rabbi madam mister imam coach ", text + begin, end - begin);
}

/* "Mr. and Mrs. Smith" announces through the second title. */
static int title_found(const char *text, uint32_t len, uint32_t end, enum announcer what, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, false);
    if (at > end + 3) /* "9021 WINDING CREEK DR          Customer ID" */
        return 0;
    uint32_t begin = (uint32_t)text_letters_before(text, end);
    bool sentence = end > 2 && end < len && text[end] == '.' && (is_whole_short(text + end - 3) || is_written_out(text, begin, end));
    if ((what == PROVIDER_TITLE && is_service(text, len, end, at)) || is_abbreviation(text, end, at, len) || is_brand(text, at, name_word_end(text, len, at)))
        return 0;
    bool size = end > 3 && text_equal_nocase(text + end - 2, "fr", 2) && text[end - 3] == ' ' && text_is_digit(text[end - 4]); /* of a catheter */
    bool second = announcer_of(text + at, name_word_end(text, len, at) - at) == PROVIDER_TITLE; /* "mod MR. Dr. Roe" */
    if (at == end || sentence || size || second || is_role(text, len, at) || !name_read(text, len, at, false, false, &name))
        return 0;
    enum phi_kind kind = what == PROVIDER_TITLE ? PHI_NAME_PROVIDER : what == PATIENT_TITLE ? PHI_NAME_PATIENT
                                                                                         : PHI_NAME_UNKNOWN;
    return add_name(sink, &name, kind, TITLE_NAME, what == OTHER_TITLE ? 80 : 88);
}

/* "my partner Dr. Roe", "mother ESRD, father AF": a title has its own rule, and what the relative has is no name. */
static bool is_told_otherwise(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = name_word_end(text, len, at);
    bool unit = end - at == 4 && text_equal_nocase(text + at, "baby", 4); /* "Mother Baby Unit" */
    return unit || announcer_of(text + at, end - at) != ANNOUNCES_NOTHING || (text_is_upper(text[end - 1]) && name_word_classes(text, len, at) & (LEX(ACRONYM) | LEX(PROVIDER)));
}

static int relation_found(const struct phi_dictionary *d, const char *text, uint32_t len, uint32_t end, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, true);
    bool stop = end > 4 && end < len && text[end] == '.';
    bool sentence = stop && ((text_is_letter(text[end - 4]) && text_is_letter(text[end - 5])) || is_whole_short(text + end - 3));
    if (at == end || sentence || speaker_before(text, len, at) || is_told_otherwise(text, len, at) || !name_read(text, len, at, false, false, &name))
        return 0;
    if (end < len && text[end] == ':' && name_is_complaint(d, text, &name)) /* "Father: Healthy" */
        return 0;
    /* Behind a relation a lone name is a given name. */
    if (name.words == 1) {
        name.given = name.family;
        name.family = (struct phi_part){0};
    }
    return add_name(sink, &name, PHI_NAME_RELATIVE, TITLE_RELATION, 70);
}

/* "Hi. You're here for ..." */
static bool is_contracted(const char *text, uint32_t begin, uint32_t end)
{
    return end - begin > 3 && text[end - 3] == '\'' && (memcmp(text + end - 2, "re", 2) == 0 || memcmp(text + end - 2, "ve", 2) == 0 || memcmp(text + end - 2, "ll", 2) == 0);
}

static int greeting_found(const char *text, uint32_t len, uint32_t end, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, false);
    uint32_t word = name_word_end(text, len, at);
    bool ends = end < len && text[end] == '.'; /* "Hi. Sorry", not "Hi Small," */
    bool said = word > at && ((ends && name_word_classes(text, len, at) & (LEX(COMMON) | LEX(CHAT))) || is_contracted(text, at, word));
    if (at == end || said || (word > at && announcer_of(text + at, word - at) != ANNOUNCES_NOTHING) ||
        !name_read(text, len, at, false, false, &name))
        return 0;
    return add_name(sink, &name, PHI_NAME_UNKNOWN, TITLE_GREETING, 65);
}

/* The capitalized words right before a credential: "Jane A. Roe, MD". first: where they begin. */
static int credential_found(const char *text, uint32_t len, uint32_t first, uint32_t credential,
                            struct phi_candidates *sink)
{
    struct name_span name;
    bool read = false;
    while (first < credential && (is_role(text, len, first) || !(read = name_read(text, len, first, true, false, &name) && name.words >= 2))) {
        first = name_word_end(text, len, first); /* "Seen By Jane Roe, MD": leave off the first word */
        while (first < credential && !text_is_letter(text[first]))
            first++;
    }
    if (!read)
        return 0;
    if (name.words > 2 && text_equal_nocase(text + name.begin, "per ", 4)) { /* "Per Jane Roe, RN" */
        name.begin += 4;
        name.given = (struct phi_part){0};
    }
    uint32_t at = name.end;
    while (at < credential && (text[at] == ' ' || text[at] == ','))
        at++;
    bool reaches = at == credential && name.end < credential;
    if (!reaches && name.end > credential) { /* the credential was read as one more word */
        name.end = credential;
        while (name.end > name.begin && !text_is_alnum(text[name.end - 1]) && text[name.end - 1] != '.')
            name.end--;
        name.family = name.given = (struct phi_part){0};
        reaches = name.end > name.begin;
    }
    return reaches ? add_name(sink, &name, PHI_NAME_PROVIDER, TITLE_CREDENTIAL, 85) : 0;
}

/* The word before, and where the run of capitalized words that it belongs to began. */
struct run {
    uint32_t begin, end;
    unsigned words;
};

static void run_extend(struct run *run, const char *text, uint32_t begin, uint32_t end)
{
    bool near = run->words && begin - run->end <= 2;
    for (uint32_t i = run->end; near && i < begin; i++)
        near = text[i] == ' ' || text[i] == '.';
    if (!text_is_upper(text[begin])) {
        run->words = 0;
        return;
    }
    if (!near) {
        run->begin = begin;
        run->words = 0;
    }
    run->end = end;
    run->words++;
}

/* "or nurse Quill with": in a sentence a capital begins a name. */
static bool is_before_capital(const char *text, uint32_t len, uint32_t end)
{
    return end + 3 < len && text[end] == ' ' && text_is_upper(text[end + 1]) && text_is_lower(text[end + 2]) && text_is_lower(text[end + 3]);
}

/* "Maria Quill PA denial", "Quill DO NOT": two capitals without a comma in front, and the sentence goes on; names.c knows by which words. */
static bool is_word_of_note(const char *text, uint32_t len, uint32_t last, uint32_t begin, uint32_t end)
{
    static const char words_of_notes[] = " pa pt ot do od ma rd ";
    return text_among(words_of_notes, text + begin, end - begin) && !memchr(text + last, ',', begin - last) && end + 1 < len && text[end] == ' ' && text_is_alnum(text[end + 1]);
}

static int announcer_found(const struct phi_dictionary *d, const char *text, uint32_t len, uint32_t begin, uint32_t end, const struct run *run,
                           struct phi_candidates *sink)
{
    enum announcer what = announcer_of(text + begin, end - begin);
    bool capital = text_is_upper(text[begin]);
    switch (what) {
    case ANNOUNCES_NOTHING:
        return 0;
    case PROVIDER_TITLE:
        if (is_before_capital(text, len, end))
            return title_found(text, len, end, what, sink);
        /* fall through */
    case PATIENT_TITLE:
    case OTHER_TITLE:
        return capital || (end < len && text[end] == '.') ? title_found(text, len, end, what, sink) : 0;
    case RELATION:
        return relation_found(d, text, len, end, sink);
    case GREETING: /* "Denies SI/HI." greets nobody */
        return capital && !(begin && text[begin - 1] == '/') ? greeting_found(text, len, end, sink) : 0;
    case CREDENTIAL:
        if (!text_is_upper(text[end - 1]) || run->words < 2 || begin - run->end > 3 || is_word_of_note(text, len, run->end, begin, end))
            return 0;
        return credential_found(text, len, run->begin, begin, sink);
    }
    return 0;
}

/* Words from left to right: the next one begins at or behind `at`. */
struct reader {
    const struct phi_dictionary *words; /* or NULL */
    const char *text;
    uint32_t len, at;
    struct run run;
};

/* Reads on to `target`; true when a word begins there. A line is read from its start, for no word and no run goes
 * over its end; what was read before is not read again. */
static bool reader_reach(struct reader *r, uint32_t target)
{
    const char *line = target > r->at ? memrchr(r->text + r->at, '\n', target - r->at) : NULL;
    if (line) {
        r->at = (uint32_t)(line - r->text) + 1;
        r->run = (struct run){0};
    }
    while (r->at < target) {
        if (!text_is_letter(r->text[r->at])) {
            r->at++;
            continue;
        }
        uint32_t end = name_word_end(r->text, r->len, r->at);
        run_extend(&r->run, r->text, r->at, end);
        r->at = end > r->at ? end : r->at + 1;
    }
    return r->at == target;
}

static int titles_word(struct reader *r, uint32_t at, struct phi_candidates *sink)
{
    uint32_t near = r->len - at > ANNOUNCER_MOST ? at + ANNOUNCER_MOST + 1 : r->len; /* a chain of hyphens is one word, and begins with a title at each */
    uint32_t end = name_word_end(r->text, near, at);
    if ((at && text_is_digit(r->text[at - 1])) || announcer_of(r->text + at, end - at) == ANNOUNCES_NOTHING ||
        !reader_reach(r, at))
        return 0;
    return announcer_found(r->words, r->text, r->len, at, end, &r->run, sink);
}

static int titles_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
                      struct phi_candidates *sink)
{
    struct reader r = {.words = phi_engine_words(e), .text = text, .len = len};
    const struct marks *m = scratch_marks(s);
    for (uint32_t base = 0; base < len; base += MARKS_BYTES, m++)
        for (uint64_t starts = m->announcers; starts; starts &= starts - 1)
            if (titles_word(&r, base + (uint32_t)__builtin_ctzll(starts), sink) < 0)
                return -1;
    return 0;
}

const struct phi_detector phi_titles = {rules, sizeof rules / sizeof *rules, titles_run};
