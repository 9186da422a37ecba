/* SPDX-License-Identifier: Apache-2.0
 *
 * A token is read as its groups; the first says whose numbers they are.
 */
#include "coded.h"

#include <string.h>

#include "phi.h"
#include "text.h"

enum { GROUPS_MAX = 5, GROUP_LONGEST = 10 };

struct group {
    uint32_t at, letters, digits; /* letters that stand before, between or behind the digits */
    bool led;                     /* the letters stand before the digits */
};

struct token {
    struct group g[GROUPS_MAX];
    unsigned n;
    uint32_t digits, letters, longest; /* longest: digits of the group that has most */
};

/* Sponsors of drugs on trial, registries, standards, forms, vocabularies, archives, blood groups of viruses. */
static const char *const public_names[] = {
    "ABT", "ALXN", "AMG", "ANSI", "ASTM", "ATCC", "AZD", "BAY", "BI", "BIIB", "BMS", "BNT", "CAS", "CFR", "CHEMBL", "CMS", "COVID", "CP", "CVE", "CWE",
    "DIN", "DOI", "DS", "EMA", "EN", "ENSG", "ENSP", "ENST", "EUDRACT", "FDA", "GDC", "GRCH", "GS", "GSE", "GSK", "GSM", "HCFA", "HGNC", "HL", "HMDB", "HTTP",
    "ICD", "IEC", "IEEE", "IL", "INCB", "IRB", "IRS", "ISBN", "ISO", "ISRCTN", "ISSN", "JNJ", "KEGG", "LOINC", "LOT", "LY", "MESH", "MIM", "MK", "MLN",
    "NCT", "NDC", "NFPA", "NIH", "NSC", "OMB", "OMIM", "ORPHA", "PDB", "PF", "PMC", "PMID", "PRJNA", "PTE", "RFC", "RG", "RO", "RP", "RPR", "RS", "SAR",
    "SARS", "SB", "SCH", "SF", "SHA", "SNOMED", "SRA", "SRP", "SRR", "SSA", "TAK", "UCB", "UMLS", "USC", "USP", "UTF", "VX", "WAY", "ZM",
};

static bool is_public(const char *text, uint32_t n)
{
    for (size_t k = 0; k < sizeof public_names / sizeof *public_names; k++)
        if (strlen(public_names[k]) == n && memcmp(public_names[k], text, n) == 0)
            return true;
    return false;
}

/* False when it has small letters, more groups than numbers have, or longer ones. */
static bool token_read(const char *text, uint32_t begin, uint32_t end, struct token *t)
{
    *t = (struct token){.n = 1, .g = {{.at = begin}}};
    for (uint32_t i = begin; i < end; i++) {
        struct group *g = &t->g[t->n - 1];
        if (text[i] == '-' || text[i] == '_') {
            if (t->n == GROUPS_MAX || i == g->at)
                return false;
            t->g[t->n++] = (struct group){.at = i + 1};
        } else if (text_is_digit(text[i])) {
            g->digits++;
            t->digits++;
            t->longest = g->digits > t->longest ? g->digits : t->longest;
        } else if (text_is_upper(text[i])) {
            g->led |= g->digits == 0;
            g->letters++;
            t->letters++;
        } else {
            return false;
        }
        if (i + 1 - g->at > GROUP_LONGEST)
            return false;
    }
    return true;
}

/* "E1009284", "NF0041772A": a letter and so many digits as no code of a diagnosis has, or more letters. C and D with seven
 * and more are concepts of public vocabularies. */
static bool fits_one(const char *text, const struct token *t)
{
    const struct group *g = &t->g[0];
    bool tail = g->led && g->letters > 1 && text_is_upper(text[g->at + g->letters + g->digits - 1]);
    uint32_t lead = tail ? g->letters - 1 : g->letters;

    if (!g->led || lead == 0 || lead > 4)
        return false;
    for (uint32_t i = 0; i < lead; i++)
        if (!text_is_upper(text[g->at + i]))
            return false;
    return lead == 1 ? g->digits >= 7 && !tail && text[g->at] != 'C' && text[g->at] != 'D' : g->digits >= 5;
}

/* "MAGV-66120", "A-7740-19923", "004417-PL" */
static bool fits_groups(const struct token *t)
{
    if (t->n == 2 && t->g[0].digits == 0)
        return t->g[0].letters <= 5 && t->g[1].digits >= 5;
    if (t->n == 2 && t->g[0].digits == 5 && t->g[0].letters == 0 && t->g[1].digits == 0)
        return t->g[1].letters != 2; /* "20610-RT" is a procedure and a modifier */
    if (t->n == 2)
        return t->longest >= 5 && t->letters <= 4 && (t->g[0].letters == 0 || t->g[1].letters == 0 || t->digits >= 7);
    return t->longest >= 4 || t->digits >= 7;
}

