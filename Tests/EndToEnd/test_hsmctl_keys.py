"""hsmctl key: every operation on a real pool, its files checked with openssl and `cryptography`."""

import base64
import json
import os
import pathlib
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, hmac, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pool import Pool
from test_hsmctl import answer, hsmctl, table
from test_key_exchange import assertion, policy

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


@pytest.fixture(autouse=True)
def files_of_ones_own():
    """hsmctl reads no private key that others may read."""
    former = os.umask(0o077)
    yield
    os.umask(former)


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def pem(private, form=serialization.PrivateFormat.PKCS8, encryption=serialization.NoEncryption()) -> bytes:
    return private.private_bytes(serialization.Encoding.PEM, form, encryption)


def test_private_keys_are_imported_in_every_form(pool: Pool, tmp_path: pathlib.Path):
    elliptic, modulus = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)
    octets = os.urandom(24)
    numbers = elliptic.private_numbers()
    older = serialization.PrivateFormat.TraditionalOpenSSL
    forms = {
        "pkcs8": pem(elliptic), "sec1": pem(elliptic, older), "rsa": pem(modulus), "pkcs1": pem(modulus, older),
        "der": modulus.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        "olderder": elliptic.private_bytes(serialization.Encoding.DER, older, serialization.NoEncryption()),
        "jwk": json.dumps({
            "kty": "EC", "crv": "P-384", "d": base64url(numbers.private_value.to_bytes(48, "big")), "use": "sig",
            "x": base64url(numbers.public_numbers.x.to_bytes(48, "big")),
            "y": base64url(numbers.public_numbers.y.to_bytes(48, "big"))}).encode(),
        "oct": json.dumps({"kty": "oct", "k": base64url(octets)}).encode(),
    }
    for form, text in forms.items():
        file = tmp_path / form
        file.write_bytes(text)
        bundle = answer(pool, "key", "import", f"ctl-import-{form}", "--file", str(file), "--tags", f"form={form}")
        assert bundle["tags"] == {"form": form} and "d" not in bundle["key"] and "k" not in bundle["key"]
        if form == "oct":
            assert bundle["key"]["kty"] == "oct-HSM"
            continue
        hsmctl(pool, "key", "download", f"ctl-import-{form}", "--out", str(tmp_path / "public"))
        private = modulus if "rsa" in form or form in ("pkcs1", "der") else elliptic
        public = serialization.load_pem_public_key((tmp_path / "public").read_bytes())
        assert public.public_numbers() == private.public_key().public_numbers()

    raw = tmp_path / "raw"
    raw.write_bytes(bytes(range(32)))
    assert "--format raw" in hsmctl(pool, "key", "import", "ctl-raw", "--file", str(raw), expect=64).stderr
    heading, row = table(pool, "key", "import", "ctl-raw", "--file", str(raw), "--format", "raw", "--ops", "encrypt",
                         "--disabled")
    assert row.split()[1:3] == ["oct-HSM", "no"] and row.endswith("encrypt")
    raw.write_bytes(bytes(17))
    assert "17 bytes" in hsmctl(
        pool, "key", "import", "ctl-raw", "--file", str(raw), "--format", "raw", expect=64).stderr
    raw.chmod(0o644)
    assert "chmod 600" in hsmctl(
        pool, "key", "import", "ctl-raw", "--file", str(raw), "--format", "raw", expect=64).stderr
    raw.chmod(0o600)
    raw.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert "can't be read as a private key" in hsmctl(
        pool, "key", "import", "ctl-raw", "--file", str(raw), expect=64).stderr
    assert "no such file" in hsmctl(pool, "key", "import", "ctl-raw", "--file", "/nowhere", expect=74).stderr.lower()


