"""What a real node refuses, and how: the protocol's status, code and envelope over HTTP/1.1 and HTTP/2.

A pool's tokens live for an hour: that they expire is tested with the parts, where tests own the clock.
"""

import base64
import json
import uuid

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import wire
from people import CRYPTO_OFFICER, CRYPTO_USER, VERSION, hire, role_of

DIGEST = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
SIGN = {"alg": "ES256", "value": DIGEST}


def envelope(answer: httpx.Response, status: int, code: str) -> str:
    """Checks an answer against the protocol's form of an error; returns the message."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    uuid.UUID(answer.headers["x-ms-request-id"])
    error = answer.json()["error"]
    assert error["code"] == code, answer.text
    assert error["message"].endswith(f" (Activity ID: {answer.headers['x-ms-request-id']})")
    return error["message"]


@pytest.fixture(scope="module")
def user(pool):
    return hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="refused user").token(pool)


@pytest.fixture(scope="module", params=["HTTP/1.1", "HTTP/2"])
def client(request, pool, user):
    """Calls node 1 with a good token unless a test says otherwise."""
    with httpx.Client(
            base_url=pool.endpoint(1), verify=pool.tls(), http1=request.param == "HTTP/1.1",
            http2=request.param == "HTTP/2", headers={"authorization": f"Bearer {user}"}, timeout=30) as made:
        assert made.get(f"/keys?{VERSION}").http_version == request.param
        yield made


@pytest.fixture(scope="module")
def key(pool, user):
    with pool.client() as client:
        made = client.post(
            f"{pool.endpoint(1)}/keys/refusals/create?{VERSION}", json={"kty": "EC-HSM"},
            headers={"authorization": f"Bearer {user}"})
        assert made.status_code == 200, made.text
    return "/keys/refusals"


def test_what_is_refused_below_is_granted_without_the_flaw(client, key):
    assert client.get(f"{key}?{VERSION}").status_code == 200
    assert client.post(f"{key}/sign?{VERSION}", json=SIGN).status_code == 200


# --- tokens -----------------------------------------------------------------------------------------------------------


def changed(token: str, part: int, position: int) -> str:
    parts = token.split(".")
    text = parts[part]
    parts[part] = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1:]
    return ".".join(parts)


def loosened(token: str) -> str:
    """The same bytes, spelled with bits set that base64url has no use for."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(token.rsplit(".", 1)[1]) % 4 == 2
    other = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    assert jwt.api_jws.base64url_decode(token.rsplit(".", 1)[1]) == jwt.api_jws.base64url_decode(other.rsplit(".", 1)[1])
    return other


def claims_changed(token: str, **claims) -> str:
    header, payload, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    payload = base64.urlsafe_b64encode(json.dumps(content | claims).encode()).decode().rstrip("=")
    return f"{header}.{payload}.{signature}"


def forged(token: str, algorithm: str, **claims) -> str:
    """A well-made token of right content, signed by anybody."""
    content = jwt.decode(token, options={"verify_signature": False}) | claims
    headers = {"kid": jwt.get_unverified_header(token)["kid"], "typ": "at+jwt"}
    if algorithm == "none":
        return jwt.encode(content, None, algorithm="none", headers=headers)
    if algorithm == "HS256":
        return jwt.encode(content, "x" * 64, algorithm="HS256", headers=headers)
    return jwt.encode(content, rsa.generate_private_key(65537, 2048), algorithm="RS256", headers=headers)


TOKENS = {
    "none": lambda token: None,
    "empty": lambda token: "",
    "empty bearer": lambda token: "Bearer",
    "another scheme": lambda token: "Basic dXNlcjpwYXNzd29yZA==",
    "no scheme": lambda token: token,
    "text": lambda token: "Bearer x",
    "dots": lambda token: "Bearer ..",
    "two parts": lambda token: "Bearer " + token.rsplit(".", 1)[0],
    "no signature": lambda token: "Bearer " + token.rsplit(".", 1)[0] + ".",
    "four parts": lambda token: f"Bearer {token}.x",
    "header changed": lambda token: "Bearer " + changed(token, 0, 10),
    "claims changed": lambda token: "Bearer " + claims_changed(token, oid=str(uuid.uuid4())),
    "life prolonged": lambda token: "Bearer " + claims_changed(token, exp=2**33),
    "signature changed": lambda token: "Bearer " + changed(token, 2, 100),
    "end of signature changed": lambda token: "Bearer " + changed(token, 2, -2),
    "bits behind the signature": lambda token: "Bearer " + loosened(token),
    "cut": lambda token: "Bearer " + token[:-1],
    "unsigned": lambda token: "Bearer " + forged(token, "none"),
    "signed with a password": lambda token: "Bearer " + forged(token, "HS256"),
    "signed by another key": lambda token: "Bearer " + forged(token, "RS256"),
    "long": lambda token: "Bearer " + "x" * 17000,
    "twice": lambda token: f"Bearer {token}, Bearer {token}",
}


