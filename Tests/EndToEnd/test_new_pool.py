"""The day when everything burns: a pool is backed up under load, all of its machines are destroyed, and a new one, on
other machines, is built from what people hold: the officers' file, two of three officers' keys, and the backup.

How many keys is said by QUORATE_NEW_POOL_KEYS; 10000 is the long form, of which the figures in docs/backup.md are:

    QUORATE_NEW_POOL_KEYS=10000 pytest -s Tests/EndToEnd/test_new_pool.py
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import time

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.keyvault.administration import KeyVaultBackupClient
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import SecurityDomain

from azure_cli import AzureCLI, needs_azure_cli
from blobs import BlobServer
from buckets import BucketServer
from conftest import free_ports
from estate import Estate, check_keys, names
from officers import restore_blob
from people import CRYPTO_OFFICER, CRYPTO_USER, hire
from pool import Pool

KEYS = int(os.environ.get("QUORATE_NEW_POOL_KEYS", "24"))


class Disaster:
    """The lost pool's remains: what people and stores hold of it. `urls` are its backup and a later one."""

    def __init__(self, folder):
        first = free_ports(14)
        self.blobs = BlobServer(folder / "blobs", first + 12)
        self.buckets = BucketServer(first + 13, self.blobs.authority, self.blobs.certificate, folder)
        places = folder / "places.yaml"
        places.write_text(self.buckets.configuration())
        self.settings = {
            "QUICKSTART_BLOB_HOSTS": self.blobs.host, "QUICKSTART_BLOB_AUTHORITY": str(self.blobs.authority),
            "QUICKSTART_BACKUPS_FILE": str(places)}
        self.port = first + 2
        self.safe = folder / "safe"
        self.folder = folder
        lost = Pool(folder / "lost", first, nodes=1, settings=self.settings).up()
        try:
            self.estate = Estate(lost, KEYS)
            with self.estate.write_on() as load:
                while not load.acknowledged:
                    time.sleep(0.01)
                before = list(load.acknowledged)
                began = time.monotonic()
                self.url = self.backup(lost)
                self.backed_up = time.monotonic()
                print(f"\nbackup of {KEYS} keys: {self.backed_up - began:.2f} s")
            self.before = before
            # The same into a bucket, for one of the new pools.
            self.bucket = "s3://backups/lost"
            done = json.loads(lost.hsmctl("backup", "start", self.bucket, "--json").stdout)
            self.bucket_folder = done["azureStorageBlobContainerUri"].rsplit("/", 1)[1]
            late = lost.call("POST", 1, "/keys/late/create", self.estate.user.token(lost), {"kty": "EC-HSM", "crv": "P-256"})
            assert late.status_code == 200, late.text
            self.assignments = self.estate.assignments()
            # Officers keep their keys and the file, and nothing else is kept.
            shutil.copytree(lost.folder / "officers", self.safe / "officers")
            self.file = shutil.copy(lost.folder / "security-domain.json", self.safe / "security-domain.json")
        finally:
            for node in range(1, lost.nodes + 1):
                lost.kill(node)
            shutil.rmtree(lost.folder)
        self.lost_at = time.monotonic()

    def client(self, kind, pool: Pool, **options):
        base = f"https://localhost:{pool.port}"
        client_id, secret = pool.credentials()
        credential = ClientSecretCredential(
            "adfs", client_id, secret, authority=base, connection_verify=str(pool.authority))
        return kind(base, credential, verify_challenge_resource=False, connection_verify=str(pool.authority), **options)

    def backup(self, pool: Pool) -> str:
        return self.client(KeyVaultBackupClient, pool).begin_backup(self.blobs.url, self.blobs.token).result().folder_url

    def restore(self, pool: Pool, **options) -> None:
        self.client(KeyVaultBackupClient, pool).begin_restore(self.url, self.blobs.token, **options).result()

    def officers(self, *numbers: int):
        return [self.safe / "officers" / f"officer-{number}.key" for number in numbers]

    def pairs(self, *numbers: int) -> list[str]:
        """Arguments for hsmctl."""
        found = []
        for key in self.officers(*numbers):
            found += ["--officer", f"{key.with_suffix('.crt')}:{key}"]
        return found

    def new_pool(self, name: str, nodes: int = 1, **settings: str) -> Pool:
        made = Pool(self.folder / name, self.port, nodes=nodes, settings={
            **self.settings, "QUICKSTART_UNACTIVATED": "yes", "QUICKSTART_UNPINNED": "yes", "QUICKSTART_NAME": "phoenix",
            "QUICKSTART_FIRST_ID": "11", **settings})
        made.up()
        return made


