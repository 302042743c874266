"""The unmodified Azure CLI against a pool of three: log-in, keys, roles, random bytes."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from azure_cli import AzureCLI, needs_azure_cli
from people import CRYPTO_USER, hire

pytestmark = needs_azure_cli
DIGEST = hashlib.sha256(b"Hello, pool.\n").digest()


@pytest.fixture(scope="module")
def az(pool) -> AzureCLI:
    return AzureCLI(pool)


def test_the_pool_is_a_cloud_with_one_subscription(pool, az):
    cloud = az("cloud", "show", "--name", "quorate")
    base = f"https://localhost:{pool.port}"
    assert cloud["endpoints"]["resourceManager"] == base
    assert cloud["endpoints"]["activeDirectory"] == f"{base}/adfs"
    account, = az("account", "list")
    assert account["name"] == "quickstart" and account["state"] == "Enabled"
    found = az("keyvault", "show", *az.hsm)
    assert found["properties"]["hsmUri"] == base and found["resourceGroup"] == "quickstart"
    assert [one["name"] for one in az("keyvault", "list", "--resource-type", "hsm")] == [f"localhost:{pool.port}"]


def test_life_of_a_key(pool, az, tmp_path):
    name = "from-az"
    key = az("keyvault", "key", "create", *az.hsm, "--name", name, "--kty", "EC-HSM", "--curve", "P-256")
    assert key["key"]["kid"].startswith(f"https://localhost:{pool.port}/keys/{name}/")
    assert name in [one["name"] for one in az("keyvault", "key", "list", *az.hsm)]
    assert az("keyvault", "key", "show", *az.hsm, "--name", name)["key"]["kid"] == key["key"]["kid"]

    signed = az("keyvault", "key", "sign", *az.hsm, "--name", name, "--algorithm", "ES256",
                "--digest", base64.b64encode(DIGEST).decode())
    pem = tmp_path / "key.pem"
    az("keyvault", "key", "download", *az.hsm, "--name", name, "--file", pem)
    public = serialization.load_pem_public_key(pem.read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    raw = base64.b64decode(signed["signature"])
    public.verify(utils.encode_dss_signature(*(int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))), DIGEST,
                  ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}],
        "attributes": {"expiryTime": "P60D"}}))
    az("keyvault", "key", "rotation-policy", "update", *az.hsm, "--name", name, "--value", policy)
    assert az("keyvault", "key", "rotate", *az.hsm, "--name", name)["key"]["kid"] != key["key"]["kid"]
    assert len(az("keyvault", "key", "list-versions", *az.hsm, "--name", name)) == 2

    backup = tmp_path / "key.backup"
    az("keyvault", "key", "backup", *az.hsm, "--name", name, "--file", backup)
    az("keyvault", "key", "delete", *az.hsm, "--name", name)
    assert name in [one["name"] for one in az("keyvault", "key", "list-deleted", *az.hsm)]
    assert "KeyNotFound" in az.refused("keyvault", "key", "show", *az.hsm, "--name", name)
    az("keyvault", "key", "recover", *az.hsm, "--name", name)
    az("keyvault", "key", "delete", *az.hsm, "--name", name)
    az("keyvault", "key", "purge", *az.hsm, "--name", name)
    restored = az("keyvault", "key", "restore", *az.hsm, "--file", backup)
    assert restored["key"]["kid"].startswith(f"https://localhost:{pool.port}/keys/{name}/")
    assert len(base64.b64decode(az("keyvault", "key", "random", *az.hsm, "--count", "32")["value"])) == 32


def test_roles(pool, az):
    person = hire(pool, name="seen from az")
    roles = {one["roleName"]: one["name"] for one in az("keyvault", "role", "definition", "list", *az.hsm)}
    assert roles["Managed HSM Crypto User"] == CRYPTO_USER
    made = az("keyvault", "role", "assignment", "create", *az.hsm, "--scope", "/keys", "--role", "Managed HSM Crypto User",
              "--assignee-object-id", person.object_id, "--assignee-principal-type", "ServicePrincipal")
    # The name comes from the directory.
    assert made["roleName"] == "Managed HSM Crypto User" and made["principalName"] == person.client_id
    found = az("keyvault", "role", "assignment", "list", *az.hsm, "--scope", "/keys", "--assignee", person.client_id)
    assert [one["name"] for one in found] == [made["name"]]
    assert pool.call("GET", 2, "/keys", person.token(pool)).status_code == 200
    az("keyvault", "role", "assignment", "delete", *az.hsm, "--scope", "/keys", "--role", "Managed HSM Crypto User",
       "--assignee", person.client_id)
    assert pool.call("GET", 3, "/keys", person.token(pool)).status_code == 403


def test_roles_without_a_scope(pool, az):
    """The client then asks at the pool, wherever the role was given. It takes what isn't found for taken back."""
    person = hire(pool, name="seen from above")
    role = ("--role", "Managed HSM Crypto User")
    who = ("--assignee-object-id", person.object_id)
    for scope, which in (
            ("/keys", lambda made: ("--name", made["name"])), ("/keys", lambda made: ("--ids", made["id"])),
            ("/keys", lambda made: (*role, *who)), ("/keys/from-above", lambda made: ("--name", made["name"]))):
        made = az("keyvault", "role", "assignment", "create", *az.hsm, "--scope", scope, *role, *who,
                  "--assignee-principal-type", "ServicePrincipal")
        listed = [one["name"] for one in az("keyvault", "role", "assignment", "list", *az.hsm, *who)]
        assert listed == ([made["name"]] if scope == "/keys" else [])
        az("keyvault", "role", "assignment", "delete", *az.hsm, *which(made))
        assert az("keyvault", "role", "assignment", "list", *az.hsm, "--scope", scope, *who) == []
        assert pool.call("GET", 2, "/keys/from-above", person.token(pool)).status_code == 403


def test_log_in_without_registering_the_cloud(pool, az, tmp_path):
    """And without what an earlier log-in left behind, which the client would use in place of a wrong secret."""
    client_id, _ = pool.credentials()
    apart = {"AZURE_CONFIG_DIR": str(tmp_path / "azure"), "SSL_CERT_FILE": str(pool.authority),
             "ARM_CLOUD_METADATA_URL": f"https://localhost:{pool.port}/metadata/endpoints/list"}
    login = ("login", "--service-principal", "--username", client_id, "--tenant", az("account", "show")["tenantId"])
    refused = az.run(*login, "--password", "wrong", environment=apart)
    assert refused.returncode != 0
    assert "The client is unknown, disabled, or its credential is not valid." in refused.stderr, refused.stderr
    accepted = az.run(*login, "--password", f"@{pool.folder / 'administrator.secret'}", environment=apart)
    assert accepted.returncode == 0, accepted.stderr
    listed = az.run("keyvault", "key", "list", *az.hsm, "--output", "tsv", environment=apart)
    assert listed.returncode == 0 and "demo-ec" in listed.stdout, listed.stderr
