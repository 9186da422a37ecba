# SPDX-License-Identifier: Apache-2.0
"""Starts and ends what a benchmark compares: stub, nginx, HAProxy, phigate. Each with its own directory and free ports."""
import hashlib
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "build" / "release"
STUBS = {"fast": [], "paced": ["--pace-ms", "20"], "idle": ["--pace-ms", "600000"]}
KEY = "pg-" + secrets.token_urlsafe(32)
# Servers on one processor, load and stub on the other; without a second one they share.
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU = CPUS[0], CPUS[-1]

NGINX = """daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log; user root;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_buffer_size 128k; keepalive_requests 100000000; proxy_http_version 1.1;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s; proxy_read_timeout 900s; proxy_set_header Connection "";
{servers}}}
"""
NGINX_SERVER = """  upstream {name} {{ server 127.0.0.1:{stub}; keepalive 256; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{upstream}; proxy_buffering {buffering}; }} }}
"""
HAPROXY = """global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 900s
  timeout server 900s
  http-reuse always
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cpu):
    return lambda: os.sched_setaffinity(0, {cpu})


def wait_port(port, process, log):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"a server did not start: {log.read_text(errors='replace')[-2000:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("a server does not listen: " + log.read_text(errors="replace")[-2000:])


class Server:
    """A process with its children. `ports`: kind of stub behind it -> port to ask."""

    def __init__(self, name, directory, command, ports, cpu=SERVER_CPU, **popen):
        self.name, self.dir, self.ports = name, pathlib.Path(directory), ports
        log = self.dir / "output.log"
        self.process = subprocess.Popen(command, stdout=log.open("wb"), stderr=subprocess.STDOUT,
                                        preexec_fn=pinned(cpu), **popen)
        for port in set(ports.values()):
            wait_port(port, self.process, log)

    def pids(self):
        me = self.process.pid
        children = pathlib.Path(f"/proc/{me}/task/{me}/children").read_text().split()
        return [me, *map(int, children)]

    def cpu_seconds(self):
        """Time on a processor of all threads, user and system, from the scheduler."""
        total = 0
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def rss_kb(self):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("VmRSS:") else 0
        return total

    def fds(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


class Stubs:
    """Three of them: answers at once, at a pace of 20 ms, and streams that stop after their first event."""

    def __init__(self):
        self.processes, self.ports = {}, {}
        for kind, options in STUBS.items():
            p = subprocess.Popen([BIN / "bench" / "stub", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 preexec_fn=pinned(LOAD_CPU))
            self.processes[kind], self.ports[kind] = p, int(p.stdout.readline())

    def stop(self):
        for p in self.processes.values():
            p.stdin.close()
            p.wait(10)


def make_directory(base, name):
    d = pathlib.Path(base) / name
    d.mkdir(mode=0o700)
    return d


def nginx(base, stubs, buffering=True):
    name = "nginx" if buffering else "nginx-unbuffered"
    d = make_directory(base, name)
    ports = {kind: free_port() for kind in stubs.ports}
    servers = "".join(NGINX_SERVER.format(name=kind, upstream=kind, stub=stubs.ports[kind], port=ports[kind],
                                          buffering="on" if buffering else "off") for kind in ports)
    (d / "nginx.conf").write_text(NGINX.format(dir=d, servers=servers))
    return Server(name, d, [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(d), "-e", str(d / "error.log"), "-c", str(d / "nginx.conf")], ports)


def haproxy(base, stubs):
    d = make_directory(base, "haproxy")
    ports = {kind: free_port() for kind in stubs.ports}
    conf = HAPROXY + "".join(f"listen {kind}\n  bind 127.0.0.1:{ports[kind]}\n  server s 127.0.0.1:{stubs.ports[kind]}\n"
                             for kind in ports)
    (d / "haproxy.cfg").write_text(conf)
    return Server("haproxy", d, [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(d / "haproxy.cfg")], ports)


def write_private(path, text):
    path.write_text(text, encoding="utf8")
    path.chmod(0o600)


def phigate_files(d, stubs, policy="minimum-necessary", audit=None):
    """The configuration of a gateway in front of the stubs: the model's name chooses the stub."""
    port, admin = free_port(), free_port()
    for name in ("secrets", "audit"):
        (d / name).mkdir(mode=0o700)
    write_private(d / "secrets/audit.key", secrets.token_hex(32) + "\n")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    write_private(d / "clients.yaml", f"clients:\n  - id: bench\n    user: bench\n    key_sha256: {digest}\n"
                                      "    default_purpose: treatment\n")
    upstreams = "".join(f"  {kind}: {{url: \"http://127.0.0.1:{stub}/v1\", trust: on_prem}}\n"
                        for kind, stub in stubs.ports.items())
    routes = "".join(f"  - {{models: [\"{kind}\"], upstream: {kind}}}\n" for kind in stubs.ports)
    write_private(d / "phigate.yaml",
                  f"listen: {{address: 127.0.0.1:{port}}}\nadmin: {{address: 127.0.0.1:{admin}}}\nworkers: 1\n"
                  f"limits: {{connections: 8192, concurrent: 8192}}\nupstreams:\n{upstreams}routes:\n{routes}"
                  f"policy: {policy}\nclients: clients.yaml\n"
                  f"audit: {{file: {audit or 'audit'}/decisions.log, key: {{file: secrets/audit.key}}}}\n")
    return port, admin


def phigate(base, stubs, name="phigate", prefix=(), **options):
    d = make_directory(base, name)
    port, admin = phigate_files(d, stubs, **options)
    server = Server(name, d, [*prefix, str(BIN / "bin" / "phigate"), "-c", str(d / "phigate.yaml"), "--share", str(ROOT)],
                    {kind: port for kind in stubs.ports})
    server.admin_port = admin
    return server
