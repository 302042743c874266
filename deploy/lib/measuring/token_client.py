"""Signs on a PKCS #11 token in this process, for `deploy/measure softhsm`.

    python3 token_client.py MODULE PIN

It uses the first token that the module has. It makes a key pair of each kind, prints "ready", and then for each line of standard
input, "KIND SECONDS", signs for so long and prints how often, and its own CPU seconds meanwhile, as JSON. A signature is C_SignInit
and C_Sign over a digest of 32 bytes; nothing is taken off for Python, which adds a microsecond or two."""

import ctypes
import json
import sys
import time

ULONG = ctypes.c_ulong
PUBLIC, PRIVATE, RSA, EC = 2, 3, 0, 3
CLASS, TOKEN, PRIVATE_ATTRIBUTE, KEY_TYPE, SIGN, VERIFY, MODULUS_BITS, EC_PARAMS = 0x0, 0x1, 0x2, 0x100, 0x108, 0x10A, 0x121, 0x180
SHA256, MGF1_SHA256 = 0x250, 0x2
GENERATE_RSA, RSA_PSS, GENERATE_EC, ECDSA = 0x0, 0xD, 0x1040, 0x1041
RW_SERIAL, USER = 6, 1
P256 = bytes.fromhex("06082a8648ce3d030107")
DIGEST = bytes(range(32))


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_char_p), ("length", ULONG)]


class Mechanism(ctypes.Structure):
    _fields_ = [("mechanism", ULONG), ("parameter", ctypes.c_void_p), ("length", ULONG)]


class PSS(ctypes.Structure):
    _fields_ = [("hash", ULONG), ("generator", ULONG), ("salt", ULONG)]


class Token:
    def __init__(self, module, pin):
        self.module = ctypes.CDLL(module)
        self.call("C_Initialize", None)
        slots, count = (ULONG * 8)(), ULONG(8)
        self.call("C_GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
        self.session = ULONG()
        # SoftHSM2 shows a token that isn't initialised too: a session with that is refused.
        opened = (self.module.C_OpenSession(ULONG(slot), ULONG(RW_SERIAL), None, None, ctypes.byref(self.session))
                  for slot in slots[:count.value])
        if all(opened):
            sys.exit("there is no token that a session could be opened with")
        self.call("C_Login", self.session, ULONG(USER), pin.encode(), ULONG(len(pin)))

    def call(self, name, *arguments):
        result = getattr(self.module, name)(*arguments)
        if result:
            sys.exit(f"{name}: PKCS #11 error 0x{result:x}")

    def make(self, mechanism, kind, public):
        """The private key of a new pair, which lives as long as the session."""
        public = attributes({CLASS: number(PUBLIC), KEY_TYPE: number(kind), TOKEN: b"\0", VERIFY: b"\1", **public})
        private = attributes(
            {CLASS: number(PRIVATE), KEY_TYPE: number(kind), TOKEN: b"\0", PRIVATE_ATTRIBUTE: b"\1", SIGN: b"\1"})
        one, other = ULONG(), ULONG()
        self.call(
            "C_GenerateKeyPair", self.session, ctypes.byref(Mechanism(mechanism, None, 0)), public, ULONG(len(public)), private,
            ULONG(len(private)), ctypes.byref(one), ctypes.byref(other))
        return other

    def sign(self, mechanism, key, seconds):
        """Signatures, and CPU seconds of this process for them."""
        init, sign = self.module.C_SignInit, self.module.C_Sign
        session, pointer, buffer, length = self.session, ctypes.byref(mechanism), ctypes.create_string_buffer(512), ULONG()
        done, cpu, end, size, result = 0, time.process_time(), time.monotonic() + seconds, ULONG(len(DIGEST)), ctypes.byref(length)
        while time.monotonic() < end:
            for _ in range(20):
                length.value = 512
                if init(session, pointer, key) or sign(session, DIGEST, size, buffer, result):
                    sys.exit("a signature failed")
            done += 20
        return done, time.process_time() - cpu


def attributes(values):
    return (Attribute * len(values))(*(Attribute(kind, value, len(value)) for kind, value in values.items()))


def number(value):
    return bytes(ULONG(value))


def main():
    token = Token(*sys.argv[1:])
    pss = PSS(SHA256, MGF1_SHA256, len(DIGEST))
    ways = {
        "ES256": (Mechanism(ECDSA, None, 0), token.make(GENERATE_EC, EC, {EC_PARAMS: P256})),
        "RSA-2048": (Mechanism(RSA_PSS, ctypes.cast(ctypes.pointer(pss), ctypes.c_void_p), ctypes.sizeof(pss)),
                     token.make(GENERATE_RSA, RSA, {MODULUS_BITS: number(2048)})),
    }
    print("ready", flush=True)
    for line in sys.stdin:
        kind, seconds = line.split()
        done, cpu = token.sign(*ways[kind], float(seconds))
        print(json.dumps({"good": done, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main()
