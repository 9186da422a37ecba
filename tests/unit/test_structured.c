/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON, XML, tables, SQL and X12 in text: what each place holds, and structure that holds nothing of a person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/structured.h"

struct fixture {
    struct phi_engine *e;
    struct phi_scratch *s;
    char *text;
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
    free(f->text);
    free(f);
    return 0;
}

/* On the heap, so that a byte too far is seen. */
static void scan(struct fixture *f, const char *text)
{
    size_t len = strlen(text);
    free(f->text);
    f->text = malloc(len ? len : 1);
    memcpy(f->text, text, len);
    struct phi_leaf leaf = {.text = f->text, .len = (uint32_t)len};
    assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &f->r), 0);
}

static void has(const struct fixture *f, enum phi_kind kind, const char *value)
{
    for (size_t i = 0; i < f->r.n; i++)
        if (f->r.v[i].kind == kind && f->r.v[i].end - f->r.v[i].begin == strlen(value) &&
            memcmp(f->text + f->r.v[i].begin, value, strlen(value)) == 0)
            return;
    fail_msg("no %s \"%s\"", phi_kind_name(kind), value);
}

static unsigned structured_n(const struct fixture *f)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->r.n; i++)
        n += strncmp(phi_rule_id(f->e, f->r.v[i].rule), "structured-", 11) == 0;
    return n;
}

static void test_json(void **state)
{
    struct fixture *f = *state;
    scan(f, "see {\"mrn\": \"00482193\", \"lastName\": \"quillen\", \"zip\": \"02118\", \"status\": \"active\"}");
    has(f, PHI_MRN, "00482193");
    has(f, PHI_NAME_PATIENT, "quillen");
    has(f, PHI_GEO_ZIP, "02118");
    scan(f, "{\\\"address1\\\": \\\"12 Quill Way\\\", \\\"mrn\\\": 482193}");
    has(f, PHI_GEO_STREET, "12 Quill Way");
    has(f, PHI_MRN, "482193");
}

static void test_fhir(void **state)
{
    struct fixture *f = *state;
    scan(f, "{\"identifier\":[{\"system\":\"urn:x:mrn\",\"value\":\"12-345\"}],\"telecom\":[{\"system\":\"fax\",\"value\":\"(03) 5555 6473\"}],"
            "\"address\":[{\"line\":[\"534 Erewhon\",\"Rear\"],\"city\":\"Salem\"}],"
            "\"subject\":{\"reference\":\"Patient/1\",\"display\":\"quillen\"},"
            "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2345-7\",\"display\":\"Glucose\"}]}}");
    has(f, PHI_MRN, "12-345");
    has(f, PHI_FAX, "(03) 5555 6473");
    has(f, PHI_GEO_STREET, "534 Erewhon");
    has(f, PHI_GEO_STREET, "Rear");
    has(f, PHI_NAME_PATIENT, "quillen");
    scan(f, "{\"resourceType\":\"Patient\",\"identifier\":[{\"type\":{\"text\":\"MRN\"},\"value\":\"QX448120\"}]}");
    has(f, PHI_MRN, "QX448120");
    scan(f, "{\"actor\":\"qmarsh\",\"action\":\"VIEW\",\"mrn\":\"448120\"}");
    has(f, PHI_NAME_UNKNOWN, "qmarsh");
    scan(f, "{\"resourceType\":\"X\",\"identifier\":[],\"value\":\"448120\"}, {\"user\":\"admin\",\"port\":8080}");
    assert_int_equal(structured_n(f), 0);
    scan(f, "{\"valueQuantity\":{\"value\":110,\"unit\":\"mg/dL\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg/dL\"}}");
    assert_int_equal(structured_n(f), 0);
}

static void test_json_without_persons(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "{\"name\": \"left-pad\", \"version\": \"1.0.0\", \"license\": \"Apache-2.0\"}", "{\"mrn\": true, \"dob\": null}",
        "\"mrn\":", "\"mrn\": \"", "\"", "\\\"", "\"mrn\" \"482\"", "{\"ssn\": \"string\"}", "{\"phone\": {\"type\": \"string\"}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scan(f, texts[i]);
        assert_int_equal(structured_n(f), 0);
    }
}

static void test_tags(void **state)
{
    struct fixture *f = *state;
    scan(f, "<id extension=\"998991\" root=\"2.16\"/><streetAddressLine>1357 Amber</streetAddressLine>"
            "<telecom value=\"tel:(816)555-0143\" use=\"HP\"/><n:family>quillen</n:family><birthTime value='20050501'/>");
    has(f, PHI_MRN, "998991");
    has(f, PHI_GEO_STREET, "1357 Amber");
    has(f, PHI_PHONE, "(816)555-0143");
    has(f, PHI_NAME_PATIENT, "quillen");
    has(f, PHI_DATE_DOB, "20050501");
    static const char *const texts[] = {"<p>482193</p>", "<mrn>", "<mrn", "<", "</mrn>482193<", "a < b > c", "<low value=\"2\"/>",
                                        "<id>482193</id>", "<mrn>482193"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scan(f, texts[i]);
        assert_int_equal(structured_n(f), 0);
    }
}

