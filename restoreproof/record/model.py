"""The record of one drill as frozen data: the one source of truth that every view reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from restoreproof.errors import ExitCode
from restoreproof.outcome import Observation, Outcome, Verdict
from restoreproof.plan import PlannedFile, StackControls, Waiver
from restoreproof.record.backup_set import SetRecord
from restoreproof.record.context import (
    Actors,
    ClockRecord,
    Custody,
    FidelityRecord,
    GovernanceRecord,
    HarnessBuild,
    PlanComparisonRecord,
    ScopeRecord,
    TargetRecord,
    Unknown,
)
from restoreproof.record.execution import CommandRecord, Deviation, EffectsRecord, FaultRecord, ForbiddenScan

_NAMED = 5
RECORD_SCHEMA = "restoreproof/record/v1"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step as it ran: ``passed``, ``failed``, ``broken``, ``skipped`` or ``not-run``."""

    keyword: str
    text: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """How one planned check ended, and why.

    ``observations_total`` counts those that were not kept too, ``passed_total`` how many of all passed;
    ``examined_total`` and ``of_total`` are the sums of what all of them examined. ``phase`` is
    ``pre-restore`` for what was verified before anything was restored from the set.
    """

    id: str
    title: str
    feature: str
    file: str
    line: int
    stage: str
    mandatory: bool
    tags: tuple[str, ...]
    rule: str | None
    parameters: tuple[tuple[str, str], ...]
    outcome: Outcome
    reason: str
    seconds: float
    observations: tuple[Observation, ...] = ()
    observations_total: int = 0
    passed_total: int = 0
    examined_total: int = 0
    of_total: int = 0
    steps: tuple[StepRecord, ...] = ()
    waiver: Waiver | None = None
    phase: str = "post-restore"
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """One timed piece of work inside a stage."""

    name: str
    seconds: float
    bytes: int | None = None
    items: int | None = None


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage: ``done``, ``failed``, ``entered`` (and never left) or ``not-reached``.

    ``begins_s`` and ``ends_s`` count from the start of the drill.
    """

    name: str
    status: str
    begins_s: float | None = None
    ends_s: float | None = None
    seconds: float | None = None
    error: str | None = None
    hint: str | None = None
    phases: tuple[PhaseRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RecoveryTime:
    """The RTO: from the start of the fetch until the service was proven back, and until all was verified.

    The three events name the journal's own lines between which it was measured. ``met`` is None where the
    service was not proven back, and where a time within the target says nothing; ``unjudged`` is why.
    """

    target_s: float
    time_to_service_s: float | None
    time_to_verified_s: float | None
    met: bool | None
    start_event: str = "drill-opened"
    service_event: str | None = None
    verified_event: str | None = None
    unjudged: str | None = None


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """The RPO: how old the newest restored record was at the recovery point, per asset and at worst.

    ``newest`` is when that record was written, per asset; ``reference_at`` the recovery point. ``met`` is
    False too where the recovery point lies longer than ``age_limit_s`` before the drill: by the schedule, a
    newer backup was due. It is None where nothing was measured or a time makes no sense; ``unjudged`` is why.
    """

    target_s: float
    value_s: float | None
    assets: tuple[tuple[str, float], ...]
    skew_s: float | None
    met: bool | None
    newest: tuple[tuple[str, str], ...] = ()
    reference_at: str | None = None
    age_limit_s: float | None = None
    unjudged: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured number by name."""

    name: str
    value: float
    unit: str
    detail: str


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """A change that the drill made to run the restored stack, and why."""

    service: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt to reach something from where the target ran, or (a control) from outside."""

    probe: str
    reached: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether the target was proven isolated while it ran and gone afterwards.

    ``programs`` are those of the operating system that restored code ran, or may have run.
    """

    isolated: bool
    isolation_reason: str
    controls: tuple[Probe, ...]
    probes: tuple[Probe, ...]
    torn_down: bool
    leftovers: tuple[str, ...]
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """Which plan this drill performed.

    ``support_sha256`` is over the code that its checks ran besides the features; None where there was none.
    ``files`` are all files of the stack that the inner process was given, features and faults included.
    """

    digest: str
    contract_sha256: str
    features_sha256: str
    whole: bool
    selection: str | None
    support_sha256: str | None = None
    files: tuple[PlannedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Mandatory checks by outcome; advisory ones are shown and never counted into the verdict.

    ``steps`` are the planned lines of all checks, ``steps_as_planned`` those that were told as they were
    planned, once for each case; ``observations`` are those whose outcome was computed.
    """

    mandatory: int
    passed: int
    failed: int
    not_verified: int
    error: int
    waived: int
    advisory: int
    advisory_passed: int
    steps: int = 0
    steps_as_planned: int = 0
    observations: int = 0

    @property
    def total(self) -> int:
        """All checks, advisory ones included."""
        return self.mandatory + self.advisory


@dataclass(frozen=True, slots=True)
class Record:
    """``record.json``: reduce(plan, journal)."""

    stack: str
    drill_id: str
    attempt: int | None
    trigger: str
    harness: str
    opened_at: str | None
    ended_at: str | None
    seconds: float | None
    verdict: Verdict
    exit_code: ExitCode
    headline: str
    incomplete: tuple[str, ...]
    counts: Counts
    plan: PlanRecord
    backup_set: SetRecord
    recovery_time: RecoveryTime
    recovery_point: RecoveryPoint
    stages: tuple[StageRecord, ...]
    checks: tuple[CheckRecord, ...]
    safety: Safety
    measurements: tuple[Measurement, ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    detection: tuple[FaultRecord, ...] = ()
    host: tuple[tuple[str, str], ...] = ()
    events: int = 0
    actors: Actors = field(default_factory=Actors)
    harness_build: HarnessBuild = field(default_factory=HarnessBuild)
    governance: GovernanceRecord = field(default_factory=GovernanceRecord)
    target: TargetRecord = field(default_factory=TargetRecord)
    fidelity: tuple[FidelityRecord, ...] = ()
    scope: ScopeRecord = field(default_factory=ScopeRecord)
    commands: tuple[CommandRecord, ...] = ()
    commands_total: int = 0
    forbidden_scan: ForbiddenScan | None = None
    effects: EffectsRecord = field(default_factory=EffectsRecord)
    deviations: tuple[Deviation, ...] = ()
    clock: ClockRecord = field(default_factory=ClockRecord)
    custody: Custody = field(default_factory=Custody)
    unknown: tuple[Unknown, ...] = ()
    controls: StackControls = field(default_factory=StackControls)
    plan_comparison: PlanComparisonRecord = field(default_factory=PlanComparisonRecord)
    schema: str = field(default=RECORD_SCHEMA)

    @property
    def verdict_words(self) -> str:
        """The verdict, and the faults that were injected: with any, it says nothing of the backup."""
        if not self.faults:
            return self.verdict.value
        more = f" and {len(self.faults) - _NAMED} more" if len(self.faults) > _NAMED else ""
        named = ", ".join(self.faults[:_NAMED])
        return f"{self.verdict.value}, a test with injected fault{'s' * (len(self.faults) > 1)} {named}{more}"

    def as_json(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        value: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return value

    def text(self) -> str:
        """Return the text of ``record.json``; the same record always gives the same text."""
        return json.dumps(self.as_json(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    @staticmethod
    def from_json(value: Any) -> Record:
        """Return the record that ``as_json`` wrote. Raises pydantic.ValidationError on anything else."""
        return _ADAPTER.validate_python(value)


_ADAPTER = TypeAdapter(Record)
