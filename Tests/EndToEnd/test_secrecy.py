"""Secrets of a real pool are looked for in what processes leave: core dumps, crash reports, the process table.

The test knows the secrets because it opens the security domain as two officers could. Each search is tried on a planted
secret first: a search that can't find what is there shows nothing.
"""

from __future__ import annotations

import base64
import collections
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from conftest import free_ports
from load import DIGEST
from pool import Pool, is_running, wait_until
from recovered_secrets import RecoveredSecrets
from secrecy import Search


def test_the_search_finds_what_is_there():
    secret = os.urandom(48)
    search = Search({"secret": secret})
    every = {f"secret from byte {offset}" for offset in (0, 16, 32)}
    number = int.from_bytes(secret, "big")
    ways = {
        "as it is": secret, "backwards": secret[::-1], "hexadecimal": secret.hex().encode(),
        "capitals": secret.hex().upper().encode(), "decimal": None,
    }
    for lead in range(6):
        ways[f"base64 behind {lead} bytes"] = base64.b64encode(os.urandom(lead) + secret + os.urandom(7))
        ways[f"base64url behind {lead} bytes"] = base64.urlsafe_b64encode(os.urandom(lead) + secret[::-1])
    for way, text in ways.items():
        if text is not None:
            assert search.of(os.urandom(1237) + text + b"\n" + os.urandom(99)) == every, way
    assert search.of(secret[5:42]) == {"secret from byte 16"}, "a piece of a secret"
    assert search.of(str(number).encode()) == set() and search.of(os.urandom(1 << 16)) == set()


# --- a pool of which all secrets are known ----------------------------------------------------------------------------


Opened = collections.namedtuple("Opened", "pool secrets search")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory):
    pool = Pool(tmp_path_factory.mktemp("secrecy") / "state", free_ports(6)).up()
    try:
        token = pool.token()
        for name, kind in [
            ("secret-ec", {"kty": "EC-HSM", "crv": "P-256"}), ("secret-rsa", {"kty": "RSA-HSM", "key_size": 2048}),
            ("secret-p521", {"kty": "EC-HSM", "crv": "P-521"}),
        ]:
            answer = pool.call("POST", 1, f"/keys/{name}/create", token, kind)
            assert answer.status_code == 200, answer.text
        secrets = RecoveredSecrets(
            pool.folder / "security-domain.json", pool.officers(1, 2), pool.node_folder(3) / "data" / "state.db")
        yield Opened(pool, secrets, Search(secrets.secrets))
    finally:
        pool.wipe()


