"""Public HTTP/2 clients against a real pool."""

import asyncio
import base64
import hashlib
import subprocess

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

import wire
from people import CRYPTO_USER, VERSION, hire

ALGORITHMS = {
    "RS256": "h2-rsa", "RS384": "h2-rsa", "RS512": "h2-rsa", "PS256": "h2-rsa", "PS384": "h2-rsa", "PS512": "h2-rsa",
    "ES256": "h2-p-256", "ES256K": "h2-p-256k", "ES384": "h2-p-384", "ES512": "h2-p-521",
}
CURVES = {"P-256": ec.SECP256R1(), "P-256K": ec.SECP256K1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
MESSAGE = b"many streams, one connection"


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(algorithm: str) -> bytes:
    return hashlib.new(f"sha{algorithm[2:5]}", MESSAGE).digest()


@pytest.fixture(scope="module")
def token(pool):
    return hire(pool, CRYPTO_USER, name="http2 user").token(pool)


@pytest.fixture(scope="module")
def keys(pool, token):
    """Keys by name, created over HTTP/2 on node 1."""
    made = {}
    with pool.client(http2=True) as client:
        bodies = {"h2-rsa": {"kty": "RSA-HSM", "key_size": 2048}}
        bodies |= {f"h2-{curve.lower()}": {"kty": "EC-HSM", "crv": curve} for curve in CURVES}
        for name, body in bodies.items():
            answer = client.post(
                f"{pool.endpoint(1)}/keys/{name}/create?{VERSION}", json=body,
                headers={"authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2"), answer.text
            made[name] = answer.json()["key"]
    return made


def verify(key: dict, algorithm: str, signature: bytes) -> None:
    number = lambda name: int.from_bytes(decoded(key[name]), "big")  # noqa: E731
    digest_type = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:5]]
    if key["kty"] == "EC-HSM":
        public = ec.EllipticCurvePublicNumbers(number("x"), number("y"), CURVES[key["crv"]]).public_key()
        half = len(signature) // 2
        der = utils.encode_dss_signature(
            int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        return public.verify(der, MESSAGE, ec.ECDSA(digest_type))
    salted = padding.PSS(mgf=padding.MGF1(digest_type), salt_length=digest_type.digest_size)
    scheme = salted if algorithm.startswith("PS") else padding.PKCS1v15()
    rsa.RSAPublicNumbers(number("e"), number("n")).public_key().verify(signature, MESSAGE, scheme, digest_type)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_node_signs_and_verifies(pool, keys, token, algorithm):
    name = ALGORITHMS[algorithm]
    with pool.client(http2=True) as client:
        client.headers["authorization"] = f"Bearer {token}"
        for node in (1, 2, 3):
            path = f"{pool.endpoint(node)}/keys/{name}"
            signed = client.post(f"{path}/sign?{VERSION}", json={"alg": algorithm, "value": encoded(digest(algorithm))})
            assert (signed.status_code, signed.http_version) == (200, "HTTP/2"), signed.text
            verify(keys[name], algorithm, decoded(signed.json()["value"]))
            for other, expected in ((digest(algorithm), True), (bytes(len(digest(algorithm))), False)):
                checked = client.post(
                    f"{pool.endpoint(node % 3 + 1)}/keys/{name}/verify?{VERSION}",
                    json={"alg": algorithm, "digest": encoded(other), "value": signed.json()["value"]})
                assert (checked.status_code, checked.http_version) == (200, "HTTP/2"), checked.text
                assert checked.json() == {"value": expected}


def test_many_requests_share_one_connection(pool, keys, token):
    async def sign_many(count: int):
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        async with httpx.AsyncClient(verify=pool.tls(), http1=False, http2=True, limits=limits, timeout=60) as client:
            client.headers["authorization"] = f"Bearer {token}"
            ports = set()

            async def one(number: int):
                name, algorithm = (("h2-p-256", "ES256"), ("h2-rsa", "RS256"))[number % 10 == 0]
                answer = await client.post(
                    f"{pool.endpoint(1)}/keys/{name}/sign?{VERSION}",
                    json={"alg": algorithm, "value": encoded(digest(algorithm))})
                stream = answer.extensions["network_stream"]
                ports.add(stream.get_extra_info("client_addr"))
                assert (answer.status_code, answer.http_version) == (200, "HTTP/2"), answer.text
                return name, algorithm, decoded(answer.json()["value"])

            return await asyncio.gather(*(one(number) for number in range(count))), ports

    signatures, ports = asyncio.run(sign_many(300))
    assert len(ports) == 1
    assert len({signature for _, algorithm, signature in signatures if algorithm == "ES256"}) == 270
    for name, algorithm, signature in signatures:
        verify(keys[name], algorithm, signature)


def test_streams_are_open_at_the_same_time(pool, keys, token):
    """A hundred requests are begun before the first is complete, and end in the reverse order."""
    connection = wire.connect(wire.tls_context(pool.authority, "h2"), pool.port)
    assert connection.selected_alpn_protocol() == "h2"
    session = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    session.initiate_connection()
    body = ('{"alg":"ES256","value":"%s"}' % encoded(digest("ES256"))).encode()
    streams = [1 + 2 * number for number in range(100)]
    for stream in streams:
        session.send_headers(stream, [
            (":method", "POST"), (":scheme", "https"), (":authority", f"127.0.0.1:{pool.port}"),
            (":path", f"/keys/h2-p-256/sign?{VERSION}"), ("authorization", f"Bearer {token}"),
            ("content-type", "application/json")])
        session.send_data(stream, body[:10])
    for stream in reversed(streams):
        session.send_data(stream, body[10:], end_stream=True)
    connection.sendall(session.data_to_send())
    status, ended = {}, set()
    while len(ended) < len(streams):
        received = connection.recv(65536)
        assert received, f"closed after {len(ended)} answers"
        for event in session.receive_data(received):
            assert not isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)), event
            if isinstance(event, h2.events.ResponseReceived):
                status[event.stream_id] = dict(event.headers)[b":status"]
            elif isinstance(event, h2.events.StreamEnded):
                ended.add(event.stream_id)
        connection.sendall(session.data_to_send())
    assert status == {stream: b"200" for stream in streams}
    connection.close()


