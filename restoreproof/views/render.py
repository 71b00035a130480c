"""Rendering: from plan and journal the record, and from the record each view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.events import ViewReduced
from restoreproof.journal.read import JournalLine, read_journal
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.verifier.formats import JOURNAL
from restoreproof.views import OptionalView, View, every_view
from restoreproof.views.bundle import Bundle


def render(directory: Path, plan: Plan) -> Record:
    """Reduce ``directory``/journal.jsonl and write every view of the record beside it.

    A view that fails does not keep the others, nor the record, from being written.

    Raises:
        EvidenceError: the journal can't be read or holds a forged event, or a view could not be written.
        EnvironmentUnfitError: the evidence has a view that an extra is needed for, which is missing here.
    """
    reduced: set[str] = set()
    record = reduce(plan, _noting(read_journal(directory / JOURNAL), reduced))
    views = [(name, write) for name, write in every_view() if not _left_out(name, write, reduced)]
    (directory / "record.json").write_text(record.text(), encoding="utf-8")
    bundle = Bundle(directory, plan, record)
    failed: list[tuple[str, Exception]] = []
    for name, write in views:
        try:
            write(bundle)
        except Exception as error:  # noqa: BLE001 - reported below, once the other views are there
            failed.append((name, error))
    if failed:
        problems = "; ".join(f"{name}: {error!r}" for name, error in failed)
        raise EvidenceError(f"{record.verdict}, but not every view could be written: {problems}") from failed[
            0
        ][1]
    return record


def _noting(lines: Iterable[JournalLine], reduced: set[str]) -> Iterator[JournalLine]:
    """Yield ``lines``; add to ``reduced`` the views that the drill's machine could not make in full."""
    for line in lines:
        if isinstance(line.event, ViewReduced):
            reduced.add(line.event.view)
        yield line


def _left_out(name: str, write: View, reduced: Set[str]) -> bool:
    """Whether the evidence has no such view, by its journal alone: so on every machine alike."""
    if not isinstance(write, OptionalView) or write.instead:
        return False
    if name not in reduced:
        write.extra.require(write.file)
    return name in reduced
