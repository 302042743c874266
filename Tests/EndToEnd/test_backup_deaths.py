"""Backups and restores through the death of nodes at any point. Not part of the suite, since a job whose node has died
waits for others to take it for dead:

    PROVE_KILL_POINTS=500 pytest -s Tests/EndToEnd/test_backup_deaths.py

PROVE_JOBS="everything restore" says which kinds of jobs; without it, all.
"""

from __future__ import annotations

import json
import os
import random
import threading

import pytest

import restore_orders
from conftest import free_ports
from estate import Estate, check_keys, names
from people import ADMINISTRATOR, hire
from pool import Pool, wait_until

POINTS = int(os.environ.get("PROVE_KILL_POINTS", "0"))
JOBS = os.environ.get("PROVE_JOBS", "backup restore key everything").split()
SEED = int(os.environ.get("PROVE_SEED", "0")) or random.randrange(1 << 32)


@pytest.mark.skipif(POINTS == 0, reason="takes minutes: PROVE_KILL_POINTS says how many points")
def test_jobs_complete_or_change_nothing(tmp_path):
    chance = random.Random(SEED)
    print(f"\nPROVE_SEED={SEED}")
    pool = Pool(tmp_path / "state", free_ports(6)).up()
    try:
        estate = Estate(pool, 200)
        deaths = Deaths(pool, estate, chance)
        deaths.good = deaths.finished(*deaths.begin_backup(1))
        for point in range(POINTS):
            deaths.one(point)
            pool.await_same_state()
            check_keys(pool, estate.user, chance.sample(estate.kept, 8))
        check_keys(pool, estate.user, estate.kept)
        print(deaths.outcomes)
    finally:
        pool.wipe()


class Deaths:
    def __init__(self, pool: Pool, estate: Estate, chance: random.Random):
        self.pool, self.estate, self.chance = pool, estate, chance
        self.good = ""
        self.outcomes: dict[str, int] = {}
        # Of the pool, not of a node: it is good at each, whoever dies.
        self.token = pool.token()
        self.visitor = hire(pool, ADMINISTRATOR, name="visitor", scope="")

    def begin_backup(self, node: int) -> tuple[int, str, str]:
        answer = self.pool.call(
            "POST", node, "/backup", self.token, {"storageResourceUri": "file:///deaths"})
        assert answer.status_code == 202, answer.text
        return node, "backup", answer.json()["jobId"]

    def begin_restore(self, node: int, path: str) -> tuple[int, str, str]:
        member = "folder" if path.startswith("/keys/") else "folderToRestore"
        body = {"sasTokenParameters": {"storageResourceUri": "file:///deaths"}, member: self.good}
        answer = self.pool.call("PUT", node, path, self.token, body)
        assert answer.status_code == 202, answer.text
        return node, "restore", answer.json()["jobId"]

    def begin_everything(self, node: int) -> tuple[int, str, str]:
        """A role is taken away after the backup; with the officers' word the restore brings it back."""
        pool = self.pool
        for role in self.roles():
            pool.hsmctl("role", "assignment", "delete", role, "--scope", "/")
        place = {"sasTokenParameters": {"storageResourceUri": "file:///deaths"}}

        def ask(method: str, path: str, body: dict | None = None):
            return pool.call(method, node, restore_orders.PATH + path, self.token, body)

        restore_orders.order_by(pool, node, {**place, "folderToRestore": self.good}, ask)
        order = ask("GET", "/consequences").json()
        for place_of, key in zip((1, 2), pool.officers(1, 2)):
            voted = ask("POST", "/approvals", restore_orders.Officer(key, place_of).approval(order))
            assert voted.status_code == 200, voted.text
        answer = ask("POST", "/start", place)
        assert answer.status_code == 202, answer.text
        return node, "restore", answer.json()["jobId"]

    def roles(self) -> list[str]:
        found = json.loads(self.pool.hsmctl("role", "assignment", "list", "--scope", "/", "--json").stdout)
        return [one["name"] for one in found if one["properties"]["principalId"] == self.visitor.object_id]

    def state(self, node: int, kind: str, job: str) -> dict:
        answer = self.pool.call("GET", node, f"/{kind}/{job}/pending", self.token)
        # 503: nobody leads just now.
        return answer.json() if answer.status_code == 200 else {"status": "InProgress"}

    def finished(self, node: int, kind: str, job: str) -> str:
        """The folder of a backup that has succeeded."""
        last: list[dict] = []

        def ended() -> bool:
            last[:] = [self.state(node, kind, job)]
            return last[0]["status"] != "InProgress"

        wait_until(ended, 120, "the job to end", interval=0.2)
        assert last[0]["status"] == "Succeeded", last
        return last[0].get("azureStorageBlobContainerUri", "").rsplit("/", 1)[-1]

    def one(self, point: int) -> None:
        self.token = self.pool.token()
        kind = self.chance.choice(JOBS)
        node = self.chance.choice((1, 2, 3))
        # Mostly the one that works, before a job of this size can have ended.
        victim = node if self.chance.random() < 0.7 else self.chance.choice((1, 2, 3))
        wait = self.chance.random() * 0.2
        if kind in ("restore", "everything"):
            # It replaces all keys, so it wants a backup of late. What is made afterwards is gone if it succeeds.
            self.good = self.finished(*self.begin_backup(node))
            late = f"late-{point}"
            made = self.pool.call("POST", node, f"/keys/{late}/create", self.estate.user.token(self.pool, node),
                                  {"kty": "EC-HSM", "crv": "P-256"})
            assert made.status_code == 200, made.text
        begun = {
            "backup": self.begin_backup, "restore": lambda at: self.begin_restore(at, "/restore"),
            "key": lambda at: self.begin_restore(at, "/keys/kept-1/restore"), "everything": self.begin_everything,
        }[kind](node)
        killer = threading.Timer(wait, self.pool.kill, (victim,))
        killer.start()
        killer.join()
        asked = self.chance.choice([number for number in (1, 2, 3) if number != victim])
        try:
            folder = self.finished(asked, *begun[1:])
        finally:
            self.pool.start(victim)
            self.pool.await_unsealed(victim)
        took = json.loads(self.pool.hsmctl("backup", "list", "--json").stdout)[0].get("takeovers", 0)
        what = f"{kind}, {'taken over' if took else 'by its first node'}"
        self.outcomes[what] = self.outcomes.get(what, 0) + 1
        if kind == "backup":
            self.good = folder
            file = self.pool.folder / "backups" / "deaths" / folder / "backup.qbk"
            assert self.pool.hsmctl("backup", "verify", str(file)).returncode == 0
        if kind in ("restore", "everything"):
            assert late not in names(self.pool, self.estate.user)
        if kind == "everything":
            assert self.roles(), "the role came with the keys"
