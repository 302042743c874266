"""Keys that come in and go out wrapped, attestations, and the algorithms that the client library lacks: each checked
against an independent implementation."""

import base64
import hashlib
import json
import os
import time
import uuid

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyReleasePolicy
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from people import CRYPTO_USER, audit_records, hire, last_record

NODES = [1, 2, 3]
ISSUER = "https://attester.quickstart.invalid"
HASHES = {
    "CKM_RSA_AES_KEY_WRAP": hashes.SHA1, "RSA_AES_KEY_WRAP_256": hashes.SHA256, "RSA_AES_KEY_WRAP_384": hashes.SHA384,
}


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def oaep(name: str) -> padding.OAEP:
    made = HASHES[name]
    return padding.OAEP(padding.MGF1(made()), made(), None)


def pkcs8(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def fresh() -> str:
    return f"exchange-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def user(pool):
    return hire(pool, CRYPTO_USER, name="exchange user")


@pytest.fixture(scope="module")
def clients(pool, user):
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in user.environment(pool).items():
            monkeypatch.setenv(name, value)
        credential = EnvironmentCredential()
        yield {node: KeyClient(pool.endpoint(node), credential) for node in NODES}


@pytest.fixture(scope="module")
def web(pool, user):
    """Plain requests of the same user."""
    with httpx.Client(
        verify=pool.tls(), headers={"authorization": f"Bearer {user.token(pool)}"}, params={"api-version": "2025-07-01"},
        timeout=30,
    ) as client:
        yield client


def public_key(web_key):
    if web_key.kty == "RSA-HSM":
        return rsa.RSAPublicNumbers(int.from_bytes(web_key.e), int.from_bytes(web_key.n)).public_key()
    curve = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1, "P-256K": ec.SECP256K1}[web_key.crv]
    return ec.EllipticCurvePublicNumbers(
        int.from_bytes(web_key.x), int.from_bytes(web_key.y), curve()).public_key()


