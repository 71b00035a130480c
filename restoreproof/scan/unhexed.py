"""The bytes that a dump prints as ``\\x…``: PostgreSQL writes ``bytea`` and large objects as hex."""

from __future__ import annotations

import re
from array import array
from binascii import unhexlify
from bisect import bisect_right

_RUN = re.compile(rb"\\x([0-9a-fA-F]+)")
_GOES_ON = b"');\nSELECT pg_catalog.lowrite(0, '"
"""What PostgreSQL's tools print between two runs of one large object: they cut it every 16 KiB."""
_TELLING = len(_GOES_ON) + len(rb"\x")
"""How many bytes at the end of a piece may begin a run, or say that the one to come goes on another."""
_BETWEEN = b"\n"
"""Stands between two values, so that they don't run into one another."""


class Unhexed:
    """Decoder of what a stream writes as ``\\x…``: takes it piece by piece, and gives the decoded bytes.

    However long a value is, nothing is kept of it but the end of the last piece; and of each run where it
    lay, until ``forget``.
    """

    def __init__(self) -> None:
        self._kept, self._open = b"", False
        self._read = self._given = 0
        # Of each run: where it begins in what was given, and where its digits lay in what was read.
        self._begins, self._lay = array("Q"), array("Q")

    def feed(self, piece: bytes) -> bytes:
        """Return the bytes that ``piece`` adds."""
        if not piece:
            return b""
        buffer = self._kept + piece
        base = self._read - len(self._kept)
        decoded, start, done = bytearray(), 0, 0
        for match in _RUN.finditer(buffer):
            start, done = match.span(1)
            cut = self._open and match.start() == 0
            if not cut and buffer[max(0, match.start() - len(_GOES_ON)) : match.start()] != _GOES_ON:
                decoded += _BETWEEN
            self._begins.append(self._given + len(decoded))
            self._lay.append(base + start)
            decoded += unhexlify(buffer[start : done - (done - start) % 2])
        self._read += len(piece)
        self._given += len(decoded)
        self._open = 0 < done == len(buffer)
        if self._open:
            # As if the run began anew with the digit that is half a byte, if there is one.
            self._kept = rb"\x" + buffer[done - (done - start) % 2 :]
        else:
            self._kept = buffer[max(done, len(buffer) - _TELLING) :]
        return bytes(decoded)

    def place(self, offset: int) -> int:
        """Return where in the stream the byte at ``offset`` of the decoded bytes stands."""
        run = max(0, bisect_right(self._begins, offset) - 1)
        return self._lay[run] + 2 * (offset - self._begins[run])

    def forget(self, before: int) -> None:
        """Drop position records below ``before`` (decoded bytes); ``place`` is asked of later ones only."""
        past = max(0, bisect_right(self._begins, before) - 1)
        del self._begins[:past], self._lay[:past]
