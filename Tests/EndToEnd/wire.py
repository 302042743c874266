"""HTTP by hand, for what client libraries refuse to send."""

from __future__ import annotations

import dataclasses
import json
import socket
import ssl


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict:
        """The protocol's error envelope; raises where the answer is anything else."""
        assert self.headers["content-type"].startswith("application/json"), self
        assert self.headers["content-length"] == str(len(self.body)), self
        error = json.loads(self.body)["error"]
        assert isinstance(error["code"], str) and error["code"] and isinstance(error["message"], str), self
        return error


class ConnectionEnded(Exception):
    """The peer closed, or reset, the connection in place of an answer."""


def tls_context(authority, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def connect(context: ssl.SSLContext, port: int, timeout: float = 10) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1")
    except BaseException:
        plain.close()
        raise


class Reader:
    """Reads HTTP/1.1 answers off a connection."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""

    def fill(self) -> None:
        try:
            chunk = self.connection.recv(65536)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionEnded(str(error)) from error
        if not chunk:
            raise ConnectionEnded("closed")
        self.buffer += chunk

    def answer(self, to_head: bool = False) -> Answer:
        """The next answer that is not an interim one."""
        while True:
            while b"\r\n\r\n" not in self.buffer:
                self.fill()
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            first, *lines = head.decode("latin-1").split("\r\n")
            version, status, _ = first.split(" ", 2)
            assert version == "HTTP/1.1", first
            if int(status) < 200:
                continue
            headers = {}
            for line in lines:
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip()
            length = 0 if to_head or status in ("204", "304") else int(headers["content-length"])
            while len(self.buffer) < length:
                self.fill()
            body, self.buffer = self.buffer[:length], self.buffer[length:]
            return Answer(int(status), headers, body)

    def is_closed_by_peer(self) -> bool:
        """Waits for the end of the connection, up to its timeout; whatever arrives before it is thrown away."""
        try:
            while True:
                self.fill()
        except ConnectionEnded:
            return True
        except TimeoutError:
            return False


def request(method: str, target: str, host: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", *headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
