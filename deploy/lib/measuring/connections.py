"""What idle connections cost a node: memory, and the signatures that it makes meanwhile.

Each round makes a pool of one node, and lets h2load sign on it without the idle connections (A), with them (B), and without them
again (A). They are HTTP/2 over TLS 1.3: each is opened, sends its preface and settings, asks once for the node's health and rests.
A node closes a connection that rests for longer than 90 s (docs/protocol.md; no configuration changes that), so before B each asks
once more; during B they all rest.

Memory is the node's resident size after the load without them, and with all of them open: nothing else happens in between. The
ratios are those of B to the mean of the two A around it.

A client and a node need a file for each connection. Both limits are raised, which only root may do beyond the hard limit.
"""

import json
import pathlib
import subprocess
import sys
import time

from .kinds import ES256
from .load import signing
from .pool import own
from .processes import allow_files, resident
from .report import Figure, Report, Unmeasurable, Verdict, note

MIB = 1024 * 1024
SPARE_FILES = 500
COLUMNS = {"who": "", "memory": "resident MiB", "rate": "signs/s", "server_us": "server us", "failed": "failed"}


def add(parser):
    parser.add_argument("--count", type=int, default=10_000, help="idle connections (default: %(default)s)")
    parser.add_argument("--binaries", help="take hsmd and hsmctl from there and build nothing")
    parser.add_argument(
        "--memory", type=float, default=150, help="MiB that they may take, for the verdict (default: %(default)s)")
    parser.add_argument(
        "--limit", type=float, default=1.05, help="the ratio of CPU for a signature is held against it (default: %(default)s)")
    parser.set_defaults(rounds=3)


def measure(options):
    rounds = []
    for number in range(options.rounds):
        with own(1, options.binaries) as pool:
            note(f"round {number + 1} of {options.rounds}: {options.count:,} connections ...")
            rounds.append(measure_once(pool, options))
    rows = [row("without", rounds, "first"), row("with them", rounds, "with"), row("closed again", rounds, "last")]
    grown = Figure(one["with"]["memory"] - one["first"]["memory"] for one in rounds)
    ratio = Figure(one["with"]["server"] / mean(one, "server") for one in rounds)
    rate = Figure(one["with"]["rate"] / mean(one, "rate") for one in rounds)
    each = Figure(value * 1024 / options.count for value in grown.values)
    return Report(COLUMNS, rows, [
        Verdict(f"memory of {options.count:,} idle connections", grown, options.memory, "MiB"),
        Verdict("a signature's CPU, with them by without", ratio, options.limit, "times"),
        Verdict("signatures a second, with them by without", rate, 1 / options.limit, "times", at_least=True),
    ], [f"An idle connection takes {each} KiB; opening one took {Figure(one['open_ms'] for one in rounds)} ms, client and node together."])


def measure_once(pool, options):
    pool.make_key(ES256.key, ES256)
    signing(pool, 1, ES256, options)
    with Idle(pool, options.count) as idle:
        found = {"first": loaded(pool, options), "open_ms": 1000 * idle.order("open") / options.count}
        memory = resident(pool.pid(1)) / MIB
        idle.order("touch")
        found["with"] = {**loaded(pool, options), "memory": memory}
        idle.order("close")
        idle.await_closed()
        found["last"] = loaded(pool, options)
    return found


def loaded(pool, options):
    run = signing(pool, 1, ES256, options)
    return {"memory": resident(pool.pid(1)) / MIB, "rate": run.rate, "server": run.server, "failed": run.answers.bad}


def mean(one, name):
    return (one["first"][name] + one["last"][name]) / 2


def row(who, rounds, name):
    pick = lambda member: [one[name][member] for one in rounds]  # noqa: E731
    return {
        "who": who, "memory": Figure(pick("memory")), "rate": Figure(pick("rate")),
        "server_us": Figure(1e6 * server for server in pick("server")), "failed": sum(pick("failed")),
    }


class Idle:
    """The process that holds the connections."""

    def __init__(self, pool, count):
        self.pool, self.count = pool, count
        allow_files(pool.pid(1), count + SPARE_FILES)
        program = pathlib.Path(__file__).with_name("idle_client.py")
        port = pool.endpoints[0].rsplit(":", 1)[1]
        self.process = subprocess.Popen(
            [sys.executable, "-B", program, port, pool.authority, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        allow_files(self.process.pid, self.count + SPARE_FILES)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def order(self, word):
        """Seconds that it took."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        done = json.loads(self.process.stdout.readline())
        if done["failure"]:
            raise Unmeasurable(
                f"after {word} of {done['open']:,} connections one failed ({done['failure']})",
                f"a node takes as many connections as docs/protocol.md says: ask for fewer, such as --count {done['open'] // 1000 * 1000}")
        return done["seconds"]

    def await_closed(self):
        folder, end = pathlib.Path(f"/proc/{self.pool.pid(1)}/fd"), time.monotonic() + 30
        while sum(1 for _ in folder.iterdir()) > SPARE_FILES and time.monotonic() < end:
            time.sleep(0.1)
