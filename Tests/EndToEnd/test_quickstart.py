"""quickstart's commands, by several users and side by side; and what a pool that has nothing to do takes."""

import os
import pathlib
import pty
import pwd
import re
import shutil
import socket
import subprocess
import time

import pytest

from conftest import free_ports
from pool import ROOT, Pool, is_running


# --- messages of the scripts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("terminal", "variables", "coloured"), [
    ("stderr", {}, True), ("stderr", {"NO_COLOR": "1"}, False), ("stdout", {}, False),
])
def test_messages_are_coloured_where_a_person_reads_them(terminal: str, variables: dict, coloured: bool):
    screen, line = pty.openpty()
    other = {"stdout": "stderr", "stderr": "stdout"}[terminal]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(
        ["bash", "-c", f". {ROOT}/deploy/lib/common.sh; step begun"], **{terminal: line, other: subprocess.PIPE},
        env=dict(environment, **variables), timeout=20)
    said = os.read(screen, 1000) if terminal == "stderr" else done.stderr
    for end in (screen, line):
        os.close(end)
    assert b"begun" in said and (b"\x1b[" in said) == coloured, said


# --- quickstart -------------------------------------------------------------------------------------------------------


def test_quickstart_from_up_to_wipe(tmp_path: pathlib.Path):
    pool = Pool(tmp_path / "state", free_ports(6)).up()
    try:
        states = pool.status()
        assert [one["name"] for one in states] == ["node-1", "node-2", "node-3"]
        assert [one["endpoint"] for one in states] == pool.endpoints
        assert sorted(one["role"] for one in states) == ["follower", "follower", "leader"]
        assert {one["sealState"] for one in states} == {"unsealed"}
        pids = [one["pid"] for one in states]
        assert all(is_running(pid) for pid in pids)
        assert pool.environment["AZURE_CLIENT_ID"] == pool.credentials()[0]
        assert pool.environment["QUORATE_ENDPOINTS"].split() == pool.endpoints
        keys = pool.call("GET", 1, "/quorate/v1/status", pool.token()).json()["keys"]

        again = pool.quickstart("up")
        assert "The pool is ready" in again.stderr and "Starting" not in again.stderr, again.stderr
        assert [one["pid"] for one in pool.status()] == pids, "a second up has started nodes anew"
        assert pool.call("GET", 1, "/quorate/v1/status", pool.token()).json()["keys"] == keys

        pool.kill(2)
        one_missing = pool.quickstart("up")
        assert "Starting 1 node(s)" in one_missing.stderr and "officers" not in one_missing.stderr, one_missing.stderr
        pool.await_unsealed(2, seconds=1)

        pool.quickstart("down")
        assert not any(is_running(one["pid"]) for one in states if one["pid"])
        assert {(one["pid"], one["role"]) for one in pool.status()} == {(None, "unreachable")}
        assert "officers open the pool" in pool.quickstart("up").stderr
        assert {one["sealState"] for one in pool.status()} == {"unsealed"}
        assert pool.call("GET", 1, "/quorate/v1/status", pool.token()).json()["keys"] == keys

        modes = {oct(file.stat().st_mode & 0o077) for file in pool.folder.rglob("*") if not file.is_symlink()}
        assert modes == {"0o0"}, "group or others have rights on something in the folder"
    finally:
        pool.wipe()
    assert not pool.folder.exists()
    assert "nothing at" in pool.quickstart("wipe").stderr


def test_quickstart_leaves_other_folders_alone(tmp_path: pathlib.Path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    pool = Pool(precious, free_ports(2), nodes=1)
    for command in ("wipe", "up", "down"):
        result = pool.quickstart(command, check=False)
        assert result.returncode != 0 and "error:" in result.stderr, result.stderr
    assert (precious / "file").read_text() == "kept"


def test_an_interrupted_first_signature_is_made_by_the_next_up(tmp_path: pathlib.Path):
    """The pool is there by then, and nothing of it is made anew."""
    pool = Pool(tmp_path / "state", free_ports(2), nodes=1).up()
    try:
        made = pool.folder / "demo.done"
        # Before the principal was known, and after the last role was given.
        for has_principal in (False, True):
            made.unlink()
            if not has_principal:
                (pool.folder / "application.json").write_text("")
            assert "verified with openssl" in pool.quickstart("up").stderr
            assert made.exists()
    finally:
        pool.wipe()


def test_two_pools_side_by_side(tmp_path: pathlib.Path):
    ports = free_ports(4)
    first, second = (Pool(tmp_path / f"pool-{n}", ports + 2 * n, nodes=1) for n in range(2))
    try:
        first.up()
        second.up()
        signed = [
            pool.call("POST", 1, "/keys/demo-ec/sign", pool.token(), {"alg": "ES256", "value": "A" * 43})
            for pool in (first, second)
        ]
        assert [answer.status_code for answer in signed] == [200, 200]
        assert first.call("GET", 1, "/keys", second.token()).status_code == 401, "a token of another pool was accepted"
    finally:
        first.quickstart("wipe", check=False)
        second.quickstart("wipe", check=False)


@pytest.fixture
def ordinary_user():
    """The command that runs another one as an ordinary user, and a folder of his."""
    folder = pathlib.Path("/tmp") / f"quorate-user-{os.getpid()}"
    folder.mkdir(mode=0o700)
    if os.geteuid() != 0:
        yield [], folder
        shutil.rmtree(folder)
        return
    name = f"quorate-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--home-dir", str(folder), name], check=True, capture_output=True)
    user = pwd.getpwnam(name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    yield ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--inh-caps=-all",
           "--bounding-set=-all", "--"], folder
    shutil.rmtree(folder)
    subprocess.run(["userdel", name], check=True, capture_output=True)


