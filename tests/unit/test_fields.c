/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, banners, HL7 fields, titles, repeats and subject numbers; no rules at all in the engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/fields.h"

struct fixture {
    struct phi_engine *e;
    struct phi_scratch *s;
    struct phi_leaf leaves[8];
    size_t n;
    struct phi_result r;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char err[100];
    f->e = phi_engine_new();
    f->s = phi_scratch_new();
    *state = f;
    return phi_engine_seal(f->e, err, sizeof err);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    phi_scratch_free(f->s);
    phi_engine_unref(f->e);
    free(f);
    return 0;
}

static void clear(struct fixture *f)
{
    f->n = 0;
}

static void leaf(struct fixture *f, const char *label, const char *text)
{
    f->leaves[f->n++] = (struct phi_leaf){.text = text, .len = (uint32_t)strlen(text), .label = label,
                                          .label_len = label ? (uint32_t)strlen(label) : 0};
}

static void run(struct fixture *f)
{
    assert_int_equal(phi_scan(f->e, f->s, f->leaves, f->n, &f->r), 0);
}

static const struct phi_finding *find(const struct fixture *f, uint32_t leaf_number, const char *value)
{
    for (size_t i = 0; i < f->r.n; i++) {
        const struct phi_finding *x = &f->r.v[i];
        if (x->leaf == leaf_number && x->end - x->begin == strlen(value) &&
            memcmp(f->leaves[x->leaf].text + x->begin, value, strlen(value)) == 0)
            return x;
    }
    return NULL;
}

