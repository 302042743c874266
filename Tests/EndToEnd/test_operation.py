"""What an operator meets: mistakes in configuration, things that stand in the way, nodes that can't serve yet."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess

import pytest

from conftest import free_ports
from patterns import CONFIGURATION, DATA, SYSTEM, UNAVAILABLE, USAGE, Node, node, stopped, taken_ports
from pool import ROOT, Pool, binaries, wait_until

REFUSALS = (SYSTEM, DATA, CONFIGURATION)


def test_the_pattern_runs(node: Node):
    """Otherwise every refusal below might have another cause."""
    code, said = node.run("--config", "node.yaml", "--check")
    assert code == 0 and "good" in said, said
    code, said = node.run(seconds=2)
    assert code is None and "listening" in said, said
    assert "stopped as asked" in said, said


# --- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "line", "words"), [
    ("  listen: ", "  listn: ", 0, ["unknown key 'api.listn'", "Did you mean 'listen'?"]),
    ("node:\n", "node:\n  password: x\n", 1, ["unknown key 'node.password'", "Known here: id, name, pool"]),
    ("  pool_id: ", "  #", -4, ["'node.pool_id' is missing", "Add 'pool_id: "]),
    ("  pool_id: ", "  pool_id: zz", 0, ["isn't 32 hexadecimal digits", "openssl rand -hex 16"]),
    ("  listen: 127.0.0.1:", "  listen: 127.0.0.1:9", 0,
     ["'api.listen' is '127.0.0.1:9", "Write it like 127.0.0.1:8443"]),
    ("  id: 1\n", "  id: one\n", 0, ["must be a whole number", "Correct 'one'"]),
    ("  id: 1\n", "  id: 2\n", 0, ["'node.id' is 2, which no element of 'members' has", "Add this node to 'members'"]),
    ("  name: node-1", "  name: Node 1", 0, ["'node.name' is 'Node 1'", "lower-case letters"]),
    ("  name: node-1", "  name: node-7", 0,
     ["'node.name' is 'node-7', and 'members' calls node 1 'node-1'", "one name in both places"]),
    ("  pool: quickstart", "  pool: quickstart\n  pool: other", 0, ["'pool' occurs twice", "Keep one"]),
    ("  data_folder: data", "  data_folder: &x data", 0,
     ["anchors and aliases are not accepted", "Write the value out"]),
    ("  data_folder: data", "  data_folder: [data", 1, ["not readable as YAML", "Correct the syntax"]),
    ("    endpoint: https://", "    endpoint: http://", 0,
     ["'members[0].endpoint' is 'http://", "Write https://host:port"]),
    ("    public_key: M", "    public_key: N", 0, ["isn't a public key in base64", "openssl pkey"]),
    ("  hosts: [localhost:", "  hosts: [http://localhost:", 0, ["neither host nor host:port", "Write it like"]),
])
def test_mistakes_name_file_line_and_cure(node: Node, taken_ports, old: str, new: str, line: int, words: list[str]):
    place = node.replace(old, new) + line
    code, said = node.run()
    assert code == CONFIGURATION, f"exit code {code}: {said}"
    named = re.search(r"node\.yaml:(\d+): ", said)
    assert named, f"no line is named: {said}"
    for word in words:
        assert word in said, said
    assert "\n  cure: " in said, said
    # A missing key is reported at its section, and an open bracket at the line behind it.
    assert abs(int(named[1]) - place) <= (1 if line else 0), f"line {named[1]} instead of {place}: {said}"
    check, said = node.run("--config", "node.yaml", "--check")
    assert check == CONFIGURATION, said


def test_what_no_pool_would_take_is_found_beforehand(node: Node, taken_ports):
    """Once in the log it would be refused without a word, and the pool would never open."""
    shutil.rmtree(node.folder / "data")
    path = node.pool_folder / "initialize.yaml"
    text = path.read_text()
    head, administrator, rest = re.match(r"(.*administrators:\n)((?:  [^\n]*\n)+)(.*)", text, re.S).groups()
    for spoiled, words in [
        (head + administrator + administrator + rest, "same object_id"),
        (re.sub(r"(officer_fingerprints:\n  - .*\n)(  - .*\n)+", r"\1", text), "has 1 elements"),
    ]:
        assert spoiled != text
        path.write_text(spoiled)
        for arguments in ([], ["--check"]):
            code, said = node.run("--config", "node.yaml", "--initialize", str(path), *arguments)
            assert code == CONFIGURATION and words in said and "\n  cure: " in said, said
        assert not (node.folder / "data").exists(), "the node has begun before it looked"
    path.write_text(text)
    code, said = node.run("--config", "node.yaml", "--initialize", str(path), "--check")
    assert code == 0, said


def spoil_mode(node: Node) -> str:
    node.yaml.chmod(0o644)
    return "chmod 600 node.yaml"


def spoil_link(node: Node) -> str:
    node.yaml.rename(node.folder / "real.yaml")
    node.yaml.symlink_to("real.yaml")
    return "not a link"


def spoil_absence(node: Node) -> str:
    node.yaml.unlink()
    return "node.yaml: can't be opened: No such file or directory"


def spoil_key(node: Node) -> str:
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "node.key"],
        cwd=node.folder, check=True, capture_output=True)
    return "isn't the one that 'members' names"


def spoil_key_mode(node: Node) -> str:
    (node.folder / "api.key").chmod(0o640)
    return "api.key"


def spoil_node_key_mode(node: Node) -> str:
    (node.folder / "node.key").chmod(0o604)
    return "node.key"


def spoil_certificate(node: Node) -> str:
    (node.folder / "api.crt").unlink()
    return "api.crt"


def spoil_certificate_text(node: Node) -> str:
    (node.folder / "api.crt").write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    return "api.crt"


def spoil_certificate_key(node: Node) -> str:
    """A certificate of another key."""
    shutil.copy(node.folder / "node.crt", node.folder / "api.crt")
    return "api."


def spoil_authority(node: Node) -> str:
    (node.pool_folder / "ca" / "node-ca.crt").write_text("")
    return "node-ca.crt"


@pytest.mark.parametrize("spoil", [
    spoil_mode, spoil_link, spoil_absence, spoil_key, spoil_key_mode, spoil_node_key_mode, spoil_certificate,
    spoil_certificate_text, spoil_certificate_key, spoil_authority,
])
def test_files_that_cannot_be_used_are_named(node: Node, taken_ports, spoil):
    words = spoil(node)
    code, said = node.run()
    assert code == CONFIGURATION, f"starting again would not help; exit code {code}: {said}"
    assert words in said, said
    assert " in use" not in said, f"a port was opened first: {said}"


def test_the_unit_gives_up_where_starting_again_does_not_help():
    unit = (ROOT / "deploy" / "systemd" / "hsmd.service").read_text()
    settings = dict(line.split("=", 1) for line in unit.splitlines() if re.match(r"\w+=", line))
    assert settings["RestartPreventExitStatus"] == "64 74 77 78" and settings["Restart"] == "on-failure"
    # What it ends with is not looked at: a mistake in node.yaml would be tried again every two seconds.
    assert "ExecStartPre" not in settings
    # Whatever renews a certificate asks for a reload.
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_wrong_usage_has_its_own_code(node: Node):
    for arguments in (["--nonsense"], ["--initialize", "x"]):
        code, said = node.run(*arguments)
        assert code == USAGE and "Usage: hsmd" in said, f"{code}: {said}"


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_port_in_use(node: Node):
    for port in (node.port, node.port + 1):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            code, said = node.run()
        assert code == SYSTEM, f"exit code {code}: {said}"
        assert re.search(rf"127\.0\.0\.1:{port} is (already )?in use", said), said


TICKET = bytes(range(100, 132))


def joining(node: Node, endpoint: str) -> list[str]:
    """Makes a new node of it, and the file by which it joins; the arguments of its daemon."""
    shutil.rmtree(node.folder / "data")
    ticket = {
        "poolId": re.search(r"pool_id: (\w+)", node.yaml.read_text())[1], "id": 1,
        "ticket": base64.urlsafe_b64encode(TICKET).decode().rstrip("="),
        "endpoints": [endpoint], "authority": (node.pool_folder / "ca" / "api-ca.crt").read_text(),
        "identityKeySha256": "ab" * 32}
    path = node.folder / "node.join"
    path.write_text(json.dumps(ticket))
    path.chmod(0o600)
    return ["--config", "node.yaml", "--join", "node.join"]


def test_nobody_to_join(node: Node, taken_ports):
    """A later start may find a member: the unit tries again."""
    code, said = node.run(*joining(node, "https://127.0.0.1:1"))
    assert code == UNAVAILABLE and "no member could be asked: https://127.0.0.1:1: " in said, f"{code}: {said}"
    assert "cure: Start again when a member" in said, said


def test_the_log_names_no_secret_at_any_level(node: Node, taken_ports):
    """What runs the node logs what it runs."""
    (node.folder / "header").write_text("the-hosts-own-secret")
    (node.folder / "header").chmod(0o600)
    identity = "  managed_identity:\n    endpoint: http://127.0.0.1:1/token\n    header_file: header\n"
    node.replace("backups:\n", "backups:\n" + identity)
    node.write(node.yaml.read_text() + "log:\n  level: trace\n")
    code, said = node.run(*joining(node, "https://127.0.0.1:1"))
    assert code == UNAVAILABLE and "node node-1 of pool quickstart" in said, f"{code}: {said}"
    for ticket in (", ".join(map(str, TICKET)), TICKET.hex(), base64.urlsafe_b64encode(TICKET).decode().rstrip("=")):
        assert ticket not in said, said
    assert "the-hosts-own-secret" not in said, said


def test_a_hang_up_does_not_end_a_node_that_starts(node: Node, taken_ports):
    """What has renewed its certificate tells it so. The unit would not start it again."""
    with socket.create_server(("127.0.0.1", 0)) as member:
        member.settimeout(30)
        arguments = joining(node, f"https://127.0.0.1:{member.getsockname()[1]}")
        process = subprocess.Popen(
            [str(binaries() / "hsmd"), *arguments], cwd=node.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        try:
            asked, _ = member.accept()
            process.send_signal(signal.SIGHUP)
            asked.close()
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == UNAVAILABLE and "no member could be asked" in said, said


def spoil_pool(node: Node) -> list[str]:
    found = re.search(r"pool_id: (\w+)", node.yaml.read_text())[1]
    node.replace(found, found[::-1])
    return [f"belongs to pool {found}", f"configured for pool {found[::-1]}"]


def spoil_node(node: Node) -> list[str]:
    text = node.yaml.read_text()
    node.write(text.replace("id: 1\n", "id: 2\n"))
    return ["belongs to node 1", "configured as node 2"]


def spoil_folder_mode(node: Node) -> list[str]:
    (node.folder / "data").chmod(0o750)
    return ["data has mode 750", "chmod go= "]


def spoil_database_mode(node: Node) -> list[str]:
    (node.folder / "data" / "log.db").chmod(0o644)
    return ["log.db has mode 644", "chmod go= "]


def spoil_folder_link(node: Node) -> list[str]:
    (node.folder / "data").rename(node.folder / "elsewhere")
    (node.folder / "data").symlink_to("elsewhere")
    return ["data is a symbolic link"]


def spoil_database(node: Node) -> list[str]:
    """One byte in the middle of what was applied."""
    path = node.folder / "data" / "state.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    place = content.rindex(b"demo-rsa")
    content[place + 5] ^= 0x20
    path.write_bytes(content)
    return ["state.db"]


def spoil_audit_mode(node: Node) -> list[str]:
    (node.folder / "data" / "audit" / "audit-00000001.jsonl").chmod(0o644)
    return ["audit"]


def spoil_audit(node: Node) -> list[str]:
    path = node.folder / "data" / "audit" / "audit-00000001.jsonl"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"KeySign"', b'"KeySeal"', 1))
    return ["audit"]


def spoil_audit_folder(node: Node) -> list[str]:
    """The log is gone, head and all; the pool remembers that there was one."""
    (node.folder / "data" / "audit").rename(node.folder / "gone")
    return ["audit", "the pool knows of"]


@pytest.mark.parametrize("spoil", [
    spoil_pool, spoil_node, spoil_folder_mode, spoil_database_mode, spoil_folder_link, spoil_database,
    spoil_audit_mode, spoil_audit, spoil_audit_folder,
])
def test_unfit_data_folder_is_refused(node: Node, taken_ports, spoil):
    words = spoil(node)
    before = contents(node.folder / "data")
    code, said = node.run()
    assert code in REFUSALS, f"exit code {code}: {said}"
    for word in words:
        assert word in said, said
    assert " in use" not in said, f"a port was opened first: {said}"
    if spoil is spoil_pool or spoil is spoil_node:
        assert contents(node.folder / "data") == before, "a folder that isn't this node's was changed"


def contents(folder: pathlib.Path) -> dict[str, bytes | list[str]]:
    """Databases by what is in them, since opening one may tidy its journal; other files byte by byte. `lock` names who
    had the folder last."""
    found: dict[str, bytes | list[str]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".db":
            with contextlib.closing(sqlite3.connect(file)) as database:
                found[str(file)] = list(database.iterdump())
        elif file.is_file() and file.name != "lock" and ".db-" not in file.name:
            found[str(file)] = file.read_bytes()
    return found


def test_second_process_on_a_data_folder(stopped: Pool, node: Node):
    first = subprocess.Popen(
        [str(binaries() / "hsmd"), "--config", "node.yaml"], cwd=node.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lock = node.folder / "data" / "lock"
        wait_until(lambda: lock.read_text() == f"process {first.pid}", 10, "the first process")
        other = free_ports(2)
        text = node.yaml.read_text()
        second = node.folder / "second.yaml"
        second.write_text(text.replace(f":{node.port}", f":{other}").replace(f":{node.port + 1}", f":{other + 1}"))
        second.chmod(0o600)
        code, said = node.run("--config", "second.yaml")
        assert code in REFUSALS, f"exit code {code}: {said}"
        assert f"in use by process {first.pid}" in said, said
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()


def test_initialize_on_a_folder_with_a_pool(node: Node, taken_ports):
    before = contents(node.folder / "data")
    code, said = node.run("--config", "node.yaml", "--initialize", str(node.pool_folder / "initialize.yaml"))
    assert code == CONFIGURATION, f"exit code {code}: {said}"
    assert "holds a pool already" in said and "cure: Start without --initialize" in said, said
    assert "never activated" in said and "empty its nodes' data folders" in said, said
    assert contents(node.folder / "data") == before, "the pool's data was changed"


# --- before a node can serve ------------------------------------------------------------------------------------------


class Daemon:
    """A node's daemon in the background, and requests to it."""

    def __init__(self, node: Node, *arguments: str):
        self.pool = Pool(node.pool_folder, node.port, nodes=1)
        self.process = subprocess.Popen(
            [str(binaries() / "hsmd"), "--config", "node.yaml", *arguments], cwd=node.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.pool.health(1), 10, "the node to answer")

    def __enter__(self) -> Pool:
        return self.pool

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()


