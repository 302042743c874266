"""What clients see while nodes die, sleep and lose one another is what one machine could have shown them.

`PROVE_KILLS` says how often the leader is killed, `PROVE_SECONDS` how long the network and the processes are disturbed;
deploy/prove asks for much.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
import uuid

import pytest

from conftest import free_ports
from history import Register, Traffic
from lean import Client, Hammer, signing
from links import linked_pool
from pool import Pool, is_running, wait_until
from test_revocation import make_key

KILLS = int(os.environ.get("PROVE_KILLS", "3"))
SECONDS = float(os.environ.get("PROVE_SECONDS", "12"))
LONGEST_STALL = 0.25
WRITES_BACK_MEDIAN, WRITES_BACK_WORST = 1.0, 2.0


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory):
    made = Pool(tmp_path_factory.mktemp("three") / "state", free_ports(6)).up()
    yield made
    made.wipe()


def register(pool: Pool, token: str) -> Register:
    return Register(pool, make_key(pool, f"register-{uuid.uuid4().hex[:8]}", token), token)


def await_leases(pool: Pool) -> None:
    """Waits until the pool is whole: every node unsealed, caught up and answering by itself."""
    for node in range(1, pool.nodes + 1):
        wait_until(lambda: (pool.health(node) or {}).get("lease"), 20, f"node-{node} to hold a lease")


class Death:
    """What was seen around one death of the leader."""

    def __init__(self, victim: int, at: float):
        self.victim = victim
        self.at = at
        self.until = at
        self.writes_back = 0.0


async def kill_leader(pool: Pool, register: Register) -> Death:
    loop = asyncio.get_running_loop()
    victim = await asyncio.to_thread(pool.leader)
    survivors = [node for node in range(1, pool.nodes + 1) if node != victim]
    writers = [Client(pool, node) for node in survivors]
    reader = Client(pool, survivors[0])

    async def write(client: Client) -> None:
        while True:
            await register.write(client)

    tasks = [asyncio.create_task(write(client)) for client in writers]
    try:
        await asyncio.sleep(0.3)
        pid = pool.pid(victim)
        os.kill(pid, signal.SIGKILL)
        death = Death(victim, loop.time())

        def back() -> list[float]:
            return [w.ended for w in register.writes if w.status == 200 and w.ended > death.at and w.began > death.at]

        while not back():
            await asyncio.sleep(0.005)
            assert loop.time() - death.at < 15, "no write for 15 s"
        death.writes_back = min(back()) - death.at
        await asyncio.sleep(0.5)
        await register.read(reader)
        death.until = loop.time()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in [*writers, reader]:
            client.close()
    await asyncio.to_thread(wait_until, lambda: not is_running(pid), 10, "the leader to be gone")
    await asyncio.to_thread(pool.start, victim)
    await asyncio.to_thread(pool.await_unsealed, victim)
    await asyncio.to_thread(await_leases, pool)
    return death


def test_leader_killed_under_load(three: Pool):
    token = three.token("application")
    key = make_key(three, f"signing-{uuid.uuid4().hex[:8]}", token)
    registers = [register(three, token) for _ in range(KILLS)]
    messages = {node: signing(three, node, key, token) for node in (1, 2, 3)}
    await_leases(three)

    async def run():
        async with Hammer(three, messages, clients=2, pause=0.01) as hammer:
            await asyncio.sleep(1)
            calm = max(operation.seconds for operation in hammer.operations)
            return hammer, calm, [await kill_leader(three, one) for one in registers]

    hammer, calm, deaths = asyncio.run(run())
    stalls, signed = [], 0
    for death in deaths:
        seen = [
            operation for operation in hammer.operations
            if operation.node != death.victim and operation.ended > death.at and operation.began < death.until]
        failed = [operation for operation in seen if operation.status != 200]
        assert not failed, f"{len(failed)} of {len(seen)} signatures failed: {failed[:3]}"
        assert len(seen) > 30, "the load was too thin to show anything"
        signed += len(seen)
        stalls.append(max(operation.seconds for operation in seen))
    back = [death.writes_back for death in deaths]
    print(
        f"\n{KILLS} leaders killed: 0 of {signed} signatures on survivors failed, longest {max(stalls):.3f} s "
        f"(undisturbed {calm:.3f} s); writes back after median {statistics.median(back):.3f} s, worst {max(back):.3f} s")
    for number, one in enumerate(registers):
        assert one.is_linearizable(), f"history {number} is none of one register: {sorted(one.events, key=str)}"
    # A machine that is busy with something else stalls anybody: then there is nothing to be shown here.
    assert max(stalls) <= max(LONGEST_STALL, 3 * calm)
    assert max(back) <= WRITES_BACK_WORST
    if KILLS >= 10:
        assert statistics.median(back) <= WRITES_BACK_MEDIAN
    three.await_same_state()


# --- disturbances of all kinds ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory):
    with linked_pool(tmp_path_factory.mktemp("disturbed"), nodes=5) as pool:
        yield pool


async def disturb(pool: Pool, source: random.Random) -> str:
    """One disturbance, begun and ended."""
    nodes = list(range(1, pool.nodes + 1))
    length = source.uniform(0.2, 1.5)
    kind = source.choice(["cut off one", "cut off two", "one way", "pause", "kill", "mesh"])
    victim = source.choice(nodes + [await asyncio.to_thread(pool.leader)])
    if kind == "pause":
        pid = pool.pid(victim)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(length)
        finally:
            os.kill(pid, signal.SIGCONT)
    elif kind == "kill":
        await asyncio.to_thread(pool.kill, victim)
        await asyncio.sleep(length)
        await asyncio.to_thread(pool.start, victim)
        await asyncio.to_thread(pool.await_unsealed, victim)
    else:
        rest = [node for node in nodes if node != victim]
        if kind == "cut off one":
            pool.links.isolate(victim)
        elif kind == "cut off two":
            pool.links.isolate(victim, source.choice(rest))
        elif kind == "one way":
            pool.links.cut(*[source.choice([(victim, other), (other, victim)]) for other in rest])
        else:
            # Everybody hears a majority, and no two the same one.
            pool.links.cut(*[
                pair for one in nodes for pair in ((one, one % 5 + 1), (one % 5 + 1, one)) if source.random() < 0.6])
        await asyncio.sleep(length)
        pool.links.heal()
    await asyncio.sleep(source.uniform(0.1, 0.8))
    return kind


def test_histories_under_disturbance(disturbed: Pool):
    token = disturbed.token("application")
    seed = int(os.environ.get("PROVE_SEED", time.time_ns() % 1_000_000))
    source = random.Random(seed)
    # A history of its own for each piece of the time, so that each can be searched through.
    pieces = max(1, round(SECONDS / 6))
    pieces = [[register(disturbed, token) for _ in range(3)] for _ in range(pieces)]
    await_leases(disturbed)

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        kinds = []
        for registers in pieces:
            end = loop.time() + SECONDS / len(pieces)
            async with Traffic(disturbed, registers, [1, 2, 3, 4, 5], pause=0.03, patience=4):
                while loop.time() < end:
                    kinds.append(await disturb(disturbed, source))
            # The last word: whatever was acknowledged is there, on every node.
            clients = [Client(disturbed, node) for node in (1, 2, 3, 4, 5)]
            for one in registers:
                for client in clients:
                    while (await one.read(client)).status != 200:
                        await asyncio.sleep(0.05)
            for client in clients:
                client.close()
        return kinds

    kinds = asyncio.run(run())
    events = [event for registers in pieces for one in registers for event in one.events]
    print(
        f"\nseed {seed}: {', '.join(kinds)}; {sum(not e.is_write for e in events)} reads, "
        f"{sum(e.is_write for e in events)} writes, {sum(e.ended == float('inf') for e in events)} of unknown fate")
    for registers in pieces:
        for one in registers:
            assert one.is_linearizable(), f"seed {seed}: {sorted(one.events, key=lambda event: event.began)}"
    assert len(events) > 100 * len(pieces)
