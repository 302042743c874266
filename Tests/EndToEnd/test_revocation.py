"""What has been revoked is honoured nowhere any more, and what has been granted is honoured everywhere, from the moment
of the acknowledgement on: asked of every node at once, while clients hammer all of them.

`PROVE_REVOCATIONS` says how many revocations of each kind there are; deploy/prove asks for many.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
import uuid
from collections.abc import Awaitable, Callable

import pytest

from lean import Client, Hammer, Operation, request, signing
from links import linked_pool
from people import CRYPTO_OFFICER, CRYPTO_USER, VERSION, hire
from pool import Pool

ROUNDS = int(os.environ.get("PROVE_REVOCATIONS", "25"))
# A node that has held up a write gets no lease for a while, up to a minute, and one without a lease shows nothing.
FAULTY_ROUNDS = max(4, ROUNDS // 25)
PROBES = 3


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory):
    with linked_pool(tmp_path_factory.mktemp("five"), nodes=5) as pool:
        yield pool


@dataclasses.dataclass
class Right:
    """Something that can be taken away and given back, and a request that shows whether it is there."""

    key: str
    token: str
    refused: int
    # Method, path and body, for the one and for the other.
    taking: tuple[str, str, dict | None]
    giving: tuple[str, str, dict | None]


def make_key(pool: Pool, name: str, token: str) -> str:
    answer = pool.call("POST", 1, f"/keys/{name}/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert answer.status_code == 200, answer.text
    return answer.json()["key"]["kid"].split("/keys/", 1)[1]


def make_right(pool: Pool, kind: str, administrator: str, user: str) -> Right:
    name = f"{kind}-{uuid.uuid4().hex[:8]}"
    key = make_key(pool, name, user)
    version = "api-version=7.5"
    if kind == "role":
        person = hire(pool, CRYPTO_USER, name=name, scope=f"/keys/{name}")
        path = f"/keys/{name}/providers/Microsoft.Authorization/roleAssignments"
        listed = pool.call("GET", 1, path, administrator).json()["value"]
        given = {"properties": {"roleDefinitionId": CRYPTO_USER, "principalId": person.object_id}}
        one = f"{path}/{listed[0]['name']}?{VERSION}"
        return Right(key, person.token(pool), 403, ("DELETE", one, None), ("PUT", one, given))
    if kind == "principal":
        person = hire(pool, CRYPTO_USER, name=name)
        path = f"/quorate/v1/principals/{person.object_id}"
        return Right(
            key, person.token(pool), 401, ("PATCH", path, {"enabled": False}), ("PATCH", path, {"enabled": True}))
    if kind == "disable":
        path = f"/keys/{key}?{version}"
        change = [{"attributes": {"enabled": enabled}} for enabled in (False, True)]
        return Right(key, user, 403, ("PATCH", path, change[0]), ("PATCH", path, change[1]))
    assert kind == "delete"
    return Right(
        key, user, 404, ("DELETE", f"/keys/{name}?{version}", None),
        ("POST", f"/deletedkeys/{name}/recover?{version}", None))


@dataclasses.dataclass(frozen=True)
class Change:
    is_given: bool
    began: float
    acknowledged: float


class Trial:
    """One right, taken and given again and again, and all that anybody saw meanwhile."""

    def __init__(self, pool: Pool, right: Right, administrators: dict[str, str]):
        self.pool = pool
        self.right = right
        self.token = administrators
        self.nodes = range(1, pool.nodes + 1)
        self.messages = {node: signing(pool, node, right.key, right.token) for node in self.nodes}
        self.changers = {node: Client(pool, node) for node in self.nodes}
        self.probes = {node: [Client(pool, node) for _ in range(PROBES)] for node in self.nodes}
        self.changes: list[Change] = []
        self.operations: list[Operation] = []

    async def change(self, is_given: bool, node: int) -> None:
        """Through this node, again until the pool takes it."""
        method, path, body = self.right.giving if is_given else self.right.taking
        token = self.token["administrator" if "roleAssignments" in path or "principals" in path else "officer"]
        message = request(self.pool, node, method, path, token, body)
        began = asyncio.get_running_loop().time()
        is_repeated = False
        while True:
            answer = await self.changers[node].ask(message)
            if answer.status in (200, 201, 204):
                break
            # Without an answer nobody knows whether it was done, and repeated it may be found done.
            if answer.status in (404, 409) and is_repeated:
                break
            assert answer.status in (0, 503), (method, path, answer)
            assert answer.ended - began < 15, f"no write for 15 s: {answer}"
            is_repeated = True
            await asyncio.sleep(0.05)
        self.changes.append(Change(is_given, began, answer.ended))

    def ask_everywhere(self, nodes) -> list[asyncio.Task]:
        """The first thing that happens after an acknowledgement."""
        return [asyncio.create_task(probe.ask(self.messages[node])) for node in nodes for probe in self.probes[node]]

    async def see(self, tasks: list[asyncio.Task]) -> None:
        self.operations += await asyncio.gather(*tasks)

    async def warm(self) -> None:
        for node in self.nodes:
            for probe in self.probes[node]:
                await probe.connect()

    def close(self) -> None:
        for client in [*self.changers.values(), *(probe for probes in self.probes.values() for probe in probes)]:
            client.close()

    def verdict(self, operations: list[Operation], faulty: set[int] = frozenset()) -> dict[str, int]:
        """Judges each operation that began after one change was acknowledged and ended before the next began.

        After a revocation none succeeds, whatever has happened to the node. After a grant none is refused; a node that
        was paused or cut off may say that it can't serve."""
        refused = self.right.refused
        count = {"after a revocation": 0, "after a grant": 0, "unavailable": 0}
        for operation in operations:
            before = [change for change in self.changes if change.acknowledged < operation.began]
            if not before:
                continue
            if any(change.began < operation.ended for change in self.changes[len(before):]):
                continue
            if operation.status in (0, 503):
                assert operation.node in faulty, f"node-{operation.node} did not serve: {operation}"
                count["unavailable"] += 1
            elif before[-1].is_given:
                assert operation.status == 200, f"a grant was not honoured: {operation}"
                count["after a grant"] += 1
            else:
                assert operation.status == refused, f"a revocation was not honoured: {operation}"
                count["after a revocation"] += 1
        return count


