"""Copies of a node that was stopped, for tests to spoil."""

from __future__ import annotations

import pathlib
import shutil
import socket
import subprocess

import pytest

from conftest import free_ports
from people import await_audit_head
from pool import Pool, binaries

# Exit codes of the daemon.
USAGE, UNAVAILABLE, SYSTEM, DATA, CONFIGURATION = 64, 69, 71, 74, 78


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory):
    """A pool of one that has been stopped: its folder is the pattern of what the tests spoil."""
    made = Pool(tmp_path_factory.mktemp("pattern") / "state", free_ports(2), nodes=1).up()
    await_audit_head(made, 1)
    made.quickstart("down")
    yield made
    made.wipe()


class Node:
    """A copy of a node's folder on ports of its own, and its daemon run in the foreground."""

    def __init__(self, stopped: Pool, folder: pathlib.Path):
        self.pool_folder = folder / "state"
        self.folder = self.pool_folder / "nodes" / "node-1"
        shutil.copytree(stopped.folder, self.pool_folder)
        self.port = free_ports(2)
        self.yaml = self.folder / "node.yaml"
        text = self.yaml.read_text()
        for offset in range(2):
            text = text.replace(f":{stopped.port + offset}", f":{self.port + offset}")
        self.write(text)

    def write(self, text: str) -> None:
        self.yaml.write_text(text)

    def replace(self, old: str, new: str) -> int:
        """Replaces a piece of the configuration; the number of its line."""
        text = self.yaml.read_text()
        assert old in text, f"'{old}' isn't in the configuration"
        self.write(text.replace(old, new, 1))
        return text[:text.index(old)].count("\n") + 1

    def run(self, *arguments: str, seconds: float = 15) -> tuple[int | None, str]:
        """Exit code (None: it went on running) and output."""
        process = subprocess.Popen(
            [str(binaries() / "hsmd"), *(arguments or ("--config", "node.yaml"))], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = process.communicate(timeout=seconds)
            return process.returncode, said
        except subprocess.TimeoutExpired:
            process.terminate()
            return None, process.communicate(timeout=30)[0]


@pytest.fixture
def node(stopped: Pool, tmp_path: pathlib.Path) -> Node:
    return Node(stopped, tmp_path)


@pytest.fixture
def taken_ports(node: Node):
    """Holds both ports of the node: a daemon that got as far as to open one would complain about that instead."""
    sockets = []
    for port in (node.port, node.port + 1):
        one = socket.socket()
        one.bind(("127.0.0.1", port))
        one.listen()
        sockets.append(one)
    yield
    for one in sockets:
        one.close()