def test_public_halves(pool: Pool, tmp_path: pathlib.Path):
    made = answer(pool, "key", "create", "ctl-public", "--type", "EC-HSM", "--curve", "P-256K")
    forms = {}
    for form in ("pem", "der", "jwk"):
        out = tmp_path / form
        hsmctl(pool, "key", "download", "ctl-public", "--format", form, "--out", str(out))
        forms[form] = out.read_bytes()
    public = serialization.load_pem_public_key(forms["pem"])
    assert public.curve.name == "secp256k1"
    assert public.public_numbers() == serialization.load_der_public_key(forms["der"]).public_numbers()
    assert json.loads(forms["jwk"]) == made["key"]
    assert hsmctl(pool, "key", "show", "ctl-public", "--pem").stdout.encode() == forms["pem"]
    # Into the next program of a pipe.
    assert hsmctl(pool, "key", "download", "ctl-public").stdout.encode() == forms["pem"]
    answer(pool, "key", "create", "ctl-secret", "--type", "oct-HSM", "--size", "192")
    assert "no public half" in hsmctl(pool, "key", "download", "ctl-secret", expect=1).stderr
    exponent = answer(pool, "key", "create", "ctl-rsa", "--type", "RSA-HSM", "--exponent", "65539")["key"]["e"]
    assert exponent == base64url((65539).to_bytes(3, "big"))


def test_encryption(pool: Pool, tmp_path: pathlib.Path):
    clear, context, octets = tmp_path / "clear", tmp_path / "context", os.urandom(32)
    clear.write_bytes(b"What nobody shall read.")
    context.write_bytes(b"context")
    (tmp_path / "key").write_bytes(octets)
    answer(pool, "key", "import", "ctl-aes", "--file", str(tmp_path / "key"), "--format", "raw")
    old = answer(pool, "key", "create", "ctl-rsa-encrypt", "--type", "RSA-HSM")
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"

    def there_and_back(key: str, algorithm: str, *more: str, form: str = "json") -> bytes:
        what = ["--file", str(clear), "--format", form, *more]
        hsmctl(pool, "key", "encrypt", key, "-a", algorithm, *what, "--out", str(sealed))
        named = ["-a", algorithm] if form == "raw" else []
        hsmctl(pool, "key", "decrypt", key, *named, "--file", str(sealed), "--format", form, *more, "--out",
               str(opened))
        assert opened.read_bytes() == clear.read_bytes()
        return sealed.read_bytes()

    raw = there_and_back("ctl-aes", "A256GCM", "--aad", str(context), form="raw")
    assert AESGCM(octets).decrypt(raw[:12], raw[12:], b"context") == clear.read_bytes()
    assert "can't be decrypted" in hsmctl(
        pool, "key", "decrypt", "ctl-aes", "-a", "A256GCM", "--format", "raw", "--file", str(sealed), expect=1).stderr
    for key, algorithm in [("ctl-aes", "A256GCM"), ("ctl-aes", "A256CBCPAD"), ("ctl-rsa-encrypt", "RSA-OAEP-256")]:
        described = json.loads(there_and_back(key, algorithm))
        assert described["alg"] == algorithm
        assert len(there_and_back(key, algorithm, form="raw")) >= 23
    # A file names its version: a later one doesn't make it unreadable.
    there_and_back("ctl-rsa-encrypt", "RSA-OAEP-256")
    assert json.loads(sealed.read_bytes())["kid"] == old["key"]["kid"]
    answer(pool, "key", "create", "ctl-rsa-encrypt", "--type", "RSA-HSM")
    hsmctl(pool, "key", "decrypt", "ctl-rsa-encrypt", "--file", str(sealed), "--out", str(opened))
    assert opened.read_bytes() == clear.read_bytes()
    assert "--algorithm" in hsmctl(
        pool, "key", "decrypt", "ctl-aes", "--file", str(sealed), "--format", "raw", expect=64).stderr
    assert "(Forbidden) Operation encrypt is not permitted" in hsmctl(
        pool, "key", "encrypt", "demo-ec", "-a", "A256GCM", "--file", str(clear), expect=77).stderr
    # As much as one request holds, either way; what is more isn't sent.
    clear.write_bytes(bytes(49_080))
    for algorithm in ("A256GCM", "A256CBCPAD"):
        there_and_back("ctl-aes", algorithm)
    clear.write_bytes(bytes(49_081))
    assert "takes 49080 in one request" in hsmctl(
        pool, "key", "encrypt", "ctl-aes", "-a", "A256GCM", "--file", str(clear), expect=64).stderr


