/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed rules, as the modules of libphi see them. Read-only once sealed.
 */
#ifndef PHI_ENGINE_H
#define PHI_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "detector.h"
#include "dispatch.h"
#include "memory.h"
#include "pattern.h"
#include "trigger.h"
#include "validate.h"

/* How much strict mode lowers every threshold. */
enum { STRICT_LOWERS = 20, THRESHOLD_DEFAULT = 50, RULES_MAX = 20000, ALLOW_BYTES_MAX = 512, ROSTERS_MAX = 4 };

struct rule {
    char *id, *file;
    uint32_t line;
    uint16_t kind;
    uint8_t score;
    bool required;
    int within, raise;
    char **words; /* lower case, n_words of them */
    uint32_t n_words;
    uint32_t word_firsts[8]; /* a bit for each byte that one of them begins with, in both cases */
    phi_validator *validate;
    struct phi_pattern pattern;
    struct trigger trigger;
};

/* A set of folded values by hash, open addressing. */
struct allow_list {
    char **v;
    uint32_t n, cap;
};

struct adjustment {
    char *id;
    int16_t by;
};

struct phi_engine {
    atomic_uint refs;
    bool sealed;
    pcre2_general_context *general;
    struct rule *rules;
    uint32_t n, cap;
    const struct phi_pattern **patterns; /* of rules, once sealed */
    const struct trigger **triggers;
    struct dispatch *dispatch;
    uint32_t captures; /* the most any rule has */
    struct allow_list allow;
    enum phi_mode mode;
    int year;
    uint8_t threshold[PHI_KINDS];
    struct adjustment *adjustments; /* as they were asked for */
    uint32_t n_adjustments;
    int16_t *adjust; /* by rule, once sealed; NULL: none */
    bool keep[PHI_KINDS];
    struct phi_dictionary *dictionary;
    struct phi_roster *rosters[ROSTERS_MAX];
    uint32_t n_rosters;
};

/* ---- rules of built-in detectors, numbered behind the others ---- */

extern const struct phi_detector *const phi_detectors[];
extern const unsigned phi_detectors_n;

/* The number of a detector's first rule. */
unsigned engine_detector_base(const struct phi_engine *e, unsigned detector);
unsigned engine_detector_rule(const struct phi_engine *e, const struct phi_detector *detector, unsigned rule);
/* The score of a candidate as the site wants it; -1: none. */
int engine_score(const struct phi_engine *e, unsigned rule, unsigned kind, int score);
int engine_adjust_seal(struct phi_engine *e);
void engine_adjust_free(struct phi_engine *e);
int engine_threshold(const struct phi_engine *e, unsigned kind);

void engine_dictionary_free(struct phi_engine *e);

/* ---- allow list ---- */

int allow_add(struct allow_list *list, const char *value, size_t len);
bool allow_has(const struct allow_list *list, const char *value, size_t len);
void allow_free(struct allow_list *list);

#endif
