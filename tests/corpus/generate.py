#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthetic annotated text: generate.py SEED COUNT [--names DIR] prints COUNT documents as JSON Lines.

Templates with slots in braces are filled from people.txt and places.txt; numbers come from reserved ranges (telephone
555-01xx, SSN 987-65-43xx, example.com). {"id","text","spans":[{"start","end","type","raw_type"}]}, offsets in code
points. With --names DIR (a folder filled by detectors/dictionaries/fetch.sh) half of the names come from the large lists.
The committed telegraphic.jsonl is the output of "generate.py 8 400"; synthetic.jsonl is that of "generate.py 7 400" before the
templates in the manner of handoffs and nurses' notes were added. Both have been used for nothing but measuring.
"""
import json, os, random, re, sys

HERE = os.path.dirname(os.path.abspath(__file__))


def read_people():
    people = []
    for line in open(f"{HERE}/people.txt", encoding="utf8"):
        if line.strip() and line[0] != "#":
            parts = [p.strip() for p in line.split("|")]
            people.append((parts[1].split(), parts[2].split() + parts[3:]))
    return people


def read_places():
    places = {}
    for line in open(f"{HERE}/places.txt", encoding="utf8"):
        if line.strip() and line[0] != "#":
            key, values = line.split("|")
            places[key.strip()] = values.strip().split(";")
    return places


def read_templates():
    groups, group = {}, None
    for line in open(f"{HERE}/templates.txt", encoding="utf8"):
        line = line.rstrip("\n")
        if line.startswith("== "):
            group = groups.setdefault(line[3:], [])
        elif line and line[0] != "#":
            group.append(line.replace("\\n", "\n").replace("\\t", "\t"))
    return groups


class Maker:
    def __init__(self, seed, folder=None):
        self.rng = random.Random(seed)
        self.people, self.places, self.templates = read_people(), read_places(), read_templates()
        self.given, self.family = [], []
        if folder:
            rows = [l.split("\t") for l in open(f"{HERE}/../../detectors/dictionaries/given.tsv")]
            self.given = [w for w, n in rows for _ in range(1 if int(n) < 3000 else 3)]
            names = open(f"{folder}/node_modules/humannames/list.txt", encoding="utf8").read().split("\n")
            self.family = [n for n in names if n.isalpha() and len(n) > 2 and n[0].isupper()]

    def pick(self, values):
        return self.rng.choice(values)

    def chance(self, p):
        return self.rng.random() < p

    def invent(self):
        """A word that no list knows."""
        s = "".join(self.pick(["b", "ch", "d", "dr", "f", "g", "gj", "h", "j", "k", "kh", "l", "m", "n", "nd", "p", "r", "s", "sh", "st", "t", "ts",
                               "v", "vl", "w", "y", "z", "zh"]) + self.pick(["a", "e", "i", "o", "u", "ai", "ei", "oo", "ya"])
                    for _ in range(self.rng.randint(2, 3)))
        return (s + self.pick(["", "", "n", "v", "r", "k", "sk", "dze", "ian", "ova", "ev", "mba", "ko"])).capitalize()

    def person(self):
        common = self.people[0]
        given, family = self.pick(common[0]), self.pick(common[1])
        if self.chance(0.55):
            group = self.pick(self.people[1:])
            given, family = self.pick(group[0]), self.pick(group[1])
            if self.chance(0.3):
                given = self.pick(common[0])
        if self.given and self.chance(0.5):
            given, family = self.pick(self.given).capitalize(), self.pick(self.family)
        if self.chance(0.06):
            family = self.invent()
        if self.chance(0.04):
            given = self.invent()
        if self.chance(0.05):
            family += "-" + self.pick(self.pick(self.people)[1]).split()[-1]
        return given, family

    def full(self, who):
        given, family = who
        r = self.rng.random()
        if r < 0.70:
            return f"{given} {family}"
        if r < 0.82:
            return f"{given} {self.pick('ABCDEFGHJKLMNPRSTW')}. {family}"
        if r < 0.88:
            return f"{given} {self.pick('ABCDEFGHJKLMNPRSTW')} {family}"
        if r < 0.92:
            return f"{given} {family} {self.pick(['Jr.', 'Sr.', 'III', 'II'])}"
        if r < 0.96:
            return f"{given} {self.pick(self.people[0][0])} {family}"
        return f"{given[0]}. {family}"

    def inverted(self, who):
        given, family = who
        return self.pick([f"{family}, {given}", f"{family}, {given} {self.pick('ABCDEJLMRST')}", f"{family},{given}",
                          f"{family}, {given} {self.pick('ABCDEJLMRST')}."])

    def facility(self):
        p, r = self.places, self.rng.random()
        head = self.pick(p["head"])
        if r < 0.35:
            return f"{self.pick(p['stem'])} {head}"
        if r < 0.55:
            return f"{self.pick(['St.', 'St', 'Saint'])} {self.pick(p['saint'])} {head}"
        if r < 0.75:
            return f"{self.pick(p['city'])} {head}"
        if r < 0.80:
            return f"University of {self.pick(p['state_name'])} {self.pick(['Hospital', 'Medical Center', 'Health', 'Hospitals'])}"
        if r < 0.85:
            return f"{self.pick(p['city'])} {self.pick(['General', 'Memorial', 'Regional', 'Methodist', 'VA', 'Presbyterian', 'Baptist'])}"
        if r < 0.90:
            return f"{self.person()[1]} {self.pick(['Clinic', 'Memorial Hospital', 'Family Medicine', 'Eye Center', 'Dental'])}"
        if r < 0.94:
            return f"{self.pick(['St.', 'St', 'Mt.', 'Mount'])} {self.pick(p['saint'] + ['Sinai', 'Carmel'])}"
        return self.pick(["UCSF", "UPMC", "MGH", "Mayo Clinic", "Cleveland Clinic", "Johns Hopkins", "Cedars-Sinai", "NYU Langone", "Kaiser Permanente",
                          "Mass General", "Stanford Health", "Duke Health", "Houston Methodist", "Emory", "Geisinger", "Banner Health"])

    def date(self):
        months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
        m, d, y = self.rng.randint(1, 12), self.rng.randint(1, 28), self.rng.randint(1935, 2026)
        th = "th" if 10 < d < 20 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
        name, short = months[m - 1], months[m - 1][:3]
        return self.pick([f"{m}/{d}/{y}", f"{m:02}/{d:02}/{y}", f"{m:02}/{d:02}/{y % 100:02}", f"{name} {d}, {y}", f"{name} {d}{th}, {y}", f"{y}-{m:02}-{d:02}",
                          f"{d}-{short.upper()}-{y}", f"{d} {name} {y}", f"{short} {d}, {y}", f"{m:02}-{d:02}-{y}", f"{d}{th} of {name}",
                          f"{name} {d}{th}", f"{short} {d}{th} '{y % 100:02}", f"{name} {y}"])

    def address(self):
        p = self.places
        unit = self.pick(["", "", f", Apt {self.rng.randint(1, 40)}", f" Suite {self.rng.randint(100, 900)}", f", Unit {self.pick('ABCD')}"])
        return f"{self.rng.randint(1, 9999)} {self.pick(['', '', 'N ', 'SW '])}{self.pick(p['street'])} {self.pick(p['suffix'])}{unit}"

    def city_state(self):
        p = self.places
        return f"{self.pick(p['city'])}{self.pick([', ', ', ', ' '])}{self.pick(p['state'] + p['state_name'])}"

    def cast(self):
        """The people and places of one document; a slot keeps its value throughout."""
        patient, doctor, doctor2 = self.person(), self.person(), self.person()
        kin = (self.person()[0], patient[1] if self.chance(0.6) else self.person()[1])
        p = self.places
        female = self.chance(0.5)
        plain = lambda *v: (self.pick(v), None, None)
        name = lambda v: (v, "NAME", "NAME")
        return {
            "P": lambda: name(self.full(patient)), "PV": lambda: name(self.inverted(patient)), "PF": lambda: name(patient[0]),
            "PL": lambda: name(patient[1]), "PI": lambda: name(f"{patient[0]} {patient[1][0].upper()}."),
            "PS": lambda: name(patient[0][0] + patient[1][0].upper()), "PK": lambda: name(f"{patient[0][0]}. {patient[1]}"),
            "D": lambda: name(self.full(doctor)), "DF": lambda: name(doctor[0]), "DL": lambda: name(doctor[1]), "DI": lambda: name(f"{doctor[0][0]}. {doctor[1]}"),
            "E": lambda: name(self.full(doctor2)), "EL": lambda: name(doctor2[1]),
            "R": lambda: name(" ".join(kin)), "RF": lambda: name(kin[0]),
            "X": lambda: name(self.full(self.person())), "XF": lambda: name(self.person()[0]), "XL": lambda: name(self.person()[1]),
            "F": lambda: (self.facility(), "HOSPITAL", "HOSPITAL"),
            "N": lambda: (f"{self.pick(p['stem'])} {self.pick(p['nonhealth'])}", "LOCATION", "SCHOOL"),
            "C": lambda: (self.pick(p["city"]), "LOCATION", "CITY"), "CI": lambda: (self.pick(p["city"]) + self.pick([" office", " clinic"]), "LOCATION", "CITY"),
            "CS": lambda: (self.city_state(), "LOCATION", "CITY"),
            "Z": lambda: (f"{self.rng.randint(10000, 99999)}", "ZIP", "ZIP"), "ST": lambda: (self.pick(p["state_name"]), "LOCATION", "FREE-STATE"),
            "CO": lambda: (self.pick(p["county"]) + " County", "LOCATION", "COUNTY"), "AD": lambda: (self.address(), "LOCATION", "STREET"),
            "DT": lambda: (self.date(), "DATE", "DATE"), "MRN": lambda: (str(self.rng.randint(100000, 9999999)), "MRN", "MRN"),
            "PH": lambda: (f"({self.rng.randint(201, 989)}) 555-01{self.rng.randint(0, 99):02}", "PHONE", "PHONE"),
            "EM": lambda: (f"{patient[0].lower()}.x@example.com", "EMAIL", "EMAIL"),
            "AGE": lambda: (str(self.rng.randint(2, 89)), "AGE", "AGE"), "OLD": lambda: (str(self.rng.randint(90, 104)), "AGE", "AGE"),
            "SEX": lambda: plain("female", "woman", "lady") if female else plain("male", "man", "gentleman"),
            "G": lambda: plain("F") if female else plain("M"), "HE": lambda: plain("She") if female else plain("He"),
            "HIS": lambda: plain("her") if female else plain("his"), "MR": lambda: plain("Ms.", "Mrs.", "Miss") if female else plain("Mr."),
            "KIN": lambda: plain("wife", "husband", "son", "daughter", "mother", "father", "sister", "brother", "aunt", "partner", "niece", "grandson"),
            "COND": lambda: plain(*self.templates["condition"]), "DRUG": lambda: plain(*self.templates["drug"]),
            "SPEC": lambda: plain("cardiology", "oncology", "neurology", "nephrology", "orthopedics", "general surgery", "primary care", "urology"),
            "CRED": lambda: plain("MD", "DO", "RN", "NP", "PA-C", "LCSW", "PharmD", "MD, PhD", "M.D.", "FNP", "RN BSN", "DPM"),
            "FILL": lambda: plain(*self.templates["filler"]),
        }

    def write(self, template, cast):
        text, spans = "", []
        for part in re.split(r"(\{[A-Z]+\})", template):
            if not re.fullmatch(r"\{[A-Z]+\}", part):
                text += part
                continue
            value, kind, raw = cast[part[1:-1]]()
            if kind in ("NAME", "HOSPITAL") and self.case:
                changed = self.case(value)
                value = changed if len(changed) == len(value) else value
            if kind:
                spans.append({"start": len(text), "end": len(text) + len(value), "type": kind, "raw_type": raw})
            text += value
        return text, spans

    def document(self, number):
        kind = self.pick(["prompt", "prompt", "clean prompt", "note", "note", "dialogue", "letter", "message", "record", "clean note", "sentence"])
        cast, pieces = self.cast(), []
        r = self.rng.random()
        self.case = str.lower if r < 0.07 else str.upper if r < 0.14 else None  # names as people type them
        if kind in ("prompt", "clean prompt", "message", "record", "sentence"):
            pieces = [self.pick(self.templates[kind])]
        elif kind == "dialogue":
            pieces = [self.pick(self.templates["dialogue start"])] + self.rng.sample(self.templates["dialogue"], self.rng.randint(4, 9))
            pieces = ["\n".join(pieces)]
        elif kind == "letter":
            pieces = [self.pick(self.templates["letter start"]), *self.body(3), self.pick(self.templates["letter end"])]
        elif kind == "note":
            pieces = [self.pick(self.templates["banner"]), *self.body(6), self.pick(self.templates["signature"])]
        else:
            pieces = self.rng.sample(self.templates["filler"], 8)
        glue = "\n\n" if kind in ("letter", "note") else self.pick([" ", "\n"])
        text, spans = self.write(glue.join(pieces), cast)
        if kind == "dialogue" or (kind in ("prompt", "sentence", "message") and self.chance(0.06)):
            text = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        elif kind in ("note", "record") and self.chance(0.06):
            text = "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
        return {"id": f"synthetic-{number}", "text": text, "spans": spans}

    def body(self, n):
        lines = self.rng.sample(self.templates["sentence"], n) + self.rng.sample(self.templates["filler"], n)
        self.rng.shuffle(lines)
        return [" ".join(lines[:n]), " ".join(lines[n:])]


def main(args):
    folder = args[args.index("--names") + 1] if "--names" in args else None
    maker = Maker(int(args[0]), folder)
    for k in range(int(args[1])):
        print(json.dumps(maker.document(k), ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