def test_wrapping(pool: Pool, tmp_path: pathlib.Path):
    octets, secret = os.urandom(32), tmp_path / "secret"
    secret.write_bytes(os.urandom(32))
    (tmp_path / "key").write_bytes(octets)
    answer(pool, "key", "import", "ctl-wrap", "--file", str(tmp_path / "key"), "--format", "raw")
    wrapped, unwrapped = tmp_path / "wrapped", tmp_path / "unwrapped"
    what = ["ctl-wrap", "-a", "A256KW"]
    hsmctl(pool, "key", "wrap", *what, "--file", str(secret), "--out", str(wrapped))
    assert keywrap.aes_key_unwrap(octets, wrapped.read_bytes()) == secret.read_bytes()
    hsmctl(pool, "key", "unwrap", *what, "--file", str(wrapped), "--out", str(unwrapped))
    assert unwrapped.read_bytes() == secret.read_bytes() and unwrapped.stat().st_mode & 0o777 == 0o600
    again = hsmctl(pool, "key", "unwrap", *what, "--file", str(wrapped), "--out", str(unwrapped), expect=74)
    assert "exists already" in again.stderr
    shown = answer(pool, "key", "unwrap", *what, "--file", str(wrapped))
    assert shown["value"] == base64url(secret.read_bytes())

    answer(pool, "key", "create", "ctl-wrap-rsa", "--type", "RSA-HSM")
    hsmctl(pool, "key", "download", "ctl-wrap-rsa", "--out", str(tmp_path / "public"))
    public = serialization.load_pem_public_key((tmp_path / "public").read_bytes())
    wrapped.write_bytes(public.encrypt(secret.read_bytes(), OAEP))
    out = tmp_path / "out"
    hsmctl(pool, "key", "unwrap", "ctl-wrap-rsa", "-a", "RSA-OAEP-256", "--file", str(wrapped), "--out", str(out))
    assert out.read_bytes() == secret.read_bytes()
    lost = tmp_path / "lost"
    wrapped.write_bytes(bytes(40))
    hsmctl(pool, "key", "unwrap", *what, "--file", str(wrapped), "--out", str(lost), expect=1)
    assert not lost.exists(), "a refused request left a file"


def test_codes_and_given_digests(pool: Pool, tmp_path: pathlib.Path):
    octets, message = os.urandom(32), tmp_path / "message"
    message.write_bytes(b"authentic" * 100)
    (tmp_path / "key").write_bytes(octets)
    answer(pool, "key", "import", "ctl-mac", "--file", str(tmp_path / "key"), "--format", "raw")
    code = tmp_path / "code"
    hsmctl(pool, "key", "sign", "ctl-mac", "-a", "HS512", "--file", str(message), "--out", str(code))
    expected = hmac.HMAC(octets, hashes.SHA512())
    expected.update(message.read_bytes())
    assert code.read_bytes() == expected.finalize()
    verify = ["key", "verify", "ctl-mac", "-a", "HS512", "--signature", str(code)]
    assert answer(pool, *verify, "--file", str(message)) == {"valid": True}
    message.write_bytes(b"other")
    assert "NOT good" in hsmctl(pool, *verify, "--file", str(message), expect=1).stderr

    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"hashed elsewhere")
    (tmp_path / "digest").write_bytes(digest.finalize())
    (tmp_path / "text").write_bytes(b"hashed elsewhere")
    signature = tmp_path / "signature"
    hsmctl(pool, "key", "sign", "demo-ec", "-a", "ES256", "--digest", "--file", str(tmp_path / "digest"), "--out",
           str(signature))
    assert answer(pool, "key", "verify", "demo-ec", "-a", "ES256", "--file", str(tmp_path / "text"), "--signature",
                  str(signature)) == {"valid": True}
    assert "32 bytes" in hsmctl(
        pool, "key", "sign", "demo-ec", "-a", "ES256", "--digest", "--file", str(tmp_path / "text"), expect=64).stderr


