"""Load on a pool, and what it costs there."""

import dataclasses
import json
import os
import re
import tempfile
import time

from .pool import VERSION
from .processes import cpu_seconds, need, run
from .report import Unmeasurable


@dataclasses.dataclass
class Answers:
    """What a generator says of its run: good and other answers, seconds, and its own CPU seconds."""

    good: int
    bad: int
    seconds: float
    generator: float
    details: dict = dataclasses.field(default_factory=dict)
    """Where the generator is `hsmctl load`: its report."""


@dataclasses.dataclass
class Run:
    """Answers, and what they cost the nodes: CPU seconds of the asked node, and of all, for each good one."""

    answers: Answers
    server: float
    pool: float
    audit_bytes: float

    @property
    def rate(self):
        """Good answers a second. `hsmctl load` also tells of those that came after its time, and leaves them out of the rate."""
        return self.answers.details["all"]["rate"] if self.answers.details else self.answers.good / self.answers.seconds


def measured(pool, node, work):
    """`work` makes load and returns Answers. Load that nobody answered well measures nothing."""
    pids, size = pool.pids(), pool.audit_bytes(node)
    before = [cpu_seconds(pid) for pid in pids]
    answers = work()
    used = [cpu_seconds(pid) - then for pid, then in zip(pids, before)]
    if not answers.good:
        raise Unmeasurable("no request was answered well", f"look into {pool.folder}/nodes/node-{node}/hsmd.log")
    return Run(answers, used[node - 1] / answers.good, sum(used) / answers.good, (pool.audit_bytes(node) - size) / answers.good)


def signing(pool, node, kind, options, key=None, token=None):
    """The usual load: h2load at one node, with one key, in a closed loop."""
    path = f"/keys/{key or kind.key}/sign"
    return measured(pool, node, lambda: h2load(
        pool, node, [path], kind.body, "-D", str(options.seconds), "-c", str(options.clients), "-m", str(options.streams), token=token))


def h2load(pool, node, paths, body, *words, token=None, method="POST"):
    """One run of h2load over HTTP/2 with TLS 1.3, from one thread. Each of its clients asks for the paths in their order."""
    need("h2load", "nghttp2-client")
    with tempfile.NamedTemporaryFile() as content, tempfile.NamedTemporaryFile("w") as addresses:
        content.write(body)
        content.flush()
        addresses.writelines(f"{pool.endpoints[node - 1]}{path}?{VERSION}\n" for path in paths)
        addresses.flush()
        began = time.monotonic()
        output, cpu = run([
            "h2load", "-t", "1", *words, "-d", content.name, "-i", addresses.name, "-H", f":method: {method}",
            "-H", f"authorization: Bearer {token or pool.client.token}", "-H", "content-type: application/json",
        ])
        took = time.monotonic() - began
    good, *bad = (int(number) for number in re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output).groups())
    broken = re.search(r"(\d+) errored, (\d+) timeout", output)
    asked = re.search(r"-D (\S+)", " ".join(words))
    return Answers(good, sum(bad) + sum(int(number) for number in broken.groups()), float(asked.group(1)) if asked else took, cpu)


def depth(kind):
    """Requests under way on each connection with which a closed loop finds the maximum of all nodes. Of cheap signatures more are
    made the more of them share a wake-up and a flush; of RSA a node refuses what would wait for too long."""
    return 48 if kind.type == "EC-HSM" else 16


def hsmctl_load(pool, nodes, kind, *words):
    """One run of `hsmctl load` at these nodes. It asks for a token of its own, and sees to it that this lasts."""
    environment = {
        **os.environ, **pool.environment, "QUORATE_ENDPOINTS": " ".join(pool.endpoints[node - 1] for node in nodes),
        "QUORATE_CLIENT_SECRET_FILE": str(pool.folder / "administrator.secret"),
    }
    output, cpu = run(
        [pool.hsmctl(), "load", "--key", kind.key, "--algorithm", kind.algorithm, "--json", *words], env=environment)
    report = json.loads(output)["report"]
    bad = sum(report["all"][name] for name in ("throttled", "unavailable", "refused", "failed", "timedOut", "disconnected"))
    return Answers(report["all"]["good"], bad, report["seconds"], cpu, report)