@pytest.fixture(scope="module")
def tokens(five: Pool) -> dict[str, str]:
    return make_tokens(five)


def make_tokens(pool: Pool) -> dict[str, str]:
    officer = hire(pool, CRYPTO_OFFICER, CRYPTO_USER, name="officer")
    return {"administrator": pool.token("administrator"), "officer": officer.token(pool)}


KINDS = ["role", "principal", "disable", "delete"]


async def nothing_else(trial: Trial, victim: int, act: Callable[[], Awaitable[list[asyncio.Task]]]) -> None:
    await trial.see(await act())


async def with_pause(trial: Trial, victim: int, act: Callable[[], Awaitable[list[asyncio.Task]]]) -> None:
    """Stops a node's process, acts, and lets it go on. What was sent to it meanwhile waits in its sockets."""
    pid = trial.pool.pid(victim)
    os.kill(pid, signal.SIGSTOP)
    try:
        tasks = await act()
        # Long enough for its lease to have run out while it slept.
        await asyncio.sleep(0.2)
    finally:
        os.kill(pid, signal.SIGCONT)
    await trial.see(tasks)


async def with_cut(trial: Trial, victim: int, act: Callable[[], Awaitable[list[asyncio.Task]]]) -> None:
    """Cuts a node off from the others, not from its clients; acts, and heals the network."""
    trial.pool.links.isolate(victim)
    try:
        tasks = await act()
        await asyncio.sleep(0.2)
    finally:
        trial.pool.links.heal()
    await trial.see(tasks)


def judge(trials: list[Trial], hammers: list[Hammer], faulty: set[int] = frozenset()) -> dict[str, int]:
    total: dict[str, int] = {}
    for trial, hammer in zip(trials, hammers, strict=True):
        for operations in (trial.operations, hammer.operations):
            for what, number in trial.verdict(operations, faulty).items():
                total[what] = total.get(what, 0) + number
    return total


def slowest(trials: list[Trial]) -> float:
    return max(change.acknowledged - change.began for trial in trials for change in trial.changes)


async def with_hammers(trials: list[Trial], body: Callable[[], Awaitable[None]]) -> list[Hammer]:
    """Beside what happens, clients hammer all nodes with every right's request."""
    async with contextlib.AsyncExitStack() as stack:
        hammers = []
        for trial in trials:
            await trial.warm()
            hammers.append(await stack.enter_async_context(Hammer(trial.pool, trial.messages, clients=1, pause=0.03)))
        await body()
    for trial in trials:
        trial.close()
    return hammers


