/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 version 2: segments end with a line break, their fields are numbered. The delimiters are what MSH-1 and
 * MSH-2 say. Fields that hold an identifier are listed below; the free text in others is for the rules.
 */
#include <string.h>

#include "fields.h"
#include "text.h"

enum { SCORE_HL7 = 92 };

enum hl7_type {
    HL7_WHOLE = 1, /* one value */
    HL7_FIRST,     /* the first component: CX, EI */
    HL7_PERSON,    /* XPN: family^given^middle */
    HL7_DOCTOR,    /* XCN: id^family^given^middle */
    HL7_ADDRESS,   /* XAD: street^other^city^state^zip */
    HL7_TELECOM,   /* XTN: every component with a digit or an at sign */
    HL7_DATE,
    HL7_COUNTER, /* one value; a short one tells nothing */
    HL7_SITE,    /* HD: the name of a facility, in letters; with digits or marks it names a program, and MAIN nothing */
    HL7_VALUE,   /* OBX-5: of the type that OBX-2 names */
};

struct hl7_field {
    char segment[4];
    uint8_t number, type;
    uint16_t kind;
};

static const struct hl7_field table[] = {
    {"PID", 2, HL7_FIRST, PHI_MRN}, {"PID", 3, HL7_FIRST, PHI_MRN}, {"PID", 4, HL7_FIRST, PHI_MRN},
    {"PID", 5, HL7_PERSON, PHI_NAME_PATIENT}, {"PID", 6, HL7_PERSON, PHI_NAME_RELATIVE},
    {"PID", 7, HL7_DATE, PHI_DATE_DOB}, {"PID", 9, HL7_PERSON, PHI_NAME_PATIENT},
    {"PID", 11, HL7_ADDRESS, PHI_GEO_STREET}, {"PID", 12, HL7_WHOLE, PHI_GEO_COUNTY},
    {"PID", 13, HL7_TELECOM, PHI_PHONE}, {"PID", 14, HL7_TELECOM, PHI_PHONE},
    {"PID", 18, HL7_FIRST, PHI_ACCOUNT_PATIENT}, {"PID", 19, HL7_WHOLE, PHI_SSN},
    {"PID", 20, HL7_FIRST, PHI_LICENSE_PERSON}, {"PID", 21, HL7_FIRST, PHI_MRN},
    {"PID", 23, HL7_WHOLE, PHI_GEO_CITY}, {"PID", 29, HL7_DATE, PHI_DATE_DEATH}, {"PID", 40, HL7_TELECOM, PHI_PHONE},
    {"PD1", 3, HL7_FIRST, PHI_GEO_FACILITY}, {"PD1", 4, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"NK1", 2, HL7_PERSON, PHI_NAME_RELATIVE}, {"NK1", 4, HL7_ADDRESS, PHI_GEO_STREET},
    {"NK1", 5, HL7_TELECOM, PHI_PHONE}, {"NK1", 6, HL7_TELECOM, PHI_PHONE}, {"NK1", 12, HL7_FIRST, PHI_OTHER_CODE},
    {"NK1", 13, HL7_FIRST, PHI_NAME_EMPLOYER}, {"NK1", 16, HL7_DATE, PHI_DATE_DOB},
    {"NK1", 26, HL7_PERSON, PHI_NAME_RELATIVE}, {"NK1", 30, HL7_PERSON, PHI_NAME_RELATIVE},
    {"NK1", 31, HL7_TELECOM, PHI_PHONE}, {"NK1", 32, HL7_ADDRESS, PHI_GEO_STREET}, {"NK1", 33, HL7_FIRST, PHI_MRN},
    {"NK1", 37, HL7_WHOLE, PHI_SSN}, {"NK1", 40, HL7_TELECOM, PHI_PHONE},
    {"GT1", 2, HL7_FIRST, PHI_ACCOUNT_PATIENT}, {"GT1", 3, HL7_PERSON, PHI_NAME_RELATIVE},
    {"GT1", 4, HL7_PERSON, PHI_NAME_RELATIVE}, {"GT1", 5, HL7_ADDRESS, PHI_GEO_STREET},
    {"GT1", 6, HL7_TELECOM, PHI_PHONE}, {"GT1", 7, HL7_TELECOM, PHI_PHONE}, {"GT1", 8, HL7_DATE, PHI_DATE_DOB},
    {"GT1", 12, HL7_WHOLE, PHI_SSN}, {"GT1", 16, HL7_PERSON, PHI_NAME_EMPLOYER},
    {"GT1", 17, HL7_ADDRESS, PHI_GEO_STREET}, {"GT1", 18, HL7_TELECOM, PHI_PHONE},
    {"GT1", 19, HL7_FIRST, PHI_OTHER_CODE}, {"GT1", 21, HL7_FIRST, PHI_NAME_EMPLOYER},
    {"IN1", 8, HL7_WHOLE, PHI_PLAN_GROUP}, {"IN1", 10, HL7_FIRST, PHI_PLAN_GROUP},
    {"IN1", 11, HL7_FIRST, PHI_NAME_EMPLOYER}, {"IN1", 14, HL7_FIRST, PHI_OTHER_AUTH},
    {"IN1", 16, HL7_PERSON, PHI_NAME_RELATIVE}, {"IN1", 18, HL7_DATE, PHI_DATE_DOB},
    {"IN1", 19, HL7_ADDRESS, PHI_GEO_STREET}, {"IN1", 36, HL7_WHOLE, PHI_PLAN_ID},
    {"IN1", 44, HL7_ADDRESS, PHI_GEO_STREET}, {"IN1", 49, HL7_FIRST, PHI_PLAN_ID},
    {"IN2", 1, HL7_FIRST, PHI_OTHER_CODE}, {"IN2", 2, HL7_WHOLE, PHI_SSN}, {"IN2", 3, HL7_DOCTOR, PHI_NAME_EMPLOYER},
    {"IN2", 6, HL7_WHOLE, PHI_PLAN_ID}, {"IN2", 7, HL7_PERSON, PHI_NAME_RELATIVE}, {"IN2", 8, HL7_WHOLE, PHI_PLAN_ID},
    {"IN2", 26, HL7_WHOLE, PHI_PLAN_ID}, {"IN2", 61, HL7_FIRST, PHI_PLAN_ID},
    {"PV1", 5, HL7_FIRST, PHI_ENCOUNTER}, {"PV1", 7, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"PV1", 8, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"PV1", 9, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"PV1", 17, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"PV1", 19, HL7_FIRST, PHI_ENCOUNTER},
    {"PV1", 44, HL7_DATE, PHI_DATE_SERVICE}, {"PV1", 45, HL7_DATE, PHI_DATE_SERVICE},
    {"PV1", 50, HL7_FIRST, PHI_ENCOUNTER}, {"PV1", 52, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"PV2", 8, HL7_DATE, PHI_DATE_SERVICE},
    {"MRG", 1, HL7_FIRST, PHI_MRN}, {"MRG", 2, HL7_FIRST, PHI_MRN}, {"MRG", 3, HL7_FIRST, PHI_ACCOUNT_PATIENT},
    {"MRG", 4, HL7_FIRST, PHI_MRN}, {"MRG", 5, HL7_FIRST, PHI_ENCOUNTER}, {"MRG", 7, HL7_PERSON, PHI_NAME_PATIENT},
    {"ORC", 2, HL7_FIRST, PHI_OTHER_ACCESSION}, {"ORC", 3, HL7_FIRST, PHI_OTHER_ACCESSION},
    {"ORC", 9, HL7_DATE, PHI_DATE_SERVICE}, {"ORC", 10, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"ORC", 12, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"ORC", 15, HL7_DATE, PHI_DATE_SERVICE},
    {"OBR", 2, HL7_FIRST, PHI_OTHER_ACCESSION}, {"OBR", 3, HL7_FIRST, PHI_OTHER_ACCESSION},
    {"OBR", 6, HL7_DATE, PHI_DATE_SERVICE}, {"OBR", 7, HL7_DATE, PHI_DATE_SERVICE}, {"OBR", 8, HL7_DATE, PHI_DATE_SERVICE},
    {"OBR", 10, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"OBR", 14, HL7_DATE, PHI_DATE_SERVICE},
    {"OBR", 16, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"OBR", 17, HL7_TELECOM, PHI_PHONE},
    {"OBR", 18, HL7_FIRST, PHI_OTHER_ACCESSION}, {"OBR", 19, HL7_FIRST, PHI_OTHER_ACCESSION},
    {"OBR", 20, HL7_FIRST, PHI_OTHER_ACCESSION}, {"OBR", 22, HL7_DATE, PHI_DATE_SERVICE},
    {"OBR", 28, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"OBR", 32, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"OBX", 5, HL7_VALUE, PHI_NAME_UNKNOWN}, {"OBX", 14, HL7_DATE, PHI_DATE_SERVICE}, {"OBX", 16, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"DG1", 5, HL7_DATE, PHI_DATE_SERVICE}, {"DG1", 16, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"PR1", 5, HL7_DATE, PHI_DATE_SERVICE}, {"PR1", 8, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"AL1", 6, HL7_DATE, PHI_DATE_SERVICE}, {"SPM", 2, HL7_FIRST, PHI_OTHER_ACCESSION},
    {"SPM", 17, HL7_DATE, PHI_DATE_SERVICE}, {"EVN", 2, HL7_DATE, PHI_DATE_SERVICE},
    {"EVN", 5, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"EVN", 6, HL7_DATE, PHI_DATE_SERVICE},
    {"MSH", 4, HL7_SITE, PHI_GEO_FACILITY}, {"MSH", 6, HL7_SITE, PHI_GEO_FACILITY}, {"MSH", 7, HL7_DATE, PHI_DATE_SERVICE}, {"MSH", 10, HL7_COUNTER, PHI_OTHER_CODE},
    {"RXE", 15, HL7_FIRST, PHI_OTHER_RX}, {"RXA", 3, HL7_DATE, PHI_DATE_SERVICE}, {"RXA", 10, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"ACC", 1, HL7_DATE, PHI_DATE_SERVICE}, {"SCH", 2, HL7_FIRST, PHI_ENCOUNTER}, {"TXA", 12, HL7_FIRST, PHI_OTHER_ACCESSION},
    {"ROL", 4, HL7_DOCTOR, PHI_NAME_PROVIDER},      {"ROL", 11, HL7_ADDRESS, PHI_GEO_STREET}, {"ROL", 12, HL7_TELECOM, PHI_PHONE},
    {"ORC", 11, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"ORC", 14, HL7_TELECOM, PHI_PHONE}, {"ORC", 19, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"ORC", 22, HL7_ADDRESS, PHI_GEO_STREET}, {"ORC", 23, HL7_TELECOM, PHI_PHONE}, {"ORC", 24, HL7_ADDRESS, PHI_GEO_STREET},
    {"OBR", 33, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"OBR", 34, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"OBR", 36, HL7_DATE, PHI_DATE_SERVICE},
    {"OBX", 19, HL7_DATE, PHI_DATE_SERVICE}, {"OBX", 25, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"SPM", 18, HL7_DATE, PHI_DATE_SERVICE},
    {"PRB", 2, HL7_DATE, PHI_DATE_SERVICE}, {"PRB", 4, HL7_FIRST, PHI_OTHER_CODE}, {"PRB", 7, HL7_DATE, PHI_DATE_SERVICE},
    {"PRB", 8, HL7_DATE, PHI_DATE_SERVICE}, {"PRB", 9, HL7_DATE, PHI_DATE_SERVICE}, {"PRB", 15, HL7_DATE, PHI_DATE_SERVICE},
    {"PRB", 16, HL7_DATE, PHI_DATE_SERVICE}, {"GOL", 2, HL7_DATE, PHI_DATE_SERVICE}, {"RXA", 4, HL7_DATE, PHI_DATE_SERVICE},
    {"RXD", 3, HL7_DATE, PHI_DATE_SERVICE}, {"RXD", 7, HL7_FIRST, PHI_OTHER_RX}, {"RXD", 10, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"IN1", 12, HL7_DATE, PHI_DATE_SERVICE}, {"IN1", 13, HL7_DATE, PHI_DATE_SERVICE}, {"DG1", 19, HL7_DATE, PHI_DATE_SERVICE},
    {"PR1", 11, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"PR1", 12, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"PID", 33, HL7_DATE, PHI_DATE_SERVICE},
    {"FT1", 4, HL7_DATE, PHI_DATE_SERVICE}, {"FT1", 5, HL7_DATE, PHI_DATE_SERVICE}, {"FT1", 20, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"FT1", 21, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"FT1", 23, HL7_FIRST, PHI_OTHER_ACCESSION}, {"TXA", 4, HL7_DATE, PHI_DATE_SERVICE},
    {"TXA", 5, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"TXA", 6, HL7_DATE, PHI_DATE_SERVICE}, {"TXA", 7, HL7_DATE, PHI_DATE_SERVICE},
    {"TXA", 8, HL7_DATE, PHI_DATE_SERVICE}, {"TXA", 9, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"TXA", 10, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"TXA", 11, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"TXA", 22, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"AIP", 3, HL7_DOCTOR, PHI_NAME_PROVIDER}, {"AIG", 3, HL7_DOCTOR, PHI_NAME_PROVIDER},
    {"SCH", 12, HL7_DOCTOR, PHI_NAME_UNKNOWN}, {"SCH", 13, HL7_TELECOM, PHI_PHONE}, {"SCH", 17, HL7_TELECOM, PHI_PHONE},
    {"SCH", 18, HL7_ADDRESS, PHI_GEO_STREET}, {"SCH", 20, HL7_DOCTOR, PHI_NAME_UNKNOWN}, {"PRT", 5, HL7_DOCTOR, PHI_NAME_UNKNOWN},
    {"PRT", 14, HL7_ADDRESS, PHI_GEO_STREET}, {"PRT", 15, HL7_TELECOM, PHI_PHONE},
    {"PRD", 2, HL7_PERSON, PHI_NAME_PROVIDER}, {"PRD", 3, HL7_ADDRESS, PHI_GEO_STREET}, {"PRD", 5, HL7_TELECOM, PHI_PHONE},
    {"CTD", 2, HL7_PERSON, PHI_NAME_UNKNOWN}, {"CTD", 3, HL7_ADDRESS, PHI_GEO_STREET}, {"CTD", 5, HL7_TELECOM, PHI_PHONE},
    {"STF", 2, HL7_FIRST, PHI_OTHER_CODE}, {"STF", 3, HL7_PERSON, PHI_NAME_PROVIDER}, {"STF", 6, HL7_DATE, PHI_DATE_DOB},
    {"STF", 10, HL7_TELECOM, PHI_PHONE}, {"STF", 11, HL7_ADDRESS, PHI_GEO_STREET}, {"IAM", 11, HL7_DATE, PHI_DATE_SERVICE},
    {"SCH", 1, HL7_FIRST, PHI_ENCOUNTER}, {"SCH", 16, HL7_PERSON, PHI_NAME_UNKNOWN}, {"PDA", 5, HL7_DOCTOR, PHI_NAME_PROVIDER},
};

