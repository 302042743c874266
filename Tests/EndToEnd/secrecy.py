"""Looks for secrets wherever they must not be: in files, in what passed over the wire, in swap space.

Each search is to be tried on a planted secret first: a search that can't find what is there shows nothing.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy

CHUNK = 16
WORD = 8


def forms(chunk: bytes) -> set[bytes]:
    """How a piece of a secret may be written: as it is, backwards, in hexadecimal, in base64 at any offset."""
    written = set()
    for value in (chunk, chunk[::-1]):
        written |= {value, value.hex().encode(), value.hex().upper().encode()}
        for offset in range(3):
            # Only those characters that depend on nothing before and behind the piece.
            text = base64.b64encode(bytes(offset) + value)
            first, last = (8 * offset + 5) // 6, 8 * (offset + CHUNK) // 6
            written |= {text[first:last], text[first:last].replace(b"+", b"-").replace(b"/", b"_")}
    return written


class Search:
    """Finds any 16 bytes, at multiples of 16, of any of the secrets."""

    def __init__(self, secrets: dict[str, bytes]):
        self.needles: dict[bytes, str] = {}
        for name, secret in secrets.items():
            assert len(secret) >= CHUNK, name
            for offset in range(0, len(secret) - CHUNK + 1, CHUNK):
                for form in forms(secret[offset:offset + CHUNK]):
                    self.needles[form] = f"{name} from byte {offset}"

        # Where the first 8 bytes of a needle are is found in all of the data at once, the rest is then compared.
        self.begins: dict[int, list[bytes]] = {}
        for needle in self.needles:
            self.begins.setdefault(int.from_bytes(needle[:WORD], "little"), []).append(needle)
        self.words = numpy.array(sorted(self.begins), dtype="<u8")

    def of(self, data: bytes) -> set[str]:
        found = set()
        for offset in range(WORD):
            if (count := (len(data) - offset) // WORD) <= 0:
                break
            words = numpy.frombuffer(data, "<u8", count, offset)
            nearest = numpy.searchsorted(self.words, words).clip(max=len(self.words) - 1)
            for place in numpy.nonzero(self.words[nearest] == words)[0]:
                at = offset + WORD * int(place)
                found |= {self.needles[one] for one in self.begins[int(words[place])] if data.startswith(one, at)}
        return found

    def of_files(self, *folders: pathlib.Path) -> dict[str, set[str]]:
        found = {}
        for folder in folders:
            for file in [folder] if folder.is_file() else sorted(folder.rglob("*")):
                if file.is_file() and (names := self.of(file.read_bytes())):
                    found[str(file)] = names
        return found


class Capture:
    """Records what passes over the loopback device at some ports."""

    def __init__(self, file: pathlib.Path, ports: range):
        self.file = file
        expression = f"tcp portrange {ports.start}-{ports.stop - 1}"
        self.process = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-s", "0", "-B", "16384", "-U", "--immediate-mode", "-Z", "root", "-w", str(file),
             expression],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while "listening" not in line:
            assert line, "tcpdump ended: " + str(self.process.wait())
            line = self.process.stderr.readline()

    def stop(self) -> None:
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=20)[1]
        assert "0 packets dropped by kernel" in said, f"the capture is incomplete: {said}"


def may_capture() -> bool:
    return os.geteuid() == 0 and shutil.which("tcpdump") is not None


def plant_on_the_wire(port: int, secret: bytes) -> None:
    """Sends a secret in clear to a port of the pool, which will refuse it: the capture must show it."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        stream.sendall(b"in clear: " + secret)


class Swap:
    """Swap space of its own, and a group of processes whose memory is pushed out to it on demand.

    It takes root and version 1 of memory control groups. Memory that a process has locked stays where it is. The space
    is in use only while memory is pushed out, and this process, which knows what it looks for, keeps its own locked.
    """

    SIZE = 128 << 20
    GROUPS = pathlib.Path("/sys/fs/cgroup/memory")
    PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"

    @classmethod
    def may_be_made(cls) -> bool:
        tools = all(shutil.which(tool, path=cls.PATH) for tool in ("mkswap", "swapon", "swapoff"))
        return os.geteuid() == 0 and tools and (cls.GROUPS / "memory.force_empty").exists()

    def __init__(self, folder: pathlib.Path):
        self.file, self.group = folder / "swap", self.GROUPS / f"quorate-{os.urandom(8).hex()}"
        self.group.mkdir()
        # What was pushed out so far, and how much of each process (KiB, by process id) the last time.
        self.content = b""
        self.sizes: dict[int, int] = {}

    @classmethod
    def _tool(cls, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, PATH=cls.PATH))

    @contextlib.contextmanager
    def inside(self):
        """What this process starts meanwhile belongs to the group for all its life."""
        procs = "cgroup.procs"
        before = next(line for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines()
                      if ":memory:" in line).split(":", 2)[2]
        (self.group / procs).write_text("0")
        try:
            yield
        finally:
            (self.GROUPS / before.lstrip("/") / procs).write_text("0")

    @contextlib.contextmanager
    def on(self):
        """The machine has this swap space meanwhile."""
        with open(self.file, "wb") as file:
            os.chmod(self.file, 0o600)
            for _ in range(self.SIZE >> 20):
                file.write(bytes(1 << 20))
            os.fsync(file.fileno())
        self._tool("mkswap", str(self.file))
        with own_memory_locked():
            self._tool("swapon", str(self.file))
            try:
                yield
            finally:
                self._tool("swapoff", str(self.file))
                self.file.unlink()

    def push_out(self) -> None:
        """All memory of the group that isn't locked goes to the swap space, or to its files."""
        with self.on():
            (self.group / "memory.force_empty").write_text("0")
            self.content += self._pages()
            self.sizes = dict(map(self._size, (self.group / "cgroup.procs").read_text().split()))

    def _pages(self) -> bytes:
        """The pages of the swap space that hold anything."""
        with open(self.file, "rb") as file:
            # Swapped pages go to the disk past the file's pages in memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            pages = numpy.frombuffer(file.read(), numpy.uint8).reshape(-1, 4096)
        return pages[pages.any(axis=1)].tobytes()

    @staticmethod
    def _size(pid: str) -> tuple[int, int]:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(pid), int(status.split("VmSwap:", 1)[1].split()[0])

    def close(self) -> None:
        self.group.rmdir()


@contextlib.contextmanager
def own_memory_locked():
    """mlockall(MCL_CURRENT | MCL_FUTURE)."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.mlockall(3) != 0:
        raise OSError(ctypes.get_errno(), "mlockall")
    try:
        yield
    finally:
        library.munlockall()


class Marker:
    """A process that keeps a secret in ordinary memory: the control of a search."""

    def __init__(self, secret: bytes):
        # In the arguments and the environment of a process a secret would be found without any swap.
        program = "import sys\nkept = sys.stdin.buffer.read(48) * 4096\nprint('ready', flush=True)\nsys.stdin.read()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(secret)
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"ready\n"

    def close(self) -> None:
        self.process.communicate()
