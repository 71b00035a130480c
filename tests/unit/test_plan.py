"""The plan as data: its digest names it, and it reads back as it was written."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from pydantic import ValidationError

from restoreproof.plan import AssetStatements, Coverage, Governance, Plan, PlannedCheck, PlannedStep, Waiver

LATER = {"governance", "coverage", "service_stage"}

CHECK = PlannedCheck(
    id="consistency/proofs",
    title="Proofs are readable",
    feature="Proofs",
    file="consistency/proofs.feature",
    line=7,
    stage="objects",
    mandatory=True,
    tags=("severity:critical",),
    steps=(PlannedStep("Then", "it holds", 8),),
    parameters=(("n", "1"),),
)
PLAN = Plan(
    stack="wipe",
    contract_sha256="a" * 64,
    features_sha256="b" * 64,
    harness="0.1",
    stages=("database", "objects"),
    checks=(CHECK,),
    rpo_s=900.0,
    rto_s=14400.0,
    waivers=(Waiver("consistency/proofs", "r", "o", "a", "2027-01-01"),),
)


def test_it_reads_back_as_it_was_written() -> None:
    again = Plan.from_json(json.loads(json.dumps(PLAN.as_json())))
    assert again == PLAN
    assert again.digest == PLAN.digest


@pytest.mark.parametrize(
    "change",
    [
        {"stages": ("objects", "database")},
        {"checks": ()},
        {"checks": (replace(CHECK, mandatory=False),)},
        {"checks": (replace(CHECK, steps=()),)},
        {"rpo_s": 901.0},
        {"waivers": ()},
        {"whole": False},
        {"features_sha256": "c" * 64},
        {"service_stage": "objects"},
        {"governance": Governance(bia_reference="BIA-1")},
        {"coverage": Coverage(systems=("db",))},
    ],
)
def test_the_digest_names_everything_that_decides(change: dict[str, object]) -> None:
    assert replace(PLAN, **change).digest != PLAN.digest  # type: ignore[arg-type]


def test_a_plan_that_was_frozen_before_a_key_came_keeps_its_digest() -> None:
    before = {key: value for key, value in PLAN.as_json().items() if key not in LATER}
    assert Plan.from_json(before).as_json() == before
    assert Plan.from_json(before).digest == PLAN.digest
    assert PLAN.as_json().keys().isdisjoint(LATER)


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        PLAN.whole = False  # type: ignore[misc]


@pytest.mark.parametrize("spoilt", [{}, [], {"stack": "wipe"}, {**PLAN.as_json(), "checks": [{"id": 1}]}])
def test_anything_else_is_refused(spoilt: object) -> None:
    with pytest.raises(ValidationError):
        Plan.from_json(spoilt)


def test_a_check_is_found_by_its_id() -> None:
    assert PLAN.check("consistency/proofs") is CHECK
    assert PLAN.check("consistency/proof") is None


def test_what_is_not_stated_of_an_asset_is_part_of_the_plan_and_of_its_digest() -> None:
    lacking = replace(PLAN, unstated=(AssetStatements("orders", "postgres", ("rows", "roles")),))
    assert Plan.from_json(json.loads(json.dumps(lacking.as_json()))) == lacking
    assert lacking.digest != PLAN.digest
    assert "unstated" not in PLAN.as_json()
    assert str(lacking.unstated[0]) == "rows and roles of the asset orders (postgres)"
