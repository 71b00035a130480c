"""Every fault is noticed by its own checks, and everything else stays as it should."""

from __future__ import annotations

import pytest

from restoreproof.faults.base import Fault
from restoreproof.faults.matrix import unnoticed
from tests.unit.faults.compiled import DRILLS, PLAN
from tests.workshop import Workshop


@pytest.fixture(scope="module")
def contradicted() -> dict[str, set[tuple[str, str]]]:
    """For each drill that ran: the statements (check, text of the Then) that failed in it."""
    return {}


@pytest.mark.parametrize("faults", DRILLS, ids=[f"{len(drill)}-{drill[0].name}" for drill in DRILLS])
def test_each_fault_of_a_drill_is_noticed(
    faults: tuple[Fault, ...], workshop: Workshop, contradicted: dict[str, set[tuple[str, str]]]
) -> None:
    drilled = workshop.drill(*(part for fault in faults for part in ("--fault", fault.name)))
    contradicted[faults[0].name] = {
        (check["id"], step["text"])
        for check in drilled.record["checks"]
        for step in check["steps"]
        if step["outcome"] == "failed"
    }
    assert list(unnoticed(faults, drilled.outcomes, PLAN)) == [], drilled.output[-6000:]
    assert drilled.returncode == (1 if any(fault.detected_by for fault in faults) else 3)
    assert set(drilled.record["faults"]) == {fault.name for fault in faults}
    assert {one["fault"]: one["noticed"] for one in drilled.record["detection"]} == {
        fault.name: list(fault.detected_by) for fault in faults
    }
    assert not (drilled.directory.parent / "latest").exists(), "a test is nobody's latest drill"
    assert drilled.record["safety"]["torn_down"]


def test_every_statement_of_a_feature_was_contradicted(
    contradicted: dict[str, set[tuple[str, str]]],
) -> None:
    if len(contradicted) < len(DRILLS):
        pytest.skip("only after the drills of every fault")
    stated = {
        (check.id, step.text)
        for check in PLAN.checks
        if check.mandatory
        for step in check.steps
        if step.keyword.strip() in ("Then", "And", "But")
    }
    assert stated - set().union(*contradicted.values()) == set()


def test_a_lost_proof_is_named_by_its_key(workshop: Workshop) -> None:
    drilled = workshop.drill("-k", "proof-object-keys", "--fault", "deleted-blob")
    check = drilled.check("consistency/proof-object-keys")
    lost = drilled.check("set/catalogue")["observations"][0]["expected"].partition(":")[0]
    assert drilled.returncode == 1
    assert check["outcome"] == "FAILED"
    assert lost.startswith("proofs/")
    assert lost.removeprefix("proofs/") in check["observations"][0]["findings"][0]


def test_a_fault_that_changes_no_check_still_can_not_end_verified(workshop: Workshop) -> None:
    drilled = workshop.drill("-k", "set-identity", "--fault", "replayed-letter")
    assert drilled.outcomes == {"backup/set-identity": "PASSED"}
    assert drilled.returncode == 3
    assert any("replayed-letter" in reason for reason in drilled.record["incomplete"])
