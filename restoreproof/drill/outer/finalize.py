"""From a closed journal to evidence: render, look for secrets, seal, and close the entry in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from restoreproof.drill.evidence_store import EvidenceStore
from restoreproof.errors import EvidenceError, Location, RestoreproofError
from restoreproof.leak_scan.scan import Leak, quarantine
from restoreproof.ledger import Ledger, LedgerEntry
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.sealing.seal import Seal, seal
from restoreproof.sealing.timestamp import stamp
from restoreproof.verifier import assemble
from restoreproof.verifier.formats import ATTESTATION, JOURNAL, RECORD, sha256_of
from restoreproof.views.render import render

UNTRUSTED = "NO TRUSTWORTHY EVIDENCE"
"""What the ledger calls the end of a drill whose evidence can't be made or trusted."""
Look = Callable[[Path], Sequence[Leak]]
"""Finds the secrets in the files of a directory."""


@dataclass(frozen=True, slots=True)
class Filed:
    """How evidence was filed. ``seal`` is None where sealing is another machine's."""

    entry: LedgerEntry
    seal: Seal | None
    untimed: str | None = None
    """Why there is no timestamp, if one was asked for."""


def close(
    directory: Path, plan: Plan, filing: EvidenceStore, drill_id: str, look: Look
) -> tuple[Record, Filed]:
    """Make the evidence of one drill, seal it, and close its entry in the ledger with what came of it.

    Raises:
        EvidenceError: the evidence can't be trusted, holds secrets or can't be sealed; the ledger says so.
    """
    ledger = filing.ledger
    try:
        with _in_a_sentence("the evidence can't be written"):
            record = render(directory, plan)
    except RestoreproofError as error:
        _refuse_leaks(directory, ledger, drill_id, look)
        distrusted(directory, ledger, drill_id, error)
        raise
    _refuse_leaks(directory, ledger, drill_id, look)
    try:
        made = seal(directory, filing.key) if filing.key else None
    except RestoreproofError as error:
        distrusted(directory, ledger, drill_id, error, "NOT SEALED")
        raise
    digests = {
        "record_sha256": sha256_of(directory / RECORD),
        "journal_sha256": sha256_of(directory / JOURNAL),
        "attestation_sha256": made.attestation_sha256 if made else None,
    }
    try:
        entry = ledger.finish(drill_id, str(record.verdict), **digests)
    except RestoreproofError as error:
        raise EvidenceError(
            f"the evidence in {directory} is not in the ledger, and not to be relied on: {error.message}",
            hint=f"{error.hint}; the next drill closes this one as ABORTED",
        ) from error
    with _in_a_sentence(f"drill {drill_id} is in the ledger, but what belongs beside it can't be written"):
        if filing.head_file:
            filing.head_file.write_text(f"{entry.head}\n")
        assemble.write_beside(directory)
    return record, Filed(entry, made, _stamped(directory, filing) if made else None)


@contextmanager
def _in_a_sentence(what: str) -> Iterator[None]:
    """Turn a full disk, or a place that may not be written, into an EvidenceError; ``what`` failed."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{what}: {error.strerror}",
            where=Location(str(error.filename)) if error.filename else None,
            hint="see that the disk has room and that this user may write there, and drill again",
        ) from error


def _stamped(directory: Path, filing: EvidenceStore) -> str | None:
    """Fetch a timestamp, if one is wanted; the seal holds without it, so a failure is told and no more."""
    if filing.timestamp is None:
        return None
    try:
        stamp(directory, filing.timestamp)
    except RestoreproofError as error:
        return str(error)
    return None


def _refuse_leaks(directory: Path, ledger: Ledger, drill_id: str, look: Look) -> None:
    """Lock evidence away that holds a secret, before anybody seals or shows it."""
    if found := look(directory):
        journal = sha256_of(directory / "journal.jsonl")
        error = quarantine(directory, found)
        try:
            ledger.finish(drill_id, "QUARANTINED", journal_sha256=journal)
        except RestoreproofError as unreachable:
            error.add_note(f"the ledger could not be told: {unreachable.message}")
        raise error


def distrusted(
    directory: Path, ledger: Ledger, drill_id: str, reason: RestoreproofError, verdict: str = UNTRUSTED
) -> None:
    """Close the entry of a drill that left no evidence to rely on; ``reason`` notes a ledger out of reach."""
    try:
        ledger.finish(drill_id, verdict, journal_sha256=sha256_of(directory / "journal.jsonl"))
    except RestoreproofError as error:
        reason.add_note(f"the ledger could not be told, so the next drill enters ABORTED: {error.message}")


def left_by(directory: Path) -> dict[str, str]:
    """The SHA-256 of what a drill that died had written of its evidence."""
    names = {"journal_sha256": "journal.jsonl", "record_sha256": RECORD, "attestation_sha256": ATTESTATION}
    return {key: sha256_of(path) for key, name in names.items() if (path := directory / name).is_file()}


def point_latest(reports: Path, directory: Path) -> None:
    """Make ``reports/latest`` lead to ``directory``, in one step."""
    link = reports / "latest"
    fresh = reports / f".latest-{directory.name}"
    fresh.symlink_to(directory.name)
    fresh.replace(link)
