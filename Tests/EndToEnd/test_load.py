"""hsmctl load on a real pool: what it measures, what stops it before it starts, and what it survives."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from pool import ROOT, Pool, is_running, wait_until
from test_hsmctl import hsmctl


@pytest.fixture(scope="module")
def key(pool: Pool) -> str:
    hsmctl(pool, "key", "create", "load-test", "--type", "EC-HSM", "--curve", "P-256")
    return "load-test"


def load(pool: Pool, *arguments: str, **options) -> dict:
    return json.loads(hsmctl(pool, "load", *arguments, "--json", **options).stdout)["report"]


def environment(pool: Pool) -> dict:
    """For a load on the first node."""
    return dict(
        os.environ, QUORATE_ENDPOINTS=pool.endpoint(1), QUORATE_CA=str(pool.authority),
        AZURE_CLIENT_ID=pool.credentials()[0], QUORATE_CLIENT_SECRET_FILE=str(pool.folder / "administrator.secret"))


def bad(line: dict) -> int:
    return sum(line[name] for name in ("throttled", "unavailable", "refused", "failed", "timedOut", "disconnected"))


def test_an_open_loop_with_several_processes(pool: Pool, key: str, tmp_path: pathlib.Path):
    page = tmp_path / "report.html"
    report = load(
        pool, "--key", key, "--algorithm", "ES256", "--rate", "60", "--random", "--duration", "3s", "--warm-up", "1s",
        "--processes", "2", "--connections", "2", "--html", str(page))
    assert bad(report["all"]) == 0, report
    assert 100 <= report["all"]["good"] <= 260 and abs(report["offeredRate"] - 60) < 30
    assert [node["name"] for node in report["nodes"]] == ["node-1", "node-2", "node-3"]
    assert all(node["good"] > 20 and node["cpuPerAnswer"] > 0 for node in report["nodes"])
    latency = report["all"]["latency"]
    assert 0 < latency["p50"] <= latency["p99"] <= latency["max"] and latency["count"] == report["all"]["good"]
    assert len(report["series"]) >= 3 and report["generator"]["processes"] == 2
    assert any("share this machine" in text for text in report["warnings"])
    html = page.read_text()
    assert html.count("<svg") == 5 and "http" not in html.lower().replace("https-", "") and "node-2" in html


def test_a_profile_makes_its_keys_and_mixes_operations(pool: Pool, tmp_path: pathlib.Path):
    profile = tmp_path / "mix.yaml"
    profile.write_text("""
duration: 2s
warm_up: 0s
connections: 1
streams: 2
operations:
  - {operation: sign, algorithm: ES256, keys: {prefix: load-mix, count: 3}, choice: zipf, weight: 4,
     create: {type: EC-HSM, curve: P-256}}
  - {operation: verify, algorithm: ES256, keys: {prefix: load-mix, count: 3}, choice: uniform}
  - {operation: sign, algorithm: PS256, keys: [load-mix-rsa], create: {type: RSA-HSM, size: 2048}}
  - {operation: decrypt, algorithm: RSA-OAEP-256, keys: [load-mix-rsa]}
  - {operation: unwrapKey, algorithm: RSA-OAEP, keys: [load-mix-rsa]}
  - {operation: get, keys: [load-mix-1]}
