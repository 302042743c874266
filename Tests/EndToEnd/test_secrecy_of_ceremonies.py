"""The whole life of a pool's secrets, looked for afterwards in all that the life has left: backups to three kinds of
store, restores, a new key-encryption key, new officers and a new root, sealing and unsealing by officers and by peers,
the end of the pool, and a new one in its place.

The secrets are those that officers open at each point, and keys that the test made itself and imported.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import json
import os
import pathlib
import shutil
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from blobs import BlobServer
from buckets import BucketServer
from conftest import free_ports
from load import DIGEST, SigningLoad
from people import CRYPTO_OFFICER, CRYPTO_USER, hire
from pool import Pool, wait_until
from recovered_secrets import RecoveredSecrets, number, numbers_of
from secrecy import Capture, Marker, Search, Swap, may_capture, plant_on_the_wire
from test_reshare import Officers, hired


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def planted_keys() -> tuple[dict[str, dict], dict[str, bytes]]:
    """Keys to import, by name, and their secret numbers."""
    curve, modulus = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    octets = os.urandom(32)
    point, numbers = curve.private_numbers(), modulus.private_numbers()
    whole = {
        "n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d, "p": numbers.p, "q": numbers.q,
        "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp,
    }
    keys = {
        "planted-ec": {"kty": "EC-HSM", "crv": "P-256", "x": text(number(point.public_numbers.x, 32)),
                       "y": text(number(point.public_numbers.y, 32)), "d": text(number(point.private_value, 32))},
        "planted-rsa": {"kty": "RSA-HSM", **{
            name: text(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in whole.items()}},
        "planted-oct": {"kty": "oct-HSM", "k": text(octets)},
    }
    secrets = {**numbers_of("imported EC", curve), **numbers_of("imported RSA", modulus), "imported octets": octets}
    return keys, secrets


class Life:
    """What happens, in its order; what the pool's people learn on the way is collected in `secrets`."""

    def __init__(self, folder: pathlib.Path, recording: contextlib.ExitStack):
        self.folder = folder
        self.secrets: dict[str, bytes] = {}
        self.said: list[bytes] = []
        self.swap = recording.enter_context(contextlib.closing(Swap(folder))) if Swap.may_be_made() else None
        first = free_ports(14)
        self.capture = Capture(folder / "wire.pcap", range(first, first + 14)) if may_capture() else None
        self.wire_marker, self.swap_marker = os.urandom(48), os.urandom(48)
        self.blobs = recording.enter_context(contextlib.closing(BlobServer(folder / "blobs", first + 12)))
        self.buckets = recording.enter_context(contextlib.closing(
            BucketServer(first + 13, self.blobs.authority, self.blobs.certificate, folder)))
        places = folder / "places.yaml"
        places.write_text(self.buckets.configuration())
        self.settings = {"QUICKSTART_BLOB_HOSTS": self.blobs.host, "QUICKSTART_BACKUPS_FILE": str(places),
                         "QUICKSTART_BLOB_AUTHORITY": str(self.blobs.authority)}
        self.ports = first
        self.sas = folder / "sas"
        self.sas.write_text(self.blobs.token)
        self.sas.chmod(0o600)
        if self.swap:
            self.marker = recording.enter_context(self._watched(lambda: contextlib.closing(Marker(self.swap_marker))))

    @contextlib.contextmanager
    def _watched(self, start):
        """What `start` starts belongs to those whose memory is pushed out."""
        with self.swap.inside() if self.swap else contextlib.nullcontext():
            made = start()
        with made as value:
            yield value

    def push_out(self) -> None:
        if self.swap:
            self.swap.push_out()

    def start(self, act) -> None:
        with self.swap.inside() if self.swap else contextlib.nullcontext():
            act()

    def run(self, pool: Pool, *words: str) -> str:
        """A command that succeeds; whatever it prints is searched."""
        done = pool.hsmctl(*words)
        self.said += [done.stdout.encode(), done.stderr.encode()]
        return done.stdout

    def learn(self, when: str, pool: Pool, officers: Officers) -> None:
        opened = RecoveredSecrets(
            officers.file, officers.keys[:2], pool.node_folder(1) / "data" / "state.db")
        self.sealed_records = opened.sealed_records
        known = set(self.secrets.values())
        new = {what: secret for what, secret in opened.secrets.items() if secret not in known}
        self.secrets.update({f"{what}, {when}": secret for what, secret in new.items()})

    def power_off(self, pool: Pool) -> None:
        self.start(pool.power_off)

    # --- the life ---------------------------------------------------------------------------------------------------

    def first_pool(self) -> None:
        self.pool = pool = Pool(self.folder / "first", self.ports, settings=self.settings)
        self.start(pool.up)
        self.first_officers = officers = Officers(pool.officers(1, 2, 3), pool.folder / "security-domain.json")
        self.user = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="life")
        token = self.user.token(pool)
        keys, self.imported = planted_keys()
        self.secrets.update(self.imported)
        for name, key in keys.items():
            self.said.append(self.answer(pool, "PUT", f"/keys/{name}", token, {"key": key}))
        for name, kind in {"made-ec": {"kty": "EC-HSM", "crv": "P-384"}, "made-rsa": {"kty": "RSA-HSM"},
                           "made-oct": {"kty": "oct-HSM", "key_size": 256}}.items():
            self.said.append(self.answer(pool, "POST", f"/keys/{name}/create", token, kind))
        self.said.append(self.answer(pool, "POST", "/keys/planted-ec/backup", token))
        self.learn("at first", pool, officers)
        path = "/keys/planted-ec/sign?api-version=7.5"
        with SigningLoad(pool, [1, 2, 3], path, token) as load:
            self.bucket_folder = self.backup(pool, "s3://backups/first")
            self.backup(pool, self.blobs.url, "--sas-file", str(self.sas))
            self.directory_folder = self.backup(pool, "file:///first")
            self.push_out()
            self.run(pool, "backup", "restore", "file:///first", self.directory_folder, "--key", "planted-rsa")
            self.run(pool, "backup", "restore", "s3://backups/first", self.bucket_folder)
            self.run(pool, "pool", "rotate-kek")
            self.push_out()
        assert not load.failures()
        self.said += [answer.text.encode() for answer in load.answers]
        file = pool.folder / "backups" / "first" / self.directory_folder / "backup.qbk"
        self.run(pool, "backup", "verify", str(file), "--security-domain", str(officers.file), *officers.quorum)
        self.learn("under a new KEK", pool, officers)

    def other_officers(self) -> None:
        pool, former, new = self.pool, self.first_officers, hired(self.folder, "new")
        change = ("security-domain", "reshare")
        self.run(pool, *change, "begin", "--required", "2", "--officer", *new.certificates)
        for officer in (1, 2):
            self.run(pool, *change, "approve", *former.pair(officer))
        self.run(pool, *change, "prepare", "--out", str(new.file))
        for officer in (1, 2, 3):
            self.run(pool, *change, "confirm", "--security-domain", str(new.file), *new.pair(officer))
        status = (*change, "status")
        wait_until(lambda: pool.hsmctl(*status, check=False).returncode == 3, 40, "the new root", interval=0.3)
        self.officers = new
        self.learn("under a new root", pool, new)

    def seals(self) -> None:
        pool = self.pool
        self.run(pool, "node", "seal", "node-2")
        self.push_out()
        pool.kill(2)
        self.start(lambda: pool.start(2))
        pool.await_unsealed(2)
        self.power_off(pool)
        self.push_out()
        self.run(pool, "unseal", "--endpoint", pool.endpoint(1), "--security-domain", str(self.officers.file),
                 *self.officers.quorum)
        pool.await_unsealed()
        self.push_out()
        for name, algorithm in (("planted-ec", "ES256"), ("made-rsa", "PS256")):
            for node in (1, 2, 3):
                body, token = {"alg": algorithm, "value": DIGEST}, self.user.token(pool)
                self.said.append(self.answer(pool, "POST", f"/keys/{name}/sign", token, body, node=node))
        self.last_folder = self.backup(pool, "s3://backups/last")
        plant_on_the_wire(self.ports + 4, self.wire_marker)

    def second_pool(self) -> None:
        for node in (1, 2, 3):
            self.pool.kill(node)
        self.second = pool = Pool(self.folder / "second", self.ports + 6, settings={
            **self.settings, "QUICKSTART_UNACTIVATED": "yes", "QUICKSTART_UNPINNED": "yes",
            "QUICKSTART_NAME": "phoenix", "QUICKSTART_FIRST_ID": "11"})
        self.start(pool.up)
        self.run(pool, "security-domain", "upload", "--security-domain", str(self.officers.file), "--endpoint",
                 pool.endpoint(1), *self.officers.quorum)
        self.push_out()
        self.run(pool, "backup", "restore", "s3://backups/last", self.last_folder, "--keep-credentials")
        body = {"alg": "ES256", "value": DIGEST}
        self.said.append(self.answer(pool, "POST", "/keys/planted-ec/sign", self.user.token(pool), body))
        self.push_out()
        self.learn("of the second pool", pool, self.officers)

    def backup(self, pool: Pool, *place: str) -> str:
        made = json.loads(self.run(pool, "backup", "start", *place, "--json"))
        return made["azureStorageBlobContainerUri"].rsplit("/", 1)[1]

    def answer(self, pool: Pool, method: str, path: str, token: str, body: dict | None = None, node: int = 1) -> bytes:
        answer = pool.call(method, node, path, token, body)
        assert answer.status_code == 200, answer.text
        return answer.content

    def nodes(self) -> list[tuple[Pool, int]]:
        return [(self.second, node) for node in (1, 2, 3)]


