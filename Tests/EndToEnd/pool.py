"""A real pool for tests: made, started, killed and wiped through deploy/quickstart."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import signal
import sqlite3
import ssl
import subprocess
import threading
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "deploy" / "quickstart"


def binaries() -> pathlib.Path:
    """The folder of hsmd and hsmctl, as deploy/test has built them."""
    return pathlib.Path(os.environ.get("QUORATE_BINARIES", ROOT / ".build" / "debug"))



class Pool:
    """A pool of nodes on loopback. Nodes are numbered from 1, as quickstart names them."""

    def __init__(
        self, folder: pathlib.Path, port: int, nodes: int = 3, build: pathlib.Path | None = None,
        settings: dict[str, str] | None = None,
    ):
        """`settings` are environment variables for quickstart."""
        self.folder = folder
        self.settings = settings or {}
        self.binaries = build or binaries()
        self.port = port
        self.nodes = nodes
        self.environment: dict[str, str] = {}
        self.processes: dict[int, subprocess.Popen] = {}

    # --- life ---------------------------------------------------------------------------------------------------------

    def quickstart(
        self, *arguments: str, check: bool = True, prefix: list[str] | None = None
    ) -> subprocess.CompletedProcess:
        """`prefix` is a command that runs the script in another setting, for example as another user."""
        command = [
            *(prefix or []), str(QUICKSTART), *arguments, "--dir", str(self.folder), "--binaries", str(self.binaries),
            "--port", str(self.port), "--nodes", str(self.nodes),
        ]
        # Spare keys would cost each of many short-lived pools some seconds of computing.
        environment = {"QUICKSTART_SPARE_RSA_KEYS": "0", **os.environ, **self.settings}
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment)
        if check and result.returncode != 0:
            raise AssertionError(f"{shlex.join(command)} failed:\n{result.stdout}\n{result.stderr}")
        return result

    def up(self) -> "Pool":
        self.quickstart("up")
        self.environment = {}
        for line in self.quickstart("env").stdout.splitlines():
            if line.startswith("export "):
                name, value = line.removeprefix("export ").split("=", 1)
                self.environment[name] = shlex.split(value)[0]
        return self

    def wipe(self) -> None:
        self.quickstart("wipe")

    def status(self) -> list[dict]:
        return json.loads(self.quickstart("status", "--json").stdout)["nodes"]

    def node_folder(self, node: int) -> pathlib.Path:
        return self.folder / "nodes" / f"node-{node}"

    def pid(self, node: int) -> int:
        return int((self.node_folder(node) / "hsmd.pid").read_text())

    def kill(self, node: int) -> None:
        """kill -9, and waits until the process is gone."""
        pid = self.pid(node)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), 10, f"node-{node} to be gone")

    def start(self, node: int, environment: dict[str, str] | None = None) -> None:
        """Starts a node that was killed, as quickstart would, with further variables in its environment."""
        folder = self.node_folder(node)
        with open(folder / "hsmd.log", "ab") as log:
            process = subprocess.Popen(
                [str(self.binaries / "hsmd"), "--config", "node.yaml"], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, env=dict(os.environ, **(environment or {})))
        (folder / "hsmd.pid").write_text(f"{process.pid}\n")
        self.processes[node] = process
        # Nobody else takes note of the end of this process: it would stay in the table of processes as if it ran.
        threading.Thread(target=process.wait, daemon=True).start()

    def power_off(self) -> None:
        """All nodes die and start again: the pool is sealed."""
        nodes = range(1, self.nodes + 1)
        for node in nodes:
            self.kill(node)
        for node in nodes:
            self.start(node)
        for node in nodes:
            self.await_health(node, "seal", "sealed")

    def officers(self, *numbers: int) -> list[pathlib.Path]:
        """The key files of officers, counted from 1."""
        return [self.folder / "officers" / f"officer-{number}.key" for number in numbers]

    # --- requests -----------------------------------------------------------------------------------------------------

    @property
    def authority(self) -> pathlib.Path:
        return self.folder / "ca" / "api-ca.crt"

    def port_of(self, node: int) -> int:
        """The port of a node's API."""
        return self.port + node - 1

    def endpoint(self, node: int) -> str:
        return f"https://127.0.0.1:{self.port_of(node)}"

    @property
    def endpoints(self) -> list[str]:
        return [self.endpoint(node) for node in range(1, self.nodes + 1)]

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def client(self, *, http2: bool = False, timeout: float = 30) -> httpx.Client:
        return httpx.Client(verify=self.tls(), http1=not http2, http2=http2, timeout=timeout)

    def credentials(self, name: str = "administrator") -> tuple[str, str]:
        """Client id and secret of `administrator` or `application`."""
        description = json.loads((self.folder / f"{name}.json").read_text())
        return description["clientId"], (self.folder / f"{name}.secret").read_text().strip()

    def token(self, name: str = "administrator", node: int = 1) -> str:
        client_id, secret = self.credentials(name)
        return self.token_for(client_id, secret, node)

    def token_for(self, client_id: str, secret: str, node: int = 1) -> str:
        with self.client() as client:
            answer = client.post(
                f"{self.endpoint(node)}/adfs/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
                    "scope": f"{self.scope}/.default",
                })
        answer.raise_for_status()
        return answer.json()["access_token"]

    @property
    def scope(self) -> str:
        """The resource that the 401 challenge names."""
        with self.client() as client:
            challenge = client.get(f"{self.endpoint(1)}/keys?api-version=7.5").headers["www-authenticate"]
        return challenge.split('resource="', 1)[1].split('"', 1)[0]

    def health(self, node: int) -> dict | None:
        try:
            with self.client(timeout=3) as client:
                return client.get(f"{self.endpoint(node)}/quorate/v1/health").json()
        except (httpx.HTTPError, ValueError):
            return None

    def leader(self) -> int:
        found: list[int] = []

        def look() -> bool:
            found[:] = [n for n in range(1, self.nodes + 1) if (self.health(n) or {}).get("role") == "leader"]
            return len(found) == 1

        wait_until(look, 20, "a leader")
        return found[0]

    def call(
        self, method: str, node: int, path: str, token: str, body: dict | None = None, *, timeout: float = 30
    ) -> httpx.Response:
        """One request of the protocol's newest version on a connection of its own."""
        separator = "&" if "?" in path else "?"
        with self.client(timeout=timeout) as client:
            return client.request(
                method, f"{self.endpoint(node)}{path}{separator}api-version=7.5", json=body,
                headers={"authorization": f"Bearer {token}"})

    def await_health(self, node: int, member: str, value, seconds: float = 20) -> None:
        wait_until(lambda: (self.health(node) or {}).get(member) == value, seconds, f"node-{node} to be {value}")

    def await_unsealed(self, *nodes: int, seconds: float = 20) -> None:
        for node in nodes or range(1, self.nodes + 1):
            wait_until(
                lambda: (self.health(node) or {}).get("seal") == "unsealed", seconds, f"node-{node} to be unsealed")

    def applied(self, node: int) -> tuple[int, bytes]:
        """Index and root of the state that a node has on its disk."""
        database = sqlite3.connect(f"file:{self.node_folder(node) / 'data' / 'state.db'}?mode=ro", uri=True)
        try:
            return database.execute("SELECT idx, state_root FROM applied").fetchone()
        finally:
            database.close()

    def await_same_state(self, *nodes: int, seconds: float = 20) -> tuple[int, bytes]:
        """Waits until the nodes have applied the same index, and demands that they then have the same state."""
        seen: list[tuple[int, bytes]] = []

        def look() -> bool:
            seen[:] = [self.applied(node) for node in nodes or range(1, self.nodes + 1)]
            return len({index for index, _ in seen}) == 1

        wait_until(look, seconds, "the nodes to apply the same index")
        assert len({root for _, root in seen}) == 1, f"the nodes' states differ: {seen}"
        return seen[0]

    # --- tools --------------------------------------------------------------------------------------------------------

    def hsmctl(
        self, *arguments: str, check: bool = True, user: str = "administrator", stdin: int | None = None
    ) -> subprocess.CompletedProcess:
        client_id, _ = self.credentials(user)
        environment = dict(
            os.environ, QUORATE_ENDPOINTS=" ".join(self.endpoints), QUORATE_CA=str(self.authority),
            AZURE_CLIENT_ID=client_id, QUORATE_CLIENT_SECRET_FILE=str(self.folder / f"{user}.secret"))
        result = subprocess.run(
            [str(self.binaries / "hsmctl"), *arguments], capture_output=True, text=True, timeout=60, env=environment,
            stdin=stdin)
        if check and result.returncode != 0:
            raise AssertionError(f"hsmctl {shlex.join(arguments)} failed: {result.stderr}")
        return result


def is_running(pid: int) -> bool:
    """Whether a process lives; one that nobody has waited for does not."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    if state != "Z":
        return True
    try:
        # The first thread is dead for a moment also where another one has the process start a program in its place.
        if len(os.listdir(f"/proc/{pid}/task")) > 1:
            return True
    except OSError:
        return False
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    return False


def wait_until(condition, seconds: float, what: str, interval: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(interval)
