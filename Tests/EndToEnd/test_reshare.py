"""A new root, and new officers, for a living pool: by hsmctl, officers' keys and a quorum in office; through the death
of nodes and of the whole pool at any point.

How many points is said by PROVE_KILL_POINTS; 500 is the long form:

    PROVE_KILL_POINTS=500 pytest -s Tests/EndToEnd/test_reshare.py -k any_point
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import shutil
import subprocess
import threading
import time

import pytest

from conftest import free_ports
from contract import Contract
from people import CRYPTO_OFFICER, CRYPTO_USER, audit_records, hire
from pool import Pool, wait_until
from recovered_secrets import RecoveredSecrets
from secrecy import Search

POINTS = int(os.environ.get("PROVE_KILL_POINTS", "2"))
SEED = int(os.environ.get("PROVE_SEED", "0")) or random.randrange(1 << 32)


class Officers:
    """Three people, two of whom are a quorum, and the file that they hold."""

    def __init__(self, keys: list[pathlib.Path], file: pathlib.Path):
        self.keys, self.file = keys, file

    def pair(self, number: int) -> tuple[str, str]:
        key = self.keys[number - 1]
        return "--officer", f"{key.with_suffix('.crt')}:{key}"

    @property
    def quorum(self) -> tuple[str, ...]:
        return *self.pair(3), *self.pair(1)

    @property
    def certificates(self) -> list[str]:
        return [str(key.with_suffix(".crt")) for key in self.keys]


def hired(folder: pathlib.Path, name: str) -> Officers:
    """New officers, who hold no file yet."""
    keys = []
    for number in (1, 2, 3):
        key = folder / f"{name}-{number}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out",
             str(key.with_suffix(".crt")), "-days", "2", "-subj", f"/CN={name} {number}"],
            check=True, capture_output=True)
        keys.append(key)
    return Officers(keys, folder / f"{name}.json")


class Site:
    def __init__(self, folder: pathlib.Path, settings: dict[str, str] | None = None):
        """`settings` are environment variables for the nodes' first start."""
        self.folder = folder
        self.pool = Pool(folder / "state", free_ports(6), settings=settings).up()
        self.user = hire(self.pool, CRYPTO_USER, CRYPTO_OFFICER, name="reshare")
        self.officers = Officers(self.pool.officers(1, 2, 3), self.pool.folder / "security-domain.json")
        self.all_officers = [self.officers]
        made = self.pool.call(
            "POST", 1, "/keys/kept/create", self.user.token(self.pool), {"kty": "EC-HSM", "crv": "P-256"})
        assert made.status_code == 200, made.text

    def reshare(self, *words: str, check: bool = True):
        return self.pool.hsmctl("security-domain", "reshare", *words, check=check)

    def state(self) -> dict | None:
        """The change under way."""
        found = self.reshare("status", "--json", check=False)
        assert found.returncode in (0, 3), found.stderr
        return json.loads(found.stdout) if found.returncode == 0 else None

    def await_end(self) -> None:
        wait_until(lambda: self.state() is None, 40, "every node to follow", interval=0.3)

    def sign(self, *nodes: int) -> None:
        for node in nodes or (1, 2, 3):
            answer = self.pool.call(
                "POST", node, "/keys/kept/sign", self.user.token(self.pool, node), {"alg": "ES256", "value": "A" * 43})
            assert answer.status_code == 200, answer.text

    def open(self, officers: Officers, node: int = 1, stdin: int | None = None):
        """Officers bring their shares to one sealed node."""
        return self.pool.hsmctl("unseal", "--endpoint", self.pool.endpoint(node), "--security-domain",
                                str(officers.file), *officers.quorum, check=False, stdin=stdin)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    # Its nodes run a former program, until they are started again.
    made = Site(tmp_path_factory.mktemp("reshare"), {"QUORATE_PLANTED_FAULT": "formerProgram"})
    yield made
    made.pool.wipe()


class Signing:
    """Somebody signs at every node, all the time, and nothing may fail."""

    def __init__(self, site: Site):
        self._site, self._stop, self.count = site, threading.Event(), 0
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._site.sign()
                self.count += 3
        except Exception as failure:  # noqa: BLE001: raised by the main thread
            self.failure = failure

    def __enter__(self) -> "Signing":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        if self.failure:
            raise self.failure
        assert self.count > 0


