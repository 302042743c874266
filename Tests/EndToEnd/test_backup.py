"""Full backup, full and selective restore: the unmodified Azure client and hsmctl, against real nodes, a blob service and
an S3-compatible store over TLS."""

from __future__ import annotations

import concurrent.futures
import hashlib
import itertools
import json
import os
import re
import time

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys.crypto import EncryptionAlgorithm, SignatureAlgorithm

import restore_orders
from backup_site import Site, Stock, in_bucket, schedule
from people import audit_records
from pool import wait_until

DIGEST = hashlib.sha256(b"What comes back shall sign as before.").digest()
# What a new pool of the quickstart has.
DEMO = {"demo-ec", "demo-rsa"}
OPERATIONS = {
    "FullBackup", "PreFullBackup", "FullBackupStatusGet", "FullRestore", "PreFullRestore", "SelectiveKeyRestore",
    "FullRestoreStatusGet", "JobList", "BackupScheduleGet", "BackupScheduleSet", "BackupScheduleDelete",
    "BackupScheduleRun", "RestoreOrder", "RestoreOrderGet", "RestoreOrderStart", "RestoreOrderWithdraw",
    "RestoreConsequencesGet", "RestoreConsequencesShow", "RestoreApprove",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("backup"))
    yield made
    made.pool.wipe()
    made.blobs.close()
    made.buckets.close()
    made.identity.close()


@pytest.fixture(scope="module")
def stock(site) -> Stock:
    return Stock(site)


def test_everything_comes_back_on_every_node(site, stock):
    keys = site.keys()
    elliptic, newest, rsa, secret = stock.elliptic, stock.newest, stock.rsa, stock.secret
    signatures = {key.id: site.crypto(key).sign(SignatureAlgorithm.es256, DIGEST).signature
                  for key in (elliptic, newest)}
    sealed = site.crypto(secret).encrypt(EncryptionAlgorithm.a256_gcm, b"plain")
    assert stock.names >= {"elliptic", "rsa", "secret", *DEMO} and "deleted" in stock.deleted
    assert stock.url.startswith(f"{site.blobs.url}/mhsm-quickstart-2")
    recorded = len(audit_records(site.pool, 2, "FullRestore"))

    for name in ("elliptic", "rsa", "secret"):
        keys.begin_delete_key(name).wait()
        keys.purge_deleted_key(name)
    keys.begin_recover_deleted_key("deleted").wait()
    keys.create_ec_key("later", curve="P-256", hardware_protected=True)
    site.restore(stock.url, node=2)

    for node in (1, 2, 3):
        there = site.keys(node)
        assert {key.name for key in there.list_properties_of_keys()} == stock.names
        assert {key.name for key in there.list_deleted_keys()} == stock.deleted
        assert there.get_key("elliptic").properties.tags == {"stage": "two"}
        assert len(list(there.list_properties_of_key_versions("elliptic"))) == 2
        for key in (elliptic, newest):
            crypto = site.crypto(key, node)
            assert crypto.verify(SignatureAlgorithm.es256, DIGEST, signatures[key.id]).is_valid
            assert crypto.verify(
                SignatureAlgorithm.es256, DIGEST, crypto.sign(SignatureAlgorithm.es256, DIGEST).signature).is_valid
        assert there.get_key("rsa").key.n == rsa.key.n
        opened = site.crypto(secret, node).decrypt(
            EncryptionAlgorithm.a256_gcm, sealed.ciphertext, iv=sealed.iv,
            authentication_tag=sealed.tag)
        assert opened.plaintext == b"plain"
    site.pool.await_same_state()
    records = audit_records(site.pool, 2, "FullRestore")[recorded:]
    assert [record["resultSignature"] for record in records] == ["Accepted"]


