"""A new key-encryption key for a living pool: under load, through the death of who does the work, and what it leaves."""

from __future__ import annotations

import json
import sqlite3

import pytest

from conftest import free_ports
from estate import Estate, check_keys
from load import SigningLoad
from people import audit_records
from pool import Pool, wait_until

KEYS = 120


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    pool = Pool(tmp_path_factory.mktemp("kek") / "state", free_ports(6)).up()
    try:
        yield Estate(pool, KEYS)
    finally:
        pool.wipe()


def sealing_keys(pool: Pool, node: int) -> dict[str, int]:
    """The key-encryption keys that a node's stored records name, and how many name each."""
    database = sqlite3.connect(f"file:{pool.node_folder(node) / 'data' / 'state.db'}?mode=ro", uri=True)
    try:
        found: dict[str, int] = {}
        for (record,) in database.execute("SELECT bytes FROM material"):
            name = record[2:18].hex()
            found[name] = found.get(name, 0) + 1
        return found
    finally:
        database.close()


def status(pool: Pool) -> dict:
    return json.loads(pool.hsmctl("pool", "rotate-kek", "--status", "--json").stdout)


def test_every_record_is_sealed_anew(estate):
    pool, kept = estate.pool, estate.kept
    before = status(pool)
    assert before == {"current": before["current"], "underWay": False}
    records = sealing_keys(pool, 1)
    assert list(records) == [before["current"]]
    backup = json.loads(pool.hsmctl("backup", "start", "file:///before", "--json").stdout)

    signs = next(key for key in kept if key.algorithm == "ES256")
    leader = pool.leader()
    others = [node for node in (1, 2, 3) if node != leader]
    path = f"/keys/{signs.name}/{signs.version}/sign?api-version=7.5"
    token = estate.user.token(pool)
    with SigningLoad(pool, others, path, token) as load:
        begun = json.loads(pool.hsmctl("pool", "rotate-kek", "--no-wait", "--json").stdout)
        assert begun["underWay"] and begun["former"] == before["current"] != begun["current"]
        again = pool.hsmctl("pool", "rotate-kek", check=False)
        assert again.returncode == 1 and "already" in again.stderr
        waits = pool.hsmctl("backup", "start", "file:///during", check=False)
        assert waits.returncode == 1 and "key-encryption key" in waits.stderr, waits.stderr
        # What is made now is sealed under the new key; who does the work dies with it half done, or not begun.
        made = pool.call("POST", others[0], "/keys/during/create", token, {"kty": "EC-HSM", "crv": "P-256"})
        assert made.status_code == 200, made.text
        wait_until(lambda: status(pool)["rewrapped"] > 0, 20, "the first records", interval=0.02)
        pool.kill(leader)
        check_keys_at(pool, estate, others, token)
        pool.start(leader)
        pool.await_unsealed(leader)
        wait_until(lambda: not status(pool)["underWay"], 90, "the former key to be retired", interval=0.3)
    assert load.failures() == []
    after = status(pool)
    assert after["current"] == begun["current"] and after["rewrapped"] == sum(records.values()) and "former" not in after
    pool.await_same_state()
    for node in (1, 2, 3):
        assert sealing_keys(pool, node) == {after["current"]: sum(records.values()) + 1}
    check_keys(pool, estate.user, kept)
    operations = [record["operationName"] for node in (1, 2, 3) for record in audit_records(pool, node)]
    assert operations.count("KeyEncryptionRotate") == 2 and operations.count("KeyEncryptionRetire") == 1

    # Everybody starts from what is stored; and a backup from before still opens.
    pool.power_off()
    officers = [f"{key.with_suffix('.crt')}:{key}" for key in pool.officers(1, 2)]
    pool.hsmctl("unseal", "--endpoint", pool.endpoint(1), "--security-domain",
                str(pool.folder / "security-domain.json"), "--officer", officers[0], "--officer", officers[1])
    pool.await_unsealed()
    check_keys(pool, estate.user, kept)
    folder = backup["azureStorageBlobContainerUri"].rsplit("/", 1)[-1]
    pool.hsmctl("backup", "restore", "file:///before", folder, "--key", "kept-1")
    check_keys(pool, estate.user, kept[:2])
    pool.hsmctl("backup", "start", "file:///after")


def check_keys_at(pool: Pool, estate: Estate, nodes: list[int], token: str) -> None:
    """Every key signs at these nodes, however it is sealed just now."""
    for node in nodes:
        with pool.client() as http:
            for key in estate.kept:
                if not key.signs or key.algorithm != "ES256":
                    continue
                answer = http.post(
                    f"{pool.endpoint(node)}/keys/{key.name}/sign?api-version=7.5",
                    json={"alg": "ES256", "value": "A" * 43}, headers={"authorization": f"Bearer {token}"})
                # The leader is gone: a write may have to wait, a signature not.
                assert answer.status_code == 200, answer.text
