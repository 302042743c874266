"""Drills, as a person runs them. The scenarios that come with the product, each with its own targets, are the long form:

    QUORATE_DRILLS=all pytest -s Tests/EndToEnd/test_drill.py
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import threading

import pytest

from estate import names
from people import CRYPTO_OFFICER, CRYPTO_USER, hire, role_of
from pool import ROOT, binaries, wait_until

SCENARIOS = sorted((ROOT / "cluster-config" / "drills").glob("*.yaml"))
# One node instead of three: what is tested here is the drill.
SMALL = """
title: All is lost
nodes: 1
keys: 2
targets: {rto_seconds: 60, rpo_seconds: 60}
steps:
  - writes: start
  - backup: take
  - corrupt-backup: bit
  - refuse: restore
  - backup: take
  - writes: stop
  - destroy: pool
  - build: pool
  - officers: [1, 3]
  - restore: everything
  - verify: keys
"""


def hsmctl(*arguments: str, folder: pathlib.Path, timeout: float = 300) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUORATE_", "AZURE_"))}
    return subprocess.run([str(binaries() / "hsmctl"), "drill", *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=timeout, env=dict(environment, TMPDIR=str(folder)))


def leftovers(folder: pathlib.Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("quorate-drill")]


def test_what_the_timer_runs_leaves_a_report_of_its_own(tmp_path):
    """The command of the unit, as systemd hands it over, with its places moved."""
    scenarios, reports = tmp_path / "drills", tmp_path / "reports"
    scenarios.mkdir()
    reports.mkdir()
    (scenarios / "small.yaml").write_text(
        "title: The power fails\nnodes: 1\nkeys: 1\ntargets: {rto_seconds: 60, rpo_seconds: 60}\n"
        "steps: [{power-off: pool}, {open: [1, 3]}, {verify: keys}]\n")
    unit = (ROOT / "deploy" / "systemd" / "quorate-drill@.service").read_text()
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart=")).removeprefix("ExecStart=")
    for written, meant in (("%%", "%"), ("$$", "$"), ("%i", "small"), ("/etc/quorate/drills", str(scenarios)),
                           ("/usr/local/bin/hsmctl", str(binaries() / "hsmctl"))):
        assert written in line
        line = line.replace(written, meant)
    done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=120,
                          env=dict(os.environ, STATE_DIRECTORY=str(reports), TMPDIR=str(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    written = sorted(path.name for path in reports.iterdir())
    assert [re.sub(r"\d{4}-\d\d-\d\dT\d{6}Z", "TIME", name) for name in written] == ["small-TIME.html", "small-TIME.json"]
    assert json.loads((reports / written[1]).read_text())["report"]["passed"] is True


def test_a_drill_passes_and_its_report_is_evidence(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    done = hsmctl("run", "small.yaml", "--out", "report", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed: All is lost" in done.stdout and leftovers(tmp_path) == []
    document = json.loads((tmp_path / "report.json").read_text())
    report = document["report"]
    assert report["passed"] is True and report["rtoMilliseconds"] > 0
    assert report["writesLost"] < report["writesAnswered"]
    texts = [event["text"] for event in report["events"]]
    assert "the whole pool is destroyed" in texts and "refused" in texts
    # The steps are commands that the runbook names.
    commands = [event.get("detail", "") for event in report["events"]]
    assert any(command.startswith("hsmctl security-domain upload") and "--take-part" in command for command in commands)

    for file in ("report.json", "report.html"):
        good = hsmctl("verify", file, "--json", folder=tmp_path)
        assert good.returncode == 0, good.stderr
    found = json.loads(good.stdout)
    assert hsmctl("verify", "report.json", "--identity", found["identityKeySha256"], folder=tmp_path).returncode == 0
    other = hsmctl("verify", "report.json", "--identity", "00" * 32, folder=tmp_path)
    assert other.returncode == 1 and "another pool" in other.stderr

    document["report"]["rtoMilliseconds"] -= 1
    (tmp_path / "better.json").write_text(json.dumps(document))
    doctored = hsmctl("verify", "better.json", folder=tmp_path)
    assert doctored.returncode == 1 and "changed after it was signed" in doctored.stderr, doctored.stderr


def begun(folder: pathlib.Path, **dispositions) -> subprocess.Popen:
    """A drill whose first node runs, started with these dispositions of signals."""
    def prepare():
        for name, disposition in dispositions.items():
            signal.signal(signal.Signals[name], disposition)

    (folder / "small.yaml").write_text(SMALL)
    drill = subprocess.Popen(
        [str(binaries() / "hsmctl"), "drill", "run", "small.yaml"], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=str(folder)),
        preexec_fn=prepare)
    wait_until(lambda: any(log.stat().st_size for log in folder.rglob("hsmd.log")), 60, "a node of the drill")
    return drill


def leaves_nothing(drill: subprocess.Popen, folder: pathlib.Path):
    assert drill.wait(timeout=60) == 128 + signal.SIGINT
    assert leftovers(folder) == []
    found = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True)
    assert found.stdout == "", "a node of the drill still runs"


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM])
def test_a_drill_that_is_interrupted_leaves_nothing(tmp_path, ending):
    """Also where the terminal is closed that it runs in."""
    drill = begun(tmp_path, **{ending.name: signal.SIG_DFL})
    drill.send_signal(ending)
    leaves_nothing(drill, tmp_path)


def test_a_drill_outlives_its_terminal_where_that_is_wanted(tmp_path):
    """As nohup has it."""
    drill = begun(tmp_path, SIGHUP=signal.SIG_IGN)
    drill.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        drill.wait(timeout=1)
    drill.send_signal(signal.SIGTERM)
    leaves_nothing(drill, tmp_path)


def test_a_drill_that_misses_its_target_says_so(tmp_path):
    (tmp_path / "hurried.yaml").write_text(
        "title: In no time\nnodes: 1\nkeys: 1\ntargets: {rto_seconds: 0}\n"
        "steps: [{backup: take}, {delete-key: drill-1}, {restore-key: drill-1}, {verify: keys}]\n")
    done = hsmctl("run", "hurried.yaml", folder=tmp_path)
    assert done.returncode == 1 and "FAILED: In no time: recovery took" in done.stdout, done.stdout + done.stderr
    checked = hsmctl("verify", "hurried.html", folder=tmp_path)
    assert checked.returncode == 1 and "recovery took" in checked.stdout, checked.stderr
    assert leftovers(tmp_path) == []
    wrong = hsmctl("run", "hurried.html", folder=tmp_path)
    assert wrong.returncode == 64, wrong.stderr


@pytest.mark.skipif(os.environ.get("QUORATE_DRILLS") != "all", reason="the long form: QUORATE_DRILLS=all")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_the_scenarios_that_come_with_it(scenario, tmp_path):
    done = hsmctl("run", str(scenario), folder=tmp_path)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hsmctl("verify", f"{scenario.stem}.html", folder=tmp_path).returncode == 0


# --- in production ----------------------------------------------------------------------------------------------------

PRODUCTION = """
title: The leader dies, and a key is lost
nodes: 3
keys: 2
targets: {rto_seconds: 30, rpo_seconds: 0}
steps:
  - backup: take
  - delete-key: drill-2
  - restore-key: drill-2
  - verify: keys
  - writes: start
  - kill: leader
  - verify: keys
  - writes: stop
  - verify: keys
