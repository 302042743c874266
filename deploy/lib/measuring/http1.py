"""What a request of the unmodified Azure library for Python costs a node, beside one over HTTP/2.

The library speaks HTTP/1.1: each of --clients threads has a connection and one request under way, as many as Python makes. h2load
then asks for the same signatures at the rate that was just reached, over as many connections with one request under way on each:
over HTTP/2, and over HTTP/1.1, which tells what is the protocol's and what the library's. They take turns; a round's ratio is the
library's CPU time of the node by that of HTTP/2 before and after it. A rate far below what a node can do costs it more CPU time for
each request than a high one: fewer requests share a wake-up and a flush of the audit log. It is the same for all three.

The library is the one of --python. Without it, azure-identity and azure-keyvault-keys are installed from PyPI into
.build/measure-clients, at the versions of Tests/EndToEnd/requirements.txt.
"""

import json
import os
import pathlib
import subprocess
import sys

from .kinds import BY_NAME, DIGEST
from .load import Answers, h2load, measured
from .pool import ROOT, running
from .report import Figure, Report, Unmeasurable, Verdict, note, ratios

PACKAGES = ("azure-identity", "azure-keyvault-keys")
COLUMNS = {"who": "", "rate": "requests/s", "server_us": "server us", "failed": "failed"}


def add(parser):
    parser.add_argument("--kind", choices=BY_NAME, default="ES256", help="the signature (default: %(default)s)")
    parser.add_argument("--node", type=int, default=1, help="the node that is asked, from 1")
    parser.add_argument("--python", help="an interpreter that has azure-identity and azure-keyvault-keys")
    parser.add_argument("--limit", type=float, default=1.5, help="the ratio library / HTTP/2 is held against it (default: %(default)s)")
    parser.set_defaults(clients=4, seconds=5)


def measure(options):
    pool, kind, python = running(options), BY_NAME[options.kind], interpreter(options)
    pool.make_key(kind.key, kind)
    with Library(pool, kind, python, options) as library:
        rate = library.run(2).good / 2
        note(f"{kind.name}: {options.rounds} rounds of HTTP/2, the library and HTTP/1.1, {options.seconds} s each ...")
        paced = lambda *words: measured(pool, options.node, lambda: h2load(  # noqa: E731
            pool, options.node, [f"/keys/{kind.key}/sign"], kind.body, "-D", str(options.seconds), "-c", str(options.clients),
            "-m", "1", "--rps", f"{rate / options.clients:.3f}", *words))
        second, library_runs, first = [paced()], [], []
        for _ in range(options.rounds):
            library_runs.append(measured(pool, options.node, lambda: library.run(options.seconds)))
            rate = library_runs[-1].rate
            first.append(paced("--h1"))
            second.append(paced())
    ratio = ratios([one.server for one in library_runs], [one.server for one in second])
    rows = [row("Azure library, HTTP/1.1", library_runs), row("h2load, HTTP/1.1", first), row("h2load, HTTP/2", second)]
    return Report(COLUMNS, rows, [Verdict("a node's CPU for a request, Azure library by HTTP/2", ratio, options.limit, "times")])


def row(who, runs):
    return {
        "who": who, "rate": Figure(one.rate for one in runs), "server_us": Figure(1e6 * one.server for one in runs),
        "failed": sum(one.answers.bad for one in runs),
    }


class Library:
    """The process that signs with the library. It has one start and many rounds."""

    def __init__(self, pool, kind, python, options):
        client = pathlib.Path(__file__).with_name("azure_client.py")
        self.process = subprocess.Popen(
            [python, "-B", client, pool.endpoints[options.node - 1], kind.key, kind.algorithm, DIGEST.hex(), str(options.clients)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **pool.environment})

    def __enter__(self):
        self.answer()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        done = json.loads(self.answer())
        return Answers(done["good"], done["bad"], done["seconds"], 0)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Unmeasurable("the library's client has ended", "its message is above; --python names another interpreter")
        return line


def interpreter(options):
    if options.python:
        return options.python
    for folder in ("test-clients", "measure-clients"):
        python = ROOT / ".build" / folder / "bin" / "python"
        look = [python, "-c", "import azure.identity, azure.keyvault.keys"]
        if python.exists() and not subprocess.run(look, capture_output=True).returncode:
            return python
    note("installing azure-identity and azure-keyvault-keys into .build/measure-clients ...")
    wanted = (ROOT / "Tests" / "EndToEnd" / "requirements.txt").read_text().split()
    wanted = [line for line in wanted if line.split("=")[0] in PACKAGES]
    folder = ROOT / ".build" / "measure-clients"
    for command in ([sys.executable, "-m", "venv", folder],
                    [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unmeasurable(f"{' and '.join(PACKAGES)} can't be installed: {done.stderr.strip()[-500:]}",
                               "name an interpreter that has them with --python")
    return folder / "bin" / "python"