struct hl7 {
    const char *text;
    struct phi_candidates *sink;
    char field, component, repetition;
    struct phi_part type; /* OBX-2 of this segment */
};

static int hl7_add(const struct hl7 *h, uint32_t begin, uint32_t end, unsigned kind, struct phi_part family,
                   struct phi_part given)
{
    while (begin < end && !text_is_alnum(h->text[begin]) && h->text[begin] != '(' && h->text[begin] != '+')
        begin++;
    while (end > begin && text_is_space(h->text[end - 1]))
        end--;
    if (begin >= end || field_value_is_empty(h->text + begin, end - begin))
        return 0;
    struct phi_candidate c = {.begin = begin, .end = end, .kind = (uint16_t)kind, .rule = FIELD_HL7, .score = SCORE_HL7,
                              .via = PHI_VIA_LABEL, .family = family, .given = given};
    return phi_candidate_add(h->sink, &c);
}

static uint32_t until(const char *text, uint32_t at, uint32_t end, char mark)
{
    while (at < end && text[at] != mark)
        at++;
    return at;
}

/* Component number n, from 1, of [begin, end). */
static struct phi_part component(const struct hl7 *h, uint32_t begin, uint32_t end, unsigned n)
{
    while (--n > 0 && begin < end) {
        begin = until(h->text, begin, end, h->component);
        begin += begin < end;
    }
    return (struct phi_part){begin, until(h->text, begin, end, h->component)};
}