Remains = collections.namedtuple("Remains", "life search swapped")


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory):
    with contextlib.ExitStack() as recording:
        life = Life(tmp_path_factory.mktemp("life"), recording)
        for what, is_there in (("THE WIRE, which takes root and tcpdump", life.capture),
                               ("SWAP, which takes root and memory control groups of version 1", life.swap)):
            if not is_there:
                warnings.warn(f"NOTHING IS READ FROM {what}", stacklevel=1)
        try:
            life.first_pool()
            life.other_officers()
            life.seals()
            life.second_pool()
            if life.capture:
                life.capture.stop()
            swapped = life.swap.content if life.swap else b""
            yield Remains(life, Search({**life.secrets, "on the wire": life.wire_marker, "in swap": life.swap_marker}),
                          swapped)
        finally:
            for name in ("pool", "second"):
                if pool := getattr(life, name, None):
                    pool.wipe()


def test_the_secrets_are_those_of_the_whole_life(remains):
    """The officers open keys that the test has imported, and roots and KEKs of every time: they are the right ones."""
    secrets = remains.life.secrets
    assert set(remains.life.imported.values()) <= set(
        RecoveredSecrets(remains.life.officers.file, remains.life.officers.keys[:2],
                         remains.life.second.node_folder(2) / "data" / "state.db").secrets.values())
    for what, least in (("root,", 2), ("KEK,", 3), ("share 1,", 2), ("master key", 2), ("STK,", 2), ("TOK d,", 2),
                        ("made-ec d", 1), ("made-oct k", 1)):
        assert sum(name.startswith(what) for name in secrets) >= least, (what, sorted(secrets))


