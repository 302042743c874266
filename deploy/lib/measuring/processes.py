"""What the kernel knows of a process."""

import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

from .report import Unmeasurable


def cpu_seconds(pid):
    """CPU time of a process, user and system, of all its threads. It is read from the process's own clock (the number is how Linux
    names it, as clock_getcpuclockid does): /proc/PID/stat counts in hundredths, too coarse for few requests."""
    return time.clock_gettime((~pid << 3) | 2)


def resident(pid):
    """Bytes in memory."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise Unmeasurable(f"process {pid} has ended", "look into nodes/node-*/hsmd.log of the pool's folder")


def need(program, package):
    if not shutil.which(program):
        raise Unmeasurable(f"there is no {program} on the PATH", f"install it with: sudo apt-get install -y {package}")


def allow_files(pid, count):
    """Lets a process have so many files open; only root may go beyond the hard limit."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, max(count, hard)))
    except (PermissionError, ValueError) as error:
        raise Unmeasurable(
            f"process {pid} may have {hard} files open and needs {count} ({error})",
            f"raise the limit before the pool is started: ulimit -n {count}, or nofile in /etc/security/limits.conf") from error


def run(command, **options):
    """Runs a program to its end: its output, and its CPU seconds with those of its children."""
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, **options) as process:
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if process.returncode:
            raise Unmeasurable(f"{os.path.basename(command[0])} failed", errors.read().strip() or output.strip())
    return output, usage.ru_utime + usage.ru_stime