def transfer_blob(wrapper, material: bytes) -> bytes:
    """A `.byok` file as a vendor's tool makes it."""
    octets = os.urandom(32)
    ciphertext = public_key(wrapper.key).encrypt(octets, oaep("CKM_RSA_AES_KEY_WRAP"))
    ciphertext += keywrap.aes_key_wrap_with_padding(octets, material)
    return json.dumps({
        "schema_version": "1.0.0",
        "header": {"kid": wrapper.id, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"},
        "ciphertext": encoded(ciphertext), "generator": "test",
    }).encode()


# --- in ---------------------------------------------------------------------------------------------------------------


def test_keys_that_were_wrapped_elsewhere(clients, web, pool):
    wrapper = clients[1].create_rsa_key(fresh(), size=3072, key_operations=["import"], hardware_protected=True)
    for kty, crv, private in [
        ("RSA-HSM", None, rsa.generate_private_key(65537, 2048)),
        ("EC-HSM", "P-256", ec.generate_private_key(ec.SECP256R1())),
        ("EC-HSM", "P-384", ec.generate_private_key(ec.SECP384R1())),
        ("EC-HSM", "P-521", ec.generate_private_key(ec.SECP521R1())),
        ("EC-HSM", "P-256K", ec.generate_private_key(ec.SECP256K1())),
    ]:
        # Wrapped for the key as one node shows it, given to another, used on all.
        made = clients[2].import_key(fresh(), JsonWebKey(kty=kty, crv=crv, t=transfer_blob(wrapper, pkcs8(private))))
        assert public_key(made.key) == private.public_key()
        digest = hashlib.sha512(b"transfer").digest()
        algorithm, length, made_hash = {
            None: ("RS256", 32, hashes.SHA256()), "P-256": ("ES256", 32, hashes.SHA256()),
            "P-384": ("ES384", 48, hashes.SHA384()), "P-521": ("ES512", 64, hashes.SHA512()),
            "P-256K": ("ES256K", 32, hashes.SHA256()),
        }[crv]
        for node in NODES:
            answer = web.post(
                f"{pool.endpoint(node)}/keys/{made.name}/sign", json={"alg": algorithm, "value": encoded(digest[:length])})
            signature = decoded(answer.json()["value"])
            if crv is None:
                private.public_key().verify(
                    signature, digest[:length], padding.PKCS1v15(), utils.Prehashed(made_hash))
            else:
                half = len(signature) // 2
                pair = utils.encode_dss_signature(
                    int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
                private.public_key().verify(pair, digest[:length], ec.ECDSA(utils.Prehashed(made_hash)))
    octets = os.urandom(24)
    before = last_record(pool, 3)
    made = clients[3].import_key(fresh(), JsonWebKey(kty="oct-HSM", t=transfer_blob(wrapper, octets)))
    recorded = [record["properties"].get("wrappingKey") for record in audit_records(pool, 3, "KeyImport", before)]
    assert recorded == [wrapper.id]
    assert made.key.kty == "oct-HSM" and made.key.k is None
    with pytest.raises(HttpResponseError) as refused:
        clients[1].import_key(fresh(), JsonWebKey(kty="EC-HSM", t=transfer_blob(wrapper, octets)))
    assert refused.value.status_code == 400
    with pytest.raises(HttpResponseError) as refused:
        clients[1].update_key_properties(wrapper.name, key_operations=["decrypt"])
    assert refused.value.status_code == 400


# --- out --------------------------------------------------------------------------------------------------------------


def assertion(pool, target, **claims) -> str:
    numbers = target.public_key().public_numbers()
    octets = lambda value: value.to_bytes((value.bit_length() + 7) // 8, "big")  # noqa: E731
    now = int(time.time())
    payload = {
        "iss": ISSUER, "nbf": now - 5, "exp": now + 600,
        "x-ms-runtime": {"keys": [{
            "kty": "RSA", "kid": "environment", "key_ops": ["encrypt"], "n": encoded(octets(numbers.n)),
            "e": encoded(octets(numbers.e))}]},
        **claims,
    }
    header = {"alg": "ES256", "kid": "attester-1", "typ": "JWT"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, payload))
    key = serialization.load_pem_private_key((pool.folder / "attester" / "attester.key").read_bytes(), None)
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def policy() -> KeyReleasePolicy:
    return KeyReleasePolicy(json.dumps({
        "version": "1.0.0",
        "anyOf": [{"authority": ISSUER + "/", "allOf": [{"claim": "environment.debug", "equals": False}]}],
    }).encode())


def test_keys_are_released_to_environments_that_may_have_them(pool, clients):
    target = rsa.generate_private_key(65537, 2048)
    good, bad = (assertion(pool, target, environment={"debug": debug}) for debug in (False, True))
    rsa_name, ec_name, octets_name = fresh(), fresh(), fresh()
    made = [
        clients[1].create_rsa_key(
            rsa_name, size=2048, hardware_protected=True, exportable=True, release_policy=policy()),
        clients[2].create_ec_key(
            ec_name, curve="P-384", hardware_protected=True, exportable=True, release_policy=policy()),
        clients[3].create_oct_key(
            octets_name, size=256, hardware_protected=True, exportable=True, release_policy=policy()),
    ]
    for key in made:
        assert key.properties.exportable
        for node, wrapping in zip(NODES, HASHES):
            released = clients[node].release_key(key.name, good, algorithm=wrapping, nonce="fresh").value
            header, payload, signature = released.split(".")
            header, payload = json.loads(decoded(header)), json.loads(decoded(payload))
            chain = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in header["x5c"]]
            signed = released.rsplit(".", 1)[0].encode()
            chain[0].public_key().verify(decoded(signature), signed, padding.PKCS1v15(), hashes.SHA256())
            chain[0].verify_directly_issued_by(chain[1])
            assert header["alg"] == "RS256" and payload["request"]["nonce"] == "fresh"
            inner = payload["response"]["key"]["key"]
            envelope = json.loads(decoded(inner["key_hsm"]))
            assert envelope["header"] == {"alg": "dir", "enc": wrapping, "kid": "environment"}
            ciphertext = decoded(envelope["ciphertext"])
            octets = target.decrypt(ciphertext[:256], oaep(wrapping))
            material = keywrap.aes_key_unwrap_with_padding(octets, ciphertext[256:])
            if inner["kty"] == "oct":
                assert len(material) == 32
            else:
                private = serialization.load_der_private_key(material, None)
                assert private.public_key() == public_key(key.key)
        with pytest.raises(HttpResponseError) as refused:
            clients[1].release_key(key.name, bad)
        assert refused.value.status_code == 403
    plain = clients[1].create_ec_key(fresh(), hardware_protected=True)
    with pytest.raises(HttpResponseError) as refused:
        clients[1].release_key(plain.name, good)
    assert refused.value.status_code == 403


# --- attestation ------------------------------------------------------------------------------------------------------


def test_attestations_check_with_another_implementation(pool, clients, web):
    key = clients[1].create_ec_key(fresh(), hardware_protected=True)
    pinned = web.get(f"{pool.endpoint(1)}/quorate/v1/status").json()["identityKeySha256"]
    for node in NODES:
        attestation = clients[node].get_key_attestation(key.name).properties.attestation
        assert attestation.version == "QUORATE-1"
        leaf, root = x509.load_pem_x509_certificates(attestation.certificate_pem_file)
        leaf.verify_directly_issued_by(root)
        spki = root.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert hashlib.sha256(spki).hexdigest() == pinned
        for half, text in (
            ("private", attestation.private_key_attestation), ("public", attestation.public_key_attestation),
        ):
            signed, _, signature = text.decode().rpartition(".")
            signature = decoded(signature)
            pair = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
            leaf.public_key().verify(pair, signed.encode(), ec.ECDSA(hashes.SHA256()))
            statement = json.loads(decoded(signed.split(".")[1]))
            assert statement["subject"] == half and statement["hardware"] is False
            assert statement["key"]["version"] == key.properties.version
            assert statement["key"]["origin"] == "generated" and statement["key"]["exportable"] is False
            spki = public_key(key.key).public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            assert decoded(statement["key"]["spki"]) == spki


# --- algorithms -------------------------------------------------------------------------------------------------------


def test_ed25519_agrees_with_another_implementation(pool, web):
    name = fresh()
    made = web.post(f"{pool.endpoint(1)}/keys/{name}/create", json={"kty": "OKP", "crv": "Ed25519"}).json()["key"]
    public = ed25519.Ed25519PublicKey.from_public_bytes(decoded(made["x"]))
    for node in NODES:
        message = os.urandom(1000 * node)
        answer = web.post(
            f"{pool.endpoint(node)}/keys/{name}/sign", json={"alg": "EdDSA", "value": encoded(message)}).json()
        public.verify(decoded(answer["value"]), message)
        with pytest.raises(InvalidSignature):
            public.verify(decoded(answer["value"]), message + b"x")
    private = ed25519.Ed25519PrivateKey.generate()
    imported = fresh()
    answer = web.put(f"{pool.endpoint(2)}/keys/{imported}", json={"key": {
        "kty": "OKP", "crv": "Ed25519", "d": encoded(private.private_bytes_raw()),
        "x": encoded(private.public_key().public_bytes_raw())}})
    assert answer.status_code == 200, answer.text
    answer = web.post(f"{pool.endpoint(3)}/keys/{imported}/sign", json={"alg": "EdDSA", "value": encoded(b"abc")})
    assert decoded(answer.json()["value"]) == private.sign(b"abc")


def test_rsnull_pads_what_it_is_given(pool, clients, web):
    key = clients[1].create_rsa_key(fresh(), size=2048, hardware_protected=True)
    digest = hashlib.sha256(b"abc").digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    answer = web.post(f"{pool.endpoint(2)}/keys/{key.name}/sign", json={"alg": "RSNULL", "value": encoded(info)})
    public_key(key.key).verify(
        decoded(answer.json()["value"]), digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    for length in (246, 256):
        answer = web.post(
            f"{pool.endpoint(2)}/keys/{key.name}/sign", json={"alg": "RSNULL", "value": encoded(bytes(length))})
        assert answer.status_code == 400


def test_many_signatures_in_one_request(pool, clients, web):
    key = clients[1].create_ec_key(fresh(), hardware_protected=True)
    digests = [hashlib.sha256(str(number).encode()).digest() for number in range(256)]
    answer = web.post(
        f"{pool.endpoint(3)}/quorate/v1/keys/{key.name}/sign",
        json={"alg": "ES256", "values": [encoded(digest) for digest in digests]}).json()
    assert answer["kid"].endswith(key.properties.version) and len(answer["results"]) == 256
    for digest, result in zip(digests, answer["results"]):
        signature = decoded(result["value"])
        pair = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        public_key(key.key).verify(pair, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
