"""A feature that speaks of a running source is in no drill: not planned, not linted for it, not collected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from restoreproof.gherkin.compiler import features_digest
from restoreproof.gherkin.linter import lint
from tests.commands.gherkin.test_collector import run_pytest
from tests.inner_run import STAGES, plan_of

Write = Callable[[str, str], Path]

DRILLED = "@at:database\nFeature: Rows\n  Scenario: They are there\n    Then the observation is PASSED\n"
SOURCE = "@source\nFeature: Commands\n  Scenario: They run\n    When something unheard of is done\n"


def test_no_drill_plans_it_and_it_is_no_absent_check(feature: Write, project: Path) -> None:
    feature("rows/rows.feature", DRILLED)
    before, digest = plan_of(project), features_digest(project / "features")
    feature("backup/documented.feature", SOURCE)
    after = plan_of(project)
    assert after.checks == before.checks
    assert after.whole
    assert features_digest(project / "features") != digest, "the digest names every file"


def test_the_linter_asks_it_for_no_stage_and_no_known_phrase(feature: Write, project: Path) -> None:
    feature("backup/documented.feature", SOURCE)
    assert lint(project / "features", STAGES, step_modules=()) == []


def test_the_tag_belongs_to_a_whole_feature(feature: Write, project: Path) -> None:
    feature("x.feature", DRILLED.replace("  Scenario", "  @source\n  Scenario"))
    (found,) = lint(project / "features", STAGES)
    assert (found.rule, found.message) == ("tag-place", "@source marks a whole feature")


def test_pytest_collects_nothing_of_it(feature: Write, project: Path) -> None:
    feature("rows/rows.feature", DRILLED)
    feature("backup/documented.feature", SOURCE)
    done = run_pytest(project, "--collect-only", "-q", "features")
    assert "rows.feature" in done.stdout
    assert "documented.feature::" not in done.stdout
