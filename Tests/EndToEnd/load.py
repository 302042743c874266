"""A stream of signatures from several clients at once, of which every single answer is kept."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import http.client
import json
import threading
import time

import httpx

from pool import Pool

API_VERSION = "7.5"
DIGEST = base64.urlsafe_b64encode(hashlib.sha256(b"Quorate").digest()).rstrip(b"=").decode()
SIGN_BODY = json.dumps({"alg": "ES256", "value": DIGEST}).encode()


@dataclasses.dataclass(frozen=True)
class Answer:
    """One request as its client saw it. `status` 0 means that no answer came: `text` says why."""

    node: int
    client: str
    began: float
    ended: float
    status: int
    request_id: str
    text: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Connection:
    """One client on one connection that is kept open, over HTTP/1.1 or HTTP/2. It never retries."""

    def __init__(self, pool: Pool, node: int, token: str, *, http2: bool, timeout: float):
        self.node = node
        self.name = f"node-{node} over {'HTTP/2' if http2 else 'HTTP/1.1'}"
        self.http2 = pool.client(http2=True, timeout=timeout) if http2 else None
        self.http1 = None if http2 else http.client.HTTPSConnection(
            "127.0.0.1", pool.port_of(node), context=pool.tls(), timeout=timeout)
        self.endpoint = pool.endpoint(node)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def post(self, path: str, body: bytes) -> Answer:
        began = time.monotonic()
        try:
            if self.http2:
                response = self.http2.post(self.endpoint + path, content=body, headers=self.headers)
                status, identifier, text = response.status_code, response.headers.get("x-ms-request-id"), response.text
            else:
                self.http1.request("POST", path, body, self.headers)
                response = self.http1.getresponse()
                text = response.read().decode()
                status, identifier = response.status, response.getheader("x-ms-request-id")
            return Answer(self.node, self.name, began, time.monotonic(), status, identifier or "", text)
        except (httpx.HTTPError, OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(self.node, self.name, began, time.monotonic(), 0, "", f"{type(error).__name__}: {error}")

    def close(self) -> None:
        if self.http1:
            self.http1.close()


class SigningLoad:
    """Clients that sign at the given nodes for as long as the `with` block runs: at each, over HTTP/1.1 and HTTP/2."""

    def __init__(
        self, pool: Pool, nodes: list[int], path: str, token: str, *, http1: int = 2, http2: int = 1,
        timeout: float = 20, pause: float = 0.002,
    ):
        self.path = path
        self.pause = pause
        self.answers: list[Answer] = []
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(
                target=self.run, daemon=True,
                args=(Connection(pool, node, token, http2=kind >= http1, timeout=timeout),))
            for node in nodes for kind in range(http1 + http2)
        ]

    def run(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            self.answers.append(connection.post(self.path, SIGN_BODY))
            time.sleep(self.pause)
        connection.close()

    def __enter__(self) -> "SigningLoad":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads), "a client hangs"

    def at(self, *nodes: int) -> list[Answer]:
        return [answer for answer in self.answers if answer.node in nodes]

    def failures(self, *nodes: int) -> list[Answer]:
        return [answer for answer in self.at(*nodes) if answer.status != 200]

    def longest_stall(self, *nodes: int) -> float:
        return max(answer.seconds for answer in self.at(*nodes))
