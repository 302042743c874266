"""The audit log of a real node: nothing answered is missing, nothing is changed unnoticed, no secret is in it."""

import base64
import collections
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import uuid

import pytest

from load import DIGEST, SIGN_BODY, SigningLoad
from people import await_audit_head
from pool import Pool, binaries, is_running, wait_until


@pytest.fixture(scope="module")
def token(own_pool: Pool) -> str:
    return own_pool.token()


@pytest.fixture(scope="module")
def path(own_pool: Pool, token: str) -> str:
    answer = own_pool.call("POST", 1, "/keys/audited/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert answer.status_code == 200, answer.text
    return f"/keys/{answer.json()['key']['kid'].split('/keys/', 1)[1]}/sign?api-version=7.5"


def audit_folder(pool: Pool, node: int) -> pathlib.Path:
    return pool.node_folder(node) / "data" / "audit"


def log_files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(folder.glob("audit-*.jsonl"))


def records(folder: pathlib.Path) -> list[dict]:
    """All finished records, headers left out. The line that is being written has no end yet."""
    lines = [line for file in log_files(folder) for line in file.read_bytes().split(b"\n")[:-1]]
    return [record for record in map(json.loads, lines) if "header" not in record]


def verify(folder: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(binaries() / "hsmctl"), "audit", "verify", str(folder)], capture_output=True, text=True, timeout=60)


# --- completeness -----------------------------------------------------------------------------------------------------


def test_kill_loses_no_event_of_an_answered_request(own_pool: Pool, token: str, path: str):
    answers, rounds = [], 4
    for turn in range(rounds):
        node = own_pool.leader() if turn % 2 == 0 else 2
        with SigningLoad(own_pool, [node], path, token, http1=4, http2=2, pause=0) as load:
            time.sleep(0.6)
            own_pool.kill(node)
            time.sleep(0.1)
        good = [answer for answer in load.answers if answer.status == 200]
        assert len(good) > 50 and load.failures(node), "the node was not killed under load"
        answers += good
        own_pool.start(node)
        own_pool.await_unsealed(node)
    found = {
        node: collections.Counter(record["correlationId"] for record in records(audit_folder(own_pool, node)))
        for node in (1, 2, 3)
    }
    for answer in answers:
        assert answer.request_id, "an answer without x-ms-request-id"
        assert found[answer.node][answer.request_id] == 1, \
            f"answered request {answer.request_id} stands {found[answer.node][answer.request_id]} times in the log"
    for node in (1, 2, 3):
        result = verify(audit_folder(own_pool, node))
        assert result.returncode == 0 and "intact" in result.stdout, result.stdout + result.stderr
    print(f"\n{rounds} kills: each of {len(answers)} answered requests is in the log once")


def test_every_outcome_is_recorded_once(own_pool: Pool, token: str, path: str):
    """Successes and refusals of whoever has a genuine token; each client names its request."""
    application = own_pool.token("application")
    version = "?api-version=7.5"
    requests = [
        # (name, token, method, path, body, status)
        ("sign", token, "POST", path, SIGN_BODY, 200),
        ("read", token, "GET", f"/keys/audited{version}", b"", 200),
        ("list", token, "GET", f"/keys{version}", b"", 200),
        ("no key", token, "GET", f"/keys/nothing-here{version}", b"", 404),
        ("no role", application, "GET", "/quorate/v1/principals", b"", 403),
        ("no right to assign", application, "PUT",
         f"/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}{version}",
         b'{"properties":{"roleDefinitionId":"x","principalId":"y"}}', 403),
        ("bad body", token, "POST", path, b"{", 400),
        ("bad algorithm", token, "POST", path, json.dumps({"alg": "ES384", "value": DIGEST}).encode(), 400),
        ("bad version", token, "GET", "/keys/audited?api-version=1.0", b"", 400),
        ("unknown path", token, "GET", f"/nowhere/at/all{version}", b"", 404),
        ("wrong method", token, "DELETE", f"/keys{version}", b"", 405),
    ]
    identifiers = {}
    with own_pool.client() as client:
        for name, bearer, method, target, body, status in requests:
            identifiers[name] = str(uuid.uuid4())
            answer = client.request(
                method, own_pool.endpoint(2) + target, content=body, headers={
                    "authorization": f"Bearer {bearer}", "content-type": "application/json",
                    "x-ms-client-request-id": identifiers[name]})
            assert answer.status_code == status, f"{name}: {answer.status_code} {answer.text}"
    by_identifier = collections.defaultdict(list)
    for record in records(audit_folder(own_pool, 2)):
        by_identifier[record["correlationId"]].append(record)
    for name, _, _, target, _, status in requests:
        found = by_identifier[identifiers[name]]
        assert len(found) == 1, f"{name}: {len(found)} records"
        assert found[0]["httpStatusCode"] == status
        assert found[0]["requestUri"] == own_pool.endpoint(2) + target.split("?")[0]
        assert found[0]["resultType"] == ("Success" if status < 400 else "Unauthorized" if status == 403 else "Failed")
        assert "objectidentifier" in found[0]["identity"], found[0]
    assert by_identifier[identifiers["sign"]][0]["properties"]["algorithm"] == "ES256"


