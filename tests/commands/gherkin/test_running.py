"""The inner process as a whole: a real pytest, a real pipe, a drill that needs no stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.inner_run import InnerRun

Write = Callable[[str, str], Path]
Run = Callable[..., InnerRun]

LATER = """\
@at:objects @severity:critical
Feature: Objects
  Scenario: Objects are there
    Given a restored stack
    Then the observation is PASSED
"""

EARLIER = """\
@at:database
Feature: Rows
  Background:
    Given a restored stack

  Scenario Outline: Read <n> rows
    When <n> rows are read
    Then the observation is <outcome>

    @severity:minor
    Examples:
      | n | outcome |
      | 1 | PASSED  |
      | 2 | FAILED  |

  Scenario: A table
    When the table is read
      | name | n |
      | a    | 1 |
    Then the observation is NOT_VERIFIED
"""


def test_scenarios_run_in_the_order_of_the_stages_and_are_told_as_events(
    feature: Write, run_inner: Run
) -> None:
    """Files sort the other way round than stages do; the stages decide."""
    feature("a/later.feature", LATER)
    feature("b/earlier.feature", EARLIER)
    run = run_inner()
    assert run.returncode == 1, run.output
    ids = ["b/read-n-rows[1-passed]", "b/read-n-rows[2-failed]", "b/a-table", "a/objects-are-there"]
    assert run.of("collected") == [{"checks": ids}]
    assert [(data["check"], data["status"]) for data in run.of("scenario-finished")] == [
        (ids[0], "passed"),
        (ids[1], "failed"),
        (ids[2], "failed"),
        (ids[3], "passed"),
    ]
    assert [data["check"] for data in run.of("observation")] == ids
    assert [data["stage"] for data in run.of("stage-entered")] == ["database", "objects", "smoke"]


def test_steps_are_journaled_with_their_outcome_however_a_scenario_ends(
    feature: Write, run_inner: Run
) -> None:
    """pytest-bdd tells nobody when a step skips; the trace closes it all the same."""
    feature(
        "x.feature",
        "@at:database\nFeature: F\n"
        "  Scenario: skips\n    Given a restored stack\n    When the step is skipped\n"
        "    Then nothing is observed\n"
        "  Scenario: breaks\n    When the harness breaks\n    Then nothing is observed\n"
        "  Scenario: unknown\n    Given no such phrase\n    Then nothing is observed\n",
    )
    run = run_inner()
    steps = [(data["check"], data["outcome"]) for data in run.of("step")]
    assert steps == [
        ("skips", "passed"),
        ("skips", "skipped"),
        ("skips", "not-run"),
        ("breaks", "broken"),
        ("breaks", "not-run"),
        ("unknown", "broken"),
        ("unknown", "not-run"),
    ]
    assert [data["status"] for data in run.of("scenario-finished")] == ["skipped", "failed", "failed"]


def test_a_stage_that_fails_leaves_its_scenarios_not_reached(feature: Write, run_inner: Run) -> None:
    """The scenario says why, and its steps are listed as not run."""
    feature("x.feature", LATER)
    run = run_inner(broken="objects")
    (finished,) = run.of("scenario-finished")
    assert finished["status"] == "not-reached"
    assert "no server" in finished["reason"]
    assert [data["outcome"] for data in run.of("step")] == ["not-run", "not-run"]


def test_a_selected_part_runs_just_what_the_plan_holds(feature: Write, run_inner: Run) -> None:
    """The plan decides, not pytest's -k; stages after the selected ones are not performed."""
    feature("a/later.feature", LATER)
    feature("b/earlier.feature", EARLIER)
    run = run_inner(selection="read and not table and 1")
    assert run.of("collected") == [{"checks": ["b/read-n-rows[1-passed]"]}]
    assert [data["stage"] for data in run.of("stage-entered")] == ["database"]
    assert run.plan is not None
    assert not run.plan.whole


def test_a_hidden_scenario_is_missing_from_the_events(feature: Write, run_inner: Run) -> None:
    """A hook that drops an item leaves the plan as it was: the reduction names what is absent."""
    feature("b/earlier.feature", EARLIER)
    hide = "\ndef pytest_collection_modifyitems(items):\n    del items[0]\n"
    run = run_inner(extra=hide)
    seen = {data["check"] for data in run.of("scenario-started")}
    assert run.plan is not None
    assert {check.id for check in run.plan.checks} - seen == {"b/read-n-rows[1-passed]"}


def test_a_step_is_journaled_with_what_stands_below_its_line(feature: Write, run_inner: Run) -> None:
    """Data table, docstring and Background are the feature's words; a step never reached has them too."""
    feature("b/earlier.feature", EARLIER.replace("the table is read", "no such phrase", 1))
    run = run_inner()
    background, table, *_ = [data for data in run.of("step") if data["check"] == "b/a-table"]
    assert (background["background"], "table" in background) == (True, False)
    assert (table["outcome"], table["table"]) == ("broken", [["name", "n"], ["a", "1"]])
    assert "background" not in table


