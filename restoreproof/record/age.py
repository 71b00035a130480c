"""The age of the recovery point at the drill, held against the contract's schedule, and the RPO."""

from __future__ import annotations

from collections.abc import Sequence

from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import BackupSchedule
from restoreproof.record.headline import duration


def observe_age(age_s: float | None, schedule: BackupSchedule | None) -> Observation | None:
    """Return what the age of a set comes to; None if no schedule is stated and the age makes sense.

    Args:
        age_s: how long (seconds) before the drill the recovery point lies; None if the set names no moment.
        schedule: how old a set may be.
    """
    expected = "the recovery point lies before the drill"
    if schedule:
        expected += (
            f", by at most {_span(schedule.limit_s)}: "
            f"a backup every {duration(schedule.every_s)}, with a grace of {duration(schedule.grace_s)}"
        )
    if age_s is None:
        return Observation(Outcome.NOT_VERIFIED, expected, "the set names no moment") if schedule else None
    if age_s < 0:
        observed = f"it lies {_span(-age_s)} after the drill began, so one of the clocks is wrong"
        return Observation(Outcome.NOT_VERIFIED, expected, observed)
    if schedule is None:
        return None
    outcome = Outcome.PASSED if age_s <= schedule.limit_s else Outcome.FAILED
    return Observation(outcome, expected, f"it lies {_span(age_s)} before the drill", 1, 1)


def judge_loss(
    ages: Sequence[float], rpo_s: float, age_s: float | None, schedule: BackupSchedule | None
) -> tuple[bool | None, str | None]:
    """Return whether the RPO was met, or None and the reason why nobody can say.

    Args:
        ages: how long (seconds) before the recovery point the newest records were made; empty if none was.
        rpo_s: the objective.
        age_s: how long (seconds) before the drill the recovery point lies; None if it is not known.
        schedule: how old a set may be; None if the contract does not say.
    """
    if not ages:
        return None, None
    if max(ages) > rpo_s or (schedule and age_s is not None and age_s > schedule.limit_s):
        return False, None
    unjudged = {
        "a record is dated after the recovery point": min(ages) < 0,
        "the age of the recovery point is not known": age_s is None,
        "the recovery point lies after the drill began": age_s is not None and age_s < 0,
        "the contract states no schedule (backup.every), so nothing says how old a set may be": not schedule,
    }
    reason = next((reason for reason, holds in unjudged.items() if holds), None)
    return (True, None) if reason is None else (None, reason)


def _span(seconds: float) -> str:
    return f"{duration(seconds)} ({seconds:,.0f} s)"
