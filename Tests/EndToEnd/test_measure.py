"""deploy/measure: that each kind of measurement comes to its end with figures and verdicts. What the figures are is not looked at.

The suite makes some of the kinds, `deploy/prove -- -k measure` all of them."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess

import pytest

from pool import ROOT, Pool, wait_until

MEASURE = ROOT / "deploy" / "measure"
ARE_ALL_MEASURED = os.environ.get("QUORATE_MEASUREMENTS") == "all"
THERE = [["nodes"], ["generator"], ["overload", "--kind", "ES256", "--times", "0.5"], ["softhsm"]]
OF_ITS_OWN = [["connections", "--count", "50"], ["counts", "--keys", "0", "--assignments", "50", "--principals", "0"]]
SHORT = ("--rounds", "1", "--seconds", "1", "--clients", "2", "--streams", "2")


def measure(*words: str) -> dict:
    done = subprocess.run([MEASURE, *words, *SHORT, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(report: dict, name: str) -> None:
    assert report["measurement"] == name and report["rows"] and report["verdicts"]
    assert all(isinstance(verdict["met"], bool) for verdict in report["verdicts"])


@pytest.mark.parametrize("words", THERE if ARE_ALL_MEASURED else THERE[:2], ids=lambda words: words[0])
def test_a_pool_that_is_there_is_measured(pool: Pool, words: list[str]):
    check(measure(*words, "--dir", str(pool.folder)), words[0])


@pytest.mark.parametrize("words", OF_ITS_OWN if ARE_ALL_MEASURED else OF_ITS_OWN[:1], ids=lambda words: words[0])
def test_a_pool_of_its_own_is_measured_and_deleted(pool: Pool, words: list[str], tmp_path: pathlib.Path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    check(measure(*words, "--binaries", str(pool.binaries)), words[0])
    assert not list(tmp_path.iterdir())


def test_signatures_is_the_default_and_is_shown_for_people(pool: Pool):
    done = subprocess.run(
        [MEASURE, "--only", "ES256", "--dir", str(pool.folder), *SHORT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "to beside" in done.stdout and "server CPU by the bare signature alone" in done.stdout and "measuring" in done.stderr


def test_what_cannot_be_measured_says_why_and_what_to_do(tmp_path: pathlib.Path):
    done = subprocess.run([MEASURE, "nodes", "--dir", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and not done.stdout
    assert f"there is no pool at {tmp_path}" in done.stderr and "deploy/quickstart up" in done.stderr


def processors(pid: int) -> set[int]:
    """All that any thread of a process may use."""
    threads = (int(folder.name) for folder in pathlib.Path(f"/proc/{pid}/task").iterdir())
    return set.union(*(os.sched_getaffinity(thread) for thread in threads))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="takes two processors")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_nodes_and_generator_are_apart_and_whoever_interrupts_puts_them_back(pool: Pool, end: signal.Signals):
    everything = os.sched_getaffinity(0)
    nodes = [pool.pid(node) for node in (1, 2, 3)]
    # Whoever runs the tests in the background ignores interrupts, and what is started from there does so too.
    process = subprocess.Popen(
        [MEASURE, "steady", "--apart", "--seconds", "60", "--dir", str(pool.folder)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        wait_until(lambda: processors(process.pid) < everything, 30, "the measurement to bind itself")
        assert {frozenset(processors(pid)) for pid in nodes} == {frozenset(everything - processors(process.pid))}
        process.send_signal(end)
        assert process.wait(30) == 1
    finally:
        process.kill()
        process.communicate()
    assert all(processors(pid) == everything for pid in nodes)


def test_one_processor_can_not_be_shared_out(pool: Pool):
    done = subprocess.run(
        ["taskset", "-c", str(min(os.sched_getaffinity(0))), MEASURE, "overload", "--apart", "--dir", str(pool.folder)],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "needs two processors" in done.stderr and "without --apart" in done.stderr
