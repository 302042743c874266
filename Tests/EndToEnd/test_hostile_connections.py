"""Connections that waste a node's time, and requests that two servers could read in two ways."""

import os
import socket
import ssl
import struct
import threading
import time

import pytest

import wire
from people import CRYPTO_USER, VERSION, hire
from pool import is_running, wait_until

# The transport's own deadlines in seconds; noticing takes a quarter of the shortest of them.
HANDSHAKE = FIRST_REQUEST = 10
REQUEST = 30
NOTICE = 4


@pytest.fixture(scope="module")
def user(pool):
    token = hire(pool, CRYPTO_USER, name="hostile user").token(pool)
    with pool.client() as client:
        made = client.post(
            f"{pool.endpoint(1)}/keys/hostile/create?{VERSION}", json={"kty": "EC"},
            headers={"authorization": f"Bearer {token}"})
    assert made.status_code == 200, made.text
    return token


@pytest.fixture
def open_connection(pool):
    """Opens connections, with TLS or as far as TCP, and closes them in the end."""
    opened = []
    context = wire.tls_context(pool.authority, "http/1.1")

    def open_one(with_tls: bool = True, timeout: float = 20):
        made = wire.connect(context, pool.port, timeout) if with_tls else socket.create_connection(
            ("127.0.0.1", pool.port), timeout)
        opened.append(made)
        return made

    yield open_one
    for one in opened:
        one.close()


def is_served(pool) -> bool:
    with pool.client(timeout=5) as client:
        return client.get(f"{pool.endpoint(1)}/quorate/v1/health").status_code == 200


def descriptors(pool) -> int:
    return len(os.listdir(f"/proc/{pool.pid(1)}/fd"))


# --- ambiguous requests -----------------------------------------------------------------------------------------------

CHUNKED = "transfer-encoding: chunked"
SMUGGLED = "GET /smuggled HTTP/1.1\r\nhost: {host}\r\n\r\n"


def shape(*lines: str, body: str = "", end: str = "\r\n", target: str = "/adfs/oauth2/token") -> str:
    return end.join([f"POST {target} HTTP/1.1", "host: {host}", *lines, "", ""]) + body


