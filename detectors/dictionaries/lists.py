#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles ../word_lists.def to lists.inc: the lists of a word by its hash. Needs nothing but this repository."""
import os
import re

from folding import hash_word

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    text = re.sub(r"/\*.*?\*/", "", open(f"{HERE}/../word_lists.def", encoding="utf8").read(), flags=re.S)
    words, lists = {}, re.findall(r"LIST_OF\((\w+),(.*?)\)\n", text, flags=re.S)
    assert len(lists) <= 64
    for bit, (_, quoted) in enumerate(lists):
        for word in "".join(re.findall(r'"([^"]*)"', quoted)).split():
            assert re.fullmatch("[a-z0-9]+", word), word
            words[word] = words.get(word, 0) | 1 << bit
    bits = (len(words) * 3).bit_length()
    slots = [None] * (1 << bits)
    for word in sorted(words):
        at = hash_word(word) >> (64 - bits)
        while slots[at]:
            at = (at + 1) % len(slots)
        slots[at] = (hash_word(word), words[word])
    with open(f"{HERE}/lists.inc", "w", encoding="utf8") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/lists.py; do not edit. */\n"
                  f"enum {{ LISTS_BITS = {bits} }};\n\nstatic const struct list_slot list_slots[1 << LISTS_BITS] = {{\n")
        for at, slot in enumerate(slots):
            if slot:
                out.write(f"    [{at}] = {{0x{slot[0]:x}, 0x{slot[1]:x}}},\n")
        out.write("};\n")
    print(f"{len(words)} words, {len(lists)} lists, {bits} bits")


if __name__ == "__main__":
    main()
