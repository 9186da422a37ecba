/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the words. Signs of a study are counted once each, for a note says "patients" often; those of code are
 * counted with the marks that only code has. One word that speaks of a person settles it for the study.
 */
#include "genre.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum sign { SIGN_NONE = 0, SIGN_STRONG, SIGN_WEAK, SIGN_PERSON, SIGN_CODE };
enum { WORD_MAX = 15, STUDY_LEAST = 6, STUDY_WEAK = 8, CODE_LEAST = 4 };

static const struct sign_word {
    char word[WORD_MAX + 1];
    uint8_t sign;
} words[] = {
    {"aim", SIGN_WEAK}, {"aims", SIGN_WEAK}, {"analyses", SIGN_WEAK}, {"analysis", SIGN_WEAK}, {"appt", SIGN_PERSON},
    {"args", SIGN_CODE}, {"argv", SIGN_CODE}, {"assert", SIGN_CODE}, {"assess", SIGN_WEAK}, {"associated", SIGN_WEAK},
    {"association", SIGN_WEAK}, {"associations", SIGN_WEAK}, {"async", SIGN_CODE}, {"await", SIGN_CODE},
    {"background", SIGN_WEAK}, {"bedside", SIGN_PERSON}, {"bin", SIGN_CODE}, {"birthdate", SIGN_PERSON},
    {"bool", SIGN_CODE}, {"cases", SIGN_WEAK}, {"char", SIGN_CODE}, {"children", SIGN_WEAK}, {"ci", SIGN_STRONG},
    {"class", SIGN_CODE}, {"cohort", SIGN_STRONG}, {"cohorts", SIGN_STRONG}, {"compare", SIGN_WEAK},
    {"compared", SIGN_WEAK}, {"conclusion", SIGN_WEAK}, {"conclusions", SIGN_WEAK}, {"confidence", SIGN_STRONG},
    {"consecutive", SIGN_STRONG}, {"const", SIGN_CODE}, {"controls", SIGN_WEAK}, {"correlated", SIGN_STRONG},
    {"correlation", SIGN_STRONG}, {"covariates", SIGN_STRONG}, {"cox", SIGN_STRONG}, {"data", SIGN_WEAK},
    {"dear", SIGN_PERSON}, {"def", SIGN_CODE}, {"denies", SIGN_PERSON}, {"dependencies", SIGN_CODE},
    {"design", SIGN_WEAK}, {"determine", SIGN_WEAK}, {"devdependencies", SIGN_CODE}, {"difference", SIGN_WEAK},
    {"differences", SIGN_WEAK}, {"dob", SIGN_PERSON}, {"docker", SIGN_CODE}, {"dr", SIGN_PERSON}, {"elif", SIGN_CODE},
    {"endif", SIGN_CODE}, {"enrolled", SIGN_STRONG}, {"enrolling", SIGN_STRONG}, {"enum", SIGN_CODE},
    {"err", SIGN_CODE}, {"errno", SIGN_CODE}, {"eslint", SIGN_CODE}, {"evaluated", SIGN_WEAK},
    {"evidence", SIGN_WEAK}, {"examined", SIGN_WEAK}, {"except", SIGN_CODE}, {"exports", SIGN_CODE},
    {"false", SIGN_CODE}, {"fax", SIGN_PERSON}, {"fn", SIGN_CODE}, {"foreach", SIGN_CODE}, {"function", SIGN_CODE},
    {"group", SIGN_WEAK}, {"groups", SIGN_WEAK}, {"hazard", SIGN_STRONG}, {"he", SIGN_PERSON}, {"her", SIGN_PERSON},
    {"hers", SIGN_PERSON}, {"him", SIGN_PERSON}, {"his", SIGN_PERSON}, {"href", SIGN_CODE}, {"husband", SIGN_PERSON},
    {"ifdef", SIGN_CODE}, {"ifndef", SIGN_CODE}, {"impl", SIGN_CODE}, {"import", SIGN_CODE}, {"incidence", SIGN_WEAK},
    {"include", SIGN_CODE}, {"independent", SIGN_WEAK}, {"initials", SIGN_PERSON}, {"int", SIGN_CODE},
    {"investigate", SIGN_WEAK}, {"investigated", SIGN_WEAK}, {"iqr", SIGN_STRONG}, {"isinstance", SIGN_CODE},
    {"kaplan", SIGN_STRONG}, {"kappa", SIGN_STRONG}, {"keywords", SIGN_CODE}, {"kwargs", SIGN_CODE},
    {"lambda", SIGN_CODE}, {"len", SIGN_CODE}, {"let", SIGN_CODE}, {"license", SIGN_CODE}, {"literature", SIGN_WEAK},
    {"lives", SIGN_PERSON}, {"localhost", SIGN_CODE}, {"logistic", SIGN_STRONG}, {"malloc", SIGN_CODE},
    {"mean", SIGN_WEAK}, {"median", SIGN_WEAK}, {"men", SIGN_WEAK}, {"meta", SIGN_STRONG}, {"method", SIGN_WEAK},
    {"methods", SIGN_WEAK}, {"mr", SIGN_PERSON}, {"mrn", SIGN_PERSON}, {"mrs", SIGN_PERSON}, {"ms", SIGN_PERSON},
    {"multicenter", SIGN_STRONG}, {"multicentre", SIGN_STRONG}, {"multiple", SIGN_WEAK},
    {"multivariable", SIGN_STRONG}, {"multivariate", SIGN_STRONG}, {"mut", SIGN_CODE}, {"my", SIGN_PERSON},
    {"name", SIGN_PERSON}, {"namespace", SIGN_CODE}, {"none", SIGN_CODE}, {"npm", SIGN_CODE}, {"null", SIGN_CODE},
    {"numpy", SIGN_CODE}, {"objective", SIGN_WEAK}, {"objectives", SIGN_WEAK}, {"odds", SIGN_STRONG},
    {"outcome", SIGN_WEAK}, {"outcomes", SIGN_WEAK}, {"pandas", SIGN_CODE}, {"param", SIGN_CODE},
    {"params", SIGN_CODE}, {"participants", SIGN_STRONG}, {"patientname", SIGN_PERSON}, {"patients", SIGN_WEAK},
    {"pip", SIGN_CODE}, {"placebo", SIGN_STRONG}, {"population", SIGN_WEAK}, {"predictors", SIGN_STRONG},
    {"prevalence", SIGN_STRONG}, {"printf", SIGN_CODE}, {"println", SIGN_CODE}, {"proportion", SIGN_WEAK},
    {"prospective", SIGN_STRONG}, {"prospectively", SIGN_STRONG}, {"pt", SIGN_PERSON}, {"purpose", SIGN_WEAK},
    {"purposes", SIGN_WEAK}, {"questionnaire", SIGN_STRONG}, {"questionnaires", SIGN_STRONG}, {"raise", SIGN_CODE},
    {"randomised", SIGN_STRONG}, {"randomized", SIGN_STRONG}, {"rates", SIGN_WEAK}, {"rct", SIGN_STRONG},
    {"regression", SIGN_STRONG}, {"repository", SIGN_CODE}, {"require", SIGN_CODE}, {"respectively", SIGN_WEAK},
    {"respondent", SIGN_STRONG}, {"respondents", SIGN_STRONG}, {"results", SIGN_WEAK}, {"retrospective", SIGN_STRONG},
    {"retrospectively", SIGN_STRONG}, {"return", SIGN_CODE}, {"reviewed", SIGN_WEAK}, {"scripts", SIGN_CODE},
    {"sectional", SIGN_STRONG}, {"self", SIGN_CODE}, {"sensitivity", SIGN_WEAK}, {"setting", SIGN_WEAK},
    {"she", SIGN_PERSON}, {"significant", SIGN_WEAK}, {"significantly", SIGN_WEAK}, {"sizeof", SIGN_CODE},
    {"specificity", SIGN_WEAK}, {"ssn", SIGN_PERSON}, {"static", SIGN_CODE}, {"statistically", SIGN_STRONG},
    {"stderr", SIGN_CODE}, {"stdin", SIGN_CODE}, {"stdlib", SIGN_CODE}, {"stdout", SIGN_CODE}, {"str", SIGN_CODE},
    {"struct", SIGN_CODE}, {"studies", SIGN_WEAK}, {"study", SIGN_WEAK}, {"subjects", SIGN_WEAK}, {"sudo", SIGN_CODE},
    {"survey", SIGN_WEAK}, {"surveys", SIGN_WEAK}, {"systematic", SIGN_STRONG}, {"tel", SIGN_PERSON},
    {"therapist", SIGN_PERSON}, {"todo", SIGN_CODE}, {"trial", SIGN_STRONG}, {"trials", SIGN_STRONG},
    {"true", SIGN_CODE}, {"typedef", SIGN_CODE}, {"undefined", SIGN_CODE}, {"univariate", SIGN_STRONG},
    {"unsigned", SIGN_CODE}, {"usr", SIGN_CODE}, {"utils", SIGN_CODE}, {"var", SIGN_CODE}, {"variables", SIGN_WEAK},
    {"version", SIGN_CODE}, {"versus", SIGN_WEAK}, {"void", SIGN_CODE}, {"we", SIGN_WEAK}, {"wife", SIGN_PERSON},
    {"women", SIGN_WEAK}, {"yaml", SIGN_CODE}, {"yo", SIGN_PERSON}, {"your", SIGN_PERSON},
};

