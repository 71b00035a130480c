"""Hash chains and signatures, recomputed here and not by the restored application.

A link's hash is SHA-256 over the canonical JSON (RFC 8785) of the fields the contract names; a signature is
Ed25519 (RFC 8032) by a key in the custody records.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.custody import keys_in_custody
from restoreproof.assets.dataset import open_database
from restoreproof.assets.query_results import known_chain
from restoreproof.backups import missing
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.datasets import Chain
from restoreproof.contract.ref import Ref
from restoreproof.outcome import Observation

GENESIS = "0" * 64


@dataclass(slots=True)
class _Tail:
    """The last link seen; None stands where a restored row has nothing."""

    sequence: int | None = 0
    hash: str | None = GENESIS


@check("chain")
@dataclass(frozen=True, slots=True)
class ChainSurvey:
    """A chain of the contract, recomputed link by link."""

    name: str
    examined: int
    total: int | None
    gaps: Findings
    broken: Findings
    unsigned: Findings
    tails: Mapping[str, _Tail]
    heads: Mapping[str, tuple[int, str]] | None
    unsignable: str | None
    """Why no signature can be recomputed."""
    partitions: int = field(default=0)

    @when('the chain of "{chain}" is recomputed')
    @classmethod
    def look(cls, restore_context: RestoreContext, chain: Annotated[str, Ref("chain")]) -> ChainSurvey:
        """Recompute the contract's chain from the restored rows."""
        stack_context, block = (
            restore_context.stack_context,
            restore_context.stack_context.contract.chains[chain],
        )
        gaps, broken, unsigned = Findings(), Findings(), Findings()
        tails: dict[str, _Tail] = {}
        unkeyed = restore_context.backup.lacks(missing.CUSTODY) if block.signature else None
        keys = keys_in_custody(restore_context.backup) if block.signature and not unkeyed else {}
        examined = 0
        with stack_context.phase(f"chain of {chain}") as work:
            for row in _links(restore_context, block):
                examined += 1
                part = str(row[block.partition]) if block.partition else ""
                tail = tails.setdefault(part, _Tail())
                label = f"{part + ' ' if part else ''}#{row[block.sequence]}"
                if tail.sequence is None or row[block.sequence] != tail.sequence + 1:
                    gaps.add(f"{label}: follows #{tail.sequence}")
                if problem := _problem(row, block, tail):
                    broken.add(f"{label}: {problem}")
                if block.signature and not unkeyed and (problem := _unsigned(row, block, keys)):
                    unsigned.add(f"{label}: {problem}")
                number = row[block.sequence]
                # A restored column may have become anything; what is no number has no successor.
                tail.sequence = int(number) if isinstance(number, int | Decimal) else None
                tail.hash = row[block.hash]
            work.items = examined
        recorded = known_chain(restore_context, chain)
        heads = (
            {part: (head.sequence, head.hash) for part, head in recorded.heads.items()} if recorded else None
        )
        return cls(
            chain,
            examined,
            recorded.rows if recorded else None,
            gaps,
            broken,
            unsigned,
            tails,
            heads,
            "the contract names no signature" if block.signature is None else unkeyed,
        )

    @then("its sequence is continuous")
    def continuous(self) -> Observation:
        """Every sequence runs from 1 to the end without a gap."""
        parts = f" in {len(self.tails)} chains" if len(self.tails) > 1 else ""
        return conclude(
            f"the sequence of the {self.name} is continuous",
            f"{self.examined:,} links{parts}, {self.gaps.total} gaps",
            self.gaps,
            examined=self.examined,
            total=self.total,
        )

    @then("its hash chain verifies")
    def unbroken(self) -> Observation:
        """Every link's hash is right, and is what the next link names as its predecessor."""
        return conclude(
            f"the hash chain of the {self.name} verifies",
            f"{self.examined - self.broken.total:,} of {self.examined:,} hashes recomputed and equal",
            self.broken,
            examined=self.examined,
            total=self.total,
        )

    @then("every link is signed by a key in custody")
    def authentic(self) -> Observation:
        """Every link carries a signature by a key in custody."""
        if self.unsignable:
            return not_verified(f"every one of the {self.name} is signed", self.unsignable)
        return conclude(
            f"every one of the {self.name} is signed by a key in custody",
            f"{self.examined - self.unsigned.total:,} of {self.examined:,} signatures verify",
            self.unsigned,
            examined=self.examined,
            total=self.total,
        )

    @then("it ends where it ended when the backup was taken")
    def complete(self) -> Observation:
        """Every chain ends where it ended when the backup was taken, so no tail was cut or forged."""
        expected = f"each chain of the {self.name} ends in the link that the catalogue recorded"
        if self.heads is None:
            return not_verified(expected, "there is no catalogue to say where the chains ended")
        findings = Findings()
        for part, (sequence, hash_) in self.heads.items():
            tail = self.tails.get(part, _Tail())
            if (tail.sequence, tail.hash) != (sequence, hash_):
                findings.add(f"{part or self.name}: {_other_end(tail, sequence, hash_)}")
        for part in self.tails.keys() - self.heads.keys():
            findings.add(f"{part}: a chain the catalogue does not know")
        same = sum(
            (self.tails[part].sequence, self.tails[part].hash) == head
            for part, head in self.heads.items()
            if part in self.tails
        )
        return conclude(
            expected,
            f"{same} of {len(self.heads)} heads equal",
            findings,
            examined=len(self.tails),
            total=len(self.heads),
        )


