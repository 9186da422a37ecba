/* SPDX-License-Identifier: Apache-2.0
 *
 * A word that announces a name ("Mr.", "wife", "Dear") is followed by one; a credential ("MD", "RN") follows one.
 * Nearly all words are turned away by their first letters and their length; only where one is not is the line read
 * word by word.
 */
#include "titles.h"

#include <string.h>

#include "marks.h"
#include "name_words.h"
#include "text.h"

enum { TITLE_NAME, TITLE_RELATION, TITLE_CREDENTIAL, TITLE_GREETING };

static const struct phi_detector_rule rules[] = {
    [TITLE_NAME] = {"name-title", "capitalized word after a title", PHI_NAME_UNKNOWN},
    [TITLE_RELATION] = {"name-relation", "capitalized word after a relation", PHI_NAME_UNKNOWN},
    [TITLE_CREDENTIAL] = {"name-credential", "capitalized words before a credential", PHI_NAME_UNKNOWN},
    [TITLE_GREETING] = {"name-greeting", "capitalized word after a greeting", PHI_NAME_UNKNOWN},
};

enum announcer { ANNOUNCES_NOTHING = 0, PATIENT_TITLE, PROVIDER_TITLE, OTHER_TITLE, RELATION, GREETING, CREDENTIAL };

/* By first letter; the capital behind each word is what it announces. */
static const char *const announcers[26] = {
    [0] = " attyO auntR aprnC arnpC ", [1] = " brotherR boyfriendR brO ", [2] = " cousinR captO colO crnaC cnmC cnpC cnaC ",
    [3] = " drP doctorP daughterR dearG doC ddsC dmdC dpmC dptC dnpC dpmC deaconO ", [5] = " fatherR frO fianceR fnpC facsC facpC ",
    [6] = " grandmotherR grandfatherR grandsonR granddaughterR girlfriendR guardianR godmotherR godfatherR ",
    [7] = " husbandR honO hiG helloG ", [9] = " judgeO ", [11] = " lpnC lvnC lcswC lmftC lmhcC ltO ",
    [12] = " mrM mrsM msM missM mxM momR motherR mdC mbbsC mswC mphC maC madamM ", [13] = " npC nieceR nephewR nurseP neighborR ",
    [14] = " odC otrC officerO ", [15] = " profP partnerR pastorO paC phdC psydC pharmdC ptC ", [17] = " revO rabbiO roommateR rnC rphC rdC rrtC ",
    [18] = " sirM sgtO srO sonR sisterR spouseR stepmotherR stepfatherR stepsonR stepdaughterR ", [20] = " uncleR ",
    [22] = " wifeR ",
};

/* The second letters of the words above, a bit each; the third letters, bit 26 for none; the lengths. */
static const uint32_t second_letters[26] = {
    0x1A8000, 0x24000, 0x26001, 0x2F019, 0x0, 0x22101, 0x124100, 0x104110, 0x0, 0x100000, 0x0, 0x289004, 0x86C10B,
    0x108110, 0x80028, 0xE0081, 0x0, 0x2E019, 0xAC140, 0x0, 0x2000, 0x0, 0x100, 0x0, 0x0, 0x0,
};
static const uint32_t third_letters[26] = {
    0xA2000, 0x5004000, 0x10B801, 0x41C900D, 0x0, 0x4088005, 0x20009, 0x4042800, 0x0, 0x8, 0x0, 0x40420A0, 0x44C108A,
    0x4028110, 0x4020020, 0x5064009, 0x0, 0x4284082, 0x40E6010, 0x0, 0x4, 0x0, 0x20, 0x0, 0x0, 0x0,
};
static const uint32_t lengths[26] = {
    0x10, 0x284, 0x58, 0x15C, 0x0, 0x5C, 0x2F00, 0xAC, 0x0, 0x20, 0x0, 0x1C, 0x7C,
    0x164, 0x8C, 0xDC, 0x0, 0x12C, 0x14CC, 0x0, 0x20, 0x0, 0x10, 0x0, 0x0, 0x0,
};

static enum announcer announcer_kind(char mark)
{
    static const char marks[] = "MPORGC";
    const char *at = strchr(marks, mark);
    return at && mark ? (enum announcer)(at - marks + 1) : ANNOUNCES_NOTHING;
}

