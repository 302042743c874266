"""A node whose clock goes wrong does not go by its leases any more. The clock is that of a real process."""

from __future__ import annotations

import asyncio
import pathlib
import shutil
import subprocess

import pytest

from links import linked_pool
from pool import Pool, wait_until
from test_history import await_leases
from test_revocation import Trial, make_right, make_tokens

SOURCE = pathlib.Path(__file__).with_name("clockwarp.c")
VICTIM = 3


@pytest.fixture(scope="module")
def warped(tmp_path_factory: pytest.TempPathFactory):
    """A pool of three; the clock of the third goes as `pool.warp` says."""
    folder = tmp_path_factory.mktemp("warped")
    library = folder / "clockwarp.so"
    compiler = shutil.which("cc") or shutil.which("clang")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True)
    with linked_pool(folder, nodes=3) as pool:
        pool.warp = folder / "clock"
        pool.library = library
        yield pool


def set_right(pool: Pool) -> None:
    """Begins with a clock that is right: that of a new process, since no clock may go back."""
    pool.warp.write_text("")
    pool.kill(VICTIM)
    pool.start(VICTIM, {"LD_PRELOAD": str(pool.library), "CLOCKWARP_FILE": str(pool.warp)})
    pool.await_unsealed(VICTIM)
    await_leases(pool)


def alarms(pool: Pool, verdict: str) -> int:
    return (pool.node_folder(VICTIM) / "hsmd.log").read_text().count(f"clockDistrusted(Raft.ClockCheck.Verdict.{verdict}")


def test_a_jump_costs_the_leases_and_nothing_else(warped: Pool):
    """As when the machine has slept."""
    set_right(warped)
    tokens = make_tokens(warped)
    trial = Trial(warped, make_right(warped, "disable", tokens["administrator"], tokens["officer"]), tokens)
    before = alarms(warped, "fast")
    warped.warp.write_text("ahead 30000000000")
    wait_until(lambda: alarms(warped, "fast") > before, 5, "the alarm")

    async def run() -> None:
        await trial.see(trial.ask_everywhere([VICTIM]))
        await trial.change(False, VICTIM)
        await trial.see(trial.ask_everywhere(trial.nodes))
        trial.close()

    asyncio.run(run())
    assert {operation.status for operation in trial.operations[:3]} == {200}
    assert trial.verdict(trial.operations)["after a revocation"] == 9
    await_leases(warped)


def test_a_lease_does_not_last_longer_because_the_clock_stands_still(warped: Pool):
    """Cut off, with a clock on which its lease never ends: what is revoked meanwhile it must not honour."""
    set_right(warped)
    tokens = make_tokens(warped)
    trial = Trial(warped, make_right(warped, "disable", tokens["administrator"], tokens["officer"]), tokens)

    async def run() -> None:
        await trial.warm()
        warped.warp.write_text("stop")
        warped.links.isolate(VICTIM)
        await trial.change(False, 1)
        tasks = trial.ask_everywhere(trial.nodes)
        await asyncio.sleep(1)
        # Whoever has not answered by now waits for a leader.
        assert all(task.done() for task in tasks[:6]) and not any(task.done() for task in tasks[6:])
        warped.links.heal()
        warped.warp.write_text("")
        await trial.see(tasks)
        trial.close()

    asyncio.run(run())
    count = trial.verdict(trial.operations, {VICTIM})
    assert count["after a revocation"] >= 6, count
    assert alarms(warped, "slow") > 0
