"""What the load generators themselves cost: requests for each second of their CPU time, user and system.

`hsmctl load` and h2load send the same request with the same key, for the same principal, to one node, in a closed loop with the same
connections and streams, from one thread each, in turn. The whole process counts, with its start, its handshakes, and what it asks
before the run. What that comes to is measured too, by a run of each that sends next to nothing, and a second figure leaves it out: it
is a share that a longer run makes as small as one likes.
"""

from .kinds import BY_NAME
from .load import h2load, hsmctl_load, measured, signing
from .pool import running
from .report import Figure, Report, Verdict, note, ratios

COLUMNS = {
    "who": "", "per_cpu": "requests/CPU s", "running": "without start", "start": "start CPU s", "rate": "requests/s",
    "server_us": "server us", "failed": "failed",
}


def add(parser):
    parser.add_argument("--kind", choices=BY_NAME, default="ES256", help="the signature (default: %(default)s)")
    parser.add_argument("--node", type=int, default=1, help="the node that is asked, from 1")
    parser.add_argument(
        "--limit", type=float, default=0.5, help="the ratio hsmctl / h2load is to be this at least (default: %(default)s)")
    parser.set_defaults(seconds=10)


def measure(options):
    pool, kind = running(options), BY_NAME[options.kind]
    pool.make_key(kind.key, kind)
    our_start, their_start = starts(pool, kind, options)
    note(f"{kind.name}: {options.rounds} rounds of h2load and hsmctl load in turn, {options.seconds} s each ...")
    theirs, ours = [signing(pool, options.node, kind, options)], []
    for _ in range(options.rounds):
        ours.append(measured(pool, options.node, lambda: ours_once(pool, kind, options, "--duration", f"{options.seconds}s")))
        theirs.append(signing(pool, options.node, kind, options))
    verdicts = [
        Verdict(f"requests for a CPU second, hsmctl load by h2load{what}",
                ratios(per_cpu(ours, our_less), per_cpu(theirs, their_less)), options.limit, "times", at_least=True)
        for what, our_less, their_less in (("", 0, 0), (", without their start", our_start, their_start))
    ]
    return Report(COLUMNS, [row("hsmctl load", ours, our_start), row("h2load", theirs, their_start)], verdicts)


def ours_once(pool, kind, options, *words):
    return hsmctl_load(
        pool, [options.node], kind, "--warm-up", "0s", "--connections", str(options.clients), "--streams", str(options.streams), *words)


def starts(pool, kind, options):
    """CPU seconds of each generator for a run of a request or so; each a few times."""
    note("the start of each ...")
    ours = [ours_once(pool, kind, options, "--duration", "1s", "--rate", "1").generator for _ in range(3)]
    theirs = [h2load(pool, options.node, [f"/keys/{kind.key}/sign"], kind.body, "-n", str(options.clients), "-c", str(options.clients),
                     "-m", str(options.streams)).generator for _ in range(3)]
    return Figure(ours).median, Figure(theirs).median


def per_cpu(runs, less):
    return [one.answers.good / (one.answers.generator - less) for one in runs]


def row(who, runs, start):
    return {
        "who": who, "per_cpu": Figure(per_cpu(runs, 0)), "running": Figure(per_cpu(runs, start)), "start": start,
        "rate": Figure(one.rate for one in runs), "server_us": Figure(1e6 * one.server for one in runs),
        "failed": sum(one.answers.bad for one in runs),
    }