static int hl7_person(const struct hl7 *h, uint32_t begin, uint32_t end, unsigned first, unsigned kind)
{
    struct phi_part family = component(h, begin, end, first), given = component(h, begin, end, first + 1);
    uint32_t last = family.end;
    for (unsigned i = 1; i <= 2; i++) { /* given and middle names belong to the finding, suffix and title do not */
        struct phi_part p = component(h, begin, end, first + i);
        if (p.end > p.begin)
            last = p.end;
    }
    for (uint32_t i = family.begin; i < family.end; i++) /* XPN.1 may have parts of its own */
        if (h->text[i] == '&')
            family.end = i;
    return hl7_add(h, family.begin, last, kind, family, given);
}

static int hl7_address(const struct hl7 *h, uint32_t begin, uint32_t end)
{
    static const struct {
        unsigned component;
        uint16_t kind;
    } parts[] = {{1, PHI_GEO_STREET}, {2, PHI_GEO_STREET}, {3, PHI_GEO_CITY}, {5, PHI_GEO_ZIP}, {9, PHI_GEO_COUNTY}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct phi_part p = component(h, begin, end, parts[i].component);
        if (p.end > p.begin &&
            hl7_add(h, p.begin, p.end, parts[i].kind, (struct phi_part){0}, (struct phi_part){0}) < 0)
            return -1;
    }
    return 0;
}

