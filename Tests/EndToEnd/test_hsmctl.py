"""hsmctl on a real pool: every command as table and as JSON, and what it says when things fail."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from people import await_audit_head
from pool import Pool, binaries, wait_until

UNREACHABLE = "https://127.0.0.1:1"


def hsmctl(pool: Pool, *arguments: str, expect: int | None = 0, endpoints: list[str] | None = None, user="administrator",
           **variables: str) -> subprocess.CompletedProcess:
    environment = dict(
        os.environ, QUORATE_ENDPOINTS=" ".join(endpoints or pool.endpoints), QUORATE_CA=str(pool.authority),
        AZURE_CLIENT_ID=pool.credentials(user)[0], QUORATE_CLIENT_SECRET_FILE=str(pool.folder / f"{user}.secret"))
    environment.update(variables)
    result = subprocess.run(
        [str(pool.binaries / "hsmctl"), *arguments], capture_output=True, text=True, timeout=60,
        env={name: value for name, value in environment.items() if value}, stdin=subprocess.DEVNULL)
    said = f"hsmctl {arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
    assert expect in (None, result.returncode), said
    return result


def table(pool: Pool, *arguments: str) -> list[str]:
    """The lines of a command's table, its heading first."""
    return hsmctl(pool, *arguments).stdout.splitlines()


def answer(pool: Pool, *arguments: str):
    return json.loads(hsmctl(pool, *arguments, "--json").stdout)


def seconds(pool: Pool, *arguments: str, **options) -> float:
    """How long a command takes."""
    began = time.monotonic()
    hsmctl(pool, *arguments, **options)
    return time.monotonic() - began


def at_most(pool: Pool, extra: float, node: int) -> float:
    """The seconds that a command may take on this machine, as busy as it is now, if nodes that don't answer may cost
    `extra` of them: a few times as long as it takes where only the given node is asked."""
    return 4 * seconds(pool, "key", "list", endpoints=[pool.endpoint(node)]) + extra


def officers(pool: Pool, *numbers: int) -> list[str]:
    folder = pool.folder / "officers"
    return [text for n in numbers for text in ("--officer", f"{folder}/officer-{n}.crt:{folder}/officer-{n}.key")]


# --- without a pool ---------------------------------------------------------------------------------------------------


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(binaries() / "hsmctl"), *arguments], capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], **variables}, stdin=subprocess.DEVNULL)


def test_version_help_and_completion(tmp_path: pathlib.Path):
    daemon = subprocess.run([str(binaries() / "hsmd"), "--version"], capture_output=True, text=True, timeout=20)
    version = run("--version").stdout.split()[-1]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version) and version in daemon.stdout, daemon.stdout
    assert "Exit codes" in run("--help").stdout
    assert "Example: hsmctl key sign" in run("help", "key", "sign").stdout
    for mistyped in (["kye"], ["key", "sing"]):
        helped = run("help", *mistyped)
        assert helped.returncode == 64 and "Did you mean 'key" in helped.stderr and not helped.stdout, helped
    assert "USAGE: hsmctl help" in run("help", "help").stdout
    script = tmp_path / "hsmctl.bash"
    script.write_text(run("--generate-completion-script", "bash").stdout)
    offered = subprocess.run(
        ["bash", "-c", f". {script}; COMP_WORDS=(hsmctl key list-) COMP_CWORD=2 COMP_LINE='hsmctl key list-' "
         "COMP_POINT=16 COMP_TYPE=9; _hsmctl hsmctl list- key; echo \"${COMPREPLY[@]}\""],
        capture_output=True, text=True, timeout=20)
    assert "list-deleted" in offered.stdout, offered


def test_credentials_are_made_once(tmp_path: pathlib.Path):
    secret = tmp_path / "secret"
    generate = ["credential", "generate", "--display-name", "x", "--secret-file", str(secret)]
    made = json.loads(run(*generate, "--json").stdout)
    assert set(made) == {"displayName", "objectId", "clientId", "secretSha256"}
    assert secret.stat().st_mode & 0o777 == 0o600 and len(secret.read_text()) == 43
    before = secret.read_bytes()
    again = run(*generate)
    assert again.returncode == 74 and "exists already" in again.stderr and secret.read_bytes() == before


