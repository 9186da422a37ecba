# SPDX-License-Identifier: Apache-2.0
"""Files that people must not get away with: name and text of some hundred bad policies, rules, coverage and clients files.

None may load, hang or crash; each mistake has a place. Written, not random, so that a failure can be found again.
"""

POLICY = "id: site\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n{}\nend: site\n"
RULES = "id: own\nrules:\n  - id: a\n    kind: MRN\n    pattern: 'x\\d{{5}}'\n    score: 80\n    examples: {{match: [x12345], not: [x1]}}\n{}\nend: own\n"
COVERAGE = ("id: v\nvendor: V\nas_of: 2026-01-02\nsources: [s]\narrangements:\n  a:\n    endpoints: {{/v1/x: covered}}\n"
            "    models: {{allow: [m]}}\n{}\nend: v\n")
CLIENTS = "clients:\n  - {{id: a, user: u, key_sha256: " + "0" * 64 + "}}\n{}\n"

LONG = "a" * 200000


def yaml_tricks(base):
    """What YAML allows and these files do not; base holds one place for a line of its own."""
    for line in ("x: &a y", "x: *a", "<<: {a: b}", "x: !!str y", "x: !own y", "x: [", "x: {", "x: 'y", 'x: "y', "x: \"\\x00\"",
                 "x: \"\\u200b\"", "x: y: z", "- x", "  x: y", "\tx: y", "? x", "x: |", "%YAML 1.2", "---\nx: y", "...\nx: y",
                 "id: again", "x: y\nx: z", "[a]: b", "{a: b}: c", ": x", "x", "'': y", "x: " + "[" * 300 + "]" * 300,
                 "x: " + "{a: " * 200 + "b" + "}" * 200, f"{LONG}: x", "x: [" + "a, " * 60000 + "]", "no-such-key: x"):
        yield base.format(line)
    good = base.format("")
    for c in "\x00\x01\x1b\x7f\u202e\u2066\ufeff\ud800\u2028\u00ad":
        yield good.replace(": ", ": " + c, 1)
    yield "\ufeff" + good
    yield good.replace("\n", "\r")
    yield ""
    yield "\n" * 1000
    yield "x" * 2_000_000


def policies():
    base = POLICY.format("actions: {MRN: mask}")
    for i in range(0, len(base) - 1, 3):
        yield base[:i]
    for body in (f"actions: {{{LONG}: mask}}", f"why: {{{LONG}: x}}", "actions: {MRN: mask, MRN: drop}", "actions: {M\u0420N: mask}",
                 "purposes: []", "purposes: {treatment: mask}", "purposes: {" + ", ".join(f"p{i}: {{}}" for i in range(400)) + "}",
                 "purposes: {Treatment: {}}", "scopes: {}", "scopes: [{name: a}]", "scopes: [x]",
                 "scopes: [" + ", ".join(f"{{name: s{i}, when: {{role: r}}, actions: {{MRN: mask}}}}" for i in range(300)) + "]",
                 "scopes: [{name: a, when: {}, actions: {MRN: mask}}]", "scopes: [{name: a, when: {purpose: x}, actions: {MRN: mask}}]",
                 "scopes: [{name: a, when: {language: klingon}, actions: {MRN: mask}}]",
                 "scopes: [{name: a, when: {role: r}, actions: {SSN: allow}}]", "parts: []", "parts: {tols: {MRN: mask}}",
                 "bulk: []", "bulk: {}", "bulk: {patients: 0}", "bulk: {patients: 1, action: mask}", "messages: []",
                 "messages: {phi_blocked: ''}", f"messages: {{phi_blocked: {LONG}}}", "messages: {MNR: x}", "override: {reasons: []}",
                 "override: {}", "override: {reasons: [a b c]}", "override: {reasons: [emergency], floor: 1}", "floor: [MNR]",
                 "floor: [GEO.STATE]", "floor: MRN", "thresholds: {MRN: 101}", "thresholds: {SSN: 99}", "thresholds: {MRN: -1}",
                 "detectors: {disable: [us-ssn]}", "detectors: {disable: [nothing]}", "detectors: {scores: {us-ssn: 1}}",
                 "detectors: {rules: [nowhere.yaml]}", "detectors: {rules: [/etc/passwd]}", "extends: minimum-necessary",
                 "rules: [{id: x, kind: MRN, pattern: '(a+)+$'}]", "rules: [{id: x, kind: MRN, pattern: '('}]", "rules: {}",
                 "rules: [x]", "version: 2", "end: site", "sensitive: [block]", "sensitive: {SUD: mask}", "sensitive: {XYZ: block}",
                 "monitor_until: 2026-02-30", "monitor_until: 2199-01-01", "mode: off", "mode: [monitor]", "actions: {SSN: allow}",
                 "actions: {SSN: offset}", "actions: {MRN: surrogate}", "actions: {DATE.DOB: surrogate}", 'actions: {"*": generalize}',
                 'actions: {"*": allow}', 'actions: {MRN: "route:"}', "actions: {MRN: [mask]}", "actions: {NAME: mask, NAME.*: drop}",
                 "actions: {TOKEN.TEXT: allow}", "actions: {MRN: allow}", "allow: [a]", "allow: {a: b}", "restore: {}",
                 "restore: {tools: [a]}", "restore: {tools: {a: off}}", "unscannable: maybe", "block_style: loud", "detection: off"):
        yield POLICY.format(body)
    yield base.replace("minimum-necessary", "no-such-preset")
    yield base.replace("minimum-necessary", "../../../etc/passwd")
    yield base.replace("id: site", "id: Site")
    yield base.replace("end: site", "end: sit")


