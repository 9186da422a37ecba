/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers behind their labels, and numbers that only look like it. In a case, the value stands in braces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/labelled.h"
#include "../../detectors/labels.h"

struct fixture {
    struct phi_engine *e;
    struct phi_scratch *s;
};

static int setup(void **state)
{
    static struct fixture f;
    char err[100];
    f = (struct fixture){phi_engine_new(), phi_scratch_new()};
    *state = &f;
    return phi_engine_seal(f.e, err, sizeof err);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    phi_scratch_free(f->s);
    phi_engine_unref(f->e);
    return 0;
}

/* The text without its braces; where each pair stood. */
static unsigned unmark(const char *marked, char *text, struct phi_part *parts)
{
    unsigned n = 0;
    uint32_t len = 0;
    for (const char *c = marked; *c; c++) {
        if (*c == '{')
            parts[n].begin = len;
        else if (*c == '}')
            parts[n++].end = len;
        else
            text[len++] = *c;
    }
    text[len] = 0;
    return n;
}

static bool is_labelled(const struct fixture *f, const struct phi_finding *x)
{
    return strncmp(phi_rule_id(f->e, x->rule), "labelled-", 9) == 0;
}

static void check(const struct fixture *f, const char *marked, enum phi_kind kind)
{
    char text[400];
    struct phi_part parts[8];
    struct phi_result r;
    unsigned n = unmark(marked, text, parts), found = 0;
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
    for (size_t i = 0; i < r.n; i++) {
        if (!is_labelled(f, &r.v[i]))
            continue;
        if (found >= n || r.v[i].begin != parts[found].begin || r.v[i].end != parts[found].end ||
            r.v[i].kind != kind)
            fail_msg("\"%s\": %s at %u-%u", marked, phi_kind_name(r.v[i].kind), r.v[i].begin, r.v[i].end);
        found++;
    }
    if (found != n)
        fail_msg("\"%s\": %u of %u", marked, found, n);
}

