# SPDX-License-Identifier: Apache-2.0
"""Forms with the real SDK and by hand: texts are searched and restored, files go out unread only where the policy says so, under
names of our own; what two readers could take apart differently is refused."""
import asyncio
import io
import json

import httpx
import openai
import pytest

from capture_forms import form_of
from planted import NOTE, leaked

SPEECH, PICTURE = b"RIFF\x24\x00\x00\x00WAVEfmt \x00\xff\r\n--x\r\n", b"\x89PNG\r\n\x1a\n" + bytes(range(256))
OPEN = """id: open
version: 1
description: Lets pass what cannot be read.
extends: minimum-necessary
unscannable: allow
end: open
"""


@pytest.fixture(scope="module")
def allowing(tmp_path_factory, upstream):
    """A gateway whose policy lets pass what cannot be read."""
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port, policy="open.yaml")
    g.write("open.yaml", OPEN)
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


def client(gateway):
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


def speak(gateway, **more):
    return client(gateway).audio.transcriptions.create(model="whisper-1", file=("Jane Sample 04-17-1951.wav", SPEECH), **more)


def test_speech_is_refused_by_default(gateway, upstream):
    with pytest.raises(openai.BadRequestError) as e:
        speak(gateway)
    assert e.value.code == "unscannable_input" and "Reason: audio." in e.value.message and upstream.requests == []
    assert "Jane" not in gateway.audit_text() + gateway.log_text() + e.value.message


def test_a_transcript(allowing, upstream):
    assert speak(allowing, prompt=NOTE, language="en", temperature=0.2).text == "Heard: " + NOTE
    sent = upstream.requests[-1]
    form = form_of(sent)
    assert leaked(sent.raw) == [] and b"Jane" not in sent.raw and b"[MRN_1]" in sent.raw
    assert form.files == [("file", "file-1.wav", "audio/wav", SPEECH)]
    assert {k: v for k, v in form.fields.items() if k != "prompt"} == {"model": ["whisper-1"], "language": ["en"], "temperature": ["0.2"]}
    record = allowing.records("decision")[-1]
    assert record["request"]["endpoint"] == "/v1/audio/transcriptions" and record["request"]["unreadable"] == 2
    assert "form=rebuilt" in record["mutations"] and record["findings"][0]["path"] == "prompt"