/* XTN: components 2, 3 and 5 are codes (use, equipment, country). */
static int hl7_telecom(const struct hl7 *h, uint32_t begin, uint32_t end)
{
    unsigned number = 0;
    for (uint32_t at = begin; at < end;) {
        uint32_t to = until(h->text, at, end, h->component), digits = 0;
        bool mail = memchr(h->text + at, '@', to - at) != NULL;
        for (uint32_t i = at; i < to; i++)
            digits += text_is_digit(h->text[i]);
        bool coded = ++number == 2 || number == 3 || (number == 5 && digits < 7);
        if (!coded && (mail || digits >= 3) && hl7_add(h, at, to, mail ? PHI_EMAIL : PHI_PHONE, (struct phi_part){0},
                                             (struct phi_part){0}) < 0)
            return -1;
        at = to + 1;
    }
    return 0;
}

static int hl7_value(const struct hl7 *h, const struct hl7_field *f, uint32_t begin, uint32_t end);

/* Free text, numbers and codes are for the rules. */
static int hl7_typed(const struct hl7 *h, uint32_t begin, uint32_t end)
{
    static const struct {
        char type[4];
        enum hl7_type as;
        uint16_t kind;
    } types[] = {{"DT", HL7_DATE, PHI_DATE_SERVICE},  {"TS", HL7_DATE, PHI_DATE_SERVICE}, {"DTM", HL7_DATE, PHI_DATE_SERVICE},
                 {"PN", HL7_PERSON, PHI_NAME_UNKNOWN}, {"XPN", HL7_PERSON, PHI_NAME_UNKNOWN}, {"XCN", HL7_DOCTOR, PHI_NAME_PROVIDER},
                 {"CNN", HL7_DOCTOR, PHI_NAME_PROVIDER}, {"AD", HL7_ADDRESS, PHI_GEO_STREET}, {"XAD", HL7_ADDRESS, PHI_GEO_STREET},
                 {"TN", HL7_TELECOM, PHI_PHONE}, {"XTN", HL7_TELECOM, PHI_PHONE}, {"CX", HL7_FIRST, PHI_OTHER_CODE}};
    uint32_t len = h->type.end - h->type.begin;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct hl7_field field = {.type = (uint8_t)types[i].as, .kind = types[i].kind};
        if (strlen(types[i].type) == len && memcmp(h->text + h->type.begin, types[i].type, len) == 0)
            return hl7_value(h, &field, begin, end);
    }
    return 0;
}

