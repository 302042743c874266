"""Mutants of HTTP/2: spoiled fields and bodies in well-made frames, then a spoiled frame that may cost the connection."""

from __future__ import annotations

import random
import struct

import hpack

import wire
from fuzzers import PATIENCE, SILENCE, Finding, Fuzzer
from mutations import Request, spoil, spoil_body, spoil_fields

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """An integer with a prefix of so many bits (RFC 7541 section 5.1)."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((first | value,))
    encoded, value = [first | limit], value - limit
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes((*encoded, value))


def field(name: bytes, value: bytes) -> bytes:
    """A literal that enters no table."""
    return b"\0" + integer(len(name), 7) + name + integer(len(value), 7) + value


class Frames(Fuzzer):
    protocol = "h2"

    def step(self) -> None:
        chance = self.chance(self.sent)
        connection = self.connect()
        self.stream, self.open, self.buffer, self.bodies, self.ended = 1, set(), b"", {}, False
        self.decoder = hpack.Decoder()
        start = PREFACE + frame(SETTINGS, 0, 0, b"") + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 65536))
        try:
            connection.sendall(start)
            for _ in range(chance.randint(0, 3)):
                size = min(chance.randint(1, 24), self.count - self.sent)
                if size == 0 or self.ended:
                    break
                self.exchange([self.mutant(chance) for _ in range(size)], chance)
            if self.sent < self.count and not self.ended:
                self.last_word(chance)
        except (wire.ConnectionEnded, OSError) as failure:
            if isinstance(failure, TimeoutError):
                raise Finding(f"no answer in {PATIENCE} s to {self.open}") from None
        self.close()

    # --- requests -----------------------------------------------------------------------------------------------------

    def exchange(self, mutants: list[tuple[bytes, bool]], chance: random.Random) -> None:
        """Sends requests that are complete or given up, and waits until the node has done with them all."""
        self.last = b"".join(data for data, _ in mutants)
        self.connection.sendall(self.last + frame(PING, 0, 0, b"12345678"))
        self.sent += len(mutants)
        self.has_pong = False
        while (self.open or not self.has_pong) and not self.ended:
            self.receive()

    def mutant(self, chance: random.Random) -> tuple[bytes, bool]:
        request = self.requests.pick(chance)
        kind = chance.randrange(6)
        if kind == 0:
            request = spoil_fields(request, chance)
        elif kind in (1, 2) and request.body:
            request.body = spoil_body(request.body, chance)
        fields = self.fields(request)
        if kind >= 3:
            fields = self.spoil_list(fields, chance)
        stream, self.stream = self.stream, self.stream + 2
        data, is_complete = self.encoded(stream, b"".join(field(*one) for one in fields), request.body, chance)
        if is_complete:
            self.open.add(stream)
        return data, is_complete

    def fields(self, request: Request) -> list[tuple[bytes, bytes]]:
        pseudo = [(b":method", request.method.encode()), (b":scheme", b"https"), (b":authority", self.host.encode()),
                  (b":path", request.path.encode("latin-1"))]
        return pseudo + request.headers

    @staticmethod
    def spoil_list(fields: list[tuple[bytes, bytes]], chance: random.Random) -> list[tuple[bytes, bytes]]:
        place = chance.randrange(len(fields))
        name, value = fields[place]
        match chance.randrange(8):
            case 0:
                fields[place] = (spoil(name, chance), value)
            case 1 | 2 | 3:
                fields[place] = (name, spoil(value, chance))
            case 4:
                del fields[place]
            case 5:
                fields.append(fields[place])
            case 6:
                fields.insert(0, fields.pop())
            case _:
                fields.append(chance.choice((
                    (b"connection", b"close"), (b"te", b"gzip"), (b"transfer-encoding", b"chunked"), (b"host", b"x"),
                    (b"content-length", b"7"), (b"content-length", b"-1"), (b"expect", b"x"), (b":status", b"200"),
                    (b":protocol", b"websocket"), (b"Upper", b"x"), (b"x", b"y" * 20000), (b"x", b"a\r\nb"), (b"", b""))))
        return fields

    @staticmethod
    def encoded(stream: int, block: bytes, body: bytes, chance: random.Random) -> tuple[bytes, bool]:
        """A request's frames, cut in one way or another; whether they complete it."""
        pieces = [block]
        if chance.random() < 0.2 and len(block) > 10:
            cuts = sorted(chance.sample(range(1, len(block)), min(len(block) - 1, chance.randint(1, 6))))
            pieces = [block[a:b] for a, b in zip([0, *cuts], [*cuts, len(block)])]
        elif len(block) > 16000:
            pieces = [block[at:at + 16000] for at in range(0, len(block), 16000)]
        ends = 0 if body else END_STREAM
        data = b""
        for number, piece in enumerate(pieces):
            last = END_HEADERS if number == len(pieces) - 1 else 0
            data += frame(HEADERS, ends | last, stream, piece) if number == 0 else frame(CONTINUATION, last, stream, piece)
        if not body:
            return data, True
        step = chance.choice((16000, 16000, 16000, 100, 3)) if len(body) < 300 else 16000
        parts = [body[at:at + step] for at in range(0, len(body), step)]
        for number, part in enumerate(parts):
            ends = END_STREAM if number == len(parts) - 1 else 0
            if chance.random() < 0.1:
                pad = chance.randrange(200)
                data += frame(DATA, ends | PADDED, stream, bytes((pad,)) + part + bytes(pad))
            else:
                data += frame(DATA, ends, stream, part)
        if chance.random() < 0.03:
            return data + frame(RST_STREAM, 0, stream, struct.pack(">I", chance.randrange(20))), False
        return data, True

    # --- the last word ------------------------------------------------------------------------------------------------

    def last_word(self, chance: random.Random) -> None:
        """Spoils frames themselves, and asks for a sign of life: a pong, a farewell, or the end."""
        good, _ = self.mutant(chance)
        stream = self.stream
        number = struct.pack(">I", chance.getrandbits(32))
        choices = [
            spoil(good, chance), spoil(good[:9], chance) + good[9:], good[:9] + spoil(good[9:], chance),
            frame(chance.randrange(12), chance.randrange(256), chance.choice((0, 1, 2, stream, stream + 100)),
                  chance.randbytes(chance.choice((0, 1, 4, 8, 100, 16385)))),
            frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", chance.randrange(9), chance.getrandbits(32)) for _ in range(5))),
            frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 0) * 100), frame(WINDOW_UPDATE, 0, 0, bytes(4)),
            frame(WINDOW_UPDATE, 0, stream - 2, number), frame(PING, 0, 0, bytes(7)), frame(PING, 0, 0, bytes(8)) * 300,
            frame(CONTINUATION, 4, stream, b""), frame(HEADERS, 0, stream, b"") + frame(CONTINUATION, 0, stream, b"") * 20,
            frame(HEADERS, 5, stream, chance.randbytes(200)), frame(HEADERS, 5, 2, good[9:]), frame(PUSH_PROMISE, 4, stream, number),
            frame(GOAWAY, 0, 0, number + number), frame(DATA, 0, 0, b"x"), frame(DATA, 1, stream + 2, b"x"),
            frame(HEADERS, 13, stream, b"\xff" + good[9:]), frame(HEADERS, 37, stream, number + b"\0" + good[9:]),
            frame(PRIORITY, 0, stream, struct.pack(">IB", stream, 1)), frame(HEADERS, 5, stream, integer(2**62, 7, 128)),
            frame(HEADERS, 5, stream, b"\x3f\xe1\xff\xff\xff\x0f"), frame(HEADERS, 5, stream, b"\x40\x01a\x7f\xff\xff\xff\x7f"),
            b"".join(frame(HEADERS, 5, stream + 2 * i, b"\x82") + frame(RST_STREAM, 0, stream + 2 * i, bytes(4)) for i in range(300)),
        ]
        data = chance.choice(choices) if chance.random() < 0.6 else choices[chance.randrange(3)]
        self.last, self.has_pong, has_poured = data, False, False
        self.sent += 1
        self.connection.settimeout(SILENCE)
        self.connection.sendall(data + frame(PING, 0, 0, b"12345678"))
        while not self.has_pong and not self.ended:
            try:
                self.receive()
            except TimeoutError:
                if has_poured:
                    raise Finding(f"no sign of life in {PATIENCE} s") from None
                has_poured = True
                self.connection.settimeout(PATIENCE)
                # The rest of any frame, and then frames that can't be.
                self.connection.sendall(bytes(40_000))

    # --- answers ------------------------------------------------------------------------------------------------------

    def receive(self) -> None:
        chunk = self.connection.recv(65536)
        if not chunk:
            self.ended = True
        self.buffer += chunk
        while len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + length:
                return
            kind, flags = self.buffer[3], self.buffer[4]
            stream = int.from_bytes(self.buffer[5:9], "big")
            payload, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
            self.handle(kind, flags, stream, payload)

    def handle(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == HEADERS:
            status = int(dict(self.decoder.decode(payload))[":status"])
            if status >= 200:
                self.bodies[stream] = (status, b"")
        elif kind == DATA:
            status, body = self.bodies[stream]
            self.bodies[stream] = (status, body + payload)
        elif kind == PING and flags & ACK and payload == b"12345678":
            self.has_pong = True
        elif kind == GOAWAY:
            self.ended = True
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            status, body = self.bodies.pop(stream)
            self.note(status, body)
            self.open.discard(stream)
        elif kind == RST_STREAM:
            self.statuses[0] = self.statuses.get(0, 0) + 1
            self.open.discard(stream)
