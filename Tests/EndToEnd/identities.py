"""The endpoint at which a cloud's machine asks for access tokens: that of virtual machines, or with a secret that of
hosting environments."""

from __future__ import annotations

import http.server
import json
import threading
import time
import urllib.parse


class IdentityServer:
    """`failures` are statuses to answer with instead."""

    def __init__(self, port: int, token: str = "header.of-the-identity.signature"):
        self.token = token
        self.secret: str | None = None
        self.failures: list[int] = []
        self.asked: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{port}/metadata/identity/oauth2/token"
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                status, answer = service.answer(self.path, self.headers)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str, headers) -> tuple[int, dict]:
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.asked.append(query)
        if self.failures:
            return self.failures.pop(0), {"error": "not now"}
        version = "2018-02-01" if self.secret is None else "2019-08-01"
        known = headers.get("metadata") == "true" if self.secret is None else \
            headers.get("x-identity-header") == self.secret
        if not known or url.path != urllib.parse.urlsplit(self.url).path or query.get("api-version") != version:
            return 400, {"error": "invalid_request"}
        if query.get("resource") != "https://storage.azure.com/":
            return 400, {"error": "invalid_resource"}
        expires = int(time.time()) + 3600
        return 200, {"access_token": self.token, "token_type": "Bearer", "resource": query["resource"],
                     "expires_on": str(expires) if self.secret is None else expires}
