#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the values of the rounds into the texts of another corpus: crossed.py CORPUS.jsonl OUT.jsonl [SEED]

Texts that have been seen do not tell how the next ones of their kind will do. Their sentences with names, houses, towns and numbers that stand
nowhere near them tell more: what was found by its value alone is lost then. Each value of a text is replaced by one of the same kind and build,
the same by the same; dates and ages stay.
"""
import collections
import json
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
NUMBERS = {"MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "DEVICE", "VEHICLE", "PHONE", "EMAIL"}
STATES = set("Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois Indiana Iowa Kansas "
             "Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska Nevada Ohio Oklahoma "
             "Oregon Pennsylvania Tennessee Texas Utah Vermont Virginia Washington Wisconsin Wyoming".split())
HOUSE = re.compile(r"Hospital|Clinic|Center|Medical|Health|Hosp")
WHOLE = re.compile(r"[^\W\d_][\w'’.-]*( [^\W\d_][\w'’.-]*)+")


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf8")]


def values():
    """By kind, for names and places by their build."""
    found = collections.defaultdict(list)
    for d in read(HERE / "rounds.jsonl"):
        for s in d["spans"]:
            v = d["text"][s["start"]:s["end"]]
            if "\n" not in v and not s["raw_type"].endswith("-STATE"):
                found[build(s["type"], v)].append(v)
    return found


def build(kind, v):
    if kind == "NAME":
        if WHOLE.fullmatch(v) and not v.isupper() and v[0].isupper():
            return "NAME whole"
        return "NAME word" if v.isalpha() and len(v) > 2 and v[0].isupper() and not v.isupper() else "NAME other"
    if kind in ("LOCATION", "HOSPITAL"):
        if v[0].isdigit():
            return "STREET" if len(v.split()) > 2 else "PLACE other"
        if v in STATES or not v[0].isupper() or v.isupper():
            return "PLACE other"
        house = kind == "HOSPITAL" or HOUSE.search(v)
        return "HOUSE" if house and len(v.split()) > 1 and len(v) < 45 else "TOWN" if not house and not any(c.isdigit() for c in v) else "PLACE other"
    return kind


def other(kind, v, found, chance):
    """As the value is written: small letters, capitals, with a state behind it."""
    if kind not in NUMBERS and kind not in ("NAME", "LOCATION", "HOSPITAL"):
        return v
    wanted = build(kind, v.title() if v.islower() or v.isupper() else v)
    if wanted.endswith("other"):
        return v
    if wanted == "TOWN" and "," in v:
        return chance.choice(found["TOWN"]).split(",")[0] + "," + v.split(",", 1)[1]
    new = chance.choice(found[wanted])
    return new.lower() if v.islower() else new.upper() if v.isupper() and wanted not in NUMBERS else new


def crossed(d, found, chance):
    text, spans, at, known = "", [], 0, {}
    for s in sorted(d["spans"], key=lambda s: s["start"]):
        if s["start"] < at:
            continue
        v = d["text"][s["start"]:s["end"]]
        new = known.setdefault((s["type"], v), other(s["type"], v, found, chance))
        text += d["text"][at:s["start"]]
        spans.append(dict(s, start=len(text), end=len(text) + len(new)))
        text += new
        at = s["end"]
    return {"id": d["id"], "text": text + d["text"][at:], "spans": spans}


def main(corpus, out, seed="1"):
    chance, found = random.Random(int(seed)), values()
    with open(out, "w", encoding="utf8") as f:
        for d in read(corpus):
            f.write(json.dumps(crossed(d, found, chance), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
