/* SPDX-License-Identifier: Apache-2.0
 *
 * A name ends at the first word that is not capitalized, at a line break, at a word that the list below knows
 * ("Mr. Smith Reports"), or at a mark other than a point behind an initial.
 */
#include "name_words.h"

#include <string.h>

#include "dictionary.h"
#include "lexicon.h"
#include "text.h"
#include "word_lists.h"

enum { NAME_WORDS_MAX = 5, CALLED_SELDOM = 4 };

enum { LISTED_MAX = 21 };

/* Of a word in any case; 0 when it is too long for the lists and the lexicon. */
static uint64_t folded_hash(const char *word, uint32_t len)
{
    char folded[LISTED_MAX];
    if (len == 0 || len > LISTED_MAX)
        return 0;
    for (uint32_t i = 0; i < len; i++)
        folded[i] = text_lower(word[i]);
    return words_hash(folded, len);
}

uint64_t name_word_lists(const char *word, uint32_t len)
{
    uint64_t hash = folded_hash(word, len);
    return hash ? word_lists_find(hash) : 0;
}

/* Words that stand behind each other in a list: "Hope Hospital". */
static bool words_neighbour(const char *words, uint32_t len)
{
    static const char *const texts[] = {
#define LIST_OF(name, words) [LIST_##name] = " " words " ",
#include "word_lists.def"
#undef LIST_OF
    };
    return text_among(texts[LIST_NO_NAME], words, len);
}

bool name_word_is_common(const char *word, uint32_t len)
{
    if (len == 0 || len > LISTED_MAX)
        return false;
    return memchr(word, ' ', len) ? words_neighbour(word, len) : (name_word_lists(word, len) & LIST(NO_NAME)) != 0;
}

static bool word_is_particle(const char *word, uint32_t len)
{
    return name_word_lists(word, len) & LIST(NAME_PARTICLE);
}

/* "MD", "PA-C" */
static bool word_is_suffix(const char *word, uint32_t len)
{
    const char *hyphen = memchr(word, '-', len);
    return name_word_lists(word, hyphen ? (uint32_t)(hyphen - word) : len) & LIST(NAME_SUFFIX);
}

/* "Jane Roe MD": no part of the name; "DO" and "MA" may be one. */
static bool word_ends_name(const char *word, uint32_t len)
{
    bool sure = len > 2 || (len == 2 && (memcmp(word, "MD", 2) == 0 || memcmp(word, "RN", 2) == 0 || memcmp(word, "NP", 2) == 0));
    return sure && text_is_upper(word[1]) && text_is_upper(word[len - 1]) && name_word_lists(word, len) & LIST(CREDENTIAL);
}

uint32_t name_word_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at;
    while (i < len) {
        if (text_is_letter(text[i])) {
            i++;
            continue;
        }
        bool apostrophe = i + 3 <= len && memcmp(text + i, "\xE2\x80\x99", 3) == 0;
        uint32_t mark = text[i] == '\'' || text[i] == '-' ? 1 : apostrophe ? 3 : 0;
        if (!mark || i == at || i + mark >= len || !text_is_letter(text[i + mark]))
            break;
        i += mark;
    }
    /* The possessive is not part of the name. */
    if (i - at > 2 && text_lower(text[i - 1]) == 's' && text[i - 2] == '\'')
        i -= 2;
    return i;
}

uint64_t name_word_classes(const char *text, uint32_t len, uint32_t at)
{
    uint64_t hash = folded_hash(text + at, name_word_end(text, len, at) - at);
    return hash ? lexicon_find(hash) : 0;
}

bool name_word_is_short(const char *text, uint32_t len, uint32_t at)
{
    static const char names[] = " ace act ada ali aline asa ash bal bun dash doe dol gia har kleb lac lai lis mac mar nash nir niv peg pip ras rei roc rom rotem rue tee ted tia tug uri vas vin wells wes wong ";
    uint32_t end = name_word_end(text, len, at), n = end - at;
    bool capitals = n >= 3 && n <= 6 && text_is_upper(text[at]) && text_is_upper(text[end - 1]);
    return capitals && name_word_classes(text, len, at) & (LEX(ACRONYM) | LEX(CREDENTIAL)) && !text_among(names, text + at, n);
}

