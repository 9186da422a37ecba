/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of roster files: bytes as they are, and bytes put into a sound file, whose code nobody checked. Nothing is read
 * outside, and every search ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/phi.h"
#include "../../detectors/roster_build.h"
#include "../../detectors/roster_file.h"

static const struct roster_keys keys = {{{1, 2}}, {{3, 4}}};
static const uint8_t salt[ROSTER_SALT], check[ROSTER_CHECK];
static const char text[] = "Anna Hollingsworth, hollingsworth, anna, Anna Hollingswroth 3/14/1961 at 412 Birchwood Ave, id 00417723, a@b.example";

static void search(const uint8_t *data, size_t size)
{
    static struct phi_scratch *scratch;
    const struct phi_leaf leaf = {.text = text, .len = sizeof text - 1};
    struct phi_result result;
    char err[200];
    struct phi_roster *r = roster_new(data, size, &keys, NULL, err, sizeof err);
    struct phi_engine *e;

    if (!r)
        return;
    for (uint64_t tag = 1; tag; tag <<= 1)
        (void)roster_find(r, tag - 1);
    scratch = scratch ? scratch : phi_scratch_new();
    e = phi_engine_new();
    if (e && phi_engine_dictionary(e, "detectors/dictionaries/words.bin", err, sizeof err) == 0 && phi_engine_roster(e, r) == 0 &&
        phi_engine_seal(e, err, sizeof err) == 0 && phi_scan(e, scratch, &leaf, 1, &result) < 0)
        abort();
    phi_engine_unref(e);
    roster_unref(r);
}

static uint8_t *sound(size_t *size)
{
    struct roster_builder *b = roster_builder_new(&keys);
    void *data = NULL;

    roster_add_person(b, ROSTER_PATIENT, (struct roster_text){"Anna", 4}, (struct roster_text){"Hollingsworth", 13}, 19610314);
    roster_add_value(b, ROSTER_MRN, (struct roster_text){"00417723", 8});
    roster_add_value(b, ROSTER_STREET, (struct roster_text){"412 Birchwood Ave", 17});
    roster_add_value(b, ROSTER_EMAIL, (struct roster_text){"a@b.example", 11});
    if (roster_build(b, salt, check, 1, &data, size) < 0)
        abort();
    roster_builder_free(b);
    return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n;
    uint8_t *file;

    search(data, size);
    file = sound(&n);
    for (size_t i = 0; i + 2 < size; i += 3) /* place, place, byte */
        file[((size_t)data[i] << 8 | data[i + 1]) % n] ^= data[i + 2];
    search(file, n);
    free(file);
    return 0;
}
