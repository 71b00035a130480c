"""The two hash chains, as pure functions: what a link is, and whether a chain is whole.

A link's hash is the SHA-256 of the canonical JSON of its fields, the previous hash among them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from wipe_platform.canonical import Scalar, canonical_json, sha256_hex, timestamp

GENESIS: Final = "0" * 64


@dataclass(frozen=True)
class Receipt:
    """One consumption receipt of a tenant's chain; ``hash`` is what the signer signs."""

    tenant_id: UUID
    seq: int
    proof_id: UUID
    units: int
    created_at: datetime
    prev_hash: str

    @property
    def hash(self) -> str:
        return sha256_hex(
            canonical_json(
                {
                    "tenant_id": str(self.tenant_id),
                    "seq": self.seq,
                    "proof_id": str(self.proof_id),
                    "units": self.units,
                    "created_at": timestamp(self.created_at),
                    "prev_hash": self.prev_hash,
                }
            )
        )


@dataclass(frozen=True)
class AuditEvent:
    """One row of the platform's audit log; ``tenant_id`` is None for events of the platform itself."""

    seq: int
    tenant_id: UUID | None
    actor: str
    action: str
    payload: dict[str, Scalar]
    created_at: datetime
    prev_hash: str

    @property
    def hash(self) -> str:
        return sha256_hex(
            canonical_json(
                {
                    "seq": self.seq,
                    "tenant_id": str(self.tenant_id) if self.tenant_id else None,
                    "actor": self.actor,
                    "action": self.action,
                    "payload": self.payload,
                    "created_at": timestamp(self.created_at),
                    "prev_hash": self.prev_hash,
                }
            )
        )


Link = Receipt | AuditEvent


@dataclass(frozen=True)
class Break:
    """Where a chain stopped holding, and how."""

    seq: int
    problem: str


@dataclass
class ChainReport:
    """What an examination of one chain found; ``examined`` is 0 only for an empty chain."""

    chain: str
    examined: int = 0
    newest_seq: int = 0
    breaks: list[Break] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def examine(chain: str, links: Iterable[tuple[Link, str]]) -> ChainReport:
    """Walk (link, stored hash) pairs in order; every gap, wrong hash and wrong predecessor is a break.

    After a break the walk goes on from what is stored, so that one edit is reported once.
    """
    report = ChainReport(chain)
    expected_seq, expected_prev = 1, GENESIS
    for link, stored_hash in links:
        report.breaks.extend(_problems(link, stored_hash, expected_seq, expected_prev))
        report.examined += 1
        report.newest_seq = link.seq
        expected_seq, expected_prev = link.seq + 1, stored_hash
    return report


def _problems(link: Link, stored_hash: str, seq: int, prev_hash: str) -> Iterator[Break]:
    if link.seq != seq:
        yield Break(link.seq, f"sequence jumps: expected {seq}")
    elif link.prev_hash != prev_hash:
        yield Break(link.seq, "prev_hash is not the hash of its predecessor")
    if link.hash != stored_hash:
        yield Break(link.seq, "hash does not match the row's content")