@pytest.mark.parametrize("flaw", TOKENS)
def test_without_a_good_token_there_is_a_challenge(client, pool, user, key, flaw):
    value = TOKENS[flaw](user)
    headers = {"authorization": value} if value is not None else {}
    for method, path in (("GET", f"{key}?{VERSION}"), ("POST", f"{key}/sign?{VERSION}"), ("GET", "/nothing/here")):
        request = client.build_request(method, path, headers=headers)
        if value is None:
            del request.headers["authorization"]
        answer = client.send(request)
        envelope(answer, 401, "Unauthorized")
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith(f'Bearer authorization="{pool.endpoint(1)}/adfs", resource="{pool.scope}"')


def test_tokens_of_people_who_are_gone_or_meant_for_others(client, pool, key):
    person = hire(pool, CRYPTO_USER, name="about to leave")
    token = person.token(pool)
    headers = {"authorization": f"Bearer {token}"}
    assert client.post(f"{key}/sign?{VERSION}", json=SIGN, headers=headers).status_code == 200
    administrator = {"authorization": f"Bearer {pool.token()}"}
    path = f"/quorate/v1/principals/{person.object_id}"
    assert client.patch(path, json={"enabled": False}, headers=administrator).status_code == 200
    envelope(client.post(f"{key}/sign?{VERSION}", json=SIGN, headers=headers), 401, "Unauthorized")
    # The issuer has no token for a service that isn't the pool.
    answer = client.post("/adfs/oauth2/v2.0/token", data={
        "grant_type": "client_credentials", "client_id": pool.credentials()[0],
        "client_secret": pool.credentials()[1], "scope": "https://elsewhere.example/.default"})
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_scope"
    answer = client.post("/adfs/oauth2/v2.0/token", data={
        "grant_type": "client_credentials", "client_id": pool.credentials()[0], "client_secret": "wrong",
        "scope": f"{pool.scope}/.default"})
    assert answer.status_code in (400, 401) and answer.json()["error"] == "invalid_client"


# --- rights -----------------------------------------------------------------------------------------------------------


def test_without_the_right_it_is_forbidden(client, pool, key):
    nobody = {"authorization": "Bearer " + hire(pool, name="nobody").token(pool)}
    reader = {"authorization": "Bearer " + hire(
        pool, role_of(pool, "/keys/read/action", name="Reader of keys"), name="reader").token(pool)}
    requests = [
        ("GET", "/keys", None), ("GET", key, None), ("POST", f"{key}/sign", SIGN), ("POST", f"{key}/create", {"kty": "EC"}),
        ("POST", "/keys/not-there/sign", SIGN), ("DELETE", key, None), ("PATCH", key, {"tags": {}}),
        ("GET", "/deletedkeys", None), ("DELETE", "/deletedkeys/refusals", None), ("POST", "/rng", {"count": 1}),
        ("GET", "/providers/Microsoft.Authorization/roleAssignments", None),
        ("PUT", f"/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", {}),
        ("POST", "/securitydomain/download", {}), ("POST", "/quorate/v1/principals", {"displayName": "x"}),
    ]
    for method, path, body in requests:
        message = envelope(
            client.request(method, f"{path}?{VERSION}", json=body, headers=nobody), 403, "AccessDenied")
        assert message.startswith("Not authorized to ")
    assert client.get(f"{key}?{VERSION}", headers=reader).status_code == 200
    for method, path, body in requests[2:]:
        envelope(client.request(method, f"{path}?{VERSION}", json=body, headers=reader), 403, "AccessDenied")


# --- keys -------------------------------------------------------------------------------------------------------------


