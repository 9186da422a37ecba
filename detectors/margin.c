/* SPDX-License-Identifier: Apache-2.0 */
#include "margin.h"

#include "lexicon.h"
#include "text.h"

/* Bytes of a line that may be broken; of what may be a label at the beginning of the next; digits of an entry of a list. */
enum { MARGIN = 56, MARGIN_MOST = 160, LABEL_MOST = 24, ENTRY_DIGITS = 4 };

/* "402 Cooper, Ola": a number and a capital, as the lines of a list begin. */
static bool is_entry(const struct words *w, uint32_t at)
{
    uint32_t begin = at;

    while (at < w->len && text_is_digit(w->text[at]))
        at++;
    return at > begin && at - begin <= ENTRY_DIGITS && at + 1 < w->len && w->text[at] == ' ' && text_is_upper(w->text[at + 1]);
}

bool margin_broke(const struct words *w, uint32_t begin, uint32_t end, uint32_t next)
{
    char last = w->text[end - 1];
    bool goes_on = (last >= 'a' && last <= 'z') || last == ',', address = w->n && w->v[w->n - 1].classes & (LEX(STREET) | LEX(STATE));

    if (end - begin < MARGIN || end - begin > MARGIN_MOST || !goes_on || address || text_two_blanks(w->text + begin, end - begin) < end - begin)
        return false;
    for (uint32_t i = next; i < w->len && i < next + LABEL_MOST && w->text[i] != '\n'; i++)
        if (w->text[i] == ':')
            return false;
    return !is_entry(w, next);
}

bool margin_begins(const struct words *w, uint32_t i)
{
    uint32_t at = w->v[i].begin;

    while (at > 0 && (w->text[at - 1] == ' ' || w->text[at - 1] == '\t'))
        at--;
    return at == 0 || w->text[at - 1] == '\n';
}
