"""Nothing that was acknowledged is lost when the lights go out or a disk is full.

`PROVE_CUTS` says how often the power fails; deploy/prove asks for many.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import shutil
import signal
import subprocess
import uuid

import pytest

from conftest import free_ports
from history import Register, Traffic
from lean import Client, Operation, signing
from people import audit_records
from pool import Pool, is_running, wait_until
from test_revocation import make_key

CUTS = int(os.environ.get("PROVE_CUTS", "2"))
SOURCE = pathlib.Path(__file__).with_name("powercut.c")


class Mains:
    """The power of a pool: what the nodes have written and not flushed is gone when it fails."""

    def __init__(self, pool: Pool, folder: pathlib.Path):
        self.pool = pool
        self.library = folder / "powercut.so"
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(self.library), str(SOURCE)], check=True)
        self.nodes = range(1, pool.nodes + 1)

    def data(self, node: int) -> pathlib.Path:
        return self.pool.node_folder(node) / "data"

    def survivors(self, node: int) -> pathlib.Path:
        return self.pool.node_folder(node) / "survives"

    def on(self, *, lies: bool = False) -> None:
        """Starts all nodes on disks that keep what is flushed, or claim to, and lets the officers open the pool."""
        self.pool.quickstart("down")
        for node in self.nodes:
            shutil.rmtree(self.survivors(node), ignore_errors=True)
            shutil.copytree(self.data(node), self.survivors(node), ignore=shutil.ignore_patterns("*-shm"))
            environment = {
                "LD_PRELOAD": str(self.library), "POWERCUT_FOLDER": str(self.data(node)),
                "POWERCUT_SURVIVES": str(self.survivors(node)), **({"POWERCUT_LIES": "1"} if lies else {}),
            }
            self.pool.start(node, environment)
        self.pool.quickstart("up")
        self.pool.await_unsealed()

    def fail(self) -> None:
        """All nodes at once."""
        pids = [self.pool.pid(node) for node in self.nodes]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            wait_until(lambda: not is_running(pid), 10, "the nodes to be gone")
        for node in self.nodes:
            shutil.rmtree(self.data(node))
            shutil.copytree(self.survivors(node), self.data(node))
            self.data(node).chmod(0o700)


@pytest.fixture(scope="module")
def mains(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("mains")
    pool = Pool(folder / "state", free_ports(6)).up()
    yield Mains(pool, folder)
    pool.wipe()


async def read_everywhere(pool: Pool, registers: list[Register]) -> None:
    for node in range(1, pool.nodes + 1):
        client = Client(pool, node)
        for one in registers:
            while (await one.read(client)).status != 200:
                await asyncio.sleep(0.05)
        client.close()


async def work(pool: Pool, registers: list[Register], seconds: float) -> None:
    async with Traffic(pool, registers, [1, 2, 3, 1, 2, 3], pause=0.005):
        await asyncio.sleep(seconds)


def registers(pool: Pool, token: str, count: int = 4) -> list[Register]:
    return [Register(pool, make_key(pool, f"power-{uuid.uuid4().hex[:8]}", token), token) for _ in range(count)]


def test_what_was_acknowledged_survives_a_power_cut(mains: Mains):
    pool = mains.pool
    mains.on()
    token = pool.token("application")
    for turn in range(CUTS):
        ours = registers(pool, token)

        async def until_the_cut() -> list[Operation]:
            """The power fails in the middle of all this."""
            key = make_key(pool, f"signing-{turn}", token)
            signer, signed = Client(pool, 1), []
            async with Traffic(pool, ours, [1, 2, 3, 1, 2, 3], pause=0.005):
                end = asyncio.get_running_loop().time() + 1.5
                while asyncio.get_running_loop().time() < end:
                    signed.append(await signer.ask(signing(pool, 1, key, token)))
                mains.fail()
                await asyncio.sleep(0.05)
            return signed

        before = len(audit_records(pool, 1, "KeySign"))
        signed = asyncio.run(until_the_cut())
        acknowledged = sum(write.status == 200 for one in ours for write in one.writes)
        assert acknowledged > 20, "the load was too thin to show anything"
        # An answer leaves only when its record is flushed.
        good = sum(operation.status == 200 for operation in signed)
        assert good > 20 and len(audit_records(pool, 1, "KeySign")) - before >= good
        mains.on()
        asyncio.run(read_everywhere(pool, ours))
        for one in ours:
            assert one.is_linearizable(), sorted(one.events, key=lambda event: event.began)
        pool.await_same_state()
        print(f"\npower cut {turn + 1}: {acknowledged} acknowledged writes and {good} signatures, all there")


def test_a_disk_that_lies_is_noticed(mains: Mains):
    """The proof that the test above could fail."""
    pool = mains.pool
    mains.on(lies=True)
    token = pool.token("application")
    ours = registers(pool, token, count=1)

    async def until_the_cut() -> None:
        async with Traffic(pool, ours, [1, 2, 3], pause=0.005):
            await asyncio.sleep(0.5)
            mains.fail()

    asyncio.run(until_the_cut())
    assert any(write.status == 200 for write in ours[0].writes)
    mains.on()
    # The key itself is gone.
    answer = pool.call("GET", 1, ours[0].path.split("?")[0], pool.token("application"))
    assert answer.status_code == 404, answer.text


# --- full disks -------------------------------------------------------------------------------------------------------


class SmallDisk:
    """A node's data folder on a file system of its own that a test can fill."""

    def __init__(self, pool: Pool, node: int, megabytes: int):
        self.folder = pool.node_folder(node) / "data"
        aside = self.folder.with_name("data-aside")
        self.folder.rename(aside)
        self.folder.mkdir(mode=0o700)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "small", str(self.folder)], check=True)
        shutil.copytree(aside, self.folder, dirs_exist_ok=True)
        shutil.rmtree(aside)

    @property
    def ballast(self) -> pathlib.Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass

    def empty(self) -> None:
        self.ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