def test_what_is_missing_is_named():
    for variables, words in [
        ({}, "QUORATE_ENDPOINTS"), ({"QUORATE_ENDPOINTS": "http://a"}, "https://"),
        ({"QUORATE_ENDPOINTS": UNREACHABLE, "QUORATE_CA": __file__}, "no PEM certificates"),
        ({"QUORATE_ENDPOINTS": UNREACHABLE}, "AZURE_CLIENT_ID"),
        ({"QUORATE_ENDPOINTS": UNREACHABLE, "AZURE_CLIENT_ID": "x"}, "AZURE_CLIENT_SECRET"),
        ({"QUORATE_ENDPOINTS": UNREACHABLE, "QUORATE_CONNECT_TIMEOUT": "soon"}, "connect timeout"),
    ]:
        result = run("key", "list", **variables)
        assert result.returncode == 64 and words in result.stderr, result.stderr
    for variables in ({"QUORATE_CA": "/nowhere"}, {"AZURE_CLIENT_ID": "x", "QUORATE_CLIENT_SECRET_FILE": "/nowhere"}):
        result = run("key", "list", QUORATE_ENDPOINTS=UNREACHABLE, **variables)
        assert result.returncode == 74 and "/nowhere can't be read: No such file" in result.stderr, result.stderr
    result = run("key", "sing", "second")
    assert result.returncode == 64 and "Did you mean 'key sign'?" in result.stderr, result.stderr
    assert run("audit", "tail", "/nowhere").returncode == 74


# --- keys -------------------------------------------------------------------------------------------------------------


def test_life_of_a_key(pool: Pool):
    heading, row = table(pool, "key", "create", "ctl-life", "--type", "EC-HSM", "--curve", "P-256", "--ops", "sign",
                         "verify", "--expires", "2099-01-31", "--tags", "owner=billing")
    assert heading.split() == ["KEY", "TYPE", "ENABLED", "EXPIRES", "OPERATIONS"]
    assert row.startswith("ctl-life/") and "2099-01-31T00:00:00Z" in row and row.endswith("sign verify")
    bundle = answer(pool, "key", "create", "--name", "ctl-life", "--kty", "EC-HSM", "--not-before", "2020-01-01")
    assert bundle["attributes"]["nbf"] == 1577836800
    versions = answer(pool, "key", "versions", "ctl-life")
    assert len(versions) == 2 and len(table(pool, "key", "versions", "ctl-life")) == 3
    assert any("ctl-life" in line for line in table(pool, "key", "list"))
    first = versions[0]["kid"].split("/keys/")[1]
    assert answer(pool, "key", "show", first)["key"]["kid"] == versions[0]["kid"]
    assert answer(pool, "key", "show", "--id", versions[0]["kid"])["key"]["kid"] == versions[0]["kid"]

    changed = answer(pool, "key", "update", "ctl-life", "--enabled", "false", "--tags", "a=b", "c=d=e", "--expires",
                     "2098-01-01T10:00:00Z")
    assert changed["tags"] == {"a": "b", "c": "d=e"} and changed["attributes"]["enabled"] is False
    assert changed["attributes"]["exp"] == 4039408800
    assert "tags" not in answer(pool, "key", "update", "ctl-life", "--tags", "")
    assert answer(pool, "key", "update", "ctl-life", "--enabled", "true")["attributes"]["exp"] == 4039408800

    assert "no such version" in hsmctl(pool, "key", "show", "ctl-life/" + "0" * 32, expect=3).stderr
    shown = dict(line.split(None, 1) for line in table(pool, "key", "show", "ctl-life") if " " in line)
    assert shown["curve"] == "P-256" and shown["exportable"] == "no" and shown["created"].startswith("20"), shown
    assert "PURGED FROM" in table(pool, "key", "delete", "ctl-life")[0]
    assert hsmctl(pool, "key", "show", "ctl-life", expect=3).stderr.startswith("hsmctl: (KeyNotFound)")
    assert any(line.startswith("ctl-life ") for line in table(pool, "key", "list-deleted"))
    assert any(key["kid"].endswith("/ctl-life") for key in answer(pool, "key", "list-deleted"))
    assert answer(pool, "key", "show-deleted", "ctl-life")["recoveryId"].endswith("/deletedkeys/ctl-life")
    assert "ctl-life" in table(pool, "key", "recover", "ctl-life")[1]
    answer(pool, "key", "delete", "ctl-life")
    assert answer(pool, "key", "purge", "ctl-life", "--yes") == {"name": "ctl-life", "purged": True}
    hsmctl(pool, "key", "show-deleted", "ctl-life", expect=3)