def test_every_node_has_to_know_how(site):
    """While a pool is upgraded node by node its root isn't changed: a member that can't follow would be lost."""
    pool = site.pool
    assert b"QUORATE_PLANTED_FAULT" in (pool.binaries / "hsmd").read_bytes(), "this needs the hsmd of a debug build"

    def status() -> dict:
        return pool.call("GET", 2, "/quorate/v1/status", pool.token()).json()

    for node, former in ((1, "1, 2, 3."), (2, "2, 3."), (3, "3.")):
        refused = site.reshare("begin", check=False)
        assert refused.returncode != 0 and f"or remove them: {former}" in refused.stderr, refused.stderr
        assert status()["poolVersion"] == 1
        pool.kill(node)
        pool.start(node)
        pool.await_unsealed(node)
    wait_until(lambda: status()["poolVersion"] > 1, 10, "the pool's version to rise")
    # Nobody can go back to the former program.
    pool.kill(3)
    pool.start(3, {"QUORATE_PLANTED_FAULT": "formerProgram"})
    assert pool.processes[3].wait(timeout=20) == 78
    assert "this program knows versions up to 1" in (pool.node_folder(3) / "hsmd.log").read_text()
    pool.start(3)
    pool.await_unsealed(3)
    pool.await_same_state()


def test_other_officers_take_over(site):
    pool, former, new = site.pool, site.officers, hired(site.folder, "new")
    before = json.loads(pool.hsmctl("backup", "start", "file:///before", "--json").stdout)
    early = pool.folder / "backups" / before["azureStorageBlobContainerUri"].removeprefix("file:///") / "backup.qbk"
    assert site.state() is None

    site.reshare("begin", "--required", "2", "--officer", *new.certificates)
    assert site.state()["stage"] == "proposed"
    # An administrator alone comes to nothing, nor do those who are to come.
    alone = site.reshare("prepare", "--out", str(new.file), check=False)
    assert alone.returncode == 77 and "quorum of the officers in office" in alone.stderr and not new.file.exists()
    stranger = site.reshare("approve", *new.pair(1), check=False)
    assert stranger.returncode == 1 and "no officer in office" in stranger.stderr
    other = site.reshare("approve", *former.pair(1), "--next", *former.certificates, check=False)
    assert other.returncode == 1 and "Nothing was signed" in other.stderr
    lower = site.reshare("approve", *former.pair(1), "--next", *new.certificates, "--next-required", "3", check=False)
    assert lower.returncode == 1 and "2 of 3 officers" in lower.stderr and "Nothing was signed" in lower.stderr
    agreed = site.reshare("approve", *former.pair(1), "--next", *new.certificates, "--next-required", "2")
    assert "1 of 2" in agreed.stdout and "for 2 of these officers" in agreed.stderr
    assert "1 of 2" in site.reshare("approve", *former.pair(1)).stdout
    assert "2 of 2" in site.reshare("approve", *former.pair(3)).stdout
    forged = pool.call("POST", 1, "/quorate/v1/root-change/approvals", "none", {"officer": 2, "signature": "AAAA"})
    assert forged.status_code == 400 and "isn't officer 2's" in forged.json()["error"]["message"]

    lost = site.folder / "lost.json"
    site.reshare("prepare", "--out", str(lost))
    site.reshare("prepare", "--out", str(new.file))
    useless = site.reshare("confirm", "--security-domain", str(lost), *new.pair(1), check=False)
    assert useless.returncode == 1 and "commitment" in useless.stderr, useless.stderr

    # From now on either officers open the pool; the former root rules. Whoever protects his key is asked once.
    protected, phrase = site.folder / "protected.key", site.folder / "phrase"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", str(new.keys[2]), "-out", str(protected), "-passout",
                    "pass:hush"], check=True, capture_output=True)
    protected.chmod(0o600)
    shutil.copy(new.keys[2].with_suffix(".crt"), protected.with_suffix(".crt"))
    phrase.write_text("hush\n")
    for officers in (former, Officers([*new.keys[:2], protected], new.file)):
        pool.power_off()
        with phrase.open() as typed:
            opened = site.open(officers, stdin=typed.fileno())
        assert "unsealed" in opened.stdout, opened.stderr
        pool.await_unsealed()
    assert site.state()["stage"] == "prepared"
    with Signing(site):
        for number in (2, 1):
            site.reshare("confirm", "--security-domain", str(new.file), *new.pair(number))
        assert site.state()["confirmations"] == [1, 2]
        site.reshare("confirm", "--security-domain", str(new.file), *new.pair(3))
        site.await_end()
    pool.await_same_state()

    # Former officers and their file open nothing new, the new ones everything.
    pool.power_off()
    refused = site.open(former)
    assert refused.returncode == 1, refused.stdout
    assert pool.health(1)["seal"] == "sealed"
    opened = site.open(new)
    assert "unsealed" in opened.stdout, opened.stderr
    pool.await_unsealed()
    site.sign()
    site.officers = new
    site.all_officers.append(new)

    after = json.loads(pool.hsmctl("backup", "start", "file:///after", "--json").stdout)
    late = pool.folder / "backups" / after["azureStorageBlobContainerUri"].removeprefix("file:///") / "backup.qbk"
    cases = ((early, former, True), (early, new, True), (late, new, True), (late, former, False))
    for file, officers, is_open in cases:
        checked = pool.hsmctl("backup", "verify", str(file), "--security-domain", str(officers.file), *officers.quorum,
                              check=False)
        assert (checked.returncode == 0) == is_open, checked.stderr
    pool.hsmctl("backup", "restore", "file:///before", early.parent.name, "--key", "kept")
    site.sign()
    names = {record["operationName"] for record in audit_records(pool, 1)}
    assert {"RootChangeBegin", "RootChangeApprove", "RootChangePrepare", "RootChangeConfirm"} <= names


