"""The command line of `deploy/measure`."""

import argparse
import importlib
import signal
import subprocess
import sys
import urllib.error

from .pool import ROOT
from .report import Unmeasurable

MEASUREMENTS = {
    "signatures": "server CPU per signature, beside `openssl speed` (the default)",
    "nodes": "what it costs the leader and a follower, and what nodes say because of it",
    "generator": "what the load generators themselves cost: hsmctl load beside h2load",
    "http1": "what a request of the Azure library for Python costs, beside HTTP/2 at the same rate",
    "connections": "what 10,000 idle connections cost a node",
    "counts": "whether it costs more with many keys, role assignments or principals",
    "overload": "what a pool still does when three times as much is asked of it as it can do",
    "softhsm": "CPU seconds per thousand signatures, beside SoftHSM2 in a process",
    "steady": "latency, errors and memory at half of the maximum, for as long as one likes",
}


def main():
    words = sys.argv[1:]
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words = ["signatures", *words]
    options = arguments(words)
    # Who stops it leaves no pool behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("measure: stopped"))
    try:
        options.measure(options).show(options.measurement, options.json)
    except Unmeasurable as failure:
        sys.exit(f"measure: {failure}\n         {failure.cure}")
    except (OSError, subprocess.SubprocessError, urllib.error.URLError) as failure:
        sys.exit(f"measure: {type(failure).__name__}: {failure}\n         does the pool still run? See: deploy/quickstart status")
    except KeyboardInterrupt:
        sys.exit("measure: interrupted")


def formatter(prog):
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=130)


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="deploy/measure", formatter_class=formatter, description=DESCRIPTION)
    parts = parser.add_subparsers(dest="measurement", metavar="MEASUREMENT", required=True)
    for name, summary in MEASUREMENTS.items():
        module = importlib.import_module(f".{name}", __package__)
        part = parts.add_parser(
            name, help=summary, description=module.__doc__, formatter_class=formatter)
        part.add_argument("--dir", default=str(ROOT / ".quorate"), help="state folder of the pool (default: .quorate in the project)")
        part.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: %(default)s)")
        part.add_argument("--seconds", type=int, default=3, help="how long the pool is measured in each round (default: %(default)s)")
        part.add_argument("--clients", type=int, default=8, help="connections (default: %(default)s)")
        part.add_argument("--streams", type=int, default=16, help="requests under way on each (default: 16, unless said otherwise above)")
        part.add_argument("--json", action="store_true", help="all figures of all rounds, for scripts")
        part.set_defaults(measure=module.measure)
        module.add(part)
    return parser.parse_args(words)


DESCRIPTION = """\
Measures what a signature costs. Each measurement prints its figures (the median of the rounds, and their range), and verdicts where
there is a limit. `deploy/measure MEASUREMENT --help` says how it measures and what it needs.

Most ask the pool of `deploy/quickstart up`, which must be running; some make pools of their own. h2load (Debian: nghttp2-client)
makes most of the load over HTTP/2 with TLS; each request carries an access token, is authorised, and is in the audit log before it
is answered. Progress is on standard error. Exit code 0 whether limits are kept or not, 1 where it can't be measured, with cause
and cure."""
