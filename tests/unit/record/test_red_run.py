"""An inner pytest that ended red: what made it so is in the record, or the verdict is not VERIFIED."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restoreproof.outcome import Outcome, Verdict
from restoreproof.plan import Plan, PlannedCheck
from restoreproof.record.reduce import reduce
from tests.stories import Story, closed, healthy, opened, plan_of, planned, retold

UNEXPLAINED = "the inner pytest ended with 1, and no planned check says why"


def red(story: Story) -> Story:
    """The same story, with an inner process that ended with 1."""
    events = [
        retold(event, returncode=1) if event.type == "inner-exited" else event for event in story.events
    ]
    return Story(events)


def test_a_red_run_that_no_check_explains_is_not_verified() -> None:
    plan = plan_of()
    assert reduce(plan, healthy(plan).events).verdict is Verdict.VERIFIED
    record = reduce(plan, red(healthy(plan)).events)
    assert (record.verdict, record.exit_code) == (Verdict.NOT_VERIFIED, 3)
    assert record.incomplete == (UNEXPLAINED,)


def test_an_advisory_check_that_failed_explains_it() -> None:
    plan = plan_of(planned("c/rows", "database"), planned("c/aside", mandatory=False))
    story = opened(plan).check("c/rows").check("c/aside", "FAILED", "failed")
    record = reduce(plan, closed(story, returncode=1).events)
    assert (record.verdict, record.incomplete) == (Verdict.VERIFIED, ())


def test_a_stage_without_checks_that_failed_is_named() -> None:
    """Nothing asked for what it restores, and the restore was not completed all the same."""
    plan = plan_of(planned("c/rows", "database"), planned("c/aside", mandatory=False))
    story = opened(plan).check("c/rows").check("c/aside", "FAILED", "failed")
    story.tell("stage-failed", stage="smoke", error="no server", hint=None, lost=False)
    record = reduce(plan, closed(story, returncode=1).events)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert record.incomplete == ("the restore order was not completed: smoke failed: no server",)


def plain(name: str) -> Plan:
    """A plan of one plain test."""
    check = planned("c/rows", "database")
    return plan_of(replace(check, id=f"c/test_rows.py::{name}", file="c/test_rows.py", steps=()))


@pytest.mark.parametrize(
    ("status", "seen", "outcome", "said"),
    [
        ("assertion-failed", None, Outcome.FAILED, "said so"),
        ("assertion-failed", "PASSED", Outcome.FAILED, "said so"),
        ("assertion-failed", "NOT_VERIFIED", Outcome.FAILED, "said so"),
        ("failed", "PASSED", Outcome.ERROR, "said so"),
        ("passed", None, Outcome.NOT_VERIFIED, "the test recorded no observation: write expect("),
        ("passed", "PASSED", Outcome.PASSED, ""),
    ],
)
def test_how_a_plain_test_ended_becomes_its_outcome(
    status: str, seen: str | None, outcome: Outcome, said: str
) -> None:
    plan = plain("test_counts")
    (check,) = reduce(plan, closed(opened(plan).check(plan.checks[0].id, seen, status)).events).checks
    assert (check.outcome, check.reason[: len(said)]) == (outcome, said)


def test_a_case_that_observed_nothing_is_named_however_many_there_are() -> None:
    """A record keeps only so many steps; all of them are judged."""
    plan = plain("test_counts")
    name = plan.checks[0].id
    story = opened(plan).tell("scenario-started", check=name)
    for number in range(300):
        if number != 250:
            seen = {"expected": "it", "observed": "it", "examined": 1, "of": 1}
            story.tell("observation", check=name, outcome="PASSED", sample="all", **seen)
        text = f"test_counts[{number}]"
        story.tell("step", check=name, keyword="Test", text=text, outcome="passed", seconds=0.1)
    story.tell("scenario-finished", check=name, status="passed", reason="", seconds=1)
    (check,) = reduce(plan, closed(story).events).checks
    assert check.outcome is Outcome.NOT_VERIFIED
    assert check.reason.startswith("test_counts[250] recorded no observation")


def test_what_is_a_plain_test_is_told_by_its_file() -> None:
    check: PlannedCheck = plain("test_counts").checks[0]
    assert check.is_plain_test
    assert not planned("c/rows").is_plain_test
