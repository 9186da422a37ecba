#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the prose detector alone: score_words.py [--strict] [--all|--fit] [--floors] [--show N] CORPUS.jsonl...

Prints a line per corpus for the kinds that words can find (NAME, GEO, DATE, AGE). A token is a maximal run of letters or
digits. leak: share of identifiers of which a token is not covered. FP/1k: covered tokens that belong to no annotation,
per 1,000 tokens (what other detectors would cover counts for nothing). touched: share of the texts without any
identifier that are changed. --floors: exit 1 when a corpus of floors_words.json does worse than what is written there. --show prints N leaks and false alarms of each corpus to standard output.
"""
import collections, json, os, random, re, sys

import corpora

TOKEN = re.compile(r"[^\W_]+")
OURS = {"NAME": "NAME", "LOCATION": "GEO", "HOSPITAL": "GEO", "DATE": "DATE", "AGE": "AGE"}
FREE = {"ORG", "PROFESSION", "NRP", "TITLE", "OTHER"}


def must_find(span, text):
    value, raw = text[span["start"]:span["end"]], span.get("raw_type", "")
    if span["type"] in FREE or raw == "PLACE_MENTION" or raw.endswith("-STATE"):
        return False
    if span["type"] == "AGE":
        n = re.findall(r"\d+", value)
        return bool(n) and int(n[0]) >= 90
    if span["type"] == "DATE":
        return not (raw in ("YEAR_ONLY", "MONTH_ONLY", "MSH-7-MSGTIME") or re.fullmatch(r"(19|20)\d\d", value.strip()))
    return True


def score(docs, found, show, least):
    kinds, tokens, wrong, clean, touched = collections.defaultdict(lambda: [0, 0, 0]), 0, 0, 0, 0
    leaks, alarms = [], []
    for d, lines in zip(docs, found):
        text, at = d["text"], corpora.offsets(d["text"])
        covered = bytearray(len(text))
        for line in lines:
            if int(line[4]) < least:
                continue
            a, b = at[int(line[0])], at[int(line[1])]
            covered[a:b] = b"\1" * (b - a)
        allowed = bytearray(len(text))
        required = 0
        for s in d["spans"]:
            allowed[s["start"]:s["end"]] = b"\1" * (s["end"] - s["start"])
            if not must_find(s, text):
                continue
            required += 1
            inside = [m for m in TOKEN.finditer(text, s["start"], s["end"])]
            if s["type"] not in OURS or not inside:
                continue
            hit = sum(all(covered[m.start():m.end()]) for m in inside)
            k = kinds[OURS[s["type"]]]
            k[0] += 1
            k[1] += hit < len(inside)
            k[2] += hit == 0
            if hit < len(inside):
                leaks.append((s["type"], text, s["start"], s["end"]))
        bad = 0
        for m in TOKEN.finditer(text):
            tokens += 1
            if any(covered[m.start():m.end()]) and not any(allowed[m.start():m.end()]):
                bad += 1
                alarms.append(("FP", text, m.start(), m.end()))
        wrong += bad
        if not required:
            clean += 1
            touched += bad > 0
    rates = {k: v[1] / v[0] for k, v in kinds.items()} | {"alarms": 1000 * wrong / max(1, tokens)}
    line = " ".join(f"{k} {v[1]}/{v[0]}={v[1] / v[0]:.3f}" for k, v in sorted(kinds.items()))
    print(f"   FP/1k {1000 * wrong / max(1, tokens):.2f} ({wrong}) touched {touched}/{clean}  leak {line}")
    random.seed(5)
    for kind, text, a, b in random.sample(leaks, min(show, len(leaks))) + random.sample(alarms, min(show, len(alarms))):
        print(f"      {kind:8} {text[max(0, a - 45):a]!r} [[{text[a:b]}]] {text[b:b + 35]!r}")
    return rates


def failed(rates, floors):
    """Says what is above its floor."""
    worse = [k for k, most in floors.items() if rates.get(k, 0) > most]
    for k in worse:
        print(f"   {k}: {rates[k]:.4f} is more than {floors[k]}")
    return bool(worse)


def main(args):
    floors, check, bad = json.load(open(f"{corpora.HERE}/floors_words.json")), False, False
    show, half, least, paths = 0, "check", 50, []
    while args:
        a = args.pop(0)
        if a == "--show":
            show = int(args.pop(0))
        elif a == "--floors":
            check = True
        elif a in ("--all", "--fit"):
            half = a[2:]
        elif a == "--strict":
            least = 30  # strict mode lowers the threshold by 20
        else:
            paths.append(a)
    program = corpora.build(os.environ.get("OUT", f"{corpora.ROOT}/build/corpus"))
    for path in paths:
        docs = [d for d in corpora.read(path) if half == "all" or corpora.is_fit(d) == (half == "fit")]
        print(f"{os.path.basename(path):36} {len(docs):5} texts", end="")
        rates = score(docs, corpora.run(program, docs), show, least)
        bad |= check and failed(rates, floors.get(os.path.basename(path), {}))
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if len(sys.argv) > 1 else __doc__)