@pytest.fixture(scope="module")
def disaster(tmp_path_factory):
    made = Disaster(tmp_path_factory.mktemp("disaster"))
    yield made
    made.blobs.close()
    made.buckets.close()


@pytest.fixture
def single(disaster):
    """A new pool of one node."""
    made = disaster.new_pool("single")
    yield made
    made.wipe()


def create(pool: Pool, person, name: str):
    return pool.call("POST", 1, f"/keys/{name}/create", person.token(pool), {"kty": "EC-HSM", "crv": "P-256"})


def test_everything_comes_back_in_a_new_pool(disaster):
    pool = disaster.new_pool("phoenix", nodes=3)
    try:
        machine = time.monotonic()
        with disaster.client(SecurityDomainClient, pool) as client:
            transfer = base64.b64decode(json.loads(client.get_transfer_key().transfer_key)["x5c"][0])
            blob = restore_blob(disaster.safe / "security-domain.json", disaster.officers(3, 1), transfer)
            client.begin_upload(SecurityDomain(value=blob)).result()
            with pytest.raises(HttpResponseError, match="nothing to bring back"):
                client.get_transfer_key()
        uploaded = time.monotonic()
        for node in (1, 2, 3):
            pool.await_health(node, "phase", "recovering")
        disaster.restore(pool)
        restored = time.monotonic()
        print(f"\n{KEYS} keys: upload {uploaded - machine:.2f} s, restore {restored - uploaded:.2f} s; from the loss "
              f"{restored - disaster.lost_at:.2f} s; of data lost, what was written since "
              f"{disaster.lost_at - disaster.backed_up:.2f} s before it")
        for node in (1, 2, 3):
            pool.await_health(node, "phase", "activated")

        # Of the lost pool's people everybody is there, and none with the secret of that time.
        user = disaster.estate.user
        with pytest.raises(Exception, match="401"):
            user.token(pool)
        assert disaster.assignments.items() <= disaster.estate.assignments(pool).items()
        known = json.loads(pool.hsmctl("principal", "list", "--json").stdout)
        assert {person.object_id for person in disaster.estate.people} <= {one["objectId"] for one in known}
        roles = pool.call("GET", 1, "/providers/Microsoft.Authorization/roleDefinitions", pool.token()).json()["value"]
        assert disaster.estate.role in {role["name"] for role in roles}
        secret = pool.folder / "again.secret"
        pool.hsmctl("principal", "renew-secret", user.object_id, "--secret-file", str(secret))
        again = type(user)(user.object_id, user.client_id, secret.read_text().strip())

        there = names(pool, again)
        assert {key.name for key in disaster.estate.kept} <= there and set(disaster.before) <= there
        assert "late" not in there and names(pool, again, "deletedkeys") == {"gone"}
        check_keys(pool, again, disaster.estate.kept)
        policy = pool.call("GET", 1, "/keys/kept-0/rotationpolicy", again.token(pool)).json()
        assert policy["lifetimeActions"][0]["trigger"] == {"timeAfterCreate": "P30D"}
        # What was backed up alone comes back alone, under its own name only.
        assert pool.call("DELETE", 1, "/keys/kept-0", again.token(pool)).status_code == 200
        officer = hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="officer")
        pool.call("DELETE", 1, "/deletedkeys/kept-0", officer.token(pool))
        alone = pool.call("POST", 2, "/keys/restore", officer.token(pool), {"value": disaster.estate.alone})
        assert alone.status_code == 200, alone.text
        check_keys(pool, again, disaster.estate.kept[:1])
        pool.await_same_state()
        everything_sealed_and_opened(disaster, pool, again)
    finally:
        pool.wipe()