static bool is_letters(const struct hl7 *h, struct phi_part p, uint32_t least)
{
    for (uint32_t i = p.begin; i < p.end; i++)
        if (!text_is_letter(h->text[i]) && !strchr(" '-", h->text[i]))
            return false;
    return p.end - p.begin >= least;
}

static int hl7_value(const struct hl7 *h, const struct hl7_field *f, uint32_t begin, uint32_t end)
{
    struct phi_part none = {0}, p = component(h, begin, end, 1);
    if (begin >= end || (end - begin == 2 && h->text[begin] == '"')) /* "" says: delete */
        return 0;
    switch ((enum hl7_type)f->type) {
    case HL7_COUNTER:
        return end - begin < 6 ? 0 : hl7_add(h, begin, end, f->kind, none, none);
    case HL7_SITE:
        return is_letters(h, p, 5) ? hl7_add(h, p.begin, p.end, f->kind, none, none) : 0;
    case HL7_VALUE:
        return hl7_typed(h, begin, end);
    case HL7_WHOLE:
        return hl7_add(h, begin, end, f->kind, none, none);
    case HL7_FIRST:
        return hl7_add(h, p.begin, p.end, f->kind, none, none);
    case HL7_DATE:
        return p.end > p.begin && text_is_digit(h->text[p.begin]) ? hl7_add(h, p.begin, p.end, f->kind, none, none) : 0;
    case HL7_PERSON:
        return hl7_person(h, begin, end, 1, f->kind);
    case HL7_DOCTOR:
        if (p.end > p.begin && hl7_add(h, p.begin, p.end, PHI_LICENSE_PROVIDER, none, none) < 0)
            return -1;
        return hl7_person(h, begin, end, 2, f->kind);
    case HL7_ADDRESS:
        return hl7_address(h, begin, end);
    case HL7_TELECOM:
        return hl7_telecom(h, begin, end);
    }
    return -1;
}

