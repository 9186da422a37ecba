# SPDX-License-Identifier: Apache-2.0
"""Somebody else's mock as the upstream, in the dialects of OpenAI, Azure, Anthropic, Gemini and Ollama: its streams are cut by its own
rules, and its journal says what arrived."""
import json
import pathlib
import shutil
import subprocess
import time
import urllib.request

import httpx
import openai
import pytest

from conftest import ROOT, Gateway, free_port
from planted import NOTE, leaked

MOCK = ROOT / "build" / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
pytestmark = pytest.mark.skipif(not shutil.which("node") or not MOCK.exists(),
                                reason="@copilotkit/aimock is not installed (npm's registry could not be reached)")
ANSWER = "Noted: [MRN_1], [PHONE_1]; [EMAIL_1][DATE_1] and \"[NAME_1]\". Not ours: [NAME_9]."
WANT = "Noted: 00417723, 212-555-0147; jane.sample@example.com04/17/1951 and \"Hollingsworth\". Not ours: [NAME_9]."


class Mock:
    def __init__(self, directory, chunk):
        fixtures = pathlib.Path(directory) / "fixtures.json"
        fixtures.write_text(json.dumps({"fixtures": [
            {"match": {"userMessage": "call it"}, "response": {"toolCalls": [{"name": "f", "arguments": {"text": ANSWER}}]}},
            {"match": {"userMessage": "MRN"}, "response": {"content": ANSWER}}]}))
        self.port = free_port()
        self.log = open(pathlib.Path(directory) / "mock.log", "ab")
        self.process = subprocess.Popen(["node", str(MOCK), "-p", str(self.port), "-f", str(fixtures), "-c", str(chunk), "--log-level", "silent",
                                         "--strict"], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/__aimock/health")
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, "the mock did not start"
                time.sleep(0.1)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as r:
            return r.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="module", params=[1, 4, 1000], ids=["1", "4", "whole"])
def world(tmp_path_factory, request):
    mock = Mock(tmp_path_factory.mktemp("mock"), request.param)
    base = f"http://127.0.0.1:{mock.port}"
    rows = "\n  ".join(f'{name}: {{url: "{base}{path}", trust: on_prem, dialect: {name}{more}}}' for name, path, more in (
        ("openai", "/v1", ""), ("anthropic", "/v1", ""), ("ollama", "", ""), ("gemini", "/v1beta", ""),
        ("azure", "/openai", ', api_version: "2024-10-21"')))
    g = Gateway(tmp_path_factory.mktemp("gateway"), config="x")
    g.write("phigate.yaml", f"listen: {{address: 127.0.0.1:{g.port}}}\nadmin: {{address: 127.0.0.1:{g.admin_port}}}\nworkers: 1\n"
            f"upstreams:\n  {rows}\nroutes:\n  - {{models: [\"claude-*\"], upstream: anthropic}}\n  - {{models: [\"gemini-*\"], upstream: gemini}}\n"
            "  - {models: [\"llama*\"], upstream: ollama}\n  - {models: [\"charts\"], upstream: azure}\n  - {models: [\"*\"], upstream: openai}\n"
            "policy: minimum-necessary\nclients: clients.yaml\naudit: {file: audit/decisions.log, key: {file: secrets/audit.key}}\n")
    g.start()
    yield g, mock
    code = g.stop()
    journal = mock.get("/__aimock/journal?limit=1000")
    mock.stop()
    assert code == 0, g.log_text()
    assert leaked(journal) == [] and b"[MRN_1]" in journal


def sdk(g):
    return openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=120)


USER = [{"role": "user", "content": NOTE}]


def test_openai(world):
    chat = sdk(world[0]).chat.completions
    assert chat.create(model="gpt-4o", messages=USER).choices[0].message.content == WANT
    chunks = chat.create(model="gpt-4o", messages=USER, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == WANT


def test_openai_tools(world):
    ask = [{"role": "user", "content": NOTE + " Now call it."}]
    call = sdk(world[0]).chat.completions.create(model="gpt-4o", messages=ask).choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"text": WANT}
    pieces = [c.choices[0].delta.tool_calls for c in sdk(world[0]).chat.completions.create(model="gpt-4o", messages=ask, stream=True) if c.choices]
    assert json.loads("".join(p[0].function.arguments or "" for p in pieces if p)) == {"text": WANT}


def test_responses(world):
    client = sdk(world[0])
    assert client.responses.create(model="gpt-4o", input=NOTE).output_text == WANT
    events = list(client.responses.create(model="gpt-4o", input=NOTE, stream=True))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == WANT
    assert events[-1].response.output_text == WANT


def test_azure(world):
    g = world[0]
    client = openai.AzureOpenAI(azure_endpoint=f"http://127.0.0.1:{g.port}", api_key=g.keys["first"], api_version="2024-10-21", max_retries=0)
    assert client.chat.completions.create(model="charts", messages=USER).choices[0].message.content == WANT
    chunks = client.chat.completions.create(model="charts", messages=USER, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == WANT


def test_anthropic(world):
    anthropic = pytest.importorskip("anthropic")
    g = world[0]
    client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{g.port}", api_key=g.keys["first"], max_retries=0)
    given = dict(model="claude-sonnet-4", max_tokens=500, messages=USER)
    assert client.messages.create(**given).content[0].text == WANT
    with client.messages.stream(**given) as stream:
        assert "".join(stream.text_stream) == WANT
    used = client.messages.create(**{**given, "messages": [{"role": "user", "content": NOTE + " Now call it."}]})
    assert [b.input for b in used.content if b.type == "tool_use"] == [{"text": WANT}]


def test_gemini(world):
    g, contents = world[0], [{"role": "user", "parts": [{"text": NOTE}]}]
    with httpx.Client(base_url=f"http://127.0.0.1:{g.port}", headers={"x-goog-api-key": g.keys["first"]}, timeout=120) as http:
        whole = http.post("/v1beta/models/gemini-2.5-pro:generateContent", json={"contents": contents}).json()
        assert whole["candidates"][0]["content"]["parts"][0]["text"] == WANT
        lines = http.post("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", json={"contents": contents}).text.splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert "".join(p.get("text", "") for e in events for c in e["candidates"] for p in c["content"].get("parts", [])) == WANT


def test_ollama(world):
    ollama = pytest.importorskip("ollama")
    g = world[0]
    client = ollama.Client(host=f"http://127.0.0.1:{g.port}", headers={"authorization": "Bearer " + g.keys["first"]})
    assert client.chat("llama3", USER).message.content == WANT
    assert "".join(c.message.content for c in client.chat("llama3", USER, stream=True)) == WANT
    assert client.generate("llama3", NOTE).response == WANT