def test_disabled_principal_is_recorded(own_pool: Pool, token: str):
    created = own_pool.call("POST", 1, "/quorate/v1/principals", token, {"displayName": "disabled"}).json()
    bearer = own_pool.token_for(created["clientId"], created["clientSecret"], node=2)
    answer = own_pool.call("PATCH", 3, f"/quorate/v1/principals/{created['objectId']}", token, {"enabled": False})
    assert answer.status_code == 200, answer.text
    refused = own_pool.call("GET", 2, "/keys", bearer)
    assert refused.status_code == 401, refused.text
    found = [
        record for record in records(audit_folder(own_pool, 2))
        if record["correlationId"] == refused.headers["x-ms-request-id"]
    ]
    assert len(found) == 1 and found[0]["httpStatusCode"] == 401 and created["objectId"] in found[0]["identity"], found


def test_refusals_of_strangers_are_counted(own_pool: Pool, token: str):
    """Not one record each, since anybody can cause any number: their number. It is there when the node has stopped."""
    folder = audit_folder(own_pool, 3)

    def counted() -> int:
        return sum(
            int(record["properties"]["count"]) for record in records(folder)
            if record.get("resultDescription") == "Unauthenticated requests within one minute")

    own_pool.kill(3)
    own_pool.start(3)
    own_pool.await_unsealed(3)
    before, lines = counted(), len(records(folder))
    refused = []
    with own_pool.client() as client:
        for bearer in [None] * 7 + [token[:-8] + "AAAAAAAA", "garbage", "a.b.c"]:
            headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
            refused.append(client.get(f"{own_pool.endpoint(3)}/keys?api-version=7.5", headers=headers))
    assert [answer.status_code for answer in refused] == [401] * 10
    assert len(records(folder)) <= lines + 1, "strangers can fill the log"
    pid = own_pool.pid(3)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_running(pid), 15, "the node to stop")
    own_pool.start(3)
    own_pool.await_unsealed(3)
    assert counted() - before == 10


def test_no_secret_in_the_log(own_pool: Pool, token: str):
    secrets = {"administrator's token": token, "application's token": own_pool.token("application")}
    secrets["signature of a token"] = token.rsplit(".", 1)[1]
    for name in ("administrator", "application"):
        secrets[f"{name}'s secret"] = own_pool.credentials(name)[1]
    secrets["submitted digest"] = DIGEST
    with own_pool.client() as client:
        # Secrets in places where a client may put them by mistake, and a wrong secret that resembles a right one.
        client.get(f"{own_pool.endpoint(1)}/keys/audited?api-version=7.5&access_token={token}",
                   headers={"authorization": f"Bearer {token}"})
        client.post(f"{own_pool.endpoint(1)}/adfs/oauth2/v2.0/token", data={
            "grant_type": "client_credentials", "client_id": own_pool.credentials()[0],
            "client_secret": own_pool.credentials()[1] + "x", "scope": f"{own_pool.scope}/.default"})
    text = b"".join(file.read_bytes() for node in (1, 2, 3) for file in audit_folder(own_pool, node).iterdir())
    logs = b"".join((own_pool.node_folder(node) / "hsmd.log").read_bytes() for node in (1, 2, 3))
    # The search finds what is there.
    identifier = own_pool.credentials()[0]
    assert identifier.encode() in text and b"unsealed" in logs
    evidence = base64.urlsafe_b64encode(hashlib.sha256(base64.urlsafe_b64decode(DIGEST + "=")).digest()).rstrip(b"=")
    assert evidence in text, "the digest of what was signed is missing"
    for name, secret in secrets.items():
        for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("="), secret.encode().hex()):
            assert form.encode() not in text, f"{name} is in the audit log"
            assert form.encode() not in logs, f"{name} is in the operational log"


