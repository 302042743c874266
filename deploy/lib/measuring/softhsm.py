"""CPU seconds for a thousand signatures: in a process with SoftHSM2, and by a pool.

You bring SoftHSM2 (Debian: softhsm2). A process that has loaded it signs with C_SignInit and C_Sign over a digest of 32 bytes, ECDSA
with P-256 and RSA-2048 with PSS, in a loop of Python through ctypes; its CPU time counts, with Python's (a microsecond or two). Its
keys are of the session, which SoftHSM2 uses faster than those that it keeps in files. It is measured alone, and beside one such
process on each other processor, because the pool is always measured while all processors work. Of the pool the CPU time of the asked
node counts; that of all nodes together is shown too.

They take turns: alone, beside, the pool, and alone and beside again. A round's ratio is that of the pool's time to the mean of the
two around it. SoftHSM2 has no network, no token that is verified, no permissions and no audit log: the difference is what they cost.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from .kinds import ES256, RSA_2048
from .load import signing
from .pool import running
from .processes import need
from .report import Figure, Report, Unmeasurable, Verdict, note, ratios

PLACES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
          "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"]
PIN = "1234"
COLUMNS = {
    "kind": "CPU seconds for 1,000", "alone": "SoftHSM2 alone", "beside": "SoftHSM2 beside", "node": "asked node", "pool": "all nodes",
    "to_alone": "to alone", "to_beside": "to beside", "failed": "failed",
}


def add(parser):
    parser.add_argument("--node", type=int, default=1, help="the node that is asked, from 1")
    parser.add_argument("--module", help="SoftHSM2's library, where it is in none of the usual places")
    parser.add_argument("--limit", type=float, default=1, help="the ratios are held against it (default: %(default)s)")


def measure(options):
    pool = running(options)
    processors = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="quorate-softhsm-") as folder:
        library = module(options)
        with Tokens(library, pathlib.Path(folder), processors) as tokens:
            rows = [measure_kind(pool, kind, name, tokens, options) for name, kind in (("ES256", ES256), ("RSA-2048", RSA_2048))]
    return Report(COLUMNS, rows, [
        Verdict(f"{row['kind']}, the asked node by SoftHSM2 {how}", row[f"to_{how}"], options.limit, "times")
        for row in rows for how in ("alone", "beside")])


def measure_kind(pool, kind, name, tokens, options):
    note(f"measuring {name}, {options.rounds} rounds of {options.seconds} s ...")
    pool.make_key(kind.key, kind)
    both = lambda: (tokens.sign(name, options.seconds, 1), tokens.sign(name, options.seconds, None))  # noqa: E731
    theirs, rounds = [both()], []
    for _ in range(options.rounds):
        rounds.append(signing(pool, options.node, kind, options))
        theirs.append(both())
    alone, beside = ([one[place] for one in theirs] for place in (0, 1))
    node = [1000 * one.server for one in rounds]
    return {
        "kind": kind.name, "alone": Figure(alone), "beside": Figure(beside), "node": Figure(node),
        "pool": Figure(1000 * one.pool for one in rounds), "to_alone": ratios(node, alone), "to_beside": ratios(node, beside),
        "failed": sum(one.answers.bad for one in rounds),
    }


class Tokens:
    """Processes with SoftHSM2, one for each processor, each with its own session on one token."""

    def __init__(self, library, folder, count):
        need("softhsm2-util", "softhsm2")
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
        done = subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "measure", "--pin", PIN, "--so-pin", PIN, "--module", library],
            capture_output=True, text=True, env=environment)
        if done.returncode:
            raise Unmeasurable(f"SoftHSM2 makes no token: {done.stderr.strip()}", "does --module name its library?")
        program = pathlib.Path(__file__).with_name("token_client.py")
        self.processes = [
            subprocess.Popen([sys.executable, "-B", program, library, PIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env=environment)
            for _ in range(count)]

    def __enter__(self):
        for process in self.processes:
            self.answer(process)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.stdin.close()
            process.wait(30)

    def sign(self, name, seconds, count):
        """CPU seconds for a thousand signatures, with so many of the processes at work."""
        working = self.processes[:count]
        for process in working:
            process.stdin.write(f"{name} {seconds}\n")
            process.stdin.flush()
        done = [json.loads(self.answer(process)) for process in working]
        return 1000 * sum(one["cpu"] for one in done) / sum(one["good"] for one in done)

    def answer(self, process):
        line = process.stdout.readline()
        if not line:
            raise Unmeasurable("the process with SoftHSM2 has ended", "its message is above")
        return line


def module(options):
    found = [place for place in ([options.module] if options.module else PLACES) if os.path.exists(place)]
    if not found:
        raise Unmeasurable(f"there is no {options.module or 'SoftHSM2'}",
                           "install it with: sudo apt-get install -y softhsm2, or name its library with --module")
    return found[0]
