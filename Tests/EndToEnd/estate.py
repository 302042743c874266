"""What a pool holds, and what it must hold again when it has been lost: keys with what they have signed and encrypted,
people with their roles."""

from __future__ import annotations

import base64
import concurrent.futures
import dataclasses
import hashlib
import threading

import httpx

from people import CRYPTO_OFFICER, CRYPTO_USER, VERSION, Person, hire, role_of
from pool import Pool

CLEAR = base64.urlsafe_b64encode(b"What was sealed before opens afterwards.").decode().rstrip("=")
# RSA keys take seconds to make: one in eight is one.
KINDS = [
    ({"kty": "EC-HSM", "crv": "P-256"}, "ES256"), ({"kty": "oct-HSM", "key_size": 256}, "A256GCM"),
    ({"kty": "EC-HSM", "crv": "P-256K"}, "ES256K"), ({"kty": "oct-HSM", "key_size": 128}, "A128GCM"),
    ({"kty": "EC-HSM", "crv": "P-384"}, "ES384"), ({"kty": "oct-HSM", "key_size": 192}, "A192GCM"),
    ({"kty": "EC-HSM", "crv": "P-521"}, "ES512"), ({"kty": "RSA-HSM", "key_size": 2048}, "PS256"),
]
# Of many keys only some are made as RSA keys.
MOST_RSA = 40
DIGESTS = {"ES384": hashlib.sha384, "ES512": hashlib.sha512}


def digest(algorithm: str) -> str:
    make = DIGESTS.get(algorithm, hashlib.sha256)
    return base64.urlsafe_b64encode(make(b"What comes back signs as before.").digest()).decode().rstrip("=")


@dataclasses.dataclass(frozen=True)
class Kept:
    """A key, and what it did while its pool lived."""

    name: str
    version: str
    algorithm: str
    result: dict

    @property
    def signs(self) -> bool:
        return not self.algorithm.endswith("GCM")


class Caller:
    """Requests of one person on connections that are kept open."""

    def __init__(self, pool: Pool, person: Person, node: int = 1):
        self.base = pool.endpoint(node)
        limits = httpx.Limits(max_connections=8)
        self.http = httpx.Client(verify=pool.tls(), timeout=60, limits=limits)
        self.headers = {"authorization": f"Bearer {person.token(pool, node)}"}

    def __call__(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.http.request(method, f"{self.base}{path}?{VERSION}", json=body, headers=self.headers)
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


def each(work, items) -> list:
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        return list(threads.map(work, items))


class Estate:
    """Fills a pool, and remembers."""

    def __init__(self, pool: Pool, keys: int):
        self.pool = pool
        self.user = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="estate")
        call = Caller(pool, self.user)

        def make(number: int) -> Kept:
            attributes, algorithm = KINDS[number % len(KINDS)]
            if number >= len(KINDS) * MOST_RSA and attributes["kty"] == "RSA-HSM":
                attributes, algorithm = KINDS[0]
            name = f"kept-{number}"
            made = call("POST", f"/keys/{name}/create", {**attributes, "tags": {"number": str(number)}})
            version = made["key"]["kid"].rsplit("/", 1)[1]
            if algorithm.endswith("GCM"):
                result = call("POST", f"/keys/{name}/{version}/encrypt", {"alg": algorithm, "value": CLEAR})
            else:
                result = call("POST", f"/keys/{name}/{version}/sign", {"alg": algorithm, "value": digest(algorithm)})
            return Kept(name, version, algorithm, result)

        self.kept = each(make, range(keys))
        rules = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "rotate"}}]}
        call("PUT", "/keys/kept-0/rotationpolicy", rules)
        # A key with two versions, and one that is deleted.
        call("POST", "/keys/kept-0/create", KINDS[0][0])
        # One that is kept as a backup of its own.
        self.alone = call("POST", "/keys/kept-0/backup")["value"]
        call("POST", "/keys/gone/create", KINDS[0][0])
        call("DELETE", "/keys/gone")
        self.role = role_of(pool, "/keys/sign/action", name="only signs")
        self.people = [self.user] + [
            hire(pool, CRYPTO_USER, name="of one key", scope="/keys/kept-1"),
            hire(pool, self.role, name="of a role of ours"),
        ]

    def write_on(self) -> "WriteLoad":
        return WriteLoad(self)

    def assignments(self, pool: Pool | None = None) -> dict[str, tuple]:
        """By name: scope, principal and role."""
        pool = pool or self.pool
        found = {}
        for scope in ("", "/keys", "/keys/kept-1"):
            path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
            for item in pool.call("GET", 1, path, pool.token()).json()["value"]:
                properties = item["properties"]
                found[item["name"]] = (properties["scope"], properties["principalId"], properties["roleDefinitionId"])
        return found


class WriteLoad:
    """Makes keys one after the other until it is told to stop."""

    def __init__(self, estate: Estate):
        self.acknowledged: list[str] = []
        self._call = Caller(estate.pool, estate.user)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            name = f"load-{number}"
            self._call("POST", f"/keys/{name}/create", KINDS[0][0])
            self.acknowledged.append(name)
            number += 1

    def __enter__(self) -> "WriteLoad":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()


def check_keys(pool: Pool, person: Person, kept: list[Kept]) -> None:
    """Each key verifies what it has signed before and signs again, or opens what it has sealed before."""
    callers = [Caller(pool, person, node) for node in range(1, pool.nodes + 1)]

    def check(indexed: tuple[int, Kept]) -> None:
        index, key = indexed
        call = callers[index % len(callers)]
        path = f"/keys/{key.name}/{key.version}"
        if not key.signs:
            body = {"alg": key.algorithm, "value": key.result["value"], "iv": key.result["iv"],
                    "tag": key.result["tag"]}
            assert call("POST", f"{path}/decrypt", body)["value"] == CLEAR, key.name
            return
        again = call("POST", f"{path}/sign", {"alg": key.algorithm, "value": digest(key.algorithm)})["value"]
        for signature in (key.result["value"], again):
            body = {"alg": key.algorithm, "digest": digest(key.algorithm), "value": signature}
            assert call("POST", f"{path}/verify", body)["value"] is True, key.name

    each(check, enumerate(kept))


def names(pool: Pool, person: Person, collection: str = "keys") -> set[str]:
    found: set[str] = set()
    with pool.client() as http:
        link = f"{pool.endpoint(1)}/{collection}?{VERSION}&maxresults=25"
        headers = {"authorization": f"Bearer {person.token(pool)}"}
        while link:
            answer = http.get(link, headers=headers)
            assert answer.status_code == 200, f"{link}: {answer.text}"
            page = answer.json()
            member = "kid" if collection == "keys" else "recoveryId"
            found |= {item[member].rsplit("/", 1)[1] for item in page["value"]}
            link = page.get("nextLink")
    return found
