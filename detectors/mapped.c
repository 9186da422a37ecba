/* SPDX-License-Identifier: Apache-2.0
 *
 * Three arrays of the same length: the bytes, and of each the begin and the end of its source.
 */
#include "mapped.h"

#include <string.h>

static bool mapped_room(struct mapped_text *m, uint32_t more)
{
    size_t n = (size_t)m->n + more + 16;
    if (n > INT32_MAX || phi_array_reserve(&m->bytes, n) < 0 ||
        phi_array_reserve(&m->begins, n * sizeof(uint32_t)) < 0 || phi_array_reserve(&m->ends, n * sizeof(uint32_t)) < 0)
        m->failed = true;
    return !m->failed;
}

void map_range(struct offset_map map, uint32_t from, uint32_t to, uint32_t *begin, uint32_t *end)
{
    *begin = map_begin(map, from);
    *end = map_end(map, to - 1);
    for (uint32_t i = from; map.begin && i < to; i++) {
        *begin = map.begin[i] < *begin ? map.begin[i] : *begin;
        *end = map.end[i] > *end ? map.end[i] : *end;
    }
}

void mapped_clear(struct mapped_text *m, uint32_t expect)
{
    m->n = 0;
    m->failed = false;
    mapped_room(m, expect);
}

void mapped_put(struct mapped_text *m, const char *bytes, uint32_t n, uint32_t begin, uint32_t end)
{
    if (m->failed || !mapped_room(m, n))
        return;
    for (uint32_t i = 0; i < n; i++) {
        ((char *)m->bytes.v)[m->n] = bytes[i];
        ((uint32_t *)m->begins.v)[m->n] = begin;
        ((uint32_t *)m->ends.v)[m->n++] = end;
    }
    m->peak = m->n > m->peak ? m->n : m->peak;
}

void mapped_copy(struct mapped_text *m, const char *text, struct offset_map map, uint32_t from, uint32_t to)
{
    if (m->failed || !mapped_room(m, to - from))
        return;
    char *bytes = m->bytes.v;
    uint32_t *begins = m->begins.v, *ends = m->ends.v;
    memcpy(bytes + m->n, text + from, to - from);
    for (uint32_t i = from; i < to; i++) {
        begins[m->n] = map_begin(map, i);
        ends[m->n++] = map_end(map, i);
    }
    m->peak = m->n > m->peak ? m->n : m->peak;
}

void mapped_wipe(struct mapped_text *m)
{
    if (m->peak)
        explicit_bzero(m->bytes.v, m->peak);
    m->n = m->peak = 0;
}

void mapped_reverse(struct mapped_text *m, uint32_t from)
{
    char *bytes = m->bytes.v;
    uint32_t *begins = m->begins.v, *ends = m->ends.v;
    for (uint32_t i = from, k = m->n; !m->failed && i + 1 < k; i++) {
        k--;
        char byte = bytes[i];
        uint32_t begin = begins[i], end = ends[i];
        bytes[i] = bytes[k], begins[i] = begins[k], ends[i] = ends[k];
        bytes[k] = byte, begins[k] = begin, ends[k] = end;
    }
}

void mapped_free(struct mapped_text *m)
{
    phi_array_free(&m->bytes);
    phi_array_free(&m->begins);
    phi_array_free(&m->ends);
}
