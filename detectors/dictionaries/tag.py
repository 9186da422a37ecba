#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the weights of detectors/tagger.c: tag.py CORPUS.jsonl[:weight[:which]]... rewrites tagger.inc beside this script.

A linear-chain conditional random field (none, name, place, date, number) over the runs of words that words_scan --tagger
prints; its network and the fit are in tag_net.py. Which documents of a corpus are used: corpora.pick. Needs numpy and scipy
(requirements.txt). A hashed feature is kept when it is in several documents and its row says something; the words that fill
one are everyday words, never one that may be somebody's name (told_hash in tagger_features.c).
"""
import collections, math, os, subprocess, sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../tests/corpus")
import corpora, tag_net

TAGS = ["none", "name", "place", "date", "number"]
KINDS = {"NAME": "name", "LOCATION": "place", "HOSPITAL": "place", "ZIP": "place", "DATE": "date"}
UNSURE = {"AGE", "ORG", "NRP", "PROFESSION"}
HASHED, DOCUMENTS, ALWAYS = 1 << 32, 3, "always.0"
CELL_UNIT, OUT_UNIT, ROW_MOST, ROW_LEAST = 64, 256, 127, 0.1


def tag(span):
    raw = span.get("raw_type", "")
    if span["type"] in UNSURE or raw == "PLACE_MENTION" or raw.endswith("-STATE"):
        return "none"
    return KINDS.get(span["type"], "number")


def is_initials(run):
    """Has the run names, and of few capitals only? initials.c knows those by the name that stands elsewhere; from them the tagger
    would learn that any few capitals are somebody's."""
    names = [text for text, _, tag in run if tag == "name"]
    return names != [] and all(len(text) <= 3 and text.isupper() for text in names)


def runs(program, docs):
    """For each document its runs: lists of (features, tag)."""
    for doc, lines in zip(docs, corpora.run(program, docs, "--tagger")):
        at, spans, out = corpora.offsets(doc["text"]), [(s["start"], s["end"], tag(s)) for s in doc["spans"]], []
        for line in lines:
            if line[0] == "run":
                out.append([])
                continue
            a, b = at[int(line[0])], at[int(line[1])]
            tags = [t for s, e, t in spans if s < b and a < e]
            out[-1].append((doc["text"][a:b], line[2:], next((t for t in tags if t != "none"), "none")))
        yield [[word[1:] for word in run] for run in out if not is_initials(run)]


def common(sets):
    """Features that enough documents have: a column for each."""
    count = collections.Counter()
    for docs, _ in sets:
        for doc in docs:
            count.update({f for run in doc for features, _ in run for f in features})
    return {f: k for k, f in enumerate(sorted((f for f, n in count.items() if n >= DOCUMENTS), key=int))}


def train(sets, columns):
    words, tags, lengths, order = [], [], [], []
    for docs, weight in sets:
        for run in (run for doc in docs for run in doc if run):
            order += [len(lengths)] * weight
            lengths.append(len(run))
            words += [features for features, _ in run]
            tags += [TAGS.index(t) for _, t in run]
    x = tag_net.matrix(words, columns)
    return tag_net.fit(x, np.array(tags), np.array(lengths), np.array(order), len(TAGS))


def whole(x, unit, most=32767):
    return [max(-most, min(most, int(v))) for v in np.rint(np.asarray(x) * unit)]


def listed(x):
    return "{" + ",".join(map(str, x)) + "}"


def table(keys):
    """Open addressing by the hash in the key, two fifths empty."""
    size = 1024
    while size * 3 < len(keys) * 5:
        size *= 2
    slots = [(0, 0)] * size
    for row, key in enumerate(keys):
        at = (key >> 4) % size
        while slots[at][0]:
            at = (at + 1) % size
        slots[at] = (key, row)
    return slots


def write_rows(out, names, rows):
    """Rows by number, rows by key, and where the key is."""
    none = [0] * tag_net.HIDDEN
    keys = sorted(f - HASHED for f in rows if f >= HASHED)
    out.write("static const _Alignas(64) int8_t numbered[][TAG_CELLS] = {\n")
    for k, name in enumerate(names):
        out.write("%s, /* %s */\n" % (listed(rows.get(k, none)), name))
    out.write("};\n\nstatic const _Alignas(64) int8_t hashed[][TAG_CELLS] = {\n")
    for key in keys:
        out.write("%s,\n" % listed(rows[HASHED + key]))
    slots = table(keys)
    for type_of, what, form in (("uint32_t", "keys", "%#x,\n"), ("uint16_t", "rows", "%d,\n")):
        out.write("};\n\n/* By key. */\nstatic const %s slot_%s[] = {\n" % (type_of, what))
        for slot in slots:
            out.write(form % slot[what == "rows"])
    out.write("};\n\n")
    return len(keys)


def write(names, columns, net):
    said = np.sqrt((net.rows**2).sum(1))
    net.rows[columns[str(names.index(ALWAYS))]] += net.cells
    rows = {int(f): whole(net.rows[k], CELL_UNIT, ROW_MOST) for f, k in columns.items() if int(f) < HASHED or said[k] >= ROW_LEAST}
    against_none = net.out[:, 1:] - net.out[:, :1]
    with open(f"{HERE}/tagger.inc", "w") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/tag.py: what each feature adds to the cells, in 1/64; "
                  "what a cell says for name, place,\n * date and number against none, in 1/256. */\n")
        n = write_rows(out, names, {f: row for f, row in rows.items() if any(row)})
        out.write("static const int16_t tag_out[TAGS - 1][TAG_CELLS] = {\n%s};\n" %
                  "".join(listed(whole(v, OUT_UNIT)) + ",\n" for v in against_none.T))
        out.write("static const int32_t tag_bias[TAGS - 1] = %s;\n" % listed(whole(net.tags[1:] - net.tags[0], OUT_UNIT)))
        out.write("\nconst float tagger_steps[TAGS][TAGS] = {\n")
        for a, steps in zip(TAGS, net.steps):
            out.write("{%s}, /* from %s */\n" % (", ".join("%.5ff" % math.exp(v) for v in steps), a))
        out.write("};\n")
    return n


def main(args):
    out = os.environ.get("OUT", f"{HERE}/../../build/corpus")
    program = corpora.build(out)
    names = subprocess.run([program, "--tagger-names"], check=True, capture_output=True, text=True).stdout.split()
    sets = []
    for arg in args:
        path, weight, which = (arg.split(":") + ["", ""])[:3]
        sets.append((list(runs(program, corpora.pick(corpora.read(path), which))), int(weight or 1)))
    columns = common(sets)
    n = write(names, columns, train(sets, columns))
    words = [t for docs, _ in sets for doc in docs for run in doc for _, t in run]
    print(f"{len(words)} words, {sum(t != 'none' for t in words)} of identifiers; {n} hashed features")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
