"""Mistakes that are met when a node is to make a pool."""

from __future__ import annotations

import shutil
import socket

import pytest

from patterns import CONFIGURATION, DATA, SYSTEM, Node, node, stopped


def founding_key(node: Node):
    (node.folder / "api.key").chmod(0o640)
    return CONFIGURATION, "api.key", lambda: (node.folder / "api.key").chmod(0o600)


def founding_authority(node: Node):
    """Of the peers."""
    path = node.pool_folder / "ca" / "node-ca.crt"
    kept = path.read_text()
    path.write_text("")
    return CONFIGURATION, "node-ca.crt", lambda: path.write_text(kept)


def founding_audit(node: Node):
    node.replace("  data_folder: data\n", "  data_folder: data\n  audit_folder: /proc/audit\n")
    return DATA, "/proc/audit", lambda: node.replace("  audit_folder: /proc/audit\n", "")


def founding_audit_log(node: Node):
    """One that was kept of a pool that is lost."""
    folder = node.folder / "data" / "audit"
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700)
    log = folder / "audit-00000001.jsonl"
    log.write_text("no header\n")
    log.chmod(0o600)
    return DATA, "doesn't verify", lambda: shutil.rmtree(folder)


def founding_identity(node: Node):
    folder = node.folder / "data" / "pool-identity"
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700)
    return CONFIGURATION, "pool-identity: is a directory", folder.rmdir


def founding_stores(node: Node):
    node.replace("backups:\n", "backups:\n  blob_hosts: [b.example]\n  authority_file: none.crt\n")
    return CONFIGURATION, "none.crt can't be read as PEM", lambda: node.replace("  authority_file: none.crt\n", "")


def founding_port(node: Node, offset: int = 0):
    taken = socket.socket()
    taken.bind(("127.0.0.1", node.port + offset))
    taken.listen()
    return SYSTEM, f"127.0.0.1:{node.port + offset} is already in use", taken.close


def founding_peer_port(node: Node):
    return founding_port(node, 1)


@pytest.mark.parametrize("spoil", [
    founding_key, founding_authority, founding_audit, founding_audit_log, founding_identity, founding_stores,
    founding_port, founding_peer_port,
])
def test_a_mistake_at_the_first_start_costs_no_pool(node: Node, spoil):
    """The pool's root would be in memory alone, and its folder be taken for a pool."""
    shutil.rmtree(node.folder / "data")
    initialize = ["--config", "node.yaml", "--initialize", str(node.pool_folder / "initialize.yaml")]
    expected, words, correct = spoil(node)
    code, said = node.run(*initialize)
    assert code == expected and words in said, f"{code}: {said}"
    correct()
    code, said = node.run(*initialize, seconds=3)
    assert code is None and "listening" in said, f"{code}: {said}"
