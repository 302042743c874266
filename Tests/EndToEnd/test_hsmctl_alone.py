"""What hsmctl does by itself: against nodes that fail it, and where its input or output is not to be had."""

import datetime
import json
import os
import pathlib
import pty
import resource
import signal
import subprocess
import termios
import time

import pytest

from impostors import Impostor
from pool import binaries, wait_until
from test_hsmctl import UNREACHABLE, run


def test_a_token_that_has_expired_is_replaced_once(tmp_path: pathlib.Path):
    """Also where it is of the node that refuses it: an operation may take longer than a token lasts."""
    good = {"token-1"}

    def answer(token: str, target: str) -> tuple[int, dict]:
        if token not in good:
            return 401, {"error": {"code": "Unauthorized", "message": "The token isn't good."}}
        if "skiptoken" in target:
            return 200, {"value": []}
        good.clear()
        good.add("token-2")
        return 200, {"value": [], "nextLink": "https://x/keys?$skiptoken=more"}

    with Impostor(tmp_path, answer) as node:
        done = run("key", "list", "--json", **node.variables(tmp_path))
        assert done.returncode == 0 and json.loads(done.stdout) == [] and node.issued == 2, done
        good.clear()
        refused = run("key", "list", **node.variables(tmp_path))
        assert refused.returncode == 77 and "The token isn't good" in refused.stderr, refused
        assert node.issued == 3, "a new token was asked for though the refused one was new"


@pytest.mark.parametrize(("certificate", "words"), [
    ({"left": datetime.timedelta(minutes=-30)}, "it has expired"),
    ({"address": "127.0.0.2"}, "its certificate is for another host"),
])
def test_what_is_wrong_with_a_certificate(tmp_path: pathlib.Path, certificate: dict, words: str):
    with Impostor(tmp_path, **certificate) as node:
        refused = run("key", "list", **node.variables(tmp_path))
        assert refused.returncode == 69 and words in refused.stderr, refused
        assert "can't be reached" not in refused.stderr and "broke" not in refused.stderr, refused


RECOVER = ["pool", "recover", "--others-are-destroyed", "--security-domain", "/nowhere", "--officer", "a:b", "--at"]


def test_the_node_that_goes_on_is_endpoint_enough():
    """The runbook gives no --endpoint, and the other nodes are destroyed."""
    begun = run(*RECOVER, UNREACHABLE + "/")
    assert begun.returncode == 74 and "/nowhere can't be read" in begun.stderr, begun
    for bad in ("http://127.0.0.1:1", UNREACHABLE + "/x", "https://127.0.0.1:65536"):
        refused = run(*RECOVER, bad)
        assert refused.returncode == 64 and f"'{bad}'" in refused.stderr, refused


def test_the_node_that_goes_on_is_asked_too(tmp_path: pathlib.Path):
    """Else nobody is told that another one has more, where the endpoints in the shell don't name it."""
    with Impostor(tmp_path, lambda token, target: (200, {"node": "n2", "leader": "n3"})) as node:
        variables = {**node.variables(tmp_path), "QUORATE_ENDPOINTS": UNREACHABLE}
        refused = run(*RECOVER, node.endpoint, **variables)
        assert refused.returncode == 1 and "n3 leads a majority" in refused.stderr, refused