def test_none_is_in_a_file(remains, tmp_path):
    """Nodes' folders and logs, backups in the directory, objects in the bucket and the container, what hsmctl wrote."""
    life, search = remains.life, remains.search
    (tmp_path / "planted").write_bytes(os.urandom(999) + life.secrets["imported octets"] + os.urandom(999))
    assert search.of_files(tmp_path)
    # What is there is found: the sealed forms of the same keys, within the databases and their journals.
    for pool, node in life.nodes():
        for name in ("planted-ec", "made-rsa", "KEK", "TOK"):
            files = Search({name: life.sealed_records[name]}).of_files(pool.node_folder(node) / "data")
            assert files, f"the sealed record of {name} was not found at node-{node}"
    # What was recorded is read by itself.
    apart = {life.folder / "wire.pcap"}
    files = [file for file in life.folder.rglob("*") if file.is_file() and file not in apart]
    kinds = collections.Counter(file.name for file in files)
    assert kinds["state.db"] == 6 and kinds["hsmd.log"] == 6 and kinds["backup.qbk"] >= 1, kinds
    found = search.of_files(*files)
    assert not found
    assert life.buckets.objects() and not [name for name, body in life.buckets.objects().items() if search.of(body)]


def test_none_was_said(remains):
    assert len(remains.life.said) > 100
    assert not set().union(*(remains.search.of(said) for said in remains.life.said))


def test_none_passed_over_the_wire(remains):
    """Between nodes, from and to clients, officers and stores."""
    if not remains.life.capture:
        pytest.skip("NOT CHECKED: capturing the wire takes root and tcpdump")
    captured = remains.life.capture.file.read_bytes()
    assert len(captured) > 2_000_000, "hardly anything was captured"
    for what in (b"node-1", b"quorate"):
        assert what not in captured, f"{what} passed in clear: TLS is off"
    found = remains.search.of(captured)
    planted = {name for name in found if name.startswith("on the wire")}
    assert planted, "the secret that was sent in clear was not found: the capture shows nothing"
    assert found == planted


def test_none_was_swapped_out(remains):
    """While others' memory was pushed out, that of the nodes stayed."""
    if not remains.life.swap:
        pytest.skip("NOT CHECKED: swap space of one's own takes root and memory control groups of version 1")
    found = remains.search.of(remains.swapped)
    planted = {name for name in found if name.startswith("in swap")}
    assert planted, "the secret in ordinary memory was not swapped out: the search shows nothing"
    assert found == planted
    sizes = remains.life.swap.sizes
    assert sizes[remains.life.marker.process.pid] > 0
    assert [sizes[pool.pid(node)] for pool, node in remains.life.nodes()] == [0, 0, 0]


def test_a_node_that_cannot_lock_its_memory_says_so(tmp_path):
    if not (Swap.may_be_made() and shutil.which("setpriv") and shutil.which("prlimit")):
        pytest.skip("NOT CHECKED: swap space of one's own takes root and memory control groups of version 1")
    without = ["setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock",
               "prlimit", "--memlock=8388608:8388608"]
    pool = Pool(tmp_path / "state", free_ports(2), nodes=1)
    with contextlib.closing(Swap(tmp_path)) as swap, swap.on():
        try:
            pool.quickstart("up", prefix=without)
            said = (pool.node_folder(1) / "hsmd.log").read_text()
        finally:
            pool.wipe()
    assert "this machine has swap space" in said and "LimitMEMLOCK=infinity" in said, said