static int hl7_field_scan(const struct hl7 *h, const struct hl7_field *f, uint32_t begin, uint32_t end)
{
    while (begin < end) {
        uint32_t to = until(h->text, begin, end, h->repetition);
        if (hl7_value(h, f, begin, to) < 0)
            return -1;
        begin = to + 1;
    }
    return 0;
}

/* Ten digits that begin as a telephone of North America does, or a name that says it is a place of care. */
static int hl7_own_value(const struct hl7 *h, uint32_t begin, uint32_t end)
{
    static const char *const words[] = {"PHARMACY", "CLINIC", "HOSPITAL", "CENTER", "MEDICAL", "HEALTH", "Pharmacy", "Clinic", "Hospital", "Center"};
    struct phi_part none = {0};
    uint32_t digits = 0;
    for (uint32_t i = begin; i < end; i++)
        digits += text_is_digit(h->text[i]);
    if (end - begin == 10 && digits == 10 && h->text[begin] > '1' && h->text[begin + 3] > '1')
        return hl7_add(h, begin, end, PHI_PHONE, none, none);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = memmem(h->text + begin, end - begin, words[i], strlen(words[i]));
        if (at && at > h->text + begin + 2 && at[-1] == ' ')
            return hl7_add(h, begin, end, PHI_GEO_FACILITY, none, none);
    }
    return 0;
}

/* What a site puts into its own segments nobody knows; a name has its form there as elsewhere: family, given, an
 * initial or nothing, and more components behind. "ENG^English^ISO639" has not. */
static int hl7_own_segment(const struct hl7 *h, uint32_t begin, uint32_t end)
{
    if (!memchr(h->text + begin, h->component, end - begin))
        return hl7_own_value(h, begin, end);
    unsigned first = is_letters(h, component(h, begin, end, 1), 2) ? 1 : 2; /* XPN or XCN */
    struct phi_part family = component(h, begin, end, first), given = component(h, begin, end, first + 1);
    struct phi_part middle = component(h, begin, end, first + 2);

    if (given.end >= end || !is_letters(h, family, 2) || !is_letters(h, given, 2) || middle.end - middle.begin > 1 || !is_letters(h, middle, 0))
        return 0;
    return hl7_person(h, begin, end, first, PHI_NAME_UNKNOWN);
}

