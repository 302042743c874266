"""Requests that schemathesis makes up from docs/openapi.json, good and bad ones, against a pool: no answer may be a
failure of the service, or of another form than described.

The long run: QUORATE_FUZZ_SECONDS=1200 .build/test-clients/bin/pytest Tests/EndToEnd/test_schemathesis.py"""

import os
import pathlib
import subprocess
import sys

from people import CRYPTO_OFFICER, CRYPTO_USER, hire
from pool import ROOT, Pool

ADMINISTRATOR = "a290e904-7015-4bba-90c8-60543313cdb4"
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "ignored_auth",
]


def test_made_up_requests_are_answered_as_described(own_pool: Pool, tmp_path: pathlib.Path):
    seconds = int(os.environ.get("QUORATE_FUZZ_SECONDS", "30"))
    person = hire(own_pool, CRYPTO_USER, CRYPTO_OFFICER, ADMINISTRATOR, name="maker of requests", scope="")
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", str(ROOT / "docs" / "openapi.json"),
        "--url", own_pool.endpoint(2), "--tls-verify", str(own_pool.authority),
        "--header", f"Authorization: Bearer {person.token(own_pool)}", "--checks", ",".join(CHECKS),
        "--max-time", str(seconds), "--request-timeout", "20", "--generation-database", "none", "--no-color",
        # It would leave the pool without the nodes that answer.
        "--exclude-operation-id", "NodeRemove", "--exclude-operation-id", "NodeSeal",
        "--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all",
        "--report", "junit", "--report-dir", str(tmp_path),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 2 + 120, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-20000:] + result.stderr[-4000:]
    for node in (1, 2, 3):
        assert (own_pool.health(node) or {}).get("seal") == "unsealed", f"node-{node} didn't survive it"