struct signs {
    uint64_t seen[4]; /* a bit for each word of the table */
    unsigned strong, weak, code;
    bool person;
};

static int word_compare(const void *key, const void *item)
{
    return strcmp(key, ((const struct sign_word *)item)->word);
}

static void signs_add(struct signs *s, const char *text, uint32_t begin, uint32_t end)
{
    char folded[WORD_MAX + 1];
    uint32_t n = end - begin;
    if (n < 2 || n > WORD_MAX)
        return;
    for (uint32_t i = 0; i < n; i++)
        folded[i] = text_lower(text[begin + i]);
    folded[n] = 0;
    const struct sign_word *w = bsearch(folded, words, sizeof words / sizeof *words, sizeof *words, word_compare);
    if (!w)
        return;
    size_t number = (size_t)(w - words);
    bool first = !(s->seen[number / 64] >> (number % 64) & 1);
    s->seen[number / 64] |= UINT64_C(1) << (number % 64);
    s->person |= w->sign == SIGN_PERSON && !(n == 2 && text_is_upper(text[end - 1])); /* MR imaging, MS, pT2 */
    s->strong += first && w->sign == SIGN_STRONG;
    s->weak += first && w->sign == SIGN_WEAK;
    s->code += first && w->sign == SIGN_CODE;
}

