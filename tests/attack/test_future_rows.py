"""Rows and objects that are dated after the recovery point prove nothing of what was saved by then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from restoreproof.assets.base import Asset, RestoreContext
from restoreproof.checks.objectives import Recovery
from restoreproof.events import Event, Measured
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.reduce import reduce
from tests.stories import healthy, plan_of

POINT = datetime(2026, 11, 22, 2, tzinfo=UTC)
FUTURE = datetime(2099, 12, 31, tzinfo=UTC)
RPO_S = 900


class _Dated:
    """An asset that holds records of these moments."""

    def __init__(self, name: str, *moments: datetime) -> None:
        self.name, self._moments = name, moments

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        return max(self._moments, default=None)

    def newest_record_by(self, restore_context: RestoreContext, moment: datetime) -> datetime | None:
        return max((at for at in self._moments if at <= moment), default=None)


class _Blunt(_Dated):
    """One whose kind can tell the newest record of all, and no other: the base's own answer."""

    newest_record_by = Asset.newest_record_by  # type: ignore[assignment]


def looked(*assets: _Dated, recorded: Mapping[str, datetime] | None = None) -> tuple[Recovery, list[Event]]:
    """What the check sees of these assets, and what it journals."""
    events: list[Event] = []
    stack_context = SimpleNamespace(
        assets=lambda: assets,
        emitter=SimpleNamespace(emit=events.append),
        contract=SimpleNamespace(
            objectives=SimpleNamespace(rpo_s=RPO_S), backup=SimpleNamespace(every_s=86_400)
        ),
    )
    context = SimpleNamespace(
        stack_context=stack_context,
        recovery_point=lambda name: POINT,
        catalogue=SimpleNamespace(newest=recorded or {asset.name: POINT for asset in assets}),
    )
    return Recovery.look(cast("Any", context)), events


def test_a_row_of_the_future_does_not_stand_for_those_that_are_lost() -> None:
    """Everything of 90 days is gone, and a row of 2099 made the newest record nought seconds old."""
    recovery, events = looked(_Dated("rows", POINT - timedelta(days=90), FUTURE))
    assert recovery.within().outcome is Outcome.FAILED
    (measured,) = (event for event in events if isinstance(event, Measured) and event.name == "rpo.rows")
    assert measured.value == 90 * 86_400
    assert measured.newest_at == (POINT - timedelta(days=90)).isoformat()


def test_where_only_a_row_of_the_future_can_be_told_nothing_is_verified() -> None:
    recovery, events = looked(_Blunt("rows", POINT - timedelta(days=90), FUTURE))
    observation = recovery.within()
    assert observation.outcome is Outcome.NOT_VERIFIED
    assert "rows: its newest record is dated 2099-12-31T00:00:00+00:00, after the recovery point" in (
        observation.observed
    )
    assert events == []


def test_objects_copied_a_moment_after_the_recovery_point_are_judged_by_those_before_it() -> None:
    before, after = POINT - timedelta(minutes=2), POINT + timedelta(seconds=40)
    recovery, _ = looked(_Dated("rows", before), _Dated("objects", before, after))
    assert recovery.within().outcome is Outcome.PASSED
    assert recovery.aligned().outcome is Outcome.PASSED
    assert recovery.ages == {"rows": 120.0, "objects": 120.0}


def test_objects_of_another_day_are_not_aligned() -> None:
    recovery, _ = looked(_Dated("rows", POINT), _Dated("objects", POINT + timedelta(days=1)))
    assert recovery.aligned().outcome is Outcome.FAILED


def test_a_negative_age_meets_no_objective() -> None:
    """Whoever sends it from inside: no record can be younger than the recovery point."""
    plan = plan_of()
    story = healthy(plan).tell("measurement", name="rpo.database", value=-5, unit="s", detail="")
    record = reduce(plan, story.events)
    assert record.recovery_point.met is None
    assert record.recovery_point.unjudged == "a record is dated after the recovery point"
    assert record.verdict is not Verdict.VERIFIED