static void test_values(void **state)
{
    static const struct {
        const char *text;
        enum phi_kind kind;
    } cases[] = {
        {"her MRN is {4821}.", PHI_MRN}, {"medical record number: {E-482193}", PHI_MRN}, {"Pt # {482193}", PHI_MRN},
        {"MRN at sending: {BCM-220198}", PHI_MRN}, {"MRN \xE2\x80\x93 {482193}", PHI_MRN}, {"{mrnr472348} .", PHI_MRN},
        {"MRN {5 3 8 4} and", PHI_MRN}, {"CSN {88120034}", PHI_ENCOUNTER}, {"Encounter {E663442867}", PHI_ENCOUNTER},
        {"account {A543045705}, on file", PHI_ACCOUNT_PATIENT}, {"acct ending {4821}", PHI_ACCOUNT_PATIENT},
        {"Member ID (primary): {XYZ 123456789}", PHI_PLAN_ID}, {"memberId={918273645}", PHI_PLAN_ID},
        {"insurance plan #{DB-2345678}.", PHI_PLAN_ID}, {"group no. {77120}", PHI_PLAN_GROUP},
        {"claim {2024060488}", PHI_OTHER_CLAIM}, {"prior auth # {8812-0034}", PHI_OTHER_AUTH}, {"rx {7741209}", PHI_OTHER_RX},
        {"specimen {S-84-731062} sent", PHI_OTHER_ACCESSION}, {"case ref {13129280-8254-4522-a790-991813716647}.", PHI_OTHER_CODE},
        {"employee id {44120}", PHI_OTHER_CODE}, {"(ID: {987654})", PHI_OTHER_CODE}, {"state license {21440168}", PHI_LICENSE_PROVIDER},
        {"NPI {1999999990}", PHI_LICENSE_PROVIDER}, {"driver's license number is {S1234567}", PHI_LICENSE_PERSON},
        {"DL (MA): {S1234567}", PHI_LICENSE_PERSON}, {"license plate MA {7XYZ 21}", PHI_VEHICLE}, {"plate {CRR-4517} seen", PHI_VEHICLE}, {"gray tacoma, plate {bkr-417}, vin", PHI_VEHICLE},
        {"MRN: {05.42799}, seen", PHI_MRN}, {"Passport {BG 27379}", PHI_LICENSE_PERSON}, {"Chart # {109}", PHI_MRN}, {"uh , mrn {559 028} . patient", PHI_MRN},
        {"insurance number is {30077 41882 A}.", PHI_PLAN_ID}, {"Phone: {2207}", PHI_PHONE},
        {"serial number {PVY412345}", PHI_DEVICE_SERIAL}, {"phone: {123-456-7890}", PHI_PHONE}, {"call me at {0494 92 82 32}", PHI_PHONE},
        {"Cell {(375)555-0494 x4041}", PHI_PHONE}, {"{416 60 039} office", PHI_PHONE}, {"{07700 063 966}-Fax", PHI_FAX},
        {"pager {44812}", PHI_PHONE}, {"faxed to {555-0143}", PHI_FAX}, {"ssn ending {4821}", PHI_SSN_LAST4},
        {"SSN: {987-65-4320}", PHI_SSN}, {"my card {180016070420458}", PHI_ACCOUNT_CARD}, {"zip code is {35350}", PHI_GEO_ZIP},
        {"MRNs {482190}, {482191} and {482192}", PHI_MRN}, {"MRN changed from {481002} to {482193}", PHI_MRN},
        {"MRN:\n{482193}", PHI_MRN}, {"| MRN | {482193} |", PHI_MRN}, {"MRN, listed as {482193}", PHI_MRN},
        {"the mrn is {three eight four nine two zero} ok", PHI_MRN}, {"{ACCT-000333444} closed", PHI_ACCOUNT_PATIENT},
        {"aadhaar {9664 8088 5109}", PHI_OTHER_CODE}, {"cpf {456.378.921-64}", PHI_OTHER_CODE}, {"order {88120034} placed", PHI_OTHER_ACCESSION},
        {"MRN/DOB {482193} / 3-4-62", PHI_MRN}, {"tag {ABC 1234}, blue", PHI_VEHICLE}, {"transmitter {8GJ2K9}", PHI_DEVICE_SERIAL},
        {"{555-0144} (h)", PHI_PHONE}, {"{ORD-88120034}", PHI_OTHER_ACCESSION}, {"tel\xC3\xA9" "fono {637 909 232}", PHI_PHONE},
        {"N\xC2\xBA" "Col: {28 28 45612}", PHI_LICENSE_PROVIDER},
        {"MRN .............. {Q7710342}   Loc ..... 3", PHI_MRN}, {"Med Rec No . . . . . . . . . {00417733}", PHI_MRN},
        {"chart number:                        {448-201}", PHI_MRN}, {"[ID] {TRV-0088214} [EXAM] CT", PHI_OTHER_CODE}, {"[CSN] {8820144712}", PHI_ENCOUNTER},
        {"Your MRN, if known: {8821044}", PHI_MRN}, {"policy number, if any: {Q88-21044}", PHI_PLAN_ID},
        {"MRN/CSN: {H88210442} / {4471028}", PHI_ENCOUNTER}, {"MRN: {77120938} (old {A550012})", PHI_MRN},
        {"covered by a Medicaid plan\nnumber {0003349817} since May", PHI_PLAN_ID}, {"please use her medical record\r\n  # {44871203} and", PHI_MRN},
        {"he is listed there under MRN\n{44871203} and", PHI_MRN}, {"ID {44-018}   Quill", PHI_OTHER_CODE}, {"ref. {44-8120-Q}.", PHI_OTHER_CODE},
        {"Vehicle tag: {448 QXJ}", PHI_VEHICLE},
        {"HX#: {0000447192}", PHI_MRN}, {"CPS intake {1044871} opened", PHI_OTHER_CODE}, {"The POLST form\nno. {0448291} hangs", PHI_OTHER_CODE},
        {"Bar No. {044817}", PHI_LICENSE_PROVIDER}, {"Thread #{QHL-4481204}", PHI_OTHER_CODE}, {"has UCare {448127600}", PHI_PLAN_ID},
        {"Blood bank hold {BB44812}", PHI_OTHER_ACCESSION}, {"VA file {B4481}", PHI_MRN}, {"LVAD {HM-448120}", PHI_DEVICE_SERIAL},
        {"RQID {7R0044812Q}", PHI_OTHER_CODE}, {"EMPID# {44812}", PHI_OTHER_CODE}, {"MRN \xC2\xB7 {448120}", PHI_MRN}, {"MRN, {448120}", PHI_MRN},
        {"<b>MRN:</b> {448120}", PHI_MRN}, {"MRN \xE2\x86\x92 {448120}", PHI_MRN}, {"MRN {44 81 20} here", PHI_MRN}, {"MRN: {QH.0044812}", PHI_MRN},
        {"accession {S24:4481}", PHI_OTHER_ACCESSION}, {"specimen {24044:MB812}", PHI_OTHER_ACCESSION}, {"MR/CSN {448120}/{44812044}", PHI_ENCOUNTER},
        {"MRN {448120} merged into {771214}", PHI_MRN}, {"acct IN ('{4481204}','{5481205}')", PHI_ACCOUNT_PATIENT}, {"Quill    No.: {448120}", PHI_OTHER_CODE},
        {"tel {480-555-0176} 24 hours", PHI_PHONE}, {"phone: {(480)555-0176} 24/7", PHI_PHONE}, {"mrn {4471-0926}, 58F, came", PHI_MRN},
        {"Dr. Quill pgr\n{0771} at noon", PHI_PHONE}, {"flu lot {UT8812CA} RA", PHI_DEVICE_SERIAL}, {"to security rcpt {55817}.", PHI_OTHER_CODE},
        {"maint ticket {20261}, Chuck", PHI_OTHER_CODE}, {"Medical Rides trip {661204}", PHI_OTHER_CODE}, {"MRI (ORD {551182})", PHI_OTHER_ACCESSION},
        {"SN {24481204} R, {24481205} L", PHI_DEVICE_SERIAL}, {"reference {QX448120}", PHI_OTHER_CODE}, {"{SN448120} on it", PHI_DEVICE_SERIAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(*state, cases[i].text, cases[i].kind);
}

static void test_decoys(void **state)
{
    static const char *const cases[] = {
        "ICD-10 code E11.9, CPT 99214", "NDC 00093-7214-01", "LOINC 2345-7", "SNOMED 73211009", "RxCUI 860975", "DRG 470",
        "claim total 480.00", "claim $4800", "order: metoprolol 25 mg", "order 1000 ml", "visit 3 of 6", "visit no. 12",
        "policy changed in 2019", "insurance since 2016", "Encounter 2021-03-04", "visit 03-04-2021", "chart 03/04/2021",
        "specimen 4.5 x 3.2 cm", "study of 123456 patients", "group 250000", "plate 6 holes", "plate 3rd screw", "Phone: 2019 was", "phone 01:52", "teeth numbers 14, 15, 18",
        "serial sevens", "license expired 2020", "pain 7/10", "call in 2 weeks", "phone visit in 10 days", "reference range 135-145",
        "MRN pending", "MRN", "482193", "member of a family of 6", "account of events in 2021", "registry from 2005-2010",
        "sample of 100000 adults", "SN|24467-3", "medical records requested 2 copies", "policy\n\n\n482193", "claims, 482193",
        "platelets                448000", "Medicare, page .......... 12", "weight         MRN                 4481204", "he has an account\n448120 in all", "it was sent with her MRN\n4481",
        "see visit 9-17 1015-1100", "unit AB-12", "he said ID 44-018",         "PAID 448120", "COVID 448120", "the chart, 44812", "fluid, 448120", "the number: 448120", "visit at 9:30AM", "order MON:4481",
        "IN THE ED.448120", "lab CBC, 448120",
        "the file 2048 bytes", "form 1040", "oral intake 1200 ml", "bar 12 mm", "a matter of 448120 cells", "confirm 3 times", "culture 100000 colonies",
        "NPI five of us", "zero one two three four", "in case one two three", "skin tag 3 mm", "--tag=d87b48e", "vehicle 2 of 3", "teeth numbers 2 3 4 5",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(*state, cases[i], PHI_NONE);
}

static void test_table_is_in_order(void **state)
{
    static const char *const words[] = {
#define LABEL(word, kind, how, shape) word,
#include "../../detectors/labels.def"
#undef LABEL
    };
    (void)state;
    for (size_t i = 0; i + 1 < sizeof words / sizeof *words; i++)
        assert_true(strcmp(words[i], words[i + 1]) < 0);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_non_null(label_find(words[i], (uint32_t)strlen(words[i])));
    assert_null(label_find("glucose", 7));
    assert_null(label_find("", 0));
}

/* No text makes it read outside: every prefix and suffix of a text with all its parts. */
static void test_edges(void **state)
{
    static const char text[] = "MRN's (a) no.: #=\"XYZ 1-2/3 +1 (617) 555-0143 x22, ext 4 \xE2\x80\x99\xE2\x80\x93 five six seven eight fax";
    const struct fixture *f = *state;
    struct phi_result r;
    for (uint32_t begin = 0; begin + 1 < sizeof text; begin++)
        for (uint32_t end = begin + 1; end < sizeof text; end++) {
            char copy[sizeof text];
            uint32_t n = 0;
            for (uint32_t i = begin; i < end; i++)
                if ((unsigned char)text[i] < 0x80)
                    copy[n++] = text[i];
            struct phi_leaf leaf = {.text = copy, .len = n};
            assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_decoys),
        cmocka_unit_test(test_table_is_in_order),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
