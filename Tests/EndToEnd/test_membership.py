"""Nodes that join, leave, are replaced and fall behind, in pools of real processes under load."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import threading
import time

import httpx
import pytest

from conftest import free_ports
from growing import GrowingPool
from load import SigningLoad
from pool import is_running, wait_until

NOT_PERMITTED, CONFIGURATION = 77, 78
# Entries of the log that the member misses that is far behind. See docs/operations.md for the long form.
ENTRIES_BEHIND = int(os.environ.get("QUORATE_ENTRIES_BEHIND", "0"))


def make_pool(tmp_path_factory: pytest.TempPathFactory, nodes: int):
    return GrowingPool(tmp_path_factory.mktemp("growing") / "state", free_ports(40), nodes).up()


def create_key(pool: GrowingPool, node: int, name: str, token: str) -> str:
    """Creates an EC key and gives the path that signs with it."""
    answer = pool.call("POST", node, f"/keys/{name}/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert answer.status_code == 200, answer.text
    return f"/keys/{answer.json()['key']['kid'].split('/keys/', 1)[1]}/sign?api-version=7.5"


class WritingLoad:
    """One client that changes a key again and again for as long as the `with` block runs, at whoever answers."""

    def __init__(self, pool: GrowingPool, node: int, token: str):
        self.pool, self.node, self.token = pool, node, token
        self.done, self.refused = 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                answer = self.pool.call(
                    "PATCH", self.node, "/keys/written", self.token, {"tags": {"count": str(self.done)}})
                if answer.status_code == 200:
                    self.done += 1
                elif answer.status_code != 503:
                    self.refused.append(answer.text)
            except httpx.HTTPError as error:
                self.refused.append(repr(error))
            time.sleep(0.02)

    def __enter__(self) -> "WritingLoad":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        self.thread.join(30)
        assert self.done > 20 and not self.refused, (self.done, self.refused[:3])


def assert_removed(pool: GrowingPool, node: int) -> None:
    """A node that was removed has noticed, stopped, and can't be started again."""
    wait_until(lambda: node in pool.exits, 15, f"node {node} to notice that it was removed")
    assert pool.exits[node] == NOT_PERMITTED, pool.log(node)[-2000:]
    assert "was removed from the pool" in pool.log(node)
    pool.run(node)
    wait_until(lambda: node in pool.exits, 15, f"node {node} to refuse to start")
    assert pool.exits[node] == NOT_PERMITTED


def test_grow_replace_and_shrink_under_load(tmp_path_factory: pytest.TempPathFactory):
    """From one node to five, two of them replaced, and down to three: nobody who stays fails a request."""
    pool = make_pool(tmp_path_factory, 1)
    try:
        token = pool.token()
        path = create_key(pool, 1, "signed", token)
        create_key(pool, 1, "written", token)
        with WritingLoad(pool, 1, token) as writing, SigningLoad(pool, [1], path, token, http1=1, pause=0.02) as first:
            assert pool.join("node-2") == 2
            assert pool.join("node-3") == 3
            assert pool.join("node-4") == 4
            assert pool.join("node-5") == 5
            assert {n["state"] for n in pool.listed().values()} == {"voter"}
            with SigningLoad(pool, [4, 5], path, token, http1=1, pause=0.02) as later:
                # One that serves, and one that is dead.
                assert pool.join("node-6", replaces="node-2") == 6
                pool.members.remove(2)
                assert_removed(pool, 2)
                pool.kill(3)
                assert pool.join("node-7", replaces="3") == 7
                pool.members.remove(3)
                assert sorted(pool.listed()) == [1, 4, 5, 6, 7]
                pool.remove(6)
                pool.remove(7)
                for node in (6, 7):
                    assert_removed(pool, node)
                # Whoever leads goes too, and nobody notices.
                pool.hsmctl("node", "transfer-leadership", "node-4")
                assert pool.leader() == 4
                time.sleep(0.5)
        for load, nodes in ((first, [1]), (later, [4, 5])):
            failures = load.failures(*nodes)
            assert not failures, f"{len(failures)} of {len(load.answers)} failed: {failures[:3]}"
            assert len(load.answers) > 100
            print(f"\n{nodes}: {len(load.answers)} signatures, none failed, longest {load.longest_stall(*nodes):.3f} s")
        print(f"{writing.done} writes")
        listed = pool.listed()
        assert sorted(listed) == [1, 4, 5] and {n["state"] for n in listed.values()} == {"voter"}
        pool.await_same_state(1, 4, 5)
        # All three were told of each other by the pool: a restart needs no ticket.
        for node in (4, 5):
            pool.kill(node)
            pool.start(node)
        pool.await_unsealed(1, 4, 5)
        pool.await_same_state(1, 4, 5)
        assert pool.call("POST", 5, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43}).status_code == 200
    finally:
        pool.stop()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory):
    pool = make_pool(tmp_path_factory, 3)
    yield pool
    pool.stop()


