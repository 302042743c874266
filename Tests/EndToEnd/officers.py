"""What an officers' client does with a security domain file, written from the description of the file's format: it opens
shares with officers' keys and encrypts the contents anew for a node."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FIELD = 257
OAEP = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derived(master: bytes, tag: str) -> bytes:
    """SP 800-108 in counter mode with HMAC-SHA-512, one block."""
    return hmac.digest(master, b"\0\0\0\1" + tag.encode() + b"\0\0\0\2\0", "sha512")


def authentication(key: bytes, header: str, iv: bytes, ciphertext: bytes) -> bytes:
    bits = (8 * len(header)).to_bytes(8, "big")
    return hmac.digest(key[:32], header.encode() + iv + ciphertext + bits, "sha512")[:32]


def opened(text: str, private=None, key: bytes | None = None) -> bytes:
    """The contents of a compact JWE with A256CBC-HS512, for an RSA key or a given one."""
    header, wrapped, *rest = text.split(".")
    iv, ciphertext, tag = map(decoded, rest)
    key = key or private.decrypt(decoded(wrapped), OAEP)
    assert hmac.compare_digest(authentication(key, header, iv, ciphertext), tag), "not authentic"
    clear = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).decryptor().update(ciphertext)
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(clear) + unpadder.finalize()


def sealed(contents: bytes, header: dict, key: bytes, wrapped: bytes = b"") -> str:
    head, iv = encoded(json.dumps(header, separators=(",", ":")).encode()), os.urandom(16)
    padder = padding.PKCS7(128).padder()
    clear = padder.update(contents) + padder.finalize()
    ciphertext = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).encryptor().update(clear)
    tag = authentication(key, head, iv, ciphertext)
    return ".".join([head, *map(encoded, (wrapped, iv, ciphertext, tag))])


def combined(shares: list[bytes]) -> bytes:
    """Lagrange's interpolation at 0, for each byte of the secret."""
    words = [[int.from_bytes(share[at:at + 2], "little") for at in range(0, len(share), 2)] for share in shares]
    xs = [share[0] >> 9 for share in words]
    secret = []
    for place in zip(*words):
        value = 0
        for own, word in zip(xs, place):
            term = word & 511
            for other in xs:
                if other != own:
                    term = term * other * pow(other - own, -1, FIELD) % FIELD
            value += term
        secret.append(value % FIELD)
    return bytes(secret)


def restore_blob(file: pathlib.Path, keys: list[pathlib.Path], transfer: bytes) -> str:
    """`keys` are officers' key files with their certificates (`.crt`) beside them, `transfer` is a certificate, DER."""
    domain = json.loads(file.read_text())
    envelopes = {share["x5t_256"]: share["enc_key"] for share in domain["SharedKeys"]["enc_shares"]}
    shares = []
    for key in keys:
        certificate = x509.load_pem_x509_certificate(key.with_suffix(".crt").read_bytes())
        name = encoded(certificate.fingerprint(hashes.SHA256()))
        shares.append(opened(envelopes[name], serialization.load_pem_private_key(key.read_bytes(), None)))
    master, fresh = combined(shares), os.urandom(32)
    items = []
    for item in domain["EncData"]["data"]:
        tag = item["tag"]
        header = {"alg": "dir", "enc": "A256CBC-HS512", "kid": tag}
        contents = opened(item["compact_jwe"], key=derived(master, tag))
        items.append({"compact_jwe": sealed(contents, header, derived(fresh, tag)), "tag": tag})
    key = os.urandom(64)
    wrapped = x509.load_der_x509_certificate(transfer).public_key().encrypt(key, OAEP)
    header = {"alg": "RSA-OAEP-256", "enc": "A256CBC-HS512", "kid": "not used"}
    return json.dumps({
        "EncData": {"data": items, "kdf": "sp108_kdf"},
        "WrappedKey": {"enc_key": sealed(fresh, header, key, wrapped),
                       "x5t_256": encoded(hashlib.sha256(transfer).digest())}})
