"""The unmodified Azure clients, synchronous and asynchronous, with every answer checked; and keys that are here and in
a pool, so that each side can check what the other does."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import os
import uuid

from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultSettingsClient
from azure.keyvault.administration.aio import KeyVaultAccessControlClient as AsyncKeyVaultAccessControlClient
from azure.keyvault.administration.aio import KeyVaultSettingsClient as AsyncKeyVaultSettingsClient
from azure.keyvault.keys import JsonWebKey, KeyClient
from azure.keyvault.keys.aio import KeyClient as AsyncKeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient as AsyncCryptographyClient
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from contract import CheckedAsyncTransport, CheckedTransport, Contract
from people import Person

NODES = (1, 2, 3)
CURVES = {"P-256": ec.SECP256R1(), "P-256K": ec.SECP256K1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
RSA_SIZES, OCT_SIZES = (2048, 3072, 4096), (128, 192, 256)
ALL_OPERATIONS = ["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey"]
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
OAEP = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "RSA1_5": padding.PKCS1v15(),
}
SECRET = bytes(range(32))


def other(node: int) -> int:
    return node % len(NODES) + 1


def fresh() -> str:
    return f"conformance-{uuid.uuid4().hex[:16]}"


def octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


async def done(result):
    """What a client's method returned, awaited where the client is asynchronous."""
    return await result if inspect.isawaitable(result) else result


async def items(paged) -> list:
    return [item async for item in paged] if hasattr(paged, "__aiter__") else list(paged)


class Clients:
    """Clients of one flavour, synchronous or not, one for each node; every answer is checked."""

    def __init__(self, pool, contract: Contract, user: Person, blind: Person, *, asynchronous: bool):
        self._pool, self._asynchronous = pool, asynchronous
        self._loop = asyncio.new_event_loop()
        self._contract = contract
        self._crypto: dict[tuple[int, str], object] = {}
        self._credentials: dict[Person, object] = {}
        self._user, self._blind = self.credential(user), self.credential(blind)
        self._keys = {node: self._make(KeyClient, AsyncKeyClient, pool.endpoint(node), self._user) for node in NODES}

    def run(self, work) -> None:
        self._loop.run_until_complete(asyncio.wait_for(work, 120))

    def credential(self, person: Person):
        kind = AsyncClientSecretCredential if self._asynchronous else ClientSecretCredential
        if person not in self._credentials:
            self._credentials[person] = kind(
                "adfs", person.client_id, person.secret, connection_verify=str(self._pool.authority),
                authority=self._pool.environment["AZURE_AUTHORITY_HOST"])
        return self._credentials[person]

    def _make(self, plain, asynchronous, url: str, credential):
        if self._asynchronous:
            return asynchronous(
                url, credential, transport=CheckedAsyncTransport(self._contract, str(self._pool.authority)))
        return plain(url, credential, transport=CheckedTransport(self._contract, str(self._pool.authority)))

    def keys(self, node: int):
        return self._keys[node]

    def crypto(self, node: int, key):
        """The key through one node, for somebody who can't read it: all work is left to the pool."""
        path = key.id.split("/keys/", 1)[1]
        if (node, path) not in self._crypto:
            self._crypto[node, path] = self._make(
                CryptographyClient, AsyncCryptographyClient, f"{self._pool.endpoint(node)}/keys/{path}", self._blind)
        return self._crypto[node, path]

    def access(self, node: int, person: Person):
        return self._make(KeyVaultAccessControlClient, AsyncKeyVaultAccessControlClient, self._pool.endpoint(node),
                          self.credential(person))

    def settings(self, node: int, person: Person):
        return self._make(KeyVaultSettingsClient, AsyncKeyVaultSettingsClient, self._pool.endpoint(node),
                          self.credential(person))

    async def delete(self, node: int, name: str):
        client = self.keys(node)
        return await client.delete_key(name) if self._asynchronous else client.begin_delete_key(name).result()

    async def recover(self, node: int, name: str):
        client = self.keys(node)
        if self._asynchronous:
            return await client.recover_deleted_key(name)
        return client.begin_recover_deleted_key(name).result()

    def close(self) -> None:
        async def shut():
            for one in [*self._keys.values(), *self._crypto.values(), *self._credentials.values()]:
                await done(one.close())

        self._loop.run_until_complete(shut())
        self._loop.close()


@dataclasses.dataclass(frozen=True)
class Twin:
    """A key that was made here and imported there, so that each side can check the other."""

    key: object
    private: object


