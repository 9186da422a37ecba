/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of kinds.
 */
#include <string.h>

#include "phi.h"

static const struct {
    const char *name, *word;
    char letter;
} kinds[PHI_KINDS] = {
    {"NONE", "NONE", '-'},
#define KIND(symbol, name, letter, word) {name, word, letter},
#include "kinds.def"
#undef KIND
};

static unsigned kind_index(enum phi_kind kind)
{
    return (unsigned)kind < PHI_KINDS ? (unsigned)kind : 0;
}

const char *phi_kind_name(enum phi_kind kind)
{
    return kinds[kind_index(kind)].name;
}

const char *phi_kind_word(enum phi_kind kind)
{
    return kinds[kind_index(kind)].word;
}

char phi_kind_letter(enum phi_kind kind)
{
    return kinds[kind_index(kind)].letter;
}

enum phi_kind phi_kind_find(const char *name, size_t len)
{
    for (unsigned i = 1; i < PHI_KINDS; i++)
        if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0)
            return (enum phi_kind)i;
    return PHI_NONE;
}
