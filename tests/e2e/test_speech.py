# SPDX-License-Identifier: Apache-2.0
"""Text that an upstream is to say aloud, with the real SDK: closed unless the policy opens it, and then no token is ever spoken."""
import base64
import json
import secrets

import httpx
import openai
import pytest

from capture_speech import SOUND
from planted import NOTE, leaked

POLICY = "id: talking\nversion: 1\ndescription: Lets text be said aloud.\nextends: minimum-necessary\n{}\nend: talking\n"
SAID = "Mr. Quillfeather, MRN: 00417723, seen on 03/14/2024, may go home."
PLANTED = (b"Quillfeather", b"00417723", b"03/14/2024")


def talking(place, upstream, lines="speech: mask", **options):
    from conftest import Gateway
    g = Gateway(place, upstream.port, policy="talking.yaml", **options)
    g.write("talking.yaml", POLICY.format(lines))
    return g.start()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    g = talking(tmp_path_factory.mktemp("gateway"), upstream)
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


def client(gateway):
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0, timeout=60)


def say(gateway, text=SAID, **more):
    return client(gateway).audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": text, **more})


def test_what_is_said_holds_no_token(gateway, upstream):
    answer = say(gateway, instructions="Speak as to Mr. Quillfeather.", speed=1.25, response_format="mp3")
    assert answer.content == SOUND and answer.response.headers["content-type"] == "audio/mpeg"
    sent = upstream.requests[-1]
    assert not any(p in sent.raw for p in PLANTED) and sent.json["voice"] == "alloy" and sent.json["speed"] == 1.25
    assert "[NAME]" in sent.json["input"] and "[MRN]" in sent.json["input"] and "[NAME]" in sent.json["instructions"]
    assert "_1" not in sent.json["input"] + sent.json["instructions"] and sent.header("accept") == ["audio/*"]
    record = gateway.records("decision")[-1]
    assert record["request"]["endpoint"] == "/v1/audio/speech" and record["decision"] == "edit"
    assert {f["action"] for f in record["findings"]} == {"mask"}


def test_token_shaped_text_is_not_said(gateway, upstream):
    assert say(gateway, "Call [NAME_1] now.").content == SOUND
    assert upstream.requests[-1].json["input"] == "Call [TEXT] now."


def test_the_note(gateway, upstream):
    say(gateway, NOTE)
    assert leaked(upstream.received) == []


def test_with_a_vault(tmp_path_factory, upstream):
    """Tokens that are kept are not said either."""
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port, policy="talking.yaml", extra=(
        "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}}}\n"))
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    g.write("talking.yaml", POLICY.format("speech: mask"))
    g.start()
    assert say(g).content == SOUND
    assert "[NAME]" in upstream.requests[-1].json["input"] and not any(p in upstream.received for p in PLANTED) and g.stop() == 0


@pytest.mark.parametrize("lines", ["speech: mask\nactions: {NAME.*: surrogate}", "speech: mask\npurposes: {treatment: {NAME.*: surrogate, DATE.*: offset}}"])
def test_no_surrogate_is_said(tmp_path_factory, upstream, lines):
    """A name that sounds real would be taken for the patient's."""
    g = talking(tmp_path_factory.mktemp("gateway"), upstream, lines)
    say(g)
    assert upstream.requests[-1].json["input"].startswith("Mr. [NAME]") and not any(p in upstream.received for p in PLANTED)
    assert g.stop() == 0


def test_events(gateway, upstream):
    with client(gateway).audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=SAID, stream_format="sse") as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
        kind = answer.headers["content-type"]
    events = [json.loads(line[6:]) for line in lines]
    assert kind.startswith("text/event-stream") and events[-1]["type"] == "speech.audio.done"
    assert b"".join(base64.b64decode(e["audio"]) for e in events[:-1]) == SOUND
    assert not any(p in upstream.received for p in PLANTED) and upstream.requests[-1].header("accept") == ["text/event-stream"]


@pytest.mark.parametrize("kind", ["audio/mpeg", "audio/ogg; codecs=opus", "audio/wav", "application/octet-stream", "Audio/AAC"])
def test_kinds_of_sound(gateway, upstream, kind):
    upstream.behave("*", sound=kind)
    answer = say(gateway, "Hello.")
    assert answer.content == SOUND and answer.response.headers["content-type"] == kind.split(";")[0].lower()


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "text/html", "video/mp4", "audio/x-mystery"])
def test_what_is_no_sound_is_no_answer(gateway, upstream, kind):
    upstream.behave("*", sound=kind)
    with pytest.raises(openai.InternalServerError) as e:
        say(gateway, "Hello.")
    assert e.value.code == "upstream_error"


def test_sound_that_was_cut_is_no_whole_one(gateway, upstream):
    upstream.behave("*", sound="cut")
    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        _ = say(gateway, "Hello.").content


def test_an_error_is_read(gateway, upstream):
    upstream.behave("*", status=400, error="No.")
    with pytest.raises(openai.BadRequestError) as e:
        say(gateway, "Hello.")
    assert e.value.message.endswith("No.") or "No." in e.value.message


@pytest.mark.parametrize("more,code", [
    ({"voice": {"id": "voice_1"}}, "unscannable_input"), ({"input": [1, 2]}, "unscannable_input"),
    ({"stream_format": True}, "invalid_json"), ({"MRN: 00417723": 1}, "phi_blocked"), ({"Input": SAID}, "invalid_json")])
def test_what_is_not_said(gateway, upstream, more, code):
    r = httpx.post(gateway.url + "/audio/speech", json={"model": "tts-1", "voice": "alloy", "input": "x", **more}, timeout=60,
                   headers={"authorization": "Bearer " + gateway.keys["first"]})
    assert (r.status_code, r.json()["error"]["code"]) == (400, code) and upstream.requests == []


@pytest.mark.parametrize("lines", ["", "unscannable: allow", "speech: block", "stored: all"])
def test_closed_by_the_policy(tmp_path_factory, upstream, lines):
    g = talking(tmp_path_factory.mktemp("gateway"), upstream, lines)
    with pytest.raises(openai.PermissionDeniedError) as e:
        say(g)
    assert e.value.code == "feature_not_covered" and "speech: mask" in e.value.message and upstream.requests == [] and g.stop() == 0


def test_closed_by_the_agreement(tmp_path_factory, upstream):
    """The agreement knows the endpoint, but not this model."""
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), policy="talking.yaml", upstream=(
        f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", agreement: {{id: A, vendor: OpenAI, effective: 2020-01-01, '
        'expires: 2090-01-01, arrangement: zdr}, coverage: openai}'))
    g.write("talking.yaml", POLICY.format("speech: mask"))
    g.start()
    assert say(g).content == SOUND
    upstream.clear()
    with pytest.raises(openai.PermissionDeniedError) as e:
        say(g, model="somebody-tts")
    assert e.value.code == "no_agreement" and upstream.requests == [] and g.stop() == 0


def test_nothing_of_it_stays(gateway):
    written = gateway.everything_written()
    assert not any(p in written for p in PLANTED) and gateway.verify().returncode == 0