"""


def test_a_pool_in_production_is_practised_with_and_left_as_it_was(own_pool, tmp_path):
    pool = own_pool
    user = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="theirs")
    made = pool.call("POST", 1, "/keys/theirs/create", user.token(pool), {"kty": "EC-HSM", "crv": "P-256"})
    assert made.status_code == 200, made.text
    before = names(pool, user)
    scenario = tmp_path / "production.yaml"
    scenario.write_text(PRODUCTION)
    identity = json.loads(pool.hsmctl("pool", "status", "--json").stdout)
    dead = tmp_path / "dead"
    # Where machines have a service manager the node comes back by itself; here the test starts it again.
    kill = (f'kill -9 $(cat "{pool.folder}/nodes/$QUORATE_NODE/hsmd.pid") && '
            f'echo $QUORATE_NODE > {dead}.part && mv {dead}.part {dead}')
    common = ("drill", "run", str(scenario), "--out", str(tmp_path / "report"), "--backup-place", "file:///drill",
              "--kill-command", kill)

    other = pool.hsmctl(*common, "--production", "another", check=False)
    assert other.returncode == 1 and "leads to the pool 'quickstart', not to 'another'" in other.stdout + other.stderr
    harmful = tmp_path / "harmful.yaml"
    harmful.write_text(SMALL)
    spared = pool.hsmctl("drill", "run", str(harmful), "--production", "quickstart", "--backup-place", "file:///drill",
                         check=False)
    assert spared.returncode == 64 and "scratch pool only" in spared.stderr, spared.stderr
    unconfirmed = pool.hsmctl("drill", "run", str(scenario), "--backup-place", "file:///drill", check=False)
    assert unconfirmed.returncode == 64 and "--production" in unconfirmed.stderr
    # None of these has made anything.
    assert names(pool, user) == before and not (tmp_path / "report.json").exists()

    def bring_back() -> None:
        wait_until(dead.exists, 60, "a node to be killed")
        pool.start(int(dead.read_text().strip().removeprefix("node-")))

    helper = threading.Thread(target=bring_back)
    helper.start()
    done = pool.hsmctl(*common, "--production", "quickstart", check=False)
    helper.join()
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())["report"]
    assert report["passed"] and report["productionPool"] == "quickstart" and report["nodes"] == 3
    assert 0 < report["rtoMilliseconds"] < 30_000 and report["writesAnswered"] >= 3 and report["writesLost"] == 0
    verified = pool.hsmctl("drill", "verify", str(tmp_path / "report.html"), "--identity", identity["identityKeySha256"])
    assert "passed" in verified.stdout
    assert names(pool, user) == before | {"drill-report"} and names(pool, user, "deletedkeys") == set()


def test_a_drill_whose_keys_cannot_sign_leaves_none(own_pool, tmp_path):
    """Who may make keys and not sign with them has made the first one when the drill fails."""
    pool = own_pool
    watcher = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="watcher")
    maker = hire(pool, role_of(pool, "/keys/read/action", "/keys/create", "/keys/delete", "/keys/deletedKeys/delete",
                               name="Maker of keys"), name="maker")
    secret = tmp_path / "maker.secret"
    secret.write_text(maker.secret)
    secret.chmod(0o600)
    scenario = tmp_path / "brief.yaml"
    scenario.write_text("title: Nothing happens\nkeys: 2\nsteps: [{verify: keys}]\n")
    before = names(pool, watcher)
    done = pool.hsmctl("drill", "run", str(scenario), "--out", str(tmp_path / "brief"), "--production", "quickstart",
                       "--client-id", maker.client_id, "--client-secret-file", str(secret), check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads((tmp_path / "brief.json").read_text())["report"]
    assert "the drill's 1 keys are deleted" in [event["text"] for event in report["events"]], report
    # The key that reports are signed with isn't the drill's.
    assert names(pool, watcher) - {"drill-report"} == before - {"drill-report"}
    assert names(pool, watcher, "deletedkeys") == set()
