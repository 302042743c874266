"""Nodes that open themselves by a key on a PKCS #11 token, here of SoftHSM2, or in a file. The officers decide on it;
what can fail is said by name; and peers and officers open a node all the same."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import shutil
import subprocess

import pytest

from people import audit_records
from pool import binaries, wait_until
from test_reshare import Officers, Site
from secrecy import Search

MODULE = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")


class Token:
    """A token of SoftHSM2 for one node, and the section of the node's file that names it."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.pin = secrets.token_hex(16)
        self.store, self.settings = folder / "tokens", folder / "softhsm2.conf"
        self.store.mkdir(parents=True, mode=0o700)
        self.settings.write_text(f"directories.tokendir = {self.store}\nlog.level = ERROR\n")
        self.pin_file = folder / "token.pin"
        self.write_pin(self.pin)
        self.tool("--init-token", "--free", "--label", "quorate", "--so-pin", secrets.token_hex(8), "--pin", self.pin)

    def tool(self, *arguments: str) -> None:
        subprocess.run(["softhsm2-util", *arguments], env=dict(os.environ, SOFTHSM2_CONF=str(self.settings)),
                       check=True, capture_output=True)

    def write_pin(self, pin: str) -> None:
        self.pin_file.write_text(pin + "\n")
        self.pin_file.chmod(0o600)

    def section(self, **other: object) -> str:
        values = {
            "pkcs11_module": MODULE.resolve(), "token": "quorate", "key": "unseal", "pin_file": self.pin_file,
            "environment": f"['SOFTHSM2_CONF={self.settings}']", **other,
        }
        return "\nauto_unseal:\n" + "".join(f"  {name}: {value}\n" for name, value in values.items())


def write_section(node: pathlib.Path, text: str) -> None:
    """Puts the section into a node's file, in the place of the one that is there."""
    file = node / "node.yaml"
    file.write_text(file.read_text().split("\nauto_unseal:")[0] + text)


def make_key(node: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([str(binaries() / "hsmd"), "--config", "node.yaml", "--make-token-key"], cwd=node,
                          capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("auto-unseal"))
    yield made
    made.pool.wipe()


@pytest.fixture(scope="module")
def token(site) -> Token:
    """Holds a key for node 1."""
    made = Token(site.folder / "token")
    write_section(site.pool.node_folder(1), made.section())
    key = make_key(site.pool.node_folder(1))
    assert key.returncode == 0 and "SHA-256" in key.stdout, key.stderr
    return made


@pytest.fixture
def enrolled(site, token):
    """Node 1 runs with the token, and the officers let it open the pool."""
    use(site, token)
    if not shown(site)["node-1"]["isEnrolled"]:
        site.pool.hsmctl("auto-unseal", "enrol", "node-1")
        complete(site, shown(site)["node-1"]["key"]["sha256"])


@pytest.fixture
def unenrolled(site, token):
    """Node 1 runs with the token, which opens nothing."""
    use(site, token)
    if shown(site)["node-1"]["isEnrolled"]:
        site.pool.hsmctl("auto-unseal", "remove", shown(site)["node-1"]["key"]["sha256"][:12])
        complete(site)


def use(site, token: Token) -> None:
    """All nodes are started with the token in node 1's file, and opened by whoever is first: officers, or the token."""
    write_section(site.pool.node_folder(1), token.section())
    Powered(site).cycle()

    def is_open() -> bool:
        seals = [(site.pool.health(node) or {}).get("seal") for node in (1, 2, 3)]
        if seals[0] == "sealed":
            site.open(site.officers)
        return seals == ["unsealed"] * 3

    wait_until(is_open, 60, "the pool to be open", interval=0.5)


def library(folder: pathlib.Path, name: str, code: str) -> pathlib.Path:
    source, made = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(code)
    compiler = shutil.which("cc") or shutil.which("clang")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source)], check=True)
    made.chmod(0o700)
    return made