@pytest.mark.parametrize("locked", [8192, 64])
def test_quickstart_as_an_ordinary_user(ordinary_user, locked: int):
    """With as much memory that may be locked as systems usually allow, and with very little."""
    prefix, folder = ordinary_user
    prefix = ["prlimit", f"--memlock={locked * 1024}:{locked * 1024}", *prefix]
    pool = Pool(folder / "state", free_ports(2), nodes=1)
    try:
        said = pool.quickstart("up", prefix=prefix).stderr
        assert "The pool is ready" in said
        assert ("you may lock only 64 KiB" in said) == (locked == 64), said
        process = pathlib.Path(f"/proc/{pool.pid(1)}")
        assert pool.folder.stat().st_uid == process.stat().st_uid or os.geteuid() == 0
        command = (process / "cmdline").read_bytes()
        assert (b"--allow-unlocked" in command) == (locked == 64), command
        log = (pool.node_folder(1) / "hsmd.log").read_text()
        assert f"secureHeapLocked={'true' if locked == 8192 else 'false'}" in log, log
        answer = pool.call("POST", 1, "/keys/demo-ec/sign", pool.token(), {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
        pool.quickstart("down", prefix=prefix)
        if locked == 64:
            result = subprocess.run(
                [*prefix, str(pool.binaries / "hsmd"), "--config", "node.yaml"], cwd=pool.node_folder(1),
                capture_output=True, text=True, timeout=20)
            assert result.returncode == 71, result.stderr
            assert "lock" in result.stderr and "memory" in result.stderr, result.stderr
    finally:
        pool.quickstart("wipe", check=False, prefix=prefix)


def test_a_taken_port_is_named_before_anything_is_made(tmp_path: pathlib.Path):
    port = free_ports(6)
    pool = Pool(tmp_path / "state", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 4))
        taken.listen()
        result = pool.quickstart("up", check=False)
    assert result.returncode != 0 and f"port {port + 4} of this machine is in use" in result.stderr, result.stderr
    assert "--port" in result.stderr and not pool.folder.exists()


# --- at rest ----------------------------------------------------------------------------------------------------------


def processor_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mebibytes(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def test_idle_pool_is_quiet(tmp_path: pathlib.Path):
    """Three nodes at rest: under 60 MiB each, and under 3 % of one core together. An unoptimised build gets 10 %, and 75
    MiB, since the pages of its larger executable count."""
    release = pathlib.Path(os.environ.get("QUORATE_RELEASE_BINARIES", ROOT / ".build" / "release"))
    is_release = all((release / name).exists() for name in ("hsmd", "hsmctl"))
    pool = Pool(tmp_path / "state", free_ports(6), build=release if is_release else None).up()
    try:
        # The work of the start is over: audit heads are replicated for a second or two.
        time.sleep(3)
        pids = [pool.pid(node) for node in (1, 2, 3)]
        before, began = sum(map(processor_seconds, pids)), time.monotonic()
        time.sleep(20)
        share = (sum(map(processor_seconds, pids)) - before) / (time.monotonic() - began)
        sizes = [resident_mebibytes(pid) for pid in pids]
        kind = "release" if is_release else "debug"
        print(f"\n{kind} build at rest: {100 * share:.2f} % of one core for three nodes; resident "
              f"{', '.join(f'{size:.1f}' for size in sizes)} MiB")
        assert share < (0.03 if is_release else 0.10)
        assert max(sizes) < (60 if is_release else 75)
    finally:
        pool.wipe()
