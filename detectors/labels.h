/* SPDX-License-Identifier: Apache-2.0
 *
 * What a number is called by the words in front of it: "Member ID (primary): ", "acct no. ", "her MRN is ".
 */
#ifndef PHI_LABELS_H
#define PHI_LABELS_H

#include <stdbool.h>
#include <stdint.h>

/* How much the word alone announces; see labels.def. */
enum label_how { LABEL_SURE = 1, LABEL_STRONG, LABEL_MARKED };

/* What the value looks like. */
enum label_shape {
    LABEL_CODE = 1, /* letters and digits, hyphens between */
    LABEL_CARD,     /* twelve digits and more */
    LABEL_PLATE,    /* a number plate: few characters */
    LABEL_PHONE,    /* seven digits and more, in groups */
    LABEL_PAGER,    /* four digits and more */
    LABEL_POST,     /* a postal code */
};

struct label {
    const char *word;
    uint16_t kind;
    uint8_t how, shape;
};

struct label_found {
    const struct label *label; /* NULL: only "ID" or the like stood there */
    bool worded;               /* "number", "no.", "id" stood between */
    bool marked;               /* a colon, equals sign, number sign, bar or tab stood between */
    bool wrapped;              /* a line break or a comma stood between: the value must look like one */
    uint32_t value;            /* where the value begins: capital letters before a blank may belong to it */
};

/* The label that ends before the value at `at`. False when there is none. */
bool label_before(const char *text, uint32_t at, struct label_found *found);

/* A word that labels its own number: "MRN-2468135". Sizes without the letters of the number. NULL when it is none. */
const struct label *label_prefix(const char *text, uint32_t len);

/* The label of a column or a key, folded as fields are. */
const struct label *label_find(const char *label, uint32_t len);

#endif