@pytest.fixture(scope="module")
def token(three: GrowingPool) -> str:
    return three.token()


def hsmd(pool: GrowingPool, folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(pool.binaries / "hsmd"), "--config", "node.yaml", *arguments], cwd=folder, capture_output=True, text=True,
        timeout=30)


def test_tickets_are_for_one_node_once(three: GrowingPool, token: str):
    node, ticket = three.invite("node-x")
    folder = three.configure("node-x", node)
    content = json.loads(ticket.read_text())
    body = {
        "ticket": content["ticket"], "publicKey": "", "endpoint": f"https://127.0.0.1:{three.port_of(node)}",
        "peerAddress": f"127.0.0.1:{three.port_of(node) + 1}",
        # A program that doesn't say so knows the first version only, and is too old for a pool that has risen.
        "knowsPoolVersion": 1_000,
    }

    def ask(**changes) -> int:
        with three.client() as client:
            return client.post(f"{three.endpoint(1)}/quorate/v1/nodes/join", json=body | changes).status_code

    other = three.shell("openssl ecparam -name prime256v1 -genkey -noout | openssl pkey -pubout -outform DER | base64 -w0")
    other = other.strip().replace("+", "-").replace("/", "_").rstrip("=")
    assert ask() == 400
    assert ask(publicKey=other) == 403, "the ticket is for the key of node-x"
    assert ask(publicKey=other, ticket="A" * 43) == 403
    # The configuration has to be the one of the node that was invited.
    yaml = (folder / "node.yaml").read_text()
    (folder / "node.yaml").write_text(yaml.replace(f"id: {node}\n", "id: 77\n"))
    refused = hsmd(three, folder, "--join", str(ticket))
    assert refused.returncode == CONFIGURATION and f"the pool has given the id {node}" in refused.stderr
    (folder / "node.yaml").write_text(yaml)
    os.chmod(ticket, 0o644)
    assert hsmd(three, folder, "--join", str(ticket)).returncode == CONFIGURATION
    os.chmod(ticket, 0o600)
    # An application may not let nodes in, nor see them.
    assert three.hsmctl("node", "add", "--name", "node-y", "--out", str(folder / "y"), user="application", check=False) \
        .returncode == 77
    assert not (folder / "y").exists()
    assert three.hsmctl("node", "list", user="application", check=False).returncode == 77
    three.hsmctl("node", "remove", str(node))
    refused = hsmd(three, folder, "--join", str(ticket))
    assert refused.returncode == CONFIGURATION and "not valid" in refused.stderr
    assert sorted(three.listed()) == [1, 2, 3]


