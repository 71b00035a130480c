"""The plan of the last drill of this stack, by the ledger's word, and what is asked no longer since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from restoreproof.bounded_file import read_bounded
from restoreproof.events import PlanChangeFacts, PlanCompared
from restoreproof.ledger import LedgerEntry
from restoreproof.plan import Plan
from restoreproof.plan_changes import plan_changes

PLAN_BYTES = 64 * 1024 * 1024
"""Of a larger file nothing is read: no plan is as large."""


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why the plan of a drill says nothing."""

    why: str


def compare_with_previous(entries: Sequence[LedgerEntry], reports: Path, plan: Plan) -> PlanCompared:
    """Hold ``plan`` against that of the last drill of its stack that asked everything.

    Args:
        entries: the ledger as this drill found it, its chain checked.
        reports: where the evidence of drills lies, a directory for each.

    Returns:
        what is asked less of. ``unknown`` says why nothing could be compared: the evidence is not here, or
        its plan is not the one that the ledger names. A first drill has no ``previous`` and nothing unknown.
    """
    # A selection is passed over: what it left out was asked by the drill before it.
    for drill_id, digest in _finished(entries, plan.stack):
        match _read(reports / drill_id / "plan.json", digest):
            case _Unread(why):
                return PlanCompared(previous=drill_id, unknown=why)
            case Plan(whole=True) as previous:
                changes = plan_changes(previous, plan)
                return PlanCompared(
                    previous=drill_id,
                    changes=tuple(
                        PlanChangeFacts(subject=change.subject, title=change.title, what=change.what)
                        for change in changes
                    ),
                    changes_total=len(changes),
                )
            case Plan():
                pass
    return PlanCompared()


def _finished(entries: Sequence[LedgerEntry], stack: str) -> list[tuple[str, str]]:
    """Id and digest of the plan of each drill of ``stack`` that came to its end, the newest first."""
    begun = {
        entry.drill_id: str(entry.data.get("plan"))
        for entry in entries
        if entry.type == "started" and entry.data.get("stack") == stack
    }
    ended = [entry.drill_id for entry in entries if entry.type == "finished" and entry.drill_id in begun]
    return [(drill_id, begun[drill_id]) for drill_id in reversed(ended)]


def _read(path: Path, digest: str) -> Plan | _Unread:
    try:
        plan = Plan.from_json(json.loads(read_bounded(path, PLAN_BYTES)))
    except OSError as error:
        return _Unread(f"its plan is not on this machine ({error.strerror}: {path})")
    except (ValueError, ValidationError, RecursionError) as error:
        return _Unread(f"its plan can't be read: {str(error).splitlines()[0]}")
    if plan.digest != digest:
        return _Unread(f"{path} is not the plan that the ledger names")
    return plan
