# SPDX-License-Identifier: Apache-2.0
"""The short form of `make exchanges` (exchanges.py), and what it would say if something were wrong."""
import json

import pytest

from exchanges import PLANTED, Exchange, Run, answer_to, exchanges, whole_answer


@pytest.mark.parametrize("scope", ["request", "client"])
def test_every_value_comes_back_to_whom_it_belongs(tmp_path, scope):
    count = 4000
    result = exchanges(tmp_path, count, scope)
    assert result["wrong"] == [] and result["leaks"] == [] and result["exit"] == 0
    assert result["right"] == result["requests"] == count
    assert result["kept"] == result["foreign"] > count * 9 // 10  # tokens of others, which stayed what they are


def test_exchanges_are_of_all_sorts():
    made = [Exchange(1, n) for n in range(3000)]
    assert len({e.who for e in made}) > 900 and len({(e.form, e.stream) for e in made}) == 9
    whose = {}
    for e in made:
        for s in e.sentences:
            whose.setdefault(s, set()).add(e.who)
    assert any(len(w) > 100 for w in whose.values())  # a value that many have
    assert all(PLANTED.search(s.encode()) for s in whose) and Exchange(1, 7).body == Exchange(1, 7).body


def judged(exchange, text, head=b"http/1.1 200 ok"):
    run = Run(1, [])
    exchange.stream = False
    run.judge(exchange, head, json.dumps(whole_answer(exchange.form, text)).encode())
    return run.right, run.kept, len(run.wrong)


def test_a_wrong_restoration_is_seen():
    e, other = Exchange(1, 7), Exchange(1, 8)
    right = answer_to(e.text)
    assert judged(e, right) == (1, 0, 0) and judged(e, right + " ~ [MRN_3]") == (1, 1, 0)
    for wrong in (answer_to(other.text), right + " ~ 00417723", right.replace(e.sentences[0], other.sentences[0]),
                  right.replace(e.sentences[-1], "MRN: [MRN_1]."), right[:-1], "", right + " ~ "):
        assert judged(e, wrong) == (0, 0, 1), wrong
    assert judged(e, right, b"http/1.1 500 no")[2] == 1