def fill_up(pool: Pool, disks: dict[int, SmallDisk], victim: int, token: str) -> None:
    """One node's disk is full for some seconds, while clients sign at all nodes and write at the others."""
    ours = registers(pool, token, count=2)
    others = [node for node in (1, 2, 3) if node != victim]
    key = make_key(pool, f"signing-{victim}", token)

    async def run() -> dict[int, list[Operation]]:
        seen = {node: [] for node in (1, 2, 3)}
        clients = {node: Client(pool, node) for node in seen}
        await work(pool, ours, 0.5)
        disks[victim].fill()
        end = asyncio.get_running_loop().time() + 4
        async with Traffic(pool, ours, others, pause=0.02):
            while asyncio.get_running_loop().time() < end:
                for node in seen:
                    seen[node].append(await clients[node].ask(signing(pool, node, key, token)))
                await asyncio.sleep(0.05)
        for client in clients.values():
            client.close()
        return seen

    seen = asyncio.run(run())
    assert not [answer for node in others for answer in seen[node] if answer.status != 200]
    refused = [answer for answer in seen[victim] if answer.status != 200]
    assert refused and all(answer.status == 503 for answer in refused), refused[:3]
    print(f"\nnode-{victim} full: {refused[-1].json()['error']['message']}")
    pid = pool.pid(victim)
    log = (pool.node_folder(victim) / "hsmd.log").read_text()
    assert "storageFull" in log or "audit record refused" in log, log[-2000:]
    assert (pool.health(victim) or {})["disk"] == "full"
    disks[victim].empty()
    # It comes back by itself: the same process, with all that it has missed.
    wait_until(
        lambda: pool.call("POST", victim, f"/keys/{key}/sign", token, {"alg": "ES256", "value": "A" * 43})
        .status_code == 200, 20, "the node to sign again")
    assert pid == pool.pid(victim) and is_running(pid)
    asyncio.run(read_everywhere(pool, ours))
    for one in ours:
        assert one.is_linearizable(), sorted(one.events, key=lambda event: event.began)
    pool.await_same_state()
    assert [pool.health(node)["disk"] for node in (1, 2, 3)] == ["writable"] * 3


def test_a_full_disk(tmp_path):
    """Of the leader, then of a follower."""
    pool = Pool(tmp_path / "state", free_ports(6)).up()
    pool.quickstart("down")
    disks = {node: SmallDisk(pool, node, 48) for node in (1, 2, 3)}
    try:
        pool.quickstart("up")
        pool.await_unsealed()
        token = pool.token("application")
        fill_up(pool, disks, pool.leader(), token)
        fill_up(pool, disks, pool.leader() % 3 + 1, token)
    finally:
        pool.quickstart("down")
        for disk in disks.values():
            disk.close()
        pool.wipe()