def test_a_removal_is_waited_for_no_longer_than_asked(tmp_path: pathlib.Path):
    """A node that is slow to answer is one answer late, and not one for each fifth of a second."""
    lists = []

    def answer(token: str, target: str) -> tuple[int, dict]:
        if target.startswith("/quorate/v1/nodes?"):
            lists.append(target)
            if len(lists) > 1:
                time.sleep(1)
        return 200, {"value": [{"id": 5, "name": "node-5"}]}

    with Impostor(tmp_path, answer) as node:
        node_removed = run("node", "remove", "node-5", "--wait", "1", **node.variables(tmp_path))
        assert node_removed.returncode == 69 and "not done after 1 s" in node_removed.stderr, node_removed
        assert len(lists) == 2, lists


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_empty_file(tmp_path: pathlib.Path, ending: signal.Signals):
    def answer(token: str, target: str) -> tuple[int, dict]:
        time.sleep(30)
        return 503, {}

    secret = tmp_path / "new.secret"
    with Impostor(tmp_path, answer) as node:
        tool = subprocess.Popen(
            [str(binaries() / "hsmctl"), "principal", "create", "--display-name", "x", "--secret-file", str(secret)],
            env={"PATH": os.environ["PATH"], **node.variables(tmp_path)}, stdin=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL))
        wait_until(lambda: node.issued, 30, "the tool to ask")
        assert secret.exists()
        tool.send_signal(ending)
        assert tool.wait(timeout=30) == -ending and not secret.exists()


def test_who_loses_sight_of_a_job_is_told_that_it_goes_on(tmp_path: pathlib.Path):
    """A script that takes the end of its own waiting for a failed backup would make another one."""
    def answer(token: str, target: str) -> tuple[int, dict]:
        if target.startswith(("/backup?", "/quorate/v1/key-encryption?")) and not begun:
            begun.append(target)
            return 202, {"jobId": "4711", "status": "InProgress", "underWay": True}
        return 503, {"error": {"code": "ServiceUnavailable", "message": "The pool has no leader."}}

    with Impostor(tmp_path, answer) as node:
        for command, cure in ((["backup", "start", "file:///weekly"], "hsmctl backup status 4711"),
                              (["pool", "rotate-kek"], "hsmctl pool rotate-kek --status")):
            begun: list[str] = []
            ended = run(*command, **node.variables(tmp_path))
            assert ended.returncode == 69 and "no leader" in ended.stderr and cure in ended.stderr, ended


def test_an_interrupt_at_a_pass_phrase_lets_the_terminal_show_again(tmp_path: pathlib.Path):
    key = tmp_path / "protected.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:x",
         "-out", str(key)], check=True, capture_output=True)
    key.chmod(0o600)
    screen, line = pty.openpty()

    def shows() -> bool:
        return bool(termios.tcgetattr(line)[3] & termios.ECHO)

    try:
        assert shows()
        tool = subprocess.Popen(
            [str(binaries() / "hsmctl"), "key", "import", "x", "--file", str(key)], stdin=line,
            stdout=subprocess.DEVNULL, stderr=line, env={"PATH": os.environ["PATH"]},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        wait_until(lambda: not shows(), 30, "the tool to ask for the pass phrase")
        tool.send_signal(signal.SIGINT)
        assert tool.wait(timeout=30) == -signal.SIGINT and shows()
    finally:
        for end in (screen, line):
            os.close(end)


def test_a_long_list_is_shown_whole(tmp_path: pathlib.Path):
    """Who has access to what, in a pool of many keys."""
    assignments = [{"name": str(number)} for number in range(70_000)]
    with Impostor(tmp_path, lambda token, target: (200, {"value": assignments})) as node:
        listed = run("role", "assignment", "list", "--all", "--json", **node.variables(tmp_path))
        assert listed.returncode == 0 and json.loads(listed.stdout) == assignments, listed.stderr


def test_an_answer_that_is_none_is_no_empty_list(tmp_path: pathlib.Path):
    with Impostor(tmp_path, lambda token, target: (200, ["not", "a", "node"])) as node:
        refused = run("key", "list", **node.variables(tmp_path))
        assert refused.returncode == 69 and "isn't a JSON object" in refused.stderr and not refused.stdout, refused


def download(tmp_path: pathlib.Path) -> list[str]:
    """The command, with a new officer."""
    officer = tmp_path / "officer.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-out", str(officer),
         "-subj", "/CN=Officer"], check=True, capture_output=True)
    return ["security-domain", "download", "--officer", str(officer)]