def everything_sealed_and_opened(disaster, pool: Pool, user) -> None:
    """The lost pool's officers open the new one, with the same file; one node that died is opened by the others."""
    pool.kill(2)
    began = time.monotonic()
    pool.start(2)
    pool.await_unsealed(2)
    pool.call("GET", 2, "/keys/kept-0", user.token(pool))
    print(f"one node opened by the others: {time.monotonic() - began:.2f} s")
    for node in (1, 2, 3):
        pool.kill(node)
    began = time.monotonic()
    for node in (1, 2, 3):
        pool.start(node)
    pool.await_health(1, "seal", "sealed")
    opened = pool.hsmctl("unseal", "--endpoint", pool.endpoint(1), "--security-domain",
                         str(disaster.safe / "security-domain.json"), *disaster.pairs(1, 2))
    assert "unsealed" in opened.stdout
    pool.await_unsealed()
    for node in (1, 2, 3):
        assert pool.call("GET", node, "/keys/kept-0", user.token(pool, node)).status_code == 200
    print(f"all nodes down to serving, two officers: {time.monotonic() - began:.2f} s")


def test_each_officer_on_a_machine_of_his_own(disaster, single):
    """With hsmctl the shares never meet outside the node. Before the restore a node that was stopped is opened in the
    same way, and the first key ends the recovery: from then on a restore brings keys only."""
    file = str(disaster.safe / "security-domain.json")
    common = ("security-domain", "upload", "--security-domain", file, "--endpoint", single.endpoint(1))
    early = single.hsmctl(*common, "--take-part", *disaster.pairs(1), check=False)
    assert early.returncode == 1 and "An administrator begins" in early.stderr, early.stderr
    assert "share 1 of 2" in single.hsmctl(*common, *disaster.pairs(2)).stdout
    again = single.hsmctl(*common, *disaster.pairs(2), check=False)
    assert again.returncode == 1 and "already in" in again.stderr
    assert "in place" in single.hsmctl(*common, "--take-part", *disaster.pairs(3)).stdout
    assert single.health(1)["phase"] == "recovering"

    single.kill(1)
    single.start(1)
    single.await_health(1, "seal", "sealed")
    refused = single.hsmctl("unseal", "--endpoint", single.endpoint(1), "--security-domain", file,
                            *disaster.pairs(1, 2), check=False)
    assert refused.returncode == 1 and "security-domain upload" in refused.stderr, refused.stderr
    assert "in place" in single.hsmctl(*common, *disaster.pairs(1, 2)).stdout
    single.await_unsealed()

    brought = single.hsmctl(
        "backup", "restore", disaster.bucket, disaster.bucket_folder, "--keep-credentials").stdout
    assert "with their secrets" in brought and f"{len(disaster.assignments)} role assignments" in brought, brought
    # Those who had rights have them again, by the secret that they had.
    check_keys(single, disaster.estate.user, disaster.estate.kept[:8])
    assert create(single, disaster.estate.user, "new").status_code == 200


def test_one_key_ends_the_recovery(disaster, single):
    with disaster.client(SecurityDomainClient, single) as client:
        before = create(single, hire(single, CRYPTO_USER, name="early"), "too-early")
        assert before.status_code == 403, before.text
        transfer = base64.b64decode(json.loads(client.get_transfer_key().transfer_key)["x5c"][0])
        blob = restore_blob(disaster.safe / "security-domain.json", disaster.officers(1, 2), transfer)
        client.begin_upload(SecurityDomain(value=blob)).result()
    disaster.restore(single, key_name="kept-0")
    assert single.health(1)["phase"] == "activated"
    user = hire(single, CRYPTO_USER, CRYPTO_OFFICER, name="tester")
    assert names(single, user) == {"kept-0"}
    assert not disaster.assignments.keys() & disaster.estate.assignments(single).keys()
    with pytest.raises(HttpResponseError, match="no full backup"):
        disaster.restore(single)
    everything_with_the_officers(disaster, single)
    assert disaster.assignments.items() <= disaster.estate.assignments(single).items()
    assert {key.name for key in disaster.estate.kept} <= names(single, user)


