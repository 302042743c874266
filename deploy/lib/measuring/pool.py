"""Pools of `deploy/quickstart`: the one that is there, or one of a measurement's own."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from .report import Unmeasurable, note

ROOT = pathlib.Path(__file__).resolve().parents[3]
VERSION = "api-version=7.5"


class Client:
    """Asks a pool with the administrator's credentials that `quickstart env` prints. All its requests go to the first node."""

    def __init__(self, pool, identity=None):
        """`identity` is the client id and the secret of another principal."""
        self.endpoints = pool["QUORATE_ENDPOINTS"].split()
        self.context = ssl.create_default_context(cafile=pool["QUORATE_CA"])
        challenge = self.challenge(f"{self.endpoints[0]}/keys?{VERSION}")
        resource = re.search(r'resource="([^"]*)"', challenge).group(1)
        client, secret = identity or (pool["AZURE_CLIENT_ID"], pool["AZURE_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": f"{resource}/.default"}
        answer = self.send("POST", f"{self.endpoints[0]}/adfs/oauth2/v2.0/token", urllib.parse.urlencode(form).encode(), {})
        self.token = answer["access_token"]

    def challenge(self, url):
        try:
            urllib.request.urlopen(url, context=self.context)
        except urllib.error.HTTPError as refusal:
            return refusal.headers["WWW-Authenticate"]
        raise RuntimeError("a request without a token was served")

    def send(self, method, url, body, headers):
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
            return json.load(answer)

    def call(self, method, path, body):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.send(method, f"{self.endpoints[0]}{path}?{VERSION}", json.dumps(body).encode(), headers)


class Pool:
    """A running pool. Nodes are numbered from 1."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self.environment = environment(self.folder)
        self.client = Client(self.environment)
        self.endpoints = self.client.endpoints
        self.authority = self.environment["QUORATE_CA"]

    def nodes(self):
        return range(1, len(self.endpoints) + 1)

    def pid(self, node):
        return int((self.folder / "nodes" / f"node-{node}" / "hsmd.pid").read_text())

    def pids(self):
        return [self.pid(node) for node in self.nodes()]

    def audit_bytes(self, node):
        folder = self.folder / "nodes" / f"node-{node}" / "data" / "audit"
        return sum(file.stat().st_size for file in folder.iterdir())

    def peer_ports(self):
        first = int(re.search(r"port=(\d+)", (self.folder / "pool.conf").read_text()).group(1))
        return range(first + len(self.endpoints), first + 2 * len(self.endpoints))

    def health(self, node):
        return self.client.send("GET", f"{self.endpoints[node - 1]}/quorate/v1/health", None, {})

    def leader(self):
        """The node that leads. A pool that has just started may need a moment."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for node in self.nodes():
                if self.health(node)["role"] == "leader":
                    return node
            time.sleep(0.1)
        raise Unmeasurable("the pool has found no leader within 30 s", "look into nodes/node-*/hsmd.log of the pool's folder")

    def hsmctl(self):
        """The tool beside the daemon that runs: both are of one build."""
        program = pathlib.Path(os.readlink(f"/proc/{self.pid(1)}/exe").removesuffix(" (deleted)")).parent / "hsmctl"
        if not program.exists():
            raise Unmeasurable(f"there is no {program}", "build hsmctl too, or give --binaries to deploy/quickstart")
        return str(program)

    def make_key(self, name, kind):
        self.client.call("POST", f"/keys/{name}/create", {"kty": kind.type, **kind.parameters})


def running(options):
    """The pool of `deploy/quickstart up`."""
    cure = "start it with: deploy/quickstart up" + (f" --dir {options.dir}" if options.dir != str(ROOT / ".quorate") else "")
    if not (pathlib.Path(options.dir) / "pool.conf").exists():
        raise Unmeasurable(f"there is no pool at {options.dir}", cure)
    status = json.loads(quickstart("status", "--json", "--dir", options.dir))["nodes"]
    if any(node["sealState"] != "unsealed" for node in status):
        raise Unmeasurable("the pool isn't running", cure)
    return Pool(options.dir)


@contextlib.contextmanager
def own(nodes, binaries=None):
    """A new pool in a temporary folder, deleted in the end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quorate-measure-"))
    state = folder / "pool"
    words = ["--nodes", str(nodes), "--port", str(free_ports(2 * nodes)), "--dir", state, *(["--binaries", binaries] if binaries else [])]
    try:
        note(f"making a pool of {nodes} node(s) ...")
        # The node would compute spare keys while it is measured.
        quickstart("up", *words, QUICKSTART_SPARE_RSA_KEYS="0")
        yield Pool(state)
    finally:
        if (state / "pool.conf").exists():
            quickstart("wipe", "--dir", state)
        shutil.rmtree(folder, ignore_errors=True)


def quickstart(*words, **settings):
    done = subprocess.run(
        [ROOT / "deploy" / "quickstart", *words], capture_output=True, text=True, env={**os.environ, **settings})
    if done.returncode:
        raise Unmeasurable(f"deploy/quickstart {words[0]} failed", done.stderr.strip() or done.stdout.strip())
    return done.stdout


def environment(folder):
    values = {}
    for line in quickstart("env", "--dir", folder).splitlines():
        if line.startswith("export "):
            name, value = line.removeprefix("export ").split("=", 1)
            values[name] = shlex.split(value)[0]
    return values


def free_ports(count):
    """The first of so many free ports in a row."""
    for first in range(19000 + os.getpid() % 100 * 20, 32000, 20):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return first
            except OSError:
                continue
    raise Unmeasurable(f"no {count} ports in a row are free", "close what listens on 127.0.0.1 from port 19000 on")
