"""Restores of everything into a living pool; the officers' part of it is written from the description of what they sign."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from people import ADMINISTRATOR, CRYPTO_USER, audit_records, hire
from pool import wait_until

PATH = "/quorate/v1/restore-order"
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def fields(*values: bytes) -> bytes:
    return b"".join(number(len(value), 4) + value for value in values)


class Officer:
    def __init__(self, key: pathlib.Path, place: int):
        self.key = serialization.load_pem_private_key(key.read_bytes(), None)
        self.place = place

    def _vote(self, message: bytes) -> dict:
        signature = self.key.sign(message + fields(number(self.place, 4)), PSS, hashes.SHA256())
        return {"officer": self.place, "signature": base64.urlsafe_b64encode(signature).decode().rstrip("=")}

    @staticmethod
    def _subject(order: dict) -> bytes:
        return fields(
            bytes.fromhex(order["poolId"]), bytes.fromhex(order["securityDomainId"]), number(order["generation"], 4),
            number(order["epoch"], 8), bytes.fromhex(order["id"]))

    def view(self, outline: dict) -> dict:
        """What the officer shows to read the order."""
        return self._vote(fields(b"quorate/1/restore-viewing") + self._subject(outline))

    def approval(self, order: dict) -> dict:
        lines = [line.encode() for line in order["consequences"]]
        return self._vote(
            fields(b"quorate/1/restore-approval") + self._subject(order) + fields(
                number(order["expires"], 8), bytes.fromhex(order["backup"]["id"]),
                bytes.fromhex(order["backup"]["headerSha256"]), order["place"].encode(),
                bytes([order["keepCredentials"]]), number(len(lines), 4), *lines))


def asked(site, method: str, path: str, body: dict | None = None, *, anonymous: bool = False, node: int = 1):
    """A request on a restore of everything, and its answer as described."""
    headers = {} if anonymous else {"authorization": f"Bearer {site.pool.token(node=node)}"}
    with site.pool.client() as http:
        url = f"{site.pool.endpoint(node)}{PATH}{path}"
        answer = http.request(method, url, json=body, headers=headers)
    site.contract.check(method, str(answer.request.url), answer.status_code, answer.headers, answer.content)
    return answer


def order_by(pool, node: int, body: dict, ask) -> None:
    """Orders a restore, and waits until the backup was read for it."""
    begun = ask("POST", "", body)
    assert begun.status_code == 202, begun.text
    path = f"/restore/{begun.json()['jobId']}/pending"

    def has_ended() -> bool:
        return pool.call("GET", node, path, pool.token()).json()["status"] == "Succeeded"

    wait_until(has_ended, 30, "the order")


def bring_back_with_the_officers_alone(site) -> None:
    pool = site.pool

    def assignments(person) -> list[str]:
        found = json.loads(pool.hsmctl("role", "assignment", "list", "--scope", "/", "--json").stdout)
        return [one["name"] for one in found if one["properties"]["principalId"] == person.object_id]

    def may_administer(person, node: int) -> bool:
        return pool.call("GET", node, "/quorate/v1/jobs", person.token(pool, node)).status_code == 200

    removed = hire(pool, ADMINISTRATOR, name="removed", scope="")
    done = json.loads(pool.hsmctl("backup", "start", "file:///weekly", "--json").stdout)
    folder = done["azureStorageBlobContainerUri"].rsplit("/", 1)[1]
    for role in assignments(removed):
        pool.hsmctl("role", "assignment", "delete", role, "--scope", "/")
    since = hire(pool, CRYPTO_USER, name="since")
    site.keys().create_ec_key("made-since", curve="P-256", hardware_protected=True)
    # Without the officers it is keys.
    pool.hsmctl("backup", "restore", "file:///weekly", folder)
    assert assignments(removed) == [] and "made-since" not in site.names()

    restore = ("backup", "restore", "file:///weekly", folder, "--everything")
    place = {"sasTokenParameters": {"storageResourceUri": "file:///weekly"}}
    assert asked(site, "GET", "", anonymous=True).status_code == 404
    order_by(site.pool, 1, {**place, "folderToRestore": folder}, lambda *it: asked(site, *it))
    assert asked(site, "GET", "", anonymous=True, node=3).status_code == 200
    assert asked(site, "POST", "/start", place, node=2).status_code == 403
    assert asked(site, "DELETE", "").status_code == 200
    told = pool.hsmctl(*restore, "--no-wait")
    assert "run this again" in told.stdout and f"is given to \"removed\" ({removed.object_id}) at /" in told.stderr
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.hsmctl, *restore)
        outline = asked(site, "GET", "", anonymous=True, node=3).json()
        assert removed.object_id not in json.dumps(outline)
        own, officer = pool.officers(1, 3)
        python = Officer(officer, 3)
        assert asked(site, "POST", "/consequences", python.approval(
            asked(site, "GET", "/consequences").json()), anonymous=True).status_code == 400
        order = asked(site, "POST", "/consequences", python.view(outline), anonymous=True, node=2).json()
        lines = order["consequences"]
        assert len(lines) == 1 and "Managed HSM Administrator" in lines[0] and removed.object_id in lines[0], lines
        forged = Officer(officer, 2)
        assert asked(site, "POST", "/approvals", forged.approval(order), anonymous=True).status_code == 400
        fewer = {**order, "consequences": []}
        assert asked(site, "POST", "/approvals", python.approval(fewer), anonymous=True).status_code == 400
        pair = ("--officer", f"{own.with_suffix('.crt')}:{own}")
        shown = pool.hsmctl("backup", "approve-restore", *pair, "--show").stdout
        assert all(line in shown for line in lines) and order["backup"]["headerSha256"] in shown
        other = pool.hsmctl("backup", "approve-restore", *pair, "--digest", "0" * 64, check=False)
        assert other.returncode == 1 and "Nothing was signed" in other.stderr
        for _ in range(2):
            once = pool.hsmctl("backup", "approve-restore", *pair, "--digest", shown.split()[-1])
            assert "1 of 2 approvals" in once.stdout
        assert asked(site, "POST", "/start", place).status_code == 403 and not waiting.done()
        assert not may_administer(removed, 2)
        voted = asked(site, "POST", "/approvals", python.approval(order), anonymous=True, node=2)
        assert voted.json()["approvals"] == [1, 3], voted.text
        done = waiting.result()
    assert "everything of pool quickstart" in done.stdout, done.stdout
    assert assignments(removed) and may_administer(removed, 3)
    assert asked(site, "POST", "/start", place).status_code == 404
    # Who came since stays, and so does what he may do.
    assert pool.call("GET", 2, "/keys", since.token(pool, 2)).status_code == 200
    assert len(audit_records(pool, 2, "RestoreApprove")) == 1
    pool.await_same_state()
    # Once more by the protocol's own route, whose answers are those of any restore.
    order_by(site.pool, 1, {**place, "folderToRestore": folder}, lambda *it: asked(site, *it))
    order = asked(site, "GET", "/consequences").json()
    for number, key in ((1, own), (3, officer)):
        vote = Officer(key, number).approval(order)
        assert asked(site, "POST", "/approvals", vote, anonymous=True).status_code == 200
    assert asked(site, "POST", "/start", place, node=2).status_code == 202
    wait_until(lambda: asked(site, "GET", "", anonymous=True).status_code == 404, 30, "the restore")