# --- tampering --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def genuine(own_pool: Pool, token: str, path: str, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of a log at rest: all its lines are covered by the head beside it."""
    with SigningLoad(own_pool, [3], path, token, http1=1, http2=0) as load:
        wait_until(lambda: len(load.answers) > 20, 10, "some records")
    folder = audit_folder(own_pool, 3)

    def is_covered() -> bool:
        lines = sum(file.read_bytes().count(b"\n") for file in log_files(folder))
        return json.loads((folder / "head").read_bytes())["count"] == lines

    wait_until(is_covered, 5, "the head to cover all lines")
    copy = tmp_path_factory.mktemp("audit") / "genuine"
    shutil.copytree(folder, copy)
    return copy


class Tampered:
    """A copy of a log whose lines can be changed."""

    def __init__(self, genuine: pathlib.Path, folder: pathlib.Path):
        self.folder = folder
        shutil.copytree(genuine, folder)
        self.file = log_files(folder)[-1]
        self.lines = self.file.read_bytes().split(b"\n")[:-1]

    def write(self, lines: list[bytes], end: bytes = b"\n") -> None:
        self.file.write_bytes(b"\n".join(lines) + end)

    def rechain(self, lines: list[bytes], start: int, previous: bytes, with_head: bool) -> None:
        """What an attacker does who knows the format: numbers and chains anew from a line on."""
        chain, result = previous, lines[:start]
        for number, line in enumerate(lines[start:], start + 1):
            content = line.rsplit(b',"seq":', 1)[0] + b',"seq":%d' % number
            chain = hashlib.sha256(chain + content).digest()
            result.append(content + b',"chain":"' + encode(chain) + b'"}')
        self.write(result)
        if with_head:
            (self.folder / "head").write_bytes(b'{"count":%d,"chain":"%s"}\n' % (len(result), encode(chain)))


