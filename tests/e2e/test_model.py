# SPDX-License-Identifier: Apache-2.0
"""A small real model behind the gateway: it sees tokens and not the patients, and what it repeats comes back with the caller's values.
How many tokens it damages is printed; what it damages stays as it is."""
import pathlib
import shutil
import subprocess
import time

import openai
import pytest

from conftest import FLAVOUR, ROOT, Gateway, free_port

PLACE = ROOT / "build" / "model"
pytestmark = [
    pytest.mark.skipif(not shutil.which("node") or not (PLACE / ".ready").exists(),
                       reason="no small model (tests/tools/fetch-model.sh brings one where the registries can be reached)"),
    pytest.mark.skipif(FLAVOUR != "release", reason="a model is slow enough")]
EXAMPLE = "Text: Mr. Vanderplank has a cough. Call 212-555-0199.\nCopy: Mr. Vanderplank has a cough. Call 212-555-0199.\n\nText: {}\nCopy:"
NOTES = {
    "Mr. Hollingsworth came in with a headache. Call 212-555-0147.": ("Hollingsworth", "212-555-0147"),
    "MRN: 00417723 needs a refill of lisinopril. Write to jane.sample@example.com.": ("00417723", "jane.sample@example.com"),
    "Mrs. Quillfeather, DOB: 04/17/1951, had no fever.": ("Quillfeather", "04/17/1951"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    place, port = tmp_path_factory.mktemp("model"), free_port()
    out = open(place / "out", "wb")
    model = subprocess.Popen(["node", str(PLACE / "server.mjs"), str(PLACE / "model.gguf"), str(port), str(place / "asked")], stdout=out, stderr=out,
                             cwd=PLACE)
    deadline = time.monotonic() + 180
    while b"ready" not in (place / "out").read_bytes():
        if model.poll() is not None or time.monotonic() > deadline:
            model.kill()
            pytest.skip("the small model does not run here: " + (place / "out").read_text(errors="replace")[-300:])
        time.sleep(0.2)
    g = Gateway(tmp_path_factory.mktemp("gateway"), port).start()
    yield g, place / "asked"
    assert g.stop() == 0
    model.terminate()
    model.wait(30)
    out.close()


def test_what_it_repeats_comes_back(world):
    g, asked = world
    client = openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=600)
    whole = 0
    for i, (note, values) in enumerate(NOTES.items()):
        given = dict(model="small", prompt=EXAMPLE.format(note), stop=["\n"], max_tokens=60, temperature=0)
        if i % 2:
            said = "".join(c.choices[0].text for c in client.completions.create(**given, stream=True))
        else:
            said = client.completions.create(**given).choices[0].text
        whole += all(v in said for v in values)
    seen = pathlib.Path(asked).read_text(encoding="utf8")
    assert not [v for values in NOTES.values() for v in values if v in seen] and "[PHONE_2]" in seen
    outcomes = g.wait_records("outcome", len(NOTES), 60)
    restored, lost = sum(o["restored"] for o in outcomes), sum(o["unrestored"] for o in outcomes)
    print(f"small model: {restored} tokens came back, {lost} were no token of the request, {whole} of {len(NOTES)} notes whole")
    assert restored >= len(NOTES) and whole >= 1
