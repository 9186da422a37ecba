/* SPDX-License-Identifier: Apache-2.0
 *
 * The features of the tagger. Those in groups have a number: the group's, and inside it a class bit or a level. Hashed
 * ones have a template and the words or letters that fill it. After a change the weights must be fitted again
 * (dictionaries/tag.py).
 */
#ifndef TAGGER_GROUPS_H
#define TAGGER_GROUPS_H

#include "lexicon.h"

enum { TAG_CLASSES = LEXICON_CLASSES, TAG_GAPS = 10, TAG_FACTS = 48 };

/* GROUP(symbol, name, size): of the word itself, and of those up to two words away */
#define TAG_GROUPS                                                                                                    \
    GROUP(SHAPE, "shape", 8 * 4)         /* shape and kind of line */                                                 \
    GROUP(CLASS, "class", TAG_CLASSES)                                                                                \
    GROUP(FACT, "fact", TAG_FACTS)       /* levels of given, surname, ratio, frequency, city; bits */                 \
    GROUP(GIVEN, "given-shape", 8 * 8)                                                                                \
    GROUP(SURNAME, "surname-shape", 8 * 8)                                                                            \
    GROUP(RATIO, "ratio-shape", 8 * 8)                                                                                \
    GROUP(FREQUENCY, "frequency-shape", 8 * 8)                                                                        \
    GROUP(CITY, "city-shape", 8 * 8)                                                                                  \
    GROUP(FLAG, "flag", 9)                                                                                            \
    GROUP(LENGTH, "length", 13)                                                                                       \
    GROUP(VALUE, "value", 6)             /* of a number: up to 12, 31, 99, 999, a year, more */                       \
    GROUP(GAP, "gap", TAG_GAPS)          /* before the word */                                                        \
    GROUP(GAP_RIGHT, "gap-right", TAG_GAPS)                                                                           \
    GROUP(CLASS_L2, "class-2", TAG_CLASSES)                                                                           \
    GROUP(CLASS_L1, "class-1", TAG_CLASSES)                                                                           \
    GROUP(CLASS_R1, "class+1", TAG_CLASSES)                                                                           \
    GROUP(CLASS_R2, "class+2", TAG_CLASSES)                                                                           \
    GROUP(SHAPE_L2, "shape-2", 8)                                                                                     \
    GROUP(SHAPE_L1, "shape-1", 8)                                                                                     \
    GROUP(SHAPE_R1, "shape+1", 8)                                                                                     \
    GROUP(SHAPE_R2, "shape+2", 8)                                                                                     \
    GROUP(GAP_L2, "gap-2", TAG_GAPS)     /* before the second word before */                                          \
    GROUP(GAP_L1, "gap-1", TAG_GAPS)                                                                                  \
    GROUP(GAP_R2, "gap+2", TAG_GAPS)     /* behind the next word */                                                   \
    GROUP(FACT_L1, "fact-1", TAG_FACTS)                                                                               \
    GROUP(FACT_R1, "fact+1", TAG_FACTS)                                                                               \
    GROUP(EDGE, "edge", 4)               /* the text begins one, two words away; ends so */                           \
    GROUP(ALWAYS, "always", 1)                                                                                        \
    GROUP(DAYS, "days", 9)               /* of part of a number with / - . in it: none, one, more dates of the text are written so */

enum tag_group {
#define GROUP(symbol, name, size) TAG_##symbol, TAG_##symbol##_END = TAG_##symbol + (size) - 1,
    TAG_GROUPS
#undef GROUP
    TAG_NUMBERED
};

/* TEMPLATE(symbol, name) */
#define TAG_TEMPLATES                                                                                                 \
    TEMPLATE(WORD, "word")               /* everyday words only, never one that may be a name */                      \
    TEMPLATE(BEGINNING, "beginning")     /* three letters */                                                          \
    TEMPLATE(ENDING, "ending")                                                                                        \
    TEMPLATE(ENDING2, "ending2")         /* two letters */                                                            \
    TEMPLATE(L2, "word-2")                                                                                            \
    TEMPLATE(L1, "word-1")                                                                                            \
    TEMPLATE(R1, "word+1")                                                                                            \
    TEMPLATE(R2, "word+2")                                                                                            \
    TEMPLATE(L1_GAP, "word-1-gap")       /* and how it is joined */                                                    \
    TEMPLATE(R1_GAP, "word+1-gap")

enum tag_template {
#define TEMPLATE(symbol, name) TEMPLATE_##symbol,
    TAG_TEMPLATES
#undef TEMPLATE
    TEMPLATES
};

#endif