static void test_tables(void **state)
{
    struct fixture *f = *state;
    scan(f, "mrn,last_name,phone,weight\n482193,\"Quillen, Jr\",617-555-0143,80\n482194,abernathy,617-555-0144,81\n");
    has(f, PHI_MRN, "482193");
    has(f, PHI_NAME_PATIENT, "Quillen, Jr");
    has(f, PHI_NAME_PATIENT, "abernathy");
    has(f, PHI_PHONE, "617-555-0144");
    scan(f, "| Name | MRN | Room |\n|---|:-:|---|\n| quillen | 4821 | 12 |\n\nmore | text 4822 | 13\n");
    has(f, PHI_MRN, "4821");
    has(f, PHI_NAME_PATIENT, "quillen");
    assert_int_equal(structured_n(f), 2);
    scan(f, "Rm,Patient,Age\n12,Quillen,92\n13,Abernathy,71\n");
    has(f, PHI_AGE_90PLUS, "92");
    assert_int_equal(structured_n(f), 3);
    scan(f, "Klient;Geb;Strasse;PLZ;Ort;Tel\nAnneliese Quillen;14.02.1948;Am Bach 7;99999;Neudorf;0151 55501234\n");
    has(f, PHI_GEO_ZIP, "99999");
    has(f, PHI_GEO_STREET, "Am Bach 7");
    has(f, PHI_PHONE, "0151 55501234");
    scan(f, "PATIENT             MRN       DOB         LAST A1C   DUE\n"
            "Quill, Pa Houa      220418    03/12/67    8.8        06/01\n\nGlucose     MRN of no table\n");
    has(f, PHI_MRN, "220418");
    has(f, PHI_NAME_PATIENT, "Quill, Pa Houa");
    has(f, PHI_DATE_DOB, "03/12/67");
    scan(f, "appt_time,pt,ph,prov\n2025-04-02 08:20,\"Quillen, Noemi\",5755550188,Hatch\n");
    has(f, PHI_NAME_PATIENT, "Quillen, Noemi");
    has(f, PHI_NAME_PROVIDER, "Hatch");
    scan(f, "{\"name\": \"Jane Quillen\", \"age\": 94, \"weight\": 95}");
    has(f, PHI_AGE_90PLUS, "94");
    scan(f, "MRN\tAcct\tSex\r\n482193\t99120034\tF\r\n");
    has(f, PHI_MRN, "482193");
    has(f, PHI_ACCOUNT_PATIENT, "99120034");
    scan(f, "time,user_id,action,mrn,acct\n08:20,qmarsh,view,482193,99120034\n");
    has(f, PHI_NAME_UNKNOWN, "qmarsh");
    scan(f, "mrn,ts,hr,sbp\n61180934,2024-11-03T22:00,118,88\n");
    has(f, PHI_MRN, "61180934");
    scan(f, "INSERT INTO p (mrn, city) VALUES ('482193', 'salem'), ('482194', 'lynn (east)');");
    has(f, PHI_MRN, "482194");
    has(f, PHI_GEO_CITY, "salem");
    scan(f, "| | A | B |\n|---|---|---|\n| Name | quillen | abernathy |\n| MRN | 7719-04 | 7719-05 |\n| Weight | 80 | 81 |\n");
    has(f, PHI_MRN, "7719-05");
    has(f, PHI_NAME_PATIENT, "abernathy");
    assert_int_equal(structured_n(f), 4);
}

static void test_tables_without_persons(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "Test,Result,Units\nGlucose,110,mg/dL\n", "Date,Name,Dose\n3/4,Lisinopril,20 mg\n", "| Drug | Order |\n| a | 12345 |\n",
        "name,age\nx,1\n", ",,,\n,,,\n", "mrn,dob", "mrn,dob\n", "VALUES (1)", "(mrn, city) VALUES", "(mrn, city) VALUES (", "mrn\tdob\n\t\n",
        "He came, went, and saw\n1, 2, 3\n", "user,host,port\nqmarsh,a,1\n",
        "dose,ts,hr\n61180934,1,2\n", "the chart, mrn, and pulse\n61180934,1,2\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scan(f, texts[i]);
        assert_int_equal(structured_n(f), 0);
    }
}

