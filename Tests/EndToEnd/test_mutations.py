"""A hundred thousand mutated requests against one node of a pool, while a well-behaved client goes on.

The node must stay up, answer nothing with 5xx, never fall silent, and hold no more memory or descriptors afterwards. Every mutant
follows from QUORATE_FUZZ_SEED (default 1) and its number, which a failure prints.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import httpx
import pytest

from conftest import free_ports
from people import CRYPTO_OFFICER, CRYPTO_USER, VERSION, hire
from pool import Pool, is_running, wait_until

SEED = int(os.environ.get("QUORATE_FUZZ_SEED", "1"))
# Scales the number of requests, for trying things out.
SCALE = float(os.environ.get("QUORATE_FUZZ_SCALE", "1"))
# How many mutants of which kind, each line in a process of its own. A connection is served one request after the other, so that
# several at once go much faster. They come in rounds of the same mixture.
MUTANTS = [
    ("Bytes", 9_000), ("Bytes", 9_000), ("Bodies", 7_000), ("Bodies", 7_000), ("Bodies", 7_000), ("Fields", 7_500),
    ("Fields", 7_500), ("Frames", 23_000), ("Frames", 23_000),
]
ROUNDS = 5
# In KiB, the most by which the memory may grow in each of the rounds after the first. What a request leaves behind is left in every
# round: 125 bytes of each mutant come to 2.4 MiB. A compaction of the log, or a burst of large requests, adds as much in one or two.
GROWTH = 2400


def mutants(count: int) -> int:
    """How many of `count` come in one round."""
    return int(count * SCALE / ROUNDS)


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


class Process:
    """What the kernel tells of a node's process."""

    def __init__(self, pool: Pool, node: int):
        self.pid = pool.pid(node)
        self.log = pool.node_folder(node) / "hsmd.log"
        self.started = self.stat()[19]

    def stat(self) -> list[str]:
        return pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()

    def is_the_same(self) -> bool:
        return is_running(self.pid) and self.stat()[19] == self.started

    def memory(self) -> int:
        """Memory of its own in KiB: without mapped files."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        raise AssertionError("no RssAnon")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Client:
    """Signs on the node all the while, over a connection of its own, and remembers what went wrong."""

    def __init__(self, pool: Pool, node: int, token: str):
        self.client = httpx.Client(
            base_url=pool.endpoint(node), verify=pool.tls(), headers={"authorization": f"Bearer {token}"}, timeout=30)
        self.failures: list[str] = []
        self.times: list[float] = []
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        body = {"alg": "ES256", "value": encoded(bytes(32))}
        while not self.ends.wait(0.02):
            begun = time.monotonic()
            try:
                answer = self.client.post(f"/keys/fuzz-ec-good/sign?{VERSION}", json=body)
                if answer.status_code != 200:
                    self.failures.append(f"{answer.status_code} {answer.text}")
            except httpx.HTTPError as failure:
                self.failures.append(repr(failure))
            self.times.append(time.monotonic() - begun)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join(60)
        self.client.close()


class Run:
    """The fuzzers' processes, and what they have done so far."""

    def __init__(self, task: dict, round: int):
        self.sent = 0
        self.results: list[dict] = []
        self.lock = threading.Lock()
        self.threads = []
        for number, (kind, count) in enumerate(MUTANTS):
            one = dict(task, kind=kind, count=mutants(count), seed=f"{SEED}.{round}.{number}")
            self.threads.append(threading.Thread(target=self.drive, args=(one,), daemon=True))
        for thread in self.threads:
            thread.start()

    def drive(self, task: dict) -> None:
        folder = pathlib.Path(__file__).parent
        process = subprocess.Popen(
            [sys.executable, "fuzzers.py"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        for line in process.stdout:
            report = json.loads(line)
            with self.lock:
                if "total" in report:
                    self.results.append(report)
                else:
                    self.sent += report["sent"]
        if process.wait() != 0:
            with self.lock:
                self.results.append({"kind": task["kind"], "total": 0, "finding": process.stderr.read()[-3000:], "statuses": {}})

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    @property
    def findings(self) -> list[str]:
        with self.lock:
            return [result["finding"] for result in self.results if result["finding"]]


@pytest.fixture(scope="module")
def own_pool(tmp_path_factory: pytest.TempPathFactory):
    """Its nodes keep as few free blocks of memory as by default: more of them would look like a leak, or hide one."""
    made = Pool(tmp_path_factory.mktemp("mutants") / "state", free_ports(6), settings={
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=7"}).up()
    yield made
    made.wipe()


@pytest.fixture
def task(own_pool):
    person = hire(own_pool, CRYPTO_USER, CRYPTO_OFFICER, name="fuzzer")
    token = person.token(own_pool)
    with httpx.Client(verify=own_pool.tls(), headers={"authorization": f"Bearer {token}"}) as client:
        base = f"{own_pool.endpoint(1)}/keys"
        for name, kind in (("fuzz-ec", "EC"), ("fuzz-ec-good", "EC"), ("fuzz-rsa", "RSA"), ("fuzz-deleted", "EC")):
            assert client.post(f"{base}/{name}/create?{VERSION}", json={"kty": kind}).status_code == 200
        assert client.delete(f"{base}/fuzz-deleted?{VERSION}").status_code == 200
    return {"authority": str(own_pool.authority), "token": token, "administrator": own_pool.token()}


def test_a_hundred_thousand_mutants(own_pool, task):
    node = own_pool.leader()
    process = Process(own_pool, node)
    log_before = process.log.stat().st_size
    descriptors_before = process.descriptors()
    memory = [process.memory()]
    results: list[dict] = []
    begun = time.monotonic()
    with Client(own_pool, node, task["token"]) as client:
        for round in range(ROUNDS):
            run = Run(dict(task, port=own_pool.port + node - 1), round)
            while not run.is_over:
                assert process.is_the_same(), f"the node has ended: {process.log.read_text()[-3000:]}"
                assert not run.findings, run.findings
                time.sleep(0.25)
            assert process.is_the_same(), process.log.read_text()[-3000:]
            assert not run.findings, run.findings
            results += run.results
            # The client has one.
            wait_until(lambda: process.descriptors() <= descriptors_before + 3, 20, "the descriptors of the mutants' connections")
            memory.append(process.memory())
    total = sum(result["total"] for result in results)
    seconds = time.monotonic() - begun
    wait_until(lambda: process.descriptors() <= descriptors_before + 2, 20, "the descriptor of the client's connection")
    growth = [after - before for before, after in zip(memory[1:], memory[2:])]
    statuses: dict[str, int] = {}
    for result in results:
        for status, count in result["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    slowest = max(client.times)
    print(f"\n{total} mutants in {seconds:.0f} s, seed {SEED}; answers {dict(sorted(statuses.items()))}; memory in KiB at the start "
          f"and after each round {memory}; {len(client.times)} good requests, the slowest {slowest * 1000:.0f} ms; connections "
          f"{[(r['kind'], r['connections']) for r in results]}")
    assert total == ROUNDS * sum(mutants(count) for _, count in MUTANTS)
    # The mutants got through to every layer: some were even good, some were refused at each check.
    assert all(statuses.get(status, 0) > total / 100 for status in ("200", "400", "401", "404", "409")), statuses
    assert min(growth) <= GROWTH, f"memory in KiB at the start and after each round: {memory}"
    assert not client.failures, client.failures[:5]
    assert len(client.times) > seconds and slowest < 10
    assert process.log.stat().st_size - log_before < 64 * 1024, process.log.read_text()[-3000:]