def test_sealed_node_says_so(stopped: Pool, node: Node):
    with Daemon(node) as pool:
        assert pool.health(1)["seal"] == "sealed"
        credentials = pool.credentials()
        # What a sealed node issues is for bringing the pool back and for nothing else.
        with pool.client() as client:
            issued = client.post(f"{pool.endpoint(1)}/adfs/oauth2/v2.0/token", data={
                "grant_type": "client_credentials", "client_id": credentials[0], "client_secret": credentials[1],
                "scope": f"https://localhost:{stopped.port}/.default"})
        token = issued.json()["access_token"]
        answers = {
            "sign": pool.call("POST", 1, "/keys/demo-ec/sign", token, {"alg": "ES256", "value": "A" * 43}),
            "read": pool.call("GET", 1, "/keys/demo-ec", "a token"),
            "status": pool.call("GET", 1, "/quorate/v1/status", token),
        }
        for what, answer in answers.items():
            assert answer.status_code == 503, f"{what}: {answer.status_code} {answer.text}"
            assert int(answer.headers["retry-after"]) >= 1, what
            error = answer.json()["error"]
            assert error["innererror"]["code"] == "NodeSealed", f"{what}: {error}"
            assert "sealed" in error["message"] and "hsmctl unseal" in error["message"], error


def test_pool_that_is_not_activated_says_so(stopped: Pool, node: Node):
    shutil.rmtree(node.folder / "data")
    with Daemon(node, "--initialize", str(node.pool_folder / "initialize.yaml")) as pool:
        pool.await_unsealed(1)
        assert pool.health(1)["phase"] != "activated"
        token = pool.token()
        for method, path, body in [
            ("POST", "/keys/early/create", {"kty": "EC-HSM", "crv": "P-256"}), ("GET", "/keys", None),
        ]:
            answer = pool.call(method, 1, path, token, body)
            # The administrator may not use keys: what he is told first is that he has no permission.
            assert answer.status_code == 403, answer.text
        administrator = json.loads((pool.folder / "administrator.json").read_text())["objectId"]
        pool.hsmctl("role", "assignment", "create", "--role", "Managed HSM Crypto User", "--scope", "/", "--assignee",
                    administrator)
        answer = pool.call("POST", 1, "/keys/early/create", token, {"kty": "EC-HSM", "crv": "P-256"})
        assert answer.status_code == 403, answer.text
        error = answer.json()["error"]
        assert error["innererror"]["code"] == "NotActivated"
        assert "isn't activated" in error["message"] and "hsmctl security-domain download" in error["message"], error
