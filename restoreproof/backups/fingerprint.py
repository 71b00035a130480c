"""One number for a whole table or bucket, whatever order its rows come in.

The fingerprint is the sum, modulo 2**256, of each row's SHA-256, with the count beside it. A sum and not an
XOR: two equal rows cancel each other under XOR, so that a duplicated row, or a lost pair of equal ones, would
leave no trace. It finds loss and change; against a forger stands the manifest's digest in the catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_MODULUS = 1 << 256


class Fingerprint:
    """The fingerprint of the rows added so far."""

    __slots__ = ("_rest", "_sum", "count")

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0
        self._rest = b""

    def add(self, row: bytes) -> None:
        """Add one row, in whatever bytes stand for it; the same row must always get the same bytes."""
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(row).digest())) % _MODULUS

    def feed(self, copied: bytes) -> None:
        """Add rows from a piece of ``COPY … TO STDOUT`` text; a row may be split between pieces."""
        *rows, self._rest = (self._rest + copied).split(b"\n")
        for row in rows:
            self.add(row)

    def merge(self, other: Fingerprint) -> None:
        """Add the rows of ``other``, as if they had been added here."""
        self.count += other.count
        self._sum = (self._sum + other._sum) % _MODULUS

    def hexdigest(self) -> str:
        """The fingerprint, in 64 hex digits. Raises ValueError in the middle of a fed row."""
        if self._rest:
            raise ValueError("the copied text ended in the middle of a row")
        return f"{self._sum:064x}"


def fingerprint(rows: Iterable[bytes]) -> str:
    """The fingerprint of all ``rows``."""
    total = Fingerprint()
    for row in rows:
        total.add(row)
    return total.hexdigest()


def object_row(key: str, size: int, sha256: str) -> bytes:
    """The bytes that stand for one stored object: digest and size end where they end, the key is the rest."""
    return f"{sha256}:{size}:{key}".encode()