def everything_with_the_officers(disaster, pool: Pool) -> None:
    """Of a pool that had a key first nobody knows the officers, until the order of a restore brings their record."""
    assert pool.hsmctl("security-domain", "reshare", "begin", check=False).returncode != 0
    pool.hsmctl("backup", "start", "s3://backups/single")
    restore = ("backup", "restore", disaster.bucket, disaster.bucket_folder, "--everything")
    assert "run this again" in pool.hsmctl(*restore, "--no-wait").stdout
    approve = ("backup", "approve-restore")
    digest = pool.hsmctl(*approve, *disaster.pairs(1), "--show").stdout.split()[-1]
    for number in (1, 3):
        pool.hsmctl(*approve, *disaster.pairs(number), "--digest", digest)
    assert "everything of pool quickstart" in pool.hsmctl(*restore).stdout


def test_officers_that_are_fixed_stay(disaster):
    pinned = disaster.new_pool("pinned", QUICKSTART_UNPINNED="")
    try:
        with disaster.client(SecurityDomainClient, pinned) as client:
            with pytest.raises(HttpResponseError, match="has fixed its officers"):
                client.get_transfer_key()
        assert pinned.health(1)["phase"] == "provisioned"
    finally:
        pinned.wipe()


@needs_azure_cli
@pytest.mark.parametrize("offline", [False, True], ids=["online", "restore-blob"])
def test_the_azure_cli_brings_it_back(disaster, single, tmp_path, offline):
    az = AzureCLI(single)
    keys = disaster.officers(1, 3)
    for key in keys:
        shutil.copy(key.with_suffix(".crt"), key.with_suffix(".cer"))
    transfer, file = tmp_path / "transfer.pem", disaster.safe / "security-domain.json"
    az("keyvault", "security-domain", "init-recovery", *az.hsm, "--sd-exchange-key", transfer)
    common = ("--sd-file", file, "--sd-exchange-key", transfer, "--sd-wrapping-keys", *keys)
    if offline:
        blob = tmp_path / "blob.json"
        az("keyvault", "security-domain", "restore-blob", *common, "--sd-file-restore-blob", blob)
        az("keyvault", "security-domain", "upload", *az.hsm, "--sd-file", blob, "--restore-blob")
    else:
        az("keyvault", "security-domain", "upload", *az.hsm, *common)
    assert single.health(1)["phase"] == "recovering"
    container, folder = disaster.url.rsplit("/", 1)
    store = (*az.hsm, "--storage-resource-uri", container, "--storage-container-SAS-token", disaster.blobs.token)
    az("keyvault", "restore", "start", *store, "--backup-folder", folder)
    assert single.health(1)["phase"] == "activated"
    if offline:
        return
    # The pool that came back is backed up, and one key comes out of that.
    made = az("keyvault", "backup", "start", *store)
    assert made["status"].lower() == "succeeded", made
    folder = made["folderUrl"].rsplit("/", 1)[1]
    user = hire(single, CRYPTO_USER, CRYPTO_OFFICER, name="az")
    assert single.call("DELETE", 1, "/keys/kept-1", user.token(single)).status_code == 200
    az("keyvault", "restore", "start", *store, "--backup-folder", folder, "--key-name", "kept-1")
    check_keys(single, user, disaster.estate.kept[1:2])
    assert "mhsm-none" in az.refused("keyvault", "restore", "start", *store, "--backup-folder", "mhsm-none")
