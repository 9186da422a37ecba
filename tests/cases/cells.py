#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes PRESET.yaml for each preset: a case for every cell of the table of purposes and kinds.

The table below is what a practice is promised (docs/POLICY.md); it is written by hand and knows nothing of the policy's
own lines, which the cases check. A letter is an action: T tokenize, O offset, Y a general form, M mask, B block, F flag,
A allow. Columns: treatment, prior-auth, billing, scheduling, patient-letter, research, it-development.
"""
import pathlib

PURPOSES = ["treatment", "prior-auth", "billing", "scheduling", "patient-letter", "research", "it-development"]

TABLE = """
NAME.PATIENT     T T T T T M B
NAME.RELATIVE    T T T T T M B
NAME.EMPLOYER    T T T M T M B
NAME.PROVIDER    A A A A A T M
NAME.UNKNOWN     T T T T T M B
GEO.STREET       T T M T T M B
GEO.CITY         T T Y T T M B
GEO.COUNTY       T T Y T T M B
GEO.ZIP          Y Y T Y T Y B
GEO.FACILITY     A A A A A T M
GEO.COORD        M M M M M M B
DATE.DOB         T T T M M Y B
DATE.DEATH       O O O B O Y B
DATE.SERVICE     O O O T O Y B
DATE.OTHER       O O O T O Y B
DATE.RELATIVE    A A A A A Y M
TIME             A A A A A M M
AGE.90PLUS       Y Y Y M Y Y Y
AGE.LE89         A A A M A A A
PHONE            T T M T T M B
FAX              T T M T T M B
EMAIL            T T M T T M B
SSN              M M M M M M B
SSN.LAST4        M M M M M M B
ITIN             M M M M M M B
MRN              T T T T M M B
ENCOUNTER        T T T T M M B
PLAN.ID          M T T M M M B
PLAN.GROUP       M T T M M M B
ACCOUNT.PATIENT  M M T M M M B
ACCOUNT.BANK     M M M M M M B
ACCOUNT.CARD     M M M M M M B
LICENSE.PERSON   M M M M M M B
LICENSE.PROVIDER T T T M M M M
VEHICLE          M M M M M M B
DEVICE.SERIAL    T T T M T M B
DEVICE.DI        A A A M A A M
URL              M M M T T M B
IP               M M M M T M B
BIOMETRIC        B B B B B B B
PHOTO            B B B B B B B
OTHER.CLAIM      M T T M M M B
OTHER.AUTH       M T T M M M B
OTHER.RX         T T T T T M B
OTHER.ACCESSION  T T T T T M B
OTHER.CODE       T T T T T M B
TRAIT            F F F F F F B
SECRET           B B B B B B B
SENS.SUD         B B B B B B B
SENS.PSYTHPN     B B B B B B B
SENS.HIV         F F F B F F B
SENS.MENTAL      F F F B F F B
SENS.REPRO       F F F B F F B
SENS.GENDER      F F F B F F B
SENS.ABUSE       F F F B F F B
SENS.STI         F F F B F F B
SENS.GENETIC     F F F B F F B
SENS.MINOR       B B B B B B B
SENS.STATUS      F F F B F F B
"""

# One text for each kind; what is found stands in braces.
TEXTS = {
    "NAME.PATIENT": "Patient: {John Hollingsworth} was seen.", "NAME.RELATIVE": "His mother {Margaret Hollingsworth} called.",
    "NAME.EMPLOYER": "Employer: {Acme Rubber Works}", "NAME.PROVIDER": "Seen by Dr. {Ellison} today.",
    "NAME.UNKNOWN": "We then met {Jonathan Hollingsworth} outside.", "GEO.STREET": "lives at {4417 Maple Street} now",
    "GEO.CITY": "lives in {Springfield} since", "GEO.COUNTY": "from {probe-county-7} now", "GEO.ZIP": "in IL {62704} now",
    "GEO.FACILITY": "admitted to {Mercy General Hospital} again", "GEO.COORD": "at {40.712776, -74.005974} now",
    "DATE.DOB": "DOB: {03/14/1961} noted", "DATE.DEATH": "Date of death: {03/14/2021} noted",
    "DATE.SERVICE": "Date of service: {03/14/2024} noted", "DATE.OTHER": "it was {03/14/2023} then",
    "DATE.RELATIVE": "fever {two days before admission}", "TIME": "at {14:35} in pain", "AGE.90PLUS": "a {93}-year-old woman",
    "AGE.LE89": "a {67}-year-old woman", "PHONE": "Call {212-555-0147} now", "FAX": "Fax: {212-555-0148} now",
    "EMAIL": "write to {jane@example.com} now", "SSN": "SSN: {219-09-9999} noted", "SSN.LAST4": "SSN ending in {8741}",
    "ITIN": "ITIN: {912-78-1234} noted", "MRN": "MRN: {00417723} noted", "ENCOUNTER": "Encounter number: {88123456} noted",
    "PLAN.ID": "Member ID: {XYZ123456789} noted", "PLAN.GROUP": "Group number: {0081234} noted",
    "ACCOUNT.PATIENT": "Patient account number: {77123456} noted",
    "ACCOUNT.BANK": "Bank account number: {000123456789} noted", "ACCOUNT.CARD": "Card: {4111 1111 1111 1111} noted",
    "LICENSE.PERSON": "Driver's license: {D1234567} noted", "LICENSE.PROVIDER": "NPI: {1234567893} noted",
    "VEHICLE": "VIN: {1M8GDM9AXKP042788} noted", "DEVICE.SERIAL": "Pacemaker serial number: {PCM4471823} noted",
    "DEVICE.DI": "UDI-DI: (01){00844588003288} noted", "URL": "see {https://portal.example.com/p/884} now",
    "IP": "from {192.0.2.17} now", "BIOMETRIC": "fingerprint template: {9f8a7c6b5d4e3f2a} noted", "PHOTO": "photo: {face.jpg}",
    "OTHER.CLAIM": "Claim number: {20240314998} noted", "OTHER.AUTH": "Prior authorization number: {A77123456} noted",
    "OTHER.RX": "Rx number: {7712345} noted", "OTHER.ACCESSION": "Accession number: {S24-12345} noted",
    "OTHER.CODE": "Subject ID: {001-0123}", "TRAIT": "she is a retired {TV anchor} now",
    "SECRET": "password: {Tr0ub4dor&3x} noted", "SENS.SUD": "attends a {methadone clinic} weekly",
    "SENS.PSYTHPN": "see {psychotherapy process notes} here", "SENS.HIV": "{HIV positive} since then",
    "SENS.MENTAL": "{schizophrenia} is stable", "SENS.REPRO": "had a {medication abortion} then",
    "SENS.GENDER": "{gender dysphoria} clinic", "SENS.ABUSE": "victim of {domestic violence}",
    "SENS.STI": "treated for {gonorrhea}", "SENS.GENETIC": "{BRCA1} mutation carrier", "SENS.MINOR": "{minor consent} visit",
    "SENS.STATUS": "{undocumented immigrant}",
}

GENERAL = {"GEO.ZIP": "627", "DATE.DOB": "1961", "DATE.DEATH": "2021", "DATE.SERVICE": "2024", "DATE.OTHER": "2023",
           "AGE.90PLUS": "90+"}


def word(kind):
    return kind.split(".")[0]


def becomes(kind, action, value):
    """What stands in the value's place, and what may come back for it."""
    if action in "AF":
        return value, None
    if action in "TO":
        return f"[{word(kind)}_1]", value
    if action == "Y" and kind in GENERAL:
        return GENERAL[kind], None
    return f"[{word(kind)}]", f"[{word(kind)}]"


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def case(kind, purpose, action):
    before, rest = TEXTS[kind].split("{")
    value, after = rest.split("}")
    lines = [f"  - name: {purpose} {kind}", f"    purpose: {purpose}", f"    text: {quote(before + value + after)}"]
    if action == "B":
        return lines + [f"    blocked: {kind}"]
    left, back = becomes(kind, action, value)
    lines.append(f"    sends: {quote(before + left + after)}")
    if back is not None:
        lines.append(f"    restores: {{says: {quote('About ' + left + '.')}, gives: {quote('About ' + back + '.')}}}")
    return lines