static void test_x12(void **state)
{
    struct fixture *f = *state;
    scan(f, "NM1*IL*1*QUILLEN*JANE*B***MI*00221111111~N3*236 N MAIN~N4*MIAMI*FL*33413~DMG*D8*19430501*F~REF*SY*900123456~"
            "REF*G1*A88120~CLM*26407789*79.04***11:B:1~HI*BK:4779~PER*IC*QUILL*TE*3055550143*FX*3055550144~NM1*82*1*KILDARE*BEN****XX*1999996666~"
            "NM1*PR*2*ACME HEALTH*****PI*12345~");
    has(f, PHI_NAME_PATIENT, "QUILLEN");
    has(f, PHI_PLAN_ID, "00221111111");
    has(f, PHI_GEO_STREET, "236 N MAIN");
    has(f, PHI_GEO_ZIP, "33413");
    has(f, PHI_DATE_DOB, "19430501");
    has(f, PHI_SSN, "900123456");
    has(f, PHI_OTHER_AUTH, "A88120");
    has(f, PHI_OTHER_CLAIM, "26407789");
    has(f, PHI_PHONE, "3055550143");
    has(f, PHI_FAX, "3055550144");
    has(f, PHI_NAME_PROVIDER, "KILDARE");
    has(f, PHI_LICENSE_PROVIDER, "1999996666");
    for (size_t i = 0; i < f->r.n; i++)
        assert_false(strncmp(f->text + f->r.v[i].begin, "4779", 4) == 0 || strncmp(f->text + f->r.v[i].begin, "79.04", 5) == 0);
    scan(f, "ISA*00*          *00*          *ZZ*A*ZZ*B*250311*0912*^*00501*1*0*P*:~BHT*0022*13*10001234*20250401*1319~"
            "NM1*1P*2*QUILL BONE CLINIC*****XX*1999999976~NM1*PR*2*ACME HEALTH*****PI*12345~");
    has(f, PHI_DATE_OTHER, "250311");
    has(f, PHI_OTHER_CLAIM, "10001234");
    has(f, PHI_GEO_FACILITY, "QUILL BONE CLINIC");
    has(f, PHI_LICENSE_PROVIDER, "1999999976");
    scan(f, "N1*PE*QUILL ANESTHESIA*XX*1999999992~NM1*SJ*1*WATSON*SUSAN****34*987654322~DMG*D8*19580322*F~");
    has(f, PHI_GEO_FACILITY, "QUILL ANESTHESIA");
    has(f, PHI_NAME_PROVIDER, "WATSON");
    has(f, PHI_LICENSE_PROVIDER, "987654322");
    scan(f, "a*b*c and 2*3*4");
    assert_int_equal(structured_n(f), 0);
    scan(f, "NM1*IL*");
    assert_int_equal(structured_n(f), 0);
}

static void test_ncpdp(void **state)
{
    struct fixture *f = *state;
    scan(f, "AM04\x1C" "C2ZHW771200\x1C" "CCMARGUERITE\x1C" "CDFONTENOT\x1C" "C1RX4471\x1E\x1C" "AM01\x1C" "C419480915\x1C" "C52\x1C"
            "CAMARGUERITE\x1C" "CBFONTENOT\x1C" "CM118 CAMELLIA CT\x1C" "CNST COLUMBUS\x1C" "COLA\x1C" "CP70360\x1C" "CQ9855550110\x1D"
            "AM07\x1C" "EM1\x1C" "D20048812\x1C" "D700071015523\x1C" "E730000");
    has(f, PHI_PLAN_ID, "ZHW771200");
    has(f, PHI_NAME_PATIENT, "FONTENOT");
    has(f, PHI_DATE_DOB, "19480915");
    has(f, PHI_GEO_STREET, "118 CAMELLIA CT");
    has(f, PHI_GEO_CITY, "ST COLUMBUS");
    has(f, PHI_GEO_ZIP, "70360");
    has(f, PHI_PHONE, "9855550110");
    has(f, PHI_OTHER_RX, "0048812");
    scan(f, "AM04 C2ZHW771200 CCMARGUERITE CDFONTENOT\nAM01 C419480915 CM118 CAMELLIA CT CNST COLUMBUS COLA CP70360\n");
    has(f, PHI_NAME_PATIENT, "MARGUERITE");
    has(f, PHI_GEO_STREET, "118 CAMELLIA CT");
    has(f, PHI_GEO_CITY, "ST COLUMBUS");
    scan(f, "AM04\342\220\234" "C2ZHW771200\342\220\236AM01\342\220\234" "C419480915");
    has(f, PHI_DATE_DOB, "19480915");
    static const char *const none[] = {"AM01", "AM01 AM04", "at 9 AM04 and C2 fracture", "AM01 C", "AM01 C2 AM0", "AM01\x1C\x1C AM04 CA"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        scan(f, none[i]);
        assert_int_equal(structured_n(f), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json), cmocka_unit_test(test_fhir), cmocka_unit_test(test_json_without_persons), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_tables), cmocka_unit_test(test_tables_without_persons), cmocka_unit_test(test_x12),
        cmocka_unit_test(test_ncpdp),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
