"""A clock that stepped, or runs backwards, makes no duration and no deadline hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from restoreproof.checks.objectives import RecoveryTimeSurvey
from restoreproof.errors import EvidenceError
from restoreproof.events import InnerExited, StageDone, StepRun
from restoreproof.journal.read import JournalLine, parse_line
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from tests.stories import healthy, plan_of


def drilled(change: Callable[[int, JournalLine], JournalLine]) -> Record:
    """A drill in which every check passed, with each line changed by its number."""
    plan = plan_of()
    lines = healthy(plan).events
    return reduce(plan, [change(number, line) for number, line in enumerate(lines)])


def moved(line: JournalLine, by: timedelta) -> JournalLine:
    at = datetime.fromisoformat(line.at).astimezone(UTC) + by
    return replace(line, at=at.isoformat())


@pytest.mark.parametrize("step", [timedelta(days=-400), timedelta(seconds=-30), timedelta(hours=2)])
@pytest.mark.parametrize("there", [1, 10])
def test_a_clock_that_stepped_is_not_verified(step: timedelta, there: int) -> None:
    """Back, to make an old set look fresh; on, past the day of a waiver; right at the start or later."""
    record = drilled(lambda number, line: moved(line, step) if number >= there else line)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any("the clock stepped" in reason for reason in record.incomplete)


def test_a_clock_that_stepped_and_came_back_is_seen() -> None:
    record = drilled(lambda number, line: moved(line, timedelta(hours=1)) if number == 7 else line)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any("3,600.0 s more than the monotonic clock" in reason for reason in record.incomplete)


def test_a_clock_that_is_kept_by_a_time_service_is_no_step() -> None:
    """It slews by up to half a thousandth, and a line is written a moment after it was stamped."""
    record = drilled(lambda number, line: moved(line, timedelta(seconds=number * 0.0005 + 0.2)))
    assert record.verdict is Verdict.VERIFIED


def test_a_monotonic_clock_that_runs_backwards_is_not_verified() -> None:
    """The time to service would come out less than nothing, and so within any target."""
    record = drilled(lambda number, line: replace(line, mono=line.mono - 1000 if number > 12 else line.mono))
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any("ran backwards" in reason for reason in record.incomplete)
    assert record.recovery_time.met is None
    assert record.recovery_time.time_to_service_s is None


def test_a_recovery_time_below_nothing_is_not_verified() -> None:
    assert RecoveryTimeSurvey(-1.0, 14_400.0).within().outcome is Outcome.NOT_VERIFIED
    assert RecoveryTimeSurvey(1.0, 14_400.0).within().outcome is Outcome.PASSED


@pytest.mark.parametrize("event_class", [StageDone, StepRun, InnerExited])
def test_no_event_takes_less_than_no_time(event_class: type) -> None:
    fields = {
        "stage": "database", "check": "c", "keyword": "Then", "text": "x", "outcome": "passed",
        "returncode": 0, "seconds": -0.5,
    }  # fmt: skip
    kept = {name: value for name, value in fields.items() if name in event_class.model_fields}  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        event_class(**kept)


def test_the_outer_process_refuses_a_negative_duration_from_inside() -> None:
    line = (
        b'{"seq":1,"source":"inner","type":"phase","at":"x","mono":1.0,'
        b'"data":{"stage":"database","name":"x","seconds":-3}}'
    )
    with pytest.raises(EvidenceError, match="'phase' is not what it may be: seconds"):
        parse_line(line)