def rules():
    for body in ("  - {}", "  - x", "  - {id: b}", "  - {id: a, kind: MRN, pattern: 'y\\d{4}', score: 60, examples: {match: [y1234], not: [y]}}",
                 "  - {id: B, kind: MRN, pattern: y, score: 60, examples: {match: [y], not: [x]}}",
                 "  - {id: b, kind: MNR, pattern: y, score: 60, examples: {match: [y], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: y, score: 101, examples: {match: [y], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: '', score: 60, examples: {match: [y], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: '(?<=a+)b', score: 60, examples: {match: [ab], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: '(y|y)*$', score: 60, examples: {match: [y], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: '(y+)+z', score: 60, examples: {match: [yz], not: [x]}}",
                 f"  - {{id: b, kind: MRN, pattern: '{'y' * 5000}', score: 60, examples: {{match: [y], not: [x]}}}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', validate: lun, score: 60, examples: {match: [y1], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', score: 60, context: {words: []}, examples: {match: [y1], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', score: 60, context: {words: [Y], raise: 9}, examples: {match: [y1], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', score: 60, examples: {match: [], not: [x]}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', score: 60, examples: {match: [y1]}}",
                 "  - {id: b, kind: MRN, pattern: 'y\\d', score: 60, examples: x}",
                 "  - {id: b, kind: [MRN], pattern: {a: b}, score: [60]}"):
        yield RULES.format(body)


def coverages():
    for body in ("  b: {}", "  b: x", "  b: {endpoints: {/x: covered}}", "  b: {endpoints: {x: covered}, models: {allow: []}}",
                 "  b: {endpoints: {/x: yes}, models: {allow: []}}", "  b: {endpoints: {/x: conditional}, models: {allow: []}}",
                 "  b: {endpoints: [], models: []}", "  b: {endpoints: {}, models: {allow: [[]]}}", "  b: {endpoints: {}, models: {deny: []}}",
                 "  b: {endpoints: {}, models: {allow: []}, features: {x: [covered]}}",
                 "  b: {endpoints: {}, models: {allow: []}, guards: {x: {do: refuse, why: w, source: s}}}",
                 "  b: {endpoints: {}, models: {allow: []}, guards: {image: allow}}",
                 "  b: {endpoints: {}, models: {allow: []}, guards: {image: {do: site, why: w, source: s}}}",
                 "  b: {endpoints: {}, models: {allow: []}, guards: {store: {do: refuse}}}",
                 "  b: {endpoints: {}, models: {allow: []}, guards: {store: {do: refuse, why: w, source: s, at: []}}}"):
        yield COVERAGE.format(body)
    yield COVERAGE.format("").replace("2026-01-02", "2026-13-02")
    yield COVERAGE.format("").replace("[s]", "[]")


def clients():
    row = "  - {{id: b, user: u, key_sha256: " + "1" * 64 + ", {}}}"
    for body in ("  - x", "  - {}", "  - {id: a, user: u, key_sha256: " + "1" * 64 + "}", "  - {id: b, user: u}", "  - {id: b, user: u, key_sha256: x}",
                 row.format("limits: {body: -1}"), row.format("limits: [x]"), row.format("may_override: yes"),
                 row.format("override_until: 2027-01-01"), row.format("purposes: treatment"), row.format("models: [[a]]"), row.format("rol: x")):
        yield CLIENTS.format(body)


def everything():
    for kind, base, own in (("policy", POLICY, policies), ("rules", RULES, rules), ("coverage", COVERAGE, coverages), ("clients", CLIENTS, clients)):
        yield from ((kind, text) for text in own())
        if kind in ("policy", "coverage"):
            yield from ((kind, text) for text in yaml_tricks(base))
