"""Whether a signature costs more in a pool with many keys, role assignments or principals.

For each of the three there is a new pool of --nodes nodes that gets the many, and one more that keeps as few as it has. The former is
measured before and after, each time in turn with the latter: with the same key and the same principal, by h2load at node 1. A round's
ratio is its CPU time for each signature (or its rate) by the other pool's around it, so that a slower minute of the machine isn't taken
for a slower pool.

Then the load is spread: 8 processes of h2load with one connection each, over all keys that were made (a node keeps records of keys
on disk, and the latest in memory), or by 8 of the principals. That has no limit: it is another load.

The many are made by h2load, with --making requests under way; how fast is shown too, and with 100,000 keys it is most of the time that
this takes: some minutes in all. Of role assignments 10 are made at each of as many keys as that takes, since a key has no more
(docs/protocol.md); those keys are made with them.
"""

import concurrent.futures
import contextlib
import random
import time
import uuid

from .kinds import ES256
from .load import h2load, measured, signing
from .pool import Client, own
from .report import Figure, Report, Unmeasurable, Verdict, note, ratios

CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
AT_A_KEY = 10
SPREAD = 8
COLUMNS = {
    "what": "", "rate": "signs/s", "server_us": "server us", "cpu_ratio": "CPU by few", "rate_ratio": "rate by few",
    "made": "made/s", "failed": "failed",
}


