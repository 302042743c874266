"""Whether a pool with very many keys serves them as one with few does. Not part of the suite, since it takes minutes:

    QUORATE_BINARIES=.build/release python Tests/EndToEnd/scale.py [--keys 100000] [--nodes 1]

It makes a pool, measures it with 100 keys, makes the rest, measures again with the same requests, restarts the nodes, and
prints what it found beside what is asked for. Exit code 1 where something is missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

from conftest import free_ports
from people import CRYPTO_USER, hire
from pool import Pool

VERSION = "api-version=2025-07-01"
SAMPLES = 3000
FEW = 100
SIGN = json.dumps({"alg": "ES256", "value": "A" * 43}).encode()


class Connection:
    """One connection that is kept open."""

    def __init__(self, pool: Pool, node: int, token: str):
        self.link = http.client.HTTPSConnection("127.0.0.1", pool.port + node - 1, context=pool.tls(), timeout=60)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def request(self, method: str, path: str, body: bytes = b"") -> dict:
        self.link.request(method, path, body, self.headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)


def name(number: int) -> str:
    return f"scale-{number:06d}"


def make(pool: Pool, token: str, numbers: range, workers: int = 24) -> float:
    """Makes these keys, all nodes at work; keys a second."""
    failures: list[Exception] = []

    def work(first: int) -> None:
        try:
            connection = Connection(pool, first % pool.nodes + 1, token)
            for number in numbers[first::workers]:
                connection.request("POST", f"/keys/{name(number)}/create?{VERSION}", b'{"kty":"EC"}')
        except Exception as failure:  # noqa: BLE001: reported by the main thread
            failures.append(failure)

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(first,)) for first in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return len(numbers) / (time.monotonic() - began)


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[int(len(seconds) * share)] * 1000


def measure(connection: Connection, keys: int, hot: int) -> dict[str, float]:
    """99th percentiles in milliseconds. The keys that sign are `hot` of all, spread over them."""
    chance = random.Random(1)
    some = lambda: name(chance.randrange(keys))  # noqa: E731
    hot_names = [name(number * keys // hot) for number in range(hot)]
    requests = {
        "get": lambda: ("GET", f"/keys/{some()}?{VERSION}"),
        "list": lambda: ("GET", f"/keys?maxresults=25&{VERSION}"),
        "sign": lambda: ("POST", f"/keys/{chance.choice(hot_names)}/sign?{VERSION}", SIGN),
        "sign any key": lambda: ("POST", f"/keys/{some()}/sign?{VERSION}", SIGN),
    }
    for one in hot_names:
        connection.request("POST", f"/keys/{one}/sign?{VERSION}", SIGN)
    found = {}
    for what, request in requests.items():
        seconds = []
        for _ in range(SAMPLES):
            arguments = request()
            began = time.perf_counter()
            connection.request(*arguments)
            seconds.append(time.perf_counter() - began)
        found[what] = percentile(seconds, 0.99)
        print(f"  {what:14} p50 {percentile(seconds, 0.5):7.3f} ms, p99 {found[what]:7.3f} ms", flush=True)
    return found


def walk(connection: Connection, keys: int) -> float:
    """Lists everything, page by page; the slowest of 100 pages, in milliseconds."""
    path, seen, seconds = f"/keys?maxresults=25&{VERSION}", 0, []
    while path:
        began = time.perf_counter()
        page = connection.request("GET", path)
        seconds.append(time.perf_counter() - began)
        seen += len(page["value"])
        link = page.get("nextLink")
        path = link and "/" + link.split("/", 3)[3]
    # The pool began with two keys of its own.
    assert seen == keys + 2, f"listed {seen} of {keys + 2} keys"
    return percentile(seconds, 0.99)


def memory(pool: Pool, node: int) -> int:
    """Resident bytes of a node."""
    for line in pathlib.Path(f"/proc/{pool.pid(node)}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no resident size")


def restart(pool: Pool, token: str) -> float:
    """Stops all nodes, starts them and opens the pool; seconds until a key of the pool is read."""
    pool.quickstart("down")
    began = time.monotonic()
    pool.quickstart("up")
    # The token is still good: it is the pool that honours it, not a node.
    Connection(pool, 1, token).request("GET", f"/keys/{name(0)}?{VERSION}")
    return time.monotonic() - began


class Judge:
    """Says of each figure whether it is within its limit."""

    def __init__(self):
        self.exit_code = 0

    def __call__(self, what: str, value: float, limit: float, unit: str) -> None:
        good = value <= limit
        print(f"{'met   ' if good else 'MISSED'} {what}: {value:.2f} {unit}, at most {limit:g} {unit}", flush=True)
        if not good:
            self.exit_code = 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keys", type=int, default=100_000)
    options.add_argument("--nodes", type=int, default=1, choices=(1, 3, 5))
    arguments = options.parse_args()
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(pathlib.Path(folder) / "state", free_ports(2 * arguments.nodes), arguments.nodes).up()
        try:
            token = hire(pool, CRYPTO_USER, name="scale").token(pool)
            make(pool, token, range(FEW))
            connection = Connection(pool, 1, token)
            print(f"{FEW} keys:")
            few = measure(connection, FEW, FEW)
            before = memory(pool, 1)
            rate = make(pool, token, range(FEW, arguments.keys))
            print(f"{arguments.keys} keys, made at {rate:.0f} a second:")
            grown = (memory(pool, 1) - before) / (arguments.keys - FEW)
            # The first connection was idle for too long: the node has closed it.
            connection = Connection(pool, 1, token)
            many = measure(connection, arguments.keys, FEW)
            for what in ("get", "list", "sign"):
                judge(f"p99 of {what} compared with {FEW} keys", many[what] / few[what], 1.5, "times")
            judge("growth of memory for each key while they were made", grown / 1024, 2, "KiB")
            print(f"slowest of 100 pages of a complete list: {walk(connection, arguments.keys):.2f} ms")
            judge("restart until a key is served", restart(pool, token), 20, "s")
            after = (memory(pool, 1) - before) / (arguments.keys - FEW)
            judge("memory for each key after the restart", after / 1024, 2, "KiB")
        finally:
            pool.wipe()
    return judge.exit_code


if __name__ == "__main__":
    sys.exit(main())
