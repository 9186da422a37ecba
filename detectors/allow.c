/* SPDX-License-Identifier: Apache-2.0
 *
 * Values never reported: the practice's own name, phone, NPI. Compared by letters and digits only, so that
 * "(617) 555-0100" in the list covers "617-555-0100" in a text.
 */
#include <string.h>

#include "engine.h"

static uint32_t allow_fold(const char *value, size_t len, char out[ALLOW_BYTES_MAX])
{
    uint32_t n = 0;
    for (size_t i = 0; i < len && n < ALLOW_BYTES_MAX; i++) {
        unsigned char c = (unsigned char)value[i];
        unsigned char l = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
        if ((l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || l >= 0x80)
            out[n++] = (char)l;
    }
    return n;
}

static uint32_t allow_hash(const char *v, uint32_t n)
{
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)v[i]) * 16777619u;
    return h;
}

static uint32_t allow_slot(const struct allow_list *list, const char *v, uint32_t n)
{
    uint32_t i = allow_hash(v, n) & (list->cap - 1);
    while (list->v[i] && !(strlen(list->v[i]) == n && memcmp(list->v[i], v, n) == 0))
        i = (i + 1) & (list->cap - 1);
    return i;
}

static int allow_grow(struct allow_list *list)
{
    struct allow_list grown = {.cap = list->cap ? list->cap * 2 : 64, .n = list->n};
    grown.v = phi_memory_new(grown.cap * sizeof *grown.v);
    if (!grown.v)
        return -1;
    for (uint32_t i = 0; i < list->cap; i++)
        if (list->v[i])
            grown.v[allow_slot(&grown, list->v[i], (uint32_t)strlen(list->v[i]))] = list->v[i];
    phi_memory_free(list->v);
    *list = grown;
    return 0;
}

int allow_add(struct allow_list *list, const char *value, size_t len)
{
    char folded[ALLOW_BYTES_MAX];
    uint32_t n = len < ALLOW_BYTES_MAX ? allow_fold(value, len, folded) : 0;
    if (n == 0 || memchr(value, 0, len))
        return -1;
    if (list->n * 2 >= list->cap && allow_grow(list) < 0)
        return -1;
    uint32_t i = allow_slot(list, folded, n);
    if (list->v[i])
        return 0;
    list->v[i] = phi_memory_copy(folded, n);
    if (!list->v[i])
        return -1;
    list->n++;
    return 0;
}

bool allow_has(const struct allow_list *list, const char *value, size_t len)
{
    if (!list->n || len >= ALLOW_BYTES_MAX)
        return false;
    char folded[ALLOW_BYTES_MAX];
    uint32_t n = allow_fold(value, len, folded);
    bool has = n && list->v[allow_slot(list, folded, n)];
    explicit_bzero(folded, sizeof folded);
    return has;
}

void allow_free(struct allow_list *list)
{
    for (uint32_t i = 0; i < list->cap; i++)
        phi_memory_free(list->v[i]);
    phi_memory_free(list->v);
    *list = (struct allow_list){0};
}