def test_rotation(pool: Pool):
    first = answer(pool, "key", "create", "ctl-rotate", "--type", "EC-HSM")["key"]["kid"]
    policy = ["key", "rotation-policy"]
    assert answer(pool, *policy, "show", "ctl-rotate")["lifetimeActions"] == []
    assert "no rotation policy" in hsmctl(pool, "key", "rotate", "ctl-rotate", expect=1).stderr
    heading, row = table(
        pool, *policy, "set", "ctl-rotate", "--expires-in", "P90D", "--rotate-before-expiry", "P30D")
    assert row.startswith("P30D before expiry") and " P90D " in row
    assert "P60D after creation" in table(pool, *policy, "set", "ctl-rotate", "--rotate-after", "P60D")[1]
    assert "28 days" in hsmctl(pool, *policy, "set", "ctl-rotate", "--rotate-after", "P1D", expect=1).stderr
    assert answer(pool, "key", "rotate", "ctl-rotate")["key"]["kid"] != first
    assert len(answer(pool, "key", "versions", "ctl-rotate")) == 2
    assert "never by itself" in table(pool, *policy, "remove", "ctl-rotate")[1]
    changed = answer(pool, "key", "update", "ctl-rotate", "--ops", "verify")
    assert changed["key"]["key_ops"] == ["verify"]


def test_backup_and_restore(pool: Pool, tmp_path: pathlib.Path):
    kid = answer(pool, "key", "create", "ctl-backup", "--type", "EC-HSM")["key"]["kid"]
    backup = tmp_path / "backup"
    hsmctl(pool, "key", "backup", "ctl-backup", "--out", str(backup))
    assert "there already" in hsmctl(pool, "key", "restore", "--file", str(backup), expect=1).stderr
    answer(pool, "key", "delete", "ctl-backup")
    answer(pool, "key", "purge", "ctl-backup", "--yes")
    assert answer(pool, "key", "restore", "--file", str(backup))["key"]["kid"] == kid
    backup.write_bytes(backup.read_bytes()[:-1] + b"x")
    assert "MalformedBackupBlob" in hsmctl(pool, "key", "restore", "--file", str(backup), expect=1).stderr


def test_attestation(pool: Pool, tmp_path: pathlib.Path):
    answer(pool, "key", "create", "ctl-attest", "--type", "EC-HSM", "--curve", "P-384")
    identity = answer(pool, "pool", "status")["identityKeySha256"]
    check = ["--verify", "--identity", identity]
    said = answer(pool, "key", "attest", "ctl-attest", *check, "--nonce", "today")
    assert said["origin"] == "generated" and said["type"] == "EC-HSM" and said["nonce"] == "today"
    assert "/keys/ctl-attest/" in said["key"] and said["exportable"] is False
    kept = tmp_path / "kept"
    hsmctl(pool, "key", "attest", "ctl-attest", "--out", str(kept))
    assert any("origin" in line for line in table(pool, "key", "attest", "--file", str(kept), *check))
    other = ["--verify", "--identity", "00" * 32]
    assert "another pool" in hsmctl(pool, "key", "attest", "--file", str(kept), *other, expect=1).stderr
    assert "nonce" in hsmctl(pool, "key", "attest", "--file", str(kept), *check, "--nonce", "today", expect=1).stderr
    kept.write_text("{}")
    assert "malformed" in hsmctl(pool, "key", "attest", "--file", str(kept), *check, expect=1).stderr


