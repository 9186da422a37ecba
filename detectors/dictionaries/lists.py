#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hashes for what is looked up at run time: ../word_lists.def to lists.inc (the lists of a word) and
starts.inc (first letters); ../labels.def, ../fields.def and ../genre.def to files of their names (where a label
stands in its table). Needs nothing but this repository."""
import os
import re

from folding import MASK, hash_word

HERE = os.path.dirname(os.path.abspath(__file__))
MADE = "/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/lists.py; do not edit. */\n"


def read(name):
    return re.sub(r"/\*.*?\*/", "", open(f"{HERE}/../{name}", encoding="utf8").read(), flags=re.S)


ANNOUNCERS = {"PATIENT_TITLE", "PROVIDER_TITLE", "OTHER_TITLE", "RELATIVE", "GREETING", "CREDENTIAL"}


def write_bits(out, name, bits):
    out.write(f"static const uint64_t {name}[512] = {{\n")
    words = [sum(1 << i for i in range(64) if at + i in bits) for at in range(0, 1 << 15, 64)]
    for i in range(0, 512, 6):
        out.write("    " + " ".join(f"0x{w:x}," if w else "0," for w in words[i:i + 6]) + "\n")
    out.write("};\n")


def triple(letters):
    a, b, c = (ord(x) & 31 for x in letters)
    return a << 10 | b << 5 | c


def write_starts(lists):
    """The first three letters of the words of some lists; \\0 as the third of a word of two."""
    with open(f"{HERE}/starts.inc", "w", encoding="utf8") as out:
        out.write(MADE)
        for name, wanted in (("announcer_starts", ANNOUNCERS), ("spoken_starts", {"SPOKEN_DIGIT"})):
            words = " ".join(words for list_name, words in lists if list_name in wanted).split()
            write_bits(out, name, {triple((w + "\0")[:3]) for w in words})


def write_lists():
    words, lists = {}, re.findall(r"LIST_OF\((\w+),(.*?)\)\n", read("word_lists.def"), flags=re.S)
    assert len(lists) <= 64
    lists = [(name, "".join(re.findall(r'"([^"]*)"', quoted))) for name, quoted in lists]
    write_starts(lists)
    for bit, (_, listed) in enumerate(lists):
        for word in listed.split():
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


SUFFIXES = ["number", "num", "nbr", "no", "ids", "id", "identifier", "ref"]  # of labels.c


def label_ends(labels):
    """The last three letters of what labels.c takes for a label: one, its plural, one with a suffix."""
    ends = set()
    for end in [l for label in labels for l in (label, label + "s")] + SUFFIXES:
        for first in "abcdefghijklmnopqrstuvwxyz0123456789":
            ends.update(triple((a + end)[-3:]) for a in ([first] if len(end) > 1 else [first + x for x in "abcdefghijklmnopqrstuvwxyz0123456789"]))
    return ends


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
        if name == "genre":
            write_bits(out, "genre_starts", {triple((l + "\0")[:3]) for l in labels})
        if name == "labels":
            write_bits(out, "label_ends", label_ends(labels))
            last = {end[-1] for end in labels + SUFFIXES} | {"s"}
            low, high = (sum(1 << ord(c) % 64 for c in last if ord(c) // 64 == half) for half in (0, 1))
            out.write(f"static const uint64_t label_last[2] = {{0x{low:x}, 0x{high:x}}}; /* as bits of a byte */\n")
    print(f"{len(labels)} {name}, {bits} bits")


if __name__ == "__main__":
    write_lists()
    write_index("labels", "LABEL")
    write_index("fields", "FIELD")
    write_index("genre", "SIGN")
