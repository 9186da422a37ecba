/* SPDX-License-Identifier: Apache-2.0 */
#include "wide_place.h"

#include "lexicon.h"
#include "text.h"

enum { LONGEST = 6 }; /* words of a name */

/* Names of several words; those of one are in the lexicon. */
static const char *const names[] = {
    "american samoa", "antigua and barbuda", "bosnia and herzegovina", "bosnia herzegovina", "burkina faso", "cabo verde", "cape verde",
    "central african republic", "central america", "central asia", "costa rica", "cote d ivoire", "cote divoire", "czech republic",
    "democratic republic of congo", "democratic republic of the congo", "district of columbia", "dominican republic", "east africa", "east asia", "east timor",
    "el salvador", "equatorial guinea", "great britain", "guinea bissau", "hong kong", "ivory coast", "latin america", "marshall islands", "middle east",
    "new england", "new hampshire", "new jersey", "new mexico", "new south wales", "new york state", "new zealand", "north africa", "north america",
    "north carolina", "north dakota", "north korea", "north macedonia", "northern ireland", "northern mariana islands", "pacific northwest", "papua new guinea",
    "puerto rico", "republic of congo", "republic of the congo", "rhode island", "saint kitts and nevis", "saint lucia", "san marino", "saudi arabia",
    "sierra leone", "solomon islands", "south africa", "south america", "south asia", "south carolina", "south dakota", "south korea", "south sudan",
    "southeast asia", "southern africa", "sri lanka", "st kitts and nevis", "st lucia", "st vincent and the grenadines", "state of washington",
    "sub saharan africa", "timor leste", "trinidad and tobago", "u s virgin islands", "united arab emirates", "united kingdom", "united states",
    "united states of america", "us virgin islands", "vatican city", "viet nam", "virgin islands", "washington state", "west africa", "west indies",
    "west virginia",
};

/* Where the name ends that begins with word i, by these words; i: they are others. */
static uint32_t name_end(const struct words *w, uint32_t i, uint32_t end, const char *name)
{
    uint32_t at = i;

    for (size_t n; *name; name += n + (name[n] == ' '), at++) {
        n = strcspn(name, " ");
        if (at >= end || (at > i && w->v[at].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE | GAP_PERIOD)) || w->v[at].end - w->v[at].begin != n || !words_equal(w, at, name, n))
            return i;
    }
    return at;
}

/* Behind the state or country that begins with word i. */
static uint32_t place_end(const struct words *w, uint32_t i, uint32_t end)
{
    uint32_t longest = w->v[i].classes & (LEX(STATE) | LEX(COUNTRY)) ? i + 1 : i;
    char first = text_lower(w->text[w->v[i].begin]);

    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        uint32_t behind = *names[k] == first ? name_end(w, i, end, names[k]) : i;
        longest = behind > longest ? behind : longest;
    }
    return longest;
}

/* "[Republic of the Congo]" in "the Democratic Republic of the Congo" */
static bool is_inside(const struct words *w, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i + LONGEST > first; i--) {
        uint32_t most = i + LONGEST < w->n ? i + LONGEST : w->n;
        if (place_end(w, i, most) > last)
            return true;
        if (i == 0 || w->v[i].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE | GAP_PERIOD))
            break;
    }
    return false;
}

bool wide_place(const struct words *w, uint32_t first, uint32_t last)
{
    if (is_inside(w, first, last))
        return true;
    for (uint32_t i = first; i <= last;) {
        uint32_t end = place_end(w, i, last + 1);
        if (end == i)
            return false;
        i = end;
    }
    return true;
}
