"""Times of a drill, read from the monotonic clock of its events: stages, phases, RTO and RPO."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome
from restoreproof.plan import Plan
from restoreproof.record import values
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

    def take(self, event: JournalLine) -> None:
        """Account for one event."""
        if not math.isfinite(event.mono):
            return
        self._last = event.mono
        if event.type == "drill-opened" and self._origin is None:
            self._origin = event.mono
        elif event.type == "scenario-finished":
            name = values.text(event.data, "check", 500)
            if name in self._planned:
                self._finished[name] = event.mono
        elif event.type == "measurement":
            self._take_newest(event)
        elif event.type == "asked" and event.data.get("kind") == _TIME_ASKED:
            self._timed |= {values.text(event.data, "check", 500)} & self._planned
        elif event.type == "set-verified":
            self._recovery_at = values.optional_text(event.data, "recovery_point", 100)
        elif event.type in ("stage-entered", "stage-done", "stage-failed", "phase"):
            stage = self._stages.get(values.text(event.data, "stage", 200))
            if stage is not None:
                _update(stage, event)

    def measure(
        self,
        checks: Sequence[CheckRecord],
        measurements: Mapping[str, Measurement],
        fidelity: Sequence[FidelityRecord] = (),
    ) -> Times:
        """The times, given how the checks ended, and how the target differed from production."""
        return Times(
            seconds=self._since(self._last),
            stages=tuple(self._stage(name, stage) for name, stage in self._stages.items()),
            recovery_time=self._recovery_time(checks, fidelity),
            recovery_point=self._recovery_point(measurements),
        )

    def _take_newest(self, event: JournalLine) -> None:
        asset = values.text(event.data, "name", 200).removeprefix("rpo.")
        at = values.optional_text(event.data, "newest_at", 100)
        if at and (asset in self._newest or len(self._newest) < MANY):
            self._newest[asset] = at

    def _since(self, mono: float | None) -> float | None:
        return None if mono is None or self._origin is None else round(mono - self._origin, 3)

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
        for one in fidelity:
            if one.subject == _DATA and one.differs:
                return f"{one.here} here, {one.production} in production: {one.consequence}"
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
            (self._finished[one.id], f"scenario-finished {one.id}")
            for one in proofs
            if one.id in self._finished
        ]
        return max([(stage.ends, f"stage-done {name}"), *ends])

    def _recovery_point(self, measurements: Mapping[str, Measurement]) -> RecoveryPoint:
        skew = measurements.get("rpo.skew")
        assets = {
            name.removeprefix("rpo."): measured.value
            for name, measured in measurements.items()
            if name.startswith("rpo.") and name != "rpo.skew"
        }
        whole = measurements.get("rpo")
        value = max([*assets.values(), *([whole.value] if whole else [])], default=None)
        return RecoveryPoint(
            target_s=self._plan.rpo_s,
            value_s=value,
            assets=tuple(sorted(assets.items())),
            skew_s=skew.value if skew else None,
            met=None if value is None else value <= self._plan.rpo_s,
            newest=tuple((asset, at) for asset, at in sorted(self._newest.items()) if asset in assets),
            reference_at=self._recovery_at,
        )


def _update(stage: _Stage, event: JournalLine) -> None:
    data = event.data
    match event.type:
        case "stage-entered":
            stage.status, stage.begins = "entered", event.mono
        case "stage-done":
            stage.status, stage.ends, stage.seconds = "done", event.mono, values.number(data, "seconds")
        case "stage-failed":
            stage.status, stage.ends = "failed", event.mono
            stage.error, stage.hint = values.optional_text(data, "error"), values.optional_text(data, "hint")
        case _ if len(stage.phases) < _PHASES:
            name, seconds = values.text(data, "name", 300), values.number(data, "seconds") or 0.0
            stage.phases.append(
                PhaseRecord(name, seconds, values.count(data, "bytes"), values.count(data, "items"))
            )