def test_a_security_domain_that_may_be_made_is_not_asked_of_another_node(tmp_path: pathlib.Path):
    """Of two files the pool takes the one that is made last, and that may be the one whose answer was lost."""
    asked = []

    def answer(token: str, target: str) -> tuple[int, dict]:
        asked.append(target)
        return 503, {"error": {"code": "ServiceUnavailable", "message": "It may still take effect."}}

    with Impostor(tmp_path, answer) as node:
        variables = {**node.variables(tmp_path), "QUORATE_ENDPOINTS": f"{node.endpoint} {node.endpoint}"}
        ended = run(*download(tmp_path), "--out", str(tmp_path / "domain.json"), **variables)
    assert ended.returncode == 69 and "look before you repeat it" in ended.stderr, ended
    assert len(asked) == 1 and not (tmp_path / "domain.json").exists(), asked


def test_a_receipt_that_may_have_arrived_is_looked_for(tmp_path: pathlib.Path):
    """Once the pool is active no other file is made: the one that is there must not be thought worthless."""
    def answer(token: str, target: str) -> tuple[int, dict]:
        if "pending" in target:
            return 503, {"error": {"code": "ServiceUnavailable", "message": "It may still take effect."}}
        return 202, {"value": "the file"}

    domain = tmp_path / "domain.json"
    with Impostor(tmp_path, answer) as node:
        ended = run(*download(tmp_path), "--out", str(domain), **node.variables(tmp_path))
    assert ended.returncode == 69 and domain.read_text() == "the file", ended
    assert "'activated': it was" in ended.stderr and "isn't activated" not in ended.stderr, ended


def test_a_path_may_be_one_character(tmp_path: pathlib.Path):
    """Of a new file for a secret, and of a node's configuration."""
    def run_there(program: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(binaries() / program), *arguments], capture_output=True, text=True, timeout=60, cwd=tmp_path,
            env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL)

    made = run_there("hsmctl", "credential", "generate", "--display-name", "x", "--secret-file", "s", "--json")
    assert made.returncode == 0 and json.loads(made.stdout)["clientId"], made
    (tmp_path / "n").write_text("node: {}\n")
    (tmp_path / "n").chmod(0o600)
    checked = run_there("hsmd", "--check", "--config", "n")
    assert checked.returncode == 78 and "'node.id' is missing" in checked.stderr, checked


# --- output that finds no place ---------------------------------------------------------------------------------------


def into(place, *arguments: str, to: str = "stdout", **variables: str) -> subprocess.CompletedProcess:
    other = {"stdout": "stderr", "stderr": "stdout"}[to]
    return subprocess.run(
        [str(binaries() / "hsmctl"), *arguments], **{to: place, other: subprocess.PIPE}, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], **variables}, stdin=subprocess.DEVNULL)


def random_bytes(tmp_path: pathlib.Path) -> Impostor:
    """A node that has random bytes to give."""
    return Impostor(tmp_path, lambda token, target: (200, {"value": "AAAA"}))


def commands(tmp_path: pathlib.Path) -> list[list[str]]:
    """Tables, JSON, lines, bytes, and what the argument parser shows."""
    made = ["credential", "generate", "--display-name", "x", "--secret-file"]
    return [[*made, str(tmp_path / "one")], [*made, str(tmp_path / "two"), "--json"], ["--help"], ["--version"],
            *(["key", "random", "--count", "3", "--format", form] for form in ("hex", "base64url", "raw"))]


def test_a_full_disk_is_no_success(tmp_path: pathlib.Path):
    with random_bytes(tmp_path) as node, open("/dev/full", "wb") as full:
        for command in commands(tmp_path):
            ended = into(full, *command, **node.variables(tmp_path))
            assert ended.returncode == 74, (command, ended)
            assert "standard output can't be written: No space left on device" in ended.stderr, ended
        # What can't be said is no reason to crash.
        silent = into(full, "key", "list", to="stderr")
        assert silent.returncode == 64, silent


