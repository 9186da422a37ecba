#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fresh.jsonl, rounds.jsonl, questions.jsonl (which are about nobody) and kept.jsonl (which nobody reads) from the .txt beside them: ⟦code text⟧ becomes an annotated
span, offsets in code points.

A small article or preposition in front ("the 11th", "in the marsh") tells of nobody and is left out of the span. A state
behind a place is a span of its own, which may be hidden and need not.
"""
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
CODES = {"N": "NAME", "L": "LOCATION", "H": "HOSPITAL", "Z": "ZIP", "D": "DATE", "A": "AGE", "P": "PHONE", "F": "FAX", "E": "EMAIL",
         "S": "SSN", "M": "MRN", "I": "HEALTH_PLAN", "C": "ACCOUNT", "K": "LICENSE", "V": "VEHICLE", "G": "DEVICE", "U": "URL",
         "X": "IP", "R": "OTHER_ID", "O": "ORG"}
MARK = re.compile(r"⟦([A-Z]) ([^⟧]*)⟧")
STATE = re.compile(r",?\s{1,2}(AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX"
                   r"|UT|VT|VA|WA|WV|WI|WY|DC|PR|Ala(?:bama|ska)|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
                   r"|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada"
                   r"|New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee"
                   r"|Texas|Utah|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming)\b", re.I)
ARTICLE = re.compile(r"(?:(?:on|in|at|of) )?(?:the )?")


def document(name, body):
    text, spans, at = "", [], 0
    for m in MARK.finditer(body):
        text += body[at:m.start()]
        front = ARTICLE.match(m[2]).end() if m[1] in "DLHO" else 0
        spans.append({"start": len(text) + front, "end": len(text) + len(m[2]), "type": CODES[m[1]], "raw_type": CODES[m[1]]})
        text += m[2]
        at = m.end()
        state = STATE.match(body, at) if m[1] in "LH" else None
        if state and (len(state[1]) > 2 or state[1].isupper()):
            begin = len(text) + state.start(1) - at
            spans.append({"start": begin, "end": begin + len(state[1]), "type": "LOCATION", "raw_type": "LOCATION-STATE"})
    return {"id": name, "text": text + body[at:], "spans": spans}


def main():
    for corpus in ("fresh", "rounds", "questions", "kept"):
        parts = re.split(r"^==== (\S+)\n", (HERE / f"{corpus}.txt").read_text(encoding="utf8"), flags=re.M)[1:]
        with open(HERE / f"{corpus}.jsonl", "w", encoding="utf8") as out:
            for name, body in zip(parts[::2], parts[1::2]):
                out.write(json.dumps(document(name, body.rstrip("\n")), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