static bool word_is_capitalized(const char *text, uint32_t at)
{
    unsigned char c = (unsigned char)text[at];
    if (text_is_upper(text[at]))
        return true;
    return c == 0xC3 && (unsigned char)text[at + 1] >= 0x80 && (unsigned char)text[at + 1] <= 0x9E; /* Latin-1 */
}

static uint32_t skip_blanks(const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at;
    while (i < len && text[i] == ' ' && i - at < 2)
        i++;
    return i;
}

/* A word of a name at `at`; 0 when it is none. With its point when it is an initial. */
static uint32_t read_word(const char *text, uint32_t len, uint32_t at, bool any_case, bool first)
{
    uint32_t end = name_word_end(text, len, at);
    if (end == at || end - at > 40)
        return 0;
    bool capital = word_is_capitalized(text, at);
    if (!capital && !any_case && (first || !word_is_particle(text + at, end - at)) &&
        !(word_is_particle(text + at, end - at)))
        return 0;
    if (end - at > 1 && name_word_is_common(text + at, end - at))
        return 0;
    if (text[at] == 'I' && at + 1 < len && (text[at + 1] == '\'' || (unsigned char)text[at + 1] == 0xE2)) /* "Mr. Roe, I'm calling" */
        return 0;
    if (end - at == 1 && end < len && text[end] == '.')
        end++;
    else if (end < len && text_is_digit(text[end]))
        return 0;
    return end;
}

static bool word_is_initial(const char *text, struct phi_part p)
{
    return p.end - p.begin == 1 || (p.end - p.begin == 2 && text[p.end - 1] == '.');
}

/* "Royce Pike, M.D.": no given name. */
static bool begins_credential(const char *text, uint32_t len, uint32_t at)
{
    static const char *const long_ones[] = {"Au.D", "Psy.D", "Ph.D", "Ed.D", "M.Ed", "Pharm.D", "D.Sc"};
    for (size_t k = 0; k < sizeof long_ones / sizeof *long_ones; k++)
        if (len - at >= strlen(long_ones[k]) && memcmp(text + at, long_ones[k], strlen(long_ones[k])) == 0)
            return true;
    static const char pairs[][2] = {{'M', 'D'}, {'D', 'O'}, {'R', 'N'}, {'P', 'A'}, {'N', 'P'}, {'D', 'C'}, {'O', 'D'}, {'D', 'P'}, {'D', 'D'}, {'F', 'A'}};
    if (at + 3 >= len || text[at + 1] != '.' || text[at + 3] != '.')
        return false;
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (text[at] == pairs[k][0] && text[at + 2] == pairs[k][1])
            return true;
    return false;
}

static void split_parts(const char *text, struct name_span *name, const struct phi_part *words, unsigned comma_at)
{
    unsigned n = name->words, last = n - 1;
    if (comma_at && comma_at < n) { /* LAST, FIRST M */
        name->family = (struct phi_part){words[0].begin, words[comma_at - 1].end};
        name->given = words[comma_at];
        return;
    }
    unsigned family = last;
    while (family > 1 && word_is_particle(text + words[family - 1].begin, words[family - 1].end - words[family - 1].begin))
        family--;
    if (!word_is_initial(text, words[last]))
        name->family = (struct phi_part){words[family].begin, words[last].end};
    if (n > 1 && !word_is_initial(text, words[0]))
        name->given = words[0];
}

/* "Dr. Quill  Location: 4 North": the next column. */
static bool is_label(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = name_word_end(text, len, at);
    return end > at && end < len && text[end] == ':';
}

