"""Marks of witnesses: what no rounding explains is out of order, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.checks.order import OrderSurvey, StageMarks, backwards
from restoreproof.outcome import Outcome

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def _stage(name: str, *seconds: float) -> StageMarks:
    return StageMarks(name, tuple(ArrivalTrace(START + timedelta(seconds=one), "a clock") for one in seconds))


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ((1.5,), (2.5,), False),
        ((2.0,), (2.0,), False),
        ((2.9,), (2.0,), False),  # a file time of 2 s may have been 2.999 s
        ((3.5,), (2.0,), True),
        ((5.0,), (2.0,), True),
        ((2.52,), (2.51,), False),
        ((2.7,), (2.51,), True),
        ((1.5, 4.5), (3.5,), True),  # one of the marks suffices
    ],
)
def test_two_stages(first: tuple[float, ...], second: tuple[float, ...], wrong: bool) -> None:
    assert bool(list(backwards([_stage("a", *first), _stage("b", *second)]))) is wrong


def test_every_pair_is_compared_and_not_neighbours_only() -> None:
    found = list(backwards([_stage("a", 9.5), _stage("b", 9.51), _stage("c", 2.5)]))
    assert len(found) == 2


def _survey(*, resumed: float | None, taken: float | None, other: float = 1.5, of: int = 2) -> OrderSurvey:
    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else START + timedelta(seconds=seconds)

    stages = (_stage("a", 1.5), _stage("b", 2.5))
    return OrderSurvey(
        stages, of, at(resumed), (), {"api": START + timedelta(seconds=other)}, {"jobs": at(taken)}
    )


@pytest.mark.parametrize(
    ("resumed", "taken", "other", "outcome"),
    [
        (None, None, 1.5, Outcome.PASSED),
        (5.5, 6.5, 1.5, Outcome.PASSED),
        (None, 3.5, 1.5, Outcome.FAILED),
        (5.5, 3.5, 1.5, Outcome.FAILED),
        (5.5, 6.5, 5.9, Outcome.FAILED),
    ],
)
def test_work_is_taken_only_once_it_was_resumed_and_last(
    resumed: float | None, taken: float | None, other: float, outcome: Outcome
) -> None:
    assert _survey(resumed=resumed, taken=taken, other=other).held().outcome is outcome


@pytest.mark.parametrize(("stores", "linear"), [((), Outcome.NOT_VERIFIED), (("db",), Outcome.PASSED)])
def test_a_service_of_which_nothing_tells_when_it_started_is_named_and_no_failure(
    stores: tuple[str, ...], linear: Outcome
) -> None:
    survey = replace(_survey(resumed=5.5, taken=6.5), untold={"db": "it runs"}, stores=stores)
    assert survey.linear().outcome is linear
    held = survey.held()
    assert held.outcome is Outcome.NOT_VERIFIED
    assert "when db started nobody can say: it runs" in held.observed
    broken = replace(_survey(resumed=5.5, taken=3.5), untold={"db": "it runs"})
    assert broken.held().outcome is Outcome.FAILED, "what was seen is no less wrong for it"


def test_a_service_that_should_run_and_does_not_fails_the_order() -> None:
    assert replace(_survey(resumed=5.5, taken=6.5), silent=("api",)).held().outcome is Outcome.FAILED


def test_a_stage_that_left_no_mark_fails_the_order() -> None:
    assert _survey(resumed=None, taken=None).linear().outcome is Outcome.PASSED
    assert _survey(resumed=None, taken=None, of=3).linear().outcome is Outcome.FAILED