def test_a_new_root_for_the_same_officers(site):
    """Every answer is as described; a change that is dropped leaves nothing, and its file opens no node."""
    pool, officers, contract = site.pool, site.officers, Contract()
    token = pool.token()

    def call(method: str, path: str = "", body: dict | None = None, status: int = 200):
        url = f"{pool.endpoint(2)}/quorate/v1/root-change{path}"
        with pool.client() as http:
            answer = http.request(method, url, json=body, headers={"authorization": f"Bearer {token}"})
        contract.check(method, url, answer.status_code, answer.headers, answer.content)
        assert answer.status_code == status, answer.text
        return answer.json()

    call("GET", status=404)
    pool.hsmctl("pool", "rotate-root")
    call("POST", status=409)
    for number in (1, 2):
        site.reshare("approve", *officers.pair(number))
    dropped = Officers(officers.keys, site.folder / "dropped.json")
    dropped.file.write_text(call("POST", "/domain")["value"])
    call("POST", "/commit", status=409)
    call("DELETE")
    call("DELETE", status=404)
    pool.power_off()
    assert site.open(dropped).returncode == 1
    assert "unsealed" in site.open(officers).stdout
    pool.await_unsealed()
    token = pool.token()

    assert call("POST", status=201)["stage"] == "proposed"
    for number in (2, 3):
        site.reshare("approve", *officers.pair(number))
    again = Officers(officers.keys, site.folder / "again.json")
    again.file.write_text(call("POST", "/domain")["value"])
    for number in (1, 3):
        site.reshare("confirm", "--security-domain", str(again.file), *again.pair(number))
    # Who doesn't confirm isn't waited for, where somebody decides so.
    assert call("POST", "/commit")["stage"] == "committed"
    assert call("GET")["stage"] == "committed"
    site.await_end()
    site.officers = again
    site.all_officers += [dropped, again]
    site.sign()


def secrets_of(officers: Officers) -> dict[str, bytes]:
    """What a quorum opens by the file alone: two shares, the master key, the root."""
    opened = RecoveredSecrets(officers.file, [officers.keys[0], officers.keys[2]])
    return {f"{what} in {officers.file.name}": secret for what, secret in opened.secrets.items()}


