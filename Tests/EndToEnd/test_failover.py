"""What clients see when nodes of a pool are killed or paused: real processes, real connections, `kill -9`."""

import concurrent.futures
import os
import signal
import socket
import ssl
import time

import httpx
import pytest

from load import SIGN_BODY, SigningLoad
from pool import Pool, wait_until


@pytest.fixture(scope="module")
def token(own_pool: Pool) -> str:
    return own_pool.token()


def create_key(pool: Pool, node: int, name: str, token: str) -> str:
    """Creates an EC key and gives the path that signs with it."""
    answer = pool.call("POST", node, f"/keys/{name}/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert answer.status_code == 200, answer.text
    return signing_path(answer.json()["key"]["kid"])


def signing_path(key_id: str) -> str:
    return f"/keys/{key_id.split('/keys/', 1)[1]}/sign?api-version=7.5"


@pytest.fixture(scope="module")
def path(own_pool: Pool, token: str) -> str:
    return create_key(own_pool, 1, "failover", token)


def others(pool: Pool, node: int) -> list[int]:
    return [other for other in range(1, pool.nodes + 1) if other != node]


def create_until_done(pool: Pool, node: int, name: str, token: str) -> tuple[str, float]:
    """Creates a key, again and again until the pool takes it: the path that signs with it, and the seconds it took."""
    began = time.monotonic()
    while True:
        answer = pool.call("POST", node, f"/keys/{name}/create", token, {"kty": "EC-HSM", "crv": "P-256"})
        if answer.status_code == 200:
            return signing_path(answer.json()["key"]["kid"]), time.monotonic() - began
        assert answer.status_code == 503 and answer.headers["retry-after"], answer.text
        assert time.monotonic() - began < 15, f"no write for 15 s: {answer.text}"
        time.sleep(0.05)


def assert_signs(pool: Pool, node: int, path: str, token: str) -> None:
    with SigningLoad(pool, [node], path, token, http1=1, http2=1) as load:
        time.sleep(0.3)
    assert load.answers and not load.failures(node), load.failures(node)[:3]


def kill_under_load(pool: Pool, victim: int, path: str, token: str, name: str) -> None:
    """Kills a node while clients sign at all, brings it back, and demands that nobody else has noticed."""
    rest = others(pool, victim)
    with SigningLoad(pool, [1, 2, 3], path, token) as load:
        time.sleep(0.7)
        before = len(load.answers)
        pool.kill(victim)
        fresh, seconds = create_until_done(pool, rest[0], name, token)
        time.sleep(0.7)
        began = time.monotonic()
        pool.start(victim)
        pool.await_unsealed(victim)
        opened = time.monotonic() - began
        time.sleep(0.5)
    failures = load.failures(*rest)
    assert not failures, f"{len(failures)} of {len(load.at(*rest))} requests failed: {failures[:3]}"
    stall = load.longest_stall(*rest)
    assert before > 40 and len(load.at(*rest)) > 2 * before / 3, "the load was too thin to show anything"
    assert load.failures(victim), "the killed node's own clients have noticed nothing: was it killed?"
    print(
        f"\nnode-{victim} killed: 0 of {len(load.at(*rest))} requests at the others failed, longest {stall:.3f} s, "
        f"first write after {seconds:.3f} s, unsealed by a peer {opened:.3f} s after its start")
    assert stall < 5, f"a request took {stall:.1f} s"
    assert seconds < 8, f"writes came back after {seconds:.1f} s only"
    assert_signs(pool, victim, fresh, token)
    pool.await_same_state()


@pytest.mark.parametrize("turn", range(3))
def test_leader_killed_under_load(own_pool: Pool, token: str, path: str, turn: int):
    kill_under_load(own_pool, own_pool.leader(), path, token, f"leader-killed-{turn}")


def test_follower_killed_under_load(own_pool: Pool, token: str, path: str):
    kill_under_load(own_pool, others(own_pool, own_pool.leader())[0], path, token, "follower-killed")


def timed_call(pool: Pool, node: int, token: str, method: str, path: str, body: dict | None):
    began = time.monotonic()
    return pool.call(method, node, path, token, body), time.monotonic() - began


@pytest.mark.parametrize("survivor_leads", [True, False])
def test_two_of_three_killed(own_pool: Pool, token: str, path: str, survivor_leads: bool):
    leader = own_pool.leader()
    survivor = leader if survivor_leads else others(own_pool, leader)[0]
    own_pool.await_same_state()
    for node in others(own_pool, survivor):
        own_pool.kill(node)
    # For so long the survivor may rightly answer: nobody can have changed anything that it doesn't know.
    wait_until(lambda: not (own_pool.health(survivor) or {"lease": True})["lease"], 5, "the survivor's lease to end")
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        refusals = [
            (what, threads.submit(timed_call, own_pool, survivor, token, *request))
            for what, request in {
                "sign": ("POST", path.split("?")[0], {"alg": "ES256", "value": "A" * 43}),
                "read": ("GET", "/keys/failover", None),
                "write": ("POST", "/keys/two-killed/create", {"kty": "EC-HSM", "crv": "P-256"}),
            }.items()
        ]
    for what, refusal in refusals:
        answer, seconds = refusal.result()
        print(f"\n{what} at the survivor: {answer.status_code} after {seconds:.3f} s: {answer.text}")
        assert answer.status_code == 503, answer.text
        assert seconds < 12, f"{what} was refused after {seconds:.1f} s only"
        assert int(answer.headers["retry-after"]) >= 1
        error = answer.json()["error"]
        assert error["code"] == "ServiceUnavailable"
        assert "majority" in error["message"] or "did not confirm" in error["message"], error
    assert (own_pool.health(survivor) or {})["seal"] == "unsealed"
    for node in others(own_pool, survivor):
        own_pool.start(node)
    own_pool.await_unsealed()
    for node in (1, 2, 3):
        wait_until(
            lambda: own_pool.call("POST", node, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43})
            .status_code == 200, 10, f"node-{node} to sign again")
    own_pool.await_same_state()


