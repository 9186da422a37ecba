/* SPDX-License-Identifier: Apache-2.0
 *
 * Languages of clinical sentences; what is short, mixed or without sentences is unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../policies/engine/language.h"

static void test_sentences(void **state) {
    (void)state;
    static const struct { enum language language; const char *text; } cases[] = {
        {LANGUAGE_EN, "The patient is a woman who was seen for chest pain and has had this for two days."},
        {LANGUAGE_EN, "She was discharged on the third day with a plan to return to the clinic."},
        {LANGUAGE_ES, "El paciente refiere dolor en el pecho desde hace dos d\xC3\xAD" "as y no tiene fiebre, pero est\xC3\xA1 muy cansado."},
        {LANGUAGE_ES, "Los resultados del laboratorio se le enviaron por correo al m\xC3\xA9" "dico con una nota."},
        {LANGUAGE_FR, "Le patient est venu avec des douleurs dans la poitrine depuis deux jours et il n'a pas de fi\xC3\xA8vre."},
        {LANGUAGE_DE, "Der Patient klagt seit zwei Tagen \xC3\xBC" "ber Schmerzen in der Brust und hat kein Fieber; das EKG ist nicht auff\xC3\xA4llig."},
        {LANGUAGE_PT, "O paciente tem dor no peito h\xC3\xA1 dois dias, n\xC3\xA3o tem febre e est\xC3\xA1 muito cansado, mas sem tosse."},
        {LANGUAGE_IT, "Il paziente \xC3\xA8 arrivato con dolore al petto che non passa da due giorni, ma anche nel braccio."},
        {LANGUAGE_UNKNOWN, ""}, {LANGUAGE_UNKNOWN, "Jane Doe"}, {LANGUAGE_UNKNOWN, "the and"},
        {LANGUAGE_UNKNOWN, "Pt c/o CP x3d, hx HTN, DM2. Meds: lisinopril 10 mg qd, metformin 500 mg bid."},
        {LANGUAGE_UNKNOWN, "120/80 98.6 72 16 98%"},
        {LANGUAGE_UNKNOWN, "The patient was seen on the ward. El paciente fue visto por el m\xC3\xA9" "dico y los familiares."},
        {LANGUAGE_UNKNOWN, "\xE6\x82\xA3\xE8\x80\x85\xE3\x81\xAF\xE8\x83\xB8\xE3\x81\xAE\xE7\x97\x9B\xE3\x81\xBF"},
        {LANGUAGE_UNKNOWN, "Pacjent zg\xC5\x82osi\xC5\x82 si\xC4\x99 z b\xC3\xB3lem w klatce piersiowej od dw\xC3\xB3" "ch dni."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum language l = language_of(cases[i].text, strlen(cases[i].text));
        if (l != cases[i].language) fprintf(stderr, "%s: %s\n", language_names[l], cases[i].text);
        assert_int_equal(l, cases[i].language);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