# What one short text cannot show.
MORE = """  - name: the distance of two dates is kept, and a new one is written like them
    purpose: treatment
    text: 'Date of service: 03/14/2024, seen again March 26, 2024'
    sends: 'Date of service: [DATE_1], seen again [DATE_1B+12d]'
    restores: {says: '[DATE_1+48d], or [DATE_1B+48d]', gives: '05/01/2024, or May 1, 2024'}
  - name: a birth date has no distance
    purpose: treatment
    text: 'DOB: 03/14/1931, seen 03/14/2024'
    sends: 'DOB: [DATE_1], seen [DATE_2]'
  - name: a city becomes its state
    purpose: billing
    text: 'lives in Springfield, IL now'
    sends: 'lives in IL now'
  - name: in a known small area not even three digits stay
    purpose: treatment
    text: 'in VT 05901 now'
    sends: 'in VT 000 now'
  - name: without a purpose the strictest
    text: 'MRN: 00417723 noted'
    blocked: MRN
"""


RARE = "SENS.HIV SENS.MENTAL SENS.REPRO SENS.GENDER SENS.ABUSE SENS.STI SENS.GENETIC SENS.STATUS"

# The other presets decide alike for all their purposes: what most kinds get, and which get something else.
OTHERS = {
    "safe-harbor": (PURPOSES, "T", {
        "A": "AGE.LE89 DEVICE.DI", "M": "SSN SSN.LAST4 ITIN ACCOUNT.BANK ACCOUNT.CARD", "F": RARE,
        "B": "BIOMETRIC PHOTO SECRET SENS.SUD SENS.PSYTHPN SENS.MINOR"}),
    "block-all": (PURPOSES, "B", {"A": "AGE.LE89 DEVICE.DI"}),
    "limited-data-set": (["research", "public-health", "operations"], "M", {
        "A": "GEO.CITY GEO.COUNTY GEO.ZIP DATE.DOB DATE.DEATH DATE.SERVICE DATE.OTHER DATE.RELATIVE TIME AGE.90PLUS AGE.LE89 DEVICE.DI",
        "T": "NAME.PROVIDER GEO.FACILITY OTHER.CLAIM OTHER.AUTH OTHER.RX OTHER.ACCESSION OTHER.CODE TRAIT",
        "F": RARE + " SENS.MINOR", "B": "BIOMETRIC PHOTO SECRET SENS.SUD SENS.PSYTHPN"}),
    "on-prem-model": (PURPOSES, "A", {
        "M": "SSN SSN.LAST4 ITIN ACCOUNT.BANK ACCOUNT.CARD LICENSE.PERSON VEHICLE", "F": RARE + " SENS.SUD SENS.MINOR",
        "B": "BIOMETRIC PHOTO SECRET SENS.PSYTHPN"}),
    # While it lasts: the floor alone.
    "monitor-only": (PURPOSES[:-1], "A", {
        "M": "SSN SSN.LAST4 ITIN ACCOUNT.BANK ACCOUNT.CARD LICENSE.PERSON", "B": "BIOMETRIC SECRET"}),
}


