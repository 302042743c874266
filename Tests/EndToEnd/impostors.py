"""A node that isn't one: it answers the operator's tool over TLS as a test wants it to."""

from __future__ import annotations

import http.server
import json
import pathlib
import ssl
import threading
import urllib.parse

from blobs import authority


class Impostor:
    """Issues the tokens token-1, token-2 and so on; `answer` says what it answers otherwise, by token and target."""

    def __init__(self, folder: pathlib.Path, answer=lambda token, target: (200, {}), **certificate):
        """`certificate` is for the authority: whose name it has, and for how long it is good."""
        self.issued = 0
        self.authority, pem = authority(folder, **certificate)
        impostor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                if urllib.parse.urlsplit(self.path).path != "/adfs/oauth2/token":
                    return self.say(*answer(self.headers.get("authorization", "")[len("Bearer "):], self.path))
                impostor.issued += 1
                self.say(200, {"access_token": f"token-{impostor.issued}", "expires_in": 3600})

            def do_GET(self):
                self.say(*answer(self.headers.get("authorization", "")[len("Bearer "):], self.path))

            def do_DELETE(self):
                self.do_GET()

            def say(self, status: int, content: dict):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Impostor":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def variables(self, folder: pathlib.Path) -> dict[str, str]:
        """What sets the tool up for this node."""
        secret = folder / "secret"
        secret.write_text("a secret")
        return {"QUORATE_ENDPOINTS": self.endpoint, "QUORATE_CA": str(self.authority),
                "AZURE_CLIENT_ID": "11111111-1111-4111-8111-111111111111", "QUORATE_CLIENT_SECRET_FILE": str(secret)}