static enum announcer announcer_of(const char *word, uint32_t len)
{
    unsigned letter = (unsigned)(text_lower(word[0]) - 'a');
    if (len < 2 || len > 16 || letter >= 26)
        return ANNOUNCES_NOTHING;
    unsigned second = (unsigned)(text_lower(word[1]) - 'a'), third = len > 2 ? (unsigned)(text_lower(word[2]) - 'a') : 26;
    if (second >= 26 || third > 26 || !(second_letters[letter] >> second & 1) || !(third_letters[letter] >> third & 1) ||
        !(lengths[letter] >> len & 1))
        return ANNOUNCES_NOTHING;
    for (const char *at = announcers[letter] + 1; *at; at++) { /* at: a word, its capital, a space */
        uint32_t i = 0;
        while (i < len && at[i] == text_lower(word[i]))
            i++;
        if (i == len && text_is_upper(at[i]))
            return announcer_kind(at[i]);
        at = strchr(at + i, ' ');
        if (!at)
            break;
    }
    return ANNOUNCES_NOTHING;
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

/* "Mr. and Mrs. Smith" announces through the second title. */
static int title_found(const char *text, uint32_t len, uint32_t end, enum announcer what, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, false);
    if (at == end || !name_read(text, len, at, false, false, &name))
        return 0;
    enum phi_kind kind = what == PROVIDER_TITLE ? PHI_NAME_PROVIDER : what == PATIENT_TITLE ? PHI_NAME_PATIENT
                                                                                         : PHI_NAME_UNKNOWN;
    return add_name(sink, &name, kind, TITLE_NAME, what == OTHER_TITLE ? 80 : 88);
}

static int relation_found(const char *text, uint32_t len, uint32_t end, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, true);
    if (at == end || !name_read(text, len, at, false, false, &name))
        return 0;
    /* Behind a relation a lone name is a given name. */
    if (name.words == 1) {
        name.given = name.family;
        name.family = (struct phi_part){0};
    }
    return add_name(sink, &name, PHI_NAME_RELATIVE, TITLE_RELATION, 70);
}

static int greeting_found(const char *text, uint32_t len, uint32_t end, struct phi_candidates *sink)
{
    struct name_span name;
    uint32_t at = skip_mark(text, len, end, false);
    uint32_t word = name_word_end(text, len, at);
    if (at == end || (word > at && announcer_of(text + at, word - at) != ANNOUNCES_NOTHING) ||
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
    while (first < credential && !(read = name_read(text, len, first, true, false, &name) && name.words >= 2)) {
        first = name_word_end(text, len, first); /* "Seen By Jane Roe, MD": leave off the first word */
        while (first < credential && !text_is_letter(text[first]))
            first++;
    }
    if (!read)
        return 0;
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

static int announcer_found(const char *text, uint32_t len, uint32_t begin, uint32_t end, const struct run *run,
                           struct phi_candidates *sink)
{
    enum announcer what = announcer_of(text + begin, end - begin);
    bool capital = text_is_upper(text[begin]);
    switch (what) {
    case ANNOUNCES_NOTHING:
        return 0;
    case PATIENT_TITLE:
    case PROVIDER_TITLE:
    case OTHER_TITLE:
        return capital || (end < len && text[end] == '.') ? title_found(text, len, end, what, sink) : 0;
    case RELATION:
        return relation_found(text, len, end, sink);
    case GREETING:
        return capital ? greeting_found(text, len, end, sink) : 0;
    case CREDENTIAL:
        if (!text_is_upper(text[end - 1]) || run->words < 2 || begin - run->end > 3)
            return 0;
        return credential_found(text, len, run->begin, begin, sink);
    }
    return 0;
}

/* Words from left to right: the next one begins at or behind `at`. */
struct reader {
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

/* Can the word that begins at `at` announce something, by its first three letters? */
static bool announcer_may_begin(const char *text, uint32_t len, uint32_t at)
{
    if (len - at < 2)
        return false;
    unsigned first = (unsigned char)((text[at] | 0x20) - 'a'), second = (unsigned char)((text[at + 1] | 0x20) - 'a');
    if (first >= 26 || second >= 26 || !(second_letters[first] >> second & 1))
        return false;
    unsigned third = len - at > 2 ? (unsigned char)((text[at + 2] | 0x20) - 'a') : 26;
    return third_letters[first] >> (third < 26 ? third : 26) & 1;
}

static int titles_word(struct reader *r, uint32_t at, struct phi_candidates *sink)
{
    uint32_t end = name_word_end(r->text, r->len, at);
    if ((at && text_is_digit(r->text[at - 1])) || announcer_of(r->text + at, end - at) == ANNOUNCES_NOTHING ||
        !reader_reach(r, at))
        return 0;
    return announcer_found(r->text, r->len, at, end, &r->run, sink);
}

static int titles_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
                      struct phi_candidates *sink)
{
    struct reader r = {.text = text, .len = len};
    (void)e;
    (void)s;
    for (uint32_t base = 0; base < len; base += MARKS_BYTES) {
        struct marks m = marks_at(text, len, base);
        for (uint64_t starts = marks_word_starts(&m); starts; starts &= starts - 1) {
            uint32_t at = base + (uint32_t)__builtin_ctzll(starts);
            if (announcer_may_begin(text, len, at) && titles_word(&r, at, sink) < 0)
                return -1;
        }
    }
    return 0;
}

const struct phi_detector phi_titles = {rules, sizeof rules / sizeof *rules, titles_run};