def test_unknown_things_are_not_found(client, key):
    for method, path, code in (
            ("GET", "/keys/not-there", "KeyNotFound"), ("POST", "/keys/not-there/sign", "KeyNotFound"),
            ("GET", f"{key}/{'0' * 32}", "KeyNotFound"), ("POST", f"{key}/{'0' * 32}/sign", "KeyNotFound"),
            ("GET", f"{key}/latest", "KeyNotFound"), ("DELETE", "/keys/not-there", "KeyNotFound"),
            ("GET", "/deletedkeys/not-there", "KeyNotFound"), ("POST", "/deletedkeys/not-there/recover", "KeyNotFound"),
            ("GET", f"{key}/sign", "KeyNotFound"), ("GET", "/nothing", "NotFound"), ("GET", "/", "NotFound"), ("GET", "/keys/a/b/c/d/e", "NotFound")):
        envelope(client.request(method, f"{path}?{VERSION}", json=SIGN if method == "POST" else None), 404, code)


def test_a_disabled_key_does_nothing(client, key):
    assert client.post(
        f"/keys/refusals-off/create?{VERSION}", json={"kty": "EC", "attributes": {"enabled": False}}).status_code == 200
    for path, body in (("sign", SIGN), ("verify", {"alg": "ES256", "digest": DIGEST, "value": DIGEST})):
        answer = client.post(f"/keys/refusals-off/{path}?{VERSION}", json=body)
        envelope(answer, 403, "Forbidden")
        assert answer.json()["error"]["innererror"] == {"code": "KeyDisabled"}


def test_a_key_out_of_its_time_does_not_sign(client):
    for name, attributes, code in (
            ("refusals-old", {"exp": 1_000_000_000}, "KeyExpired"),
            ("refusals-young", {"nbf": 5_000_000_000}, "KeyNotYetValid")):
        made = client.post(f"/keys/{name}/create?{VERSION}", json={"kty": "EC", "attributes": attributes})
        assert made.status_code == 200
        answer = client.post(f"/keys/{name}/sign?{VERSION}", json=SIGN)
        envelope(answer, 403, "Forbidden")
        assert answer.json()["error"]["innererror"] == {"code": code}


# --- versions, paths --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [
    "", "api-version=", "api-version=1.0", "api-version=7.5x", "apiversion=7.5", "api-version=%37.%zz", "api-version=7.5%",
    "api-version=%00", "api-version=7.5&" + "&".join(f"a{number}=1" for number in range(40)), "%ff=1&api-version=7.5"])
def test_the_version_of_the_protocol_must_be_known(client, key, query):
    envelope(client.get(f"{key}?{query}"), 400, "BadParameter")


PATHS = {
    "/keys/%zz": 400, "/keys/%": 400, "/keys/%4": 400, "/keys/%ff%fe": 400, "/keys/a%00b": 400, "/keys/a%2fb": 400,
    "/keys/../keys/refusals": 400, "/keys/%2e%2e/keys": 400, "/keys/./refusals": 400, "/keys/%2E/refusals": 400,
    "/../../etc/passwd": 400, "/keys/..%2f..%2fetc%2fpasswd": 400, "/" + "a/" * 20: 400, "/" + "a" * 3000: 400,
    "/keys/" + "a" * 1900: 404, "/keys/refusals%20": 404, "/KEYS/refusals": 200, "/keys/%72efusals": 200,
    "//keys/refusals": 200, "/keys/refusals%252e": 404, "/keys/..;/refusals": 404, "/keys/%c3%a9": 404,
}


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_mean_nothing_are_refused(client, key, path):
    """Sent as they stand: the client would tidy them."""
    answer = client.get("/", extensions={"target": f"{path}?{VERSION}".encode()})
    if PATHS[path] == 200:
        assert answer.status_code == 200 and answer.json()["key"]["kid"].split("/")[4] == "refusals"
    else:
        assert answer.status_code == PATHS[path], answer.text
        envelope(answer, PATHS[path], answer.json()["error"]["code"])


@pytest.mark.parametrize("name", ["with_underscore", "with.dot", "a" * 128, "%C3%A9", "a%20b", "-%2B-", "%5B%5D"])
def test_names_that_keys_may_not_have(client, name):
    envelope(client.post(f"/keys/{name}/create?{VERSION}", json={"kty": "EC"}), 400, "BadParameter")


