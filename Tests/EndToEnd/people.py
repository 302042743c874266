"""Principals of a pool for tests, with the rights that a test wants them to have."""

from __future__ import annotations

import dataclasses
import json
import uuid

from pool import Pool, wait_until

ADMINISTRATOR = "a290e904-7015-4bba-90c8-60543313cdb4"
CRYPTO_OFFICER = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
VERSION = "api-version=2025-07-01"
ACTION = "Microsoft.KeyVault/managedHsm"


@dataclasses.dataclass(frozen=True)
class Person:
    object_id: str
    client_id: str
    secret: str

    def token(self, pool: Pool, node: int = 1) -> str:
        return pool.token_for(self.client_id, self.secret, node)

    def environment(self, pool: Pool) -> dict[str, str]:
        """What `quickstart env` prints, for this principal instead of the administrator."""
        return dict(pool.environment, AZURE_CLIENT_ID=self.client_id, AZURE_CLIENT_SECRET=self.secret)


def hire(pool: Pool, *roles: str, name: str = "tester", scope: str = "/keys") -> Person:
    """Makes a principal with roles, given by their ids, at `scope`."""
    headers = {"authorization": f"Bearer {pool.token()}"}
    with pool.client() as client:
        made = client.post(
            f"{pool.endpoint(1)}/quorate/v1/principals", json={"displayName": name}, headers=headers)
        assert made.status_code == 201, made.text
        person = Person(made.json()["objectId"], made.json()["clientId"], made.json()["clientSecret"])
        for role in roles:
            assigned = client.put(
                f"{pool.endpoint(1)}{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?{VERSION}",
                json={"properties": {"roleDefinitionId": role, "principalId": person.object_id}}, headers=headers)
            assert assigned.status_code == 201, assigned.text
    return person


def role_of(pool: Pool, *data_actions: str, name: str) -> str:
    """Defines a custom role that allows just these data actions, such as `/keys/sign/action`; returns its id."""
    role = str(uuid.uuid4())
    permissions = {"actions": [], "notActions": [], "notDataActions": [],
                   "dataActions": [ACTION + action for action in data_actions]}
    with pool.client() as client:
        made = client.put(
            f"{pool.endpoint(1)}/providers/Microsoft.Authorization/roleDefinitions/{role}?{VERSION}",
            json={"properties": {"roleName": name, "description": "", "permissions": [permissions]}},
            headers={"authorization": f"Bearer {pool.token()}"})
    assert made.status_code == 201, made.text
    return role


def audit_records(pool: Pool, node: int, operation: str | None = None, since: int = 0) -> list[dict]:
    """A node's audit records after the record number `since`, oldest first."""
    records = []
    for file in sorted((pool.node_folder(node) / "data" / "audit").glob("audit-*.jsonl")):
        for line in file.read_bytes().splitlines(keepends=True):
            record = json.loads(line) if line.endswith(b"\n") else {}
            if record.get("seq", 0) > since and "operationName" in record:
                records.append(record)
    return [record for record in records if operation in (None, record["operationName"])]


def last_record(pool: Pool, node: int) -> int:
    """The number of a node's last audit record."""
    return max((record["seq"] for record in audit_records(pool, node)), default=0)


def await_audit_head(pool: Pool, node: int) -> None:
    """Waits until the pool's state covers all that is in a node's audit log now."""
    last = last_record(pool, node)
    folder = pool.node_folder(node) / "data" / "audit"

    def is_known() -> bool:
        compared = json.loads(pool.hsmctl("audit", "verify", str(folder), "--json").stdout)["comparedWithPool"]
        return compared is not None and compared >= last

    wait_until(is_known, 120, f"the pool to know the end of node-{node}'s audit log", interval=0.3)