def test_long_lists_are_complete(pool: Pool):
    names = [f"ctl-page-{n:02}" for n in range(27)]
    token = pool.token()
    for name in names:
        assert pool.call("POST", 1, f"/keys/{name}/create", token, {"kty": "EC-HSM"}).status_code == 200
    listed = [key["kid"].split("/keys/")[1] for key in answer(pool, "key", "list")]
    assert set(names) <= set(listed) and len(listed) == len(set(listed))
    for name in names:
        assert pool.call("DELETE", 1, f"/keys/{name}", token).status_code == 200
        assert pool.call("DELETE", 1, f"/deletedkeys/{name}", token).status_code == 204


def test_signatures_and_random(pool: Pool, tmp_path: pathlib.Path):
    message, pem = tmp_path / "message", tmp_path / "key.pem"
    message.write_bytes(b"Quorate signs." * 1000)
    for key, algorithm in [("demo-ec", "ES256"), ("demo-rsa", "PS384")]:
        pem.write_text(hsmctl(pool, "key", "show", key, "--pem").stdout)
        for form in ("raw", "der"):
            out = tmp_path / f"{key}.{form}"
            what = [key, "--algorithm", algorithm, "--file", str(message), "--format", form]
            hsmctl(pool, "key", "sign", *what, "--out", str(out))
            verify = ["key", "verify", *what, "--signature", str(out)]
            assert hsmctl(pool, *verify).stdout == "The signature is good.\n"
            assert answer(pool, *verify) == {"valid": True}
            out.write_bytes(out.read_bytes()[:-1] + bytes([out.read_bytes()[-1] ^ 1]))
            assert "NOT good" in hsmctl(pool, *verify, expect=1).stderr
            assert json.loads(hsmctl(pool, *verify, "--json", expect=1).stdout) == {"valid": False}
    signature = tmp_path / "der"
    hsmctl(pool, "key", "sign", "demo-ec", "-a", "ES256", "--file", str(message), "--format", "der", "--out",
           str(signature))
    pem.write_text(hsmctl(pool, "key", "show", "demo-ec", "--pem").stdout)
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", pem, "-signature", signature, message], check=True,
                   capture_output=True)
    assert {"kid", "value"} <= set(answer(pool, "key", "sign", "demo-ec", "-a", "ES256", "--file", str(message)))
    assert "no such file" in hsmctl(
        pool, "key", "sign", "demo-ec", "-a", "ES256", "--file", "/nowhere", expect=74).stderr.lower()
    hexadecimal = [hsmctl(pool, "key", "random", "--count", "40", "--format", "hex").stdout for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{80}\n", text) for text in hexadecimal) and len(set(hexadecimal)) == 2
    assert set(answer(pool, "key", "random")) == {"value"}


# --- people -----------------------------------------------------------------------------------------------------------


def test_principals_and_roles(pool: Pool, tmp_path: pathlib.Path):
    secret = tmp_path / "secret"
    made = answer(pool, "principal", "create", "--display-name", "ctl-person", "--secret-file", str(secret))
    assert "clientSecret" not in made and made["enabled"] is True and secret.stat().st_mode & 0o777 == 0o600
    identifier = made["objectId"]
    heading, *rows = table(pool, "principal", "list")
    assert heading.split() == ["OBJECT", "ID", "CLIENT", "ID", "ENABLED", "CREATED", "NAME"]
    row = next(row for row in rows if "ctl-person" in row).split()
    assert row[:3] == [identifier, made["clientId"], "yes"] and re.fullmatch(r"20\d\d-\d\d-\d\dT.*Z", row[3])
    assert identifier in [one["objectId"] for one in answer(pool, "principal", "list")]
    assert answer(pool, "principal", "show", "ctl-person")["objectId"] == identifier
    assert any(line.split() == ["enabled", "yes"] for line in table(pool, "principal", "show", made["clientId"]))

    person = {"AZURE_CLIENT_ID": made["clientId"], "QUORATE_CLIENT_SECRET_FILE": str(secret)}
    assert "AccessDenied" in hsmctl(pool, "key", "list", expect=77, **person).stderr
    role = ["role", "assignment", "create", "--role", "Managed HSM Crypto User", "--scope", "/keys"]
    assigned = answer(pool, *role, "--assignee", identifier)
    hsmctl(pool, "key", "list", **person)
    assert any(assigned["name"] in line for line in table(pool, "role", "assignment", "list", "--scope", "/keys"))
    for which in (["--all"], ["--assignee", "ctl-person"], ["--assignee", made["clientId"]]):
        heading, *rows = table(pool, "role", "assignment", "list", *which)
        assert heading.split() == ["NAME", "SCOPE", "PRINCIPAL", "DISPLAY", "NAME", "ROLE"]
        row = next(row for row in rows if assigned["name"] in row)
        assert "ctl-person" in row and row.endswith("Managed HSM Crypto User"), row
        assert (len(rows) == 1) == (which != ["--all"]), rows
    # What names nobody gets no role; a client id means its principal.
    for stranger in (assigned["name"], "nobody"):
        assert "no principal" in hsmctl(pool, *role, "--assignee", stranger, expect=3).stderr
    at_key = ["--role", "Managed HSM Crypto User", "--scope", "/keys/ctl-none"]
    other = answer(pool, "role", "assignment", "create", *at_key, "--assignee", made["clientId"])
    assert other["properties"]["principalId"] == identifier
    hsmctl(pool, "role", "assignment", "delete", other["name"], "--scope", "/keys/ctl-none")
    assert "ctl" not in hsmctl(pool, "role", "assignment", "delete", assigned["name"], "--scope", "/keys").stderr
    hsmctl(pool, "key", "list", expect=77, **person)
    hsmctl(pool, "role", "assignment", "delete", assigned["name"], "--scope", "/keys", expect=3)

    assert answer(pool, "principal", "disable", identifier)["enabled"] is False
    assert "refused the credentials" in hsmctl(pool, "key", "list", expect=77, **person).stderr
    assert " yes " in table(pool, "principal", "enable", identifier)[1]
    answer(pool, "principal", "disable", identifier)
    assert "last administrator" in hsmctl(pool, "principal", "disable", "Administrator", expect=77).stderr
    hsmctl(pool, "principal", "show", "nobody", expect=3)

    assert len(answer(pool, "role", "definition", "list")) >= 9
    assert any("Managed HSM Crypto Officer" in line for line in table(pool, "role", "definition", "list"))
    permissions = table(pool, "role", "definition", "show", "Managed HSM Crypto User")
    assert any(line.endswith("/keys/sign/action") for line in permissions)
    assert "The roles are:" in hsmctl(pool, "role", "definition", "show", "Boss", expect=3).stderr


def test_no_secret_is_made_that_has_no_place(pool: Pool, tmp_path: pathlib.Path):
    taken = tmp_path / "taken"
    taken.write_text("kept")
    before = len(answer(pool, "principal", "list"))
    for path in (taken, tmp_path / "nowhere" / "secret"):
        result = hsmctl(
            pool, "principal", "create", "--display-name", "lost", "--secret-file", str(path), expect=74)
        assert "Nothing was requested" in result.stderr
        result = hsmctl(pool, "security-domain", "download", "--out", str(path), "--officer",
                        *[str(pool.folder / "officers" / f"officer-{n}.crt") for n in (1, 2, 3)], expect=74)
        assert "Nothing was requested" in result.stderr
    wrong = ["--officer", str(pool.folder / "officers" / "officer-1.crt"), str(pool.authority), "--required", "2"]
    for command in (["download", "--out", str(tmp_path / "none")], ["reshare", "begin"]):
        assert "holds no RSA key" in hsmctl(pool, "security-domain", *command, *wrong, expect=64).stderr
    assert taken.read_text() == "kept" and len(answer(pool, "principal", "list")) == before
    unused = tmp_path / "unused"
    hsmctl(pool, "security-domain", "download", "--out", str(unused), "--officer",
           *[str(pool.folder / "officers" / f"officer-{n}.crt") for n in (1, 2, 3)], expect=77)
    assert not unused.exists(), "a refused request left a file"


# --- audit ------------------------------------------------------------------------------------------------------------


def test_audit_commands(pool: Pool, tmp_path: pathlib.Path):
    folder = pool.node_folder(2) / "data" / "audit"
    assert len(hsmctl(pool, "audit", "tail", str(folder), "-n", "3").stdout.splitlines()) == 3
    for line in hsmctl(pool, "audit", "tail", str(folder), "-n", "3", "--json").stdout.splitlines():
        assert "seq" in json.loads(line)
    hsmctl(pool, "key", "list", endpoints=[pool.endpoint(2)])
    await_audit_head(pool, 2)
    lists = hsmctl(pool, "audit", "tail", str(folder), "--operation", "KeyList").stdout.splitlines()
    assert lists and all(" KeyList " in line for line in lists)
    assert hsmctl(pool, "audit", "tail", str(folder), "--key", "ctl-never").stdout == ""
    assert "no audit log" in hsmctl(pool, "audit", "tail", str(tmp_path), expect=74).stderr
    said = hsmctl(pool, "audit", "verify", str(folder)).stdout
    assert re.search(r"intact: \d+ events", said) and "node-2 of pool" in said and "that the pool knows since" in said
    report = answer(pool, "audit", "verify", str(folder))
    assert report["intact"] and report["comparedWithPool"] > 1 and report["firstEventTime"] < report["lastTime"]
    assert "--offline was given" in hsmctl(pool, "audit", "verify", str(folder), "--offline").stdout
    assert "--endpoint" in hsmctl(pool, "audit", "verify", str(folder), QUORATE_ENDPOINTS="").stdout
    unreached = hsmctl(pool, "audit", "verify", str(folder), endpoints=[UNREACHABLE]).stdout
    assert "NOT checked: whether the pool" in unreached and "connection refused" in unreached
    hsmctl(pool, "audit", "verify", str(folder), "--endpoint", UNREACHABLE, expect=69)
    assert "not of node-1" in hsmctl(pool, "audit", "verify", str(folder), "--node", "node-1", expect=1).stderr

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "nothing to verify" in hsmctl(pool, "audit", "verify", str(empty), expect=74).stderr
    assert "No such file" in hsmctl(pool, "audit", "verify", str(tmp_path / "gone"), expect=74).stderr
    assert "No such file" in hsmctl(pool, "audit", "tail", str(tmp_path / "gone"), expect=74).stderr
    lost = hsmctl(pool, "audit", "verify", str(empty), "--node", "node-2", expect=1).stderr
    assert "the pool knows of" in lost and "the end was cut off" in lost, "a log that is gone was not missed"


def test_a_cut_log_is_found_by_the_pool(pool: Pool, tmp_path: pathlib.Path):
    """Whoever cuts the end off and takes the file 'head' away leaves a chain that is in order."""
    for _ in range(20):
        hsmctl(pool, "pool", "status", endpoints=[pool.endpoint(3)])
    await_audit_head(pool, 3)
    copy = tmp_path / "audit"
    shutil.copytree(pool.node_folder(3) / "data" / "audit", copy, ignore=shutil.ignore_patterns("lock"))
    log = copy / "audit-00000001.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-10]))
    (copy / "head").unlink()
    alone = hsmctl(pool, "audit", "verify", str(copy), "--offline").stdout
    assert "intact" in alone and "the file 'head' is missing" in alone
    found = hsmctl(pool, "audit", "verify", str(copy), expect=1).stderr
    assert f"line {len(lines) - 9}:" in found and "the end was cut off" in found
    report = json.loads(hsmctl(pool, "audit", "verify", str(copy), "--json", expect=1).stdout)
    assert report["intact"] is False and "cut off" in report["problem"]


# --- nodes that are down ----------------------------------------------------------------------------------------------


def test_dead_endpoints_cost_little_and_hide_nothing(pool: Pool):
    refused = seconds(pool, "key", "list", endpoints=[UNREACHABLE, UNREACHABLE, pool.endpoint(1)])
    assert refused < at_most(pool, 1, node=1), "nodes that refuse cost time"
    # A host that takes connections and says nothing: the backlog answers for it.
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        silent = seconds(pool, "role", "definition", "show", "Managed HSM Crypto User",
                         endpoints=[f"https://127.0.0.1:{mute.getsockname()[1]}", pool.endpoint(1)])
        assert silent < at_most(pool, 2, node=1), "a silent node costs more than the connect timeout"
    result = hsmctl(pool, "key", "list", expect=69, endpoints=[UNREACHABLE, "https://nowhere.invalid:1"])
    assert "connection refused" in result.stderr and "https://nowhere.invalid:1" in result.stderr
    result = hsmctl(pool, "key", "list", expect=69, QUORATE_CA=str(pool.folder / "ca" / "node-ca.crt"))
    assert "was not signed by" in result.stderr and "node-ca.crt" in result.stderr


def test_status_of_a_whole_pool(pool: Pool):
    heading, *rows = table(pool, "pool", "status")
    assert heading.split() == "NODE ENDPOINT ROLE LEADER TERM APPLIED COMMIT SEAL PHASE VERSION POOL".split()
    assert len(rows) == 3 and sum(" leader " in row for row in rows) == 1
    # One endpoint is enough to find the others.
    status = json.loads(hsmctl(pool, "pool", "status", "--json", endpoints=[pool.endpoint(2)]).stdout)
    assert [one["reachable"] for one in status["members"]] == [True] * 3 and status["phase"] == "activated"
    assert {"term", "leader", "appliedIndex", "commitIndex", "seal", "phase", "version"} <= set(status["members"][0])
    assert all(one["knowsPoolVersion"] == status["poolVersion"] for one in status["members"])
    anonymous = hsmctl(pool, "pool", "status", AZURE_CLIENT_ID="")
    assert len(anonymous.stdout.splitlines()) == 4 and "No credentials" in anonymous.stderr


def test_from_one_dead_node_to_unsealing_without_a_majority(own_pool: Pool):
    pool = own_pool
    pool.kill(1)
    wait_until(lambda: "leader" in {(pool.health(n) or {}).get("role") for n in (2, 3)}, 20, "another leader")
    assert seconds(pool, "key", "list") < at_most(pool, 1, node=2)
    result = hsmctl(pool, "pool", "status")
    dead = next(line for line in result.stdout.splitlines() if line.startswith("node-1"))
    assert "unreachable" in dead and "sealed" not in dead and f"{pool.endpoint(1)}: connection refused" in result.stderr
    members = answer(pool, "pool", "status")["members"]
    assert [one["reachable"] for one in members] == [False, True, True] and "seal" not in members[0]

    pool.kill(2)
    wait_until(lambda: (pool.health(3) or {}).get("leader") is None, 20, "node-3 to miss its leader")
    result = hsmctl(pool, "pool", "status")
    assert "No node knows a leader" in result.stderr and result.stdout.count("unreachable") == 2
    # It may answer until its lease ends.
    wait_until(lambda: hsmctl(pool, "key", "list", expect=None).returncode == 69, 20, "the end of node-3's lease")
    told = hsmctl(pool, "key", "list", expect=69).stderr
    assert told.startswith(f"hsmctl: {pool.endpoint(3)} answers: (ServiceUnavailable)"), told
    assert pool.endpoint(1) in told and pool.endpoint(2) in told
    pool.kill(3)
    assert "unreachable" in hsmctl(pool, "pool", "status", expect=69).stdout

    pool.start(2)
    wait_until(lambda: pool.health(2), 20, "node-2 to answer")
    assert "sealed" in hsmctl(pool, "key", "list", expect=69).stderr.splitlines()[0]
    unseal = ["unseal", "--security-domain", str(pool.folder / "security-domain.json"), "--node-certificate",
              str(pool.node_folder(2) / "node.crt")]
    refuse_what_is_wrong(pool, unseal)
    first = hsmctl(pool, *unseal, *officers(pool, 1))
    assert first.stdout == "share 1 of 2: waiting for more\n" and "node-2" in first.stderr
    waiting = hsmctl(pool, *unseal, *officers(pool, 2), "--timeout", "4", expect=69)
    assert waiting.stderr.count("waits for a majority") >= 2 and pool.endpoint(3) in waiting.stderr
    pool.start(3)
    pool.await_unsealed(2, 3)
    assert "unsealed already" in hsmctl(pool, *unseal, *officers(pool, 1)).stdout
    assert answer(pool, *unseal, *officers(pool, 1)) == {"node": "node-2", "unsealed": True}
    pool.start(1)
    pool.await_unsealed(1)


def refuse_what_is_wrong(pool: Pool, unseal: list[str]) -> None:
    """Each mistake is named with the file in which it is."""
    folder = pool.folder / "officers"
    crossed = f"{folder}/officer-1.crt:{folder}/officer-2.key"
    assert "the key of this certificate" in hsmctl(pool, *unseal, "--officer", crossed, expect=1).stderr
    # Of several, none is given: a share that is in is refused when it is given again.
    second = f"{folder}/officer-2.crt:{folder}/officer-1.key"
    assert "officer-2.crt" in hsmctl(pool, *unseal, *officers(pool, 1), "--officer", second, expect=1).stderr
    no_key = f"{folder}/officer-1.crt:{pool.authority}"
    assert "RSA private key" in hsmctl(pool, *unseal, "--officer", no_key, expect=64).stderr
    stranger = f"{pool.authority}:{folder}/officer-1.key"
    assert str(pool.authority) in hsmctl(pool, *unseal, "--officer", stranger, expect=64).stderr
    no_file = ["unseal", "--security-domain", str(pool.folder / "administrator.json")]
    assert "Is it the security domain file?" in hsmctl(pool, *no_file, *officers(pool, 1), expect=64).stderr
    other = [*unseal[:-1], str(pool.node_folder(1) / "node.crt")]
    assert "--node-certificate names" in hsmctl(pool, *other, *officers(pool, 1), expect=1).stderr


def test_a_node_that_hangs_is_passed_over(own_pool: Pool):
    own_pool.await_unsealed()
    follower = next(n for n in (1, 2, 3) if n != own_pool.leader())
    order = [own_pool.endpoint(follower)] + [own_pool.endpoint(n) for n in (1, 2, 3) if n != follower]
    os.kill(own_pool.pid(follower), signal.SIGSTOP)
    try:
        living = next(n for n in (1, 2, 3) if n != follower)
        assert seconds(own_pool, "key", "list", endpoints=order) < at_most(own_pool, 2, node=living)
        result = hsmctl(own_pool, "pool", "status", endpoints=order)
        assert "no answer within 1 s" in result.stderr and "unreachable" in result.stdout
    finally:
        os.kill(own_pool.pid(follower), signal.SIGCONT)


def test_a_sealed_node_is_passed_over(own_pool: Pool):
    """It issues a token, which is good there only: the node that is asked next is shown one of its own."""
    pool = own_pool
    pool.await_unsealed()
    hsmctl(pool, "node", "seal", "node-1", endpoints=[pool.endpoint(2)])
    try:
        assert pool.health(1)["seal"] == "sealed"
        status = hsmctl(pool, "pool", "status").stderr
        assert "node-1 isn't unsealed by its peers: an administrator has sealed it" in status, status
        assert "sealed already" in hsmctl(pool, "node", "seal", "node-1", endpoints=[pool.endpoint(2)]).stdout
        # Officers who name all nodes mean this one.
        share = hsmctl(pool, "unseal", "--security-domain", str(pool.folder / "security-domain.json"),
                       "--node-certificate", str(pool.node_folder(1) / "node.crt"), *officers(pool, 1))
        assert "node-1" in share.stderr and "waiting for more" in share.stdout, share
        assert answer(pool, "key", "list") is not None
        assert {one["name"] for one in answer(pool, "node", "list")} == {"node-1", "node-2", "node-3"}
    finally:
        pool.kill(1)
        pool.start(1)
        pool.await_unsealed(1)