""")
    report = load(pool, "--profile", str(profile))
    assert bad(report["all"]) == 0, report
    counts = {line["name"]: line["good"] for line in report["operations"]}
    assert set(counts) == {
        "sign ES256", "verify ES256", "sign PS256", "decrypt RSA-OAEP-256", "unwrapKey RSA-OAEP", "get"}
    assert all(counts.values()) and counts["sign ES256"] > counts["get"]


def test_a_page_that_finds_no_room_takes_no_figures_with_it(pool: Pool, key: str):
    result = hsmctl(
        pool, "load", "--key", key, "--algorithm", "ES256", "--duration", "1s", "--warm-up", "0s", "--rate", "20", "--html", "/dev/full",
        expect=74, endpoints=[pool.endpoint(1)])
    assert "GOOD/S" in result.stdout and "/dev/full" in result.stderr


def test_figures_that_nobody_can_read_take_no_page_with_them(pool: Pool, key: str, tmp_path: pathlib.Path):
    page = tmp_path / "report.html"
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [str(pool.binaries / "hsmctl"), "load", "--key", key, "--algorithm", "ES256", "--duration", "1s", "--warm-up", "0s",
             "--rate", "20", "--html", str(page)], env=environment(pool), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 74 and "standard output can't be written" in result.stderr, result.stderr
    assert page.read_text().count("<svg") == 5


def test_the_profiles_of_the_product_are_read(pool: Pool, key: str):
    for profile in sorted((ROOT / "cluster-config" / "load").glob("*.yaml")):
        text = hsmctl(
            pool, "load", "--profile", str(profile), "--key", key, "--algorithm", "ES256", "--duration", "1s",
            "--warm-up", "0s", "--rate", "5", "--connections", "1", endpoints=[pool.endpoint(1)]).stdout
        assert "GOOD/S" in text and "generator: 1 process" in text, profile


@pytest.mark.parametrize("what", ["node", "certificate", "token", "key", "algorithm"])
def test_what_would_fail_stops_it_before_it_starts(pool: Pool, key: str, tmp_path: pathlib.Path, what: str):
    arguments = ["load", "--key", key, "--algorithm", "ES256", "--duration", "60s"]
    if what == "node":
        result = hsmctl(pool, *arguments, expect=69, endpoints=[pool.endpoint(1), "https://127.0.0.1:1"])
        assert "127.0.0.1:1" in result.stderr and "refused" in result.stderr
    elif what == "certificate":
        result = hsmctl(pool, *arguments, "--ca", str(pool.folder / "ca" / "node-ca.crt"), expect=69)
        assert "was not signed by" in result.stderr
    elif what == "token":
        token = pool.token()
        (tmp_path / "token").write_text(token[:-8] + "AAAAAAAA")
        result = hsmctl(pool, *arguments, "--token-file", str(tmp_path / "token"), expect=77)
        assert "Unauthorized" in result.stderr
    elif what == "key":
        result = hsmctl(pool, "load", "--key", "no-such-key", "--algorithm", "ES256", expect=3)
        assert "no-such-key" in result.stderr
    else:
        result = hsmctl(pool, "load", "--key", key, "--operation", "sign", "--algorithm", "RS256", expect=1)
        assert "doesn't fit" in result.stderr
    assert not result.stdout


def test_ctrl_c_ends_it_with_a_report(pool: Pool, key: str):
    before = signatures(pool)
    process = subprocess.Popen(
        [str(pool.binaries / "hsmctl"), "load", "--key", key, "--algorithm", "ES256", "--duration", "600s",
         "--warm-up", "0s", "--connections", "2", "--processes", "2", "--json"],
        env=environment(pool), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: signatures(pool) > before + 200, 20, "load")
    threads = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
    workers = [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
    assert len(workers) == 2
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    report = json.loads(output)["report"]
    assert report["interrupted"] and report["all"]["good"] > 100 and report["seconds"] < 60
    wait_until(lambda: not any(is_running(pid) for pid in workers), 10, "the end of the generator's processes")


def signatures(pool: Pool) -> int:
    """Lines of a node's audit log that are signatures."""
    return sum(file.read_bytes().count(b'"KeySign"') for file in (pool.node_folder(1) / "data" / "audit").glob("*.jsonl"))


def test_what_is_done_to_nodes_is_reported_as_it_was(own_pool: Pool):
    hsmctl(own_pool, "key", "create", "k", "--type", "EC-HSM", "--curve", "P-256")
    node = next(node for node in (1, 2, 3) if node != own_pool.leader())
    name = f"node-{node}"
    words = ["--key", "k", "--algorithm", "ES256", "--rate", "30", "--warm-up", "0s", "--connections", "2", "--timeout", "1s"]
    report = load(own_pool, *words, "--duration", "8s", "--kill", f"{name}@0.5s", "--kill", f"{name}@4s")
    events = [event["text"] for event in report["events"]]
    assert events.count(f"{name} was killed") == 1 and f"a fault could not be made: {name} doesn't run" in events
    own_pool.start(node)
    own_pool.await_unsealed(node)
    # Longer than the run: the node goes on with its end.
    report = load(own_pool, *words, "--duration", "5s", "--pause", f"{name}@0.1s+60s")
    assert f"{name} was stopped for 60.0 s" in [event["text"] for event in report["events"]]
    state = pathlib.Path(f"/proc/{own_pool.pid(node)}/stat").read_text().rsplit(")", 1)[1].split()[0]
    assert state != "T"


def test_a_node_that_dies_is_reported_and_its_load_goes_to_the_others(own_pool: Pool):
    hsmctl(own_pool, "key", "create", "k", "--type", "EC-HSM", "--curve", "P-256")
    own_pool.leader()
    report = load(
        own_pool, "--key", "k", "--algorithm", "ES256", "--rate", "60", "--duration", "8s", "--warm-up", "0s",
        "--connections", "2", "--timeout", "5s", "--kill", "leader@2s")
    events = [event["text"] for event in report["events"]]
    killed = [re.fullmatch(r"(node-\d) was killed", text) for text in events]
    assert any(killed), events
    name = next(match.group(1) for match in killed if match)
    assert f"{name} can't be reached" in events
    assert not is_running(own_pool.pid(int(name[-1])))
    last = report["series"][6]
    dead = int(name[-1]) - 1
    assert last["nodeGood"][dead] == 0 and sum(last["nodeGood"]) > 30, report["series"]