static void test_table(void **state)
{
    (void)state;
    assert_int_equal(field_find("patientName", 11, FIELD_IN_KEY)->kind, PHI_NAME_PATIENT);
    assert_int_equal(field_find("patient_name", 12, FIELD_IN_KEY)->kind, PHI_NAME_PATIENT);
    assert_int_equal(field_find("Date of Birth", 13, FIELD_IN_BANNER)->kind, PHI_DATE_DOB);
    assert_int_equal(field_find("MRN", 3, FIELD_IN_KEY)->kind, PHI_MRN);
    assert_null(field_find("name", 4, FIELD_IN_KEY));
    assert_null(field_find("description", 11, FIELD_IN_KEY));
    assert_null(field_find("", 0, FIELD_IN_KEY));
    /* The table is searched by halves: every line must be found. */
    static const char *const labels[] = {
#define FIELD(label, kind, shape, where) label,
#include "../../detectors/fields.def"
#undef FIELD
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        assert_non_null(field_find(labels[i], (uint32_t)strlen(labels[i]), FIELD_IN_KEY | FIELD_IN_BANNER));
}

static void test_keys(void **state)
{
    static const struct {
        const char *key, *value;
        enum phi_kind kind; /* PHI_NONE: no finding */
    } cases[] = {
        {"patientName", "John Smith", PHI_NAME_PATIENT}, {"lastName", "smith", PHI_NAME_PATIENT},
        {"mrn", "00123456", PHI_MRN}, {"dob", "1931-03-04", PHI_DATE_DOB}, {"ssn", "000-00-1234", PHI_SSN},
        {"member_id", "XYZ123456789", PHI_PLAN_ID}, {"home-phone", "617-555-0142", PHI_PHONE}, {"zip", "02118", PHI_GEO_ZIP},
        {"address1", "1 Main St", PHI_GEO_STREET}, {"emergencyContact", "Mary Smith", PHI_NAME_RELATIVE},
        {"patientName", "unknown", PHI_NONE}, {"patientName", "string", PHI_NONE}, {"patientName", "", PHI_NONE},
        {"mrn", "true", PHI_NONE}, {"mrn", "integer", PHI_NONE}, {"dob", "date", PHI_NONE}, {"phone", "n/a", PHI_NONE},
        {"title", "John Smith", PHI_NONE}, {"name", "get_weather", PHI_NONE}, {"patientName", "---", PHI_NONE},
        {"ssn", "see the attached form", PHI_NONE},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear(f);
        leaf(f, cases[i].key, cases[i].value);
        run(f);
        assert_int_equal(f->r.n, cases[i].kind != PHI_NONE);
        if (f->r.n) {
            assert_int_equal(f->r.v[0].kind, cases[i].kind);
            assert_int_equal(f->r.v[0].end - f->r.v[0].begin, strlen(cases[i].value));
            assert_int_equal(f->r.v[0].via, PHI_VIA_LABEL);
            assert_string_equal(phi_rule_id(f->e, f->r.v[0].rule), "field-key");
        }
    }
    char longer[400];
    memset(longer, 'x', sizeof longer);
    longer[399] = 0;
    clear(f);
    leaf(f, "patientName", longer);
    run(f);
    assert_int_equal(f->r.n, 0);
}

static void test_banners(void **state)
{
    static const char text[] = "DISCHARGE SUMMARY\nPatient Name: SMITH, JOHN A    MRN: 00123456\nDOB: 03/04/1931  Sex: M\n"
                               "Home Address: 12 Elm Street, Boston MA\nPhone: (617) 555-0142\nAttending: Jane Roe, MD\n"
                               "Diagnosis: pneumonia\nPlan: rest\nReason for visit: cough\nSSN: 536 22 8741 on file\n"
                               "Date of Admission: March 4, 2021\nMember ID: XYZ 123\nDOB: unknown\n";
    struct fixture *f = *state;
    clear(f);
    leaf(f, NULL, text);
    run(f);
    assert_int_equal(find(f, 0, "SMITH, JOHN A")->kind, PHI_NAME_PATIENT);
    assert_int_equal(find(f, 0, "00123456")->kind, PHI_MRN);
    assert_int_equal(find(f, 0, "03/04/1931")->kind, PHI_DATE_DOB);
    assert_int_equal(find(f, 0, "12 Elm Street, Boston MA")->kind, PHI_GEO_STREET);
    assert_int_equal(find(f, 0, "(617) 555-0142")->kind, PHI_PHONE);
    assert_int_equal(find(f, 0, "Jane Roe")->kind, PHI_NAME_PROVIDER);
    assert_int_equal(find(f, 0, "536 22 8741")->kind, PHI_SSN);
    assert_int_equal(find(f, 0, "March 4, 2021")->kind, PHI_DATE_SERVICE);
    assert_null(find(f, 0, "pneumonia"));
    assert_null(find(f, 0, "unknown"));
}

static void test_hl7(void **state)
{
    static const char text[] =
        "MSH|^~\\&|APP|FAC|RCV|FAC|20210102103000||ADT^A01|MSG0042|P|2.3\r"
        "PID|1||4711007^^^X^MR~999881234^^^SSA^SS||DOE^JOHN^ALAN^JR||19310304|M|||1 Main St^Apt 2^Boston^MA^02118||(617)555-0142^PRN|\r"
        "NK1|1|DOE^MARY|SPO|\"\"|6175550177\r"
        "PV1|1|I|ICU^12||||1234567893^ROE^JANE^^^DR\rOBX|1|TX|NOTE||feels well||||||F\r"
        "ZVN|ENG^English^ISO639|QUILL^FOLA^^^RN|8812^KILDARE^BEN^J^^DR|VIP^N|Y^Yes^HL70136\r"
        "ZPI|1|QUILLVEE PHARMACY 1620|7125550155|1000000001|NO PHARM\r";
    struct fixture *f = *state;
    clear(f);
    leaf(f, NULL, text);
    run(f);
    assert_int_equal(find(f, 0, "DOE^JOHN^ALAN")->kind, PHI_NAME_PATIENT);
    assert_int_equal(find(f, 0, "4711007")->kind, PHI_MRN);
    assert_int_equal(find(f, 0, "999881234")->kind, PHI_MRN);
    assert_int_equal(find(f, 0, "19310304")->kind, PHI_DATE_DOB);
    assert_int_equal(find(f, 0, "1 Main St")->kind, PHI_GEO_STREET);
    assert_int_equal(find(f, 0, "Boston")->kind, PHI_GEO_CITY);
    assert_int_equal(find(f, 0, "02118")->kind, PHI_GEO_ZIP);
    assert_null(find(f, 0, "MA"));
    assert_int_equal(find(f, 0, "(617)555-0142")->kind, PHI_PHONE);
    assert_int_equal(find(f, 0, "DOE^MARY")->kind, PHI_NAME_RELATIVE);
    assert_int_equal(find(f, 0, "ROE^JANE")->kind, PHI_NAME_PROVIDER);
    assert_int_equal(find(f, 0, "20210102103000")->kind, PHI_DATE_SERVICE);
    assert_null(find(f, 0, "feels well"));
    assert_int_equal(find(f, 0, "QUILL^FOLA")->kind, PHI_NAME_UNKNOWN);
    assert_int_equal(find(f, 0, "KILDARE^BEN^J")->kind, PHI_NAME_UNKNOWN);
    assert_null(find(f, 0, "ENG^English"));
    assert_null(find(f, 0, "VIP^N"));
    assert_int_equal(find(f, 0, "7125550155")->kind, PHI_PHONE);
    assert_int_equal(find(f, 0, "QUILLVEE PHARMACY 1620")->kind, PHI_GEO_FACILITY);
    assert_null(find(f, 0, "1000000001"));
    assert_null(find(f, 0, "NO PHARM"));
}

/* A segment inside other text, and a message without its header. */
static void test_quoted_segments(void **state)
{
    struct fixture *f = *state;
    clear(f);
    leaf(f, NULL, "our message shows PID|1||55820193^^^MRN||ROE^RENATA^M||19680229|F|||77 Osprey Ct^^Linden^NJ^08999||5555550143 and then stops");
    leaf(f, NULL, "OBR|1|4418220^OE|77120^LAB|24331-1^LIPID\na|b|c|d");
    run(f);
    assert_int_equal(find(f, 0, "55820193")->kind, PHI_MRN);
    assert_int_equal(find(f, 0, "ROE^RENATA^M")->kind, PHI_NAME_PATIENT);
    assert_int_equal(find(f, 0, "5555550143")->kind, PHI_PHONE);
    assert_null(find(f, 0, "and"));
    assert_non_null(find(f, 1, "4418220"));
}

static void test_titles(void **state)
{
    static const struct {
        const char *text, *value;
        enum phi_kind kind;
    } cases[] = {
        {"seen by Dr. Jane Roe today", "Jane Roe", PHI_NAME_PROVIDER}, {"Mr. Smith reports pain", "Smith", PHI_NAME_PATIENT},
        {"Mrs. O'Neill-Garcia's knee", "O'Neill-Garcia", PHI_NAME_PATIENT}, {"Mr. van der Berg fell", "van der Berg", PHI_NAME_PATIENT},
        {"his wife Mary called", "Mary", PHI_NAME_RELATIVE}, {"his dtr. Mary called", "Mary", PHI_NAME_RELATIVE},
        {"the daughter, Anna Poe, is here", "Anna Poe", PHI_NAME_RELATIVE},
        {"dictated Jane A. Roe, MD", "Jane A. Roe", PHI_NAME_PROVIDER}, {"Dear Alice,", "Alice", PHI_NAME_UNKNOWN},
        {"Attending: Jane Roe, M.D., F.A.C.S.", "Jane Roe", PHI_NAME_PROVIDER}, {"Attending: ROE, M.J.", "ROE, M.", PHI_NAME_PROVIDER},
        {"Provider: Jane Roe, PsyD", "Jane Roe", PHI_NAME_PROVIDER}, {"Provider: Jane Roe, FNP-C", "Jane Roe", PHI_NAME_PROVIDER},
        {"PROVIDER: ROE, JANE J MD", "ROE, JANE J", PHI_NAME_PROVIDER},
        {"Ms. Ng came", "Ng", PHI_NAME_PATIENT}, {"DR. ROE WAS CALLED", "ROE", PHI_NAME_PROVIDER}, {"Mr. Ren\u00E9 Fran\u00E7ois came", "Ren\u00E9 Fran\u00E7ois", PHI_NAME_PATIENT},
    };
    static const char *const none[] = {"his wife is here", "the mother reports", "Dr. was called", "Mr. and Mrs.", "dear me", "MD RN",
                                       "The patient has Parkinson disease", "took 5 mg RN aware", "mr smith", "His Wife And Son", "relationship: his spouse. Site PI is open",
                                       "a friendly email: pt missed her visit"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear(f);
        leaf(f, NULL, cases[i].text);
        run(f);
        if (!find(f, 0, cases[i].value))
            print_message("%s\n", cases[i].text);
        assert_non_null(find(f, 0, cases[i].value));
        assert_int_equal(find(f, 0, cases[i].value)->kind, cases[i].kind);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        clear(f);
        leaf(f, NULL, none[i]);
        run(f);
        if (f->r.n)
            print_message("%s\n", none[i]);
        assert_int_equal(f->r.n, 0);
    }
}

/* A label in front of a turn of a dialogue is no form's. */
static void test_turns(void **state)
{
    struct fixture *f = *state;
    clear(f);
    leaf(f, NULL, "Client: Honestly rough.\nPatient: Greta dob 3/4/58\nName: Xandria\nAttending: Dr. P. Nakagawa\nDOCTOR: So Dr. Roe called.");
    run(f);
    for (size_t i = 0; i < f->r.n; i++)
        assert_int_not_equal(f->r.v[i].end - f->r.v[i].begin, 2);
    assert_null(find(f, 0, "Honestly"));
    assert_null(find(f, 0, "So"));
    assert_non_null(find(f, 0, "Greta"));
    assert_non_null(find(f, 0, "Xandria"));
    clear(f);
    leaf(f, NULL, "Patient: Twice.\nDr.: Probably.\nPatient: Reglan, sometimes.\nDr.: Call me.");
    leaf(f, NULL, "Email: quill@example.org. Pt portal is on");
    run(f);
    assert_null(find(f, 0, "Twice"));
    assert_null(find(f, 0, "Call"));
    assert_non_null(find(f, 1, "quill@example.org"));
    clear(f);
    leaf(f, NULL, "Doctor: How have you been?\nPatient: Exactly.");
    leaf(f, NULL, "Provider: I see.\nClient: Whatever!\nProvider: Okay.");
    leaf(f, NULL, "Reason: pain\nPatient: Quillborski\nRoom: 4");
    run(f);
    assert_null(find(f, 0, "Exactly"));
    assert_null(find(f, 1, "Whatever"));
    assert_non_null(find(f, 2, "Quillborski"));
    clear(f);
    leaf(f, NULL, "PHARMACY: Okay. Name?\nMOM: Quilla, I think.\nPHARMACY: Birthday?\nMOM: Turn it around, no sir. I'll see.");
    leaf(f, NULL, "Pharmacy: Quill Drug\nMother: Tabitha Roe");
    run(f);
    for (size_t i = 0; i < f->r.n; i++)
        assert_int_equal(f->r.v[i].leaf, 1);
    assert_non_null(find(f, 1, "Quill Drug"));
    assert_non_null(find(f, 1, "Tabitha Roe"));
}

static void test_repeats(void **state)
{
    struct fixture *f = *state;
    clear(f);
    leaf(f, "patientName", "Greta Hollingsworth");
    leaf(f, NULL, "hollingsworth is a word; Hollingsworth and HOLLINGSWORTH's chart; Greta said; greta  hollingsworth; Hollingsworths");
    leaf(f, "mrn", "MX-4711007");
    leaf(f, NULL, "see mx-4711007, not mx-47110071");
    run(f);
    size_t repeats = 0;
    for (size_t i = 0; i < f->r.n; i++)
        repeats += (f->r.v[i].via & PHI_VIA_REPEAT) != 0;
    assert_int_equal(repeats, 5);
    const struct phi_finding *whole = find(f, 0, "Greta Hollingsworth");
    assert_int_equal(find(f, 1, "Hollingsworth")->subject, whole->subject);
    assert_int_equal(find(f, 1, "HOLLINGSWORTH")->subject, whole->subject);
    assert_int_equal(find(f, 1, "greta  hollingsworth")->subject, whole->subject);
    assert_int_not_equal(find(f, 1, "Greta")->subject, whole->subject);
    assert_int_equal(find(f, 3, "mx-4711007")->subject, find(f, 2, "MX-4711007")->subject);
    assert_int_not_equal(find(f, 3, "mx-4711007")->subject, whole->subject);
}

/* Two people of one family name: the family name alone belongs to neither. */
static void test_two_people(void **state)
{
    struct fixture *f = *state;
    clear(f);
    leaf(f, "patientName", "Greta Hollingsworth");
    leaf(f, "guarantorName", "Peter Hollingsworth");
    leaf(f, NULL, "Mrs. Hollingsworth called. Hollingsworth, Greta is well.");
    leaf(f, "patientName", "Hollingsworth, Greta");
    run(f);
    const struct phi_finding *greta = find(f, 0, "Greta Hollingsworth"), *peter = find(f, 1, "Peter Hollingsworth");
    assert_int_not_equal(greta->subject, peter->subject);
    assert_int_not_equal(find(f, 2, "Hollingsworth")->subject, greta->subject);
    assert_int_not_equal(find(f, 2, "Hollingsworth")->subject, peter->subject);
    assert_int_equal(find(f, 3, "Hollingsworth, Greta")->subject, greta->subject);
}

/* Many values that begin alike, and a text full of that beginning, in bounded time. */
static void test_many_alike(void **state)
{
    struct fixture *f = *state;
    enum { N = 2000, SIZE = 400000 };
    static char text[SIZE], values[SIZE];
    size_t n = 0, m = 0;
    for (int i = 0; i < N; i++)
        n += (size_t)snprintf(values + n, sizeof values - n, "Patient: Mary Aa%c%c%c\n", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
    while (m + 8 < sizeof text)
        m += (size_t)snprintf(text + m, sizeof text - m, "Mary Aa ");
    clear(f);
    f->leaves[f->n++] = (struct phi_leaf){.text = values, .len = (uint32_t)n};
    f->leaves[f->n++] = (struct phi_leaf){.text = text, .len = (uint32_t)m};
    run(f);
    assert_true(f->r.n >= N);
    assert_int_equal(find(f, 0, "Mary Aaaaa")->kind, PHI_NAME_PATIENT);
}

static void test_common_parts(void **state)
{
    struct fixture *f = *state;
    clear(f);
    leaf(f, "patientName", "May Young");
    leaf(f, NULL, "In May the Young patient came. May Young left.");
    run(f);
    assert_int_equal(f->r.n, 2);
    assert_non_null(find(f, 1, "May Young"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_keys),       cmocka_unit_test(test_banners),
        cmocka_unit_test(test_hl7),
        cmocka_unit_test(test_quoted_segments),     cmocka_unit_test(test_titles),     cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_two_people), cmocka_unit_test(test_common_parts), cmocka_unit_test(test_many_alike),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
