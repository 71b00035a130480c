"""The input of a view: the record, the plan, and the journal to stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from restoreproof.journal.read import JournalLine, read_journal
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.verifier.formats import JOURNAL


@dataclass(frozen=True, slots=True)
class Bundle:
    """The evidence directory of one drill, with the record that was reduced from it."""

    directory: Path
    plan: Plan
    record: Record

    def events(self) -> Iterator[JournalLine]:
        """Return the journal's lines from its beginning. Raises EvidenceError on a torn or foreign line."""
        return read_journal(self.directory / JOURNAL)
