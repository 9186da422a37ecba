/* SPDX-License-Identifier: Apache-2.0 */
#include "term_stem.h"

#include <string.h>

#include "text.h"

enum { BEFORE_STEM = 3, TERM_LEAST = 8 };

/* By the letter that they end with: only words that no list knows are asked about, and of these few have such a letter. */
static const char *const drugs[26] = {
    ['a' - 'a'] = "kinra",
    ['b' - 'a'] = "ciclib coxib degib lisib mab nib parib rasib zomib",
    ['c' - 'a'] = "fenac viroc",
    ['d' - 'a'] = "trexed zolid",
    ['e' - 'a'] = "aclotide actide apine asone azocine azole bamate caine capone citabine codone cristine cycline dipine domide dronate "
                   "emastine faxine fibrate flurane fylline giline glinide glitazone glutide lamide lastine lutamide mestane morphone nastine naxate "
                   "nidine nisone onide orphine otastine oxanide oxetine oxifene oxone paratide pendine peridone phedrine phylline pramine relbine "
                   "renone reotide rinone samide semide semtide solone spirone steride sterone stigmine tadine teplase thiazide tidine trexate trexone "
                   "triptyline trozole uricase virine vudine zine zodone",
    ['g' - 'a'] = "bopag",
    ['l' - 'a'] = "adol afil barbital fentanil gestrel grel leucel olol pamil panel pezil pril prostil quantel taxel terol",
    ['m' - 'a'] = "azepam bactam curium curonium grastim opram oxicam penem pidem plostim prim racetam tropium zolam",
    ['n' - 'a'] = "anserin azosin begron bulin camten caserin cidin cillin denoson entan eplon fenacin formin fungin gabalin gatran gliflozin gliptin "
                   "mectin melteon micin mycin orphan parin planin platin poetin prazan pressin profen relin rubicin sartan setron simendan siran "
                   "skiren tecan toin triptan vancin vaptan vastatin xaban xacin",
    ['p' - 'a'] = "fusp",
    ['r' - 'a'] = "amivir asvir buvir cavir ciclovir cyclovir fovir grelor navir piravir previr relvir tegravir tovir",
    ['s' - 'a'] = "limus",
    ['t' - 'a'] = "cept ciguat estrant gepant lukast orexant pitant prilat prost stat",
    ['x' - 'a'] = "clax golix parinux relix",
};

/* Diseases, findings, procedures, organisms: longer words only, for a short one may be a family's. */
static const char *const terms[26] = {
    ['a' - 'a'] = "emia aemia uria plegia algia penia philia phobia rrhea rrhoea rrhagia pnea pnoea opsia phasia phagia praxia lexia kinesia "
                  "esthesia aesthesia plasia trophia malacia thermia thymia ectasia carcinoma sarcoma blastoma cytoma adenoma fibroma "
                  "angioma lymphoma myeloma papilloma teratoma granuloma thelioma encephalia glossia dactylia gnathia cephalia melia somia "
                  "bacteria",
    ['c' - 'a'] = "penic pathic trophic lytic phobic genic emic uric cytic",
    ['e' - 'a'] = "coele phage phyte enzyme rrhage",
    ['h' - 'a'] = "olith",
    ['l' - 'a'] = "viral microbial coccal",
    ['m' - 'a'] = "bacterium thelium cardium",
    ['n' - 'a'] = "globin",
    ['s' - 'a'] = "itis osis iasis ectasis rrhexis paresis centesis emesis uresis lysis genesis ptosis plasis phoresis stasis desis coccus "
                  "bacillus oides virus myces mycosis ismus rachis",
    ['t' - 'a'] = "blast",
    ['y' - 'a'] = "pathy ectomy otomy ostomy plasty scopy graphy trophy rrhaphy pexy tripsy megaly dactyly cephaly plegy opsy gnathy glossy",
};

static bool ends_in(const char *const stems[26], const char *word, size_t n)
{
    unsigned last = n ? (unsigned)text_lower(word[n - 1]) - 'a' : 26;
    const char *stem = last < 26 ? stems[last] : NULL;

    while (stem && *stem) {
        size_t stem_n = strcspn(stem, " ");
        if (stem_n + BEFORE_STEM <= n && text_equal_nocase(word + n - stem_n, stem, stem_n))
            return true;
        stem += stem_n + (stem[stem_n] == ' ');
    }
    return false;
}

bool term_stem_in(const char *word, size_t n)
{
    return ends_in(drugs, word, n) || (n >= TERM_LEAST && ends_in(terms, word, n));
}
