/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's dictionary: opened while the engine is built, closed with it.
 */
#include <stdio.h>

#include "engine.h"

#include "dictionary.h"

int phi_engine_dictionary(struct phi_engine *e, const char *path, char *err, size_t err_size)
{
    if (e->sealed) {
        snprintf(err, err_size, "the engine is sealed");
        return -1;
    }
    struct phi_dictionary *opened = phi_dictionary_open(path, err, err_size);
    if (!opened)
        return -1;
    phi_dictionary_close(e->dictionary);
    e->dictionary = opened;
    return 0;
}

void engine_dictionary_free(struct phi_engine *e)
{
    phi_dictionary_close(e->dictionary);
    e->dictionary = NULL;
}

const struct phi_dictionary *phi_engine_words(const struct phi_engine *e)
{
    return e->dictionary;
}
