"""Good requests and the ways to spoil them. Every mutant follows from its seed alone."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import uuid

VERSION = "api-version=2025-07-01"
DIGEST = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
ROLES = "/providers/Microsoft.Authorization"


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class Requests:
    """The good requests that mutants come from, by somebody who may make them."""

    def __init__(self, host: str, token: str, administrator: str):
        self.host = host
        self.user = f"Bearer {token}".encode()
        administrator = f"Bearer {administrator}".encode()
        ec = {"alg": "ES256", "value": DIGEST}
        create = {"kty": "EC-HSM", "crv": "P-256", "key_ops": ["sign", "verify"], "tags": {"a": "b", "c": ""},
                  "attributes": {"enabled": True, "nbf": 1700000000, "exp": 4000000000}}
        role = {"properties": {"roleName": "R", "description": "", "permissions": [
            {"actions": [], "notActions": [], "notDataActions": [],
             "dataActions": ["Microsoft.KeyVault/managedHsm/keys/sign/action"]}]}}
        assignment = {"properties": {"roleDefinitionId": str(uuid.UUID(int=1)), "principalId": str(uuid.UUID(int=2))}}
        download = {"certificates": [{"kty": "RSA", "n": DIGEST, "e": "AQAB", "x5c": ["MIIB"]}] * 3, "required": 2}
        ask, form = (b"content-type", b"application/json"), (b"content-type", b"application/x-www-form-urlencoded")
        # Weight, then the request. Those that change the pool's state for good are rare, or aim at what can't be changed.
        self.choices = [
            (20, self.json("POST", f"/keys/fuzz-ec/sign?{VERSION}", self.user, ec)),
            (1, self.json("POST", f"/keys/fuzz-rsa/sign?{VERSION}", self.user, dict(ec, alg="PS256"))),
            (16, self.json("POST", f"/keys/fuzz-ec/verify?{VERSION}", self.user, {
                "alg": "ES256", "digest": DIGEST, "value": DIGEST + DIGEST + "AA"})),
            # The name is that of a deleted key: the request is read in full, and then there is a conflict.
            (20, self.json("POST", f"/keys/fuzz-deleted/create?{VERSION}", self.user, create)),
            (2, self.json("PATCH", f"/keys/fuzz-ec/?{VERSION}", self.user, {
                "attributes": {"enabled": True, "exp": 4000000000}, "tags": {"a": "b"}})),
            (10, Request("GET", f"/keys/fuzz-ec/{'0' * 32}?{VERSION}", [(b"authorization", self.user)])),
            (3, Request("GET", f"/keys?maxresults=5&$skiptoken=ZnV6eg&{VERSION}", [(b"authorization", self.user)])),
            (3, Request("GET", f"/keys/fuzz-ec/versions?{VERSION}", [(b"authorization", self.user)])),
            (3, Request("DELETE", f"/deletedkeys/fuzz-nothing?{VERSION}", [(b"authorization", self.user)])),
            (3, self.json("POST", f"/rng?{VERSION}", self.user, {"count": 16})),
            (4, self.json("PUT", f"{ROLES}/roleDefinitions/{uuid.UUID(int=3)}?{VERSION}", administrator, role)),
            (2, self.json("PATCH", f"/quorate/v1/principals/{uuid.UUID(int=6)}", administrator, {"enabled": False})),
            (4, self.json("PUT", f"/keys{ROLES}/roleAssignments/{uuid.UUID(int=4)}?{VERSION}", administrator, assignment)),
            (1, self.json("POST", f"/securitydomain/download?{VERSION}", administrator, download)),
            (6, Request("POST", "/adfs/oauth2/v2.0/token", [form], (
                f"grant_type=client_credentials&client_id={uuid.UUID(int=5)}&client_secret=wrong%20one&"
                f"scope=https%3A%2F%2F{host}%2F.default").encode())),
            (3, Request("POST", "/quorate/v1/unseal/shares", [ask], b'{"envelope":"AAAA"}')),
            (2, Request("GET", "/quorate/v1/status", [(b"authorization", administrator)])),
        ]
        self.weights = [weight for weight, _ in self.choices]

    @staticmethod
    def json(method: str, path: str, authorization: bytes, body: dict) -> Request:
        headers = [(b"authorization", authorization), (b"content-type", b"application/json")]
        return Request(method, path, headers, json.dumps(body, separators=(",", ":")).encode())

    def pick(self, chance: random.Random, with_body: bool = False) -> Request:
        while True:
            found = chance.choices(self.choices, self.weights)[0][1]
            if found.body or not with_body:
                return Request(found.method, found.path, list(found.headers), found.body)


# --- bytes ------------------------------------------------------------------------------------------------------------

WORDS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b"%00", b"%2e%2e/", b"../", b"%", b"\xff\xfe", b"A" * 300, b":",
    b"\r\n x", b"transfer-encoding: chunked\r\n", b"content-length: 5\r\n", b"content-length: -1\r\n", b"0\r\n\r\n",
    b"HTTP/1.0", b"HTTP/2.0", b"expect: 100-continue\r\n", b"connection: close\r\n", b"connection: upgrade\r\n",
    b"upgrade: h2c\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"host: x\r\n", b"99999999999999999999", b"?", b"#", b"//",
    b"OPTIONS", b"CONNECT", b"https://x/", b"\xc3\xa9", b"\xed\xa0\x80", b"\x80", b"authorization: Bearer x\r\n",
]


def spoil(data: bytes, chance: random.Random, words: list[bytes] = WORDS, most: int = 4) -> bytes:
    """Changes one to `most` places of `data`."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        place = chance.randrange(len(changed) + 1)
        end = min(len(changed), place + chance.choice((1, 1, 2, 4, 16, 64)))
        match chance.randrange(8):
            case 0 | 1 if place < len(changed):
                changed[place] ^= 1 << chance.randrange(8)
            case 2 if place < len(changed):
                changed[place] = chance.randrange(256)
            case 3:
                del changed[place:end]
            case 4:
                changed[place:place] = chance.randbytes(chance.choice((1, 2, 8)))
            case 5:
                changed[place:place] = changed[place:end] * chance.choice((1, 2, 20))
            case 6:
                changed[place:end] = chance.choice(words)
            case _:
                changed[place:place] = chance.choice(words)
    return bytes(changed)