SHAPES = {
    "length and chunks": shape("content-length: 5", CHUNKED, body="0\r\n\r\n" + SMUGGLED),
    "chunks and length": shape(CHUNKED, "content-length: 5", body="0\r\n\r\n" + SMUGGLED),
    "two lengths": shape("content-length: 0", "content-length: 40", body=SMUGGLED),
    "two equal lengths": shape("content-length: 5", "content-length: 5", body="hello" + SMUGGLED),
    "lengths in a list": shape("content-length: 5, 5", body="hello" + SMUGGLED),
    "length with sign": shape("content-length: +5", body="hello" + SMUGGLED),
    "negative length": shape("content-length: -5", body=SMUGGLED),
    "hexadecimal length": shape("content-length: 0x5", body="hello" + SMUGGLED),
    "length with a fraction": shape("content-length: 5.0", body="hello" + SMUGGLED),
    "empty length": shape("content-length: ", body=SMUGGLED),
    "length out of range": shape("content-length: 18446744073709551621", body="hello" + SMUGGLED),
    "space before the colon": shape("content-length : 5", body="hello" + SMUGGLED),
    "space before the colon of chunks": shape("transfer-encoding : chunked", body="0\r\n\r\n" + SMUGGLED),
    "folded line": shape("content-length: 5", "x: a\r\n b", body="hello" + SMUGGLED),
    "folded coding": shape("transfer-encoding:\r\n chunked", body="0\r\n\r\n" + SMUGGLED),
    "folded first line": shape(" content-length: 5", body="hello" + SMUGGLED),
    "identity coding": shape("transfer-encoding: identity", body=SMUGGLED),
    "two codings": shape("transfer-encoding: gzip, chunked", body="0\r\n\r\n" + SMUGGLED),
    "chunks twice": shape(CHUNKED, CHUNKED, body="0\r\n\r\n" + SMUGGLED),
    "chunked and more": shape("transfer-encoding: chunked, identity", body="0\r\n\r\n" + SMUGGLED),
    "coding with a control": shape("transfer-encoding: \x0bchunked", body="0\r\n\r\n" + SMUGGLED),
    "coding with a quote": shape('transfer-encoding: "chunked"', body="0\r\n\r\n" + SMUGGLED),
    "chunk size with sign": shape(CHUNKED, body="+5\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "chunk size with prefix": shape(CHUNKED, body="0x5\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "chunk size out of range": shape(CHUNKED, body="10000000000000005\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "chunk longer than told": shape(CHUNKED, body="3\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "chunk ends with a line feed": shape(CHUNKED, body="5\nhello\n0\n\n" + SMUGGLED),
    "carriage return alone": shape("x: a\rcontent-length: 5", body="hello" + SMUGGLED),
    "zero byte": shape("x: a\0b", "content-length: 5", body="hello" + SMUGGLED),
    "no name": shape(": x", "content-length: 0"), "no colon": shape("content-length", "content-length: 0"),
    "two hosts": shape("host: elsewhere", "content-length: 0"), "version 1.2": "GET / HTTP/1.2\r\nhost: {host}\r\n\r\n",
    "version 0.9": "GET /\r\n\r\n", "HTTP/2 without ALPN": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "chunks of HTTP/1.0": shape(CHUNKED, body="0\r\n\r\n" + SMUGGLED).replace("HTTP/1.1", "HTTP/1.0", 1),
    "no host": "GET /keys HTTP/1.1\r\n\r\n", "blank in the path": "GET /ke ys HTTP/1.1\r\nhost: {host}\r\n\r\n",
    "TLS in TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 40,
}


@pytest.mark.parametrize("name", SHAPES)
def test_doubtful_requests_are_refused_and_end_the_connection(pool, open_connection, name):
    connection = open_connection()
    connection.sendall(SHAPES[name].format(host=f"127.0.0.1:{pool.port}").encode("latin-1"))
    reader = wire.Reader(connection)
    begun = time.monotonic()
    answer = reader.answer()
    assert answer.status == 400 and answer.error["code"] == "BadParameter", answer
    assert answer.headers["connection"] == "close"
    # Nothing of what follows is read as a request.
    with pytest.raises(wire.ConnectionEnded):
        raise AssertionError(f"a second answer: {reader.answer()}")
    assert time.monotonic() - begun < 5


def test_clear_requests_in_a_row_are_each_answered(pool, open_connection, user):
    host = f"127.0.0.1:{pool.port}"
    good = wire.request(
        "POST", f"/keys/hostile/sign?{VERSION}", host, b'{"alg":"ES256","value":"%s"}' % (b"A" * 43),
        f"authorization: Bearer {user}")
    chunked = good.replace(b"content-length: 69\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n45;x=y\r\n") + b"\r\n0\r\n\r\n"
    assert b"content-length" not in chunked
    connection = open_connection()
    reader = wire.Reader(connection)
    connection.sendall(good * 3 + chunked * 3 + wire.request("GET", "/quorate/v1/health", host))
    assert [reader.answer().status for _ in range(7)] == [200] * 7


def test_thousands_of_requests_behind_one_that_takes_long(pool, open_connection):
    """Nobody needs a token for it. Answered each from within the one before, they once took a node's stack to its end."""
    host, pid = f"127.0.0.1:{pool.port}", pool.pid(1)
    long = wire.request(
        "POST", "/adfs/oauth2/token", host, b"grant_type=client_credentials&client_id=x&client_secret=y&resource=https://z",
        "content-type: application/x-www-form-urlencoded")
    connection = open_connection()
    reader = wire.Reader(connection)
    for _ in range(3):
        connection.sendall(long + b"GET / HTTP/1.1\r\nhost:x\r\n\r\n" * 8000)
        assert reader.answer().status in (400, 401)
        assert {reader.answer().status for _ in range(8000)} == {421}
    assert is_running(pid) and is_served(pool)


def test_a_trailer_changes_nothing(pool, open_connection, user):
    connection = open_connection()
    connection.sendall((
        f"POST /keys/hostile/sign?{VERSION} HTTP/1.1\r\nhost: 127.0.0.1:{pool.port}\r\ntransfer-encoding: chunked\r\n\r\n"
        f"2\r\n{{}}\r\n0\r\nauthorization: Bearer {user}\r\n\r\n").encode())
    answer = wire.Reader(connection).answer()
    assert answer.status in (400, 401) and answer.error["code"] in ("BadParameter", "Unauthorized")


# --- connections that waste time --------------------------------------------------------------------------------------


def test_many_idle_connections_keep_nobody_out(pool, open_connection, user):
    before = descriptors(pool)
    idle = [open_connection() for _ in range(400)] + [open_connection(with_tls=False) for _ in range(400)]
    with pool.client(timeout=5) as client:
        for _ in range(20):
            answer = client.post(
                f"{pool.endpoint(1)}/keys/hostile/sign?{VERSION}", json={"alg": "ES256", "value": "A" * 43},
                headers={"authorization": f"Bearer {user}"})
            assert answer.status_code == 200
    assert descriptors(pool) >= before + 700
    for connection in idle[::2]:
        # Half of them vanish with a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for connection in idle:
        connection.close()
    wait_until(lambda: descriptors(pool) <= before + 2, 15, "the connections' descriptors")


def test_half_closed_connections_end(pool, open_connection):
    before = descriptors(pool)
    for first in (b"", b"GET /keys HTTP/1.1\r\nhost: "):
        connection = open_connection()
        if first:
            connection.sendall(first)
        # Without the farewell of TLS: the other half of the connection stays open.
        socket.socket.shutdown(connection, socket.SHUT_WR)
        begun = time.monotonic()
        assert wire.Reader(connection).is_closed_by_peer()
        assert time.monotonic() - begun < 5
    wait_until(lambda: descriptors(pool) <= before + 2, 10, "the connections' descriptors")


def test_a_peer_that_takes_no_answers_is_not_buffered_for(pool, open_connection):
    """It asks and asks and reads nothing: the node stops reading, and the memory of the answers stays bounded."""
    host = f"127.0.0.1:{pool.port}"
    connection = open_connection()
    connection.settimeout(2)
    asked, memory = 0, anonymous_memory(pool)
    batch = wire.request("GET", "/quorate/v1/health", host) * 500
    with pytest.raises(TimeoutError):
        while asked < 400_000:
            connection.sendall(batch)
            asked += 500
    assert asked < 400_000
    assert is_served(pool)
    assert anonymous_memory(pool) - memory < 16 * 1024


def anonymous_memory(pool) -> int:
    with open(f"/proc/{pool.pid(1)}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_plain_http_and_old_tls_are_refused(pool, open_connection):
    connection = open_connection(with_tls=False)
    connection.sendall(b"GET /keys HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
    received = b""
    try:
        while chunk := connection.recv(4096):
            received += chunk
    except OSError:
        pass
    assert b"HTTP/" not in received
    old = wire.tls_context(pool.authority)
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        wire.connect(old, pool.port)


class SlowConnections:
    """Whoever says nothing, half of something, or one byte at a time. All at once, since each takes its deadline."""

    def __init__(self, pool):
        self.pool = pool
        self.context = wire.tls_context(pool.authority, "http/1.1")
        self.before = descriptors(pool)
        host = f"127.0.0.1:{pool.port}".encode()
        self.early = {
            "no handshake": (self.plain(), b"", b""),
            "half a handshake": (self.plain(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
            "silent": (self.secured(), b"", b""),
            "half a head": (self.secured(), b"GET /keys HTTP/1.1\r\nhost: ", b""),
            "a head in drops": (self.secured(), b"GET /keys HTTP/1.1\r\nx: ", b"y"),
            "blank lines in drops": (self.secured(), b"\r\n", b"\r\n"),
        }
        body = b"POST /adfs/oauth2/token HTTP/1.1\r\nhost: " + host + b"\r\ncontent-length: 999\r\n\r\n"
        served = self.secured()
        served.sendall(wire.request("GET", "/quorate/v1/health", host.decode()))
        assert wire.Reader(served).answer().status == 200
        self.late = {
            "half a body": (self.secured(), body + b"x", b""), "a body in drops": (self.secured(), body, b"x"),
            "half a second head": (served, b"GET /keys HTTP/1.1\r\n", b""),
        }
        self.every = self.early | self.late
        self.ends: dict[str, float] = {}
        self.answers = {name: b"" for name in self.every}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def plain(self):
        return socket.create_connection(("127.0.0.1", self.pool.port), 20)

    def secured(self):
        return wire.connect(self.context, self.pool.port)

    def run(self) -> None:
        begun = time.monotonic()
        for connection, first, _ in self.every.values():
            if first:
                connection.sendall(first)
            connection.setblocking(False)
        while len(self.ends) < len(self.every) and time.monotonic() - begun < REQUEST + NOTICE + 6:
            for name in set(self.every) - set(self.ends):
                if not self.is_open(name):
                    self.ends[name] = time.monotonic() - begun
            time.sleep(0.1)
        for connection, _, _ in self.every.values():
            connection.close()

    def is_open(self, name: str) -> bool:
        """Takes what the node has sent, and sends the next drop."""
        connection, _, drop = self.every[name]
        try:
            received = connection.recv(4096)
            if not received:
                return False
            self.answers[name] += received
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            return False
        try:
            if drop:
                connection.send(drop)
        except OSError:
            pass
        return True


@pytest.fixture(scope="module", autouse=True)
def slow_connections(pool):
    """They run out of time while other tests go on."""
    return SlowConnections(pool)


def test_slow_and_silent_connections_end(pool, slow_connections):
    slow_connections.thread.join(REQUEST + NOTICE + 10)
    ends, answers = slow_connections.ends, slow_connections.answers
    assert is_served(pool)
    assert set(ends) == set(slow_connections.every), f"still open: {set(slow_connections.every) - set(ends)}"
    for name in slow_connections.early:
        assert 8 < ends[name] < FIRST_REQUEST + NOTICE + 3, (name, ends[name])
    for name in slow_connections.late:
        assert 25 < ends[name] < REQUEST + NOTICE + 3, (name, ends[name])
    for name in ("half a head", "half a body", "half a second head"):
        assert b" 408 " in answers[name], (name, answers[name])
    wait_until(lambda: descriptors(pool) <= slow_connections.before + 2, 10, "the connections' descriptors")
