"""The signatures that are measured."""

import base64
import dataclasses
import hashlib
import json

DIGEST = hashlib.sha256(b"measure").digest()


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    type: str
    parameters: dict
    algorithm: str
    speed: str
    """The name by which `openssl speed` knows the bare signature."""

    @property
    def key(self):
        return "measure-" + self.speed

    @property
    def body(self):
        value = base64.urlsafe_b64encode(DIGEST).rstrip(b"=").decode()
        return json.dumps({"alg": self.algorithm, "value": value}).encode()


KINDS = [
    Kind("ES256", "EC-HSM", {"crv": "P-256"}, "ES256", "ecdsap256"),
    Kind("RSA-2048 PS256", "RSA-HSM", {"key_size": 2048}, "PS256", "rsa2048"),
    Kind("RSA-4096 PS256", "RSA-HSM", {"key_size": 4096}, "PS256", "rsa4096"),
]
ES256, RSA_2048, RSA_4096 = KINDS
BY_NAME = {"ES256": ES256, "RSA-2048": RSA_2048, "RSA-4096": RSA_4096}
