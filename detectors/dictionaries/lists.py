#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hashes for what is looked up at run time: ../word_lists.def to lists.inc (the lists of a word), ../labels.def and
../fields.def to labels.inc and fields.inc (where a label stands in its table). Needs nothing but this repository."""
import os
import re

from folding import MASK, hash_word

HERE = os.path.dirname(os.path.abspath(__file__))
MADE = "/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/lists.py; do not edit. */\n"


def read(name):
    return re.sub(r"/\*.*?\*/", "", open(f"{HERE}/../{name}", encoding="utf8").read(), flags=re.S)


def write_lists():
    words, lists = {}, re.findall(r"LIST_OF\((\w+),(.*?)\)\n", read("word_lists.def"), flags=re.S)
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
        out.write(MADE + f"enum {{ LISTS_BITS = {bits} }};\n\n"
                  "static const struct list_slot list_slots[1 << LISTS_BITS] = {\n")
        for at, slot in enumerate(slots):
            if slot:
                out.write(f"    [{at}] = {{0x{slot[0]:x}, 0x{slot[1]:x}}},\n")
        out.write("};\n")
    print(f"{len(words)} words, {len(lists)} lists, {bits} bits")


def hash_back(word):
    """As label_index.h: from the last letter to the first."""
    h = 0xCBF29CE484222325
    for b in reversed(word.encode()):
        h = ((h ^ b) * 0x100000001B3) & MASK
    return h


def write_index(name, macro):
    labels = re.findall(macro + r'\("([a-z0-9]+)"', read(f"{name}.def"))
    assert labels == sorted(set(labels)), f"{name}.def is not in order"
    bits = (len(labels) * 3).bit_length()
    slots = [0] * (1 << bits)
    for i, label in enumerate(labels):
        h = hash_back(label)
        at = (h ^ h >> 29) % len(slots)
        while slots[at]:
            assert slots[at] >> 16 != h >> 48, f"{label} cannot be told from {labels[(slots[at] & 0xFFFF) - 1]}"
            at = (at + 1) % len(slots)
        slots[at] = h >> 48 << 16 | i + 1
    with open(f"{HERE}/{name}.inc", "w", encoding="utf8") as out:
        upper = name.upper()
        out.write(MADE + f"enum {{ {upper}_BITS = {bits}, {upper}_INDEXED = {len(labels)} }};\n\n"
                  f"static const uint32_t {name}_index[1 << {upper}_BITS] = {{\n")
        for i in range(0, len(slots), 10):
            out.write("    " + " ".join(f"0x{s:x}," if s else "0," for s in slots[i:i + 10]) + "\n")
        out.write("};\n")
    print(f"{len(labels)} {name}, {bits} bits")


if __name__ == "__main__":
    write_lists()
    write_index("labels", "LABEL")
    write_index("fields", "FIELD")