def test_all_forms_of_a_transcript(allowing, upstream):
    for kind in ("text", "srt", "vtt"):
        assert speak(allowing, prompt=NOTE, response_format=kind) == "Heard: " + NOTE + "\n"
    whole = speak(allowing, prompt=NOTE, response_format="verbose_json", timestamp_granularities=["word", "segment"], include=["logprobs"])
    assert whole.text == whole.segments[0].text == "Heard: " + NOTE
    assert form_of(upstream.requests[-1]).fields["timestamp_granularities[]"] == ["word", "segment"]
    assert client(allowing).audio.translations.create(model="whisper-1", file=("x.mp3", SPEECH), prompt=NOTE).text == "Heard: " + NOTE
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("pieces", [[1], [3, 5], [400]])
def test_a_transcript_in_a_stream(allowing, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    events = list(speak(allowing, prompt=NOTE, stream=True))
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == "Heard: " + NOTE
    assert events[-1].type == "transcript.text.done" and events[-1].text == "Heard: " + NOTE and leaked(upstream.received) == []


def test_names_of_speakers_are_searched(allowing, upstream):
    speak(allowing, prompt="DOB: 04/17/1951", extra_body={"known_speaker_names": ["Mr. Hollingsworth", "agent"], "keywords": ["MRN: 00417723"]})
    assert leaked(upstream.received) == []


def test_pictures(gateway, allowing, upstream):
    with pytest.raises(openai.BadRequestError) as e:
        client(gateway).images.edit(model="gpt-image-1", image=("Jane.png", PICTURE), prompt="x")
    assert "Reason: image." in e.value.message and upstream.requests == []
    out = client(allowing).images.edit(model="gpt-image-1", image=[("Jane.png", PICTURE), ("b.webp", PICTURE)], mask=("m.png", PICTURE),
                                       prompt=NOTE, n=2, user=NOTE)
    form = form_of(upstream.requests[-1])
    assert out.data[0].revised_prompt == NOTE and leaked(upstream.received) == [] and form.one("n") == "2"
    assert [f[:2] for f in form.files] == [("image[]", "file-1.png"), ("image[]", "file-1.webp"), ("mask", "file-1.png")]
    client(allowing).images.create_variation(image=("x.png", PICTURE))
    assert form_of(upstream.requests[-1]).one("model") is None


DATA = "data:image/png;base64," + "iVBORw0KGgo" * 30


@pytest.mark.parametrize("images,reason", [
    ([{"image_url": DATA}], "image"), ([{"image_url": "https://pictures.example/MRN-00417723.png"}], "image"), ([{"file_id": "file-abc"}], "image"),
    ([DATA], "image"), (DATA, "image"), ({"image_url": DATA}, "image")])
def test_pictures_of_an_edit_in_json(gateway, allowing, upstream, images, reason):
    """The other way to ask for an edit: what the pictures show is as unreadable as in a form."""
    ask = {"model": "gpt-image-1", "images": images, "prompt": NOTE, "user": NOTE}
    r = post(gateway, json.dumps(ask), "application/json", "/images/edits")
    assert r.status_code == 400 and f"Reason: {reason}." in r.json()["error"]["message"] and upstream.requests == []
    r = post(allowing, json.dumps(ask), "application/json", "/images/edits")
    named = "00417723" in json.dumps(images)
    assert leaked(upstream.received) == [] and (named or r.json()["data"][0]["revised_prompt"] == "A picture: " + NOTE)
    if not named:
        assert upstream.requests[-1].json["images"] == images and form_of(upstream.requests[-1]) is None


@pytest.mark.parametrize("more", [{"mask": {"image_url": DATA}}, {"mask": {"file_id": "file-abc"}}, {"mask": {"image_url": "https://p.example/a"}},
                                  {"mask": DATA}])
def test_a_mask_of_an_edit_in_json(gateway, upstream, more):
    r = post(gateway, json.dumps({"model": "gpt-image-1", "prompt": "x", **more}), "application/json", "/images/edits")
    assert r.status_code == 400 and r.json()["error"]["code"] == "unscannable_input" and upstream.requests == []


def test_json_for_other_forms(allowing, upstream):
    for path in ("/audio/transcriptions", "/audio/translations", "/images/variations"):
        assert post(allowing, json.dumps({"model": "gpt-image-1", "prompt": "x"}), "application/json", path).status_code == 415
    for kind in ("application/json; charset=utf-16", "text/json", "application/x-www-form-urlencoded"):
        assert post(allowing, json.dumps({"model": "gpt-image-1", "prompt": "x"}), kind, "/images/edits").status_code == 415
    assert upstream.requests == []


def test_a_deployment_of_azure(allowing, upstream):
    azure = openai.AzureOpenAI(azure_endpoint=f"http://127.0.0.1:{allowing.port}", api_key=allowing.keys["first"], api_version="2024-10-21",
                               max_retries=0)
    assert azure.audio.transcriptions.create(model="whisper-eu", file=("a.wav", SPEECH), prompt=NOTE).text == "Heard: " + NOTE
    assert upstream.requests[-1].path == "/v1/audio/transcriptions" and form_of(upstream.requests[-1]).one("model") == "whisper-eu"


def test_in_pieces(allowing, upstream):
    """As clients send a file that they read: without a length, borders anywhere."""
    body = (b"--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; "
            b"filename=\"a.wav\"\r\nContent-Type: application/octet-stream\r\n\r\n" + SPEECH * 4000 + b"\r\n--B--\r\n")

    async def pieces():
        for i in range(0, len(body), 7777):
            yield body[i:i + 7777]
            await asyncio.sleep(0)

    async def send():
        async with httpx.AsyncClient(timeout=60) as http:
            return await http.post(allowing.url + "/audio/transcriptions", content=pieces(), headers={
                "authorization": "Bearer " + allowing.keys["first"], "content-type": "multipart/form-data; boundary=B"})
    assert asyncio.run(send()).json()["text"] == "Heard: "
    assert form_of(upstream.requests[-1]).files[0][3] == SPEECH * 4000


# ---- by hand ----

def post(gateway, body, kind="multipart/form-data; boundary=B", path="/audio/transcriptions", **more):
    body = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode()
    return httpx.post(gateway.url + path, content=body, timeout=60, headers={
        "authorization": "Bearer " + gateway.keys["first"], "content-type": kind, **more})


def field(name, value, more=""):
    return f'--B\nContent-Disposition: form-data; name="{name}"{more}\n\n{value}\n'


MODEL, WAV, END = field("model", "whisper-1"), field("file", "RIFF", '; filename="a.wav"'), "--B--\n"


@pytest.mark.parametrize("body,reason", [
    (MODEL + WAV + field("patient", NOTE) + END, "unknown_field"), (MODEL + WAV + field("Prompt", NOTE) + END, "unknown_field"),
    (MODEL + WAV + field("prompt", "safe") + field("prompt", NOTE) + END, "duplicate_field"),
    (MODEL + WAV + field("prompt[]", NOTE) + END, "duplicate_field"), (MODEL + WAV + WAV + END, "duplicate_field"),
    (MODEL + WAV + field("prompt", NOTE, '; filename="a.txt"') + END, "unexpected_file"),
    (MODEL + field("file", NOTE) + END, "unknown_file_type"), (MODEL + field("file", NOTE, '; filename="a.txt"') + END, "unknown_file_type"),
    (MODEL + WAV + field("temperature", NOTE) + END, "invalid_number"), (MODEL + WAV + field("stream", NOTE) + END, "invalid_boolean"),
    (NOTE + "\n" + MODEL + WAV + END, "invalid_multipart"), (MODEL + WAV + END + NOTE, "invalid_multipart"),
    (MODEL + WAV + field("prompt", "x", "; note=\"" + NOTE + "\"") + END, "invalid_multipart"),
    (MODEL + WAV + '--B\nContent-Disposition: form-data; name="prompt"\nX-Note: ' + NOTE + "\n\nx\n" + END, "invalid_multipart"),
    (MODEL + WAV + field("prompt", "x\n--B " + NOTE) + END, "invalid_multipart"), (MODEL + WAV, "invalid_multipart"), ("", "invalid_multipart"),
    ((MODEL + WAV + END).encode(), "invalid_multipart"),
    ((MODEL + WAV).replace("\n", "\r\n").encode() + b'--B\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\xfe\r\n--B--\r\n', "invalid_text")])
def test_forms_that_are_read_differently(allowing, upstream, body, reason):
    r = post(allowing, body)
    assert r.status_code == 400 and r.json()["error"]["code"] == "invalid_form", r.text
    assert f"Reason: {reason}." in r.json()["error"]["message"] and upstream.requests == [] and leaked(r.content) == []


def test_numbers_that_json_has_not(allowing, upstream):
    for number in ("01", "+1", "1e", ".5", "--1", "1.2.3"):
        r = post(allowing, MODEL + WAV + field("temperature", number) + END)
        assert r.status_code == 400 and r.json()["error"]["code"] == "invalid_json" and upstream.requests == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/mixed; boundary=B", "multipart/form-data; boundary=",
                                  "multipart/form-data; boundary=B; charset=utf-16", "", "text/plain"])
def test_one_content_type(allowing, upstream, kind):
    r = post(allowing, MODEL + WAV + END, kind)
    assert r.status_code == 415 and upstream.requests == []


def test_a_form_is_no_json(allowing, upstream):
    r = post(allowing, MODEL + END, path="/chat/completions")
    assert r.status_code == 415 and upstream.requests == []


def test_an_identifier_that_must_not_leave(allowing, upstream):
    r = post(allowing, MODEL + WAV + field("temperature", "219099999") + END)
    assert r.status_code == 400 and upstream.requests == []  # no parameter is as large, as in JSON
    assert post(allowing, MODEL + WAV + field("temperature", "0.25") + END).status_code == 200
    upstream.clear()
    assert post(allowing, MODEL + WAV + field("prompt", "SSN 219-09-9999.") + END).status_code == 200
    assert leaked(upstream.received) == []


def test_nothing_of_it_stays(allowing):
    assert leaked(allowing.everything_written()) == [] and b"Jane Sample" not in allowing.everything_written()
