"""Entries of the ledger as data, and the chain that holds them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from restoreproof.errors import EvidenceError, Location
from restoreproof.sealing.keys import SigningKey
from restoreproof.verifier.chain import read_chain, whole_lines
from restoreproof.verifier.formats import GENESIS, LEDGER_ENTRY, canonical, pae

_INVESTIGATE = "move the ledger aside as it is, for an investigation; the next drill begins a new one"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Line of the ledger. ``type`` is started, finished, aborted, refused, sealed, signed-off or mended."""

    seq: int
    prev: str
    type: str
    drill_id: str
    at: str
    data: dict[str, Any] = field(default_factory=dict)
    signature: dict[str, str] | None = None

    def line(self) -> bytes:
        """Return the entry as it is written: canonical JSON and a line break."""
        fields = asdict(self)
        if self.signature is None:
            del fields["signature"]
        return canonical(fields) + b"\n"

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the line, which the next entry calls ``prev``."""
        return hashlib.sha256(self.line()).hexdigest()

    @property
    def head(self) -> str:
        """Head of the ledger at this entry, ``SEQ:SHA256``: kept elsewhere, it shows changes and cuts."""
        return f"{self.seq}:{self.sha256}"

    def signed(self, key: SigningKey) -> LedgerEntry:
        """Return this entry with the signature of ``key``."""
        body = pae(LEDGER_ENTRY, self.line().rstrip(b"\n"))
        return replace(self, signature={"keyid": key.keyid, "sig": base64.b64encode(key.sign(body)).decode()})


def parse(lines: Sequence[bytes], name: str) -> list[LedgerEntry]:
    """Return the entries of the ledger called ``name``.

    Raises:
        EvidenceError: the chain is broken, or its last line torn.
    """
    entries: list[LedgerEntry] = []
    whole, torn = whole_lines(lines)
    try:
        for fields, _ in read_chain(whole):
            entries.append(LedgerEntry(**fields))
    except TypeError as error:
        raise EvidenceError(
            "not a ledger entry", where=Location(name, len(entries) + 1), hint=_INVESTIGATE
        ) from error
    except ValueError as error:
        raise EvidenceError(str(error), where=Location(name, len(entries) + 1), hint=_INVESTIGATE) from error
    if torn:
        raise EvidenceError(
            f"the last line is torn: {len(torn)} bytes of an entry that was not written to its end; "
            "every entry before it stands",
            where=Location(name, len(entries) + 1),
            hint=f"`restoreproof mend-ledger {name}` keeps those bytes beside it, and records the mending",
        )
    return entries


def following(
    entries: Sequence[LedgerEntry], type: str, drill_id: str, at: str, data: dict[str, Any]
) -> LedgerEntry:
    """Return the entry that comes after ``entries``, unsigned."""
    prev = entries[-1].sha256 if entries else GENESIS
    return LedgerEntry(len(entries) + 1, prev, type, drill_id, at, data)