def test_one_key_comes_back_alone(site, stock):
    url = stock.url
    keys = site.keys(3)
    wanted = keys.get_key("elliptic")
    keys.create_ec_key("elliptic", curve="P-521", hardware_protected=True)
    keys.create_ec_key("bystander", curve="P-256", hardware_protected=True)
    site.restore(url, node=3, key_name="elliptic")
    assert keys.get_key("elliptic").id.rsplit("/", 1)[1] == wanted.id.rsplit("/", 1)[1]
    assert len(list(keys.list_properties_of_key_versions("elliptic"))) == 2
    assert "bystander" in site.names()
    with pytest.raises(HttpResponseError, match="no key 'nothing'"):
        site.restore(url, key_name="nothing")


def test_checks_change_nothing(site, stock, monkeypatch, tmp_path):
    before, blobs = site.names(), dict(site.blobs.blobs)
    site.backups().begin_pre_backup(site.blobs.url, sas_token=site.blobs.token).wait()
    site.backups().begin_pre_restore(stock.url, sas_token=site.blobs.token).wait()
    token = tmp_path / "sas.txt"
    token.write_text(site.blobs.token + "\n")
    site.pool.hsmctl("backup", "start", site.blobs.url, "--check", "--sas-file", str(token))
    monkeypatch.setenv("QUORATE_SAS", site.blobs.token)
    site.pool.hsmctl("backup", "start", site.blobs.url, "--check")
    assert site.names() == before and site.blobs.blobs == blobs


def flipped(content: bytes) -> bytes:
    return content[:-5000] + bytes([content[-5000] ^ 1]) + content[-4999:]


@pytest.fixture(scope="module")
def other_backup(site, stock) -> str:
    return site.backup()