def test_all_killed_and_opened_by_officers(own_pool: Pool, token: str, path: str):
    created = create_key(own_pool, 2, "before-the-end", token)
    for node in (1, 2, 3):
        own_pool.kill(node)
    began = time.monotonic()
    for node in (1, 2, 3):
        own_pool.start(node)
    for node in (1, 2, 3):
        wait_until(lambda: own_pool.health(node), 10, f"node-{node} to answer")
        health = own_pool.health(node)
        assert health["seal"] == "sealed", health
        answer = own_pool.call("POST", node, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 503 and answer.headers["retry-after"], answer.text
        assert answer.json()["error"]["innererror"]["code"] == "NodeSealed"
        assert "hsmctl unseal" in answer.json()["error"]["message"]
    said = own_pool.quickstart("up").stderr
    assert "officers" in said, said
    own_pool.await_unsealed()
    print(f"\nthe whole pool was back {time.monotonic() - began:.2f} s after its start, the officers' part included")
    for node in (1, 2, 3):
        assert_signs(own_pool, node, created, token)
        assert_signs(own_pool, node, path, token)
    own_pool.await_same_state()


class HeldConnection:
    """A connection on which a request can be written now and its answer be read later."""

    def __init__(self, pool: Pool, node: int, token: str):
        plain = socket.create_connection(("127.0.0.1", pool.port + node - 1), timeout=20)
        self.stream = pool.tls().wrap_socket(plain, server_hostname="127.0.0.1")
        self.host = f"127.0.0.1:{pool.port + node - 1}"
        self.token = token

    def send(self, path: str) -> None:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(SIGN_BODY)}\r\n\r\n")
        self.stream.sendall(head.encode() + SIGN_BODY)

    def status(self) -> int:
        answer = b""
        while chunk := self.receive():
            answer += chunk
        return int(answer.split(b" ", 2)[1])

    def receive(self) -> bytes:
        try:
            return self.stream.recv(65536)
        except ssl.SSLEOFError:
            return b""


