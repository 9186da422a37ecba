#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/HIPAA.md out of docs/hipaa.txt and detectors/kinds.def; --check proves every reference instead.

Fails when a file, a name in it or a test is gone, when the sources cite a clause that the table has nowhere, or when the page is
not what would be written.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE, PAGE = ROOT / "docs/hipaa.txt", ROOT / "docs/HIPAA.md"
STATES = {"held": "enforced", "part": "helped", "site": "the practice's"}
SOURCES = ["proxy", "detectors", "policies", "deploy"]
LETTERS = {
    "A": "names", "B": "geographic subdivisions smaller than a state", "C": "dates but the year, ages over 89",
    "D": "telephone numbers", "E": "fax numbers", "F": "e-mail addresses", "G": "social security numbers",
    "H": "medical record numbers", "I": "health plan beneficiary numbers", "J": "account numbers",
    "K": "certificate and license numbers", "L": "vehicle identifiers", "M": "device identifiers and serial numbers",
    "N": "URLs", "O": "IP addresses", "P": "biometric identifiers", "Q": "full-face photographs",
    "R": "any other unique number, characteristic or code"}


class Clause:
    def __init__(self, line, chapter):
        self.cite, self.title = re.match(r"== (\S+) (.+)", line).groups()
        self.chapter, self.text, self.code, self.test = chapter, {}, [], []


def read():
    clauses, chapter, errors = [], "", []
    for number, line in enumerate(TABLE.read_text(encoding="utf8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            clauses.append(Clause(line, chapter))
        elif line.startswith("= "):
            chapter = line[2:]
        else:
            word, _, rest = line.partition(" ")
            if word in ("code", "test"):
                getattr(clauses[-1], word).append(rest.split())
            elif word in ("is", "asks", "does", "left") and word not in clauses[-1].text:
                clauses[-1].text[word] = rest
            else:
                errors.append(f"docs/hipaa.txt:{number}: what is `{word}`?")
    for c in clauses:
        if c.text.get("is") not in STATES or not {"asks", "does"} <= c.text.keys():
            errors.append(f"docs/hipaa.txt: {c.cite} needs is, asks and does")
        if c.text.get("is") != "held" and "left" not in c.text:
            errors.append(f"docs/hipaa.txt: {c.cite}: what is left to the practice?")
        if c.text.get("is") == "held" and not c.test:
            errors.append(f"docs/hipaa.txt: {c.cite} is said to be held, by no test")
    if len({c.cite for c in clauses}) != len(clauses):
        errors.append("docs/hipaa.txt: a clause stands twice")
    return clauses, errors


def is_test(path, text, name):
    if path.suffix == ".py":
        return name.startswith("test_") and re.search(rf"^def {re.escape(name)}\(", text, re.M)
    return re.search(rf"^static void {re.escape(name)}\(void \*\*state\)", text, re.M)


def check(clauses):
    errors = []
    for c in clauses:
        for kind in ("code", "test"):
            for file, *names in getattr(c, kind):
                path = ROOT / file
                if not path.is_file():
                    errors.append(f"{c.cite}: {file} does not exist")
                    continue
                text = path.read_text(encoding="utf8")
                for name in names:
                    there = is_test(path, text, name) if kind == "test" else re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
                    if not there:
                        errors.append(f"{c.cite}: {file} has no {kind} {name}")
                if not names:
                    errors.append(f"{c.cite}: {file}: which {kind}?")
    return errors


def uncited(clauses):
    """Citations in the sources that no clause of the table covers, itself or as a part of one."""
    errors, known = [], [c.cite for c in clauses]
    for top in SOURCES:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".c", ".h", ".def", ".yaml", ".md") or not path.is_file():
                continue
            for cite in set(re.findall(r"\b164\.\d+(?:\([a-zA-Z0-9]+\))*", path.read_text(encoding="utf8"))):
                if not any(cite.startswith(k) or k.startswith(cite) for k in known):
                    errors.append(f"{path.relative_to(ROOT)} cites {cite}, which docs/hipaa.txt does not have")
    return errors


def references(rows):
    return "; ".join(f"`{file}`" + (f" ({', '.join(f'`{n}`' for n in names)})" if names else "") for file, *names in rows)


def letters():
    kinds = {}
    for name, letter in re.findall(r'^KIND\(\w+, "([^"]+)", \'(.)\'', (ROOT / "detectors/kinds.def").read_text(), re.M):
        kinds.setdefault(letter, []).append(name)
    lines = ["## Safe Harbor by letter", "", "The kinds that findings, policies and records name. `-` are kinds without a letter: " +
             ", ".join(f"`{k}`" for k in kinds.pop("-")) + ".", "", "| 164.514(b)(2)(i) | Identifiers | Kinds |", "|---|---|---|"]
    for letter, what in LETTERS.items():
        lines.append(f"| ({letter}) | {what} | {', '.join(f'`{k}`' for k in kinds.pop(letter, []))} |")
    assert not kinds, f"letters that Safe Harbor does not have: {kinds}"
    return lines


def page(clauses):
    out = ["# HIPAA, clause by clause", "",
           "Generated by `docs/hipaa.py` from `docs/hipaa.txt`; `make test` fails when anything named here does not exist.", "",
           "What the rules ask stands in our words; the text is 45 CFR parts 160 and 164. *Enforced*: the gateway does not serve otherwise. "
           "*Helped*: it does a part, and the practice the rest. This page is no legal advice and no certificate: there is none for HIPAA.", "",
           "| Clause | | |", "|---|---|---|"]
    out += [f"| {c.cite} | {c.title} | {STATES[c.text['is']]} |" for c in clauses]
    chapter = None
    for c in clauses:
        if c.chapter != chapter:
            chapter = c.chapter
            out += ["", f"## {chapter}"]
        out += ["", f"### {c.cite} {c.title}", "", f"*Asks:* {c.text['asks']}", "", f"*{STATES[c.text['is']].capitalize()}:* {c.text['does']}", ""]
        out += [f"- Code: {references(c.code)}"] if c.code else []
        out += [f"- Tests: {references(c.test)}"] if c.test else []
        out += [f"- Left to the practice: {c.text['left']}"] if "left" in c.text else []
    return "\n".join(out + [""] + letters()) + "\n"


def main():
    clauses, errors = read()
    errors = errors or check(clauses) + uncited(clauses)
    text = page(clauses) if not errors else ""
    if "--check" in sys.argv and not errors and (not PAGE.exists() or PAGE.read_text(encoding="utf8") != text):
        errors.append("docs/HIPAA.md is not what docs/hipaa.txt gives: run python3 docs/hipaa.py")
    for e in errors:
        print(e)
    if errors:
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf8")
    print(f"{len(clauses)} clauses, every reference exists")
    return 0


if __name__ == "__main__":
    sys.exit(main())
