"""Times of a drill, read from the monotonic clock of its events: stages, phases, RTO and RPO."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from restoreproof.events import (
    Asked,
    DrillOpened,
    Measured,
    PhaseTimed,
    ScenarioFinished,
    SetVerified,
    StageDone,
    StageEntered,
    StageFailed,
)
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome
from restoreproof.plan import Plan
from restoreproof.record.age import judge_loss
from restoreproof.record.context import FidelityRecord
from restoreproof.record.gaps import MANY
from restoreproof.record.model import (
    CheckRecord,
    Measurement,
    PhaseRecord,
    RecoveryPoint,
    RecoveryTime,
    StageRecord,
)

_PHASES = 200
_TIME_ASKED = "recovery time"
"""What a check looks at that judges the recovery time."""
_DATA = "data-size"


@dataclass(frozen=True, slots=True)
class Times:
    """Everything about time that the record holds."""

    seconds: float | None
    stages: tuple[StageRecord, ...]
    recovery_time: RecoveryTime
    recovery_point: RecoveryPoint


@dataclass(slots=True)
class _Stage:
    status: str = "not-reached"
    begins: float | None = None
    ends: float | None = None
    seconds: float | None = None
    error: str | None = None
    hint: str | None = None
    phases: list[PhaseRecord] = field(default_factory=list)


class Timing:
    """Takes in the events that say when something happened."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._origin: float | None = None
        self._last: float | None = None
        self._stages = {name: _Stage() for name in plan.stages}
        self._finished: dict[str, float] = {}
        self._newest: dict[str, str] = {}
        self._recovery_at: str | None = None
        self._timed: set[str] = set()
        self._planned = {check.id for check in plan.checks}

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        if not math.isfinite(line.mono):
            return
        self._last = line.mono
        match line.event:
            case DrillOpened() if self._origin is None:
                self._origin = line.mono
            case ScenarioFinished() as event if event.check in self._planned:
                self._finished[event.check] = line.mono
            case Measured() as event:
                self._take_newest(event)
            case Asked() as event if event.kind == _TIME_ASKED and event.check in self._planned:
                self._timed.add(event.check)
            case SetVerified() as event:
                self._recovery_at = event.recovery_point or None
            case StageEntered() | StageDone() | StageFailed() | PhaseTimed() as event:
                if event.stage in self._stages:
                    _update(self._stages[event.stage], event, line.mono)

    def measure(
        self,
        checks: Sequence[CheckRecord],
        measurements: Mapping[str, Measurement],
        fidelity: Sequence[FidelityRecord] = (),
        age_s: float | None = None,
    ) -> Times:
        """Return the times, given how the checks ended, and how the target differed from production.

        Args:
            age_s: how long (seconds) before the drill the recovery point lies; None if it is not known.
        """
        return Times(
            seconds=self._since(self._last),
            stages=tuple(self._stage(name, stage) for name, stage in self._stages.items()),
            recovery_time=self._recovery_time(checks, fidelity),
            recovery_point=self._recovery_point(measurements, age_s),
        )

    def _take_newest(self, event: Measured) -> None:
        asset, at = event.name.removeprefix("rpo."), event.newest_at
        if at and (asset in self._newest or len(self._newest) < MANY):
            self._newest[asset] = at

    def _since(self, mono: float | None) -> float | None:
        """Seconds since the drill began; None where a clock makes it less than none."""
        if mono is None or self._origin is None or mono < self._origin:
            return None
        return round(mono - self._origin, 3)

    def _stage(self, name: str, stage: _Stage) -> StageRecord:
        return StageRecord(
            name=name,
            status=stage.status,
            begins_s=self._since(stage.begins),
            ends_s=self._since(stage.ends),
            seconds=stage.seconds,
            error=stage.error,
            hint=stage.hint,
            phases=tuple(stage.phases),
        )

    def _recovery_time(
        self, checks: Sequence[CheckRecord], fidelity: Sequence[FidelityRecord]
    ) -> RecoveryTime:
        ended, service_event = self._service_back(checks) or (None, None)
        all_ended = bool(self._planned) and set(self._finished) == self._planned
        last = max(self._finished, key=self._finished.__getitem__) if all_ended else None
        service, target = self._since(ended), self._plan.rto_s
        # What took too long did so on any machine; a time within the target may say nothing.
        within = service is not None and service <= target
        unjudged = self._unjudged(checks, fidelity) if within else None
        return RecoveryTime(
            target_s=target,
            time_to_service_s=service,
            time_to_verified_s=self._since(self._finished[last]) if last else None,
            met=None if service is None or unjudged else within,
            service_event=service_event if service is not None else None,
            verified_event=f"scenario-finished {last}" if last else None,
            unjudged=unjudged,
        )

    def _unjudged(self, checks: Sequence[CheckRecord], fidelity: Sequence[FidelityRecord]) -> str | None:
        """Why a time within the target does not meet it: the record never says more than its checks do."""
        sizes = [fact for fact in fidelity if fact.subject == _DATA]
        for fact in sizes:
            if fact.differs:
                return f"{fact.here} here, {fact.production} in production: {fact.consequence}"
        if not any(fact.differs is False for fact in sizes):
            return "how much data production has is not declared (production.data_gib)"
        for check in checks:
            if check.id in self._timed and check.outcome is not Outcome.PASSED:
                return f"the check {check.id} is {check.outcome}: {check.reason}"[:1000]
        return None

    def _service_back(self, checks: Sequence[CheckRecord]) -> tuple[float, str] | None:
        """When the last check of the service stage passed, and that event; None if not all of them did."""
        name = self._plan.service_stage
        stage = self._stages.get(name)
        proofs = [check for check in checks if check.stage == name and check.mandatory]
        if stage is None or stage.ends is None or stage.status != "done" or not proofs:
            return None
        if any(check.outcome is not Outcome.PASSED for check in proofs):
            return None
        ends = [
            (self._finished[check.id], f"scenario-finished {check.id}")
            for check in proofs
            if check.id in self._finished
        ]
        return max([(stage.ends, f"stage-done {name}"), *ends])

    def _recovery_point(self, measurements: Mapping[str, Measurement], age_s: float | None) -> RecoveryPoint:
        skew = measurements.get("rpo.skew")
        assets = {
            name.removeprefix("rpo."): measured.value
            for name, measured in measurements.items()
            if name.startswith("rpo.") and name != "rpo.skew"
        }
        whole = measurements.get("rpo")
        values = [*assets.values(), *([whole.value] if whole else [])]
        value, schedule = max(values, default=None), self._plan.schedule
        met, unjudged = judge_loss(values, self._plan.rpo_s, age_s, schedule)
        return RecoveryPoint(
            target_s=self._plan.rpo_s,
            value_s=value,
            assets=tuple(sorted(assets.items())),
            skew_s=skew.value if skew else None,
            met=met,
            newest=tuple((asset, at) for asset, at in sorted(self._newest.items()) if asset in assets),
            reference_at=self._recovery_at,
            age_limit_s=schedule.limit_s if schedule else None,
            unjudged=unjudged,
        )


def _update(stage: _Stage, event: StageEntered | StageDone | StageFailed | PhaseTimed, mono: float) -> None:
    match event:
        case StageEntered():
            stage.status, stage.begins = "entered", mono
        case StageDone():
            stage.status, stage.ends, stage.seconds = "done", mono, event.seconds
        case StageFailed():
            stage.status, stage.ends = "failed", mono
            stage.error, stage.hint = event.error or None, event.hint or None
        case PhaseTimed() if len(stage.phases) < _PHASES:
            stage.phases.append(PhaseRecord(event.name, event.seconds or 0.0, event.bytes, event.items))
