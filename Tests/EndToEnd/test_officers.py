"""More officers, with keys of all sizes: 3 of 5 and 10 of 10, through Microsoft's library and through the Azure CLI."""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import json
import pathlib
import shutil
import subprocess

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import CertificateInfo, SecurityDomain, SecurityDomainJsonWebKey
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from azure_cli import AzureCLI, needs_azure_cli
from conftest import free_ports
from officers import encoded, restore_blob
from pool import Pool

SIZES = [4096, 2048, 3072, 2048, 3072, 2048, 4096, 2048, 2048, 2048]
SHAPES = [(3, 5), (10, 10)]


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> list[pathlib.Path]:
    """Key files with their certificates beside them, under both names that clients look for."""
    folder = tmp_path_factory.mktemp("officers")

    def make(number: int) -> pathlib.Path:
        key = folder / f"officer-{number}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", f"rsa:{SIZES[number]}", "-nodes", "-keyout", str(key), "-out",
             str(key.with_suffix(".crt")), "-days", "2", "-subj", f"/CN=Officer {number}"],
            check=True, capture_output=True)
        shutil.copy(key.with_suffix(".crt"), key.with_suffix(".cer"))
        return key

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        return list(threads.map(make, range(len(SIZES))))


@pytest.fixture
def pool(tmp_path):
    """One node, whose officers are to be chosen."""
    made = Pool(tmp_path / "state", free_ports(2), nodes=1, settings={
        "QUICKSTART_UNACTIVATED": "yes", "QUICKSTART_UNPINNED": "yes"}).up()
    yield made
    made.wipe()


def web_key(key: pathlib.Path) -> SecurityDomainJsonWebKey:
    certificate = x509.load_pem_x509_certificate(key.with_suffix(".crt").read_bytes())
    der = certificate.public_bytes(serialization.Encoding.DER)
    numbers = certificate.public_key().public_numbers()
    return SecurityDomainJsonWebKey(
        kid=key.stem, kty="RSA", key_ops=["verify", "encrypt", "wrapKey"], alg="RSA-OAEP-256",
        n=encoded(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")), e=encoded(numbers.e.to_bytes(3, "big")),
        x5_c=[base64.b64encode(der).decode()], x5_t_s256=encoded(hashlib.sha256(der).digest()))


@pytest.mark.parametrize("required, count", SHAPES)
def test_by_the_library(pool, keys, required, count, tmp_path):
    client_id, secret = pool.credentials()
    base = f"https://localhost:{pool.port}"
    credential = ClientSecretCredential(
        "adfs", client_id, secret, authority=base, connection_verify=str(pool.authority))
    with SecurityDomainClient(base, credential, verify_challenge_resource=False,
                              connection_verify=str(pool.authority)) as client:
        info = CertificateInfo(certificates=[web_key(key) for key in keys[:count]], required=required)
        file = tmp_path / "domain.json"
        file.write_text(client.begin_download(info).result().value)
        assert pool.health(1)["phase"] == "activated"
        pool.power_off()
        transfer = base64.b64decode(json.loads(client.get_transfer_key().transfer_key)["x5c"][0])
        # Any of them, in any order.
        chosen = list(reversed(keys[:count]))[:required]
        client.begin_upload(SecurityDomain(value=restore_blob(file, chosen, transfer))).result()
    pool.await_unsealed()
    # The same officers with a tool of ours.
    pool.power_off()
    pairs = [argument for key in keys[:required] for argument in ("--officer", f"{key.with_suffix('.crt')}:{key}")]
    opened = pool.hsmctl("unseal", "--security-domain", str(file), *pairs)
    assert f"share {required} of {required}: unsealed" in opened.stdout


@needs_azure_cli
@pytest.mark.parametrize("required, count", SHAPES)
def test_by_the_azure_cli(pool, keys, required, count, tmp_path):
    az = AzureCLI(pool)
    file, transfer = tmp_path / "domain.json", tmp_path / "transfer.pem"
    az("keyvault", "security-domain", "download", *az.hsm, "--security-domain-file", file, "--sd-quorum", required,
       "--sd-wrapping-keys", *(key.with_suffix(".cer") for key in keys[:count]))
    assert len(json.loads(file.read_text())["SharedKeys"]["enc_shares"]) == count
    pool.power_off()
    az("keyvault", "security-domain", "init-recovery", *az.hsm, "--sd-exchange-key", transfer)
    az("keyvault", "security-domain", "upload", *az.hsm, "--sd-file", file, "--sd-exchange-key", transfer,
       "--sd-wrapping-keys", *list(reversed(keys[:count]))[:required])
    pool.await_unsealed()
