/* SPDX-License-Identifier: Apache-2.0
 *
 * Each block carries its size in front, so that free can wipe all of it whoever asks.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 16 }; /* keeps the alignment of malloc */

void *phi_memory_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    char *head = calloc(1, HEAD + size);
    if (!head)
        return NULL;
    memcpy(head, &size, sizeof size);
    return head + HEAD;
}

void phi_memory_free(void *block)
{
    if (!block)
        return;
    char *head = (char *)block - HEAD;
    size_t size;
    memcpy(&size, head, sizeof size);
    explicit_bzero(head, HEAD + size);
    free(head);
}

char *phi_memory_copy(const char *text, size_t len)
{
    char *copy = phi_memory_new(len + 1);
    if (copy && len)
        memcpy(copy, text, len);
    return copy;
}

int phi_array_reserve(struct phi_array *a, size_t size)
{
    if (size > a->top)
        a->top = size;
    if (size <= a->cap)
        return 0;
    size_t cap = a->cap ? a->cap : 256;
    while (cap < size)
        cap = cap > SIZE_MAX / 4 ? size : cap * 2;
    void *grown = phi_memory_new(cap);
    if (!grown)
        return -1;
    if (a->cap)
        memcpy(grown, a->v, a->cap);
    phi_memory_free(a->v);
    a->v = grown;
    a->cap = cap;
    return 0;
}

void phi_array_wipe(struct phi_array *a)
{
    size_t used = a->top < a->cap ? a->top : a->cap;
    if (used)
        explicit_bzero(a->v, used);
    a->top = 0;
}

void phi_array_free(struct phi_array *a)
{
    phi_memory_free(a->v);
    a->v = NULL;
    a->cap = a->top = 0;
}
