"""What a pool still does when three times as much is asked of it as it can do.

A closed loop of `hsmctl load` at all nodes finds the maximum, before and after, with 48 requests under way on each connection for
ES256 and 16 for RSA. Between them an open loop asks for --times as much: its requests are due at fixed times, whatever the pool does,
and latency counts from then. Good answers a second by the maximum say whether the pool does its work under pressure; percentiles are
those of what was admitted. Meanwhile a client of this measurement's own signs on each node, and looks for Retry-After in what is
refused with 429. Elections show in the term, which only they raise.

Generator and nodes share the processors unless --apart is given, and refusing costs something too: on few of them the ratio says as much
about the machine.
"""

import threading
import urllib.error

from .apart import add_apart, apart
from .kinds import BY_NAME
from .load import depth, hsmctl_load, measured
from .pool import VERSION, running
from .report import Figure, Report, Verdict, note, ratios

COLUMNS = {
    "what": "", "offered": "offered/s", "rate": "good/s", "throttled": "429/s", "other": "other bad", "p50": "p50 ms", "p90": "p90 ms",
    "p99": "p99 ms", "max": "max ms", "elections": "elections",
}


def add(parser):
    parser.add_argument("--kind", choices=BY_NAME, default="RSA-2048", help="the signature (default: %(default)s)")
    parser.add_argument("--times", type=float, default=3, help="how many times the maximum is asked for (default: %(default)s)")
    parser.add_argument(
        "--limit", type=float, default=0.9, help="good answers by the maximum are to be this at least (default: %(default)s)")
    add_apart(parser)
    parser.set_defaults(seconds=10, rounds=3, streams=None)


def measure(options):
    pool, kind = running(options), BY_NAME[options.kind]
    pool.make_key(kind.key, kind)
    options.streams = options.streams or depth(kind)
    with apart(pool, options) as remarks:
        return press(pool, kind, options, remarks)


def press(pool, kind, options, remarks):
    closed, pressed, probes = [stage(pool, kind, options)], [], []
    for number in range(options.rounds):
        rate = options.times * closed[-1].rate
        note(f"round {number + 1} of {options.rounds}: {rate:,.0f} a second for {options.seconds} s ...")
        with Probe(pool, kind) as probe:
            pressed.append(stage(pool, kind, options, "--rate", f"{rate:.1f}"))
        probes.append(probe)
        note("the maximum again ...")
        closed.append(stage(pool, kind, options))
    goodput = ratios([one.rate for one in pressed], [one.rate for one in closed])
    refused, told = sum(probe.refused for probe in probes), sum(probe.told for probe in probes)
    remarks += sorted({text for one in pressed for text in one.answers.details["warnings"]})
    if not refused:
        remarks.insert(0, "No 429 was seen by this measurement's own client: nothing to say of Retry-After.")
    return Report(COLUMNS, [row("closed loop", closed), row(f"{options.times:g} times that", pressed)], [
        Verdict("good answers by the maximum", goodput, options.limit, "times", at_least=True),
        Verdict("elections meanwhile", sum(one.answers.details["elections"] for one in pressed), 0),
        *([Verdict(f"share of {refused:,} answers 429 that had Retry-After", told / refused, 1, at_least=True)] if refused else []),
    ], remarks)


def stage(pool, kind, options, *words):
    """One run at all nodes: with a rate an open loop, else a closed one. Its details say how often a leader was elected."""
    before = term(pool)
    run = measured(pool, 1, lambda: hsmctl_load(
        pool, pool.nodes(), kind, "--duration", f"{options.seconds}s", "--warm-up", "1s", "--connections", str(options.clients),
        "--streams", str(options.streams), *words))
    run.answers.details["elections"] = term(pool) - before
    return run


def term(pool):
    return max(pool.health(node)["term"] for node in pool.nodes())


def row(what, runs):
    counts = [run.answers.details["all"] for run in runs]
    per_second = lambda name: Figure(one[name] / run.answers.seconds for one, run in zip(counts, runs))  # noqa: E731
    offered = [run.answers.details.get("offeredRate") for run in runs]
    return {
        "what": what, "offered": Figure(offered) if all(offered) else None, "rate": Figure(run.rate for run in runs),
        "throttled": per_second("throttled"), "elections": sum(run.answers.details["elections"] for run in runs),
        "other": sum(one[name] for one in counts for name in ("unavailable", "refused", "failed", "timedOut", "disconnected")),
        **{name: Figure(one["latency"][name] / 1000 for one in counts) for name in ("p50", "p90", "p99", "p99.9", "max")},
    }


class Probe:
    """Signs on each node, one request after the other, while the `with` block runs, and looks at the refusals. It is a client
    among many: it gets 429 as they do."""

    def __init__(self, pool, kind):
        self.pool, self.kind = pool, kind
        self.refused = self.told = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(endpoint,), daemon=True) for endpoint in pool.endpoints]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)

    def work(self, endpoint):
        headers = {"Authorization": f"Bearer {self.pool.client.token}", "Content-Type": "application/json"}
        while not self.stopping.wait(0.05):
            try:
                self.pool.client.send("POST", f"{endpoint}/keys/{self.kind.key}/sign?{VERSION}", self.kind.body, headers)
            except urllib.error.HTTPError as refusal:
                self.refused += refusal.code == 429
                self.told += refusal.code == 429 and bool(refusal.headers.get("Retry-After"))
            except OSError:
                pass  # the load's own report counts what fails
