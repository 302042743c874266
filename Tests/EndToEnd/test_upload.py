"""Officers open a pool that was powered off through Microsoft's library for the security domain, unmodified, and with a
program of their own for their keys. The same with the Azure CLI is in test_azure_recovery.py."""

from __future__ import annotations

import base64
import json

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import SecurityDomain

from contract import CheckedTransport, Contract
from officers import restore_blob
from pool import Pool


def officers(pool: Pool, *numbers: int):
    return [pool.folder / "officers" / f"officer-{number}.key" for number in numbers]


@pytest.fixture
def client(own_pool: Pool):
    """A client of node 1, with the administrator's credentials; all answers are checked."""
    client_id, secret = own_pool.credentials()
    base = f"https://localhost:{own_pool.port}"
    credential = ClientSecretCredential(
        "adfs", client_id, secret, authority=base, connection_verify=str(own_pool.authority))
    # A host of one label has no parent that the library could compare with.
    with SecurityDomainClient(base, credential, verify_challenge_resource=False,
                              transport=CheckedTransport(Contract(), str(own_pool.authority))) as made:
        yield made


def transfer_certificate(client: SecurityDomainClient) -> bytes:
    return base64.b64decode(json.loads(client.get_transfer_key().transfer_key)["x5c"][0])


def power_off(pool: Pool) -> None:
    for node in (1, 2, 3):
        pool.kill(node)
    for node in (1, 2, 3):
        pool.start(node)
    for node in (1, 2, 3):
        pool.await_health(node, "seal", "sealed")


def test_an_upload_opens_the_pool(own_pool: Pool, client: SecurityDomainClient):
    file = own_pool.folder / "security-domain.json"
    with pytest.raises(HttpResponseError, match="nothing to bring back"):
        client.get_transfer_key()
    token = own_pool.token("application")
    power_off(own_pool)

    # A share alone, taken for a quorum, is no secret: it opens nothing, and one in eight has an element beyond a byte.
    transfer = transfer_certificate(client)
    with pytest.raises((AssertionError, ValueError), match="not authentic|must be in range"):
        restore_blob(file, officers(own_pool, 2), transfer)
    blob = restore_blob(file, officers(own_pool, 3, 1), transfer)
    damaged = json.loads(blob)
    text = damaged["EncData"]["data"][0]["compact_jwe"]
    damaged["EncData"]["data"][0]["compact_jwe"] = text[:-1] + ("A" if text[-1] != "A" else "Q")
    with pytest.raises(HttpResponseError, match="doesn't open this pool") as refused:
        client.begin_upload(SecurityDomain(value=json.dumps(damaged)))
    assert refused.value.status_code == 400
    assert own_pool.health(1)["seal"] == "sealed"

    client.begin_upload(SecurityDomain(value=blob)).result()
    assert own_pool.health(1)["seal"] == "unsealed"
    own_pool.await_unsealed()
    # Tokens and keys are what they were.
    for node in (1, 2, 3):
        answer = own_pool.call("POST", node, "/keys/demo-ec/sign", token, {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
    # What is repeated, for instance after an answer that was lost, has the same outcome; anything else is refused.
    client.begin_upload(SecurityDomain(value=blob)).result()
    with pytest.raises(HttpResponseError, match="nothing to bring back"):
        client.begin_upload(SecurityDomain(value=restore_blob(file, officers(own_pool, 3, 1), transfer)))


def test_only_the_node_that_gave_the_key_can_open_it(own_pool: Pool, client: SecurityDomainClient):
    power_off(own_pool)
    blob = restore_blob(own_pool.folder / "security-domain.json", officers(own_pool, 1, 2), transfer_certificate(client))
    own_pool.kill(1)
    own_pool.start(1)
    own_pool.await_health(1, "seal", "sealed")
    with pytest.raises(HttpResponseError, match="transfer key that this node doesn't hold"):
        client.begin_upload(SecurityDomain(value=blob))
    again = restore_blob(own_pool.folder / "security-domain.json", officers(own_pool, 1, 2), transfer_certificate(client))
    client.begin_upload(SecurityDomain(value=again)).result()
    own_pool.await_unsealed()
