"""What a full backup of very many keys takes, and what it costs those who sign meanwhile. Not part of the suite, since it
takes minutes; h2load has to be installed (Debian: nghttp2-client):

    QUORATE_BINARIES=.build/release python Tests/EndToEnd/backup_scale.py [--keys 100000] [--nodes 3]

It makes the keys, backs them up, watches the memory of the node that works, and then compares the rate of signatures of
that node in windows in which backups run one after the other with windows in which none does. It prints what it found
beside what is asked for. Exit code 1 where something is missed.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from conftest import free_ports
from load import API_VERSION, SIGN_BODY
from people import CRYPTO_USER, hire
from pool import Pool, wait_until
from scale import Judge, make, memory


class Backups:
    """Full backups into the directory of one node's file."""

    def __init__(self, pool: Pool, node: int):
        self.pool, self.node, self.token = pool, node, pool.token()
        self.place = pool.folder / "backups" / "scale"

    def one(self) -> tuple[float, int]:
        """Seconds and bytes of one backup, which isn't kept."""
        began = time.monotonic()
        answer = self.pool.call("POST", self.node, "/backup", self.token, {"storageResourceUri": "file:///scale"})
        assert answer.status_code == 202, answer.text
        path = "/" + answer.headers["azure-asyncoperation"].split("/", 3)[3]

        def ended() -> bool:
            self.state = self.pool.call("GET", self.node, path, self.token).json()
            return self.state["status"].lower() != "inprogress"

        wait_until(ended, 300, "the backup", interval=0.1)
        seconds = time.monotonic() - began
        assert self.state["status"] == "Succeeded", self.state
        size = sum(file.stat().st_size for file in self.place.rglob("backup.qbk"))
        shutil.rmtree(self.place)
        return seconds, size

    def repeat(self, stop: threading.Event, done: list[float]) -> None:
        while not stop.is_set():
            done.append(self.one()[0])


class Peak:
    """The most memory that a node has meanwhile."""

    def __init__(self, pool: Pool, node: int):
        self.before = memory(pool, node)
        self.most = self.before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pool, node))

    def _watch(self, pool: Pool, node: int) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, memory(pool, node))

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def mebibytes(self) -> float:
        return (self.most - self.before) / 2**20


def signatures(pool: Pool, node: int, token: str, seconds: int) -> float:
    """Good answers of the node in a second, asked over HTTP/2 by as many as it can serve."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(SIGN_BODY)
        body.flush()
        result = subprocess.run(
            ["h2load", "-D", str(seconds), "-c", "8", "-m", "16", "-t", "1", "-d", body.name, "-H",
             f"authorization: Bearer {token}", "-H", "content-type: application/json",
             f"{pool.endpoint(node)}/keys/scale-000000/sign?api-version={API_VERSION}"],
            capture_output=True, text=True, check=True).stdout
    good, *other = map(int, re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", result).groups())
    assert sum(other) == 0, result
    return good / seconds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keys", type=int, default=100_000)
    options.add_argument("--nodes", type=int, default=3, choices=(1, 3, 5))
    options.add_argument("--windows", type=int, default=4, help="of each kind")
    options.add_argument("--seconds", type=int, default=6, help="of one window")
    arguments = options.parse_args()
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(pathlib.Path(folder) / "state", free_ports(2 * arguments.nodes), arguments.nodes).up()
        try:
            token = hire(pool, CRYPTO_USER, name="scale").token(pool)
            rate = make(pool, token, range(arguments.keys))
            print(f"{arguments.keys} keys, made at {rate:.0f} a second", flush=True)
            backups = Backups(pool, 1)
            with Peak(pool, 1) as peak:
                seconds, size = backups.one()
            print(f"a backup of {size / 2**20:.0f} MiB", flush=True)
            judge("a backup of all keys", seconds, 30, "s")
            judge("memory that it takes beside", peak.mebibytes, 200, "MiB")
            signatures(pool, 1, token, 2)
            alone, beside, durations = [], [], []
            for _ in range(arguments.windows):
                alone.append(signatures(pool, 1, token, arguments.seconds))
                stop = threading.Event()
                thread = threading.Thread(target=backups.repeat, args=(stop, durations))
                thread.start()
                beside.append(signatures(pool, 1, token, arguments.seconds))
                stop.set()
                thread.join()
            print("signatures a second without a backup: " + ", ".join(f"{rate:.0f}" for rate in alone))
            print("signatures a second beside a backup:  " + ", ".join(f"{rate:.0f}" for rate in beside))
            print(f"{len(durations)} backups meanwhile, {sum(durations) / len(durations):.1f} s each")
            judge("signatures that backups cost", 100 * (1 - sum(beside) / sum(alone)), 10, "%")
        finally:
            pool.wipe()
    return judge.exit_code


if __name__ == "__main__":
    sys.exit(main())
