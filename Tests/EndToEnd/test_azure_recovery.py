"""The officers' steps with the unmodified Azure CLI: activation by download, and opening a pool that was powered off by
upload, online and prepared without a network; and the same through Microsoft's library for Python."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import SecurityDomain

from azure_cli import AzureCLI, needs_azure_cli
from conftest import free_ports
from people import CRYPTO_OFFICER, CRYPTO_USER, audit_records, hire
from pool import Pool

pytestmark = needs_azure_cli
PASSPHRASE = "correct-horse"


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory):
    """Three nodes whose officers have received nothing yet. The first officer's key is protected by a pass phrase."""
    made = Pool(tmp_path_factory.mktemp("azure") / "state", free_ports(6), settings={"QUICKSTART_UNACTIVATED": "yes"})
    made.up()
    for officer in (1, 2, 3):
        key = made.folder / "officers" / f"officer-{officer}.key"
        # Where the client looks for the certificate that belongs to a key.
        shutil.copy(key.with_suffix(".crt"), key.with_suffix(".cer"))
        if officer == 1:
            subprocess.run(["openssl", "rsa", "-aes256", "-passout", f"pass:{PASSPHRASE}", "-in", str(key), "-out",
                            str(key)], check=True, capture_output=True)
    yield made
    made.wipe()


@pytest.fixture(scope="module")
def az(pool) -> AzureCLI:
    return AzureCLI(pool)


@pytest.fixture(scope="module")
def domain(pool, az) -> pathlib.Path:
    """The security domain file, downloaded."""
    file = pool.folder / "security-domain.json"
    az("keyvault", "security-domain", "download", *mixed(pool), "--security-domain-file", file, "--sd-quorum", "2",
       "--sd-wrapping-keys", *(pool.folder / "officers" / f"officer-{officer}.cer" for officer in (1, 2, 3)))
    return file


@pytest.fixture(scope="module")
def user(pool, domain):
    return hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="azure recovery")


def mixed(pool: Pool) -> tuple[str, str]:
    """The capital letters show that nothing depends on how the name is written."""
    return "--hsm-name", f"LocalHost:{pool.port}"


def sign(pool: Pool, user, node: int) -> dict:
    answer = pool.call("POST", node, "/keys/kept/sign", user.token(pool), {"alg": "ES256", "value": "A" * 43})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_download_activates(pool, az, domain, user):
    assert json.loads(domain.read_text())["SharedKeys"]["required"] == 2
    assert {pool.health(node)["phase"] for node in (1, 2, 3)} == {"activated"}
    made = pool.call("POST", 1, "/keys/kept/create", user.token(pool), {"kty": "EC-HSM", "crv": "P-256"})
    assert made.status_code == 200, made.text
    sign(pool, user, 2)
    again = az.refused("keyvault", "security-domain", "download", *az.hsm, "--security-domain-file",
                       domain.with_suffix(".again"), "--sd-quorum", "2", "--sd-wrapping-keys",
                       *(key.with_suffix(".cer") for key in pool.officers(1, 2, 3)))
    assert "quorum of its officers" in again, again
    # An open pool takes nothing in.
    refused = az.refused("keyvault", "security-domain", "init-recovery", *az.hsm, "--sd-exchange-key",
                         domain.with_name("early.pem"))
    assert "nothing to bring back" in refused, refused


def test_upload_opens_the_whole_pool(pool, az, domain, user, tmp_path):
    pool.power_off()
    transfer = tmp_path / "transfer.pem"
    az("keyvault", "security-domain", "init-recovery", *mixed(pool), "--sd-exchange-key", transfer)
    upload = ("keyvault", "security-domain", "upload", *mixed(pool), "--sd-file", domain, "--sd-exchange-key", transfer)
    # One officer is no quorum; the client says so itself.
    assert "wrapping" in az.refused(*upload, "--sd-wrapping-keys", *pool.officers(3))
    assert pool.health(1)["seal"] == "sealed"
    az(*upload, "--sd-wrapping-keys", *pool.officers(1, 3), "--passwords", PASSPHRASE)
    assert pool.health(1)["seal"] == "unsealed"
    pool.await_unsealed()
    for node in (1, 2, 3):
        sign(pool, user, node)
    records = audit_records(pool, 1)
    names = [record["operationName"] for record in records]
    assert "SecurityDomainTransferKeyGet" in names and "SecurityDomainRestore" in names
    # The log-in from before goes on: the client exchanges what the sealed node gave it.
    assert az("keyvault", "role", "definition", "list", *az.hsm)


def test_upload_of_what_was_prepared_offline(pool, az, domain, user, tmp_path):
    """The officers' machine needs no network: only the blob travels. Microsoft's library uploads it."""
    pool.power_off()
    client_id, secret = pool.credentials()
    base = f"https://localhost:{pool.port}"
    credential = ClientSecretCredential(
        "adfs", client_id, secret, authority=base, connection_verify=str(pool.authority))
    with SecurityDomainClient(
        base, credential, verify_challenge_resource=False, connection_verify=str(pool.authority)) as client:
        document = json.loads(client.get_transfer_key().transfer_key)
        transfer = tmp_path / "transfer.pem"
        lines = "\n".join(document["x5c"][0][at:at + 64] for at in range(0, len(document["x5c"][0]), 64))
        transfer.write_text(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
        blob = tmp_path / "blob.json"
        az("keyvault", "security-domain", "restore-blob", "--sd-file", domain, "--sd-exchange-key", transfer,
           "--sd-wrapping-keys", *pool.officers(2, 3), "--sd-file-restore-blob", blob)
        client.begin_upload(SecurityDomain(value=blob.read_text())).result()
    pool.await_unsealed()
    sign(pool, user, 3)


def test_another_pools_domain_is_refused(pool, az, domain, tmp_path):
    """And nothing is spent: the right one opens the pool afterwards."""
    pool.power_off()
    transfer = tmp_path / "transfer.pem"
    az("keyvault", "security-domain", "init-recovery", *az.hsm, "--sd-exchange-key", transfer)
    other = Pool(tmp_path / "other", free_ports(2), nodes=1).up()
    try:
        foreign = [other.folder / "officers" / f"officer-{number}.key" for number in (1, 2)]
        for key in foreign:
            shutil.copy(key.with_suffix(".crt"), key.with_suffix(".cer"))
        common = ("keyvault", "security-domain", "upload", *az.hsm, "--sd-exchange-key", transfer)
        refused = az.refused(*common, "--sd-file", other.folder / "security-domain.json", "--sd-wrapping-keys", *foreign)
        assert "another pool" in refused, refused
        assert pool.health(1)["seal"] == "sealed"
        az(*common, "--sd-file", domain, "--sd-wrapping-keys", *pool.officers(2, 3))
        pool.await_unsealed()
    finally:
        other.wipe()
