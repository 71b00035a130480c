"""A check passes only if its lines ran as they were planned: each of them, in their order, as written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restoreproof.outcome import Outcome
from restoreproof.plan import Plan, PlannedStep
from restoreproof.record.model import CheckRecord
from restoreproof.record.reduce import reduce
from tests.stories import Story, closed, opened, plan_of, planned

STEPS = (
    PlannedStep("When", "the rows are read", 4, "Action", table=(("name", "n"), ("a", "1"))),
    PlannedStep("Then", "each has its object", 5, "Outcome"),
    PlannedStep("And", "no other is there", 6, "Outcome", docstring="line one\nline two"),
)
RAN: tuple[dict[str, Any], ...] = (
    {"keyword": "When", "text": "the rows are read", "table": [["name", "n"], ["a", "1"]]},
    {"keyword": "Then", "text": "each has its object"},
    {"keyword": "And", "text": "no other is there", "docstring": "line one\nline two"},
)


def plan() -> Plan:
    return plan_of(replace(planned("c/x"), steps=STEPS))


def performed(*cases: tuple[dict[str, Any], ...], silent: tuple[int, ...] = ()) -> CheckRecord:
    """The check after these lines were told, each of which observed something but for those of ``silent``."""
    story: Story = opened(plan()).tell("scenario-started", check="c/x")
    for lines in cases:
        for number, line in enumerate(lines):
            if number not in (0, *silent):
                story.tell(
                    "observation", check="c/x", outcome="PASSED", expected="e", observed="o", examined=1, of=1
                )
            story.tell("step", check="c/x", outcome="passed", seconds=0.1, **line)
    story.tell("scenario-finished", check="c/x", status="passed", seconds=0.5)
    (check,) = reduce(plan(), closed(story).events).checks
    return check


def test_what_ran_as_it_was_planned_passes() -> None:
    assert performed(RAN).outcome is Outcome.PASSED
    assert performed(RAN, RAN).outcome is Outcome.PASSED  # two cases of one check


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((RAN[0], RAN[1] | {"text": "true"}, RAN[2]), "'Then each has its object' and ran as 'Then true'"),
        ((RAN[0], RAN[1] | {"keyword": "Given"}, RAN[2]), "ran as 'Given each has its object'"),
        ((RAN[0], RAN[2], RAN[1]), "line 2 was planned"),
        ((RAN[0] | {"table": [["name", "n"], ["a", "2"]]}, *RAN[1:]), "another table or text below it"),
        ((RAN[0] | {"table": []}, *RAN[1:]), "another table or text below it"),
        ((*RAN[:2], RAN[2] | {"docstring": "line one"}), "another table or text below it"),
        (RAN[:2], "2 of its 3 planned lines ran"),
        ((*RAN, RAN[1]), "line 1 was planned"),
        ((), "0 of its 3 planned lines ran"),
    ],
)
def test_what_ran_otherwise_than_planned_is_not_verified_and_named(
    lines: tuple[dict[str, Any], ...], told: str
) -> None:
    check = performed(lines) if lines else _nothing_ran()
    assert check.outcome is Outcome.NOT_VERIFIED
    assert "what ran is not what was planned" in check.reason
    assert told in check.reason


def _nothing_ran() -> CheckRecord:
    story = opened(plan()).tell("scenario-started", check="c/x")
    story.tell("observation", check="c/x", outcome="PASSED", expected="e", observed="o", examined=1, of=1)
    story.tell("scenario-finished", check="c/x", status="passed", seconds=0.5)
    (check,) = reduce(plan(), closed(story).events).checks
    return check


@pytest.mark.parametrize("number", [1, 2])
def test_each_planned_then_needs_an_observation_of_its_own(number: int) -> None:
    check = performed(RAN, silent=(number,))
    assert check.outcome is Outcome.NOT_VERIFIED
    assert f"the line {RAN[number]['text']!r} recorded no observation" in check.reason


def test_a_line_beyond_those_a_record_keeps_is_held_against_the_plan_all_the_same() -> None:
    many = tuple(PlannedStep("When", f"row {number} is read", number, "Action") for number in range(300))
    of_many = plan_of(replace(planned("c/x"), steps=(*many, STEPS[1])))
    story = opened(of_many).tell("scenario-started", check="c/x")
    story.tell("observation", check="c/x", outcome="PASSED", expected="e", observed="o", examined=1, of=1)
    for step in many:
        story.tell("step", check="c/x", keyword="When", text=step.text, outcome="passed", seconds=0.0)
    story.tell("step", check="c/x", keyword="Then", text="true", outcome="passed", seconds=0.0)
    story.tell("scenario-finished", check="c/x", status="passed", seconds=0.5)
    (check,) = reduce(of_many, closed(story).events).checks
    assert check.outcome is Outcome.NOT_VERIFIED
    assert "line 301 was planned as 'Then each has its object' and ran as 'Then true'" in check.reason
