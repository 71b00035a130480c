"""From a closed journal to evidence: render, close the ledger's entry, and say where to look."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.evidence.leaks import Leak, quarantine
from restoreproof.evidence.ledger import Ledger
from restoreproof.evidence.model import Record
from restoreproof.evidence.render import render
from restoreproof.plan import Plan

Look = Callable[[Path], Sequence[Leak]]
"""Finds the secrets in the files of a directory."""


def close(directory: Path, plan: Plan, ledger: Ledger, drill_id: str, look: Look) -> Record:
    """Make the evidence of one drill, and close its entry in the ledger with what came of it.

    Raises:
        EvidenceError: the evidence can't be trusted, or holds secrets; the ledger says so.
    """
    try:
        record = render(directory, plan)
    except EvidenceError:
        _refuse_leaks(directory, ledger, drill_id, look)
        ledger.finish(drill_id, "NO TRUSTWORTHY EVIDENCE", _sha256(directory / "journal.jsonl"))
        raise
    _refuse_leaks(directory, ledger, drill_id, look)
    ledger.finish(drill_id, str(record.verdict), _sha256(directory / "record.json"))
    return record


def _refuse_leaks(directory: Path, ledger: Ledger, drill_id: str, look: Look) -> None:
    """Lock evidence away that holds a secret, before anybody seals or shows it."""
    if found := look(directory):
        ledger.finish(drill_id, "QUARANTINED", _sha256(directory / "journal.jsonl"))
        raise quarantine(directory, found)


def point_latest(reports: Path, directory: Path) -> None:
    """Make ``reports/latest`` lead to ``directory``, in one step."""
    link = reports / "latest"
    fresh = reports / f".latest-{directory.name}"
    fresh.symlink_to(directory.name)
    fresh.replace(link)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
