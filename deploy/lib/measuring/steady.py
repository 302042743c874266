"""How a pool does at a part of its maximum for a long time: latency, errors, memory.

A closed loop of `hsmctl load` at all nodes finds the maximum (for 10 s, with 48 requests under way on each connection for ES256 and 16
for RSA). Then an open loop asks for --rate-of-maximum of it for --seconds: requests are due at fixed times, and latency counts from
then, whether or not they could leave. The series of the report tells how the 99th percentile of each tenth of the time was.

Memory is the resident size of each node, every 10 s. Its slope is that of the straight line through the second half: in the first
half caches and the allocator's reserves fill. From a short run it says nothing.
"""

import threading

from .apart import add_apart, apart
from .kinds import BY_NAME
from .load import depth, hsmctl_load, measured
from .pool import running
from .processes import resident
from .report import Figure, Report, Verdict, note

MIB = 1024 * 1024
COLUMNS = {
    "what": "", "offered": "offered/s", "rate": "good/s", "bad": "not good", "p50": "p50 ms", "p99": "p99 ms", "p99.9": "p99.9 ms",
    "max": "max ms", "memory": "resident MiB", "slope": "MiB/h",
}


LIMITS = {"ES256": 5, "RSA-2048": 15, "RSA-4096": 50}


def add(parser):
    parser.add_argument("--kind", choices=BY_NAME, default="ES256", help="the signature (default: %(default)s)")
    parser.add_argument("--rate-of-maximum", type=float, default=0.5, help="the part of the maximum (default: %(default)s)")
    parser.add_argument("--every", type=float, default=10, help="seconds between looks at the memory (default: %(default)s)")
    parser.add_argument("--node", type=int, help="the node that is asked, from 1 (default: all)")
    parser.add_argument(
        "--limit", type=float, help="the 99th percentile in ms is held against it (default: "
        + ", ".join(f"{limit} for {kind}" for kind, limit in LIMITS.items()) + ")")
    parser.add_argument("--slope", type=float, default=60, help="the slope of memory in MiB/h likewise (default: %(default)s)")
    add_apart(parser)
    parser.set_defaults(seconds=600, rounds=1, streams=None)


def measure(options):
    pool, kind = running(options), BY_NAME[options.kind]
    pool.make_key(kind.key, kind)
    nodes = [options.node] if options.node else pool.nodes()
    with apart(pool, options) as remarks:
        return hold(pool, kind, nodes, options, remarks)


def hold(pool, kind, nodes, options, remarks):
    words = ["--connections", str(options.clients), "--streams", str(options.streams or depth(kind))]
    report = Report(COLUMNS, remarks=remarks)
    for _ in range(options.rounds):
        note("the maximum, by a closed loop ...")
        maximum = measured(pool, 1, lambda: hsmctl_load(pool, nodes, kind, "--duration", "10s", *words))
        rate = options.rate_of_maximum * maximum.rate
        note(f"{rate:,.0f} a second for {options.seconds} s ...")
        with Memory(pool, options.every) as memory:
            steady = measured(pool, 1, lambda: hsmctl_load(
                pool, nodes, kind, "--duration", f"{options.seconds}s", "--rate", f"{rate:.1f}", *words))
        add_rows(report, maximum, steady, memory, options)
    return report


def add_rows(report, maximum, steady, memory, options):
    report.rows += [row("closed loop", maximum), row(f"{options.rate_of_maximum:g} of it", steady)]
    for node, sizes in memory.sizes.items():
        report.rows.append({
            "what": f"  node {node}", "memory": f"{sizes[0] / MIB:.1f} to {sizes[-1] / MIB:.1f}", "slope": memory.slope(node),
            "sizes": [size / MIB for size in sizes],
        })
    report.verdicts += [
        Verdict("99th percentile", report.rows[-1 - len(memory.sizes)]["p99"], options.limit or LIMITS[options.kind], "ms"),
        Verdict("requests that were not answered well", steady.answers.bad + unsent(steady), 0),
        Verdict("good answers by what was asked for", steady.rate / steady.answers.details["offeredRate"], 0.99, at_least=True),
        *(Verdict(f"growth of node {node}'s memory", memory.slope(node), options.slope, "MiB/h") for node in memory.sizes),
    ]
    report.remarks += [f"99th percentile in ms of each tenth: {', '.join(tenths(steady.answers.details['series']))}",
                       *steady.answers.details["warnings"]]


def unsent(run):
    """Requests that were due and got no further: too many were under way, or no node could be reached."""
    generator = run.answers.details["generator"]
    return generator["unsent"] + generator["homeless"]


def row(what, run):
    report = run.answers.details
    latency = {name: report["all"]["latency"][name] / 1000 for name in ("p50", "p99", "p99.9", "max")}
    return {"what": what, "offered": report.get("offeredRate"), "rate": run.rate, "bad": run.answers.bad, **latency}


def tenths(series):
    """The median of the seconds' 99th percentiles, of each tenth of the time."""
    count = min(10, len(series))
    parts = [series[place * len(series) // count:(place + 1) * len(series) // count] for place in range(count)]
    return [f"{Figure(point['p99'] for point in part).median / 1000:.1f}" for part in parts]


class Memory:
    """Looks at the nodes' memory while the `with` block runs."""

    def __init__(self, pool, every):
        self.pool, self.every = pool, every
        self.sizes = {node: [] for node in pool.nodes()}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)

    def work(self):
        while True:
            for node, sizes in self.sizes.items():
                sizes.append(resident(self.pool.pid(node)))
            if self.stopping.wait(self.every):
                return

    def slope(self, node):
        """MiB an hour, of the straight line through the second half: by least squares."""
        half = self.sizes[node][len(self.sizes[node]) // 2:]
        if len(half) < 2:
            return 0.0
        middle, mean = (len(half) - 1) / 2, sum(half) / len(half)
        rise = sum((place - middle) * (size - mean) for place, size in enumerate(half))
        return rise / sum((place - middle) ** 2 for place in range(len(half))) / self.every * 3600 / MIB
