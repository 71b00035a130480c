"""The plan of the last drill counts only where the ledger names it, and asked everything."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from restoreproof.drill.outer.previous_plan import compare_with_previous
from restoreproof.ledger import Ledger
from restoreproof.plan import Plan
from tests.unit.test_plan_changes import OTHER, PLAN


def drilled(reports: Path, drill_id: str, plan: Plan, *, finished: bool = True) -> None:
    """Leave what a drill with ``plan`` leaves."""
    ledger = Ledger(reports / "ledger.jsonl")
    (reports / drill_id).mkdir(parents=True)
    (reports / drill_id / "plan.json").write_text(json.dumps(plan.as_json()))
    ledger.start(drill_id, "set", plan.digest, plan.stack)
    if finished:
        ledger.finish(drill_id, "VERIFIED")


def test_what_the_last_drill_asked_and_this_does_not_is_named(tmp_path: Path) -> None:
    drilled(tmp_path, "d1", PLAN)
    event = compare_with_previous(
        Ledger(tmp_path / "ledger.jsonl").entries(), tmp_path, replace(PLAN, checks=(OTHER,))
    )
    assert (event.previous, event.changes_total, event.unknown) == ("d1", 1, None)
    assert (event.changes[0].title, event.changes[0].what) == ("Proofs are readable", "no longer asked")


def test_a_first_drill_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    drilled(tmp_path, "of another stack", replace(PLAN, stack="other"))
    drilled(tmp_path, "died", PLAN, finished=False)
    event = compare_with_previous(Ledger(tmp_path / "ledger.jsonl").entries(), tmp_path, PLAN)
    assert (event.previous, event.changes, event.unknown) == (None, (), None)


def test_a_selection_in_between_hides_nothing(tmp_path: Path) -> None:
    drilled(tmp_path, "d1", PLAN)
    drilled(tmp_path, "d2", replace(PLAN, checks=(OTHER,), whole=False, selection="-k order"))
    event = compare_with_previous(
        Ledger(tmp_path / "ledger.jsonl").entries(), tmp_path, replace(PLAN, checks=(OTHER,))
    )
    assert (event.previous, event.changes_total) == ("d1", 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (json.dumps(replace(PLAN, checks=()).as_json()), "is not the plan that the ledger names"),
        ("[" * 100_000, "its plan can't be read"),
        ("{}", "its plan can't be read"),
        (None, "its plan is not on this machine"),
    ],
)
def test_a_plan_that_the_ledger_does_not_vouch_for_is_no_comparison(
    tmp_path: Path, content: str | None, why: str
) -> None:
    drilled(tmp_path, "d1", PLAN)
    path = tmp_path / "d1" / "plan.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    event = compare_with_previous(Ledger(tmp_path / "ledger.jsonl").entries(), tmp_path, PLAN)
    assert event.previous == "d1"
    assert why in (event.unknown or "")
