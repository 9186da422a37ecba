/* SPDX-License-Identifier: Apache-2.0
 *
 * A name ends at the first word that is not capitalized, at a line break, at a word that the list below knows
 * ("Mr. Smith Reports"), or at a mark other than a point behind an initial.
 */
#include "name_words.h"

#include <string.h>

#include "text.h"

enum { NAME_WORDS_MAX = 5 };

static bool word_in(const char *list, const char *word, uint32_t len)
{
    char key[24];
    if (len == 0 || len > sizeof key - 3)
        return false;
    key[0] = ' ';
    for (uint32_t i = 0; i < len; i++)
        key[i + 1] = text_lower(word[i]);
    key[len + 1] = ' ';
    key[len + 2] = 0;
    return strstr(list, key) != NULL;
}

bool name_word_is_common(const char *word, uint32_t len)
{
    static const char *const common[26] = {
        [0] = " a about address admission admitted after age all allergies also am an and appointment are "
               "as assessment at attending ",
        [1] = " background be bell bill birth black blood brown but by ",
        [2] = " called came can care case chart chase chief clinic complains complaint consult contact "
               "could current ",
        [3] = " daily date day days denies department diagnosis dictated did discharge discussed do dob "
               "doctor does during ",
        [4] = " email er evaluation exam examination ",
        [5] = " family father fax female findings follow followup for from ",
        [6] = " gender general grant gray green ",
        [7] = " had has have he her here him his history home hope hospital ",
        [8] = " i icu id if impression in insurance is it ",
        [11] = " labs last left long ",
        [12] = " male mark may me med medical medication medications member mother mr mrn mrs ms my ",
        [13] = " name need new no none normal not note notes now number nurse ",
        [14] = " of office on or our ",
        [15] = " page patient pcp phone physical physician plan please policy presented presents primary "
               "procedure provider ",
        [17] = " reason received referred regarding reports result results return review right room rose ",
        [18] = " said saw seen service sex she short shows signed since social ssn started stated states "
               "status subject summary surgery ",
        [19] = " telephone test thank thanks that the their them then there they this time to today told "
               "treatment ",
        [20] = " under unit until up us use ",
        [21] = " visit ",
        [22] = " was we well were what when where which white who will with without would ",
        [24] = " years yes you young your ",
    };
    unsigned letter = len ? (unsigned)(text_lower(word[0]) - 'a') : 26;
    return letter < 26 && common[letter] && word_in(common[letter], word, len);
}

static bool word_is_particle(const char *word, uint32_t len)
{
    return word_in(" van von der den de del della di da dos la le las los el al bin ibn ben ter ten st y e ", word, len);
}

static bool word_is_suffix(const char *word, uint32_t len)
{
    return word_in(" md do np pa rn lpn phd dds dmd od dpm dnp jr sr ii iii iv esq mba mph ms facp pharmd lcsw cnm crna aprn ", word, len);
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

static void split_parts(const char *text, struct name_span *name, const struct phi_part *words, unsigned comma_at)
{
    unsigned n = name->words, last = n - 1;
    if (comma_at) { /* LAST, FIRST M */
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

bool name_read(const char *text, uint32_t len, uint32_t at, bool comma, bool any_case, struct name_span *name)
{
    struct phi_part words[NAME_WORDS_MAX];
    unsigned n = 0, comma_at = 0;
    uint32_t i = at;
    bool solid = false; /* a word that is more than an initial or a particle */
    while (n < NAME_WORDS_MAX) {
        uint32_t end = i < len ? read_word(text, len, i, any_case, n == 0) : 0;
        if (!end)
            break;
        words[n++] = (struct phi_part){i, end};
        solid |= end - i > 1 && text[end - 1] != '.' && !word_is_particle(text + i, end - i);
        i = end;
        if (comma && !comma_at && i < len && text[i] == ',' && n <= 3 && n < NAME_WORDS_MAX) {
            uint32_t behind = skip_blanks(text, len, i + 1);
            uint32_t word = behind < len ? read_word(text, len, behind, any_case, true) : 0;
            if (word && !word_is_suffix(text + behind, word - behind)) {
                comma_at = n;
                i = behind;
                continue;
            }
        }
        uint32_t next = skip_blanks(text, len, i);
        if (next == i)
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
