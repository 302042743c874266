"""The unmodified Azure clients against a real pool, over HTTP/1.1: keys, signatures on every node, roles."""

import hashlib
import subprocess
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, EnvironmentCredential
from azure.keyvault.administration import (
    KeyVaultAccessControlClient, KeyVaultDataAction, KeyVaultPermission, KeyVaultRoleScope)
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from people import CRYPTO_OFFICER, CRYPTO_USER, VERSION, audit_records, hire, last_record, role_of

MESSAGE = b"What the nodes of the pool shall sign."
CURVES = {"P-256": ec.SECP256R1(), "P-256K": ec.SECP256K1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
ALGORITHMS = {
    "RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
    "ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521",
}


def use(monkeypatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def user(pool):
    return hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="client user")


@pytest.fixture(scope="module")
def signer(pool):
    """May sign and verify but not read keys: the client can't get hold of a public key and do the work itself."""
    return hire(pool, role_of(pool, "/keys/sign/action", "/keys/verify/action", name="Signer"), name="client signer")


@pytest.fixture
def key_client(pool, user, monkeypatch):
    use(monkeypatch, user.environment(pool))
    return KeyClient(pool.endpoint(1), EnvironmentCredential())


@pytest.fixture(scope="module")
def keys(pool, user):
    """An RSA key and a key on each curve, created through node 1 by the client."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, user.environment(pool))
        client = KeyClient(pool.endpoint(1), EnvironmentCredential())
        made = {"rsa": client.create_rsa_key("client-rsa", size=2048, hardware_protected=True)}
        for curve in CURVES:
            made[curve] = client.create_ec_key(f"client-{curve.lower()}", curve=curve, hardware_protected=True)
    return made


def public_key(key):
    """The public key as `cryptography` has it, from the numbers that the service answered with."""
    number = lambda value: int.from_bytes(value, "big")  # noqa: E731
    if key.key.kty == "RSA-HSM":
        return rsa.RSAPublicNumbers(number(key.key.e), number(key.key.n)).public_key()
    assert key.key.kty == "EC-HSM"
    return ec.EllipticCurvePublicNumbers(number(key.key.x), number(key.key.y), CURVES[key.key.crv]).public_key()


def hash_of(algorithm: str):
    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:5]]


def digest(algorithm: str) -> bytes:
    return hashlib.new(hash_of(algorithm).name, MESSAGE).digest()


def der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return utils.encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def verify_with_cryptography(key, algorithm: str, signature: bytes, message: bytes = MESSAGE) -> None:
    public, digest_type = public_key(key), hash_of(algorithm)
    if algorithm.startswith("RS"):
        public.verify(signature, message, padding.PKCS1v15(), digest_type)
    elif algorithm.startswith("PS"):
        salted = padding.PSS(mgf=padding.MGF1(digest_type), salt_length=digest_type.digest_size)
        public.verify(signature, message, salted, digest_type)
    else:
        assert len(signature) == {"P-256": 64, "P-256K": 64, "P-384": 96, "P-521": 132}[key.key.crv]
        public.verify(der(signature), message, ec.ECDSA(digest_type))


def openssl_accepts(folder, key, algorithm: str, signature: bytes, message: bytes = MESSAGE) -> bool:
    pem = public_key(key).public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(pem)
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature if key.key.kty == "RSA-HSM" else der(signature))
    options = []
    if algorithm.startswith("PS"):
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    result = subprocess.run(
        ["openssl", "dgst", f"-{hash_of(algorithm).name}", "-verify", "public.pem", "-signature", "signature", *options,
         "message"], cwd=folder, capture_output=True, text=True)
    return result.returncode == 0 and "Verified OK" in result.stdout


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_node_signs_and_verifies(pool, keys, signer, monkeypatch, tmp_path, algorithm):
    key = keys[ALGORITHMS[algorithm]]
    use(monkeypatch, signer.environment(pool))
    credential = EnvironmentCredential()
    signatures = []
    for node in (1, 2, 3):
        before = last_record(pool, node)
        identifier = key.id.replace(pool.endpoint(1), pool.endpoint(node))
        client = CryptographyClient(identifier, credential)
        signed = client.sign(SignatureAlgorithm(algorithm), digest(algorithm))
        signatures.append(signed.signature)
        assert signed.key_id == identifier
        # The signature of this node and those of the nodes before it.
        for signature in signatures:
            assert client.verify(SignatureAlgorithm(algorithm), digest(algorithm), signature).is_valid is True
        other = hashlib.new(hash_of(algorithm).name, b"another message").digest()
        assert client.verify(SignatureAlgorithm(algorithm), other, signed.signature).is_valid is False
        # The client did none of it by itself: this very node has recorded each operation.
        records = [(r["operationName"], r["httpStatusCode"]) for r in audit_records(pool, node, since=before)]
        assert records.count(("KeySign", 200)) == 1
        assert records.count(("KeyVerify", 200)) == len(signatures) + 1
    for signature in signatures:
        verify_with_cryptography(key, algorithm, signature)
        assert openssl_accepts(tmp_path, key, algorithm, signature)
        with pytest.raises(InvalidSignature):
            verify_with_cryptography(key, algorithm, signature, b"another message")
        assert not openssl_accepts(tmp_path, key, algorithm, signature, b"another message")


def test_a_client_that_reads_keys_verifies_on_its_own_what_every_node_signs(pool, keys, user, monkeypatch):
    use(monkeypatch, user.environment(pool))
    credential = EnvironmentCredential()
    for node in (1, 2, 3):
        client = KeyClient(pool.endpoint(node), credential)
        for name, algorithm in (("client-rsa", "PS256"), ("client-p-256", "ES256")):
            key = client.get_key(name)
            crypto = client.get_cryptography_client(name)
            signature = crypto.sign(SignatureAlgorithm(algorithm), digest(algorithm)).signature
            before = last_record(pool, node)
            assert crypto.verify(SignatureAlgorithm(algorithm), digest(algorithm), signature).is_valid is True
            verify_with_cryptography(key, algorithm, signature)
            assert not [r for r in audit_records(pool, node, since=before) if r["operationName"] == "KeyVerify"]


@pytest.mark.parametrize("size", [3072, 4096])
def test_larger_rsa_keys(pool, key_client, tmp_path, size):
    key = key_client.create_rsa_key(f"client-rsa-{size}", size=size, hardware_protected=True)
    assert public_key(key).key_size == size
    crypto = key_client.get_cryptography_client(key.name)
    for algorithm in ("RS512", "PS512"):
        signature = crypto.sign(SignatureAlgorithm(algorithm), digest(algorithm)).signature
        assert openssl_accepts(tmp_path, key, algorithm, signature)


def signing_is_forbidden(pool, key, algorithm: str, signer) -> bool:
    """Asked by somebody who can't read the key: the client would refuse by itself with a key that it has read."""
    credential = ClientSecretCredential(
        "adfs", signer.client_id, signer.secret, authority=pool.environment["AZURE_AUTHORITY_HOST"])
    try:
        CryptographyClient(key.id, credential).sign(SignatureAlgorithm(algorithm), digest(algorithm))
    except HttpResponseError as failure:
        assert (failure.status_code, failure.error.code) == (403, "Forbidden")
        return True
    return False


def test_a_key_that_may_not_be_used_so_is_refused(pool, key_client, signer):
    key = key_client.create_ec_key("client-verify-only", key_operations=["verify"], hardware_protected=True)
    assert signing_is_forbidden(pool, key, "ES256", signer)
    key = key_client.create_ec_key("client-sign-only", key_operations=["sign"], hardware_protected=True)
    assert not signing_is_forbidden(pool, key, "ES256", signer)


def test_keys_live_through_the_client(pool, key_client, signer):
    name = "client-life"
    first = key_client.create_ec_key(name, curve="P-256", hardware_protected=True, tags={"stage": "one"})
    second = key_client.create_ec_key(name, curve="P-384", hardware_protected=True)
    assert first.id != second.id and second.key.crv == "P-384"
    versions = {p.version for p in key_client.list_properties_of_key_versions(name)}
    assert versions == {first.properties.version, second.properties.version}
    assert key_client.get_key(name).id == second.id
    assert key_client.get_key(name, first.properties.version).properties.tags == {"stage": "one"}

    updated = key_client.update_key_properties(name, second.properties.version, enabled=False, tags={"stage": "two"})
    assert updated.properties.enabled is False and updated.properties.tags == {"stage": "two"}
    assert signing_is_forbidden(pool, second, "ES384", signer)
    assert key_client.update_key_properties(name, second.properties.version, enabled=True).properties.enabled is True
    assert not signing_is_forbidden(pool, second, "ES384", signer)

    # The other nodes have it all.
    for node in (2, 3):
        assert KeyClient(pool.endpoint(node), EnvironmentCredential()).get_key(name).properties.tags == {"stage": "two"}

    deleted = key_client.begin_delete_key(name).result()
    assert deleted.recovery_id.endswith(f"/deletedkeys/{name}") and deleted.scheduled_purge_date > deleted.deleted_date
    with pytest.raises(ResourceNotFoundError):
        key_client.get_key(name)
    with pytest.raises(ResourceExistsError):
        key_client.create_ec_key(name)
    assert name in [k.name for k in key_client.list_deleted_keys()]
    assert key_client.get_deleted_key(name).id.startswith(f"{pool.endpoint(1)}/keys/{name}")

    assert key_client.begin_recover_deleted_key(name).result().name == name
    assert key_client.get_key(name).id.rsplit("/", 1)[1] == second.properties.version
    assert {p.version for p in key_client.list_properties_of_key_versions(name)} == versions

    key_client.begin_delete_key(name).result()
    key_client.purge_deleted_key(name)
    with pytest.raises(ResourceNotFoundError):
        key_client.get_deleted_key(name)
    assert list(key_client.list_properties_of_key_versions(name)) == []


def test_keys_are_listed_in_pages(pool, key_client):
    names = {f"client-page-{number:02}" for number in range(30)}
    for name in names:
        key_client.create_ec_key(name)
    sizes, found = [], set()
    for page in key_client.list_properties_of_keys(max_page_size=7).by_page():
        page = list(page)
        sizes.append(len(page))
        found |= {properties.name for properties in page}
    assert names <= found
    assert max(sizes) <= 7 and len(sizes) > 4
    found = [properties.name for properties in key_client.list_properties_of_keys()]
    assert names <= set(found) and len(found) == len(set(found))


def test_links_are_followed_as_they_are(pool, user, key_client):
    """As the clients for .NET, Go and Java do; that for Python adds its api-version."""
    name = f"client-linked-{uuid.uuid4().hex[:8]}"
    made = [f"{name}-{number}" for number in range(3)]
    for one in made + made[:1] * 2:
        key_client.create_ec_key(one)
    for one in made[1:]:
        key_client.begin_delete_key(one).wait()
    with pool.client() as http:
        headers = {"authorization": f"Bearer {user.token(pool)}"}
        for path, least in (("keys", 1), (f"keys/{made[0]}/versions", 3), ("deletedkeys", 2)):
            link, found = f"{pool.endpoint(2)}/{path}?maxresults=1&{VERSION}", []
            while link:
                answer = http.get(link, headers=headers)
                assert answer.status_code == 200, f"{link}: {answer.text}"
                found += answer.json()["value"]
                link = answer.json().get("nextLink")
            assert len(found) >= least and any(made[0] in key["kid"] or made[1] in key["kid"] for key in found)
        link = http.get(f"{pool.endpoint(2)}/keys?maxresults=1&{VERSION}", headers=headers).json()["nextLink"]
        assert http.get(f"{link}&api-version=9.9", headers=headers).status_code == 400


def test_random_bytes(key_client):
    drawn = [key_client.get_random_bytes(128) for _ in range(3)]
    assert [len(value) for value in drawn] == [128] * 3 and len(set(drawn)) == 3
    with pytest.raises(HttpResponseError) as failure:
        key_client.get_random_bytes(129)
    assert failure.value.status_code == 400


def test_roles_through_the_client(pool, user, monkeypatch):
    administrator = dict(pool.environment)
    use(monkeypatch, administrator)
    credential = ClientSecretCredential(
        administrator["AZURE_TENANT_ID"], administrator["AZURE_CLIENT_ID"], administrator["AZURE_CLIENT_SECRET"],
        authority=administrator["AZURE_AUTHORITY_HOST"])
    access = KeyVaultAccessControlClient(pool.endpoint(2), credential)

    names = {role.role_name: role for role in access.list_role_definitions(KeyVaultRoleScope.KEYS)}
    assert {"Managed HSM Administrator", "Managed HSM Crypto Officer", "Managed HSM Crypto User"} <= set(names)
    permission = KeyVaultPermission(data_actions=[KeyVaultDataAction.READ_HSM_KEY])
    role = access.set_role_definition(KeyVaultRoleScope.GLOBAL, role_name="Reader", permissions=[permission])
    again = access.get_role_definition(KeyVaultRoleScope.GLOBAL, role.name)
    assert again.role_name == "Reader" and again.role_type == "CustomRole"
    assert again.permissions[0].data_actions == [KeyVaultDataAction.READ_HSM_KEY]

    newcomer = hire(pool, name="newcomer")
    keys = KeyClient(pool.endpoint(3), ClientSecretCredential(
        "adfs", newcomer.client_id, newcomer.secret, authority=administrator["AZURE_AUTHORITY_HOST"]))
    with pytest.raises(HttpResponseError) as failure:
        list(keys.list_properties_of_keys())
    assert failure.value.status_code == 403 and failure.value.error.code == "AccessDenied"

    name = str(uuid.uuid4())
    assignment = access.create_role_assignment(KeyVaultRoleScope.KEYS, role.id, newcomer.object_id, name=name)
    assert assignment.properties.scope == "/keys" and assignment.properties.principal_id == newcomer.object_id
    assert isinstance(list(keys.list_properties_of_keys()), list)
    assert access.get_role_assignment(KeyVaultRoleScope.KEYS, name).role_assignment_id == assignment.role_assignment_id
    assert name in [one.name for one in access.list_role_assignments(KeyVaultRoleScope.KEYS)]
    with pytest.raises(ResourceExistsError):
        access.create_role_assignment(KeyVaultRoleScope.KEYS, role.id, newcomer.object_id)

    access.delete_role_assignment(KeyVaultRoleScope.KEYS, name)
    with pytest.raises(HttpResponseError) as failure:
        list(keys.list_properties_of_keys())
    assert failure.value.status_code == 403
    assert name not in [one.name for one in access.list_role_assignments(KeyVaultRoleScope.KEYS)]
    access.delete_role_definition(KeyVaultRoleScope.GLOBAL, role.name)
    with pytest.raises(ResourceNotFoundError):
        access.get_role_definition(KeyVaultRoleScope.GLOBAL, role.name)


def test_roles_at_all_keys_are_looked_up_at_the_pool(pool, user, monkeypatch):
    """As az does after it has assigned one; and with the filter as the client for Go writes it."""
    use(monkeypatch, user.environment(pool))
    access = KeyVaultAccessControlClient(pool.endpoint(1), EnvironmentCredential())
    assert "Managed HSM Crypto User" in {
        role.role_name for role in access.list_role_definitions(KeyVaultRoleScope.GLOBAL)}
    with pytest.raises(HttpResponseError) as failure:
        list(access.list_role_assignments(KeyVaultRoleScope.GLOBAL))
    assert failure.value.status_code == 403
    with pool.client() as http:
        answer = http.get(
            f"{pool.endpoint(1)}/keys/providers/Microsoft.Authorization/roleAssignments?{VERSION}"
            f"&%24filter=principalId+eq+{user.object_id}", headers={"authorization": f"Bearer {user.token(pool)}"})
    assert answer.status_code == 200 and len(answer.json()["value"]) == 2, answer.text
