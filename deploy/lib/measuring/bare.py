"""The bare signature: what one processor does with `openssl speed`, without anything around it."""

import os
import statistics
import subprocess

from .processes import need
from .report import Unmeasurable


def alone(name, seconds=1):
    """CPU seconds of a signature while nothing else runs here."""
    return times(name, seconds, 1)[0]


def beside(name, seconds=1):
    """The same while each other processor signs too. A pool is measured while all processors work, and then the same instructions
    take more CPU time: processors share caches, memory, power and often a core."""
    return statistics.mean(times(name, seconds, len(os.sched_getaffinity(0))))


def times(name, seconds, count):
    """CPU seconds of a signature, in each of so many processes that run at once. They aren't one `openssl speed -multi`: that divides
    by the time that has passed, and neighbours would pass for slow signatures."""
    need("openssl", "openssl")
    processes = [
        subprocess.Popen(["openssl", "speed", "-mr", "-seconds", str(seconds), name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True)
        for _ in range(count)]
    outputs = [process.communicate()[0] for process in processes]
    return [1 / rate(name, output) for output in outputs]


def rate(name, output):
    """Signatures for each second of CPU time."""
    for line in output.splitlines():
        fields = line.split(":")
        if fields[0] in ("+F2", "+F4"):  # +F2:n:bits:signatures per second:verifications per second
            return float(fields[3])
    raise Unmeasurable(f"openssl speed {name} printed no result", "try it by hand: it needs OpenSSL 3")
