/* SPDX-License-Identifier: Apache-2.0 */
#include "generic_place.h"

#include <string.h>

#include "name_words.h"
#include "text.h"
#include "word_lists.h"

static bool is_department(const char *word, size_t n)
{
    return name_word_lists(word, (uint32_t)n) & LIST(DEPARTMENT);
}

/* Does a word with a capital stand right before, that is in no list: "Quillville [Primary Care]", "Quill & [Spine]"? */
static bool follows_name(const char *text, size_t begin)
{
    size_t end = begin, first;

    if (end < 2 || text[end - 1] != ' ')
        return end && text[end - 1] == '(';
    if (text[end - 2] == '&')
        return true;
    first = text_letters_before(text, --end);
    return first < end && text_is_upper(text[first]) && !is_department(text + first, end - first);
}

bool place_has_only_departments(const char *text, size_t begin, size_t end)
{
    for (size_t i = begin, size; i < end; i += size ? size : 1) {
        size = text_letters(text + i, end - i);
        if (size ? !is_department(text + i, size) : !strchr(" \t\r\n-/&,.", text[i]))
            return false;
    }
    return true;
}

bool place_is_generic(const char *text, size_t begin, size_t end)
{
    return text_is_upper(text[begin]) && place_has_only_departments(text, begin, end) && !follows_name(text, begin);
}
