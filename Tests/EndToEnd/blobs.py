"""A blob service in memory, as much of Azure Blob Storage's protocol as backups need: over TLS, by SAS token."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import pathlib
import re
import ssl
import threading
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def authority(
    folder: pathlib.Path, address: str = "127.0.0.1", left: datetime.timedelta = datetime.timedelta(days=1),
) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate authority, and a certificate of it with key, for that long yet; both PEM files."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name: str, issuer: str, key, signer, *extensions):
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key.public_key(),
            x509.random_serial_number(), now - datetime.timedelta(hours=1), now + left)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    folder.mkdir(parents=True, exist_ok=True)
    ca, server = folder / "blob-ca.crt", folder / "blob.pem"
    ca.write_bytes(certificate("blob CA", "blob CA", root, root, x509.BasicConstraints(True, None)))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    server.write_bytes(certificate("blob", "blob CA", leaf, root, names) + leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return ca, server


class BlobServer:
    """`blobs` may be read and changed by the test. While `gate` is cleared, writes wait."""

    def __init__(self, folder: pathlib.Path, port: int, token: str = "sv=2021-12-02&sp=rcwd&sig=right%2Bsignature%3D"):
        self.token = token
        # An access token that opens it, too.
        self.bearer: str | None = None
        self.blobs: dict[str, bytes] = {}
        self.blocks: dict[str, dict[str, bytes]] = {}
        self.requests: list[tuple[str, str]] = []
        self.failures: list[int] = []
        self.refuse_removal = False
        self.gate, self.waiting = threading.Event(), threading.Event()
        self.gate.set()
        self.authority, self.certificate = authority(folder)
        self.host = f"127.0.0.1:{port}"
        self.url = f"https://{self.host}/hsm"
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                service.waiting.set()
                service.gate.wait(60)
                self.answer(*service.put(self.path, body, self.headers))

            def do_GET(self):
                self.answer(*service.get(self.path, self.headers))

            def do_DELETE(self):
                self.answer(*service.delete(self.path, self.headers))

            def answer(self, status: int, code: str = "", body: bytes = b""):
                self.send_response(status)
                if code:
                    self.send_header("x-ms-error-code", code)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def _check(self, method: str, target: str, headers) -> tuple[str, dict[str, str], tuple[int, str] | None]:
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.requests.append((method, url.path))
        if self.failures:
            return url.path, query, (self.failures.pop(0), "ServerBusy")
        shown = headers.get("authorization")
        if shown is not None:
            # With an access token a request has to say when it was made, and holds no signature.
            is_good = shown == f"Bearer {self.bearer}" and headers.get("x-ms-date") and "sig" not in query
        else:
            is_good = all(query.get(name) == value for name, value in urllib.parse.parse_qsl(self.token))
        if not is_good:
            return url.path, query, (403, "AuthenticationFailed")
        return url.path, query, None if url.path.startswith("/hsm/") else (404, "ContainerNotFound")

    def put(self, target: str, body: bytes, headers) -> tuple[int, str]:
        path, query, refusal = self._check("PUT", target, headers)
        if refusal:
            return refusal
        blocks = self.blocks.setdefault(path, {})
        if query.get("comp") == "block":
            identifier = query["blockid"]
            base64.b64decode(identifier, validate=True)
            if blocks and len(next(iter(blocks))) != len(identifier):
                return 400, "InvalidBlobOrBlock"
            blocks[identifier] = body
            return 201, ""
        if query.get("comp") != "blocklist":
            return 400, "InvalidQueryParameterValue"
        if headers.get("if-none-match") == "*" and path in self.blobs:
            return 409, "BlobAlreadyExists"
        names = re.findall(r"<Latest>([^<]+)</Latest>", body.decode())
        if any(name not in blocks for name in names):
            return 400, "InvalidBlockList"
        self.blobs[path] = b"".join(blocks[name] for name in names)
        self.blocks[path] = {}
        return 201, ""

    def get(self, target: str, headers) -> tuple[int, str, bytes]:
        path, _, refusal = self._check("GET", target, headers)
        if refusal:
            return *refusal, b""
        if path not in self.blobs:
            return 404, "BlobNotFound", b""
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", headers["range"]).groups())
        content = self.blobs[path][first:last + 1]
        return (206, "", content) if content else (416, "InvalidRange", b"")

    def delete(self, target: str, headers) -> tuple[int, str]:
        path, _, refusal = self._check("DELETE", target, headers)
        if refusal or self.refuse_removal:
            return refusal or (403, "AuthorizationPermissionMismatch")
        return (202, "") if self.blobs.pop(path, None) is not None else (404, "BlobNotFound")
