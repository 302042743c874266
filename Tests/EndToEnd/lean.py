"""Clients that cost little: HTTP/1.1 by hand on one event loop, so that they leave the processors to the nodes."""

from __future__ import annotations

import asyncio
import dataclasses
import json

from load import API_VERSION, SIGN_BODY
from pool import Pool


@dataclasses.dataclass(frozen=True)
class Operation:
    """One request as its client saw it; times of the event loop, which is CLOCK_MONOTONIC. `status` 0 means that no
    answer came: `body` says why."""

    node: int
    began: float
    ended: float
    status: int
    body: bytes = b""

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def json(self) -> dict:
        return json.loads(self.body)


def request(pool: Pool, node: int, method: str, path: str, token: str, body: bytes | dict | None = None) -> bytes:
    """The bytes of a request, to be made once and sent often."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{pool.port + node - 1}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n")
    return head.encode() + content


def signing(pool: Pool, node: int, key: str, token: str) -> bytes:
    return request(pool, node, "POST", f"/keys/{key}/sign?api-version={API_VERSION}", token, SIGN_BODY)


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, node: int):
        self.node = node
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.answer: asyncio.Future | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15:].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        body, self.buffer = self.buffer[end + 4:end + 4 + length], self.buffer[end + 4 + length:]
        if self.answer and not self.answer.done():
            self.answer.set_result((int(head[9:12]), body, self.loop.time()))

    def connection_lost(self, error) -> None:
        self.transport = None
        if self.answer and not self.answer.done():
            self.answer.set_result((0, str(error or "closed").encode(), self.loop.time()))


class Client:
    """A client of one node on a connection that is kept, and made anew where it was lost. It repeats nothing."""

    def __init__(self, pool: Pool, node: int):
        self.pool = pool
        self.node = node
        self.tls = pool.tls()
        self.connection: Connection | None = None

    async def connect(self) -> None:
        if self.connection is None or self.connection.transport is None:
            loop = asyncio.get_running_loop()
            _, self.connection = await loop.create_connection(
                lambda: Connection(self.node), "127.0.0.1", self.pool.port + self.node - 1, ssl=self.tls,
                server_hostname="127.0.0.1")

    async def ask(self, message: bytes, patience: float = 20) -> Operation:
        """`began` is taken when the connection stands and before the first byte leaves."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(patience):
                await self.connect()
                began = loop.time()
                self.connection.answer = loop.create_future()
                self.connection.transport.write(message)
                status, body, ended = await self.connection.answer
            return Operation(self.node, began, ended, status, body)
        except (OSError, TimeoutError) as error:
            self.close()
            return Operation(self.node, began, loop.time(), 0, f"{type(error).__name__}: {error}".encode())

    def close(self) -> None:
        if self.connection and self.connection.transport:
            self.connection.transport.abort()
        self.connection = None


class Hammer:
    """Clients that send the same request to each node, one after the other, while the `async with` block runs."""

    def __init__(self, pool: Pool, messages: dict[int, bytes], *, clients: int = 2, pause: float = 0.01):
        self.operations: list[Operation] = []
        self.clients = [Client(pool, node) for node in messages for _ in range(clients)]
        self.messages = messages
        self.pause = pause
        self.tasks: list[asyncio.Task] = []

    async def run(self, client: Client) -> None:
        while True:
            self.operations.append(await client.ask(self.messages[client.node]))
            await asyncio.sleep(self.pause)

    async def __aenter__(self) -> "Hammer":
        self.tasks = [asyncio.create_task(self.run(client)) for client in self.clients]
        return self

    async def __aexit__(self, *_) -> None:
        for task in self.tasks:
            task.cancel()
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        for client in self.clients:
            client.close()
        for error in ended:
            if not isinstance(error, asyncio.CancelledError):
                raise error

    def at(self, *nodes: int) -> list[Operation]:
        return [operation for operation in self.operations if operation.node in nodes]
