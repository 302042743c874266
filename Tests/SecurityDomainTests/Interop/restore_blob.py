"""An officers' client that shares no code with the product: opens a security domain file with a quorum of private keys and
encrypts its items anew for a transfer key, by the rules that the Azure CLI reads and writes by.

usage: restore_blob.py FILE TRANSFER_KEY_DOCUMENT PASSPHRASE CERTIFICATE KEY [CERTIFICATE KEY ...]

Writes the restore blob to standard output. Needs the package `cryptography`.
"""

import base64
import hashlib
import hmac
import json
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OAEP = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def authenticate(key, header, iv, ciphertext):
    length = struct.pack(">Q", 8 * len(header))
    return hmac.new(key[:32], header + iv + ciphertext + length, hashlib.sha512).digest()[:32]


def decrypt(text, key_of, kid):
    """Opens a compact JWE; key_of turns its encrypted key into the content key."""
    header, encrypted_key, iv, ciphertext, tag = text.split(".")
    fields = json.loads(decode(header))
    assert fields["enc"] == "A256CBC-HS512" and fields["kid"] == kid, fields
    key = key_of(fields["alg"], decode(encrypted_key))
    assert len(key) == 64
    expected = authenticate(key, header.encode(), decode(iv), decode(ciphertext))
    assert hmac.compare_digest(expected, decode(tag)), "tag"
    decryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(decode(iv))).decryptor()
    padded = decryptor.update(decode(ciphertext)) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def encrypt(fields, encrypted_key, key, plaintext):
    header = encode(json.dumps(fields, separators=(",", ":")).encode())
    iv = os.urandom(16)
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padded) + encryptor.finalize()
    tag = authenticate(key, header.encode(), iv, ciphertext)
    return ".".join([header, encode(encrypted_key), encode(iv), encode(ciphertext), encode(tag)])


def derive(master, label):
    message = b"\x00\x00\x00\x01" + label.encode() + b"\x00" + b"\x00\x00\x02\x00"
    return hmac.new(master, message, hashlib.sha512).digest()


def own_share(document, certificate_path, key_path, passphrase):
    certificate = x509.load_pem_x509_certificate(open(certificate_path, "rb").read())
    pem = open(key_path, "rb").read()
    secret = passphrase.encode() if b"ENCRYPTED" in pem else None
    private = serialization.load_pem_private_key(pem, secret)
    name = encode(certificate.fingerprint(hashes.SHA256()))
    (mine,) = [share for share in document["SharedKeys"]["enc_shares"] if share["x5t_256"] == name]

    def key_of(algorithm, encrypted_key):
        assert algorithm == "RSA-OAEP-256"
        return private.decrypt(encrypted_key, OAEP)

    words = struct.unpack("<32H", decrypt(mine["enc_key"], key_of, "not used"))
    (x,) = {word >> 9 for word in words}
    return x, [word & 0x1FF for word in words]


def combine(shares):
    secret = []
    for index in range(32):
        total = 0
        for x, values in shares:
            weight = 1
            for other, _ in shares:
                if other != x:
                    weight = weight * other * pow(other - x, -1, 257) % 257
            total += values[index] * weight
        secret.append(total % 257)
    return bytes(secret)


def direct(key):
    def key_of(algorithm, encrypted_key):
        assert algorithm == "dir" and encrypted_key == b""
        return key

    return key_of


def main(file, transfer_document, passphrase, *officers):
    document = json.load(open(file))
    assert document["version"] == 2 and document["EncData"]["kdf"] == "sp108_kdf"
    assert document["SharedKeys"]["key_algorithm"] == "shamir_share"
    assert len(officers) // 2 == document["SharedKeys"]["required"]
    pairs = zip(officers[0::2], officers[1::2])
    master = combine([own_share(document, certificate, key, passphrase) for certificate, key in pairs])

    transfer = json.loads(json.load(open(transfer_document))["transfer_key"])
    der = base64.b64decode(transfer["x5c"][0])
    certificate = x509.load_der_x509_certificate(der)
    fresh, content_key = os.urandom(32), os.urandom(64)
    items = []
    for item in document["EncData"]["data"]:
        plaintext = decrypt(item["compact_jwe"], direct(derive(master, item["tag"])), item["tag"])
        header = {"alg": "dir", "enc": "A256CBC-HS512", "kid": item["tag"]}
        items.append({"compact_jwe": encrypt(header, b"", derive(fresh, item["tag"]), plaintext), "tag": item["tag"]})
    header = {"alg": "RSA-OAEP-256", "enc": "A256CBC-HS512", "kid": "not used"}
    wrapped = encrypt(header, certificate.public_key().encrypt(content_key, OAEP), content_key, fresh)
    blob = {
        "EncData": {"data": items, "kdf": "sp108_kdf"},
        "WrappedKey": {"enc_key": wrapped, "x5t_256": encode(hashlib.sha256(der).digest())},
    }
    json.dump(blob, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