@pytest.mark.parametrize("change", ["disabled", "deleted"])
def test_paused_leader_honours_nothing_old(own_pool: Pool, token: str, change: str):
    """A leader sleeps through its own replacement. What was revoked meanwhile it must not honour when it wakes."""
    leader = own_pool.leader()
    rest = others(own_pool, leader)
    created = create_key(own_pool, leader, f"paused-{change}", token)
    assert_signs(own_pool, leader, created, token)
    waiting = [HeldConnection(own_pool, leader, token) for _ in range(8)]
    pid = own_pool.pid(leader)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        base = created.split("/sign?")[0]
        while True:
            if change == "disabled":
                answer = own_pool.call("PATCH", rest[0], base, token, {"attributes": {"enabled": False}})
            else:
                answer = own_pool.call("DELETE", rest[0], base.rsplit("/", 1)[0], token)
            if answer.status_code != 503:
                break
            time.sleep(0.05)
        assert answer.status_code == 200, answer.text
        acknowledged = time.monotonic() - began
        # The key is revoked and its holder knows so: from here on no node may use it, whatever it has missed.
        for connection in waiting:
            connection.send(created)
        time.sleep(max(0.0, 3 - (time.monotonic() - began)))
    finally:
        os.kill(pid, signal.SIGCONT)
    woken = [connection.status() for connection in waiting]
    expected = {"disabled": 403, "deleted": 404}[change]
    print(f"\nrevoked {acknowledged:.3f} s after the leader was paused; answers of the woken node: {woken}")
    assert all(status in (expected, 503) for status in woken), woken
    own_pool.await_unsealed(leader)
    for node in (1, 2, 3):
        assert own_pool.call("POST", node, created.split("?")[0], token, {"alg": "ES256", "value": "A" * 43}) \
            .status_code == expected
    own_pool.await_same_state()


def test_a_hostile_sealed_leader_gets_nothing_acknowledged(own_pool: Pool, token: str, path: str):
    """It has a member's disk and certificate and not the pool's keys, keeps the lead, and makes tags up."""
    pool = own_pool
    assert b"QUORATE_PLANTED_FAULT" in (pool.binaries / "hsmd").read_bytes(), "this needs the hsmd of a debug build"
    pool.await_unsealed()
    hostile = others(pool, pool.leader())[0]
    honest = others(pool, hostile)
    logs = {node: pool.node_folder(node) / "hsmd.log" for node in honest}
    pool.kill(hostile)
    pool.start(hostile, {"QUORATE_PLANTED_FAULT": "writesWhileSealed"})
    pool.await_health(hostile, "seal", "sealed")
    seen = {node: log.stat().st_size for node, log in logs.items()}

    def leads() -> bool:
        if (pool.health(hostile) or {}).get("role") == "leader":
            return True
        try:
            pool.call("POST", honest[0], f"/quorate/v1/nodes/{hostile}/lead", token, timeout=2)
        except httpx.TimeoutException:
            pass
        return (pool.health(hostile) or {}).get("role") == "leader"

    wait_until(leads, 20, "the hostile node to lead")
    end = pool.health(hostile)["lastIndex"]
    key = {"kty": "EC-HSM", "crv": "P-256"}
    with concurrent.futures.ThreadPoolExecutor() as executor:
        writes = [executor.submit(pool.call, "POST", node, f"/keys/asked-of-{node}/create", token, key)
                  for node in honest]
        wait_until(
            lambda: all(b"forgedEntry" in log.read_bytes()[seen[node]:] for node, log in logs.items()), 10,
            "both to see what it forged")
        wait_until(lambda: pool.health(hostile)["lastIndex"] >= end + len(writes), 10, "it to forge what it was asked")
        assert not concurrent.futures.wait(writes, timeout=1).done and pool.health(hostile)["role"] == "leader"
        applied = [pool.applied(node)[0] for node in honest]
        # What needs no new entry goes on.
        for node in honest:
            assert pool.call("POST", node, path.split("?")[0], token, {"alg": "ES256", "value": "A" * 43}).status_code == 200
        assert [pool.applied(node)[0] for node in honest] == applied and not any(write.done() for write in writes)
        pool.kill(hostile)
        # The pool goes on without it, and does what it was asked for.
        for write in writes:
            assert write.result().status_code == 200, write.result().text
    # As an honest member it gives up what it had forged.
    pool.start(hostile)
    pool.await_unsealed(hostile)
    pool.await_same_state()
