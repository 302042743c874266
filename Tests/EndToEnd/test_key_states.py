"""docs/key-states.md on a pool of real nodes: every route in every state of its key, each node in its turn."""

from __future__ import annotations

import base64
import json
import re
import uuid

import pytest

from contract import Contract, checked_client
from people import CRYPTO_OFFICER, CRYPTO_USER, hire
from pool import ROOT, Pool

VERSION = "api-version=2025-07-01"
ATTRIBUTES = {
    "disabled": {"enabled": False}, "not yet valid": {"nbf": 4102444800}, "expired": {"exp": 946684800},
}
RELEASE_POLICY = {"version": "1.0.0", "anyOf": [
    {"authority": "https://authority.example", "allOf": [{"claim": "x", "equals": "y"}]}]}
POLICY = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]}


def rows(heading: str) -> list[list[str]]:
    """The table under a heading: its own heading first, the rule under that left out."""
    text = (ROOT / "docs" / "key-states.md").read_text()
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in line.split("|")[1:-1]] for line in lines[:1] + lines[2:]]


ANSWERS = rows("Answers")
REFUSALS = {row[0]: row[1:] for row in rows("Refusals")[1:]}
REQUESTS = {row[0]: (row[1], row[2]) for row in rows("Requests of the test")[1:]}


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Subject:
    """A key in a state, and a route that is asked about it."""

    def __init__(self, pool: Pool, http, tokens: dict[str, str], principal: str, route: str, state: str):
        self.pool, self.http, self.tokens, self.route, self.state = pool, http, tokens, route, state
        self.method, self.path = route.split(" ")
        self.body, self.kind = REQUESTS.get(route, ("", "elliptic"))
        self.name = f"state-{uuid.uuid4().hex[:12]}"
        self.algorithm = (re.search(r'"alg":"([^"]+)"', self.body) or [None, ""])[1]
        word = self.path.rsplit("/", 1)[1]
        self.operation = {"wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}.get(word, word)
        self.values = {
            "{name}": self.name, "/{version?}": "", "{assignment}": str(uuid.uuid4()), "{definition}": CRYPTO_USER,
            "{principal}": principal, "{backup}": "", "{operation}": self.operation, "{algorithm}": self.algorithm,
        }
        # The node is another one for each route and state.
        self.base = pool.endpoint(sum(map(ord, route + state)) % 3 + 1)
        self.values["{base}"] = self.base

    def fill(self, text: str) -> str:
        for name, value in self.values.items():
            text = text.replace(name, value)
        return text

    def send(self, who: str, method: str, path: str, body=None):
        separator = "&" if "?" in path else "?"
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        return self.http.request(
            method, f"{self.base}{path}{separator}{VERSION}", content=content or None,
            headers={"authorization": f"Bearer {self.tokens[who]}"})

    def must(self, *request):
        answer = self.send(*request)
        assert answer.status_code < 300, f"{request}: {answer.text}"
        return answer

    def prepare(self) -> None:
        if self.state != "missing":
            if self.state == "other type" and self.algorithm:
                self.must("user", "POST", f"/keys/{self.name}/create", {"kty": "RSA"})
            else:
                self.must("user", "PUT", f"/keys/{self.name}", self.import_body())
            if self.path.endswith("/rotate"):
                self.must("user", "PUT", f"/keys/{self.name}/rotationpolicy", POLICY)
            self.values["{backup}"] = self.must("user", "POST", f"/keys/{self.name}/backup").json()["value"]
        if self.state in ("deleted", "purged"):
            self.must("user", "DELETE", f"/keys/{self.name}")
        if self.state == "purged":
            self.must("user", "DELETE", f"/deletedkeys/{self.name}")
        if self.path.endswith("{assignment}") and self.method != "PUT":
            given = {"properties": {"principalId": self.values["{principal}"], "roleDefinitionId": CRYPTO_USER}}
            self.must("administrator", "PUT", self.fill(self.path), given)

    def import_body(self) -> dict:
        symmetric = (self.kind == "symmetric") != (self.state == "other type")
        key = {"kty": "oct", "k": base64url(bytes(range(32)))} if symmetric else {
            "kty": "EC", "crv": "P-256", "d": base64url(bytes(range(1, 33)))}
        if self.state == "no operation":
            everything = ["encrypt", "decrypt", "wrapKey", "unwrapKey"] if symmetric else ["sign", "verify"]
            key["key_ops"] = [one for one in everything if one != self.operation] if self.algorithm else ["verify"]
        if self.path.endswith("/release") and self.state != "not exportable":
            attributes = {"exportable": True, **ATTRIBUTES.get(self.state, {})}
            policy = {"data": base64url(json.dumps(RELEASE_POLICY).encode())}
            return {"key": key, "attributes": attributes, "release_policy": policy}
        return {"key": key, "attributes": ATTRIBUTES.get(self.state, {})}

    def ask(self):
        path = self.fill(self.path)
        if path in ("/keys", "/deletedkeys"):
            path += f"?maxresults=1&$skiptoken={base64url(self.name[:-1].encode())}"
        needs_administrator = "/providers/" in path or self.route == "PUT /keys/{name}/restore"
        who = "administrator" if needs_administrator else "user"
        return self.send(who, self.method, path, self.fill(self.body))

    def leave(self) -> None:
        """Takes away what the pool shares with other tests."""
        if self.path.endswith("{assignment}"):
            self.send("administrator", "DELETE", self.fill(self.path))
        self.send("user", "DELETE", f"/keys/{self.name}")
        self.send("user", "DELETE", f"/deletedkeys/{self.name}")


@pytest.fixture(scope="module")
def tokens(pool):
    user = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="state user")
    return {"administrator": pool.token(), "user": user.token(pool), "principal": user.object_id}


@pytest.mark.parametrize("row", ANSWERS[1:], ids=lambda row: row[0])
def test_answers_are_those_of_the_table(pool, tokens, row):
    contract = Contract()
    with checked_client(contract, pool.tls()) as http:
        for state, cell in zip(ANSWERS[0][1:], row[1:], strict=True):
            if cell == "–":
                continue
            subject = Subject(pool, http, tokens, tokens["principal"], row[0], state)
            subject.prepare()
            answer = subject.ask()
            status, *name = cell.split(" ")
            told = f"{row[0]}, {state}: {answer.status_code} {answer.text}"
            assert answer.status_code == int(status), told
            if int(status) >= 400:
                _, code, inner, message = REFUSALS[name[0]]
                error = answer.json()["error"]
                identifier = answer.headers["x-ms-request-id"]
                assert error["code"] == code and error.get("innererror", {}).get("code", "") == inner, told
                assert error["message"] == f"{subject.fill(message)} (Activity ID: {identifier})", told
            elif name:
                operation = contract.operation(subject.method, subject.fill(subject.path))
                assert operation["responses"][status]["$ref"].rsplit("/", 1)[1] == name[0], told
                if len(name) > 1:
                    listed = any(f"/{subject.name}" in item["kid"] for item in answer.json()["value"])
                    assert listed == (name[1] == "with"), told
            subject.leave()
