/* SPDX-License-Identifier: Apache-2.0
 *
 * libphi: text in, findings out. Needs libc and PCRE2 only; knows no YAML, no JSON and no sockets, holds no
 * globals.
 *
 * An engine is built once from rules and dictionaries, then sealed; sealed it is immutable and shared by all
 * threads. A scratch belongs to one thread and holds what a scan needs, so that scanning allocates only when
 * a scratch must grow. The unit of a scan is a *document*: all texts of one request together, because a value
 * named in one place ("Patient: ...") is then looked for in every other.
 *
 * Every failure (PCRE2 limit, out of memory, invalid UTF-8) is -1, never "nothing found": the caller blocks.
 */
#ifndef PHI_H
#define PHI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phi_kind {
    PHI_NONE = 0,
#define KIND(symbol, name, letter, word) PHI_##symbol,
#include "kinds.def"
#undef KIND
    PHI_KINDS /* count, PHI_NONE included */
};

const char *phi_kind_name(enum phi_kind kind);   /* "NAME.PATIENT"; "NONE" for PHI_NONE */
const char *phi_kind_word(enum phi_kind kind);   /* "NAME" */
char phi_kind_letter(enum phi_kind kind);        /* 'A'..'R' or '-' */
enum phi_kind phi_kind_find(const char *name, size_t len); /* PHI_NONE when unknown */

/* Transforms that made a finding visible (evasion); bits of phi_finding.via. */
enum phi_via {
    PHI_VIA_FOLD = 1,     /* invisible characters, look-alikes, foreign digits, dashes folded */
    PHI_VIA_ENTITY = 2,   /* HTML entity, percent, \u, \x, quoted-printable */
    PHI_VIA_BASE = 4,     /* base64, base32, hex */
    PHI_VIA_WORDS = 8,    /* spelled digits */
    PHI_VIA_MARKUP = 16,  /* Markdown or HTML marks between */
    PHI_VIA_JOIN = 32,    /* across a line break, a part or a message */
    PHI_VIA_LABEL = 64,   /* named by its field (JSON key, banner label, HL7 field) */
    PHI_VIA_REPEAT = 128, /* the same value was found elsewhere in the document */
};

/* Holds positions and configured numbers only, by design: no text can travel in it. */
struct phi_finding {
    uint32_t leaf;       /* index of the text in the scanned document */
    uint32_t begin, end; /* UTF-8 bytes in that text, end exclusive; both on character borders */
    uint16_t kind;       /* enum phi_kind */
    uint16_t rule;       /* for phi_rule_id */
    uint8_t score;       /* 0..100 */
    uint8_t via;         /* enum phi_via bits */
    uint16_t subject;    /* findings that certainly name one person or thing share a number; 0 = none */
};

struct phi_leaf {
    const char *text;  /* valid UTF-8 without NUL, borrowed during the scan */
    const char *label; /* the JSON key or field name in front of it, or NULL */
    uint32_t len, label_len;
    uint32_t group;    /* leaves of one message share a number, 0 = none; neighbours with the same group and
                          label are read across their seam */
};

struct phi_result {
    const struct phi_finding *v; /* sorted by leaf, then begin; no overlaps, except that SENS.* findings
                                    may overlap others. Owned by the scratch, valid until its next scan */
    size_t n;
};

/* ---- building ---- */

struct phi_rule {
    const char *id;      /* unique; [a-z0-9-] */
    const char *file;    /* where it was written, for explain; borrowed strings are copied */
    uint32_t line;
    enum phi_kind kind;
    const char *pattern; /* PCRE2, UTF mode; a group named "value" marks what is covered, else the whole match */
    const char *validate; /* named validator or NULL; see phi_validator_known */
    int score;            /* 0..100 without context */
    const char *const *words; /* context words, lower case, NULL-terminated; or NULL */
    int within;               /* bytes before or after the match in which a word counts */
    int raise;                /* added to the score once when a word is there */
    bool required;            /* without a context word there is no finding */
};

enum phi_mode { PHI_BALANCED = 0, PHI_STRICT = 1 };

struct phi_engine;

struct phi_engine *phi_engine_new(void);
/* 0, or -1 with the reason (never the text that was scanned) in err. pattern_offset: where in the pattern the
 * mistake is, or -1. */
int phi_engine_add(struct phi_engine *e, const struct phi_rule *rule, char *err, size_t err_size,
                   int *pattern_offset);
