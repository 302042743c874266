"""What a signature costs the leader, what it costs a follower, and what nodes say to one another because of it.

The same load goes to the leader, to a follower, to the leader again and so on, for --seconds each. A round's ratio is the
follower's CPU time for each signature by the mean of the leader's before and after.

Before each turn the pool rests for as long. Bytes and packets between the nodes are counted in both, for each TCP connection
between peer ports at both of its ends (ss -tin: bytes_sent, segs_out); what a signature causes is the difference, divided by the
signatures. Heartbeats, and the heads of the audit logs that go with them, are in both.
"""

import time

from .kinds import BY_NAME
from .load import signing
from .pool import running
from .report import Figure, Report, Unmeasurable, Verdict, note, ratios
from .wire import counters, sent

COLUMNS = {
    "who": "", "server_us": "server us", "rate": "signs/s", "bytes": "bytes/sign", "packets": "packets/sign",
    "idle_bytes": "idle bytes/s", "busy_bytes": "busy bytes/s", "failed": "failed",
}


def add(parser):
    parser.add_argument("--kind", choices=BY_NAME, default="ES256", help="the signature (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=1.05, help="the ratio follower / leader is held against it (default: %(default)s)")
    parser.add_argument(
        "--bytes", type=float, default=10, help="the bytes between nodes for a signature are held against it (default: %(default)s)")


def measure(options):
    pool, kind = running(options), BY_NAME[options.kind]
    if len(pool.nodes()) < 3:
        raise Unmeasurable("this pool has no follower", "make one of three nodes: deploy/quickstart up --nodes 3 --dir FOLDER")
    pool.make_key(kind.key, kind)
    leader = pool.leader()
    follower = next(node for node in pool.nodes() if node != leader)
    note(f"{kind.name}: node {leader} leads; turns of {options.seconds} s for it and node {follower}, {options.rounds} rounds ...")
    signing(pool, leader, kind, options)
    led, followed = [turn(pool, leader, kind, options)], []
    for _ in range(options.rounds):
        followed.append(turn(pool, follower, kind, options))
        led.append(turn(pool, leader, kind, options))
        if pool.leader() != leader:
            raise Unmeasurable("the leader has changed while it was measured", "measure again, on a quieter machine")
    ratio = ratios([one["server"] for one in followed], [one["server"] for one in led])
    rows = [row(f"leader, node {leader}", led, options), row(f"follower, node {follower}", followed, options)]
    limit = [Verdict("a signature's CPU, follower by leader", ratio, options.limit, "times")]
    limit += [Verdict(f"a signature on the {who}", one["bytes"], options.bytes, "bytes between nodes")
              for who, one in zip(("leader", "follower"), rows)]
    return Report(COLUMNS, rows, limit)


def turn(pool, node, kind, options):
    ports = pool.peer_ports()
    start = counters(ports)
    time.sleep(options.seconds)
    rested = counters(ports)
    began = time.monotonic()
    run = signing(pool, node, kind, options)
    # The generator takes a moment longer than it sends.
    longer = (time.monotonic() - began) / options.seconds
    idle, busy = sent(start, rested), sent(rested, counters(ports))
    return {
        "server": run.server, "rate": run.rate, "failed": run.answers.bad, "idle": idle[0], "busy": busy[0] / longer,
        "bytes": (busy[0] - idle[0] * longer) / run.answers.good, "packets": (busy[1] - idle[1] * longer) / run.answers.good,
    }


def row(who, turns, options):
    return {
        "who": who, "server_us": Figure(1e6 * one["server"] for one in turns), "rate": Figure(one["rate"] for one in turns),
        "bytes": Figure(one["bytes"] for one in turns), "packets": Figure(one["packets"] for one in turns),
        "idle_bytes": Figure(one["idle"] / options.seconds for one in turns),
        "busy_bytes": Figure(one["busy"] / options.seconds for one in turns), "failed": sum(one["failed"] for one in turns),
    }
