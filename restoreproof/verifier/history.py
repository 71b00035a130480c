"""What the ledger tells of other drills: the attempts before this one, and what came after it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from restoreproof.verifier.answers import Answer, LaterDrill, Question
from restoreproof.verifier.files import read
from restoreproof.verifier.formats import REFUSED

MAX_REASON = 300


def tell_history(
    asked: Question, answer: Answer, entries: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> None:
    """Note the earlier attempts at the record's set, and add what came after the drill to ``answer``."""
    begun = [entry for entry in entries if entry.get("type") == "started"]
    here = next((n for n, e in enumerate(begun) if e.get("drill_id") == record.get("drill_id")), len(begun))
    outcomes = _outcomes(entries)
    set_id = record["backup_set"]["set_id"]
    for entry in begun[:here]:
        if entry["data"].get("set_id") == set_id:
            same = "this plan" if entry["data"].get("plan") == record["plan"]["digest"] else "another plan"
            outcome = outcomes.get(entry["drill_id"], "never finished")
            answer.notes.append(f"earlier attempt at this set, {same}: {entry['drill_id']}, {outcome}")
    begin = begun[here]["seq"] if here < len(begun) else len(entries)
    answer.later += _later(entries, begin, outcomes, str(record.get("stack")))
    answer.later += _noted(asked.directory.parent / REFUSED, str(record.get("stack")))
    drills = [drill for drill in answer.later if not drill.outcome.startswith("refused")]
    if drills:
        last = drills[-1]
        answer.notes.append(
            f"later drills in the ledger: {len(drills)}, the last {last.drill_id}: {last.outcome}"
        )
    answer.notes += [
        f"refused since: {drill.drill_id}, {drill.outcome.removeprefix('refused: ')}"
        for drill in answer.later
        if drill.outcome.startswith("refused")
    ]


def _outcomes(entries: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
    """How each drill ended, by its id."""
    ended = [entry for entry in entries if entry.get("type") in ("finished", "aborted", "refused")]
    return {entry.get("drill_id"): _outcome(entry) for entry in ended}


def _outcome(entry: Mapping[str, Any]) -> str:
    data = entry.get("data") or {}
    if entry.get("type") == "refused":
        return f"refused: {str(data.get('reason'))[:MAX_REASON]}"
    return str(data.get("verdict"))


def _later(
    entries: Sequence[Mapping[str, Any]], begin: int, outcomes: Mapping[Any, str], stack: str
) -> Iterator[LaterDrill]:
    """Yield each drill of the stack, or of one not known yet, that was begun or refused after ``begin``."""
    begun: set[Any] = set()
    for entry in entries[begin:]:
        kind, data, drill_id = entry["type"], entry["data"], entry["drill_id"]
        if data.get("stack") not in (stack, None, ""):
            continue
        if kind == "started":
            begun.add(drill_id)
            tested = bool(data.get("faults"))
            yield LaterDrill(
                str(drill_id), str(entry.get("at")), outcomes.get(drill_id, "not finished"), tested
            )
        elif kind == "refused" and drill_id not in begun:
            yield LaterDrill(str(drill_id), str(entry.get("at")), _outcome(entry))


def _noted(path: Path, stack: str) -> Iterator[LaterDrill]:
    """Yield each refusal that no ledger could be told of; the file is no part of the signed chain."""
    unfit = Answer()
    content = read(path, unfit) if path.is_file() else None
    for note in read_refusals(content or b""):
        if note.get("stack") in (stack, None, ""):
            reason = f"refused: {str(note.get('reason'))[:MAX_REASON]} (noted beside the ledger)"
            yield LaterDrill(str(note.get("drill_id")), str(note.get("at")), reason)


def read_refusals(content: bytes) -> list[dict[str, Any]]:
    """Return the refusals that lines of JSON tell; a line that is none is told as one that can't be read."""
    notes: list[dict[str, Any]] = []
    for line in content.splitlines():
        try:
            note = json.loads(line)
        except (ValueError, RecursionError):
            note = None
        notes.append(note if isinstance(note, dict) else {"reason": "a note that can't be read"})
    return notes
