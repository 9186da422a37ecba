#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fresh.jsonl and rounds.jsonl from the .txt beside them: ⟦code text⟧ becomes an annotated span, offsets in code points.

A small article or preposition in front ("the 11th", "in the marsh") tells of nobody and is left out of the span.
"""
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
CODES = {"N": "NAME", "L": "LOCATION", "H": "HOSPITAL", "Z": "ZIP", "D": "DATE", "A": "AGE", "P": "PHONE", "F": "FAX", "E": "EMAIL",
         "S": "SSN", "M": "MRN", "I": "HEALTH_PLAN", "C": "ACCOUNT", "K": "LICENSE", "V": "VEHICLE", "G": "DEVICE", "U": "URL",
         "X": "IP", "R": "OTHER_ID", "O": "ORG"}
MARK = re.compile(r"⟦([A-Z]) ([^⟧]*)⟧")
ARTICLE = re.compile(r"(?:(?:on|in|at|of) )?(?:the )?")


def document(name, body):
    text, spans, at = "", [], 0
    for m in MARK.finditer(body):
        text += body[at:m.start()]
        front = ARTICLE.match(m[2]).end() if m[1] in "DLHO" else 0
        spans.append({"start": len(text) + front, "end": len(text) + len(m[2]), "type": CODES[m[1]], "raw_type": CODES[m[1]]})
        text += m[2]
        at = m.end()
    return {"id": name, "text": text + body[at:], "spans": spans}


def main():
    for corpus in ("fresh", "rounds"):
        parts = re.split(r"^==== (\S+)\n", (HERE / f"{corpus}.txt").read_text(encoding="utf8"), flags=re.M)[1:]
        with open(HERE / f"{corpus}.jsonl", "w", encoding="utf8") as out:
            for name, body in zip(parts[::2], parts[1::2]):
                out.write(json.dumps(document(name, body.rstrip("\n")), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
