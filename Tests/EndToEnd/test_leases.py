"""Each node answers by itself: what that saves, what it costs, and how a node takes its leave."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid

import pytest

from history import Register
from lean import Client, Hammer, Operation, signing
from links import linked_pool
from pool import Pool, is_running, wait_until
from test_history import await_leases
from test_revocation import make_key


@pytest.fixture(scope="module")
def leased(tmp_path_factory: pytest.TempPathFactory):
    with linked_pool(tmp_path_factory.mktemp("leased"), nodes=3) as pool:
        yield pool


def bytes_per_signature(pool: Pool, seconds: float = 2) -> float:
    """What the nodes say to one another because of a signature, beside what they say anyway."""
    token = pool.token("application")
    key = make_key(pool, f"signing-{uuid.uuid4().hex[:8]}", token)
    messages = {node: signing(pool, node, key, token) for node in range(1, pool.nodes + 1)}

    async def run() -> tuple[int, int, list[Operation]]:
        before = pool.links.count()
        await asyncio.sleep(seconds)
        idle = pool.links.count() - before
        async with Hammer(pool, messages, clients=3, pause=0.002) as hammer:
            before = pool.links.count()
            await asyncio.sleep(seconds)
            busy = pool.links.count() - before
        return idle, busy, list(hammer.operations)

    idle, busy, signed = asyncio.run(run())
    assert len(signed) > 100 and all(operation.status == 200 for operation in signed)
    print(f"\n{len(signed)} signatures; idle {idle / seconds:.0f} bytes/s, signing {busy / seconds:.0f} bytes/s")
    return (busy - idle) / len(signed)


def test_a_signature_causes_no_traffic_between_nodes(leased: Pool):
    await_leases(leased)
    assert bytes_per_signature(leased) < 20


def test_a_pool_that_chose_rounds_asks_for_each_batch(tmp_path):
    """The other choice; and the proof that the measurement above would show a round."""
    with linked_pool(tmp_path, nodes=3, reads="read-index") as pool:
        assert [(pool.health(node) or {})["lease"] for node in (1, 2, 3)] == [False, False, False]
        assert bytes_per_signature(pool) > 60


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nobody_waits_for_a_node_that_says_goodbye(leased: Pool, how: signal.Signals):
    token = leased.token("application")
    register = Register(leased, make_key(leased, f"goodbye-{uuid.uuid4().hex[:8]}", token), token)
    await_leases(leased)
    leader = leased.leader()
    victim = leader % 3 + 1

    async def run() -> float:
        client = Client(leased, leader)
        await register.write(client)
        pid = leased.pid(victim)
        os.kill(pid, how)
        await asyncio.to_thread(wait_until, lambda: not is_running(pid), 20, "the node to be gone", 0.002)
        written = await register.write(client)
        client.close()
        assert written.status == 200, written
        return written.seconds

    seconds = asyncio.run(run())
    print(f"\n{how.name}: the next write took {seconds:.3f} s")
    # A node that was killed may hold a lease, and is waited for: 750 ms, and what its clock may run wrong.
    assert seconds < 0.3 if how == signal.SIGTERM else 0.4 < seconds < 1.5
    leased.start(victim)
    leased.await_unsealed(victim)
    assert register.is_linearizable()
