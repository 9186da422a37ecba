#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Detection does not get worse: `phi score` over the project's own texts, and over annotated corpora beside the checkout where
they are, against floors_score.json. `--write` sets the floors to what was measured (with a little room).

A floor names a corpus file and gives the most that may leak, the most false tokens per 1,000, for kinds their own leak, and where texts are
about nobody the share of those that may be touched.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLOORS = HERE / "floors_score.json"


def corpora():
    yield from sorted(HERE.glob("*.jsonl"))
    for beside in (ROOT.parent / "shared" / "corpora", ROOT.parent.parent / "shared" / "corpora"):
        if beside.is_dir():
            yield from sorted(p for p in beside.glob("*.jsonl") if not p.name.startswith("meddocan"))
            return


def score(path):
    out = subprocess.run([str(ROOT / "build" / "phi"), "score", str(path)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def floor_of(s):
    touched = {"touched": round(s["touched"] * 1.1 + 0.002, 4)} if s["identifiers"] == 0 else {}
    return {"leak": round(s["leak"] * 1.1 + 0.002, 4), "fp_per_1k": round(s["fp_per_1k"] * 1.1 + 0.1, 3), **touched,
            "kinds": {k: round(v["leak"] * 1.1 + 0.01, 4) for k, v in s["kinds"].items() if v["n"] >= 20}}


def main():
    write = "--write" in sys.argv[1:]
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    bad = 0
    for path in corpora():
        s = score(path)
        if write:
            floors[path.name] = floor_of(s)
        floor = floors.get(path.name)
        if not floor:
            continue
        said = [f"leak {s['leak']} above {floor['leak']}"] if s["leak"] > floor["leak"] else []
        if s["fp_per_1k"] > floor["fp_per_1k"]:
            said.append(f"{s['fp_per_1k']} false tokens per 1,000, above {floor['fp_per_1k']}")
        if s["touched"] > floor.get("touched", 1):
            said.append(f"{s['touched']} of the texts touched, above {floor['touched']}")
        said += [f"{k} leaks {s['kinds'][k]['leak']} above {v}" for k, v in floor["kinds"].items()
                 if k in s["kinds"] and s["kinds"][k]["leak"] > v]
        print(f"{'not ok' if said else 'ok'} {path.name}: leak {s['leak']:.4f}, F1 {s['F1']:.4f}, {s['fp_per_1k']:.2f} false per "
              f"1,000{': ' + '; '.join(said) if said else ''}")
        bad += bool(said)
    if write:
        FLOORS.write_text(json.dumps(floors, indent=1, sort_keys=True) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
