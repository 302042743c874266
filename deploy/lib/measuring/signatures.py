"""Server CPU per signature, beside the bare signature of `openssl speed`.

Load and nodes share this machine's processors, so the CPU time for each signature says more than the rate. The bare signature is
measured twice, because the pool is always measured while all processors work, and the same instructions take more CPU time then:

  alone     one `openssl speed`, while the other processors rest
  beside    one on each processor at once, the mean of their times

A round measures alone, beside, the pool, and alone and beside again: a virtual processor can be half as fast a minute later. A
round's ratio is that of the pool's time to the mean of the two around it. What is shown is the median round, with the range of all.
"""

from . import bare
from .kinds import KINDS
from .load import signing
from .pool import running
from .report import Figure, Report, Unmeasurable, Verdict, note, ratios

LIMITS = {"ES256": 1.75, "RSA-2048": 1.1, "RSA-4096": 1.03}
COLUMNS = {
    "kind": "", "alone_us": "alone us", "beside_us": "beside us", "rate": "pool signs/s", "server_us": "server us",
    "to_alone": "to alone", "to_beside": "to beside", "failed": "failed", "audit_bytes": "audit bytes",
}
REMARK = ("server us: CPU time of the asked node for each signature. to alone, to beside: that, divided by the time of a bare "
          "signature\nwhile the other processors rest, and while they sign too.")


def add(parser):
    parser.add_argument("--node", type=int, default=1, help="the node that is asked, from 1")
    parser.add_argument("--only", help="measure only those whose name has this in it, such as ES256")
    parser.add_argument(
        "--limit", action="append", type=limit, default=[], metavar="KIND=RATIO",
        help="what the ratios are held against; repeat it for more (default: " + ", ".join(f"{k}={v}" for k, v in LIMITS.items()) + ")")
    parser.set_defaults(rounds=7)


def limit(text):
    name, _, ratio = text.partition("=")
    if name not in LIMITS:
        raise ValueError(name)
    return name, float(ratio)


def measure(options):
    pool = running(options)
    kinds = [kind for kind in KINDS if not options.only or options.only in kind.name]
    if not kinds:
        raise Unmeasurable(f"no signature has '{options.only}' in its name", f"one of: {', '.join(kind.name for kind in KINDS)}")
    rows = []
    for kind in kinds:
        note(f"measuring {kind.name}, {options.rounds} rounds of {options.seconds} s ...")
        rows.append(measure_kind(pool, kind, options))
    limits = {**LIMITS, **dict(options.limit)}
    verdicts = [
        Verdict(f"{row['kind']}, server CPU by the bare signature {how}", row[f"to_{how}"], limits[row["kind"].split()[0]], "times")
        for row in rows for how in ("alone", "beside")
    ]
    return Report(COLUMNS, rows, verdicts, [REMARK])


def measure_kind(pool, kind, options):
    pool.make_key(kind.key, kind)
    bares, rounds = [both(kind)], []
    for _ in range(options.rounds):
        rounds.append(signing(pool, options.node, kind, options))
        bares.append(both(kind))
    alone, beside = ([one[place] for one in bares] for place in (0, 1))
    server = [one.server for one in rounds]
    return {
        "kind": kind.name, "alone_us": Figure(1e6 * one for one in alone), "beside_us": Figure(1e6 * one for one in beside),
        "rate": Figure(one.rate for one in rounds), "server_us": Figure(1e6 * one for one in server),
        "to_alone": ratios(server, alone), "to_beside": ratios(server, beside),
        "failed": sum(one.answers.bad for one in rounds), "audit_bytes": round(rounds[-1].audit_bytes),
        "pool_us": Figure(1e6 * one.pool for one in rounds),
    }


def both(kind):
    return bare.alone(kind.speed), bare.beside(kind.speed)