def test_nothing_of_it_is_in_the_clear(site):
    """Neither roots nor shares, of former and next officers, are in any file or log of any node, or in a backup."""
    secrets: dict[str, bytes] = {}
    for officers in site.all_officers:
        secrets |= secrets_of(officers)
    assert len({secret for what, secret in secrets.items() if what.startswith("root in")}) == len(site.all_officers)
    search = Search(secrets)
    planted = site.folder / "planted"
    planted.write_bytes(b"before" + next(iter(secrets.values())) + b"behind")
    assert list(search.of_files(site.folder)) == [str(planted)]
    planted.unlink()


def test_through_death_at_any_point(site, tmp_path):
    """Nodes die and the pool is powered off while its root changes. Each change completes; at each point the officers
    of whom the documentation says so open the pool."""
    chance = random.Random(SEED)
    print(f"\nPROVE_SEED={SEED}")
    deaths = 0
    round_number = 0
    while deaths < POINTS:
        round_number += 1
        next_officers = hired(tmp_path, f"round-{round_number}")
        deaths += Death(site, chance, next_officers).run(min(3, POINTS - deaths))
        site.sign()
    site.pool.await_same_state()


class Death:
    """One change of the root, with deaths at random points of it."""

    def __init__(self, site: Site, chance: random.Random, new: Officers):
        self.site, self.pool, self.chance = site, site.pool, chance
        self.former, self.new = site.officers, new
        self.step = 0

    def run(self, deaths: int) -> int:
        steps = [
            lambda: self.retry("begin", "--required", "2", "--officer", *self.new.certificates, done=("under way",)),
            lambda: self.retry("approve", *self.former.pair(1)),
            lambda: self.retry("approve", *self.former.pair(2)),
            self.prepare,
            lambda: self.confirm(1),
            lambda: self.confirm(2),
            lambda: self.confirm(3),
            self.site.await_end,
        ]
        points = sorted(self.chance.sample(range(len(steps)), deaths))
        for number, step in enumerate(steps):
            if number not in points:
                step()
                continue
            node, wait = self.chance.choice((1, 2, 3)), self.chance.random() * 0.5
            whole = self.chance.random() < 0.5
            print(f"death of {'all' if whole else node} {wait:.2f} s into step {number}", flush=True)
            if whole:
                step()
                time.sleep(wait)
                self.power_off_and_open()
                continue
            killer = threading.Timer(wait, self.pool.kill, (node,))
            killer.start()
            try:
                if number < len(steps) - 1:
                    step()
            finally:
                killer.join()
            self.pool.start(node)
            self.pool.await_unsealed(node)
            if number == len(steps) - 1:
                step()
        self.site.officers = self.new
        return deaths

    def retry(self, *words: str, done: tuple[str, ...] = ()) -> None:
        """Until a node can answer, or says that it was done before."""
        last = None

        def attempt() -> bool:
            nonlocal last
            last = self.site.reshare(*words, check=False)
            if last.returncode == 0 or any(text in last.stderr for text in done):
                return True
            assert last.returncode == 69, last.stderr
            return False

        wait_until(attempt, 60, f"'{words[0]}' to be taken", interval=0.2)

    def prepare(self) -> None:
        def attempt() -> bool:
            self.new.file.unlink(missing_ok=True)
            made = self.site.reshare("prepare", "--out", str(self.new.file), check=False)
            assert made.returncode in (0, 69), made.stderr
            return made.returncode == 0

        wait_until(attempt, 60, "the next root to be prepared", interval=0.2)

    def confirm(self, number: int) -> None:
        self.retry("confirm", "--security-domain", str(self.new.file), *self.new.pair(number),
                   done=("No change", "rules already"))

    def power_off_and_open(self) -> None:
        state = self.site.state()
        sets = {"proposed": [self.former], "prepared": [self.former, self.new], "committed": [self.former, self.new]}
        may = sets[state["stage"]] if state else [self.new if self.new.file.exists() else self.former]
        officers = self.chance.choice(may)
        self.pool.power_off()
        # The whole pool died at once: what a node's disk knows may be a step older than what the pool has answered.
        refusals = []
        for node in self.chance.sample((1, 2, 3), 3):
            answer = self.site.open(officers, node)
            if answer.returncode == 0:
                break
            refusals.append(answer.stderr)
        assert len(refusals) < 3, refusals
        self.pool.await_unsealed()