def with_room(count: int, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    """Runs the tool where no file may have more bytes."""
    # Python ignores SIGXFSZ, and so does then what it starts.
    return subprocess.run(
        [str(binaries() / "hsmctl"), *arguments], env={"PATH": os.environ["PATH"], **variables},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (count, count)), restore_signals=False,
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def test_a_file_stays_as_it_is_where_its_next_content_finds_no_room(tmp_path: pathlib.Path):
    """The backup of a key that was there is better than a part of the new one."""
    former, new = tmp_path / "former", tmp_path / "new"
    former.write_text("the last good backup, which is long")
    with Impostor(tmp_path, lambda token, target: (200, {"value": "A" * 400})) as node:
        backup = ["key", "backup", "x", "--out"]
        for place in (former, new):
            ended = with_room(100, *backup, str(place), **node.variables(tmp_path))
            assert ended.returncode == 74 and f"{place} can't be written: File too large" in ended.stderr, ended
        assert former.read_text() == "the last good backup, which is long" and not new.exists()
        for place in (former, new):
            done = run(*backup, str(place), **node.variables(tmp_path))
            assert done.returncode == 0 and place.read_bytes() == bytes(300), done


def test_a_ticket_without_a_place_leaves_an_invitation_and_says_so(tmp_path: pathlib.Path):
    def answer(token: str, target: str) -> tuple[int, dict]:
        if "/status" in target:
            return 200, {"identityKeySha256": "ab" * 32}
        return 200, {"id": 4, "name": "node-4", "ticket": "A" * 43, "poolId": "00" * 16}

    with Impostor(tmp_path, answer) as node:
        ended = with_room(
            0, "node", "add", "--name", "node-4", "--out", str(tmp_path / "node-4.join"), **node.variables(tmp_path))
    assert ended.returncode == 74 and "File too large" in ended.stderr, ended
    assert "hsmctl node remove node-4" in ended.stderr and not (tmp_path / "node-4.join").exists(), ended


def test_a_closed_pipe_ends_it_quietly(tmp_path: pathlib.Path):
    with random_bytes(tmp_path) as node:
        for command in commands(tmp_path):
            reading, writing = os.pipe()
            os.close(reading)
            ended = into(writing, *command, **node.variables(tmp_path))
            os.close(writing)
            assert ended.returncode == -signal.SIGPIPE and ended.stderr == "", (command, ended)


# --- streams that aren't there ----------------------------------------------------------------------------------------


def without(stream: str, *arguments: str) -> subprocess.CompletedProcess:
    """Runs the tool as a shell does with `>&-` and the like."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {stream}', "sh", str(binaries() / "hsmctl"), *arguments], capture_output=True,
        text=True, timeout=60, env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL)


def test_what_is_printed_never_gets_into_a_secrets_file(tmp_path: pathlib.Path):
    """The file would have the number of the output that is closed."""
    for stream, code in ((">&-", 74), ("2>&-", 0), ("<&- >&- 2>&-", 74)):
        secret = tmp_path / f"{stream.count('&')}{code}"
        ended = without(stream, "credential", "generate", "--display-name", "x", "--secret-file", str(secret))
        assert ended.returncode == code and len(secret.read_text()) == 43, (stream, ended)
        assert ("standard output can't be written" in ended.stderr) == (stream == ">&-"), ended


def test_input_that_cannot_be_read_is_named(tmp_path: pathlib.Path):
    for command in (["key", "restore", "--file", "-"], ["key", "import", "x", "--file", "-"]):
        for stream, words in (("<&-", "Bad file descriptor"), (f"<'{tmp_path}'", "Is a directory")):
            ended = without(stream, *command)
            assert ended.returncode == 74, (command, stream, ended)
            assert ended.stderr == f"hsmctl: standard input can't be read: {words}.\n", ended
