"""Not hollow: every mandatory check has a fault that turns it FAILED, and faults do not hide each other."""

from __future__ import annotations

import itertools
from dataclasses import replace

from restoreproof.faults.base import Fault
from restoreproof.faults.matrix import companions, share, unnoticed
from restoreproof.plan import AGE_CHECK, CATALOGUE_CHECK
from tests.unit.faults.compiled import DRILLS, FAULTS, PLAN, ROOT

MANDATORY = {check.id for check in PLAN.checks if check.mandatory}
MADE = {CATALOGUE_CHECK, AGE_CHECK, *(f"restore/{stage}" for stage in PLAN.stages)}


def test_every_mandatory_check_has_a_fault() -> None:
    assert MANDATORY - {check for fault in FAULTS for check in fault.detected_by} == set()


def test_every_fault_names_checks_and_stages_that_exist() -> None:
    for fault in FAULTS:
        assert {*fault.detected_by, *fault.also, *fault.blinds} <= MANDATORY | MADE, fault.name
        assert {fault.after, fault.stops, *(fault.swap or ())} <= {None, *PLAN.stages}, fault.name


def test_every_fault_does_something_and_is_noticed_or_stops_the_drill() -> None:
    for fault in FAULTS:
        given = [fault.on_set, fault.on_stack, fault.on_contract, fault.swap]
        assert any(given), fault.name
        assert (fault.on_stack is None) == (fault.after is None), fault.name
        assert fault.detected_by or fault.stops, fault.name


def test_every_fault_is_in_one_drill_and_hides_no_other() -> None:
    assert sorted(fault.name for drill in DRILLS for fault in drill) == sorted(one.name for one in FAULTS)
    for drill in DRILLS:
        assert all(share(one, other, PLAN) for one, other in itertools.combinations(drill, 2))


def test_every_fault_is_written_down() -> None:
    text = (ROOT / "docs" / "faults.md").read_text()
    assert [fault.name for fault in FAULTS if f"`{fault.name}`" not in text] == []


LOST = Fault("lost", "", ("backup/tables",), also=("backup/structure",))


def _all(outcome: str) -> dict[str, str]:
    return {check.id: outcome for check in PLAN.checks}


def test_a_fault_that_nobody_noticed_is_told() -> None:
    assert list(unnoticed([LOST], _all("PASSED"), PLAN)) == ["lost: backup/tables ended PASSED, not FAILED"]


def test_not_verified_is_not_noticed() -> None:
    [told] = unnoticed([LOST], {**_all("PASSED"), "backup/tables": "NOT_VERIFIED"}, PLAN)
    assert "ended NOT_VERIFIED" in told


def test_what_fails_beside_it_needs_an_excuse() -> None:
    failed = {**_all("PASSED"), "backup/tables": "FAILED", "backup/structure": "FAILED"}
    assert list(unnoticed([LOST], failed, PLAN)) == []
    [told] = unnoticed([LOST], {**failed, "restore/order": "ERROR"}, PLAN)
    assert told.startswith("restore/order ended ERROR")
    [told] = unnoticed([LOST], {**failed, "set/catalogue": "FAILED"}, PLAN)
    assert told.startswith("set/catalogue ended FAILED")


def test_an_advisory_check_needs_none() -> None:
    outcomes = {**_all("PASSED"), "backup/tables": "FAILED", "objectives/schedule": "FAILED"}
    assert list(unnoticed([LOST], outcomes, PLAN)) == []


def test_a_fault_that_stops_the_drill_excuses_what_comes_after() -> None:
    stopped = companions(replace(LOST, stops="smoke"), PLAN)
    assert {"restore/login", "restore/canary", "restore/smoke"} <= stopped
    assert "restore/proxy" not in stopped


def test_faults_that_hide_or_blind_each_other_do_not_share_a_drill() -> None:
    other = Fault("other", "", ("backup/structure",))
    assert not share(LOST, other, PLAN)
    assert not share(other, replace(LOST, also=(), blinds=("backup/structure",)), PLAN)
    assert share(other, replace(LOST, also=()), PLAN)
    assert not share(other, Fault("unnoticed", "", ()), PLAN)