def test_a_newcomer_takes_no_keys_but_the_pools(three: GrowingPool, token: str):
    """Its file names the pool's identity key. With another one in it, a genuine member is to it like one that has made
    up keys of its own."""
    node, ticket = three.invite("node-z")
    folder = three.configure("node-z", node)
    content = json.loads(ticket.read_text())
    assert content["identityKeySha256"] == three.call("GET", 1, "/quorate/v1/status", token).json()["identityKeySha256"]
    spoiled = folder / "spoiled.json"

    def spoil(**changes: str) -> pathlib.Path:
        kept = {name: value for name, value in content.items() if name != "identityKeySha256"}
        spoiled.write_text(json.dumps(kept | changes))
        os.chmod(spoiled, 0o600)
        return spoiled

    refused = hsmd(three, folder, "--join", str(spoil(identityKeySha256="00")))
    assert refused.returncode == CONFIGURATION and "64 hexadecimal digits" in refused.stderr, refused.stderr
    refused = hsmd(three, folder, "--join", str(spoil()))
    assert refused.returncode == CONFIGURATION and "doesn't name the pool's identity key" in refused.stderr
    assert three.listed()[node]["state"] == "invited", "the ticket isn't spent"

    other = "ab" * 32
    three.run(node, "--join", str(spoil(identityKeySha256=other)))
    seen: list[dict] = []

    def waits() -> bool:
        seen[:] = [three.health(node) or {}]
        return "are not taken" in seen[0].get("waitsBecause", "")

    wait_until(waits, 30, "the newcomer to say why")
    assert seen[0]["seal"] == "sealed" and other in seen[0]["waitsBecause"] and "unsealCode" not in seen[0], seen
    assert "this node isn't unsealed by its peers: the keys that node" in three.log(node)
    assert (folder / "data" / "pool-identity").read_text() == f"{other}\n"
    three.kill(node)
    refused = hsmd(three, folder, "--join", str(ticket))
    assert refused.returncode == CONFIGURATION and "another identity key" in refused.stderr, refused.stderr
    three.hsmctl("node", "remove", str(node))
    assert sorted(three.listed()) == [1, 2, 3]


def resident_kilobytes(pid: int) -> int:
    return int(next(
        line.split()[1] for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line))


def large_role(number: int) -> dict:
    """A role definition near the limit of a command: a few hundred of them are more than the log keeps."""
    actions = [f"Microsoft.KeyVault/managedHsm/{'x' * 200}/{number}/{place}" for place in range(90)]
    return {"properties": {
        "roleName": f"large-{number}", "description": "", "assignableScopes": ["/"],
        "permissions": [{"actions": actions, "notActions": actions, "dataActions": [], "notDataActions": []}],
    }}


def write_large_entries(pool: GrowingPool, node: int, token: str) -> None:
    """Writes more bytes than the log keeps."""
    path = "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-00000000000"
    failures: list[str] = []

    def write(part: int) -> None:
        with pool.client(http2=True) as client:
            for number in range(60):
                answer = client.put(
                    f"{pool.endpoint(node)}{path}{part}?api-version=7.5",
                    headers={"authorization": f"Bearer {token}"}, json=large_role(number))
                if answer.status_code not in (200, 201):
                    failures.append(answer.text)

    threads = [threading.Thread(target=write, args=(part,)) for part in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


def write_many_entries(pool: GrowingPool, node: int, token: str, count: int) -> None:
    """Writes more entries than the log keeps. Makes them with h2load, which takes little of the machine."""
    create_key(pool, node, "behind", token)
    body = pool.folder / "behind.json"
    body.write_text('{"tags":{"n":"1"}}')
    # Each round has its own token: all of them outlast one.
    rounds = [min(50_000, count - done) for done in range(0, count, 50_000)]
    began = time.monotonic()
    for part in rounds:
        answer = subprocess.run(
            ["h2load", "-n", str(part), "-c", "8", "-m", "16", "-t", "1", "-d", str(body), "-H", ":method: PATCH",
             "-H", f"authorization: Bearer {pool.token(node=node)}", "-H", "content-type: application/json",
             f"{pool.endpoint(node)}/keys/behind?api-version=7.5"], capture_output=True, text=True, check=True)
        assert f"status codes: {part} 2xx" in answer.stdout, answer.stdout
    print(f"\n{count} writes at {count / (time.monotonic() - began):.0f} a second")


def first_entry(pool: GrowingPool, node: int) -> tuple | None:
    """What the node's log begins behind. The node holds its log locked: a copy is read."""
    copy = pool.folder / "copy"
    copy.mkdir()
    for name in ("log.db", "log.db-wal"):
        shutil.copy(pool.node_folder(node) / "data" / name, copy)
    with contextlib.closing(sqlite3.connect(copy / "log.db")) as database:
        return database.execute("SELECT idx FROM base").fetchone()


def test_a_member_far_behind_catches_up_by_snapshot(three: GrowingPool, token: str):
    leader = three.leader()
    victim = next(node for node in (1, 2, 3) if node != leader)
    last, _ = three.applied(victim)
    path = create_key(three, leader, "before-the-snapshot", token)
    three.kill(victim)
    # Nobody counts on a member that is silent for some seconds.
    wait_until(
        lambda: three.listed()[victim].get("role") == "unreachable", 20, "the pool to notice that a member is down")
    if ENTRIES_BEHIND:
        write_many_entries(three, leader, token, ENTRIES_BEHIND)
    else:
        write_large_entries(three, leader, token)
    pid = three.pid(leader)
    before = resident_kilobytes(pid)
    began = time.monotonic()
    three.start(victim)
    three.await_unsealed(victim, seconds=60)
    peak = before
    while three.applied(victim)[0] < three.applied(leader)[0]:
        peak = max(peak, resident_kilobytes(pid))
        assert time.monotonic() - began < 600, three.log(victim)[-2000:]
        time.sleep(0.05)
    seconds = time.monotonic() - began
    begins = first_entry(three, victim)
    assert begins and begins[0] > last, "the member caught up by the log, not by a snapshot"
    print(
        f"\n{three.applied(leader)[0] - last} entries behind: caught up in {seconds:.1f} s, "
        f"the leader's memory grew by {(peak - before) / 1024:.1f} MiB at most")
    assert peak - before < 64 * 1024
    three.await_same_state()
    # Key material has come with the snapshot too.
    assert three.call("POST", victim, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43}).status_code == 200


