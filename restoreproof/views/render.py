"""From a journal to everything people read: the record first, then each view of it."""

from __future__ import annotations

from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.journal.read import read_journal
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views import every_view
from restoreproof.views.bundle import JOURNAL, Bundle


def render(directory: Path, plan: Plan) -> Record:
    """Reduce ``directory``/journal.jsonl and write every view of the record beside it.

    A view that fails does not keep the others, nor the record, from being written.

    Raises:
        EvidenceError: the journal can't be read or holds a forged event, or a view could not be written.
    """
    record = reduce(plan, read_journal(directory / JOURNAL))
    (directory / "record.json").write_text(record.text(), encoding="utf-8")
    bundle = Bundle(directory, plan, record)
    failed: list[tuple[str, Exception]] = []
    for name, write in every_view():
        try:
            write(bundle)
        except Exception as error:  # noqa: BLE001 - reported below, once the other views are there
            failed.append((name, error))
    if failed:
        told = "; ".join(f"{name}: {error!r}" for name, error in failed)
        raise EvidenceError(f"{record.verdict}, but not every view could be written: {told}") from failed[0][
            1
        ]
    return record
