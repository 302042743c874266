"""A pool, the stores that its nodes may use, and clients: what tests of backups share."""

from __future__ import annotations

import json

from azure.identity import ClientSecretCredential
from azure.keyvault.administration import KeyVaultBackupClient
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient

from blobs import BlobServer
from buckets import BucketServer
from conftest import free_ports
from contract import CheckedTransport, Contract
from identities import IdentityServer
from people import CRYPTO_OFFICER, CRYPTO_USER, hire
from pool import Pool


class Site:
    """A pool, the stores and the identity that its nodes may use, and clients."""

    def __init__(self, folder):
        first = free_ports(9)
        self.blobs = BlobServer(folder / "blobs", first + 6)
        self.buckets = BucketServer(first + 7, self.blobs.authority, self.blobs.certificate, folder)
        self.identity = IdentityServer(first + 8)
        self.blobs.bearer = self.identity.token
        places = folder / "places.yaml"
        places.write_text(f"{self.buckets.configuration()}attempts: 4\nmanaged_identity:\n  endpoint: {self.identity.url}\n")
        self.pool = Pool(folder / "state", first, settings={
            "QUICKSTART_BLOB_HOSTS": self.blobs.host, "QUICKSTART_BLOB_AUTHORITY": str(self.blobs.authority),
            "QUICKSTART_BACKUPS_FILE": str(places)}).up()
        self.contract = Contract()
        self.user = hire(self.pool, CRYPTO_USER, CRYPTO_OFFICER, name="backup user")

    def credential(self, client_id: str, secret: str) -> ClientSecretCredential:
        return ClientSecretCredential(
            self.pool.environment["AZURE_TENANT_ID"], client_id, secret,
            authority=self.pool.environment["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True,
            connection_verify=str(self.pool.authority))

    def backups(self, node: int = 1) -> KeyVaultBackupClient:
        return KeyVaultBackupClient(
            self.pool.endpoint(node), self.credential(*self.pool.credentials()),
            transport=CheckedTransport(self.contract, str(self.pool.authority)))

    def keys(self, node: int = 1) -> KeyClient:
        return KeyClient(
            self.pool.endpoint(node), self.credential(self.user.client_id, self.user.secret),
            connection_verify=str(self.pool.authority))

    def crypto(self, key, node: int = 1) -> CryptographyClient:
        # By the identifier on that node, so that the node does the work and not the client.
        identifier = key.id.replace(key.id.split("/keys/")[0], self.pool.endpoint(node))
        return CryptographyClient(
            identifier, self.credential(self.user.client_id, self.user.secret),
            connection_verify=str(self.pool.authority))

    def backup(self, node: int = 1) -> str:
        return self.backups(node).begin_backup(self.blobs.url, self.blobs.token).result().folder_url

    def restore(self, url: str, node: int = 1, **options) -> None:
        self.backups(node).begin_restore(url, self.blobs.token, **options).result()

    def blob(self, url: str) -> str:
        return url.removeprefix(f"https://{self.blobs.host}") + "/backup.qbk"

    def names(self) -> set[str]:
        return {key.name for key in self.keys().list_properties_of_keys()}


class Stock:
    """Keys of each kind, and a backup of the pool when it had these and no others. Tests may change and delete the keys
    and add some: who needs them as they were restores the backup."""

    def __init__(self, site: Site):
        keys = site.keys()
        self.elliptic = keys.create_ec_key("elliptic", curve="P-256", hardware_protected=True, tags={"stage": "one"})
        self.newest = keys.create_ec_key("elliptic", curve="P-256", hardware_protected=True, tags={"stage": "two"})
        self.rsa = keys.create_rsa_key("rsa", size=2048, hardware_protected=True)
        self.secret = keys.create_oct_key("secret", size=256, hardware_protected=True)
        keys.create_ec_key("deleted", curve="P-384", hardware_protected=True)
        keys.begin_delete_key("deleted").wait()
        self.names = site.names()
        self.deleted = {key.name for key in keys.list_deleted_keys()}
        self.url = site.backup()


def in_bucket(site, *options: str) -> str:
    """Backs up into the bucket; returns the folder."""
    done = json.loads(site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", *options, "--json").stdout)
    place = done["azureStorageBlobContainerUri"]
    assert place.startswith("s3://backups/hsm/pool/mhsm-quickstart-2")
    return place.rsplit("/", 1)[1]


def schedule(site, method: str, path: str = "", body: dict | None = None) -> dict:
    """A request about the schedule, whose answer is as described."""
    with site.pool.client() as http:
        answer = http.request(
            method, f"{site.pool.endpoint(1)}/quorate/v1/backup-schedule{path}", json=body,
            headers={"authorization": f"Bearer {site.pool.token()}"})
    site.contract.check(method, str(answer.request.url), answer.status_code, answer.headers, answer.content)
    return answer.json() if answer.content else {}
