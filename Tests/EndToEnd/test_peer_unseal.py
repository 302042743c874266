"""Nodes that are unsealed by their peers, and those that are not before a person has looked: a ticket that was put
back, another machine, a long absence, and a pool in which each start is attended."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from people import audit_records
from pool import Pool, wait_until
from test_reshare import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("peer-unseal"))
    yield made
    made.pool.wipe()


def peer_unseal(pool: Pool, *words: str, check: bool = True) -> subprocess.CompletedProcess:
    return pool.hsmctl("pool", "peer-unseal", *words, check=check)


def settings(pool: Pool) -> dict:
    return json.loads(peer_unseal(pool, "show", "--json").stdout)


def ticket(pool: Pool, node: int) -> bytes:
    file = pool.node_folder(node) / "data" / "ticket"
    return file.read_bytes() if file.exists() else b""


def settle(pool: Pool, node: int, former: bytes) -> None:
    """The node has another ticket than before, on its disk, and the pool knows it."""
    wait_until(lambda: ticket(pool, node) not in (b"", former) and listed(pool)[node]["holdsTicket"], 15,
               f"a new ticket of node-{node}", interval=0.2)


def listed(pool: Pool) -> dict[int, dict]:
    return {node["id"]: node for node in json.loads(pool.hsmctl("node", "list", "--json").stdout)}


def waits(pool: Pool, node: int, because: str) -> str:
    """The code that a node shows which waits for this reason."""
    wait_until(lambda: because in (pool.health(node) or {}).get("waitsBecause", ""), 20, f"node-{node} to wait")
    health = pool.health(node)
    assert health["seal"] == "sealed"
    code = health["unsealCode"]
    assert f"--code {code}" in (pool.node_folder(node) / "hsmd.log").read_text()
    status = pool.hsmctl("pool", "status").stderr
    assert f"node-{node} isn't unsealed by its peers" in status and because in status and code not in status, status
    return code


def approve(pool: Pool, node: int, code: str, check: bool = True) -> subprocess.CompletedProcess:
    return pool.hsmctl("node", "approve-unseal", f"node-{node}", "--code", code, check=check)


def restart(pool: Pool, node: int) -> None:
    pool.kill(node)
    pool.start(node)


def test_a_restarted_node_is_unsealed_and_its_old_ticket_is_refused(site):
    pool = site.pool
    node = next(n for n in (1, 2, 3) if n != pool.leader())
    settle(pool, node, b"")
    old = ticket(pool, node)
    began = time.monotonic()
    restart(pool, node)
    pool.await_unsealed(node)
    print(f"\nunsealed by a peer {time.monotonic() - began:.2f} s after its start")
    settle(pool, node, old)
    assert (pool.node_folder(node) / "data" / "ticket").stat().st_mode & 0o777 == 0o600

    pool.kill(node)
    (pool.node_folder(node) / "data" / "ticket").write_bytes(old)
    pool.start(node)
    code = waits(pool, node, "the node's ticket isn't its latest")
    others = [other for other in (1, 2, 3) if other != node]
    assert any(f"node {node} is not unsealed by its peers" in (pool.node_folder(o) / "hsmd.log").read_text()
               for o in others), "an alarm at who was asked"
    # Whoever restarts it gets another code, for another request.
    restart(pool, node)
    assert waits(pool, node, "isn't its latest") != code
    refused = approve(pool, node, code, check=False)
    assert refused.returncode == 77 and "isn't that of node" in refused.stderr, refused.stderr
    approve(pool, node, pool.health(node)["unsealCode"])
    pool.await_unsealed(node)
    site.sign(node)
    assert "waitsBecause" not in pool.health(node)
    results = [record["httpStatusCode"] for n in others for record in audit_records(pool, n, "NodeUnsealApprove")]
    assert results.count(200) == 1 and 403 in results, results
    # And nobody waits any more.
    again = approve(pool, node, "12345678", check=False)
    assert again.returncode == 1 and "doesn't wait for an approval" in again.stderr, again.stderr
    settle(pool, node, old)


def test_an_attended_pool_waits_for_a_person(site):
    pool = site.pool
    assert settings(pool) == {"mode": "automatic", "maxAbsenceSeconds": 3600}
    peer_unseal(pool, "set", "--mode", "attended")
    assert settings(pool)["mode"] == "attended"
    node = next(n for n in (1, 2, 3) if n != pool.leader())
    restart(pool, node)
    code = waits(pool, node, "an administrator approves each unsealing")
    wrong = f"{(int(code) + 1) % 100_000_000:08}"
    assert approve(pool, node, wrong, check=False).returncode == 77
    stranger = pool.hsmctl("node", "approve-unseal", str(node), "--code", code, user="application", check=False)
    assert stranger.returncode == 77, stranger.stderr
    assert pool.health(node)["seal"] == "sealed"
    approve(pool, node, code)
    pool.await_unsealed(node)
    site.sign(node)


def test_nobody_loosens_it_alone(site):
    pool = site.pool
    ordered = peer_unseal(pool, "set", "--mode", "automatic", "--max-absence", "7200")
    assert "attended" in ordered.stdout and "0 of 2 approvals" in ordered.stdout, ordered.stdout
    assert settings(pool)["mode"] == "attended"
    officer = site.officers.pair(2)
    differs = peer_unseal(pool, "approve", *officer, "--mode", "off", check=False)
    assert differs.returncode == 1 and "Nothing was signed" in differs.stderr
    assert "1 of 2 approvals" in peer_unseal(pool, "approve", *officer).stdout
    # One officer twice is one officer.
    assert "1 of 2 approvals" in peer_unseal(pool, "approve", *officer).stdout
    assert settings(pool)["mode"] == "attended"
    with pool.client() as client:
        forged = client.post(f"{pool.endpoint(2)}/quorate/v1/peer-unseal/approvals",
                             json={"officer": 1, "signature": "A" * 342})
    assert forged.status_code == 400, forged.text
    done = peer_unseal(pool, "approve", *site.officers.pair(3), "--mode", "automatic", "--max-absence", "7200")
    assert settings(pool) == {"mode": "automatic", "maxAbsenceSeconds": 7200} and "automatic" in done.stdout
    gone = peer_unseal(pool, "approve", *officer, check=False)
    assert gone.returncode == 3, gone.stderr
    node = next(n for n in (1, 2, 3) if n != pool.leader())
    restart(pool, node)
    pool.await_unsealed(node)


def test_another_machine_needs_a_person(site, tmp_path):
    pool = site.pool
    identity = tmp_path / "machine-id"
    identity.write_text("0123456789abcdef0123456789abcdef\n")
    moved = next(n for n in (1, 2, 3) if n != pool.leader())
    settle(pool, moved, b"")
    pool.kill(moved)
    start_elsewhere(pool, moved, identity)
    approve(pool, moved, waits(pool, moved, "another machine"))
    pool.await_unsealed(moved)
    # And back.
    settle(pool, moved, b"")
    restart(pool, moved)
    approve(pool, moved, waits(pool, moved, "another machine"))
    pool.await_unsealed(moved)
    site.sign(moved)


def start_elsewhere(pool: Pool, node: int, identity) -> None:
    """Starts a node where /etc/machine-id is another one."""
    with open(pool.node_folder(node) / "hsmd.log", "ab") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c",
             f"mount --bind {identity} /etc/machine-id && exec {pool.binaries / 'hsmd'} --config node.yaml"],
            cwd=pool.node_folder(node), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (pool.node_folder(node) / "hsmd.pid").write_text(f"{process.pid}\n")
    pool.processes[node] = process


def test_a_long_absence_needs_a_person_or_the_officers(site):
    """Who was away for too long waits; after the officers have opened the pool anew, it follows like the others."""
    pool = site.pool
    peer_unseal(pool, "set", "--max-absence", "10")
    away = next(n for n in (1, 2, 3) if n != pool.leader())
    settle(pool, away, b"")
    pool.kill(away)
    left = listed(pool)[away]["lastSign"]
    wait_until(lambda: time.time() - left > 12, 20, "the absence to be too long", interval=0.2)
    pool.start(away)
    waits(pool, away, "away for longer")
    others = [node for node in (1, 2, 3) if node != away]
    for node in others:
        settle(pool, node, b"")
    for node in others:
        restart(pool, node)
    for node in others:
        pool.await_health(node, "seal", "sealed")
    opened = site.open(site.officers, others[0])
    assert "unsealed" in opened.stdout, opened.stderr
    pool.await_unsealed()
    site.sign()
