"""The plan: what a drill has to account for, compiled from the files and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.errors import FeatureError, UsageError
from restoreproof.gherkin.compiler import compile_plan, features_digest
from restoreproof.plan import Plan, Waiver
from tests.inner_run import plan_of

Write = Callable[[str, str], Path]

FULL = """\
@at:objects @control:A1 @severity:normal @epic:Recovery
Feature: Proofs
  Background:
    Given a restored stack

  @id:readable @severity:critical
  Scenario: Every proof is readable
    Then the observation is PASSED

  @advisory
  Rule: Samples are enough
    Background:
      Given a sample

    Scenario Outline: Sample of <n>
      When <n> are read
      Then the observation is <o>

      @at:smoke @control:A2
      Examples:
        | n | o      |
        | 5 | PASSED |

      Examples: more
        | n  | o      |
        | 50 | PASSED |
"""


@pytest.fixture
def full(feature: Write, project: Path) -> Plan:
    """The plan of one feature that uses everything."""
    feature("consistency/proofs.feature", FULL)
    return plan_of(project / "features")


def test_ids_are_folder_and_slug_and_the_values_of_a_row(full: Plan) -> None:
    """``@id`` wins over the title; they stay when scenarios move within a file."""
    assert [check.id for check in full.checks] == [
        "consistency/readable",
        "consistency/sample-of-n[50-passed]",
        "consistency/sample-of-n[5-passed]",
    ]


def test_the_most_specific_tag_wins_and_the_others_add_up(full: Plan) -> None:
    readable, fifty, five = full.checks
    assert (readable.stage, fifty.stage, five.stage) == ("objects", "objects", "smoke")
    assert "severity:critical" in readable.tags
    assert "severity:normal" not in readable.tags
    assert {"control:A1", "control:A2"} <= set(five.tags)
    assert (readable.mandatory, five.mandatory) == (True, False)


def test_steps_are_rendered_with_every_background(full: Plan) -> None:
    _, fifty, _ = full.checks
    assert [f"{step.keyword} {step.text}" for step in fifty.steps] == [
        "Given a restored stack",
        "Given a sample",
        "When 50 are read",
        "Then the observation is PASSED",
    ]
    assert (fifty.title, fifty.rule) == ("Sample of 50", "Samples are enough")
    assert fifty.parameters == (("n", "50"), ("o", "PASSED"))


def test_the_digest_changes_with_any_byte_and_any_name(feature: Write, project: Path) -> None:
    path = feature("a.feature", FULL)
    features = project / "features"
    before = features_digest(features)
    path.write_text(FULL + "\n")
    changed = features_digest(features)
    path.rename(path.with_name("b.feature"))
    assert len({before, changed, features_digest(features)}) == 3


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        ("readable", ["consistency/readable"]),
        ("sample and not 50", ["consistency/sample-of-n[5-passed]"]),
        ("SMOKE", ["consistency/sample-of-n[5-passed]"]),
    ],
)
def test_a_selection_makes_a_part(feature: Write, project: Path, selection: str, ids: list[str]) -> None:
    feature("consistency/proofs.feature", FULL)
    plan = plan_of(project / "features", selection=selection)
    assert [check.id for check in plan.checks] == ids
    assert not plan.whole
    assert plan.selection == f"-k {selection!r}"


def test_a_selection_that_leaves_nothing_out_is_whole(feature: Write, project: Path) -> None:
    feature("consistency/proofs.feature", FULL)
    assert plan_of(project / "features", selection="proofs").whole


@pytest.mark.parametrize("selection", ["nothing-like-it", "and and"])
def test_a_selection_of_nothing_could_not_start(feature: Write, project: Path, selection: str) -> None:
    """Neither an empty drill nor a typo ends as anything but exit 2."""
    feature("consistency/proofs.feature", FULL)
    with pytest.raises(UsageError) as caught:
        plan_of(project / "features", selection=selection)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("path", "count"),
    [("a", 1), ("b/proofs.feature", 3), ("a/x.feature::test_one", 1), ("a/x.feature::test_two", 0)],
)
def test_paths_and_node_ids_choose(feature: Write, project: Path, path: str, count: int) -> None:
    feature("a/x.feature", "@at:database\nFeature: A\n  Scenario: One\n    Then it holds\n")
    feature("b/proofs.feature", FULL)
    features = project / "features"

    def compiled() -> Plan:
        return compile_plan(
            features,
            stack="wipe",
            contract_sha256="0",
            stages=("database", "objects", "smoke"),
            rpo_s=1,
            rto_s=1,
            paths=(features / path,),
        )

    if count:
        assert len(compiled().checks) == count
    else:
        with pytest.raises(FeatureError, match="nothing is selected"):
            compiled()


def test_no_features_at_all_could_not_start(project: Path) -> None:
    with pytest.raises(FeatureError, match=r"no \.feature file"):
        plan_of(project / "features")


def test_an_unknown_stage_is_named_with_its_place_and_a_suggestion(feature: Write, project: Path) -> None:
    feature("x.feature", "Feature: F\n  @at:objcts\n  Scenario: S\n    Then it holds\n")
    with pytest.raises(FeatureError) as caught:
        plan_of(project / "features")
    assert str(caught.value).startswith("x.feature:2: unknown stage 'objcts'")
    assert "did you mean 'objects'?" in str(caught.value)


def test_two_scenarios_of_one_name_are_refused_with_both_lines(feature: Write, project: Path) -> None:
    """pytest-bdd would run the second and never mention the first."""
    feature("x.feature", "@at:smoke\nFeature: F\n  Scenario: S\n    Then a\n  Scenario: S\n    Then b\n")
    with pytest.raises(FeatureError) as caught:
        plan_of(project / "features")
    assert caught.value.exit_code == 2
    assert "lines 3 and 5" in str(caught.value)


def test_a_waiver_of_no_check_is_refused(feature: Write, project: Path) -> None:
    """A misspelt waiver would be silently without effect, or wait for a check to come."""
    feature("consistency/proofs.feature", FULL)
    with pytest.raises(FeatureError, match="did you mean 'consistency/readable'"):
        compile_plan(
            project / "features",
            stack="wipe",
            contract_sha256="0",
            stages=("objects", "smoke"),
            rpo_s=1,
            rto_s=1,
            waivers=[Waiver("consistency/readible", "r", "o", "a", "2027-01-01")],
        )