# --- JSON -------------------------------------------------------------------------------------------------------------

VALUES = [
    None, True, False, 0, -1, 1, 256, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63), 1e308, 0.5, "", "x", "A" * 1000, "\0",
    "\ud800", "é\u202e", [], {}, [[]], [None], {"": None}, "ES256", "ES512", "RS256", "PS512", "RSA", "oct-HSM", "P-521",
    DIGEST, DIGEST + "=", "AA==", "../..", "sign", ["sign", "sign"], ["import"], {"enabled": False}, 4000000000,
]
JSON_WORDS = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\u00", b"null", b"true", b"1e999", b"-", b"0x1",
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\n", b"/**/", b"[" * 200, b'{"a":' * 100, b"9" * 400, b'"alg":"RS256",', b"\xed\xa0\x80",
]


def spoil_value(value, chance: random.Random):
    """Replaces, removes, doubles or adds something in a JSON value, at any depth."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        changed = dict(value)
        name = chance.choice(list(changed))
        match chance.randrange(6):
            case 0:
                del changed[name]
            case 1:
                changed[chance.choice(("x", "", name.upper(), name + "\0", "__proto__", "ß" * 50))] = changed.pop(name)
            case 2:
                changed |= {f"x{number}": chance.choice(VALUES) for number in range(chance.choice((1, 20, 300)))}
            case _:
                changed[name] = spoil_value(changed[name], chance)
        return changed
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        return value[:place] + [spoil_value(value[place], chance)] * chance.choice((0, 1, 1, 2, 50)) + value[place + 1:]
    if isinstance(value, str) and value and chance.random() < 0.6:
        return spoil(value.encode("utf-8", "surrogatepass"), chance).decode("latin-1")
    return chance.choice(VALUES)


def spoil_body(body: bytes, chance: random.Random) -> bytes:
    if not body.startswith(b"{") or chance.random() < 0.4:
        return spoil(body, chance, JSON_WORDS)
    value = json.loads(body)
    for _ in range(chance.randint(1, 3)):
        value = spoil_value(value, chance)
    return json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


# --- paths, queries, fields -------------------------------------------------------------------------------------------

PATH_WORDS = [
    b"%", b"%0", b"%00", b"%2f", b"%2e%2e", b"..", b".", b"/", b"//", b"%ff", b"%c3%a9", b"?", b"&", b"=", b"api-version", b"$",
    b"keys", b"providers", b"deletedkeys", b"restore", b"create", b"sign", b"a" * 200, b"a/" * 12, b"*", b"@", b";", b"%25",
    b"'", b"\"", b"<", b"\\", b"{name}", b"maxresults=0", b"maxresults=9999999999999999999", b"$filter=x", b"7.5",
]
FIELDS = [
    (b"x-ms-client-request-id", b"00000000-0000-0000-0000-000000000000"), (b"x-ms-return-client-request-id", b"true"),
    (b"user-agent", b"azsdk-python"), (b"accept", b"*/*"), (b"content-encoding", b"gzip"), (b"x-http-method", b"DELETE"),
    (b"x-forwarded-for", b"1.2.3.4"), (b"forwarded", b"for=1.2.3.4"), (b"cookie", b"a=b"), (b"range", b"bytes=0-1"),
    (b"if-match", b"*"), (b"authorization", b"Bearer x"), (b"origin", b"null"), (b"accept-encoding", b"br"),
]


def printable(data: bytes, also: bytes = b"") -> bytes:
    return bytes(byte for byte in data if 0x20 < byte < 0x7F or byte in also)


def spoil_path(path: str, chance: random.Random) -> str:
    text = printable(spoil(path.encode(), chance, PATH_WORDS)).replace(b"#", b"").decode()
    return "/" + text.lstrip("/") if chance.random() < 0.9 else "//" + text


def spoil_token(value: bytes, chance: random.Random) -> bytes:
    """Spoils a token in its parts, or inside of what they encode."""
    parts = value.split(b".")
    if len(parts) == 3 and chance.random() < 0.5:
        place = chance.randrange(2)
        prefix, text = (b"Bearer ", parts[0][7:]) if place == 0 else (b"", parts[1])
        inner = spoil_body(base64.urlsafe_b64decode(text + b"=="), chance)
        parts[place] = prefix + base64.urlsafe_b64encode(inner).rstrip(b"=")
        return b".".join(parts)
    return printable(spoil(value, chance, [b".", b"=", b" ", b"Bearer ", b"A" * 3000, b"e30"]), b" \t").strip()


def spoil_fields(request: Request, chance: random.Random) -> Request:
    """Spoils path, token or other fields in ways that leave no doubt about where the request ends."""
    fields = list(request.headers)
    match chance.randrange(5):
        case 0 | 1:
            request.path = spoil_path(request.path, chance)
        case 2 | 3:
            fields = [(n, spoil_token(v, chance) if n == b"authorization" else v) for n, v in fields]
        case _:
            for name, value in chance.sample(FIELDS, chance.randint(1, 4)):
                fields.append((name, printable(spoil(value, chance), b" \x80\xff").strip()))
    request.headers = fields
    return request
