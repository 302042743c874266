"""The network between the nodes of a pool, in the hands of a test: a proxy that can hold back what any node says to any
other. Nothing is lost, as TCP loses nothing; it comes late, which is worse.

It runs as a process of its own. The nodes are told the proxy's addresses as those of their peers; who has connected is
found out from the system's tables, since the nodes' own words are encrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

# How far the proxy's port for a node is from the node's own peer port.
OFFSET = 20


class Links:
    """The proxy's handle for a test."""

    def __init__(self, folder: pathlib.Path, port: int, nodes: int):
        self.nodes = nodes
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(folder), str(port), str(nodes)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def cut(self, *pairs: tuple[int, int]) -> None:
        """From now on nothing passes from the first to the second of each pair, and everything else does."""
        self.process.stdin.write(json.dumps(pairs) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def isolate(self, *alone: int) -> None:
        """These nodes, together, hear nobody else and are heard by nobody else."""
        rest = [node for node in range(1, self.nodes + 1) if node not in alone]
        self.cut(*[pair for one in alone for other in rest for pair in ((one, other), (other, one))])

    def heal(self) -> None:
        self.cut()

    def count(self) -> int:
        """How many bytes the nodes have said to one another."""
        self.process.stdin.write("null\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)


@contextlib.contextmanager
def linked_pool(folder: pathlib.Path, nodes: int, reads: str | None = None) -> Iterator:
    """A pool whose nodes speak to one another through `links`."""
    from conftest import free_ports
    from pool import Pool

    port = free_ports(2 * nodes + OFFSET)
    links = Links(folder / "state", port, nodes)
    settings = {"QUICKSTART_PEER_OFFSET": str(OFFSET), **({"QUICKSTART_READS": reads} if reads else {})}
    pool = Pool(folder / "state", port, nodes=nodes, settings=settings)
    try:
        pool.up()
        pool.links = links
        yield pool
    finally:
        pool.wipe()
        links.close()


# --- the process ------------------------------------------------------------------------------------------------------


class Proxy:
    def __init__(self, folder: pathlib.Path, port: int, nodes: int):
        self.folder = folder
        self.first = port + nodes
        self.nodes = nodes
        self.cut: set[tuple[int, int]] = set()
        self.changed = asyncio.Condition()
        self.passed = 0

    async def run(self) -> None:
        for node in range(1, self.nodes + 1):
            await asyncio.start_server(
                lambda reader, writer, node=node: self.serve(reader, writer, node), "127.0.0.1",
                self.first + node - 1 + OFFSET)
        print("ready", flush=True)
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            pairs = json.loads(line)
            if pairs is None:
                print(self.passed, flush=True)
                continue
            async with self.changed:
                self.cut = {tuple(pair) for pair in pairs}
                self.changed.notify_all()
            print("done", flush=True)

    async def serve(self, reader, writer, target: int) -> None:
        source = self.owner(writer.get_extra_info("peername")[1])
        try:
            if source is None:
                return
            await self.passable(source, target)
            await self.passable(target, source)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.first + target - 1)
            try:
                pumps = [
                    asyncio.create_task(self.pump(reader, far_writer, source, target)),
                    asyncio.create_task(self.pump(far_reader, writer, target, source)),
                ]
                _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pending:
                    pump.cancel()
            finally:
                far_writer.close()
        except OSError:
            pass  # One of the two has gone: the other one is told by the end of its connection.
        finally:
            writer.close()

    async def pump(self, reader, writer, source: int, target: int) -> None:
        try:
            while data := await reader.read(65536):
                await self.passable(source, target)
                self.passed += len(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    async def passable(self, source: int, target: int) -> None:
        if (source, target) in self.cut:
            async with self.changed:
                await self.changed.wait_for(lambda: (source, target) not in self.cut)

    def owner(self, port: int) -> int | None:
        """The node whose socket has this local port."""
        inode = None
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == port and int(fields[2].split(":")[1], 16) >= self.first + OFFSET:
                inode = fields[9]
        for node in range(1, self.nodes + 1):
            try:
                pid = int((self.folder / "nodes" / f"node-{node}" / "hsmd.pid").read_text())
                for entry in os.scandir(f"/proc/{pid}/fd"):
                    if os.readlink(entry.path) == f"socket:[{inode}]":
                        return node
            except OSError:
                continue
        return None


if __name__ == "__main__":
    asyncio.run(Proxy(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])).run())