def test_a_voter_whose_folder_was_put_back_counts_for_nothing(three: GrowingPool, token: str):
    leader = three.leader()
    victim = next(node for node in (1, 2, 3) if node != leader)
    path = create_key(three, leader, "before-the-image", token)
    three.await_same_state()
    three.kill(victim)
    data, image = three.node_folder(victim) / "data", three.folder / "image"
    shutil.copytree(data, image)
    three.start(victim)
    three.await_unsealed(victim)
    for number in range(5):
        create_key(three, leader, f"after-the-image-{number}", token)
    three.await_same_state()
    # Long enough for it to have told the others how far it is.
    wait_until(
        lambda: three.listed()[victim]["appliedIndex"] >= three.listed()[leader]["appliedIndex"] - 1, 10,
        "the member's word")
    three.kill(victim)
    shutil.rmtree(data)
    shutil.copytree(image, data)
    three.run(victim)
    three.await_state(victim, "distrusted")
    assert "memberForgot" in three.log(leader)
    rest = [node for node in (1, 2, 3) if node != victim]
    for node in rest:
        answer = three.call("POST", node, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
    # With another node gone there is no majority, though two processes run.
    other = next(node for node in rest if node != leader)
    three.kill(other)
    answer = three.call("POST", leader, "/keys/no-majority/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert answer.status_code == 503, answer.text
    three.start(other)
    three.await_unsealed(other)
    # The cure is a new node in its place.
    three.members = list(rest)
    new = three.join("node-healthy", replaces=str(victim))
    assert sorted(three.listed()) == sorted([*rest, new])
    # The old one is not let in any more. It can't check what it hears, so it only stays sealed, and serves nobody.
    wait_until(
        lambda: f"quickstart/{victim}, which is not a member" in three.log(leader), 15, "the old node to be refused")
    assert three.health(victim)["seal"] == "sealed"
    three.kill(victim)
    three.await_same_state(*rest, new)


def test_a_member_that_missed_a_newcomer_follows_it(tmp_path_factory: pytest.TempPathFactory):
    """The newcomer leads when the member is back: its own state doesn't name the only node that has a log for it."""
    pool = make_pool(tmp_path_factory, 3)
    try:
        token = pool.token()
        pool.await_same_state()
        absent = next(node for node in (1, 2, 3) if node != pool.leader())
        others = [node for node in (1, 2, 3) if node != absent]
        pool.kill(absent)
        pool.members = others
        newcomer = pool.join("node-new")
        pool.hsmctl("node", "transfer-leadership", "node-new")
        wait_until(lambda: pool.leader() == newcomer, 10, "the newcomer to lead")
        path = create_key(pool, newcomer, "made-meanwhile", token)
        pool.start(absent)
        pool.await_unsealed(absent)
        pool.await_same_state(absent, newcomer, *others)
        assert pool.leader() == newcomer, "it was to catch up without a change of leaders"
        answer = pool.call("POST", absent, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
    finally:
        pool.stop()


def test_one_node_goes_on_when_the_majority_is_lost(tmp_path_factory: pytest.TempPathFactory):
    pool = make_pool(tmp_path_factory, 3)
    try:
        token = pool.token()
        path = create_key(pool, 1, "survives", token)
        pool.await_same_state()
        survivor = 2
        # Nothing to recover while a majority lives.
        said = pool.hsmctl("pool", "recover")
        assert "there is nothing to recover" in said.stderr
        officers = [
            argument for number in (1, 2) for argument in
            ("--officer", f"{pool.folder}/officers/officer-{number}.crt:{pool.folder}/officers/officer-{number}.key")]
        at = [
            "pool", "recover", "--at", pool.endpoint(survivor), "--others-are-destroyed", "--security-domain",
            str(pool.folder / "security-domain.json"), "--node-certificate",
            str(pool.node_folder(survivor) / "node.crt"), *officers, "--json"]
        refused = pool.hsmctl(*at, check=False)
        assert refused.returncode == 1 and "nothing to recover" in refused.stderr, refused
        pool.kill(1)
        pool.kill(3)
        # One of them is not as destroyed as it was said to be.
        shutil.rmtree(pool.node_folder(1) / "data")
        wait_until(lambda: (pool.health(survivor) or {}).get("role") != "follower", 10, "the loss to be noticed")
        wait_until(lambda: "leader" not in (pool.health(survivor) or {"leader": 1}), 10, "the leader to be given up")
        shown = json.loads(pool.hsmctl("pool", "recover", "--json").stdout)
        assert shown["furthest"] == "node-2" and len(shown["silent"]) == 2
        without = pool.hsmctl("pool", "recover", "--at", pool.endpoint(survivor), check=False)
        assert without.returncode == 64 and "--others-are-destroyed" in without.stderr
        few = pool.hsmctl(*at[:-5], *at[-5:-3], "--json")
        assert json.loads(few.stdout)["recovered"] is False
        done = json.loads(pool.hsmctl(*at[:-5], *at[-3:]).stdout)
        assert done["recovered"] is True
        wait_until(lambda: not is_running(pool.pid(survivor)), 15, "the node to stop")
        pool.start(survivor)
        wait_until(lambda: pool.health(survivor), 15, "the node to answer")
        assert pool.health(survivor)["epoch"] == 2
        subprocess.run(
            [str(pool.binaries / "hsmctl"), "unseal", "--endpoint", pool.endpoint(survivor), "--ca",
             str(pool.authority), "--security-domain", str(pool.folder / "security-domain.json"), *officers],
            check=True, capture_output=True, timeout=90)
        pool.members = [survivor]
        pool.await_unsealed(survivor)
        answer = pool.call("POST", survivor, path.split("?")[0], pool.token(node=survivor), {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
        # A former member comes back: it is a stranger, and stays outside with its data.
        pool.run(3)
        wait_until(
            lambda: "quickstart/3, which is not a member" in pool.log(survivor), 20, "the former member to be refused")
        assert (pool.health(3) or {})["seal"] == "sealed"
        pool.kill(3)
        # New nodes make it a pool again.
        for name in ("node-a", "node-b"):
            pool.join(name)
        assert sorted(pool.listed()) == [2, 4, 5]
        pool.await_same_state(2, 4, 5)
    finally:
        pool.stop()