def test_transfer_and_release(pool: Pool, tmp_path: pathlib.Path):
    """A key comes in as a transfer blob, exportable under a policy, and goes out to an environment that fulfils it."""
    octets, target = os.urandom(32), rsa.generate_private_key(65537, 2048)
    kid = answer(pool, "key", "create", "ctl-kek", "--type", "RSA-HSM", "--ops", "import")["key"]["kid"]
    hsmctl(pool, "key", "download", "ctl-kek", "--out", str(tmp_path / "kek"))
    kek, inner = serialization.load_pem_public_key((tmp_path / "kek").read_bytes()), os.urandom(32)
    sha1 = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    wrapped = kek.encrypt(inner, sha1) + keywrap.aes_key_wrap_with_padding(inner, octets)
    header = {"kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}
    (tmp_path / "blob").write_text(json.dumps(
        {"schema_version": "1.0.0", "header": header, "ciphertext": base64url(wrapped), "generator": "test"}))
    (tmp_path / "policy").write_bytes(policy().encoded_policy)
    made = answer(pool, "key", "import", "ctl-byok", "--byok", "--type", "oct-HSM", "--file", str(tmp_path / "blob"),
                  "--release-policy", str(tmp_path / "policy"))
    assert made["attributes"]["exportable"] is True and made["key"]["kty"] == "oct-HSM"
    (tmp_path / "proof").write_text(assertion(pool, target, environment={"debug": False}) + "\n")
    out = tmp_path / "released"
    hsmctl(pool, "key", "release", "ctl-byok", "--target", str(tmp_path / "proof"), "--enc", "RSA_AES_KEY_WRAP_256",
           "--nonce", "n", "--out", str(out))
    payload = json.loads(base64.urlsafe_b64decode(out.read_text().split(".")[1] + "=="))
    assert payload["request"]["nonce"] == "n"
    envelope = payload["response"]["key"]["key"]["key_hsm"]
    ciphertext = json.loads(base64.urlsafe_b64decode(envelope + "=="))["ciphertext"]
    ciphertext = base64.urlsafe_b64decode(ciphertext + "==")
    assert keywrap.aes_key_unwrap_with_padding(target.decrypt(ciphertext[:256], OAEP), ciphertext[256:]) == octets
    (tmp_path / "proof").write_text(assertion(pool, target, environment={"debug": True}))
    hsmctl(pool, "key", "release", "ctl-byok", "--target", str(tmp_path / "proof"), "--out", str(out), expect=77)


def test_edwards_keys_and_many_signatures(pool: Pool, tmp_path: pathlib.Path):
    private = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key").write_bytes(pem(private))
    made = answer(pool, "key", "import", "ctl-edwards", "--file", str(tmp_path / "key"))
    assert made["key"]["kty"] == "OKP-HSM"
    files = [tmp_path / f"file-{n}" for n in range(5)]
    for file in files:
        file.write_bytes(os.urandom(100))
    hsmctl(pool, "key", "sign-many", "ctl-edwards", "-a", "EdDSA", *map(str, files))
    for file in files:
        private.public_key().verify(pathlib.Path(f"{file}.sig").read_bytes(), file.read_bytes())
    hsmctl(pool, "key", "download", "ctl-edwards", "--out", str(tmp_path / "public"))
    assert serialization.load_pem_public_key((tmp_path / "public").read_bytes()) == private.public_key()
    hsmctl(pool, "key", "sign-many", "demo-ec", "-a", "ES256", "--format", "der", *map(str, files))
    hsmctl(pool, "key", "download", "demo-ec", "--out", str(tmp_path / "public"))
    elliptic = serialization.load_pem_public_key((tmp_path / "public").read_bytes())
    for file in files:
        elliptic.verify(pathlib.Path(f"{file}.sig").read_bytes(), file.read_bytes(), ec.ECDSA(hashes.SHA256()))
    (tmp_path / "long").write_bytes(bytes(300))
    assert "values[0]" in hsmctl(
        pool, "key", "sign-many", "demo-rsa", "-a", "RSNULL", str(tmp_path / "long"), expect=1).stderr


def test_pipes(pool: Pool):
    """Without names of files a command reads standard input and writes standard output."""
    client_id, _ = pool.credentials()
    environment = dict(
        os.environ, QUORATE_ENDPOINTS=" ".join(pool.endpoints), QUORATE_CA=str(pool.authority),
        AZURE_CLIENT_ID=client_id, QUORATE_CLIENT_SECRET_FILE=str(pool.folder / "administrator.secret"))

    def run(*arguments: str, given: bytes) -> bytes:
        return subprocess.run([str(pool.binaries / "hsmctl"), "key", *arguments], input=given, capture_output=True,
                              env=environment, check=True, timeout=60).stdout

    answer(pool, "key", "create", "ctl-pipe", "--type", "oct-HSM")
    octets = bytes(range(256))
    sealed = run("encrypt", "ctl-pipe", "-a", "A256GCM", given=octets)
    assert run("decrypt", "ctl-pipe", given=sealed) == octets
    wrapped = run("wrap", "ctl-pipe", "-a", "CKM_AES_KEY_WRAP_PAD", given=octets[:21])
    assert run("unwrap", "ctl-pipe", "-a", "CKM_AES_KEY_WRAP_PAD", given=wrapped) == octets[:21]
