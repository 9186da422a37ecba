#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles nicknames.txt (a given name, then its short and pet forms) to nicknames.inc: pairs in both directions, by the
hashes of words.c. With a path it first makes nicknames.txt anew from names.csv of the PyPI package `nicknames`."""
import collections, csv, os, sys

from folding import fold, hash_word

HERE = os.path.dirname(os.path.abspath(__file__))


def reduce(path):
    names = collections.defaultdict(set)
    for row in csv.DictReader(open(path, encoding="utf8")):
        if row["name1"].isalpha() and row["name2"].isalpha():
            names[row["name1"]].add(row["name2"])
    with open(f"{HERE}/nicknames.txt", "w", encoding="utf8") as out:
        out.write("# Made by nicknames.py from PyPI nicknames 1.0.1 (Apache-2.0), see SOURCES.md\n")
        for name in sorted(names):
            out.write(" ".join([name] + sorted(names[name])) + "\n")


def main():
    if len(sys.argv) > 1:
        reduce(sys.argv[1])
    pairs = set()
    for line in open(f"{HERE}/nicknames.txt", encoding="utf8"):
        words = [hash_word(fold(w)) for w in line.split("#")[0].split()]
        for other in words[1:]:
            if other != words[0]:
                pairs |= {(words[0], other), (other, words[0])}
    with open(f"{HERE}/nicknames.inc", "w") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/nicknames.py; do not edit. */\n")
        out.write("static const struct pair pairs[] = {\n")
        for a, b in sorted(pairs):
            out.write(f"    {{0x{a:x}, 0x{b:x}}},\n")
        out.write("};\n")
    print(f"{len(pairs)} pairs")


if __name__ == "__main__":
    main()
