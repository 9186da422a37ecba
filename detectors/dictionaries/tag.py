#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the weights of detectors/tagger.c: tag.py CORPUS.jsonl[:weight[:which]]... rewrites tagger.inc beside this script.

A linear-chain conditional random field (none, name, place, date, number) over the runs of words that words_scan --tagger
prints, with L1 and L2 penalties. Which documents of a corpus are used: corpora.pick. Needs python-crfsuite
(requirements.txt). A hashed feature is kept when it is in several documents; the words that fill one are
everyday words, never one that may be somebody's name (told_hash in tagger_features.c). Deterministic for the same input.
"""
import collections, math, os, subprocess, sys

import pycrfsuite

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../tests/corpus")
import corpora

TAGS = ["none", "name", "place", "date", "number"]
KINDS = {"NAME": "name", "LOCATION": "place", "HOSPITAL": "place", "ZIP": "place", "DATE": "date"}
UNSURE = {"AGE", "ORG", "NRP", "PROFESSION"}
HASHED, STEP = 1 << 32, 256
L1, L2, ITERATIONS, DOCUMENTS = 0.5, 1.0, 100, 3


def tag(span):
    raw = span.get("raw_type", "")
    if span["type"] in UNSURE or raw == "PLACE_MENTION" or raw.endswith("-STATE"):
        return "none"
    return KINDS.get(span["type"], "number")


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
            out[-1].append((line[2:], next((t for t in tags if t != "none"), "none")))
        yield out


def common(sets):
    """Hashed features that enough documents have."""
    count = collections.Counter()
    for docs, _ in sets:
        for doc in docs:
            count.update({f for run in doc for features, _ in run for f in features if int(f) >= HASHED})
    return {f for f, n in count.items() if n >= DOCUMENTS}


def train(sets, path):
    kept = common(sets)
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": L1, "c2": L2, "max_iterations": ITERATIONS})
    for docs, weight in sets:
        for doc in docs:
            for run in doc:
                x = [[f for f in features if int(f) < HASHED or f in kept] for features, _ in run]
                for _ in range(weight):
                    trainer.append(x, [t for _, t in run])
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    return tagger.info()


def whole(x):
    return max(-32767, min(32767, round(x * STEP)))


def against_none(info):
    """feature -> weights of the four tags against none."""
    out = collections.defaultdict(lambda: [0.0] * 4)
    for (f, t), w in info.state_features.items():
        for k in range(4):
            if t == TAGS[k + 1]:
                out[int(f)][k] += w
            elif t == "none":
                out[int(f)][k] -= w
    return {f: [whole(x) for x in v] for f, v in out.items()}


def table(weights):
    """Open addressing by the hash in the key, two fifths empty."""
    size = 1024
    while size * 3 < len(weights) * 5:
        size *= 2
    slots = [None] * size
    for key in sorted(weights):
        at = (key >> 4) % size
        while slots[at]:
            at = (at + 1) % size
        slots[at] = (key, weights[key])
    return slots


def write(names, info):
    weights = against_none(info)
    hashed = {f - HASHED: w for f, w in weights.items() if f >= HASHED and any(w)}
    with open(f"{HERE}/tagger.inc", "w") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/tag.py: weights in 1/256 for name, place, "
                  "date and number against none, by feature. */\n")
        out.write("static const lanes numbered[] = {\n")
        for k, name in enumerate(names):
            out.write("{%d, %d, %d, %d}, /* %s */\n" % (*weights.get(k, [0] * 4), name))
        out.write("};\n\n/* By key. */\nstatic const struct hashed hashed_table[] = {\n")
        for slot in table(hashed):
            out.write("{{%d, %d, %d, %d}, %#x},\n" % (*slot[1], slot[0]) if slot else "{{0}, 0},\n")
        out.write("};\n\nconst float tagger_steps[TAGS][TAGS] = {\n")
        for a in TAGS:
            out.write("{%s}, /* from %s */\n" % (", ".join("%.5ff" % math.exp(info.transitions.get((a, b), 0.0)) for b in TAGS), a))
        out.write("};\n")
    return len(hashed)


def main(args):
    out = os.environ.get("OUT", f"{HERE}/../../build/corpus")
    program = corpora.build(out)
    names = subprocess.run([program, "--tagger-names"], check=True, capture_output=True, text=True).stdout.split()
    sets = []
    for arg in args:
        path, weight, which = (arg.split(":") + ["", ""])[:3]
        sets.append((list(runs(program, corpora.pick(corpora.read(path), which))), int(weight or 1)))
    info = train(sets, f"{out}/tagger.crfsuite")
    n = write(names, info)
    words = [t for docs, _ in sets for doc in docs for run in doc for _, t in run]
    print(f"{len(words)} words, {sum(t != 'none' for t in words)} of identifiers; {n} hashed features")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