def test_other_methods_are_refused(client, key):
    for method, path in (("PUT", "/keys"), ("DELETE", "/rng"), ("TRACE", "/keys"), ("LOCK", key)):
        answer = client.request(method, f"{path}?{VERSION}")
        envelope(answer, 405, "MethodNotAllowed")
        assert answer.headers["allow"]


def test_another_host_is_refused(client, key):
    port = client.base_url.port
    for host in ("elsewhere.example", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{port}.", f"x@127.0.0.1:{port}"):
        answer = client.get(f"{key}?{VERSION}", headers={"host": host})
        envelope(answer, 421, "MisdirectedRequest")
    assert client.get(f"{key}?{VERSION}", headers={"host": f"LOCALHOST:{port}"}).status_code == 200


# --- bodies -----------------------------------------------------------------------------------------------------------

BROKEN = {
    "nothing": b"", "text": b"hello", "half": b'{"alg":"ES256"', "array": b"[]", "null": b"null", "string": b'"x"',
    "trailing comma": b'{"alg":"ES256","value":"%s",}' % DIGEST.encode(), "single quotes": b"{'alg':'ES256'}",
    "two objects": b"{}{}", "comment": b"{/**/}", "nan": b'{"alg":NaN}', "not utf-8": b'{"alg":"\xff"}',
    "lone surrogate": b'{"alg":"\\ud800"}', "NUL": b'{"alg":"\x00"}', "byte order mark": b"\xef\xbb\xbf{}",
    "deep": b"[" * 5000 + b"]" * 5000, "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "duplicate": b'{"alg":"ES256","value":"%s","alg":"ES256"}' % DIGEST.encode(),
    "escaped duplicate": b'{"alg":"ES256","value":"%s","\\u0061lg":"ES384"}' % DIGEST.encode(),
    "no algorithm": b'{"value":"%s"}' % DIGEST.encode(), "no value": b'{"alg":"ES256"}',
    "algorithm number": b'{"alg":256,"value":"%s"}' % DIGEST.encode(),
    "algorithm array": b'{"alg":["ES256"],"value":"%s"}' % DIGEST.encode(),
    "algorithm null": b'{"alg":null,"value":"%s"}' % DIGEST.encode(),
    "unknown algorithm": b'{"alg":"ES257","value":"%s"}' % DIGEST.encode(),
    "lower-case algorithm": b'{"alg":"es256","value":"%s"}' % DIGEST.encode(),
    "algorithm none": b'{"alg":"none","value":"%s"}' % DIGEST.encode(),
    "algorithm of another type of key": b'{"alg":"RS256","value":"%s"}' % DIGEST.encode(),
    "algorithm of another curve": b'{"alg":"ES384","value":"%s"}' % DIGEST.encode(),
    "short digest": b'{"alg":"ES256","value":"AAAA"}', "empty digest": b'{"alg":"ES256","value":""}',
    "long digest": b'{"alg":"ES256","value":"%sAAAA"}' % DIGEST.encode(),
    "digest number": b'{"alg":"ES256","value":1}', "digest object": b'{"alg":"ES256","value":{}}',
    "digest no base64url": b'{"alg":"ES256","value":"%s"}' % (b"+/" + DIGEST.encode()[2:]),
    "digest with loose bits": b'{"alg":"ES256","value":"%sB"}' % DIGEST.encode()[:-1],
    "huge number": b'{"alg":"ES256","value":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_broken_bodies_are_refused(client, key, flaw):
    for path in ("sign", "verify"):
        answer = client.post(
            f"{key}/{path}?{VERSION}", content=BROKEN[flaw], headers={"content-type": "application/json"})
        envelope(answer, 400, "BadParameter")


@pytest.mark.parametrize("body", [
    {}, {"kty": "oct-HSM", "key_size": 512}, {"kty": "OKP", "crv": "Ed448"}, {"kty": 1},
    {"kty": "RSA", "key_size": 1024}, {"kty": "RSA", "key_size": "2048"},
    {"kty": "RSA", "key_size": 2048.5}, {"kty": "RSA", "key_size": -1}, {"kty": "RSA", "key_size": 2**63},
    {"kty": "RSA", "public_exponent": 3}, {"kty": "RSA", "public_exponent": 65538}, {"kty": "EC", "crv": "P-192"},
    {"kty": "EC", "crv": 256}, {"kty": "EC", "key_ops": "sign"}, {"kty": "EC", "key_ops": ["encrypt"]},
    {"kty": "EC", "key_ops": ["fly"]}, {"kty": "EC", "key_ops": [1]}, {"kty": "EC", "tags": []},
    {"kty": "EC", "tags": {"a": 1}}, {"kty": "EC", "tags": {str(number): "" for number in range(16)}},
    {"kty": "EC", "tags": {"a": "x" * 257}}, {"kty": "EC", "attributes": 1},
    {"kty": "EC", "attributes": {"enabled": "true"}}, {"kty": "EC", "attributes": {"exp": "tomorrow"}},
    {"kty": "EC", "attributes": {"exp": -1}}, {"kty": "EC", "attributes": {"nbf": 2, "exp": 1}},
    {"kty": "EC", "attributes": {"exp": 10**18}}, {"kty": "EC", "attributes": {"exportable": True}},
], ids=str)
def test_keys_that_can_not_be_made(client, body):
    envelope(client.post(f"/keys/refusals-never/create?{VERSION}", json=body), 400, "BadParameter")
    envelope(client.get(f"/keys/refusals-never?{VERSION}"), 404, "KeyNotFound")


def test_large_bodies_are_refused(client, key):
    padding = b" " * (64 * 1024)
    fits = json.dumps(SIGN).encode()
    fits += padding[len(fits):]
    assert client.post(f"{key}/sign?{VERSION}", content=fits).status_code == 200

    def pieces():
        for start in range(0, len(fits), 4096):
            yield fits[start:start + 4096]
        yield b" "

    answer = client.post(f"{key}/sign?{VERSION}", content=fits + b" ")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestBodyTooLarge")
    answer = client.post(f"{key}/sign?{VERSION}", content=pieces())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestBodyTooLarge")
    assert client.post(f"{key}/sign?{VERSION}", json=SIGN).status_code == 200


def test_large_headers_are_refused(client, key):
    for headers in ({"x-large": "x" * 40000}, {f"x-{number}": "x" for number in range(200)}):
        answer = client.get(f"{key}?{VERSION}", headers=headers)
        assert answer.status_code == 431, answer.text
        assert answer.json()["error"]["code"] == "BadParameter"


# --- lengths that lie -------------------------------------------------------------------------------------------------


@pytest.fixture
def connection(pool):
    made = wire.connect(wire.tls_context(pool.authority, "http/1.1"), pool.port)
    yield made
    made.close()


def test_a_chunked_body_is_read_and_limited(pool, connection, user, key):
    reader = wire.Reader(connection)
    head = (f"POST {key}/sign?{VERSION} HTTP/1.1\r\nhost: 127.0.0.1:{pool.port}\r\nauthorization: Bearer {user}\r\n"
            "transfer-encoding: chunked\r\n\r\n").encode()
    body = json.dumps(SIGN).encode()
    connection.sendall(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert reader.answer().status == 200
    connection.sendall(head + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 4 + b"1\r\n \r\n0\r\n\r\n")
    answer = reader.answer()
    assert (answer.status, answer.error["code"]) == (413, "RequestBodyTooLarge")
    assert reader.is_closed_by_peer()


def test_a_declared_length_is_believed_before_a_byte_is_read(pool, connection, user, key):
    connection.sendall(wire.request(
        "POST", f"{key}/sign?{VERSION}", f"127.0.0.1:{pool.port}", b"", f"authorization: Bearer {user}").replace(
            b"content-length: 0", b"content-length: 99999999"))
    reader = wire.Reader(connection)
    answer = reader.answer()
    assert (answer.status, answer.error["code"]) == (413, "RequestBodyTooLarge")
    assert reader.is_closed_by_peer()


def test_a_body_longer_than_declared_is_no_part_of_the_request(pool, connection, user, key):
    body = json.dumps(SIGN).encode()
    connection.sendall(wire.request(
        "POST", f"{key}/sign?{VERSION}", f"127.0.0.1:{pool.port}", body, f"authorization: Bearer {user}").replace(
            b"content-length: %d" % len(body), b"content-length: %d" % (len(body) - 1)))
    reader = wire.Reader(connection)
    answer = reader.answer()
    assert (answer.status, answer.error["code"]) == (400, "BadParameter")
    # What is left over, a brace, begins no request.
    connection.sendall(b"\r\n\r\n")
    answer = reader.answer()
    assert (answer.status, answer.error["code"]) == (400, "BadParameter")
    assert reader.is_closed_by_peer()
