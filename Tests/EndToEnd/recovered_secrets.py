"""Opens a pool's keys as its officers could: from the security domain file, two officers' keys and a node's disk.

It shares no code with the product, so that what it finds is what the formats say. Tests use it to learn secrets that
must not be found anywhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pathlib
import sqlite3
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MIDDLE_KEYS = {1: "KEK", 2: "STK", 3: "BKP", 4: "SKB", 5: "PEP", 6: "ABK"}
# Name, type (1 RSA, 2 EC), curve and size of a key of the pool itself.
SYSTEM_KEYS = {
    1: ("PIK", 2, 2, 384), 2: ("NCA", 2, 2, 384), 3: ("TOK", 1, 0, 2048), 4: ("ATT", 2, 1, 256),
    5: ("RLS", 1, 0, 2048),
}
POOL_ROWS, KEY_VERSION_ROWS = 1, 4
SYMMETRIC = 3


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


def fields_of(data: bytes) -> list[bytes]:
    """A sequence of fields, each behind its length (32 bits, big-endian)."""
    fields, offset = [], 0
    while offset < len(data):
        (length,) = struct.unpack_from(">I", data, offset)
        fields.append(data[offset + 4:offset + 4 + length])
        offset += 4 + length
    assert offset == len(data), "a field ends behind the data"
    return fields


def joined(fields: list[bytes]) -> bytes:
    return b"".join(number(len(field), 4) + field for field in fields)


def derive(key: bytes, label: str, context: bytes, bits: int) -> bytes:
    """SP 800-108 in counter mode with HMAC-SHA-512, one block."""
    message = number(1, 4) + label.encode() + b"\0" + context + number(bits, 4)
    return hmac.new(key, message, hashlib.sha512).digest()[:bits // 8]


def open_record(record: bytes, key: bytes, associated: bytes) -> bytes:
    assert record[:2] == b"\1\1", "a sealed record of another version"
    context = joined([record[18:50], hashlib.sha256(associated).digest()])
    material = derive(key, "quorate/1/record", context, 352)
    return AESGCM(material[:32]).decrypt(material[32:], record[50:], associated)


def message_of(data: bytes) -> dict[int, list]:
    """The fields of a Protocol Buffers message by number: integers, or bytes."""
    def varint(offset: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = data[offset]
            value |= (byte & 0x7F) << shift
            offset, shift = offset + 1, shift + 7
            if byte < 0x80:
                return value, offset

    found: dict[int, list] = {}
    offset = 0
    while offset < len(data):
        tag, offset = varint(offset)
        value, offset = varint(offset)
        if tag & 7 == 2:
            value, offset = data[offset:offset + value], offset + value
        found.setdefault(tag >> 3, []).append(value)
    return found


# --- officers ---------------------------------------------------------------------------------------------------------


def open_jwe(text: str, key_of) -> bytes:
    """A compact JWE with A256CBC-HS512; `key_of` turns its encrypted key into the content key."""
    header, encrypted_key, *rest = text.split(".")
    iv, ciphertext, tag = map(decode, rest)
    key = key_of(decode(encrypted_key))
    signed = header.encode() + iv + ciphertext + struct.pack(">Q", 8 * len(header))
    assert hmac.compare_digest(hmac.new(key[:32], signed, hashlib.sha512).digest()[:32], tag), "tag of a JWE"
    decryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()


def open_share(document: dict, key: pathlib.Path) -> bytes:
    """The share of the officer whose private key this is; the certificate is beside it."""
    certificate = x509.load_pem_x509_certificate(key.with_suffix(".crt").read_bytes())
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    fingerprint = certificate.fingerprint(hashes.SHA256())
    (share,) = [one for one in document["SharedKeys"]["enc_shares"] if decode(one["x5t_256"]) == fingerprint]
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    return open_jwe(share["enc_key"], lambda key: private.decrypt(key, oaep))


def combine(shares: list[bytes]) -> bytes:
    """Shamir's sharing over the integers modulo 257, at zero."""
    points = []
    for share in shares:
        words = struct.unpack("<32H", share)
        points.append((words[0] >> 9, [word & 0x1FF for word in words]))
    secret = []
    for index in range(32):
        total = 0
        for x, values in points:
            weight = 1
            for other, _ in points:
                if other != x:
                    weight = weight * other * pow(other - x, -1, 257) % 257
            total += values[index] * weight
        secret.append(total % 257)
    return bytes(secret)


# --- keys -------------------------------------------------------------------------------------------------------------


