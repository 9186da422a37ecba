#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the weights of detectors/evidence.c: fit.py CORPUS.jsonl[:weight[:which]]... rewrites weights.inc beside this script.

A softmax regression (none, name, place) with L2 over the features that words_scan --features prints. Which documents
of a corpus are used: corpora.pick. Needs numpy and scipy (requirements.txt). The texts give classes, counts
and the groups that words fall into by a hash: no feature is a word. Deterministic for the same input.
"""
import os, sys

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../tests/corpus")
import corpora

NAME, PLACE = {"NAME"}, {"LOCATION", "HOSPITAL"}
NONE = {"DATE", "AGE"}
ROUNDS, CARE = 3, {0: 1.0, 1: 2.0, 2: 1.2}
HASHED = ("beginning.", "ending.", "previous.", "following.")  # many words share a bucket: less is believed of each
STRENGTH, STRENGTH_HASHED = 2.0, 4.0


def gold(doc):
    """(begin, end, label) of the annotated spans; label None: neither learned as hidden nor as plain."""
    for s in doc["spans"]:
        raw = s.get("raw_type", "")
        if s["type"] in NAME:
            yield s["start"], s["end"], 1
        elif s["type"] in PLACE and raw != "PLACE_MENTION" and not raw.endswith("-STATE"):
            yield s["start"], s["end"], 2
        elif s["type"] not in NONE:
            yield s["start"], s["end"], None


def examples(program, docs, weight):
    for doc, lines in zip(docs, corpora.run(program, docs, "--features")):
        at, spans = corpora.offsets(doc["text"]), list(gold(doc))
        for line in lines:
            a, b = at[int(line[0])], at[int(line[1])]
            labels = {label for s, e, label in spans if s < b and a < e}
            if None in labels and len(labels) == 1:
                continue
            label = max((x for x in labels if x), default=0)
            yield [int(x) for x in line[2:]], label, weight * CARE[label]


def fit(rows, names, start):
    count = len(names)
    strength = np.array([[STRENGTH_HASHED if n.startswith(HASHED) else STRENGTH] for n in names])
    y = np.array([r[1] for r in rows])
    sw = np.array([r[2] for r in rows])
    ptr = np.cumsum([0] + [len(r[0]) for r in rows])
    x = csr_matrix((np.ones(ptr[-1]), np.concatenate([r[0] for r in rows]), ptr), shape=(len(rows), count))
    hot = np.zeros((len(rows), 3))
    hot[np.arange(len(rows)), y] = 1

    def loss(flat):
        w = flat.reshape(count, 2)
        z = np.hstack([np.zeros((len(rows), 1)), x @ w])
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(axis=1, keepdims=True)
        value = -(sw * np.log(p[np.arange(len(rows)), y] + 1e-300)).sum() + (strength * w ** 2).sum() / 2
        grad = x.T @ ((p - hot)[:, 1:] * sw[:, None]) + strength * w
        return value, grad.ravel()

    r = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return r.x.reshape(count, 2)


def write(names, w):
    with open(f"{HERE}/weights.inc", "w") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0\n * Made by detectors/dictionaries/fit.py: weights in 1/256 for "
                  "name and place, by feature. */\n")
        for name, (a, b) in zip(names, np.clip(np.rint(w * 256), -32767, 32767).astype(int)):
            out.write(f"{{{a}, {b}}}, /* {name} */\n")


def main(args):
    out = os.environ.get("OUT", f"{HERE}/../../build/corpus")
    program = corpora.build(out)
    import subprocess
    names = subprocess.run([program, "--names"], check=True, capture_output=True, text=True).stdout.split()
    w = np.zeros((len(names), 2))
    sets = []
    for arg in args:
        path, weight, which = (arg.split(":") + ["", ""])[:3]
        sets.append((corpora.pick(corpora.read(path), which), float(weight or 1)))
    for k in range(ROUNDS):
        rows = [e for docs, weight in sets for e in examples(program, docs, weight)]
        w = fit(rows, names, w)
        write(names, w)
        program = corpora.build(out)
        print(f"round {k + 1}: {len(rows)} words, {sum(r[1] == 1 for r in rows)} of names, "
              f"{sum(r[1] == 2 for r in rows)} of places", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
