# SPDX-License-Identifier: Apache-2.0
"""Identifiers to plant, from ranges that belong to nobody (see docs/RULES.md), each in a context in which it must be found."""

# value -> a sentence that holds it. All of these are tokenized for the purpose `treatment` and come back in the answer.
REVERSIBLE = {
    "00417723": "MRN: {}.",
    "212-555-0147": "Call the patient at {}.",
    "jane.sample@example.com": "Write to {} tomorrow.",
    "04/17/1951": "DOB: {}.",
    "Hollingsworth": "Mr. {} came in today.",
}

# Masked or blocked: never comes back.
IRREVERSIBLE = {
    "219-09-9999": "SSN {}.",
}

NOTE = " ".join(s.format(v) for v, s in REVERSIBLE.items())


def leaked(raw):
    """The planted values that these bytes hold."""
    return [v for v in [*REVERSIBLE, *IRREVERSIBLE] if v.encode() in raw]