/* "67-year-old" */
static bool is_year_old(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    return end - begin == 4 && len - end > 3 && text_equal_nocase(text + begin, "year", 4) && text_equal_nocase(text + end + 1, "old", 3);
}

/* "p <", "P =", "n =": a letter alone and a comparison behind it. */
static bool is_statistic(const char *text, uint32_t len, uint32_t at)
{
    char c = text_lower(text[at]);
    uint32_t i = at + 1;
    if ((c != 'p' && c != 'n') || (at > 0 && text_is_alnum(text[at - 1])))
        return false;
    while (i < len && text[i] == ' ' && i - at < 3)
        i++;
    if (i + 1 >= len || (text[i] != '=' && text[i] != '<' && text[i] != '>'))
        return false;
    i++;
    while (i < len && (text[i] == ' ' || text[i] == '.' || text[i] == '='))
        i++;
    return i < len && text_is_digit(text[i]);
}

/* What stands at the end of a line or between words in code alone. */
static bool is_code_mark(const char *text, uint32_t len, uint32_t at)
{
    char next = at + 1 < len ? text[at + 1] : '\n';
    switch (text[at]) {
    case '{':
    case '}':
    case ';':
        return next == '\n' || next == '\r' || (text[at] == '}' && (next == ';' || next == ','));
    case '(':
        return next == ')';
    case '=':
        return next == '=' || next == '>';
    case '-':
        return next == '>';
    }
    return false;
}

enum genre genre_of(const char *text, uint32_t len)
{
    struct signs s = {0};
    unsigned statistics = 0, marks = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (!text_is_letter(text[i])) {
            marks += is_code_mark(text, len, i);
            continue;
        }
        uint32_t end = i + 1;
        while (end < len && text_is_letter(text[end]))
            end++;
        if (end == i + 1)
            statistics += is_statistic(text, len, i);
        else
            signs_add(&s, text, i, end);
        s.person |= is_year_old(text, len, i, end);
        i = end - 1;
    }
    if (s.code >= CODE_LEAST || (s.code >= 2 && marks >= 3))
        return s.code * 2 + marks >= s.strong + s.weak ? GENRE_CODE : GENRE_PLAIN;
    s.strong += statistics > 0;
    bool study = s.strong ? 2 * s.strong + s.weak >= STUDY_LEAST : s.weak >= STUDY_WEAK;
    return study && !s.person ? GENRE_STUDY : GENRE_PLAIN;
}
