"""What hsmctl does by itself: against nodes that fail it, and where its output finds no place."""

import datetime
import json
import pathlib

import pytest

from impostors import Impostor
from test_hsmctl import UNREACHABLE, run


def test_a_token_that_has_expired_is_replaced_once(tmp_path: pathlib.Path):
    """Also where it is of the node that refuses it: an operation may take longer than a token lasts."""
    good = {"token-1"}

    def answer(token: str, target: str) -> tuple[int, dict]:
        if token not in good:
            return 401, {"error": {"code": "Unauthorized", "message": "The token isn't good."}}
        if "skiptoken" in target:
            return 200, {"value": []}
        good.clear()
        good.add("token-2")
        return 200, {"value": [], "nextLink": "https://x/keys?$skiptoken=more"}

    with Impostor(tmp_path, answer) as node:
        done = run("key", "list", "--json", **node.variables(tmp_path))
        assert done.returncode == 0 and json.loads(done.stdout) == [] and node.issued == 2, done
        good.clear()
        refused = run("key", "list", **node.variables(tmp_path))
        assert refused.returncode == 77 and "The token isn't good" in refused.stderr, refused
        assert node.issued == 3, "a new token was asked for though the refused one was new"


@pytest.mark.parametrize(("certificate", "words"), [
    ({"left": datetime.timedelta(minutes=-30)}, "it has expired"),
    ({"address": "127.0.0.2"}, "its certificate is for another host"),
])
def test_what_is_wrong_with_a_certificate(tmp_path: pathlib.Path, certificate: dict, words: str):
    with Impostor(tmp_path, **certificate) as node:
        refused = run("key", "list", **node.variables(tmp_path))
        assert refused.returncode == 69 and words in refused.stderr, refused
        assert "can't be reached" not in refused.stderr and "broke" not in refused.stderr, refused


def test_the_node_that_goes_on_is_endpoint_enough():
    """The runbook gives no --endpoint, and the other nodes are destroyed."""
    recover = ["pool", "recover", "--others-are-destroyed", "--security-domain", "/nowhere", "--officer", "a:b", "--at"]
    begun = run(*recover, UNREACHABLE + "/")
    assert begun.returncode == 74 and "/nowhere can't be read" in begun.stderr, begun
    for bad in ("http://127.0.0.1:1", UNREACHABLE + "/x", "https://127.0.0.1:65536"):
        refused = run(*recover, bad)
        assert refused.returncode == 64 and f"'{bad}'" in refused.stderr, refused
