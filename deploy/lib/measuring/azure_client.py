"""Signs with Microsoft's Python library, unmodified, for `deploy/measure http1`. It runs in an environment that has
azure-keyvault-keys and azure-identity; what it needs to know is in the variables that `deploy/quickstart env` sets.

    python azure_client.py ENDPOINT KEY ALGORITHM DIGEST CLIENTS

Each of CLIENTS threads has a connection of its own and one request under way. It prints "ready" once each has signed, then runs for
as many seconds as each line of standard input says, and prints what it did as JSON."""

import json
import os
import sys
import threading
import time

from azure.core.exceptions import AzureError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import SignatureAlgorithm


def main():
    endpoint, key, algorithm, digest, clients = sys.argv[1:]
    digest = bytes.fromhex(digest)
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"],
        authority=os.environ["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True)
    signers = [KeyClient(endpoint, credential).get_cryptography_client(key) for _ in range(int(clients))]
    for signer in signers:
        signer.sign(SignatureAlgorithm(algorithm), digest)
    print("ready", flush=True)
    for line in sys.stdin:
        began, done, failed = time.monotonic(), [0] * len(signers), [0] * len(signers)
        end = began + float(line)

        def work(place):
            while time.monotonic() < end:
                try:
                    signers[place].sign(SignatureAlgorithm(algorithm), digest)
                    done[place] += 1
                except AzureError:
                    failed[place] += 1

        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(signers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"good": sum(done), "bad": sum(failed), "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()
