#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Floors for names alone: each name of people.txt in each of the ways below, and the share of them that is found.

What is taught about words that are no names (abbreviations, eponyms, countries, labels) shows here whom it costs the name.
Usage: names_check.py [path to phi] [--all: every name that is not found]
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Of many families that are words, abbreviations, labels or places, too.
HARD = ("Ng Ho Li Le Vo Do Ma Wong Wells Ted Ada Mac Ash Gia Judge Son Street Ward Price Barton Koch Blake Duffy Brown Stanley Landis Kincaid "
        "Alger Sager Hare Long Day Young Hand Head Min Park Tan Lim Doe Case Page Field Bishop Elder Rao Bun Lac Har Bal Vas Pip Kay Jordan "
        "Israel Holland Roman Lebanon Han Best Small").split()
# A way, and the least share of names that is found in it. {n} as written, {u} in capitals, {l} in small letters.
WAYS = {
    "Seen by Dr. {n} today": 0.99,
    "SEEN BY DR {u} TODAY": 0.99,
    "SEEN BY MR {u} AND HIS WIFE": 0.99,
    "Attending: {n}\nDOB: 1/2/80": 0.99,
    "ATTENDING: {u}\nDOB: 1/2/80": 0.99,
    "Patient: {n}": 0.99,
    "PATIENT: {u}": 0.99,
    "Mrs. {n} was seen": 0.99,
    "son {n} at bedside": 0.99,
    "Nurse {n} called": 0.99,
    "pt {n} in room 3, s/p appy": 0.97,
    "spoke w/ {n} about it": 0.95,
    "Hi {n}, thank you": 0.98,
    "cc: {n}": 0.99,
    "{n} was seen. {n}'s wife called": 0.9,
    "last,first\n{n},Ann\nDoe,Lou": 0.98,
    "Dear Mr. {n}:": 0.99,
    "[doctor] hi {l} , how are you": 0.95,
    "signed by {n}, RN": 0.99,
    # In small letters, by what stands beside.
    "lives with his spouse a. {l}. Spinal.": 0.95,
    "Records faxed, attention d {l}. Eyes normal.": 0.9,
    "Normal.\n\nSincerely,\nb. {l}, DO": 0.95,
    "Dictated by: olga {l}, M.D.": 0.95,
    "[doctor] let me talk with {l} about it": 0.85,
    "[doctor] {l} good to see you today": 0.86,
    "i saw dr. {l} last time": 0.95,
    # Behind no word that tells, but in front of one.
    "Stable. {n} to follow up in 2 weeks.": 0.8,
    "Seen. {n} states she fell.": 0.9,
    "{n} recs: start lasix.": 0.8,
    "Bed 4 {n}: NPO for OR.": 0.8,
    "Plan: call {n} with results.": 0.8,
}


def names():
    found = set(HARD)
    for line in open(f"{HERE}/people.txt", encoding="utf8"):
        if not line.startswith("#"):
            found.update(w for w in re.split(r"[|\s]+", line.split("|", 1)[1]) if re.fullmatch(r"[A-Z][\w'’-]+", w))
    return sorted(found)


def scan(phi, texts):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf8") as f:
        for i, text in enumerate(texts):
            f.write(json.dumps({"id": str(i), "text": text}) + "\n")
        f.flush()
        out = subprocess.run([phi, "scan", "--jsonl", f.name], capture_output=True, text=True, check=True).stdout
    return {int(d["id"]): d["findings"] for d in map(json.loads, out.splitlines())}


def is_found(text, findings, name):
    data = text.encode()
    forms = {name.lower(), name.upper().lower()}  # Yılmaz, YILMAZ
    return any(form in data[x["begin"]:x["end"]].decode(errors="ignore").lower() for x in findings for form in forms)


def main(args):
    phi = next((a for a in args if not a.startswith("--")), f"{HERE}/../../build/phi")
    asked = [(way, n, way.format(n=n, u=n.upper(), l=n.lower())) for way in WAYS for n in names()]
    findings = scan(phi, [text for _, _, text in asked])
    total, hits = collections.Counter(), collections.Counter()
    for i, (way, name, text) in enumerate(asked):
        hit = is_found(text, findings.get(i, []), name)
        total[way] += 1
        hits[way] += hit
        if not hit and "--all" in args:
            print(repr(text))
    wrong = [way for way, least in WAYS.items() if hits[way] < least * total[way]]
    for way in WAYS:
        print("%s %.4f of %d: %r" % ("not ok" if way in wrong else "ok", hits[way] / total[way], total[way], way))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
