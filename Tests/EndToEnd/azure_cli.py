"""The unmodified Azure CLI, logged in to a pool through deploy/quickstart."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import subprocess

import pytest

from pool import ROOT, Pool

PROGRAM = pathlib.Path(os.environ.get("AZ", ROOT / ".build" / "azure-cli" / "bin" / "az"))
needs_azure_cli = pytest.mark.skipif(
    not PROGRAM.exists(), reason="the Azure CLI takes minutes to install: deploy/prove does it, and runs these tests")


class AzureCLI:
    """`az`, with a configuration below the pool's folder."""

    def __init__(self, pool: Pool):
        # A host of one label is named with its port.
        self.hsm = ("--hsm-name", f"localhost:{pool.port}")
        self._environment = dict(os.environ)
        # No word home: everything but the pool is unreachable for tests.
        self._environment.update(AZ=str(PROGRAM), AZURE_CORE_SURVEY_MESSAGE="0", AZURE_CORE_NO_COLOR="1")
        result = subprocess.run(
            [str(ROOT / "deploy" / "quickstart"), "az", "--dir", str(pool.folder)], capture_output=True, text=True,
            timeout=120, env=self._environment)
        assert result.returncode == 0, result.stderr
        for line in result.stdout.splitlines():
            if line.startswith("export "):
                name, value = line.removeprefix("export ").split("=", 1)
                self._environment[name] = shlex.split(value)[0]

    def run(self, *arguments: str | pathlib.Path, environment: dict[str, str] | None = None):
        return subprocess.run(
            [str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=120,
            env={**self._environment, **(environment or {})})

    def __call__(self, *arguments: str | pathlib.Path):
        """What a command that succeeds prints, parsed; `None` where it prints nothing."""
        result = self.run(*arguments, "--output", "json")
        assert result.returncode == 0, f"az {shlex.join(map(str, arguments))}\n{result.stdout}{result.stderr}"
        return json.loads(result.stdout) if result.stdout.strip() else None

    def refused(self, *arguments: str | pathlib.Path) -> str:
        """What a command that fails says."""
        result = self.run(*arguments)
        assert result.returncode != 0, result.stdout
        return result.stderr