def twin_of(label: str) -> tuple[object, JsonWebKey]:
    kind, _, size = label.partition("-")
    if kind == "RSA":
        private = rsa.generate_private_key(65537, int(size))
        numbers = private.private_numbers()
        return private, JsonWebKey(
            kty="RSA-HSM", key_ops=ALL_OPERATIONS, n=octets(numbers.public_numbers.n),
            e=octets(numbers.public_numbers.e), d=octets(numbers.d), p=octets(numbers.p), q=octets(numbers.q),
            dp=octets(numbers.dmp1), dq=octets(numbers.dmq1), qi=octets(numbers.iqmp))
    if kind == "P":
        private = ec.generate_private_key(CURVES[label])
        length = (private.curve.key_size + 7) // 8
        numbers = private.private_numbers()
        return private, JsonWebKey(
            kty="EC-HSM", crv=label, key_ops=["sign", "verify"], d=numbers.private_value.to_bytes(length, "big"),
            x=numbers.public_numbers.x.to_bytes(length, "big"), y=numbers.public_numbers.y.to_bytes(length, "big"))
    secret = os.urandom(int(size) // 8)
    return secret, JsonWebKey(kty="oct-HSM", k=secret, key_ops=ALL_OPERATIONS)


def mac(twin: Twin, algorithm: str, message: bytes) -> bytes:
    code = hmac.HMAC(twin.private, HASHES[algorithm[2:]])
    code.update(message)
    return code.finalize()


def scheme(algorithm: str, digest):
    if algorithm.startswith("PS"):
        return padding.PSS(padding.MGF1(digest), digest.digest_size)
    return padding.PKCS1v15()


def sign_here(twin: Twin, algorithm: str, digest: bytes) -> bytes:
    kind = HASHES[algorithm[2:5]]
    if algorithm.startswith("HS"):
        return mac(twin, algorithm, digest)
    if algorithm.startswith("ES"):
        length = (twin.private.curve.key_size + 7) // 8
        halves = utils.decode_dss_signature(twin.private.sign(digest, ec.ECDSA(utils.Prehashed(kind))))
        return b"".join(half.to_bytes(length, "big") for half in halves)
    return twin.private.sign(digest, scheme(algorithm, kind), utils.Prehashed(kind))


def is_good_here(twin: Twin, algorithm: str, digest: bytes, signature: bytes) -> bool:
    kind = HASHES[algorithm[2:5]]
    if algorithm.startswith("HS"):
        return signature == mac(twin, algorithm, digest)
    public = twin.private.public_key()
    try:
        if algorithm.startswith("ES"):
            half = len(signature) // 2
            numbers = [int.from_bytes(part, "big") for part in (signature[:half], signature[half:])]
            public.verify(utils.encode_dss_signature(*numbers), digest, ec.ECDSA(utils.Prehashed(kind)))
        else:
            public.verify(signature, digest, scheme(algorithm, kind), utils.Prehashed(kind))
    except InvalidSignature:
        return False
    return True


def creations(client, name: str) -> dict[str, object]:
    return {
        **{f"RSA-{size}": lambda size=size: client.create_rsa_key(name, size=size, hardware_protected=True)
           for size in RSA_SIZES},
        **{curve: lambda curve=curve: client.create_ec_key(name, curve=curve, hardware_protected=True)
           for curve in CURVES},
        **{f"oct-{size}": lambda size=size: client.create_oct_key(name, size=size, hardware_protected=True)
           for size in OCT_SIZES},
    }


async def work_with(clients: Clients, node: int, label: str, key) -> None:
    """One operation of a key that was made there: what is made here with its public half is good there."""
    client = clients.crypto(node, key)
    number = lambda value: int.from_bytes(value, "big")  # noqa: E731
    if label.startswith("RSA"):
        public = rsa.RSAPublicNumbers(number(key.key.e), number(key.key.n)).public_key()
        assert public.key_size == int(label[4:])
        wrapped = public.encrypt(SECRET, OAEP["RSA-OAEP-256"])
        assert (await done(client.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped))).key == SECRET
        signature = (await done(client.sign(SignatureAlgorithm.ps256, SECRET))).signature
        public.verify(signature, SECRET, scheme("PS256", hashes.SHA256()), utils.Prehashed(hashes.SHA256()))
    elif label.startswith("P"):
        public = ec.EllipticCurvePublicNumbers(number(key.key.x), number(key.key.y), CURVES[label]).public_key()
        algorithm = {"P-256": "ES256", "P-256K": "ES256K", "P-384": "ES384", "P-521": "ES512"}[label]
        kind = HASHES[algorithm[2:5]]
        digest = os.urandom(kind.digest_size)
        signature = (await done(client.sign(SignatureAlgorithm(algorithm), digest))).signature
        half = len(signature) // 2
        public.verify(utils.encode_dss_signature(number(signature[:half]), number(signature[half:])), digest,
                      ec.ECDSA(utils.Prehashed(kind)))
    else:
        algorithm = EncryptionAlgorithm(f"A{label[4:]}GCM")
        made = await done(client.encrypt(algorithm, SECRET))
        opened = await done(clients.crypto(other(node), key).decrypt(
            algorithm, made.ciphertext, iv=made.iv, authentication_tag=made.tag))
        assert opened.plaintext == SECRET
