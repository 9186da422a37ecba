#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints annotated text (JSON Lines) in which values of each kind are written so that a pattern would miss them.

evasion.jsonl is its output. raw_type is the form; where a form keeps other text between the parts of a value, each part is a
span. Values come from reserved ranges or are shapes that nobody was given.
"""
import base64
import json
import re
import sys

KINDS = {
    "SSN": ("The patient social security number (SSN) is {}.", "536-22-8741"),
    "MRN": ("The medical record number (MRN) is {}.", "0048-2193"),
    "PHONE": ("Her cell phone number is {}.", "617-555-0143"),
    "FAX": ("Send it to fax number {}.", "212-555-0187"),
    "EMAIL": ("Her email address is {}.", "jane.quillen@example.com"),
    "DATE": ("The patient's date of birth (DOB) is {}.", "03/14/1951"),
    "HEALTH_PLAN": ("The Medicare number (MBI) is {}.", "1EG4-TE5-MK73"),
    "CARD": ("The credit card number is {}.", "4111-1111-1111-1111"),
    "IBAN": ("The bank account (IBAN) is {}.", "GB82 WEST 1234 5698 7654 32"),
    "ACCOUNT": ("The patient account number is {}.", "7004-8812-093"),
    "MEMBER": ("The member ID is {}.", "XEH-4471-00921"),
    "LICENSE": ("The driver's license number is {}.", "S48-221-9034"),
    "DEVICE": ("The pacemaker serial number is {}.", "PJN-448-2210"),
    "VEHICLE": ("The car has VIN {}.", "1M8GDM9AXKP042788"),
    "IP": ("She logged in from IP address {}.", "203.0.113.44"),
    "ACCESSION": ("The accession number is {}.", "S21-12345"),
}
TYPES = {"CARD": "ACCOUNT", "IBAN": "ACCOUNT", "MEMBER": "HEALTH_PLAN", "ACCESSION": "OTHER_ID"}
WORDS = "zero one two three four five six seven eight nine".split()


def groups(v):
    parts = re.findall(r"[A-Za-z0-9]+", v)
    if len(parts) > 1:
        return parts
    n = len(v)
    return [v[:n // 3], v[n // 3:2 * n // 3], v[2 * n // 3:]]


def each(v, change):
    return "".join(change(c) if c.isascii() and c.isalnum() else c for c in v)


def digits(v, change):
    return "".join(change(int(c)) if c in "0123456789" else c for c in v)


def joined(mark):
    return lambda v: mark.join(groups(v))


def inner(mark):
    return lambda v: "".join(c + mark if c.isalnum() and i + 1 < len(v) and v[i + 1].isalnum() and i % 2 == 0 else c for i, c in enumerate(v))


def wrap(left, right):
    def change(v):
        g = groups(v)
        at = v.index(g[1], len(g[0]))
        return v[:at] + left + g[1] + right + v[at + len(g[1]):]
    return change


def break_with(mark):
    def change(v):
        g = groups(v)
        at = v.index(g[-1], v.index(g[-2]) + len(g[-2]))
        return v[:at] + mark + v[at:]
    return change


def wide(v):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in v)


def spoken(v):
    out = []
    for g in groups(v):
        out.append(" ".join(WORDS[int(c)] if c.isdigit() else c.upper() for c in g))
    return ", ".join(out)


def half_spoken(v):
    n = [i for i, c in enumerate(v) if c.isdigit()]
    keep = set(n[:1] + n[-2:-1])
    return "".join(WORDS[int(c)] if i in keep else c for i, c in enumerate(v))


FORMS = {
    "plain": lambda v: v,
    "bare": joined(""), "spaces": joined(" "), "dots": joined("."), "slashes": joined("/"), "underscores": joined("_"),
    "spaced": lambda v: " ".join("".join(groups(v))),
    "en-dash": joined("\u2013"), "hyphen-2011": joined("\u2011"), "minus-2212": joined("\u2212"), "nbsp": joined("\u00a0"),
    "middle-dot": joined("\u00b7"), "bullet": joined("\u2022"),
    "zwsp": inner("\u200b"), "zwj": inner("\u200d"), "soft-hyphen": inner("\u00ad"), "word-joiner": inner("\u2060"), "lrm": inner("\u200e"),
    "bidi": lambda v: "\u202e" + v[::-1] + "\u202c",
    "variation": inner("\ufe0f"), "hangul-filler": inner("\u3164"), "cgj": inner("\u034f"),
    "low-line": lambda v: each(v, lambda c: c + "\u0332"),
    "keycaps": lambda v: digits(v, lambda n: f"{n}\ufe0f\u20e3"), "enclosing": lambda v: digits(v, lambda n: f"{n}\u20e3"),
    "full-width": wide,
    "bold-math": lambda v: digits(v, lambda n: chr(0x1D7CE + n)), "arabic": lambda v: digits(v, lambda n: chr(0x660 + n)),
    "devanagari": lambda v: digits(v, lambda n: chr(0x966 + n)),
    "superscript": lambda v: digits(v, lambda n: "⁰¹²³⁴⁵⁶⁷⁸⁹"[n]), "circled": lambda v: digits(v, lambda n: "⓪①②③④⑤⑥⑦⑧⑨"[n]),
    "tags": lambda v: "".join(chr(0xE0000 + ord(c)) for c in v),
    "entities": lambda v: "".join(f"&#{ord(c)};" for c in v), "hex-entities": lambda v: "".join(f"&#x{ord(c):x};" for c in v),
    "percent": lambda v: "".join(f"%{ord(c):02X}" for c in v), "escape-u": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "escape-x": lambda v: "".join(f"\\x{ord(c):02x}" for c in v),
    "base64": lambda v: base64.b64encode(v.encode()).decode(), "base64url": lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
    "hex": lambda v: v.encode().hex(), "base32": lambda v: base64.b32encode(v.encode()).decode(),
    "base64-twice": lambda v: base64.b64encode(base64.b64encode(v.encode())).decode(),
    "base64-percent": lambda v: "".join(f"%{c:02X}" for c in base64.b64encode(v.encode())),
    "quoted-printable": lambda v: "".join(f"={ord(c):02X}" for c in v),
    "digit-words": spoken, "half-words": half_spoken,
    "line-break": break_with("\n"), "crlf-indent": break_with("\r\n    "),
    "bold": wrap("**", "**"), "backticks": wrap("`", "`"), "html": wrap("<b>", "</b>"),
    "letters-o-l": lambda v: v.replace("0", "O").replace("1", "l"),
    "reversed": lambda v: v[::-1],
    "letters-a-j": lambda v: digits(v, lambda n: "abcdefghij"[n]),
    "then": lambda v: " then ".join(groups(v)), "comma": lambda v: ",".join(groups(v)),
}
# A form that says nothing for a kind: too few digits to change, letters that would be no such value.
SKIP = {"EMAIL": {"middle-dot", "bullet", "bare", "spaces", "dots", "slashes", "underscores", "en-dash", "hyphen-2011", "minus-2212", "nbsp", "keycaps", "enclosing", "bold-math",
                  "arabic", "devanagari", "superscript", "circled", "digit-words", "half-words", "letters-o-l", "letters-a-j", "then", "comma",
                  "spaced", "reversed"},
        "IP": {"bare", "spaces", "slashes", "underscores", "en-dash", "hyphen-2011", "minus-2212", "nbsp", "spaced", "letters-a-j", "comma", "reversed"},
        "DATE": {"letters-a-j", "reversed"}, "VEHICLE": {"spaces", "dots", "slashes", "underscores", "letters-a-j", "then", "comma"},
        "IBAN": {"letters-a-j"}, "MEMBER": {"letters-a-j"}, "LICENSE": {"letters-a-j"}, "DEVICE": {"letters-a-j"}, "ACCESSION": {"letters-a-j"},
        "HEALTH_PLAN": {"letters-a-j", "letters-o-l"}}


def document(kind, form, text, spans):
    return {"id": f"{kind}-{form}", "text": text,
            "spans": [{"start": a, "end": b, "type": TYPES.get(kind, kind), "raw_type": form} for a, b in spans]}


def main():
    out = sys.stdout
    for kind, (carrier, value) in KINDS.items():
        head, tail = carrier.split("{}")
        docs = []
        for form, change in FORMS.items():
            if form in SKIP.get(kind, ()):
                continue
            v = change(value)
            spans, at = [(len(head), len(head) + len(v))], 0
            if form == "then":
                spans = [(len(head) + m.start(), len(head) + m.end()) for m in re.finditer(r"[A-Z0-9]+", v)]
            docs.append(document(kind, form, head + v + tail, spans))
        blob = base64.b64encode(carrier.format(value).encode()).decode()
        docs.append(document(kind, "base64-sentence", "Decode this and answer: " + blob, [(24, 24 + len(blob))]))
        text = json.dumps({"note": json.dumps({"text": carrier.format(value)})})
        docs.append(document(kind, "json-in-json", text, [(text.index(value), text.index(value) + len(value))]))
        lines, spans, text = groups(value), [], head
        for i, g in enumerate(lines):
            text += f"\n{i + 1}. "
            spans.append((len(text), len(text) + len(g)))
            text += g
        if kind != "EMAIL":
            docs.append(document(kind, "list", text, spans))
        word = {"SSN": "SSN", "MRN": "MRN", "PHONE": "phone", "FAX": "fax", "EMAIL": "email", "DATE": "DOB", "HEALTH_PLAN": "MBI", "CARD": "card",
                "IBAN": "IBAN", "ACCOUNT": "account", "MEMBER": "memberid", "LICENSE": "license", "DEVICE": "serial", "VEHICLE": "VIN", "IP": "ip",
                "ACCESSION": "accession"}[kind]
        if kind not in ("EMAIL", "IP", "VEHICLE"):
            docs.append(document(kind, "glued", f"{word}is{value}x on file", [(len(word) + 2, len(word) + 2 + len(value))]))
        docs.append(document(kind, "underscored", f"{word.lower()}_{value}_", [(len(word) + 1, len(word) + 1 + len(value))]))
        for d in docs:
            out.write(json.dumps(d) + "\n")


if __name__ == "__main__":
    main()
