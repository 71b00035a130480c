"""A Merkle tree hash in the manner of RFC 6962, built as leaves arrive and in memory of their logarithm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf; its prefix keeps a node from being passed off as a leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


class MerkleTree:
    """The tree over the leaves added so far, in their order."""

    def __init__(self) -> None:
        self._size = 0
        self._subtrees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append ``leaf``."""
        self._size += 1
        self._subtrees.append(leaf_hash(leaf))
        complete = self._size
        while complete % 2 == 0:
            right, left = self._subtrees.pop(), self._subtrees.pop()
            self._subtrees.append(_node_hash(left, right))
            complete //= 2

    def root(self) -> bytes:
        """The tree hash (RFC 6962, 2.1); of no leaves, the hash of nothing."""
        if not self._subtrees:
            return hashlib.sha256().digest()
        hashes = list(self._subtrees)
        root = hashes.pop()
        while hashes:
            root = _node_hash(hashes.pop(), root)
        return root


def merkle_root(leaves: Iterable[bytes]) -> str:
    """The tree hash of ``leaves``, in hex."""
    tree = MerkleTree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root().hex()


def artifact_root(artifacts: Iterable[tuple[str, str]]) -> str:
    """The tree hash over (path, SHA-256 in hex), sorted by path; no path holds the NUL that parts them."""
    return merkle_root(path.encode() + b"\0" + bytes.fromhex(digest) for path, digest in sorted(artifacts))