def test_what_is_wrong_is_named(site, tmp_path):
    node, token = site.pool.node_folder(1), Token(tmp_path / "token")
    file = (node / "node.yaml").read_text()
    text = tmp_path / "text.so"
    text.write_text("this is no library")
    text.chmod(0o600)
    open_to_all = library(tmp_path, "open", "int nothing;")
    open_to_all.chmod(0o722)
    dies = library(tmp_path, "dies", "#include <stdlib.h>\n__attribute__((constructor)) void end(void) { abort(); }")
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("not the PIN of this token")
    wrong.chmod(0o600)
    cases = [
        ({"token": "other"}, "There is no token 'other'. Connect it"),
        ({"pkcs11_module": "/nowhere.so"}, "/nowhere.so can't be used: No such file"),
        ({"pkcs11_module": tmp_path}, "it isn't a regular file"),
        ({"pkcs11_module": open_to_all}, "others than root and the node's user may write it"),
        ({"pkcs11_module": text}, "doesn't work as a PKCS #11 module"),
        ({"pkcs11_module": library(tmp_path, "empty", "int nothing;")}, "it has no C_GetFunctionList"),
        ({"pkcs11_module": dies}, "gave no answer: the module has ended it"),
        ({"environment": "['SOFTHSM2_CONF=/nowhere']"}, "in 'environment' what it needs"),
        ({"pin_file": wrong}, "refuses the PIN"),
    ]
    for change, expected in cases:
        write_section(node, token.section(**change))
        refused = make_key(node)
        assert refused.returncode == 71 and expected in refused.stderr, (change, refused.stderr)
        assert "not the PIN" not in refused.stderr
    # What the file itself has wrong is found before the token is asked.
    for change, expected in (
        ({"pkcs11_module": "softhsm.so"}, "absolute path"), ({"token": "x" * 33}, "1 to 32 bytes"),
        ({"environment": "['LD_PRELOAD=/x']"}, "no name may begin with LD_"),
        ({"pin_file": "/nowhere"}, "can't be opened"), ({"slot": 1}, "unknown key 'auto_unseal.slot'"),
    ):
        write_section(node, token.section(**change))
        refused = make_key(node)
        assert refused.returncode == 78 and expected in refused.stderr, (change, refused.stderr)
    write_section(node, token.section())
    wrong.chmod(0o644)
    write_section(node, token.section(pin_file=wrong))
    assert make_key(node).returncode == 78
    write_section(node, token.section())
    made = make_key(node)
    assert made.returncode == 0 and "SHA-256" in made.stdout, made.stderr
    again = make_key(node)
    assert again.returncode == 71 and "has a key 'unseal' already" in again.stderr, again.stderr
    (node / "node.yaml").write_text(file)


class Powered:
    """All nodes die and start again; whether somebody opens them is what is looked at."""

    def __init__(self, site: Site):
        self.pool = site.pool
        self.log = self.pool.node_folder(1) / "hsmd.log"

    def cycle(self) -> None:
        self.begin = self.log.stat().st_size
        for node in (1, 2, 3):
            self.pool.kill(node)
        for node in (1, 2, 3):
            self.pool.start(node)

    @property
    def said(self) -> str:
        """What node 1 has logged since its start."""
        return self.log.read_bytes()[self.begin:].decode()

    def await_said(self, text: str) -> None:
        wait_until(lambda: text in self.said, 20, f"node-1 to say '{text}'")


def shown(site: Site) -> dict[str, dict]:
    nodes = json.loads(site.pool.hsmctl("auto-unseal", "show", "--json").stdout)["nodes"]
    return {node["node"]: node for node in nodes}


def complete(site: Site, *tokens: str) -> None:
    """The officers approve what is ordered, and take the new file."""
    known = [word for token in tokens for word in ("--next-token", token)]
    for number in (1, 3):
        site.reshare("approve", *site.officers.pair(number), "--next", *site.officers.certificates, *known)
    file = site.folder / f"domain-{secrets.token_hex(4)}.json"
    site.reshare("prepare", "--out", str(file))
    site.officers = Officers(site.officers.keys, file)
    for number in (1, 2, 3):
        site.reshare("confirm", "--security-domain", str(file), *site.officers.pair(number))
    site.await_end()


def test_a_node_opens_itself_when_the_officers_say_so(site, unenrolled):
    pool, powered = site.pool, Powered(site)
    # Known, and of no use yet.
    powered.cycle()
    powered.await_said("isn't enrolled")
    assert pool.health(1)["seal"] == "sealed"
    assert "unsealed" in site.open(site.officers).stdout
    pool.await_unsealed()
    found = shown(site)
    assert found["node-1"]["isEnrolled"] is False and found["node-1"]["enrolled"] == []
    assert "key" not in found["node-2"]
    digest = found["node-1"]["key"]["sha256"]

    none = pool.hsmctl("auto-unseal", "enrol", "node-2", check=False)
    assert none.returncode == 1 and "none is configured" in none.stderr
    pool.hsmctl("auto-unseal", "enrol", "node-1")
    alone = site.reshare("prepare", "--out", str(site.folder / "alone.json"), check=False)
    assert alone.returncode == 77 and "quorum of the officers" in alone.stderr
    # An officer who names the next officers doesn't sign for a token that he wasn't told of.
    pair, certificates = site.officers.pair(1), site.officers.certificates
    for known in ((), ("--next-token", "0" * 64)):
        unaware = site.reshare("approve", *pair, "--next", *certificates, *known, check=False)
        assert unaware.returncode == 1 and "Nothing was signed" in unaware.stderr and digest in unaware.stderr
    complete(site, digest)
    assert shown(site)["node-1"]["isEnrolled"] is True
    again = pool.hsmctl("auto-unseal", "enrol", "node-1", check=False)
    assert again.returncode == 1 and "enrolled already" in again.stderr

    powered.cycle()
    pool.await_unsealed()
    assert "opened by the token" in powered.said
    site.sign()
    # Another new root for the same officers: the token opens that one, too.
    pool.hsmctl("pool", "rotate-root")
    complete(site, digest)
    powered.cycle()
    pool.await_unsealed()
    assert "opened by the token" in powered.said
    # Who seals it means it.
    pool.hsmctl("node", "seal", "node-1", "--endpoint", pool.endpoint(2))
    assert pool.health(1)["seal"] == "sealed"
    names = {record["operationName"] for record in audit_records(pool, 1)}
    assert {"AutoUnsealGet", "NodeSeal"} <= names


