/* SPDX-License-Identifier: Apache-2.0 */
#include "drug_stem.h"

#include <string.h>

enum { BEFORE_STEM = 3, STEM_MAX = 10 };

/* A line for a field of medicine; by the letter that a stem ends with would be faster, and harder to keep. */
static const char *const stems[] = {
    /* infections */
    "amivir", "asvir", "azole", "bactam", "buvir", "cavir", "ciclovir", "cidin", "cillin", "citabine", "cycline", "cyclovir", "fovir", "fungin",
    "mectin", "micin", "mycin", "navir", "oxanide", "penem", "piravir", "planin", "previr", "prim", "quantel", "relvir", "tegravir", "tovir",
    "vancin", "virine", "viroc", "vudine", "xacin", "zolid",
    /* heart, blood, kidney */
    "arone", "azosin", "bopag", "camten", "ciguat", "denoson", "dipine", "entan", "fibrate", "fylline", "gatran", "grastim", "grel", "grelor", "olol",
    "pamil", "parin", "parinux", "pendine", "phylline", "plostim", "poetin", "pril", "prilat", "prost", "renone", "rinone", "sartan", "semide",
    "simendan", "siran", "skiren", "teplase", "thiazide", "vaptan", "vastatin", "xaban",
    /* nerves and mind */
    "adol", "anserin", "apine", "azepam", "azocine", "bamate", "barbital", "caine", "capone", "caserin", "codone", "curium", "curonium", "dronate",
    "eplon", "faxine", "fentanil", "flurane", "gabalin", "gepant", "giline", "melteon", "morphone", "nidine", "opram", "orexant", "orphan", "orphine",
    "oxetine", "oxone", "panel", "peridone", "pezil", "pidem", "pramine", "pressin", "racetam", "samide", "spirone", "stigmine", "tidine", "toin",
    "trexone", "triptan", "triptyline", "zodone", "zolam",
    /* hormones, stomach, lungs, joints */
    "aclotide", "actide", "afil", "asone", "begron", "bulin", "cept", "ciclib", "clax", "coxib", "cristine", "degib", "domide", "emastine", "estrant",
    "fenac", "fenacin", "formin", "fusp", "gestrel", "gliflozin", "glinide", "gliptin", "glitazone", "glutide", "golix", "kinra", "lamide", "lastine",
    "leucel", "limus", "lisib", "lukast", "lutamide", "mab", "mestane", "nastine", "naxate", "nib", "nisone", "onide", "otastine", "oxicam",
    "oxifene", "paratide", "parib", "phedrine", "pitant", "platin", "prazan", "profen", "prostil", "rasib", "relbine", "relin", "relix", "reotide",
    "rsen", "rubicin", "semtide", "setron", "solone", "stat", "steride", "sterone", "tadine", "taxel", "tecan", "terol", "trexate", "trexed",
    "tropium", "trozole", "uricase", "zine", "zomib",
};

/* `to` has room for STEM_MAX letters. */
static void end_lower(const char *word, size_t n, size_t size, char *to)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(word[n - size + i] | 0x20);
}

bool drug_stem_in(const char *word, size_t n)
{
    char end[STEM_MAX];
    size_t size = n > STEM_MAX ? STEM_MAX : n;

    end_lower(word, n, size, end);
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        size_t stem = strlen(stems[i]);
        if (stem + BEFORE_STEM <= n && memcmp(end + size - stem, stems[i], stem) == 0)
            return true;
    }
    return false;
}