def numbers_of(name: str, key) -> dict[str, bytes]:
    """The secret numbers of a private key."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scalar = key.private_numbers().private_value
        return {f"{name} d": number(scalar, (key.curve.key_size + 7) // 8)}
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    size = key.key_size // 8
    values = {
        "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp, "d": numbers.d,
    }
    return {f"{name} {part}": number(value, size if part == "d" else size // 2) for part, value in values.items()}


def header_bytes(header: dict[int, list]) -> bytes:
    """What a key version's record is bound to."""
    def one(field: int, default):
        return header.get(field, [default])[0]

    return b"QKR1" + joined([
        one(1, b""), number(one(2, 0), 1), one(3, b""), one(4, b""), number(one(5, 0), 1), number(one(6, 0), 1),
        number(one(7, 0), 4), number(one(8, 0), 2), number(one(9, 0), 1), one(10, b""), number(one(11, 0), 1),
        number(one(12, 0), 8), number(one(13, 0), 4), one(14, b""),
    ])


class RecoveredSecrets:
    """All secrets of a pool, by name, and the public bytes that a search must be able to find."""

    def __init__(self, domain: pathlib.Path, officers: list[pathlib.Path], database: pathlib.Path | None = None):
        """`domain` is the officers' file, `officers` the keys of a quorum of them. Without a node's `database` only what
        those open by themselves is found."""
        self.secrets: dict[str, bytes] = {}
        self.sealed_records: dict[str, bytes] = {}
        self.private_keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {}
        document = json.loads(domain.read_text())
        shares = [open_share(document, key) for key in officers]
        for officer, share in enumerate(shares, 1):
            self.secrets[f"share {officer}"] = share
            self.secrets[f"share {officer} as bytes"] = bytes(word & 0xFF for word in struct.unpack("<32H", share))
        self.secrets["master key of the security domain"] = master = combine(shares)
        root = self.open_root(document, master)
        if not database:
            return
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            self.open_keyring(connection, root)
            self.open_keys(connection)
        finally:
            connection.close()

    def open_root(self, document: dict, master: bytes) -> bytes:
        items = {item["tag"]: item["compact_jwe"] for item in document["EncData"]["data"]}
        content = derive(master, "hsm_backup", b"", 512)
        self.secrets["content key of the security domain"] = content
        fields = fields_of(open_jwe(items["hsm_backup"], lambda _: content))
        assert fields[0] == b"QSD1"
        self.secrets["root"] = root = fields[-1]
        assert len(root) == 32
        return root

    def open_keyring(self, connection: sqlite3.Connection, root: bytes) -> None:
        (row,) = connection.execute("SELECT value FROM state_row WHERE tbl = ?", (POOL_ROWS,)).fetchone()
        fields = fields_of(message_of(row)[8][0])
        # The second form is that of a pool that has taken over the security domain of another.
        is_adopted = {b"QSK1": False, b"QSK2": True}[fields.pop(0)]
        pool, _, generation, check, *_ = fields[:6]
        context = joined([pool, generation])
        assert derive(root, "quorate/1/root-check", context, 128) == check, "not the root of this pool"
        self.secrets["root's wrapping key"] = wrapping = derive(root, "quorate/1/root-wrap", context, 256)
        rest = iter(fields[7 if is_adopted else 6:])
        self.middle: dict[bytes, bytes] = {}
        for _ in range(int.from_bytes(next(rest), "big")):
            role, identifier, record = next(rest), next(rest), next(rest)
            # Of one role there may be several: the last is the current one.
            name = MIDDLE_KEYS[role[0]]
            if name in self.secrets:
                self.secrets[f"{name}, not the current one, before {identifier.hex()}"] = self.secrets[name]
            bound = joined([b"QMK1", pool, role, identifier, generation])
            self.middle[identifier] = self.secrets[name] = open_record(record, wrapping, bound)
            self.sealed_records[name] = record
        for _ in range(int.from_bytes(next(rest), "big")):
            role, identifier, created, public, record = (next(rest) for _ in range(5))
            name, kind, curve, bits = SYSTEM_KEYS[role[0]]
            bound = b"QKR1" + joined([
                pool, b"\2", name.encode(), identifier, number(kind, 1), number(curve, 1), number(bits, 4), number(1, 2),
                b"\0", b"", b"\0", created, number(0, 4), hashlib.sha256(public).digest(),
            ])
            self.add_key(name, record, bound)

    def open_keys(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT value FROM state_row WHERE tbl = ?", (KEY_VERSION_ROWS,)).fetchall()
        for (row,) in rows:
            version = message_of(row)
            header = message_of(version[2][0])
            (record,) = connection.execute("SELECT bytes FROM material WHERE digest = ?", (version[4][0],)).fetchone()
            name, bound = header[3][0].decode(), header_bytes(header)
            if header[5][0] == SYMMETRIC:
                self.secrets[f"{name} k"] = self.opened(record, bound)
                self.sealed_records[name] = record
            else:
                self.add_key(name, record, bound)

    def opened(self, record: bytes, bound: bytes) -> bytes:
        return open_record(record, self.middle[record[2:18]], bound)

    def add_key(self, name: str, record: bytes, bound: bytes) -> None:
        key = serialization.load_der_private_key(self.opened(record, bound), None)
        self.private_keys[name] = key
        self.secrets.update(numbers_of(name, key))
        self.sealed_records[name] = record