def test_nghttp_gets_a_signature_from_each_node(pool, keys, token, tmp_path):
    (tmp_path / "body").write_text('{"alg":"ES256","value":"%s"}' % encoded(digest("ES256")))
    for node in (1, 2, 3):
        result = subprocess.run(
            ["nghttp", "-v", "-m", "20", "-H", f"authorization: Bearer {token}", "-H", "content-type: application/json",
             "-d", str(tmp_path / "body"), f"{pool.endpoint(node)}/keys/h2-p-256/sign?{VERSION}"],
            capture_output=True, text=True, timeout=30)
        assert "The negotiated protocol: h2" in result.stdout, result.stdout + result.stderr
        assert result.stdout.count(":status: 200") == 20, result.stdout[-2000:]


def test_curl_negotiates_either_version(pool):
    for option, expected in (("--http2", "2 401"), ("--http1.1", "1.1 401")):
        result = subprocess.run(
            ["curl", "-sS", option, "--cacert", str(pool.authority), "-o", "/dev/null", "-w",
             "%{http_version} %{http_code}", f"{pool.endpoint(1)}/keys?{VERSION}"],
            capture_output=True, text=True, timeout=30)
        assert result.stdout == expected, result.stderr


def test_health_is_asked_for_without_the_body(pool):
    for option in ("--http2", "--http1.1"):
        result = subprocess.run(
            ["curl", "-sS", option, "--head", "--cacert", str(pool.authority), "-w", "%{http_code} %{size_download}",
             f"{pool.endpoint(1)}/quorate/v1/health"], capture_output=True, text=True, timeout=30)
        assert result.stdout.splitlines()[-1] == "200 0", result.stdout + result.stderr
        assert "application/json" in result.stdout


def test_a_loaded_connection_loses_no_request(pool, keys, token, tmp_path):
    (tmp_path / "body").write_text('{"alg":"ES256","value":"%s"}' % encoded(digest("ES256")))
    result = subprocess.run(
        ["h2load", "-n", "2000", "-c", "4", "-m", "50", "-H", f"authorization: Bearer {token}", "-H",
         "content-type: application/json", "-d", str(tmp_path / "body"),
         f"{pool.endpoint(2)}/keys/h2-p-256/sign?{VERSION}"], capture_output=True, text=True, timeout=60)
    assert "Application protocol: h2" in result.stdout, result.stdout + result.stderr
    assert "status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx" in result.stdout, result.stdout