def add(parser):
    parser.add_argument("--keys", type=int, default=100_000, help="how many keys, 0 for none (default: %(default)s)")
    parser.add_argument("--assignments", type=int, default=10_000, help="how many role assignments (default: %(default)s)")
    parser.add_argument("--principals", type=int, default=10_000, help="how many principals (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=1, choices=(1, 3, 5), help="nodes of each pool (default: %(default)s)")
    parser.add_argument("--making", type=int, default=64, help="requests under way while they are made (default: %(default)s)")
    parser.add_argument("--binaries", help="take hsmd and hsmctl from there and build nothing")
    parser.add_argument(
        "--limit", type=float, default=1.1, help="the ratio of CPU for a signature is held against it (default: %(default)s)")
    parser.set_defaults(rounds=3)


def measure(options):
    asked = [(what, getattr(options, what), make) for what, make in (
        ("keys", make_keys), ("assignments", make_assignments), ("principals", make_principals)) if getattr(options, what)]
    if not asked:
        raise Unmeasurable("nothing is asked for", "give --keys, --assignments or --principals a number")
    report = Report(COLUMNS)
    with fresh(options) as few:
        for what, many, make in asked:
            with fresh(options) as grown:
                add_rows(report, what, many, make, few, grown, options)
    return report


@contextlib.contextmanager
def fresh(options):
    with own(options.nodes, options.binaries) as pool:
        pool.make_key(ES256.key, ES256)
        signing(pool, 1, ES256, options)
        yield pool


def add_rows(report, what, many, make, few, grown, options):
    report.rows.append(in_turn(f"before, few {what}", few, grown, options))
    note(f"making {many:,} {what} ...")
    began = time.monotonic()
    spread = make(grown, many, options)
    made = many / (time.monotonic() - began)
    after = {**in_turn(f"{many:,} {what}", few, grown, options), "made": made}
    over, runs = spread_over(grown, *spread, options)
    report.rows += [after, {"what": over, **figures(runs)}]
    report.verdicts += [
        Verdict(f"a signature's CPU with {many:,} {what}, by few", after["cpu_ratio"], options.limit, "times"),
        Verdict(f"signatures a second with {many:,} {what}, by few", after["rate_ratio"], 1 / options.limit, "times", at_least=True),
    ]


def in_turn(what, few, grown, options):
    note(f"{what}: {options.rounds} rounds of {options.seconds} s ...")
    small, large = [signing(few, 1, ES256, options)], []
    for _ in range(options.rounds):
        large.append(signing(grown, 1, ES256, options))
        small.append(signing(few, 1, ES256, options))
    return {
        "what": what, **figures(large), "cpu_ratio": ratios([one.server for one in large], [one.server for one in small]),
        "rate_ratio": ratios([one.rate for one in large], [one.rate for one in small]), "few": figures(small),
    }


def figures(runs):
    return {
        "rate": Figure(one.rate for one in runs), "server_us": Figure(1e6 * one.server for one in runs),
        "failed": sum(one.answers.bad for one in runs),
    }


# --- making many ----------------------------------------------------------------------------------------------------------
# Each returns what the load is then spread over: in words, the paths, and the tokens.

def make_keys(pool, many, options):
    names = [f"many-{number:06d}" for number in range(many)]
    written(pool, [f"/keys/{name}/create" for name in names], b'{"kty":"EC-HSM","crv":"P-256"}', options)
    return f"  spread over {many:,} keys", [f"/keys/{name}/sign" for name in names], [None] * SPREAD


def make_assignments(pool, many, options):
    """The principals have their roles at keys of their own only: what they may do is found among many."""
    people = [hire(pool) for _ in range(AT_A_KEY)]
    names = [f"many-{number:06d}" for number in range(max(1, many // AT_A_KEY))]
    written(pool, [f"/keys/{name}/create" for name in names], b'{"kty":"EC-HSM","crv":"P-256"}', options)
    for person in people:
        paths = [f"/keys/{name}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}" for name in names]
        body = f'{{"properties":{{"roleDefinitionId":"{CRYPTO_USER}","principalId":"{person["objectId"]}"}}}}'
        written(pool, paths, body.encode(), options, method="PUT")
    tokens = [token_of(pool, person) for person in people[:SPREAD]]
    return f"  by {SPREAD} with {len(names):,} roles each", [f"/keys/{name}/sign" for name in names], tokens


def make_principals(pool, many, options):
    people = [hire(pool) for _ in range(SPREAD)]
    for person in people:
        pool.client.call("PUT", f"/keys/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", {
            "properties": {"roleDefinitionId": CRYPTO_USER, "principalId": person["objectId"]}})
    written(pool, ["/quorate/v1/principals"] * (many - SPREAD), b'{"displayName":"many"}', options)
    return f"  by {SPREAD} of them", [f"/keys/{ES256.key}/sign"], [token_of(pool, person) for person in people]


def written(pool, paths, body, options, method="POST"):
    """Sends each path once, all from one client, which takes them in their order."""
    done = h2load(pool, 1, paths, body, "-n", str(len(paths)), "-c", "1", "-m", str(options.making), method=method)
    if done.good < len(paths):
        raise Unmeasurable(
            f"{len(paths) - done.good:,} of {len(paths):,} were not made", "the node has refused them: try fewer, or a smaller --making")


def hire(pool):
    return pool.client.call("POST", "/quorate/v1/principals", {"displayName": "measure"})


def token_of(pool, person):
    return Client(pool.environment, (person["clientId"], person["clientSecret"])).token


# --- spreading the load -----------------------------------------------------------------------------------------------------

def spread_over(pool, what, paths, tokens, options):
    """A client of h2load takes paths in their order, so each has a process of its own with an order of its own."""
    chance = random.Random(1)
    orders = [chance.sample(paths, len(paths)) for _ in tokens]
    words = ["-D", str(options.seconds), "-c", "1", "-m", str(options.streams)]

    def work():
        with concurrent.futures.ThreadPoolExecutor(len(tokens)) as clients:
            found = list(clients.map(
                lambda order, token: h2load(pool, 1, order, ES256.body, *words, token=token), orders, tokens))
        return type(found[0])(
            sum(one.good for one in found), sum(one.bad for one in found), options.seconds, sum(one.generator for one in found))

    return what, [measured(pool, 1, work) for _ in range(options.rounds)]
