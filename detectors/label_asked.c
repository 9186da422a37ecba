/* SPDX-License-Identifier: Apache-2.0
 *
 *     AGENT: can I have your account number?
 *     CALLER: Sure, it's 4400 1872 93.
 *
 * Read backwards from the number: small words of an answer, who speaks, the end of the line, a question mark.
 */
#include "label_asked.h"

#include <string.h>

#include "text.h"

enum { WORDS_MOST = 5, SPEAKER_MOST = 28, LINES_MOST = 3, SENTENCE_MOST = 96 };

/* Is it a word that an answer begins with? */
static bool is_answer_word(const char *text, uint32_t begin, uint32_t end)
{
    static const char words[] = " it its it\xE2\x80\x99s that\xE2\x80\x99s is that thats sure yes yeah yep okay ok um uh so the number my oh s here ";
    return text_among(words, text + begin, end - begin);
}

/* Over such words, blanks and marks: where the turn begins. */
static uint32_t turn_begin(const char *text, uint32_t at)
{
    for (unsigned words = 0; at > 0; words++) {
        while (at > 0 && text[at - 1] && strchr(" \t,.'", text[at - 1]))
            at--;
        uint32_t word = (uint32_t)text_letters_before(text, at);
        if (word == at || words == WORDS_MOST || !is_answer_word(text, word, at))
            break;
        at = word;
    }
    return at;
}

/* Over "CALLER:", "[00:15] Pt:", "M -" in front of it to the end of the line above. */
static uint32_t line_begin(const char *text, uint32_t at)
{
    if (!at || text[at - 1] == '\n')
        return at;
    bool dash = at >= 3 && text_is_dash(text + at - 3);
    if (!dash && text[at - 1] != ':' && text[at - 1] != '-')
        return 0;
    for (uint32_t i = at; i > 0 && at - i <= SPEAKER_MOST; i--)
        if (text[i - 1] == '\n')
            return i;
    return 0;
}

/* "I need your social for the form.", "tell me the number": asked for without a question mark. */
static bool is_request(const char *text, uint32_t begin, uint32_t end)
{
    static const char *const asks[] = {"need your ", "need the ", "give me ", "get your ", "tell me ", "read me ", "have your ", "confirm your ", "verify your "};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (memmem(text + begin, end - begin, asks[i], strlen(asks[i])))
            return true;
    return false;
}

static uint32_t sentence_begin(const char *text, uint32_t end)
{
    uint32_t i = end;
    while (i > 0 && end - i < SENTENCE_MOST && text[i - 1] && !strchr("\n.?!:", text[i - 1]))
        i--;
    return i;
}

bool label_asked(const char *text, uint32_t at, struct label_question *question)
{
    uint32_t i = line_begin(text, turn_begin(text, at));
    for (unsigned lines = 0; i > 0 && lines < LINES_MOST && strchr("\r\n ", text[i - 1]) && text[i - 1]; i--)
        lines += text[i - 1] == '\n';
    if (i == 0 || !strchr("?.", text[i - 1]))
        return false;
    *question = (struct label_question){sentence_begin(text, i - 1), i - 1};
    return text[i - 1] == '?' || is_request(text, question->begin, question->end);
}

bool label_asked_on(const char *text, struct label_question *question)
{
    uint32_t end = (uint32_t)text_letters_before(text, question->end);
    while (end > question->begin && strchr(" ,'", text[end - 1]))
        end--;
    bool more = end > question->begin && end < question->end;
    question->end = end;
    return more;
}
