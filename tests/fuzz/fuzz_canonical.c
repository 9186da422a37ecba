/* SPDX-License-Identifier: Apache-2.0
 *
 * The views of a text: folding, digits, encoded runs. Each gives valid UTF-8 and a map into the source.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../detectors/digits.h"
#include "../../detectors/encoded.h"
#include "../../detectors/fold.h"
#include "../../detectors/text.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_view(const struct mapped_text *m, uint32_t len)
{
    const uint32_t *begin = m->begins.v, *end = m->ends.v;
    check(!m->failed);
    if (m->n == 0)
        return;
    check(text_valid(m->bytes.v, m->n));
    for (uint32_t i = 0; i < m->n; i++)
        check(begin[i] <= end[i] && end[i] <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mapped_text views[4];
    static struct phi_array marks;
    const char *text = (const char *)data;
    uint32_t len = (uint32_t)size;
    struct offset_map none = {0};
    if (size > 8192 || !text_valid(text, size))
        return 0;
    fold_text(text, len, none, &views[0]);
    check_view(&views[0], len);
    fold_text(views[0].bytes.v, views[0].n, mapped_map(&views[0]), &views[1]);
    check_view(&views[1], len);
    if (marks_read(&marks, views[1].bytes.v, views[1].n) < 0)
        return 0;
    digits_collect(views[1].bytes.v, views[1].n, marks.v, mapped_map(&views[1]), &views[2]);
    check_view(&views[2], len);
    encoded_collect(views[1].bytes.v, views[1].n, marks.v, mapped_map(&views[1]), &views[3]);
    check_view(&views[3], len);
    return 0;
}