def policy(preset):
    """The preset with one more rule, so that every kind can be met by one short text."""
    more = "monitor_until: \"2199-01-01\"\n" if preset == "monitor-only" else ""
    return f"""# SPDX-License-Identifier: Apache-2.0

# Written by tests/cases/cells.py; change it there.

id: cells-{preset}
version: 1
description: {preset}, and a word that stands for a county.
extends: {preset}
{more}
rules:
  - id: probe-county
    kind: GEO.COUNTY
    pattern: '\\bprobe-county-7\\b'
    score: 100
    examples: {{match: [in probe-county-7], not: [in probe-county-8]}}
end: cells-{preset}
"""


def rows(preset):
    table = [line.split() for line in TABLE.split("\n") if line]
    if preset in ("minimum-necessary", "strict"):
        return [(kind, purpose, action) for kind, *actions in table for purpose, action in zip(PURPOSES, actions, strict=True)]
    purposes, most, others = OTHERS[preset]
    letters = {kind: letter for letter, kinds in others.items() for kind in kinds.split()}
    return [(kind, purpose, letters.get(kind, most)) for kind, *_ in table for purpose in purposes]


def cases(preset="minimum-necessary"):
    own = "cells.yaml" if preset == "minimum-necessary" else f"cells-{preset}.yaml"
    out = ["# SPDX-License-Identifier: Apache-2.0", "# Written by tests/cases/cells.py; change it there.",
           f"policy: policies/{own}", "tests:"]
    for kind, purpose, action in rows(preset):
        out += case(kind, purpose, action)
    return "\n".join(out) + "\n" + (MORE if preset == "minimum-necessary" else "")


PRESETS = ["minimum-necessary", "strict", *OTHERS]

if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    for name in PRESETS:
        (here / f"{name}.yaml").write_text(cases(name), encoding="utf8")
        if name != "minimum-necessary":
            (here / "policies" / f"cells-{name}.yaml").write_text(policy(name), encoding="utf8")