/* Values that must never be reported (the practice's own name, phone, NPI); compared case-folded. */
int phi_engine_allow(struct phi_engine *e, const char *value, size_t len);
bool phi_engine_allows(const struct phi_engine *e, const char *value, size_t len);
/* Adds to the score of every finding of a rule or built-in detector; PHI_OFF: it finds nothing more. For the kinds that are
 * kept, only more is found, never less. 0, or -1: no rule of this id so far, or out of memory. */
#define PHI_OFF (-1000)
int phi_engine_adjust(struct phi_engine *e, const char *id, int by);
void phi_engine_keep(struct phi_engine *e, enum phi_kind kind);
/* Strict lowers every threshold by 20. */
void phi_engine_set_mode(struct phi_engine *e, enum phi_mode mode);
/* Findings below the threshold are dropped; 0..100. The default is 50 for every kind. */
void phi_engine_set_threshold(struct phi_engine *e, enum phi_kind kind, int threshold);
/* Word lists (names, places, ...) from a compiled data file; mapped read-only. Without it, names are found by
 * title and label only. */
int phi_engine_dictionary(struct phi_engine *e, const char *path, char *err, size_t err_size);
/* Looks for the people and numbers of a roster (roster.h), too; it takes a reference. At most four; needs the word lists.
 * 0 or -1. */
struct phi_roster;
int phi_engine_roster(struct phi_engine *e, struct phi_roster *roster);
/* The current year: who was born 89 years before it or earlier is 90 or will be next year, and the birth year tells it. Until
 * it is set, PHI_YEAR. Scans ask no clock. */
#define PHI_YEAR 2026
void phi_engine_set_year(struct phi_engine *e, int year);
int phi_engine_seal(struct phi_engine *e, char *err, size_t err_size);
struct phi_engine *phi_engine_ref(struct phi_engine *e); /* atomic count; sealed engines only */
void phi_engine_unref(struct phi_engine *e);

bool phi_validator_known(const char *name);

/* ---- scanning ---- */

struct phi_scratch;
struct phi_scratch *phi_scratch_new(void); /* works with any engine, one scan at a time */
void phi_scratch_free(struct phi_scratch *s); /* wipes */
/* Wipes what the scans since the last call left of their texts, and costs no more than they did; NULL is fine.
 * Results stay, they hold no text. */
void phi_scratch_clear(struct phi_scratch *s);

/* At most PHI_LEAVES_MAX leaves; 0 or -1 (then result is empty and nothing may be forwarded). */
#define PHI_LEAVES_MAX (1u << 20)
int phi_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n,
             struct phi_result *result);

/* The oracle of the tests: every rule over every text, one after another, no dispatch. Same result. */
int phi_scan_slow(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n,
                  struct phi_result *result);

/* ---- explaining ---- */

size_t phi_rule_count(const struct phi_engine *e); /* rules and built-in detectors (names, fields, ...) */
const char *phi_rule_id(const struct phi_engine *e, unsigned rule);
const char *phi_rule_file(const struct phi_engine *e, unsigned rule, uint32_t *line);
/* What a rule finds; PHI_NONE: several kinds. A detector of names finds all names. */
enum phi_kind phi_rule_kind(const struct phi_engine *e, unsigned rule);
bool phi_rule_built_in(const struct phi_engine *e, unsigned rule); /* in C: its scores differ from finding to finding */
/* One line of plain words on what the rule's trigger is and what it costs ("digit run", "full scan"). */
const char *phi_rule_trigger(const struct phi_engine *e, unsigned rule);
/* What made up the score of a finding of the last scan, as "base 60, context +35"; 0 or -1. Never quotes. */
int phi_explain(const struct phi_engine *e, const struct phi_scratch *s, const struct phi_finding *f,
                char *out, size_t out_size);

/* Words that may be names or places are weighed: for each of a text, in order, what it added up to, as
 * "name +512 = before.doctor.space +412, given.7 +96", in 1/256 (weights.inc); the strongest parts first, as many as fit. What
 * kind of text it is and lines of worklists are not in it. Without word lists there is nothing to tell. 0 or -1. Never quotes. */
typedef void phi_word_part(void *context, uint32_t begin, uint32_t end, const char *parts);
int phi_explain_words(const struct phi_engine *e, const struct phi_leaf *leaf, phi_word_part *each, void *context);

#endif
