/* SPDX-License-Identifier: Apache-2.0 */
#include "generic_place.h"

#include <string.h>

#include "text.h"

/* Specialties, and words for where they are practised. Words that practices like to be called by ("bone", "joint", "children", "recovery",
 * "mercy") are none of them. */
static const char generic[] =
    " a addiction adolescent allergy an and anesthesia anesthesiology anticoagulation arrhythmia at audiology autism bariatric bariatrics behavioral "
    "bifida breast burn called cardiac cardiology cardiothoracic cardiovascular care cath cell center centre cleft clinic clinics colorectal consult "
    "consultation consults critical cystic day dental department dept dermatology developmental diabetes dialysis disease diseases disorders division "
    "echo echocardiography education endocrine endocrinology endodontics endoscopy ent ep epilepsy failure family fellow fetal fibrosis for from "
    "gastroenterology general genetics geriatric geriatrics gi glaucoma group gyn gynecologic gynecology headache health heart hematology hepatology home "
    "hospice hospitalist hypertension immunology in infectious infusion inpatient internal interventional kidney lab laboratory lipid liver lung "
    "management maternal med medical medicine memory mental mfm mohs movement multiple neonatal neonatology nephrology neurology neuropsychology "
    "neurosurgery nodule note nuclear nutrition ob obgyn obstetrics occupational of office on oncologic oncology ophthalmology oral orthodontics "
    "orthopaedic orthopaedics orthopedic orthopedics otolaryngology outpatient pacemaker paediatric paediatrics pain palate palliative pathology "
    "pediatric pediatrics perinatal periodontics pharmacy physiatry physical plastic podiatry preadmission preop primary program progress prosthetics "
    "psychiatric psychiatry psychology pulmonary pulmonology radiation radiology rehab rehabilitation reproductive respiratory retina rheumatology "
    "sclerosis section see service services sickle sleep speech spina spine sports stroke surgery surgical survivorship team telehealth testing the "
    "therapy thoracic to toxicology transplant trauma travel ultrasound unit urgent urogynecology urology vascular virtual wound ";

/* Does a word with a capital stand right before, that is in no list: "Quillville [Primary Care]", "Quill & [Spine]"? */
static bool follows_name(const char *text, size_t begin)
{
    size_t end = begin, first;

    if (end < 2 || text[end - 1] != ' ')
        return end && text[end - 1] == '(';
    if (text[end - 2] == '&')
        return true;
    for (first = --end; first > 0 && text_is_letter(text[first - 1]);)
        first--;
    return first < end && text_is_upper(text[first]) && !text_among(generic, text + first, end - first);
}

bool place_is_generic(const char *text, size_t begin, size_t end)
{
    for (size_t i = begin, size; i < end; i += size ? size : 1) {
        size = text_letters(text + i, end - i);
        if (size ? !text_among(generic, text + i, size) : !strchr(" \t\r\n-/&,.", text[i]))
            return false;
    }
    return text_is_upper(text[begin]) && !follows_name(text, begin);
}
