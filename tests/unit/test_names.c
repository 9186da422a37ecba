/* SPDX-License-Identifier: Apache-2.0
 *
 * Names: what is one, what is none, whose it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../detectors/name_words.h"
#include "prose_found.h"

static void finds_names(void **state)
{
    static const struct found_case cases[] = {
        {"Ms. Alderete was seen by Dr. Thistlewood today.", "Alderete | Thistlewood"},
        {"Patient: Margaret Hollingsworth\nMRN: 000123", "Margaret Hollingsworth"},
        {"PATIENT NAME: HOLLINGSWORTH, MARGARET A\n", "HOLLINGSWORTH, MARGARET A"},
        {"His wife Consuelo drove him home.", "Consuelo"},
        {"Provider: Dr. Liesbeth van der Meer, MD", "Liesbeth van der Meer"},
        {"Electronically signed by Robert J. Fenwick Jr., MD", "Robert J. Fenwick Jr"},
        {"Ms. O'Callaghan-Reyes tolerated the procedure well.", "O'Callaghan-Reyes"},
        {"Please call Thelma Ruiz's daughter.", "Thelma Ruiz"},
        {"[doctor] hi matilda how are you doing today\n[patient] hi doctor i'm okay\n", "matilda"},
        {"called Dr Thistlewood ED 0140, by V. Moreno RTW", "Thistlewood | V. Moreno"},
        {"Marcus Gunn pupil by Dr. Thistlewood", "Thistlewood"},
        {"[doctor] all right mark , we'll see you\n[doctor] any questions jack ?\n[doctor] i have sue here today", "mark | jack | sue"},
        {"[doctor] hey mwende how are you\n[patient] hi there how are you\n[doctor] good morning moon so i see here", "mwende | moon"},
        {"[doctor] so seaver i see that\n[doctor] alright so , evdokia is a 39-year-old female", "seaver | evdokia"},
        {"[doctor] hey dragon i have\n[patient] hi doc how are you\n[patient] okay so today i see", ""},
        {"[patient] okay hope that helps . so will i need it ? no rush\n", ""},
        {"Seen by Ms. Sjöström and by Dr. Nguyễn.", "Sjöström | Nguyễn"},
        {"Dr. Abernathy-Pike\n\nB. Okoro:TK", "Abernathy-Pike | B. Okoro | TK"},
        {"Signed.\n\nR. Qzxwv:TK\n", "R. Qzxwv | TK"},
        {"Subject 4471  INITIALS TK  visited", "TK"},
        {"Electronically signed by Will Smith, MD", "Will Smith"},
        {"Dear Mrs. Whitcombe,\n\nYour results are back.", "Whitcombe"},
        {"FAMILY: WIFE ROSA THISTLEWOOD UPDATED 0920", "ROSA THISTLEWOOD"},
        {"EPI X1 BY ROWAN EMS. DR THISTLEWOOD PAGED", "ROWAN | THISTLEWOOD"},
        {"by Dr. Thistlewood NPI 19", "Thistlewood"},
        {"mom O+, baby A neg, Dr. Thistlewood", "Thistlewood"},
        {"Treat a 45-year-old male, Peter Q., with asthma.", "Peter Q"},
        {"5/6 0900 QZXWVICH, J new pt\n5/6 0940 QZXWVASH, M inj", "QZXWVICH, J | QZXWVASH, M"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, names_in);
}

/* No capital says that it is a name: what stands beside it does. */
static void finds_names_in_small_letters(void **state)
{
    static const struct found_case cases[] = {
        {"Lives with his spouse a. paltrinieri. Spinal.", "a. paltrinieri"},
        {"Lives with his spouse olga aanei. Spinal.", "olga aanei"},
        {"Records were faxed, attention d dochioiu. Eyes normal.", "d dochioiu"},
        {"Normal.\n\nSincerely,\nb. brown, DO", "b. brown"},
        {"Normal.\n\n--\nj. okonkwo\n603-555-0145", "j. okonkwo"},
        {"Dictated by: julita nijak, M.D.", "julita nijak"},
        {"cc: bram de wit; Medical Records", "bram de wit"},
        {"Please summarize this note for kritika mitter and draft a letter.", "kritika mitter"},
        {"Weight is 6 lb. mercedes terragni will see him again.", "mercedes terragni"},
        {"nijak is a 77 y/o who fell.", "nijak"},
        {"I saw dr. brown about it, and dr hermansson.", "brown | hermansson"},
        {"[doctor] let me talk with adetoke about it", "adetoke"},
        {"[doctor] hermansson good to see you today", "hermansson"},
        {"thanks for coming in today adetoke .", "adetoke"},
        {"how's bhekani doing ?", "bhekani"},
        {"when i saw your pa , s tretiak in march", "s tretiak"},
        {"a male with lymphoma, john p., diagnosed in may", "john p"},
        {"No lesion was seen. y. horiguchi will see him again.", "y. horiguchi"},
        {"Spine st. tanner i. Lungs clear.", ""},
        {"i see our scheduler , nomasonto , on the way out", "nomasonto"},
        {"i said don't skip it, and his wife's wedding", ""},
        {"at 5 a.m. he has vitamin d. deficiency, e. coli, hepatitis b. surface", ""},
        {"40 mg MR daily, DR intraarticular, a diet dr pepper, the doctor rounds at seven", ""},
        {"Caregiver strain. Wife tearful. She ate birria per diem.", ""},
        {"En ella podemos observar, con su marido, fumador de 30.", ""},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, names_in);
}

