"""The map of controls: every check bears on something, every claim is bounded, nothing is promised."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from restoreproof.plan import AGE_CHECK, CATALOGUE_CHECK, Bearing, CheckScope, Plan, StackControls
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views import controls
from restoreproof.views.controls import Support, control_map, controls_for, matrix
from tests.stories import closed, healthy, opened, plan_of, planned
from tests.unit.faults.compiled import CONTRACT, PLAN
from tools.controls_page import controls_page

ROOT = Path(__file__).parents[3]
assert PLAN.controls
MAP = control_map(PLAN.controls)
CHECKS = (*(check.id for check in PLAN.checks), CATALOGUE_CHECK, AGE_CHECK)


def test_every_check_of_the_features_bears_on_a_control() -> None:
    assert [check.id for check in PLAN.checks if not any(c.takes(check.id) for c in MAP.control)] == []


@pytest.mark.parametrize("check", CHECKS)
def test_what_a_check_shows_and_does_not_show_is_said(check: str) -> None:
    scope = MAP.scope(check)
    assert scope is not None
    assert scope.shows
    assert scope.not_shown


def test_every_glob_matches_a_check() -> None:
    globs = [glob for control in MAP.control for glob in control.checks]
    globs += [scope.id for scope in MAP.check]
    assert [glob for glob in globs if not any(fnmatchcase(check, glob) for check in CHECKS)] == []


def test_the_features_tags_name_controls_of_the_map_that_take_the_check() -> None:
    for check in PLAN.checks:
        for tag in check.tags:
            if tag.startswith(controls.CONTROL_TAG):
                control = MAP.labelled(tag.removeprefix(controls.CONTROL_TAG))
                assert control is not None, f"{check.id}: {tag}"
                assert control.takes(check.id), f"{check.id}: {tag}"


def test_labels_are_unique_and_every_framework_is_known_and_used() -> None:
    labels = [control.label for control in MAP.control]
    assert len(set(labels)) == len(labels)
    assert {control.framework for control in MAP.control} == set(MAP.frameworks)


def test_a_control_points_only_at_parts_that_a_record_has() -> None:
    parts = {part.name for part in fields(Record)}
    assert {name for control in MAP.control for name in control.record} <= parts


def test_a_control_says_what_it_does_not_prove() -> None:
    for control in MAP.control:
        assert len(control.not_proven) > 20, control.label
        assert control.checks or control.supports.startswith("Nothing"), control.label


def test_the_page_is_the_map() -> None:
    said = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    assert said == controls_page(CONTRACT), (
        "run: python -m tools.controls_page compose/wipe/stack.yaml > docs/controls.md"
    )


PROMISE = re.compile(r"\bcompl(?:y|ies|iant|iance)\b", re.IGNORECASE)
WRITTEN = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "features/**/*.feature", "restoreproof/views/**/*")
    for path in ROOT.glob(pattern)
    if path.suffix in {".md", ".py", ".toml", ".j2", ".typ", ".css", ".feature"}
)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_written_promises_more_than_support(path: Path) -> None:
    assert PROMISE.findall(path.read_text(encoding="utf-8")) == []


def test_a_tag_adds_a_control_and_an_unknown_one_says_that_it_is_unknown() -> None:
    labels = [control.label for control in controls_for("other/rows", ("control:SOC2-A1.3", "at:database"))]
    assert labels == ["SOC2-A1.3"]
    (own,) = controls_for("other/rows", ("control:ACME-7",))
    assert own.label == "ACME-7"
    assert "not described" in own.demand
    assert controls_for("other/rows", ()) == ()


def test_a_stack_that_says_nothing_of_its_checks_claims_nothing_of_them() -> None:
    plain = control_map()
    assert [control.label for control in plain.control] == [control.label for control in MAP.control]
    assert {glob for control in plain.control for glob in control.checks} == {CATALOGUE_CHECK, AGE_CHECK}
    assert [scope.id for scope in plain.check] == [CATALOGUE_CHECK, AGE_CHECK]


def test_a_stack_maps_its_checks_to_controls_of_the_map_and_to_its_own() -> None:
    stack = StackControls(
        (Bearing("SOC2-CC9.1", ("shop/*",)), Bearing("ACME-7", ("shop/rows",))),
        (CheckScope("shop/rows", "All rows are there.", "That they are right."),),
    )
    assert [control.label for control in controls_for("shop/rows", (), stack)] == ["SOC2-CC9.1", "ACME-7"]
    assert [control.label for control in controls_for("shop/more", (), stack)] == ["SOC2-CC9.1"]
    plan = replace(plan_of(planned("shop/rows")), controls=stack)
    assert support(plan, "ACME-7") is Support.SUPPORTED
    record = reduce(plan, healthy(plan).events)
    assert Record.from_json(record.as_json()).controls == stack
    assert Plan.from_json(plan.as_json()).controls == stack


def test_a_plan_without_them_keeps_the_digest_that_it_had() -> None:
    plan = replace(plan_of(planned("shop/rows")), controls=None)
    assert "controls" not in plan.as_json()


def test_a_control_is_supported_only_by_a_drill_in_which_all_its_checks_passed() -> None:
    plan = plan_of(planned("objectives/rpo"), planned("objectives/rto", "smoke"))
    assert support(plan, "SOC2-CC9.1") is Support.SUPPORTED
    assert support(plan, "CSF-RC.RP-05") is Support.NOT_EXAMINED
    assert support(plan, "PCI-10.5.1") is Support.NOT_EXAMINED


def test_a_failure_contradicts_and_an_absence_leaves_open() -> None:
    plan = plan_of(planned("objectives/rpo"), planned("objectives/rto", "smoke"))
    story = opened(plan)
    story.check("objectives/rpo")
    row = next(row for row in matrix(reduce(plan, closed(story).events)) if row.control.label == "DORA-12.6")
    assert row.support is Support.OPEN
    story = opened(plan)
    story.check("objectives/rpo").check("objectives/rto", "FAILED", "failed")
    row = next(row for row in matrix(reduce(plan, closed(story).events)) if row.control.label == "DORA-12.6")
    assert row.support is Support.CONTRADICTED
    assert [check.id for check in row.checks] == ["objectives/rpo", "objectives/rto"]


def test_an_advisory_check_alone_supports_nothing() -> None:
    plan = plan_of(replace(planned("objectives/schedule"), mandatory=False), planned("other/rows", "smoke"))
    assert support(plan, "DORA-12.6") is Support.NOT_EXAMINED


def test_a_drill_of_a_part_or_with_a_gap_supports_nothing() -> None:
    checks = (planned("objectives/rpo"), planned("objectives/rto", "smoke"))
    assert support(plan_of(*checks, whole=False), "DORA-12.6") is Support.OPEN
    plan = plan_of(*checks)
    record = reduce(plan, healthy(plan).without("teardown"))
    assert {row.support for row in matrix(record)} == {Support.OPEN, Support.NOT_EXAMINED}


def support(plan: Plan, label: str) -> Support:
    """What a healthy drill of ``plan`` says about the control."""
    record = reduce(plan, healthy(plan).events)
    return next(row.support for row in matrix(record) if row.control.label == label)
