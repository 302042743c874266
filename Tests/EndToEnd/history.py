"""Clients that write and read one value of a key through any node, and the history of what they saw."""

from __future__ import annotations

import asyncio
import itertools
import random

from lean import Client, Operation, request
from linearizability import Event, is_linearizable
from load import API_VERSION
from pool import Pool


class Register:
    """A tag of one key: written by PATCH, read by GET."""

    def __init__(self, pool: Pool, key: str, token: str):
        self.pool = pool
        self.path = f"/keys/{key}?api-version={API_VERSION}"
        self.token = token
        self.numbers = itertools.count(1)
        self.events: list[Event] = []
        self.writes: list[Operation] = []

    async def write(self, client: Client, patience: float = 20) -> Operation:
        value = str(next(self.numbers))
        message = request(self.pool, client.node, "PATCH", self.path, self.token, {"tags": {"value": value}})
        began = asyncio.get_running_loop().time()
        try:
            answer = await client.ask(message, patience)
        except asyncio.CancelledError:
            self.events.append(Event.unknown(began, value))
            raise
        self.writes.append(answer)
        if answer.status == 200:
            self.events.append(Event.write(answer.began, answer.ended, value))
        else:
            assert answer.status in (0, 503), answer
            self.events.append(Event.unknown(answer.began, value))
        return answer

    async def read(self, client: Client, patience: float = 20) -> Operation:
        answer = await client.ask(request(self.pool, client.node, "GET", self.path, self.token), patience)
        if answer.status == 200:
            value = answer.json().get("tags", {}).get("value")
            self.events.append(Event.read(answer.began, answer.ended, value))
        else:
            assert answer.status in (0, 503), answer
        return answer

    def is_linearizable(self) -> bool:
        """A write that nobody has answered and nobody has read could have happened last, or never: it says nothing."""
        shown = {event.value for event in self.events if not event.is_write}
        events = [event for event in self.events if event.ended < float("inf") or event.value in shown]
        return is_linearizable(events, None)


class Traffic:
    """Clients of several registers at several nodes, for as long as the `async with` block runs."""

    def __init__(self, pool: Pool, registers: list[Register], nodes: list[int], *, pause: float, patience: float = 20):
        self.pool = pool
        self.registers = registers
        self.nodes = nodes
        self.pause = pause
        self.patience = patience
        self.tasks: list[asyncio.Task] = []

    async def run(self, node: int, source: random.Random) -> None:
        client = Client(self.pool, node)
        try:
            while True:
                register = source.choice(self.registers)
                if source.random() < 0.4:
                    await register.write(client, self.patience)
                else:
                    await register.read(client, self.patience)
                await asyncio.sleep(self.pause * source.random() * 2)
        finally:
            client.close()

    async def __aenter__(self) -> "Traffic":
        self.tasks = [asyncio.create_task(self.run(node, random.Random(node))) for node in self.nodes]
        return self

    async def __aexit__(self, *_) -> None:
        for task in self.tasks:
            task.cancel()
        for error in await asyncio.gather(*self.tasks, return_exceptions=True):
            if not isinstance(error, asyncio.CancelledError):
                raise error
