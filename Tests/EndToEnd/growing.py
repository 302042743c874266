"""A pool whose nodes come and go: what an operator does by hand to let one join, done for tests."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import subprocess
import threading

from pool import ROOT, Pool, wait_until


class GrowingPool(Pool):
    """Nodes keep the ids that the pool gives them; joined ones use ports behind the founders'."""

    def __init__(self, folder: pathlib.Path, port: int, nodes: int):
        super().__init__(folder, port, nodes)
        self.members = list(range(1, nodes + 1))
        self.exits: dict[int, int] = {}

    def port_of(self, node: int) -> int:
        return self.port + node - 1 if node <= self.nodes else self.port + 2 * node

    @property
    def endpoints(self) -> list[str]:
        return [self.endpoint(node) for node in self.members]

    def leader(self) -> int:
        found: list[int] = []

        def look() -> bool:
            found[:] = [n for n in self.members if (self.health(n) or {}).get("role") == "leader"]
            return len(found) == 1

        wait_until(look, 20, "a leader")
        return found[0]

    @property
    def scope(self) -> str:
        with self.client() as client:
            answer = client.get(f"{self.endpoint(self.members[0])}/keys?api-version=7.5")
        return answer.headers["www-authenticate"].split('resource="', 1)[1].split('"', 1)[0]

    # --- joining ------------------------------------------------------------------------------------------------------

    def shell(self, script: str) -> str:
        """Runs a line with the helpers of the deployment scripts."""
        lines = f". {ROOT}/deploy/lib/common.sh; . {ROOT}/deploy/lib/pool.sh; dir={shlex.quote(str(self.folder))}; {script}"
        result = subprocess.run(
            ["bash", "-euc", "umask 077; " + lines], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def invite(self, name: str, *, replaces: str | None = None) -> tuple[int, pathlib.Path]:
        """Makes the new node's key and a ticket for it: the id that it has, and the ticket's file."""
        folder = self.folder / "nodes" / name
        folder.mkdir(mode=0o700)
        key = folder / "node.key"
        self.shell(
            f"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key} 2>/dev/null; "
            f"openssl pkey -in {key} -pubout -out {folder}/node.pub")
        ticket = folder / "ticket.json"
        what = ["node", "replace", replaces] if replaces else ["node", "add"]
        made = json.loads(
            self.hsmctl(
                *what, "--name", name, "--public-key", str(folder / "node.pub"), "--out", str(ticket), "--json").stdout)
        assert "ticket" not in made, made
        assert ticket.stat().st_mode & 0o777 == 0o600
        return made["id"], ticket

    def configure(self, name: str, node: int) -> pathlib.Path:
        """Issues the node's certificates and writes its configuration. It names the node itself and nobody else."""
        folder = self.folder / "nodes" / name
        founder = (self.node_folder(1) / "node.yaml").read_text()
        pool_id = next(line.split()[1] for line in founder.splitlines() if "pool_id:" in line)
        extensions = shlex.quote(
            f"subjectAltName=URI:quorate:quickstart/{node}\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=critical,CA:FALSE\n")
        api = "$'subjectAltName=IP:127.0.0.1,DNS:localhost\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth'"
        self.shell(
            f"issue api-ca {folder}/api {name} {api}; "
            f"openssl req -new -key {folder}/node.key -subj /CN={name} -out {folder}/node.csr 2>/dev/null; "
            f"openssl x509 -req -in {folder}/node.csr -CA $dir/ca/node-ca.crt -CAkey $dir/ca/node-ca.key -days 825 "
            f"-CAcreateserial -out {folder}/node.crt -extfile <(printf %s {extensions}) 2>/dev/null")
        key = self.shell(f"openssl pkey -in {folder}/node.key -pubout -outform DER | base64 -w0").strip()
        port = self.port_of(node)
        (folder / "node.yaml").write_text(f"""\
node:
  id: {node}
  name: {name}
  pool: quickstart
  pool_id: {pool_id}
  data_folder: data
api:
  listen: 127.0.0.1:{port}
  certificate_file: api.crt
  key_file: api.key
peers:
  listen: 127.0.0.1:{port + 1}
  certificate_file: node.crt
  key_file: node.key
  authority_file: ../../ca/node-ca.crt
members:
  - id: {node}
    name: {name}
    endpoint: https://127.0.0.1:{port}
    peer_address: 127.0.0.1:{port + 1}
    public_key: {key}
""")
        os.chmod(folder / "node.yaml", 0o600)
        link = self.node_folder(node)
        if link != folder:
            link.symlink_to(folder)
        return folder

    def run(self, node: int, *arguments: str) -> None:
        """Starts a node and takes note of its end."""
        folder = self.node_folder(node)
        with open(folder / "hsmd.log", "ab") as log:
            process = subprocess.Popen(
                [str(self.binaries / "hsmd"), "--config", "node.yaml", *arguments], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        (folder / "hsmd.pid").write_text(f"{process.pid}\n")
        self.processes[node] = process
        self.exits.pop(node, None)
        threading.Thread(target=lambda: self.exits.update({node: process.wait()}), daemon=True).start()

    def start(self, node: int) -> None:
        self.run(node)

    def log(self, node: int) -> str:
        return (self.node_folder(node) / "hsmd.log").read_text()

    def join(self, name: str, *, replaces: str | None = None, seconds: float = 60) -> int:
        """Lets a node join, and waits until it is a voter that serves."""
        node, ticket = self.invite(name, replaces=replaces)
        self.configure(name, node)
        self.run(node, "--join", str(ticket))
        self.await_state(node, "voter", seconds=seconds)
        self.members.append(node)
        self.await_unsealed(node)
        return node

    # --- looking ------------------------------------------------------------------------------------------------------

    def listed(self) -> dict[int, dict]:
        return {node["id"]: node for node in json.loads(self.hsmctl("node", "list", "--json").stdout)}

    def await_state(self, node: int, state: str, *, seconds: float = 30) -> None:
        seen: list = []

        def look() -> bool:
            seen[:] = [self.listed().get(node, {}).get("state")]
            return seen == [state]

        try:
            wait_until(look, seconds, f"node {node} to be {state}", interval=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}: it is {seen}\n{self.log(node)[-3000:]}") from None

    def remove(self, node: int) -> None:
        self.hsmctl("node", "remove", str(node))
        self.members.remove(node)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
        self.wipe()
