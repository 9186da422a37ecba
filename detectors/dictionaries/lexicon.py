#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles lexicon/*.txt (cue words by class) to lexicon.inc and lexicon.def, and the folding of Latin letters to
fold.inc; all three are included by detectors/*.c. Needs nothing but this folder."""
import collections, glob, os

from folding import fold, fold_letter, hash_phrase, hash_word

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(os.path.basename(p)[:-4] for p in glob.glob(f"{HERE}/lexicon/*.txt"))
CLASSES = sorted({name.split("-")[0] for name in FILES})  # "drug-organism" is more of "drug"; in "-phrase" each line is one
assert len(CLASSES) <= 40
MADE = "/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/lexicon.py; do not edit. */\n"


def read():
    words = collections.Counter()
    for name in FILES:
        bit = CLASSES.index(name.split("-")[0])
        for line in open(f"{HERE}/lexicon/{name}.txt", encoding="utf8"):
            found = fold(line.split("#")[0]).replace("-", " ").split()
            for word in [" ".join(found)] if name.endswith("-phrase") else found:
                if word:
                    words[word] |= 1 << bit
    return words


SLOT_BITS, STEP_BITS, MASK = 14, 12, (1 << 64) - 1


def place(h, step):
    return (h * (2 * step + 1) & MASK) >> (64 - SLOT_BITS)


def place_all(words):
    """A place of its own for each word: words that share some bits of their hash share a step, the first with which none
    of them meets another. Crowded steps are chosen first."""
    steps, slots, sharing = [0] * (1 << STEP_BITS), [0] * (1 << SLOT_BITS), collections.defaultdict(list)
    for w in sorted(words):
        h = hash_phrase(w.split())
        sharing[h >> 24 & (len(steps) - 1)].append((h, words[w]))
    for at, group in sorted(sharing.items(), key=lambda item: (-len(item[1]), item[0])):
        for step in range(256):
            places = {place(h, step) for h, _ in group}
            if len(places) == len(group) and not any(slots[p] for p in places):
                break
        else:
            raise SystemExit("no step fits: raise SLOT_BITS, here and in lexicon.h")
        steps[at] = step
        for h, classes in group:
            slots[place(h, step)] = (h & 0xFFFFFF) << 40 | classes
    return steps, slots


def main():
    words = read()
    steps, slots = place_all(words)
    with open(f"{HERE}/lexicon.inc", "w") as out:
        out.write(MADE + f"const uint8_t lexicon_steps[1 << {STEP_BITS}] = {{\n")
        for i in range(0, len(steps), 24):
            out.write("    " + " ".join(f"{s}," for s in steps[i:i + 24]) + "\n")
        out.write(f"}};\nconst uint64_t lexicon_slots[1 << {SLOT_BITS}] = {{\n")
        for i in range(0, len(slots), 6):
            out.write("    " + " ".join(f"0x{s:x}," if s else "0," for s in slots[i:i + 6]) + "\n")
        out.write("};\n")
    with open(f"{HERE}/lexicon.def", "w") as out:
        out.write(MADE + "".join(f"CLASS({c.upper()}, {i})\n" for i, c in enumerate(CLASSES)))
    with open(f"{HERE}/fold.inc", "w") as out:
        out.write(MADE + "/* Lower-case ASCII for the letters U+00C0..U+024F and U+1E00..U+1EFF, a capital first letter where the\n"
                  " * letter is a capital; empty where there is none. */\n")
        for name, first, last in (("fold_latin", 0xC0, 0x24F), ("fold_additional", 0x1E00, 0x1EFF)):
            out.write(f"static const char {name}[][3] = {{\n")
            cells = []
            for cp in range(first, last + 1):
                base = fold_letter(chr(cp)) or ""
                base = (base[:1].upper() + base[1:]) if base and chr(cp).isupper() else base
                cells.append("{" + ", ".join(f"'{c}'" for c in base[:2]) + "}" if base else "{0}")
            for i in range(0, len(cells), 8):
                out.write("    " + " ".join(c + "," for c in cells[i:i + 8]) + "\n")
            out.write("};\n")
    print(f"{len(words)} words, {len(CLASSES)} classes, highest step {max(steps)}")


if __name__ == "__main__":
    main()