def encode(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def chain_of(line: bytes) -> bytes:
    return base64.urlsafe_b64decode(json.loads(line)["chain"] + "=")


def positions(count: int) -> list[int]:
    """Lines, from 1, that are tried: the first ones, some in the middle, the last ones."""
    return sorted({1, 2, 3, count // 3, count // 2, count - 2, count - 1, count})


def edit(lines: list[bytes], line: int):
    text = lines[line - 1]
    place = text.index(b'":"') + 3
    return lines[:line - 1] + [text[:place] + bytes([text[place] ^ 1]) + text[place + 1:]] + lines[line:], line


def delete(lines: list[bytes], line: int):
    return lines[:line - 1] + lines[line:], line


def swap(lines: list[bytes], line: int):
    other = line + 1 if line < len(lines) else line - 1
    first, second = sorted((line, other))
    return lines[:first - 1] + [lines[second - 1], lines[first - 1]] + lines[second:], first


def repeat(lines: list[bytes], line: int):
    return lines[:line] + lines[line - 1:], line + 1


def insert(lines: list[bytes], line: int):
    """A made-up record with the right number and a chain value that follows from the line before."""
    content = lines[-1].rsplit(b',"seq":', 1)[0] + b',"seq":%d' % (line + 1)
    chain = hashlib.sha256(chain_of(lines[line - 1]) + content).digest()
    made = content + b',"chain":"' + encode(chain) + b'"}'
    # The made-up line itself follows from what stands before it; what followed it no longer does.
    return lines[:line] + [made] + lines[line:], (line + 2 if line < len(lines) else None)


def cut(lines: list[bytes], line: int):
    return lines[:line - 1], line


def test_untouched_log_verifies(genuine: pathlib.Path, tmp_path: pathlib.Path):
    log = Tampered(genuine, tmp_path / "log")
    result = verify(log.folder)
    assert result.returncode == 0, result.stderr
    assert f"intact: {len(log.lines) - 1} events in {len(log.lines)} lines of 1 file(s)" in result.stdout


@pytest.mark.parametrize("change", [edit, delete, swap, repeat, insert, cut])
def test_changed_lines_are_found_and_named(genuine: pathlib.Path, tmp_path: pathlib.Path, change):
    count = len(Tampered(genuine, tmp_path / "count").lines)
    for line in positions(count):
        log = Tampered(genuine, tmp_path / f"log-{line}")
        changed, named = change(log.lines, line)
        if not changed:
            continue
        log.write(changed)
        result = verify(log.folder)
        said = result.stdout + result.stderr
        if named is None:
            # A line behind the last one that the head covers is like one that the node is just writing: only the next
            # replicated head tells them apart. The chain still holds up to there.
            assert result.returncode == 0, said
            continue
        assert result.returncode != 0, f"{change.__name__} of line {line} of {count} was not found: {said}"
        assert f"{log.file.name}, line {named}:" in said, f"{change.__name__} of line {line} of {count}: {said}"


def test_cut_within_a_line_is_found(genuine: pathlib.Path, tmp_path: pathlib.Path):
    log = Tampered(genuine, tmp_path / "log")
    log.write(log.lines[:-1] + [log.lines[-1][:-20]], end=b"")
    result = verify(log.folder)
    assert result.returncode != 0 and f"line {len(log.lines)}:" in result.stdout + result.stderr, result.stderr


def test_rewritten_chain_is_found_by_the_head(genuine: pathlib.Path, tmp_path: pathlib.Path):
    """All chain values made anew behind a changed line: the head beside the log no longer fits."""
    log = Tampered(genuine, tmp_path / "log")
    middle = len(log.lines) // 2
    lines = [line.replace(b'"KeySign"', b'"KeyVerify"', 1) if n == middle else line for n, line in enumerate(log.lines)]
    assert lines != log.lines
    log.rechain(lines, middle, chain_of(log.lines[middle - 1]), with_head=False)
    result = verify(log.folder)
    assert result.returncode != 0 and f"line {len(lines)}:" in result.stdout + result.stderr, result.stderr


@pytest.mark.parametrize("attack", ["cut", "rewritten"])
def test_node_finds_what_the_pool_remembers(own_pool: Pool, token: str, path: str, tmp_path: pathlib.Path, attack: str):
    """Log and head beside it changed alike: the folder alone can't show it. The pool holds a later head and does."""
    node = next(n for n in (1, 2, 3) if n != own_pool.leader())
    with SigningLoad(own_pool, [node], path, token, http1=1, http2=0) as load:
        wait_until(lambda: len(load.answers) > 30, 10, "some records")
    await_audit_head(own_pool, node)
    own_pool.kill(node)
    folder, kept = audit_folder(own_pool, node), tmp_path / "kept"
    shutil.copytree(folder, kept)
    shutil.rmtree(folder)
    log = Tampered(kept, folder)
    if attack == "cut":
        log.rechain(log.lines[:-20], 1, chain_of(log.lines[0]), with_head=True)
    else:
        middle = len(log.lines) - 20
        lines = log.lines[:middle] + [log.lines[middle].replace(b'"time":"2', b'"time":"3')] + log.lines[middle + 1:]
        log.rechain(lines, middle, chain_of(log.lines[middle - 1]), with_head=True)
    assert verify(folder).returncode == 0, "the forger made a mistake of his own"
    try:
        own_pool.start(node)
        pid = own_pool.pid(node)
        wait_until(lambda: not is_running(pid), 10, "the node to refuse a forged log")
        said = (own_pool.node_folder(node) / "hsmd.log").read_text().splitlines()[-1]
        assert "audit" in said, f"{said} (exit code {own_pool.processes[node].poll()})"
    finally:
        if is_running(own_pool.pid(node)):
            own_pool.kill(node)
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        own_pool.start(node)
        own_pool.await_unsealed(node)
