"""Holds many HTTP/2 connections over TLS 1.3 open, for `deploy/measure connections`.

    python3 idle_client.py PORT AUTHORITY COUNT

It obeys lines of standard input, and answers each with one of JSON: "open" makes the connections, "touch" has each send one more
request, "close" closes them. A node ends a connection that brings no request within 10 s, or none for 90 s, so each asks for the
node's health once when it is opened and when it is touched, and rests otherwise. Threads and event loops would be idle memory on
the client's side: sockets that block need neither."""

import concurrent.futures
import json
import socket
import ssl
import struct
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, GOAWAY = 4, 1, 7
OPENERS = 4


class Connection:
    def __init__(self, port, context):
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.link = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.stream = -1
        self.authority = f"127.0.0.1:{port}".encode()
        self.link.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
        self.touch()

    def touch(self):
        """Asks for the node's health, and reads until the answer's end."""
        self.stream += 2
        path = b"/quorate/v1/health"
        # HPACK: GET and https from the static table, then path and authority by the names there, as literals that nobody keeps.
        block = b"\x82\x87\x04" + bytes([len(path)]) + path + b"\x01" + bytes([len(self.authority)]) + self.authority
        self.link.sendall(frame(HEADERS, 0x5, self.stream, block))
        while True:
            kind, flags, stream = self.read_frame()
            if kind == SETTINGS and not flags & 1:
                self.link.sendall(frame(SETTINGS, 1, 0, b""))
            if kind == GOAWAY:
                raise ConnectionError("the node said goodbye")
            if stream == self.stream and flags & 1:
                return

    def read_frame(self):
        head = self.read(9)
        self.read(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:9], "big")

    def read(self, count):
        data = b""
        while len(data) < count:
            piece = self.link.recv(count - len(data))
            if not piece:
                raise ConnectionError("the node closed it")
            data += piece
        return data


def frame(kind, flags, stream, payload):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def main():
    port, authority, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"])
    connections = []

    def open_one(_):
        connections.append(Connection(port, context))

    with concurrent.futures.ThreadPoolExecutor(OPENERS) as pool:
        for line in sys.stdin:
            began, failure = time.monotonic(), None
            try:
                if line.strip() == "open":
                    list(pool.map(open_one, range(count)))
                elif line.strip() == "touch":
                    list(pool.map(Connection.touch, connections))
                else:
                    while connections:
                        connections.pop().link.close()
            except OSError as error:
                failure = f"{type(error).__name__}: {error}"
            print(json.dumps({"open": len(connections), "seconds": time.monotonic() - began, "failure": failure}), flush=True)


if __name__ == "__main__":
    main()