def _other_end(tail: _Tail, sequence: int, hash_: str) -> str:
    """Say in what a chain's end differs from the link that the catalogue recorded."""
    if tail.sequence != sequence:
        return f"ends at #{tail.sequence}, the catalogue recorded #{sequence}"
    return f"ends at #{sequence} with the hash {str(tail.hash)[:16]}…, the catalogue recorded {hash_[:16]}…"


def _links(restore_context: RestoreContext, block: Chain) -> Iterator[dict[str, Any]]:
    with open_database(restore_context.stack_context, block.database) as database:
        yield from database.rows(block.sql)


def _problem(row: Mapping[str, Any], block: Chain, tail: _Tail) -> str | None:
    if row[block.previous] != tail.hash:
        return "its previous hash is not the hash of the link before"
    try:
        canonical = rfc8785.dumps({name: row[name] for name in block.fields})
    except rfc8785.CanonicalizationError as error:
        return f"has no canonical form: {error}"
    return (
        None
        if hashlib.sha256(canonical).hexdigest() == row[block.hash]
        else "its content does not give its hash"
    )


def _unsigned(row: Mapping[str, Any], block: Chain, keys: Mapping[str, Ed25519PublicKey]) -> str | None:
    assert block.signature is not None
    signature = block.signature
    return check_signature(
        keys, str(row[signature.key]), row[signature.column], f"{signature.prefix}{row[block.hash]}"
    )


def check_signature(
    keys: Mapping[str, Ed25519PublicKey], key_id: str, signature: str | None, message: str
) -> str | None:
    """Return what is wrong with a base64 Ed25519 signature over ``message`` (ASCII), or None."""
    if key_id not in keys:
        return f"signed by {key_id}, which is not in custody"
    try:
        keys[key_id].verify(base64.b64decode(str(signature or ""), validate=True), message.encode())
    except (InvalidSignature, ValueError):
        return "its signature does not verify"
    return None


@check("maintenance report")
@dataclass(frozen=True, slots=True)
class WorkerReport:
    """Report of the stack's own maintenance worker on a chain."""

    chain: str
    examined: int | None
    breaks: tuple[str, ...]
    total: int | None
    returncode: int

    @when('the verifier of the stack examines the "{chain}"')
    @classmethod
    def look(cls, restore_context: RestoreContext, chain: Annotated[str, Ref("chain")]) -> WorkerReport:
        """Run the chain's own verifier once, with the restored environment."""
        stack_context, block = (
            restore_context.stack_context,
            restore_context.stack_context.contract.chains[chain],
        )
        recorded = known_chain(restore_context, chain)
        total = recorded.rows if recorded else None
        if block.worker is None:
            return cls(chain, None, (), total, 1)
        with stack_context.phase("maintenance worker"):
            done = stack_context.run_once(block.worker.service, environment=stack_context.vault.environment())
        reported = [
            report
            for report in _last_json(done.stdout).get("chains", ())
            if report.get("chain") == block.worker.report
        ]
        breaks = tuple(json.dumps(fault, sort_keys=True) for report in reported for fault in report["breaks"])
        examined = sum(int(report["examined"]) for report in reported) if reported else None
        return cls(chain, examined, breaks, total, done.returncode)

    @then("it reports no break and has examined every link")
    def clean(self) -> Observation:
        """The worker reports no break, and examined as many links as the catalogue counted."""
        expected = f"the maintenance worker reports no unexpected break in the {self.chain}"
        if self.returncode != 0 or self.examined is None:
            return not_verified(
                expected, f"the worker ended with {self.returncode} and no report of this chain"
            )
        findings = Findings()
        for fault in self.breaks:
            findings.add(fault)
        observed = f"it examined {self.examined:,} links and reports {len(self.breaks)} breaks"
        return conclude(expected, observed, findings, examined=self.examined, total=self.total)


def _last_json(output: bytes) -> dict[str, Any]:
    for line in reversed(output.decode(errors="replace").splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}
