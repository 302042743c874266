"""Everything that the unmodified Azure client does with keys besides signing, on each of three nodes, checked against
an independent implementation."""

import base64
import os
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.identity import EnvironmentCredential
from azure.keyvault.keys import (
    JsonWebKey, KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction)
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives import hashes, hmac, keywrap
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from people import CRYPTO_OFFICER, CRYPTO_USER, hire, role_of

NODES = [1, 2, 3]
SECRET = bytes(range(32))
OAEP = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "RSA1_5": padding.PKCS1v15(),
}


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def fresh() -> str:
    return f"operation-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def clients(pool):
    """A client of each node, of a principal that may do everything with keys."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in hire(pool, CRYPTO_USER, CRYPTO_OFFICER, name="key operator").environment(pool).items():
            monkeypatch.setenv(name, value)
        credential = EnvironmentCredential()
        yield {node: KeyClient(pool.endpoint(node), credential) for node in NODES}


@pytest.fixture(scope="module")
def blind(pool):
    """Credential of a principal that may use keys but not read them, so that the client leaves all work to the pool."""
    actions = [f"/keys/{name}/action" for name in ("encrypt", "decrypt", "wrap", "unwrap", "sign", "verify")]
    with pytest.MonkeyPatch.context() as monkeypatch:
        user = hire(pool, role_of(pool, *actions, name="Blind user"), name="blind operator")
        for name, value in user.environment(pool).items():
            monkeypatch.setenv(name, value)
        yield EnvironmentCredential()


def at(pool, node: int, key, credential) -> CryptographyClient:
    """The key as seen through one node, whichever node made it."""
    path = key.id.split("/keys/", 1)[1]
    return CryptographyClient(f"{pool.endpoint(node)}/keys/{path}", credential)


def rsa_key():
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.private_numbers()
    octets = lambda value: value.to_bytes((value.bit_length() + 7) // 8, "big")  # noqa: E731
    return key, JsonWebKey(
        kty="RSA-HSM", key_ops=["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey"],
        n=octets(numbers.public_numbers.n), e=octets(numbers.public_numbers.e), d=octets(numbers.d),
        p=octets(numbers.p), q=octets(numbers.q), dp=octets(numbers.dmp1), dq=octets(numbers.dmq1),
        qi=octets(numbers.iqmp))


def imported_octets(clients, octets: bytes):
    operations = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"]
    return clients[1].import_key(fresh(), JsonWebKey(kty="oct-HSM", k=octets, key_ops=operations))


@pytest.mark.parametrize("node", NODES)
def test_rsa_encryption_agrees_with_another_implementation(pool, clients, blind, node):
    private, web_key = rsa_key()
    key = clients[node].import_key(fresh(), web_key, hardware_protected=True)
    assert key.key.kty == "RSA-HSM" and key.key.d is None
    for name, scheme in OAEP.items():
        for other in NODES:
            client = at(pool, other, key, blind)
            made = client.encrypt(EncryptionAlgorithm(name), SECRET)
            assert private.decrypt(made.ciphertext, scheme) == SECRET
            theirs = private.public_key().encrypt(SECRET, scheme)
            assert client.decrypt(EncryptionAlgorithm(name), theirs).plaintext == SECRET
            wrapped = client.wrap_key(KeyWrapAlgorithm(name), SECRET)
            assert private.decrypt(wrapped.encrypted_key, scheme) == SECRET
            assert client.unwrap_key(KeyWrapAlgorithm(name), theirs).key == SECRET


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_aes_agrees_with_another_implementation(pool, clients, blind, bits):
    octets = os.urandom(bits // 8)
    key = imported_octets(clients, octets)
    assert key.key.kty == "oct-HSM" and key.key.k is None
    for node in NODES:
        client = at(pool, node, key, blind)
        gcm = EncryptionAlgorithm(f"A{bits}GCM")
        made = client.encrypt(gcm, SECRET, additional_authenticated_data=b"context")
        assert AESGCM(octets).decrypt(made.iv, made.ciphertext + made.tag, b"context") == SECRET
        opened = client.decrypt(
            gcm, made.ciphertext, iv=made.iv, authentication_tag=made.tag, additional_authenticated_data=b"context")
        assert opened.plaintext == SECRET
        with pytest.raises(HttpResponseError) as refused:
            client.decrypt(gcm, made.ciphertext, iv=made.iv, authentication_tag=bytes(16))
        assert refused.value.status_code == 400

        iv = os.urandom(16)
        cbc = Cipher(algorithms.AES(octets), modes.CBC(iv))
        made = client.encrypt(EncryptionAlgorithm(f"A{bits}CBC"), SECRET, iv=iv)
        assert cbc.decryptor().update(made.ciphertext) == SECRET
        made = client.encrypt(EncryptionAlgorithm(f"A{bits}CBCPAD"), SECRET[:21], iv=iv)
        pad = block_padding.PKCS7(128).unpadder()
        assert pad.update(cbc.decryptor().update(made.ciphertext)) + pad.finalize() == SECRET[:21]
        assert client.decrypt(EncryptionAlgorithm(f"A{bits}CBCPAD"), made.ciphertext, iv=iv).plaintext == SECRET[:21]

        wrapped = client.wrap_key(KeyWrapAlgorithm(f"A{bits}KW"), SECRET)
        assert wrapped.encrypted_key == keywrap.aes_key_wrap(octets, SECRET)
        assert client.unwrap_key(KeyWrapAlgorithm(f"A{bits}KW"), wrapped.encrypted_key).key == SECRET


def test_authentication_codes(pool, clients):
    octets = os.urandom(32)
    key = imported_octets(clients, octets)
    # The client doesn't know the names of these algorithms, so the requests are plain.
    application = pool.token("application")
    for node in NODES:
        for name, algorithm in [("HS256", hashes.SHA256()), ("HS384", hashes.SHA384()), ("HS512", hashes.SHA512())]:
            code = hmac.HMAC(octets, algorithm)
            code.update(SECRET)
            answer = pool.call(
                "POST", node, f"/keys/{key.name}/sign", application, {"alg": name, "value": base64url(SECRET)})
            assert answer.status_code == 200 and answer.json()["value"] == base64url(code.finalize())


@pytest.mark.parametrize("node", NODES)
def test_generated_symmetric_key(pool, clients, blind, node):
    key = clients[node].create_oct_key(fresh(), size=256, hardware_protected=True)
    assert key.key.kty == "oct-HSM"
    made = at(pool, node, key, blind).encrypt(EncryptionAlgorithm.a256_gcm, SECRET)
    for other in NODES:
        opened = at(pool, other, key, blind).decrypt(
            EncryptionAlgorithm.a256_gcm, made.ciphertext, iv=made.iv, authentication_tag=made.tag)
        assert opened.plaintext == SECRET


@pytest.mark.parametrize("node", NODES)
def test_imported_elliptic_key_signs(pool, clients, node):
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.private_numbers()
    key = clients[node].import_key(fresh(), JsonWebKey(
        kty="EC-HSM", crv="P-256", key_ops=["sign", "verify"], d=numbers.private_value.to_bytes(32, "big"),
        x=numbers.public_numbers.x.to_bytes(32, "big"), y=numbers.public_numbers.y.to_bytes(32, "big")))
    digest = os.urandom(32)
    signature = clients[node].get_cryptography_client(key.name).sign(SignatureAlgorithm.es256, digest).signature
    halves = [int.from_bytes(signature[at : at + 32], "big") for at in (0, 32)]
    private.public_key().verify(
        utils.encode_dss_signature(*halves), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


@pytest.mark.parametrize("curve,number", [
    # Of these points x or y begins with a zero byte.
    (ec.SECP256R1(), 379), (ec.SECP256R1(), 43), (ec.SECP384R1(), 197), (ec.SECP521R1(), 2),
    # The top bit of this number is set.
    (ec.SECP256R1(), int("f3bd0c07a81fb932781ed52752f60cc89a6be5e51934fe01938ddb55d8f77801", 16)),
])
def test_elliptic_key_with_numbers_as_java_writes_them(clients, curve, number):
    private = ec.derive_private_key(number, curve)
    point = private.public_key().public_numbers()
    signed = lambda value: value.to_bytes(value.bit_length() // 8 + 1, "big")  # noqa: E731
    name = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}[curve.name]
    key = clients[1].import_key(fresh(), JsonWebKey(
        kty="EC-HSM", crv=name, key_ops=["sign"], d=signed(number), x=signed(point.x), y=signed(point.y)))
    width = (curve.key_size + 7) // 8
    assert (key.key.x, key.key.y) == (point.x.to_bytes(width, "big"), point.y.to_bytes(width, "big"))


def test_exponent_of_zero_is_none(clients):
    """The client for Java sends it where nobody chose one."""
    assert clients[1].create_rsa_key(fresh(), size=2048, public_exponent=0).key.e == b"\x01\x00\x01"


@pytest.mark.parametrize("node", NODES)
def test_backup_and_restore(clients, node):
    name = fresh()
    versions = [clients[node].create_ec_key(name, curve="P-256", hardware_protected=True, tags={"n": str(n)})
                for n in range(3)]
    backup = clients[node].backup_key(name)
    other = clients[node % 3 + 1]
    with pytest.raises(ResourceExistsError):
        other.restore_key_backup(backup)
    digest = os.urandom(32)
    signature = clients[node].get_cryptography_client(name).sign(SignatureAlgorithm.es256, digest).signature
    clients[node].begin_delete_key(name).wait()
    with pytest.raises(ResourceExistsError):
        other.restore_key_backup(backup)
    clients[node].purge_deleted_key(name)
    restored = other.restore_key_backup(backup)
    assert restored.properties.version == versions[-1].properties.version
    found = {item.version: item.tags for item in other.list_properties_of_key_versions(name)}
    assert found == {key.properties.version: key.properties.tags for key in versions}
    assert other.get_cryptography_client(name).verify(SignatureAlgorithm.es256, digest, signature).is_valid
    with pytest.raises(HttpResponseError) as refused:
        other.restore_key_backup(backup[:-4] + bytes(4))
    assert refused.value.status_code in (400, 409) and refused.value.error.code == "MalformedBackupBlob"


@pytest.mark.parametrize("node", NODES)
def test_rotation(clients, node):
    client = clients[node]
    key = client.create_rsa_key(fresh(), size=2048, hardware_protected=True, tags={"a": "b"})
    assert not client.get_key_rotation_policy(key.name).lifetime_actions
    with pytest.raises(HttpResponseError):
        client.rotate_key(key.name)
    action = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_before_expiry="P30D")
    policy = client.update_key_rotation_policy(
        key.name, KeyRotationPolicy(), expires_in="P90D", lifetime_actions=[action])
    assert policy.expires_in == "P90D" and policy.lifetime_actions[0].time_before_expiry == "P30D"
    rotated = client.rotate_key(key.name)
    assert rotated.properties.version != key.properties.version and rotated.properties.tags == {"a": "b"}
    assert (rotated.properties.expires_on - rotated.properties.created_on).days == 90
    assert clients[node % 3 + 1].get_key(key.name).id.endswith(rotated.properties.version)


@pytest.mark.parametrize("node", NODES)
def test_operations_can_be_changed(clients, node):
    key = clients[node].create_ec_key(fresh(), curve="P-256", hardware_protected=True)
    changed = clients[node].update_key_properties(key.name, key_operations=["verify"])
    assert changed.key.key_ops == ["verify"] and changed.id == key.id
    for other in NODES:
        assert clients[other].get_key(key.name).key.key_ops == ["verify"]
    back = clients[node % 3 + 1].update_key_properties(key.name, key_operations=["sign", "verify"])
    assert set(back.key.key_ops) == {"sign", "verify"}


def test_settings(pool):
    for node in NODES:
        answer = pool.call("GET", node, "/settings", pool.token())
        assert answer.json()["settings"][0]["value"] == "false"