def test_the_recovered_keys_are_those_in_use(opened: Opened):
    """Otherwise the search would look for the wrong bytes."""
    token = opened.pool.token()
    key = opened.pool.call("GET", 1, "/keys/secret-ec", token).json()["key"]
    numbers = opened.secrets.private_keys["secret-ec"].public_key().public_numbers()
    assert numbers.x == int.from_bytes(base64.urlsafe_b64decode(key["x"] + "=="), "big")
    assert numbers.y == int.from_bytes(base64.urlsafe_b64decode(key["y"] + "=="), "big")
    signature = opened.pool.call(
        "POST", 2, f"/keys/{key['kid'].split('/keys/', 1)[1]}/sign", token, {"alg": "ES256", "value": DIGEST}).json()
    raw = base64.urlsafe_b64decode(signature["value"] + "==")
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    digest = base64.urlsafe_b64decode(DIGEST + "==")
    opened.secrets.private_keys["secret-ec"].public_key().verify(
        der, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    modulus = opened.pool.call("GET", 1, "/keys/secret-rsa", token).json()["key"]["n"]
    p, q = (int.from_bytes(opened.secrets.secrets[f"secret-rsa {part}"], "big") for part in "pq")
    assert p * q == int.from_bytes(base64.urlsafe_b64decode(modulus + "=="), "big")
    names = set(opened.secrets.secrets)
    assert {"root", "KEK", "STK", "TOK d", "PIK d", "ATT d", "RLS d", "secret-rsa d", "secret-p521 d", "share 1"} <= names


# --- processes --------------------------------------------------------------------------------------------------------


def test_no_secret_in_the_process_table(opened: Opened):
    secrets = {name: opened.pool.credentials(name)[1].encode() for name in ("administrator", "application")}
    for node in (1, 2, 3):
        process = pathlib.Path(f"/proc/{opened.pool.pid(node)}")
        for name in ("environ", "cmdline"):
            content = (process / name).read_bytes()
            assert content, f"{name} of node-{node} can't be read"
            assert not opened.search.of(content)
            for owner, secret in secrets.items():
                assert secret not in content, f"the {owner}'s secret is in {name} of node-{node}"


def test_no_core_is_dumped(opened: Opened, tmp_path: pathlib.Path):
    """Processes that die of a fault leave neither a core nor a trace of their memory."""
    # This machine dumps cores where it may: of a process that allows it.
    control = subprocess.run(
        [sys.executable, "-c", "import os, resource\n"
         "resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)\nos.abort()"],
        cwd=tmp_path, capture_output=True)
    assert control.returncode == -signal.SIGABRT
    piped = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().startswith(("|", "/"))
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if not piped and hard == resource.RLIM_INFINITY:
        assert list(tmp_path.glob("core*")), "the control left no core: this test would show nothing"
    pool = opened.pool
    for node, cause in [(1, signal.SIGABRT), (2, signal.SIGSEGV), (3, signal.SIGQUIT)]:
        pid = pool.pid(node)
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[-3:-1] == ["0", "0"], line
        # Not dumpable: files of such a process under /proc belong to root whoever runs it.
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert b"SWIFT_BACKTRACE=enable=no" in environment, "the crash reporter is on: it prints memory"
        log = pool.node_folder(node) / "hsmd.log"
        before = log.stat().st_size
        os.kill(pid, cause)
        wait_until(lambda: not is_running(pid), 10, f"node-{node} to die of {cause.name}")
        said = log.read_bytes()[before:]
        assert not opened.search.of(said), said
        cores = [file for file in pool.folder.rglob("*core*") if file.is_file()]
        assert not cores, cores
        pool.start(node)
        pool.await_unsealed(node)
    assert not opened.search.of_files(pool.folder)


def test_an_officers_program_leaves_no_core(opened: Opened):
    """hsmctl closes what memory leaves by before it opens a key: here it waits for a node that never answers."""
    pool = opened.pool
    with socket.create_server(("127.0.0.1", 0)) as silent:
        officers = [part for key in pool.officers(1, 2) for part in ("--officer", f"{key.with_suffix('.crt')}:{key}")]
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if hard == 0:
            pytest.skip("NOT CHECKED: core files are forbidden here already")
        process = subprocess.Popen(
            [str(pool.binaries / "hsmctl"), "unseal", "--endpoint", f"https://127.0.0.1:{silent.getsockname()[1]}",
             "--connect-timeout", "60", "--ca", str(pool.authority), "--security-domain",
             str(pool.folder / "security-domain.json"), *officers],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
        try:
            limits = pathlib.Path(f"/proc/{process.pid}/limits")
            wait_until(lambda: limits.read_text().split("Max core file size", 1)[1].split()[:2] == ["0", "0"], 20,
                       "core files to be forbidden")
        finally:
            process.kill()
            process.wait()


def as_ordinary_user(command: list[str]) -> list[str]:
    """Where the tests run as root, a command runs as somebody else."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]


READER = """
import os, sys
try:
    with open(f"/proc/{sys.argv[1]}/mem", "rb") as memory:
        first = open(f"/proc/{sys.argv[1]}/maps").readline()
        memory.seek(int(first.split("-")[0], 16))
        print("read", len(memory.read(64)))
except OSError as error:
    print("refused", error.errno)
"""


def test_memory_is_closed_to_the_same_user(tmp_path_factory: pytest.TempPathFactory):
    """Another process of the user that runs hsmd can't open its memory."""
    folder = pathlib.Path("/tmp") / f"quorate-memory-{os.getpid()}"
    made = Pool(folder / "state", free_ports(2), nodes=1)
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    try:
        made.quickstart("up", prefix=as_ordinary_user([]))
        pid = made.pid(1)
        if os.geteuid() == 0:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            assert "Uid:\t65534\t65534" in status, "hsmd doesn't run as the ordinary user"
        reader = as_ordinary_user([sys.executable, "-c", READER])
        open_process = subprocess.Popen(as_ordinary_user(["sleep", "30"]), cwd="/")
        try:
            time.sleep(0.2)
            control = subprocess.run([*reader, str(open_process.pid)], capture_output=True, text=True, cwd="/")
            scope = pathlib.Path("/proc/sys/kernel/yama/ptrace_scope")
            if not scope.exists() or scope.read_text().strip() == "0":
                assert control.stdout.startswith("read"), f"the control failed: {control.stdout}{control.stderr}"
        finally:
            open_process.kill()
            open_process.wait()
        result = subprocess.run([*reader, str(pid)], capture_output=True, text=True, cwd="/")
        assert result.stdout.startswith("refused"), result.stdout + result.stderr
    finally:
        made.quickstart("wipe", check=False, prefix=as_ordinary_user([]))
        shutil.rmtree(folder, ignore_errors=True)