/* "SNOMED CT", "trial NCT", "#": what stands before says that it is somebody else's. */
static bool stands_apart(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    char before = begin > 0 ? text[begin - 1] : ' ', behind = end < len ? text[end] : ' ';
    bool opened = before == ' ' || before == '(' || before == '\n' || before == ',' || before == ';' || before == '\t' || before == '"';
    bool goes_on = (behind == '.' || behind == ':' || behind == ',') && end + 1 < len && text_is_alnum(text[end + 1]);
    uint32_t word = begin > 0 ? begin - 1 : 0, from;

    if (!opened || goes_on || (unsigned char)behind >= 0x80 || strchr("/@%=&#*+~^<\\$", behind) != NULL)
        return false;
    for (from = word; from > 0 && text_is_upper(text[from - 1]) && word - from < 8;)
        from--;
    return !is_public(text + from, word - from);
}

bool coded_number(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    struct token t;

    if (end - begin < 6 || end - begin > 24 || !token_read(text, begin, end, &t))
        return false;
    if (t.letters == 0 || t.letters > 8 || t.digits < 5 || t.digits < t.letters || t.g[t.n - 1].digits + t.g[t.n - 1].letters == 0)
        return false;
    if (t.g[0].led && is_public(text + t.g[0].at, t.g[0].letters))
        return false;
    return (t.n == 1 ? fits_one(text, &t) : fits_groups(&t)) && stands_apart(text, len, begin, end);
}

/* "25", "RT": what is written behind the code of a procedure. */
static bool is_modifier(const char *text)
{
    static const char known[][2] = {{'2', '4'}, {'2', '5'}, {'2', '6'}, {'5', '0'}, {'5', '1'}, {'5', '2'}, {'5', '7'}, {'5', '9'}, {'7', '6'}, {'7', '7'}, {'9', '5'},
                                    {'R', 'T'}, {'L', 'T'}, {'T', 'C'}, {'G', 'T'}, {'N', 'U'}, {'R', 'R'}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (memcmp(known[k], text, sizeof *known) == 0)
            return true;
    return false;
}

static bool is_modified(const char *text, const struct token *t)
{
    const struct group *b = &t->g[1];
    return t->n == 2 && b->letters + b->digits == 2 && is_modifier(text + b->at);
}

/* "G2211", "E0601-RR": one letter of these and four digits (HCPCS level II, CDT). */
static bool is_hcpcs(const char *text, const struct token *t, const char *letters)
{
    const struct group *a = &t->g[0];
    return a->led && a->letters == 1 && a->digits == 4 && strchr(letters, text[a->at]) && (t->n == 1 || is_modified(text, t));
}

/* "20610-RT", and where it is said that something is billed "97161-97163" (CPT). */
static bool is_cpt(const char *text, const struct token *t, bool range)
{
    const struct group *a = &t->g[0], *b = &t->g[1];
    return a->letters == 0 && a->digits == 5 && (is_modified(text, t) || (range && t->n == 2 && b->letters == 0 && b->digits == 5));
}

bool coded_billed(const char *text, uint32_t begin, uint32_t end, unsigned kind)
{
    struct token t;

    if (!token_read(text, begin, end, &t))
        return false;
    const struct group *a = &t.g[0];
    bool rule = a->letters == 3 && a->digits == 0 && memcmp(text + begin, "CMS", 3) == 0, account = kind == PHI_ACCOUNT_PATIENT;
    switch (kind) {
    case PHI_DEVICE_SERIAL:
        return is_hcpcs(text, &t, "AEGJKL");
    case PHI_PLAN_ID: /* "Delta Dental (D7880" */
        return rule || is_hcpcs(text, &t, "D");
    case PHI_ENCOUNTER: /* "a care management visit G0511" */
        return is_hcpcs(text, &t, "GQ") && t.digits == 4;
    case PHI_ACCOUNT_PATIENT: /* "Can I bill G2211" */
    case PHI_OTHER_CODE:
        return rule || is_cpt(text, &t, account) || (account && is_hcpcs(text, &t, "DGJQ")) ||
               (t.n == 1 && end - begin == 10 && t.digits >= 7 && t.digits <= 8 && text[end - 1] == 'X' && text_is_digit(text[begin]));
    default:
        return false;
    }
}
