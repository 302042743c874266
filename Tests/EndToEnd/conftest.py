import os
import signal
import socket

import pytest

from pool import Pool

# A shell starts what it runs in the background deaf to this signal, and so would be every node that the tests start.
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row. Runs side by side have halves of their own: `QUORATE_PORTS` is 0 or 1.

    A port that a pool will have again is free meanwhile, and would be taken for another pool."""
    half = os.environ.get("QUORATE_PORTS")
    places, base = (200, 0) if half is None else (100, 100 * int(half))
    start = os.getpid() * 67 % places
    for place in range(places):
        first = 21000 + (base + (start + place) % places) * 50
        sockets = []
        try:
            for port in range(first, first + count):
                one = socket.socket()
                one.bind(("127.0.0.1", port))
                sockets.append(one)
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise RuntimeError("no free ports")


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory):
    """A pool of three that tests share and leave as they found it: whoever kills nodes makes a pool of his own."""
    made = Pool(tmp_path_factory.mktemp("pool") / "state", free_ports(6)).up()
    yield made
    made.wipe()


@pytest.fixture(scope="module")
def own_pool(tmp_path_factory: pytest.TempPathFactory):
    """A pool of three for one module, which may do to it what it likes."""
    made = Pool(tmp_path_factory.mktemp("own-pool") / "state", free_ports(6)).up()
    yield made
    made.wipe()
