/* SPDX-License-Identifier: Apache-2.0 */
#include "generic_place.h"

#include <string.h>

#include "text.h"

/* Words that practices like to be called by ("bone", "joint", "children", "recovery", "mercy") are in no list here. */
static const char specialties[] =
    " addiction adolescent allergy anesthesia anesthesiology anticoagulation arrhythmia audiology autism bariatric bariatrics behavioral bifida breast "
    "burn cardiac cardiology cardiothoracic cardiovascular cath cell cleft colorectal consult critical cystic dental dermatology developmental diabetes "
    "dialysis echo echocardiography education endocrine endocrinology endodontics endoscopy ent ep epilepsy failure fetal fibrosis gastroenterology "
    "genetics geriatric geriatrics gi glaucoma gyn gynecologic gynecology headache heart hematology hepatology hospice hospitalist hypertension "
    "immunology infectious infusion internal interventional kidney lipid liver lung maternal mfm mohs movement multiple neonatal neonatology nephrology "
    "neurology neuropsychology neurosurgery nodule nuclear nutrition ob obgyn obstetrics oncology ophthalmology oral orthodontics orthopaedic "
    "orthopaedics orthopedic orthopedics otolaryngology pacemaker paediatric paediatrics pain palate palliative pathology pediatric pediatrics perinatal "
    "periodontics physiatry plastic podiatry preadmission preop prosthetics psychiatric psychiatry psychology pulmonary pulmonology radiation radiology "
    "rehab rehabilitation reproductive respiratory retina rheumatology sclerosis sickle spina spine sports stroke surgical survivorship telehealth "
    "thoracic toxicology transplant trauma ultrasound urogynecology urology vascular virtual wound ";
static const char fillers[] =
    " a an and at called care center centre clinic clinics consultation consults day department dept disease diseases disorders division family fellow for "
    "from general group health home in inpatient lab laboratory management med medical medicine memory mental note occupational of office on oncologic "
    "outpatient pharmacy physical primary program progress section see service services sleep speech surgery surgical team testing the therapy to travel "
    "unit urgent ";

static size_t word_size(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text_is_letter(text[i]))
        i++;
    return i;
}

static bool is_listed(const char *word, size_t n)
{
    return text_among(specialties, word, n) || text_among(fillers, word, n);
}

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
    return first < end && text_is_upper(text[first]) && !is_listed(text + first, end - first);
}

bool place_is_generic(const char *text, size_t begin, size_t end)
{
    for (size_t i = begin, size; i < end; i += size ? size : 1) {
        size = word_size(text + i, end - i);
        if (size ? !is_listed(text + i, size) : !strchr(" \t\r\n-/&,.", text[i]))
            return false;
    }
    return text_is_upper(text[begin]) && !follows_name(text, begin);
}
