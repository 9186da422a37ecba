/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV and the import of a roster: any bytes end, every field lies in the text, every mistake has a place, and what was
 * built from it opens and is searched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/roster_build.h"
#include "../../detectors/roster_file.h"
#include "../../policies/engine/csv.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/roster_import.h"

static const struct roster_keys keys = {{{1, 2}}, {{3, 4}}};
static const uint8_t salt[ROSTER_SALT], check[ROSTER_CHECK];

static void check_csv(char *text, size_t len)
{
    static struct csv_row row;
    struct csv csv;

    csv_start(&csv, text, len);
    while (csv_next(&csv, &row)) {
        if (row.n > CSV_FIELDS_MAX || !row.line || !row.column)
            abort();
        for (size_t i = 0; i < row.n && !row.mistake; i++)
            if (row.v[i].text < text || row.v[i].text + row.v[i].len > text + len)
                abort();
    }
}

static void check_built(struct roster_builder *b)
{
    char err[200];
    void *data = NULL;
    size_t size;

    if (roster_build(b, salt, check, 1, &data, &size) < 0)
        return;
    struct phi_roster *r = roster_new(data, size, &keys, NULL, err, sizeof err);
    if (!r)
        abort();
    (void)roster_find(r, roster_tag(&keys, ROSTER_PERSON, 1, 2));
    roster_unref(r);
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct roster_counts counts = {0};
    struct diag *d = diag_new();
    struct roster_builder *b = roster_builder_new(&keys);
    char *text = malloc(size + 1);

    if (text && d && b) {
        memcpy(text, data, size);
        check_csv(text, size);
        memcpy(text, data, size);
        int rc = roster_import(b, "fuzz.csv", text, size, ROSTER_PATIENT, &counts, d);
        if ((rc != 0) != (diag_count(d) != 0))
            abort();
        check_built(b);
    }
    free(text);
    roster_builder_free(b);
    diag_free(d);
    return 0;
}
