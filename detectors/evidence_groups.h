/* SPDX-License-Identifier: Apache-2.0
 *
 * The features, in groups; a group is a range of numbers, and the number inside it a class bit, a level, or both with the
 * kind of gap. The order is that of dictionaries/weights.inc: after a change the weights must be fitted again.
 */
#ifndef EVIDENCE_GROUPS_H
#define EVIDENCE_GROUPS_H

#include "lexicon.h"

enum { CLASSES = LEXICON_CLASSES, JOINS = 6, LIKES = 6 };

/* How two words are joined; as join_names. */
enum join { JOIN_BREAK = 0, JOIN_SPACE, JOIN_COMMA, JOIN_COLON, JOIN_TIGHT, JOIN_OTHER };

/* GROUP(symbol, name, size) */
#define GROUPS                                                                                                        \
    GROUP(SHAPE, "shape", 8 * 4)              /* shape and kind of line */                                           \
    GROUP(OWN, "own", CLASSES)                /* own classes */                                                      \
    GROUP(OWN_LOWER, "own-lower", CLASSES)    /* own classes, written in lower case */                               \
    GROUP(OWN_CAPITALS, "own-capitals", CLASSES) /* own classes, in a line of capitals */                            \
    GROUP(GIVEN, "given", 8)                                                                                         \
    GROUP(SURNAME, "surname", 8)                                                                                     \
    GROUP(RATIO, "ratio", 8)                                                                                         \
    GROUP(FREQUENCY, "frequency", 8)                                                                                 \
    GROUP(FACT, "fact", 8)                    /* English, science, county, head, system, listed, neither */          \
    GROUP(CITY, "city", 8)                                                                                           \
    GROUP(LIKE, "like", LIKES * 8)            /* name likeness and ratio */                                          \
    GROUP(LIKE_SHAPE, "like-shape", LIKES * 8)                                                                       \
    GROUP(LIKE_START, "like-start", LIKES)    /* at the start of a sentence */                                       \
    GROUP(LENGTH, "length", 8)                                                                                       \
    GROUP(FLAG, "flag", 8)                                                                                           \
    GROUP(JOIN_LEFT, "join-left", JOINS)                                                                             \
    GROUP(JOIN_RIGHT, "join-right", JOINS)                                                                           \
    GROUP(BEFORE, "before", CLASSES * JOINS)  /* classes of the word before */                                       \
    GROUP(AFTER, "after", CLASSES * JOINS)                                                                           \
    GROUP(BEFORE2, "before2", CLASSES)                                                                               \
    GROUP(AFTER2, "after2", CLASSES)                                                                                 \
    GROUP(BEFORE3, "before3", CLASSES)                                                                               \
    GROUP(SHAPE_BEFORE, "shape-before", 8 * JOINS)                                                                   \
    GROUP(SHAPE_AFTER, "shape-after", 8 * JOINS)                                                                     \
    GROUP(LIKE_BEFORE, "like-before", LIKES * JOINS)                                                                 \
    GROUP(LIKE_AFTER, "like-after", LIKES * JOINS)                                                                   \
    GROUP(PAIR_BEFORE, "pair-before", LIKES * LIKES) /* likeness of both, joined by a space */                       \
    GROUP(PAIR_AFTER, "pair-after", LIKES * LIKES)                                                                   \
    GROUP(LABEL_BEFORE, "label-before", LABELS * JOINS)                                                              \
    GROUP(LABEL_BEFORE2, "label-before2", LABELS)                                                                    \
    GROUP(CUE, "cue", 32)                                                                                            \
    GROUP(BEGINNING, "beginning", 512)        /* the first three letters of a word that the lexicon has not */       \
    GROUP(ENDING, "ending", 512)              /* and the last three */                                               \
    GROUP(PREVIOUS, "previous", 1024)         /* the word before, by its hash */                                     \
    GROUP(FOLLOWING, "following", 1024)

enum group {
#define GROUP(symbol, name, size) GROUP_##symbol, GROUP_##symbol##_END = GROUP_##symbol + (size) - 1,
    GROUPS
#undef GROUP
    FEATURE_COUNT
};

/* CUE(symbol, name) */
#define CUES \
    CUE(AGE_AFTER, "age-after") \
    CUE(AGE_BEFORE, "age-before") \
    CUE(FACILITY, "facility") \
    CUE(STREET, "street") \
    CUE(NUMBER_STREET, "number-street") \
    CUE(STATE, "state") \
    CUE(STATE_ZIP, "state-zip") \
    CUE(EPONYM, "eponym") \
    CUE(EPONYM_PLAIN, "eponym-plain") \
    CUE(EPONYM_POSSESSIVE, "eponym-possessive") \
    CUE(PHRASE_CITY, "phrase-city") \
    CUE(PHRASE_SYSTEM, "phrase-system") \
    CUE(SEEN, "seen") \
    CUE(SEEN_LIKE, "seen-like") \
    CUE(LABEL_LINE, "label-line") \
    CUE(SENTENCE, "sentence") \
    CUE(CAPITALS_RIGHT, "capitals-right") \
    CUE(INITIAL_RIGHT, "initial-right") \
    CUE(INITIAL_LEFT, "initial-left") \
    CUE(DIALOGUE, "dialogue") \
    CUE(COUNTY, "county") \
    CUE(QUOTE, "quote") \
    CUE(PARENTHESIS, "parenthesis") \
    CUE(LIST, "list") \
    CUE(ACRONYM, "acronym") \
    CUE(DOSE, "dose") \
    CUE(DOTTED, "dotted") \
    CUE(SLASH_LIST, "slash-list")

enum cue {
#define CUE(symbol, name) CUE_##symbol,
    CUES
#undef CUE
};

#endif
