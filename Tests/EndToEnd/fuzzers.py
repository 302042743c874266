"""Sends mutated requests to a node and judges what comes back. Run as a process of its own by test_mutations.py.

Whatever a request is, the node answers it with 1xx to 4xx and, from 400 on, the protocol's envelope, or it ends the connection. It
never answers 5xx and never falls silent.
"""

from __future__ import annotations

import json
import random
import sys
import uuid

import wire
from mutations import Request, Requests, spoil, spoil_body, spoil_fields

SILENCE = 0.03
PATIENCE = 20


class Finding(Exception):
    pass


def judge(status: int, body: bytes) -> None:
    if status >= 500:
        raise Finding(f"answered {status}: {body[:300]!r}")
    if status >= 400:
        try:
            error = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError) as failure:
            raise Finding(f"answered {status} without an envelope: {body[:300]!r}") from failure
        if not (isinstance(error, str) or error["code"] and error["message"]):
            raise Finding(f"answered {status} with a poor envelope: {body[:300]!r}")


class Fuzzer:
    """One kind of mutant, sent one after the other. Counts what was sent, and answers by status."""

    def __init__(self, task: dict):
        self.port = task["port"]
        self.seed = task["seed"]
        self.host = f"127.0.0.1:{self.port}"
        self.requests = Requests(self.host, task["token"], task["administrator"])
        self.context = wire.tls_context(task["authority"], self.protocol)
        self.count = task["count"]
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self.connections = 0
        self.connection = None
        self.last = b""

    protocol = "http/1.1"

    def chance(self, number: int) -> random.Random:
        return random.Random(f"{type(self).__name__}/{self.seed}/{number}")

    def connect(self):
        self.close()
        self.connection = wire.connect(self.context, self.port, PATIENCE)
        self.connections += 1
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def note(self, status: int, body: bytes) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        judge(status, body)

    def run(self) -> None:
        reported = 0
        while self.sent < self.count:
            self.step()
            if self.sent - reported >= 500 or self.sent >= self.count:
                print(json.dumps({"sent": self.sent - reported}), flush=True)
                reported = self.sent
        self.close()

    def step(self) -> None:
        raise NotImplementedError

    def encode(self, request: Request) -> bytes:
        head = [f"{request.method} {request.path} HTTP/1.1\r\nhost: {self.host}\r\n".encode("latin-1")]
        head += [name + b": " + value + b"\r\n" for name, value in request.headers]
        if request.body or request.method != "GET":
            head.append(b"content-length: %d\r\n" % len(request.body))
        return b"".join([*head, b"\r\n", request.body])


class Bytes(Fuzzer):
    """Spoils requests as they stand on the wire, and follows each with a good one to see where the node thinks it ends."""

    def step(self) -> None:
        chance = self.chance(self.sent)
        mutant = spoil(self.encode(self.requests.pick(chance)), chance)
        mark = str(uuid.UUID(int=chance.getrandbits(128)))
        follower = wire.request(
            "GET", "/quorate/v1/health", self.host, b"", f"x-ms-client-request-id: {mark}",
            "x-ms-return-client-request-id: true")
        if self.connection is None:
            self.reader = wire.Reader(self.connect())
        self.last = mutant
        self.sent += 1
        has_poured = False
        try:
            self.connection.sendall(mutant + follower)
            self.connection.settimeout(SILENCE)
            while True:
                try:
                    answer = self.reader.answer()
                except TimeoutError:
                    if has_poured:
                        raise Finding(f"no answer, and no end, in {PATIENCE} s") from None
                    # It waits for the rest of a request: more than any request may have leaves it no excuse.
                    has_poured = True
                    self.connection.settimeout(PATIENCE)
                    self.connection.sendall(b" " * 90_000)
                    continue
                self.note(answer.status, answer.body)
                if answer.headers.get("x-ms-client-request-id") == mark and answer.status == 200:
                    if not has_poured:
                        return
                elif answer.headers.get("connection") == "close":
                    break
        except (wire.ConnectionEnded, OSError):
            pass
        self.close()


class Pipelined(Fuzzer):
    """Sends several requests at once. Each must be answered, whatever it is: none ends in doubt."""

    batch = 16

    def mutant(self, chance: random.Random) -> Request:
        raise NotImplementedError

    def step(self) -> None:
        size = min(self.batch, self.count - self.sent)
        waiting = [self.encode(self.mutant(self.chance(self.sent + number))) for number in range(size)]
        self.sent += size
        stalled = 0
        while waiting:
            if self.connection is None:
                self.reader = wire.Reader(self.connect())
            before = len(waiting)
            try:
                self.connection.sendall(b"".join(waiting))
                while waiting:
                    self.last = waiting[0]
                    answer = self.reader.answer()
                    del waiting[0]
                    self.note(answer.status, answer.body)
                    if answer.headers.get("connection") == "close":
                        self.close()
                        break
            except TimeoutError:
                raise Finding(f"no answer in {PATIENCE} s") from None
            except (wire.ConnectionEnded, OSError):
                self.close()
            # A connection may end early, but each has to answer something.
            stalled = stalled + 1 if len(waiting) == before else 0
            if stalled == 3:
                raise Finding("ended the connection without an answer three times")


class Bodies(Pipelined):
    def mutant(self, chance: random.Random) -> Request:
        request = self.requests.pick(chance, with_body=True)
        request.body = spoil_body(request.body, chance)
        return request


class Fields(Pipelined):
    def mutant(self, chance: random.Random) -> Request:
        return spoil_fields(self.requests.pick(chance), chance)


def main() -> None:
    task = json.load(sys.stdin)
    if task["kind"] == "Frames":
        from frames import Frames as kind
    else:
        kind = {"Bytes": Bytes, "Bodies": Bodies, "Fields": Fields}[task["kind"]]
    fuzzer = kind(task)
    result = {"kind": task["kind"], "finding": None}
    try:
        fuzzer.run()
    except Finding as finding:
        result["finding"] = f"{task['kind']}, seed {task['seed']}, request {fuzzer.sent}: {finding}; sent {fuzzer.last[:4000]!r}"
    result |= {"total": fuzzer.sent, "statuses": fuzzer.statuses, "connections": fuzzer.connections}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