/* "Dr. Quill NPI", "DR QUILL PAGED": what stands in capitals behind a name and is an abbreviation, or a word that tells what he did. */
static bool is_no_more(const char *text, uint32_t len, uint32_t at)
{
    static const char words[] = " deceased accepted ordered orders breast ca lung colon prostate los rh pos ok states stating confirms only via wants updated paged consented requests notified aware phone cell pgy ";
    uint32_t end = name_word_end(text, len, at);
    const uint64_t told = LEX(VERB) | LEX(DRUG) | (end - at > 4 ? LEX(COMMON) : 0);
    if (text_is_upper(text[end - 1]) && text_among(words, text + at, end - at))
        return true;
    uint64_t classes = end - at > 2 && text_is_upper(text[at + 1]) && text_is_upper(text[end - 1]) ? name_word_classes(text, len, at) : 0;
    return name_word_is_short(text, len, at) || (classes & told && !(classes & (LEX(AMBIGUOUS) | LEX(PARTICLE) | LEX(SUFFIX))));
}

bool name_read(const char *text, uint32_t len, uint32_t at, bool comma, bool any_case, struct name_span *name)
{
    struct phi_part words[NAME_WORDS_MAX];
    unsigned n = 0, comma_at = 0;
    uint32_t i = at;
    bool solid = false; /* a word that is more than an initial or a particle */
    while (n < NAME_WORDS_MAX) {
        uint32_t end = i < len ? read_word(text, len, i, any_case, n == 0) : 0;
        bool named = n > 1 || (n == 1 && !text_is_upper(text[words[0].end - 1])); /* "son Kurt HCPOA", not "DO NP" */
        if (!end || (named && word_ends_name(text + i, end - i)) || (n && !comma_at && is_no_more(text, len, i)))
            break;
        words[n++] = (struct phi_part){i, end};
        solid |= end - i > 1 && text[end - 1] != '.' && !word_is_particle(text + i, end - i);
        i = end;
        if (comma && !comma_at && i < len && text[i] == ',' && n <= 3 && n < NAME_WORDS_MAX) {
            uint32_t behind = skip_blanks(text, len, i + 1);
            uint32_t word = behind < len ? read_word(text, len, behind, any_case, true) : 0;
            bool short_for = n > 1 && word > behind + 1 && text_is_upper(text[word - 1]) && !text_is_upper(text[i - 1]); /* "Lori Quill, HR" */
            bool sex = n > 1 && !word_is_particle(text + words[n - 2].begin, words[n - 2].end - words[n - 2].begin) && word == behind + 1 && (text[behind] == 'F' || text[behind] == 'M'); /* "Ashley Quill, F, DOB" */
            if (word && !short_for && !sex && !word_is_suffix(text + behind, word - behind) && !begins_credential(text, len, behind)) {
                comma_at = n;
                i = behind;
                continue;
            }
        }
        uint32_t next = skip_blanks(text, len, i);
        if (next == i || (next - i > 1 && is_label(text, len, next)))
            break;
        i = next;
    }
    while (n > 1 && n > comma_at && word_is_particle(text + words[n - 1].begin, words[n - 1].end - words[n - 1].begin) &&
           !word_is_capitalized(text, words[n - 1].begin))
        n--;
    if (n == 0 || !solid)
        return false;
    *name = (struct name_span){.begin = words[0].begin, .end = words[n - 1].end, .words = n};
    split_parts(text, name, words, comma_at);
    return true;
}

bool name_is_complaint(const struct phi_dictionary *d, const char *text, const struct name_span *name)
{
    uint32_t end = name_word_end(text, name->end, name->begin);
    uint64_t hash = folded_hash(text + name->begin, end - name->begin);

    if (!d || !hash)
        return false;
    uint32_t facts = phi_dictionary_entry(d, hash);
    bool clinical = facts & (FACT_CLINICAL | FACT_TERM), called = FACT_GIVEN(facts) || FACT_SURNAME(facts) > (clinical ? CALLED_SELDOM : 0);
    bool short_for = lexicon_find(hash) & LEX(ACRONYM) && text_is_upper(text[end - 1]);
    return !called && (clinical || short_for || fact_is_word(phi_dictionary_plain(d, hash)));
}