def test_the_terminal_shows_stages_scenarios_and_steps_and_nothing_of_pytest(
    feature: Write, run_inner: Run
) -> None:
    """Plain lines here, since the output of a test is no terminal."""
    feature("b/earlier.feature", EARLIER)
    run = run_inner()
    assert "✔ stage database  0.1 s" in run.output
    assert "    Read 1 rows\n      ✔ Given a restored stack" in run.output
    assert "      ✘ Then the observation is FAILED\n    ✘ FAILED\n      expected one" in run.output
    assert "? NOT VERIFIED" in run.output
    assert "=====" not in run.output


def test_a_drill_that_can_not_open_ends_with_its_own_code(feature: Write, run_inner: Run) -> None:
    """Nothing ran, and the events say why: the reduction will find every check absent."""
    feature("x.feature", LATER)
    refuse = """
class Refuses:
    @pytest.hookimpl(tryfirst=True)
    def pytest_restoreproof_open_drill(self):
        raise EnvironmentUnfitError("no user namespaces", hint="run doctor")

def pytest_sessionstart(session):
    session.config.pluginmanager.register(Refuses())
"""
    run = run_inner(extra=refuse)
    assert run.returncode == 3, run.output
    assert run.of("scenario-started") == []
    assert "no user namespaces" in run.of("note")[0]["text"]


def test_a_step_back_is_an_error_of_the_harness_and_not_of_the_stage(feature: Write, run_inner: Run) -> None:
    """StageOrderError is no "not reached": whoever asked for it is wrong."""
    feature("x.feature", LATER)
    back = """
from restoreproof.errors import StageOrderError
def wrong(self, stage):
    raise StageOrderError("never goes back")
FakeDrill.advance_to = wrong
"""
    run = run_inner(extra=back)
    (finished,) = run.of("scenario-finished")
    assert finished["status"] == "failed"
    assert "never goes back" in finished["reason"]


def test_a_teardown_that_breaks_spoils_the_scenario(feature: Write, run_inner: Run) -> None:
    """It passed until then; what it left behind may change what comes next."""
    feature("x.feature", LATER)
    leave = """
@pytest.fixture(autouse=True)
def leaves():
    yield
    raise RuntimeError("left open")
"""
    run = run_inner(extra=leave)
    (finished,) = run.of("scenario-finished")
    assert (finished["status"], finished["reason"]) == ("failed", "teardown: RuntimeError: left open")
    assert run.of("observation")[0]["outcome"] == "PASSED"


def test_an_interrupted_scenario_did_not_pass(feature: Write, run_inner: Run) -> None:
    """Ctrl-C in a step ends the run; what was open is closed and marked."""
    feature("x.feature", LATER)
    stop = """
@given("a restored stack")
def _():
    raise KeyboardInterrupt
"""
    run = run_inner(extra=stop)
    assert run.returncode == 2
    (finished,) = run.of("scenario-finished")
    assert finished["status"] == "failed"
    assert [data["outcome"] for data in run.of("step")] == ["broken", "not-run"]


SEVERAL = """\
@at:database
Feature: Several
  Scenario: {name}
    Given a restored stack
    When 1 rows are read
    Then the observation is {first}
    And the observation is PASSED
    And the observation is {last}
    When 2 rows are read
    Then the observation is PASSED
"""


def test_a_scenario_states_all_that_can_be_stated_of_one_look(feature: Write, run_inner: Run) -> None:
    """What follows the next When is not reached: it rests on more than the look that went wrong."""
    feature("x.feature", SEVERAL.format(name="x", first="FAILED", last="FAILED"))
    run = run_inner()
    outcomes = ["FAILED", "PASSED", "FAILED"]
    assert [data["outcome"] for data in run.of("observation")] == outcomes
    told = [data["outcome"] for data in run.of("step")]
    assert told == ["passed", "passed", "failed", "passed", "failed", "not-run", "not-run"]
    assert [data["text"] for data in run.of("step")][3:5] == [
        "the observation is PASSED", "the observation is FAILED"
    ]  # fmt: skip
    assert run.check("x")[0] == "FAILED"
    assert run.returncode == 1


def test_a_failure_behind_what_was_not_verified_counts(feature: Write, run_inner: Run) -> None:
    feature("x.feature", SEVERAL.format(name="x", first="NOT_VERIFIED", last="FAILED"))
    run = run_inner()
    assert [data["outcome"] for data in run.of("observation")] == ["NOT_VERIFIED", "PASSED", "FAILED"]
    assert run.check("x")[0] == "FAILED"
    (finished,) = run.of("scenario-finished")
    assert "expected one; observed one" in finished["reason"]


def test_after_a_step_that_observed_nothing_none_is_stated(feature: Write, run_inner: Run) -> None:
    text = SEVERAL.format(name="x", first="PASSED", last="FAILED")
    feature("x.feature", text.replace("When 1 rows are read", "When the harness breaks"))
    run = run_inner()
    assert run.of("observation") == []
    assert [data["outcome"] for data in run.of("step")][1:] == ["broken", *["not-run"] * 5]


def test_what_follows_a_loss_and_can_not_be_stated_leaves_the_loss(feature: Write, run_inner: Run) -> None:
    feature("x.feature", SEVERAL.format(name="x", first="FAILED", last="NO_OUTCOME"))
    run = run_inner()
    assert [data["outcome"] for data in run.of("observation")] == ["FAILED", "PASSED"]
    assert [data["outcome"] for data in run.of("step")][2:5] == ["failed", "passed", "broken"]
    assert run.check("x")[0] == "FAILED"
