"""The same key changed through two nodes at the same time: the outcome is that of one change after the other, the same
on every node, and never a half one."""

import concurrent.futures
import threading
import uuid

import httpx
import pytest

from people import CRYPTO_OFFICER, CRYPTO_USER, hire

NODES = [1, 2, 3]
ROUNDS = 12


class Racer:
    """One client for each node, and a starting line."""

    def __init__(self, pool, token: str):
        self.clients = {
            node: httpx.Client(
                base_url=pool.endpoint(node), verify=pool.tls(), headers={"authorization": f"Bearer {token}"},
                params={"api-version": "2025-07-01"}, timeout=30)
            for node in NODES
        }
        self.workers = concurrent.futures.ThreadPoolExecutor(4)

    def send(self, node: int, request: tuple, start: threading.Barrier | None = None) -> httpx.Response:
        method, path, *body = request
        if start:
            start.wait(10)
        return self.clients[node].request(method, path, json=body[0] if body else None)

    def race(self, number: int, *requests: tuple) -> list[httpx.Response]:
        """Sends the requests at once, each to another node, in another constellation each round."""
        start = threading.Barrier(len(requests))
        running = [
            self.workers.submit(self.send, NODES[(number + place) % 3], request, start)
            for place, request in enumerate(requests)
        ]
        return [one.result(60) for one in running]

    def agree(self, path: str) -> httpx.Response:
        """What all nodes answer, which has to be the same."""
        answers = [self.clients[node].get(path) for node in NODES]
        assert len({answer.status_code for answer in answers}) == 1, [answer.text for answer in answers]
        if answers[0].status_code == 200:
            seen = {self.comparable(answer) for answer in answers}
            assert len(seen) == 1, seen
        return answers[0]

    @staticmethod
    def comparable(answer: httpx.Response) -> str:
        """The body without the name of the node that gave it."""
        return answer.text.replace(f"{answer.url.scheme}://{answer.url.netloc.decode()}", "")

    def versions(self, name: str) -> list[str]:
        return [one["kid"].rsplit("/", 1)[1] for one in self.agree(f"/keys/{name}/versions").json()["value"]]


@pytest.fixture(scope="module")
def racer(pool):
    made = Racer(pool, hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="racer").token(pool))
    yield made
    made.workers.shutdown()
    for client in made.clients.values():
        client.close()


def fresh() -> str:
    return f"race-{uuid.uuid4().hex[:12]}"


CREATE = {"kty": "EC"}


def statuses(answers: list[httpx.Response]) -> list[int]:
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_creates(racer, number):
    name = fresh()
    answers = racer.race(number, *[("POST", f"/keys/{name}/create", CREATE)] * 3)
    assert statuses(answers) == [200, 200, 200]
    made = {answer.json()["key"]["kid"].rsplit("/", 1)[1] for answer in answers}
    versions = racer.versions(name)
    assert set(versions) == made and len(versions) == 3
    assert racer.agree(f"/keys/{name}").json()["key"]["kid"].endswith(versions[-1])


@pytest.mark.parametrize("number", range(ROUNDS))
def test_deletes_recovers_and_purges(racer, number):
    name = fresh()
    racer.send(1, ("POST", f"/keys/{name}/create", CREATE))
    assert statuses(racer.race(number, ("DELETE", f"/keys/{name}"), ("DELETE", f"/keys/{name}"))) == [200, 404]
    assert racer.agree(f"/keys/{name}").status_code == 404
    assert racer.agree(f"/deletedkeys/{name}").status_code == 200
    recover, purge = ("POST", f"/deletedkeys/{name}/recover"), ("DELETE", f"/deletedkeys/{name}")
    outcome = statuses(racer.race(number, recover, recover))
    assert outcome[0] == 200 and outcome[1] in (404, 409)
    assert racer.agree(f"/keys/{name}").status_code == 200
    assert racer.agree(f"/deletedkeys/{name}").status_code == 404
    racer.send(2, ("DELETE", f"/keys/{name}"))
    recovered, purged = racer.race(number, recover, purge)
    statuses([recovered, purged])
    assert (recovered.status_code == 200) != (purged.status_code == 204), (recovered.text, purged.text)
    assert racer.agree(f"/keys/{name}").status_code == recovered.status_code
    assert racer.agree(f"/deletedkeys/{name}").status_code == 404


@pytest.mark.parametrize("number", range(ROUNDS))
def test_rotations(racer, number):
    name = fresh()
    racer.send(1, ("POST", f"/keys/{name}/create", CREATE))
    rules = {"lifetimeActions": [], "attributes": {"expiryTime": "P90D"}}
    assert racer.send(2, ("PUT", f"/keys/{name}/rotationpolicy", rules)).status_code == 200
    answers = racer.race(number, *[("POST", f"/keys/{name}/rotate")] * 3)
    outcome = statuses(answers)
    assert outcome[0] == 200 and set(outcome) <= {200, 409}
    made = {answer.json()["key"]["kid"].rsplit("/", 1)[1] for answer in answers if answer.status_code == 200}
    versions = racer.versions(name)
    assert set(versions[1:]) == made and len(versions) == 1 + outcome.count(200)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_create_and_a_delete(racer, number):
    name = fresh()
    racer.send(3, ("POST", f"/keys/{name}/create", CREATE))
    created, deleted = racer.race(number, ("POST", f"/keys/{name}/create", CREATE), ("DELETE", f"/keys/{name}"))
    statuses([created, deleted])
    assert deleted.status_code == 200
    # Either the new version came first and is deleted with the key, or the name was taken by the deleted key.
    assert created.status_code in (200, 409)
    racer.send(1, ("POST", f"/deletedkeys/{name}/recover"))
    versions = racer.versions(name)
    assert len(versions) == (2 if created.status_code == 200 else 1)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_updates_of_what_is_sealed(racer, number):
    name = fresh()
    racer.send(3, ("POST", f"/keys/{name}/create", CREATE))
    wanted = [["sign"], ["verify"]]
    answers = racer.race(number, *[("PATCH", f"/keys/{name}", {"key_ops": one}) for one in wanted])
    outcome = statuses(answers)
    assert outcome[0] == 200 and set(outcome) <= {200, 409}
    operations = racer.agree(f"/keys/{name}").json()["key"]["key_ops"]
    assert operations in [one for one, answer in zip(wanted, answers) if answer.status_code == 200]
    signed = [
        racer.send(node, ("POST", f"/keys/{name}/sign", {"alg": "ES256", "value": "A" * 43})).status_code
        for node in NODES
    ]
    assert signed == [200 if operations == ["sign"] else 403] * 3
