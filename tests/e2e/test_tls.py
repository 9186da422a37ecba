# SPDX-License-Identifier: Apache-2.0
"""TLS towards clients, with and without client certificates; TLS towards upstreams, verified."""
import hashlib
import ssl
import subprocess

import httpx
import pytest

from capture import CaptureUpstream
from conftest import Gateway


def make_certificate(directory, name, ca=None):
    key, cert = directory / f"{name}.key", directory / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
               "-keyout", str(key), "-out", str(cert), "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


def fingerprint(cert):
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return hashlib.sha256(der).hexdigest()


def chat():
    return {"model": "echo", "messages": [{"role": "user", "content": "MRN: 00417723"}]}


def config(g, more=""):
    return (f"listen: {{address: 127.0.0.1:{g.port}, tls: {{certificate: server.pem, key: server.key{more}}}}}\n"
            f"admin: {{address: 127.0.0.1:{g.admin_port}}}\nupstreams: {{echo: {{url: \"builtin:echo\"}}}}\n"
            "routes:\n  - {models: [\"*\"], upstream: echo}\nclients: clients.yaml\n"
            "audit: {file: audit/decisions.log, key: {file: secrets/audit.key}}\n")


def test_tls_with_key(make_gateway):
    g = make_gateway(start=False)
    cert, _ = make_certificate(g.dir, "server")
    g.write("phigate.yaml", config(g))
    g.start()
    context = ssl.create_default_context(cafile=str(cert))
    r = httpx.post(f"https://127.0.0.1:{g.port}/v1/chat/completions", json=chat(), verify=context,
                   headers={"authorization": "Bearer " + g.keys["first"]})
    assert r.status_code == 200 and "00417723" in r.text
    old = ssl.create_default_context(cafile=str(cert))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert httpx.get(f"https://127.0.0.1:{g.port}/v1/models", verify=old,
                     headers={"authorization": "Bearer " + g.keys["first"]}).status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{g.port}/v1/models")


def test_client_certificate_is_a_client(make_gateway):
    g = make_gateway(start=False)
    cert, _ = make_certificate(g.dir, "server")
    client, key = make_certificate(g.dir, "client")
    stranger, stranger_key = make_certificate(g.dir, "stranger")
    g.write("phigate.yaml", config(g, ", client_ca: client.pem"))
    g.write("clients.yaml", f"clients:\n  - id: ehr\n    user: ehr\n    certificate_sha256: {fingerprint(client)}\n"
            "    default_purpose: treatment\n")
    g.start()

    def ask(pair):
        context = ssl.create_default_context(cafile=str(cert))
        if pair:
            context.load_cert_chain(*map(str, pair))
        return httpx.post(f"https://127.0.0.1:{g.port}/v1/chat/completions", json=chat(), verify=context)
    assert ask((client, key)).status_code == 200
    assert ask(None).status_code == 401
    with pytest.raises(httpx.HTTPError):
        ask((stranger, stranger_key))


def test_upstream_certificate_is_verified(tmp_path, make_gateway):
    cert, key = make_certificate(tmp_path, "upstream")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with CaptureUpstream(tls=context) as upstream:
        for more, status in (("", 502), (f", ca_file: \"{cert}\"", 200)):
            g = make_gateway(upstream.port, upstream=f'main: {{url: "https://127.0.0.1:{upstream.port}/v1", trust: on_prem{more}}}')
            r = httpx.post(g.url + "/chat/completions", json={**chat(), "model": "capture"},
                           headers={"authorization": "Bearer " + g.keys["first"]}, timeout=30)
            assert r.status_code == status, r.text
        assert len(upstream.requests) == 1


def test_bad_pairs_do_not_start(tmp_path):
    g = Gateway(tmp_path)
    make_certificate(g.dir, "server")
    _, other = make_certificate(g.dir, "other")
    g.write("phigate.yaml", config(g))
    g.write("server.key", other.read_text())
    with pytest.raises(RuntimeError):
        g.start()
    g.stop()