def test_a_token_that_fails_keeps_nobody_else_from_opening_the_node(site, token, enrolled):
    pool, powered = site.pool, Powered(site)
    token.write_pin("f" * 32)
    powered.cycle()
    powered.await_said("refuses the PIN")
    for node in (1, 2, 3):
        pool.await_health(node, "seal", "sealed")
    assert "unsealed" in site.open(site.officers).stdout
    pool.await_unsealed()
    site.sign()
    assert "refuses the PIN" in shown(site)["node-1"]["problem"]
    # A wrong PIN is tried once: more would lock the token.
    assert powered.said.count("refuses the PIN") == 1
    token.write_pin(token.pin)

    # A token that is put in later is found.
    aside = token.store.with_name("aside")
    token.store.rename(aside)
    token.store.mkdir(mode=0o700)
    powered.cycle()
    powered.await_said("There is no token 'quorate'")
    assert pool.health(1)["seal"] == "sealed"
    token.store.rmdir()
    aside.rename(token.store)
    pool.await_unsealed()
    assert "opened by the token" in powered.said


def test_what_was_given_up_opens_nothing(site, enrolled):
    pool, powered = site.pool, Powered(site)
    digest = shown(site)["node-1"]["key"]["sha256"]
    missing = pool.hsmctl("auto-unseal", "remove", "00000000", check=False)
    assert missing.returncode == 3
    pool.hsmctl("auto-unseal", "remove", digest[:12])
    complete(site)
    powered.cycle()
    powered.await_said("isn't enrolled")
    for node in (1, 2, 3):
        pool.await_health(node, "seal", "sealed")
    assert "unsealed" in site.open(site.officers).stdout
    pool.await_unsealed()
    site.sign()


def test_a_key_in_a_file_is_for_development_and_says_so(site, unenrolled):
    pool, powered = site.pool, Powered(site)
    node = pool.node_folder(1)
    key = node / "unseal.key"
    write_section(node, f"\nauto_unseal:\n  development_key_file: {key.name}\n")
    made = make_key(node)
    assert made.returncode == 0 and "DEVELOPMENT ONLY" in made.stdout and key.stat().st_mode & 0o777 == 0o600, made.stderr
    again = make_key(node)
    assert again.returncode == 71 and "is there already" in again.stderr, again.stderr
    key.chmod(0o640)
    open_to_others = make_key(node)
    assert open_to_others.returncode == 78 and "mode 0640" in open_to_others.stderr, open_to_others.stderr
    key.chmod(0o600)
    powered.cycle()
    powered.await_said("isn't enrolled")
    assert "warning" in powered.said and "DEVELOPMENT ONLY" in powered.said and pool.health(1)["seal"] == "sealed"
    assert "unsealed" in site.open(site.officers).stdout
    pool.await_unsealed()
    found = shown(site)["node-1"]
    assert found["key"]["provider"] == "development-file" and not found["isEnrolled"]
    assert "developmentKeys" not in json.loads(pool.hsmctl("pool", "status", "--json").stdout)

    pool.hsmctl("auto-unseal", "enrol", "node-1")
    # Who doesn't name it doesn't mean it.
    unaware = site.reshare("approve", *site.officers.pair(1), check=False)
    assert unaware.returncode == 1 and "for development only" in unaware.stderr, unaware.stderr
    complete(site, found["key"]["sha256"])
    powered.cycle()
    pool.await_unsealed()
    assert "opened by the development key file" in powered.said and "DEVELOPMENT ONLY" in powered.said
    site.sign()
    told = pool.hsmctl("pool", "status", "--json")
    assert json.loads(told.stdout)["developmentKeys"] == ["unseal.key at node-1"] and "WARNING" in told.stderr
    told = pool.hsmctl("auto-unseal", "show")
    assert "development-file" in told.stdout and "WARNING" in told.stderr

    # Another file's key opens nothing, and the node says why.
    key.rename(node / "enrolled.key")
    assert make_key(node).returncode == 0
    powered.cycle()
    powered.await_said("isn't enrolled")
    for number in (1, 2, 3):
        pool.await_health(number, "seal", "sealed")
    assert "unsealed" in site.open(site.officers).stdout
    pool.await_unsealed()
    pool.hsmctl("auto-unseal", "remove", found["key"]["sha256"][:12])
    complete(site)


def test_the_pin_is_nowhere_else(site, token):
    found = Search({"PIN": token.pin.encode()}).of_files(site.folder)
    assert list(found) == [str(token.pin_file)], found