static int hl7_segment(struct hl7 *h, uint32_t begin, uint32_t end)
{
    const char *id = h->text + begin;
    if (end - begin < 5 || id[3] != h->field)
        return 0;
    /* MSH-1 is the separator itself, so that its fields count from one later. */
    unsigned number = memcmp(id, "MSH", 3) == 0 ? 1 : 0;
    for (uint32_t at = begin; at < end; number++) {
        uint32_t to = until(h->text, at, end, h->field);
        if (*id == 'Z' && at > begin && hl7_own_segment(h, at, to) < 0)
            return -1;
        if (number == 2)
            h->type = (struct phi_part){at, to};
        for (size_t i = 0; i < sizeof table / sizeof *table && at > begin; i++)
            if (table[i].number == number && memcmp(table[i].segment, id, 3) == 0 &&
                hl7_field_scan(h, &table[i], at, to) < 0)
                return -1;
        at = to + 1;
    }
    return 0;
}

static bool is_line_break(const char *text, uint32_t i)
{
    return text[i] == '\r' || text[i] == '\n' || text[i] == '\v';
}

enum { SEGMENT_BARS = 4 };

static unsigned bars_in(const char *text, uint32_t begin, uint32_t end)
{
    unsigned bars = 0;
    for (uint32_t i = begin; i < end; i++)
        bars += text[i] == '|';
    return bars;
}

/* "the message shows PID|1||5582^^^MRN||ROE^JANE|...": the segment that a line of other text quotes, or a message without
 * its header has; its separators are the usual ones. Where it begins, `end` when there is none. */
static uint32_t quoted_segment(const char *text, uint32_t begin, uint32_t end)
{
    static const char *const ids[] = {"PID|", "NK1|", "GT1|", "IN1|", "PV1|", "OBR|", "ORC|", "PD1|"};
    uint32_t first = end;
    if (bars_in(text, begin, end) < SEGMENT_BARS) /* nearly all lines */
        return end;
    for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
        const char *at = memmem(text + begin, end - begin, ids[k], 4);
        uint32_t i = at ? (uint32_t)(at - text) : end;
        if (i < first && (i == begin || !text_is_alnum(text[i - 1])))
            first = i;
    }
    return bars_in(text, first, end) < SEGMENT_BARS ? end : first;
}

static int hl7_quoted(const char *text, uint32_t begin, uint32_t end, struct phi_candidates *sink)
{
    struct hl7 h = {.text = text, .sink = sink, .field = '|', .component = '^', .repetition = '~'};
    uint32_t from = quoted_segment(text, begin, end), last = end;
    if (from == end)
        return 0;
    while (from > begin && last > from && text[last - 1] != '|') /* the text goes on behind the last field */
        last--;
    while (last < end && !text_is_space(text[last]) && text[last] != '"' && text[last] != '\'')
        last++;
    return hl7_segment(&h, from, last);
}

int hl7_run(const char *text, uint32_t len, struct phi_candidates *sink)
{
    struct hl7 h = {.text = text, .sink = sink};
    for (uint32_t i = 0; i < len;) {
        uint32_t end = i;
        while (end < len && !is_line_break(text, end))
            end++;
        if (end - i >= 8 && memcmp(text + i, "MSH", 3) == 0 && !text_is_alnum(text[i + 3]) && !text_is_space(text[i + 3])) {
            h.field = text[i + 3];
            h.component = (unsigned char)text[i + 4] < 0x80 ? text[i + 4] : '^';
            h.repetition = (unsigned char)text[i + 5] < 0x80 ? text[i + 5] : '~';
        }
        if ((h.field ? hl7_segment(&h, i, end) : hl7_quoted(text, i, end, sink)) < 0)
            return -1;
        i = end + 1;
    }
    return 0;
}
