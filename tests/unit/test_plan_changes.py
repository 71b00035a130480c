"""What a plan asks less of than the one before it is named; what it asks more of is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restoreproof.plan import Coverage, Excluded, NounDefinition, Plan, PlannedStep, Waiver
from restoreproof.plan_changes import plan_changes
from tests.unit.test_plan import CHECK
from tests.unit.test_plan import PLAN as WAIVED

ROWS = NounDefinition("dataset", "orders", "1" * 64)
OTHER = replace(CHECK, id="restore/order", title="The order is kept")
PLAN = replace(WAIVED, waivers=(), checks=(CHECK, OTHER), nouns=(ROWS,))
WAIVER = Waiver(CHECK.id, "r", "o", "Ann", "2027-01-01")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"checks": (OTHER,)}, "Proofs are readable: no longer asked"),
        (
            {"checks": (replace(CHECK, mandatory=False), OTHER)},
            "Proofs are readable: was mandatory, is advisory now",
        ),
        (
            {"checks": (replace(CHECK, steps=(PlannedStep("Then", "it is so", 8),)), OTHER)},
            "Proofs are readable: no longer says “it holds”",
        ),
        ({"nouns": ()}, "dataset “orders”: no longer in the contract"),
        ({"nouns": (replace(ROWS, digest="2" * 64),)}, "dataset “orders”: defined otherwise in the contract"),
        (
            {"waivers": (WAIVER,)},
            "Proofs are readable: waived now, until 2027-01-01 (approved by Ann)",
        ),
        ({"waivers_allowed": True}, "waivers: a drill with waivers passes now"),
        ({"rpo_s": 3600.0}, "target of the RPO: 900 s before, 3600 s now"),
        ({"rto_s": 20000.0}, "target of the RTO: 14400 s before, 20000 s now"),
        (
            {"coverage": Coverage(excluded=(Excluded("mail", "no need"),))},
            "“mail”: excluded now: no need",
        ),
    ],
)
def test_what_is_asked_less_of_is_named(changed: dict[str, object], told: str) -> None:
    [change] = plan_changes(PLAN, replace(PLAN, **changed))  # type: ignore[arg-type]
    assert str(change) == told


def test_a_waiver_that_is_prolonged_is_named() -> None:
    before, now = (
        replace(PLAN, waivers=(WAIVER,)),
        replace(PLAN, waivers=(replace(WAIVER, until="2028-01-01"),)),
    )
    [change] = plan_changes(before, now)
    assert "its waiver was prolonged, until 2028-01-01" in str(change)
    assert plan_changes(now, before) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"checks": (CHECK, OTHER, replace(CHECK, id="more"))},
        {"nouns": (ROWS, replace(ROWS, name="more"))},
        {"rpo_s": 60.0, "rto_s": 60.0},
        {"contract_sha256": "f" * 64, "harness": "0.2"},
        {"checks": (CHECK,), "whole": False, "selection": "-k proofs"},
    ],
)
def test_what_is_added_or_sharpened_is_quiet_and_so_is_a_selection(changed: dict[str, object]) -> None:
    assert plan_changes(PLAN, replace(PLAN, **changed)) == ()  # type: ignore[arg-type]


def test_a_check_that_was_made_mandatory_is_quiet() -> None:
    advisory: Plan = replace(PLAN, checks=(replace(CHECK, mandatory=False), OTHER))
    assert plan_changes(advisory, PLAN) == ()