@pytest.mark.parametrize("kind", KINDS)
def test_through_each_node_in_turn(five: Pool, tokens: dict[str, str], kind: str):
    trial = Trial(five, make_right(five, kind, tokens["administrator"], tokens["officer"]), tokens)

    async def body() -> None:
        for turn in range(ROUNDS):
            for is_given in (False, True):
                await trial.change(is_given, turn % five.nodes + 1)
                await trial.see(trial.ask_everywhere(trial.nodes))

    hammers = asyncio.run(with_hammers([trial], body))
    count = judge([trial], hammers)
    print(f"\n{kind}: {ROUNDS} revocations, judged {count}, slowest change {slowest([trial]):.3f} s")
    assert count["after a revocation"] >= ROUNDS * five.nodes * PROBES
    assert count["after a grant"] >= ROUNDS * five.nodes * PROBES


async def holder(pool: Pool, turn: int) -> int:
    """A node that holds a lease, a different one each time as far as there are several. One that has held up a write
    gets none for a while."""
    nodes = [(turn + step) % pool.nodes + 1 for step in range(pool.nodes)]
    deadline = asyncio.get_running_loop().time() + 90
    while asyncio.get_running_loop().time() < deadline:
        for node in nodes:
            if (await asyncio.to_thread(pool.health, node) or {}).get("lease"):
                return node
        await asyncio.sleep(0.05)
    raise AssertionError("no node holds a lease")


@pytest.mark.parametrize("fault", [with_pause, with_cut])
def test_while_a_node_is_out_of_reach(five: Pool, tokens: dict[str, str], fault):
    """The leader too. Each node is out of reach together with its lease."""
    trials = [Trial(five, make_right(five, kind, tokens["administrator"], tokens["officer"]), tokens) for kind in KINDS]

    async def body() -> None:
        for turn in range(FAULTY_ROUNDS):
            trial = trials[turn % len(trials)]
            for is_given in (False, True):
                victim = await holder(five, turn)
                through = victim % five.nodes + 1

                async def act() -> list[asyncio.Task]:
                    await trial.change(is_given, through)
                    return trial.ask_everywhere(trial.nodes)

                # Half of the grants go without, so that the pool is whole in between.
                await (nothing_else if is_given and turn % 2 else fault)(trial, victim, act)

    hammers = asyncio.run(with_hammers(trials, body))
    # Whoever has no leader for a moment may say that it can't serve, and nothing worse.
    count = judge(trials, hammers, set(range(1, five.nodes + 1)))
    print(f"\n{fault.__name__}: {FAULTY_ROUNDS} revocations, judged {count}, slowest change {slowest(trials):.3f} s")
    assert count["after a revocation"] >= FAULTY_ROUNDS * (five.nodes - 1) * PROBES
    assert count["after a grant"] >= FAULTY_ROUNDS * (five.nodes - 1) * PROBES


def test_a_pool_that_chose_a_bound_honours_old_rights_for_so_long(tmp_path):
    """What the choice means; and the proof that the tests above would notice a node that goes by what it remembers."""
    with linked_pool(tmp_path, nodes=3, reads="bounded-staleness(3s)") as pool:
        tokens = make_tokens(pool)
        trial = Trial(pool, make_right(pool, "disable", tokens["administrator"], tokens["officer"]), tokens)

        async def run() -> tuple[list[Operation], list[Operation]]:
            await trial.warm()
            pool.links.isolate(3)
            await trial.change(False, 1)
            early = await asyncio.gather(*trial.ask_everywhere([3]))
            # The last lease ended at most 750 ms after the cut.
            await asyncio.sleep(4)
            late = trial.ask_everywhere([3])
            await asyncio.sleep(0.2)
            pool.links.heal()
            late = await asyncio.gather(*late)
            trial.close()
            return early, late

        early, late = asyncio.run(run())
        assert {operation.status for operation in early} == {200}
        with pytest.raises(AssertionError, match="a revocation was not honoured"):
            trial.verdict(early)
        assert trial.verdict(late, {3})["after a revocation"] + trial.verdict(late, {3})["unavailable"] == PROBES