/* The capital that begins a sentence says nothing, what is done does. */
static void finds_who_does_what_people_do(void **state)
{
    static const struct found_case cases[] = {
        {"Gomez recs: start lasix.", "Gomez"},
        {"Seen. Turner states she fell.", "Turner"},
        {"Stable. Nijak to follow up in 2 weeks.", "Nijak"},
        {"Pt Romijn c/o chest pain x 2 days.", "Romijn"},
        {"Plan: call Merino with results.", ""},
        {"Plan: call Hawkins with results.", "Hawkins"},
        {"Bed 4 Herrera: NPO for OR.", "Herrera"},
        {"1. Herrera - d/c today", "Herrera"},
        {"Rm 12 Sezgin CHF, diurese", "Sezgin"},
        {"* Okafor CHF\n12 Herrera CHF diurese\n* Lasix CHF\n* Lead ECG", "Okafor | Herrera"},
        {"ED note - Okafor - chest pain", "Okafor"},
        {"Stable. On Herrera service since. With Gold team.", "Herrera"},
        {"SW Romijn following. Det Okafor took a statement.", "Romijn | Det Okafor"},
        {"45M Z. Sezgin with DKA.", "Z. Sezgin"},
        {"Ofc. Walker #4417 at bedside. SW Walker following.", "Walker | Walker"},
        {"Brown denies pain. Church states he attends. White count reported.", "Brown"},
        {"Normal.\n\nSincerely,\nPa Houa\n970.555.0136", "Pa Houa"},
        {"Should Gomez be on a statin?", "Gomez"},
        {"LPN. Samples supplied. A. Mix first. Can Tylenol be given? SW consult placed.", ""},
        {"1. Graves - on methimazole\n2. Metformin - hold", ""},
        {"Foley to come out. Zoolander is a 2017 film. Radiology recs CT.", ""},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, names_in);
}

/* A comma that turns nothing round: the given name stands in front of it. */
static void reads_the_parts_before_credentials(void **state)
{
    static const char text[] = "Priscilla Vandenberg, MSW, LCSW\n";
    struct name_span name;
    (void)state;
    assert_true(name_read(text, sizeof text - 1, 0, true, false, &name));
    assert_int_equal(name.end, 20);
    assert_int_equal(name.given.begin, 0);
    assert_int_equal(name.given.end, 9);
    assert_int_equal(name.family.begin, 10);
    assert_int_equal(name.family.end, 20);
}

/* Whole, whatever single letters are besides. */
static void finds_what_is_spelled(void **state)
{
    assert_non_null(strstr(names_in(*state, "how do you spell the last? Q U double I L L"), "Q U double I L L"));
    assert_non_null(strstr(names_in(*state, "Quillborski. Q, U, I, L, L, B as in boy, O, R, S, K, I."), "Q, U, I, L, L, B as in boy, O, R, S, K, I"));
    assert_non_null(strstr(names_in(*state, "Dr. Hsu. H, S, U. Born in"), "H, S, U"));
    assert_string_equal(names_in(*state, "hepatitis serology q r s t u panel"), "");
}

