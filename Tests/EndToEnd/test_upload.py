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
from pool import Pool, wait_until


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


def test_an_upload_opens_the_pool(own_pool: Pool, client: SecurityDomainClient):
    file = own_pool.folder / "security-domain.json"
    with pytest.raises(HttpResponseError, match="nothing to bring back"):
        client.get_transfer_key()
    token = own_pool.token("application")
    own_pool.power_off()

    # A share alone, taken for a quorum, is no secret: it opens nothing, and one in eight has an element beyond a byte.
    transfer = transfer_certificate(client)
    with pytest.raises((AssertionError, ValueError), match="not authentic|must be in range"):
        restore_blob(file, own_pool.officers(2), transfer)
    blob = restore_blob(file, own_pool.officers(3, 1), transfer)
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
        client.begin_upload(SecurityDomain(value=restore_blob(file, own_pool.officers(3, 1), transfer)))


def test_only_the_node_that_gave_the_key_can_open_it(own_pool: Pool, client: SecurityDomainClient):
    own_pool.power_off()
    blob = restore_blob(own_pool.folder / "security-domain.json", own_pool.officers(1, 2), transfer_certificate(client))
    own_pool.kill(1)
    own_pool.start(1)
    own_pool.await_health(1, "seal", "sealed")
    with pytest.raises(HttpResponseError, match="transfer key that this node doesn't hold"):
        client.begin_upload(SecurityDomain(value=blob))
    again = restore_blob(own_pool.folder / "security-domain.json", own_pool.officers(1, 2), transfer_certificate(client))
    client.begin_upload(SecurityDomain(value=again)).result()
    own_pool.await_unsealed()


def test_an_administrator_seals_nodes_and_officers_open_them(own_pool: Pool):
    """A sealed node votes and stores, hands leadership on, and answers nothing that needs keys."""
    token = own_pool.token("application")
    leader = own_pool.leader()
    own_pool.hsmctl("node", "seal", f"node-{leader}")
    assert own_pool.health(leader)["seal"] == "sealed"
    others = [node for node in (1, 2, 3) if node != leader]
    wait_until(lambda: own_pool.health(leader)["role"] != "leader", 20, "the sealed node to hand leadership on")
    for node in (1, 2, 3):
        answer = own_pool.call("POST", node, "/keys/demo-ec/sign", token, {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == (503 if node == leader else 200), answer.text
    made = own_pool.call("POST", others[0], "/keys/while-sealed/create", token, {"kty": "EC-HSM", "crv": "P-256"})
    assert made.status_code == 200, made.text
    # It asks nobody: it stays sealed though two others could open it.
    # The token of a sealed node is good there only: an unsealed one is asked first.
    open_node = ("--endpoint", own_pool.endpoint(others[1]))
    own_pool.hsmctl("node", "seal", f"node-{others[0]}", *open_node)
    last = own_pool.hsmctl("node", "seal", f"node-{others[1]}", *open_node, check=False)
    assert last.returncode == 1 and "last unsealed node" in last.stderr, last.stderr
    assert own_pool.health(leader)["seal"] == "sealed"
    own_pool.hsmctl("node", "seal", f"node-{others[1]}", "--last", *open_node)
    pairs = [part for key in own_pool.officers(1, 2) for part in ("--officer", f"{key.with_suffix('.crt')}:{key}")]
    for node in (1, 2, 3):
        # Each has been sealed by hand, and none asks another.
        own_pool.hsmctl("unseal", "--endpoint", own_pool.endpoint(node), "--security-domain",
                        str(own_pool.folder / "security-domain.json"), *pairs)
        own_pool.await_unsealed(node)
    for node in (1, 2, 3):
        answer = own_pool.call("POST", node, "/keys/while-sealed/sign", own_pool.token("application", node),
                               {"alg": "ES256", "value": "A" * 43})
        assert answer.status_code == 200, answer.text