@pytest.mark.parametrize("change, words", [
    (lambda content, _: content[:-1], "cut short"),
    (lambda content, _: content[:len(content) // 2], "cut short"),
    (lambda content, _: flipped(content), "was changed"),
    (lambda content, _: b"QBK0" + content[4:], "format is 'QBK0'"),
    (lambda content, _: content + b"\0", "appended"),
    (lambda content, other: other[:len(other) - 4000] + content[len(other) - 4000:], "changed|belongs|cut|malformed|hold"),
    (lambda content, _: b"{}", "isn't a backup"),
], ids=["last byte", "half", "bit", "older format", "appended", "mixed", "something else"])
def test_a_backup_that_was_changed_is_refused(site, stock, other_backup, change, words):
    first, second = site.blob(stock.url), site.blob(other_backup)
    good = site.blobs.blobs[first]
    before = site.names()
    site.blobs.blobs[first] = change(good, site.blobs.blobs[second])
    try:
        with pytest.raises(HttpResponseError, match=words) as refused:
            site.restore(stock.url)
        assert "BackupRejected" in str(refused.value.error or refused.value)
    finally:
        site.blobs.blobs[first] = good
    assert site.names() == before
    site.crypto(site.keys().get_key("elliptic"), node=2).sign(SignatureAlgorithm.es256, DIGEST)


def test_what_the_store_refuses_fails_with_its_reason(site):
    wrong = site.blobs.token.replace("right", "wrong")
    with pytest.raises(HttpResponseError, match="refused the SAS token .403 AuthenticationFailed") as refused:
        site.backups().begin_backup(site.blobs.url, wrong).result()
    assert "sig=" not in str(refused.value)
    with pytest.raises(HttpResponseError, match="There is no container elsewhere"):
        site.backups().begin_backup(f"https://{site.blobs.host}/elsewhere", site.blobs.token).result()
    with pytest.raises(HttpResponseError, match="There is no backup"):
        site.restore(f"{site.blobs.url}/mhsm-quickstart-1999", key_name="elliptic")
    # What passes is tried again, as often as the node's file says.
    site.blobs.failures = [503, 500]
    site.backup()
    site.blobs.failures = [503] * 5
    with pytest.raises(HttpResponseError, match="503 ServerBusy"):
        site.backup()
    assert site.blobs.failures == [503]
    site.blobs.failures = []
    for node in (1, 2, 3):
        log = (site.pool.node_folder(node) / "hsmd.log").read_text()
        assert "signature" not in log and "sig=" not in log


@pytest.mark.parametrize("uri", [
    "https://169.254.169.254/latest", "https://localhost/hsm", "https://127.0.0.1/hsm", "http://127.0.0.1/hsm",
    "https://127.0.0.1:1@store.example/hsm", "file:///../../etc", "file://host/etc", "gopher://x/y", "",
    "s3://", "s3://elsewhere/hsm", "s3://backups/../hsm",
])
def test_no_other_place_is_used(site, uri):
    asked = len(site.blobs.requests)
    body = {"storageResourceUri": uri, "token": site.blobs.token}
    for method, path, content in (
            ("POST", "/backup", body), ("PUT", "/restore", {"sasTokenParameters": body, "folderToRestore": "x"})):
        answer = site.pool.call(method, 1, path, site.pool.token(), content)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "BadParameter", answer.text
    assert len(site.blobs.requests) == asked


def test_hsmctl_backs_up_into_the_directory_and_checks_it(site, stock):
    done = json.loads(site.pool.hsmctl("backup", "start", "file:///weekly", "--json").stdout)
    folder = done["azureStorageBlobContainerUri"].removeprefix("file:///weekly/")
    file = site.pool.folder / "backups" / "weekly" / folder / "backup.qbk"
    verified = json.loads(site.pool.hsmctl("backup", "verify", str(file.parent), "--json").stdout)
    assert verified["pool"] == "quickstart" and verified["fileBytes"] == file.stat().st_size
    assert verified["signerIsExpected"] is None
    shown = site.pool.hsmctl("backup", "verify", str(file), "--signer", verified["signer"]).stdout.splitlines()
    assert shown[0] == f"{file} is whole and unchanged.", shown
    fields = dict(line.split(None, 1) for line in shown[2:])
    assert fields["signerIsExpected"] == "yes" and fields["wasOpened"] == "not checked", shown
    stranger = site.pool.hsmctl("backup", "verify", str(file), "--signer", "00" * 32, check=False)
    assert stranger.returncode == 1 and "signed by another pool" in stranger.stderr
    # With a quorum of officers, and no node, it is opened: its state is the one that the job has reported.
    domain = ("--security-domain", str(site.pool.folder / "security-domain.json"))
    pairs = [("--officer", f"{key.with_suffix('.crt')}:{key}") for key in site.pool.officers(3, 1)]
    opened = json.loads(
        site.pool.hsmctl("backup", "verify", str(file), "--compare", *domain, *pairs[0], *pairs[1], "--json").stdout)
    assert opened["stateRootIsThatOfThePool"] and not verified["stateRootIsThatOfThePool"]
    assert opened["wasOpened"] and not verified["wasOpened"] and opened["keys"] == len(site.names())
    assert opened["keyPairsThatSigned"] > len(DEMO) and opened["symmetricKeysThatOpened"] >= 1, opened
    newest = json.loads(site.pool.hsmctl("backup", "list", "--json").stdout)[0]
    assert newest["report"] == f"log index {opened['logIndex']}, state root {opened['stateRoot']}"
    for officers, words in ((pairs[0], "2 officers are needed"), ((*pairs[0], *pairs[0]), "named twice")):
        refused = site.pool.hsmctl("backup", "verify", str(file), *domain, *officers, check=False)
        assert refused.returncode == 1 and words in refused.stderr, refused.stderr
    site.pool.hsmctl("backup", "start", "file:///weekly", "--check")
    site.pool.hsmctl("backup", "restore", "file:///weekly", folder, "--check")
    before = site.names()
    restore = ("backup", "restore", "file:///weekly", folder)
    # At a terminal it asks first.
    for typed, options, code, words in (
            (b"yes\n", (), 1, "Nothing was restored"), (b"quickstart\n", (), 0, "Type quickstart to go on"),
            (b"", ("--yes",), 0, "")):
        terminal, other_end = os.openpty()
        os.write(terminal, typed)
        asked = site.pool.hsmctl(*restore, *options, check=False, stdin=other_end)
        os.close(terminal), os.close(other_end)
        assert asked.returncode == code and words in asked.stderr, asked
    site.pool.hsmctl(*restore)
    assert site.names() == before
    jobs = json.loads(site.pool.hsmctl("backup", "list", "--json").stdout)
    assert [job["kind"] for job in jobs[:6]] == [*["restore"] * 3, "restore-check", "backup-check", "backup"]
    assert site.pool.hsmctl("backup", "status", done["jobId"]).returncode == 0
    assert site.pool.hsmctl("backup", "status", "0" * 32, check=False).returncode == 3
    with site.pool.client() as http:
        answer = http.get(f"{site.pool.endpoint(1)}/quorate/v1/jobs",
                          headers={"authorization": f"Bearer {site.pool.token()}"})
        site.contract.check("GET", str(answer.request.url), answer.status_code, answer.headers, answer.content)

    file.write_bytes(flipped(file.read_bytes()))
    for command in (("verify", str(file)), ("restore", "file:///weekly", folder)):
        refused = site.pool.hsmctl("backup", *command, check=False)
        assert refused.returncode == 1 and "was changed" in refused.stderr, refused.stderr


def test_a_removed_administrator_comes_back_with_the_officers_alone(site):
    restore_orders.bring_back_with_the_officers_alone(site)


def test_a_bucket_holds_backups_as_well(site):
    keys = site.keys()
    keys.create_ec_key("in-bucket", curve="P-256", hardware_protected=True)
    there, unfinished = site.buckets.names(), site.buckets.unfinished()
    site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", "--check")
    assert site.buckets.names() == there and site.buckets.unfinished() == unfinished
    folder = in_bucket(site)
    assert sorted(site.buckets.names()) == sorted([*there, f"hsm/pool/{folder}/backup.qbk"])
    before = site.names()
    site.pool.hsmctl("backup", "restore", "s3://backups/hsm/pool", folder, "--check")

    keys.begin_delete_key("in-bucket").wait()
    keys.purge_deleted_key("in-bucket")
    site.pool.hsmctl("backup", "restore", "s3://backups/hsm/pool", folder, "--key", "in-bucket")
    key = site.keys(2).get_key("in-bucket")
    site.crypto(key, 3).sign(SignatureAlgorithm.es256, DIGEST)
    keys.create_ec_key("since", curve="P-256", hardware_protected=True)
    site.pool.hsmctl("backup", "restore", "s3://backups/hsm/pool", folder)
    assert site.names() == before
    unknown = site.pool.hsmctl("backup", "restore", "s3://backups/hsm/pool", "mhsm-1", "--check", check=False)
    assert unknown.returncode == 1 and "There is no backup" in unknown.stderr


@pytest.mark.parametrize("failure, words", [
    ((403, "AccessDenied"), "refused the node's credentials .403 AccessDenied.*policy"),
    ((403, "RequestTimeTooSkewed"), "takes this node's clock for wrong.*NTP"),
    ((403, "QuotaExceeded"), "no room left"),
    ((301, "PermanentRedirect"), "of another region.*correct 'region'"),
    ((412, "PreconditionFailed"), "There is a backup of this name already"),
], ids=lambda value: value[1] if isinstance(value, tuple) else "")
def test_what_a_bucket_refuses_has_a_cause_and_a_cure(site, failure, words):
    there = site.buckets.names()
    site.buckets.failures = [failure]
    refused = site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", check=False)
    assert refused.returncode == 1 and re.search(words, refused.stderr), refused.stderr
    assert site.buckets.names() == there and site.buckets.failures == []


def test_a_bucket_is_opened_by_the_credentials_of_the_file(site):
    site.buckets.write_credentials("another secret".replace(" ", "-"))
    refused = site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", check=False)
    assert "SignatureDoesNotMatch" in refused.stderr and "credentials_file" in refused.stderr, refused.stderr
    site.buckets.credentials.chmod(0o644)
    refused = site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", check=False)
    assert "group or others may use it" in refused.stderr, refused.stderr
    # Nobody has to start a node again for them.
    site.buckets.write_credentials(site.buckets.secret)
    in_bucket(site)
    missing = site.pool.hsmctl("backup", "start", "s3://missing", check=False)
    assert "There is no bucket 'missing'" in missing.stderr, missing.stderr
    for node in (1, 2, 3):
        log = (site.pool.node_folder(node) / "hsmd.log").read_text()
        assert site.buckets.secret not in log and "another-secret" not in log


def test_a_large_backup_comes_in_parts(site):
    """Failures that pass cost no more than a request: a busy store, and answers that are lost after the work was done."""
    tags = {chr(0x4e00 + number) * 256: chr(0x5e00 + number) * 256 for number in range(15)}

    clients = [site.keys(node) for node in (1, 2, 3)]

    def create(number: int) -> None:
        clients[number % 3].create_oct_key(f"large-{number}", size=256, hardware_protected=True, tags=tags)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(create, range(300)))
    site.buckets.failures = [(503, "SlowDown"), (500, "InternalError")]
    site.buckets.lost = [500]
    folder = in_bucket(site)
    name = f"hsm/pool/{folder}/backup.qbk"
    assert site.buckets.parts(name) == 2 and site.buckets.failures == [] == site.buckets.lost
    # The answer to the last request is lost: the object is there, and found to be its own.
    site.buckets.lost_at_completion = True
    assert f"hsm/pool/{in_bucket(site)}/backup.qbk" in site.buckets.names()
    assert not site.buckets.lost_at_completion and site.buckets.lost == []
    site.pool.hsmctl("backup", "restore", "s3://backups/hsm/pool", folder, "--key", "large-7")
    assert site.keys().get_key("large-7").properties.tags == tags
    # What is abandoned leaves no parts behind.
    unfinished = site.buckets.unfinished()
    site.buckets.refuse_completion = (403, "AccessDenied")
    refused = site.pool.hsmctl("backup", "start", "s3://backups/hsm/pool", check=False)
    assert refused.returncode == 1 and "AccessDenied" in refused.stderr
    site.buckets.refuse_completion = None
    assert site.buckets.unfinished() == unfinished


def test_a_managed_identity_opens_a_container(site, stock):
    site.identity.asked.clear()
    site.identity.failures = [429, 500]
    backups = site.backups(2)
    url = backups.begin_backup(site.blobs.url, use_managed_identity=True).result().folder_url
    assert site.blob(url) in site.blobs.blobs
    backups.begin_restore(url, use_managed_identity=True, key_name="elliptic").result()
    # One token serves until it is old: one that was given, after two failures that pass.
    assert len(site.identity.asked) == 3 and "client_id" not in site.identity.asked[0]
    site.pool.hsmctl("backup", "start", site.blobs.url, "--managed-identity", "--check")

    site.blobs.bearer = "another"
    with pytest.raises(HttpResponseError, match="refused the node's managed identity .403.*Give it the role"):
        site.backups(2).begin_backup(site.blobs.url, use_managed_identity=True).result()
    site.blobs.bearer = site.identity.token
    # The refused token is not shown again.
    asked = len(site.identity.asked)
    site.backups(2).begin_pre_backup(site.blobs.url, use_managed_identity=True).wait()
    assert len(site.identity.asked) == asked + 1
    both = {"storageResourceUri": site.blobs.url, "token": site.blobs.token, "useManagedIdentity": True}
    answer = site.pool.call("POST", 1, "/backup", site.pool.token(), both)
    assert answer.status_code == 400 and "exclude each other" in answer.text
    for uri in ("https://store.example/hsm", "file:///weekly", "s3://backups"):
        answer = site.pool.call(
            "POST", 1, "/backup", site.pool.token(), {"storageResourceUri": uri, "useManagedIdentity": True})
        assert answer.status_code == 400, answer.text
    for node in (1, 2, 3):
        assert site.identity.token not in (site.pool.node_folder(node) / "hsmd.log").read_text()


def test_the_identity_of_a_hosting_environment(site, tmp_path):
    """It wants a secret, which comes from a file; and a machine that has no identity says so."""
    # From now on node 1 has a token.
    site.backups(1).begin_pre_backup(site.blobs.url, use_managed_identity=True).wait()
    site.identity.secret = "secret-of-the-platform"
    header = tmp_path / "identity-header"
    header.write_text(site.identity.secret + "\n")
    header.chmod(0o600)
    file = site.pool.node_folder(3) / "node.yaml"
    before = file.read_text()
    site.pool.kill(3)
    file.write_text(before.replace("  managed_identity:", f"  managed_identity:\n    header_file: {header}"))
    site.pool.start(3)
    site.pool.await_unsealed(3)
    site.backups(3).begin_pre_backup(site.blobs.url, use_managed_identity=True).wait()
    # A node whose token isn't good any more asks for another one, and this one is told that it has no identity.
    site.blobs.bearer = "another"
    for words in ("refused the node's managed identity", "identity endpoint gave no token: status 400"):
        with pytest.raises(HttpResponseError, match=words):
            site.backups(1).begin_pre_backup(site.blobs.url, use_managed_identity=True).result()
    assert site.identity.secret not in (site.pool.node_folder(3) / "hsmd.log").read_text()
    # The machine has its identity again, and node 3 asks it as the others do.
    site.identity.secret, site.blobs.bearer = None, site.identity.token
    site.pool.kill(3)
    file.write_text(before)
    site.pool.start(3)
    site.pool.await_unsealed(3)


def test_the_pool_backs_itself_up(site):
    """By a schedule: at once for the week that has begun; and of one week one stays."""
    place = "s3://backups/scheduled"

    def made() -> list[str]:
        return [name for name in site.buckets.names() if name.startswith("scheduled/")]

    def shown() -> dict:
        return json.loads(site.pool.hsmctl("backup", "schedule", "show", "--json").stdout)

    def run() -> str:
        """A backup by the schedule now, in a later second than the last: which of two is newer counts in seconds."""
        taken = shown()["backups"][0]["taken"]
        wait_until(lambda: int(time.time()) > taken, 5, "the next second", interval=0.1)
        site.pool.hsmctl("backup", "schedule", "run")
        return shown()["backups"][0]["folder"]

    assert site.pool.hsmctl("backup", "schedule", "show", check=False).returncode == 3
    refused = site.pool.hsmctl("backup", "schedule", "set", "s3://missing", "--weekly", "2", check=False)
    assert refused.returncode == 1 and "no bucket 'missing'" in refused.stderr
    text = site.pool.hsmctl("backup", "schedule", "set", place, "--weekly", "8").stdout
    assert "8 weekly" in text
    wait_until(lambda: len(shown()["backups"]) == 1, 60, "the backup of this week", interval=0.5)
    first = shown()
    assert first["lastAttempt"]["status"] == "Succeeded" and not first["isOverdue"]
    folder = first["backups"][0]["folder"]
    assert made() == [f"scheduled/{folder}/backup.qbk"]
    # Of another pool, and older than all others.
    stranger = "scheduled/mhsm-other-2020013112000042/backup.qbk"
    site.buckets.put(stranger, b"not ours")
    site.pool.hsmctl("backup", "restore", place, folder, "--check")

    folder = run()
    wait_until(lambda: [backup["folder"] for backup in shown()["backups"]] == [folder], 30,
               "the older backup of this week to be removed", interval=0.2)
    assert made() == sorted([f"scheduled/{folder}/backup.qbk", stranger])
    assert json.loads(site.pool.hsmctl("pool", "status", "--json").stdout)["backupIsOverdue"] is False
    site.pool.await_same_state()

    with_token = {"storageResourceUri": site.blobs.url, "token": site.blobs.token, "keep": {"weekly": 4}}
    assert schedule(site, "PUT", body=with_token)["backups"] == []
    kept = schedule(site, "GET")
    assert kept["storageResourceUri"] == site.blobs.url and "sig" not in json.dumps(kept)
    others = set(site.blobs.blobs)
    wait_until(lambda: len(shown()["backups"]) == 1, 60, "the backup of this week", interval=0.5)
    folder = run()
    wait_until(lambda: [backup["folder"] for backup in shown()["backups"]] == [folder], 30,
               "the older backup in the container to be removed", interval=0.2)
    assert set(site.blobs.blobs) == others | {f"/hsm/{folder}/backup.qbk"}
    # A container that lets nothing be removed keeps it, and the pool remembers.
    site.blobs.refuse_removal = True
    run()
    wait_until(lambda: ("DELETE", f"/hsm/{folder}/backup.qbk") in site.blobs.requests, 30, "an attempt", interval=0.2)
    assert [backup["isBeingRemoved"] for backup in shown()["backups"]] == [False, True]
    assert others < set(site.blobs.blobs) and len(site.blobs.blobs) == len(others) + 2
    site.blobs.refuse_removal = False
    schedule(site, "POST", "/run")
    wait_until(lambda: shown()["lastAttempt"]["status"] == "Succeeded", 30, "the last one", interval=0.2)
    schedule(site, "DELETE")
    assert len(made()) == 2


def test_every_operation_was_answered_as_described(request, site):
    """Of all tests before this one together."""
    def until_here(names) -> set[str]:
        return set(itertools.takewhile(lambda name: name != request.node.originalname, names))

    ran = until_here(item.originalname for item in request.session.items if item.path == request.path)
    if left_out := until_here(name for name in globals() if name.startswith("test_")) - ran:
        pytest.skip(f"it takes all tests before it in the file: {len(left_out)} haven't run")
    missed = [name for name in OPERATIONS if not any(status < 300 for status in site.contract.seen[name])]
    assert missed == []


def test_another_node_goes_on_with_the_job_of_a_dead_one(site):
    """The job is one of the schedule and its node the leader: whoever leads then makes no other backup of this week."""
    node = site.pool.leader()
    other = node % 3 + 1
    site.blobs.gate.clear()
    site.blobs.waiting.clear()
    body = {"storageResourceUri": site.blobs.url, "token": site.blobs.token}
    schedule(site, "PUT", body={**body, "keep": {"weekly": 2}})
    assert site.blobs.waiting.wait(120)
    begun = schedule(site, "GET")["lastAttempt"]
    second = site.pool.call("POST", other, "/backup", site.pool.token(), body)
    assert second.status_code == 409, second.text
    token = site.pool.token(node=other)
    site.pool.kill(node)
    site.blobs.gate.set()
    ended: list[dict] = []

    def has_ended() -> bool:
        answer = site.pool.call("GET", other, f"/backup/{begun['jobId']}/pending", token).json()
        ended[:] = [answer]
        return answer["status"] != "InProgress"

    wait_until(has_ended, 120, "another node to finish the job", interval=0.5)
    assert ended[0]["status"] == "Succeeded", ended
    # In a folder of its own: the one that died may have written into the first.
    place = ended[0]["azureStorageBlobContainerUri"]
    assert place.endswith("_2") and site.blob(place) in site.blobs.blobs, place
    job = json.loads(site.pool.hsmctl("backup", "list", "--json").stdout)[0]
    assert job["takeovers"] == 1 and job["status"] == "succeeded" and job["id"] == begun["jobId"]
    kept = json.loads(site.pool.hsmctl("backup", "schedule", "show", "--json").stdout)
    assert [backup["folder"] for backup in kept["backups"]] == [place.rsplit("/", 1)[1]]
    assert kept["nextBackup"] > time.time()
    site.pool.hsmctl("backup", "schedule", "delete")
    for number in (1, 2, 3):
        assert "right%2Bsignature" not in (site.pool.node_folder(number) / "hsmd.log").read_text()
    site.pool.start(node)
    site.pool.await_unsealed(node)
    site.restore(place)