static void leaves_medicine_alone(void **state)
{
    static const char *const texts[] = {
        "A Foley catheter was placed and Kelly clamps were used.",
        "Crohn's disease, Parkinson's disease and Hodgkin lymphoma were considered.",
        "Murphy's sign negative, Homans sign negative, Romberg test normal.",
        "The abdomen was closed with Vicryl; a Jackson-Pratt drain was left.",
        "Marshall-Marchetti-Krantz cystourethropexy was done.",
        "Start Lasix 40 mg, Coumadin 5 mg and Ozempic 1 mg weekly.",
        "Give thistle tea with sage.",
        "She has Lou Gehrig's disease.",
        "She has Addison's, on hydrocortisone; hx of Barrett's and known Hashimoto's.",
        "Hematology H&P, D&C and T&A were done; hepatitis A B C D panel.",
        "Wells score 2, Glasgow Coma Scale 15, Apgar scores 8 and 9.",
        "Compare the Framingham score and the Child-Pugh class.",
        "You may mark the page; I will chase the labs and grant access.",
        "How do I treat Coccidioides? Compare Midodrine, Zuranolone and Cabenuva.",
        "Language: Unknown\nTobacco: Unknown\nService: Unknown",
        "Mammogram in August, see me in six weeks. Skip tonight's dose altogether.",
        "Client: So, July.\nProvider: Ha. Tell me about that.\nClient: Aw, thank you.\nProvider: Okay.",
        "ASSESSMENT AND PLAN:\nHypertension. Continue Norvasc.",
        "PHYSICAL EXAMINATION: Well developed, in no acute distress.",
        "[doctor] well i hope the pain is better may i take a look\n[patient] sure go ahead\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(all_in(*state, texts[i]), "");
    assert_string_equal(names_in(*state, "Seen by Dr. August. Skip Thistlewood called."), "August | Skip Thistlewood");
    assert_string_equal(names_in(*state, "[doctor] was it in june , july or august then\n[patient] in june i think it was\n"), "");
}

static void says_whose_name(void **state)
{
    static const struct { const char *text, *found; } cases[] = {
        {"Seen by Dr. Thistlewood.", "NAME.PROVIDER:Thistlewood"},
        {"Discussed with Harriet Boyle, RN, at length.", "NAME.PROVIDER:Harriet Boyle"},
        {"Accompanied by her son Terrence.", "NAME.RELATIVE:Terrence"},
        {"Patient: Margaret Hollingsworth", "NAME.PATIENT:Margaret Hollingsworth"},
        {"The attending physician, Martin Brennan, agreed.", "NAME.PROVIDER:Martin Brennan"},
        {"Electronically signed by Jane Brennan at noon.", "NAME.PROVIDER:Jane Brennan"},
        /* Beside a professional, and not one: policies let those pass that hide everybody else's. */
        {"The doctor told Priya to rest.", "NAME.UNKNOWN:Priya"},
        {"The nurse gave Priya water.", "NAME.UNKNOWN:Priya"},
        {"Thank you for referring Tobias Lindqvist to us.", "NAME.UNKNOWN:Tobias Lindqvist"},
        {"Reported by Priya over the phone.", "NAME.UNKNOWN:Priya"},
        {"Therapist: Priya, how was the week?", "NAME.UNKNOWN:Priya"},
        {"Patient signature: Priya Raman", "NAME.PATIENT:Priya Raman"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prose_find(*state, cases[i].text, PHI_NAME_PATIENT, PHI_NAME_UNKNOWN, 50, true), cases[i].found);
}

/* The parts that are looked for elsewhere. */
static void knows_the_parts(void **state)
{
    struct prose_found *f = *state;
    const char *text = "Patient: HOLLINGSWORTH, MARGARET A";
    struct phi_candidates sink = {.text = text, .len = (uint32_t)strlen(text), .rules = prose_detector.n};

    assert_int_equal(prose_scan(f->dictionary, &f->words, text, sink.len, &sink), 0);
    assert_true(sink.n >= 1); /* surname_first.c says it once more */
    const struct candidate *c = sink.items.v;
    assert_int_equal(c->family_begin, 9);
    assert_int_equal(c->family_end, 22);
    assert_int_equal(c->given_begin, 24);
    assert_int_equal(c->given_end, 32);
    phi_array_free(&sink.items);
}

/* What no list knows is reported below the usual threshold and above that of strict mode. */
static void unknown_words_are_weak(void **state)
{
    const char *text = "We then discussed this with Qzxwvkaro and left.";
    assert_non_null(strstr(prose_find(*state, text, 1, PHI_KINDS - 1, 30, false), "Qzxwvkaro"));
    assert_string_equal(prose_find(*state, "Vancomycin was given for Staphylococcus aureus.", 1, PHI_KINDS - 1, 30, false), "");
}

/* Without word lists, titles and labels still work. */
static void works_without_dictionary(void **state)
{
    static struct prose_found bare;
    (void)state;
    assert_string_equal(names_in(&bare, "Ms. Alderete was seen by Dr. Thistlewood today."), "Alderete | Thistlewood");
}

/* A name across the border of two chunks is found once and whole. */
static void chunks_do_not_cut(void **state)
{
    enum { PAD = WORDS_MAX + 8 };
    static char text[2 * PAD + 64];
    const char *name = "Dr. Margaret Hollingsworth, MD, ";

    for (int shift = WORDS_MAX - WORDS_KEEP - 8; shift < WORDS_MAX + 4; shift++) {
        size_t n = 0;
        for (int i = 0; i < shift; i++, n += 2)
            memcpy(text + n, "x ", 2);
        memcpy(text + n, name, strlen(name) + 1);
        n += strlen(name);
        for (int i = shift; i < PAD; i++, n += 2)
            memcpy(text + n, "x ", 3);
        assert_string_equal(names_in(*state, text), "Margaret Hollingsworth");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names), cmocka_unit_test(finds_names_in_small_letters), cmocka_unit_test(finds_who_does_what_people_do), cmocka_unit_test(finds_what_is_spelled), cmocka_unit_test(leaves_medicine_alone), cmocka_unit_test(says_whose_name),
        cmocka_unit_test(knows_the_parts), cmocka_unit_test(reads_the_parts_before_credentials), cmocka_unit_test(unknown_words_are_weak),
        cmocka_unit_test(works_without_dictionary), cmocka_unit_test(chunks_do_not_cut),
    };
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
