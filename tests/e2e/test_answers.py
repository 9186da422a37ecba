# SPDX-License-Identifier: Apache-2.0
"""What the model writes by itself, with the real SDK: counted, masked or an end of the answer, whole and streamed alike; the caller's
own values come back untouched; record, metric and header say how many."""
import json

import anthropic
import openai
import pytest

ADA = "Patient Ada Quillfeather, MRN 00417723, was seen today."
INVENTED = "SSN 536-22-8741"

POLICY = """id: answers
version: 1
description: Test.
extends: minimum-necessary
response: {RULES}
end: answers
"""


def start(make_gateway, upstream, rules):
    g = make_gateway(upstream.port, start=False, policy="answers.yaml")
    g.write("answers.yaml", POLICY.replace("RULES", rules))
    upstream.clear()
    upstream.behaviours.clear()
    return g.start(), openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=60)


def ask(client, **more):
    return client.chat.completions.create(model="capture", messages=[{"role": "user", "content": ADA}], **more)


def reply_with(upstream, text, **more):
    """The upstream answers with what it received and then this."""
    upstream.behave("*", reply="Here: [NAME_1], [MRN_1]. " + text, **more)


def streamed(client):
    return "".join(c.choices[0].delta.content or "" for c in ask(client, stream=True) if c.choices)


def test_masked(make_gateway, upstream):
    g, client = start(make_gateway, upstream, "SSN: mask, EMAIL: monitor")
    text = f"The {INVENTED} is on file, write to b.v@example.com please."
    expected = "Here: Ada Quillfeather, 00417723. The SSN [SSN] is on file, write to b.v@example.com please."
    reply_with(upstream, text)
    raw = client.chat.completions.with_raw_response.create(model="capture", messages=[{"role": "user", "content": ADA}])
    assert raw.parse().choices[0].message.content == expected
    assert raw.headers["x-phigate-answer-findings"] == "2"
    for pieces in ([1], [2], [3, 1, 5], [7], [500]):
        reply_with(upstream, text, pieces=pieces)
        assert streamed(client) == expected
    outcomes = g.wait_records("outcome", 6)
    for r in outcomes:
        assert r["answer_findings"] == {"EMAIL": 1, "SSN": 1} and r["answer_masked"] == 1
    metrics = g.metrics()
    assert "phigate_answer_masked_total 6\n" in metrics and "phigate_answer_monitored_total 6\n" in metrics
    assert b"536-22-8741" not in g.everything_written()


def test_tool_arguments_stay_json(make_gateway, upstream):
    g, client = start(make_gateway, upstream, '"*": mask')
    upstream.behave("*", tool="note", reply=f'Dear [NAME_1], the {INVENTED} of the\n"other" one.')
    tools = [{"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}]
    call = ask(client, tools=tools).choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["text"] == 'Dear Ada Quillfeather, the SSN [SSN] of the\n"other" one.'
    arguments = "".join(c.function.arguments or "" for chunk in ask(client, tools=tools, stream=True) for choice in chunk.choices
                        for c in choice.delta.tool_calls or [])
    assert arguments == call.function.arguments


def test_blocked(make_gateway, upstream):
    g, client = start(make_gateway, upstream, "SSN: block")
    reply_with(upstream, f"All is well with this one here.\nThe {INVENTED} is on file.")
    with pytest.raises(openai.BadRequestError) as e:
        ask(client)
    assert e.value.code == "phi_in_answer" and "SSN" in e.value.message and "8741" not in e.value.message
    got = ""
    with pytest.raises(openai.APIError) as e:
        for chunk in ask(client, stream=True):
            got += chunk.choices[0].delta.content or ""
    assert e.value.code == "phi_in_answer"
    assert got == "Here: Ada Quillfeather, 00417723. All is well with this one here.\n"[:len(got)] and "All is well" in got
    for r in g.wait_records("outcome", 2):
        assert r["answer_findings"] == {"SSN": 1} and r["result"] == "blocked"
    assert "phigate_answer_blocked_total 2\n" in g.metrics()
    # The next answer is as any other.
    reply_with(upstream, "All is well.")
    assert ask(client).choices[0].message.content == "Here: Ada Quillfeather, 00417723. All is well."


def test_monitored_answers_are_as_without_rules(make_gateway, upstream):
    g, client = start(make_gateway, upstream, '"*": monitor')
    reply_with(upstream, f"The {INVENTED} is on file.")
    expected = f"Here: Ada Quillfeather, 00417723. The {INVENTED} is on file."
    assert ask(client).choices[0].message.content == expected
    assert streamed(client) == expected
    for r in g.wait_records("outcome", 2):
        assert r["answer_findings"]["SSN"] == 1 and r["answer_masked"] == 0


def test_what_the_caller_wrote_is_the_callers(make_gateway, upstream):
    g, client = start(make_gateway, upstream, '"*": mask')
    text = "Dr. Gregory Hartwell saw a patient aged 54 today."  # may leave in clear
    for stream in (False, True):
        sent = client.chat.completions.create(model="capture", messages=[{"role": "user", "content": text}], stream=stream)
        got = "".join(c.choices[0].delta.content or "" for c in sent if c.choices) if stream else sent.choices[0].message.content
        assert got == text


def test_responses_copies_agree(make_gateway, upstream):
    g, client = start(make_gateway, upstream, "SSN: mask")
    request = {"model": "capture", "input": "Say it. " + ADA, "store": False}
    upstream.behave("*", reply=f"[NAME_1]: The {INVENTED} is on file now.")
    expected = "Ada Quillfeather: The SSN [SSN] is on file now."
    assert client.responses.create(**request).output_text == expected
    deltas, done, final = "", None, None
    for event in client.responses.create(stream=True, **request):
        if event.type == "response.output_text.delta":
            deltas += event.delta
        elif event.type == "response.output_text.done":
            done = event.text
        elif event.type == "response.completed":
            final = event.response.output_text
    assert deltas == done == final == expected


def test_anthropic(make_gateway, upstream):
    g, _ = start(make_gateway, upstream, "SSN: mask")
    client = anthropic.Anthropic(base_url=g.url.removesuffix("/v1"), api_key=g.keys["first"], max_retries=0)
    request = {"model": "capture", "max_tokens": 100, "messages": [{"role": "user", "content": ADA}]}
    upstream.behave("*", reply=f"[NAME_1]: The {INVENTED} is on file now.")
    expected = "Ada Quillfeather: The SSN [SSN] is on file now."
    assert [b.text for b in client.messages.create(**request).content if b.type == "text"] == [expected]
    with client.messages.stream(**request) as stream:
        assert "".join(stream.text_stream) == expected


@pytest.mark.parametrize("scope", ["request", "client"])
def test_surrogates_are_the_callers_too(make_gateway, upstream, scope):
    extra = ("" if scope == "request" else
             "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/audit.key}}}\n")
    g = make_gateway(upstream.port, start=False, policy="answers.yaml", extra=extra)
    g.write("answers.yaml", POLICY.replace("RULES", '"*": mask').replace("response:", "purposes: {treatment: {NAME.PATIENT: surrogate}}\nresponse:"))
    upstream.clear()
    upstream.behaviours.clear()
    g.start()
    client = openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=60)
    for _ in range(2):
        assert ask(client).choices[0].message.content == ADA
        assert streamed(client) == ADA
    assert b"Quillfeather" not in upstream.received
    assert (b"[NAME_1]" in upstream.received) == (scope == "client")  # surrogates do not outlive their request: there, tokens
