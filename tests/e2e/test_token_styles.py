# SPDX-License-Identifier: Apache-2.0
"""What tests/bench/token_styles.py counts, without a model."""
import sys

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import token_styles  # noqa: E402

WANTED = ("NAME_2", "DATE_2", "PHONE_2")


def counted(style, said):
    return tuple(token_styles.count(style, WANTED, said)[o] for o in token_styles.OUTCOMES)


@pytest.mark.parametrize("style", token_styles.STYLES)
def test_what_is_given_back_is_intact(style):
    for text, *_ in token_styles.TEXTS:
        assert counted(style, token_styles.written(text, style)) == (3, 0, 0, 0, 0)
    asked = token_styles.prompt("json", token_styles.TEXTS[0][0], style)
    assert asked.count(token_styles.written("{NAME_2}", style)) == 1 and "{NAME" not in asked


@pytest.mark.parametrize("style, said, want", [
    ("[NAME_1]", "[NAME_2] on [DATE_2], [PHONE_2] and [PHONE_2] again", (3, 0, 0, 0, 0)),
    ("[NAME_1]", "[Name_2] on (DATE_2], NAME 2 [PHONE-2]", (0, 3, 0, 0, 0)),
    ("[NAME_1]", "[NAME\\_2], DATE_2", (0, 2, 1, 0, 0)), ("[NAME_1]", "the patient is well", (0, 0, 3, 0, 0)),
    ("[NAME_1]", "[NAME_1] and [NAME_2], [DATE_7]", (1, 0, 2, 1, 1)), ("[NAME_1]", "[NAME_22]", (0, 0, 3, 0, 1)),
    ("[[NAME_1]]", "[NAME_2] [[DATE_2]]", (1, 1, 1, 0, 0)), ("<NAME_1>", "<NAME_2 > </DATE_2> <PHONE_2>", (1, 2, 0, 0, 0)),
    ("NAME_1", "NAME_2, DATE_2B, Phone_2, NAME_3", (1, 2, 0, 0, 1)), ("NAME_1", "in 2 weeks, number 555", (0, 0, 3, 0, 0))])
def test_what_became_of_a_token(style, said, want):
    assert counted(style, said) == want


def test_all_styles_are_asked_the_same():
    class Parrot:
        def __init__(self):
            self.heard = []

        def say(self, prompt):
            self.heard.append(prompt)
            return prompt.rsplit("Text: ", 1)[1]

    model = Parrot()
    totals, asked = token_styles.run(model, 60, 2)
    assert asked == 10 and len(model.heard) == 10 * len(token_styles.STYLES)
    assert all(sum(t["intact"] for t in tasks.values()) == 30 for tasks in totals.values())
    assert token_styles.run(model, -1, 2)[1] == 0
