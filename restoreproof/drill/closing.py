"""From a closed journal to evidence: render, close the ledger's entry, and say where to look."""

from __future__ import annotations

import hashlib
from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.evidence.ledger import Ledger
from restoreproof.evidence.model import Record
from restoreproof.evidence.render import render
from restoreproof.plan import Plan


def close(directory: Path, plan: Plan, ledger: Ledger, drill_id: str) -> Record:
    """Make the evidence of one drill, and close its entry in the ledger with what came of it.

    Raises:
        EvidenceError: the evidence can't be trusted; the ledger says so.
    """
    try:
        record = render(directory, plan)
    except EvidenceError:
        ledger.finish(drill_id, "NO TRUSTWORTHY EVIDENCE", _sha256(directory / "journal.jsonl"))
        raise
    ledger.finish(drill_id, str(record.verdict), _sha256(directory / "record.json"))
    return record


def point_latest(reports: Path, directory: Path) -> None:
    """Make ``reports/latest`` lead to ``directory``, in one step."""
    link = reports / "latest"
    fresh = reports / f".latest-{directory.name}"
    fresh.symlink_to(directory.name)
    fresh.replace(link)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
