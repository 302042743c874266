"""An S3-compatible store over TLS: moto keeps the objects, botocore checks the signature of every request. What moto
leaves out is added here: refusing wrong signatures and times, and an upload that must not replace an object."""

from __future__ import annotations

import datetime
import hashlib
import io
import pathlib
import ssl
import threading

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

ACCOUNT = "123456789012"
REGION = "eu-central-1"


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


class BucketServer:
    """`failures` are answers, status and code, to give instead of doing what is asked; `lost` as many that are given
    after it was done. While `gate` is cleared, writes wait."""

    def __init__(self, port: int, authority: pathlib.Path, certificate: pathlib.Path, folder: pathlib.Path):
        self.authority = authority
        self.host = f"127.0.0.1:{port}"
        self.credentials = folder / "s3.credentials"
        self.key_id, self.secret = "AKIDOFTHETESTS", "secret/of+the/tests"
        self.write_credentials(self.secret)
        self.failures: list[tuple[int, str]] = []
        self.lost: list[int] = []
        # What the requests that finish an upload in parts are answered with: a loss of the answer, or a refusal.
        self.lost_at_completion = False
        self.refuse_completion: tuple[int, str] | None = None
        self.requests: list[tuple[str, str]] = []
        self.gate, self.waiting = threading.Event(), threading.Event()
        self.gate.set()
        # moto keeps the stores of a process in one place: what another test has left is none of this one's.
        self._backend.reset()
        self.app = create_backend_app("s3")
        self.app.test_client().put("/backups", base_url="http://127.0.0.1", headers={"host": "127.0.0.1"})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server = make_server(
            "127.0.0.1", port, self._answer, threaded=True, request_handler=Quiet, ssl_context=context)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def write_credentials(self, secret: str) -> None:
        self.credentials.write_text(
            f"[default]\naws_access_key_id = {self.key_id}\naws_secret_access_key = {secret}\n")
        self.credentials.chmod(0o600)

    def configuration(self) -> str:
        """A node's lines on this store, for the section of its backups."""
        return f"""s3:
  - endpoint: {self.host}
    region: {REGION}
    buckets: [backups, missing]
    style: path
    part_mib: 5
    credentials_file: {self.credentials}
    authority_file: {self.authority}
"""

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    # --- what is there ------------------------------------------------------------------------------------------------

    @property
    def _backend(self):
        return s3_backends[ACCOUNT]["aws"]

    def objects(self) -> dict[str, bytes]:
        return {name: self._backend.get_object("backups", name).value for name in self.names()}

    def names(self) -> list[str]:
        return sorted(self._backend.get_bucket("backups").keys.keys())

    def put(self, name: str, content: bytes) -> None:
        self._backend.put_object("backups", name, content)

    def parts(self, name: str) -> int:
        """In how many parts an object came; 1 where it came whole."""
        tag = self._backend.get_object("backups", name).etag.strip('"')
        return int(tag.split("-")[1]) if "-" in tag else 1

    def unfinished(self) -> int:
        return len(self._backend.get_bucket("backups").multiparts)

    # --- requests -----------------------------------------------------------------------------------------------------

    def _answer(self, environ, start_response):
        request = Request(environ, populate_request=False)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        self.requests.append((request.method, request.path))
        if request.method in ("PUT", "POST"):
            self.waiting.set()
            self.gate.wait(60)
        completes = request.method == "POST" and "uploadId" in request.args
        refusal = self.failures.pop(0) if self.failures else self._refusal(request, body)
        if completes and not refusal:
            refusal = self.refuse_completion
            if self.lost_at_completion:
                self.lost_at_completion = False
                self.lost.append(500)
        if refusal:
            status, code = refusal
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>For people.</Message></Error>"
            return Response("" if request.method == "HEAD" else text, status)(environ, start_response)
        if self.lost and request.method != "HEAD":
            response = Response.from_app(self.app, environ)
            assert response.status_code < 300, response.get_data()
            return Response("", self.lost.pop(0))(environ, start_response)
        return self.app(environ, start_response)

    def _refusal(self, request: Request, body: bytes) -> tuple[int, str] | None:
        given = request.headers.get("Authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 "):
            return 403, "AccessDenied"
        fields = dict(part.split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256 ").split(", "))
        if fields["Credential"].split("/")[0] != self.key_id:
            return 403, "InvalidAccessKeyId"
        date = request.headers["x-amz-date"]
        sent = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((datetime.datetime.now(datetime.timezone.utc) - sent).total_seconds()) > 900:
            return 403, "RequestTimeTooSkewed"
        if request.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        if fields["Signature"] != self._signature(request, fields["SignedHeaders"].split(";"), date, body):
            return 403, "SignatureDoesNotMatch"
        # An object must not be replaced: moto looks at that for single requests only.
        name = request.path.removeprefix("/backups/")
        if request.method == "POST" and request.headers.get("if-none-match") == "*":
            return (412, "PreconditionFailed") if name in self.names() else None
        return None

    def _signature(self, request: Request, signed: list[str], date: str, body: bytes) -> str:
        """What botocore signs this request with."""
        assert {"host", *(name.lower() for name in request.headers.keys() if name.lower().startswith("x-amz-"))} \
            <= set(signed)
        made = AWSRequest(
            request.method, f"https://{self.host}{request.environ['RAW_URI']}",
            headers={name: request.headers[name] for name in signed}, data=body)
        made.context["timestamp"] = date
        signer = S3SigV4Auth(Credentials(self.key_id, self.secret), "s3", REGION)
        return signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)
