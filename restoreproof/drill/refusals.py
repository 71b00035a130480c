"""Drills that could not start: entered in the ledger, or noted beside it until it is reached."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from restoreproof.drill.evidence_store import new_drill_id
from restoreproof.errors import RestoreproofError, SelectionError
from restoreproof.ledger import Ledger
from restoreproof.verifier.formats import REFUSED, canonical
from restoreproof.verifier.history import read_refusals

_LONGEST = 500
"""Characters of a reason."""


@contextmanager
def refusals_entered(
    reports: Path, ledger: Callable[[], Ledger], backup: Path, **details: str | None
) -> Iterator[None]:
    """Enter a drill that can't start, and let ``reports``/latest no longer show an earlier one.

    A slip of the hand (``SelectionError``) is no drill, and changes nothing. Whatever keeps the refusal from
    being entered is added to the error as a note, and never takes its place.

    Args:
        ledger: opens the ledger; where that fails, the refusal is noted in ``reports``/refused.jsonl, and the
            next drill that reaches the ledger enters it.
        backup: the set that was to be drilled.
        details: what else is known of the drill: ``plan``, ``stack``, ``drill_id``.
    """
    try:
        yield
    except SelectionError:
        raise
    except BaseException as error:
        note = {
            "drill_id": details.pop("drill_id", None) or new_drill_id(),
            "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "reason": _reason(error)[:_LONGEST],
            "set": str(backup),
            **details,
        }
        for problem in (_withdraw_latest(reports), _enter(reports, ledger, note)):
            if problem:
                error.add_note(problem)
        raise


def enter_noted(reports: Path, ledger: Ledger) -> int:
    """Enter the refusals noted in ``reports`` while the ledger was out of reach; returns how many."""
    path = reports / REFUSED
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        notes = read_refusals(file.read())
        for note in notes:
            ledger.refuse(**_entry(note), noted_at=str(note.get("at"))[:_LONGEST])
        path.unlink(missing_ok=True)
    return len(notes)


def _entry(note: Mapping[str, Any]) -> dict[str, Any]:
    """A note as the arguments of ``Ledger.refuse``."""
    fields = {name: note.get(name) for name in ("set", "plan", "stack")}
    return {
        "drill_id": str(note.get("drill_id"))[:_LONGEST],
        "reason": str(note.get("reason")),
        **{name: str(value)[:_LONGEST] for name, value in fields.items() if value},
    }


def _reason(error: BaseException) -> str:
    match error:
        case RestoreproofError():
            return error.message
        case OSError():
            return f"{error.strerror}: {error.filename}"
        case KeyboardInterrupt():
            return "interrupted before it started"
        case _:
            return f"{type(error).__name__}, a defect of the harness"


def _withdraw_latest(reports: Path) -> str:
    """Remove the link to an earlier drill; returns what to say if it is still there."""
    link = reports / "latest"
    try:
        if link.is_symlink():
            link.unlink()
    except OSError as error:
        return f"{link} still shows an earlier drill: {error.strerror}"
    return ""


def _enter(reports: Path, ledger: Callable[[], Ledger], note: Mapping[str, Any]) -> str:
    """Enter the refusal; returns what to say if it is not in the ledger."""
    try:
        ledger().refuse(**_entry(note))
    except RestoreproofError as unreachable:
        return _note(reports, note, unreachable.message)
    return ""


def _note(reports: Path, note: Mapping[str, Any], why: str) -> str:
    path = reports / REFUSED
    try:
        reports.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(canonical(json.loads(json.dumps(note))) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"this refusal is entered nowhere: not in the ledger ({why}), nor in {path} ({error.strerror})"
    return f"the ledger could not be told ({why}): noted in {path}, to be entered by the next drill"
